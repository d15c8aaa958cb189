# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a request may go again, and how long the service asks to wait."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.retry import (
    RetryPolicy,
    is_transient,
    may_repeat_status,
    retry_after,
)

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry-after": "60"}, "", 60.0),
        ({"retry-after": " 1.5 "}, "", 1.5),
        ({"retry-after": "Thu, 01 Jan 2026 00:01:30 GMT"}, "", 90.0),
        ({"retry-after": "Wed, 31 Dec 2025 23:00:00 GMT"}, "", 0.0),
        ({"retry-after": "60", "retry-after-ms": "250"}, "", 0.25),
        ({"retry-after": "1", "x-ms-retry-after-ms": "40"}, "", 0.04),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "-5"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "999999999"}, "", 86400.0),
        ({}, "exceeded the limit of '150' for time interval '01:00:00'. Please try again after '324' seconds.", 324.0),
        ({"retry-after": "5"}, "Please try again after '324' seconds.", 5.0),
        ({}, "no word of it", None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], message: str, seconds: float | None) -> None:
    assert retry_after(headers, message, NOW) == seconds


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
def test_idempotent_calls_go_again_after_passing_trouble(status: int) -> None:
    assert is_transient(status)
    assert may_repeat_status(status, idempotent=True)
    assert may_repeat_status(status, idempotent=False) is (status == 429)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 501, 505])
def test_what_will_not_change_is_not_sent_again(status: int) -> None:
    assert not may_repeat_status(status, idempotent=True)


def test_backoff_doubles_up_to_its_ceiling_and_spreads() -> None:
    policy = RetryPolicy(base=1.0, longest=10.0)
    assert [policy.backoff(attempt, 1.0) for attempt in (1, 2, 3, 4, 5, 99)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert policy.backoff(3, 0.0) == 2.0
