# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`az backup protection backup-now`, `az backup job` and `az backup recoverypoint`."""

from __future__ import annotations

from datetime import datetime, timedelta

from command_line import AzureCli
from harness.control import Control

VAULT = "--resource-group rg-backup --vault-name rsv-cli"
VMS = "--backup-management-type AzureIaasVM"
HOUR = 3600.0


def item(vm: str) -> str:
    return f"{VAULT} --container-name {vm} --item-name {vm} {VMS}"


def now(control: Control) -> datetime:
    """Azure's clock, which runs ahead of the wall's."""
    return datetime.fromisoformat(control.clock()["now"].replace("Z", "+00:00"))


def day(moment: datetime) -> str:
    """A day as the CLI wants it."""
    return f"{moment:%d-%m-%Y}"


def test_a_backup_from_the_order_to_the_point(az: AzureCli, control: Control) -> None:
    keep = now(control) + timedelta(days=40)
    ordered = az(f"backup protection backup-now {item('backup-01')} --retain-until {day(keep)}")
    job = ordered["name"]
    assert (ordered["properties"]["operation"], ordered["properties"]["status"]) == ("Backup", "InProgress")
    assert ordered["properties"]["extendedInfo"]["propertyBag"]["Recovery Point Expiry Time in UTC"].startswith(f"{keep.month}/{keep.day}/{keep.year}")
    control.advance(4 * HOUR)
    assert az(f"backup job wait {VAULT} --name {job} --timeout 120")["properties"]["status"] == "Completed"
    shown = az(f"backup job show {VAULT} --name {job}")["properties"]
    assert [task["taskId"] for task in shown["extendedInfo"]["tasksList"]][:2] == ["Take Snapshot", "Transfer data to vault"]
    assert {task["status"] for task in shown["extendedInfo"]["tasksList"]} == {"Completed"}
    points = az(f"backup recoverypoint list {item('backup-01')}")
    assert len(points) == 1
    properties = az(f"backup item show {VAULT} --container-name backup-01 --name backup-01 {VMS}")["properties"]
    assert properties["protectionState"] == "Protected"
    assert properties["lastRecoveryPoint"][:19] == points[0]["properties"]["recoveryPointTime"][:19]


def test_the_wait_for_a_job_ends(az: AzureCli, control: Control) -> None:
    """Without help of the clock: the CLI looks twice, half a minute apart."""
    job = az(f"backup protection backup-now {item('restore-02')}")["name"]
    assert az(f"backup job wait {VAULT} --name {job}")["properties"]["status"] == "Completed"


def test_a_backup_is_cancelled(az: AzureCli, control: Control) -> None:
    """Its snapshot takes days, by the estate: only until that is done a backup can be cancelled."""
    job = az(f"backup protection backup-now {item('cancel-01')}")["name"]
    said = az.fails(f"backup protection backup-now {item('cancel-01')}")
    assert "(UserErrorBackupOperationInProgress)" in said
    assert job in {one["name"] for one in az(f"backup job list {VAULT} --status InProgress --operation Backup")}
    az(f"backup job stop {VAULT} --name {job}")
    control.advance(HOUR)
    assert az(f"backup job show {VAULT} --name {job}")["properties"]["status"] == "Cancelled"
    assert job in {one["name"] for one in az(f"backup job list {VAULT} --status Cancelled")}
    assert az(f"backup recoverypoint list {item('cancel-01')}") == []


def test_a_backup_fails(az: AzureCli, control: Control) -> None:
    control.fault({"operation": "Backup", "vm": "fail-01"}, {"kind": "failed_job", "code": "UserErrorVmNotInDesirableState", "message": "Off."})
    job = az(f"backup protection backup-now {item('fail-01')}")["name"]
    control.advance(4 * HOUR)
    done = az(f"backup job wait {VAULT} --name {job}")["properties"]
    assert done["status"] == "Failed"
    assert done["errorDetails"][0]["errorTitle"] == "UserErrorVmNotInDesirableState"
    assert "(UserErrorJobNotInProgress)" in az.fails(f"backup job stop {VAULT} --name {job}")


def test_jobs(az: AzureCli, control: Control) -> None:
    assert "(" in az.fails(f"backup job show {VAULT} --name 00000000-0000-0000-0000-000000000000")
    az(f"backup item set-policy {VAULT} --container-name points-01 --name points-01 {VMS} --policy-name gold")
    jobs = az(f"backup job list {VAULT} --operation ConfigureBackup --status Completed")
    assert "points-01" in {one["properties"]["entityFriendlyName"] for one in jobs}
    assert any("ConfigureBackup" in line and "points-01" in line for line in az.table(f"backup job list {VAULT}"))
    today = now(control)
    window = f"--start-date {day(today - timedelta(days=20))} --end-date {day(today - timedelta(days=15))}"
    assert az(f"backup job list {VAULT} {window}") == []


def test_points(az: AzureCli, control: Control) -> None:
    points = az(f"backup recoverypoint list {item('points-01')}")
    assert [one["tierType"] for one in points[-3:]] == ["Snapshot", "SnapshotAndVaultStandard", "VaultStandard"]
    assert [one["name"] for one in az(f"backup recoverypoint list {item('points-01')} --tier VaultStandard")] == [points[-1]["name"]]
    oldest = datetime.fromisoformat(points[-1]["properties"]["recoveryPointTime"][:19])
    window = f"--start-date {day(oldest - timedelta(days=1))} --end-date {day(oldest + timedelta(days=1))}"
    assert [one["name"] for one in az(f"backup recoverypoint list {item('points-01')} {window}")] == [points[-1]["name"]]
    shown = az(f"backup recoverypoint show {item('points-01')} --name {points[-1]['name']}")
    assert shown["properties"]["objectType"] == "IaasVMRecoveryPoint"
    assert len(az.table(f"backup recoverypoint list {item('points-01')}")) == len(points)
    assert "(UserErrorRecoveryPointNotFound)" in az.fails(f"backup recoverypoint show {item('points-01')} --name 1234567890")


def test_nothing_is_ready_for_the_archive(az: AzureCli) -> None:
    assert az(f"backup recoverypoint list {item('points-01')} --is-ready-for-move True --target-tier VaultArchive") == []
    assert az(f"backup recoverypoint list {item('points-01')} --recommended-for-archive") == []


def test_log_chains_are_for_databases(az: AzureCli) -> None:
    assert "AzureWorkload" in az.fails(f"backup recoverypoint show-log-chain {item('points-01')}")
