# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the estate's virtual machines: one VM with its disks and network interface each."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

from ...estate import DiskCopy, Estate, EstateError, NetworkInterface, VirtualMachine
from ...world import World
from ..network.state import NetworkState, create_nic
from ..resources.state import ResourcesState
from . import quotas, restore_point_estate
from .state import BOOT_DIAGNOSTICS, ComputeState, Disk, Vm, attach, clean, inventory

ADMIN = "azureadmin"
_AGE = timedelta(days=90)
"""The estate's machines exist since before the simulator started."""


def load(world: World, estate: Estate) -> None:
    """Creates the estate's VMs with disks and interfaces."""
    for machine in estate.virtual_machines:
        create_vm(world, estate, machine)
    restore_point_estate.load(world, estate)
    quotas.load(world, estate)
    resources = world.state(ResourcesState)
    resources.inventories.append(inventory)
    resources.cleaners.append(clean)


def create_vm(world: World, estate: Estate, machine: VirtualMachine) -> Vm:
    """The stored VM. Raises EstateError when there is no subnet for it."""
    created = world.now() - _AGE
    vm = Vm(
        subscription_id=estate.subscription_id,
        resource_group=machine.resource_group,
        name=machine.name,
        location=machine.location,
        vm_id=world.new_id(),
        size=machine.size,
        os_type=machine.os,
        zones=list(machine.zones),
        tags=dict(machine.tags),
        security_type=machine.security_type,
        power_state=machine.power,
        time_created=created,
        os_profile=_os_profile(machine),
        extra={
            **({"userData": machine.user_data} if machine.user_data else {}),
            **(BOOT_DIAGNOSTICS if machine.guest.boot_log else {}),
        },
    )
    token = world.new_id().replace("-", "")
    name = machine.os_disk_name or f"{machine.name}_OsDisk_1_{token}"
    system = _disk(world, vm, name, machine.os_disk_gb, machine.os_disk_sku, "FromImage")
    system.os_type = machine.os
    system.security_type = machine.security_type
    system.time_created = created
    system.guest = machine.guest
    system.disk_encryption_set_id = machine.os_disk_encryption_set
    _set_copy(system, machine.os_disk_copy)
    attach(vm, system, None, create_option="FromImage")
    for data in machine.data_disks:
        disk = _disk(world, vm, data.name or f"{machine.name}_DataDisk_{data.lun}", data.size_gb, data.sku, "Empty")
        disk.time_created = created
        disk.disk_encryption_set_id = data.encryption_set
        _set_copy(disk, data.copy)
        attach(vm, disk, data.lun, caching="ReadOnly")
    _connect(world, vm, machine)
    return world.state(ComputeState).vms.put(vm)


def _disk(world: World, vm: Vm, name: str, size_gb: int, sku: str, create_option: str) -> Disk:
    disk = Disk(
        subscription_id=vm.subscription_id,
        resource_group=vm.resource_group,
        name=name,
        location=vm.location,
        size_gb=size_gb,
        sku=sku,
        zones=list(vm.zones),
        create_option=create_option,
        unique_id=world.new_id(),
    )
    return world.state(ComputeState).disks.put(disk)


def _connect(world: World, vm: Vm, machine: VirtualMachine) -> None:
    """Gives the machine its network interfaces: those that the estate names, or one of the usual name."""
    wanted = machine.network_interfaces
    if wanted is None:
        wanted = (NetworkInterface(f"{machine.name}-nic", machine.virtual_network, machine.subnet),)
    for position, one in enumerate(wanted):
        nic = create_nic(
            world,
            subscription_id=vm.subscription_id,
            resource_group=one.resource_group or vm.resource_group,
            name=one.name,
            location=vm.location,
            subnet_id=_subnet_id(world, machine, one),
            vm_id=vm.id,
            address=one.address,
        )
        nic.properties["primary"] = position == 0
        vm.nic_ids.append(nic.id)


def _set_copy(disk: Disk, copy: DiskCopy) -> None:
    disk.gb_per_hour, disk.copy_fails = float(copy.gb_per_hour), copy.fails


def _os_profile(machine: VirtualMachine) -> dict[str, object]:
    common: dict[str, object] = {
        "computerName": machine.name[:15] if machine.os == "Windows" else machine.name,
        "adminUsername": ADMIN,
        "secrets": [],
        "allowExtensionOperations": True,
        "requireGuestProvisionSignal": True,
    }
    if machine.os == "Windows":
        patching = {"patchMode": "AutomaticByOS", "assessmentMode": "ImageDefault"}
        return {
            **common,
            "windowsConfiguration": {
                "provisionVMAgent": True,
                "enableAutomaticUpdates": True,
                "patchSettings": patching,
            },
        }
    patching = {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"}
    # No key of anybody: the name's hash, in the form of one.
    key = base64.b64encode(hashlib.sha384(f"public key of {machine.name}".encode()).digest()).decode()
    linux = {
        "disablePasswordAuthentication": True,
        "ssh": {
            "publicKeys": [
                {"path": f"/home/{ADMIN}/.ssh/authorized_keys", "keyData": f"ssh-ed25519 {key} {machine.name}"}
            ]
        },
        "provisionVMAgent": True,
        "patchSettings": patching,
    }
    return {**common, "linuxConfiguration": linux}


def _subnet_id(world: World, machine: VirtualMachine, wanted: NetworkInterface) -> str:
    """The subnet the estate names, else the first of the first network in the VM's region (its own group first)."""
    networks = [
        one
        for one in world.state(NetworkState).store("virtualNetworks")
        if one.location.lower() == machine.location.lower()
        and wanted.virtual_network_resource_group.lower() in ("", one.resource_group.lower())
    ]
    networks.sort(key=lambda one: one.resource_group.lower() != machine.resource_group.lower())
    if wanted.virtual_network:
        networks = [one for one in networks if one.name.lower() == wanted.virtual_network.lower()]
    for network in networks:
        for subnet in network.properties["subnets"]:
            if wanted.subnet.lower() in ("", subnet["name"].lower()):
                return str(subnet["id"])
    raise EstateError(f"virtual_machines.{machine.name}", "finds no subnet in its region; add one to virtual_networks")
