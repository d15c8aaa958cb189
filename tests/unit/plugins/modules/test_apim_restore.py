# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apim_restore as Ansible calls it: what is refused, what is sent, and that nothing is restored twice."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.modules import apim_restore
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._apim.fake_restore import KEY, TAKES, FakeRestore
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, Sent, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

NEWEST = "apim-prod-20251231T000000Z"
OLDER = "apim-prod-20251230T000000Z"
MARK = ["PATCH default", "POST restore", "PATCH default"]


class Killed(BaseException):
    """The run ends here."""


class Task:
    """Calls the module against a fake Azure with two services, apim-prod and apim-dr, and two backups of the first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.azure = FakeRestore()
        self.azure.back_up(OLDER, days=2)
        self.azure.back_up(NEWEST)

    def __call__(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        options = {
            "name": "apim-dr",
            "resource_group": "rg-dr",
            "confirm": "apim-dr",
            "source_service": "apim-prod",
            "storage_account": "stdr",
            "storage_resource_group": "rg-backup",
            "container": "apim",
            "storage_access": "key",
            **options,
        }
        self.azure.sent.clear()
        self.monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._module.SystemClock", lambda: self.azure.clock)
        result = run_module(self.monkeypatch, apim_restore, self.azure.client, check=check, diff=True, **options)
        self.azure.client.read_only = False
        assert KEY not in json.dumps(result)
        return result

    def killed(self, when: Callable[[Sent], bool], *, effect: bool = True, **options: Any) -> None:
        """A run that ends at the first such request, after it took effect or before."""

        def fault(request: Sent) -> RawResponse | None:
            if not when(request):
                return None
            self.azure.faults.clear()
            if effect:
                self.azure.reply(request)
            raise Killed

        self.azure.faults.append(fault)
        with pytest.raises(Killed):
            self(**options)

    def lose(self, *, effect: bool, times: int = 1) -> None:
        """The answers to restore requests get lost."""
        left = [times]

        def fault(request: Sent) -> Exception | None:
            if not is_restore(request) or left[0] == 0:
                return None
            left[0] -= 1
            if effect:
                self.azure.reply(request)
            return reset()

        self.azure.faults.append(fault)


def is_restore(request: Sent) -> bool:
    return request.method == "POST" and "/restore?" in request.url


def is_poll(request: Sent) -> bool:
    return "/operationResults/" in request.url


@pytest.fixture(name="task")
def fixture_task(monkeypatch: pytest.MonkeyPatch) -> Task:
    return Task(monkeypatch)


def test_the_newest_backup_is_restored_once_and_noted(task: Task) -> None:
    first = task(check=True)
    assert (first["changed"], first["action"], task.azure.writes()) == (True, "started", [])
    done = task()
    assert (done["failed"], done["changed"], done["action"], done["diff"]) == (False, True, "started", first["diff"])
    assert done["diff"] == {"before": {"backup": None}, "after": {"backup": f"stdr/apim/{NEWEST}"}}
    assert done["backup"]["name"] == NEWEST and done["service"]["provisioning_state"] == "Succeeded"
    assert done["operation"] == {"id": "b25l", "service_id": task.azure.path("apim-dr", "rg-dr")}
    assert any("custom domains" in what for what in done["not_restored"])
    assert done["start_time"] < done["end_time"] and done["restore_seconds"] > 0
    assert task.azure.writes() == MARK
    assert task.azure.restored == [("apim-dr", NEWEST)]
    assert task.azure.tags("apim-dr")["team"] == "api"
    for check in (False, True):
        again = task(check=check)
        assert (again["changed"], again["action"], task.azure.writes()) == (False, "none", [])
        assert again["diff"]["before"] == again["diff"]["after"]
        assert "start_time" not in again


def test_what_is_sent(task: Task) -> None:
    task(backup_name=OLDER)
    sent = next(request for request in task.azure.sent if is_restore(request))
    assert sent.url.endswith("/service/apim-dr/restore?api-version=2022-08-01")
    assert json.loads(sent.data or b"") == {
        "storageAccount": "stdr", "containerName": "apim", "backupName": OLDER, "accessType": "AccessKey", "accessKey": KEY,
    }


def test_a_newer_backup_is_a_change_and_so_is_one_that_was_overwritten(task: Task) -> None:
    task()
    task.azure.back_up("apim-prod-20260101T000000Z", days=0)
    assert task(check=True)["changed"] and task()["changed"]
    assert task(backup_name=NEWEST)["changed"]
    task.azure.back_up(NEWEST, days=0)
    assert task(backup_name=NEWEST)["changed"]
    assert not task(backup_name=NEWEST)["changed"]


def test_force_repeats(task: Task) -> None:
    task()
    assert task(check=True, force=True)["changed"]
    assert task(force=True)["changed"]
    assert len(task.azure.restored) == 2


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"confirm": "apim-prod"}, "confirm"),
        ({"confirm": "yes"}, "confirm"),
        ({"name": "-apim"}, "name"),
        ({"name": "/subscriptions/x"}, "name"),
        ({"resource_group": ""}, "resource_group"),
        ({"source_service": "no name"}, "source_service"),
        ({"backup_name": "a//b"}, "backup_name"),
        ({"backup_name": "{vm}"}, "backup_name"),
        ({"container": "Apim"}, "container"),
        ({"container": "a--b"}, "container"),
        ({"storage_account": "St"}, "storage_account"),
        ({"storage_account": f"/subscriptions/{SUB}/resourceGroups/g/providers/Microsoft.Compute/disks/d"}, "storage_account"),
        ({"storage_access": "system_identity", "storage_key": KEY}, "storage_key"),
        ({"user_assigned_identity": "id-apim"}, "user_assigned_identity"),
    ],
)
def test_bad_options_fail_before_any_request(task: Task, options: dict[str, Any], option: str) -> None:
    for check in (True, False):
        result = task(check=check, **options)
        assert (result["failed"], result["failure"]["code"], result["failure"]["target"]) == (True, "InvalidOption", option)
        assert task.azure.sent == []


def change(name: str, **values: Any) -> Callable[[FakeRestore], None]:
    return lambda azure: azure.services[name].update(values)


REFUSALS: dict[str, tuple[Callable[[FakeRestore], Any], dict[str, Any], str, str]] = {
    "another tier": (change("apim-prod", sku={"name": "Premium"}), {}, "TierMismatch", "Premium"),
    "a tier without restore": (change("apim-dr", sku={"name": "StandardV2"}), {}, "UnsupportedTier", "StandardV2"),
    "expired": (lambda azure: azure.back_up(OLDER, days=31), {"backup_name": OLDER}, "BackupExpired", "30 days"),
    "a name that is nearly right": (lambda azure: None, {"backup_name": "apim-prod-20251231"}, "BackupNotFound", NEWEST),
    "no backup of the source": (lambda azure: None, {"source_service": "apim-test"}, "BackupNotFound", NEWEST),
    "no service": (lambda azure: azure.services.pop("apim-dr"), {}, "ServiceNotFound", "rg-dr"),
    "a failed service": (change("apim-dr", properties={"provisioningState": "Failed"}), {}, "ServiceNotReady", "Failed"),
    "a busy service": (lambda azure: azure.begin("apim-dr", None), {"wait": False}, "ServiceBusy", "wait=true"),
    "no identity": (change("apim-dr", identity=None), {"storage_access": "system_identity"}, "IdentityMissing", "Storage Blob Data"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_come_before_any_write(task: Task, case: str) -> None:
    prepare, options, code, words = REFUSALS[case]
    prepare(task.azure)
    for check in (True, False):
        result = task(check=check, **options)
        assert (result["failed"], result["changed"], result["failure"]["code"]) == (True, False, code)
        assert words in result["msg"]
        assert task.azure.writes() == []


def test_a_soft_deleted_service_is_reported_with_what_to_do(task: Task) -> None:
    lost = task.azure.services.pop("apim-dr")
    task.azure.deleted.append(
        {"name": "apim-dr", "location": "East Asia", "properties": {"serviceId": lost["id"], "scheduledPurgeDate": "2026-01-02T00:00:00Z"}}
    )
    result = task(check=True)
    assert result["failure"]["code"] == "ServiceSoftDeleted"
    assert "2026-01-02" in result["msg"] and '"restore": true' in result["msg"]
    assert "az apim deletedservice purge --service-name apim-dr --location eastasia" in result["msg"]


def test_a_source_that_is_gone_is_a_warning(task: Task) -> None:
    del task.azure.services["apim-prod"]
    result = task()
    assert result["changed"]
    assert "pricing tier of apim-prod is not known" in result["warnings"][0]


def test_another_operation_is_waited_for(task: Task) -> None:
    task.azure.begin("apim-dr", None)
    assert task(check=True)["changed"]
    assert task()["changed"]
    assert task.azure.restores() == 1


def test_a_lost_answer_is_adopted(task: Task) -> None:
    task.lose(effect=True)
    result = task()
    assert (result["changed"], result["action"]) == (True, "started")
    assert "answer to the request was lost" in result["warnings"][0]
    assert task.azure.restores() == 1
    assert not task()["changed"]


def test_a_lost_request_is_sent_again_once(task: Task) -> None:
    task.lose(effect=False)
    assert task()["changed"]
    assert task.azure.restored == [("apim-dr", NEWEST)]


def test_requests_that_stay_lost_are_unclear_and_the_next_run_asks_the_log(task: Task) -> None:
    task.lose(effect=False, times=2)
    result = task()
    assert (result["failed"], result["changed"]) == (True, True)
    assert task.azure.restores() == 2
    assert task(check=True)["changed"]
    assert task()["changed"]
    assert task.azure.restored == [("apim-dr", NEWEST)]


def test_a_result_that_may_not_be_read_is_told_by_the_service(task: Task) -> None:
    task.azure.faults.append(lambda request: failure(403, "AuthorizationFailed") if is_poll(request) else None)
    result = task()
    assert result["changed"] and not result["failed"]
    assert "operationresults/read" in result["warnings"][0]
    assert task.azure.restores() == 1


def test_where_the_result_may_not_be_read_the_log_tells_of_a_failure(task: Task) -> None:
    task.azure.fails = "Cannot restore: backup expired"
    task.azure.faults.append(lambda request: failure(403, "AuthorizationFailed") if is_poll(request) else None)
    result = task()
    assert (result["failed"], result["failure"]["code"]) == (True, "RestoreFailed")
    assert task.azure.tags("apim-dr")["lifeboat_restore"].startswith("failed ")


def test_a_restore_that_fails_is_told_and_tried_again_by_the_next_run(task: Task) -> None:
    task.azure.fails = "Cannot restore: current SKU is 'Basic', backup SKU is 'Developer'"
    result = task()
    assert (result["failed"], result["changed"], result["failure"]["code"]) == (True, True, "RestoreFailed")
    assert "current SKU" in result["msg"]
    task.azure.fails = None
    assert task()["changed"]
    assert not task()["changed"]


def test_a_refused_request_leaves_no_mark_of_a_running_restore(task: Task) -> None:
    refused = failure(400, "InvalidParameters", "Invalid parameter: storage")
    task.azure.faults.append(lambda request: refused if is_restore(request) else None)
    result = task()
    assert (result["failed"], result["changed"], result["failure"]["code"]) == (True, False, "InvalidParameters")
    task.azure.faults.clear()
    assert task()["changed"]


def test_killed_while_waiting_is_adopted(task: Task) -> None:
    task.killed(is_poll)
    predicted = task(check=True)
    assert (predicted["changed"], predicted["action"]) == (False, "adopted")
    result = task()
    assert (result["failed"], result["changed"], result["action"]) == (False, False, "adopted")
    assert result["start_time"] < result["end_time"], "from when the killed run asked for it"
    assert task.azure.restores() == 0
    assert task()["action"] == "none"
    assert task.azure.restored == [("apim-dr", NEWEST)]


def test_killed_and_ended_meanwhile_is_not_restored_again(task: Task) -> None:
    task.killed(is_restore)
    task.azure.clock.passed += 2 * TAKES
    predicted = task(check=True)
    assert (predicted["changed"], task.azure.writes()) == (False, [])
    result = task()
    assert (result["changed"], result["action"], task.azure.writes()) == (False, "adopted", ["PATCH default"])
    assert task()["action"] == "none"
    assert len(task.azure.restored) == 1


def test_killed_before_the_request_went_out_restores(task: Task) -> None:
    """The log is not up to date at first, and is waited for."""
    task.killed(is_restore, effect=False)
    assert task(check=True)["changed"]
    unclear = task(wait=False)
    assert (unclear["failed"], unclear["failure"]["code"], task.azure.writes()) == (True, "RestoreUnclear", [])
    result = task()
    assert (result["failed"], result["changed"]) == (False, True)
    assert task.azure.restored == [("apim-dr", NEWEST)]


def test_killed_before_the_request_and_then_another_operation_began(task: Task) -> None:
    """What runs is not the restore, so it is not taken for one."""
    task.killed(is_restore, effect=False)
    task.azure.begin("apim-dr", None)
    result = task()
    assert (result["failed"], result["changed"]) == (False, True)
    assert task.azure.restored == [("apim-dr", NEWEST)]


def test_what_is_adopted_without_a_log_is_told_by_the_service(task: Task) -> None:
    task.killed(is_poll)
    task.azure.log_readable = False
    result = task()
    assert (result["failed"], result["changed"], result["action"]) == (False, False, "adopted")
    assert "state of the service alone" in result["warnings"][0]
    assert task()["action"] == "none"


def test_an_adopted_operation_that_may_have_been_another_is_unclear(task: Task) -> None:
    """It ends before the log must tell of it, and there is no time left to wait for the log."""
    task.killed(is_restore, effect=False)
    task.azure.begin("apim-dr", None)
    task.azure.ends["apim-dr"] = task.azure.clock.passed + 60
    result = task(wait_timeout=120)
    assert (result["failed"], result["changed"], result["failure"]["code"], task.azure.writes()) == (True, False, "RestoreUnclear", [])
    assert task()["changed"]
    assert task.azure.restored == [("apim-dr", NEWEST)]


def test_killed_and_failed_meanwhile_is_restored_again(task: Task) -> None:
    task.azure.fails = "no luck"
    task.killed(is_restore)
    task.azure.clock.passed += 2 * TAKES
    task(check=True)
    task.azure.fails = None
    result = task()
    assert result["changed"] and not result["failed"]
    assert "failed, as the activity log says" in result["warnings"][0]


def test_killed_without_a_log_says_so_and_does_nothing(task: Task) -> None:
    task.killed(is_restore)
    task.azure.clock.passed += 2 * TAKES
    task.azure.log_readable = False
    result = task()
    assert (result["failed"], result["changed"], result["failure"]["code"], task.azure.writes()) == (True, False, "RestoreUnclear", [])
    assert "force=true" in result["msg"]
    assert task(force=True)["changed"]


def test_wait_false_starts_and_a_later_run_waits(task: Task) -> None:
    started = task(wait=False)
    assert (started["changed"], started["action"], started["service"]["provisioning_state"]) == (True, "started", "Updating")
    assert task.azure.writes() == MARK[:2]
    running = task(wait=False)
    assert (running["changed"], running["action"]) == (False, "adopted")
    ended = task()
    assert (ended["changed"], ended["action"]) == (False, "adopted")
    assert task()["action"] == "none"
    assert len(task.azure.restored) == 1


def test_a_timeout_says_how_to_go_on_and_the_next_run_goes_on(task: Task) -> None:
    result = task(wait_timeout=60)
    assert (result["failed"], result["changed"], result["failure"]["code"]) == (True, True, "OperationTimeout")
    assert result["failure"]["resume"]["operation_id"] == "b25l"
    assert "signed" not in json.dumps(result)
    assert task()["action"] == "adopted"
    assert len(task.azure.restored) == 1


def test_an_end_that_cannot_be_noted_is_a_warning(task: Task) -> None:
    seen: list[Sent] = []

    def fault(request: Sent) -> RawResponse | None:
        if request.method == "PATCH":
            seen.append(request)
        return failure(403, "AuthorizationFailed") if request.method == "PATCH" and len(seen) > 1 else None

    task.azure.faults.append(fault)
    result = task()
    assert not result["failed"] and result["changed"]
    assert "could not be noted" in result["warnings"][-1]
    task.azure.faults.clear()
    task.azure.clock.passed += TAKES
    assert not task()["changed"]


def test_blobs_behind_a_firewall_can_be_restored_by_name(task: Task) -> None:
    """API Management reaches what this machine does not."""
    task.azure.services["apim-dr"]["identity"] = {"type": "SystemAssigned"}
    task.azure.faults.append(lambda request: RawResponse(403, {"x-ms-error-code": "AuthorizationFailure"}, b"") if ".blob." in request.url else None)
    task.azure.client._tokens_for = lambda audience: task.azure.client._sender._tokens
    result = task(storage_access="system_identity", backup_name=NEWEST)
    assert not result["failed"] and result["changed"]
    assert any("could not be looked at" in text for text in result["warnings"])
    assert not task(storage_access="system_identity", backup_name=NEWEST)["changed"]
    newest = task(storage_access="system_identity")
    assert (newest["failed"], newest["failure"]["code"]) == (True, "AuthorizationFailure")
