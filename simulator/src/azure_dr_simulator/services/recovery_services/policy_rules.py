# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a VM policy must look like, and how the service rewrites it."""

from __future__ import annotations

import copy
import re
from typing import Any, Iterator

from ...replies import AzureError

_NAME = re.compile(r"^[a-zA-Z][-_!a-zA-Z0-9]{2,149}$")
_TIME = re.compile(r"^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|\+00:00)?$")
_DAYS = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
_WEEKS = {"first", "second", "third", "fourth", "last"}
_MONTHS = {
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
}
_COUNTS = {
    "daily": (7, 9999, "Days"),
    "weekly": (1, 5163, "Weeks"),
    "monthly": (1, 1188, "Months"),
    "yearly": (1, 99, "Years"),
}
_INSTANT_LIMIT_BY_INTERVAL = {4: 17, 6: 22, 8: 22, 12: 30, 24: 30}


class _Wrong(Exception):
    pass


def normalised_policy(name: str, body: Any, old: dict[str, Any] | None) -> dict[str, Any]:
    """The properties as the service keeps them; raises 400 with the service's catch-all code.

    Times lose their milliseconds, read-only fields go, missing parts get their defaults.
    """
    try:
        if not _NAME.match(name):
            raise _Wrong
        properties = _checked(body)
        if old is not None and "tieringPolicy" not in properties and "tieringPolicy" in old:
            properties["tieringPolicy"] = old["tieringPolicy"]  # silence about it changes nothing
        if old is not None and (old.get("policyType") or "V1") != (properties.get("policyType") or "V1"):
            raise AzureError(
                400,
                "BMSUserErrorPolicyTypeChangeNotAllowed",
                "The policy type of an existing policy cannot be changed. Please create a new policy.",
            )
    except (_Wrong, KeyError, TypeError, ValueError, AttributeError):
        raise AzureError(
            400,
            "BMSUserErrorInvalidPolicyInput",
            "Input for create or update policy is not in proper format. Please check format of parameters like "
            "schedule time, schedule days, retention time and retention days",
        ) from None
    return properties


def _checked(body: Any) -> dict[str, Any]:
    given = copy.deepcopy(body)
    _require(given["backupManagementType"] == "AzureIaasVM")
    version = given.get("policyType") or "V1"
    _require(version in ("V1", "V2"))
    schedule, retention = given["schedulePolicy"], given["retentionPolicy"]
    _require(retention["retentionPolicyType"] == "LongTermRetentionPolicy")
    weekly = schedule["scheduleRunFrequency"] == "Weekly"
    run = _schedule_v2(schedule) if version == "V2" else _schedule_v1(schedule)
    _retention(retention, run, weekly, hourly=schedule["scheduleRunFrequency"] == "Hourly")
    if weekly:
        run_days = (schedule if version == "V1" else schedule["weeklySchedule"])["scheduleRunDays"]
        _require(_days(retention["weeklySchedule"]["daysOfTheWeek"]) == _days(run_days))
    _tiering((given.get("tieringPolicy") or {}).get("ArchivedRP"), retention)
    interval = (schedule.get("hourlySchedule") or {}).get("interval")
    instant = given.get("instantRpRetentionRangeInDays")
    instant = (5 if weekly and version == "V1" else 2) if instant is None else int(instant)
    _require(1 <= instant <= _instant_limit(version, interval))
    _require(not (weekly and version == "V1" and instant != 5))
    _require("/" not in str(given.get("timeZone") or "UTC"))  # Windows names only
    return _ordered(given, version, schedule, retention, instant)


def _ordered(given: dict[str, Any], version: str, schedule: Any, retention: Any, instant: int) -> dict[str, Any]:
    """Field order of the recorded answers."""
    kept: dict[str, Any] = {"backupManagementType": "AzureIaasVM"}
    if version == "V2":
        kept["policyType"] = "V2"
    kept["instantRPDetails"] = given.get("instantRPDetails") or {}
    kept["schedulePolicy"] = schedule
    kept["retentionPolicy"] = retention
    if given.get("tieringPolicy"):
        kept["tieringPolicy"] = given["tieringPolicy"]
    kept["instantRpRetentionRangeInDays"] = instant
    kept["timeZone"] = given.get("timeZone") or "UTC"
    if given.get("snapshotConsistencyType"):
        _require(version == "V2" and given["snapshotConsistencyType"] == "OnlyCrashConsistent")
        kept["snapshotConsistencyType"] = given["snapshotConsistencyType"]
    for key in ("instantAccessSnapshotEnabled", "instantAccessDurationMinutes"):
        if key in given:
            kept[key] = given[key]
    return kept


def _instant_limit(version: str, interval: Any) -> int:
    if version == "V1":
        return 5
    return _INSTANT_LIMIT_BY_INTERVAL.get(int(interval), 30) if interval is not None else 30


def _schedule_v1(schedule: Any) -> tuple[str, str]:
    _require(schedule["schedulePolicyType"] == "SimpleSchedulePolicy")
    _require(schedule["scheduleRunFrequency"] in ("Daily", "Weekly"))
    schedule.setdefault("scheduleWeeklyFrequency", 0)
    if schedule["scheduleRunFrequency"] == "Weekly":
        _days(schedule["scheduleRunDays"])
    return _one_time(schedule, "scheduleRunTimes")


def _schedule_v2(schedule: Any) -> tuple[str, str]:
    _require(schedule["schedulePolicyType"] == "SimpleSchedulePolicyV2")
    frequency = schedule["scheduleRunFrequency"]
    if frequency == "Hourly":
        hourly = schedule["hourlySchedule"]
        interval, window = int(hourly["interval"]), int(hourly["scheduleWindowDuration"])
        _require(interval in _INSTANT_LIMIT_BY_INTERVAL and 4 <= window <= 24 and window % interval == 0)
        hourly["scheduleWindowStartTime"], time = _normal_time(hourly["scheduleWindowStartTime"])
        return time
    _require(frequency in ("Daily", "Weekly"))
    part = schedule["dailySchedule" if frequency == "Daily" else "weeklySchedule"]
    if frequency == "Weekly":
        _days(part["scheduleRunDays"])
    return _one_time(part, "scheduleRunTimes")


def _retention(retention: Any, run: tuple[str, str], weekly: bool, *, hourly: bool) -> None:
    """All retention times equal the schedule's; weekly schedules have no daily retention."""
    _require(("dailySchedule" in retention and retention["dailySchedule"] is not None) != weekly)
    for name, block in _blocks(retention):
        if not block.get("retentionTimes") and hourly:
            continue
        _require(_one_time(block, "retentionTimes") == run)
        duration = block["retentionDuration"]
        count, unit = int(duration["count"]), str(duration["durationType"])
        low, high, right = _COUNTS[name]
        _require(unit == right and low <= count <= high)
        if name == "weekly":
            _days(block["daysOfTheWeek"])
        if name == "yearly":
            _named(block["monthsOfYear"], _MONTHS)
        if name in ("monthly", "yearly"):
            _which_days(block, weekly)


def _which_days(block: Any, weekly: bool) -> None:
    """Weeks and days of the week, or days of the month; the last of them is marked so and its number means nothing."""
    form = block["retentionScheduleFormatType"]
    if form == "Weekly":
        _named(block["retentionScheduleWeekly"]["weeksOfTheMonth"], _WEEKS)
        _days(block["retentionScheduleWeekly"]["daysOfTheWeek"])
        return
    _require(form == "Daily" and not weekly)
    days = block["retentionScheduleDaily"]["daysOfTheMonth"]
    _require(bool(days) and all(day.get("isLast") or 1 <= int(day["date"]) <= 28 for day in days))


def _tiering(archive: Any, retention: Any) -> None:
    """Only monthly and yearly points are archived, after 3 months at the earliest and for 6 at least."""
    if not archive or archive["tieringMode"] == "DoNotTier":
        return
    _require(archive["tieringMode"] in ("TierRecommended", "TierAfter"))
    months = [
        int(block["retentionDuration"]["count"]) * {"monthly": 1, "yearly": 12}[name]
        for name, block in _blocks(retention)
        if name in ("monthly", "yearly")
    ]
    after = int(archive["duration"]) if archive["tieringMode"] == "TierAfter" else 3
    if archive.get("durationType") in ("Months", "Invalid", None):
        _require(after >= 3 and max(months, default=0) >= after + 6)
    else:
        _require(after >= 1 and bool(months))


def _blocks(retention: Any) -> Iterator[tuple[str, Any]]:
    for name in ("daily", "weekly", "monthly", "yearly"):
        block = retention.get(f"{name}Schedule")
        if block is None:
            retention.pop(f"{name}Schedule", None)
        else:
            yield name, block


def _one_time(holder: Any, key: str) -> tuple[str, str]:
    _require(len(holder[key]) == 1)
    text, time = _normal_time(holder[key][0])
    holder[key] = [text]
    return time


def _normal_time(text: Any) -> tuple[str, tuple[str, str]]:
    """`2023-05-20T22:30:00.000Z` to `2023-05-20T22:30:00Z` and its (hour, minute); minutes are 00 or 30."""
    match = _TIME.match(text)
    if match is None or match[3] not in ("00", "30"):
        raise _Wrong
    return f"{match[1]}T{match[2]}:{match[3]}:00Z", (match[2], match[3])


def _days(days: Any) -> set[str]:
    return _named(days, _DAYS)


def _named(given: Any, known: set[str]) -> set[str]:
    found = {str(name).lower() for name in given}
    _require(bool(found) and found <= known)
    return found


def _require(condition: bool) -> None:
    if not condition:
        raise _Wrong
