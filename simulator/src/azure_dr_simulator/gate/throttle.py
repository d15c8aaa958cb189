# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throttling of ARM, as three profiles on the virtual clock.

`2023`: fixed hourly windows; Recovery Services counts per action and subscription (150 job reads an hour).
`2026`: token buckets that refill within seconds, and answers that do not always carry a counter.
`off`: no limits, no counters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..clock import Clock
from ..replies import AzureError
from .actions import Action

Profile = Literal["2023", "2026", "off"]
PROFILES: tuple[Profile, ...] = ("2023", "2026", "off")

_HOUR = 3600.0


@dataclass(frozen=True)
class Limit:
    """`per_second` None: so many in a fixed hour. Else a bucket of `capacity` tokens that refills."""

    capacity: int
    per_second: float | None = None


@dataclass(frozen=True)
class _Class:
    """What one request is counted as."""

    key: str
    limit: Limit
    header: str
    """Suffix of `x-ms-ratelimit-remaining-subscription-`."""


_LIMITS_2023 = {
    "jobs": Limit(150),
    "rs_read": Limit(300),
    "vault_write": Limit(300),
    "vault_delete": Limit(50),
    "apim_read": Limit(24000),
    "reads": Limit(12000),
    "writes": Limit(1200),
    "deletes": Limit(15000),
}
# Capacities are the first counters of 2026 plus one; the refill rates keep the documented ratio of ARM's buckets
# (reads a tenth of the capacity a second, writes and deletes a twentieth).
_LIMITS_2026 = {
    "jobs": Limit(250, 25),
    "rs_read": Limit(1100, 110),
    "vault_write": Limit(800, 40),
    "vault_delete": Limit(200, 10),
    "reads": Limit(1100, 110),
    "writes": Limit(800, 40),
    "deletes": Limit(800, 40),
}
_GLOBAL_FACTOR = 15
"""A subscription may use 15 times what one caller may."""


class Meter:
    """Counts one class of one subscription, or of one resource."""

    def __init__(self, limit: Limit, now: float) -> None:
        self.limit = limit
        self._left: float = limit.capacity
        self._since = now

    def take(self, now: float) -> tuple[int, float]:
        """(requests left, 0) when allowed, else (0, virtual seconds until it is)."""
        if self.limit.per_second is None:
            if now - self._since >= _HOUR:
                self._left, self._since = self.limit.capacity, now
            wait = _HOUR - (now - self._since)
        else:
            self._left = min(self.limit.capacity, self._left + (now - self._since) * self.limit.per_second)
            self._since = now
            wait = (1 - self._left) / self.limit.per_second
        if self._left < 1:
            return 0, wait
        self._left -= 1
        return int(self._left), 0.0


class Throttle:
    """Counts ARM requests; `take` gives the counters of the answer or raises the 429."""

    def __init__(self, profile: Profile, clock: Clock) -> None:
        self.profile = profile
        self.clock = clock
        self._meters: dict[tuple[str, str], Meter] = {}
        self._answers = 0

    def take(self, action: Action) -> dict[str, str]:
        """Counts one request. Raises AzureError 429 with Retry-After."""
        if self.profile == "off":
            return {}
        kind = self._class_of(action)
        left, wait = self._meter(action.subscription, kind).take(self.clock.elapsed())
        if wait > 0:
            raise self._refusal(action, kind, wait)
        return self._headers(action, kind, left)

    def _meter(self, subscription: str, kind: _Class) -> Meter:
        key = (subscription.lower(), kind.key)
        if key not in self._meters:
            self._meters[key] = Meter(kind.limit, self.clock.elapsed())
        return self._meters[key]

    def _class_of(self, action: Action) -> _Class:
        limits = _LIMITS_2023 if self.profile == "2023" else _LIMITS_2026
        name = action.name.lower()
        if action.provider.lower() == "microsoft.recoveryservices":
            if name.endswith("/vaults/backupjobs/read"):
                return _Class(name, limits["jobs"], "resource-requests")
            if action.verb == "read":
                return _Class(name, limits["rs_read"], "resource-requests")
            if name.endswith("/vaults/write"):
                return _Class(name, limits["vault_write"], "resource-requests")
            if name.endswith("/vaults/delete"):
                return _Class(name, limits["vault_delete"], "resource-requests")
        if action.provider.lower() == "microsoft.apimanagement" and action.verb == "read" and "apim_read" in limits:
            # 23999 was seen on an answer of 2023; that all reads share it is an assumption.
            return _Class("apim", limits["apim_read"], "resource-requests")
        kind = {"read": "reads", "delete": "deletes"}.get(action.verb, "writes")
        return _Class(kind, limits[kind], kind)

    def _headers(self, action: Action, kind: _Class, left: int) -> dict[str, str]:
        headers = {f"x-ms-ratelimit-remaining-subscription-{kind.header}": str(left)}
        if self.profile == "2023":
            return headers
        self._answers += 1
        global_class = {"read": "reads", "delete": "deletes"}.get(action.verb, "writes")
        limits = _LIMITS_2026[global_class].capacity * _GLOBAL_FACTOR
        global_header = {f"x-ms-ratelimit-remaining-subscription-global-{global_class}": str(limits - 1)}
        if kind.header != "resource-requests":
            return {**headers, **global_header}
        # Recovery Services is served by two generations of front ends: the older counts per action (v1), the newer shows a
        # counter of the whole subscription or none (v2). Which one answers cannot be foreseen, so both always occur.
        turn = self._answers % 4
        if turn == 0:
            return {"x-ms-throttling-version": "v2"}
        if turn == 2:
            return {"x-ms-throttling-version": "v2", **global_header}
        return {"x-ms-throttling-version": "v1", **headers}

    def _refusal(self, action: Action, kind: _Class, wait: float) -> AzureError:
        seconds = max(1, math.ceil(wait / self.clock.speed))
        if kind.header == "resource-requests":
            code = "ResourceRequestsThrottled"
            interval = "01:00:00" if kind.limit.per_second is None else "00:00:10"
            message = (
                f"Number of requests for action '{action.name}' exceeded the limit of '{kind.limit.capacity}' for time interval "
                f"'{interval}'. Please try again after '{seconds}' seconds."
            )
        else:
            code = "SubscriptionRequestsThrottled"
            message = (
                f"Number of '{kind.key}' requests for subscription '{action.subscription}' exceeded the limit of "
                f"'{kind.limit.capacity}'. Please try again after '{seconds}' seconds."
            )
        headers = {**self.clock.retry_after_headers(wait), "x-ms-failure-cause": "gateway"}
        return AzureError(429, code, message, headers=headers)
