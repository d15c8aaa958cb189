# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of backup_policy, each checked for itself and turned into the words of ``policy_words``; what several say together is in ``policy_rules``."""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping, Sequence

from .._arm.errors import OptionError
from .policy_words import DAYS, LAST, MONTHS, TIERING_MODES, TIERING_UNITS, WEEKS, Words, in_order, month_days_in_order
from .policy_zones import check_time_zone

COUNTS = {"daily": (1, 9999), "weekly": (1, 5163), "monthly": (1, 1188), "yearly": (1, 99)}
"""How many days, weeks, months and years Azure keeps recovery points at least and at most. Only policies from before 2020 have fewer days than 7."""

EVERY_HOURS = (4, 6, 8, 12, 24)
LAST_MONTH_DAY = 31
"""Other clients let a policy have it; what a policy may be changed to is in ``policy_rules``."""

POLICY_TYPES = {"standard": "standard", "enhanced": "enhanced", "V1": "standard", "V2": "enhanced"}

_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})\Z")
_GROUP_PART = re.compile(r"^[\w().-]*\Z")
_LONGEST_GROUP = 90

_NEEDED = {"daily": ("time",), "weekly": ("time", "days"), "hourly": ("every_hours", "window_start", "window_hours")}
_SCHEDULE = ("time", "days", "every_hours", "window_start", "window_hours")


def read_words(params: Mapping[str, Any]) -> Words:
    """The words that the options give, without those that are not set; raises OptionError, before any request, for what is wrong in itself."""
    readers: dict[str, Callable[[Any], Any]] = {
        "policy_type": POLICY_TYPES.__getitem__,
        "time_zone": check_time_zone,
        "schedule": check_schedule,
        "retention": check_retention,
        "instant_restore_days": lambda days: _within(days, (1, 30), "instant_restore_days", "days"),
        "snapshot_resource_group_prefix": lambda text: _group_part(text, "snapshot_resource_group_prefix"),
        "snapshot_resource_group_suffix": lambda text: _group_part(text, "snapshot_resource_group_suffix"),
        "snapshot_consistency": str,
        "tiering": check_tiering,
    }
    return {name: read(params[name]) for name, read in readers.items() if params.get(name) is not None}


def check_schedule(given: Mapping[str, Any]) -> dict[str, Any]:
    """The option ``schedule``: exactly what its frequency needs."""
    frequency = str(given["frequency"])
    needed = _NEEDED[frequency]
    for name in _SCHEDULE:
        if name in needed and given.get(name) is None:
            raise OptionError(f"schedule.{name}", f"a schedule with frequency={frequency} needs {', '.join(needed)}")
        if name not in needed and given.get(name) is not None:
            raise OptionError(f"schedule.{name}", f"goes with {_frequencies_with(name)} only, not with frequency={frequency}")
    if frequency != "hourly":
        words: dict[str, Any] = {"frequency": frequency, "time": check_clock(given["time"], "schedule.time")}
        return {**words, "days": _chosen(given["days"], DAYS, "schedule.days")} if frequency == "weekly" else words
    every, hours = given["every_hours"], given["window_hours"]
    if every not in EVERY_HOURS:
        raise OptionError("schedule.every_hours", f"{every} is not one of {', '.join(map(str, EVERY_HOURS))}")
    if not 4 <= hours <= 24 or hours % every:
        fitting = ", ".join(str(multiple) for multiple in range(every, 25, every))
        raise OptionError("schedule.window_hours", f"{hours} is not 4 to 24 hours and a multiple of every_hours={every}: give one of {fitting}")
    start = check_clock(given["window_start"], "schedule.window_start")
    return {"frequency": frequency, "every_hours": every, "window_start": start, "window_hours": hours}


def check_clock(text: str, option: str) -> str:
    """``HH:MM`` on the full or half hour; raises OptionError for anything else."""
    match = _CLOCK.match(text.strip())
    if match is None:
        # 23:00 without quotes is the number 1380 in YAML 1.1.
        minutes = int(text) if text.isdigit() else -1
        meant = f"; YAML reads it so without quotes: write \"{minutes // 60:02d}:{minutes % 60:02d}\"" if 60 <= minutes < 1440 else ""
        raise OptionError(option, f"{text!r} is not a time of the form \"HH:MM\"{meant}")
    hour, minute = int(match[1]), int(match[2])
    if hour > 23 or minute not in (0, 30):
        raise OptionError(option, f"{text!r} cannot be; Azure starts backups on the full or the half hour, from \"00:00\" to \"23:30\"")
    return f"{hour:02d}:{minute:02d}"


def check_retention(given: Mapping[str, Any]) -> dict[str, Any]:
    """The option ``retention``: counts in Azure's limits, and for months and years which of their backups are kept."""
    words: dict[str, Any] = {}
    for period, limits in COUNTS.items():
        block = given.get(period)
        if block is None:
            continue
        option = f"retention.{period}"
        unit = {"daily": "days", "weekly": "weeks", "monthly": "months", "yearly": "years"}[period]
        words[period] = {"count": _within(block["count"], limits, f"{option}.count", unit)}
        if period == "yearly":
            words[period]["months"] = _chosen(block.get("months") or (), MONTHS, f"{option}.months")
        if period == "weekly":
            words[period]["days"] = _chosen(block.get("days") or (), DAYS, f"{option}.days")
        if period in ("monthly", "yearly"):
            words[period].update(_which_days(block, option))
    if not words:
        raise OptionError("retention", "give at least one of daily, weekly, monthly, yearly; without any, nothing would be kept")
    return words


def check_tiering(given: Mapping[str, Any]) -> dict[str, Any]:
    """The option ``tiering``: a mode, and with mode=after a duration."""
    mode, after, unit = str(given["mode"]), given.get("after"), given.get("unit")
    if mode not in TIERING_MODES:
        raise OptionError("tiering.mode", f"{mode!r} is not one of {', '.join(TIERING_MODES)}")
    if mode != "after":
        for name, value in (("after", after), ("unit", unit)):
            if value is not None:
                raise OptionError(f"tiering.{name}", f"goes with mode=after only, not with mode={mode}")
        return {"mode": mode}
    if after is None:
        raise OptionError("tiering.after", "mode=after needs it: after how many months (or another unit) recovery points move to the archive tier")
    unit = str(unit or "months")
    if unit not in TIERING_UNITS:
        raise OptionError("tiering.unit", f"{unit!r} is not one of {', '.join(TIERING_UNITS)}")
    if after < 1 or (unit == "months" and after < 3):
        raise OptionError("tiering.after", f"{after} {unit} is too short; Azure moves recovery points after 3 months at the earliest")
    return {"mode": mode, "after": after, "unit": unit}


def _which_days(block: Mapping[str, Any], option: str) -> dict[str, Any]:
    """Weeks and days, or days of the month: one of the two."""
    weeks, days, month_days = block.get("weeks"), block.get("days"), block.get("month_days")
    if month_days is not None and (weeks is not None or days is not None):
        raise OptionError(f"{option}.month_days", "goes without weeks and days: give either month_days, or weeks together with days")
    if month_days is not None:
        return {"month_days": _month_days(month_days, f"{option}.month_days")}
    if not weeks or not days:
        missing = "weeks" if days else "days" if weeks else "month_days"
        raise OptionError(f"{option}.{missing}", "which backups are kept? Give month_days (such as [1, last]), or weeks together with days ([first], [sunday])")
    return {"weeks": _chosen(weeks, WEEKS, f"{option}.weeks"), "days": _chosen(days, DAYS, f"{option}.days")}


def _month_days(given: Sequence[Any], option: str) -> list[int | str]:
    days: list[int | str] = []
    for value in given:
        text = str(value).strip().lower()
        if text == LAST:
            days.append(LAST)
        elif text.isdigit() and 1 <= int(text) <= LAST_MONTH_DAY:
            days.append(int(text))
        else:
            raise OptionError(option, f"{value!r} is not a day that every month has: give 1 to 28, or last for the last day")
    if not days:
        raise OptionError(option, "give at least one day, 1 to 28 or last")
    return month_days_in_order(days)


def _chosen(given: Sequence[str], choices: tuple[str, ...], option: str) -> list[str]:
    found = in_order((str(text).strip() for text in given), choices)
    unknown = [text for text in found if text not in choices]
    if unknown or not found:
        wrong = f"{unknown[0]!r} is none of them" if unknown else "give at least one"
        raise OptionError(option, f"{wrong}: {', '.join(choices)}")
    return found


def _within(number: int, limits: tuple[int, int], option: str, unit: str) -> int:
    low, high = limits
    if not low <= number <= high:
        raise OptionError(option, f"{number} is not {low} to {high} {unit}")
    return number


def _group_part(text: str, option: str) -> str:
    part = text.strip()
    if not _GROUP_PART.match(part):
        raise OptionError(option, f"{part!r} cannot be part of a resource group name: letters, digits, '_', '-', '.' and brackets")
    if len(part) >= _LONGEST_GROUP:
        raise OptionError(option, f"it has {len(part)} characters; a resource group name has {_LONGEST_GROUP} at most, with Azure's number and the other part")
    if option.endswith("suffix") and part.endswith("."):
        raise OptionError(option, "the name of a resource group cannot end with '.'")
    return part


def _frequencies_with(name: str) -> str:
    return " or ".join(f"frequency={frequency}" for frequency, needed in _NEEDED.items() if name in needed)
