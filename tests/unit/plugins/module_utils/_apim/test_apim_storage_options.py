# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where backups lie, as options, and as API Management is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.storage_options import read_storage, request_body
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.redact import redact

KEY = "c2hhcmVkLWtleS1vZi1zdGRy"
ACCOUNT = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-backup/providers/Microsoft.Storage/storageAccounts/stdr"
PLACE = {"storageAccount": "stdr", "containerName": "apim", "backupName": "b1"}


def options(**more: Any) -> dict[str, Any]:
    return {"storage_account": "stdr", "container": "apim", "storage_access": "system_identity", **more}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"accessType": "SystemAssignedManagedIdentity"}),
        ({"storage_access": "user_identity", "user_assigned_identity": "id"}, {"accessType": "UserAssignedManagedIdentity", "clientId": "c-1"}),
        ({"storage_access": "key", "storage_key": KEY}, {"accessType": "AccessKey", "accessKey": KEY}),
    ],
)
def test_what_api_management_is_told(given: dict[str, Any], expected: dict[str, str]) -> None:
    """The account by its name, an identity by its client id, and of a key or client id only what the access needs."""
    body = request_body(read_storage(options(**given)), "b1", key=KEY, client_id="c-1")
    assert body == {**PLACE, **expected}


@pytest.mark.parametrize(
    ("account", "group", "expected"),
    [
        ("stdr", None, ("stdr", None, None)),
        (" stdr ", "rg-backup", ("stdr", None, "rg-backup")),
        (ACCOUNT, None, ("stdr", "00000000-0000-0000-0000-000000000001", "rg-backup")),
        (ACCOUNT, "rg-other", ("stdr", "00000000-0000-0000-0000-000000000001", "rg-backup")),
    ],
)
def test_an_account_by_name_or_id(account: str, group: str | None, expected: tuple[str, str | None, str | None]) -> None:
    found = read_storage(options(storage_account=account, storage_resource_group=group))
    assert (found.account, found.subscription, found.group) == expected


def test_a_key_is_masked_from_then_on() -> None:
    storage = read_storage(options(storage_access="key", storage_key=KEY))
    assert KEY not in repr(storage)
    assert KEY not in redact(f"the key {KEY} is wrong")
