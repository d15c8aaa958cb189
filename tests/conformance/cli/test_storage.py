# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`az storage` for what lies in an account: by a key, by a role, and the backup that `az apim backup` left there."""

from __future__ import annotations

import json

import pytest
from command_line import AzureCli

STOREKEEPER = ("a0d17000-0000-4000-8000-000000000002", "only-for-what-lies-in-storage")


@pytest.fixture(scope="module")
def endpoint(az: AzureCli) -> str:
    """The option that says where the blobs are: the host cannot be told from the account's name here."""
    return f"--blob-endpoint {az('storage account show --name stclifiles')['primaryEndpoints']['blob']}"


@pytest.fixture(scope="module")
def by_key(az: AzureCli, endpoint: str) -> str:
    return f"{endpoint} --account-key {az.storage_key('stclifiles')}"


def test_containers_and_blobs(az: AzureCli, by_key: str) -> None:
    assert [one["name"] for one in az(f"storage container list {by_key}")] == ["kept"]
    assert az(f"storage container create --name short {by_key}")["created"] is True
    arm = az("storage container-rm list --storage-account stclifiles --resource-group rg-dr")
    assert [one["name"] for one in arm] == ["kept", "short"]
    file, back = az.folder / "file.txt", az.folder / "back.txt"
    file.write_text("content")
    az(f"storage blob upload --container-name short --name folder/one --file {file} --no-progress {by_key}")
    [blob] = az(f"storage blob list --container-name short --prefix folder/ {by_key}")
    assert (blob["name"], blob["properties"]["contentLength"]) == ("folder/one", 7)
    az(f"storage blob download --container-name short --name folder/one --file {back} --no-progress {by_key}")
    assert back.read_text() == "content"
    az(f"storage blob delete --container-name short --name folder/one {by_key}")
    assert az(f"storage blob exists --container-name short --name folder/one {by_key}")["exists"] is False
    assert az(f"storage container delete --name short {by_key}")["deleted"] is True


def test_a_key_that_was_replaced(az: AzureCli, endpoint: str) -> None:
    old = az.storage_key("stclifiles")
    listing = f"storage container list {endpoint} --account-key"
    az(f"{listing} {old}")
    renewed = az("storage account keys renew --resource-group rg-dr --account-name stclifiles --key key1")
    assert [one["keyName"] for one in renewed] == ["key1", "key2"]
    assert az.storage_key("stclifiles") != old
    assert "Authentication failure" in az.fails(f"{listing} {old}")
    az(f"{listing} {az.storage_key('stclifiles')}")


def test_roles(az: AzureCli, fresh_az: AzureCli, endpoint: str) -> None:
    """Owners read no blobs; storekeepers read nothing else."""
    listing = f"storage blob list --container-name kept --account-name stclifiles --auth-mode login {endpoint}"
    assert "You do not have the required permissions" in az.fails(listing)
    fresh_az.register()
    fresh_az.sign_in(*STOREKEEPER)
    assert fresh_az(listing) == []
    assert "(AuthorizationFailed)" in fresh_az.fails("storage account keys list --resource-group rg-dr --account-name stclifiles")


def test_a_backup_of_api_management(az: AzureCli) -> None:
    key = az.storage_key("stclistaging")
    place = f"--storage-account-name stclistaging --storage-account-container files --storage-account-key {key}"
    az(f"apim backup -g rg-prod -n apim-cli-one --backup-name looked-at {place}")
    endpoint = az("storage account show --name stclistaging")["primaryEndpoints"]["blob"]
    file = az.folder / "backup"
    az(f"storage blob download -c files -n looked-at --file {file} --no-progress --blob-endpoint {endpoint} --account-key {key}")
    assert "orders" in json.dumps(json.loads(file.read_text()))
