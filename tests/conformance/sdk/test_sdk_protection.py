# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-recoveryservicesbackup: discovery, policies, protection, backups, jobs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Callable

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure_clients import VMS, Clients, Vault, headers_of, models, properties, wire


def test_discovery(azure: Any) -> None:
    vault = Vault(azure, "rsv-full")
    assert "web-03" not in _protectable(vault)
    refreshed = vault.backup.protection_containers.refresh(**vault.place, fabric_name="Azure", filter=VMS, cls=headers_of)
    results = vault.backup.protection_container_refresh_operation_results
    operation = refreshed["Location"].split("?")[0].rsplit("/", 1)[-1]
    results.get(**vault.place, fabric_name="Azure", operation_id=operation)
    vault.sim.control.advance(60)
    results.get(**vault.place, fabric_name="Azure", operation_id=operation)
    assert _protectable(vault)["web-03"]["protectionState"] == "NotProtected"
    assert "db-01" not in _protectable(vault)


def _protectable(vault: Any) -> dict[str, Any]:
    found = [properties(one) for one in vault.backup.backup_protectable_items.list(**vault.place, filter=VMS)]
    return {one["friendlyName"]: one for one in found}


def test_backup_status_names_the_vault(azure: Any) -> None:
    vault = Vault(azure, "rsv-full")
    answers = [
        wire(vault.backup.backup_status.get("eastasia", models.BackupStatusRequest(resource_type="VM", resource_id=vault.sim.vm_id("rg-prod", vm))))
        for vm in ("db-01", "web-01")
    ]
    assert [one["protectionStatus"] for one in answers] == ["Protected", "NotProtected"]
    assert answers[0]["vaultId"].lower() == vault.id.lower()


def test_features_and_prevalidation(vault: Any) -> None:
    vm = vault.sim.vm_id("rg-prod", "web-01")
    request = models.PreValidateEnableBackupRequest(resource_type="VM", resource_id=vm, vault_id=vault.id, properties='{"policyId":"%s"}' % vault.policy())
    assert vault.backup.protection_intent.validate("eastasia", request).status == "Succeeded"


def test_policies(vault: Any) -> None:
    policies = vault.backup.protection_policies
    listed = [one.name for one in vault.backup.backup_policies.list(**vault.place, filter=VMS)]
    assert {"DefaultPolicy", "EnhancedPolicy"} <= set(listed)
    assert properties(policies.get(**vault.place, policy_name="EnhancedPolicy"))["policyType"] == "V2"
    run = datetime(2026, 1, 1, 3, 30, tzinfo=timezone.utc)
    gold = models.AzureIaaSVMProtectionPolicy(
        schedule_policy=models.SimpleSchedulePolicy(schedule_run_frequency="Daily", schedule_run_times=[run]),
        retention_policy=models.LongTermRetentionPolicy(
            daily_schedule=models.DailyRetentionSchedule(
                retention_times=[run], retention_duration=models.RetentionDuration(count=45, duration_type="Days"),
            ),
        ),
        instant_rp_retention_range_in_days=3,
        time_zone="UTC",
    )
    policies.create_or_update(**vault.place, policy_name="gold", parameters=models.ProtectionPolicyResource(properties=gold))
    made = properties(policies.get(**vault.place, policy_name="gold"))
    assert made["retentionPolicy"]["dailySchedule"]["retentionDuration"] == {"count": 45, "durationType": "Days"}
    assert made["schedulePolicy"]["scheduleRunTimes"][0].startswith("2026-01-01T03:30:00")
    policies.begin_delete(**vault.place, policy_name="gold").result()
    with pytest.raises(ResourceNotFoundError) as missing:
        policies.get(**vault.place, policy_name="gold")
    assert "PolicyNotFound" in str(missing.value)


def test_a_vm_from_protection_to_undelete(vault: Any) -> None:
    vm = "web-01"
    assert vault.protect(vm)["protectionState"] == "IRPending"
    assert vault.items()[vm]["policyId"].lower() == vault.policy().lower()
    containers = [properties(one) for one in vault.backup.backup_protection_containers.list(**vault.place, filter=VMS)]
    assert [one["friendlyName"] for one in containers] == [vm]
    configured = vault.jobs("ConfigureBackup")
    assert [(one["entityFriendlyName"], one["status"]) for one in configured] == [(vm, "Completed")]

    assert vault.finish(vault.back_up(vm))["status"] == "Completed"
    assert vault.items()[vm]["protectionState"] == "Protected"
    assert len(vault.points(vm)) == 1

    changed = vault.put(vm, policy_id=vault.policy("EnhancedPolicy"))
    assert changed["policyId"].lower().endswith("/enhancedpolicy")
    stopped = vault.put(vm, policy_id="", protection_state="ProtectionStopped")
    assert stopped["protectionState"] == "ProtectionStopped"
    assert vault.put(vm, policy_id=vault.policy("EnhancedPolicy"))["protectionState"] == "Protected"

    vault.follow(vault.backup.protected_items.delete(**vault.names(vm), cls=headers_of))
    deleted = vault.items()[vm]
    assert deleted["isScheduledForDeferredDelete"] is True
    gone = [properties(one) for one in vault.backup.deleted_protection_containers.list(**vault.place, filter=VMS)]
    assert [one["friendlyName"] for one in gone] == [vm]
    vault.put(vm, policy_id="", protection_state="ProtectionStopped", is_rehydrate=True)
    assert not vault.items()[vm].get("isScheduledForDeferredDelete")


def test_a_backup_job_step_by_step(vault: Any) -> None:
    vm = "db-01"
    names = vault.names("web-02")
    vault.protect("web-02")
    expiry = datetime.now(timezone.utc) + timedelta(days=30)
    request = models.BackupRequestResource(properties=models.IaasVMBackupRequest(recovery_point_expiry_time_in_utc=expiry))
    headers = vault.backup.backups.trigger(**names, parameters=request, cls=headers_of)
    operation = headers["Azure-AsyncOperation"].split("?")[0].rsplit("/", 1)[-1]
    vault.sim.control.advance(30)
    status = vault.backup.protected_item_operation_statuses.get(**names, operation_id=operation)
    assert status.status == "Succeeded"
    vault.backup.protected_item_operation_results.get(**names, operation_id=operation)
    vault.backup.backup_operation_results.get(**vault.place, operation_id=operation)

    job_id = status.properties.job_id
    job = vault.job(job_id)
    assert (job["operation"], job["status"], job["entityFriendlyName"]) == ("Backup", "InProgress", "web-02")
    tasks = [task["taskId"] for task in job["extendedInfo"]["tasksList"]]
    assert tasks[0] == "Take Snapshot"
    assert [one["status"] for one in vault.jobs("Backup")] == ["InProgress"]
    done = vault.finish(job_id)
    assert {task["status"] for task in done["extendedInfo"]["tasksList"]} <= {"Completed", "Skipped"}
    window = "startTime eq '%s' and endTime eq '%s'" % tuple(
        (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%d %I:%M:%S %p") for days in (-1, 1)
    )
    listed = list(vault.backup.backup_jobs.list(**vault.place, filter=f"{VMS} and status eq 'Completed' and {window}"))
    assert job_id in [one.name for one in listed]
    assert vm not in vault.items()


def test_cancel(vault: Any) -> None:
    vault.protect("web-02")
    job_id = vault.back_up("web-02")
    cancelled = vault.backup.job_cancellations.trigger(**vault.place, job_name=job_id, cls=headers_of)
    operation = cancelled["Location"].split("?")[0].rsplit("/", 1)[-1]
    vault.backup.job_operation_results.get(**vault.place, job_name=job_id, operation_id=operation)
    assert vault.finish(job_id)["status"] == "Cancelled"
    with pytest.raises(HttpResponseError):
        vault.backup.job_cancellations.trigger(**vault.place, job_name=job_id)


def test_export_jobs(vault: Any) -> None:
    vault.protect("web-01")
    headers = vault.backup.jobs.export(**vault.place, filter=VMS, cls=headers_of)
    operation = headers["Location"].split("?")[0].rsplit("/", 1)[-1]
    vault.sim.control.advance(60)
    assert vault.backup.export_jobs_operation_results.get(**vault.place, operation_id=operation) is not None


def test_another_vault_has_the_vm(vault: Any) -> None:
    with pytest.raises(ResourceExistsError) as refused:
        vault.protect("db-01")
    assert refused.value.error.code == "BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault"


def test_recovery_points(azure: Any) -> None:
    vault = Vault(azure, "rsv-full")
    (point,) = vault.points("db-01")
    shown = properties(vault.backup.recovery_points.get(**vault.names("db-01"), recovery_point_id=point.name))
    assert {one["type"] for one in shown["recoveryPointTierDetails"]} == {"InstantRP", "HardenedRP"}
    taken = datetime.fromisoformat(shown["recoveryPointTime"].replace("Z", "+00:00")[:19] + "+00:00")
    assert timedelta(hours=19) < datetime.now(timezone.utc) - taken < timedelta(hours=21)


def test_lists_of_several_pages(start_simulator: Callable[..., Any]) -> None:
    azure = Clients(start_simulator(vms=450))
    vault = next(iter(azure.vaults.vaults.list_by_subscription_id()))
    found = azure.backup.backup_protectable_items.list(vault.name, vault.id.split("/")[4], filter=VMS)
    assert len({wire(one)["id"] for one in found}) == 450
    assert len({vm.id for vm in azure.compute.virtual_machines.list_all()}) == 450
