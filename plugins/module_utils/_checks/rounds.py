# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many checks at once: each is tried again until it is well or its time is over, whatever becomes of the others."""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Callable, Sequence

from .._arm.clock import Clock
from .._progress import Tell, quiet
from .attempts import Attempt
from .endpoints import EndpointCheck

WORKERS = 64
"""Tries at once. Almost all of their time is waiting."""


@dataclass
class Outcome:
    """How a check ended. ``seconds`` count from the start of the task, when all checks start."""

    check: EndpointCheck
    started: datetime
    attempts: int = 0
    ok: bool = False
    message: str = ""
    finished: datetime | None = None
    seconds: float = 0.0


Try = Callable[[EndpointCheck, float], Attempt]
"""One try of a check, in at most so many seconds."""


class Rounds:
    """Tries the checks in the order in which they are due; a failed one is due again after ``interval`` seconds."""

    def __init__(self, checks: Sequence[EndpointCheck], once: Try, clock: Clock, *, interval: float, longest: float, tell: Tell = quiet) -> None:
        self._once = once
        self._clock = clock
        self._interval = interval
        self._longest = longest
        self._tell = tell
        self._began = clock.monotonic()
        now = clock.now()
        self.outcomes = [Outcome(check, now) for check in checks]
        self._due = [(self._began, number) for number in range(len(self.outcomes))]
        self._lock = threading.Lock()
        self._done = 0

    def run(self, workers: int = WORKERS) -> list[Outcome]:
        """All outcomes, in the order of the checks."""
        threads = [threading.Thread(target=self._work, daemon=True) for _worker in range(min(workers, len(self.outcomes)) - 1)]
        for thread in threads:
            thread.start()
        self._work()
        for thread in threads:
            thread.join()
        return self.outcomes

    def _work(self) -> None:
        """Takes what is due next. Who finds nothing ends: whatever is left is in somebody's hands, and comes back to nobody else."""
        while True:
            with self._lock:
                if not self._due:
                    return
                due, number = heapq.heappop(self._due)
            self._clock.sleep(due - self._clock.monotonic())
            again = self._try(self.outcomes[number])
            with self._lock:
                if again is not None:
                    heapq.heappush(self._due, (again, number))
                else:
                    self._done += 1
                    self._tell(self._done, len(self.outcomes), self._open())

    def _try(self, outcome: Outcome) -> float | None:
        """One try; when the next one is due, None when the check has ended."""
        check = outcome.check
        ends = self._began + check.timeout
        left = max(1.0, min(self._longest, ends - self._clock.monotonic()))
        outcome.attempts += 1
        outcome.ok, outcome.message = self._once(check, left)
        now = self._clock.monotonic()
        outcome.seconds = now - self._began
        outcome.finished = self._clock.now()
        if outcome.ok or now + self._interval > ends:
            return None
        return now + self._interval

    def _open(self) -> str:
        waiting = next((outcome for outcome in self.outcomes if outcome.attempts and not outcome.ok and outcome.message), None)
        return f"{waiting.check.name}: {waiting.message}" if waiting else ""
