# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client sends again, what it never does, and how long it waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, HttpError, ReadOnlyViolation, TransportError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.retry import RetryPolicy

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    API,
    VAULT,
    FakeClock,
    Wire,
    answer,
    client_for,
    failure,
    refused,
    reset,
)

Write = Callable[[ArmClient], Any]
IDEMPOTENT_WRITES: dict[str, Write] = {
    "PUT": lambda client: client.put(VAULT, API, {"a": 1}),
    "PATCH": lambda client: client.patch(VAULT, API, {"a": 1}),
    "DELETE": lambda client: client.delete(VAULT, API),
}


@pytest.mark.parametrize(
    "trouble",
    [failure(500, "InternalServerError"), failure(408, "X"), answer(502, b"<html>bad</html>"), failure(504, "GatewayTimeout"), answer(503)],
)
def test_reads_outlive_passing_trouble(trouble: Any) -> None:
    clock = FakeClock()
    wire = Wire(trouble, trouble, answer(200, {"ok": 1}))
    assert client_for(wire, clock).get(VAULT, API).body == {"ok": 1}
    assert clock.sleeps == [0.4, 0.8]
    ids = {sent.headers["x-ms-client-request-id"] for sent in wire.sent}
    assert len(ids) == 1, "one id a logical call"


@pytest.mark.parametrize("trouble", [reset(), refused()])
def test_reads_outlive_lost_connections(trouble: Exception) -> None:
    wire = Wire(trouble, answer(200, {"ok": 1}))
    assert client_for(wire).get(VAULT, API).body == {"ok": 1}


def test_retry_after_counts_more_than_the_backoff() -> None:
    clock = FakeClock()
    client_for(Wire(failure(503, "X", Retry_After="7"), answer(200, {})), clock).get(VAULT, API)
    assert clock.sleeps == [7.0]


def test_a_malformed_answer_to_a_read_is_asked_again_and_then_an_error() -> None:
    wire = Wire(answer(200, b'{"value": [1,'), answer(200, {"ok": 1}))
    assert client_for(wire).get(VAULT, API).body == {"ok": 1}
    with pytest.raises(HttpError) as caught:
        client_for(Wire(answer(200, b"<html>"), forever=True)).get(VAULT, API)
    assert caught.value.code == "MalformedBody"
    assert "10 tries" in caught.value.message


def test_empty_and_bom_bodies_are_fine() -> None:
    client = client_for(Wire(answer(200), answer(204), answer(200, b"\xef\xbb\xbf" + b'{"a": 1}')))
    assert client.get(VAULT, API).body is None
    assert client.get(VAULT, API).body is None
    assert client.get(VAULT, API).body == {"a": 1}


def test_a_write_that_got_its_2xx_is_done_whatever_the_body_says() -> None:
    wire = Wire(answer(202, b"<html>"), answer(202, b"{"))
    client = client_for(wire)
    assert client.post(f"{VAULT}/x", API).body is None
    assert client.put(VAULT, API, {}).body is None
    assert len(wire.sent) == 2


@pytest.mark.parametrize("verb", sorted(IDEMPOTENT_WRITES))
@pytest.mark.parametrize("trouble", [failure(500, "X"), failure(429, "TooManyRequests", Retry_After="1"), reset(), refused()])
def test_idempotent_writes_go_again(verb: str, trouble: Any) -> None:
    wire = Wire(trouble, answer(202))
    assert IDEMPOTENT_WRITES[verb](client_for(wire)).status == 202
    assert wire.methods == [verb, verb]


@pytest.mark.parametrize("trouble", [failure(500, "X"), failure(502, "X"), failure(503, "X", Retry_After="1"), failure(504, "X"), failure(408, "X"), reset()])
def test_a_post_is_never_sent_again_when_it_may_have_been_executed(trouble: Any) -> None:
    wire = Wire(trouble)
    with pytest.raises(ArmError) as caught:
        client_for(wire).post(f"{VAULT}/x/backup", API, {"a": 1})
    assert caught.value.ambiguous
    assert "not known whether" in (caught.value.hint or "")
    assert len(wire.sent) == 1


@pytest.mark.parametrize("trouble", [failure(429, "TooManyRequests", Retry_After="1"), refused()])
def test_a_post_that_was_surely_not_executed_goes_again(trouble: Any) -> None:
    wire = Wire(trouble, answer(202))
    assert client_for(wire).post(f"{VAULT}/x/backup", API, {}).status == 202
    assert len(wire.sent) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 501])
def test_a_post_that_was_refused_is_clear(status: int) -> None:
    wire = Wire(failure(status, "No"))
    with pytest.raises(HttpError) as caught:
        client_for(wire).post(f"{VAULT}/x/backup", API, {})
    assert not caught.value.ambiguous
    assert len(wire.sent) == 1


def test_a_post_that_never_gets_through_is_not_ambiguous() -> None:
    with pytest.raises(TransportError) as caught:
        client_for(Wire(refused(), forever=True)).post(f"{VAULT}/x/backup", API, {})
    assert not caught.value.ambiguous
    assert caught.value.operation == "POST x/backup"


def test_a_post_refused_first_and_reset_then_is_ambiguous() -> None:
    wire = Wire(refused(), reset())
    with pytest.raises(TransportError) as caught:
        client_for(wire).post(f"{VAULT}/x/backup", API, {})
    assert caught.value.ambiguous
    assert len(wire.sent) == 2


def test_a_query_is_a_post_that_goes_again_and_is_allowed_in_check_mode() -> None:
    wire = Wire(failure(500, "X"), reset(), answer(200, {"protectionStatus": "Protected"}))
    client = client_for(wire, read_only=True)
    assert client.query(f"{VAULT}/backupStatus", API, {"a": 1}).body == {"protectionStatus": "Protected"}
    assert wire.methods == ["POST"] * 3


def test_a_query_that_fails_for_good_is_not_ambiguous() -> None:
    with pytest.raises(HttpError) as caught:
        client_for(Wire(failure(500, "X"), forever=True)).query(f"{VAULT}/x", API, {})
    assert not caught.value.ambiguous


@pytest.mark.parametrize("write", [*IDEMPOTENT_WRITES.values(), lambda client: client.post(VAULT, API)])
def test_a_read_only_client_sends_no_write(write: Write) -> None:
    wire = Wire()
    with pytest.raises(ReadOnlyViolation):
        write(client_for(wire, read_only=True))
    assert wire.sent == []


def test_a_delete_whose_first_answer_got_lost_ends_well_with_404() -> None:
    response = client_for(Wire(reset(), failure(404, "ResourceNotFound"))).delete(VAULT, API)
    assert (response.status, response.body) == (204, None)
    with pytest.raises(HttpError):
        client_for(Wire(refused(), failure(404, "ResourceNotFound"))).delete(VAULT, API)
    with pytest.raises(HttpError):
        client_for(Wire(failure(404, "ResourceNotFound"))).delete(VAULT, API)


def test_patience_ends_by_number_and_by_time() -> None:
    wire = Wire(failure(500, "X", "broken"), forever=True)
    with pytest.raises(HttpError) as caught:
        client_for(wire, retry=RetryPolicy(attempts=3)).get(VAULT, API)
    assert len(wire.sent) == 3
    assert caught.value.message == "broken (the last of 3 tries)"
    wire = Wire(failure(503, "X", Retry_After="200"), forever=True)
    clock = FakeClock()
    with pytest.raises(HttpError):
        client_for(wire, clock).get(VAULT, API)
    assert clock.sleeps == [200.0]


def test_a_put_given_up_after_a_reset_says_so() -> None:
    with pytest.raises(ArmError) as caught:
        client_for(Wire(reset(), failure(409, "Conflict"))).put(VAULT, API, {})
    assert caught.value.ambiguous


def test_what_cannot_be_sent_at_all_is_not_tried_again() -> None:
    wire = Wire(TransportError("not trusted", sent=False, permanent=True, code="CertificateNotTrusted"))
    with pytest.raises(TransportError) as caught:
        client_for(wire).get(VAULT, API)
    assert (caught.value.code, caught.value.ambiguous) == ("CertificateNotTrusted", False)


# 429 ---------------------------------------------------------------------------------------------------------------------


def test_a_429_waits_as_long_as_the_message_says_and_does_not_count_as_a_failure() -> None:
    clock = FakeClock()
    throttled = failure(429, "ResourceRequestsThrottled", "exceeded the limit of '150'. Please try again after '324' seconds.")
    wire = Wire(throttled, throttled, throttled, answer(200, {}))
    client_for(wire, clock, retry=RetryPolicy(attempts=1)).get(f"{VAULT}/backupJobs", API)
    assert clock.passed == pytest.approx(3 * 324)


def test_a_429_of_one_worker_holds_the_others_of_its_class() -> None:
    clock = FakeClock()
    wire = Wire(failure(429, "ResourceRequestsThrottled", Retry_After="300"), answer(200, {}), answer(200, {}), answer(200, {}))
    client = client_for(wire, clock, retry=RetryPolicy(throttle_patience=100))
    with pytest.raises(HttpError) as caught:
        client.get(f"{VAULT}/backupJobs", API)
    assert caught.value.status == 429
    with pytest.raises(HttpError) as second:
        client.get(f"{VAULT}/backupJobs/one", API)
    assert (second.value.status, second.value.retry_after) == (429, 300)
    assert len(wire.sent) == 1, "the second was never sent"
    assert client.get(f"{VAULT}/backupProtectedItems", API).status == 200
    assert client.budget(f"{VAULT}/backupJobs").paused == 300
    clock.sleep(300)
    assert client.get(f"{VAULT}/backupJobs/one", API).status == 200


def test_a_429_that_never_ends_is_an_error_with_advice() -> None:
    with pytest.raises(HttpError) as caught:
        client_for(Wire(failure(429, "ResourceRequestsThrottled", Retry_After="600"), forever=True)).get(VAULT, API)
    assert caught.value.code == "ResourceRequestsThrottled"
    assert "parallel" in (caught.value.hint or "")
    assert not caught.value.ambiguous


def test_the_budget_comes_from_the_headers() -> None:
    client = client_for(Wire(answer(200, {}, x_ms_ratelimit_remaining_subscription_resource_requests="248")))
    assert client.budget(f"{VAULT}/backupJobs").remaining is None
    client.get(f"{VAULT}/backupJobs", API)
    assert client.budget(f"{VAULT}/backupJobs/any-job")[:2] == (248, 248)


def test_get_once_neither_waits_nor_repeats() -> None:
    clock = FakeClock()
    wire = Wire(failure(500, "X"), reset(), failure(429, "TooManyRequests", Retry_After="50"))
    client = client_for(wire, clock)
    for kind in (HttpError, TransportError, HttpError):
        with pytest.raises(kind):
            client.get_once(f"{VAULT}/backupJobs", API)
    with pytest.raises(HttpError) as caught:
        client.get_once(f"{VAULT}/backupJobs", API)
    assert (caught.value.status, caught.value.retry_after) == (429, 50)
    assert len(wire.sent) == 3
    assert clock.sleeps == []
