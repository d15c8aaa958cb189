# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On-demand backups: the course of a backup job and the recovery point it makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from ...world import World
from .filters import filter_time
from .lifecycle import fail_job, operation_for, short_task, start_job
from .links import accepted_at_item, item_of, vault_of
from .neighbours import VmFacts, find_vm
from .protection import STOPPED, SUSPENDED
from .state import BagEntry, Disk, Item, Job, JobError, RecoveryPoint, Vault
from .times import us_time

ATTEMPTS_A_DAY = 9
DEFAULT_RETENTION = timedelta(days=30)


@dataclass(frozen=True)
class Course:
    """Seconds of each task, and the recovery point's time after the job's start."""

    snapshot: float
    transfer: float
    validate: float
    point_after: float
    consistency: str


def course_of(vault: Vault, item: Item, vm: VmFacts | None, number: int) -> Course:
    """A course as recorded in 2025 and 2026. The estate's hints win; a crash-consistent one takes a third snapshot try."""
    vary, hints = vault.vary("backup", item.key, number), item.backup_hints
    consistency = "FileSystemConsistent" if vm is not None and vm.os_type == "Linux" else "AppConsistent"
    consistency = str(hints.get("consistency") or consistency)
    if consistency == "CrashConsistent":
        snapshot, after = vary.between(33 * 60 + 9, 33 * 60 + 12), vary.between(1507, 1510)
    elif vary.unit() < 0.7:
        snapshot, after = vary.between(8 * 60 + 10, 9 * 60 + 13), vary.between(3.5, 10)
    else:
        snapshot, after = vary.between(17 * 60 + 39, 18 * 60 + 12), vary.between(605, 608)
    transfer = (18 * 60 + 2, 33 * 60 + 12, 33 * 60 + 30, 48 * 60 + 5)[int(vary.unit() * 4)] + vary.between(0, 4)
    validate = (30.4, 15 * 60 + 31)[int(vary.unit() * 2)] + vary.between(0, 12)
    snapshot = float(hints.get("snapshot_seconds") or snapshot)
    return Course(
        snapshot=snapshot,
        transfer=float(hints.get("transfer_seconds") or transfer),
        validate=float(hints.get("validate_seconds") or validate),
        point_after=min(after, snapshot * 0.6),
        consistency=consistency,
    )


def trigger_backup(call: Call) -> Reply:
    vault = vault_of(call)
    item = item_of(call, vault)
    world, now = call.world, call.world.now()
    properties = call.body.get("properties") if isinstance(call.body, dict) else None
    if not isinstance(properties, dict) or properties.get("objectType") != "IaasVMBackupRequest":
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    expiry = _expiry(properties.get("recoveryPointExpiryTimeInUTC"), now)
    _check_allowed(vault, item, now)
    item.attempts = [at for at in item.attempts if at.date() == now.date()] + [now]
    job = start_backup(world, vault, item, expiry)
    operation = operation_for(world, job, instant=True, item_key=item.key)
    vault.operations[operation.id.lower()] = operation
    return accepted_at_item(call, operation)


def _expiry(text: Any, now: datetime) -> datetime:
    if not text:
        return (now + DEFAULT_RETENTION).replace(hour=0, minute=0, second=0, microsecond=0)
    expiry = filter_time(str(text)).astimezone(timezone.utc)
    if expiry <= now:
        raise AzureError(400, "UserErrorInvalidRecoveryPointExpiryTime", "The recovery point expiry time must be in the future.")
    return expiry


def _check_allowed(vault: Vault, item: Item, now: datetime) -> None:
    if item.deleted is not None or item.protection_state in (STOPPED, SUSPENDED):
        # No recording shows this refusal; the state is what matters to a client.
        raise AzureError(
            400,
            "UserErrorProtectionStopped",
            "The backup operation failed as protection of the item is stopped. Please resume protection and try again.",
        )
    if running_backup(vault, item, now) is not None:
        # The code and text are documented; the HTTP status is not.
        raise AzureError(
            409,
            "UserErrorBackupOperationInProgress",
            "Unable to initiate backup as another backup operation is currently in progress",
        )
    if sum(at.date() == now.date() for at in item.attempts) >= ATTEMPTS_A_DAY:
        raise AzureError(
            400,
            "CloudDosTimeboudLimitReached",
            f"The operation was attempted beyond a limit of {ATTEMPTS_A_DAY} on-demand backups a day. Please try again later.",
        )


def running_backup(vault: Vault, item: Item, now: datetime) -> Job | None:
    for job in vault.jobs.values():
        if job.operation == "Backup" and job.container_name.lower() == item.tail.lower() and not job.over(now):
            return job
    return None


def start_backup(world: World, vault: Vault, item: Item, expiry: datetime) -> Job:
    """Lays the job down: snapshot, transfer, validation; the point exists in the snapshot tier first."""
    now = world.now()
    vm = find_vm(world, item.vm_id)
    course = course_of(vault, item, vm, len(vault.jobs))
    taken = now + timedelta(seconds=1.2)
    snapshot = short_task("Take Snapshot", taken, course.snapshot)
    moved = taken + timedelta(seconds=course.snapshot + 0.2)
    transfer = short_task("Transfer data to vault", moved, course.transfer)
    checked = moved + timedelta(seconds=course.transfer)
    validate = short_task("Validate Backup", checked, course.validate)
    end = checked + timedelta(seconds=course.validate + 0.7)
    job = Job(
        id=world.new_id(),
        activity_id=world.new_id(),
        operation="Backup",
        vm_name=item.friendly_name,
        container_name=item.tail,
        start=now,
        end=end,
        tasks=[snapshot, transfer, validate],
        bag=[
            BagEntry("VM Name", item.friendly_name),
            BagEntry("Recovery Point Expiry Time in UTC", us_time(expiry)),
            BagEntry("Backup Size", f"{vault.vary('size', item.key).number(5)} MB", since=end),
            BagEntry("VM Subscription ID", item.vm_id.split("/")[2]),
        ],
        internal_bag={"IsInstantRpJob": "True"},
        actions=True,
        progress=[(moved, 1.0), (moved + timedelta(seconds=course.transfer / 2), 75.0), (checked, 100.0)],
        cancel_until=moved,
    )
    if course.consistency == "CrashConsistent":
        job.outcome = "CompletedWithWarnings"
        job.errors = [_CRASH_WARNING]
    if vm is None:
        fail_job(
            job,
            "UserErrorVmNotFoundV2",
            "The Azure Virtual Machine was not found.",
            recommendations=["Please check that the virtual machine exists, or stop protection of the deleted machine."],
            after=12.0,
        )
    point = _new_point(vault, item, vm, now, course, expiry)
    start_job(world, vault, job, lambda: _finished(item, job))
    _follow(world, vault, item, job, point, moved, checked)
    return job


_CRASH_WARNING = JobError(
    400446,
    "UserErrorBackupTookCrashConsistentSnapshot",
    "Backup has succeeded with Crash consistent snapshot as Application consistent snapshot could not be taken.",
    [
        "For Application/File consistent snapshot please select a supported distribution from the list - "
        "https://docs.microsoft.com/en-us/azure/virtual-machines/linux/endorsed-distros"
    ],
)


def _follow(
    world: World, vault: Vault, item: Item, job: Job, point: RecoveryPoint, snapshot_end: datetime, transfer_end: datetime
) -> None:
    """What becomes visible before the job ends, unless it was bent or cancelled meanwhile."""

    def runs() -> bool:
        return job.cancel_asked is None and job.outcome != "Failed" and job.end is not None

    def snapshot_taken() -> None:
        if runs():
            item.points.append(point)
            item.last_point = point.time

    def transferred() -> None:
        if runs():
            point.tiers["HardenedRP"] = "Valid"
            point.hardened = transfer_end

    def failed() -> None:
        item.last_backup_status, item.last_backup = "Failed", job.start

    world.at(snapshot_end, snapshot_taken)
    world.at(transfer_end, transferred)
    if job.outcome == "Failed" and job.end is not None:
        world.at(job.end, failed)
    schedule_expiry(world, vault, item, point)


def schedule_expiry(world: World, vault: Vault, item: Item, point: RecoveryPoint) -> None:
    """The snapshot goes after the policy's instant retention, the point itself at its expiry."""
    policy = vault.policies.get(item.policy.lower())
    days = int(policy.properties.get("instantRpRetentionRangeInDays") or 2) if policy else 2
    instant_end = point.time + timedelta(days=days)

    def drop_snapshot() -> None:
        if point.has_tier("HardenedRP"):
            point.tiers.pop("InstantRP", None)

    def drop_point() -> None:
        # Stopped items and the only point left are kept for ever.
        if point in item.points and len(item.points) > 1 and item.protection_state not in (STOPPED, SUSPENDED):
            item.points.remove(point)

    if instant_end > world.now() and "InstantRP" in point.tiers:
        world.at(instant_end, drop_snapshot)
    if point.expiry is not None and point.expiry > world.now():
        world.at(point.expiry, drop_point)


def _finished(item: Item, job: Job) -> None:
    if item.protection_state in ("IRPending", "ProtectionError"):
        item.protection_state = "Protected"
    item.health, item.health_details = "Passed", None
    item.last_backup_status = job.outcome
    item.last_backup = job.start


def _new_point(
    vault: Vault, item: Item, vm: VmFacts | None, now: datetime, course: Course, expiry: datetime
) -> RecoveryPoint:
    included, excluded = split_disks(vm.disks if vm else [], item.disk_exclusion)
    return RecoveryPoint(
        id=str(vault.vary("point", item.key, now).number(15)),
        time=now + timedelta(seconds=course.point_after),
        consistency=course.consistency,
        tiers={"InstantRP": "Valid"},
        vm_size=vm.size if vm else "",
        os_type=vm.os_type if vm else "Linux",
        disks=included,
        excluded=excluded,
        policy_type=item.policy_type,
        rule="On-Demand",
        expiry=expiry,
        zones=list(vm.zones) if vm else [],
        security_type=(vm.security_type if vm else "") or "None",
    )


def split_disks(disks: list[Disk], exclusion: dict[str, Any] | None) -> tuple[list[Disk], list[Disk]]:
    """Included and excluded disks; the OS disk is always included."""
    if exclusion is None:
        return list(disks), []
    listed, inclusion = set(exclusion["diskLunList"]), bool(exclusion["isInclusionList"])
    included = [disk for disk in disks if disk.lun < 0 or (disk.lun in listed) == inclusion]
    return included, [disk for disk in disks if disk not in included]
