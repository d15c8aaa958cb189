# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes what the plans of restores say: the disks and the interface of each VM, then the VM, all VMs at the same time.

Once the first request is out, no error ends the run: it belongs to its VM, whose report says what was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Mapping, Sequence

from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError, OperationFailed, OperationTimeout, TransportError
from .._arm.ids import ResourceId
from .._arm.poller import Operation, is_momentary, operation_of
from .._arm.redact import short_url
from .._arm.timestamps import format_time, parse_time
from .._fleet import Vm, VmReport, run_each
from .._waiting import Waiting
from .point_restores import Piece, RestorePlan, RestoreTarget, plan_restore
from .point_views import point_facts
from .point_writes import status_of
from .points import Point
from .shapes import member, text

TICK = 1.0
"""Seconds between two rounds, at least."""

FIRST_LOOK = 3.0
"""Seconds until the first look: disks are made of restore points within a second or two."""


@dataclass
class Item:
    """One resource on its way. ``made``: this task has sent its PUT. ``due``: when to look next (monotonic seconds). ``started`` and ``ended`` on
    Azure's clock, as far as its answers tell."""

    piece: Piece
    made: bool = False
    done: bool = False
    operation: Operation | None = None
    due: float = 0.0
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def begun(self) -> bool:
        return self.made or self.piece.action == "keep"


@dataclass
class Work:
    """One VM on its way."""

    vm: Vm
    point: Point
    target: RestoreTarget
    plan: RestorePlan
    report: VmReport
    first: list[Item] = field(default_factory=list)
    last: list[Item] = field(default_factory=list)
    error: ArmError | None = None

    @property
    def items(self) -> list[Item]:
        return [*self.first, *self.last]

    @property
    def done(self) -> bool:
        return self.error is not None or all(item.done for item in self.items)


def carry_out(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> None:
    """Does what the plans say; everything that happens goes into the works."""
    for work in works:
        work.report.changed = False
        work.first = [Item(piece, done=piece.settled) for piece in work.plan.first]
        work.last = [Item(work.plan.vm, done=work.plan.vm.settled)] if work.plan.vm else []
    while True:
        running = [work for work in works if not work.done]
        for outcome in run_each(running, lambda work: _advance(client, work, waiting)):
            if outcome.error is not None:
                outcome.item.error = outcome.error
                outcome.item.report.changed = outcome.item.report.changed or outcome.error.ambiguous
        waiting.tell(*progress(works))
        running = [work for work in running if not work.done]
        left = waiting.left()
        if not running:
            break
        if left <= 0:
            for work in running:
                work.error = _timed_out(work)
            break
        due = min((item.due for work in running for item in work.items if item.begun and not item.done), default=0.0)
        # Not for each of many VMs at a moment of its own.
        client.clock.sleep(min(max(due - client.clock.monotonic(), min(TICK, waiting.interval)), left))
    for work in works:
        _conclude(work)


def _advance(client: ArmClient, work: Work, waiting: Waiting) -> None:
    """What can be done now for one VM."""
    _further(client, work, work.first, waiting.interval)
    if all(item.done for item in work.first) and waiting.left() > 0:
        _further(client, work, work.last, waiting.interval)


def _further(client: ArmClient, work: Work, items: Sequence[Item], interval: float) -> None:
    for item in items:
        if not item.begun:
            _make(client, item, interval)
            work.report.changed = True
        elif not item.done and item.due <= client.clock.monotonic():
            item.due = client.clock.monotonic() + interval
            _look(client, item)


def _make(client: ArmClient, item: Item, interval: float) -> None:
    try:
        response = client.put(item.piece.path, item.piece.api, dict(item.piece.body))
    except (HttpError, TransportError) as error:
        # One of several tries may have done it, and the next one have met what it was making.
        if not error.ambiguous or client.find(item.piece.path, item.piece.api) is None:
            raise
        response = None
    item.made = True
    item.operation = operation_of(response) if response is not None else None
    item.done = response is not None and item.operation is None
    if item.done:
        item.started = item.ended = client.server_now()
    item.due = client.clock.monotonic() + min(FIRST_LOOK, interval)


def _look(client: ArmClient, item: Item) -> None:
    if item.operation is not None and item.operation.kind != "state":
        status = status_of(client, item.operation)
        told = status.body if status is not None and isinstance(status.body, Mapping) else {}
        item.started, item.ended = parse_time(told.get("startTime")) or item.started, parse_time(told.get("endTime")) or item.ended
        if status is not None and status.state == "running":
            return
        item.operation = None
        if status is not None and status.error is not None:
            raise status.error
    try:
        body = client.get_once(item.piece.path, item.piece.api).body
    except (HttpError, TransportError) as error:
        if is_momentary(error):
            return
        raise
    item.started = item.started or parse_time(member(body, "properties").get("timeCreated"))
    state = _state_of(body)
    if state.lower() in ("failed", "canceled"):
        raise OperationFailed(
            f"{item.piece.name} is {state}, and Azure does not say why.",
            code="RestoredResourceFailed",
            target=item.piece.id,
            operation=f"PUT {item.piece.name}",
            hint="Remove it, and run the task again.",
        )
    item.done = state.lower() == "succeeded"


def _state_of(body: Any) -> str:
    return text(member(body, "properties").get("provisioningState")) or "Succeeded"


def _timed_out(work: Work) -> ArmError:
    going = [item for item in work.items if item.begun and not item.done]
    waiting = [item.piece.name for item in work.items if not item.begun]
    names = ", ".join(item.piece.name for item in going)
    resume = {item.piece.name: short_url(item.operation.url) if item.operation else item.piece.id for item in going}
    more = f" Not begun: {', '.join(waiting)}." if waiting else ""
    return OperationTimeout(
        f"{names or 'The restore'} was still being made when the time was over; Azure goes on with it.{more}",
        last_state="Creating",
        resume=resume,
        target=going[0].piece.id if going else work.vm.id,
    )


def _conclude(work: Work) -> None:
    """The entry after the work was done, as far as it was."""
    report = work.report
    if work.error is not None:
        report.fail(work.error)
        names = [item.piece.name for item in work.items if item.begun]
        report.after = {kind: [name for name in found if name in names] for kind, found in report.after.items() if isinstance(found, list)}
    report.facts.update(_times(work))
    if any(item.begun for item in work.items) and (work.error is None or report.changed):
        report.facts["restored"] = _restored([item.piece for item in work.items if item.begun])


def _times(work: Work) -> dict[str, Any]:
    """When what was on its way began, and when the last of it was there."""
    moved = [item for item in work.items if item.begun and not item.piece.settled]
    starts = [item.started for item in moved if item.started is not None]
    last = [item for item in (work.last or work.first) if not item.piece.settled]
    ends = [item.ended for item in last if item.ended is not None]
    found: dict[str, Any] = {"start_time": format_time(min(starts))} if starts else {}
    if ends and len(ends) == len(last) and work.error is None:
        found["end_time"] = format_time(max(ends))
        if starts:
            found["restore_seconds"] = (max(ends) - min(starts)).total_seconds()
    return found


def make_works(
    vms: Sequence[Vm],
    points: Mapping[str, tuple[Point, tuple[str, ...]] | ArmError],
    targets: Mapping[str, RestoreTarget],
    there: Mapping[str, Mapping[str, Any]],
    mode: str,
) -> tuple[list[VmReport], list[Work]]:
    """A report for each VM, in their order, with what check mode foresees, and the works of those that can be restored."""
    reports, works = [], []
    taken: dict[str, Vm] = {}
    for vm in vms:
        report = VmReport(vm)
        reports.append(report)
        found = points[vm.key]
        if isinstance(found, ArmError):
            report.fail(found)
            continue
        point, warnings = found
        report.warnings += warnings
        report.facts = {"mode": mode, "restore_point": point_facts(point)}
        try:
            plan = plan_restore(point, targets[vm.key], vm, there)
            _check_apart(plan, vm, taken)
        except ArmError as error:
            report.fail(error)
            continue
        work = Work(vm, point, targets[vm.key], plan, report)
        foresee(work, mode)
        works.append(work)
    return reports, works


def _check_apart(plan: RestorePlan, vm: Vm, taken: dict[str, Vm]) -> None:
    """No two VMs of the task may have a disk of the same name."""
    for piece in plan.pieces:
        other = taken.setdefault(piece.id.lower(), vm)
        if other is not vm:
            raise ArmError(
                f"{piece.name} would be made for {other.name} and {vm.name} alike.",
                code="RestoreTargetTaken",
                target=piece.id,
                hint="Use {name} in disk_name to tell them apart.",
            )


def foresee(work: Work, mode: str) -> None:
    """The entry as far as the plan tells it, which is all that check mode has."""
    report, plan = work.report, work.plan
    report.changed = plan.makes
    report.before, report.after = plan.names(after=False), plan.names(after=True)
    report.facts = {
        "mode": mode,
        "action": plan.action,
        "restore_point": point_facts(work.point),
        "target": {"region": work.target.region, "resource_group_id": work.target.group_id, **_restored(plan.pieces)},
    }


def _restored(pieces: Sequence[Piece]) -> dict[str, Any]:
    found: dict[str, Any] = {"disks": [], "network_interface_id": None, "virtual_machine_id": None}
    for piece in pieces:
        kind = ResourceId.parse(piece.id).types[-1].lower()
        if kind == "disks":
            found["disks"].append(piece.id)
        else:
            found["network_interface_id" if kind == "networkinterfaces" else "virtual_machine_id"] = piece.id
    return found


def progress(works: Sequence[Work]) -> tuple[int, int, str]:
    """How many resources are there, of how many, and what is being made."""
    items = [item for work in works for item in work.items]
    going = next(((work, item) for work in works if work.error is None for item in work.items if item.begun and not item.done), None)
    text = f"{going[0].vm.name}: making {going[1].piece.name}" if going else "all is there"
    return sum(item.done for item in items), len(items), text
