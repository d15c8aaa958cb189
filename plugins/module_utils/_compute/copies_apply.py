# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries plans of copies out: makes the target collections, starts copies in Azure's order and pace, and follows them disk by disk.

Once the first request is out, no error ends the run: it belongs to its VM, whose report says what was started.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Sequence

from .._apis import COMPUTE
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._arm.poller import is_momentary
from .._arm.retry import is_transient
from .._fleet import Vm, VmReport, run_each
from .._tags import all_tags, missing_tags
from .._waiting import Waiting
from . import points
from .collections import put_collection
from .copies import AT_ONCE, CopyPlan, CopyWish, Situation, Step, failed_copy, state_of, to_prune
from .names import point_path
from .point_writes import FIRST_LOOK, Followed, delete_point, look, make_room, put_point
from .points import Point, in_order

HOUR = 3600.0

TICK = 1.0
"""Seconds between two rounds, at least."""

PATIENCE = 300.0
"""Seconds between two tries of a copy that Azure throttles, when it does not say how long."""


@dataclass
class Row:
    """One copy and how far it is. ``own``: this task has started it. ``due``: when to look next (monotonic seconds)."""

    step: Step
    path: str
    point: Point | None = None
    own: bool = False
    creation: Followed | None = None
    error: ArmError | None = None
    done: bool = False
    due: float = 0.0

    @property
    def id(self) -> str:
        return str(ResourceId.parse(self.path))


@dataclass
class Work:
    """One VM on its way. ``rows`` are copies that exist or were refused, ``pending`` are to be started, oldest first."""

    vm: Vm
    situation: Situation
    plan: CopyPlan
    target_path: str
    tags: dict[str, str]
    report: VmReport
    rows: list[Row] = field(default_factory=list)
    pending: list[Step] = field(default_factory=list)
    stopped: bool = False
    """Nothing more is started: what went wrong may have overtaken the next one, or would be in its way too."""
    prepared: bool = False
    target_id: str | None = None
    sent: list[float] = field(default_factory=list)
    held_until: float = 0.0
    held_by: ArmError | None = None
    pruned: list[str] = field(default_factory=list)
    errors: list[ArmError] = field(default_factory=list)

    @property
    def running(self) -> list[Row]:
        return [row for row in self.rows if not row.done]

    @property
    def startable(self) -> list[Step]:
        return [] if self.stopped else self.pending

    @property
    def being_made(self) -> bool:
        """Whether Azure has yet to say that the last copy has begun. The next one waits for that, so that they stay in order."""
        return any(row.creation is not None for row in self.running)


def carry_out(client: ArmClient, works: Sequence[Work], wish: CopyWish, waiting: Waiting) -> None:
    """Does what the plans say; everything that happens goes into the works."""
    for work in works:
        _begin(work)
    while True:
        now = client.clock.monotonic()
        due = [work for work in works if _is_open(work, waiting) and (not work.prepared or min(_moments(work)) <= now)]
        for outcome in run_each(due, lambda work: _advance(client, work, wish, waiting)):
            if outcome.error is not None:
                _note(outcome.item, outcome.error)
                outcome.item.stopped = True
        waiting.tell(*progress(works))
        now = client.clock.monotonic()
        wake = [moment for work in works if _is_open(work, waiting) for moment in _moments(work)]
        left = waiting.left()
        if not wake or left <= 0 or min(wake) > now + left and not any(work.running for work in works):
            break
        # Not for each of many VMs at a moment of its own.
        client.clock.sleep(min(max(min(wake) - now, min(TICK, waiting.interval)), left))
    if wish.keep is not None:
        for outcome in run_each([work for work in works if not _failed(work, waiting)], lambda work: _prune(client, work, wish, waiting)):
            if outcome.error is not None:
                _note(outcome.item, outcome.error)


def _note(work: Work, error: ArmError) -> None:
    work.errors.append(error)
    # What was asked for and not seen to its end may well have happened.
    work.report.changed = work.report.changed or error.ambiguous


def _begin(work: Work) -> None:
    # So far it said what was to be expected.
    work.report.changed = False
    for step in work.plan.steps:
        if step.starts:
            work.pending.append(step)
        else:
            path = step.copy.path if step.copy else point_path(work.target_path, step.name)
            work.rows.append(Row(step, path, step.copy, error=step.problem, done=step.action in ("none", "fail")))


def _is_open(work: Work, waiting: Waiting) -> bool:
    """Whether there is anything to do. Without waiting, only what can be started now is."""
    if waiting.wait:
        return bool(work.startable or work.running or not work.prepared)
    return not work.prepared or bool(work.startable) and work.held_until == 0.0


def _moments(work: Work) -> list[float]:
    found = [row.due for row in work.running]
    return found + [work.held_until] if work.startable and not work.being_made else found


def _failed(work: Work, waiting: Waiting) -> bool:
    """Whether something went wrong, or is not there yet that was waited for: then no older copy goes."""
    return bool(work.errors) or any(row.error for row in work.rows) or waiting.wait and bool(work.pending or work.running)


def _advance(client: ArmClient, work: Work, wish: CopyWish, waiting: Waiting) -> None:
    """What can be done now for one VM, without waiting for copies."""
    if not work.prepared:
        work.prepared = True
        _prepare(client, work, wish, waiting)
    for row in work.running:
        if row.due <= client.clock.monotonic():
            _look(client, row, waiting)
    if work.startable and not work.being_made and client.clock.monotonic() >= work.held_until:
        _start(client, work, waiting)


def _prepare(client: ArmClient, work: Work, wish: CopyWish, waiting: Waiting) -> None:
    target, source = work.situation.target, work.situation.source
    if target is None:
        made = put_collection(client, work.target_path, location=wish.region, source_id=source.id, tags=work.tags)
        work.target_id = made.id
        work.report.changed = True
    else:
        missing = missing_tags(target.tags, work.tags)
        if missing:
            client.patch(work.target_path, COMPUTE, {"tags": all_tags(target.tags, missing, append=True)})
            work.report.changed = True
    for step in work.plan.steps:
        if step.action == "replace" and step.copy is not None:
            work.report.changed = make_room(client, step.copy, waiting) or work.report.changed


def _start(client: ArmClient, work: Work, waiting: Waiting) -> None:
    now = client.clock.monotonic()
    recent = [moment for moment in work.sent if moment > now - HOUR]
    if len(recent) >= AT_ONCE:
        work.held_until = recent[-AT_ONCE] + HOUR
        return
    step = work.pending[0]
    row = Row(step, point_path(work.target_path, step.name))
    source = step.source.id if step.source else ""
    try:
        # Should the answer get lost, it may have counted all the same.
        work.sent.append(now)
        started = put_point(client, row.path, {"sourceRestorePoint": {"id": source}}, time_left=waiting.left)
    except ArmError as error:
        if error.status == 429:
            work.sent.pop()
            work.held_until = client.clock.monotonic() + max(error.retry_after or 0.0, PATIENCE)
            work.held_by = error
            return
        row.error, row.done = error, True
        work.rows.append(row)
        work.pending = work.pending[1:]
        # A refusal is this point's own; after anything else the next one might overtake it.
        work.stopped = error.ambiguous or not error.status or is_transient(error.status)
        return
    work.pending = work.pending[1:]
    row.own, row.point = started.own, started.point
    work.report.changed = work.report.changed or started.own
    row.creation = Followed(row.path, work.vm.name, started.operation, started.point)
    row.due = client.clock.monotonic() + min(FIRST_LOOK, waiting.interval)
    work.rows.append(row)


def _look(client: ArmClient, row: Row, waiting: Waiting) -> None:
    """One look at a copy, first until Azure has begun it, then until every disk has arrived."""
    row.due = client.clock.monotonic() + waiting.interval
    if row.creation is not None:
        try:
            look(client, row.creation, min(FIRST_LOOK, waiting.interval))
        except ArmError as error:
            row.creation.error, row.creation.done = error, True
        row.point = row.creation.point or row.point
        if not row.creation.done:
            row.due = row.creation.due
            return
        row.error, row.creation = row.creation.error, None
        if row.error is not None:
            row.done = True
            return
    try:
        body = client.get_once(row.path, COMPUTE, params={"$expand": "instanceView"}).body
    except ArmError as error:
        if not is_momentary(error):
            row.error, row.done = error, True
        return
    row.point = points.parse(body if isinstance(body, dict) else {}, row.path)
    state = state_of(row.point)
    if state == "failed":
        row.error = failed_copy(row.point)
    elif state == "deleting":
        row.error = ArmError(f"Something has deleted the copy {row.point.name} while it was on its way.", code="CopyDeleted", target=row.id)
    row.done = state != "running"


def _prune(client: ArmClient, work: Work, wish: CopyWish, waiting: Waiting) -> None:
    gone = to_prune(copies_now(work), wish.keep or 1)
    for copy in gone:
        if delete_point(client, copy.path, timeout=waiting.left() if waiting.wait else None, interval=min(waiting.interval, FIRST_LOOK)):
            work.report.changed = True
        work.pruned.append(copy.name)


def copies_now(work: Work) -> tuple[Point, ...]:
    """The copies in the target as they were seen last, oldest first."""
    found = {copy.key: copy for copy in work.situation.copies}
    for step in work.plan.steps:
        if step.action == "replace" and step.copy is not None and work.prepared:
            found.pop(step.copy.key, None)
    for row in work.rows:
        if row.point is not None and row.point.id:
            source = row.step.source
            # Until a copy has begun, Azure may not tell the time that it will have.
            time = row.point.time_created if row.point.is_copy or source is None else source.time_created
            found[row.id.lower()] = replace(row.point, time_created=time)
    return tuple(copy for copy in in_order(found.values()) if copy.name not in work.pruned)


def progress(works: Sequence[Work]) -> tuple[int, int, str]:
    """How many copies are complete, of how many, and the one that is furthest behind."""
    rows = [(work, row) for work in works for row in work.rows]
    total = len(rows) + sum(len(work.pending) for work in works)
    done = sum(row.done for _work, row in rows)
    behind = min(((percent_of(row), work, row) for work, row in rows if not row.done), key=lambda entry: entry[0], default=None)
    if behind is None:
        return done, total, "waiting until Azure takes more copies" if total > done else "all copies are complete"
    return done, total, f"{behind[1].vm.name}: {words_of(behind[2])}"


def percent_of(row: Row) -> float:
    """The percent of the slowest disk; 0 as long as nothing is known."""
    replication = row.point.replication if row.point else None
    return min(((entry.percent or 0.0) for entry in replication or ()), default=0.0)


def words_of(row: Row) -> str:
    """How far a copy is: ``3 of 4 disks copied, data-02 at 40 percent``."""
    replication = row.point.replication if row.point else None
    if not replication:
        return f"the copy of {row.step.name} is about to begin"
    slowest = min((entry for entry in replication if not entry.done), key=lambda entry: entry.percent or 0.0, default=None)
    done = sum(entry.done for entry in replication)
    tail = f", {slowest.disk} at {slowest.percent or 0:g} percent" if slowest else ""
    return f"{done} of {len(replication)} disks copied{tail}"
