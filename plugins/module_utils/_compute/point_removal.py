# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing a named restore point of each VM, or its whole collection. Only what belongs to the VM goes, and nothing that is copied from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Sequence

from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._fleet import VmReport, run_each
from .._waiting import Waiting
from .._templates import vm_fields
from .collections import Collection, check_source
from .names import expand_name
from .point_apply import newest_facts, read_collections
from .point_plan import Target
from .point_writes import delete_point, wait_until_gone
from .points import Point
from .unfinished_copies import copied_from


@dataclass
class Removal:
    """What goes of one VM: the ``points``, or the whole ``collection``; nothing when it is gone already."""

    target: Target
    report: VmReport
    collection: Collection | None = None
    points: tuple[Point, ...] = ()
    whole: bool = False

    @property
    def path(self) -> str | None:
        """What to delete."""
        if self.whole:
            return self.collection.path if self.collection else None
        return self.points[0].path if self.points else None

    @property
    def is_going(self) -> bool:
        """Whether Azure deletes it already."""
        if self.whole:
            return self.collection is not None and self.collection.provisioning_state.lower() == "deleting"
        return bool(self.points) and self.points[0].deleting


def make_removals(client: ArmClient, targets: Sequence[Target], name: str | None) -> list[Removal]:
    """What goes of each VM: the point that ``name``, a template, names, or, without a name, the whole collection."""
    found = read_collections(client, targets, needs_group=False)
    removals = [_removal(target, found[target.vm.key], name) for target in targets]
    leaving = [one for one in removals if one.path and not one.is_going and not one.report.failure]
    try:
        busy = copied_from(client, [one.collection for one in leaving if one.collection], [point for one in leaving for point in one.points])
    except ArmError as error:
        for one in leaving:
            one.report.fail(error)
        return removals
    for one in leaving:
        sources = [point for point in one.points if point.key in busy]
        if sources:
            one.report.fail(_copied(sources))
        else:
            one.report.changed = True
            one.report.facts["pruned"] = [point.name for point in one.points]
            one.report.after = {"collection": None if one.whole else str(one.target.collection), "restore_points": []}
    return removals


def _removal(target: Target, found: Collection | None | ArmError, name: str | None) -> Removal:
    report = VmReport(target.vm)
    report.facts = {"collection_id": str(target.collection), "adopted": False, "restore_point": None, "pruned": []}
    removal = Removal(target, report, whole=name is None)
    if isinstance(found, ArmError):
        report.fail(found)
        return removal
    removal.collection = found
    if found is None:
        return removal
    report.facts["restore_point"] = newest_facts(found)
    try:
        check_source(found, target.vm.id)
    except ArmError as error:
        report.fail(error)
        return removal
    wanted = expand_name(name, "name", vm_fields(target.vm)).lower() if name is not None else None
    removal.points = tuple(point for point in found.points if wanted is None or point.name.lower() == wanted)
    report.before = {"collection": str(target.collection), "restore_points": [point.name for point in removal.points]}
    return removal


def remove(client: ArmClient, removals: Sequence[Removal], waiting: Waiting) -> None:
    """Deletes what is to go and waits for it, also for what is going already."""
    todo = [one for one in removals if one.path and not one.report.failure]
    for outcome in run_each(todo, lambda one: _remove(client, one, waiting)):
        one = outcome.item
        if outcome.error is not None:
            one.report.fail(outcome.error)
            one.report.changed = one.report.changed or outcome.error.ambiguous
        elif one.collection is not None:
            stay = tuple(point for point in one.collection.points if point not in one.points)
            one.report.facts["restore_point"] = newest_facts(replace(one.collection, points=stay))


def _remove(client: ArmClient, removal: Removal, waiting: Waiting) -> None:
    path = removal.path or ""
    if removal.is_going:
        removal.report.facts["adopted"] = True
        if waiting.wait:
            wait_until_gone(client, path, waiting)
        return
    removal.report.changed = False
    removal.report.changed = delete_point(client, path, timeout=waiting.left() if waiting.wait else None, interval=waiting.interval)


def _copied(points: Sequence[Point]) -> ArmError:
    names = ", ".join(point.name for point in points)
    return ArmError(
        f"Another region is still copying from {names}, and without it the copy would never get complete.",
        code="CopyInProgress",
        target=points[0].id,
        hint="Wait for the copy with lifeboat.azure_dr.restore_point_copy, or delete the copy first.",
    )
