# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points of time as people write them in options."""

from __future__ import annotations

from datetime import datetime

from .._arm.errors import OptionError
from .._arm.timestamps import parse_time

EARLIEST_YEAR = 1970
"""Before it there is nothing to look for, and Azure's filters take years of four digits only."""


def parse_moment(text: str, option: str) -> datetime:
    """A time in ISO 8601, UTC when it names no zone; a date alone is its midnight. Raises OptionError."""
    moment = parse_time(text)
    if moment is None or moment.year < EARLIEST_YEAR:
        raise OptionError(option, f"{text!r} is not a time in ISO 8601, such as 2026-07-26 or 2026-07-26T18:00:00Z")
    return moment
