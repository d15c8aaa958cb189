# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage accounts in ARM: keys, locks, network rules, what lies in the containers."""

from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.blobs import BlobStore
from harness import Local, error_code

VERSION = "2023-05-01"


def make(*accounts: dict[str, Any]) -> Local:
    document = {
        "principals": [{"name": "drill", "roles": ["Owner"]}, {"name": "auditor", "roles": ["Reader"]}],
        "resource_groups": [{"name": "rg-dr"}],
        "storage_accounts": [{"resource_group": "rg-dr", **one} for one in accounts],
    }
    return Local(throttle="off", document=document)


def send(local: Local, method: str, below: str = "", body: Any = None, name: str = "stone", **options: Any) -> Any:
    path = f"{local.group('rg-dr')}/providers/Microsoft.Storage/storageAccounts/{name}{below}"
    return local.send(method, path, body, version=VERSION, **options)


def keys(local: Local) -> list[str]:
    return [one["value"] for one in send(local, "POST", "/listKeys").body["keys"]]


def test_a_regenerated_key() -> None:
    local = make({"name": "stone"})
    before = keys(local)
    answer = send(local, "POST", "/regenerateKey", {"keyName": "key1"})
    after = keys(local)
    assert [one["value"] for one in answer.body["keys"]] == after
    assert after[0] != before[0] and after[1] == before[1]
    assert {*before, *after} <= set(local.simulator.secrets())
    assert error_code(send(local, "POST", "/regenerateKey", {"keyName": "key9"})) == "InvalidValuesForRequestParameters"


def test_keys_need_more_than_reading() -> None:
    local = make({"name": "stone"})
    refused = send(local, "POST", "/listKeys", token=local.issue("auditor"))
    assert (refused.status, error_code(refused)) == (403, "AuthorizationFailed")


@pytest.mark.parametrize(("lock", "writes"), [("ReadOnly", 409), ("CanNotDelete", 200)])
def test_locks(lock: str, writes: int) -> None:
    local = make({"name": "stone", "containers": ["kept"], "lock": lock})
    assert send(local, "GET").status == 200
    assert send(local, "POST", "/listKeys").status == writes
    assert send(local, "PATCH", body={"tags": {"a": "b"}}).status == writes
    for below in ("", "/blobServices/default/containers/kept"):
        refused = send(local, "DELETE", below)
        assert (refused.status, error_code(refused)) == (409, "ScopeLocked")
    assert "cannot perform delete operation" in refused.body["error"]["message"]


def test_network_rules_and_keys_that_are_off() -> None:
    local = make({"name": "stone", "allow_shared_key": False, "firewall": True})
    shown = send(local, "GET").body["properties"]
    assert (shown["allowSharedKeyAccess"], shown["networkAcls"]["defaultAction"]) == (False, "Deny")
    assert shown["primaryEndpoints"]["blob"] == "https://stone.blob.core.windows.net/"
    changed = {
        "properties": {"allowSharedKeyAccess": True, "networkAcls": {"bypass": "None", "defaultAction": "Allow"}}
    }
    shown = send(local, "PATCH", body=changed).body["properties"]
    assert (shown["allowSharedKeyAccess"], shown["networkAcls"]) == (True, {"bypass": "None", "defaultAction": "Allow"})


def test_the_state_names_the_blobs() -> None:
    local = make({"name": "stone", "containers": ["full", "empty"]})
    local.world.state(BlobStore).put("stone", "full", "a/b", b"x", local.world.now())
    assert local.simulator.state()["storage"]["storageAccounts"][0]["containers"] == {"full": ["a/b"], "empty": []}
    assert send(local, "DELETE", "/blobServices/default/containers/full").status == 200
    assert local.world.state(BlobStore).written == {}
    listed = send(local, "GET", "/blobServices/default/containers").body["value"]
    assert [one["name"] for one in listed] == ["empty"]


def test_rules_of_the_blob_service() -> None:
    local = make({"name": "stone"})
    assert send(local, "GET", "/blobServices/default").body["properties"]["cors"] == {"corsRules": []}
    rules = {"corsRules": [{"allowedOrigins": ["*"], "allowedMethods": ["GET"]}]}
    assert (
        send(local, "PUT", "/blobServices/default", {"properties": {"cors": rules}}).body["properties"]["cors"] == rules
    )


def test_a_new_account_takes_a_moment() -> None:
    local = make()
    asked = send(local, "PUT", body={"location": "East Asia", "sku": {"name": "Standard_ZRS"}, "kind": "StorageV2"})
    assert (asked.status, asked.body) == (202, None) and "Azure-AsyncOperation" not in asked.headers
    assert send(local, "GET").body["properties"]["provisioningState"] == "Creating"
    assert local.get(asked.headers["Location"]).status == 202
    local.advance(20)
    made = local.get(asked.headers["Location"])
    assert (made.status, made.body["sku"]["name"], made.body["properties"]["provisioningState"]) == (
        200,
        "Standard_ZRS",
        "Succeeded",
    )
    again = send(local, "PUT", body={"location": "eastasia", "tags": {"a": "b"}})
    assert (again.status, again.body["tags"]) == (200, {"a": "b"})


def test_a_container_is_changed() -> None:
    local = make({"name": "stone", "containers": ["box"]}, {"name": "rock", "containers": ["box"], "lock": "ReadOnly"})
    below = "/blobServices/default/containers/"
    changed = send(local, "PATCH", below + "box", {"properties": {"metadata": {"a": "b"}}})
    assert (changed.status, changed.body["properties"]["metadata"]) == (200, {"a": "b"})
    assert error_code(send(local, "PATCH", below + "none", {})) == "ContainerNotFound"
    assert error_code(send(local, "PATCH", below + "box", {}, name="rock")) == "ScopeLocked"


def test_how_many_accounts_there_may_be() -> None:
    local = make({"name": "stone"}, {"name": "rock", "location": "southeastasia"})
    usages = local.get(
        f"{local.subscription}/providers/Microsoft.Storage/locations/eastasia/usages", version=VERSION
    ).body["value"]
    assert [(one["name"]["value"], one["currentValue"], one["limit"]) for one in usages] == [
        ("StorageAccounts", 1, 250)
    ]
