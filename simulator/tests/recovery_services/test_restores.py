# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores in the vault's region, and their validation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from backup_world import Backup, code, vault_with_points


@pytest.fixture()
def azure() -> Backup:
    return Backup(vault_with_points())


def bag(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = job["extendedInfo"]["propertyBag"]
    return found


def test_disks_from_the_snapshot_tier(azure: Backup) -> None:
    reply = azure.restore("web-01", azure.restore_request("web-01"))
    assert (reply.status, reply.body) == (202, None)
    path = azure.job_of(reply)
    first = azure.job(path)
    assert reply.headers["Azure-AsyncOperation"].split("?")[0].endswith(path.rsplit("/", 1)[-1])
    assert bag(first)["Recovery point time "] is None and "Config Blob Uri" not in bag(first)
    assert first["extendedInfo"]["dynamicErrorMessage"] == ""
    azure.advance(20)
    point = azure.points("web-01")[0]["properties"]
    assert bag(azure.job(path))["Recovery point time "].split("/")[0] == str(int(point["recoveryPointTime"][5:7]))
    azure.advance(70)
    job = azure.job(path)
    assert (job["operation"], job["status"]) == ("Restore", "Completed")
    assert bag(job)["Job Type"] == "Recover disks" and bag(job)["Target resource group"] == "rg-dr"
    assert bag(job)["Create VM Template Blob Uri"].endswith(f"/azuredeploy{path.rsplit('/', 1)[-1]}.json")
    assert "Target VM Name" not in bag(job) and "Template Blob Uri" not in bag(job)
    made = [disk for disk in azure.compute.disks if disk.resource_group == "rg-dr"]
    assert [disk.name.startswith("web-01-osdisk-20") for disk in made] == [True]
    assert made[0].managed_by == "" and made[0].os_type == "Linux"


def test_disks_from_the_vault_tier_take_longer_and_tell_gigabytes(azure: Backup) -> None:
    path = azure.job_of(azure.restore("db-01", azure.restore_request("db-01")))
    azure.advance(300)
    assert azure.job(path)["status"] == "InProgress"
    job = azure.run_to_end(path)
    assert job["extendedInfo"]["tasksList"][0]["taskExecutionDetails"] == "895 GBs / 895 GBs Transferred"
    names = [disk.name for disk in azure.compute.disks if disk.resource_group == "rg-dr"]
    assert [name.rsplit("-", 2)[0] for name in names] == ["db-01-osdisk", "db-01-datadisk-000", "db-01-datadisk-001"]


def test_disk_selection(azure: Backup) -> None:
    azure.run_to_end(azure.job_of(azure.restore("db-01", azure.restore_request("db-01", restoreDiskLunList=[]))))
    assert [disk.os_type for disk in azure.compute.disks if disk.resource_group == "rg-dr"] == ["Windows"]
    assert azure.restore("db-01", azure.restore_request("db-01", restoreDiskLunList=[7])).status == 400


def test_without_a_target_group_vhds_are_left_in_the_staging_account(azure: Backup) -> None:
    path = azure.job_of(azure.restore("web-01", azure.restore_request("web-01", targetResourceGroupId=None)))
    azure.advance(200)
    assert azure.job(path)["status"] == "InProgress"
    job = azure.run_to_end(path)
    assert "Target resource group" not in bag(job)
    assert [disk for disk in azure.compute.disks if disk.resource_group == "rg-dr"] == []


def test_a_new_vm_with_disks_and_an_interface(azure: Backup) -> None:
    path = azure.job_of(azure.restore("web-01", azure.new_vm_request("web-01", "web-01-dr")))
    job = azure.job(path)
    assert [task["taskId"] for task in job["extendedInfo"]["tasksList"]] == ["Transfer data from vault", "Create the restored virtual machine"]
    assert all("startTime" not in task and task["duration"] == "PT0S" for task in job["extendedInfo"]["tasksList"])
    assert azure.send("GET", azure.vm("web-01-dr", "rg-dr"), version="2024-11-01").status == 404
    job = azure.run_to_end(path)
    assert bag(job)["Target VM Name"] == "web-01-dr" and bag(job)["Original VM Name"] == "web-01"
    assert bag(job)["Target VNet Name"] == "Group rg-dr vnet-dr"
    vm = azure.get(azure.vm("web-01-dr", "rg-dr"), version="2024-11-01")
    assert vm["properties"]["storageProfile"]["osDisk"]["name"].startswith("web-01-dr-osdisk-")
    assert vm["properties"]["networkProfile"]["networkInterfaces"]


def test_two_restores_of_one_point_do_not_conflict_but_one_vm_wins(azure: Backup) -> None:
    request = azure.new_vm_request("web-01", "web-01-dr")
    first, second = azure.restore("web-01", request), azure.restore("web-01", request)
    ends = [azure.run_to_end(azure.job_of(reply), 10) for reply in (first, second)]
    assert sorted(job["status"] for job in ends) == ["Completed", "Failed"]


def test_replace_swaps_the_disks_and_keeps_the_old_ones(azure: Backup) -> None:
    before = azure.compute.vms.by_id(azure.vm("web-01"))
    assert before is not None and before.os_disk is not None
    old = before.os_disk.disk_id
    request = azure.restore_request("web-01", recoveryType="OriginalLocation", targetResourceGroupId=None)
    path = azure.job_of(azure.restore("web-01", request))
    assert bag(azure.job(path))["Target VM Name"] is None
    job = azure.run_to_end(path)
    assert bag(job)["Job Type"] == "Replace disks" and bag(job)["Target VM Name"] == "web-01"
    assert before.os_disk.disk_id != old
    kept = azure.compute.disks.by_id(old)
    assert kept is not None and kept.managed_by == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"objectType": "Other"}, "BMSUserErrorInvalidInput"),
        ({"recoveryType": "Sideways"}, "BMSUserErrorInvalidInput"),
        ({"region": "westeurope"}, "UserErrorRestoreRegionMismatch"),
        ({"storageAccountId": None}, "BMSUserErrorInvalidInput"),
        ({"storageAccountId": "ststagingsea"}, "UserErrorStorageAccountInDifferentRegion"),
        ({"storageAccountId": "nothing"}, "UserErrorStorageAccountNotFound"),
        ({"targetResourceGroupId": "rg-nowhere"}, "UserErrorTargetResourceGroupNotFound"),
        ({"targetVirtualMachineId": "web-02"}, "UserErrorTargetVirtualMachineAlreadyExists"),
        ({"virtualNetworkId": "vnet-nowhere"}, "UserErrorVirtualNetworkNotFound"),
        ({"virtualNetworkId": "vnet-dr-secondary"}, "UserErrorVirtualNetworkInDifferentRegion"),
        ({"subnetId": "nowhere"}, "UserErrorSubnetNotFound"),
        ({"zones": ["2"]}, "UserErrorCrossZonalRestoreNotSupported"),
        ({"zones": ["9"]}, "UserErrorInvalidZone"),
        ({"identityInfo": {"isSystemAssignedIdentity": True}}, "UserErrorVaultIdentityNotFound"),
        ({"diskEncryptionSetId": "/subscriptions/x/wrong"}, "UserErrorInvalidDiskEncryptionSet"),
        ({"sourceResourceId": "other"}, "BMSUserErrorInvalidInput"),
    ],
)
def test_wrong_requests_are_refused_and_validation_lists_the_same(azure: Backup, changes: dict[str, Any], expected: str) -> None:
    groups = {"ststagingsea": "rg-dr-secondary"}
    ids = {
        "storageAccountId": lambda name: azure.storage(groups.get(name, "rg-dr"), name),
        "targetResourceGroupId": lambda name: f"{azure.subscription}/resourceGroups/{name}",
        "targetVirtualMachineId": lambda name: azure.vm(name),
        "virtualNetworkId": lambda name: f"{azure.subscription}/resourceGroups/{'rg-dr-secondary' if 'secondary' in name else 'rg-dr'}"
        f"/providers/Microsoft.Network/virtualNetworks/{name}",
        "sourceResourceId": lambda name: azure.vm(name),
    }
    changed = {key: ids[key](value) if key in ids and isinstance(value, str) else value for key, value in changes.items()}
    if changes.get("subnetId"):
        changed["subnetId"] = azure.new_vm_request("web-01", "x")["virtualNetworkId"] + "/subnets/nowhere"
    request = azure.new_vm_request("web-01", "web-01-dr", **changed)
    jobs = len(azure.rows(f"{azure.vault}/backupJobs"))
    assert code(azure.restore("web-01", request)) == f"400 {expected}"
    assert len(azure.rows(f"{azure.vault}/backupJobs")) == jobs

    point = f"{azure.item('web-01')}/recoveryPoints/{request['recoveryPointId']}"
    body = {"id": point, "properties": {"objectType": "ValidateIaasVMRestoreOperationRequest", "restoreRequest": request}}
    if "sourceResourceId" not in changes:
        found = azure.send("POST", f"{azure.vault}/backupValidateOperation", body).body["validateOperationResponse"]["validationResults"]
        assert expected in [result["code"] for result in found]


def test_validation_as_an_operation_succeeds_with_problems() -> None:
    azure = Backup(vault_with_points(core_quota_reached=True))
    request = azure.new_vm_request("web-01", "web-01-dr")
    point = f"{azure.item('web-01')}/recoveryPoints/{request['recoveryPointId']}".replace("%3B", ";")
    body = {"id": point, "properties": {"objectType": "ValidateIaasVMRestoreOperationRequest", "restoreRequest": request}}
    reply = azure.send("POST", f"{azure.vault}/backupTriggerValidateOperation", body)
    assert reply.status == 202
    assert azure.get(reply.headers["Azure-AsyncOperation"])["status"] == "InProgress"
    assert azure.send("GET", reply.headers["Location"]).status == 202
    azure.advance(10)
    status = azure.get(reply.headers["Azure-AsyncOperation"])
    results = status["properties"]["validateOperationResponse"]["validationResults"]
    assert status["status"] == "Succeeded" and [one["code"] for one in results] == ["UserErrorCoreCountSubscriptionQuotaReached"]
    assert azure.get(reply.headers["Location"])["validateOperationResponse"]["validationResults"] == results
    # The trigger takes it all the same, and the job fails.
    job = azure.run_to_end(azure.job_of(azure.restore("web-01", request)))
    assert (job["status"], job["errorDetails"][0]["errorTitle"]) == ("Failed", "UserErrorCoreCountSubscriptionQuotaReached")
    assert azure.send("GET", azure.vm("web-01-dr", "rg-dr"), version="2024-11-01").status == 404


def test_what_restores_make_counts_against_the_quota_of_the_region() -> None:
    # The estate's machines have 18 vCPUs, so there is room for one more of 2.
    azure = Backup(vault_with_points(), quotas={"eastasia": {"cores": 21}})
    jobs = [azure.job_of(azure.restore("web-01", azure.new_vm_request("web-01", name))) for name in ("first", "second")]
    ended = [azure.run_to_end(job) for job in jobs]
    assert sorted(job["status"] for job in ended) == ["Completed", "Failed"]
    (error,) = next(job["errorDetails"] for job in ended if job["status"] == "Failed")
    assert error["errorTitle"] == "UserErrorCoreCountSubscriptionQuotaReached" and "Current Limit: 21, Current Usage: 20" in error["errorString"]


def test_a_sound_request_validates_without_results(azure: Backup) -> None:
    request = azure.new_vm_request("web-01", "web-01-dr")
    body = {"id": f"{azure.item('web-01')}/recoveryPoints/{request['recoveryPointId']}", "properties": {"restoreRequest": request}}
    answer = azure.send("POST", f"{azure.vault}/backupValidateOperation", body)
    assert (answer.status, answer.body) == (200, {"validateOperationResponse": {"validationResults": []}})


def test_archived_points_need_the_rehydration_type() -> None:
    azure = Backup(vault_with_points(protected_items=[{"vm": "web-01", "recovery_points": [{"age_hours": 2400, "tiers": ["ArchivedRP"]}]}]))
    request = azure.restore_request("web-01")
    assert code(azure.restore("web-01", request)) == "400 UserErrorRecoveryPointIsInArchiveTier"
    rehydrate = {**request, "objectType": "IaasVMRestoreWithRehydrationRequest"}
    assert azure.restore("web-01", rehydrate).status == 202


def test_replace_needs_the_vault_tier_and_the_vm() -> None:
    azure = Backup(vault_with_points(protected_items=[{"vm": "web-01", "recovery_points": [{"age_hours": 1, "tiers": ["InstantRP"]}]}]))
    request = azure.restore_request("web-01", recoveryType="OriginalLocation", targetResourceGroupId=None)
    assert code(azure.restore("web-01", request)) == "400 UserErrorRecoveryPointNotInVaultTier"
    azure = Backup(vault_with_points())
    azure.delete_vm("web-01")
    request = azure.restore_request("web-01", recoveryType="OriginalLocation", targetResourceGroupId=None)
    assert code(azure.restore("web-01", request)) == "400 UserErrorVmNotFoundV2"


def test_a_deleted_vm_can_be_restored_to_a_new_one(azure: Backup) -> None:
    azure.delete_vm("web-01")
    job = azure.run_to_end(azure.job_of(azure.restore("web-01", azure.new_vm_request("web-01", "web-01-dr"))))
    assert job["status"] == "Completed"


def test_zone_redundant_vaults_restore_across_zones() -> None:
    azure = Backup(vault_with_points(redundancy="ZoneRedundant"))
    job = azure.run_to_end(azure.job_of(azure.restore("web-01", azure.restore_request("web-01", zones=["2"]))))
    assert job["status"] == "Completed"
    assert [disk.zones for disk in azure.compute.disks if disk.resource_group == "rg-dr"] == [["2"]]


def test_a_stuck_restore_makes_nothing(azure: Backup) -> None:
    azure.fault("stuck_job", "Restore")
    path = azure.job_of(azure.restore("web-01", azure.new_vm_request("web-01", "web-01-dr")))
    azure.advance(86400)
    assert azure.job(path)["status"] == "InProgress"
    assert azure.send("GET", azure.vm("web-01-dr", "rg-dr"), version="2024-11-01").status == 404


def test_points_are_listed_newest_first_and_by_time(azure: Backup) -> None:
    points = azure.points("web-01")
    times = [point["properties"]["recoveryPointTime"] for point in points]
    assert times == sorted(times, reverse=True) and len(times) == 2
    spelled = "%Y-%m-%d %I:%M:%S %p"
    now = azure.world.now()
    window = f"startDate eq '{now - timedelta(hours=30):{spelled}}' and endDate eq '{now:{spelled}}'"
    assert [point["name"] for point in azure.points("web-01", filter=window)] == [points[0]["name"]]
    assert all(14 <= len(point["name"]) <= 19 and point["name"].isdigit() for point in points)
    assert "recoveryPointProperties" not in points[0]["properties"]
    assert points[1]["properties"]["recoveryPointProperties"]["ruleName"] == "Daily"
    assert azure.send("GET", f"{azure.item('web-01')}/recoveryPoints/1").status == 404


def test_a_cancelled_restore_makes_nothing(azure: Backup) -> None:
    path = azure.job_of(azure.restore("web-01", azure.new_vm_request("web-01", "web-01-dr")))
    assert azure.send("POST", path + "/cancel").status == 202
    assert azure.run_to_end(path)["status"] == "Cancelled"
    azure.advance(3600)
    assert azure.send("GET", azure.vm("web-01-dr", "rg-dr"), version="2024-11-01").status == 404


def test_luns_of_a_restore_may_be_text() -> None:
    azure = Backup(vault_with_points())
    job = azure.job_of(azure.restore("db-01", azure.restore_request("db-01", restoreDiskLunList=["0"])))
    assert azure.run_to_end(job)["status"] == "Completed"
    assert len([disk for disk in azure.compute.disks if disk.resource_group == "rg-dr"]) == 2


def test_no_point_is_recommended_for_the_archive() -> None:
    azure = Backup(vault_with_points())
    reply = azure.send("POST", azure.item("web-01") + "/recoveryPointsRecommendedForMove", {"excludedRPList": []})
    assert (reply.status, reply.body) == (200, {"value": []})
