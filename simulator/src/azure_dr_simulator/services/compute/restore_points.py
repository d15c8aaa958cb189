# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points: PUT of points of a virtual machine, GET, DELETE. Copies are in restore_point_copies.py.

Codes and messages of failures are those of Azure's troubleshooting page where it has them; the others are Compute's usual
codes, because none of these refusals is recorded.
"""

from __future__ import annotations

import copy
from typing import Any, Mapping

from ...gate.faults import JobFaults
from ...gate.resource_limits import joined
from ...replies import AzureError, Reply
from ...routing import Call
from ...world import World
from .behaviour import begin, invalid, member, missing, refused
from .restore_point_collections import (
    DELETE_SECONDS,
    check_name,
    check_no_access,
    counted,
    expands,
    need_collection,
    preempt,
)
from .restore_point_copies import COPY_SECONDS, new_copy
from .restore_point_state import DiskRestorePoint, RestorePoint, RestorePointCollection, RestorePointState, remove_point
from .restore_point_views import point_view, shown_location, upper_group
from .state import AttachedDisk, ComputeOperation, ComputeState, Disk, Vm

CREATE_SECONDS = 45.0
MOST_POINTS = 500
"""Of one VM, in all its collections."""
_FOR_EVER = 10 * 365 * 86400.0
_NO_CRASH_CONSISTENCY = ("UltraSSD_LRS", "PremiumV2_LRS")


def put_point(call: Call) -> Reply:
    """201 with an operation, and the point is `Creating`. A point never changes: a second PUT is refused."""
    collection = need_collection(call, parent="write")
    name = call.vars["point"]
    check_name(name, "restorePointName")
    counters = counted(call, "put_point", call.raw_path)
    if collection.provisioning_state == "Deleting":
        raise refused(f"Restore point collection '{collection.name}' is being deleted.")
    if name.lower() in collection.points:
        # That updates are not allowed is documented, how they are refused is not.
        raise refused(f"Restore point '{name}' already exists. Updating an existing restore point is not allowed.")
    properties: dict[str, Any] = member(call.body, "properties") or {}
    if not isinstance(properties, dict):
        raise invalid("properties", "The value of parameter 'properties' is invalid.")
    make = new_copy if collection.is_copy else _new_point
    point, hourly = make(call, collection, properties)
    collection.points[name.lower()] = point
    headers = _start(call, point)
    view = point_view(point, call.world, version=call.api_version)
    return Reply(201, view, {**headers, **joined(counters, hourly)})


def get_point(call: Call) -> Reply:
    """With `$expand=instanceView`, how far a copy is."""
    point = need_point(call)
    view = expands(call, "instanceView")
    counters = counted(call, "get_point", call.raw_path)
    return Reply(200, point_view(point, call.world, instance_view=view, version=call.api_version), counters)


def delete_point(call: Call) -> Reply:
    """202 with both headers, whatever state the point is in; 204 when there is none."""
    collection = need_collection(call, parent="delete")
    point = collection.points.get(call.vars["point"].lower())
    if point is None:
        return Reply(204)
    counters = counted(call, "delete_point", call.raw_path)
    check_no_access(call, point)
    preempt(call, point)
    point.provisioning_state = "Deleting"
    _, headers = begin(
        call, shown_location(collection.location), DELETE_SECONDS, lambda: remove_point(call.world, point)
    )
    return Reply(202, None, {**headers, **counters})


def need_point(call: Call) -> RestorePoint:
    """The point of the path, or 404."""
    collection = need_collection(call, parent="read")
    point = collection.points.get(call.vars["point"].lower())
    if point is None:
        # The gateway names a child by all its types and names.
        raise AzureError(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.Compute/restorePointCollections/{collection.name}/restorePoints/{call.vars['point']}' under "
            f"resource group '{call.vars['group']}' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix",
            headers={"x-ms-failure-cause": "gateway"},
        )
    return point


def _start(call: Call, point: RestorePoint) -> dict[str, str]:
    """Starts the creation; only Azure-AsyncOperation tells of it."""
    operation: ComputeOperation
    seconds, failing = COPY_SECONDS, None
    if not point.source_id:
        seconds = CREATE_SECONDS
        fault = call.world.state(JobFaults).take("CreateRestorePoint", point.collection.source_id.rsplit("/", 1)[-1])
        if fault is not None and fault.kind == "stuck":
            seconds = _FOR_EVER
        elif fault is not None:
            failing = {"code": fault.code, "message": fault.message}

    def end() -> None:
        if point.provisioning_state != "Creating":
            return
        operation.error = failing or _trouble(call, point)
        point.provisioning_state = "Failed" if operation.error else "Succeeded"
        if not operation.error and not point.consistency:
            point.consistency = "ApplicationConsistent" if _os_type(point) == "Windows" else "FileSystemConsistent"

    operation, headers = begin(call, shown_location(point.collection.location), seconds, end)
    point.operation_id = operation.id
    headers.pop("Location")
    return headers


def _os_type(point: RestorePoint) -> str:
    disks = [disk for disk in (point.left_out_os_disk, *point.disks) if disk is not None]
    return next((disk.os_type for disk in disks if disk.lun is None), "Linux")


def _trouble(call: Call, point: RestorePoint) -> dict[str, Any] | None:
    """Why the creation of a VM's point fails at its end, if it does."""
    if point.source_id:
        return None
    vm = call.world.state(ComputeState).vms.by_id(point.collection.source_id)
    captured = {disk.disk_id.lower() for disk in point.disks} | {one.lower() for one in point.excluded}
    if vm is None or {disk.disk_id.lower() for disk in vm.disks} != captured:
        return {
            "code": "OperationNotAllowed",
            "message": "Changes were made to the Virtual Machine while the operation 'Create Restore Point' was in progress. Operation "
            "Create Restore Point cannot be completed at this time. Please try again later.",
        }
    if vm.power_state != "running" and point.consistency != "CrashConsistent":
        # Its agent has to take part, and there is none.
        return {
            "code": "VMAgentStatusCommunicationError",
            "message": f"VM '{vm.name}' has not reported status for VM agent or extensions. Please verify the VM has a running VM agent, "
            "and can establish outbound connections to Azure storage.",
        }
    return None


def _new_point(
    call: Call, collection: RestorePointCollection, properties: Mapping[str, Any]
) -> tuple[RestorePoint, dict[str, str]]:
    """A point of the VM as it is now, and the counters of its kind."""
    vm = call.world.state(ComputeState).vms.by_id(collection.source_id)
    if vm is None:
        raise missing(collection.source_id)
    if member(properties, "sourceRestorePoint", "id"):
        raise invalid(
            "sourceRestorePoint",
            "Parameter 'sourceRestorePoint' is not allowed, because the source of the restore point collection is a virtual machine.",
        )
    consistency = _consistency(properties)
    excluded = _excluded(vm, properties)
    disks = [one for one in vm.disks if one.disk_id.lower() not in {name.lower() for name in excluded}]
    if not disks:
        raise invalid("excludeDisks", "All disks of the virtual machine are excluded from the restore point.")
    _check_vm(call, vm, disks, consistency)
    hourly = counted(call, "crash_consistent" if consistency else "application_consistent", vm.id)
    minutes = properties.get("instantAccessDurationMinutes")
    point = RestorePoint(
        name=call.vars["point"],
        collection=collection,
        metadata=source_metadata(call.world, vm),
        disks=[disk_point(call.world, vm, disk) for disk in disks],
        consistency=consistency,
        excluded=excluded,
        time_created=call.world.now(),
        instant_access_minutes=minutes if isinstance(minutes, int) and not isinstance(minutes, bool) else None,
    )
    if vm.os_disk is not None and vm.os_disk not in disks:
        point.left_out_os_disk = disk_point(call.world, vm, vm.os_disk)
    return point, hourly


def _consistency(properties: Mapping[str, Any]) -> str:
    asked = str(properties.get("consistencyMode") or "")
    if asked and asked.lower() != "crashconsistent":
        raise invalid(
            "consistencyMode",
            f"The value '{asked}' of parameter 'consistencyMode' is not allowed. Allowed values are: CrashConsistent. Leave it out for an "
            "application consistent restore point.",
        )
    return "CrashConsistent" if asked else ""


def _excluded(vm: Vm, properties: Mapping[str, Any]) -> list[str]:
    ids = [str(member(one, "id") or "") for one in properties.get("excludeDisks") or []]
    attached = {disk.disk_id.lower() for disk in vm.disks}
    for disk_id in ids:
        if disk_id.lower() not in attached:
            raise invalid(
                "excludeDisks", f"Disk '{disk_id}' in 'excludeDisks' is not attached to virtual machine '{vm.name}'."
            )
    return ids


def _check_vm(call: Call, vm: Vm, disks: list[AttachedDisk], consistency: str) -> None:
    """The documented rules of what a point can be taken of."""
    if vm.provisioning_state in ("Deleting", "Creating"):
        raise refused(
            f"Operation 'Create Restore Point' is not allowed on VM '{vm.name}' since it is in state '{vm.provisioning_state}'."
        )
    if vm.security_type == "ConfidentialVM":
        raise refused(f"Operation 'Create Restore Point' is not supported for Confidential VM '{vm.name}'.")
    points = call.world.state(RestorePointState).points_of_vm(vm.id)
    if any(point.provisioning_state == "Creating" for point in points):
        raise refused(
            "RestorePoint creation failed since a concurrent 'Create RestorePoint' operation was triggered on the VM.",
            "VMRestorePointClientError",
        )
    if len(points) >= MOST_POINTS:
        raise refused(
            f"The number of restore points across restore point collections and resource groups for a VM cannot exceed {MOST_POINTS}. To "
            "create a new restore point, please delete existing restore points."
        )
    for disk in disks:
        if consistency and disk.sku in _NO_CRASH_CONSISTENCY:
            raise invalid(
                "excludeDisks",
                f"Creation of a crash consistent Restore Point of a Virtual Machine with {disk.sku} disks is not supported. You may "
                "exclude this disk from the restore point via excludeDisks property.",
                "VMRestorePointClientError",
            )


def source_metadata(world: World, vm: Vm) -> dict[str, Any]:
    """What a point keeps of its VM beside the disks: with the administrator's name, keys and user data."""
    metadata: dict[str, Any] = {
        "vmId": vm.vm_id,
        "location": shown_location(vm.location),
        "hardwareProfile": {"vmSize": vm.size},
    }
    if vm.os_profile is not None:
        metadata["osProfile"] = copy.deepcopy(vm.os_profile)
    for name in ("diagnosticsProfile", "licenseType", "userData"):
        if vm.extra.get(name):
            metadata[name] = vm.extra[name]
    if vm.security_type:
        metadata["securityProfile"] = {
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
            "securityType": vm.security_type,
        }
    system = world.state(ComputeState).disks.by_id(vm.os_disk.disk_id) if vm.os_disk else None
    metadata["hyperVGeneration"] = system.hyper_v_generation if system else "V2"
    return metadata


def disk_point(world: World, vm: Vm, attached: AttachedDisk) -> DiskRestorePoint:
    """What a point keeps of a disk."""
    disk = world.state(ComputeState).disks.by_id(attached.disk_id) or Disk(
        vm.subscription_id, vm.resource_group, attached.name, vm.location, attached.size_gb
    )
    system = attached.lun is None
    encryption: dict[str, Any] = {"type": "EncryptionAtRestWithPlatformKey"}
    if disk.disk_encryption_set_id:
        encryption = {
            "type": "EncryptionAtRestWithCustomerKey",
            "diskEncryptionSet": {"id": upper_group(disk.disk_encryption_set_id)},
        }
    return DiskRestorePoint(
        name=f"{attached.name}_{world.new_id()}",
        lun=attached.lun,
        disk_id=attached.disk_id,
        disk_name=attached.name,
        size_gb=disk.size_gb,
        sku=disk.sku,
        caching=attached.caching,
        os_type=vm.os_type if system else "",
        hyper_v_generation=disk.hyper_v_generation if system else "",
        security_type=vm.security_type if system else "",
        source_unique_id=disk.unique_id,
        family_id=world.new_id(),
        encryption=encryption,
        network_access_policy=disk.network_access_policy,
        gb_per_hour=disk.gb_per_hour,
        copy_fails=disk.copy_fails,
        guest=disk.guest,
    )
