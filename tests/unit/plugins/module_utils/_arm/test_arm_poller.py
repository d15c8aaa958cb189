# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long-running operations: which URL, every ending, and the wait."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.calls import Response
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import (
    AuthError,
    HttpError,
    OperationFailed,
    OperationTimeout,
    RefusedUrl,
    TransportError,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.headers import Headers
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.poller import (
    Operation,
    OperationStatus,
    operation_of,
    read_operation,
    result_of,
    wait_for_operation,
)

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    API,
    BASE,
    VAULT,
    FakeClock,
    Tokens,
    Wire,
    answer,
    client_for,
    failure,
    refused,
    reset,
)

STATUS = f"{BASE}{VAULT}/operationsStatus/op-1?api-version=2025-02-01&t=638&c=MIIH&s=x&h=y"
RESULT = f"{BASE}{VAULT}/operationResults/op-1?api-version=2025-02-01&t=638&c=MIIH&s=x&h=y"


def started(status: int, method: str = "PUT", body: Any = None, **headers: str) -> Response:
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return Response(status, named, body, None, method, VAULT, f"{BASE}{VAULT}?api-version=1")


def operation(kind: str = "async", method: str = "PUT", location: str | None = None, url: str | None = None) -> Operation:
    urls = {"async": STATUS, "location": RESULT, "state": f"{BASE}{VAULT}?api-version=1"}
    return Operation("op-1", url or urls[kind], kind, location, method, VAULT, None)  # type: ignore[arg-type]


def state(name: str) -> dict[str, Any]:
    return {"id": "x", "name": "op-1", "status": name}


# Which URL ---------------------------------------------------------------------------------------------------------------


def test_the_status_url_comes_first_then_location_then_the_state() -> None:
    found = operation_of(started(202, Azure_AsyncOperation=STATUS, Location=RESULT, Retry_After="60"))
    assert found == Operation("op-1", STATUS, "async", RESULT, "PUT", VAULT, 60.0)
    assert operation_of(started(202, Operation_Location=STATUS)).kind == "async"  # type: ignore[union-attr]
    assert operation_of(started(200, Azure_AsyncOperation=STATUS)).kind == "async"  # type: ignore[union-attr]
    found = operation_of(started(202, "POST", Location=RESULT))
    assert (found.kind, found.id, found.url) == ("location", "op-1", RESULT)  # type: ignore[union-attr]
    found = operation_of(started(201, body={"properties": {"provisioningState": "Creating"}}))
    assert (found.kind, found.id, found.url) == ("state", None, f"{BASE}{VAULT}?api-version=1")  # type: ignore[union-attr]


def test_a_caller_may_prefer_location() -> None:
    both = started(202, "POST", Azure_AsyncOperation=STATUS, Location=RESULT)
    assert operation_of(both, prefer="location").kind == "location"  # type: ignore[union-attr]
    assert operation_of(started(202, Azure_AsyncOperation=STATUS), prefer="location").kind == "async"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "response",
    [
        started(200, body={"properties": {"provisioningState": "Succeeded"}}),
        started(200, body={"id": "x"}),
        started(200),
        started(204, "DELETE"),
        started(200, Location=RESULT),
        started(201, Location=f"{BASE}{VAULT}?api-version=1"),
        started(202, "POST"),
    ],
)
def test_what_is_done_at_once_is_no_operation(response: Response) -> None:
    assert operation_of(response) is None


def test_a_201_that_points_to_itself_is_followed_by_its_state() -> None:
    found = operation_of(started(201, body={"properties": {"provisioningState": "Provisioning"}}, Location=f"{BASE}{VAULT.lower()}?api-version=1"))
    assert found is not None and found.kind == "state"


# One look ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(200, state("InProgress")), "running"),
        (answer(200, state("Accepted")), "running"),
        (answer(200, state("Succeeded")), "succeeded"),
        (answer(200, state("SUCCEEDED")), "succeeded"),
        (answer(200, state("Failed")), "failed"),
        (answer(200, state("Canceled")), "canceled"),
        (answer(202, state("InProgress")), "running"),
        (answer(202), "running"),
        (answer(204), "succeeded"),
        (answer(200), "running"),
        (answer(200, {"properties": {"provisioningState": "Succeeded"}}), "succeeded"),
        (answer(200, {"properties": {"provisioningState": "Updating"}}), "running"),
        (answer(200, b"<html>"), "running"),
    ],
)
def test_the_status_monitor(reply: Any, expected: str) -> None:
    assert read_operation(client_for(Wire(reply)), operation()).state == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(202), "running"),
        (answer(202, state("Succeeded")), "running"),
        (answer(200), "succeeded"),
        (answer(201, {"id": "x"}), "succeeded"),
        (answer(204), "succeeded"),
        (answer(200, {"status": "InProgress"}), "running"),
        (answer(200, {"status": "Failed", "error": {"code": "X", "message": "m"}}), "failed"),
        (answer(200, {"type": "T", "status": "online", "properties": {}}), "succeeded"),
    ],
)
def test_the_location(reply: Any, expected: str) -> None:
    assert read_operation(client_for(Wire(reply)), operation("location", "POST")).state == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(200, {"properties": {"provisioningState": "Creating"}}), "running"),
        (answer(200, {"properties": {"provisioningState": "Succeeded"}}), "succeeded"),
        (answer(200, {"properties": {}}), "succeeded"),
        (answer(200, {"properties": {"provisioningState": "Failed", "error": {"code": "X", "message": "m"}}}), "failed"),
    ],
)
def test_the_provisioning_state(reply: Any, expected: str) -> None:
    assert read_operation(client_for(Wire(reply)), operation("state")).state == expected


@pytest.mark.parametrize(
    "trouble",
    [
        failure(500, "InternalServerError"),
        failure(502, "InvalidGatewayHost"),
        failure(503, "X"),
        failure(408, "X"),
        failure(404, "ResourceNotFound"),
        reset(),
        refused(),
    ],
)
def test_what_could_not_be_read_is_unknown_yet(trouble: Any) -> None:
    wire = Wire(trouble)
    status = read_operation(client_for(wire), operation())
    assert status.state == "running"
    assert status.error is not None
    assert len(wire.sent) == 1


def test_a_429_on_a_status_read_hands_on_how_long_to_wait() -> None:
    client = client_for(Wire(failure(429, "ResourceRequestsThrottled", Retry_After="77")))
    assert read_operation(client, operation()).retry_after == 77
    assert read_operation(client, operation()).retry_after == 77, "the pause is known; nothing was sent"


@pytest.mark.parametrize("trouble", [failure(400, "BadRequest"), failure(403, "AuthorizationFailed"), failure(410, "Gone")])
def test_what_will_not_get_better_is_raised(trouble: Any) -> None:
    with pytest.raises(HttpError):
        read_operation(client_for(Wire(trouble)), operation())


def test_a_rejected_token_and_a_bad_certificate_are_raised() -> None:
    with pytest.raises(AuthError):
        read_operation(client_for(Wire(failure(401, "X")), tokens=Tokens(most=1)), operation())
    with pytest.raises(TransportError):
        read_operation(client_for(Wire(TransportError("no", permanent=True))), operation())


@pytest.mark.parametrize("url", ["https://evil.test/op-1", "http://arm.test/op-1"])
def test_a_status_url_elsewhere_is_refused(url: str) -> None:
    wire = Wire()
    with pytest.raises(RefusedUrl):
        read_operation(client_for(wire), operation(url=url))
    assert wire.sent == []


def test_gone_is_success_only_for_those_who_say_so() -> None:
    gone = failure(404, "ResourceNotFound", x_ms_failure_cause="gateway")
    assert read_operation(client_for(Wire(gone)), operation(method="DELETE"), gone_is_success=True).state == "succeeded"
    assert read_operation(client_for(Wire(gone)), operation(method="DELETE")).state == "running"
    assert read_operation(client_for(Wire(gone)), operation("state", "DELETE")).state == "succeeded"


def test_a_failure_inside_http_200_becomes_an_error_with_a_hint() -> None:
    body = {
        **state("Failed"),
        "startTime": "5/30/2025 7:51:21 AM",
        "error": {"code": "BMSUserErrorVaultDeletionNotPermitted", "message": "holds web-01", "target": "web-01"},
    }
    client = client_for(Wire(answer(200, body, x_ms_request_id="r-9")), hints={"BMSUserErrorVaultDeletionNotPermitted": "Purge first."})
    status = read_operation(client, operation(method="DELETE"))
    assert status.error is not None
    assert status.error.as_failure() == {
        "code": "BMSUserErrorVaultDeletionNotPermitted",
        "message": "holds web-01",
        "target": "web-01",
        "request_id": "r-9",
        "operation": "DELETE vaults/vault-a",
        "hint": "Purge first.",
    }


@pytest.mark.parametrize(("name", "code"), [("Failed", "OperationFailed"), ("Canceled", "OperationCanceled")])
def test_an_end_without_a_reason_still_has_a_code(name: str, code: str) -> None:
    status = read_operation(client_for(Wire(answer(200, state(name)))), operation())
    assert status.error is not None and status.error.code == code
    assert "gave no reason" in status.error.message


# The wait ----------------------------------------------------------------------------------------------------------------


def follow(wire: Wire, clock: FakeClock, what: Operation | None = None, **more: Any) -> OperationStatus:
    settings: dict[str, Any] = {"timeout": 3600, "interval": 30, **more}
    tokens = settings.pop("tokens", None)
    return wait_for_operation(client_for(wire, clock, tokens), what or operation(), **settings)


def test_the_first_look_comes_early_and_then_by_the_interval() -> None:
    clock = FakeClock()
    wire = Wire(answer(200, state("InProgress")), answer(200, state("InProgress")), answer(200, state("Succeeded")))
    assert follow(wire, clock).body == state("Succeeded")
    assert clock.sleeps == [2.0, 30, 30]


def test_a_longer_retry_after_wins_a_shorter_one_does_not() -> None:
    clock = FakeClock()
    wire = Wire(
        answer(200, state("InProgress"), Retry_After="60"),
        answer(200, state("InProgress"), Retry_After="5"),
        answer(200, state("InProgress"), x_ms_retry_after_ms="45000"),
        answer(200, state("Succeeded")),
    )
    follow(wire, clock)
    assert clock.sleeps == [2.0, 60, 30, 45]


def test_bad_reads_on_the_way_do_not_end_the_wait() -> None:
    wire = Wire(
        failure(500, "InternalServerError"),
        failure(502, "InvalidGatewayHost"),
        reset(),
        failure(404, "ResourceNotFound"),
        failure(429, "ResourceRequestsThrottled", "try again after '100' seconds"),
        answer(200, b"{"),
        answer(200, state("Succeeded")),
    )
    assert follow(wire, FakeClock()).state == "succeeded"


def test_the_token_is_renewed_in_the_middle_of_a_wait() -> None:
    wire = Wire(answer(200, state("InProgress")), failure(401, "ExpiredAuthenticationToken"), answer(200, state("Succeeded")))
    follow(wire, FakeClock())
    assert [sent.headers["Authorization"] for sent in wire.sent] == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_newer_url_is_used_from_then_on() -> None:
    newer = STATUS.replace("t=638", "t=639")
    wire = Wire(answer(200, state("InProgress"), Azure_AsyncOperation=newer), answer(200, state("Succeeded")))
    follow(wire, FakeClock())
    assert [sent.url for sent in wire.sent] == [STATUS, newer]
    newer = RESULT.replace("t=638", "t=639")
    wire = Wire(answer(202, None, Location=newer), answer(204))
    follow(wire, FakeClock(), operation("location", "POST"))
    assert [sent.url for sent in wire.sent] == [RESULT, newer]


def test_a_newer_url_elsewhere_is_refused() -> None:
    wire = Wire(answer(200, state("InProgress"), Azure_AsyncOperation="https://evil.test/op"))
    with pytest.raises(RefusedUrl):
        follow(wire, FakeClock())
    assert len(wire.sent) == 1


@pytest.mark.parametrize("name", ["Failed", "Canceled"])
def test_a_bad_end_is_raised(name: str) -> None:
    with pytest.raises(OperationFailed) as caught:
        follow(Wire(answer(200, {**state(name), "error": {"code": "UserErrorX", "message": "m"}})), FakeClock())
    assert caught.value.code == "UserErrorX"


def test_a_timeout_carries_the_last_state_and_what_to_resume_from() -> None:
    clock = FakeClock()
    with pytest.raises(OperationTimeout) as caught:
        follow(Wire(answer(200, state("InProgress")), forever=True), clock, timeout=100)
    assert clock.passed == 100
    error = caught.value
    assert error.last_state == "InProgress"
    assert error.resume == {"operation_id": "op-1", "operation_url": f"{BASE}{VAULT}/operationsStatus/op-1?api-version=2025-02-01"}
    assert "after 100 s" in error.message
    assert "MIIH" not in str(error.as_failure())


def test_a_timeout_after_bad_reads_says_that_too() -> None:
    with pytest.raises(OperationTimeout, match="InternalServerError") as caught:
        follow(Wire(failure(500, "InternalServerError"), forever=True), FakeClock(), timeout=50)
    assert caught.value.last_state == "running"


def test_no_time_at_all_still_takes_one_look() -> None:
    assert follow(Wire(answer(200, state("Succeeded"))), FakeClock(), timeout=0).state == "succeeded"
    with pytest.raises(OperationTimeout):
        follow(Wire(answer(200, state("InProgress"))), FakeClock(), timeout=0)


def test_an_operation_that_stays_unknown_for_a_minute_is_lost() -> None:
    clock = FakeClock()
    with pytest.raises(OperationFailed) as caught:
        follow(Wire(failure(404, "ResourceNotFound"), forever=True), clock)
    assert caught.value.code == "OperationNotFound"
    assert caught.value.ambiguous
    assert clock.passed >= 60


def test_short_404s_with_reads_in_between_are_not_added_up() -> None:
    gone, running = failure(404, "ResourceNotFound"), answer(200, state("InProgress"))
    wire = Wire(gone, gone, running, gone, gone, answer(200, state("Succeeded")))
    assert follow(wire, FakeClock(), interval=50).state == "succeeded"


def test_a_vault_that_takes_its_operations_with_it_is_deleted() -> None:
    wire = Wire(answer(200, state("InProgress")), failure(404, "ResourceNotFound"))
    assert follow(wire, FakeClock(), operation(method="DELETE"), gone_is_success=True).state == "succeeded"


# The result --------------------------------------------------------------------------------------------------------------


def test_results() -> None:
    done = OperationStatus("succeeded", {"properties": {"output": {"a": 1}}})
    assert result_of(client_for(Wire(answer(200, {"id": "v"}))), operation(), done, API) == {"id": "v"}
    assert result_of(client_for(Wire()), operation(method="POST"), done, API) == {"a": 1}
    assert result_of(client_for(Wire()), operation(method="POST"), OperationStatus("succeeded"), API) is None
    wire = Wire(answer(200, {"validated": 1}))
    assert result_of(client_for(wire), operation(method="POST", location=RESULT), done, API) == {"validated": 1}
    assert wire.sent[0].url == RESULT
    assert result_of(client_for(Wire()), operation("location", "POST"), done, API) == done.body
    assert result_of(client_for(Wire()), operation(method="DELETE"), done, API) is None
