# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`az backup protection`, `az backup item` and `az backup container`."""

from __future__ import annotations

from typing import Any

import pytest
from command_line import AzureCli

VAULT = "--resource-group rg-backup --vault-name rsv-cli"
VMS = "--backup-management-type AzureIaasVM"


def item(vm: str) -> str:
    return f"{VAULT} --container-name {vm} --item-name {vm}"


def shown(az: AzureCli, vm: str) -> dict[str, Any]:
    found = az(f"backup item show {VAULT} --container-name {vm} --name {vm} {VMS}")
    properties: dict[str, Any] = found["properties"]
    return properties


def is_completed(job: dict[str, Any], operation: str) -> bool:
    return (job["properties"]["operation"], job["properties"]["status"]) == (operation, "Completed")


def test_a_machine_gets_protected(az: AzureCli) -> None:
    assert not az("backup protection check-vm --vm check-01 --resource-group rg-prod")
    job = az(f"backup protection enable-for-vm {VAULT} --vm {az.vm_id('check-01')} --policy-name DefaultPolicy")
    assert is_completed(job, "ConfigureBackup")
    vault = az("backup vault show --resource-group rg-backup --name rsv-cli")["id"]
    assert az(f"backup protection check-vm --vm {az.vm_id('check-01')}").lower() == vault.lower()
    properties = shown(az, "check-01")
    assert (properties["protectionState"], properties["policyName"]) == ("IRPending", "DefaultPolicy")
    assert properties["containerSubscriptionId"] in vault


def test_a_new_machine_is_discovered(az: AzureCli) -> None:
    job = az(f"backup protection enable-for-vm {VAULT} --vm {az.vm_id('late-01')} --policy-name gold")
    assert is_completed(job, "ConfigureBackup")


def test_disks_are_left_out(az: AzureCli) -> None:
    enable = f"backup protection enable-for-vm {VAULT} --vm {az.vm_id('disks-01')} --policy-name DefaultPolicy"
    az(f"{enable} --disk-list-setting exclude --diskslist 1")
    assert shown(az, "disks-01")["extendedProperties"]["diskExclusionProperties"] == {"diskLunList": [1], "isInclusionList": False}
    update = f"backup protection update-for-vm {item('disks-01')}"
    az(f"{update} --disk-list-setting include --diskslist 0 1")
    assert shown(az, "disks-01")["extendedProperties"]["diskExclusionProperties"] == {"diskLunList": [0, 1], "isInclusionList": True}
    az(f"{update} --exclude-all-data-disks")
    assert shown(az, "disks-01")["extendedProperties"]["diskExclusionProperties"] == {"diskLunList": [], "isInclusionList": True}
    az(f"{update} --disk-list-setting resetexclusionsettings")
    assert not (shown(az, "disks-01").get("extendedProperties") or {}).get("diskExclusionProperties")


def test_a_machine_of_another_vault_is_refused(az: AzureCli) -> None:
    """The CLI does not find it among the protectable ones."""
    said = az.fails(f"backup protection enable-for-vm {VAULT} --vm {az.vm_id('taken-01')} --policy-name DefaultPolicy")
    assert "already Protected with same or other Vault" in said


def test_the_policy_is_changed(az: AzureCli) -> None:
    change = f"backup item set-policy {VAULT} --container-name policy-01 --name policy-01 {VMS}"
    assert is_completed(az(f"{change} --policy-name gold"), "ConfigureBackup")
    assert shown(az, "policy-01")["policyName"] == "gold"
    # To an enhanced policy and not back.
    assert is_completed(az(f"{change} --policy-name hourly --yes"), "ConfigureBackup")
    assert shown(az, "policy-01")["policyType"] == "V2"
    assert "EnhancedToStandard" in az.fails(f"{change} --policy-name gold")


def test_protection_stops_and_goes_on(az: AzureCli) -> None:
    assert is_completed(az(f"backup protection disable {item('stop-01')} {VMS} --yes"), "DisableBackup")
    assert shown(az, "stop-01")["protectionState"] == "ProtectionStopped"
    assert is_completed(az(f"backup protection resume {item('stop-01')} {VMS} --policy-name gold"), "ConfigureBackup")
    properties = shown(az, "stop-01")
    assert (properties["protectionState"], properties["policyName"]) == ("Protected", "gold")
    assert "already protected" in az.fails(f"backup protection resume {item('stop-01')} {VMS} --policy-name gold")


def test_protection_is_suspended_in_an_immutable_vault_only(az: AzureCli) -> None:
    where = "--resource-group rg-backup --vault-name rsv-immutable --container-name suspend-01"
    disable = f"backup protection disable {where} --item-name suspend-01 {VMS} --yes"
    assert is_completed(az(f"{disable} --retain-recovery-points-as-per-policy"), "DisableBackup")
    assert az(f"backup item show {where} --name suspend-01 {VMS}")["properties"]["protectionState"] == "BackupsSuspended"
    assert "(UserErrorOperationDeniedOnImmutableItem)" in az.fails(f"{disable} --delete-backup-data true")
    other = f"backup protection disable {item('restore-02')} {VMS} --yes --retain-recovery-points-as-per-policy"
    assert "(UserErrorOperationDeniedOnImmutableItem)" in az.fails(other)


def test_data_is_deleted_and_comes_back(az: AzureCli) -> None:
    job = az(f"backup protection disable {item('delete-01')} {VMS} --delete-backup-data true --yes")
    assert is_completed(job, "DeleteBackupData")
    properties = shown(az, "delete-01")
    assert (properties["isScheduledForDeferredDelete"], properties["protectionState"]) == (True, "ProtectionStopped")
    deleted = az(f"backup vault list-soft-deleted-containers --resource-group rg-backup --name rsv-cli {VMS}")
    assert ("delete-01", "SoftDeleted") in {(one["properties"]["friendlyName"], one["properties"]["registrationStatus"]) for one in deleted}
    assert is_completed(az(f"backup protection undelete {item('delete-01')} {VMS}"), "Undelete")
    properties = shown(az, "delete-01")
    assert (properties.get("isScheduledForDeferredDelete"), properties["protectionState"]) == (None, "ProtectionStopped")
    assert is_completed(az(f"backup protection resume {item('delete-01')} {VMS} --policy-name DefaultPolicy"), "ConfigureBackup")


def test_items(az: AzureCli) -> None:
    items = {one["properties"]["friendlyName"]: one for one in az(f"backup item list {VAULT}")}
    assert {"restore-01", "points-01"} <= set(items)
    assert items["points-01"]["name"] == "VM;iaasvmcontainerv2;rg-prod;points-01"
    found = az(f"backup item list {VAULT} {VMS} --workload-type VM --container-name points-01")
    assert [one["properties"]["friendlyName"] for one in found] == ["points-01"]
    container = "IaasVMContainer;iaasvmcontainerv2;rg-prod;points-01"
    native = f"--container-name '{container}' --name 'VM;iaasvmcontainerv2;rg-prod;points-01'"
    assert az(f"backup item show {VAULT} {native} {VMS}")["properties"]["lastBackupStatus"] == "Completed"


def test_items_as_a_table(az: AzureCli) -> None:
    where = "--resource-group rg-backup --vault-name rsv-zones"
    assert any("zone-01" in line and "Healthy" in line for line in az.table(f"backup item list {where}"))


def test_containers(az: AzureCli) -> None:
    names = {one["properties"]["friendlyName"] for one in az(f"backup container list {VAULT} {VMS}")}
    assert {"restore-01", "points-01"} <= names
    assert any("points-01" in line and "Registered" in line for line in az.table(f"backup container list {VAULT} {VMS}"))
    container = az(f"backup container show {VAULT} --name points-01 {VMS}")
    assert container["properties"]["virtualMachineId"].lower() == az.vm_id("points-01").lower()


@pytest.mark.parametrize("management", ["AzureWorkload", "AzureStorage", "MAB"])
def test_there_is_nothing_but_machines(az: AzureCli, management: str) -> None:
    assert az(f"backup container list {VAULT} --backup-management-type {management}") == []


def test_there_are_no_databases(az: AzureCli) -> None:
    assert az(f"backup protectable-item list {VAULT} --workload-type MSSQL") == []
    assert az(f"backup item list {VAULT} --backup-management-type AzureWorkload --workload-type MSSQL") == []
