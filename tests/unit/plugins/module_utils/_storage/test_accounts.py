# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage accounts: found by name or id, with an endpoint that a token may go to, and keys that stay secret."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, HttpError, OptionError, RefusedUrl
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.redact import MASK, redact
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._storage.accounts import Account, list_key, read_account
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import BASE, CLOUD, SUB, Wire, answer, client_for, failure

LISTED = f"/subscriptions/{SUB}/providers/Microsoft.Storage/storageAccounts"
ID = f"/subscriptions/{SUB}/resourceGroups/rg-backup/providers/Microsoft.Storage/storageAccounts/stbackups"


def resource(**properties: Any) -> dict[str, Any]:
    return {"id": ID, "name": "stbackups", "location": "westeurope", "properties": {"primaryEndpoints": {"blob": "https://x.test/"}, **properties}}


def test_by_name_and_group_or_by_id_it_takes_one_request() -> None:
    for account, group in (("stbackups", "rg-backup"), (ID, None)):
        wire = Wire(answer(200, resource()))
        found = read_account(client_for(wire), account, group)
        assert wire.sent[0].url.startswith(f"{BASE}{ID}?") and len(wire.sent) == 1
        assert (found.name, found.blob_endpoint, found.described, found.shared_key, found.firewall) == ("stbackups", "https://x.test", True, True, False)


def test_without_a_group_it_is_looked_for_in_the_subscription() -> None:
    wire = Wire(answer(200, {"value": [{"id": ID.replace("stbackups", "other"), "name": "other"}, resource()]}))
    found = read_account(client_for(wire), "stbackups", None)
    assert str(found.id) == ID and wire.sent[0].url.startswith(f"{BASE}{LISTED}?")


@pytest.mark.parametrize(
    ("wire", "group"),
    [
        (Wire(failure(404, "ResourceNotFound")), "rg-backup"),
        (Wire(failure(403, "AuthorizationFailed")), "rg-backup"),
        (Wire(answer(200, {"value": []})), None),
        (Wire(failure(403, "AuthorizationFailed")), None),
    ],
)
def test_without_a_description_the_endpoint_follows_from_the_cloud(wire: Wire, group: str | None) -> None:
    found = read_account(client_for(wire), "stbackups", group)
    assert (found.blob_endpoint, found.described, found.shared_key) == ("https://stbackups.blob.test", False, None)
    assert (found.id is None) is (group is None)


def test_a_cloud_that_does_not_tell_its_endpoints_is_not_taken_for_another() -> None:
    client = client_for(Wire(failure(403, "AuthorizationFailed")))
    client._cloud = replace(CLOUD, blob_suffix="")
    with pytest.raises(RefusedUrl) as caught:
        read_account(client, "stbackups", "rg-backup")
    assert "role Reader" in str(caught.value)


def test_other_failures_are_failures() -> None:
    with pytest.raises(HttpError):
        read_account(client_for(Wire(failure(400, "InvalidSubscriptionId"))), "stbackups", "rg-backup")


@pytest.mark.parametrize(
    ("properties", "shared_key", "firewall"),
    [
        ({"allowSharedKeyAccess": False}, False, False),
        ({"allowSharedKeyAccess": None}, True, False),
        ({"networkAcls": {"defaultAction": "Deny"}}, True, True),
        ({"networkAcls": {"defaultAction": "Allow"}}, True, False),
        ({"publicNetworkAccess": "Disabled"}, True, True),
    ],
)
def test_what_stands_in_the_way(properties: dict[str, Any], shared_key: bool, firewall: bool) -> None:
    found = read_account(client_for(Wire(answer(200, resource(**properties)))), ID, None)
    assert (found.shared_key, found.firewall) == (shared_key, firewall)


@pytest.mark.parametrize("url", ["http://x.test/", "https://user@x.test/", "https://x.test/?sig=1", "https://x.test:port/", "", None, "//x.test"])
def test_an_endpoint_that_no_token_may_go_to(url: Any) -> None:
    with pytest.raises(RefusedUrl):
        read_account(client_for(Wire(answer(200, resource(primaryEndpoints={"blob": url})))), ID, None)


def test_a_key_with_all_rights_is_taken_and_all_are_masked_from_then_on() -> None:
    keys = [{"value": "cmVhZGVycy1rZXk=", "permissions": "READ"}, {"value": "ZnVsbC1rZXktMQ==", "permissions": "Full"}]
    wire = Wire(answer(200, resource()), answer(200, {"keys": keys}))
    client = client_for(wire, read_only=True)
    assert list_key(client, read_account(client, ID, None)) == "ZnVsbC1rZXktMQ=="
    assert [redact(f"it is {key['value']}") for key in keys] == [f"it is {MASK}"] * 2


@pytest.mark.parametrize("body", [{"keys": []}, {}, None, {"keys": [{"keyName": "key1", "value": None}]}])
def test_an_account_without_keys(body: Any) -> None:
    wire = Wire(answer(200, resource()), answer(200, body))
    client = client_for(wire)
    with pytest.raises(ArmError) as caught:
        list_key(client, read_account(client, ID, None))
    assert caught.value.code == "NoStorageKey"


def test_the_keys_of_an_account_somewhere_cannot_be_asked_for() -> None:
    with pytest.raises(OptionError) as caught:
        list_key(client_for(Wire()), Account("stbackups", "https://x.test"))
    assert caught.value.option == "storage_resource_group"
