# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what plans of restore points need, and carries the plans out: makes what is missing, follows it, prunes, reports.

Once the first request is out, no error ends the run: it belongs to its VM, whose report says what was started.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping, Sequence

from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._fleet import VmReport, run_each
from .._waiting import Waiting
from .collections import Collection, find_collection, put_collection
from .names import point_path
from .point_plan import Plan, Target, Wish, after, before, needs_vm, newest, plan
from .point_rules import check_excluded
from .point_views import point_facts
from .point_writes import Followed, delete_point, follow_points, make_room, put_point
from .source_vms import SourceVm, read_vms
from .unfinished_copies import copied_from


@dataclass
class Work:
    """One VM on its way."""

    plan: Plan
    report: VmReport
    followed: Followed | None = None
    wrote: bool = False
    """Whether anything has been changed for it."""


def read_collections(client: ArmClient, targets: Sequence[Target], *, needs_group: bool) -> dict[str, Collection | None | ArmError]:
    """By the VM's key: the collection with its points, None when there is none, or why it could not be read."""
    outcomes = run_each(targets, lambda target: find_collection(client, target.collection.path, needs_group=needs_group))
    return {outcome.item.vm.key: outcome.error or outcome.value for outcome in outcomes}


def make_plans(client: ArmClient, targets: Sequence[Target], wish: Wish) -> list[Work]:
    """The plan of each VM. Raises OptionError for a disk that no VM has."""
    found = read_collections(client, targets, needs_group=True)
    now = client.server_now()
    collections = {key: value for key, value in found.items() if not isinstance(value, ArmError)}
    todo = [target.vm for target in targets if target.vm.key in collections and needs_vm(target, wish, collections[target.vm.key], now)]
    vms = read_vms(client, todo)
    seen = [vm for vm in vms.values() if isinstance(vm, SourceVm)]
    if wish.exclude_disks and seen and len(seen) == len(targets):
        check_excluded(wish.exclude_disks, seen)
    plans = []
    for target in targets:
        collection = found[target.vm.key]
        if isinstance(collection, ArmError):
            plans.append(Plan(target, None, "fail", problem=collection))
        else:
            plans.append(plan(target, wish, collection, vms.get(target.vm.key), now))
    return [_work(entry, wish) for entry in _spare_sources(client, plans)]


def _spare_sources(client: ArmClient, plans: Sequence[Plan]) -> list[Plan]:
    """Takes from what is to be pruned the points that are still copied from; prunes nothing where that cannot be known."""
    pruning = [entry for entry in plans if entry.prune]
    try:
        busy = copied_from(client, [entry.collection for entry in pruning if entry.collection], [point for entry in pruning for point in entry.prune])
    except ArmError as error:
        text = f"nothing is pruned, since it is not known which restore points are still copied from: {error}"
        return [replace(entry, prune=(), warnings=(*entry.warnings, text)) if entry.prune else entry for entry in plans]
    return [replace(entry, prune=tuple(point for point in entry.prune if point.key not in busy)) for entry in plans]


def _work(entry: Plan, wish: Wish) -> Work:
    report = VmReport(entry.target.vm, changed=entry.action == "create" or bool(entry.prune), before=before(entry), after=after(entry, wish))
    report.warnings += entry.warnings
    report.facts = {
        "collection_id": entry.collection.id if entry.collection else str(entry.target.collection),
        "action": {"create": "started", "adopt": "adopted"}.get(entry.action, "none"),
        "adopted": entry.action == "adopt",
        "restore_point": point_facts(entry.point) if entry.point else None,
        "pruned": [point.name for point in entry.prune],
    }
    if entry.problem is not None:
        report.fail(entry.problem)
    return Work(entry, report)


def carry_out(client: ArmClient, works: Sequence[Work], tags: Mapping[str, str], waiting: Waiting) -> None:
    """Makes what is to be made and waits for it; everything that happens goes into the reports."""
    for work in works:
        work.report.changed = False
        work.report.facts["pruned"] = []
    creating = [work for work in works if work.plan.action == "create"]
    for work in creating:
        work.report.facts["action"] = "none"
    _wait_for_others(client, [work for work in creating if work.plan.blocker], waiting)
    for outcome in run_each([work for work in creating if not work.report.failure], lambda work: _create(client, work, tags, waiting)):
        if outcome.error is not None:
            outcome.item.report.fail(outcome.error)
            outcome.item.wrote = outcome.item.wrote or outcome.error.ambiguous
    for work in works:
        if work.plan.action == "adopt" and work.plan.point is not None:
            work.followed = Followed(work.plan.point.path, work.report.vm.name, point=work.plan.point)
    if waiting.wait:
        _follow(client, [work for work in works if work.followed is not None], waiting)
    for outcome in run_each([work for work in works if work.plan.prune and not work.report.failure], lambda work: _prune(client, work, waiting)):
        if outcome.error is not None:
            outcome.item.report.fail(outcome.error)
            outcome.item.wrote = outcome.item.wrote or outcome.error.ambiguous
    for work in works:
        work.report.changed = work.wrote


def _wait_for_others(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> None:
    """Azure makes one point of a VM at a time: what is being made already comes first, whatever becomes of it."""
    blocked = [(work, Followed(work.plan.blocker.path, work.report.vm.name, point=work.plan.blocker)) for work in works if work.plan.blocker]
    _look_after(client, [followed for work, followed in blocked], waiting, "waits for another restore point that is being made")
    for work, followed in blocked:
        if followed.error is not None and followed.error.code == "OperationTimeout":
            work.report.fail(followed.error)


def _create(client: ArmClient, work: Work, tags: Mapping[str, str], waiting: Waiting) -> None:
    made, report = work.plan, work.report
    path = made.target.collection.path
    if made.collection is None:
        # Without a place there is no plan to create anything.
        report.facts["collection_id"] = put_collection(client, path, location=made.location or "", source_id=report.vm.id, tags=tags).id
        work.wrote = True
    if made.replaced is not None:
        work.wrote = make_room(client, made.replaced, waiting) or work.wrote
    target = point_path(path, made.name or "")
    started = put_point(client, target, made.properties or {}, time_left=waiting.left)
    work.wrote = work.wrote or started.own
    work.followed = Followed(target, report.vm.name, operation=started.operation, point=started.point)
    report.facts["restore_point"] = point_facts(started.point)
    report.facts.update(action="started" if started.own else "adopted", adopted=not started.own)
    if started.operation is not None:
        report.operation = {"id": started.operation.id, "restore_point_id": started.point.id}


def _follow(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> None:
    followed = {id(work): work.followed for work in works if work.followed is not None}
    _look_after(client, list(followed.values()), waiting, "the restore point is being made")
    for work in works:
        entry = followed[id(work)]
        if entry.point is not None:
            work.report.facts["restore_point"] = point_facts(entry.point)
        if entry.error is not None:
            work.report.fail(entry.error)


def _look_after(client: ArmClient, followed: Sequence[Followed], waiting: Waiting, what: str) -> None:
    def looked(entries: Sequence[Followed]) -> None:
        running = [entry for entry in entries if not entry.done]
        more = f", and {len(running) - 1} more" if len(running) > 1 else ""
        waiting.tell(len(entries) - len(running), len(entries), f"{running[0].label}: {what}{more}" if running else "all restore points are there")

    follow_points(client, followed, waiting, looked=looked)


def _prune(client: ArmClient, work: Work, waiting: Waiting) -> None:
    """Oldest first, so that an error leaves the newest ones."""
    for point in work.plan.prune:
        gone = delete_point(client, point.path, timeout=waiting.left() if waiting.wait else None, interval=waiting.interval)
        work.wrote = work.wrote or gone
        work.report.facts["pruned"].append(point.name)


def newest_facts(collection: Collection | None) -> dict[str, Any] | None:
    """The facts of the newest usable point, None when there is none."""
    point = newest(collection)
    return point_facts(point) if point else None
