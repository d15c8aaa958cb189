# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The typed view of protected items, from answers as Azure gives them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.items import Disks, items_by_vm, items_now, list_items, read_item
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import (
    VAULT_A,
    VAULT_B,
    FakeClient,
    item_of,
    soft_deleted,
    vm,
)

NOW = datetime(2026, 9, 14, 9, 0, tzinfo=timezone.utc)


def test_a_protected_item() -> None:
    item = read_item(
        item_of(
            vm(),
            lastBackupStatus="Completed",
            lastBackupTime="2026-09-14T08:05:53.4341049Z",
            lastRecoveryPoint="2026-09-14T08:08:04.5606237Z",
            policyType="V2",
        ),
        NOW,
    )
    assert item is not None
    assert item.protected and item.condition == "protected" and not item.soft_deleted
    assert item.vm.key == vm().key and item.vault.key == VAULT_A.key
    assert (item.policy_name, item.policy_type) == ("DefaultPolicy", "V2")
    assert item.age(NOW) == 3115
    assert item.facts()["last_recovery_point"] == "2026-09-14T08:08:04.560623Z"
    assert "%3B" in item.path


def test_before_the_first_backup_there_are_no_times() -> None:
    item = read_item(item_of(vm(), state="IRPending"), NOW)
    assert item is not None
    assert item.protected
    assert (item.last_backup_time, item.last_backup_status, item.last_recovery_point, item.age(NOW)) == (None, None, None, None)


@pytest.mark.parametrize(
    ("state", "condition"),
    [
        ("IRPending", "protected"),
        ("Protected", "protected"),
        ("ProtectionError", "protected"),
        ("ProtectionPaused", "protected"),
        ("ProtectionStopped", "stopped"),
        ("BackupsSuspended", "suspended"),
        ("Invalid", "invalid"),
        ("", "invalid"),
    ],
)
def test_conditions(state: str, condition: str) -> None:
    item = read_item(item_of(vm(), state=state), NOW)
    assert item is not None and item.condition == condition


def test_a_stopped_item_has_no_policy() -> None:
    item = read_item(item_of(vm(), state="ProtectionStopped", policy=None), NOW)
    assert item is not None and item.stopped and item.policy_id is None and item.policy_name is None


@pytest.mark.parametrize(
    ("change", "purge"),
    [
        ({}, "2026-09-23T13:21:52.029050Z"),
        ({"softDeleteRetentionPeriod": None, "softDeleteRetentionPeriodInDays": 20}, "2026-09-29T13:21:52.029050Z"),
        ({"softDeleteRetentionPeriod": 0}, "2026-09-28T08:59:45.754591Z"),
        ({"deferredDeleteTimeInUTC": None}, "2026-09-28T08:59:45.754591Z"),
        ({"softDeleteRetentionPeriod": 0, "deferredDeleteTimeRemaining": None}, None),
    ],
)
def test_purge_time(change: dict[str, Any], purge: str | None) -> None:
    resource = soft_deleted(vm())
    resource["properties"].update(change)
    item = read_item(resource, NOW)
    assert item is not None and item.condition == "soft_deleted" and not item.stopped
    assert item.facts()["purge_time"] == purge


@pytest.mark.parametrize(
    ("exclusion", "disks"),
    [
        (None, None),
        ({"diskLunList": [], "isInclusionList": False}, None),
        ({"diskLunList": [], "isInclusionList": True}, Disks((), True)),
        ({"diskLunList": [3, 1, 1], "isInclusionList": False}, Disks((1, 3), False)),
    ],
)
def test_disks(exclusion: dict[str, Any] | None, disks: Disks | None) -> None:
    item = read_item(item_of(vm(), extendedProperties={"diskExclusionProperties": exclusion}), NOW)
    assert item is not None and item.disks == disks


def test_the_vm_is_found_where_the_id_is_empty() -> None:
    resource = item_of(vm())
    resource["properties"].update(virtualMachineId="", sourceResourceId="")
    item = read_item(resource, NOW)
    assert item is not None and item.vm.key == vm().key


@pytest.mark.parametrize("resource", [{}, {"id": "/x"}, {"id": item_of(vm())["id"], "properties": {"virtualMachineId": ""}}])
def test_what_is_no_azure_vm_is_left_out(resource: dict[str, Any]) -> None:
    assert read_item(resource, NOW) is None


def test_a_live_item_counts_more_than_a_deleted_one() -> None:
    both = [item_of(vm(), VAULT_A), soft_deleted(vm(), VAULT_B)]
    assert items_by_vm(both, NOW)[vm().key].vault == VAULT_A
    assert items_by_vm(both[::-1], NOW)[vm().key].vault == VAULT_A


def test_items_are_listed_page_by_page() -> None:
    client = FakeClient(page=2)
    for number in range(5):
        client.add(item_of(vm(f"web-{number}")))
    assert sorted(list_items(client, VAULT_A)) == [vm(f"web-{number}").key for number in range(5)]
    assert len(client.sent) == 3


def test_time_is_that_of_azure() -> None:
    client = FakeClient()
    client.clock.seconds = 60.0
    assert items_now(client, VAULT_A)[1] == datetime(2026, 9, 10, 0, 1, tzinfo=timezone.utc)
