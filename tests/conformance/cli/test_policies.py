# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`az backup policy`."""

from __future__ import annotations

import json

from command_line import AzureCli

VAULT = "--resource-group rg-backup --vault-name rsv-cli"
VMS = "--backup-management-type AzureIaasVM"


def test_policies(az: AzureCli) -> None:
    assert {one["name"] for one in az(f"backup policy list {VAULT}")} == {"DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup", "gold", "hourly"}
    names = {one["name"] for one in az(f"backup policy list {VAULT} {VMS} --workload-type VM")}
    assert names == {"DefaultPolicy", "EnhancedPolicy", "gold", "hourly"}
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


def test_items_of_a_policy(az: AzureCli) -> None:
    items = az(f"backup policy list-associated-items {VAULT} --name DefaultPolicy {VMS}")
    assert "restore-01" in {one["properties"]["friendlyName"] for one in items}
    assert {one["properties"]["policyName"] for one in items} == {"DefaultPolicy"}
    assert az(f"backup policy show {VAULT} --name DefaultPolicy")["properties"]["protectedItemsCount"] == len(items)


def test_a_policy_in_use_stays(az: AzureCli) -> None:
    assert "(BMSUserErrorPolicyObjectInUse)" in az.fails(f"backup policy delete {VAULT} --name DefaultPolicy")
