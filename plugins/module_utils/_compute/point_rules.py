# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Azure would refuse, said before anything is sent (support matrix and limits of VM restore points). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Sequence

from .._arm.errors import ArmError, OptionError
from .._arm.timestamps import format_time
from .collections import Collection, check_source
from .points import CONFIDENTIAL, CRASH, Point
from .source_vms import SourceDisk, SourceVm

MOST_POINTS = 500
"""Points of a VM in all its collections."""

MOST_AN_HOUR = 3
"""New points of a VM in an hour, counted apart for crash consistency and Azure's own."""

HOUR = timedelta(hours=1)

_UNSETTLED = frozenset({"creating", "deleting"})
_ONLY_APPLICATION = {"ultrassd_lrs": "an Ultra disk", "premiumv2_lrs": "a Premium SSD v2 disk"}


def excluded_ids(vm: SourceVm, wanted: Sequence[str]) -> tuple[str, ...]:
    """Ids of the VM's disks that are to be left out; what is meant for other VMs of the fleet is passed over."""
    found: dict[str, str] = {}
    for entry in wanted:
        for disk in vm.disks_named(entry):
            if disk.id:
                found.setdefault(disk.id.lower(), disk.id)
    return tuple(found.values())


def check_excluded(wanted: Sequence[str], vms: Sequence[SourceVm]) -> None:
    """Raises OptionError for an entry that is a disk of none of the VMs."""
    for entry in wanted:
        if not any(vm.disks_named(entry) for vm in vms):
            disks = ", ".join(disk.name for disk in vms[0].disks) if len(vms) == 1 else ""
            known = f"; its disks are {disks}" if disks else ""
            raise OptionError("exclude_disks", f"{entry!r} is the name, id or LUN of no disk of the {'VM' if len(vms) == 1 else 'VMs'}{known}")


def refusal(vm: SourceVm, excluded: Sequence[str], collection: Collection | None, *, crash: bool, now: datetime) -> ArmError | None:
    """Why no point of the VM can be made now; None when nothing is known to be in the way."""
    if collection is not None:
        try:
            check_source(collection, vm.id, vm.location)
        except ArmError as error:
            return error
    if vm.provisioning_state.lower() in _UNSETTLED:
        return ArmError(
            f"The VM is {vm.provisioning_state}, and a restore point can be made of a finished one only.",
            code="VmStateNotSupported",
            target=vm.id,
            hint="Run the task again when that has ended.",
        )
    left_out = {disk.lower() for disk in excluded}
    taken = [disk for disk in vm.disks if (disk.id or "").lower() not in left_out]
    if not taken:
        return ArmError("Every disk of the VM is left out.", code="NothingToProtect", target=vm.id, hint="Leave out fewer in exclude_disks.")
    for disk in taken:
        reason = _unsupported(disk, crash)
        if reason:
            return ArmError(f"{disk.name} is {reason}.", code="DiskNotSupported", target=disk.id or vm.id, hint=_remedy(disk))
    if crash and vm.security_type.lower() == CONFIDENTIAL:
        return ArmError(
            "A confidential VM can have no crash-consistent restore points.",
            code="ConsistencyNotSupported",
            target=vm.id,
            hint="Use consistency=application, which Azure has for some sizes and regions.",
        )
    return _limit(collection, crash, now) if collection is not None else None


def _unsupported(disk: SourceDisk, crash: bool) -> str:
    if disk.ephemeral:
        return "an ephemeral disk, of which there can be no restore point"
    if not disk.id:
        return "an unmanaged disk, and VMs with such disks can have no restore points"
    if disk.shared:
        return "a shared disk, of which there can be no restore point"
    special = _ONLY_APPLICATION.get(disk.sku.lower())
    return f"{special}, of which there can be no crash-consistent restore point" if crash and special else ""


def _remedy(disk: SourceDisk) -> str:
    if not disk.id and not disk.ephemeral:
        return "Migrate the VM to managed disks."
    if disk.ephemeral and not disk.id:
        return "Such a VM can have no restore points."
    other = "" if disk.ephemeral or disk.shared else ", or use consistency=application"
    return f"Name it in exclude_disks{other}."


def _limit(collection: Collection, crash: bool, now: datetime) -> ArmError | None:
    if len(collection.points) >= MOST_POINTS:
        return ArmError(
            f"The collection has {len(collection.points)} restore points, and Azure takes no more than {MOST_POINTS} of a VM.",
            code="TooManyRestorePoints",
            target=collection.id,
            hint="Delete some first, with state=absent, or a task with keep and a larger max_age.",
        )
    recent = sorted(point.time_created for point in collection.points if _counts(point, crash) and point.time_created and now - point.time_created < HOUR)
    if len(recent) < MOST_AN_HOUR:
        return None
    return ArmError(
        f"{len(recent)} such restore points of the VM were made in the last hour, and Azure makes {MOST_AN_HOUR} at most.",
        code="RestorePointLimitReached",
        target=collection.id,
        hint=f"Run the task again after {format_time((recent[-MOST_AN_HOUR] + HOUR).replace(microsecond=0))}, or use the other consistency.",
    )


def _counts(point: Point, crash: bool) -> bool:
    return ((point.consistency or "").lower() == CRASH.lower()) == crash
