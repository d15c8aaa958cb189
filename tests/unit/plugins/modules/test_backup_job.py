# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""backup_job and backup_job_info as Ansible calls them."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.modules import backup_job, backup_job_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import Sent, answer, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_jobs import FakeBackup, FakeJob, FakeVault
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

FROZEN = {"errorTitle": "UserErrorFsFreezeFailed", "errorString": "frozen", "recommendations": ["thaw"]}


class Run:
    """Calls a module against a fake Azure, without waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, azure: FakeBackup, module: ModuleType) -> None:
        self.monkeypatch, self.azure, self.module = monkeypatch, azure, module

    def __call__(self, *, check: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        self.azure.sent.clear()
        self.monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._module.SystemClock", lambda: self.azure.clock)
        return run_module(self.monkeypatch, self.module, self.azure.client, check=check, diff=diff, **options)


def job_id(vault: FakeVault, job: FakeJob) -> str:
    return f"{vault.ref.id}/backupJobs/{job.name}"


def with_jobs(count: int, **more: Any) -> tuple[FakeBackup, FakeVault, list[str]]:
    azure = FakeBackup(count)
    vault = azure.vaults[0]
    jobs = [azure.add_job(vault, vm, **more) for vm in vault.vms]
    return azure, vault, [job_id(vault, job) for job in jobs]


@pytest.mark.parametrize("count", [1, 40])
def test_waiting_for_any_number_of_jobs(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    azure, _vault, ids = with_jobs(count)
    run = Run(monkeypatch, azure, backup_job)
    result = run(job=ids)
    assert not result["failed"] and not result["changed"] and azure.clock.passed >= 2400
    assert [job["id"] for job in result["jobs"]] == ids and {job["status"] for job in result["jobs"]} == {"Completed"}
    assert azure.job_reads <= 90
    reads = azure.clock.passed
    assert run(job=ids)["failed"] is False and azure.clock.passed == reads


def test_jobs_by_name_in_a_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, vault, _ids = with_jobs(2)
    place = {"vault": "vault-a", "resource_group": "rg-backup", "subscription_id": vault.ref.subscription}
    result = Run(monkeypatch, azure, backup_job)(job=["job-0000", "job-0001"], **place)
    assert [job["name"] for job in result["jobs"]] == ["job-0000", "job-0001"] and not result["failed"]


def test_a_failed_or_cancelled_job_is_a_failure_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, vault, ids = with_jobs(3)
    vault.jobs[0].end_status, vault.jobs[0].errors = "Failed", [FROZEN]
    vault.jobs[2].end_status = "Cancelled"
    result = Run(monkeypatch, azure, backup_job)(job=ids)
    assert [job["failed"] for job in result["jobs"]] == [True, False, True]
    assert result["jobs"][0]["failure"]["hint"] == "thaw" and result["jobs"][2]["failure"]["code"] == "JobCancelled"
    assert "2 of 3 jobs failed" in result["msg"] and "frozen" in result["msg"] and not result["changed"]


@pytest.mark.parametrize("more", [{"check": True}, {"wait": False}])
def test_a_look_without_waiting(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> None:
    azure, vault, ids = with_jobs(3)
    vault.jobs[0].length, vault.jobs[0].end_status, vault.jobs[0].errors = 1.0, "Failed", [FROZEN]
    azure.clock.sleep(2)
    result = Run(monkeypatch, azure, backup_job)(job=ids, **more)
    assert azure.clock.passed == 2
    assert [job["failed"] for job in result["jobs"]] == [True, False, False]
    assert [job["status"] for job in result["jobs"]] == ["Failed", "InProgress", "InProgress"]


@pytest.mark.parametrize("count", [1, 9])
def test_an_unknown_job_is_its_own_failure(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    azure, vault, ids = with_jobs(count)
    result = Run(monkeypatch, azure, backup_job)(job=[*ids, f"{vault.ref.id}/backupJobs/nothing"])
    assert [job["failed"] for job in result["jobs"]] == [False] * count + [True]
    assert result["jobs"][-1]["failure"]["code"] == "JobNotFound" and result["jobs"][-1]["failure"]["hint"]


def test_a_timeout_tells_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, _vault, ids = with_jobs(2, length=None)
    result = Run(monkeypatch, azure, backup_job)(job=ids, wait_timeout=100)
    assert {job["failure"]["code"] for job in result["jobs"]} == {"OperationTimeout"}
    assert result["jobs"][0]["failure"]["resume"] == {"job_id": "job-0000"}


def test_warnings_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, _vault, ids = with_jobs(1, end_status="CompletedWithWarnings", errors=[FROZEN])
    result = Run(monkeypatch, azure, backup_job)(job=ids)
    assert not result["failed"] and result["warnings"] == ["UserErrorFsFreezeFailed: frozen thaw"]


def test_jobs_are_cancelled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, vault, ids = with_jobs(3)
    vault.jobs[1].length = 1.0
    azure.clock.sleep(2)
    run = Run(monkeypatch, azure, backup_job)
    check = run(check=True, diff=True, job=ids, state="cancelled")
    assert [job["changed"] for job in check["jobs"]] == [True, False, True] and not azure.posts
    first = run(diff=True, job=ids, state="cancelled")
    assert [job["changed"] for job in first["jobs"]] == [True, False, True] and not first["failed"] and len(azure.posts) == 2
    assert [job["status"] for job in first["jobs"]] == ["Cancelled", "Completed", "Cancelled"]
    assert first["diff"] == check["diff"] == {"before": {ids[0]: "InProgress", ids[2]: "InProgress"}, "after": {ids[0]: "Cancelled", ids[2]: "Cancelled"}}
    again = run(diff=True, job=ids, state="cancelled")
    assert not again["changed"] and not again["failed"] and not azure.posts


def test_a_job_that_is_being_cancelled_is_only_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, vault, ids = with_jobs(1)
    vault.jobs[0].cancelled = azure.now + timedelta(seconds=50)
    result = Run(monkeypatch, azure, backup_job)(job=ids, state="cancelled")
    assert not azure.posts and not result["changed"] and result["jobs"][0]["status"] == "Cancelled"


def test_cancelling_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, _vault, ids = with_jobs(1)
    result = Run(monkeypatch, azure, backup_job)(job=ids, state="cancelled", wait=False)
    assert result["changed"] and not result["failed"] and azure.clock.passed == 0


@pytest.mark.parametrize("effect", [True, False])
def test_a_lost_answer_to_cancelling(monkeypatch: pytest.MonkeyPatch, effect: bool) -> None:
    azure, vault, ids = with_jobs(1)
    left = [1]

    def lose(request: Sent) -> Exception | None:
        if request.method != "POST" or not left[0]:
            return None
        left[0] = 0
        if effect:
            vault.jobs[0].cancelled = azure.now + timedelta(seconds=30)
        return reset()

    azure.faults.append(lose)
    result = Run(monkeypatch, azure, backup_job)(job=ids, state="cancelled")
    assert result["changed"] and not result["failed"] and len(azure.posts) == (1 if effect else 2)


def test_a_refusal_to_cancel_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, _vault, ids = with_jobs(2)
    azure.faults.append(lambda request: failure(400, "UserErrorJobNotCancellable") if "job-0001/cancel" in request.url else None)
    result = Run(monkeypatch, azure, backup_job)(job=ids, state="cancelled")
    assert [job["changed"] for job in result["jobs"]] == [True, False]
    assert result["jobs"][1]["failure"]["code"] == "UserErrorJobNotCancellable"


def test_a_job_that_ends_before_it_is_cancelled_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, vault, ids = with_jobs(1)

    def end(request: Sent) -> RawResponse | None:
        if request.method == "POST":
            vault.jobs[0].length = 0.0
        return None

    azure.faults.append(end)
    result = Run(monkeypatch, azure, backup_job)(job=ids, state="cancelled")
    assert not result["failed"] and not result["changed"] and result["jobs"][0]["status"] == "Completed"


def test_a_kind_of_job_that_cannot_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, vault, ids = with_jobs(1)
    plain = vault.jobs[0].view(vault.ref, azure.now, details=True)
    plain["properties"].pop("actionsInfo")
    azure.faults.append(lambda request: answer(200, plain) if "/backupJobs/" in request.url else None)
    for check in (True, False):
        result = Run(monkeypatch, azure, backup_job)(check=check, job=ids, state="cancelled")
        assert result["failed"] and not azure.posts and result["jobs"][0]["failure"]["code"] == "JobNotCancellable"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"job": ["a b"], "vault": "v-1", "resource_group": "rg"}, "job"),
        ({"job": ["job-1"]}, "vault"),
        ({"job": ["job-1", "JOB-1"], "vault": "v-1", "resource_group": "rg"}, "job"),
        ({"job": ["/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v1"]}, "job"),
        (
            {
                "job": ["/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v1/backupJobs/x"],
                "vault": "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v2",
            },
            "vault",
        ),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], named: str) -> None:
    azure = FakeBackup(1)
    for module in (backup_job, backup_job_info):
        result = Run(monkeypatch, azure, module)(**options)
        assert result["failed"] and result["failure"]["target"] == named and not azure.sent


def test_no_job_is_nothing_to_wait_for_or_to_list(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, _vault, _ids = with_jobs(2)
    for module in (backup_job, backup_job_info):
        result = Run(monkeypatch, azure, module)(job=[])
        assert not result["failed"] and not result["changed"] and result["jobs"] == [] and not azure.sent


def names(result: dict[str, Any]) -> list[str]:
    assert not result["failed"] and not result["changed"]
    return [job["name"] for job in result["jobs"]]


def test_listing_with_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(3)
    vault = azure.vaults[0]
    azure.add_job(vault, vault.vms[0])
    azure.clock.sleep(30 * 3600)
    azure.add_job(vault, vault.vms[0], operation="Restore", length=60.0)
    azure.clock.sleep(3600)
    azure.add_job(vault, vault.vms[1], length=60.0, end_status="Failed", errors=[FROZEN])
    azure.clock.sleep(3600)
    azure.add_job(vault, vault.vms[2])
    run = Run(monkeypatch, azure, backup_job_info)
    place = {"vault": vault.ref.id}
    assert names(run(**place)) == ["job-0003", "job-0002", "job-0001"]
    assert names(run(**place, since="3d")) == ["job-0003", "job-0002", "job-0001", "job-0000"]
    assert names(run(**place, since="90m")) == ["job-0003", "job-0002"]
    assert names(run(**place, status="Failed")) == ["job-0002"]
    assert "status eq 'Failed'" in azure.filters[0]
    assert names(run(**place, status=["Failed", "InProgress"])) == ["job-0003", "job-0002"]
    assert names(run(**place, operation="Restore")) == ["job-0001"]
    assert names(run(**place, operation=["Restore", "Backup"], vm=vault.vms[0].id, since="9d")) == ["job-0001", "job-0000"]
    assert names(run(**place, vm="VM-0001")) == ["job-0002"]
    assert names(run(**place, vm="vm-0001", vm_resource_group="rg-other")) == []
    assert names(run(**place, start_time="2026-01-01", end_time="2026-01-02T06:30:00Z")) == ["job-0001", "job-0000"]
    failed = run(**place, status="Failed")["jobs"][0]
    assert failed["errors"] == [{"code": "UserErrorFsFreezeFailed", "message": "frozen", "recommendations": ["thaw"]}]
    assert "tasks" not in failed


def test_details(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, vault, ids = with_jobs(2)
    run = Run(monkeypatch, azure, backup_job_info)
    assert [job["properties"]["VM Name"] for job in run(vault=vault.ref.id, details=True)["jobs"]] == ["vm-0000", "vm-0001"]
    assert run(job=ids)["jobs"][0]["tasks"][0]["name"] == "Take Snapshot"


def test_details_are_left_out_when_reads_get_scarce(monkeypatch: pytest.MonkeyPatch) -> None:
    azure, vault, _ids = with_jobs(50)
    result = Run(monkeypatch, azure, backup_job_info)(vault=vault.ref.id, details=True)
    assert len(result["jobs"]) == 50 and sum("tasks" in job for job in result["jobs"]) == 20
    assert "30 of 50 jobs are without details" in result["warnings"][0]


def test_all_vaults_of_the_subscription(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(1, 1)
    for vault in azure.vaults:
        azure.add_job(vault, vault.vms[0])
    listed = answer(200, {"value": [{"id": vault.ref.id, "location": "eastasia"} for vault in azure.vaults]})
    azure.faults.append(lambda request: listed if request.url.split("?")[0].endswith("/vaults") else None)
    run = Run(monkeypatch, azure, backup_job_info)
    assert sorted(names(run())) == ["job-0000", "job-0001"]
    azure.faults.append(lambda request: failure(403, "AuthorizationFailed") if "vault-b/backupJobs" in request.url else None)
    result = run()
    assert names(result) == ["job-0000"] and "vault-b" in result["warnings"][0]
    azure.faults.append(lambda request: failure(403, "AuthorizationFailed") if "/backupJobs" in request.url else None)
    assert run()["failure"]["code"] == "AuthorizationFailed"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"operation": "Back up"}, "operation"),
        ({"since": "yesterday"}, "since"),
        ({"start_time": "yesterday"}, "start_time"),
        ({"start_time": "2026-01-02", "end_time": "2026-01-01"}, "end_time"),
        ({"vm": "web 01", "vm_resource_group": "rg"}, "vm"),
    ],
)
def test_bad_filters_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], named: str) -> None:
    azure = FakeBackup(1)
    result = Run(monkeypatch, azure, backup_job_info)(**options)
    assert result["failed"] and result["failure"]["target"] == named and not azure.sent


def test_an_unknown_job_fails_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(1)
    result = Run(monkeypatch, azure, backup_job_info)(job="x", vault=azure.vaults[0].ref.id)
    assert result["failed"] and result["failure"]["code"] == "JobNotFound"
