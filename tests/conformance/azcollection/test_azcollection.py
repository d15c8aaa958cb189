# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of azure.azcollection against the simulator, unchanged."""

from __future__ import annotations

from typing import Any, Callable

from harness.simulator import Simulator

Run = Callable[..., dict[str, Any]]
VAULT = {"resource_group": "rg-backup", "recovery_vault_name": "rsv-prod-01"}


def test_a_vm_from_protection_to_deletion(sim: Simulator, run: Run) -> None:
    vm = sim.vm_id("rg-prod", "web-01")
    vault = sim.rg("rg-backup") + "/providers/Microsoft.RecoveryServices/vaults/rsv-prod-01"
    protection = {**VAULT, "resource_id": vm, "backup_policy_id": f"{vault}/backupPolicies/DefaultPolicy"}

    assert run("azure_rm_backupazurevm", **protection, state="create")["changed"]
    assert _states(sim) == {"web-01": "IRPending"}
    run("azure_rm_backupazurevm", **protection, state="backup")
    sim.control.advance(4 * 3600)
    assert _states(sim) == {"web-01": "Protected"}
    shown = run("azure_rm_backupazurevm_info", **VAULT, resource_id=vm)["response"]["properties"]
    assert (shown["friendlyName"], shown["lastBackupStatus"]) == ("web-01", "Completed")
    protection["backup_policy_id"] = f"{vault}/backupPolicies/EnhancedPolicy"
    run("azure_rm_backupazurevm", **protection, state="update")
    run("azure_rm_backupazurevm", **protection, state="stop")
    assert _states(sim) == {"web-01": "ProtectionStopped"}
    run("azure_rm_backupazurevm", **protection, state="delete")
    sim.control.advance(60)
    (item,) = _items(sim)
    assert item["isScheduledForDeferredDelete"] is True


def _items(sim: Simulator) -> list[dict[str, Any]]:
    vault = sim.rg("rg-backup") + "/providers/Microsoft.RecoveryServices/vaults/rsv-prod-01"
    return [one["properties"] for one in sim.arm("GET", vault + "/backupProtectedItems").json()["value"]]


def _states(sim: Simulator) -> dict[str, str]:
    return {item["friendlyName"]: item["protectionState"] for item in _items(sim)}


def test_policies(run: Run) -> None:
    policy = {"resource_group": "rg-backup", "vault_name": "rsv-prod-01", "name": "gold"}
    daily = {
        "backup_management_type": "AzureIaasVM", "schedule_run_frequency": "Daily", "instant_recovery_snapshot_retention": 2,
        "daily_retention_count": 12, "time_zone": "UTC", "schedule_run_time": 14,
    }
    assert run("azure_rm_backuppolicy", **policy, **daily, state="present")["changed"]
    assert not run("azure_rm_backuppolicy", **policy, **daily, state="present")["changed"]
    shown = run("azure_rm_backuppolicy_info", **policy)
    assert (shown["name"], shown["properties"]["retention_policy"]["daily_schedule"]["retention_duration"]["count"]) == ("gold", 12)
    assert run("azure_rm_backuppolicy", **policy, state="absent")["changed"]
    weekly = {"time": "18:00", "weekdays": ["Monday"], "weeks": ["First"], "months": ["February"], "count": 4}
    assert run("azure_rm_vmbackuppolicy", **{**policy, "name": "weekly"}, **weekly, state="present")["changed"]
    assert run("azure_rm_vmbackuppolicy_info", **{**policy, "name": "weekly"})["response"]
    assert run("azure_rm_vmbackuppolicy", **{**policy, "name": "weekly"}, state="absent")["changed"]


def test_vaults(run: Run) -> None:
    vault = {"resource_group": "rg-backup", "name": "rsv-new", "location": "eastasia"}
    assert run("azure_rm_recoveryservicesvault", **vault, state="present")["changed"]
    assert run("azure_rm_recoveryservicesvault_info", resource_group="rg-backup", name="rsv-new")["response"]["name"] == "rsv-new"
    assert run("azure_rm_recoveryservicesvaultconfig_info", resource_group="rg-backup", vault_name="rsv-new")
    # Of Azure's two ways to end such a deletion, the module knows one.
    assert run("azure_rm_recoveryservicesvault", **{**vault, "name": "rsv-leaving"}, state="absent")["changed"]


def test_what_a_recovery_looks_at(sim: Simulator, run: Run) -> None:
    assert run("azure_rm_resourcegroup_info", name="rg-prod")["resourcegroups"][0]["tags"] == {"environment": "production"}
    (vm,) = run("azure_rm_virtualmachine_info", resource_group="rg-prod", name="db-01")["vms"]
    assert (vm["power_state"], len(vm["data_disks"])) == ("running", 2)
    assert len(run("azure_rm_virtualmachine_info", resource_group="rg-prod")["vms"]) == 4
    assert run("azure_rm_manageddisk_info", resource_group="rg-prod")["ansible_info"]["azure_managed_disk"]
    assert run("azure_rm_networkinterface_info", resource_group="rg-prod")["networkinterfaces"]
    assert run("azure_rm_virtualnetwork_info", resource_group="rg-dr")["virtualnetworks"][0]["name"] == "vnet-dr"
    assert run("azure_rm_storageaccount_info", resource_group="rg-dr")["storageaccounts"][0]["name"] == "ststagingea"
    assert run("azure_rm_resource_info", url=sim.vm_id("rg-prod", "web-01"), api_version="2024-07-01")["response"]


def test_power_and_deletion(run: Run) -> None:
    vm = {"resource_group": "rg-prod", "name": "web-02"}
    run("azure_rm_virtualmachine", **vm, allocated=False)
    assert run("azure_rm_virtualmachine_info", **vm)["vms"][0]["power_state"] == "deallocated"
    assert run("azure_rm_virtualmachine", **vm, state="absent")["changed"]
    assert [one["name"] for one in run("azure_rm_virtualmachine_info", resource_group="rg-prod")["vms"]] == ["db-01", "web-01", "web-03"]
