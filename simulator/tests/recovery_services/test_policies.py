# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest
from backup_world import VM_FILTER, Backup, code

DAILY: dict[str, Any] = {
    "backupManagementType": "AzureIaasVM",
    "instantRPDetails": {},
    "schedulePolicy": {
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunFrequency": "Daily",
        "scheduleRunTimes": ["2023-05-20T22:30:00.000Z"],
    },
    "retentionPolicy": {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "dailySchedule": {
            "retentionTimes": ["2023-05-20T22:30:00.000Z"],
            "retentionDuration": {"count": 30, "durationType": "Days"},
        },
    },
    "instantRpRetentionRangeInDays": 3,
    "timeZone": "UTC",
    "protectedItemsCount": 7,
}
HOURLY: dict[str, Any] = {
    **DAILY,
    "policyType": "V2",
    "schedulePolicy": {
        "schedulePolicyType": "SimpleSchedulePolicyV2",
        "scheduleRunFrequency": "Hourly",
        "hourlySchedule": {"interval": 4, "scheduleWindowStartTime": "2023-05-20T08:00:00.000Z", "scheduleWindowDuration": 12},
    },
    "retentionPolicy": {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "dailySchedule": {
            "retentionTimes": ["2023-05-20T08:00:00.000Z"],
            "retentionDuration": {"count": 30, "durationType": "Days"},
        },
    },
}
WEEKLY: dict[str, Any] = {
    **DAILY,
    "schedulePolicy": {**DAILY["schedulePolicy"], "scheduleRunFrequency": "Weekly", "scheduleRunDays": ["Sunday", "Friday"]},
    "retentionPolicy": {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "weeklySchedule": {
            "daysOfTheWeek": ["Friday", "Sunday"],
            "retentionTimes": ["2023-05-20T22:30:00.000Z"],
            "retentionDuration": {"count": 12, "durationType": "Weeks"},
        },
    },
    "instantRpRetentionRangeInDays": 5,
}


def put(azure: Backup, name: str, properties: dict[str, Any]) -> Any:
    return azure.send("PUT", azure.policy(name), {"properties": properties})


@pytest.mark.parametrize("properties", [DAILY, HOURLY, WEEKLY])
def test_put_normalises_and_get_agrees(properties: dict[str, Any]) -> None:
    azure = Backup()
    reply = put(azure, "gold", properties)
    assert reply.status == 200
    assert azure.get(azure.policy("GOLD")) == reply.body
    kept = reply.body["properties"]
    assert kept["protectedItemsCount"] == 0
    assert ".000Z" not in str(kept) and ":00Z" in str(kept)
    assert ("policyType" in kept) == (properties is HOURLY)
    if properties is DAILY:
        assert kept["schedulePolicy"]["scheduleWeeklyFrequency"] == 0


def changed(base: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    properties = copy.deepcopy(base)
    change(properties)
    return properties


def monthly(*, weeks: list[str] | None = None, days: list[int] | None = None, count: int = 12) -> dict[str, Any]:
    which: dict[str, Any] = {
        "retentionScheduleFormatType": "Weekly",
        "retentionScheduleWeekly": {"weeksOfTheMonth": weeks, "daysOfTheWeek": ["Sunday"]},
    }
    if days is not None:
        listed = [{"date": day, "isLast": day == 0} for day in days]
        which = {"retentionScheduleFormatType": "Daily", "retentionScheduleDaily": {"daysOfTheMonth": listed}}
    return {
        **which,
        "retentionTimes": ["2023-05-20T22:30:00.000Z"],
        "retentionDuration": {"count": count, "durationType": "Months"},
    }


def archived(properties: dict[str, Any], mode: str, after: int = 0) -> None:
    """A year of months, and where they go."""
    properties["retentionPolicy"]["monthlySchedule"] = monthly(days=[1, 0])
    unit = "Months" if after else "Invalid"
    properties["tieringPolicy"] = {"ArchivedRP": {"tieringMode": mode, "duration": after, "durationType": unit}}


@pytest.mark.parametrize("mode", [("TierRecommended", 0), ("TierAfter", 6), ("DoNotTier", 0)])
def test_tiering_stays_when_a_later_put_is_silent_about_it(mode: tuple[str, int]) -> None:
    azure = Backup()
    first = changed(DAILY, lambda p: archived(p, *mode))
    kept = put(azure, "gold", first).body["properties"]["tieringPolicy"]
    assert kept == first["tieringPolicy"]
    silent = changed(first, lambda p: p.pop("tieringPolicy"))
    assert put(azure, "gold", silent).body["properties"]["tieringPolicy"] == kept


@pytest.mark.parametrize(
    "properties",
    [
        changed(DAILY, lambda p: p["schedulePolicy"].update(scheduleRunTimes=["2023-05-20T22:15:00Z"])),
        changed(DAILY, lambda p: p["schedulePolicy"].update(scheduleRunTimes=["2023-05-20T21:30:00Z"])),
        changed(DAILY, lambda p: p["schedulePolicy"].update(scheduleRunTimes=[])),
        changed(DAILY, lambda p: p["schedulePolicy"].update(scheduleRunFrequency="Monthly")),
        changed(DAILY, lambda p: p["retentionPolicy"]["dailySchedule"]["retentionDuration"].update(count=6)),
        changed(DAILY, lambda p: p["retentionPolicy"]["dailySchedule"]["retentionDuration"].update(durationType="Weeks")),
        changed(DAILY, lambda p: p["retentionPolicy"].pop("dailySchedule")),
        changed(DAILY, lambda p: p.update(instantRpRetentionRangeInDays=6)),
        changed(DAILY, lambda p: p.update(backupManagementType="AzureSql")),
        changed(DAILY, lambda p: p.pop("schedulePolicy")),
        changed(DAILY, lambda p: p.update(policyType="V2")),
        changed(HOURLY, lambda p: p.update(instantRpRetentionRangeInDays=18)),
        changed(HOURLY, lambda p: p["schedulePolicy"]["hourlySchedule"].update(interval=5)),
        changed(HOURLY, lambda p: p["schedulePolicy"]["hourlySchedule"].update(scheduleWindowDuration=10)),
        changed(HOURLY, lambda p: p.update(timeZone="Europe/Berlin")),
        changed(HOURLY, lambda p: p.update(snapshotConsistencyType="Wrong")),
        changed(DAILY, lambda p: p.update(snapshotConsistencyType="OnlyCrashConsistent")),
        changed(DAILY, lambda p: p.update(tieringPolicy={"ArchivedRP": {"tieringMode": "TierRecommended"}})),
        changed(DAILY, lambda p: p["retentionPolicy"].update(monthlySchedule=monthly(weeks=["Fifth"]))),
        changed(DAILY, lambda p: p["retentionPolicy"].update(monthlySchedule=monthly(days=[29]))),
        changed(DAILY, lambda p: p["retentionPolicy"].update(monthlySchedule=monthly(days=[1], count=1189))),
        changed(DAILY, lambda p: p["retentionPolicy"].update(yearlySchedule=monthly(days=[1]))),
        changed(DAILY, lambda p: archived(p, "TierAfter", 7)),
        changed(DAILY, lambda p: archived(p, "TierAfter", 2)),
        changed(WEEKLY, lambda p: p["retentionPolicy"].update(monthlySchedule=monthly(days=[1]))),
        changed(WEEKLY, lambda p: p["retentionPolicy"].pop("weeklySchedule")),
        changed(WEEKLY, lambda p: p.update(instantRpRetentionRangeInDays=2)),
        changed(WEEKLY, lambda p: p["retentionPolicy"]["weeklySchedule"].update(daysOfTheWeek=["Monday"])),
        {},
        None,
    ],
)
def test_wrong_policies_are_refused(properties: Any) -> None:
    azure = Backup()
    assert code(put(azure, "gold", properties)) == "400 BMSUserErrorInvalidPolicyInput"
    assert azure.send("GET", azure.policy("gold")).status == 404


def test_lists_with_and_without_the_filter() -> None:
    azure = Backup()
    put(azure, "gold", DAILY)
    names = [row["name"] for row in azure.rows(f"{azure.vault}/backupPolicies")]
    assert names == ["HourlyLogBackup", "gold", "DefaultPolicy", "EnhancedPolicy"]
    assert [row["name"] for row in azure.rows(f"{azure.vault}/backupPolicies", filter=VM_FILTER)] == names[1:]


def test_a_policy_in_use_cannot_be_deleted() -> None:
    azure = Backup()
    put(azure, "gold", DAILY)
    azure.protected("web-01", "gold")
    assert azure.get(azure.policy("gold"))["properties"]["protectedItemsCount"] == 1
    assert code(azure.send("DELETE", azure.policy("gold"))) == "400 BMSUserErrorPolicyObjectInUse"
    azure.enable("web-01", "DefaultPolicy")
    azure.advance(15)
    assert azure.send("DELETE", azure.policy("gold")).status == 200
    assert azure.send("DELETE", azure.policy("gold")).status == 204


def test_a_policy_with_items_changes_in_the_background() -> None:
    azure = Backup()
    put(azure, "gold", DAILY)
    azure.protected("web-01", "gold")
    reply = put(azure, "gold", {**DAILY, "instantRpRetentionRangeInDays": 4})
    assert reply.status == 202
    assert azure.send("GET", reply.headers["Location"]).status == 202
    azure.advance(15)
    done = azure.get(reply.headers["Azure-AsyncOperation"])
    assert done["status"] == "Succeeded"
    assert done["properties"]["objectType"] == "OperationStatusJobsExtendedInfo"
    (name,) = done["properties"]["jobIds"]
    job = azure.run_to_end(f"{azure.vault}/backupJobs/{name}")
    assert (job["operation"], job["status"], job["entityFriendlyName"]) == ("ConfigureBackup", "Completed", "web-01")
    assert azure.get(reply.headers["Location"])["properties"]["instantRpRetentionRangeInDays"] == 4


def test_the_type_of_a_policy_is_fixed() -> None:
    azure = Backup()
    put(azure, "gold", DAILY)
    assert put(azure, "gold", HOURLY).status == 400


def test_fifty_edits_a_day() -> None:
    azure = Backup()
    for _ in range(50):
        assert put(azure, "gold", DAILY).status == 200
    assert code(put(azure, "gold", DAILY)) == "400 CloudDosTimeboudLimitReached"
    azure.advance(86401)
    assert put(azure, "gold", DAILY).status == 200


def test_two_hundred_policies_a_vault() -> None:
    azure = Backup()
    for number in range(197):
        assert put(azure, f"p-{number:03d}", DAILY).status == 200
        azure.advance(1800)
    assert code(put(azure, "one-more", DAILY)) == "400 BMSUserErrorPolicyLimitReached"
    assert put(azure, "p-000", DAILY).status == 200


def test_the_workload_policy_is_readable_by_name() -> None:
    azure = Backup()
    assert azure.get(azure.policy("hourlylogbackup"))["properties"]["backupManagementType"] == "AzureWorkload"
