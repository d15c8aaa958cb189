# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PUT and PATCH of virtual machines: created from an image or from attached disks, updated in place."""

from __future__ import annotations

from typing import Any, Mapping

from ...bodies import region_of, tags_of
from ...replies import AzureError, Reply
from ...routing import Call
from ..network.state import NetworkState, attach_nic
from .behaviour import VM_CREATE, begin, invalid, member, missing, need_vm, settled
from .disk_writes import from_restore_point
from .quotas import require_quota
from .restore_point_state import is_disk_restore_point
from .state import ComputeState, Disk, Vm, attach, detach
from .views import vm_view

_OWN = (
    "hardwareProfile",
    "storageProfile",
    "networkProfile",
    "osProfile",
    "securityProfile",
    "provisioningState",
    "vmId",
    "timeCreated",
    "instanceView",
)


def put_vm(call: Call) -> Reply:
    """201 with an operation for a new VM, 200 for an update."""
    body = call.body if isinstance(call.body, dict) else {}
    group, name = call.vars["group"], call.vars["vm"]
    existing = call.world.state(ComputeState).vms.get(call.vars["subscription"], group, name)
    location = region_of(body.get("location"))
    if not location:
        raise invalid("location", "Required parameter 'location' is missing (null).")
    if existing is not None:
        if existing.location.lower() != location:
            raise AzureError(
                409,
                "InvalidResourceLocation",
                f"The resource '{name}' already exists in location '{existing.location}' in resource group '{group}'. A resource with "
                f"the same name cannot be created in location '{location}'. Please select a new resource name.",
            )
        _update(call, existing, body)
        return Reply(200, vm_view(existing, call.world))
    vm = _create(call, body, location)
    _, headers = begin(call, location, VM_CREATE, settled(call.world, vm))
    headers.pop("Location")
    return Reply(201, vm_view(vm, call.world), headers)


def patch_vm(call: Call) -> Reply:
    """200: what is named is replaced."""
    vm = need_vm(call)
    _update(call, vm, call.body if isinstance(call.body, dict) else {})
    return Reply(200, vm_view(vm, call.world))


def _create(call: Call, body: Mapping[str, Any], location: str) -> Vm:
    world = call.world
    os_disk = member(body, "properties", "storageProfile", "osDisk")
    if not isinstance(os_disk, dict):
        raise invalid("osDisk", "Required parameter 'osDisk' is missing (null).")
    nics = [
        str(member(one, "id") or "") for one in member(body, "properties", "networkProfile", "networkInterfaces") or []
    ]
    if not nics:
        raise invalid("networkProfile", "Required parameter 'networkProfile' is missing (null).")
    luns = [int(one.get("lun", 0)) for one in _data_disks(body)]
    for lun in luns:
        if luns.count(lun) > 1:
            raise invalid("dataDisks", f"A disk at LUN {lun} already exists. The LUN of each data disk must be unique.")
    attached = str(os_disk.get("createOption", "")).lower() == "attach"
    if attached and not os_disk.get("osType"):
        raise invalid("osDisk.osType", "Required parameter 'osDisk.osType' is missing (null).")
    if attached and member(body, "properties", "osProfile"):
        raise invalid("osProfile", "Parameter 'osProfile' is not allowed.")
    vm = Vm(
        subscription_id=call.vars["subscription"],
        resource_group=call.vars["group"],
        name=call.vars["vm"],
        location=location,
        vm_id=world.new_id(),
        size=str(member(body, "properties", "hardwareProfile", "vmSize") or "Standard_DS1_v2"),
        os_type=str(os_disk.get("osType") or "Linux"),
        zones=[str(zone) for zone in body.get("zones") or []],
        tags=tags_of(body),
        security_type=str(member(body, "properties", "securityProfile", "securityType") or ""),
        power_state="starting",
        provisioning_state="Creating",
        time_created=world.now(),
        os_profile=_without_secrets(member(body, "properties", "osProfile")),
        identity=body.get("identity"),
        extra=_extra(body),
    )
    require_quota(world, vm.subscription_id, location, vm.size)
    # Everything is looked up before anything changes, so that a refused request leaves nothing behind.
    found_nics = [_free_nic(call, vm, nic) for nic in nics]
    system = _disk_of(call, vm, os_disk, None)
    _check_security(vm, system)
    data = [(one, _disk_of(call, vm, one, int(one.get("lun", 0)))) for one in _data_disks(body)]
    _attach(call, vm, system, None, os_disk)
    for one, disk in data:
        _attach(call, vm, disk, int(one.get("lun", 0)), one)
    for nic in found_nics:
        attach_nic(nic, vm.id)
        vm.nic_ids.append(nic.id)
    return world.state(ComputeState).vms.put(vm)


def _update(call: Call, vm: Vm, body: Mapping[str, Any]) -> None:
    if "tags" in body:
        vm.tags = tags_of(body)
    if "identity" in body:
        vm.identity = body["identity"]
    vm.size = str(member(body, "properties", "hardwareProfile", "vmSize") or vm.size)
    vm.extra.update(_extra(body))
    wanted_os = member(body, "properties", "storageProfile", "osDisk", "managedDisk", "id")
    if wanted_os and vm.os_disk is not None and str(wanted_os).lower() != vm.os_disk.disk_id.lower():
        disk = _existing_disk(call, vm, str(wanted_os))
        detach(call.world, vm, vm.os_disk)
        attach(vm, disk, None)
    if isinstance(member(body, "properties", "storageProfile", "dataDisks"), list):
        _set_data_disks(call, vm, _data_disks(body))


def _set_data_disks(call: Call, vm: Vm, wanted: list[Mapping[str, Any]]) -> None:
    kept = {int(one.get("lun", 0)) for one in wanted if not one.get("toBeDetached")}
    for attached in list(vm.data_disks):
        if attached.lun not in kept:
            detach(call.world, vm, attached)
    present = {attached.lun for attached in vm.data_disks}
    for one in wanted:
        lun = int(one.get("lun", 0))
        if lun in kept - present:
            _attach(call, vm, _disk_of(call, vm, one, lun), lun, one)


def _attach(call: Call, vm: Vm, disk: Disk, lun: int | None, wanted: Mapping[str, Any]) -> None:
    call.world.state(ComputeState).disks.put(disk)
    attach(
        vm,
        disk,
        lun,
        caching=str(wanted.get("caching") or ""),
        create_option=str(wanted.get("createOption") or "Attach"),
        delete_option=str(wanted.get("deleteOption") or "Detach"),
    )


def _check_security(vm: Vm, system: Disk) -> None:
    """A disk of a trusted launch machine starts in such a machine only."""
    if system.security_type and system.security_type.lower() != vm.security_type.lower():
        raise invalid(
            "securityProfile.securityType",
            "Security type of VM is not compatible with the security type of attached OS Disk.",
            "BadRequest",
        )


def _disk_of(call: Call, vm: Vm, wanted: Mapping[str, Any], lun: int | None) -> Disk:
    """The disk to attach: an existing one (Attach), or a new one (FromImage, Empty, Restore), which is not stored yet."""
    if str(wanted.get("createOption", "")).lower() == "attach":
        return _existing_disk(call, vm, str(member(wanted, "managedDisk", "id") or ""))
    source_id = str(member(wanted, "sourceResource", "id") or "")
    restored = str(wanted.get("createOption", "")).lower() == "restore"
    if restored and lun is None:
        # The model has a source for data disks only; which code the refusal has is not known.
        raise invalid("osDisk.createOption", "The value 'Restore' of parameter 'osDisk.createOption' is not allowed.")
    if restored and not is_disk_restore_point(source_id):
        raise invalid(
            "dataDisk.sourceResource.id", "Required parameter 'dataDisk.sourceResource.id' is missing (null)."
        )
    suffix = "OsDisk_1" if lun is None else f"DataDisk_{lun}"
    disk = Disk(
        subscription_id=vm.subscription_id,
        resource_group=vm.resource_group,
        name=str(wanted.get("name") or f"{vm.name}_{suffix}_{call.world.new_id().replace('-', '')}"),
        location=vm.location,
        size_gb=int(wanted.get("diskSizeGB") or 30),
        sku=str(member(wanted, "managedDisk", "storageAccountType") or "Standard_LRS"),
        zones=list(vm.zones),
        os_type=vm.os_type if lun is None else "",
        create_option=str(wanted.get("createOption") or "Empty"),
        time_created=call.world.now(),
        unique_id=call.world.new_id(),
    )
    if restored:
        disk.source_resource_id = source_id
        from_restore_point(call, disk, source_id, wanted.get("diskSizeGB"))
    return disk


def _existing_disk(call: Call, vm: Vm, disk_id: str) -> Disk:
    disk = call.world.state(ComputeState).disks.by_id(disk_id)
    if disk is None:
        raise missing(disk_id)
    if disk.managed_by and disk.managed_by.lower() != vm.id.lower():
        message = f"Cannot attach data disk '{disk.name}' to VM '{vm.name}' because the disk is currently owned by VM '{disk.managed_by}'."
        raise AzureError(409, "ConflictingUserInput", message, extra={"target": disk.name})
    if disk.location.lower() != vm.location.lower():
        raise invalid(
            "disk",
            f"Disk '{disk.name}' is in location '{disk.location}' but the VM is in '{vm.location}'.",
            "BadRequest",
        )
    if disk.zones and disk.zones != vm.zones:
        place = f"zone {vm.zones[0]}" if vm.zones else "no zone"
        raise invalid(
            "disk",
            f"Disk '{disk.name}' cannot be attached to the VM because it is in zone {disk.zones[0]} and the VM is in {place}.",
            "BadRequest",
        )
    return disk


def _free_nic(call: Call, vm: Vm, nic_id: str) -> Any:
    nic = call.world.state(NetworkState).find(nic_id)
    if nic is None:
        raise missing(nic_id)
    if region_of(nic.location) != vm.location:
        raise invalid(
            "networkProfile",
            f"Resource {nic_id} referenced by resource {vm.id} was not found. Please make sure that the referenced resource exists, and "
            "that both resources are in the same region.",
            "InvalidResourceReference",
        )
    owner = str(member(nic.properties, "virtualMachine", "id") or "")
    if owner and owner.lower() != vm.id.lower():
        raise invalid("networkProfile", f"Network Interface {nic_id} is used by existing resource {owner}.", "NicInUse")
    return nic


def _data_disks(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in member(body, "properties", "storageProfile", "dataDisks") or [] if isinstance(one, dict)]


def _extra(body: Mapping[str, Any]) -> dict[str, Any]:
    properties = body.get("properties") or {}
    return {name: value for name, value in properties.items() if name not in _OWN}


def _without_secrets(profile: Any) -> dict[str, Any] | None:
    """Azure never answers passwords and custom data."""
    if not isinstance(profile, dict):
        return None
    return {name: value for name, value in profile.items() if name not in ("adminPassword", "customData")}
