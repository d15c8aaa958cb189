# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finished restore leaves behind: blobs, disks, a VM with its network interface."""

from __future__ import annotations

from datetime import datetime

from ..compute.state import Disk as ManagedDisk
from ..compute.state import attach, create_restored_disk, create_restored_vm, detach
from .lifecycle import error_number
from .naming import VmId, parse_luns, parse_resource_id, parse_vm_id
from .neighbours import find_vm, missing_quota, raw_vm, write_blobs
from .restore_checks import DEFAULT_SIZE, RestoreCase, out_of_quota
from .state import Disk, Job, JobError


def carry_out(case: RestoreCase, job: Job) -> None:
    """Runs at the job's end. A target that came into being meanwhile makes the job fail instead."""
    if case.kind == "RestoreDisks":
        _restore_disks(case, job, case.world.now())
    elif case.kind == "AlternateLocation":
        _new_vm(case, job)
    else:
        _replace_disks(case, job)


def _fail(job: Job, code: str, message: str) -> None:
    job.outcome = "Failed"
    job.errors = [JobError(error_number(code), code, message)]


def restored_disks(case: RestoreCase) -> list[Disk]:
    """The disks a request wants: absent list means all, an empty one the OS disk only."""
    luns = parse_luns(case.request.get("restoreDiskLunList"))
    if luns is None:
        return list(case.point.disks)
    return [disk for disk in case.point.disks if disk.lun < 0 or disk.lun in luns]


def disk_name(vm: str, disk: Disk, number: int, when: datetime) -> str:
    """`web-01-osdisk-20260726-131655`, `web-01-datadisk-000-20260726-131655`."""
    role = "osdisk" if disk.lun < 0 else f"datadisk-{number:03d}"
    return f"{vm}-{role}-{when:%Y%m%d-%H%M%S}"


def _blob(job: Job, key: str) -> str:
    return next((entry.value for entry in job.bag if entry.key == key), "")


def _restore_disks(case: RestoreCase, job: Job, when: datetime) -> None:
    storage = case.text("storageAccountId")
    names = [_blob(job, "Config Blob Name"), f"azuredeploy{job.id}.json"]
    target = parse_resource_id(case.text("targetResourceGroupId"))
    if target is None:
        names += [f"{disk_name(case.item.friendly_name, disk, i, when)}.vhd" for i, disk in enumerate(restored_disks(case), -1)]
    write_blobs(case.world, storage, _blob(job, "Config Blob Container Name"), names)
    if target is not None:
        _make_disks(case, job, target.subscription, target.group, case.item.friendly_name)


def _make_disks(
    case: RestoreCase, job: Job, subscription: str, group: str, name: str
) -> list[tuple[Disk, ManagedDisk]]:
    """Managed disks in the target group, stamped with the job's start."""
    vm = find_vm(case.world, case.item.vm_id)
    zones = case.request.get("zones")
    chosen = [] if zones == ["NoZone"] else (zones or case.point.zones)
    access = case.request.get("targetDiskNetworkAccessSettings") or {}
    private = access.get("targetDiskNetworkAccessOption") == "EnablePrivateAccessForAllDisks"
    return [
        (
            disk,
            create_restored_disk(
                case.world,
                subscription_id=subscription,
                resource_group=group,
                name=disk_name(name, disk, number, job.start),
                location=case.region,
                size_gb=disk.size_gb,
                sku=disk.sku,
                os_type=case.point.os_type if disk.lun < 0 else "",
                zones=chosen,
                tags=vm.tags if vm else {},
                disk_encryption_set_id=str(case.request.get("diskEncryptionSetId") or ""),
                network_access_policy="AllowPrivate" if private else "AllowAll",
                disk_access_id=str(access.get("targetDiskAccessId") or "") if private else "",
                guest=disk.guest,
            ),
        )
        for number, disk in enumerate(restored_disks(case), -1)
    ]


def _new_vm(case: RestoreCase, job: Job) -> None:
    target = parse_vm_id(case.request.get("targetVirtualMachineId"))
    assert target is not None
    if find_vm(case.world, target.text) is not None:
        _fail(
            job,
            "UserErrorTargetVirtualMachineAlreadyExists",
            f"A virtual machine with the name '{target.name}' exists in the resource group '{target.group}'.",
        )
        return
    missing = missing_quota(case.world, target.subscription, case.region, case.point.vm_size or DEFAULT_SIZE)
    if missing is not None:
        # Others have used it up since this restore began.
        problem = out_of_quota(missing)
        _fail(job, problem.code, problem.message)
        return
    _create(case, job, target)


def _create(case: RestoreCase, job: Job, target: VmId) -> None:
    source = find_vm(case.world, case.item.vm_id)
    zones = case.request.get("zones")
    disks = _make_disks(case, job, target.subscription, target.group, target.name)
    create_restored_vm(
        case.world,
        subscription_id=target.subscription,
        resource_group=target.group,
        name=target.name,
        location=case.region,
        subnet_id=case.text("subnetId"),
        os_disk=disks[0][1],
        data_disks=[(disk.lun, made) for disk, made in disks[1:]],
        size=case.point.vm_size or DEFAULT_SIZE,
        zones=[] if zones == ["NoZone"] else (zones or case.point.zones),
        security_type="" if case.point.security_type == "None" else case.point.security_type,
        tags=source.tags if source else {},
        # That a restored machine has the boot diagnostics of its source is an assumption.
        boot_diagnostics=bool(disks[0][0].guest.boot_log),
    )


def _replace_disks(case: RestoreCase, job: Job) -> None:
    """Swaps the VM's disks for restored ones; the old ones stay in the resource group."""
    vm = raw_vm(case.world, case.item.vm_id)
    if vm is None:
        _fail(job, "UserErrorVmNotFoundV2", "The virtual machine whose disks are to be replaced was not found.")
        return
    for disk, made in _make_disks(case, job, vm.subscription_id, vm.resource_group, vm.name):
        old = vm.os_disk if disk.lun < 0 else next((one for one in vm.data_disks if one.lun == disk.lun), None)
        if old is not None:
            detach(case.world, vm, old)
        attach(vm, made, None if disk.lun < 0 else disk.lun)
