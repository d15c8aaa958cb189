# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as Azure shows them, and a vault that keeps them."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import ARM, VAULT_A, FakeClient, policy_id

NIGHT = "2023-05-20T22:30:00Z"
MORNING = "2023-05-20T08:00:00Z"


def kept(count: int, unit: str, time: str = NIGHT, **more: Any) -> dict[str, Any]:
    return {**more, "retentionTimes": [time], "retentionDuration": {"count": count, "durationType": unit}}


def daily(**more: Any) -> dict[str, Any]:
    """DefaultPolicy of a new vault."""
    return {
        "backupManagementType": "AzureIaasVM",
        "instantRPDetails": {},
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Daily",
            "scheduleRunTimes": [NIGHT],
            "scheduleWeeklyFrequency": 0,
        },
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": kept(30, "Days")},
        "instantRpRetentionRangeInDays": 2,
        "timeZone": "UTC",
        "protectedItemsCount": 0,
        **more,
    }


def hourly(**more: Any) -> dict[str, Any]:
    """EnhancedPolicy of a new vault."""
    return {
        **daily(),
        "policyType": "V2",
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicyV2",
            "scheduleRunFrequency": "Hourly",
            "hourlySchedule": {"interval": 4, "scheduleWindowStartTime": MORNING, "scheduleWindowDuration": 12},
        },
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": kept(30, "Days", MORNING)},
        **more,
    }


def archived(**more: Any) -> dict[str, Any]:
    """What the Azure CLI's own test made in May 2023: names of snapshot groups, monthly retention, tiering."""
    monthly = {"retentionScheduleFormatType": "Daily", "retentionScheduleDaily": {"daysOfTheMonth": [{"date": 1, "isLast": False}]}}
    retention = {**daily()["retentionPolicy"], "monthlySchedule": kept(60, "Months", **monthly)}
    return daily(
        instantRPDetails={"azureBackupRGNamePrefix": "RG_prefix", "azureBackupRGNameSuffix": "RG_suffix"},
        retentionPolicy=retention,
        tieringPolicy={"ArchivedRP": {"tieringMode": "TierRecommended", "duration": 0, "durationType": "Invalid"}},
        **more,
    )


def weekly(**more: Any) -> dict[str, Any]:
    """A standard policy of Microsoft's documentation: backups on three days, months and years."""
    by_week = {"retentionScheduleFormatType": "Weekly", "retentionScheduleDaily": None}
    return daily(
        schedulePolicy={
            "schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Weekly",
            "scheduleRunDays": ["Monday", "Wednesday", "Thursday"],
            "scheduleRunTimes": [NIGHT],
        },
        retentionPolicy={
            "retentionPolicyType": "LongTermRetentionPolicy",
            "dailySchedule": None,
            "weeklySchedule": kept(1, "Weeks", daysOfTheWeek=["Thursday", "Monday", "Wednesday"]),
            "monthlySchedule": kept(
                2, "Months", **by_week, retentionScheduleWeekly={"daysOfTheWeek": ["Wednesday", "Thursday"], "weeksOfTheMonth": ["First", "Third"]}
            ),
            "yearlySchedule": kept(
                4,
                "Years",
                **by_week,
                retentionScheduleWeekly={"daysOfTheWeek": ["Monday", "Thursday"], "weeksOfTheMonth": ["Fourth", "Last"]},
                monthsOfYear=["November", "February"],
            ),
        },
        instantRpRetentionRangeInDays=5,
        timeZone="Pacific Standard Time",
        **more,
    )


def enhanced(frequency: str, **more: Any) -> dict[str, Any]:
    """An enhanced policy with a daily or weekly schedule."""
    part: dict[str, Any] = {"scheduleRunTimes": [NIGHT]}
    retention: dict[str, Any] = {"dailySchedule": kept(30, "Days")}
    if frequency == "Weekly":
        part["scheduleRunDays"] = ["Sunday"]
        retention = {"weeklySchedule": kept(12, "Weeks", daysOfTheWeek=["Sunday"])}
    return {
        **daily(),
        "policyType": "V2",
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicyV2",
            "scheduleRunFrequency": frequency,
            f"{frequency.lower()}Schedule": part,
        },
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", **retention},
        "snapshotConsistencyType": "OnlyCrashConsistent",
        "tieringPolicy": {"ArchivedRP": {"tieringMode": "DoNotTier", "duration": 0, "durationType": "Invalid"}},
        **more,
    }


RECORDED: dict[str, dict[str, Any]] = {
    "DefaultPolicy": daily(),
    "EnhancedPolicy": hourly(),
    "three-days": daily(instantRpRetentionRangeInDays=3),
    "archived": archived(),
    "weekly": weekly(),
    "enhanced-daily": enhanced("Daily"),
    "enhanced-weekly": enhanced("Weekly"),
}


class PolicyClient(FakeClient):
    """``kept[name]`` are the properties of a policy of VAULT_A. A PUT of a policy with items is an operation that names ``named_jobs``."""

    def __init__(self, **policies: dict[str, Any]) -> None:
        super().__init__(VAULT_A)
        self.kept = {name.replace("_", "-"): copy.deepcopy(properties) for name, properties in policies.items()}
        self.hidden = 0
        """Looks at a policy in which it is not shown although it is there."""
        self.others = 0
        """Policies of other workloads in the vault."""
        self.named_jobs: list[dict[str, Any]] = []
        self.status: dict[str, Any] = {"status": "Succeeded"}
        self.rewrites: dict[str, Any] = {}
        """What Azure makes of what it is sent."""

    @property
    def sent_properties(self) -> dict[str, Any]:
        puts = [body for line, body in zip(self.sent, self.bodies) if line.startswith("PUT")]
        return dict(puts[-1]["properties"])

    def _in_vault(self, vault: VaultRef, method: str, rest: str, body: Any, query: str) -> tuple[int, dict[str, str], Any]:
        head, _slash, name = rest.partition("/")
        if head == "backupJobs":
            jobs = {job["name"]: job for job in self.named_jobs}
            return 200, {}, jobs[name] if name else {"value": list(jobs.values())}
        if head != "backupPolicies":
            return super()._in_vault(vault, method, rest, body, query)
        if not name:
            rows = [self._shown(known) for known in self.kept] + [{"name": f"other-{number}"} for number in range(self.others)]
            return 200, {}, {"value": rows}
        if "/operations/" in name:
            return 200, {}, self.status
        if method == "PUT":
            return self._put_policy(vault, name, body["properties"])
        if method == "DELETE":
            return (200 if self.kept.pop(name, None) else 204), {}, None
        spelled = next((known for known in self.kept if known.lower() == name.lower()), None)
        if spelled is None or self.hidden > 0 and not self.read_only:
            self.hidden -= 1
            raise HttpError("The policy was not found.", status=404, code="BMSUserErrorPolicyNotFound")
        return 200, {}, self._shown(spelled)

    def _shown(self, name: str) -> dict[str, Any]:
        return {"id": policy_id(VAULT_A, name), "name": name, "properties": copy.deepcopy(self.kept[name])}

    def _put_policy(self, vault: VaultRef, name: str, properties: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        count = self.kept.get(name, {}).get("protectedItemsCount", 0)
        self.kept[name] = {**properties, "protectedItemsCount": count, **self.rewrites}
        if not count:
            return 200, {}, self._shown(name)
        path = f"{ARM}{vault.id}/backupPolicies/{name}"
        headers = {"Azure-AsyncOperation": f"{path}/operations/op-7?api-version=2025-02-01", "Location": f"{path}/operationResults/op-7"}
        return 202, {**headers, "Retry-After": "1"}, None
