# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a restore task has to know, in few requests: vaults, restore jobs, target VMs, recovery points."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Callable, Iterable, Mapping, Sequence, TypeVar

from .._apis import COMPUTE
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId, same_id
from .._fleet import Vm, VmReport, run_each
from .._tags import missing_tags
from .items import ProtectedItem
from .jobs import Job
from .names import VaultRef, item_path
from .recovery_points import PointWish, RecoveryPoint, choose
from .restore_plan import Decision, RestoreRun, Situation, read_run, same_target
from .restore_request import NEW_VM, RestoreTarget
from .restore_stamps import Stamp, VaultFacts
from .vaults import Located

T = TypeVar("T")

FEW = 5
"""Up to this many target VMs of a resource group are asked for one by one; beyond it the group's VMs are listed."""

NEWEST = 3
"""How many of a VM's finished restores are looked into when its target VM exists: the newest tell where that came from."""


@dataclass
class Case:
    """One VM's restore, from the wish to the end."""

    vm: Vm
    target: RestoreTarget
    wish: PointWish
    vault: VaultRef | None = None
    item: ProtectedItem | None = None
    situation: Situation = field(default_factory=lambda: Situation(points=()))
    known_jobs: frozenset[str] = frozenset()
    """Names of the VM's restore jobs that were there before anything was sent."""
    jobs: frozenset[str] = frozenset()
    """Names, in lower case, of restores that an earlier task has started."""
    awaited: Job | None = None
    """The one of them that is of this VM."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """What the restored VM is to be tagged with."""
    candidates: list[Job] = field(default_factory=list)
    """Those of them that may be the wanted restore."""
    decision: Decision | None = None
    report: VmReport = field(init=False)

    def __post_init__(self) -> None:
        self.report = VmReport(self.vm)

    @property
    def open(self) -> bool:
        """Whether nothing has gone wrong with it so far."""
        return self.report.failure is None

    @property
    def home(self) -> VaultRef:
        """The vault, where only cases that have one get to."""
        if self.vault is None:
            raise RuntimeError(f"{self.vm.id} has no vault")
        return self.vault

    @property
    def point(self) -> RecoveryPoint:
        """The recovery point of a decision to start."""
        if self.decision is None or self.decision.point is None:
            raise RuntimeError(f"nothing is to be started for {self.vm.id}")
        return self.decision.point

    @property
    def path(self) -> str:
        """The path of the protected item."""
        return self.item.path if self.item is not None else item_path(self.home, self.vm)


def for_each(cases: Iterable[Case], work: Callable[[Case], object]) -> None:
    """Works on all cases that are still open, several at once; an ArmError ends its own case only."""
    for outcome in run_each([case for case in cases if case.open], work):
        if outcome.error is not None:
            outcome.item.report.fail(outcome.error)


def place(cases: Sequence[Case], located: Mapping[str, Located]) -> None:
    """Puts vault and item into the cases. That a VM could not be found shows when a recovery point has to be chosen."""
    for case in cases:
        found = located[case.vm.key]
        case.vault, case.item = found.vault, found.item
        if found.problem is not None:
            case.situation = replace(case.situation, points=found.problem)


def _check_item(stamp: Stamp, case: Case) -> None:
    """Without an item there are no recovery points, and the error says why."""
    if isinstance(case.situation.points, ArmError):
        return
    problem: ArmError | None = None
    if case.item is None:
        problem = stamp.no_item(case.vm, case.vault)
    elif case.item.soft_deleted:
        problem = ArmError(
            f"The backups of {case.vm.name} are deleted; they are kept until {case.item.facts().get('purge_time') or 'their purge'}.",
            code="SoftDeleted",
            target=case.item.id,
            hint="Bring them back first with vm_backup_protection, state=stopped or state=protected.",
        )
    if problem is not None:
        case.situation = replace(case.situation, points=problem)


def read_regions(stamp: Stamp, cases: Sequence[Case]) -> None:
    """The region of each target, and whether its vault may restore there; one GET a vault."""
    facts = _by_vault(cases, stamp.facts)
    regions: dict[str, str] = {}
    for case in cases:
        if case.vault is None or not case.open:
            continue
        try:
            found = facts[case.vault.key]
            if case.vault.key not in regions:
                regions[case.vault.key] = stamp.region(found)
            _check_subscription(found, case.target)
            case.target = replace(case.target, region=regions[case.vault.key])
        except ArmError as error:
            case.report.fail(error)


def _check_subscription(facts: VaultFacts, target: RestoreTarget) -> None:
    if not target.group_id or facts.cross_subscription is not False:
        return
    if ResourceId.parse(target.group_id).subscription.lower() == facts.ref.subscription.lower():
        return
    raise ArmError(
        f"The vault {facts.ref.name} does not allow restores to another subscription.",
        code="CrossSubscriptionRestoreDisabled",
        target=facts.ref.id,
        hint="Switch on cross-subscription restore in the vault's properties, or restore to the vault's subscription.",
    )


def read_situations(client: ArmClient, stamp: Stamp, cases: Sequence[Case], start: datetime, patience: float = 0.0) -> None:
    """Jobs since `start`, target VMs and recovery points of all cases; `patience` seconds for reads of jobs that the budget delays."""
    items = _by_vault(cases, stamp.items)
    listed = _by_vault(cases, lambda vault: stamp.jobs(vault, start))
    _read_target_vms(client, cases)

    def read(case: Case) -> None:
        if case.vault is not None and case.vault.key in items:
            case.item = items[case.vault.key].get(case.vm.key)
        _check_item(stamp, case)
        if not _may_be_adopted(case, listed):
            _read_points(stamp, case)

    for_each(cases, read)
    _read_runs(stamp, cases, listed, patience)
    _see_what_ended(client, cases)
    later = [case for case in cases if case.open and _may_be_adopted(case, listed)]
    # The points of many that are adopted would only make the report richer, at a request each.
    for_each([case for case in later if len(later) <= FEW or not _is_adopted(case)], partial(_read_points, stamp))
    everything = [(case, run) for case in cases for run in case.situation.runs]
    for case in cases:
        others = tuple(run for owner, run in everything if owner is not case)
        if case.target.mode == NEW_VM and case.situation.target_vm is not None:
            case.situation = replace(case.situation, others=others)


def _may_be_adopted(case: Case, listed: Mapping[str, Sequence[Job]]) -> bool:
    """Whether a running restore may be the wanted one, whatever its recovery point."""
    if case.vault is None or case.target.mode != NEW_VM or case.wish.name is not None or case.wish.before is not None:
        return False
    return any(job.is_of(case.vm) and not job.finished for job in listed.get(case.vault.key, ()))


def _is_adopted(case: Case) -> bool:
    return bool(case.situation.unread_running) or any(run.running and same_target(run, case.target) for run in case.situation.runs)


def _read_target_vms(client: ArmClient, cases: Sequence[Case]) -> None:
    by_group: dict[str, list[Case]] = {}
    for case in cases:
        if case.open and case.target.mode == NEW_VM and case.target.group_id:
            by_group.setdefault(case.target.group_id.lower(), []).append(case)
    for members in by_group.values():
        if len(members) <= FEW:
            for_each(members, lambda case: _put_vm(case, client.find(ResourceId.parse(case.target.vm_id).path, COMPUTE)))
            continue
        try:
            found = vms_of_group(client, str(members[0].target.group_id))
        except ArmError as error:
            for case in members:
                case.report.fail(error)
            continue
        for case in members:
            _put_vm(case, found.get(str(case.target.vm_id).lower()))


def vms_of_group(client: ArmClient, group_id: str) -> dict[str, dict[str, Any]]:
    """By lower id; nothing when the group does not exist (validation or the restore itself will say so)."""
    path = f"{ResourceId.parse(group_id).path}/providers/Microsoft.Compute/virtualMachines"
    try:
        return {str(resource.get("id", "")).lower(): resource for resource in client.list(path, COMPUTE)}
    except ArmError as error:
        if error.status == 404:
            return {}
        raise


def _see_what_ended(client: ArmClient, cases: Sequence[Case]) -> None:
    """A restore that ended since the target VMs were read has made its VM: without another look it would be restored twice."""
    ended = [case for case in cases if case.target.mode == NEW_VM and case.situation.target_vm is None and _just_restored(case)]
    _read_target_vms(client, ended)


def _just_restored(case: Case) -> bool:
    return any(run.job.succeeded and same_target(run, case.target) for run in case.situation.runs)


def _put_vm(case: Case, resource: Mapping[str, Any] | None) -> None:
    case.situation = replace(case.situation, target_vm=resource)


def _read_points(stamp: Stamp, case: Case) -> None:
    """An error is kept for the moment when a point is needed; a target VM that exists and may be of any point needs none."""
    if isinstance(case.situation.points, ArmError):
        return
    if case.situation.target_vm is not None and case.wish.name is None:
        return
    points: Sequence[RecoveryPoint] | ArmError
    try:
        if case.wish.name is not None:
            named = stamp.point(case.path, case.wish.name)
            points = [named] if named else []
        else:
            points = stamp.points(case.path)
            if case.target.luns is not None:
                points = _with_disks(stamp, case, points)
    except ArmError as error:
        points = error
    case.situation = replace(case.situation, points=points)


def _with_disks(stamp: Stamp, case: Case, points: list[RecoveryPoint]) -> list[RecoveryPoint]:
    """The points, the one to be restored with its disks: a list tells no disks, and LUNs are compared by disk names."""
    try:
        chosen = choose(points, case.wish)
    except ArmError:
        return points
    detailed = stamp.point(case.path, chosen.name)
    return [detailed if detailed and point is chosen else point for point in points]


def _read_runs(stamp: Stamp, cases: Sequence[Case], listed: Mapping[str, Sequence[Job]], patience: float) -> None:
    """Looks into those jobs of each VM that may be the wanted restore.

    Reads of jobs are scarce (150 an hour in 2023): beyond a few they are made as the budget allows. Jobs that decide whether to
    start a restore are worth waiting for; running ones are not, since they can be adopted unread; the rest only makes the report richer.
    """
    for vault in {case.vault.key: case.vault for case in cases if case.open and case.vault is not None}.values():
        members = [case for case in cases if case.open and case.vault is not None and case.vault.key == vault.key]
        for case in members:
            own = [job for job in listed.get(vault.key, []) if job.is_of(case.vm)]
            case.known_jobs = frozenset(job.name for job in own)
            case.awaited = next((job for job in own if job.name.lower() in case.jobs), None)
            case.candidates = candidates(own, case.situation, case.target)
        running = [job for case in members for job in case.candidates if not job.finished]
        deciding = [job for case in members if _must_know(case) for job in case.candidates if job.finished]
        welcome = [job for case in members if not _must_know(case) for job in case.candidates if job.finished]
        few = len(running) + len(deciding) <= FEW
        known: dict[str, Job] = {}
        for jobs, wait in ((running, 0.0), (deciding, patience), (welcome, 0.0)):
            if jobs and (jobs is welcome or not few):
                known.update(stamp.details(vault, jobs, max_wait=wait))
        for_each(members, partial(_look_into, stamp, known, few))


def _must_know(case: Case) -> bool:
    """Whether the finished jobs decide anything; not for a target VM that is there, is not the source itself, has its tags and may be of any point."""
    if case.target.mode != NEW_VM or case.wish.name is not None or case.wish.before is not None:
        return True
    if same_id(case.target.vm_id, case.target.source_vm_id):
        return True
    return case.situation.target_vm is not None and bool(missing_tags(case.situation.target_vm.get("tags"), case.tags))


def _look_into(stamp: Stamp, known: Mapping[str, Job], few: bool, case: Case) -> None:
    runs: list[RestoreRun] = []
    unread: list[Job] = []
    for job in case.candidates:
        found = job if job.detailed else known.get(job.name)
        if found is None and (not few or (job.finished and not _must_know(case))):
            unread.append(job)
            continue
        found = found or stamp.job(case.home, job.name)
        if found is not None:
            runs.append(read_run(found))
    running = tuple(read_run(job) for job in unread if not job.finished)
    case.situation = replace(case.situation, runs=tuple(runs), unread=len(unread) > len(running), unread_running=running)


def candidates(jobs: Iterable[Job], situation: Situation, target: RestoreTarget) -> list[Job]:
    """The jobs worth a read of their own, newest first: all that run, and those finished ones that can be what is wanted."""
    newest = sorted(jobs, key=_start, reverse=True)
    running = [job for job in newest if not job.finished]
    ended = [job for job in newest if job.succeeded]
    if target.mode == NEW_VM:
        return running + (ended[:NEWEST] if situation.target_vm is not None else [])
    oldest = _oldest_point(situation)
    return running + [job for job in ended if oldest is None or job.start is None or job.start >= oldest]


def _oldest_point(situation: Situation) -> datetime | None:
    """No restore of a point begins before the point was made."""
    if isinstance(situation.points, ArmError):
        return None
    return min((point.time for point in situation.points if point.time is not None), default=None)


def _start(job: Job) -> float:
    return job.start.timestamp() if job.start else 0.0


def look_again(client: ArmClient, stamp: Stamp, cases: Sequence[Case]) -> None:
    """Reads the running jobs of these cases anew; of many as far as the budget allows."""
    known: dict[str, Job] = {}
    if len(cases) > FEW:
        for vault in {case.home.key: case.home for case in cases}.values():
            jobs = [replace(run.job, detailed=False) for case in cases if case.home.key == vault.key for run in case.situation.runs if run.running]
            known.update(stamp.details(vault, jobs))

    def read(case: Case) -> None:
        runs: list[RestoreRun] = []
        for run in case.situation.runs:
            again = known.get(run.job.name)
            if run.running and len(cases) <= FEW:
                again = stamp.job(case.home, run.job.name)
            runs.append(read_run(again) if again else run)
        case.situation = replace(case.situation, runs=tuple(runs))

    for_each(cases, read)
    _see_what_ended(client, [case for case in cases if case.open])


def _by_vault(cases: Sequence[Case], read: Callable[[VaultRef], T | None]) -> dict[str, T]:
    """One read a vault, by vault key, without what answers None; an error ends the cases of that vault."""
    members: dict[str, list[Case]] = {}
    vaults: dict[str, VaultRef] = {}
    for case in cases:
        if case.open and case.vault is not None:
            vaults[case.vault.key] = case.vault
            members.setdefault(case.vault.key, []).append(case)
    found: dict[str, T] = {}
    for outcome in run_each(vaults.values(), read):
        if outcome.value is not None:
            found[outcome.item.key] = outcome.value
        if outcome.error is not None:
            for case in members[outcome.item.key]:
                case.report.fail(outcome.error)
    return found
