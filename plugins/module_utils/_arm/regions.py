# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions of Azure, which one service writes ``East Asia`` and another ``eastasia``."""

from __future__ import annotations

import re

from .errors import OptionError

_REGION = re.compile(r"^[a-z][a-z0-9]{1,40}\Z")


def region_of(text: object) -> str:
    """A region's name as Azure writes it anywhere (``EastUS2EUAP``, ``West Europe``), for comparing: lower case, no blanks."""
    return str(text or "").replace(" ", "").lower()


def check_region(text: str, option: str) -> str:
    """The region of an option, in lower case without blanks; raises OptionError for what can be none."""
    region = region_of(text.strip())
    if not _REGION.match(region):
        raise OptionError(option, f"{text[:80]!r} is not the name of a region, such as westeurope")
    return region
