# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-recoveryservicesbackup: backup policies with every schedule and retention."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure_clients import VMS, Vault, headers_of, models, operation_of, properties

TIMES = [datetime(2026, 1, 1, 22, 30, tzinfo=timezone.utc)]
SCHEDULED = {
    "V1 daily": lambda: models.SimpleSchedulePolicy(schedule_run_frequency="Daily", schedule_run_times=TIMES),
    "V1 weekly": lambda: models.SimpleSchedulePolicy(schedule_run_frequency="Weekly", schedule_run_days=["Sunday"], schedule_run_times=TIMES),
    "V2 hourly": lambda: models.SimpleSchedulePolicyV2(
        schedule_run_frequency="Hourly",
        hourly_schedule=models.HourlySchedule(interval=4, schedule_window_start_time=TIMES[0], schedule_window_duration=12),
    ),
    "V2 daily": lambda: models.SimpleSchedulePolicyV2(
        schedule_run_frequency="Daily", daily_schedule=models.DailySchedule(schedule_run_times=TIMES)
    ),
    "V2 weekly": lambda: models.SimpleSchedulePolicyV2(
        schedule_run_frequency="Weekly", weekly_schedule=models.WeeklySchedule(schedule_run_days=["Sunday"], schedule_run_times=TIMES)
    ),
}


@pytest.fixture
def vault(shared_azure: Any) -> Vault:
    return Vault(shared_azure)


def _kept(count: int, unit: str) -> Any:
    return models.RetentionDuration(count=count, duration_type=unit)


def _retention(*, weekly: bool, days: int = 30) -> Any:
    """Daily (unless the schedule is weekly), weekly, monthly and yearly."""
    sundays = models.WeeklyRetentionFormat(days_of_the_week=["Sunday"], weeks_of_the_month=["First", "Last"])
    by_week = {"retention_schedule_format_type": "Weekly", "retention_schedule_weekly": sundays}
    ends = models.DailyRetentionFormat(days_of_the_month=[models.Day(date=1, is_last=False), models.Day(date=0, is_last=True)])
    by_day = {"retention_schedule_format_type": "Daily", "retention_schedule_daily": ends}
    daily = None if weekly else models.DailyRetentionSchedule(retention_times=TIMES, retention_duration=_kept(days, "Days"))
    return models.LongTermRetentionPolicy(
        daily_schedule=daily,
        weekly_schedule=models.WeeklyRetentionSchedule(
            days_of_the_week=["Sunday"], retention_times=TIMES, retention_duration=_kept(12, "Weeks")
        ),
        monthly_schedule=models.MonthlyRetentionSchedule(
            **(by_week if weekly else by_day), retention_times=TIMES, retention_duration=_kept(24, "Months")
        ),
        yearly_schedule=models.YearlyRetentionSchedule(
            **by_week, months_of_year=["January"], retention_times=TIMES, retention_duration=_kept(7, "Years")
        ),
    )


def _policy(kind: str, **more: Any) -> Any:
    body = {
        "policy_type": kind[:2], "schedule_policy": SCHEDULED[kind](), "retention_policy": _retention(weekly=kind.endswith("weekly")),
        "time_zone": "UTC", "instant_rp_retention_range_in_days": 5,
    }
    return models.ProtectionPolicyResource(properties=models.AzureIaaSVMProtectionPolicy(**{**body, **more}))


def _put(vault: Vault, name: str, policy: Any, **options: Any) -> Any:
    return vault.backup.protection_policies.create_or_update(**vault.place, policy_name=name, parameters=policy, **options)


def _get(vault: Vault, name: str) -> Any:
    return properties(vault.backup.protection_policies.get(**vault.place, policy_name=name))


def _delete(vault: Vault, name: str) -> None:
    vault.backup.protection_policies.begin_delete(**vault.place, policy_name=name).result()


@pytest.mark.parametrize("kind", SCHEDULED)
def test_a_policy_comes_and_goes(vault: Vault, kind: str) -> None:
    name = kind.lower().replace(" ", "-")
    made = properties(_put(vault, name, _policy(kind)))
    assert made == _get(vault, name)
    assert (made.get("policyType") or "V1", made["schedulePolicy"]["scheduleRunFrequency"].lower()) == (kind[:2], kind[3:])
    retention = made["retentionPolicy"]
    assert ("dailySchedule" in retention) is not kind.endswith("weekly")
    counts = [retention[f"{span}Schedule"]["retentionDuration"]["count"] for span in ("weekly", "monthly", "yearly")]
    assert counts == [12, 24, 7]
    assert retention["yearlySchedule"]["monthsOfYear"] == ["January"]
    _delete(vault, name)
    with pytest.raises(ResourceNotFoundError) as missing:
        _get(vault, name)
    assert missing.value.error.code == "BMSUserErrorPolicyNotFound"


def test_lists(vault: Vault) -> None:
    listed = [one.name for one in vault.backup.backup_policies.list(**vault.place, filter=VMS)]
    assert {"DefaultPolicy", "EnhancedPolicy"} <= set(listed) and "HourlyLogBackup" not in listed
    assert "HourlyLogBackup" in [one.name for one in vault.backup.backup_policies.list(**vault.place)]


def test_a_change(vault: Vault) -> None:
    archived = {"ArchivedRP": models.TieringPolicy(tiering_mode="TierAfter", duration=3, duration_type="Months")}
    _put(vault, "changing", _policy("V2 daily", snapshot_consistency_type="OnlyCrashConsistent", tiering_policy=archived))
    before = _get(vault, "changing")
    assert (before["snapshotConsistencyType"], before["tieringPolicy"]["ArchivedRP"]["duration"]) == ("OnlyCrashConsistent", 3)
    details = models.InstantRPAdditionalDetails(azure_backup_rg_name_prefix="rg-snapshots-")
    _put(vault, "changing", _policy("V2 daily", instant_rp_retention_range_in_days=7, instant_rp_details=details))
    after = _get(vault, "changing")
    assert after["instantRpRetentionRangeInDays"] == 7 and after["instantRPDetails"] == {"azureBackupRGNamePrefix": "rg-snapshots-"}
    assert after["tieringPolicy"] == before["tieringPolicy"]
    with pytest.raises(HttpResponseError) as refused:
        _put(vault, "changing", _policy("V1 daily"))
    assert refused.value.error.code == "BMSUserErrorPolicyTypeChangeNotAllowed"


def test_a_wrong_policy(vault: Vault) -> None:
    odd = models.SimpleSchedulePolicy(schedule_run_frequency="Daily", schedule_run_times=[TIMES[0].replace(minute=17)])
    with pytest.raises(HttpResponseError) as refused:
        _put(vault, "odd", _policy("V1 daily", schedule_policy=odd))
    assert refused.value.error.code == "BMSUserErrorInvalidPolicyInput"


def test_a_policy_in_use(vault: Vault) -> None:
    """Its change is an operation with a job for each item, and it cannot be deleted."""
    _put(vault, "used", _policy("V1 daily"))
    vault.put("web-02", policy_id=vault.policy("used"))
    change = _policy("V1 daily", retention_policy=_retention(weekly=False, days=60))
    operation = operation_of(_put(vault, "used", change, cls=headers_of))
    place = {**vault.place, "policy_name": "used", "operation_id": operation}
    vault.sim.control.advance(60)
    status = vault.backup.protection_policy_operation_statuses.get(**place)
    assert status.status == "Succeeded" and len(status.properties.job_ids) == 1
    changed = properties(vault.backup.protection_policy_operation_results.get(**place))
    assert changed["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] == 60 and changed["protectedItemsCount"] == 1
    with pytest.raises(HttpResponseError) as refused:
        _delete(vault, "used")
    assert refused.value.error.code == "BMSUserErrorPolicyObjectInUse"
