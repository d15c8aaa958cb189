# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a task waits for what it has started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ._arm.clock import Clock
from ._progress import Tell, quiet


@dataclass(frozen=True)
class Waiting:
    """``wait`` at all; ``interval`` seconds between two looks; ``left`` tells the seconds that remain; ``tell`` hears how far it is."""

    wait: bool
    interval: float
    left: Callable[[], float]
    tell: Tell = quiet

    def pause(self, clock: Clock, longest: float | None = None) -> None:
        """Sleeps until the next look: ``interval``, or ``longest`` seconds where that is less, and never beyond the time that is left."""
        seconds = self.interval if longest is None else min(longest, self.interval)
        clock.sleep(min(seconds, self.left()))
