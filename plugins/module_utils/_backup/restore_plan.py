# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore task has to do for one VM: start a restore, adopt one that runs, or nothing. Pure; all idempotency is here.

Azure has no idempotent restore: each accepted request is a new job with new disks. What tells restores apart is the
job: its kind, target and point time are in the property bag, the point's name is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Mapping, Sequence

from .._arm.errors import ArmError
from .._arm.ids import ResourceId, same_id
from .._arm.timestamps import format_time, parse_us_time
from .jobs import Job
from .recovery_points import PointWish, RecoveryPoint, choose
from .restore_request import DISKS, NEW_VM, REPLACE, RestoreTarget

OPERATION = "Restore"
CROSS_REGION_OPERATION = "CrossRegionRestore"

_MODE_OF = {"recover disks": DISKS, "replace disks": REPLACE, "recover vm to an alternate location": NEW_VM}
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class RestoreRun:
    """A restore job as its property bag describes it; None for what the bag does not tell (yet).

    `point_time` is missing in the first minute of a job, `vm_name` and `group` can be late too (seen in 2025 and 2026).
    """

    job: Job
    mode: str | None
    point_time: datetime | None
    group: str | None
    vm_name: str | None
    storage_account: str | None
    disks: frozenset[str] | None

    @property
    def running(self) -> bool:
        return not self.job.finished and self.job.status.lower() != "cancelling"


def read_run(job: Job) -> RestoreRun:
    """The view of a job that was read with its bag."""
    bag = job.bag
    return RestoreRun(
        job=job,
        mode=_MODE_OF.get((bag.get("Job Type") or "").strip().lower()),
        point_time=parse_us_time(bag.get("Recovery point time")),
        group=bag.get("Target resource group") or None,
        vm_name=bag.get("Target VM Name") or None,
        storage_account=bag.get("Target Storage Account Name") or None,
        disks=_names(bag.get("Restored disk(s)")),
    )


def _names(text: str | None) -> frozenset[str] | None:
    if not text:
        return None
    return frozenset(name.strip().lower() for name in text.replace(",", ";").split(";") if name.strip())


@dataclass(frozen=True)
class Situation:
    """What was read for one VM. `runs` are its own restores, newest first, and `others` those of the task's other VMs;
    `points` is an error where the points could not be read, which matters only if one has to be chosen."""

    points: Sequence[RecoveryPoint] | ArmError
    runs: Sequence[RestoreRun] = ()
    others: Sequence[RestoreRun] = ()
    target_vm: Mapping[str, Any] | None = None
    unread: bool = False
    """Some finished restores were not looked into, to spare Azure's budget for such reads."""
    unread_running: Sequence[RestoreRun] = ()
    """Restores of the VM that run and were not looked into for the same reason: their jobs without anything of the bag."""


@dataclass(frozen=True)
class Decision:
    """`start` a restore of `point`; `adopt` the running `run`; `done` already (by `run`, if it is still known);
    `look_again` at `run`, because it does not tell yet whether it is the one that is wanted."""

    action: Literal["start", "adopt", "done", "look_again"]
    point: RecoveryPoint | None = None
    run: RestoreRun | None = None
    notes: tuple[str, ...] = ()


def decide(target: RestoreTarget, wish: PointWish, situation: Situation, *, force: bool = False, patient: bool = True) -> Decision:
    """What to do; raises ArmError when the target is taken by something else or no recovery point fits.

    `force` repeats what is done but never doubles what runs. `patient` False: adopt a run that still does not tell its point.
    """
    if target.mode == NEW_VM:
        return _decide_new_vm(target, wish, situation, force, patient)
    return _decide_disks(target, wish, situation, force, patient)


def _decide_new_vm(target: RestoreTarget, wish: PointWish, situation: Situation, force: bool, patient: bool) -> Decision:
    running = [run for run in situation.runs if run.running and same_target(run, target)]
    if running:
        run = running[0]
        return _adopt(run, wish, situation.points, patient) or _raise(_other_point(run, target, "A restore to it is running"))
    if situation.target_vm is None:
        if situation.unread_running:
            return _adopt_unread(situation.unread_running[0])
        return Decision("start", point=_chosen(wish, situation.points))
    return _settle_existing(target, wish, situation, force)


def _settle_existing(target: RestoreTarget, wish: PointWish, situation: Situation, force: bool) -> Decision:
    """The target VM exists, so nothing can be restored there: either it is what was wanted, or that is a conflict."""
    name = ResourceId.parse(target.vm_id).name
    own = next((run for run in situation.runs if run.job.succeeded and same_target(run, target)), None)
    if same_id(target.vm_id, target.source_vm_id) and own is None:
        # With a restore of its own, it is the VM that had been lost and was brought back under its name.
        raise _taken(target, "The VM itself still exists under that name.", "Give another vm_name, or use mode=replace.")
    if force:
        raise _taken(target, "It exists, and Azure restores no VM over another, not even with force.", "Delete it first, or give another vm_name.")
    stranger = next((run for run in situation.others if run.job.succeeded and same_target(run, target)), None)
    if stranger and (own is None or _later(stranger, own)):
        raise _taken(target, f"It exists and was restored from the VM {stranger.job.friendly_name}.", "Give another vm_name.")
    if own is None:
        unknown = f"{name} exists, but no job within look_back restored it, so its recovery point is not known."
        return Decision("done", notes=() if situation.unread else (unknown,))
    if not _fits(own, wish, situation.points):
        raise _other_point(own, target, "It exists")
    return Decision("done", point=point_of(own, situation.points), run=own)


def _decide_disks(target: RestoreTarget, wish: PointWish, situation: Situation, force: bool, patient: bool) -> Decision:
    """Modes disks and replace: a finished job from the same point is what there is to go by."""
    alike = [run for run in situation.runs if same_target(run, target)]
    running = [run for run in alike if run.running]
    adopted = [found for found in (_adopt(run, wish, situation.points, patient) for run in running) if found]
    if adopted:
        sure = [found for found in adopted if found.action == "adopt"]
        return (sure or adopted)[0]
    if running and target.mode == REPLACE:
        raise _other_point(running[0], target, "Its disks are being replaced")
    if situation.unread_running:
        return _adopt_unread(situation.unread_running[0])
    point = _chosen(wish, situation.points)
    if not force:
        done = next((run for run in alike if run.job.succeeded and _same_point(run, point) and _covers(run, target, point)), None)
        if done:
            return Decision("done", point=point, run=done)
        if situation.unread:
            raise ArmError(
                "Whether this was restored already could not be looked up: Azure allows no more reads of jobs for now.",
                code="RestoresNotKnown",
                target=target.source_vm_id,
                hint="Run the task again later, with a smaller look_back or fewer VMs at once, or with force=true to restore in any case.",
            )
    return Decision("start", point=point)


def _adopt_unread(run: RestoreRun) -> Decision:
    """To wait for another's restore does less harm than a second one; whether it was the wanted one shows when it has ended."""
    note = "A restore of it runs; what that restores was not read, to spare Azure's budget, so it is waited for and none is started."
    return Decision("adopt", run=run, notes=(note,))


def same_target(run: RestoreRun, target: RestoreTarget) -> bool:
    """Whether a job restores to this target, whatever its point. What a running job does not tell yet does not speak against it."""
    if run.mode != target.mode:
        return False
    if target.mode == REPLACE:
        return True
    group = ResourceId.parse(target.group_id).group if target.group_id else None
    if not _same_name(run.group, group, run.running):
        return False
    if target.mode == NEW_VM:
        return _same_name(run.vm_name, ResourceId.parse(target.vm_id).name, run.running)
    if not _same_name(run.storage_account, ResourceId.parse(target.storage_account_id).name, run.running):
        return False
    # A job that names disks restored only those; it is no answer to the wish for all of them.
    return target.luns is not None or run.disks is None


def _same_name(told: str | None, wanted: str | None, running: bool) -> bool:
    if told is None:
        return running or wanted is None
    return wanted is not None and told.lower() == wanted.lower()


def _adopt(run: RestoreRun, wish: PointWish, points: Sequence[RecoveryPoint] | ArmError, patient: bool) -> Decision | None:
    """Adopt a running job, look at it again, or (None) it is not the one that is wanted."""
    particular = wish.name is not None or wish.before is not None
    if particular and run.point_time is None:
        if patient:
            return Decision("look_again", run=run)
        return Decision("adopt", run=run, notes=(f"The job {run.job.name} does not tell its recovery point; it was adopted to start no second one.",))
    if not _fits(run, wish, points):
        return None
    point = point_of(run, points)
    notes = () if particular else _older(point or run.point_time, wish, points)
    return Decision("adopt", point=point, run=run, notes=notes)


def _older(used: RecoveryPoint | datetime | None, wish: PointWish, points: Sequence[RecoveryPoint] | ArmError) -> tuple[str, ...]:
    """A word on a running restore whose point is not the latest any more."""
    time = used.time if isinstance(used, RecoveryPoint) else used
    if time is None or isinstance(points, ArmError):
        return ()
    try:
        newest = choose(points, wish)
    except ArmError:
        return ()
    if newest.time is None or newest.time - time < _SECOND:
        return ()
    return (f"The running restore uses the recovery point of {format_time(time)}; since then there is one of {format_time(newest.time)}.",)


def _fits(run: RestoreRun, wish: PointWish, points: Sequence[RecoveryPoint] | ArmError) -> bool:
    """Whether a job's point is one that the wish allows. Latest allows any: what was the latest when the job began still is an answer."""
    if run.point_time is None:
        return True
    if wish.before is not None:
        return run.point_time <= wish.before
    if wish.name is not None:
        return _same_point(run, _chosen(PointWish(name=wish.name), points, any_tier=True))
    return True


def _same_point(run: RestoreRun, point: RecoveryPoint) -> bool:
    """The bag has whole seconds, the point has fractions."""
    return run.point_time is not None and point.time is not None and run.point_time == point.time.replace(microsecond=0)


def point_of(run: RestoreRun, points: Sequence[RecoveryPoint] | ArmError) -> RecoveryPoint | None:
    """The point that a job restores, found by its time."""
    if isinstance(points, ArmError):
        return None
    return next((point for point in points if _same_point(run, point)), None)


def _covers(run: RestoreRun, target: RestoreTarget, point: RecoveryPoint) -> bool:
    """Whether the job restored the disks that are wanted, as far as LUNs can be told from the names in its bag."""
    if target.luns is None or run.disks is None or not point.disk_names:
        return True
    wanted = {name.lower() for lun, name in point.disk_names.items() if lun in target.luns}
    return wanted <= run.disks


def _chosen(wish: PointWish, points: Sequence[RecoveryPoint] | ArmError, *, any_tier: bool = False) -> RecoveryPoint:
    if isinstance(points, ArmError):
        raise points
    if any_tier:
        # The point of a finished restore may have lost its copies since.
        named = next((point for point in points if point.name == wish.name), None)
        if named:
            return named
    return choose(points, wish)


def _later(one: RestoreRun, other: RestoreRun) -> bool:
    return bool(one.job.start and other.job.start and one.job.start > other.job.start)


def _raise(error: ArmError) -> Decision:
    raise error


def _other_point(run: RestoreRun, target: RestoreTarget, what: str) -> ArmError:
    used = format_time(run.point_time) if run.point_time else "an unknown time"
    advice = "Delete the VM first, or give another vm_name." if target.mode == NEW_VM else "Wait for that restore first."
    return _taken(target, f"{what} from another recovery point than the one asked for, that of {used} (job {run.job.name}).", advice)


def _taken(target: RestoreTarget, message: str, hint: str) -> ArmError:
    return ArmError(message, code="RestoreTargetTaken", target=target.vm_id or target.source_vm_id, hint=hint)


def target_facts(target: RestoreTarget) -> dict[str, Any]:
    """Where a restore goes, for results and diff; only what is set."""
    facts = {
        "region": target.region or None,
        "resource_group_id": target.group_id,
        "virtual_machine_id": target.source_vm_id if target.mode == REPLACE else target.vm_id,
        "storage_account_id": target.storage_account_id,
        "virtual_network_id": target.network_id,
        "subnet_id": target.subnet_id,
        "zone": target.zone,
        "disk_luns": None if target.luns is None else list(target.luns),
        "disk_encryption_set_id": target.disk_encryption_set_id,
    }
    return {name: value for name, value in facts.items() if value is not None}
