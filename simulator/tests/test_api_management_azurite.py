# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup of API Management that lies in a real Azurite, and is read from there again (AZURITE_COMMAND names the Azurite)."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any, Iterator

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from harness import Served

ESTATE = """
principals:
  - {name: owner, roles: [Owner]}
resource_groups: [{name: rg}]
storage_accounts: [{name: stbackups, resource_group: rg}]
api_management:
  - name: apim-one
    resource_group: rg
    system_identity: true
    identity_roles: [Storage Blob Data Contributor]
    apis: [{name: orders, path: orders}]
    backups: [{storage_account: stbackups, container: apim, name: earlier, age_hours: 48}]
  - {name: apim-two, resource_group: rg, system_identity: true, identity_roles: [Storage Blob Data Reader]}
"""
BACKUP = {"storageAccount": "stbackups", "containerName": "apim", "accessType": "SystemAssignedManagedIdentity"}


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    command = os.environ.get("AZURITE_COMMAND")
    if not command:
        pytest.skip("AZURITE_COMMAND is not set")
    folder = tmp_path_factory.mktemp("azurite")
    (folder / "estate.yml").write_text(ESTATE)
    served = Served(folder, "--azurite", command, "--estate", str(folder / "estate.yml"))
    served.sign_in()
    yield served
    served.stop()


def group(served: Served) -> str:
    return f"/subscriptions/{served.ready['subscription_id']}/resourceGroups/rg/providers"


def run(served: Served, service: str, action: str, name: str) -> int:
    """The status of the last poll."""
    path = f"{group(served)}/Microsoft.ApiManagement/service/{service}/{action}"
    url = served.arm("POST", path, json={**BACKUP, "backupName": name}).headers["Location"]
    for _poll in range(100):
        answer = served.session.get(url)
        if answer.status_code != 202:
            return answer.status_code
        served.control("POST", "/clock", json={"advance": 120})
    raise AssertionError("the operation does not end")


def apis(served: Served, service: str) -> list[str]:
    answer = served.arm("GET", f"{group(served)}/Microsoft.ApiManagement/service/{service}/apis")
    return [one["name"] for one in answer.json()["value"]]


def container(served: Served) -> Any:
    account = f"{group(served)}/Microsoft.Storage/storageAccounts/stbackups"
    endpoint = served.arm("GET", account).json()["properties"]["primaryEndpoints"]["blob"].rstrip("/")
    key = served.arm("POST", f"{account}/listKeys").json()["keys"][0]["value"]
    client = BlobServiceClient(
        endpoint, credential={"account_name": "stbackups", "account_key": key}, connection_verify=served.ready["ca_file"]
    )
    return client.get_container_client("apim")


def test_there_and_back(azurite: Served) -> None:
    assert run(azurite, "apim-one", "backup", "nightly") == 200
    blob = container(azurite).get_blob_client("nightly")
    document = json.loads(blob.download_blob().readall())
    assert document["service"]["name"] == "apim-one" and "apis/orders" in document["content"]
    # What a client writes there is what the restore reads.
    document["content"]["apis/rewritten"] = {"displayName": "Rewritten", "path": "rewritten"}
    blob.upload_blob(json.dumps(document).encode(), overwrite=True)
    assert run(azurite, "apim-two", "restore", "nightly") == 200
    assert apis(azurite, "apim-two") == ["orders", "rewritten"]


def test_a_backup_of_the_estate_is_listed_with_its_age(azurite: Served) -> None:
    found = {one.name: one.last_modified for one in container(azurite).list_blobs()}
    now = azurite.control("GET", "/clock").json()["now"]
    assert 48 <= (datetime.fromisoformat(now) - found["earlier"]).total_seconds() / 3600 < 72


def test_a_blob_that_was_deleted_cannot_be_restored(azurite: Served) -> None:
    container(azurite).delete_blob("earlier")
    with pytest.raises(ResourceNotFoundError):
        container(azurite).get_blob_client("earlier").get_blob_properties()
    assert run(azurite, "apim-two", "restore", "earlier") == 400
