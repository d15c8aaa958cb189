# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup or restore is asked for once, followed to its end whatever can be read of it, and never lost."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.operations import Run, adopt, follow, start
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.service import Service, parse_service
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OperationFailed, OperationTimeout
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._waiting import Waiting
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    BASE,
    SUB,
    FakeClock,
    Wire,
    answer,
    client_for,
    failure,
    reset,
)

PATH = f"/subscriptions/{SUB}/resourceGroups/rg-api/providers/Microsoft.ApiManagement/service/api-prod"
# As recorded: a doubled slash, and an id that ends with =.
RESULT = f"{BASE}{PATH}//operationresults/d2VzdHVzX0JhY2t1cF8x==?api-version=2022-08-01&t=638&c=MII&s=signed&h=hash"
MOVED = f"{BASE}{PATH}/operationResults/d2VzdHVzX0JhY2t1cF8x==?api-version=2022-08-01&t=639&c=MII&s=again&h=hash"
BODY = {"storageAccount": "stdr", "containerName": "apim", "backupName": "b1", "accessType": "AccessKey", "accessKey": "c2VjcmV0c2VjcmV0"}


def resource(state: str = "Succeeded", **more: Any) -> dict[str, Any]:
    return {
        "id": PATH,
        "name": "api-prod",
        "type": "Microsoft.ApiManagement/service",
        "location": "West US",
        "sku": {"name": "Developer", "capacity": 1},
        "properties": {"provisioningState": state},
        **more,
    }


def told(state: str = "Succeeded") -> RawResponse:
    return answer(200, resource(state))


def accepted() -> RawResponse:
    return answer(202, None, location=RESULT)


def running(url: str = RESULT) -> RawResponse:
    return answer(202, None, location=url)


SERVICE = parse_service(resource())


def waiting(clock: FakeClock, seconds: float = 3600.0, said: list[str] | None = None) -> Waiting:
    lines = said if said is not None else []
    return Waiting(True, 30.0, lambda: max(0.0, seconds - clock.passed), lambda done, total, text: lines.append(text))


def go(wire: Wire, *, seconds: float = 3600.0, landed: Callable[[], bool] = lambda: False, action: Any = "backup") -> Run:
    clock = FakeClock()
    client = client_for(wire, clock)
    run = start(client, SERVICE, action, BODY, waiting(clock, seconds), landed=landed)
    return follow(client, run, waiting(clock, seconds))


def posts(wire: Wire) -> int:
    return wire.methods.count("POST")


def test_location_is_followed_verbatim_and_where_it_moves() -> None:
    wire = Wire(accepted(), running(), running(MOVED), running(MOVED), told(), told())
    run = go(wire)
    assert (run.sent, run.ended, run.notes) == (True, True, ())
    assert run.service.succeeded
    assert wire.sent[0].url == f"{BASE}{PATH}/backup?api-version=2022-08-01"
    assert [request.url for request in wire.sent[1:5]] == [RESULT, RESULT, MOVED, MOVED]


def test_a_service_that_is_updating_for_a_moment_after_the_end_is_waited_for() -> None:
    wire = Wire(accepted(), told("Updating"), told("Updating"), told())
    assert go(wire).service.succeeded


def test_what_is_unknown_now_may_be_known_later() -> None:
    wire = Wire(accepted(), failure(500, "InternalServerError"), failure(429, "TooManyRequests", Retry_After="1"), running(), reset(), told(), told())
    assert go(wire).ended


def test_an_error_at_the_end_is_the_failure_of_the_operation() -> None:
    text = "Cannot restore: current SKU is 'StandardV2', backup SKU is 'Standard'"
    wire = Wire(accepted(), running(), failure(400, "RestoreFailed", text, x_ms_request_id="req-7"))
    with pytest.raises(OperationFailed) as caught:
        go(wire, action="restore")
    error = caught.value
    assert (error.code, error.message, error.request_id, error.operation) == ("RestoreFailed", text, "req-7", "POST service/api-prod/restore")


def test_a_lasting_500_is_a_doubt_once_the_service_has_ended_what_it_did() -> None:
    """Azure has answered so for operations that had succeeded: what the operation leaves must tell."""
    broken = failure(500, "BackupFailed", "no luck")
    run = go(Wire(accepted(), broken, broken, broken, told("Updating"), broken, told(), forever=True))
    assert run.ended and run.doubt is not None and (run.doubt.code, run.doubt.operation) == ("BackupFailed", "POST service/api-prod/backup")
    with pytest.raises(OperationFailed, match="BackupFailed"):
        go(Wire(accepted(), broken, broken, broken, told("Failed"), forever=True))


def test_an_operation_that_azure_forgot_ends_with_the_service() -> None:
    gone = failure(404, "ResourceNotFound")
    wire = Wire(accepted(), gone, gone, gone, told(), told(), told(), forever=True)
    run = go(wire)
    assert run.ended
    assert "does not know the operation" in run.notes[0]


@pytest.mark.parametrize(
    "unread", [failure(429, "TooManyRequests", Retry_After="1"), failure(502, "InvalidGatewayHost"), reset(), answer(200, b"<html>a proxy</html>")]
)
def test_what_cannot_be_read_any_more_is_no_failure_of_what_has_ended(unread: Any) -> None:
    wire = Wire(accepted(), unread, unread, unread, told(), told(), told(), forever=True)
    run = go(wire)
    assert run.ended and "could not be followed" in run.notes[0]


@pytest.mark.parametrize("code", ["MissingApiVersionParameter", "NoRegisteredProviderFound"])
def test_a_location_that_resource_manager_does_not_hand_on_loses_nothing(code: str) -> None:
    bare = answer(202, None, location=RESULT.partition("?")[0])
    wire = Wire(bare, failure(400, code, "The api-version query parameter (?api-version=) is required."), told("Updating"), told())
    run = go(wire)
    assert run.ended and code in run.notes[0]
    assert wire.sent[1].url == RESULT.partition("?")[0]


@pytest.mark.parametrize("final", [answer(204), answer(200, {"status": "Succeeded"}), answer(200, []), answer(201, resource("Updating"))])
def test_any_other_success_at_the_end_is_one(final: Any) -> None:
    wire = Wire(accepted(), running(), final, told("Updating"), told("SUCCEEDED"))
    assert go(wire).ended and not wire.answers


@pytest.mark.parametrize("states", [["Updating", "Updating", "Succeeded"], ["Succeeded", "Updating", "Succeeded"], ["Succeeded", "Succeeded", "Succeeded"]])
def test_a_result_that_may_not_be_read_is_told_by_the_service(states: list[str]) -> None:
    """Also one that shows a moment late, and one that was over before anybody looked."""
    wire = Wire(accepted(), failure(403, "AuthorizationFailed"), *(told(state) for state in states), forever=True)
    run = go(wire)
    assert run.ended and run.service.succeeded
    assert "operationresults/read" in run.notes[0]
    assert posts(wire) == 1
    assert len(wire.sent) >= 3


def test_a_service_that_is_not_succeeded_at_the_end_is_a_failure() -> None:
    wire = Wire(accepted(), failure(403, "AuthorizationFailed"), told("Updating"), told("Failed"))
    with pytest.raises(OperationFailed) as caught:
        go(wire)
    assert caught.value.code == "ServiceNotSucceeded"
    assert "Failed" in caught.value.message


def test_a_location_on_another_host_gets_no_token_and_loses_nothing() -> None:
    elsewhere = answer(202, None, location="https://elsewhere.test/operationresults/1?api-version=2022-08-01")
    wire = Wire(elsewhere, told("Updating"), told())
    run = go(wire)
    assert run.ended
    assert all(request.url.startswith(BASE) for request in wire.sent)


@pytest.mark.parametrize("lost", [reset(), failure(500, "InternalServerError"), failure(504, "GatewayTimeout")])
def test_a_lost_answer_is_looked_for_in_the_service_and_adopted(lost: Any) -> None:
    wire = Wire(lost, told("Updating"), told("Updating"), told())
    run = go(wire)
    assert (run.sent, run.ended) == (True, True)
    assert posts(wire) == 1
    assert "lost" in run.notes[0]


def test_a_lost_answer_whose_backup_is_there_is_the_end() -> None:
    wire = Wire(reset(), told(), told())
    assert go(wire, landed=lambda: True).ended
    assert posts(wire) == 1


def test_what_was_not_started_is_sent_again_once() -> None:
    wire = Wire(reset(), told(), told(), accepted(), told(), told())
    assert go(wire).ended
    assert posts(wire) == 2


def test_it_is_not_sent_a_third_time() -> None:
    wire = Wire(reset(), told(), told(), reset(), told(), told())
    with pytest.raises(ArmError) as caught:
        go(wire)
    assert caught.value.ambiguous
    assert posts(wire) == 2


def test_a_second_request_that_finds_the_first_in_the_way_adopts_it() -> None:
    wire = Wire(reset(), told(), told(), failure(409, "ServiceLocked"), told("Updating"), told())
    assert go(wire).ended


def test_a_look_that_fails_after_a_lost_answer_tells_of_the_lost_answer() -> None:
    wire = Wire(reset(), failure(403, "AuthorizationFailed"))
    with pytest.raises(ArmError) as caught:
        go(wire)
    assert caught.value.ambiguous
    assert caught.value.code == "ConnectionFailed"


def test_a_service_that_is_busy_refuses_with_what_to_do() -> None:
    wire = Wire(failure(409, "ServiceLocked"))
    with pytest.raises(ArmError, match="waits for that one first"):
        go(wire)


def test_a_timeout_carries_what_to_go_on_from_and_no_signature() -> None:
    wire = Wire(accepted(), running(), running(), running(), told("Updating"))
    with pytest.raises(OperationTimeout) as caught:
        go(wire, seconds=50)
    failed = caught.value.as_failure()
    assert failed["last_state"] == "Updating"
    assert failed["resume"] == {
        "service_id": PATH,
        "operation_id": "d2VzdHVzX0JhY2t1cF8x==",
        "operation_url": f"{BASE}{PATH}//operationresults/d2VzdHVzX0JhY2t1cF8x==?api-version=2022-08-01",
    }
    assert "signed" not in str(failed) and BODY["accessKey"] not in str(failed)


def test_a_token_that_ends_while_waiting_loses_nothing() -> None:
    wire = Wire(accepted(), failure(401, "ExpiredAuthenticationToken"), failure(401, "ExpiredAuthenticationToken"))
    with pytest.raises(OperationTimeout) as caught:
        go(wire)
    assert caught.value.code == "ExpiredAuthenticationToken"
    assert caught.value.as_failure()["resume"]["operation_id"] == "d2VzdHVzX0JhY2t1cF8x=="


def test_a_200_is_the_end_already() -> None:
    wire = Wire(answer(200, resource()), told())
    assert go(wire).ended
    assert len(wire.sent) == 2


def test_what_somebody_else_started_is_followed_by_state() -> None:
    clock = FakeClock()
    said: list[str] = []
    busy: Service = parse_service(resource("Updating"))
    wire = Wire(told("Updating"), told("Updating"), told())
    run = follow(client_for(wire, clock), adopt(busy, "restore"), waiting(clock, said=said))
    assert (run.sent, run.ended) == (False, True)
    assert said == ["api-prod: restore runs"] * 2


def test_start_does_not_wait() -> None:
    clock = FakeClock()
    wire = Wire(accepted())
    run = start(client_for(wire, clock), SERVICE, "restore", BODY, waiting(clock), landed=lambda: False)
    assert run.sent and not run.ended
    assert run.resume["operation_id"] == "d2VzdHVzX0JhY2t1cF8x=="
    assert clock.sleeps == []
