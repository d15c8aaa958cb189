# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ages as people write them in options: ``26h``, ``90m``, ``2d``, or plain seconds."""

from __future__ import annotations

import re
from datetime import timedelta

from .._arm.errors import OptionError

_AGE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([smhdw]?)\s*$", re.IGNORECASE)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_age(text: str, option: str) -> timedelta:
    """A span of time; raises OptionError naming the option for anything else."""
    match = _AGE.match(text)
    if match is None:
        raise OptionError(option, f"{text!r} is not a span of time: a number with s, m, h, d or w, such as 26h")
    try:
        return timedelta(seconds=float(match[1]) * _SECONDS[match[2].lower()])
    except OverflowError:
        raise OptionError(option, f"{text!r} is too long") from None
