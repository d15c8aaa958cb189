# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often to look, so that what Azure allows is never used up.

Nothing of Azure's limits is known beforehand: the counter may be 150 an hour for a whole subscription (2023), 249 that refill in
seconds, or not told at all (2025 and later). The rule needs only what is left and the most that was ever left.
"""

from __future__ import annotations

from .._arm.throttle import Budget

SMALLEST_LIMIT = 149
"""The lowest count that Azure has shown at the start of a window: a lower "most ever left" means that others read too."""

LONGEST_WINDOW = 3600.0
"""Seconds of the longest window that Azure counts in; reads that are spread over it are always allowed."""

RESERVE = 3
"""Reads that are left to others: a last look, a person with the portal open."""

SCARCE = 0.5
"""Below this share of the budget the looks become rarer."""


def pause(poll_interval: float, cost: int, budget: Budget) -> float:
    """Seconds until the next look, which takes ``cost`` reads.

    ``poll_interval`` a read while plenty is left. Below half, the square of how scarce reads became: 4 times at a quarter, 16
    times at an eighth; that is slow enough for any window of at least 30 times ``poll_interval``. Never longer than it takes to
    spread what is left over the longest window that Azure has.
    """
    reads = max(1, cost)
    plain = poll_interval * reads
    if budget.paused > 0:
        # Azure itself said when there will be more.
        return max(plain, budget.paused)
    if budget.remaining is None:
        return plain
    left = max(1, budget.remaining - RESERVE)
    most = max(budget.highest or 0, SMALLEST_LIMIT)
    stretched = plain * max(1.0, SCARCE * most / left) ** 2
    safe = min(LONGEST_WINDOW, LONGEST_WINDOW * reads / left)
    return max(plain, min(stretched, safe))


def plenty(budget: Budget) -> bool:
    """Whether reads that are merely nice to have may be made now; True when Azure tells no budget."""
    if budget.paused > 0:
        return False
    if budget.remaining is None:
        return True
    return budget.remaining - RESERVE > SCARCE * max(budget.highest or 0, SMALLEST_LIMIT)
