# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a restore: start, adopt, done, look again, or conflict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, Sequence

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.jobs import read_job
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.recovery_points import PointWish, RecoveryPoint, Tier
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_plan import RestoreRun, Situation, decide, read_run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_request import RestoreTarget

RG = "/subscriptions/s-1/resourceGroups"
COMPUTE = "providers/Microsoft.Compute/virtualMachines"
STORAGE = f"{RG}/rg-st/providers/Microsoft.Storage/storageAccounts/stage"
SOURCE = f"{RG}/rg-prod/{COMPUTE}/web-01"
TARGET = f"{RG}/rg-dr/{COMPUTE}/web-01-dr"

DISKS = RestoreTarget("disks", SOURCE, STORAGE, "eastasia", f"{RG}/rg-dr")
NEW_VM = replace(DISKS, mode="new_vm", vm_id=TARGET)
REPLACE = RestoreTarget("replace", SOURCE, STORAGE, "eastasia")
TARGETS = {"disks": DISKS, "new_vm": NEW_VM, "replace": REPLACE}

BOTH = (Tier("snapshot", "Valid"), Tier("vault", "Valid"))
OLD = RecoveryPoint("100000000000001", "/p/1", datetime(2026, 7, 1, 13, 16, 55, 439787, timezone.utc), "AppConsistent", BOTH)
NEW = RecoveryPoint("100000000000002", "/p/2", datetime(2026, 7, 2, 0, 5, 9, 1, timezone.utc), "AppConsistent", BOTH)
TIMES = {"old": "7/1/2026 1:16:55 PM", "new": "7/2/2026 12:05:09 AM", "unknown": None}
KINDS = {"disks": "Recover disks", "new_vm": "Recover VM to an alternate location", "replace": "Replace disks"}

LATEST = PointWish()
BY_NAME = PointWish(name=OLD.name)
BEFORE = PointWish(before=datetime(2026, 7, 1, 20, tzinfo=timezone.utc))


def run(mode: str, status: str = "InProgress", point: str = "new", name: str = "job-1", start: str = "2026-07-02T01:00:00Z", **bag: Any) -> RestoreRun:
    """A job as Azure describes it; `bag` overrides what its property bag says."""
    defaults: dict[str, Any] = {
        "Job Type": KINDS[mode],
        "Recovery point time ": TIMES[point],
        "Target Storage Account Name": "stage",
        "Target resource group": "RG-DR",
        "Target VM Name": "WEB-01-dr" if mode == "new_vm" else None,
    }
    body = {
        "id": f"/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupJobs/{name}",
        "name": name,
        "properties": {
            "operation": "Restore",
            "status": status,
            "startTime": start,
            "entityFriendlyName": "web-01",
            "containerName": "iaasvmcontainerv2;rg-prod;web-01",
            "extendedInfo": {"propertyBag": {**defaults, **bag}},
        },
    }
    return read_run(read_job(body))


def situation(*runs: RestoreRun, vm: bool = False, points: Sequence[RecoveryPoint] | ArmError = (NEW, OLD), others: Sequence[RestoreRun] = ()) -> Situation:
    return Situation(points, runs, others, {"id": TARGET} if vm else None)


EXPECTED = [
    # Nothing is there: start.
    ("disks", LATEST, situation(), "start", NEW),
    ("new_vm", LATEST, situation(), "start", NEW),
    ("replace", LATEST, situation(), "start", NEW),
    ("disks", BY_NAME, situation(), "start", OLD),
    ("replace", BEFORE, situation(), "start", OLD),
    # An equal restore runs: adopt it.
    ("disks", LATEST, situation(run("disks")), "adopt", NEW),
    ("new_vm", LATEST, situation(run("new_vm")), "adopt", NEW),
    ("replace", LATEST, situation(run("replace")), "adopt", NEW),
    ("disks", BY_NAME, situation(run("disks", point="old")), "adopt", OLD),
    ("disks", BEFORE, situation(run("disks", point="old")), "adopt", OLD),
    # It began when an older point was the latest: adopt it all the same.
    ("disks", LATEST, situation(run("disks", point="old")), "adopt", OLD),
    ("new_vm", LATEST, situation(run("new_vm", point="old")), "adopt", OLD),
    # It does not tell its point yet.
    ("disks", LATEST, situation(run("disks", point="unknown")), "adopt", None),
    ("disks", BY_NAME, situation(run("disks", point="unknown")), "look_again", None),
    ("new_vm", BEFORE, situation(run("new_vm", point="unknown")), "look_again", None),
    ("disks", BY_NAME, situation(run("disks", point="unknown"), run("disks", point="old", name="job-2")), "adopt", OLD),
    # What a running job does not tell yet does not speak against it.
    ("disks", LATEST, situation(run("disks", **{"Target resource group": None})), "adopt", NEW),
    ("new_vm", LATEST, situation(run("new_vm", **{"Target VM Name": None})), "adopt", NEW),
    ("replace", LATEST, situation(run("replace", **{"Target resource group": None, "Target VM Name": None})), "adopt", NEW),
    # Something else runs: start.
    ("disks", BY_NAME, situation(run("disks")), "start", OLD),
    ("disks", BEFORE, situation(run("disks")), "start", OLD),
    ("disks", LATEST, situation(run("new_vm")), "start", NEW),
    ("disks", LATEST, situation(run("disks", **{"Target resource group": "elsewhere"})), "start", NEW),
    ("disks", LATEST, situation(run("disks", **{"Target Storage Account Name": "other"})), "start", NEW),
    ("new_vm", LATEST, situation(run("new_vm", **{"Target VM Name": "web-01-test"})), "start", NEW),
    ("disks", LATEST, situation(run("disks", "Cancelling")), "start", NEW),
    # It is done already.
    ("disks", LATEST, situation(run("disks", "Completed")), "done", NEW),
    ("disks", LATEST, situation(run("disks", "CompletedWithWarnings")), "done", NEW),
    ("disks", BY_NAME, situation(run("disks", "Completed", "old")), "done", OLD),
    ("replace", LATEST, situation(run("replace", "Completed")), "done", NEW),
    ("replace", BEFORE, situation(run("replace", "Completed", "old")), "done", OLD),
    ("new_vm", LATEST, situation(run("new_vm", "Completed"), vm=True), "done", NEW),
    ("new_vm", LATEST, situation(run("new_vm", "Completed", "old"), vm=True), "done", OLD),
    ("new_vm", BY_NAME, situation(run("new_vm", "Completed", "old"), vm=True), "done", OLD),
    ("new_vm", BEFORE, situation(run("new_vm", "Completed", "old"), vm=True), "done", OLD),
    ("new_vm", LATEST, situation(vm=True), "done", None),
    # It was done, but not with this: start.
    ("disks", LATEST, situation(run("disks", "Completed", "old")), "start", NEW),
    ("disks", LATEST, situation(run("disks", "Failed")), "start", NEW),
    ("disks", LATEST, situation(run("disks", "Cancelled")), "start", NEW),
    ("disks", LATEST, situation(run("disks", "Completed", **{"Target resource group": None})), "start", NEW),
    ("disks", LATEST, situation(run("disks", "Completed", **{"Restored disk(s)": "data-1"})), "start", NEW),
    ("replace", LATEST, situation(run("disks", "Completed")), "start", NEW),
    # The new VM is gone again.
    ("new_vm", LATEST, situation(run("new_vm", "Completed")), "start", NEW),
]


@pytest.mark.parametrize(("mode", "wish", "found", "action", "point"), EXPECTED)
def test_decision(mode: str, wish: PointWish, found: Situation, action: str, point: RecoveryPoint | None) -> None:
    decision = decide(TARGETS[mode], wish, found)
    assert (decision.action, decision.point) == (action, point)


@pytest.mark.parametrize(
    ("mode", "found", "action"),
    [
        ("disks", situation(run("disks", "Completed")), "start"),
        ("replace", situation(run("replace", "Completed")), "start"),
        ("disks", situation(run("disks")), "adopt"),
        ("new_vm", situation(run("new_vm")), "adopt"),
        ("replace", situation(run("replace"), run("replace", "Completed", name="job-2")), "adopt"),
    ],
)
def test_force_repeats_what_is_done_but_doubles_nothing(mode: str, found: Situation, action: str) -> None:
    assert decide(TARGETS[mode], LATEST, found, force=True).action == action


STRANGER = run("new_vm", "Completed", name="job-9", start="2026-07-02T09:00:00Z")


@pytest.mark.parametrize(
    ("target", "wish", "found", "force", "words"),
    [
        (NEW_VM, LATEST, situation(vm=True), True, "not even with force"),
        (NEW_VM, BY_NAME, situation(run("new_vm", "Completed"), vm=True), False, "from another recovery point"),
        (NEW_VM, BEFORE, situation(run("new_vm", "Completed"), vm=True), False, "from another recovery point"),
        (NEW_VM, BY_NAME, situation(run("new_vm")), False, "A restore to it is running"),
        (NEW_VM, LATEST, situation(vm=True, others=(STRANGER,)), False, "was restored from the VM web-01"),
        (NEW_VM, LATEST, situation(run("new_vm", "Completed"), vm=True, others=(STRANGER,)), False, "was restored from the VM"),
        (replace(NEW_VM, vm_id=SOURCE), LATEST, situation(vm=True), False, "still exists under that name"),
        (REPLACE, BY_NAME, situation(run("replace")), False, "being replaced"),
    ],
)
def test_conflicts(target: RestoreTarget, wish: PointWish, found: Situation, force: bool, words: str) -> None:
    with pytest.raises(ArmError) as caught:
        decide(target, wish, found, force=force)
    assert caught.value.code == "RestoreTargetTaken"
    assert words in caught.value.message
    assert caught.value.hint


def test_an_older_restore_from_another_vm_is_history() -> None:
    early = run("new_vm", "Completed", name="job-9", start="2026-06-01T00:00:00Z")
    assert decide(NEW_VM, LATEST, situation(run("new_vm", "Completed"), vm=True, others=(early,))).action == "done"


def test_a_job_that_never_tells_is_adopted_in_the_end() -> None:
    decision = decide(DISKS, BY_NAME, situation(run("disks", point="unknown")), patient=False)
    assert decision.action == "adopt" and "does not tell its recovery point" in decision.notes[0]


def test_an_older_point_is_told() -> None:
    notes = decide(DISKS, LATEST, situation(run("disks", point="old"))).notes
    assert "2026-07-01T13:16:55" in notes[0] and "2026-07-02T00:05:09" in notes[0]
    assert decide(DISKS, LATEST, situation(run("disks"))).notes == ()


UNREADABLE = ArmError("no", code="NotProtected")


def test_unreadable_points_matter_only_when_one_must_be_chosen() -> None:
    assert decide(NEW_VM, LATEST, situation(vm=True, points=UNREADABLE)).action == "done"
    assert decide(DISKS, LATEST, situation(run("disks"), points=UNREADABLE)).action == "adopt"
    with pytest.raises(ArmError, match="NotProtected"):
        decide(DISKS, LATEST, situation(points=UNREADABLE))


@pytest.mark.parametrize(
    ("luns", "restored", "action"),
    [
        ((0,), "web-01-data", "done"),
        ((0,), "web-01-os; WEB-01-DATA", "done"),
        ((0, 1), "web-01-data", "start"),
        ((1,), "web-01-data", "start"),
        ((0,), None, "done"),
        ((), "web-01-os", "done"),
        (None, "web-01-data", "start"),
    ],
)
def test_disks_are_compared_by_name(luns: tuple[int, ...] | None, restored: str | None, action: str) -> None:
    disks = [{"lun": -1, "name": "web-01-os"}, {"lun": 0, "name": "web-01-data"}, {"lun": 1, "name": "web-01-log"}]
    point = replace(NEW, raw={"recoveryPointDiskConfiguration": {"includedDiskList": disks}})
    found = situation(run("disks", "Completed", **{"Restored disk(s)": restored}), points=[point])
    assert decide(replace(DISKS, luns=luns), LATEST, found).action == action


def test_blobs_and_disks_are_different_ends() -> None:
    blobs = replace(DISKS, group_id=None)
    assert decide(blobs, LATEST, situation(run("disks", "Completed"))).action == "start"
    assert decide(blobs, LATEST, situation(run("disks", "Completed", **{"Target resource group": None}))).action == "done"


def test_the_bag_of_an_unknown_kind_of_job() -> None:
    odd = run("disks", **{"Job Type": "Recover files"})
    assert odd.mode is None
    assert decide(DISKS, LATEST, situation(odd)).action == "start"
