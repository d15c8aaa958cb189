# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The restore trigger and the course of restore jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from .lifecycle import fail_job, operation_for, start_job
from .links import accepted_at_item, item_of, vault_of
from .naming import parse_resource_id
from .recovery_points import find_point
from .restore_checks import RestoreCase, problems, require_valid
from .restore_effects import carry_out
from .state import BagEntry, Job, Task
from .times import us_time

_JOB_TYPES = {
    "RestoreDisks": "Recover disks",
    "AlternateLocation": "Recover VM to an alternate location",
    "OriginalLocation": "Replace disks",
}


def trigger_restore(call: Call) -> Reply:
    vault = vault_of(call)
    item = item_of(call, vault)
    point = find_point(call, item)
    request = call.body.get("properties") if isinstance(call.body, dict) else None
    if not isinstance(request, dict):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    case = RestoreCase(call.world, vault, item, point, request, vault.location, secondary=False)
    require_valid(case)
    job = start_restore(case, call.world.now())
    operation = operation_for(call.world, job, instant=True, item_key=item.key, same_id=True)
    vault.operations[operation.id.lower()] = operation
    return accepted_at_item(call, operation)


@dataclass(frozen=True)
class Course:
    """Seconds until the data is there, and until the whole restore is done."""

    transfer: float
    whole: float
    from_vault: bool
    """Data comes out of the vault: progress is told in gigabytes."""


def course_of(case: RestoreCase, number: int) -> Course:
    """Durations as recorded in 2025 and 2026."""
    vary = case.vault.vary("restore", case.item.key, number)
    instant = case.point.has_tier("InstantRP") and not case.secondary
    if case.secondary:
        whole = vary.between(18.5 * 60, 19.5 * 60)
    elif case.kind == "OriginalLocation":
        whole = vary.between(23 * 60, 27.3 * 60)
    elif case.kind == "AlternateLocation":
        whole = vary.between(139, 156) if instant else vary.between(18 * 60, 24 * 60)
    elif case.request.get("targetResourceGroupId") and instant and not _cross_zonal(case):
        whole = vary.between(67, 86)
    else:
        whole = vary.between(16 * 60, 35 * 60)
    share = {"RestoreDisks": 1.0, "AlternateLocation": 0.5, "OriginalLocation": 0.8}[case.kind]
    return Course(whole * share, whole, from_vault=whole > 600 and case.kind == "RestoreDisks")


def _cross_zonal(case: RestoreCase) -> bool:
    zones = case.request.get("zones")
    return bool(zones) and zones != case.point.zones


def start_restore(case: RestoreCase, now: datetime) -> Job:
    """Files the job; disks, network interface and VM appear when it ends."""
    world, vault = case.world, case.vault
    jobs = vault.secondary_jobs if case.secondary else vault.jobs
    course = course_of(case, len(jobs))
    job_id = world.new_id()
    moved = now + timedelta(seconds=course.transfer)
    end = now + timedelta(seconds=course.whole)
    job = Job(
        id=job_id,
        activity_id=world.new_id(),
        operation="CrossRegionRestore" if case.secondary else "Restore",
        vm_name=case.item.friendly_name,
        container_name=case.item.tail,
        start=now,
        end=end,
        tasks=_tasks(case, course, now, moved, end),
        bag=_bag(case, job_id, now, end),
        internal_bag=_internal_bag(case),
        actions=True,
        progress=_progress(course, now, end),
        is_restore=True,
        cancel_until=None if case.secondary else moved,
    )
    for problem in problems(case):
        if problem.late:
            fail_job(job, problem.code, problem.message, recommendations=problem.recommendations)
            break
    return start_job(world, vault, job, lambda: carry_out(case, job), secondary=case.secondary)


def _internal_bag(case: RestoreCase) -> dict[str, str]:
    bag = {"AdHoc": "AdHoc"} if case.secondary else {}
    return {**bag, "restoreLocationType": case.kind}


def _progress(course: Course, now: datetime, end: datetime) -> list[tuple[datetime, float]]:
    steps = [(now, 1.0)]
    if course.from_vault:
        steps.append((now + timedelta(seconds=course.whole * 0.6), 56.0))
    return [*steps, (end, 100.0)]


def _tasks(case: RestoreCase, course: Course, now: datetime, moved: datetime, end: datetime) -> list[Task]:
    size = sum(disk.size_gb for disk in case.point.disks)
    details = f"{size} GBs / {size} GBs Transferred" if course.from_vault else ""
    tasks = [Task("Transfer data from vault", now, moved, timed=False, details=details)]
    second = {
        "AlternateLocation": "Create the restored virtual machine",
        "OriginalLocation": "Update the virtual machine",
    }.get(case.kind)
    if second:
        tasks.append(Task(second, moved, end, timed=False))
    return tasks


def blob_prefix(name: str) -> str:
    """Blobs and containers carry the VM's name without separators."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _bag(case: RestoreCase, job_id: str, now: datetime, end: datetime) -> list[BagEntry]:
    """Keys in the recorded order. The point's time is null in the first seconds; blobs show shortly before the end."""
    storage = (parse_resource_id(_storage_id(case)) or ("",) * 5)[3]
    target = parse_resource_id(case.text("targetResourceGroupId"))
    source_subscription = case.item.vm_id.split("/")[2]
    entries = [BagEntry("Job Type", _JOB_TYPES[case.kind])]
    if case.kind == "AlternateLocation":
        network = parse_resource_id(case.text("virtualNetworkId"))
        entries.append(BagEntry("Original VM Name", case.item.friendly_name))
        entries.append(BagEntry("Target VM Name", case.text("targetVirtualMachineId").rsplit("/", 1)[-1]))
        if network is not None:
            entries.append(BagEntry("Target VNet Name", f"Group {network.group} {network.name}"))
    elif case.kind == "OriginalLocation":
        entries.append(BagEntry("Target VM Name", case.item.friendly_name, now + timedelta(seconds=20), null_before=True))
    elif case.secondary:
        entries.append(BagEntry("Target VM Name", "vmName"))
    entries.append(BagEntry("Target Storage Account Name", storage))
    known = None if case.secondary else now + timedelta(seconds=15)
    entries.append(BagEntry("Recovery point time ", us_time(case.point.time), known, null_before=True))
    blobs = _blobs(case, job_id, storage, end - timedelta(seconds=4)) if case.kind == "RestoreDisks" else []
    entries += blobs[:3]
    if target is not None:
        entries.append(BagEntry("Target resource group", target.group))
    elif case.kind == "OriginalLocation":
        entries.append(BagEntry("Target resource group", case.item.vm_id.split("/")[4]))
    entries += blobs[3:]
    if case.secondary:
        entries.append(BagEntry("Subscription Id of the vault", case.vault.subscription))
        entries.append(BagEntry("Resource Group Name of the vault", case.vault.group))
        entries.append(BagEntry("Vault name", case.vault.name))
    else:
        entries.append(BagEntry("VM Subscription ID", source_subscription))
    return entries


def _storage_id(case: RestoreCase) -> str:
    details = case.request.get("identityBasedRestoreDetails")
    fallback: Any = details.get("targetStorageAccountId") if isinstance(details, dict) else ""
    return case.text("storageAccountId") or str(fallback or "")


def _blobs(case: RestoreCase, job_id: str, storage: str, since: datetime) -> list[BagEntry]:
    prefix = blob_prefix(case.item.friendly_name)
    container = f"{prefix}-{case.world.new_id().replace('-', '')}"
    config = f"config-{prefix}-{job_id}.json"
    root = f"https://{storage}.blob.core.windows.net/{container}"
    template = "Template Blob Uri" if case.secondary else "Create VM Template Blob Uri"
    return [
        BagEntry("Config Blob Name", config, since),
        BagEntry("Config Blob Container Name", container, since),
        BagEntry("Config Blob Uri", f"{root}/{config}", since),
        BagEntry(template, f"{root}/azuredeploy{job_id}.json", since),
    ]
