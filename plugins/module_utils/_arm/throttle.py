# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps below Azure's request limits, and makes one 429 stop all workers of its class.

Two counts matter: a token bucket per subscription and verb (reads, writes, deletes), which is paced here
before Azure has to, and a count per ARM action (``Microsoft.RecoveryServices/vaults/backupJobs/read``), whose size Azure only
tells in a header, if at all. The latter is remembered for those who plan their reads by it (``budget``).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from .clock import Clock

# The documented buckets since 2024: capacity and refill per second, per subscription, region and identity.
_BUCKETS = {"reads": (250.0, 25.0), "writes": (200.0, 10.0), "deletes": (200.0, 10.0)}
_VERBS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
_ACTIONS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
_ACTION_IN_MESSAGE = re.compile(r"for action '([^']+)'", re.IGNORECASE)
_WHOLE_SUBSCRIPTION = frozenset({"subscriptionrequeststhrottled", "tenantrequeststhrottled"})
# With no word from the service about how long.
_PAUSE_WITHOUT_WORD = 10.0
# Between two requests of an action that was held back: seconds at most, what is left of them after each answer, and when it is no gap any more.
_WIDEST_GAP = 2.0
_EASE = 0.9
_SMALLEST_GAP = 0.02


class Budget(NamedTuple):
    """What Azure said is left for one kind of request: ``remaining`` now, ``highest`` ever seen (close to the size of the
    bucket), both None when it never said; ``paused`` seconds until a running pause ends."""

    remaining: int | None
    highest: int | None
    paused: float = 0.0


class RequestClass(NamedTuple):
    """What a request counts against: a subscription, a verb class of it, and an ARM action of it. All lower case."""

    subscription: str
    verb: str
    action: str


@dataclass
class _Bucket:
    capacity: float
    refill: float
    tokens: float
    at: float


@dataclass
class _State:
    buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)
    remaining: dict[tuple[str, str], int] = field(default_factory=dict)
    highest: dict[tuple[str, str], int] = field(default_factory=dict)
    paused_until: dict[tuple[str, str], float] = field(default_factory=dict)
    # After a 429: seconds between two requests of an action, and when the next may go.
    gaps: dict[tuple[str, str], float] = field(default_factory=dict)
    next_at: dict[tuple[str, str], float] = field(default_factory=dict)


class Throttle:
    """The shared conscience of all workers; thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._state = _State()

    def delay(self, kind: RequestClass) -> float:
        """Seconds to wait before a request of this class; 0.0 takes a token, so send it then."""
        now = self._clock.monotonic()
        with self._lock:
            held = max(self._pause(kind, now), self._gap(kind, now))
            if held > 0:
                return held
            bucket = self._bucket(kind, now)
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                key = _paced(kind.subscription, kind.action)
                self._state.next_at[key] = now + self._state.gaps.get(key, 0.0)
                return 0.0
            return max((1 - bucket.tokens) / bucket.refill, 0.01)

    def paused_for(self, kind: RequestClass) -> float:
        """Seconds until a pause of this class ends, or the gap after its last request; 0.0 when there is none. Takes no token."""
        now = self._clock.monotonic()
        with self._lock:
            return max(self._pause(kind, now), self._gap(kind, now))

    def learn(self, kind: RequestClass, headers: Mapping[str, str]) -> None:
        """Take over the counters of a response, of which any or all may be missing."""
        now = self._clock.monotonic()
        left = _count(headers.get(f"x-ms-ratelimit-remaining-subscription-{kind.verb}"))
        action_left = _action_count(headers)
        with self._lock:
            if left is not None:
                bucket = self._bucket(kind, now)
                bucket.tokens = float(left)
                bucket.capacity = max(bucket.capacity, bucket.tokens)
            if action_left is not None:
                key = (kind.subscription, kind.action)
                self._state.remaining[key] = action_left
                self._state.highest[key] = max(action_left, self._state.highest.get(key, 0))

    def pause(self, kind: RequestClass, seconds: float | None, *, code: str = "", message: str = "") -> float:
        """A 429 came: hold the whole class back, and say for how many seconds.

        The subscription's verb when the code says so, else the action (the one that the message names, if it names one).
        """
        span = _PAUSE_WITHOUT_WORD if seconds is None else seconds
        named = _ACTION_IN_MESSAGE.search(message)
        if code.lower() in _WHOLE_SUBSCRIPTION:
            keys = [(kind.subscription, kind.verb)]
        else:
            keys = [(kind.subscription, kind.action)]
            if named:
                keys.append((kind.subscription, named.group(1).lower()))
        until = self._clock.monotonic() + span
        with self._lock:
            for key in keys:
                self._state.paused_until[key] = max(until, self._state.paused_until.get(key, until))
                # What will be left when the pause ends, nobody has said.
                self._state.remaining.pop(key, None)
                # Were all workers to go on at once, all but one would be refused again, and Azure counts refused requests, too.
                paced = _paced(*key)
                self._state.gaps[paced] = max(min(span, _WIDEST_GAP), self._state.gaps.get(paced, 0.0))
        return span

    def ease(self, kind: RequestClass) -> None:
        """An answer came that is no 429: the gap between requests gets smaller."""
        key = _paced(kind.subscription, kind.action)
        with self._lock:
            gap = self._state.gaps.get(key, 0.0) * _EASE
            if gap >= _SMALLEST_GAP:
                self._state.gaps[key] = gap
            else:
                self._state.gaps.pop(key, None)

    def budget(self, kind: RequestClass) -> Budget:
        """What is known to be left for the action of this class."""
        key = (kind.subscription, kind.action)
        with self._lock:
            pause = self._pause(kind, self._clock.monotonic())
            remaining = 0 if pause > 0 else self._state.remaining.get(key)
            return Budget(remaining, self._state.highest.get(key), pause)

    def _pause(self, kind: RequestClass, now: float) -> float:
        ends = (self._state.paused_until.get((kind.subscription, what), now) for what in (kind.verb, kind.action))
        return max(0.0, max(ends) - now)

    def _gap(self, kind: RequestClass, now: float) -> float:
        key = _paced(kind.subscription, kind.action)
        return max(0.0, self._state.next_at.get(key, now) - now) if key in self._state.gaps else 0.0

    def _bucket(self, kind: RequestClass, now: float) -> _Bucket:
        key = (kind.subscription, kind.verb)
        bucket = self._state.buckets.get(key)
        if bucket is None:
            capacity, refill = _BUCKETS[kind.verb]
            bucket = self._state.buckets[key] = _Bucket(capacity, refill, capacity, now)
        bucket.tokens = min(bucket.capacity, bucket.tokens + (now - bucket.at) * bucket.refill)
        bucket.at = now
        return bucket


# Compute counts new restore points by VM, and copies by collection: a 429 for one collection says nothing of another. It counts all of a
# subscription, too, so the gap between two of them is one for all.
_COUNTED_BY_PARENT = frozenset({"microsoft.compute/restorepointcollections/restorepoints/write"})
_OF = " of "


def classify(method: str, url_or_path: str) -> RequestClass:
    """What a request counts against, from its path. List and single reads of one type share their action."""
    parts = [unquote(part).lower() for part in urlsplit(url_or_path).path.split("/") if part]
    subscription = parts[1] if len(parts) > 1 and parts[0] == "subscriptions" else ""
    verb = _VERBS.get(method, "writes")
    kind = _ACTIONS.get(method, "action")
    if "providers" in parts and parts.index("providers") + 1 < len(parts):
        start = len(parts) - 1 - parts[::-1].index("providers")
        types = parts[start + 1 : start + 2] + parts[start + 2 :: 2]
    else:
        types = ["microsoft.resources", *parts[0::2]]
    action = "/".join([*types, kind])
    if action in _COUNTED_BY_PARENT:
        action = f"{action}{_OF}{'/'.join(parts[:-2])}"
    return RequestClass(subscription, verb, action)


def _paced(subscription: str, action: str) -> tuple[str, str]:
    """What a gap is kept for: the action of the subscription, whatever its parent."""
    return subscription, action.partition(_OF)[0]


def _action_count(headers: Mapping[str, str]) -> int | None:
    count = _count(headers.get("x-ms-ratelimit-remaining-subscription-resource-requests"))
    if count is not None:
        return count
    # Compute: "Microsoft.Compute/GetOperationResource;44,Microsoft.Compute/...;149"; the smallest binds.
    listed = headers.get("x-ms-ratelimit-remaining-resource", "")
    counts = [_count(entry.rpartition(";")[2]) for entry in listed.split(",") if ";" in entry]
    known = [count for count in counts if count is not None]
    return min(known) if known else None


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return max(0, int(text.strip()))
    except ValueError:
        return None
