# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`az backup policy`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import AzureCli
from harness.control import Control

VAULT = "--resource-group rg-backup --vault-name rsv-cli"
VMS = "--backup-management-type AzureIaasVM"


def test_policies(az: AzureCli) -> None:
    assert {one["name"] for one in az(f"backup policy list {VAULT}")} == {"DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup", "gold", "hourly", "silver"}
    names = {one["name"] for one in az(f"backup policy list {VAULT} {VMS} --workload-type VM")}
    assert names == {"DefaultPolicy", "EnhancedPolicy", "gold", "hourly", "silver"}
    kinds = {kind: {one["name"] for one in az(f"backup policy list {VAULT} {VMS} --policy-sub-type {kind}")} for kind in ("Standard", "Enhanced")}
    assert kinds == {"Standard": {"DefaultPolicy", "gold", "silver"}, "Enhanced": {"EnhancedPolicy", "hourly"}}
    assert any(line.startswith("gold ") for line in az.table(f"backup policy list {VAULT}"))
    assert az(f"backup policy get-default-for-vm {VAULT}")["name"] == "DefaultPolicy"
    assert az(f"backup policy show {VAULT} --name EnhancedPolicy")["properties"]["policyType"] == "V2"
    assert az(f"backup policy show {VAULT} --name HourlyLogBackup")["properties"]["backupManagementType"] == "AzureWorkload"
    assert "(BMSUserErrorPolicyNotFound)" in az.fails(f"backup policy show {VAULT} --name nowhere")


def test_a_policy_comes_changes_and_goes(az: AzureCli) -> None:
    """As the CLI's documentation has it: the output of show, edited, is the input."""
    policy = az(f"backup policy show {VAULT} --name DefaultPolicy")
    policy["properties"]["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] = 45
    file = az.folder / "policy.json"
    file.write_text(json.dumps(policy))
    made = az(f"backup policy create {VAULT} --name forty-five {VMS} --policy {file}")
    assert made["properties"]["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] == 45
    policy["name"] = "forty-five"
    policy["properties"]["instantRpRetentionRangeInDays"] = 5
    file.write_text(json.dumps(policy))
    assert az(f"backup policy set {VAULT} --policy {file}")["properties"]["instantRpRetentionRangeInDays"] == 5
    assert az(f"backup policy show {VAULT} --name forty-five")["properties"]["instantRpRetentionRangeInDays"] == 5
    az(f"backup policy delete {VAULT} --name forty-five")
    assert "(BMSUserErrorPolicyNotFound)" in az.fails(f"backup policy show {VAULT} --name forty-five")


def test_an_enhanced_policy(az: AzureCli) -> None:
    file = az.folder / "enhanced.json"
    file.write_text(az.text(f"backup policy show {VAULT} --name EnhancedPolicy --output json"))
    made = az(f"backup policy create {VAULT} --name every-four-hours {VMS} --policy {file}")
    assert made["properties"]["schedulePolicy"]["scheduleRunFrequency"] == "Hourly"
    az(f"backup policy delete {VAULT} --name every-four-hours")


TIME = "2026-01-01T22:30:00+00:00"
SUNDAYS = {"daysOfTheWeek": ["Sunday"], "weeksOfTheMonth": ["First"]}


def _weekly(count: int, unit: str, **more: Any) -> dict[str, Any]:
    return {"retentionTimes": [TIME], "retentionDuration": {"count": count, "durationType": unit}, **more}


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_a_weekly_policy_with_every_retention(az: AzureCli, version: str) -> None:
    runs = {"scheduleRunDays": ["Sunday"], "scheduleRunTimes": [TIME]}
    schedules = {
        "V1": {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Weekly", **runs},
        "V2": {"schedulePolicyType": "SimpleSchedulePolicyV2", "scheduleRunFrequency": "Weekly", "weeklySchedule": runs},
    }
    by_week = {"retentionScheduleFormatType": "Weekly", "retentionScheduleWeekly": SUNDAYS}
    properties = {
        "backupManagementType": "AzureIaasVM", "policyType": version, "schedulePolicy": schedules[version],
        "retentionPolicy": {
            "retentionPolicyType": "LongTermRetentionPolicy",
            "weeklySchedule": _weekly(12, "Weeks", daysOfTheWeek=["Sunday"]),
            "monthlySchedule": _weekly(24, "Months", **by_week),
            "yearlySchedule": _weekly(7, "Years", **by_week, monthsOfYear=["January"]),
        },
        "tieringPolicy": {"ArchivedRP": {"tieringMode": "TierAfter", "duration": 3, "durationType": "Months"}},
        "instantRpRetentionRangeInDays": 5, "timeZone": "UTC",
    }
    file = az.folder / f"weekly-{version}.json"
    file.write_text(json.dumps({"properties": properties}))
    made = az(f"backup policy create {VAULT} --name weekly-{version} {VMS} --policy {file}")["properties"]
    assert made["retentionPolicy"]["yearlySchedule"]["retentionDuration"] == {"count": 7, "durationType": "Years"}
    assert made["tieringPolicy"]["ArchivedRP"]["tieringMode"] == "TierAfter"
    assert az(f"backup policy show {VAULT} --name weekly-{version}")["properties"]["schedulePolicy"]["scheduleRunFrequency"] == "Weekly"
    properties["retentionPolicy"]["dailySchedule"] = _weekly(30, "Days")
    file.write_text(json.dumps({"properties": properties}))
    assert "(BMSUserErrorInvalidPolicyInput)" in az.fails(f"backup policy create {VAULT} --name weekly-{version}-no {VMS} --policy {file}")
    az(f"backup policy delete {VAULT} --name weekly-{version}")


def test_a_change_of_a_policy_in_use(az: AzureCli, control: Control) -> None:
    """Its items take it over in jobs of their own."""
    policy = az(f"backup policy show {VAULT} --name silver")
    policy["properties"]["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] = 99
    file = az.folder / "silver.json"
    file.write_text(json.dumps(policy))
    az(f"backup policy set {VAULT} --policy {file} --name silver")
    control.advance(60)
    changed = az(f"backup policy show {VAULT} --name silver")["properties"]
    assert (changed["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"], changed["protectedItemsCount"]) == (99, 1)
    jobs = az(f"backup job list {VAULT} --operation ConfigureBackup")
    assert [one["properties"]["status"] for one in jobs if one["properties"]["entityFriendlyName"] == "policy-02"] == ["Completed"]


def test_items_of_a_policy(az: AzureCli) -> None:
    items = az(f"backup policy list-associated-items {VAULT} --name DefaultPolicy {VMS}")
    assert "restore-01" in {one["properties"]["friendlyName"] for one in items}
    assert {one["properties"]["policyName"] for one in items} == {"DefaultPolicy"}
    assert az(f"backup policy show {VAULT} --name DefaultPolicy")["properties"]["protectedItemsCount"] == len(items)


def test_a_policy_in_use_stays(az: AzureCli) -> None:
    assert "(BMSUserErrorPolicyObjectInUse)" in az.fails(f"backup policy delete {VAULT} --name DefaultPolicy")
