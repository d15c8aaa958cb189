# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that many modules have, checked before any request: subscriptions, resource groups, ids, times, spans of time, and how many to keep."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ._arm.errors import OptionError
from ._arm.ids import ResourceId
from ._arm.timestamps import parse_time

GROUP_NAME = re.compile(r"^[\w().-]{0,89}[\w()-]\Z")
SUBSCRIPTION_ID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")

EARLIEST_YEAR = 1970
"""Before it there is nothing to look for, and Azure's filters take years of four digits only."""

_AGE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([smhdw]?)\s*$", re.IGNORECASE)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def check_subscription(text: str, option: str) -> str:
    """The subscription id itself; raises OptionError, naming the option that it is of, for what is no GUID."""
    if not SUBSCRIPTION_ID.match(text):
        raise OptionError(option, f"{text[:80]!r} is not a subscription id, which is a GUID such as 00000000-0000-0000-0000-000000000001")
    return text


def check_group(text: str | None, option: str) -> str | None:
    """The name of a resource group without blanks around it, None when there is none; raises OptionError for what can be none."""
    group = (text or "").strip()
    if group and not GROUP_NAME.match(group):
        raise OptionError(option, f"{group!r} is not a resource group name: 1 to 90 letters, digits, '_', '-', '.' or brackets")
    return group or None


def parse_any_id(text: str, option: str) -> ResourceId:
    """The id of anything in Azure; raises OptionError naming the option."""
    try:
        parsed = ResourceId.parse(text)
    except ValueError as problem:
        raise OptionError(option, str(problem)) from None
    check_subscription(parsed.subscription, option)
    check_group(parsed.group, option)
    return parsed


def parse_id(text: str, option: str, resource_type: str) -> ResourceId:
    """The id of a resource of that type, such as ``Microsoft.Compute/disks``; raises OptionError naming the option."""
    parsed = parse_any_id(text, option)
    if not parsed.group or not parsed.is_type(resource_type):
        namespace, *types = resource_type.split("/")
        shape = "/".join(["/subscriptions/ID/resourceGroups/GROUP/providers", namespace, *(f"{name}/NAME" for name in types)])
        raise OptionError(option, f"{text[:200]!r} is not an id such as {shape}")
    return parsed


def check_keep(keep: int | None, what: str) -> int | None:
    """The option ``keep``; raises OptionError for what would keep nothing. ``what`` is kept: ``backup``, ``restore point``."""
    if keep is not None and keep < 1:
        raise OptionError("keep", f"{keep} would keep no {what}: give at least 1")
    return keep


def parse_age(text: str, option: str) -> timedelta:
    """A span of time: ``26h``, ``90m``, ``2d``, or plain seconds; raises OptionError naming the option for anything else."""
    match = _AGE.match(text)
    if match is None:
        raise OptionError(option, f"{text!r} is not a span of time: a number with s, m, h, d or w, such as 26h")
    try:
        return timedelta(seconds=float(match[1]) * _SECONDS[match[2].lower()])
    except OverflowError:
        raise OptionError(option, f"{text!r} is too long") from None


def parse_moment(text: str, option: str) -> datetime:
    """A time in ISO 8601, UTC when it names no zone; a date alone is its midnight. Raises OptionError."""
    moment = parse_time(text)
    if moment is None or moment.year < EARLIEST_YEAR:
        raise OptionError(option, f"{text!r} is not a time in ISO 8601, such as 2026-07-26 or 2026-07-26T18:00:00Z")
    return moment
