# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of virtual machines, disks and operations, as Compute api-version 2024-11-01 and Disks 2025-01-02 answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...world import World
from .state import AttachedDisk, ComputeOperation, Disk, Vm

_POWER = {
    "running": "VM running",
    "stopped": "VM stopped",
    "deallocated": "VM deallocated",
    "starting": "VM starting",
    "stopping": "VM stopping",
    "deallocating": "VM deallocating",
}


def compute_time(moment: datetime | None) -> str:
    """Compute's form: seven digits and `+00:00`."""
    if moment is None:
        return "0001-01-01T00:00:00+00:00"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0+00:00"


def vm_view(vm: Vm, world: World, *, instance_view: bool = False) -> dict[str, Any]:
    properties: dict[str, Any] = {
        # User data is answered only when it is asked for, and here nobody may.
        **{name: value for name, value in vm.extra.items() if name != "userData"},
        "hardwareProfile": {"vmSize": vm.size},
        "provisioningState": vm.provisioning_state,
        "vmId": vm.vm_id,
        "storageProfile": _storage_profile(vm),
        "networkProfile": {
            "networkInterfaces": [
                {"id": nic, "properties": {"primary": position == 0, "deleteOption": "Detach"}}
                for position, nic in enumerate(vm.nic_ids)
            ]
        },
        "timeCreated": compute_time(vm.time_created),
    }
    if vm.os_profile is not None:
        properties["osProfile"] = vm.os_profile
    if vm.security_type:
        properties["securityProfile"] = {
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
            "securityType": vm.security_type,
        }
    if instance_view:
        properties["instanceView"] = instance_view_of(vm, world)
    view: dict[str, Any] = {
        "name": vm.name,
        "id": vm.id,
        "type": "Microsoft.Compute/virtualMachines",
        "location": vm.location,
        "properties": properties,
    }
    return {**view, **_optional(tags=vm.tags, zones=vm.zones, identity=vm.identity)}


def instance_view_of(vm: Vm, world: World) -> dict[str, Any]:
    now = compute_time(world.now())
    state = vm.provisioning_state.lower()
    view: dict[str, Any] = {
        "disks": [
            {
                "name": disk.name,
                "statuses": [
                    _status("ProvisioningState/succeeded", "Provisioning succeeded", compute_time(vm.time_created))
                ],
            }
            for disk in vm.disks
        ],
        "hyperVGeneration": "V2",
        "statuses": [
            _status(f"ProvisioningState/{state}", f"Provisioning {state}", compute_time(vm.time_created)),
            {
                "code": f"PowerState/{vm.power_state}",
                "level": "Info",
                "displayStatus": _POWER.get(vm.power_state, vm.power_state),
            },
        ],
    }
    if vm.power_state == "running":
        view["vmAgent"] = {
            "vmAgentVersion": "2.9.1.1",
            "statuses": [_status("ProvisioningState/succeeded", "Ready", now)],
        }
        view["computerName"] = (vm.os_profile or {}).get("computerName", vm.name)
        view["osName"] = "ubuntu" if vm.os_type == "Linux" else "Windows Server 2022 Datacenter"
    return view


def disk_view(disk: Disk) -> dict[str, Any]:
    creation: dict[str, Any] = {"createOption": disk.create_option}
    if disk.source_resource_id:
        creation["sourceResourceId"] = disk.source_resource_id
    properties: dict[str, Any] = {
        **disk.extra,
        "creationData": creation,
        "diskSizeGB": disk.size_gb,
        "diskSizeBytes": disk.size_gb * 1024**3,
        "timeCreated": compute_time(disk.time_created),
        "provisioningState": disk.provisioning_state,
        "diskState": disk.state,
        "uniqueId": disk.unique_id,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": disk.network_access_policy,
        "publicNetworkAccess": "Enabled" if disk.network_access_policy == "AllowAll" else "Disabled",
        "diskIOPSReadWrite": 500,
        "diskMBpsReadWrite": 100,
    }
    if disk.disk_encryption_set_id:
        properties["encryption"] = {
            "type": "EncryptionAtRestWithCustomerKey",
            "diskEncryptionSetId": disk.disk_encryption_set_id,
        }
    if disk.os_type:
        properties.update(osType=disk.os_type, hyperVGeneration=disk.hyper_v_generation)
    if disk.security_type:
        properties["securityProfile"] = {"securityType": disk.security_type}
    if disk.disk_access_id:
        properties["diskAccessId"] = disk.disk_access_id
    view: dict[str, Any] = {
        "name": disk.name,
        "id": disk.id,
        "type": "Microsoft.Compute/disks",
        "location": disk.location,
        "sku": {"name": disk.sku, "tier": disk.sku.split("_", 1)[0]},
        "properties": properties,
    }
    return {**view, **_optional(tags=disk.tags, zones=disk.zones, managedBy=disk.managed_by)}


def operation_view(operation: ComputeOperation, world: World, output: dict[str, Any] | None) -> dict[str, Any]:
    """The status body; `output` is the resource that a finished disk operation shows."""
    body: dict[str, Any] = {"startTime": compute_time(operation.started)}
    if world.now() < operation.ends:
        return {**body, "status": "InProgress", "name": operation.id}
    body["endTime"] = compute_time(operation.ends)
    if operation.error is not None:
        return {**body, "status": operation.ended_as, "error": operation.error, "name": operation.id}
    if output is not None:
        body["properties"] = {"output": output}
    return {**body, "status": "Succeeded", "name": operation.id}


def _storage_profile(vm: Vm) -> dict[str, Any]:
    profile: dict[str, Any] = {}
    if vm.os_disk is not None:
        if vm.os_disk.create_option == "FromImage":
            profile["imageReference"] = _image(vm.os_type)
        profile["osDisk"] = {"osType": vm.os_type, **_attached(vm.os_disk)}
    profile["dataDisks"] = [
        {"lun": disk.lun, **_attached(disk), "toBeDetached": False} for disk in vm.disks if disk.lun is not None
    ]
    profile["diskControllerType"] = "SCSI"
    return profile


def _attached(disk: AttachedDisk) -> dict[str, Any]:
    return {
        "name": disk.name,
        "createOption": disk.create_option,
        "caching": disk.caching,
        "managedDisk": {"storageAccountType": disk.sku, "id": disk.disk_id},
        "deleteOption": disk.delete_option,
        "diskSizeGB": disk.size_gb,
    }


def _image(os_type: str) -> dict[str, str]:
    if os_type == "Windows":
        return {
            "publisher": "MicrosoftWindowsServer",
            "offer": "WindowsServer",
            "sku": "2022-datacenter-g2",
            "version": "latest",
            "exactVersion": "20348.2966.241205",
        }
    return {
        "publisher": "Canonical",
        "offer": "ubuntu-24_04-lts",
        "sku": "server",
        "version": "latest",
        "exactVersion": "24.04.202501140",
    }


def _status(code: str, text: str, time: str) -> dict[str, str]:
    return {"code": code, "level": "Info", "displayStatus": text, "time": time}


def _optional(**members: Any) -> dict[str, Any]:
    """Members that Azure leaves out when they are empty."""
    return {name: value for name, value in members.items() if value}
