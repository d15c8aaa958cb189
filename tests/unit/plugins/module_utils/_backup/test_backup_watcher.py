# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following jobs: what it costs, that no 429 is ever met, and that no job is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Sequence

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OperationTimeout
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.poller import Operation
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.backup_apply import snapshot_taken
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.jobs import Job, list_jobs
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.watcher import JobWatcher, Watch
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import BASE, Sent, answer, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_jobs import FakeBackup, FakeJob, FakeVault

HOURS = 3600.0


def by_id(vault: FakeVault, job: FakeJob) -> Watch:
    return Watch(key=job.name, vault=vault.ref, job_id=job.name, operation=job.operation, not_before=job.start)


def started(azure: FakeBackup, vault: FakeVault, number: int) -> Watch:
    """A backup that was started now and whose job is not known yet."""
    vm = vault.vms[number]
    job = azure.add_job(vault, vm, length=2400.0 + 7 * number)
    vault.operations[f"op-{job.name}"] = {"status": "Succeeded", "properties": {"jobId": job.name}}
    return Watch(key=vm.key, vault=vault.ref, operation="Backup", vm=vm, not_before=azure.now, arm_operation=operation(vault, f"op-{job.name}"))


def operation(vault: FakeVault, name: str) -> Operation:
    url = f"{BASE}{vault.ref.path}/backupOperations/{name}?api-version=2025-02-01"
    return Operation(name, url, "async", None, "POST", f"{vault.ref.path}/backup", 60.0)


def watcher(azure: FakeBackup, timeout: float = 12 * HOURS, **more: Any) -> JobWatcher:
    return JobWatcher(azure.client, timeout=timeout, **more)


def only(fault: RawResponse | Exception, *, times: int = 1, part: str = "/backupJobs") -> Any:
    left = [times]

    def apply(request: Sent) -> RawResponse | Exception | None:
        if left[0] and part in request.url and request.method == "GET":
            left[0] -= 1
            return fault
        return None

    return apply


@pytest.mark.parametrize(("counter", "interval"), [("hour", 1.0), ("hour", 5.0), ("hour", 30.0), ("bucket", 30.0), ("none", 30.0)])
def test_200_backups_in_two_vaults_never_meet_a_429(counter: Any, interval: float) -> None:
    azure = FakeBackup(100, 100, counter=counter)
    watches = [started(azure, vault, number) for vault in azure.vaults for number in range(100)]
    outcomes = watcher(azure, poll_interval=interval).follow(watches)
    assert azure.refused == 0
    assert len(outcomes) == 200 and all(outcome.succeeded for outcome in outcomes.values())


def test_a_fleet_with_30_seconds_keeps_below_150_reads_an_hour_without_any_counter() -> None:
    azure = FakeBackup(100, 100)
    watcher(azure).follow([started(azure, vault, number) for vault in azure.vaults for number in range(100)])
    assert azure.job_reads <= 150 * azure.clock.passed / HOURS


def test_one_job_is_read_alone_and_many_by_one_list() -> None:
    azure = FakeBackup(1, 30)
    one, many = azure.vaults
    job = azure.add_job(one, one.vms[0], length=60.0)
    watcher(azure).follow([by_id(one, job)])
    assert not azure.filters and azure.job_reads == 3
    azure.sent.clear()
    jobs = [azure.add_job(many, vm, length=60.0) for vm in many.vms]
    watcher(azure).follow([by_id(many, job) for job in jobs])
    assert len(azure.filters) == azure.job_reads == 3


def test_a_list_begins_with_the_first_of_our_jobs() -> None:
    azure = FakeBackup(3)
    vault = azure.vaults[0]
    azure.add_job(vault, vault.vms[0])
    azure.clock.sleep(HOURS)
    jobs = [azure.add_job(vault, vm) for vm in vault.vms[1:]]
    watcher(azure, 0).follow([by_id(vault, job) for job in jobs])
    assert azure.filters == [
        "backupManagementType eq 'AzureIaasVM' and operation eq 'Backup'"
        " and startTime eq '2026-01-01 12:59:50 AM' and endTime eq '2026-01-31 01:00:00 AM'"
    ]


def test_jobs_of_several_kinds_are_followed_by_one_list() -> None:
    azure = FakeBackup(2)
    vault = azure.vaults[0]
    jobs = [azure.add_job(vault, vault.vms[0], operation="Restore"), azure.add_job(vault, vault.vms[1])]
    outcomes = watcher(azure).follow([by_id(vault, job) for job in jobs])
    assert all(outcome.succeeded for outcome in outcomes.values())
    assert "operation eq" not in azure.filters[0]


def test_many_pages_shrink_as_jobs_end() -> None:
    azure = FakeBackup(20, page=4)
    vault = azure.vaults[0]
    jobs = [azure.add_job(vault, vm, length=100.0 * (number + 1)) for number, vm in enumerate(vault.vms)]
    looks: list[int] = []
    outcomes = watcher(azure, poll_interval=20.0, tell=lambda *_seen: looks.append(azure.job_reads)).follow([by_id(vault, job) for job in jobs])
    assert len(outcomes) == 20 and all(outcome.succeeded for outcome in outcomes.values())
    costs = [later - earlier for earlier, later in zip(looks, looks[1:])]
    assert costs[0] <= 5 and costs[-1] == 1


def test_a_large_fleet_lists_only_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.watcher.PAGE", 4)
    azure = FakeBackup(20, page=4, counter="hour")
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(20)]
    for number, job in enumerate(vault.jobs):
        job.length = 600.0 + 600 * number
    outcomes = watcher(azure).follow(watches)
    assert len(outcomes) == 20 and all(outcome.succeeded for outcome in outcomes.values())
    assert azure.refused == 0
    assert any("status eq 'InProgress'" in text for text in azure.filters)


def test_a_started_job_is_found_by_its_vm_and_time() -> None:
    azure = FakeBackup(6)
    vault = azure.vaults[0]
    for vm in vault.vms:
        azure.add_job(vault, vm, length=5.0)
    azure.clock.sleep(HOURS)
    watches = [started(azure, vault, number) for number in range(6)]
    outcomes = watcher(azure).follow(watches)
    assert sorted(outcome.job_id or "" for outcome in outcomes.values()) == [f"job-{number:04d}" for number in range(6, 12)]


def test_jobs_seen_before_are_not_taken_for_the_started_one() -> None:
    azure = FakeBackup(1)
    vault = azure.vaults[0]
    before = azure.add_job(vault, vault.vms[0], length=1.0)
    watch = replace(started(azure, vault, 0), exclude=frozenset({before.name}), arm_operation=None)
    assert watcher(azure).follow([watch])[watch.key].job_id == "job-0001"


def test_an_attempt_that_failed_a_moment_ago_is_not_taken_for_the_started_one() -> None:
    azure = FakeBackup(8)
    vault = azure.vaults[0]
    for vm in vault.vms:
        azure.add_job(vault, vm, length=3.0, end_status="Failed")
    azure.clock.sleep(5)
    watches = [started(azure, vault, number) for number in range(8)]
    for job in vault.jobs[8:]:
        job.hidden_until = azure.clock.start.replace(minute=1)
    outcomes = watcher(azure).follow(watches)
    assert all(outcome.succeeded for outcome in outcomes.values())


def test_few_ids_are_asked_of_the_operations() -> None:
    azure = FakeBackup(1)
    vault = azure.vaults[0]
    watch = started(azure, vault, 0)
    outcome = watcher(azure).follow([watch])[watch.key]
    assert outcome.succeeded and outcome.job is not None and outcome.job.detailed
    assert not azure.filters


def test_an_operation_is_also_known_to_the_vault() -> None:
    azure = FakeBackup(1)
    vault = azure.vaults[0]
    watch = started(azure, vault, 0)
    assert watch.arm_operation is not None
    elsewhere = replace(watch.arm_operation, url=f"{BASE}{vault.ref.path}/gone?api-version=2025-02-01&t=1&c=2")
    assert watcher(azure).follow([replace(watch, arm_operation=elsewhere)])[watch.key].succeeded


def test_a_job_that_the_list_does_not_show_is_asked_of_its_operation() -> None:
    azure = FakeBackup(5)
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(5)]
    vault.jobs[3].hidden_until = azure.now.replace(year=2027)
    outcomes = watcher(azure).follow(watches)
    assert outcomes[watches[3].key].succeeded and outcomes[watches[3].key].job_id == "job-0003"
    assert sum("backupOperations" in request.url for request in azure.sent) == 1


def test_an_operation_that_failed_explains_why_no_job_came() -> None:
    azure = FakeBackup(5)
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(5)]
    job = vault.jobs.pop(2)
    vault.operations[f"op-{job.name}"] = {"status": "Failed", "error": {"code": "UserErrorVmNotFoundV2", "message": "gone"}}
    outcomes = watcher(azure).follow(watches)
    error = outcomes[watches[2].key].error
    assert error is not None and error.code == "UserErrorVmNotFoundV2"
    assert sum(outcome.succeeded for outcome in outcomes.values()) == 4


def test_a_job_never_seen_is_lost_and_says_so() -> None:
    azure = FakeBackup(1)
    vault = azure.vaults[0]
    watch = replace(started(azure, vault, 0), arm_operation=None)
    vault.jobs.clear()
    outcome = watcher(azure).follow([watch])[watch.key]
    assert outcome.error is not None and outcome.error.code == "JobNotFound"
    assert azure.clock.passed < HOURS


def test_a_job_that_vanishes_is_lost_and_says_so() -> None:
    azure = FakeBackup(3)
    vault = azure.vaults[0]
    jobs = [azure.add_job(vault, vm) for vm in vault.vms]

    def vanish(done: int, total: int, text: str) -> None:
        if jobs[1] in vault.jobs:
            vault.jobs.remove(jobs[1])

    outcomes = watcher(azure, tell=vanish).follow([by_id(vault, job) for job in jobs])
    error = outcomes[jobs[1].name].error
    assert error is not None and error.code == "JobNotFound" and jobs[1].name in error.message
    assert outcomes[jobs[0].name].succeeded and outcomes[jobs[2].name].succeeded


def test_a_job_that_is_missing_for_a_moment_is_not_lost() -> None:
    azure = FakeBackup(1)
    vault = azure.vaults[0]
    job = azure.add_job(vault, vault.vms[0])
    azure.faults.append(only(failure(404, "JobNotFound"), times=3))
    assert watcher(azure).follow([by_id(vault, job)])[job.name].succeeded


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize(
    "fault",
    [
        failure(500, "InternalServerError"),
        failure(502, "InvalidGatewayHost"),
        failure(429, "ResourceRequestsThrottled", retry_after="40"),
        answer(200, b'{"value": ['),
        answer(200, []),
        answer(200, {"properties": None}),
        answer(200),
        reset(),
    ],
    ids=lambda fault: str(getattr(fault, "status", "reset")) + str(getattr(fault, "content", b""))[:14],
)
def test_a_read_that_fails_means_not_known_yet(fault: Any, count: int) -> None:
    azure = FakeBackup(count)
    vault = azure.vaults[0]
    jobs = [azure.add_job(vault, vm) for vm in vault.vms]
    azure.faults.append(only(fault, times=8))
    outcomes = watcher(azure).follow([by_id(vault, job) for job in jobs])
    assert all(outcome.succeeded for outcome in outcomes.values())


def test_a_pause_that_azure_asked_for_is_kept() -> None:
    azure = FakeBackup(1)
    vault = azure.vaults[0]
    job = azure.add_job(vault, vault.vms[0], length=10.0)
    azure.faults.append(only(failure(429, "ResourceRequestsThrottled", retry_after="324")))
    assert watcher(azure).follow([by_id(vault, job)])[job.name].succeeded
    assert azure.clock.sleeps == [pytest.approx(324.0)]


def test_without_the_right_to_list_jobs_are_read_one_by_one() -> None:
    azure = FakeBackup(5)
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(5)]
    azure.faults.append(only(failure(403, "AuthorizationFailed"), times=9999, part="/backupJobs?"))
    outcomes = watcher(azure).follow(watches)
    assert all(outcome.succeeded for outcome in outcomes.values())


def test_without_the_right_to_read_jobs_each_fails_and_tells_its_id() -> None:
    azure = FakeBackup(2)
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(2)]
    azure.faults.append(only(failure(403, "AuthorizationFailed"), times=9999))
    outcomes = watcher(azure).follow(watches)
    assert [outcome.job_id for outcome in outcomes.values()] == ["job-0000", "job-0001"]
    assert all(outcome.error is not None and outcome.error.code == "AuthorizationFailed" for outcome in outcomes.values())


@pytest.mark.parametrize("count", [1, 4])
def test_a_rejected_token_ends_the_wait(count: int) -> None:
    azure = FakeBackup(count)
    vault = azure.vaults[0]
    jobs = [azure.add_job(vault, vm) for vm in vault.vms]
    azure.faults.append(only(failure(401, "ExpiredAuthenticationToken"), times=9999))
    outcomes = watcher(azure).follow([by_id(vault, job) for job in jobs])
    assert {outcome.error.code for outcome in outcomes.values() if outcome.error} == {"ExpiredAuthenticationToken"}
    assert azure.clock.passed < HOURS


@pytest.mark.parametrize("count", [1, 4])
def test_a_stuck_job_ends_by_timeout_with_all_that_is_needed_to_go_on(count: int) -> None:
    azure = FakeBackup(count)
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(count)]
    stuck = vault.jobs[0]
    stuck.length = None
    outcomes = watcher(azure, 2 * HOURS).follow(watches)
    error = outcomes[watches[0].key].error
    assert isinstance(error, OperationTimeout)
    assert error.last_state == "InProgress" and error.resume == {"job_id": stuck.name, "operation_id": f"op-{stuck.name}"}
    assert stuck.name in error.message and stuck.name in (error.hint or "") and "75 %" in error.message
    assert sum(outcome.succeeded for outcome in outcomes.values()) == count - 1
    assert azure.clock.passed == pytest.approx(2 * HOURS)


def test_a_timeout_before_the_job_was_seen_names_the_operation() -> None:
    azure = FakeBackup(5)
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(5)]
    vault.jobs.clear()
    outcome = watcher(azure, 0).follow(watches)[watches[0].key]
    assert isinstance(outcome.error, OperationTimeout)
    assert outcome.error.resume == {"operation_id": "op-job-0000"}


def test_a_failed_job_is_that_watchs_error() -> None:
    azure = FakeBackup(3)
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(3)]
    vault.jobs[1].end_status = "Failed"
    vault.jobs[1].errors = [{"errorCode": 1, "errorTitle": "UserErrorFsFreezeFailed", "errorString": "no", "recommendations": ["thaw"]}]
    outcomes = watcher(azure).follow(watches)
    error = outcomes[watches[1].key].error
    assert error is not None and (error.code, error.hint) == ("UserErrorFsFreezeFailed", "thaw")
    assert [outcome.succeeded for outcome in outcomes.values()] == [True, False, True]


def test_a_snapshot_ends_the_watch_of_one_job() -> None:
    azure = FakeBackup(1)
    vault = azure.vaults[0]
    job = azure.add_job(vault, vault.vms[0])
    outcome = watcher(azure, done=snapshot_taken).follow([by_id(vault, job)])[job.name]
    assert outcome.early and outcome.succeeded and outcome.job is not None and outcome.job.status == "InProgress"
    assert job.snapshot <= azure.clock.passed <= job.snapshot + 30


def test_a_probe_ends_watches_of_many() -> None:
    azure = FakeBackup(9)
    vault = azure.vaults[0]
    jobs = [azure.add_job(vault, vm) for vm in vault.vms]
    asked: list[int] = []

    def probe(_vault: Any, running: Sequence[Job]) -> list[str]:
        asked.append(len(running))
        return [running[0].name]

    outcomes = watcher(azure, probe=probe).follow([by_id(vault, job) for job in jobs])
    assert all(outcome.early for outcome in list(outcomes.values())[:8])
    assert asked == [9, 8, 7, 6, 5, 4, 3, 2]
    assert outcomes[jobs[8].name].succeeded


def test_a_look_without_waiting() -> None:
    azure = FakeBackup(5)
    vault = azure.vaults[0]
    watches = [started(azure, vault, number) for number in range(5)]
    outcomes = watcher(azure).once(watches)
    assert [outcome.job_id for outcome in outcomes.values()] == [f"job-{number:04d}" for number in range(5)]
    assert not azure.clock.sleeps and all(outcome.error is None for outcome in outcomes.values())


def test_progress_is_told() -> None:
    azure = FakeBackup(4)
    vault = azure.vaults[0]
    seen: list[str] = []
    watches = [started(azure, vault, number) for number in range(4)]
    vault.jobs[0].length = 1.0
    azure.clock.sleep(2)
    watcher(azure, tell=lambda done, total, text: seen.append(f"{done} of {total} done, {text}")).follow(watches)
    assert seen[0] == "1 of 4 done, 3 running, longest vm-0001 2 s"
    assert seen[-1] == "4 of 4 done, 0 running"


def test_nothing_to_follow() -> None:
    azure = FakeBackup(1)
    assert watcher(azure).follow([]) == {} and not azure.sent


def all_jobs(azure: FakeBackup) -> list[Job]:
    return [job for vault in azure.vaults for job in list_jobs(azure.client, vault.ref)]


def test_details_are_read_while_plenty_is_left() -> None:
    azure = FakeBackup(100, counter="hour")
    for vm in azure.vaults[0].vms:
        azure.add_job(azure.vaults[0], vm)
    jobs = all_jobs(azure)
    found = watcher(azure).details(jobs)
    assert azure.refused == 0 and not azure.clock.sleeps
    assert 60 <= len(found) <= 75 and all(job.detailed for job in found.values())


def test_details_of_all_when_there_is_time() -> None:
    azure = FakeBackup(200, counter="hour")
    for vm in azure.vaults[0].vms:
        azure.add_job(azure.vaults[0], vm)
    found = watcher(azure).details(all_jobs(azure), max_wait=4 * HOURS)
    assert len(found) == 200 and azure.refused == 0


def test_details_without_a_counter_are_a_small_helping() -> None:
    azure = FakeBackup(50)
    for vm in azure.vaults[0].vms:
        azure.add_job(azure.vaults[0], vm)
    assert len(watcher(azure).details(all_jobs(azure))) == 20


def test_details_that_cannot_be_read_are_missing_and_known_ones_free() -> None:
    azure = FakeBackup(2)
    vault = azure.vaults[0]
    for vm in vault.vms:
        azure.add_job(vault, vm)
    jobs = all_jobs(azure)
    read = watcher(azure).details(jobs[:1])
    azure.sent.clear()
    azure.faults.append(only(failure(403, "AuthorizationFailed"), times=9))
    assert watcher(azure).details([read[jobs[0].name], jobs[1]]) == read
    assert azure.job_reads == 1
