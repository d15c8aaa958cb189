# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's clock: starts at the wall clock, then runs `speed` times faster and can be advanced."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta, timezone


class Clock:
    """Virtual time. `speed` is virtual seconds per wall second."""

    def __init__(self, speed: float = 1.0, start: datetime | None = None, *, slow_start: bool = False) -> None:
        if speed <= 0:
            raise ValueError("speed must be greater than 0")
        self.speed = min(1.0, speed) if slow_start else speed
        self._full_speed = speed
        self._start = start or datetime.now(timezone.utc)
        self._origin = time.monotonic()
        self._advanced = 0.0

    def elapsed(self) -> float:
        """Virtual seconds since the simulator started."""
        return (time.monotonic() - self._origin) * self.speed + self._advanced

    def now(self) -> datetime:
        """Virtual time of day, UTC."""
        return self._start + timedelta(seconds=self.elapsed())

    def advance(self, seconds: float) -> None:
        """Moves the clock forward by virtual seconds."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._advanced += seconds

    def hurry(self) -> None:
        """From now on at full speed."""
        if self.speed != self._full_speed:
            self._advanced = self.elapsed()
            self._origin = time.monotonic()
            self.speed = self._full_speed

    def retry_after_headers(self, virtual_seconds: float) -> dict[str, str]:
        """Retry-After as Azure sends it, in wall seconds for this speed.

        Retry-After knows whole seconds only, so a fast clock also gets the exact value in milliseconds.
        """
        wall = virtual_seconds / self.speed
        headers = {"Retry-After": str(max(1, math.ceil(wall)))}
        if self.speed > 1:
            headers["x-ms-retry-after-ms"] = str(max(1, math.ceil(wall * 1000)))
        return headers
