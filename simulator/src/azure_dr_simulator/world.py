# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything the simulator knows: the clock, what is due, and one state object a service."""

from __future__ import annotations

import heapq
import itertools
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Callable, TypeVar

from .clock import Clock

T = TypeVar("T")
Effect = Callable[[], None]


@dataclass(order=True)
class _Due:
    at: datetime
    order: int
    effect: Effect = field(compare=False)


class World:
    """State of one simulated tenant.

    Services keep their state in an object of their own, fetched with `state(ServiceState)`; the first call creates it.
    Anything that happens later is an effect scheduled for a virtual time; `settle()` runs what is due, in order,
    before each request, so a handler always sees the world as of now.
    """

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.clock = clock
        self.random = random.Random(seed)
        self._due: list[_Due] = []
        self._order = itertools.count()
        self._states: dict[type[Any], Any] = {}
        self._running_at: datetime | None = None

    def now(self) -> datetime:
        """Virtual now; inside an effect, the time for which it was scheduled."""
        return self._running_at or self.clock.now()

    def state(self, kind: type[T]) -> T:
        """The one state object of this kind (created without arguments at first use)."""
        if kind not in self._states:
            self._states[kind] = kind()
        found: T = self._states[kind]
        return found

    def after(self, seconds: float, effect: Effect) -> None:
        """Runs `effect` in so many virtual seconds."""
        self.at(self.now() + timedelta(seconds=seconds), effect)

    def at(self, when: datetime, effect: Effect) -> None:
        """Runs `effect` at a virtual time."""
        heapq.heappush(self._due, _Due(when, next(self._order), effect))

    def settle(self) -> None:
        """Runs every effect that is due by now, in the order of their times."""
        limit = self.clock.now()
        while self._due and self._due[0].at <= limit:
            due = heapq.heappop(self._due)
            self._running_at = due.at
            try:
                due.effect()
            finally:
                self._running_at = None

    def new_id(self) -> str:
        """A GUID from the world's seed, so that two runs of one scenario are alike."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
