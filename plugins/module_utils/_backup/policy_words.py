# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VM backup policy in the words of the module's options, from and to the ``properties`` that Azure keeps (facts B.2 and B.3).

Two policies are the same when their words are. Azure rewrites times and moves their dates, leaves out what is at its default, and
orders lists as it likes; none of that is in the words.
"""

from __future__ import annotations

import copy
import re
from typing import Any, Iterable, Mapping

Words = dict[str, Any]
"""policy_type, time_zone, schedule, retention, instant_restore_days, snapshot_resource_group_prefix and _suffix ("" when unset),
snapshot_consistency, tiering: as the options of backup_policy have them. ``schedule`` and ``retention`` are None when options cannot say them."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKS = ("first", "second", "third", "fourth", "last")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)
LAST = "last"
"""The last day of a month, among the days of the month."""

TIERING_MODES = {"recommended": "TierRecommended", "after": "TierAfter", "never": "DoNotTier"}
TIERING_UNITS = ("days", "weeks", "months", "years")
PERIODS = {"daily": "Days", "weekly": "Weeks", "monthly": "Months", "yearly": "Years"}
CRASH = "OnlyCrashConsistent"
ARCHIVE = "ArchivedRP"

_TIME = re.compile(r"T(\d{2}):(\d{2})")
_MODE_WORDS = {azure.lower(): word for word, azure in TIERING_MODES.items()}
# The date means nothing; Azure shows another one anyway.
_DATE = "2020-01-01"
_READ_ONLY = ("protectedItemsCount", "resourceGuardOperationRequests")
_SCHEDULE_FIELDS = (
    "schedulePolicyType", "scheduleRunFrequency", "scheduleRunDays", "scheduleRunTimes", "hourlySchedule", "dailySchedule", "weeklySchedule",
)
_BLOCK_FIELDS = (
    "retentionTimes", "retentionDuration", "daysOfTheWeek", "monthsOfYear",
    "retentionScheduleFormatType", "retentionScheduleDaily", "retentionScheduleWeekly",
)


def in_order(values: Iterable[Any], order: tuple[str, ...]) -> list[str]:
    """Names in lower case, once each, in the order of the calendar; unknown ones after the others."""
    found = {str(value).lower() for value in values}
    return sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))


def month_days_in_order(values: Iterable[Any]) -> list[int | str]:
    """Days of the month, once each, ``last`` after the others."""
    found = set(values)
    numbers: list[int | str] = sorted(day for day in found if day != LAST)
    return numbers + ([LAST] if LAST in found else [])


def words_of(properties: Mapping[str, Any]) -> Words:
    """The words of a policy as Azure shows it; an empty mapping gives those of a policy that has nothing but defaults."""
    details, schedule = _part(properties, "instantRPDetails"), _part(properties, "schedulePolicy")
    crash = str(properties.get("snapshotConsistencyType") or "").lower() == CRASH.lower()
    # Older answers have no type; the form of the schedule tells it then.
    enhanced = "V2" in (str(properties.get("policyType") or "").upper(), str(schedule.get("schedulePolicyType") or "").upper()[-2:])
    return {
        "policy_type": "enhanced" if enhanced else "standard",
        "time_zone": str(properties.get("timeZone") or "UTC"),
        "schedule": _schedule_words(schedule),
        "retention": _retention_words(_part(properties, "retentionPolicy")),
        "instant_restore_days": _number(properties, "instantRpRetentionRangeInDays") or None,
        "snapshot_resource_group_prefix": str(details.get("azureBackupRGNamePrefix") or ""),
        "snapshot_resource_group_suffix": str(details.get("azureBackupRGNameSuffix") or ""),
        "snapshot_consistency": "crash" if crash else "application",
        "tiering": _tiering_words(_part(_part(properties, "tieringPolicy"), ARCHIVE)),
    }


def same_words(one: Words, other: Words) -> bool:
    """Whether two policies in words mean the same; only the case of a time zone and of a resource group does not count."""
    return _plain(one) == _plain(other)


def run_time(schedule: Mapping[str, Any] | None) -> str | None:
    """The time that all retention times must repeat: that of the backup, or the begin of the window."""
    if not schedule:
        return None
    return schedule.get("window_start") if schedule.get("frequency") == "hourly" else schedule.get("time")


def properties_of(wanted: Words, current: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What to send so that the policy has these words. What is not in the words stays as ``current`` has it."""
    kept = copy.deepcopy(dict(current or {}))
    properties = {name: value for name, value in kept.items() if name not in _READ_ONLY}
    before = words_of(kept)
    properties["backupManagementType"] = "AzureIaasVM"
    if wanted["policy_type"] == "enhanced":
        properties["policyType"] = "V2"
    properties["timeZone"] = wanted["time_zone"]
    moved = run_time(wanted["schedule"]) != run_time(before["schedule"])
    if wanted["schedule"] != before["schedule"]:
        properties["schedulePolicy"] = _schedule_properties(wanted, _part(properties, "schedulePolicy"))
    if wanted["retention"] != before["retention"]:
        properties["retentionPolicy"] = _retention_properties(wanted, _part(properties, "retentionPolicy"))
    elif moved:
        properties["retentionPolicy"] = _moved(_part(properties, "retentionPolicy"), run_time(wanted["schedule"]))
    if wanted["instant_restore_days"] is not None:
        properties["instantRpRetentionRangeInDays"] = wanted["instant_restore_days"]
    _put_snapshots(properties, wanted, before)
    if wanted["tiering"] != before["tiering"]:
        properties["tieringPolicy"] = {**_part(properties, "tieringPolicy"), ARCHIVE: _tiering_properties(wanted["tiering"])}
    return properties


def _plain(words: Words) -> Words:
    folded = ("time_zone", "snapshot_resource_group_prefix", "snapshot_resource_group_suffix")
    return {name: value.lower() if name in folded else value for name, value in words.items()}


# --- from Azure ---


def _part(owner: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A member that should be an object; Azure also sends null, and leaves it out."""
    value = owner.get(name)
    return value if isinstance(value, dict) else {}


def _many(owner: Mapping[str, Any], name: str) -> list[Any]:
    value = owner.get(name)
    return value if isinstance(value, list) else []


def _number(owner: Mapping[str, Any], name: str) -> int | None:
    value = owner.get(name)
    return value if isinstance(value, int) else None


def _schedule_words(policy: Mapping[str, Any]) -> dict[str, Any] | None:
    """None for a schedule that lacks something, or is of another kind than options know."""
    frequency = str(policy.get("scheduleRunFrequency") or "").lower()
    words: dict[str, Any] = {"frequency": frequency}
    if frequency == "hourly":
        hourly = _part(policy, "hourlySchedule")
        words["every_hours"] = _number(hourly, "interval")
        words["window_start"] = _clock(hourly.get("scheduleWindowStartTime"))
        words["window_hours"] = _number(hourly, "scheduleWindowDuration")
    elif frequency in ("daily", "weekly"):
        # The enhanced form has the parts in a member of their own, the standard one in the policy itself.
        part = _part(policy, f"{frequency}Schedule") or policy
        words["time"] = _clock(next(iter(_many(part, "scheduleRunTimes")), None))
        if frequency == "weekly":
            words["days"] = in_order(_many(part, "scheduleRunDays"), DAYS)
    else:
        return None
    return words if all(words.values()) else None


def _retention_words(policy: Mapping[str, Any]) -> dict[str, Any] | None:
    """None for a retention of which any part lacks something, or is of another kind than options know."""
    words: dict[str, Any] = {}
    for period, unit in PERIODS.items():
        block = _part(policy, f"{period}Schedule")
        if block:
            duration = _part(block, "retentionDuration")
            in_unit = str(duration.get("durationType") or unit).lower() == unit.lower()
            words[period] = {"count": _number(duration, "count") if in_unit else None, **_block_words(period, block)}
    return words if words and all(all(part.values()) for part in words.values()) else None


def _block_words(period: str, block: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if period == "weekly":
        return {"days": in_order(_many(block, "daysOfTheWeek"), DAYS)}
    if period == "yearly":
        words["months"] = in_order(_many(block, "monthsOfYear"), MONTHS)
    if period != "daily":
        form = str(block.get("retentionScheduleFormatType") or "").lower()
        if form == "weekly":
            weekly = _part(block, "retentionScheduleWeekly")
            words["weeks"] = in_order(_many(weekly, "weeksOfTheMonth"), WEEKS)
            words["days"] = in_order(_many(weekly, "daysOfTheWeek"), DAYS)
        else:
            words["month_days"] = _month_days(_many(_part(block, "retentionScheduleDaily"), "daysOfTheMonth") if form == "daily" else [])
    return words


def _month_days(days: list[Any]) -> list[int | str]:
    """Empty when any of them is none."""
    found = [LAST if day.get("isLast") else _number(day, "date") for day in days if isinstance(day, dict)]
    return month_days_in_order(found) if len(found) == len(days) and all(found) else []


def _tiering_words(archive: Mapping[str, Any]) -> dict[str, Any]:
    mode = _MODE_WORDS.get(str(archive.get("tieringMode") or "").lower(), "never")
    if mode != "after":
        return {"mode": mode}
    return {"mode": mode, "after": archive.get("duration"), "unit": str(archive.get("durationType") or "months").lower()}


def _clock(text: object) -> str | None:
    match = _TIME.search(text) if isinstance(text, str) else None
    return f"{match[1]}:{match[2]}" if match else None


# --- to Azure ---


def _schedule_properties(wanted: Words, old: Mapping[str, Any]) -> dict[str, Any]:
    schedule = wanted["schedule"]
    frequency = schedule["frequency"]
    kept = {name: value for name, value in old.items() if name not in _SCHEDULE_FIELDS}
    if str(old.get("scheduleRunFrequency") or "").lower() != frequency:
        kept.pop("scheduleWeeklyFrequency", None)
    part: dict[str, Any]
    if frequency == "hourly":
        part = {
            "interval": schedule["every_hours"],
            "scheduleWindowStartTime": _moment(schedule["window_start"]),
            "scheduleWindowDuration": schedule["window_hours"],
        }
    else:
        days = {"scheduleRunDays": _names(schedule["days"])} if frequency == "weekly" else {}
        part = {**days, "scheduleRunTimes": [_moment(schedule["time"])]}
    enhanced = wanted["policy_type"] == "enhanced"
    return {
        **kept,
        "schedulePolicyType": "SimpleSchedulePolicyV2" if enhanced else "SimpleSchedulePolicy",
        "scheduleRunFrequency": frequency.capitalize(),
        **({f"{frequency}Schedule": part} if enhanced else part),
    }


def _retention_properties(wanted: Words, old: Mapping[str, Any]) -> dict[str, Any]:
    time = run_time(wanted["schedule"])
    blocks = {f"{period}Schedule" for period in PERIODS}
    policy = {name: value for name, value in old.items() if name not in blocks}
    policy["retentionPolicyType"] = "LongTermRetentionPolicy"
    for period, unit in PERIODS.items():
        words = wanted["retention"].get(period)
        if words is None:
            continue
        before = old.get(f"{period}Schedule") or {}
        kept = {name: value for name, value in before.items() if name not in _BLOCK_FIELDS}
        duration = {"count": words["count"], "durationType": unit}
        policy[f"{period}Schedule"] = {**kept, **_block_properties(period, words), "retentionTimes": [_moment(time)], "retentionDuration": duration}
    return policy


def _moved(policy: Mapping[str, Any], time: str | None) -> dict[str, Any]:
    """The retention as it is, at another time."""
    blocks = {f"{period}Schedule" for period in PERIODS}
    return {name: {**part, "retentionTimes": [_moment(time)]} if name in blocks and isinstance(part, dict) else part for name, part in policy.items()}


def _block_properties(period: str, words: Mapping[str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = {}
    if "months" in words:
        block["monthsOfYear"] = _names(words["months"])
    if "month_days" in words:
        days = [{"date": 0 if day == LAST else day, "isLast": day == LAST} for day in words["month_days"]]
        block.update(retentionScheduleFormatType="Daily", retentionScheduleDaily={"daysOfTheMonth": days})
    elif "weeks" in words:
        weekly = {"daysOfTheWeek": _names(words["days"]), "weeksOfTheMonth": _names(words["weeks"])}
        block.update(retentionScheduleFormatType="Weekly", retentionScheduleWeekly=weekly)
    elif period == "weekly":
        block["daysOfTheWeek"] = _names(words["days"])
    return block


def _put_snapshots(properties: dict[str, Any], wanted: Words, before: Words) -> None:
    group = {"azureBackupRGNamePrefix": "snapshot_resource_group_prefix", "azureBackupRGNameSuffix": "snapshot_resource_group_suffix"}
    if any(wanted[word] != before[word] for word in group.values()):
        others = {name: value for name, value in _part(properties, "instantRPDetails").items() if name not in group}
        properties["instantRPDetails"] = {**others, **{name: wanted[word] for name, word in group.items() if wanted[word]}}
    if wanted["snapshot_consistency"] != before["snapshot_consistency"]:
        properties.pop("snapshotConsistencyType", None)
        if wanted["snapshot_consistency"] == "crash":
            properties["snapshotConsistencyType"] = CRASH


def _tiering_properties(words: Mapping[str, Any]) -> dict[str, Any]:
    mode = TIERING_MODES[words["mode"]]
    if words["mode"] != "after":
        return {"tieringMode": mode, "duration": 0, "durationType": "Invalid"}
    return {"tieringMode": mode, "duration": words["after"], "durationType": str(words["unit"]).capitalize()}


def _moment(time: str | None) -> str:
    return f"{_DATE}T{time or '00:00'}:00Z"


def _names(words: Iterable[str]) -> list[str]:
    return [word.capitalize() for word in words]
