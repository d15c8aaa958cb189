# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm_restore of many VMs, while Azure counts each read of a job (150 an hour for a whole subscription in 2023)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.modules import vm_restore
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_restores import FakeRestores
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import VAULT_A
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

FLEET = [f"web-{number:03d}" for number in range(50)]
COMMON: dict[str, Any] = {
    "vm": FLEET,
    "vm_resource_group": "rg-prod",
    "vault": "vault-a",
    "resource_group": "rg-backup",
    "storage_account": "stage",
    "target_resource_group": "rg-dr",
}
DISKS = {**COMMON, "mode": "disks"}
NEW_VM = {**COMMON, "mode": "new_vm", "vm_name": "{name}-dr", "virtual_network": "vnet", "subnet": "default"}
FEW_READS = 40


@pytest.fixture(name="azure")
def azure_with_a_fleet() -> FakeRestores:
    azure = FakeRestores(VAULT_A, restore_takes=600.0)
    for name in FLEET:
        azure.protect(name, 1)
    return azure


def restore(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any], **options: Any) -> dict[str, Any]:
    azure.sent.clear()
    return run_module(monkeypatch, vm_restore, azure, **{**params, **options})


@pytest.mark.parametrize("params", [pytest.param(DISKS, id="disks"), pytest.param(NEW_VM, id="new_vm")])
def test_running_restores_are_adopted_without_a_look_into_each(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any]) -> None:
    restore(monkeypatch, azure, params, wait=False)
    foreseen = restore(monkeypatch, azure, params, check=True)
    assert not foreseen["changed"] and azure.job_reads <= FEW_READS
    adopted = restore(monkeypatch, azure, params)
    assert not adopted["failed"] and not adopted["changed"] and not azure.sent_restores
    assert {entry["action"] for entry in adopted["vms"]} == {"adopted"} and {entry["job"]["status"] for entry in adopted["vms"]} == {"Completed"}
    assert len(azure.restores) == len(FLEET)
    assert len([text for text in adopted["warnings"] if "runs" in text]) == 1
    if params is NEW_VM:
        assert not [line for line in azure.sent if "/recoveryPoints" in line], "what is adopted needs no recovery point"
        assert azure.job_reads <= 2 * FEW_READS
        assert len([line for line in azure.sent if "/virtualMachines" in line]) == 2, "one list before and one after"


def test_an_unread_restore_that_was_another_is_not_taken_for_success(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    restore(monkeypatch, azure, DISKS, wait=False)
    result = restore(monkeypatch, azure, NEW_VM)
    assert result["failed"] and len(azure.restores) <= len(FLEET) + FEW_READS
    adopted = [entry for entry in result["vms"] if entry["action"] == "adopted"]
    assert adopted and {entry["failure"]["code"] for entry in adopted} == {"AnotherRestoreRan"}
    again = restore(monkeypatch, azure, NEW_VM)
    assert not again["failed"] and azure.sent_restores == len(adopted)
    assert {entry["restored"]["virtual_machine_id"].rsplit("/", 1)[-1] for entry in again["vms"]} == {f"{name}-dr" for name in FLEET}


def test_what_cannot_be_looked_up_is_not_restored_a_second_time(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    restore(monkeypatch, azure, {**DISKS, "wait_timeout": 100_000})
    again = restore(monkeypatch, azure, {**DISKS, "wait_timeout": 60})
    assert again["failed"] and not azure.sent_restores
    assert {entry["failure"]["code"] for entry in again["vms"] if entry["failed"]} == {"RestoresNotKnown"}
    patient = restore(monkeypatch, azure, {**DISKS, "wait_timeout": 100_000})
    assert not patient["failed"] and not patient["changed"] and not azure.sent_restores
    forced = restore(monkeypatch, azure, {**DISKS, "force": True, "wait": False})
    assert not forced["failed"] and azure.sent_restores == len(FLEET)


@pytest.mark.parametrize("wish", [{}, {"before": "2100-01-01"}])
def test_a_restore_that_ends_while_it_is_looked_at_is_not_repeated(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, wish: dict[str, Any]) -> None:
    one = {**NEW_VM, "vm": FLEET[:1], **wish}
    azure.late_bag = 300.0
    restore(monkeypatch, azure, one, wait=False)
    route, passed = azure._route, []

    def ends_before_it_is_read(method: str, path: str, body: Any, params: dict[str, str]) -> Any:
        if "/backupJobs/" in path and not passed:
            passed.append(path)
            azure.clock.sleep(azure.restore_takes)
        return route(method, path, body, params)

    monkeypatch.setattr(azure, "_route", ends_before_it_is_read)
    result = restore(monkeypatch, azure, one)
    assert passed and not result["failed"] and not result["changed"] and not azure.sent_restores
