# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read out of a job, and how lists of jobs are asked for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.throttle import Budget
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.jobs import (
    filter_time,
    job_filter,
    job_of,
    list_jobs,
    read_job,
    running_jobs,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.pace import pause, plenty
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_jobs import FakeBackup

VAULT = "/subscriptions/s/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/vault-a"

# Field for field as recorded in 2025 and 2026; names changed.
RECORDED: dict[str, Any] = {
    "id": f"{VAULT}/backupJobs/68b3e2c7-ac2f-477f-8fdf-9a392f387156",
    "name": "68b3e2c7-ac2f-477f-8fdf-9a392f387156",
    "type": "Microsoft.RecoveryServices/vaults/backupJobs",
    "properties": {
        "jobType": "AzureIaaSVMJob",
        "actionsInfo": ["Cancellable"],
        "containerName": "iaasvmcontainerv2;RG-prod;Web-01",
        "duration": "PT1H7M15.2364133S",
        "errorDetails": [
            {
                "errorCode": 400446,
                "errorTitle": "UserErrorBackupTookCrashConsistentSnapshot",
                "errorString": "Backup has succeeded with Crash consistent snapshot.",
                "recommendations": ["Select a supported distribution."],
            }
        ],
        "virtualMachineVersion": "Compute",
        "extendedInfo": {
            "tasksList": [
                {
                    "taskId": "Take Snapshot",
                    "startTime": "2025-05-30T07:49:50.1798338Z",
                    "endTime": "2025-05-30T08:23:00.156372Z",
                    "duration": "PT33M9.9765382S",
                    "status": "Completed",
                    "taskType": "Normal",
                },
                {
                    "taskId": "Transfer data to vault",
                    "startTime": "0001-01-01T00:00:00",
                    "endTime": "0001-01-01T00:00:00",
                    "duration": "PT0S",
                    "status": "NotStarted",
                },
            ],
            "propertyBag": {"VM Name": "Web-01", "Recovery point time ": None},
            "progressPercentage": 100.0,
        },
        "entityFriendlyName": "Web-01",
        "backupManagementType": "AzureIaasVM",
        "operation": "Backup",
        "status": "CompletedWithWarnings",
        "startTime": "2025-05-30T07:49:48.9425034Z",
        "endTime": "2025-05-30T08:57:04.1789167Z",
        "activityId": "a890ca49-3d2a-11f0-b377-cc15311bf11f",
    },
}


def recorded(**changes: Any) -> dict[str, Any]:
    return {**RECORDED, "properties": {**RECORDED["properties"], **changes}}


def test_a_job_that_completed_with_warnings() -> None:
    job = read_job(RECORDED)
    assert job.finished and job.succeeded and job.error() is None
    assert job.warnings == [
        "UserErrorBackupTookCrashConsistentSnapshot: Backup has succeeded with Crash consistent snapshot. Select a supported distribution."
    ]
    assert job.start == datetime(2025, 5, 30, 7, 49, 48, 942503, tzinfo=timezone.utc)
    assert job.duration == pytest.approx(4035.236413)
    assert job.vault is not None and job.vault.name == "vault-a"
    assert job.is_of(Vm("s", "rg-PROD", "WEB-01")) and not job.is_of(Vm("s", "rg-prod", "web-011"))


def test_tasks_and_bag_of_a_job() -> None:
    job = read_job(RECORDED)
    task = job.task("take snapshot")
    assert task is not None and task.completed and task.duration == pytest.approx(1989.976538)
    waiting = job.task("Transfer data to vault")
    assert waiting is not None and not waiting.completed and waiting.start is None and waiting.end is None
    assert dict(job.bag) == {"VM Name": "Web-01", "Recovery point time": None}
    assert job.detailed and job.progress == 100.0


def test_the_result_of_a_job_tells_details_only_when_it_has_them() -> None:
    properties = {key: value for key, value in RECORDED["properties"].items() if key != "extendedInfo"}
    short = read_job({**RECORDED, "properties": properties})
    assert not short.detailed and "tasks" not in short.as_result() and "properties" not in short.as_result()
    assert read_job(RECORDED).as_result()["properties"]["VM Name"] == "Web-01"
    assert read_job(RECORDED).as_result()["duration"] == pytest.approx(4035.236413)


@pytest.mark.parametrize(
    ("status", "finished", "succeeded"),
    [
        ("InProgress", False, False),
        ("Cancelling", False, False),
        ("SomethingNew", False, False),
        ("Completed", True, True),
        ("CompletedWithWarnings", True, True),
        ("Failed", True, False),
        ("Cancelled", True, False),
    ],
)
def test_statuses(status: str, finished: bool, succeeded: bool) -> None:
    job = read_job(recorded(status=status))
    assert (job.finished, job.succeeded) == (finished, succeeded)
    assert (job.error() is not None) == (finished and not succeeded)


def test_a_failed_job_is_an_error_with_azures_code_and_advice() -> None:
    detail = {"errorCode": 400094, "errorTitle": "UserErrorVmNotFoundV2", "errorString": "The VM is gone.", "recommendations": ["Restore it."]}
    error = read_job(recorded(status="Failed", errorDetails=[detail])).error()
    assert error is not None
    assert error.as_failure() == {
        "code": "UserErrorVmNotFoundV2",
        "message": "The VM is gone.",
        "hint": "Restore it.",
        "target": RECORDED["id"],
        "operation": f"job Backup {RECORDED['name']}",
    }


@pytest.mark.parametrize(
    ("detail", "code", "message"),
    [
        ({"errorCode": 320001, "errorTitle": "Snapshot operation failed", "errorString": "No network."}, "320001", "Snapshot operation failed: No network."),
        ({"errorCode": 0, "errorString": "Strange."}, "JobFailed", "Strange."),
        ({}, "JobFailed", "Azure gives no reason."),
    ],
)
def test_error_details_in_other_forms(detail: dict[str, Any], code: str, message: str) -> None:
    error = read_job(recorded(status="Failed", errorDetails=[detail])).error({"320001": "unused"})
    assert error is not None and (error.code, error.message) == (code, message)


def test_hints_stand_in_for_missing_recommendations() -> None:
    detail = {"errorTitle": "UserErrorVmNotFoundV2", "errorString": "gone", "recommendations": None}
    error = read_job(recorded(status="Failed", errorDetails=[detail])).error({"UserErrorVmNotFoundV2": "Do this."})
    assert error is not None and error.hint == "Do this."


@pytest.mark.parametrize("status", ["Failed", "Cancelled"])
def test_an_end_without_details(status: str) -> None:
    error = read_job(recorded(status=status, errorDetails=None)).error()
    assert error is not None and error.code == ("JobFailed" if status == "Failed" else "JobCancelled")


@pytest.mark.parametrize("resource", [{}, {"properties": None}, {"properties": {"extendedInfo": "x", "errorDetails": [None], "actionsInfo": 3, "duration": 7}}])
def test_nothing_that_azure_leaves_out_is_an_error(resource: dict[str, Any]) -> None:
    job = read_job(resource)
    assert not job.finished and job.start is None and job.duration is None and job.as_result()["status"] == ""


@pytest.mark.parametrize(("actions", "cancellable"), [(["Cancellable"], True), ([1], True), ([], False), (None, False), (["Retriable"], False)])
def test_both_forms_of_actions(actions: Any, cancellable: bool) -> None:
    assert read_job(recorded(actionsInfo=actions)).cancellable is cancellable


def test_old_durations() -> None:
    assert read_job(recorded(duration="00:20:23.0896697")).duration == pytest.approx(1223.089669)


@pytest.mark.parametrize(
    ("hour", "text"),
    [(0, "12:05:09 AM"), (1, "01:05:09 AM"), (11, "11:05:09 AM"), (12, "12:05:09 PM"), (13, "01:05:09 PM"), (23, "11:05:09 PM")],
)
def test_times_of_filters(hour: int, text: str) -> None:
    assert filter_time(datetime(2023, 5, 7, hour, 5, 9, 999999, tzinfo=timezone.utc)) == f"2023-05-07 {text}"


def test_filters() -> None:
    now = datetime(2026, 7, 26, 12, tzinfo=timezone.utc)
    start = datetime(2026, 7, 26, 11, tzinfo=timezone.utc)
    assert job_filter(now=now) == "backupManagementType eq 'AzureIaasVM'"
    assert job_filter(operation="Backup", status="InProgress", now=now) == (
        "backupManagementType eq 'AzureIaasVM' and operation eq 'Backup' and status eq 'InProgress'"
    )
    assert job_filter(start=start, now=now).endswith("and startTime eq '2026-07-26 11:00:00 AM' and endTime eq '2026-08-25 12:00:00 PM'")
    assert job_filter(end=start, now=now).endswith("and startTime eq '2026-06-26 11:00:00 AM' and endTime eq '2026-07-26 11:00:00 AM'")


def test_lists_are_read_no_further_than_needed() -> None:
    azure = FakeBackup(5, page=2)
    for vm in azure.vaults[0].vms:
        azure.add_job(azure.vaults[0], vm)
    listing = list_jobs(azure.client, azure.vaults[0].ref, operation="Backup")
    for _job in listing:
        break
    assert azure.job_reads == listing.page_count == 1
    assert len(list(listing)) == 5
    assert listing.page_count == 4
    assert listing.server_time == azure.now


def test_running_jobs_with_azures_time() -> None:
    azure = FakeBackup(2)
    vault = azure.vaults[0]
    azure.add_job(vault, vault.vms[0])
    azure.add_job(vault, vault.vms[1], length=1.0)
    azure.clock.sleep(5)
    jobs, now = running_jobs(azure.client, vault.ref, "Backup")
    assert [job.friendly_name for job in jobs] == ["vm-0000"] and now == azure.now


def test_the_newest_job_of_a_vm() -> None:
    azure = FakeBackup(1)
    vault = azure.vaults[0]
    azure.add_job(vault, vault.vms[0])
    azure.clock.sleep(5)
    newest = azure.add_job(vault, vault.vms[0])
    found = job_of(list_jobs(azure.client, vault.ref), vault.vms[0])
    assert found is not None and found.name == newest.name
    assert job_of([], vault.vms[0]) is None


@pytest.mark.parametrize(
    ("cost", "budget", "seconds"),
    [
        (1, Budget(None, None), 30),
        (0, Budget(None, None), 30),
        (4, Budget(None, None), 120),
        (1, Budget(149, 149), 30),
        (1, Budget(100, 149), 30),
        (5, Budget(249, 249), 150),
        # A quarter left: four times as slow, and never slower than an hour shared among what is left.
        (1, Budget(40, 149), 3600 / 37),
        (1, Budget(53, 149), 30 * (74.5 / 50) ** 2),
        (2, Budget(12, 149), 2 * 3600 / 9),
        (1, Budget(3, 149), 3600),
        (1, Budget(0, 149), 3600),
        (50, Budget(0, 149), 3600),
        # A first count that is low means that others have read before, not that the limit is low.
        (1, Budget(10, 10), 3600 / 7),
        (1, Budget(249, 249, paused=500), 500),
    ],
)
def test_the_pace(cost: int, budget: Budget, seconds: float) -> None:
    assert pause(30, cost, budget) == pytest.approx(seconds)


@pytest.mark.parametrize("interval", [0.001, 1.0, 30.0, 600.0])
@pytest.mark.parametrize("remaining", [0, 1, 3, 10, 74, 75, 149])
def test_the_pace_grows_as_the_budget_shrinks(interval: float, remaining: int) -> None:
    assert pause(interval, 1, Budget(remaining, 149)) >= pause(interval, 1, Budget(remaining + 1, 149)) >= interval


@pytest.mark.parametrize(
    ("budget", "enough"),
    [(Budget(None, None), True), (Budget(149, 149), True), (Budget(70, 149), False), (Budget(20, 20), False), (Budget(149, 149, paused=1), False)],
)
def test_what_is_plenty(budget: Budget, enough: bool) -> None:
    assert plenty(budget) is enough


def test_an_hours_reads_last_for_an_hour_however_often_looks_are_wanted() -> None:
    for interval in (1.0, 5.0, 30.0):
        for cost in (1, 2, 5):
            left, passed = 149, timedelta()
            while passed < timedelta(hours=1):
                left -= cost
                assert left >= 0, (interval, cost)
                passed += timedelta(seconds=pause(interval, cost, Budget(left, 149)))
