# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failures may be sent again, and when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

# Real Azure has answered reads with 500 InternalServerError and 502 InvalidGatewayHost and was fine on the next try.
_NEVER_AGAIN = frozenset({501, 505, 511})
_AFTER_SECONDS = re.compile(r"\b(?:try|retry) again (?:after|in) '?(\d+(?:\.\d+)?)'? ?second", re.IGNORECASE)
_LONGEST_WAIT = 24 * 3600.0


@dataclass(frozen=True)
class RetryPolicy:
    """How patient a call is, in seconds.

    ``patience`` bounds the time spent on failures, ``throttle_patience`` that spent on 429 (Azure's longest window is an
    hour); ``attempts`` bounds both.
    """

    attempts: int = 10
    patience: float = 300.0
    throttle_patience: float = 3900.0
    base: float = 0.8
    longest: float = 60.0

    def backoff(self, attempt: int, chance: float) -> float:
        """Seconds before the next try: doubled each time, half of it by ``chance`` (0..1) so that workers spread out."""
        full = min(self.base * 2.0 ** min(attempt - 1, 30), self.longest)
        return full * (0.5 + chance / 2)


def may_repeat_status(status: int, *, idempotent: bool) -> bool:
    """Whether a request answered like this may be sent again.

    A 429 was not executed. After 408 or 5xx nobody knows (ARM cuts a request at 60 s while the service may go on), so only
    idempotent ones go again.
    """
    if status == 429:
        return True
    return idempotent and is_transient(status)


def is_transient(status: int) -> bool:
    """A status that tells about the moment, not about the request."""
    return status in (408, 429) or (status >= 500 and status not in _NEVER_AGAIN)


def retry_after(headers: Mapping[str, str], message: str, now: datetime) -> float | None:
    """How many seconds the service asks to wait; None when it does not say.

    ``x-ms-retry-after-ms`` and ``retry-after-ms`` first (exact), then Retry-After (seconds or an HTTP date), then the sentence
    "Please try again after '324' seconds." of a ResourceRequestsThrottled message.
    """
    for name in ("x-ms-retry-after-ms", "retry-after-ms"):
        exact = _number(headers.get(name))
        if exact is not None:
            return min(exact / 1000.0, _LONGEST_WAIT)
    value = headers.get("retry-after")
    if value is not None:
        seconds = _number(value)
        if seconds is None:
            seconds = _until(value, now)
        if seconds is not None:
            return min(seconds, _LONGEST_WAIT)
    match = _AFTER_SECONDS.search(message)
    return min(float(match.group(1)), _LONGEST_WAIT) if match else None


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text.strip())
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _until(text: str, now: datetime) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=now.tzinfo)
    return max(0.0, (moment - now).total_seconds())
