# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm_restore told of restores that an earlier task has started."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.modules import vm_restore
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_restores import RG_DR, FakeRestores
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import VAULT_A
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

COMMON: dict[str, Any] = {"vm": ["web-01"], "vm_resource_group": "rg-prod", "vault": "vault-a", "resource_group": "rg-backup", "storage_account": "stage"}
DISKS = {**COMMON, "mode": "disks", "target_resource_group": "rg-dr"}
NEW_VM = {**DISKS, "mode": "new_vm", "vm_name": "{name}-dr", "virtual_network": "vnet", "subnet": "default"}
REPLACE = {**COMMON, "mode": "replace", "allow_replace": True, "storage_account_resource_group": "rg-dr"}
MODES = [pytest.param(DISKS, id="disks"), pytest.param(NEW_VM, id="new_vm"), pytest.param(REPLACE, id="replace")]
TARGET_VM = f"{RG_DR}/providers/Microsoft.Compute/virtualMachines/web-01-dr"


@pytest.fixture(name="azure")
def azure_with_a_vm() -> FakeRestores:
    azure = FakeRestores(VAULT_A)
    azure.protect("web-01", 3, 1, 2)
    return azure


def restore(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any], **options: Any) -> dict[str, Any]:
    return run_module(monkeypatch, vm_restore, azure, **{**params, **options})


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("params", MODES)
def test_a_restore_that_an_earlier_task_started_is_followed_to_its_end(
    monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any], force: bool
) -> None:
    started = restore(monkeypatch, azure, params, wait=False)
    azure.clock.seconds += 3600
    tags = {} if params["mode"] == "replace" else {"drill": "one"}
    ended = restore(monkeypatch, azure, {**params, "force": force, "job": [started["vms"][0]["job"]["id"]], "tags": tags})
    assert not ended["failed"] and ended["vms"][0]["job"]["status"] == "Completed" and ended["vms"][0]["action"] == "adopted"
    assert azure.sent_restores == 1, "force or not"
    if params["mode"] == "new_vm":
        assert azure.machines[TARGET_VM.lower()]["tags"] == tags


@pytest.mark.parametrize("params", MODES)
def test_a_restore_that_an_earlier_task_started_and_that_failed_is_not_started_again(
    monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any]
) -> None:
    azure.ends = "Failed"
    monkeypatch.setattr(azure, "_effects", lambda *arguments: None)
    started = restore(monkeypatch, azure, params, wait=False)
    azure.clock.seconds += 3600
    for name in (started["vms"][0]["job"]["id"], started["vms"][0]["job"]["name"]):
        ended = restore(monkeypatch, azure, {**params, "job": [name]})
        assert ended["failed"] and not ended["changed"] and ended["vms"][0]["failure"]["code"]
        assert ended["vms"][0]["job"]["status"] == "Failed"
    assert azure.sent_restores == 1
    assert restore(monkeypatch, azure, params)["vms"][0]["action"] == "started", "without the name, a failed restore is made anew"


def test_a_job_that_restored_something_else_is_told_as_that(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    started = restore(monkeypatch, azure, NEW_VM)
    other = restore(monkeypatch, azure, {**NEW_VM, "vm_name": "{name}-two", "job": [started["vms"][0]["job"]["name"]]})
    assert other["vms"][0]["failure"]["code"] == "AnotherRestoreRan" and azure.sent_restores == 1


def test_a_restore_that_ended_without_its_vm_is_told_as_that(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.ends, azure.makes_vm = "CompletedWithWarnings", False
    started = restore(monkeypatch, azure, NEW_VM, wait=False)
    azure.clock.seconds += 3600
    ended = restore(monkeypatch, azure, {**NEW_VM, "job": [started["vms"][0]["job"]["name"]]})
    assert ended["vms"][0]["failure"]["code"] == "RestoredWithoutVm" and azure.sent_restores == 1
