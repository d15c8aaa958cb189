# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times and durations as Recovery Services prints them, and durations that differ from VM to VM but not from run to run."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

NO_TIME = "0001-01-01T00:00:00"
"""End time of what still runs: no zone."""
NEVER = "2001-01-01T00:00:00Z"
"""lastBackupTime of an item without a backup."""


def _seventh_digit(microseconds: int) -> int:
    """.NET ticks have 7 digits, Python has 6; the last one is derived, never 0, so that all times keep their length."""
    return 1 + microseconds % 9


def bare_stamp(when: datetime) -> str:
    """`2026-07-26T13:06:49.8715605`: as recovery point expiry times, without a zone."""
    utc = when.astimezone(timezone.utc)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06d}{_seventh_digit(utc.microsecond)}"


def stamp(when: datetime) -> str:
    """`2026-07-26T13:06:49.8715605Z`."""
    return bare_stamp(when) + "Z"


def us_time(when: datetime) -> str:
    """`7/26/2026 1:16:55 PM`: property bags, UTC, whole seconds."""
    utc = when.astimezone(timezone.utc)
    hour = utc.hour % 12 or 12
    return f"{utc.month}/{utc.day}/{utc.year} {hour}:{utc:%M:%S} {'AM' if utc.hour < 12 else 'PM'}"


def iso_duration(span: timedelta) -> str:
    """`PT1H6M38.3759455S`; nothing is `PT0S`."""
    micro = max(0, round(span.total_seconds() * 1_000_000))
    if micro == 0:
        return "PT0S"
    seconds, fraction = divmod(micro, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    text = f"P{days}DT" if days else "PT"
    text += f"{hour}H" if hour else ""
    text += f"{minute}M" if minute else ""
    return f"{text}{second}.{fraction:06d}{_seventh_digit(fraction)}S"


def clock_duration(span: timedelta) -> str:
    """`00:20:23.0896697`: job durations before api-version 2020."""
    return _clock(span, "")


def remaining(span: timedelta) -> str:
    """`13.23:59:45.1720720`: d.hh:mm:ss, as deferredDeleteTimeRemaining."""
    days = max(0, span.days)
    return _clock(span - timedelta(days=days), f"{days}." if days else "")


def _clock(span: timedelta, prefix: str) -> str:
    micro = max(0, round(span.total_seconds() * 1_000_000))
    seconds, fraction = divmod(micro, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{prefix}{hours:02d}:{minute:02d}:{second:02d}.{fraction:06d}{_seventh_digit(fraction)}"


class Variation:
    """Numbers that look random and depend only on a salt and what they are for, not on the order of requests."""

    def __init__(self, *parts: object) -> None:
        self._parts = "|".join(str(part) for part in parts)
        self._count = 0

    def unit(self) -> float:
        """The next number in [0, 1)."""
        self._count += 1
        digest = hashlib.sha256(f"{self._parts}|{self._count}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.unit()

    def number(self, digits: int) -> int:
        """An integer of so many decimal digits."""
        return int(self.between(10 ** (digits - 1), 10**digits - 1))
