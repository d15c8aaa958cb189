# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores of a fleet: read, plan, apply, watch. The rules are in `restore_plan`, the calls in `restore_stamps` and `cross_region`."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Mapping, Sequence

from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.poller import Operation
from .._arm.timestamps import format_time
from .._fleet import Vm, VmReport, run_each
from .._tags import add_tags
from .._waiting import Waiting
from .jobs import Job
from .recovery_points import point_facts
from .restore_options import needs_vault, point_wish
from .restore_plan import Decision, RestoreRun, decide, point_of, read_run, same_target, target_facts
from .restore_read import FEW, Case, for_each, look_again, place, read_regions, read_situations, vms_of_group
from .restore_request import DISKS, NEW_VM, REPLACE, RestoreTarget, restore_request
from .restore_stamps import Stamp
from .restore_start import start_restore
from .restored import (
    another_restore,
    disk_names_of,
    disks_without_vm,
    final_vm_id,
    made_disks,
    partial_failure,
    read_disks,
    read_vm,
    restored_facts,
    vm_disks,
)
from .restore_tags import to_tag
from .validation import validate_restore
from .vaults import VaultChoice
from .watcher import Followed, Watch

SECOND_LOOK = 15.0
"""Seconds between looks at a running job that does not tell its recovery point yet; it does within about a minute and a half."""

SECOND_LOOKS = 12

BAG_PATIENCE = 600.0
"""Seconds at most for reading, at the pace that Azure's budget allows, where restored disks are described."""

_ACTIONS = {"start": "started", "adopt": "adopted", "done": "none"}


@dataclass(frozen=True)
class RestoreOptions:
    """How to go about it; `look_back` in days."""

    look_back: int
    force: bool
    validate: bool
    check_mode: bool
    waiting: Waiting
    tags: Mapping[str, str] = field(default_factory=dict)
    jobs: frozenset[str] = frozenset()


def make_cases(params: Mapping[str, Any], vms: Sequence[Vm], targets: Mapping[str, RestoreTarget]) -> list[Case]:
    """One case a VM, in the order given."""
    return [Case(vm, targets[vm.key], point_wish(params, needs_vault=needs_vault(params, targets[vm.key]))) for vm in vms]


def restore(client: ArmClient, stamp: Stamp, choice: VaultChoice, cases: Sequence[Case], options: RestoreOptions) -> list[VmReport]:
    """Brings all cases to their end and returns one report each; nothing that befalls one VM hides another's."""
    for case in cases:
        case.tags, case.jobs = options.tags, options.jobs
    place(cases, stamp.locate([case.vm for case in cases], choice))
    read_regions(stamp, cases)
    start = client.server_now() - timedelta(days=options.look_back)
    read_situations(client, stamp, cases, start, options.waiting.left())
    _plan(client, stamp, cases, options)
    if options.validate:
        _validate_all(client, [case for case in cases if case.open and _action(case) == "start"], options)
    for case in cases:
        if case.open and case.decision is not None:
            _announce(case, case.decision, options)
    if not options.check_mode:
        watches = _apply(client, stamp, cases, start)
        _watch(client, stamp, cases, watches, options)
    _finish(client, [case for case in cases if case.open and _action(case) == "done"], {}, options)
    return [case.report for case in cases]


def _action(case: Case) -> str:
    return case.decision.action if case.decision else ""


def _plan(client: ArmClient, stamp: Stamp, cases: Sequence[Case], options: RestoreOptions) -> None:
    """Decides; where a running job does not tell enough yet, it is read again for a while."""

    def settle(case: Case, patient: bool) -> None:
        case.decision = _awaited(case) or decide(case.target, case.wish, case.situation, force=options.force, patient=patient)

    for_each(cases, lambda case: settle(case, True))
    for look in range(SECOND_LOOKS):
        unsure = [case for case in cases if case.open and _action(case) == "look_again"]
        if not unsure:
            return
        client.clock.sleep(min(options.waiting.interval, SECOND_LOOK))
        look_again(client, stamp, unsure)
        for_each(unsure, lambda case: settle(case, look < SECOND_LOOKS - 1))


def _awaited(case: Case) -> Decision | None:
    """A restore that an earlier task has started is followed to its end, whatever that is or was."""
    if case.awaited is None:
        return None
    run = next((run for run in case.situation.runs if run.job.name == case.awaited.name), None) or read_run(case.awaited)
    if run.mode is not None and not same_target(run, case.target):
        return None
    return Decision("adopt", point=point_of(run, case.situation.points), run=run)


def _validate_all(client: ArmClient, cases: Sequence[Case], options: RestoreOptions) -> None:
    done = itertools.count(1)

    def work(case: Case) -> None:
        try:
            _validate(client, case, options)
        finally:
            options.waiting.tell(next(done), len(cases), "restores that Azure has checked")

    for_each(cases, work)


def _validate(client: ArmClient, case: Case, options: RestoreOptions) -> None:
    request = restore_request(case.target, case.point.name)
    interval = min(options.waiting.interval, 10.0)
    validate_restore(client, case.home, case.point.id, request, interval=interval, timeout=options.waiting.left())


def _announce(case: Case, decision: Decision, options: RestoreOptions) -> None:
    """Facts and diff of what was decided: the same in check mode and for real."""
    report = case.report
    report.changed = decision.action == "start"
    report.warnings += decision.notes
    report.facts.update(
        mode=case.target.mode,
        action=_ACTIONS[decision.action],
        target=target_facts(case.target),
        recovery_point=_point_of(decision),
    )
    if decision.run is not None:
        report.job = decision.run.job.as_result()
    tags = options.tags
    if decision.action == "adopt" and options.waiting.wait and tags and case.target.mode != REPLACE:
        # Nothing bears the tags of this task before the restore has ended.
        _announce_tags(case, tags)
    elif report.changed:
        point = decision.point
        report.after = {
            "mode": case.target.mode,
            "target": target_facts(case.target),
            "recovery_point": {"name": point.name, "time": format_time(point.time) if point.time else None} if point else None,
            **({"tags": dict(tags)} if tags else {}),
        }


def _point_of(decision: Decision) -> dict[str, Any] | None:
    """The recovery point; of one that is not known by name any more, the time that its job tells."""
    if decision.point is not None:
        return point_facts(decision.point)
    if decision.run is not None and decision.run.point_time is not None:
        return {"name": None, "time": format_time(decision.run.point_time)}
    return None


def _apply(client: ArmClient, stamp: Stamp, cases: Sequence[Case], start: datetime) -> list[Watch]:
    """Sends what is to be started; the watches of all that runs."""
    watches: dict[str, Watch] = {}

    def send(case: Case) -> None:
        started = start_restore(stamp, case, start, client.clock)
        watches[case.vm.key] = _watch_of(stamp, case, started)

    beginning = [case for case in cases if case.open and _action(case) == "start"]
    for_each(beginning, send)
    for case in beginning:
        if case.vm.key not in watches:
            # Azure refused it, so nothing has changed.
            case.report.changed = False
            case.report.after = {}
    for case in cases:
        if case.open and case.decision is not None and case.decision.action == "adopt":
            watches[case.vm.key] = _watch_of(stamp, case, case.decision.run)
    return list(watches.values())


def _watch_of(stamp: Stamp, case: Case, started: Operation | RestoreRun | None) -> Watch:
    run = started if isinstance(started, RestoreRun) else None
    operation = started if isinstance(started, Operation) else None
    if operation is not None and operation.id:
        case.report.operation = {"id": operation.id}
    return Watch(
        key=case.vm.key,
        vault=case.home,
        job_id=run.job.name if run else None,
        operation=stamp.operation,
        vm=case.vm,
        exclude=case.known_jobs,
        arm_operation=operation,
        label=case.vm.name,
    )


def _watch(client: ArmClient, stamp: Stamp, cases: Sequence[Case], watches: Sequence[Watch], options: RestoreOptions) -> None:
    if not watches:
        return
    by_key = {case.vm.key: case for case in cases}
    if not options.waiting.wait:
        for key, followed in _ids_of(client, stamp, watches).items():
            _note(by_key[key], followed)
        return
    outcomes = stamp.follow(watches, timeout=options.waiting.left(), interval=options.waiting.interval, tell=options.waiting.tell)
    for key, followed in outcomes.items():
        case = by_key[key]
        _note(case, followed)
        if followed.error is not None:
            case.report.fail(followed.error)
            if _action(case) == "adopt":
                # What would have been tagged is not there.
                case.report.changed, case.report.after = False, {}
    ended = [by_key[key] for key, followed in outcomes.items() if followed.job is not None and followed.job.finished]
    _finish(client, ended, _with_bags(stamp, by_key, outcomes, options), options)


def _ids_of(client: ArmClient, stamp: Stamp, watches: Sequence[Watch]) -> dict[str, Followed]:
    """The job ids of what was started, which Azure tells within seconds."""
    found = stamp.once(watches)
    for wait in (1.0, 2.0, 4.0):
        if all(followed.job_id or followed.error for followed in found.values()):
            break
        client.clock.sleep(wait)
        found = {**found, **stamp.once([followed.watch for followed in found.values() if not (followed.job_id or followed.error)])}
    return found


def _note(case: Case, followed: Followed) -> None:
    if followed.job is not None:
        case.report.job = followed.job.as_result()
        case.report.warnings += followed.job.warnings
    elif followed.job_id is not None:
        case.report.job = {"id": f"{followed.watch.vault.id}/backupJobs/{followed.job_id}", "name": followed.job_id}


def _with_bags(stamp: Stamp, cases: Mapping[str, Case], outcomes: Mapping[str, Followed], options: RestoreOptions) -> dict[str, Job | None]:
    """The ended jobs by VM key, with their bags as far as they can be had: a watcher of many reads lists, which have none.

    Where blobs were restored the bag alone tells their addresses, so it is worth some waiting.
    """
    found = {key: followed.job for key, followed in outcomes.items()}
    for mode, patience in ((DISKS, BAG_PATIENCE), (REPLACE, 0.0), (NEW_VM, 0.0)):
        by_vault: dict[str, list[str]] = {}
        for key, followed in outcomes.items():
            if followed.job is not None and followed.job.finished and cases[key].target.mode == mode:
                by_vault.setdefault(followed.watch.vault.key, []).append(key)
        for keys in by_vault.values():
            jobs = {key: job for key in keys if (job := found[key]) is not None}
            vault = outcomes[keys[0]].watch.vault
            details = stamp.details(vault, list(jobs.values()), max_wait=min(patience, options.waiting.left()))
            found.update({key: details.get(job.name, job) for key, job in jobs.items()})
    return found


def _finish(client: ArmClient, cases: Sequence[Case], jobs: Mapping[str, Job | None], options: RestoreOptions) -> None:
    """What the ended restores left behind, put into the reports, and tagged."""
    groups = {str(case.target.group_id).lower() for case in cases if case.target.mode == DISKS and case.target.group_id}
    disks = {group: read_disks(client, group) for group in groups}
    machines = _machines_of(client, cases)

    def collect(case: Case) -> list[str]:
        run = case.decision.run if case.decision else None
        job = jobs.get(case.vm.key) or (run.job if run else None)
        return _collect(case, client, job, disks, machines, options.tags)

    untagged: dict[str, list[str]] = {}
    for outcome in run_each(cases, collect):
        if outcome.error is not None:
            # A failed look at what there is now must not turn a restore that succeeded into one that failed.
            outcome.item.report.warnings.append(f"What was restored could not be read: {outcome.error}")
        elif outcome.value:
            untagged[outcome.item.vm.key] = outcome.value
            _announce_tags(outcome.item, options.tags)
    if options.check_mode:
        return
    tagging = [case for case in cases if case.vm.key in untagged]
    for done in run_each(tagging, lambda case: _tag(client, untagged[case.vm.key], options.tags)):
        if done.error is not None and done.item.report.failure is None:
            done.item.report.fail(done.error)


def _tag(client: ArmClient, resource_ids: Sequence[str], tags: Mapping[str, str]) -> None:
    """In this order."""
    for resource_id in resource_ids:
        add_tags(client, resource_id, tags)


def _was_another(case: Case, job: Job, vm: Mapping[str, Any] | None) -> bool:
    """Whether a job that was adopted without a look into it (no bag, no mode) turns out to have restored something else."""
    run = case.decision.run if case.decision else None
    if run is None or run.mode is not None:
        return False
    if job.detailed:
        return not same_target(read_run(job), case.target)
    return case.awaited is None and case.target.mode == NEW_VM and vm is None


def _announce_tags(case: Case, tags: Mapping[str, str]) -> None:
    report = case.report
    if not report.changed:
        report.changed = True
        report.after = {"tags": dict(tags)}


def _machines_of(client: ArmClient, cases: Sequence[Case]) -> dict[str, dict[str, Any]]:
    """The VMs that were restored, by lower id, where there are so many in a resource group that a list is cheaper; it may lack the newest."""
    groups: dict[str, int] = {}
    for case in cases:
        vm_id = final_vm_id(case.target)
        if vm_id and case.situation.target_vm is None:
            group = vm_id.lower().partition("/providers/")[0]
            groups[group] = groups.get(group, 0) + 1
    found: dict[str, dict[str, Any]] = {}
    for group in [group for group, count in groups.items() if count > FEW]:
        try:
            found.update(vms_of_group(client, group))
        except ArmError:
            continue  # Then each is asked for by itself.
    return found


def _collect(
    case: Case,
    client: ArmClient,
    job: Job | None,
    disks: Mapping[str, list[dict[str, Any]]],
    machines: Mapping[str, dict[str, Any]],
    tags: Mapping[str, str],
) -> list[str]:
    """Fills the report; the ids of what is still to be tagged."""
    target, report = case.target, case.report
    vm_id = final_vm_id(target)
    vm = case.situation.target_vm or (machines.get(vm_id.lower()) or read_vm(client, vm_id) if vm_id else None)
    if job is not None:
        report.job = job.as_result()
        report.facts["restore_seconds"] = job.duration
    made = vm_disks(vm) if vm else []
    listed: Sequence[Mapping[str, Any]] = ()
    if vm is None and job is not None and target.group_id:
        group = target.group_id.lower()
        listed = disks[group] if group in disks else read_disks(client, group)
        made = made_disks(listed, disk_names_of(target), job)
    report.facts["restored"] = restored_facts(target, job, vm, made)
    if job is not None and job.succeeded and _was_another(case, job, vm):
        report.fail(another_restore(target, job))
        return []
    if job is not None and disks_without_vm(target, job, vm):
        report.fail(partial_failure(target, job, job.error()))
    untagged = [] if target.mode == REPLACE else to_tag(vm, made, listed, tags)
    if untagged and job is None and vm is not None:
        # Tags say what drill_cleanup may delete, so a VM that some other hand has made must not get any.
        report.warnings.append(f"{vm.get('name')} gets no tags, because no restore job is known that made it of this VM.")
        return []
    return untagged
