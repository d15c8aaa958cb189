# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies in the words of options: from Azure and back, the plan, and what is kept that no option says."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_options import read_words
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_plan import plan_absent, plan_present
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_words import Words, properties_of, words_of
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_policies import (
    MORNING,
    NIGHT,
    RECORDED,
    archived,
    daily,
    enhanced,
    hourly,
    kept,
    weekly,
)

every_policy = pytest.mark.parametrize("properties", RECORDED.values(), ids=RECORDED)


def changed(properties: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    other = copy.deepcopy(properties)
    change(other)
    return other


def test_words_of_a_policy_with_everything() -> None:
    assert words_of(weekly()) == {
        "policy_type": "standard",
        "time_zone": "Pacific Standard Time",
        "schedule": {"frequency": "weekly", "time": "22:30", "days": ["monday", "wednesday", "thursday"]},
        "retention": {
            "weekly": {"count": 1, "days": ["monday", "wednesday", "thursday"]},
            "monthly": {"count": 2, "weeks": ["first", "third"], "days": ["wednesday", "thursday"]},
            "yearly": {"count": 4, "months": ["february", "november"], "weeks": ["fourth", "last"], "days": ["monday", "thursday"]},
        },
        "instant_restore_days": 5,
        "snapshot_resource_group_prefix": "",
        "snapshot_resource_group_suffix": "",
        "snapshot_consistency": "application",
        "tiering": {"mode": "never"},
    }


def test_words_of_an_enhanced_policy() -> None:
    words = words_of(hourly())
    assert (words["policy_type"], words["retention"]) == ("enhanced", {"daily": {"count": 30}})
    assert words["schedule"] == {"frequency": "hourly", "every_hours": 4, "window_start": "08:00", "window_hours": 12}
    assert words_of(enhanced("Weekly"))["schedule"] == {"frequency": "weekly", "time": "22:30", "days": ["sunday"]}
    assert words_of(enhanced("Daily"))["snapshot_consistency"] == "crash"


@every_policy
def test_what_azure_shows_is_taken_as_options_and_changes_nothing(properties: dict[str, Any]) -> None:
    """The round trip of backup_policy_info."""
    words = words_of(properties)
    given = read_words(words)
    assert given == {name: value for name, value in words.items() if value is not None}
    assert plan_present("p", given, properties).action == "none"


@every_policy
def test_a_policy_made_of_its_words_has_these_words(properties: dict[str, Any]) -> None:
    words = words_of(properties)
    assert words_of(properties_of(words)) == words


@every_policy
def test_a_policy_that_is_sent_as_it_is_stays_to_the_letter(properties: dict[str, Any]) -> None:
    sent = properties_of(words_of(properties), properties)
    assert sent == {name: value for name, value in properties.items() if name != "protectedItemsCount"}


@pytest.mark.parametrize(
    ("properties", "change"),
    [
        (daily(), lambda p: p.update(policyType="V1")),
        (daily(), lambda p: p.update(policyType=None)),
        (daily(), lambda p: p.pop("instantRPDetails")),
        (daily(), lambda p: p.update(tieringPolicy={"ArchivedRP": {"tieringMode": "DoNotTier"}})),
        (daily(), lambda p: p.update(timeZone="utc")),
        (daily(), lambda p: p["schedulePolicy"].update(scheduleRunTimes=["2026-01-31T22:30:00.000Z"])),
        (daily(), lambda p: p["retentionPolicy"].update(weeklySchedule=None, monthlySchedule=None)),
        (daily(), lambda p: p["retentionPolicy"]["dailySchedule"].update(retentionTimes=["2019-02-28T22:30:00.0000000+00:00"])),
        (weekly(), lambda p: p["schedulePolicy"].update(scheduleRunDays=["Thursday", "Monday", "Wednesday"], scheduleWeeklyFrequency=0)),
        (weekly(), lambda p: p["retentionPolicy"]["yearlySchedule"]["retentionScheduleWeekly"]["weeksOfTheMonth"].reverse()),
        (hourly(), lambda p: p["retentionPolicy"]["dailySchedule"].pop("retentionTimes")),
        (archived(), lambda p: p["instantRPDetails"].update(azureBackupRGNamePrefix="rg_PREFIX")),
    ],
)
def test_what_azure_writes_otherwise_is_no_difference(properties: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> None:
    assert plan_present("p", words_of(properties), changed(properties, change)).action == "none"


@pytest.mark.parametrize(
    ("current", "given", "expected"),
    [
        (daily(), {"instant_restore_days": 5}, {"instantRpRetentionRangeInDays": 5}),
        (daily(), {"time_zone": "India Standard Time"}, {"timeZone": "India Standard Time"}),
        (
            daily(),
            {"snapshot_resource_group_prefix": "snap-"},
            {"instantRPDetails": {"azureBackupRGNamePrefix": "snap-"}},
        ),
        (archived(), {"snapshot_resource_group_suffix": ""}, {"instantRPDetails": {"azureBackupRGNamePrefix": "RG_prefix"}}),
        (
            archived(),
            {"tiering": {"mode": "after", "after": 6, "unit": "months"}},
            {"tieringPolicy": {"ArchivedRP": {"tieringMode": "TierAfter", "duration": 6, "durationType": "Months"}}},
        ),
        (
            archived(),
            {"tiering": {"mode": "never"}},
            {"tieringPolicy": {"ArchivedRP": {"tieringMode": "DoNotTier", "duration": 0, "durationType": "Invalid"}}},
        ),
        (hourly(), {"snapshot_consistency": "crash"}, {"snapshotConsistencyType": "OnlyCrashConsistent"}),
        (
            daily(),
            {"retention": {"daily": {"count": 7}}},
            {"retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": kept(7, "Days", "2020-01-01T22:30:00Z")}},
        ),
        (
            hourly(),
            {"schedule": {"frequency": "hourly", "every_hours": 12, "window_start": "08:00", "window_hours": 24}},
            {
                "schedulePolicy": {
                    "schedulePolicyType": "SimpleSchedulePolicyV2",
                    "scheduleRunFrequency": "Hourly",
                    "hourlySchedule": {"interval": 12, "scheduleWindowStartTime": "2020-01-01T08:00:00Z", "scheduleWindowDuration": 24},
                }
            },
        ),
    ],
)
def test_an_update_sends_the_rest_as_it_was(current: dict[str, Any], given: Words, expected: dict[str, Any]) -> None:
    plan = plan_present("p", given, current)
    assert plan.action == "update" and plan.properties is not None
    untouched = {name: value for name, value in current.items() if name not in (*expected, "protectedItemsCount")}
    assert plan.properties == {**untouched, **expected}
    assert words_of(plan.properties) == plan.after


def test_crash_consistency_is_taken_back_by_leaving_it_out() -> None:
    plan = plan_present("p", {"snapshot_consistency": "application"}, enhanced("Daily"))
    assert plan.properties is not None and "snapshotConsistencyType" not in plan.properties


def test_all_retention_times_follow_the_schedule() -> None:
    plan = plan_present("p", {"schedule": {"frequency": "daily", "time": "03:00"}}, archived())
    assert plan.properties is not None
    retention = plan.properties["retentionPolicy"]
    assert retention["dailySchedule"]["retentionTimes"] == retention["monthlySchedule"]["retentionTimes"] == ["2020-01-01T03:00:00Z"]
    assert retention["monthlySchedule"]["retentionScheduleDaily"] == {"daysOfTheMonth": [{"date": 1, "isLast": False}]}


def test_what_no_option_says_is_kept() -> None:
    current = daily(instantAccessDurationMinutes=600, newInAzure={"a": 1})
    current["schedulePolicy"]["somethingNew"] = True
    current["retentionPolicy"]["dailySchedule"]["alsoNew"] = [1]
    current["tieringPolicy"] = {"ColdRP": {"tieringMode": "TierAfter"}}
    wish: Words = {
        "schedule": {"frequency": "daily", "time": "03:00"},
        "tiering": {"mode": "recommended"},
        "retention": {"daily": {"count": 60}, "yearly": {"count": 2, "months": ["june"], "month_days": [1, "last"]}},
    }
    sent = plan_present("p", wish, current).properties
    assert sent is not None
    assert (sent["instantAccessDurationMinutes"], sent["newInAzure"]) == (600, {"a": 1})
    assert sent["schedulePolicy"]["somethingNew"] is True and sent["retentionPolicy"]["dailySchedule"]["alsoNew"] == [1]
    assert sent["tieringPolicy"]["ColdRP"] == {"tieringMode": "TierAfter"}
    assert sent["retentionPolicy"]["yearlySchedule"]["retentionScheduleDaily"] == {
        "daysOfTheMonth": [{"date": 1, "isLast": False}, {"date": 0, "isLast": True}]
    }
    assert "protectedItemsCount" not in sent


def test_retention_is_taken_as_a_whole() -> None:
    plan = plan_present("p", {"retention": {"daily": {"count": 30}}, "tiering": {"mode": "never"}}, archived())
    assert plan.properties is not None and "monthlySchedule" not in plan.properties["retentionPolicy"]


def test_a_new_policy_has_its_defaults_and_nothing_else() -> None:
    plan = plan_present("p", {"schedule": {"frequency": "daily", "time": "22:30"}, "retention": {"daily": {"count": 30}}}, None)
    time = NIGHT.replace("2023-05-20", "2020-01-01")
    assert plan.action == "create" and plan.before == {}
    assert plan.properties == {
        "backupManagementType": "AzureIaasVM",
        "timeZone": "UTC",
        "schedulePolicy": {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Daily", "scheduleRunTimes": [time]},
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": kept(30, "Days", time)},
        "instantRpRetentionRangeInDays": 2,
    }


def test_a_new_enhanced_policy() -> None:
    wish: Words = {
        "policy_type": "enhanced",
        "schedule": {"frequency": "hourly", "every_hours": 4, "window_start": "08:00", "window_hours": 12},
        "retention": {"daily": {"count": 30}},
    }
    sent = plan_present("p", wish, None).properties
    assert sent is not None and sent["policyType"] == "V2"
    assert sent["retentionPolicy"]["dailySchedule"]["retentionTimes"] == [MORNING.replace("2023-05-20", "2020-01-01")]


def test_a_new_weekly_policy_has_five_days_of_instant_restore() -> None:
    wish: Words = {"schedule": {"frequency": "weekly", "time": "22:30", "days": ["sunday"]}, "retention": {"weekly": {"count": 4, "days": ["sunday"]}}}
    assert plan_present("p", wish, None).after["instant_restore_days"] == 5


@pytest.mark.parametrize("missing", ["schedule", "retention"])
def test_a_new_policy_needs_schedule_and_retention(missing: str) -> None:
    wish: Words = {"schedule": {"frequency": "daily", "time": "22:30"}, "retention": {"daily": {"count": 30}}}
    del wish[missing]
    with pytest.raises(OptionError) as caught:
        plan_present("p", wish, None)
    assert caught.value.option == missing


@pytest.mark.parametrize(("current", "wanted"), [(daily(), "enhanced"), (hourly(), "standard")])
def test_the_type_cannot_change(current: dict[str, Any], wanted: str) -> None:
    with pytest.raises(OptionError) as caught:
        plan_present("p", {"policy_type": wanted}, current)
    assert caught.value.option == "policy_type" and "another name" in str(caught.value)


@pytest.mark.parametrize(
    ("current", "given", "option"),
    [
        (daily(), {"schedule": {"frequency": "weekly", "time": "22:30", "days": ["sunday"]}}, "retention.daily"),
        (daily(), {"instant_restore_days": 6}, "instant_restore_days"),
        (hourly(), {"instant_restore_days": 18}, "instant_restore_days"),
        (weekly(), {"instant_restore_days": 4}, "instant_restore_days"),
        (daily(), {"snapshot_consistency": "crash"}, "snapshot_consistency"),
        (daily(), {"snapshot_resource_group_suffix": "x"}, "snapshot_resource_group_suffix"),
        (daily(), {"tiering": {"mode": "recommended"}}, "tiering"),
        (archived(), {"retention": {"daily": {"count": 30}}}, "tiering"),
        (weekly(), {"schedule": {"frequency": "weekly", "time": "22:30", "days": ["sunday"]}}, "retention.weekly.days"),
        (daily(schedulePolicy={"schedulePolicyType": "LogSchedulePolicy"}), {"retention": {"daily": {"count": 60}}}, "schedule"),
        (daily(), {"retention": {"daily": {"count": 6}}}, "retention.daily.count"),
        (archived(), {"retention": {"daily": {"count": 30}, "monthly": {"count": 60, "month_days": [29]}}}, "retention.monthly.month_days"),
    ],
)
def test_rules_hold_for_the_policy_as_it_would_become(current: dict[str, Any], given: Words, option: str) -> None:
    with pytest.raises(OptionError) as caught:
        plan_present("p", given, current)
    assert caught.value.option == option


@pytest.mark.parametrize(
    ("option", "change"),
    [
        ("schedule", lambda p: p.update(schedulePolicy={"schedulePolicyType": "LogSchedulePolicy", "scheduleFrequencyInMins": 60})),
        ("schedule", lambda p: p.update(schedulePolicy=None)),
        ("schedule", lambda p: p.update(schedulePolicy=["odd"])),
        ("schedule", lambda p: p["schedulePolicy"].update(scheduleRunTimes=None)),
        ("schedule", lambda p: p["schedulePolicy"].pop("scheduleRunDays")),
        ("schedule", lambda p: p.update(schedulePolicy={"scheduleRunFrequency": "Hourly", "hourlySchedule": {"interval": 4}})),
        ("retention", lambda p: p.update(retentionPolicy=None)),
        ("retention", lambda p: p.update(retentionPolicy={"retentionPolicyType": "SimpleRetentionPolicy", "retentionDuration": {"count": 30}})),
        ("retention", lambda p: p["retentionPolicy"]["weeklySchedule"].update(retentionDuration=None)),
        ("retention", lambda p: p["retentionPolicy"]["weeklySchedule"]["retentionDuration"].update(durationType="Months")),
        ("retention", lambda p: p["retentionPolicy"]["weeklySchedule"].pop("daysOfTheWeek")),
        ("retention", lambda p: p["retentionPolicy"]["monthlySchedule"].update(retentionScheduleFormatType="Invalid")),
        ("retention", lambda p: p["retentionPolicy"]["monthlySchedule"].update(retentionScheduleWeekly=None)),
        ("retention", lambda p: p["retentionPolicy"]["yearlySchedule"].update(monthsOfYear=[])),
        ("retention", lambda p: p["retentionPolicy"]["yearlySchedule"].update(
            retentionScheduleFormatType="Daily", retentionScheduleDaily={"daysOfTheMonth": [{"date": None}, "odd"]}
        )),
    ],
)
def test_what_no_option_can_say_is_shown_as_null_and_left_alone(option: str, change: Callable[[dict[str, Any]], Any]) -> None:
    odd = changed(weekly(), change)
    words = words_of(odd)
    assert [name for name in ("schedule", "retention") if words[name] is None] == [option]
    assert plan_present("p", {}, odd).action == "none"
    # The round trip of backup_policy_info.
    assert plan_present("p", read_words(words), odd).action == "none"
    edit = plan_present("p", {"time_zone": "GMT Standard Time"}, odd)
    assert edit.properties == {**{name: value for name, value in odd.items() if name != "protectedItemsCount"}, "timeZone": "GMT Standard Time"}


def test_a_retention_that_no_option_can_say_follows_the_schedule() -> None:
    odd = weekly()
    odd["retentionPolicy"]["monthlySchedule"]["retentionScheduleFormatType"] = "Invalid"
    moved = plan_present("p", {"schedule": {**words_of(odd)["schedule"], "time": "03:00"}}, odd).properties
    assert moved is not None
    blocks = [moved["retentionPolicy"][f"{period}Schedule"] for period in ("weekly", "monthly", "yearly")]
    assert [block["retentionTimes"] for block in blocks] == [["2020-01-01T03:00:00Z"]] * 3
    assert blocks[1] == {**odd["retentionPolicy"]["monthlySchedule"], "retentionTimes": ["2020-01-01T03:00:00Z"]}
    assert moved["retentionPolicy"]["dailySchedule"] is None


def test_the_schedule_tells_the_type_where_azure_does_not() -> None:
    silent = hourly(policyType=None)
    assert words_of(silent)["policy_type"] == "enhanced"
    assert plan_present("p", read_words(words_of(hourly())), silent).action == "none"


FEW_DAYS = changed(daily(), lambda p: p["retentionPolicy"]["dailySchedule"]["retentionDuration"].update(count=3))
LATE_DAY = changed(archived(), lambda p: p["retentionPolicy"]["monthlySchedule"]["retentionScheduleDaily"]["daysOfTheMonth"][0].update(date=31))
NO_WEEKLY = changed(weekly(), lambda p: p["retentionPolicy"]["weeklySchedule"].update(daysOfTheWeek=["Monday"]))


@pytest.mark.parametrize("properties", [FEW_DAYS, LATE_DAY], ids=["few-days", "late-day"])
def test_a_policy_from_the_time_of_other_limits_is_taken_as_it_is(properties: dict[str, Any]) -> None:
    """Until 2020, Azure took policies that keep daily backups for less than a week."""
    assert plan_present("p", read_words(words_of(properties)), properties).action == "none"


@pytest.mark.parametrize("properties", [FEW_DAYS, LATE_DAY, NO_WEEKLY], ids=["few-days", "late-day", "other-days"])
def test_a_rule_that_the_policy_breaks_already_hinders_no_other_edit(properties: dict[str, Any]) -> None:
    plan = plan_present("p", {"time_zone": "GMT Standard Time"}, properties)
    assert plan.properties is not None and plan.properties["retentionPolicy"] == properties["retentionPolicy"]


@pytest.mark.parametrize("name", ["instantRPDetails", "tieringPolicy", "protectedItemsCount", "instantRpRetentionRangeInDays"])
@pytest.mark.parametrize("value", [None, "odd", ["odd"], {}])
def test_members_of_another_kind_do_not_disturb(name: str, value: Any) -> None:
    odd = {**archived(), name: value}
    assert plan_present("p", words_of(odd), odd).action == "none"
    wish: Words = {"snapshot_resource_group_prefix": "x", "snapshot_resource_group_suffix": "", "tiering": {"mode": "after", "after": 9, "unit": "months"}}
    assert plan_present("p", wish, odd).action == "update" and plan_absent(odd).items == 0


def test_absent() -> None:
    assert plan_absent(None).action == "none"
    plan = plan_absent(daily(protectedItemsCount=3))
    assert (plan.action, plan.items, plan.after) == ("delete", 3, {}) and plan.before == words_of(daily())
