# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of backup_policy: what is wrong is told with the option's name and what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_options import read_words
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_rules import check_together
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_zones import WINDOWS_OF_IANA, WINDOWS_ZONES, check_time_zone

DAILY = {"frequency": "daily", "time": "22:30"}
WEEKLY = {"frequency": "weekly", "time": "22:30", "days": ["sunday"]}
HOURLY = {"frequency": "hourly", "every_hours": 4, "window_start": "08:00", "window_hours": 12}
THIRTY = {"daily": {"count": 30}}


def wrong(**params: Any) -> OptionError:
    with pytest.raises(OptionError) as caught:
        check_together(read_words(params))
    return caught.value


@pytest.mark.parametrize(
    ("schedule", "option", "right"),
    [
        ({"frequency": "daily"}, "schedule.time", "time"),
        ({**DAILY, "days": ["monday"]}, "schedule.days", "frequency=weekly"),
        ({**DAILY, "every_hours": 4}, "schedule.every_hours", "frequency=hourly"),
        ({**DAILY, "time": "22:15"}, "schedule.time", "full or the half hour"),
        ({**DAILY, "time": "24:00"}, "schedule.time", "23:30"),
        ({**DAILY, "time": "1380"}, "schedule.time", 'write "23:00"'),
        ({**DAILY, "time": "540"}, "schedule.time", 'write "09:00"'),
        ({**DAILY, "time": "10 pm"}, "schedule.time", "HH:MM"),
        ({"frequency": "weekly", "time": "22:30"}, "schedule.days", "time, days"),
        ({**WEEKLY, "days": []}, "schedule.days", "at least one"),
        ({**WEEKLY, "days": ["sun"]}, "schedule.days", "'sun' is none of them: monday"),
        ({**HOURLY, "time": "22:30"}, "schedule.time", "frequency=daily or frequency=weekly"),
        ({**HOURLY, "window_start": None}, "schedule.window_start", "needs every_hours, window_start, window_hours"),
        ({**HOURLY, "every_hours": 5}, "schedule.every_hours", "4, 6, 8, 12, 24"),
        ({**HOURLY, "window_hours": 10}, "schedule.window_hours", "give one of 4, 8, 12, 16, 20, 24"),
        ({**HOURLY, "window_hours": 28}, "schedule.window_hours", "give one of"),
        ({**HOURLY, "window_start": "08:10"}, "schedule.window_start", "half hour"),
    ],
)
def test_schedules(schedule: dict[str, Any], option: str, right: str) -> None:
    error = wrong(schedule=schedule)
    assert error.option == option and right in str(error)


@pytest.mark.parametrize(
    ("retention", "option", "right"),
    [
        ({}, "retention", "at least one of daily"),
        ({"daily": {"count": 0}}, "retention.daily.count", "1 to 9999"),
        ({"daily": {"count": 10000}}, "retention.daily.count", "1 to 9999"),
        ({"weekly": {"count": 5164, "days": ["monday"]}}, "retention.weekly.count", "1 to 5163"),
        ({"weekly": {"count": 1, "days": []}}, "retention.weekly.days", "at least one"),
        ({"monthly": {"count": 0, "month_days": ["1"]}}, "retention.monthly.count", "1 to 1188"),
        ({"monthly": {"count": 1}}, "retention.monthly.month_days", "weeks together with days"),
        ({"monthly": {"count": 1, "weeks": ["first"]}}, "retention.monthly.days", "weeks together with days"),
        ({"monthly": {"count": 1, "days": ["monday"]}}, "retention.monthly.weeks", "weeks together with days"),
        ({"monthly": {"count": 1, "weeks": ["fifth"], "days": ["monday"]}}, "retention.monthly.weeks", "first, second"),
        ({"monthly": {"count": 1, "month_days": ["32"]}}, "retention.monthly.month_days", "1 to 28, or last"),
        ({"monthly": {"count": 1, "month_days": ["0"]}}, "retention.monthly.month_days", "1 to 28, or last"),
        ({"monthly": {"count": 1, "month_days": []}}, "retention.monthly.month_days", "at least one"),
        ({"monthly": {"count": 1, "month_days": ["1"], "weeks": ["first"]}}, "retention.monthly.month_days", "either"),
        ({"yearly": {"count": 100, "months": ["may"], "month_days": ["1"]}}, "retention.yearly.count", "1 to 99"),
        ({"yearly": {"count": 1, "months": [], "month_days": ["1"]}}, "retention.yearly.months", "at least one"),
        ({"yearly": {"count": 1, "months": ["mai"], "month_days": ["1"]}}, "retention.yearly.months", "january"),
    ],
)
def test_retention(retention: dict[str, Any], option: str, right: str) -> None:
    error = wrong(retention=retention)
    assert error.option == option and right in str(error)


MONTHLY = {**THIRTY, "monthly": {"count": 8, "month_days": ["1"]}}
OF_SUNDAY = {"weekly": {"count": 4, "days": ["sunday"]}}


@pytest.mark.parametrize(
    ("params", "option", "right"),
    [
        ({"policy_type": "V1", "schedule": HOURLY}, "schedule.frequency", "policy_type=enhanced"),
        ({"policy_type": "standard", "snapshot_consistency": "crash"}, "snapshot_consistency", "policy_type=enhanced"),
        ({"schedule": DAILY, "retention": OF_SUNDAY}, "retention.daily", "how many days"),
        ({"schedule": HOURLY, "retention": OF_SUNDAY}, "retention.daily", "how many days"),
        ({"schedule": WEEKLY, "retention": {**OF_SUNDAY, **THIRTY}}, "retention.daily", "weekly instead"),
        ({"schedule": WEEKLY, "retention": {"monthly": MONTHLY["monthly"]}}, "retention.weekly", "days: [sunday]"),
        ({"schedule": WEEKLY, "retention": {"weekly": {"count": 4, "days": ["monday", "sunday"]}}}, "retention.weekly.days", "[sunday]"),
        ({"schedule": WEEKLY, "retention": {**OF_SUNDAY, "monthly": MONTHLY["monthly"]}}, "retention.monthly.month_days", "weeks together"),
        (
            {"schedule": WEEKLY, "retention": {**OF_SUNDAY, "monthly": {"count": 1, "weeks": ["first"], "days": ["monday"]}}},
            "retention.monthly.days",
            "no backup on monday",
        ),
        ({"instant_restore_days": 31}, "instant_restore_days", "1 to 30"),
        ({"instant_restore_days": 0}, "instant_restore_days", "1 to 30"),
        ({"policy_type": "standard", "instant_restore_days": 6}, "instant_restore_days", "1 to 5"),
        ({"policy_type": "standard", "schedule": WEEKLY, "instant_restore_days": 2}, "instant_restore_days", "must be 5"),
        ({"schedule": HOURLY, "instant_restore_days": 18}, "instant_restore_days", "1 to 17"),
        ({"schedule": {**HOURLY, "every_hours": 6}, "instant_restore_days": 23}, "instant_restore_days", "1 to 22"),
        ({"snapshot_resource_group_prefix": "a/b"}, "snapshot_resource_group_prefix", "letters"),
        ({"snapshot_resource_group_prefix": "a" * 90}, "snapshot_resource_group_prefix", "90"),
        ({"snapshot_resource_group_prefix": "a", "snapshot_resource_group_suffix": "b."}, "snapshot_resource_group_suffix", "end with"),
        ({"snapshot_resource_group_prefix": "", "snapshot_resource_group_suffix": "b"}, "snapshot_resource_group_suffix", "prefix"),
        ({"snapshot_resource_group_prefix": "a" * 50, "snapshot_resource_group_suffix": "b" * 39}, "snapshot_resource_group_prefix", "88"),
        ({"tiering": {"mode": "recommended", "after": 3}}, "tiering.after", "mode=after only"),
        ({"tiering": {"mode": "never", "unit": "months"}}, "tiering.unit", "mode=after only"),
        ({"tiering": {"mode": "after"}}, "tiering.after", "needs it"),
        ({"tiering": {"mode": "after", "after": 2}}, "tiering.after", "3 months"),
        ({"tiering": {"mode": "recommended"}, "retention": THIRTY}, "tiering", "retention.monthly or retention.yearly"),
        ({"tiering": {"mode": "recommended"}, "retention": MONTHLY}, "tiering", "9 months"),
        ({"tiering": {"mode": "after", "after": 3}, "retention": MONTHLY}, "tiering", "9 months"),
    ],
)
def test_what_does_not_go_together(params: dict[str, Any], option: str, right: str) -> None:
    error = wrong(**params)
    assert error.option == option and right in str(error)


def test_names_are_taken_in_any_case_and_put_in_order() -> None:
    words = read_words(
        {
            "policy_type": "V2",
            "schedule": {"frequency": "weekly", "time": "2:30", "days": ["Sunday", "monday", "SUNDAY"]},
            "retention": {"yearly": {"count": 1, "months": ["June", "january"], "month_days": ["last", "3", "1"]}},
            "tiering": {"mode": "after", "after": 3, "unit": None},
        }
    )
    assert words == {
        "policy_type": "enhanced",
        "schedule": {"frequency": "weekly", "time": "02:30", "days": ["monday", "sunday"]},
        "retention": {"yearly": {"count": 1, "months": ["january", "june"], "month_days": [1, 3, "last"]}},
        "tiering": {"mode": "after", "after": 3, "unit": "months"},
    }


@pytest.mark.parametrize("hours", [4, 8, 12, 24])
def test_windows_that_fit(hours: int) -> None:
    check_together(read_words({"schedule": {**HOURLY, "window_hours": hours}, "retention": THIRTY, "instant_restore_days": 17}))


@pytest.mark.parametrize(
    ("given", "zone"),
    [("UTC", "UTC"), ("utc", "UTC"), (" w. europe standard time ", "W. Europe Standard Time"), ("Mars Standard Time", "Mars Standard Time")],
)
def test_time_zones(given: str, zone: str) -> None:
    assert check_time_zone(given) == zone


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("Europe/Berlin", "'W. Europe Standard Time'"),
        ("america/new_york", "'Eastern Standard Time'"),
        ("Asia/Kolkata", "'India Standard Time'"),
        ("W Europe Standard Time", "'W. Europe Standard Time'"),
        ("Europe/Nowhere", "tzutil"),
        ("CEST", "tzutil"),
        ("", "tzutil"),
    ],
)
def test_time_zones_of_elsewhere_are_translated(given: str, right: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_time_zone(given)
    assert caught.value.option == "time_zone" and right in str(caught.value)


def test_every_translation_is_a_zone_of_windows() -> None:
    assert set(WINDOWS_OF_IANA.values()) <= WINDOWS_ZONES
    assert {"Russia Time Zone 3", "FLE Standard Time", "UTC-11", "Central Standard Time (Mexico)", "Yukon Standard Time"} <= WINDOWS_ZONES
