# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-storage, and azure-storage-blob for what lies in the accounts: by keys, by tokens, and what API Management left there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.apimanagement import models as apim_models
from azure.mgmt.storage import models as storage_models
from azure_clients import Clients

GROUP, ACCOUNT = "rg-dr", "ststagingea"
WRITER = ("b10b0000-0000-4000-8000-000000000001", "only-for-what-lies-in-storage")


def _new() -> Any:
    sku = storage_models.Sku(name="Standard_LRS")
    return storage_models.StorageAccountCreateParameters(sku=sku, kind="StorageV2", location="eastasia", allow_shared_key_access=True)


def test_an_account_from_its_creation_to_its_end(azure_with_blobs: Clients) -> None:
    accounts = azure_with_blobs.storage.storage_accounts
    name = {"name": "stsdknew", "type": "Microsoft.Storage/storageAccounts"}
    assert accounts.check_name_availability(name).name_available is True
    made = accounts.begin_create(GROUP, "stsdknew", _new()).result()
    assert (made.name, made.provisioning_state, made.sku.name) == ("stsdknew", "Succeeded", "Standard_LRS")
    assert accounts.check_name_availability(name).name_available is False
    assert "stsdknew" in [one.name for one in accounts.list_by_resource_group(GROUP)]
    update = storage_models.StorageAccountUpdateParameters(tags={"drill": "1"}, allow_shared_key_access=False)
    changed = accounts.update(GROUP, "stsdknew", update)
    assert (changed.tags, changed.allow_shared_key_access) == ({"drill": "1"}, False)
    refused_by = azure_with_blobs.blobs(GROUP, "stsdknew", azure_with_blobs.keys(GROUP, "stsdknew")[0])
    with pytest.raises(HttpResponseError) as refused:
        list(refused_by.list_containers())
    assert refused.value.error_code == "KeyBasedAuthenticationNotPermitted"
    accounts.delete(GROUP, "stsdknew")
    with pytest.raises(ResourceNotFoundError):
        accounts.get_properties(GROUP, "stsdknew")


def test_containers(azure_with_blobs: Clients) -> None:
    containers = azure_with_blobs.storage.blob_containers
    made = containers.create(GROUP, ACCOUNT, "from-arm", storage_models.BlobContainer(metadata={"drill": "1"}))
    assert made.metadata == {"drill": "1"}
    changed = containers.update(GROUP, ACCOUNT, "from-arm", storage_models.BlobContainer(metadata={"drill": "2"}))
    assert changed.metadata == {"drill": "2"}
    assert containers.get(GROUP, ACCOUNT, "from-arm").public_access == "None"
    seen = azure_with_blobs.blobs(GROUP, ACCOUNT, azure_with_blobs.keys(GROUP, ACCOUNT)[0])
    assert "from-arm" in [one.name for one in seen.list_containers()]
    seen.create_container("from-outside")
    assert {"from-arm", "from-outside"} <= {one.name for one in containers.list(GROUP, ACCOUNT)}
    containers.delete(GROUP, ACCOUNT, "from-arm")
    with pytest.raises(ResourceNotFoundError) as missing:
        containers.get(GROUP, ACCOUNT, "from-arm")
    assert missing.value.error.code == "ContainerNotFound"
    assert seen.get_container_client("from-arm").exists() is False
    assert azure_with_blobs.storage.blob_services.get_service_properties(GROUP, ACCOUNT).name == "default"


def test_blobs_by_key(azure_with_blobs: Clients) -> None:
    """A key that was replaced opens nothing."""
    account = ("rg-dr-secondary", "ststagingsea")
    keys = azure_with_blobs.keys(*account)
    by_key = azure_with_blobs.blobs(*account, keys[0])
    box = by_key.create_container("box")
    box.upload_blob("folder/one", b"content", metadata={"drill": "1"})
    blob = box.get_blob_client("folder/one")
    assert blob.download_blob().readall() == b"content"
    assert blob.get_blob_properties().metadata == {"drill": "1"}
    assert [(one.name, one.size) for one in box.list_blobs(name_starts_with="folder/")] == [("folder/one", 7)]
    azure_with_blobs.storage.storage_accounts.regenerate_key(*account, storage_models.StorageAccountRegenerateKeyParameters(key_name="key1"))
    after = azure_with_blobs.keys(*account)
    assert after[0] != keys[0] and after[1] == keys[1]
    with pytest.raises(HttpResponseError) as refused:
        blob.get_blob_properties()
    assert refused.value.status_code == 403
    box = azure_with_blobs.blobs(*account, after[0]).get_container_client("box")
    box.delete_blob("folder/one")
    assert list(box.list_blobs()) == []


def test_blobs_by_token(azure_with_blobs: Clients) -> None:
    """Owners of the subscription read no blobs; who has a data role does, and nothing else."""
    owner = azure_with_blobs.blobs(GROUP, ACCOUNT, azure_with_blobs.credential)
    with pytest.raises(HttpResponseError) as refused:
        list(owner.list_containers())
    assert refused.value.error_code == "AuthorizationPermissionMismatch"
    writer = azure_with_blobs.blobs(GROUP, ACCOUNT, azure_with_blobs.credential_of(*WRITER))
    box = writer.create_container("by-token")
    box.upload_blob("one", b"1")
    assert box.download_blob("one").readall() == b"1"
    with pytest.raises(ResourceNotFoundError) as missing:
        box.download_blob("none")
    assert missing.value.error_code == "BlobNotFound"
    writer.delete_container("by-token")
    with pytest.raises(ResourceNotFoundError) as missing:
        list(box.list_blobs())
    assert missing.value.error_code == "ContainerNotFound"


def test_a_backup_of_api_management_lies_there(azure_with_blobs: Clients) -> None:
    services = azure_with_blobs.api_management.api_management_service
    where = apim_models.ApiManagementServiceBackupRestoreParameters(
        storage_account=ACCOUNT, container_name="apim", backup_name="nightly.apimbackup", access_type="SystemAssignedManagedIdentity"
    )
    services.begin_backup("rg-prod", "apim-prod", where).result()
    box = azure_with_blobs.blobs(GROUP, ACCOUNT, azure_with_blobs.credential_of(*WRITER)).get_container_client("apim")
    (blob,) = box.list_blobs()
    assert blob.name == "nightly.apimbackup" and blob.size > 0
    content = json.loads(box.download_blob(blob.name).readall())
    assert "orders" in json.dumps(content)
    restored = where
    restored.access_type, restored.access_key = "AccessKey", azure_with_blobs.keys(GROUP, ACCOUNT)[0]
    services.begin_restore("rg-dr-secondary", "apim-dr", restored).result()
    assert [one.name for one in azure_with_blobs.api_management.api.list_by_service("rg-dr-secondary", "apim-dr")] == ["orders"]
    box.delete_blob(blob.name)
    with pytest.raises(HttpResponseError) as missing:
        services.begin_restore("rg-dr-secondary", "apim-dr", restored).result()
    assert missing.value.error.code == "RestoreFailed"
