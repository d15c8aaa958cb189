# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of a policy must be to each other (facts B.2, and what Azure's own clients check before they send a policy).

Asked twice: of the options alone, before any request, as far as they go; and of the whole policy as it would become.
"""

from __future__ import annotations

from typing import Any, Mapping

from .._arm.errors import OptionError
from .policy_words import Words

STANDARD_INSTANT_DAYS = 5
ENHANCED_INSTANT_DAYS = 30
INSTANT_DAYS_BY_INTERVAL = {4: 17, 6: 22}
"""Snapshots of frequent backups are kept for fewer days."""

# Azure appends a number of its own.
_LONGEST_AFFIXES = 88
_ARCHIVE_MONTHS = 6
_ARCHIVE_FIRST = 3
_FEWEST_DAYS = 7
_LAST_MONTH_DAY = 28
_MONTHS_OF = {"months": 1, "years": 12}


def check_together(words: Words) -> None:
    """Raises OptionError for parts that do not go together; parts that are not in ``words`` are not known yet."""
    _type_and_schedule(words)
    schedule, retention = words.get("schedule"), words.get("retention")
    if schedule and retention is not None:
        _schedule_and_retention(schedule, retention)
    _instant_restore(words)
    _snapshot_group(words)
    if retention is not None and words.get("tiering"):
        _tiering_and_retention(words["tiering"], retention)


def check_whole(words: Words) -> None:
    """Raises OptionError for a policy that Azure would not take now. Older policies may be so: they are measured only when they change."""
    check_together(words)
    retention = words.get("retention") or {}
    days = (retention.get("daily") or {}).get("count")
    if days is not None and days < _FEWEST_DAYS:
        raise OptionError("retention.daily.count", f"{days} is not {_FEWEST_DAYS} to 9999 days")
    for period in ("monthly", "yearly"):
        late = [day for day in (retention.get(period) or {}).get("month_days") or () if isinstance(day, int) and day > _LAST_MONTH_DAY]
        if late:
            option = f"retention.{period}.month_days"
            raise OptionError(option, f"{late[0]} is not a day that every month has: give 1 to {_LAST_MONTH_DAY}, or last for the last day")


def _type_and_schedule(words: Words) -> None:
    if words.get("policy_type") != "standard":
        return
    if (words.get("schedule") or {}).get("frequency") == "hourly":
        raise OptionError("schedule.frequency", "hourly backups need policy_type=enhanced; a standard policy runs daily or weekly")
    if words.get("snapshot_consistency") == "crash":
        raise OptionError("snapshot_consistency", "crash-consistent snapshots alone need policy_type=enhanced")


def _schedule_and_retention(schedule: Mapping[str, Any], retention: Mapping[str, Any]) -> None:
    if schedule["frequency"] != "weekly":
        if "daily" not in retention:
            raise OptionError("retention.daily", f"a schedule with frequency={schedule['frequency']} needs it: how many days its backups are kept")
        return
    days = list(schedule.get("days") or ())
    if "daily" in retention:
        raise OptionError("retention.daily", "a weekly schedule has no daily retention: give weekly instead")
    if "weekly" not in retention:
        raise OptionError("retention.weekly", f"a weekly schedule needs it, with days: [{', '.join(days)}]")
    kept = list(retention["weekly"].get("days") or ())
    if kept != days:
        raise OptionError("retention.weekly.days", f"[{', '.join(kept)}] must be the days of the schedule: [{', '.join(days)}]")
    for period in ("monthly", "yearly"):
        block = retention.get(period) or {}
        if "month_days" in block:
            raise OptionError(f"retention.{period}.month_days", "a weekly schedule may miss these days: give weeks together with days instead")
        others = [day for day in block.get("days") or () if day not in days]
        if others:
            raise OptionError(f"retention.{period}.days", f"there is no backup on {', '.join(others)}; the schedule has [{', '.join(days)}]")


def _instant_restore(words: Words) -> None:
    days, kind, schedule = words.get("instant_restore_days"), words.get("policy_type"), words.get("schedule") or {}
    if days is None:
        return
    frequency = schedule.get("frequency")
    if kind == "standard" and frequency == "weekly" and days != STANDARD_INSTANT_DAYS:
        raise OptionError("instant_restore_days", f"must be {STANDARD_INSTANT_DAYS} in a standard policy with a weekly schedule, not {days}")
    if kind == "standard" and days > STANDARD_INSTANT_DAYS:
        raise OptionError("instant_restore_days", f"{days} is not 1 to {STANDARD_INSTANT_DAYS}, as a standard policy has; an enhanced one has up to 30")
    most = INSTANT_DAYS_BY_INTERVAL.get(schedule.get("every_hours") or 0, ENHANCED_INSTANT_DAYS)
    if frequency == "hourly" and days > most:
        raise OptionError("instant_restore_days", f"{days} is not 1 to {most}, as a backup every {schedule['every_hours']} hours allows")


def _snapshot_group(words: Words) -> None:
    prefix, suffix = words.get("snapshot_resource_group_prefix"), words.get("snapshot_resource_group_suffix")
    if prefix == "" and suffix:
        raise OptionError("snapshot_resource_group_suffix", "needs snapshot_resource_group_prefix too")
    if len(prefix or "") + len(suffix or "") > _LONGEST_AFFIXES:
        raise OptionError(
            "snapshot_resource_group_prefix",
            f"prefix and suffix have {len(prefix or '') + len(suffix or '')} characters together; {_LONGEST_AFFIXES} fit into the name of a resource group",
        )


def _tiering_and_retention(tiering: Mapping[str, Any], retention: Mapping[str, Any]) -> None:
    """Only monthly and yearly points are archived, and they must then stay in the archive for half a year at least."""
    if tiering["mode"] == "never":
        return
    kept = max((retention.get("monthly") or {}).get("count") or 0, 12 * ((retention.get("yearly") or {}).get("count") or 0))
    if not kept:
        raise OptionError("tiering", "only monthly and yearly recovery points go to the archive tier: give retention.monthly or retention.yearly too")
    if tiering["mode"] == "recommended":
        needed = _ARCHIVE_FIRST + _ARCHIVE_MONTHS
    elif tiering["unit"] in _MONTHS_OF:
        needed = tiering["after"] * _MONTHS_OF[tiering["unit"]] + _ARCHIVE_MONTHS
    else:
        return
    if kept < needed:
        raise OptionError("tiering", f"monthly or yearly retention must be {needed} months at least for this (6 of them in the archive tier); it is {kept}")
