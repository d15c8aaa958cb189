# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose guest lives at a private address, and what it has said so far."""

from __future__ import annotations

from dataclasses import replace

from ..estate import Guest
from ..services.compute.state import ComputeState, Vm
from ..services.network.state import NetworkState
from ..world import World


def guest_of(world: World, vm: Vm) -> Guest:
    """The operating system on the VM's system disk; of a copy that was not complete, nothing comes up."""
    disk = world.state(ComputeState).disks.by_id(vm.os_disk.disk_id) if vm.os_disk else None
    if disk is None:
        return Guest(ports=(), boots=False)
    return replace(disk.guest, boots=False) if disk.incomplete else disk.guest


def is_up(world: World, vm: Vm) -> bool:
    return vm.power_state == "running" and guest_of(world, vm).boots


def at_address(world: World, address: str) -> Vm | None:
    """The machine with this private address. Isolated networks may use an address twice: then the machine that was made last."""
    vms = world.state(ComputeState).vms
    found = []
    for nic in world.state(NetworkState).store("networkInterfaces"):
        addresses = [one["properties"].get("privateIPAddress") for one in nic.properties.get("ipConfigurations", [])]
        owner = vms.by_id(str((nic.properties.get("virtualMachine") or {}).get("id", "")))
        if owner is not None and address in addresses:
            found.append(owner)
    return max(found, key=lambda vm: vm.time_created or world.now(), default=None)


def boot_log(world: World, vm: Vm) -> str:
    """The serial console's log: nothing before the first start, and half of it when the machine does not come up."""
    guest = guest_of(world, vm)
    if vm.power_state == "starting":
        return ""
    lines = guest.boot_log.splitlines(keepends=True)
    if guest.boots:
        return guest.boot_log
    return "".join(lines[: len(lines) // 2]) if len(lines) > 1 else guest.boot_log[: len(guest.boot_log) // 2]
