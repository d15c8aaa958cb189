# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans and points of time as people write them in options."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from .._arm.errors import OptionError
from .._arm.timestamps import parse_duration, parse_time

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SPAN = re.compile(r"^(\d+(?:\.\d+)?)\s*([smhdw]?)$", re.IGNORECASE)


def parse_span(option: str, text: str) -> timedelta:
    """A span such as ``90m``, ``24h``, ``7d``, ``2w``, plain seconds, or ISO 8601 (``PT4H``); raises OptionError."""
    match = _SPAN.match(text.strip())
    try:
        if match:
            return timedelta(seconds=float(match[1]) * _UNITS[match[2].lower()])
        span = parse_duration(text.strip().upper())
    except (ValueError, OverflowError):
        span = None
    if span is None or span < timedelta(0):
        raise OptionError(option, f"{text!r} is not a span of time: give seconds, or a number with s, m, h, d or w, such as 24h")
    return span


def parse_moment(option: str, text: str) -> datetime:
    """A point of time in ISO 8601, UTC when it names no zone; a date alone is its midnight. Raises OptionError."""
    moment = parse_time(text)
    if moment is None:
        raise OptionError(option, f"{text!r} is not a time: give ISO 8601, such as 2026-06-30 or 2026-06-30T18:00:00Z")
    return moment
