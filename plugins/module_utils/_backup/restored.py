# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore left behind: the VM, its disks, and the blobs in the staging account."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Iterable, Mapping

from .._apis import COMPUTE, DISKS as DISKS_API
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._arm.timestamps import parse_time
from .jobs import Job
from .restore_plan import CROSS_REGION_OPERATION
from .restore_request import NEW_VM, REPLACE, RestoreTarget

SLACK = timedelta(minutes=5)
"""How far the times of disks and jobs, written by different machines, may lie apart."""

TRANSFERRED = "Transfer data from vault"
CREATED = "Create the restored virtual machine"


def restored_facts(target: RestoreTarget, job: Job | None, vm: Mapping[str, Any] | None, disks: Iterable[str]) -> dict[str, Any]:
    """The result `restored`: {virtual_machine_id, disks [ids], storage_account_id, template_blob_uri, config_blob_uri,
    config_blob_container}, each where there is one."""
    bag = job.bag if job else {}
    facts: dict[str, Any] = {
        "virtual_machine_id": vm.get("id") if vm else None,
        "disks": sorted(disks),
        "storage_account_id": target.storage_account_id,
        # Renamed in 2025; the paired region still had the old name in 2024.
        "template_blob_uri": bag.get("Create VM Template Blob Uri") or bag.get("Template Blob Uri"),
        "config_blob_uri": bag.get("Config Blob Uri"),
        "config_blob_container": bag.get("Config Blob Container Name"),
    }
    return {name: value for name, value in facts.items() if value is not None}


def vm_disks(vm: Mapping[str, Any]) -> list[str]:
    """Ids of the managed disks that a VM uses, the OS disk first."""
    profile = (vm.get("properties") or {}).get("storageProfile") or {}
    disks = [profile.get("osDisk") or {}, *(profile.get("dataDisks") or [])]
    ids = [(disk.get("managedDisk") or {}).get("id") for disk in disks]
    return [str(found) for found in ids if found]


def made_disks(disks: Iterable[Mapping[str, Any]], names: Iterable[str], job: Job) -> list[str]:
    """Ids of the disks that a job made: no job names them, so they are told by name (`{vm}-osdisk-20260726-141638`,
    `{vm}-datadisk-000-...`) and by their time, which lies within the job's."""
    ours = re.compile(rf"^({'|'.join(re.escape(name) for name in names)})-(osdisk|datadisk)-", re.IGNORECASE)
    found = []
    for disk in disks:
        created = parse_time((disk.get("properties") or {}).get("timeCreated"))
        if ours.match(str(disk.get("name") or "")) and _within(created, job):
            found.append(str(disk.get("id")))
    return found


def _within(created: datetime | None, job: Job) -> bool:
    if created is None or job.start is None or created < job.start - SLACK:
        return False
    return job.end is None or created <= job.end + SLACK


def read_disks(client: ArmClient, group_id: str) -> list[dict[str, Any]]:
    """The managed disks of a resource group; [] when they may not be read, since this is only for the report."""
    path = f"{ResourceId.parse(group_id).path}/providers/Microsoft.Compute/disks"
    try:
        return list(client.list(path, DISKS_API))
    except ArmError:
        return []


def read_vm(client: ArmClient, vm_id: str) -> dict[str, Any] | None:
    """A VM by its id, None when there is none."""
    return client.find(ResourceId.parse(vm_id).path, COMPUTE)


def final_vm_id(target: RestoreTarget) -> str | None:
    """The VM that a restore makes or changes; None for mode disks."""
    if target.mode == NEW_VM:
        return target.vm_id
    return target.source_vm_id if target.mode == REPLACE else None


def disk_names_of(target: RestoreTarget) -> list[str]:
    """The names that the restored disks may begin with."""
    names = [ResourceId.parse(target.source_vm_id).name]
    if target.vm_id:
        names.append(ResourceId.parse(target.vm_id).name)
    return names


def disks_without_vm(target: RestoreTarget, job: Job, vm: Mapping[str, Any] | None) -> bool:
    """Whether a restore as a new VM ended with disks but without the VM: a size or an image that is no more."""
    if target.mode != NEW_VM or vm is not None or not job.finished:
        return False
    if not job.detailed:
        return job.succeeded
    transfer, creation = job.task(TRANSFERRED), job.task(CREATED)
    return job.warned or (transfer is not None and transfer.completed and not (creation is not None and creation.completed))


def another_restore(target: RestoreTarget, job: Job) -> ArmError:
    """The failure when the restore that was waited for, because it ran and could not be looked into, was not the wanted one."""
    return ArmError(
        f"The restore job {job.name}, which ran when the task began, restored something else; nothing was started for this VM.",
        code="AnotherRestoreRan",
        target=target.vm_id or target.source_vm_id,
        operation=f"job {job.operation} {job.name}",
        hint="Run the task again: it starts the restore that is wanted.",
    )


def partial_failure(target: RestoreTarget, job: Job, cause: ArmError | None) -> ArmError:
    """The failure for disks without a VM; what the job says of the reason is in it."""
    told = cause.message if cause else " ".join(job.warnings) or "Azure gives no reason."
    return ArmError(
        f"The disks were restored, but the VM {ResourceId.parse(target.vm_id).name} was not created: {told}",
        code="RestoredWithoutVm",
        target=target.vm_id,
        operation=f"job {'CrossRegionRestore' if job.operation == CROSS_REGION_OPERATION else 'Restore'} {job.name}",
        hint="Create the VM from the restored disks (restored.disks), or delete them, remove the cause and run the task again.",
    )
