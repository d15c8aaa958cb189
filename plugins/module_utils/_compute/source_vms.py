# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VMs that restore points are made of: their region and state, and the disks that can be left out or must be (API 2024-11-01)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterable, Mapping, Sequence

from .._apis import COMPUTE, DISKS
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId, same_id, segment
from .._arm.regions import region_of
from .._fleet import Vm, run_each
from .names import DISK_TYPE, vm_path
from .shapes import id_of, member, members, number, text, whole

FEW = 5
"""Up to so many VMs of a resource group are read one by one; for more, the group is listed."""


@dataclass(frozen=True)
class SourceDisk:
    """A disk of a VM. ``id`` is None for an unmanaged one; ``lun`` None is the system disk."""

    name: str
    id: str | None
    lun: int | None
    sku: str
    ephemeral: bool = False
    shared: bool = False


@dataclass(frozen=True)
class SourceVm:
    """A VM as it is now."""

    id: str
    location: str
    provisioning_state: str
    security_type: str
    disks: tuple[SourceDisk, ...]

    def disks_named(self, wanted: str) -> tuple[SourceDisk, ...]:
        """The disks that an entry of exclude_disks means: a resource id, a LUN, or a name; none when this VM has no such disk."""
        if wanted.startswith("/"):
            return tuple(disk for disk in self.disks if same_id(disk.id, wanted))
        by_name = tuple(disk for disk in self.disks if disk.name.lower() == wanted.lower())
        if by_name or not wanted.isdigit():
            return by_name
        return tuple(disk for disk in self.disks if disk.lun == int(wanted))


def read_vms(client: ArmClient, vms: Sequence[Vm]) -> dict[str, SourceVm | ArmError]:
    """Each VM by its key, or why it could not be read; a VM that is not there is an ArmError with the code VmNotFound."""
    by_group: dict[tuple[str, str], list[Vm]] = {}
    for vm in vms:
        by_group.setdefault((vm.subscription.lower(), vm.group.lower()), []).append(vm)
    found: dict[str, SourceVm | ArmError] = {}
    alone = [vm for members in by_group.values() if len(members) <= FEW for vm in members]
    for read in run_each(alone, lambda vm: _read(client, vm)):
        found[read.item.key] = read.error or read.value or not_found(read.item)
    many = [members for members in by_group.values() if len(members) > FEW]
    for listed in run_each(many, lambda members: _list(client, members[0])):
        for vm in listed.item:
            found[vm.key] = listed.error or (listed.value or {}).get(vm.key) or not_found(vm)
    return _with_shared_disks(client, found)


def not_found(vm: Vm) -> ArmError:
    return ArmError(
        f"There is no VM {vm.name} in the resource group {vm.group}.",
        code="VmNotFound",
        target=vm.id,
        hint="Check the name, vm_resource_group and the subscription. What lies in its collection can still be copied and restored.",
    )


def parse(resource: Mapping[str, Any], path: str = "") -> SourceVm:
    """A VM from its resource, that was read at ``path``."""
    properties = member(resource, "properties")
    storage = member(properties, "storageProfile")
    system = member(storage, "osDisk")
    disks = [_disk(system, None)] if system else []
    disks += [_disk(disk, whole(disk.get("lun")) or 0) for disk in members(storage.get("dataDisks"))]
    return SourceVm(
        id=id_of(resource, path),
        location=region_of(resource.get("location")),
        provisioning_state=text(properties.get("provisioningState")) or "",
        security_type=text(member(properties, "securityProfile").get("securityType")) or "",
        disks=tuple(disks),
    )


def _disk(disk: Mapping[str, Any], lun: int | None) -> SourceDisk:
    managed = member(disk, "managedDisk")
    ephemeral = (text(member(disk, "diffDiskSettings").get("option")) or "").lower() == "local"
    return SourceDisk(text(disk.get("name")) or "", text(managed.get("id")), lun, text(managed.get("storageAccountType")) or "", ephemeral)


def _read(client: ArmClient, vm: Vm) -> SourceVm | None:
    resource = client.find(vm_path(vm), COMPUTE)
    return None if resource is None else parse(resource, vm.id)


def _list(client: ArmClient, vm: Vm) -> dict[str, SourceVm]:
    listed = (parse(resource) for resource in client.list(vm_path(vm).rsplit("/", 1)[0], COMPUTE))
    return {found.id.lower(): found for found in listed}


def _with_shared_disks(client: ArmClient, found: Mapping[str, SourceVm | ArmError]) -> dict[str, SourceVm | ArmError]:
    """Marks shared disks, which only the disks themselves tell of: one list a resource group. Where it is refused, none is known."""
    disks = [disk for vm in found.values() if isinstance(vm, SourceVm) for disk in vm.disks if disk.id and not disk.ephemeral]
    shared: set[str] = set()
    for outcome in run_each(_disk_groups(disks), lambda path: _shared(client, path)):
        shared |= outcome.value or set()
    if not shared:
        return dict(found)
    return {key: _mark(vm, shared) if isinstance(vm, SourceVm) else vm for key, vm in found.items()}


def _disk_groups(disks: Iterable[SourceDisk]) -> list[str]:
    paths: dict[str, str] = {}
    for disk in disks:
        try:
            parsed = ResourceId.parse(disk.id)
            path = f"/subscriptions/{segment(parsed.subscription)}/resourceGroups/{segment(parsed.group or '')}/providers/{DISK_TYPE}"
        except ValueError:
            continue
        paths.setdefault(path.lower(), path)
    return list(paths.values())


def _shared(client: ArmClient, path: str) -> set[str]:
    listed = client.list(path, DISKS)
    return {str(disk.get("id")).lower() for disk in listed if (number(member(disk, "properties").get("maxShares")) or 1) > 1}


def _mark(vm: SourceVm, shared: set[str]) -> SourceVm:
    return replace(vm, disks=tuple(replace(disk, shared=(disk.id or "").lower() in shared) for disk in vm.disks))
