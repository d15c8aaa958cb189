# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated compute service knows: virtual machines, managed disks and operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Iterable, Iterator, Mapping

from ...estate import Guest
from ...guests.signing import Console
from ...store import Store
from ...world import World
from ..network.state import NetworkState, create_nic
from . import restore_point_state
from .restore_point_state import GB_PER_HOUR


BOOT_DIAGNOSTICS: Mapping[str, Any] = {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}
"""Of a machine with boot diagnostics in storage that Azure manages."""


@dataclass
class Disk:
    """A managed disk."""

    subscription_id: str
    resource_group: str
    name: str
    location: str
    size_gb: int
    sku: str = "Premium_LRS"
    zones: list[str] = field(default_factory=list)
    os_type: str = ""
    """`Linux` or `Windows` on system disks."""
    create_option: str = "Empty"
    source_resource_id: str = ""
    managed_by: str = ""
    """Id of the VM it is attached to."""
    tags: dict[str, str] = field(default_factory=dict)
    provisioning_state: str = "Succeeded"
    time_created: datetime | None = None
    unique_id: str = ""
    disk_encryption_set_id: str = ""
    network_access_policy: str = "AllowAll"
    disk_access_id: str = ""
    hyper_v_generation: str = "V2"
    security_type: str = ""
    """`TrustedLaunch` or `ConfidentialVM` on system disks of such machines."""
    gb_per_hour: float = GB_PER_HOUR
    """How fast a copy of its restore points to another region goes."""
    copy_fails: bool = False
    """A copy of its restore points breaks."""
    incomplete: bool = False
    """Made from a restore point that was not copied wholly: Azure does not mind, its content is no good."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Other properties a client sent, answered as sent."""
    guest: Guest = Guest()
    """Of a system disk: what answers in a machine that starts from it."""

    @property
    def id(self) -> str:
        return disk_id(self.subscription_id, self.resource_group, self.name)

    @property
    def state(self) -> str:
        return "Attached" if self.managed_by else "Unattached"


@dataclass
class AttachedDisk:
    """A disk as a VM's storage profile shows it; `lun` None is the system disk."""

    disk_id: str
    name: str
    size_gb: int
    sku: str = "Premium_LRS"
    lun: int | None = None
    caching: str = "ReadWrite"
    create_option: str = "Attach"
    delete_option: str = "Detach"


@dataclass
class Vm:
    subscription_id: str
    resource_group: str
    name: str
    location: str
    vm_id: str
    """The GUID `properties.vmId`."""
    size: str = "Standard_D2s_v5"
    os_type: str = "Linux"
    zones: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    os_disk: AttachedDisk | None = None
    data_disks: list[AttachedDisk] = field(default_factory=list)
    nic_ids: list[str] = field(default_factory=list)
    security_type: str = ""
    power_state: str = "running"
    """`running`, `stopped`, `deallocated`, or on the way: `starting`, `stopping`, `deallocating`."""
    provisioning_state: str = "Succeeded"
    time_created: datetime | None = None
    os_profile: dict[str, Any] | None = None
    """None on machines made from existing disks, as all restored ones are."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Other properties a client sent, answered as sent."""
    identity: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        return vm_resource_id(self.subscription_id, self.resource_group, self.name)

    @property
    def disks(self) -> list[AttachedDisk]:
        """System disk first, then data disks by LUN."""
        system = [self.os_disk] if self.os_disk else []
        return [*system, *sorted(self.data_disks, key=lambda one: one.lun or 0)]


@dataclass
class ComputeOperation:
    """A long-running operation; done from `ends` on."""

    id: str
    location: str
    started: datetime
    ends: datetime
    output: str = ""
    """Id of the resource that the status body shows as its output (disks)."""
    result: str = ""
    """Id of the resource that a GET on Location answers when done."""
    error: dict[str, Any] | None = None
    ended_as: str = "Failed"
    """With an error: `Failed` or `Canceled`."""
    answer: dict[str, Any] | None = None
    """What the operation answers when it is no resource (a SAS)."""


class ComputeState:
    def __init__(self) -> None:
        self.vms: Store[Vm] = Store()
        self.disks: Store[Disk] = Store()
        self.operations: dict[str, ComputeOperation] = {}

    def vms_in(self, subscription_id: str, location: str) -> list[Vm]:
        """VMs of a region, as a vault there can see them."""
        return [vm for vm in self.vms.within(subscription_id) if vm.location.lower() == location.lower()]


def vm_resource_id(subscription_id: str, resource_group: str, name: str) -> str:
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/Microsoft.Compute/virtualMachines/{name}"


def disk_id(subscription_id: str, resource_group: str, name: str) -> str:
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/Microsoft.Compute/disks/{name}"


def create_restored_disk(
    world: World,
    *,
    subscription_id: str,
    resource_group: str,
    name: str,
    location: str,
    size_gb: int,
    sku: str = "Premium_LRS",
    os_type: str = "",
    zones: Iterable[str] = (),
    source_resource_id: str = "",
    tags: dict[str, str] | None = None,
    disk_encryption_set_id: str = "",
    network_access_policy: str = "AllowAll",
    disk_access_id: str = "",
    guest: Guest | None = None,
) -> Disk:
    """A managed disk made by a restore, stored and unattached. A disk of this name in the group is replaced."""
    disk = Disk(
        subscription_id=subscription_id,
        resource_group=resource_group,
        name=name,
        location=location,
        size_gb=size_gb,
        sku=sku,
        zones=list(zones),
        os_type=os_type,
        create_option="Restore",
        source_resource_id=source_resource_id,
        tags=dict(tags or {}),
        time_created=world.now(),
        unique_id=world.new_id(),
        disk_encryption_set_id=disk_encryption_set_id,
        network_access_policy=network_access_policy,
        disk_access_id=disk_access_id,
        guest=guest or Guest(),
    )
    return world.state(ComputeState).disks.put(disk)


def create_restored_vm(
    world: World,
    *,
    subscription_id: str,
    resource_group: str,
    name: str,
    location: str,
    subnet_id: str,
    os_disk: Disk,
    data_disks: Iterable[tuple[int, Disk]] = (),
    size: str = "Standard_D2s_v5",
    zones: Iterable[str] = (),
    security_type: str = "",
    tags: dict[str, str] | None = None,
    identity: dict[str, Any] | None = None,
    boot_diagnostics: bool = False,
) -> Vm:
    """A running VM on restored disks (LUN, disk), with a new network interface `{name}-nic-...` in the subnet; all stored."""
    vm = Vm(
        subscription_id=subscription_id,
        resource_group=resource_group,
        name=name,
        location=location,
        vm_id=world.new_id(),
        size=size,
        os_type=os_disk.os_type or "Linux",
        zones=list(zones),
        tags=dict(tags or {}),
        security_type=security_type,
        time_created=world.now(),
        identity=identity,
        extra=dict(BOOT_DIAGNOSTICS) if boot_diagnostics else {},
    )
    attach(vm, os_disk, None)
    for lun, disk in data_disks:
        attach(vm, disk, lun)
    nic = create_nic(
        world,
        subscription_id=subscription_id,
        resource_group=resource_group,
        name=f"{name}-nic-{world.new_id().replace('-', '')}",
        location=location,
        subnet_id=subnet_id,
        vm_id=vm.id,
    )
    vm.nic_ids.append(nic.id)
    return world.state(ComputeState).vms.put(vm)


def attach(
    vm: Vm,
    disk: Disk,
    lun: int | None,
    *,
    caching: str = "",
    create_option: str = "Attach",
    delete_option: str = "Detach",
) -> None:
    """Attaches a disk: as the system disk (lun None) or at a LUN, which it takes over."""
    shown = AttachedDisk(
        disk.id,
        disk.name,
        disk.size_gb,
        disk.sku,
        lun,
        caching or ("ReadWrite" if lun is None else "None"),
        create_option,
        delete_option,
    )
    disk.managed_by = vm.id
    if lun is None:
        vm.os_disk = shown
    else:
        vm.data_disks = [one for one in vm.data_disks if one.lun != lun] + [shown]


def detach(world: World, vm: Vm, attached: AttachedDisk) -> None:
    """Frees a disk; the VM's storage profile no longer shows it."""
    disk = world.state(ComputeState).disks.by_id(attached.disk_id)
    if disk is not None and disk.managed_by.lower() == vm.id.lower():
        disk.managed_by = ""
    if vm.os_disk is attached:
        vm.os_disk = None
    vm.data_disks = [one for one in vm.data_disks if one is not attached]


def delete_vm(world: World, vm: Vm) -> None:
    """Removes a VM; its disks and interfaces stay, unattached, unless their deleteOption says otherwise."""
    state = world.state(ComputeState)
    for attached in vm.disks:
        disk = state.disks.by_id(attached.disk_id)
        detach(world, vm, attached)
        if disk is not None and attached.delete_option == "Delete":
            state.disks.remove(disk)
    for nic_id in vm.nic_ids:
        nic = world.state(NetworkState).find(nic_id)
        if nic is not None:
            nic.properties.pop("virtualMachine", None)
    state.vms.remove(vm)


def dump(world: World) -> dict[str, Any]:
    """For the control port."""
    state = world.state(ComputeState)
    return {
        "virtualMachines": [
            {
                "id": vm.id,
                "location": vm.location,
                "powerState": vm.power_state,
                "provisioningState": vm.provisioning_state,
                "disks": [disk.disk_id for disk in vm.disks],
                "networkInterfaces": vm.nic_ids,
                "tags": vm.tags,
            }
            for vm in state.vms
        ],
        "disks": [
            {
                "id": disk.id,
                "location": disk.location,
                "sizeGB": disk.size_gb,
                "createOption": disk.create_option,
                "source": disk.source_resource_id,
                "managedBy": disk.managed_by,
                "incomplete": disk.incomplete,
                "tags": disk.tags,
            }
            for disk in state.disks
        ],
        "restorePointCollections": restore_point_state.dump(world),
    }


def credentials(world: World) -> Iterator[str]:
    """SAS URLs, and what machines keep of their owners: the administrator's name, keys, user data."""
    yield from restore_point_state.credentials(world)
    yield from world.state(Console).urls()
    for vm in world.state(ComputeState).vms:
        profile = vm.os_profile or {}
        yield str(vm.extra.get("userData") or "")
        yield str(profile.get("adminUsername") or "")
        ssh = (profile.get("linuxConfiguration") or {}).get("ssh") or {}
        yield from (str(key.get("keyData") or "") for key in ssh.get("publicKeys") or [])


def inventory(world: World, subscription_id: str) -> Iterator[dict[str, Any]]:
    """For lists of all resources."""
    state = world.state(ComputeState)
    for vm in state.vms.within(subscription_id):
        yield _listed(vm, "virtualMachines", vm.time_created)
    for disk in state.disks.within(subscription_id):
        yield {
            **_listed(disk, "disks", disk.time_created),
            **({"managedBy": disk.managed_by} if disk.managed_by else {}),
        }
    yield from restore_point_state.inventory(world, subscription_id)


def _listed(one: Vm | Disk, kind: str, created: datetime | None) -> dict[str, Any]:
    listed = {
        "id": one.id,
        "name": one.name,
        "type": f"Microsoft.Compute/{kind}",
        "location": one.location,
        "tags": one.tags,
    }
    return {
        **listed,
        **({"zones": one.zones} if one.zones else {}),
        "_created": created,
        "_state": one.provisioning_state,
    }


def clean(world: World, subscription_id: str, resource_group: str) -> None:
    """Empties a resource group that is deleted."""
    state = world.state(ComputeState)
    for vm in state.vms.within(subscription_id, resource_group):
        delete_vm(world, vm)
    for disk in state.disks.within(subscription_id, resource_group):
        state.disks.remove(disk)
    restore_point_state.clean(world, subscription_id, resource_group)
