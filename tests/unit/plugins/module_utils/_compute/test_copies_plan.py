# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which restore points are copied, in which order, what Azure would refuse, and which copies go."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute import collections, points
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.copies import (
    ALL,
    LATEST,
    CopyWish,
    Situation,
    foreseen_copies,
    plan_copies,
    relevant_copies,
    state_of,
    to_prune,
)

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.point_samples import SOURCE_ID, TARGET_ID, collection, copy, point, target

ELSEWHERE = TARGET_ID.replace("rg-dr", "rg-other")
RP = {day: point(f"rp{day}", day=day) for day in range(1, 7)}


def situation(source: list[dict[str, Any]], copies: list[dict[str, Any]] | None = None, siblings: list[dict[str, Any]] | None = None, **more: Any) -> Situation:
    return Situation(
        collections.parse(collection(SOURCE_ID, *source, **more)),
        None if copies is None else collections.parse(target(*copies)),
        tuple(collections.parse(sibling) for sibling in siblings or ()),
    )


def wish(which: str = LATEST, **more: Any) -> CopyWish:
    return CopyWish(which, "westus", **more)


def steps(found: Situation, wanted: CopyWish) -> list[tuple[str, str]]:
    plan = plan_copies(found, wanted)
    assert plan.problem is None
    return [(step.action, step.name) for step in plan.steps]


@pytest.mark.parametrize(
    ("source", "copies", "which", "expected"),
    [
        ([RP[1], RP[2]], None, LATEST, [("start", "rp2")]),
        ([RP[2], RP[1]], [], LATEST, [("start", "rp2")]),
        ([RP[1], RP[2]], [copy("rp2", day=2)], LATEST, [("none", "rp2")]),
        ([RP[1], RP[2]], [copy("rp2", day=2, percents=[100, 100, 100, 99])], LATEST, [("adopt", "rp2")]),
        ([RP[1], RP[2]], [copy("rp2", day=2, state="Creating", percents=None)], LATEST, [("adopt", "rp2")]),
        ([RP[1], point("rp2", day=2, state="Creating")], None, LATEST, [("start", "rp1")]),
        ([RP[1], point("rp2", day=2, state="Failed")], None, LATEST, [("start", "rp1")]),
        # Its newest restore point was deleted after it was copied: an older one cannot follow, and need not.
        ([RP[1]], [copy("rp2", day=2)], LATEST, [("none", "rp2")]),
        ([], [copy("rp2", day=2)], LATEST, [("none", "rp2")]),
        # Made by another tool, under another name.
        ([RP[1]], [copy("by-hand", day=1, of=RP[1]["id"].upper())], LATEST, [("none", "by-hand")]),
        ([RP[1], RP[2]], None, "RP1", [("start", "rp1")]),
        ([RP[2]], [copy("rp1", day=1), copy("rp2", day=2)], "rp1", [("none", "rp1")]),
        ([RP[3], RP[1], RP[2]], None, ALL, [("start", "rp1"), ("start", "rp2"), ("start", "rp3")]),
        ([RP[1], RP[2], RP[3]], [copy("rp1", day=1)], ALL, [("none", "rp1"), ("start", "rp2"), ("start", "rp3")]),
        ([RP[1], RP[2], RP[3]], [copy("rp1", day=1), copy("rp3", day=3)], ALL, [("none", "rp1"), ("none", "rp3")]),
    ],
)
def test_steps(source: list[dict[str, Any]], copies: list[dict[str, Any]] | None, which: str, expected: list[tuple[str, str]]) -> None:
    assert steps(situation(source, copies), wish(which)) == expected


@pytest.mark.parametrize(
    ("source", "copies", "which", "code"),
    [
        ([RP[1]], None, "rp9", "RestorePointNotFound"),
        ([], None, LATEST, "RestorePointNotFound"),
        ([point("rp1", state="Creating")], None, ALL, "RestorePointNotFound"),
        ([point("rp1", state="Creating")], None, "rp1", "RestorePointNotReady"),
        ([point("rp1", security="ConfidentialVM")], None, LATEST, "ConfidentialVmNotSupported"),
    ],
)
def test_no_steps(source: list[dict[str, Any]], copies: list[dict[str, Any]] | None, which: str, code: str) -> None:
    problem = plan_copies(situation(source, copies), wish(which)).problem
    assert problem is not None and problem.code == code and problem.hint


@pytest.mark.parametrize(
    ("source", "copies", "which", "code"),
    [
        ([RP[1], RP[2], RP[3]], [copy("rp1", day=1), copy("rp3", day=3)], "rp2", "CopiedOutOfOrder"),
        ([RP[1]], [copy("rp1", of=f"{SOURCE_ID}/restorePoints/other")], "rp1", "CopyNameTaken"),
        ([RP[1]], [copy("rp1", percents=[100, 40, 100, 100], codes={1: "ReplicationState/failed"})], LATEST, "CopyFailed"),
        ([RP[1]], [copy("rp1", state="Failed", percents=None)], LATEST, "CopyFailed"),
    ],
)
def test_steps_that_fail(source: list[dict[str, Any]], copies: list[dict[str, Any]], which: str, code: str) -> None:
    (step,) = plan_copies(situation(source, copies), wish(which)).steps
    assert step.action == "fail" and step.problem is not None and step.problem.code == code and step.problem.hint


def test_copy_that_has_no_time_yet_has_that_of_its_source() -> None:
    begun = copy("rp3", day=3, state="Creating", percents=None)
    del begun["properties"]["timeCreated"]
    found = situation([RP[1], RP[2], RP[3]], [copy("rp1", day=1), begun])
    assert steps(found, wish(ALL)) == [("none", "rp1"), ("adopt", "rp3")]
    assert "rp2 cannot be copied" in plan_copies(found, wish(ALL)).warnings[0]


@pytest.mark.parametrize(("waits", "action"), [(True, "replace"), (False, "fail")])
def test_copy_that_is_being_deleted(waits: bool, action: str) -> None:
    (step,) = plan_copies(situation([RP[1]], [copy("rp1", state="Deleting", percents=None)]), wish(waits=waits)).steps
    assert step.action == action and (waits or step.problem is not None and step.problem.code == "CopyBeingDeleted")


def test_failed_copy_names_the_disks_and_the_way_out() -> None:
    broken = copy("rp1", percents=[100, 40, 100, None], codes={1: "ReplicationState/failed", 3: "ReplicationState/failed"})
    (step,) = plan_copies(situation([RP[1]], [broken]), wish()).steps
    assert step.problem is not None
    assert "data-0, data-2" in step.problem.message
    assert "replace_failed" in str(step.problem.hint)


def test_failed_copies_are_replaced_when_asked() -> None:
    broken = [copy("rp2", day=2, state="Failed"), copy("rp3", day=3, state="Failed")]
    found = situation([RP[1], RP[2], RP[3]], [copy("rp1", day=1), *broken])
    assert steps(found, wish(ALL, replace_failed=True)) == [("none", "rp1"), ("replace", "rp2"), ("replace", "rp3")]


def test_failed_copy_older_than_another_is_not_replaced() -> None:
    found = situation([RP[1], RP[2]], [copy("rp1", day=1, state="Failed"), copy("rp2", day=2)])
    first, second = plan_copies(found, wish(ALL, replace_failed=True)).steps
    assert (first.action, first.problem and first.problem.code) == ("fail", "CopiedOutOfOrder")
    assert second.action == "none"


def test_all_warns_of_what_is_too_late() -> None:
    plan = plan_copies(situation([RP[1], RP[2], RP[3]], [copy("rp1", day=1), copy("rp3", day=3)]), wish(ALL))
    assert len(plan.warnings) == 1 and "rp2" in plan.warnings[0]


def test_all_does_not_warn_of_what_was_pruned() -> None:
    plan = plan_copies(situation([RP[1], RP[2], RP[3]], [copy("rp2", day=2), copy("rp3", day=3)]), wish(ALL, keep=3))
    assert plan.warnings == ()
    assert [step.name for step in plan.steps] == ["rp2", "rp3"]


def test_all_copies_no_more_than_are_kept() -> None:
    assert steps(situation(list(RP.values())), wish(ALL, keep=2)) == [("start", "rp5"), ("start", "rp6")]


def test_without_waiting_only_what_azure_takes_in_an_hour() -> None:
    plan = plan_copies(situation(list(RP.values())), wish(ALL, waits=False))
    assert [step.name for step in plan.steps] == ["rp1", "rp2", "rp3"]
    assert [step.name for step in plan.left] == ["rp4", "rp5", "rp6"]


def test_one_copy_a_region() -> None:
    other = target(copy("rp1", collection=ELSEWHERE), collection_id=ELSEWHERE)
    (step,) = plan_copies(situation([RP[1]], None, [other]), wish()).steps
    assert step.problem is not None and step.problem.code == "CopiedAlready"
    assert "rg-other" in str(step.problem.hint)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Situation(collections.parse(target(copy("rp1"))), None), "CopyOfCopy"),
        (Situation(collections.parse(collection(SOURCE_ID, RP[1], location="West US")), None), "SameRegion"),
        (Situation(collections.parse(collection(SOURCE_ID, RP[1])), collections.parse(target(location="northeurope"))), "TargetCollectionTaken"),
        (Situation(collections.parse(collection(SOURCE_ID, RP[1])), collections.parse(target(source=SOURCE_ID + "x"))), "TargetCollectionTaken"),
    ],
)
def test_refused_whatever_the_point(found: Situation, code: str) -> None:
    problem = plan_copies(found, wish()).problem
    assert problem is not None and problem.code == code and problem.hint


@pytest.mark.parametrize(
    ("resource", "state"),
    [
        (copy("rp1"), "done"),
        (copy("rp1", percents=[100, 100, 100, 99.5]), "running"),
        (copy("rp1", percents=[100, 100, 100]), "running"),
        (copy("rp1", percents=[100, 100, 100, 100], codes={2: "ReplicationState/replicating"}), "running"),
        (copy("rp1", percents=None), "running"),
        (copy("rp1", percents=[None, None, None, None]), "running"),
        (copy("rp1", percents=[100, 100, 0, 100], codes={2: "ReplicationState/failed"}), "failed"),
        (copy("rp1", state="Creating", percents=None), "running"),
        (copy("rp1", state="Failed", percents=None), "failed"),
        (copy("rp1", state="Deleting"), "deleting"),
    ],
)
def test_complete_only_when_every_disk_is(resource: dict[str, Any], state: str) -> None:
    assert state_of(points.parse(resource)) == state


RUNNING = [100, 100, 0, 0]


@pytest.mark.parametrize(
    ("copies", "keep", "gone"),
    [
        ([copy("rp1", day=1), copy("rp2", day=2), copy("rp3", day=3)], 2, ["rp1"]),
        ([copy("rp1", day=1), copy("rp2", day=2)], 2, []),
        ([copy("rp1", day=1), copy("rp2", day=2, percents=RUNNING)], 1, []),
        ([copy("rp1", day=1), copy("rp2", day=2), copy("rp3", day=3, percents=RUNNING)], 1, ["rp1"]),
        ([copy("rp1", day=1, percents=RUNNING), copy("rp2", day=2)], 1, []),
        ([copy("rp1", day=1), copy("rp2", day=2, state="Failed")], 1, []),
        ([copy("rp1", day=1, state="Failed"), copy("rp2", day=2)], 1, ["rp1"]),
        ([copy("rp1", day=1, state="Deleting"), copy("rp2", day=2)], 1, []),
    ],
)
def test_prune(copies: list[dict[str, Any]], keep: int, gone: list[str]) -> None:
    assert [found.name for found in to_prune([points.parse(resource) for resource in copies], keep)] == gone


@pytest.mark.parametrize(
    ("copies", "wanted", "names", "pruned"),
    [
        ([copy("rp1", day=1)], wish(keep=1), ["rp2"], ["rp1"]),
        ([copy("rp1", day=1)], wish(keep=2), ["rp1", "rp2"], []),
        # It will not have arrived yet, so the one before it stays.
        ([copy("rp1", day=1)], wish(keep=1, waits=False), ["rp1", "rp2"], []),
        ([copy("rp1", day=1), copy("rp2", day=2, percents=RUNNING)], wish(keep=1), ["rp2"], ["rp1"]),
        ([copy("rp1", day=1), copy("rp2", day=2, percents=RUNNING)], wish(keep=1, waits=False), ["rp1", "rp2"], []),
        ([copy("rp1", day=1), copy("rp2", day=2, state="Failed")], wish(replace_failed=True), ["rp1", "rp2"], []),
    ],
)
def test_foreseen(copies: list[dict[str, Any]], wanted: CopyWish, names: list[str], pruned: list[str]) -> None:
    found = situation([RP[1], RP[2]], copies)
    assert foreseen_copies(found, plan_copies(found, wanted), wanted) == (names, pruned)


def test_reads_only_what_matters() -> None:
    found = situation([RP[1], RP[2]], [copy("rp1", day=1), copy("rp2", day=2)])
    assert [one.name for one in relevant_copies(found, wish())] == ["rp2"]
    assert [one.name for one in relevant_copies(found, wish("rp1"))] == ["rp1"]
    assert [one.name for one in relevant_copies(found, wish(ALL))] == ["rp1", "rp2"]
    assert [one.name for one in relevant_copies(found, wish(keep=1))] == ["rp1", "rp2"]
