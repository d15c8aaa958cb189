# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blobs behind the blob endpoint: in memory, and in a real Azurite (AZURITE_COMMAND names the Azurite)."""

from __future__ import annotations

import os
from typing import Any, Iterator

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from azure_dr_simulator.blobs import MemoryBlobs
from azure_dr_simulator.blobs.endpoint import DELETE, READ, WRITE, parse
from azure_dr_simulator.gate.roles import ROLES
from harness import Local, Served

SCOPE = "https://storage.azure.com/.default"


def test_memory() -> None:
    blobs = MemoryBlobs()
    assert blobs.get("account", "box", "one") is None
    blobs.put("account", "box", "one", b"1")
    blobs.put("account", "box", "two", b"2")
    blobs.delete("account", "box", "two")
    assert (blobs.get("account", "box", "one"), blobs.get("account", "box", "two")) == (b"1", None)
    blobs.delete_container("account", "box")
    assert blobs.get("account", "box", "one") is None


@pytest.mark.parametrize(
    ("method", "target", "blob", "action"),
    [
        ("GET", "/a/box?restype=container&comp=list", "", READ),
        ("PUT", "/a/box?restype=container", "", WRITE),
        ("HEAD", "/a/box/folder%2Fone/two", "folder/one/two", READ),
        ("PUT", "/a/box/one", "one", WRITE),
        ("DELETE", "/a/box/one", "one", DELETE),
    ],
)
def test_what_a_request_asks_for(method: str, target: str, blob: str, action: str) -> None:
    path, _, query = target.partition("?")
    request = parse(method, path, query)
    assert (request.account, request.container, request.blob, request.action) == ("a", "box", blob, action)


def test_the_data_roles_are_roles_of_arm_too(local: Local) -> None:
    assert {name for name in ROLES if "Blob" in name} == {
        "Storage Blob Data Owner",
        "Storage Blob Data Contributor",
        "Storage Blob Data Reader",
    }


ESTATE = """
principals:
  - {name: owner, roles: [Owner]}
  - {name: reader, client_id: 00000000-0000-0000-0000-00000000aaaa, secret: reader-secret, roles: [Storage Blob Data Reader]}
  - {name: writer, client_id: 00000000-0000-0000-0000-00000000bbbb, secret: writer-secret, roles: [Storage Blob Data Contributor]}
resource_groups: [{name: rg}]
storage_accounts: [{name: stbackups, resource_group: rg, containers: [ready]}]
"""


class Storage:
    """The blob endpoint of one simulator, as a client sees it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.path = f"/subscriptions/{served.ready['subscription_id']}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts"

    def endpoint(self, account: str = "stbackups") -> str:
        found = self.served.arm("GET", f"{self.path}/{account}").json()
        return str(found["properties"]["primaryEndpoints"]["blob"])

    def client(self, account: str = "stbackups", key: str = "") -> BlobServiceClient:
        keys = self.served.arm("POST", f"{self.path}/{account}/listKeys").json()["keys"]
        credential: Any = {"account_name": account, "account_key": key or keys[1]["value"]}
        ca = self.served.ready["ca_file"]
        return BlobServiceClient(self.endpoint(account).rstrip("/"), credential=credential, connection_verify=ca)

    def as_principal(self, client_id: str, secret: str, method: str, path: str, **more: Any) -> requests.Response:
        ready = self.served.ready
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": SCOPE}
        login = f"{ready['arm_url']}/{ready['tenant_id']}/oauth2/v2.0/token"
        token = requests.post(login, data=form, verify=ready["ca_file"], timeout=30).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob"}
        url = self.endpoint() + path
        return requests.request(method, url, headers=headers, verify=ready["ca_file"], timeout=30, **more)


@pytest.fixture(scope="module", params=["memory", "azurite"])
def storage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    command = os.environ.get("AZURITE_COMMAND")
    if request.param == "azurite" and not command:
        pytest.skip("AZURITE_COMMAND is not set")
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "estate.yml").write_text(ESTATE)
    azurite = ["--azurite", command] if request.param == "azurite" and command else []
    served = Served(folder, *azurite, "--estate", str(folder / "estate.yml"), "--speed", "3600")
    served.sign_in()
    yield Storage(served)
    served.stop()


def test_written_read_and_listed_in_virtual_time(storage: Storage) -> None:
    storage.served.control("POST", "/clock", json={"advance": 40 * 86_400})
    blobs = storage.client()
    blobs.get_blob_client("ready", "a folder/one & two.txt").upload_blob(b"content")
    (listed,) = blobs.get_container_client("ready").list_blobs()
    now = storage.served.control("GET", "/clock").json()["now"]
    assert (listed.name, listed.size) == ("a folder/one & two.txt", 7)
    assert listed.last_modified.date().isoformat() == now[:10]
    blob = blobs.get_blob_client("ready", listed.name)
    assert blob.get_blob_properties().last_modified == listed.last_modified
    assert blob.download_blob().readall() == b"content"


def test_containers_are_the_same_in_arm_and_behind_the_endpoint(storage: Storage) -> None:
    containers = f"{storage.path}/stbackups/blobServices/default/containers"
    storage.served.arm("PUT", f"{containers}/from-arm", json={})
    blobs = storage.client()
    assert "from-arm" in {one.name for one in blobs.list_containers()}
    blobs.get_blob_client("from-arm", "one").upload_blob(b"1")
    blobs.create_container("from-outside")
    listed = storage.served.arm("GET", containers).json()["value"]
    assert {one["name"] for one in listed} >= {"from-arm", "from-outside", "ready"}
    storage.served.arm("DELETE", f"{containers}/from-arm")
    with pytest.raises(ResourceNotFoundError):
        blobs.get_blob_client("from-arm", "one").download_blob()


def test_an_account_made_later_has_blobs_too(storage: Storage) -> None:
    body = {"location": "eastasia", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    made = storage.served.arm("PUT", f"{storage.path}/stlater", json=body)
    assert made.status_code in (200, 202)
    later = storage.client("stlater")
    later.create_container("box")
    later.get_blob_client("box", "one").upload_blob(b"1")
    assert later.get_blob_client("box", "one").download_blob().readall() == b"1"


def test_who_may(storage: Storage) -> None:
    reader = ("00000000-0000-0000-0000-00000000aaaa", "reader-secret")
    writer = ("00000000-0000-0000-0000-00000000bbbb", "writer-secret")
    owner = (storage.served.ready["client_id"], storage.served.ready["client_secret"])
    listing = "ready?restype=container&comp=list"
    assert storage.as_principal(*owner, "GET", listing).status_code == 403
    refused = storage.as_principal(*reader, "PUT", "ready/mine", data=b"x")
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (403, "AuthorizationPermissionMismatch")
    assert storage.as_principal(*writer, "PUT", "ready/mine", data=b"x").status_code == 201
    assert b"<Name>mine</Name>" in storage.as_principal(*reader, "GET", listing).content


def test_a_wrong_key_and_keys_that_are_not_allowed(storage: Storage) -> None:
    with pytest.raises(HttpResponseError) as refused:
        list(storage.client(key="AAAA").get_container_client("ready").list_blobs())
    assert refused.value.status_code == 403
    account = f"{storage.path}/stbackups"
    for allowed in (False, True):
        body = {"properties": {"allowSharedKeyAccess": allowed}}
        storage.served.arm("PATCH", account, json=body)
        client = storage.client().get_container_client("ready")
        if allowed:
            assert client.exists()
        else:
            with pytest.raises(HttpResponseError) as refused:
                client.get_container_properties()
            assert refused.value.error_code == "KeyBasedAuthenticationNotPermitted"


def test_requests_are_recorded_and_faults_are_played(storage: Storage) -> None:
    storage.served.control("DELETE", "/requests")
    fault = {"match": {"path": "/ready/none"}, "answer": {"kind": "status", "status": 500, "code": "InternalError"}}
    storage.served.control("POST", "/faults", json=fault)
    writer = ("00000000-0000-0000-0000-00000000bbbb", "writer-secret")
    assert storage.as_principal(*writer, "GET", "ready/none").status_code == 500
    assert storage.as_principal(*writer, "GET", "ready/none").status_code == 404
    storage.as_principal(*writer, "PUT", "ready/some", data=b"x")
    seen = storage.served.control("GET", "/requests").json()
    blob = [(one["method"], one["status"], one["write"]) for one in seen if one["endpoint"] == "blob"]
    assert blob == [("GET", 500, False), ("GET", 404, False), ("PUT", 201, True)]


def test_what_only_azurite_can_is_said_so(storage: Storage) -> None:
    writer = ("00000000-0000-0000-0000-00000000bbbb", "writer-secret")
    answer = storage.as_principal(*writer, "PUT", "ready/blocks?comp=block&blockid=AAAA", data=b"x")
    assert answer.status_code == 201 or (answer.status_code == 501 and b"--azurite" in answer.content)
