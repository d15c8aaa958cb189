# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm_backup_trigger as Ansible calls it: what is sent, what is waited for, what is told, also when the wire fails."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.modules import vm_backup_trigger
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import Sent, answer, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_jobs import FakeBackup
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module


class Run:
    """Calls the module against a fake Azure."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, azure: FakeBackup) -> None:
        self.monkeypatch = monkeypatch
        self.azure = azure

    def __call__(self, *, check: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        vault = self.azure.vaults[0]
        options.setdefault("vm", [vm.id for vm in vault.vms])
        options.setdefault("vault", vault.ref.id)
        self.azure.sent.clear()
        # Task takes its clock from here, so that nothing waits.
        self.monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._module.SystemClock", lambda: self.azure.clock)
        return run_module(self.monkeypatch, vm_backup_trigger, self.azure.client, check=check, diff=diff, **options)


def lost(times: int, *, effect: bool) -> Any:
    """The answer to a POST gets lost, after it took effect or before."""
    left = [times]

    def apply(request: Sent) -> RawResponse | Exception | None:
        if request.method == "POST" and left[0] > 0:
            left[0] -= 1
            if effect:
                faults, azure.faults[:] = list(azure.faults), []
                azure.send(*request)
                azure.sent.pop()
                azure.faults[:] = faults
            return reset()
        return None

    azure: FakeBackup

    def bind(one: FakeBackup) -> Any:
        nonlocal azure
        azure = one
        return apply

    return bind


def test_a_backup_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(2)
    run = Run(monkeypatch, azure)
    check = run(check=True, diff=True)
    assert check["changed"] and not check["failed"] and not azure.posts
    first = run(diff=True)
    assert first["changed"] and not first["failed"] and len(azure.posts) == 2
    assert first["diff"] == check["diff"]
    entry = first["vms"][0]
    assert entry["job"]["status"] == "Completed" and entry["job"]["name"] == "backup-0-of-vm-0000" and not entry["adopted"]
    assert entry["operation"]["id"] == "operation-of-backup-0-of-vm-0000"
    assert entry["recovery_point"]["name"] == "77" and entry["recovery_point"]["consistency"] == "application"
    again = run(diff=True)
    assert not again["changed"] and not azure.posts and again["diff"] == {"before": {}, "after": {}}
    assert again["vms"][0]["recovery_point"] == entry["recovery_point"]
    assert "job" not in again["vms"][0]


def test_unchanged_vms_cost_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(150)
    run = Run(monkeypatch, azure)
    run()
    azure.clock.sleep(3600)
    result = run(wait_for="snapshot")
    assert not result["changed"] and len(azure.sent) == 1


def test_an_old_point_is_followed_by_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(1)
    run = Run(monkeypatch, azure)
    run()
    azure.clock.sleep(3 * 3600)
    assert run(max_age="4h")["changed"] is False
    assert run(max_age="2h")["changed"] is True
    assert run(max_age="0")["changed"] is True


def test_a_running_backup_is_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(2)
    vault = azure.vaults[0]
    azure.add_job(vault, vault.vms[0])
    azure.clock.sleep(60)
    run = Run(monkeypatch, azure)
    for check in (True, False):
        result = run(check=check, retain_days=3)
        assert [vm["changed"] for vm in result["vms"]] == [False, True]
        assert [vm["adopted"] for vm in result["vms"]] == [True, False]
        assert len(azure.posts) == (0 if check else 1)
        assert any("was running already" in text for text in result["warnings"])
    assert result["vms"][0]["job"]["status"] == "Completed"


def test_a_killed_run_goes_on_with_the_same_job(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(3)
    run = Run(monkeypatch, azure)
    started = run(wait=False)
    azure.clock.sleep(700)
    result = run()
    assert not azure.posts and not result["changed"] and all(vm["adopted"] for vm in result["vms"])
    assert [vm["job"]["name"] for vm in result["vms"]] == [vm["job"]["name"] for vm in started["vms"]]
    assert all(vm["job"]["status"] == "Completed" for vm in result["vms"])


@pytest.mark.parametrize("count", [1, 6])
def test_waiting_for_the_snapshot_only(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    azure = FakeBackup(count)
    result = Run(monkeypatch, azure)(wait_for="snapshot")
    assert {vm["job"]["status"] for vm in result["vms"]} == {"InProgress"}
    assert all(vm["recovery_point"]["time"] for vm in result["vms"])
    assert azure.clock.passed < 600


@pytest.mark.parametrize("count", [1, 5, 30])
def test_without_waiting_the_jobs_are_named(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    azure = FakeBackup(count)
    azure.appear_after = 2.0
    result = Run(monkeypatch, azure)(wait=False)
    assert result["changed"] and azure.clock.passed < 5
    assert [vm["job"]["name"] for vm in result["vms"]] == [f"backup-0-of-{vm.name}" for vm in azure.vaults[0].vms]


@pytest.mark.parametrize("count", [1, 8])
def test_an_answer_lost_after_the_effect_starts_no_second_backup(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    azure = FakeBackup(count)
    azure.faults.append(lost(count, effect=True)(azure))
    result = Run(monkeypatch, azure)()
    assert len(azure.vaults[0].jobs) == len(azure.posts) == count
    assert not result["failed"] and all(vm["changed"] and vm["job"]["status"] == "Completed" for vm in result["vms"])


def test_an_answer_lost_after_the_effect_whose_job_shows_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure itself refuses the second request and thereby tells of the first."""
    azure = FakeBackup(1)
    azure.appear_after = 35.0
    azure.faults.append(lost(1, effect=True)(azure))
    result = Run(monkeypatch, azure)()
    assert len(azure.vaults[0].jobs) == 1 and len(azure.posts) == 2
    entry = result["vms"][0]
    assert not entry["failed"] and entry["changed"] and not entry["adopted"] and entry["job"]["status"] == "Completed"


def test_a_backup_that_runs_and_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(1)
    azure.faults.append(lambda request: failure(409, "UserErrorBackupOperationInProgress") if request.method == "POST" else None)
    result = Run(monkeypatch, azure)()
    assert result["vms"][0]["failure"]["code"] == "UserErrorBackupOperationInProgress" and not result["changed"]


@pytest.mark.parametrize("count", [1, 8])
def test_an_answer_lost_before_the_effect_is_sent_again(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    azure = FakeBackup(count)
    azure.faults.append(lost(count, effect=False)(azure))
    result = Run(monkeypatch, azure)()
    assert len(azure.vaults[0].jobs) == count and len(azure.posts) == 2 * count
    assert not result["failed"] and result["changed"]


def test_requests_that_are_always_lost_end_as_that_vms_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(2)

    def fault(request: Sent) -> RawResponse | None:
        return failure(503, "ServiceUnavailable") if request.method == "POST" and "vm-0000" in request.url else None

    azure.faults.append(fault)
    result = Run(monkeypatch, azure)()
    assert [vm["failed"] for vm in result["vms"]] == [True, False]
    assert result["vms"][0]["failure"]["code"] == "ServiceUnavailable"
    assert sum("vm-0000" in path for path in azure.posts) == 3


def test_a_backup_that_began_in_between_is_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(2)
    vault = azure.vaults[0]

    def schedule(request: Sent) -> None:
        if request.method == "POST" and "vm-0000" in request.url and not any(job.vm == vault.vms[0] for job in vault.jobs):
            azure.add_job(vault, vault.vms[0])

    azure.faults.append(schedule)
    result = Run(monkeypatch, azure)()
    assert not result["failed"] and result["vms"][0]["job"]["status"] == "Completed"
    assert len(vault.jobs) == 2
    assert [vm["changed"] for vm in result["vms"]] == [False, True] and [vm["adopted"] for vm in result["vms"]] == [True, False]


@pytest.mark.parametrize("count", [1, 6])
def test_an_operation_refused_because_a_backup_runs(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Azure accepts the request, and only the operation tells that another backup runs."""
    azure = FakeBackup(count)
    vault = azure.vaults[0]

    def refuse(request: Sent) -> RawResponse | None:
        if request.method == "POST" and "vm-0000" in request.url and not any(job.vm == vault.vms[0] for job in vault.jobs):
            azure.add_job(vault, vault.vms[0])
            error = {"code": "UserErrorBackupOperationInProgress", "message": "busy"}
            vault.operations["op-x"] = {"status": "Failed", "error": error}
            return answer(202, azure_asyncoperation=f"https://arm.test{vault.ref.path}/backupOperations/op-x?api-version=1")
        return None

    azure.faults.append(refuse)
    result = Run(monkeypatch, azure)()
    assert not result["failed"] and result["vms"][0]["job"]["status"] == "Completed"
    assert len(vault.jobs) == count


@pytest.mark.parametrize("code", ["CloudDosTimeboudLimitReached", "UserErrorInvalidRecoveryPointExpiryTime"])
def test_a_refusal_is_that_vms_failure(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    azure = FakeBackup(3)
    azure.faults.append(lambda request: failure(400, code, "no") if request.method == "POST" and "vm-0001" in request.url else None)
    result = Run(monkeypatch, azure)()
    assert result["failed"] and result["changed"] and code in result["msg"]
    assert [vm["failed"] for vm in result["vms"]] == [False, True, False]
    assert [vm["changed"] for vm in result["vms"]] == [True, False, True]
    assert ("hint" in result["vms"][1]["failure"]) == (code == "CloudDosTimeboudLimitReached")
    assert len(azure.posts) == 3


def test_a_failed_backup_is_changed_and_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(4)
    azure.ends["vm-0002"] = ("Failed", [{"errorTitle": "UserErrorFsFreezeFailed", "errorString": "frozen", "recommendations": ["thaw"]}])
    result = Run(monkeypatch, azure)()
    entry = result["vms"][2]
    assert entry["changed"] and entry["failed"] and entry["job"]["status"] == "Failed"
    assert entry["failure"]["code"] == "UserErrorFsFreezeFailed" and entry["failure"]["hint"] == "thaw"
    assert "frozen" in result["msg"] and result["msg"].startswith("1 of 4 VMs failed.")


def test_warnings_of_a_backup_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(1)
    azure.ends["vm-0000"] = ("CompletedWithWarnings", [{"errorTitle": "UserErrorBackupTookCrashConsistentSnapshot", "errorString": "crash"}])
    result = Run(monkeypatch, azure)()
    assert not result["failed"] and result["warnings"] == ["vm-0000: UserErrorBackupTookCrashConsistentSnapshot: crash"]


def test_a_timeout_hides_nothing_and_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(3)
    azure.lengths = {"vm-0000": 600.0, "vm-0001": 9000.0, "vm-0002": 700.0}
    run = Run(monkeypatch, azure)
    result = run(wait_timeout=3600)
    assert [vm["failed"] for vm in result["vms"]] == [False, True, False]
    failed = result["vms"][1]
    assert failed["failure"]["code"] == "OperationTimeout" and failed["changed"] and failed["job"]["status"] == "InProgress"
    assert failed["failure"]["resume"] == {"job_id": "backup-0-of-vm-0001", "operation_id": "operation-of-backup-0-of-vm-0001"}
    resumed = run()
    assert not resumed["failed"] and not azure.posts and resumed["vms"][1]["job"]["status"] == "Completed"


def test_states_that_cannot_be_backed_up_fail_in_check_mode_too(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(3)
    vault = azure.vaults[0]
    vault.states = {"vm-0000": {"protectionState": "ProtectionStopped", "policyId": ""}, "vm-0001": {"isScheduledForDeferredDelete": True}}
    run = Run(monkeypatch, azure)
    vms = [*(vm.id for vm in vault.vms), vault.vms[0].id.replace("vm-0000", "other")]
    for check in (True, False):
        result = run(check=check, vm=vms)
        codes = [vm.get("failure", {}).get("code") for vm in result["vms"]]
        assert codes == ["ProtectionStopped", "SoftDeleted", None, "NotProtected"]
        assert [vm["changed"] for vm in result["vms"]] == [False, False, True, False]
        assert all(vm["failure"]["hint"] for vm in result["vms"] if vm["failed"])


def test_without_the_right_to_list_jobs_backups_are_made_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(1)
    azure.faults.append(lambda request: failure(403, "AuthorizationFailed") if "/backupJobs?" in request.url else None)
    result = Run(monkeypatch, azure)()
    assert not result["failed"] and result["vms"][0]["job"]["status"] == "Completed"


def test_retention_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = FakeBackup(1)
    bodies: list[bytes | None] = []
    azure.faults.append(lambda request: bodies.append(request.data) if request.method == "POST" else None)
    Run(monkeypatch, azure)(retain_until="2026-02-03T04:05:06Z", wait=False)
    assert b'"recoveryPointExpiryTimeInUTC":"2026-02-03T04:05:06.000Z"' in (bodies[0] or b"")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_age": "soon"}, "max_age"),
        ({"max_age": "-1h"}, "max_age"),
        ({"retain_days": 0}, "retain_days"),
        ({"retain_days": 40000}, "retain_days"),
        ({"retain_until": "tomorrow"}, "retain_until"),
        ({"retain_until": "2025-12-31"}, "retain_until"),
        ({"retain_until": "2026-12-31", "retain_days": 3}, "retain_until|retain_days"),
        ({"vm": ["web-01"]}, "vm"),
        ({"vm": []}, "vm"),
        ({"vault": "/subscriptions/x"}, "vault"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], named: str) -> None:
    azure = FakeBackup(1)
    result = Run(monkeypatch, azure)(**options)
    assert result["failed"] and not azure.sent
    assert result.get("failure", {"target": named})["target"] in named and named in result["msg"]
