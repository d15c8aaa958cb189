# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults, restore points and services as entries of an estate, with ages instead of times."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.backups import Backup
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.service import parse_service
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.items import read_item
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_state import read_vault
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute import collections
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.left_out import LeftOut
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.machines import Names
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.points import collection_entries
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.services import Found, identity_entries, service_entries
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.vaults import VaultContents, vault_entry
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import SUB, VAULT_A, item_of, soft_deleted, vm

NOW = datetime(2026, 9, 10, tzinfo=timezone.utc)
NAMES = Names({})
ROOT = f"/subscriptions/{SUB}/resourceGroups"


def before(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def item(instant_days: int | None = 5, **more: Any) -> dict[str, Any]:
    resource = soft_deleted(vm(), VAULT_A) if more.pop("deleted", False) else item_of(vm(), policy=more.pop("policy", "gold"), **more)
    found, settings = read_item(resource, NOW), read_vault({"id": VAULT_A.id, "location": "East Asia", "properties": {}})
    assert found is not None and settings is not None
    instant = {} if instant_days is None else {"instantRpRetentionRangeInDays": instant_days}
    policy = {"name": "Gold", "properties": {"policyType": "V2", "protectedItemsCount": 7, **instant}}
    entry = vault_entry(VaultContents(settings, (policy,), (found,), NOW), NAMES, frozenset({vm().key}), NOW, LeftOut())
    assert entry["location"] == "eastasia" and "protectedItemsCount" not in entry["policies"][0]["properties"]
    (protected,) = entry["protected_items"]
    return dict(protected)


@pytest.mark.parametrize(
    ("age", "instant_days", "tiers"),
    [
        (1.0, 5, ["InstantRP"]),
        (6.25, 5, ["InstantRP", "HardenedRP"]),
        (119.0, 5, ["InstantRP", "HardenedRP"]),
        (121.0, 5, ["HardenedRP"]),
        (50.0, None, ["HardenedRP"]),
    ],
)
def test_a_point_has_an_age_and_is_where_the_policy_keeps_it(age: float, instant_days: int | None, tiers: list[str]) -> None:
    assert item(instant_days, lastRecoveryPoint=before(age))["recovery_points"] == [{"age_hours": age, "tiers": tiers}]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"state": "Protected", "policy": "Gold"}),
        ({"state": "IRPending"}, {"state": "IRPending", "policy": "Gold"}),
        ({"state": "ProtectionStopped", "policy": None}, {"state": "ProtectionStopped"}),
        ({"healthStatus": "ActionRequired", "healthDetails": [{"code": 1, "title": "t", "recommendations": ["r"], "details": "private"}]},
         {"health": "ActionRequired", "health_details": [{"code": 1, "title": "t", "recommendations": ["r"]}], "state": "Protected", "policy": "Gold"}),
        ({"lastBackupStatus": "Failed"}, {"last_backup_status": "Failed", "state": "Protected", "policy": "Gold"}),
        ({"extendedProperties": {"diskExclusionProperties": {"diskLunList": [2, 1], "isInclusionList": False}}},
         {"exclude_luns": [1, 2], "state": "Protected", "policy": "Gold"}),
    ],
)  # fmt: skip
def test_items(more: dict[str, Any], expected: dict[str, Any]) -> None:
    assert item(**more) == {"vm": "web-01", "resource_group": "rg-prod", **expected}


def test_a_deleted_item_has_been_so_for_as_long_as_its_remaining_time_says() -> None:
    found = item(deleted=True)
    purge = read_item(soft_deleted(vm(), VAULT_A), NOW)
    assert purge is not None and purge.purge_time is not None
    assert found["state"] == "SoftDeleted"
    assert found.get("deleted_hours_ago", 0.0) == max(0.0, round(14 * 24 - (purge.purge_time - NOW).total_seconds() / 3600, 2))


def test_a_machine_that_is_not_there_any_more() -> None:
    found, settings = read_item(item_of(vm("gone")), NOW), read_vault({"id": VAULT_A.id, "properties": {}})
    assert found is not None and settings is not None
    entry = vault_entry(VaultContents(settings, (), (found,), None), NAMES, frozenset(), NOW, LeftOut())
    assert entry["protected_items"][0]["vm_exists"] is False


def test_identities_and_private_endpoints_of_vaults_are_told() -> None:
    settings = read_vault({"id": VAULT_A.id, "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/i": {}}}, "properties": {}})
    assert settings is not None
    left_out = LeftOut()
    vault_entry(VaultContents(replace(settings, private_endpoints=1)), NAMES, frozenset(), NOW, left_out)
    assert [entry["id"] for entry in left_out.entries] == [VAULT_A.id] * 2


def collection(name: str, source: str, region: str, *points: dict[str, Any]) -> collections.Collection:
    listed = [{"name": point["name"], "properties": {"provisioningState": "Succeeded", "timeCreated": before(10), **point}} for point in points]
    resource = {
        "id": f"{ROOT}/rg/providers/Microsoft.Compute/restorePointCollections/{name}",
        "name": name,
        "location": region,
        "properties": {"source": {"id": source}, "restorePoints": listed},
    }
    return collections.parse(resource)


UNFINISHED = {"name": "new", "provisioningState": "Creating"}
POINTS = collection("points", vm().id, "eastasia", {"name": "one"}, {"name": "bad", "provisioningState": "Failed"}, UNFINISHED)


def copy(name: str, source: str, *disks: tuple[float | None, str]) -> dict[str, Any]:
    told = [{"completionPercent": percent, "status": {"code": code}} for percent, code in disks]
    statuses = [{"id": f"/d{number}", "replicationStatus": status} for number, status in enumerate(told)]
    return {"name": name, "sourceRestorePoint": {"id": f"{POINTS.id}/restorePoints/{source}"}, "instanceView": {"diskRestorePoints": statuses}}


def test_points_and_how_far_their_copies_are() -> None:
    copies = collection(
        "copies", POINTS.id, "southeastasia",
        copy("whole", "one", (100, "ReplicationState/succeeded"), (None, "ReplicationState/succeeded")),
        copy("partly", "one", (100, "ReplicationState/succeeded"), (41.27, "ReplicationState/inprogress")),
        copy("broken", "one", (None, "ReplicationState/failed")),
        copy("orphan", "gone", (100, "ReplicationState/succeeded")),
    )  # fmt: skip
    left_out = LeftOut()
    own, others = collection_entries([copies, POINTS], {vm().key: {"data_disks": []}}, NAMES, NOW, left_out)
    assert (own["vm"], own["vm_resource_group"]) == ("web-01", "rg-prod")
    assert {point["name"]: point.get("state") for point in own["restore_points"]} == {"one": None, "bad": "Failed"}
    assert [entry["name"] for entry in left_out.entries] == ["new"]
    told = {point.pop("name"): point for point in others["restore_points"]}
    assert told == {
        "whole": {"source": "one", "completion_percent": 100.0},
        "partly": {"source": "one", "completion_percent": 41.3},
        "broken": {"source": "one", "fails": True},
        "orphan": {"source": "gone", "age_hours": 10.0, "completion_percent": 100.0},
    }


def test_collections_whose_source_is_not_there() -> None:
    left_out = LeftOut()
    orphan = collection("copies", f"{ROOT}/rg/providers/Microsoft.Compute/restorePointCollections/gone", "southeastasia")
    assert collection_entries([POINTS, orphan], {}, NAMES, NOW, left_out) == []
    assert {entry["name"] for entry in left_out.entries} == {"points", "copies"}


def service(sku: str = "Developer", **identity: Any) -> Any:
    return parse_service(
        {
            "id": f"{ROOT}/rg/providers/Microsoft.ApiManagement/service/apim",
            "name": "apim",
            "location": "East Asia",
            "sku": {"name": sku, "capacity": 1},
            "identity": identity,
            "properties": {"publisherEmail": "me@contoso.example"},
        }
    )


def test_services_with_the_ages_of_their_backups() -> None:
    found = Found("APIM", "stbackups", "c", (Backup("nightly", 5, NOW - timedelta(hours=20.5)), Backup("odd")))
    (entry,) = service_entries([service(type="SystemAssigned")], [found], frozenset({"stbackups"}), NAMES, NOW, LeftOut())
    assert entry == {
        "name": "apim", "resource_group": "rg", "location": "eastasia", "sku": "Developer", "capacity": 1, "system_identity": True,
        "identity_roles": ["Storage Blob Data Contributor"],
        "backups": [{"storage_account": "stbackups", "container": "c", "name": "nightly", "age_hours": 20.5}],
    }  # fmt: skip


def test_services_that_the_simulator_does_not_have_and_backups_elsewhere_are_told() -> None:
    left_out = LeftOut()
    found = Found("apim", "stelse", "c", (Backup("nightly", 5, NOW),))
    entries = service_entries([service("Galactic"), service()], [found], frozenset(), NAMES, NOW, left_out)
    assert len(entries) == 1 and "backups" not in entries[0]
    assert [("Galactic" in entry["reason"], "stelse" in entry["reason"]) for entry in left_out.entries] == [(True, False), (False, True)]


def test_user_assigned_identities_become_principals() -> None:
    identity = f"{ROOT}/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-apim"
    assigned = {"type": "UserAssigned", "userAssignedIdentities": {identity: {"clientId": "00000000-0000-0000-0000-00000000000c"}}}
    assert identity_entries([service(**assigned), service(**assigned)]) == [
        {"name": "id-apim", "kind": "managed_identity", "client_id": "00000000-0000-0000-0000-00000000000c", "roles": ["Storage Blob Data Contributor"]}
    ]
