# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time and duration formats that Azure prints.

Recovery Services prints 7 fraction digits and often no zone, Compute prints ``+00:00``, job property bags print US dates.
All of them are UTC.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_ISO = re.compile(
    r"^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?\s*$",
    re.IGNORECASE,
)
_US = re.compile(r"^\s*(\d{1,2})/(\d{1,2})/(\d{4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(AM|PM)?\s*$", re.IGNORECASE)
_ISO_DURATION = re.compile(
    r"^\s*(-)?P(?:(\d+)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?\s*$",
    re.IGNORECASE,
)
_CLOCK_DURATION = re.compile(r"^\s*(-)?(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d+))?\s*$")

# Azure writes these years where it has no time to tell.
_UNSET_YEARS = (1, 2001)


def parse_time(text: object) -> datetime | None:
    """An ISO time as an aware UTC datetime; None for anything that is not one (None, "", words).

    Any number of fraction digits (cut at microseconds); a missing zone means UTC; a bare date means its midnight.
    """
    if not isinstance(text, str):
        return None
    match = _ISO.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), _microseconds(fraction), timezone.utc
        )
        return moment - _offset(zone)
    except (ValueError, OverflowError):
        return None


def parse_us_time(text: object) -> datetime | None:
    """A US style time of a job's property bag (``5/20/2023 2:15:29 PM``), UTC; None when it is not one."""
    if not isinstance(text, str):
        return None
    match = _US.match(text)
    if match is None:
        return None
    month, day, year, hour, minute, second, half = match.groups()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.upper() == "PM" else 0)
    try:
        return datetime(int(year), int(month), int(day), hours, int(minute), int(second or 0), tzinfo=timezone.utc)
    except ValueError:
        return None


def is_unset(moment: datetime | None) -> bool:
    """True for no time at all and for the years that Azure prints when it has none (0001, 2001-01-01)."""
    if moment is None:
        return True
    return moment.year in _UNSET_YEARS and (moment.month, moment.day) == (1, 1)


def format_time(moment: datetime) -> str:
    """ISO 8601 in UTC with ``Z``; a fraction only when there is one. A datetime without a zone is taken as UTC."""
    aware = moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    spec = "milliseconds" if aware.microsecond % 1000 == 0 else "microseconds"
    text = aware.isoformat(timespec=spec if aware.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def parse_duration(text: object) -> timedelta:
    """An ISO 8601 duration (``PT41M12.13S``, ``P1DT2H``, ``P2W``) or a clock (``00:20:23.08``, ``13.23:59:45``).

    Raises ValueError for anything else. Months and years have no fixed length and are refused.
    """
    if isinstance(text, str):
        match = _ISO_DURATION.match(text)
        if match is not None and any(match.groups()[1:]):
            sign, weeks, days, hours, minutes, seconds = match.groups()
            span = timedelta(
                weeks=int(weeks or 0), days=float(days or 0), hours=float(hours or 0), minutes=float(minutes or 0), seconds=float(seconds or 0)
            )
            return -span if sign else span
        match = _CLOCK_DURATION.match(text)
        if match is not None:
            sign, days, hours, minutes, seconds, fraction = match.groups()
            span = timedelta(
                days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=int(seconds), microseconds=_microseconds(fraction)
            )
            return -span if sign else span
    raise ValueError(f"not a duration: {text!r}")


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0")[:6].ljust(6, "0"))


def _offset(zone: str | None) -> timedelta:
    if not zone or zone in "Zz":
        return timedelta()
    digits = zone[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -span if zone[0] == "-" else span
