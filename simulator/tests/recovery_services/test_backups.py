# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On-demand backups, their jobs and recovery points."""

from __future__ import annotations

from typing import Any

import pytest
from backup_world import VM_FILTER, Backup, code


def ready(**hints: Any) -> Backup:
    entry = {"vm": "web-01", "backup": hints} if hints else {"vm": "web-01"}
    return Backup([{"name": "rsv-prod-01", "resource_group": "rg-backup", "protected_items": [entry, {"vm": "db-01"}]}])


def statuses(job: dict[str, Any]) -> list[str]:
    return [task["status"] for task in job["extendedInfo"]["tasksList"]]


def test_the_operation_is_over_at_once_and_the_job_goes_on() -> None:
    azure = ready()
    job = azure.job(azure.backup("web-01"))
    assert job["status"] == "InProgress" and "endTime" not in job
    assert [task["taskId"] for task in job["extendedInfo"]["tasksList"]] == ["Take Snapshot", "Transfer data to vault", "Validate Backup"]
    assert statuses(job) == ["InProgress", "NotStarted", "NotStarted"]
    assert "progressPercentage" not in job["extendedInfo"]
    assert job["extendedInfo"]["tasksList"][1]["startTime"] == "0001-01-01T00:00:00"


def test_the_point_exists_in_the_snapshot_tier_first() -> None:
    azure = ready(snapshot_seconds=500, transfer_seconds=2000, validate_seconds=900)
    path = azure.backup("web-01")
    assert azure.points("web-01") == []
    azure.advance(510)
    point = azure.points("web-01")[0]["properties"]
    assert [tier["type"] for tier in point["recoveryPointTierDetails"]] == ["InstantRP"]
    assert azure.properties("web-01")["lastRecoveryPoint"] == point["recoveryPointTime"]
    assert azure.properties("web-01")["protectionState"] == "IRPending"
    assert azure.job(path)["extendedInfo"]["progressPercentage"] == 1.0
    azure.advance(2000)
    job = azure.job(path)
    assert (job["status"], job["extendedInfo"]["progressPercentage"]) == ("InProgress", 100.0)
    assert statuses(job) == ["Completed", "Completed", "InProgress"]
    assert [tier["type"] for tier in azure.points("web-01")[0]["properties"]["recoveryPointTierDetails"]] == ["InstantRP", "HardenedRP"]
    assert "Backup Size" not in job["extendedInfo"]["propertyBag"]
    azure.advance(900)
    job = azure.job(path)
    assert job["status"] == "Completed" and job["extendedInfo"]["propertyBag"]["Backup Size"].endswith(" MB")
    item = azure.properties("web-01")
    assert (item["protectionState"], item["lastBackupStatus"], item["lastBackupTime"]) == ("Protected", "Completed", job["startTime"])


def test_the_point_lies_within_the_snapshot_phase() -> None:
    azure = ready()
    path = azure.backup("web-01")
    job = azure.run_to_end(path)
    point = azure.points("web-01")[0]["properties"]
    assert job["startTime"] < point["recoveryPointTime"] < job["extendedInfo"]["tasksList"][0]["endTime"]


def test_durations_vary_by_vm_and_repeat_by_seed() -> None:
    def durations(seed: int) -> list[str]:
        azure = Backup(
            [{"name": "rsv-prod-01", "resource_group": "rg-backup", "protected_items": [{"vm": "*-0*"}]}], seed=seed
        )
        jobs = [azure.backup(name) for name in ("web-01", "web-02", "web-03")]
        return [azure.run_to_end(job)["duration"][:-6] for job in jobs]

    assert durations(1) == durations(1)
    assert len(set(durations(1))) == 3
    assert durations(1) != durations(2)


def test_a_second_backup_is_refused_while_one_runs() -> None:
    azure = ready()
    job = azure.backup("web-01")
    again = azure.send("POST", azure.item("web-01") + "/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
    assert code(again) == "409 UserErrorBackupOperationInProgress"
    azure.run_to_end(job)
    azure.backup("web-01")


def test_nine_attempts_a_day() -> None:
    azure = ready(snapshot_seconds=20, transfer_seconds=20, validate_seconds=5)
    day = azure.world.now().date()
    seconds_left = 86400 - (azure.world.now().hour * 3600 + azure.world.now().minute * 60 + azure.world.now().second)
    azure.advance(seconds_left + 5)
    assert azure.world.now().date() != day
    for _ in range(9):
        azure.run_to_end(azure.backup("web-01"))
    tenth = azure.send("POST", azure.item("web-01") + "/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
    assert code(tenth) == "400 CloudDosTimeboudLimitReached"
    azure.advance(86400)
    azure.backup("web-01")


def test_the_backup_of_a_deleted_vm_fails_in_its_job() -> None:
    azure = ready()
    azure.delete_vm("web-01")
    job = azure.run_to_end(azure.backup("web-01"))
    assert job["status"] == "Failed"
    error = job["errorDetails"][0]
    assert error["errorTitle"] == "UserErrorVmNotFoundV2" and isinstance(error["errorCode"], int) and error["errorString"]
    assert statuses(job) == ["Failed", "NotStarted", "NotStarted"]
    assert azure.points("web-01") == []
    assert azure.properties("web-01")["lastBackupStatus"] == "Failed"


def test_a_crash_consistent_backup_ends_with_warnings() -> None:
    azure = ready(consistency="CrashConsistent")
    job = azure.run_to_end(azure.backup("web-01"))
    assert job["status"] == "CompletedWithWarnings"
    assert job["errorDetails"][0]["errorCode"] == 400446
    assert azure.points("web-01")[0]["properties"]["recoveryPointType"] == "CrashConsistent"
    assert azure.properties("web-01")["protectionState"] == "Protected"


def test_a_scripted_failure_and_a_stuck_job() -> None:
    azure = ready()
    azure.fault("failed_job", "^Backup$", "web-01", code="UserErrorFsFreezeFailed", message="Freeze failed.")
    failed = azure.run_to_end(azure.backup("web-01"))
    assert (failed["status"], failed["errorDetails"][0]["errorTitle"]) == ("Failed", "UserErrorFsFreezeFailed")
    azure.fault("stuck_job", "^Backup$", "db-01")
    stuck = azure.backup("db-01")
    azure.advance(7 * 86400)
    assert azure.job(stuck)["status"] == "InProgress"
    assert azure.points("db-01") == []


@pytest.mark.parametrize("body", [None, {}, {"properties": {}}, {"properties": {"objectType": "Other"}}])
def test_a_malformed_trigger_is_refused(body: Any) -> None:
    azure = ready()
    assert azure.send("POST", azure.item("web-01") + "/backup", body).status == 400


def test_expiry_is_echoed_and_must_lie_ahead() -> None:
    azure = ready()
    expiry = {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTimeInUTC": "2001-01-01T00:00:00.000Z"}
    assert azure.send("POST", azure.item("web-01") + "/backup", {"properties": expiry}).status == 400
    expiry["recoveryPointExpiryTimeInUTC"] = "2099-06-19T00:00:00.000Z"
    job = azure.job(azure.job_of(azure.send("POST", azure.item("web-01") + "/backup", {"properties": expiry})))
    assert job["extendedInfo"]["propertyBag"]["Recovery Point Expiry Time in UTC"] == "6/19/2099 12:00:00 AM"


def test_stopped_items_are_not_backed_up() -> None:
    azure = ready()
    azure.put_item("web-01", protectionState="ProtectionStopped", policyId="")
    azure.advance(15)
    assert azure.send("POST", azure.item("web-01") + "/backup", {"properties": {"objectType": "IaasVMBackupRequest"}}).status == 400


def test_excluded_disks_show_in_the_point() -> None:
    azure = Backup([{"name": "rsv-prod-01", "resource_group": "rg-backup", "protected_items": [{"vm": "db-01", "exclude_luns": [1]}]}])
    azure.run_to_end(azure.backup("db-01"))
    point = azure.points("db-01")[0]
    assert point["properties"]["recoveryPointDiskConfiguration"]["includedDiskList"] is None
    whole = azure.get(f"{azure.item('db-01')}/recoveryPoints/{point['name']}")["properties"]["recoveryPointDiskConfiguration"]
    assert [disk["lun"] for disk in whole["includedDiskList"]] == [-1, 0]
    assert [disk["lun"] for disk in whole["excludedDiskList"]] == [1]


def test_cancel_is_possible_in_the_snapshot_phase_only() -> None:
    azure = ready(snapshot_seconds=500, transfer_seconds=500)
    path = azure.backup("web-01")
    reply = azure.send("POST", path + "/cancel")
    assert reply.status == 202
    assert "api-version=2019-05-13-preview" in reply.headers["Azure-AsyncOperation"]
    assert "api-version=2025-02-01" in reply.headers["Location"]
    assert azure.job(path)["status"] == "Cancelling"
    azure.advance(60)
    job = azure.job(path)
    assert job["status"] == "Cancelled" and "endTime" in job
    assert azure.send("GET", reply.headers["Location"]).status == 204
    azure.advance(5000)
    assert azure.points("web-01") == []
    assert azure.properties("web-01")["lastBackupStatus"] == ""
    assert azure.job(path)["status"] == "Cancelled"
    assert azure.send("POST", path + "/cancel").status == 400

    path = azure.backup("web-01")
    azure.advance(510)
    assert azure.send("POST", path + "/cancel").status == 400
    assert azure.run_to_end(path)["status"] == "Completed"
    assert azure.send("POST", path + "/cancel").status == 400


def test_job_list_is_newest_first_without_details_and_filtered() -> None:
    azure = ready()
    azure.backup("web-01")
    azure.advance(30)
    azure.backup("db-01")
    rows = azure.rows(f"{azure.vault}/backupJobs")
    assert [row["properties"]["entityFriendlyName"] for row in rows] == ["db-01", "web-01"]
    assert all("extendedInfo" not in row["properties"] for row in rows)
    running = f"status eq 'InProgress' and operation eq 'Backup' and {VM_FILTER}"
    assert len(azure.rows(f"{azure.vault}/backupJobs", filter=running)) == 2
    assert azure.rows(f"{azure.vault}/backupJobs", filter="operation eq 'Restore'") == []
    one = rows[0]["name"]
    assert [row["name"] for row in azure.rows(f"{azure.vault}/backupJobs", filter=f"jobId eq '{one}'")] == [one]


def test_job_list_by_time_uses_twelve_hour_times() -> None:
    azure = ready()
    azure.backup("web-01")
    start = azure.world.now()
    azure.advance(3 * 86400)
    assert azure.rows(f"{azure.vault}/backupJobs") == []
    spelled = "%Y-%m-%d %I:%M:%S %p"
    bounds = f"startTime eq '{start.replace(hour=0, minute=0):{spelled}}' and endTime eq '{azure.world.now():{spelled}}'"
    assert len(azure.rows(f"{azure.vault}/backupJobs", filter=bounds)) == 1
    early = "startTime eq '2020-01-01 12:00:00 AM' and endTime eq '2020-01-02 11:59:59 PM'"
    assert azure.rows(f"{azure.vault}/backupJobs", filter=early) == []
    assert azure.send("GET", f"{azure.vault}/backupJobs", filter="startTime eq '2020-01-01 12:00:00 AM'").status == 400
    assert azure.send("GET", f"{azure.vault}/backupJobs", filter="startTime eq 'soon' and endTime eq 'later'").status == 400


def test_unknown_job_and_old_api_versions() -> None:
    azure = ready()
    assert azure.send("GET", f"{azure.vault}/backupJobs/{azure.world.new_id()}").status == 404
    path = azure.backup("web-01")
    old = azure.job(path, version="2019-05-13")
    assert old["actionsInfo"] == [1] and old["duration"].startswith("00:00:0")
    assert "taskType" not in old["extendedInfo"]["tasksList"][0]
    azure.run_to_end(path)
    old_point = azure.points("web-01", version="2016-12-01")[0]["properties"]
    assert old_point["recoveryPointTierDetails"] == [{"type": 1, "status": 1}, {"type": 2, "status": 1}]


def test_export_ends_with_an_answer() -> None:
    azure = ready()
    reply = azure.send("POST", f"{azure.vault}/backupJobsExport")
    assert reply.status == 202
    assert azure.send("GET", reply.headers["Location"]).status == 202
    azure.advance(15)
    assert azure.send("GET", reply.headers["Location"]).status == 200
