# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apim_restore says of restores whose end it did not see, and what its failures tell."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._apim.fake_restore import TAKES
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import Sent, answer, failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.test_apim_restore import NEWEST, Task, fixture_task, is_poll, is_restore

__all__ = ["fixture_task"]


def test_a_restore_that_does_not_show_yet_when_the_next_run_looks_is_followed_to_its_end(task: Task) -> None:
    """Neither the service nor the log tells of it at first; then the log does, long before it ends."""
    task.azure.log_lag = 300
    task.killed(is_restore)

    def stale(request: Sent) -> RawResponse | None:
        if request.method != "GET" or not request.url.split("?")[0].endswith("/service/apim-dr"):
            return None
        task.azure.faults.clear()
        return answer(200, {**task.azure.services["apim-dr"], "properties": {"provisioningState": "Succeeded"}})

    task.azure.faults.append(stale)
    result = task()
    assert (result["failed"], result["changed"], result["action"]) == (False, False, "adopted"), result
    assert task.azure.clock.passed >= TAKES and result["service"]["provisioning_state"] == "Succeeded"
    assert task.azure.restored == [("apim-dr", NEWEST)] and task.azure.tags("apim-dr")["lifeboat_restore"].startswith("restored ")


@pytest.mark.parametrize("ended", [False, True])
def test_a_restore_that_failed_is_not_taken_for_one_that_succeeded_while_the_log_is_late(task: Task, ended: bool) -> None:
    task.azure.log_lag = 300
    task.azure.fails = "Cannot restore: backup expired"
    task.killed(is_restore)
    if ended:
        task.azure.clock.passed += TAKES + 60
    task.azure.fails = "Cannot restore: backup expired"
    result = task()
    if ended:
        # The next run finds that it has failed, and asks once more.
        assert (result["failed"], result["changed"], len(task.azure.restored)) == (True, True, 2)
    else:
        assert (result["failed"], result["changed"], result["failure"]["code"]) == (True, False, "RestoreFailed")
    assert task.azure.tags("apim-dr")["lifeboat_restore"].startswith("failed ")


def test_where_the_result_may_not_be_read_a_late_log_is_waited_for(task: Task) -> None:
    task.azure.log_lag = 300
    task.azure.fails = "Cannot restore: backup expired"
    task.azure.faults.append(lambda request: failure(403, "AuthorizationFailed") if is_poll(request) else None)
    result = task()
    assert (result["failed"], result["failure"]["code"]) == (True, "RestoreFailed")


@pytest.mark.parametrize("fails", [None, "Cannot restore: backup expired"])
def test_the_log_tells_whether_an_operation_succeeded_that_answers_with_errors(task: Task, fails: str | None) -> None:
    task.azure.fails = fails
    task.azure.faults.append(lambda request: failure(500, "CloudInternalError") if is_poll(request) else None)
    result = task()
    assert (result["failed"], result["changed"]) == (fails is not None, True)
    if fails:
        assert result["failure"]["code"] == "CloudInternalError"
    assert task.azure.tags("apim-dr")["lifeboat_restore"].startswith("failed " if fails else "restored ")


def test_an_end_that_never_comes_into_the_log_is_told_as_a_guess(task: Task) -> None:
    task.killed(is_restore)
    task.azure.clock.passed += TAKES
    task.azure.send("GET", f"https://arm.test{task.azure.path('apim-dr', 'rg-dr')}", {}, None)
    del task.azure.log[-1]
    result = task()
    assert (result["failed"], result["changed"], result["action"]) == (False, False, "adopted")
    assert any("state of the service alone" in text for text in result["warnings"])
    assert task()["action"] == "none"


def test_a_lost_request_that_was_another_operation_is_no_restore(task: Task) -> None:
    """The answer is lost, the service is busy with something else, and the log never tells of a restore."""

    def lost(request: Sent) -> RawResponse | None:
        if not is_restore(request):
            return None
        task.azure.faults.clear()
        task.azure.begin("apim-dr", None)
        return failure(504, "GatewayTimeout")

    task.azure.faults.append(lost)
    result = task()
    assert (result["failed"], result["failure"]["code"]) == (True, "RestoreFailed") and "never begun" in result["msg"]
    assert task()["changed"] and task.azure.restored == [("apim-dr", NEWEST)]


@pytest.mark.parametrize("options", [{"source_service": "APIM-Prod"}, {"source_service": None, "backup_name": "apim-prod-%Y%m%dT%H%M%SZ"}])
def test_names_of_services_are_compared_as_azure_does(task: Task, options: dict[str, Any]) -> None:
    result = task(**options)
    assert result["changed"] and result["backup"]["name"] == NEWEST


def test_the_tier_is_compared_also_when_the_name_of_the_backup_tells_the_service(task: Task) -> None:
    task.azure.services["apim-prod"]["sku"]["name"] = "Premium"
    for name in (NEWEST, "apim-prod-%Y%m%dT%H%M%SZ"):
        result = task(source_service=None, backup_name=name)
        assert (result["failed"], result["failure"]["code"], task.azure.writes()) == (True, "TierMismatch", []), name


@pytest.mark.parametrize("options", [{}, {"backup_name": NEWEST}])
def test_a_container_that_is_not_there_is_told(task: Task, options: dict[str, Any]) -> None:
    task.azure.faults.append(lambda request: RawResponse(404, {"x-ms-error-code": "ContainerNotFound"}, b"") if ".blob." in request.url else None)
    result = task(**options)
    assert (result["failure"]["code"], task.azure.writes()) == ("BackupNotFound", [])
    assert "There is no container apim in the storage account stdr" in result["msg"]


def test_a_failure_tells_of_service_and_backup(task: Task) -> None:
    task.azure.faults.append(lambda request: failure(403, "AuthorizationFailed") if request.method == "PATCH" else None)
    result = task()
    assert (result["failed"], result["changed"], result["failure"]["code"]) == (True, False, "AuthorizationFailed")
    assert result["service"]["name"] == "apim-dr" and result["backup"]["name"] == NEWEST and result["not_restored"]


def test_after_a_timeout_the_service_is_told_as_it_is(task: Task) -> None:
    result = task(wait_timeout=60)
    assert result["failed"] and result["service"]["provisioning_state"] == "Updating"


@pytest.mark.parametrize("late", [60, 7200])
def test_when_a_restore_ended_that_nobody_watched_is_told_by_the_log(task: Task, late: int) -> None:
    """However late somebody looks."""
    assert task(wait=False)["action"] == "started"
    task.azure.clock.passed += TAKES + late
    result = task()
    assert (result["failed"], result["changed"], result["action"]) == (False, False, "adopted")
    assert abs(result["restore_seconds"] - TAKES) < 60
