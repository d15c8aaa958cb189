# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every decision about an on-demand backup, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.backups import (
    COMPLETED,
    SNAPSHOT,
    Wish,
    asks_for_jobs,
    plan,
    request_body,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.items import read_item
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.jobs import Job, read_job
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import Located
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_jobs import FakeBackup, FakeJob

NOW = datetime(2026, 7, 26, 12, 0, tzinfo=timezone.utc)
DAY = timedelta(hours=24)
AZURE = FakeBackup(1)
VAULT = AZURE.vaults[0]
VM = VAULT.vms[0]


def place(age_hours: float | None = None, **state: Any) -> Located:
    """The VM, protected, with its newest recovery point so old."""
    VAULT.points = {} if age_hours is None else {VM.name: NOW - timedelta(hours=age_hours)}
    VAULT.states = {VM.name: state}
    item = read_item(AZURE._item(VAULT, VM), NOW)
    assert item is not None
    return Located(VM, VAULT.ref, item)


def running(minutes: float) -> list[Job]:
    job = FakeJob("job-1", VM, NOW - timedelta(minutes=minutes))
    return [read_job(job.view(VAULT.ref, NOW, details=False))]


UNPROTECTED = Located(VM, VAULT.ref)
NOWHERE = Located(VM)
UNREAD = Located(VM, problem=ArmError("no", code="AuthorizationFailed"))


@pytest.mark.parametrize(
    ("where", "jobs", "wish", "action"),
    [
        (place(None), [], Wish(DAY), "start"),
        (place(25), [], Wish(DAY), "start"),
        (place(23), [], Wish(DAY), "none"),
        (place(24), [], Wish(DAY), "none"),
        (place(23), [], Wish(timedelta(0)), "start"),
        (place(0), [], Wish(timedelta(0)), "start"),
        # Azure's clock and the one of the snapshot may differ a little.
        (place(-0.1), [], Wish(DAY), "none"),
        (place(25), running(20), Wish(DAY), "adopt"),
        (place(None), running(2), Wish(DAY, SNAPSHOT), "adopt"),
        (place(25), running(20), Wish(timedelta(0)), "adopt"),
        # The point is young and its backup still brings it into the vault: that is waited for only if wanted.
        (place(0.2), running(20), Wish(DAY, COMPLETED), "adopt"),
        (place(0.2), running(20), Wish(DAY, SNAPSHOT), "none"),
        # The running backup is a later one and not needed.
        (place(10), running(20), Wish(DAY, COMPLETED), "none"),
        # A stopped VM can have a point that is young enough, and no new one.
        (place(2, protectionState="ProtectionStopped", policyId=""), [], Wish(DAY), "none"),
        (place(25, protectionState="ProtectionStopped", policyId=""), [], Wish(DAY), "ProtectionStopped"),
        (place(25, protectionState="BackupsSuspended"), [], Wish(DAY), "ProtectionStopped"),
        (place(25, protectionState="ProtectionStopped"), running(20), Wish(DAY), "adopt"),
        (place(25, protectionState="IRPending"), [], Wish(DAY), "start"),
        (place(25, protectionState="ProtectionError"), [], Wish(DAY), "start"),
        (place(2, isScheduledForDeferredDelete=True), [], Wish(DAY), "SoftDeleted"),
        (UNPROTECTED, [], Wish(DAY), "NotProtected"),
        (NOWHERE, [], Wish(DAY), "NotProtected"),
        (UNREAD, [], Wish(DAY), "AuthorizationFailed"),
    ],
)
def test_decisions(where: Located, jobs: list[Job], wish: Wish, action: str) -> None:
    entry = plan(where, jobs, wish, NOW)
    assert (entry.problem.code if entry.problem else entry.action) == action
    assert (entry.action == "fail") == (entry.problem is not None)
    assert (entry.job is not None) == (entry.action == "adopt")


def test_jobs_of_other_vms_are_not_adopted() -> None:
    other = [replace(job, container="iaasvmcontainerv2;rg-b;vm-0000", friendly_name=VM.name) for job in running(5)]
    assert plan(place(25), other, Wish(DAY), NOW).action == "start"


@pytest.mark.parametrize(
    ("where", "wish", "asks"),
    [
        (place(25), Wish(DAY), True),
        (place(None), Wish(DAY, SNAPSHOT), True),
        (place(5), Wish(timedelta(0), SNAPSHOT), True),
        (place(5), Wish(DAY, SNAPSHOT), False),
        (place(5), Wish(DAY, COMPLETED), True),
        (place(30), Wish(timedelta(days=7), COMPLETED), False),
        (place(None, isScheduledForDeferredDelete=True), Wish(DAY), False),
        (UNPROTECTED, Wish(DAY), False),
        (UNREAD, Wish(DAY), False),
    ],
)
def test_running_jobs_are_asked_for_only_where_they_matter(where: Located, wish: Wish, asks: bool) -> None:
    assert asks_for_jobs(where, wish, NOW) is asks


def test_before_and_after() -> None:
    wish = Wish(DAY, retain_days=7)
    starting = plan(place(25), [], wish, NOW)
    assert starting.before() == {"recovery_point": "2026-07-25T11:00:00Z"}
    assert starting.after(wish, NOW) == {"recovery_point": "a new one", "retain_until": "2026-08-03T00:00:00Z"}
    assert plan(place(None), [], wish, NOW).before() == {"recovery_point": None}
    unchanged = plan(place(5), [], wish, NOW)
    assert unchanged.before() == unchanged.after(wish, NOW)


@pytest.mark.parametrize(
    ("wish", "expiry"),
    [
        (Wish(DAY), None),
        (Wish(DAY, retain_until=NOW), NOW),
        (Wish(DAY, retain_days=1), datetime(2026, 7, 28, tzinfo=timezone.utc)),
        (Wish(DAY, retain_days=30), datetime(2026, 8, 26, tzinfo=timezone.utc)),
    ],
)
def test_expiry(wish: Wish, expiry: datetime | None) -> None:
    assert wish.expiry(NOW) == expiry
    assert expiry is None or wish.retain_days is None or expiry - NOW >= timedelta(days=wish.retain_days)


def test_days_that_begin_at_midnight() -> None:
    assert Wish(DAY, retain_days=1).expiry(NOW.replace(hour=0)) == datetime(2026, 7, 27, tzinfo=timezone.utc)


def test_the_request() -> None:
    assert request_body(None) == {"properties": {"objectType": "IaasVMBackupRequest"}}
    body = request_body(datetime(2026, 8, 3, 1, 2, 3, 4567, tzinfo=timezone.utc))
    assert body["properties"]["recoveryPointExpiryTimeInUTC"] == "2026-08-03T01:02:03.004Z"
