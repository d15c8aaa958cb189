# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a VM's entry says of its copies: before, after, each copy disk by disk, and what went wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Sequence

from .._arm.client import ArmClient
from .._arm.errors import ArmError, OperationTimeout
from .._arm.ids import ResourceId
from .._arm.timestamps import format_time
from .._fleet import Vm, VmReport
from .._tags import missing_tags
from .._waiting import Waiting
from .copies import CopyPlan, CopyWish, Situation, Step, foreseen_copies, plan_copies
from .copies_apply import Row, Work, copies_now, words_of
from .copies_read import CopyPlaces, Found
from .point_views import point_facts
from .points import Point


def make_works(vms: Sequence[Vm], found: dict[str, Found | ArmError], places: CopyPlaces, wish: CopyWish) -> tuple[list[VmReport], list[Work]]:
    """A report for each VM, in their order, with what check mode foresees, and the works of those for which something is known."""
    reports, works = [], []
    for vm in vms:
        report = VmReport(vm)
        reports.append(report)
        entry = found[vm.key]
        if isinstance(entry, ArmError):
            report.fail(entry)
            continue
        plan = plan_copies(entry.situation, wish)
        report.warnings += plan.warnings
        work = Work(vm, entry.situation, plan, entry.target_path, places.wanted_tags(vm, entry.situation.target), report)
        if plan.problem is not None:
            report.facts = {"source_collection_id": entry.situation.source.id}
            report.fail(plan.problem)
            continue
        foresee(work, wish)
        if all(step.action == "fail" for step in plan.steps):
            # Nothing can be done, so nothing is made or tagged for it either.
            report.changed, report.after = False, report.before
            continue
        works.append(work)
    return reports, works


def foresee(work: Work, wish: CopyWish) -> None:
    """The entry as far as the plan tells it, which is all that check mode has."""
    report, plan, situation = work.report, work.plan, work.situation
    retagged = missing_tags(situation.target.tags, work.tags) if situation.target else {}
    names, pruned = foreseen_copies(situation, plan, wish)
    failing = [step.problem for step in plan.steps if step.problem is not None]
    if failing:
        # Older copies stay as long as something is wrong.
        names, pruned = [*names, *pruned], []
    report.before = _view(situation, [copy.name for copy in situation.copies], dict(situation.target.tags) if retagged and situation.target else None)
    report.after = {
        "target_collection": _target_id(work),
        "copies": sorted(names),
        **({"tags": {**(situation.target.tags if situation.target else {}), **retagged}} if retagged else {}),
    }
    report.changed = situation.target is None or bool(retagged or pruned) or any(step.starts for step in plan.steps)
    rows = [{**_step_facts(step)} for step in plan.steps]
    report.facts = _facts(work, rows, pruned)
    if failing:
        report.fail(_one_of(failing))
    if plan.left:
        report.warnings.append(_left_words(plan))


def _view(situation: Situation, names: Sequence[str], tags: dict[str, str] | None) -> dict[str, Any]:
    view: dict[str, Any] = {"target_collection": situation.target.id if situation.target else None, "copies": sorted(names)}
    return {**view, "tags": tags} if tags is not None else view


def _target_id(work: Work) -> str:
    target = work.situation.target
    return target.id if target else str(ResourceId.parse(work.target_path))


def copy_facts(copy: Point) -> dict[str, Any]:
    """The facts of a copy; one of which nobody could see how far it is can not be used yet."""
    return {**point_facts(copy), "usable": copy.usable}


def _step_facts(step: Step) -> dict[str, Any]:
    action = {"start": "started", "replace": "started", "adopt": "adopted"}.get(step.action, "none")
    if step.copy is not None and not step.starts:
        return {**copy_facts(step.copy), "action": action}
    return {"name": step.name, "action": action, "source_restore_point_id": step.source.id if step.source else None, "usable": False}


def _facts(work: Work, rows: Sequence[dict[str, Any]], pruned: Sequence[str]) -> dict[str, Any]:
    return {
        "source_collection_id": work.situation.source.id,
        "target_collection_id": _target_id(work),
        "usable": bool(rows) and all(row["usable"] for row in rows) and not work.pending,
        "copies": list(rows),
        "pruned": list(pruned),
        "left": [{"name": step.name, "not_before": None} for step in work.plan.left],
    }


def conclude(client: ArmClient, work: Work, waiting: Waiting) -> None:
    """The entry after the work was done, as far as it was."""
    report = work.report
    rows = []
    for row in work.rows:
        facts = {**copy_facts(row.point), "action": "started" if row.own else _step_facts(row.step)["action"]} if row.point else _step_facts(row.step)
        if row.step.starts and not row.own:
            facts["action"] = "none" if row.error is not None else "adopted"
        rows.append(facts)
    report.facts = _facts(work, rows, work.pruned)
    left = [*work.pending, *work.plan.left]
    ahead = work.held_until - client.clock.monotonic()
    moment = format_time((client.server_now() + timedelta(seconds=ahead)).replace(microsecond=0)) if work.held_until and ahead > 0 else None
    report.facts["left"] = [{"name": step.name, "not_before": moment} for step in left]
    made = work.situation.target is not None or work.target_id is not None
    names = sorted(copy.name for copy in copies_now(work))
    report.after = {**report.after, "target_collection": _target_id(work) if made else None, "copies": names}
    problems = [*work.errors, *(row.error for row in work.rows if row.error is not None)]
    if problems:
        report.fail(_one_of(problems))
    elif waiting.wait and work.running:
        report.fail(_timeout(work.running, left))
    elif waiting.wait and work.pending:
        report.fail(_not_taken(work, moment))
    elif work.pending:
        when = f" before {moment}" if moment else ""
        report.warnings.append(f"Azure takes no more copies into the collection{when}; left: {_names(work.pending)}. Run the task again then")


def _one_of(problems: Sequence[ArmError]) -> ArmError:
    """The first problem, which says how many more there are."""
    first = problems[0]
    others = list(dict.fromkeys(told for problem in problems[1:] if (told := f"{problem.code}: {problem.message}") != f"{first.code}: {first.message}"))
    if others:
        first.message = f"{first.message} And {len(others)} more: {'; '.join(others[:3])}"
    return first


def _timeout(rows: Sequence[Row], left: Sequence[Step]) -> OperationTimeout:
    words = "; ".join(f"{row.step.name}: {_percents(row)}" for row in rows)
    more = f" Not begun: {_names(left)}." if left else ""
    return OperationTimeout(
        f"{len(rows)} copies were still on their way when the time was over; Azure goes on with them. {words}.{more}",
        last_state="; ".join(f"{row.step.name}: {words_of(row)}" for row in rows),
        resume={row.step.name: row.id for row in rows},
        target=rows[0].id,
        operation="PUT restorePoints",
    )


def _percents(row: Row) -> str:
    replication = row.point.replication if row.point else None
    if not replication:
        return "not begun yet"
    return ", ".join(f"{entry.disk} {'?' if entry.percent is None else format(entry.percent, 'g')} percent" for entry in replication)


def _not_taken(work: Work, moment: str | None) -> ArmError:
    held = work.held_by
    when = f", the next at {moment}" if moment else ""
    return ArmError(
        f"{len(work.pending)} restore points are not copied yet: {_names(work.pending)}. Azure takes 3 copies an hour into one collection{when}.",
        code="CopiesLeft",
        target=_target_id(work),
        status=held.status if held else None,
        request_id=held.request_id if held else None,
        operation=held.operation if held else None,
        hint="Raise wait_timeout, or run the same task again then: it goes on with them.",
    )


def _left_words(plan: CopyPlan) -> str:
    return f"Azure takes 3 copies an hour into one collection; left: {_names(plan.left)}. Run the task again in an hour"


def _names(steps: Sequence[Step]) -> str:
    return ", ".join(step.name for step in steps[:10]) + (f" and {len(steps) - 10} more" if len(steps) > 10 else "")
