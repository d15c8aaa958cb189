# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of azure.azcollection against the simulator, unchanged."""

from __future__ import annotations

from pathlib import Path
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


def test_soft_delete_of_a_vault(run: Run) -> None:
    config = {"vault_name": "rsv-prod-02", "resource_group": "rg-backup"}
    days = {"soft_delete_feature_state": "AlwaysON", "soft_delete_retention_period_in_days": 30}
    assert run("azure_rm_recoveryservicesvaultconfig", **config, properties=days)["changed"]
    assert not run("azure_rm_recoveryservicesvaultconfig", **config, properties=days)["changed"]
    shown = run("azure_rm_recoveryservicesvaultconfig_info", **config)
    assert "30" in str(shown)


def test_a_storage_account_and_its_blobs(run: Run, tmp_path: Path) -> None:
    account = {"resource_group": "rg-dr", "name": "stansible"}
    made = run("azure_rm_storageaccount", **account, location="eastasia", type="Standard_LRS", kind="StorageV2", tags={"drill": "1"})
    assert made["changed"] and made["state"]["provisioning_state"] == "Succeeded"
    assert not run("azure_rm_storageaccount", **account, location="eastasia", type="Standard_LRS", kind="StorageV2", tags={"drill": "1"})["changed"]
    where = {"resource_group": "rg-dr", "storage_account_name": "stansible", "container": "box"}
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_text("content")
    assert run("azure_rm_storageblob", **where, blob="folder/one", src=str(source))["changed"]
    run("azure_rm_storageblob", **where, blob="folder/one", dest=str(back))
    assert back.read_text() == "content"
    assert "folder/one" in str(run("azure_rm_storageblob_info", **where))
    assert run("azure_rm_storageblob", **where, state="absent", force=True)["changed"]
    assert run("azure_rm_storageaccount", **account, state="absent", force_delete_nonempty=True)["changed"]


def test_services_of_api_management(run: Run) -> None:
    service = {"resource_group": "rg-dr", "name": "apim-ansible"}
    details = {"publisher_name": "Contoso", "publisher_email": "apim@contoso.example", "sku_name": "Developer", "sku_capacity": 1}
    assert run("azure_rm_apimanagementservice", **service, **details, location="eastasia")["changed"]
    shown = run("azure_rm_apimanagementservice_info", **service)["api_management_service"]
    assert "apim-ansible" in str(shown)
    assert "apim-prod" in str(run("azure_rm_apimanagementservice_info")["api_management_service"])
    assert "orders" in str(run("azure_rm_apimanagement_info", resource_group="rg-prod", service_name="apim-prod", api_id="orders"))
    assert run("azure_rm_apimanagementservice", **service, state="absent")["changed"]


def test_disks(sim: Simulator, run: Run) -> None:
    disk = {"resource_group": "rg-dr", "name": "spare", "location": "eastasia"}
    made = run("azure_rm_manageddisk", **disk, disk_size_gb=32, storage_account_type="Premium_LRS")
    assert made["changed"] and made["state"]["disk_size_gb"] == 32
    (found,) = run("azure_rm_manageddisk_info", resource_group="rg-dr", name="spare")["ansible_info"]["azure_managed_disk"]
    copy = run("azure_rm_manageddisk", **{**disk, "name": "copy"}, create_option="copy", source_resource_id=found["id"], storage_account_type="Premium_LRS")
    assert copy["changed"]
    for name in ("spare", "copy"):
        assert run("azure_rm_manageddisk", **{**disk, "name": name}, state="absent")["changed"]


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
