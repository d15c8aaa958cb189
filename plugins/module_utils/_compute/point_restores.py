# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to make of a restore point, and what is there already. Pure; all idempotency is here.

A disk can be made of a disk restore point of its own region only, and what it was made of can never be changed, so a disk of that name is
either the wanted one or in the way (disks API 2025-01-02).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Mapping

from .._apis import COMPUTE, DISKS, NETWORK
from .._arm.client import Api
from .._arm.errors import ArmError
from .._arm.ids import ResourceId, same_id
from .._arm.regions import region_of
from .._fleet import Vm
from .._templates import vm_fields
from .names import DISK_TYPE, NIC_TYPE, expand_name
from .points import DiskPoint, Point
from .shapes import member, members, text

ACCESS: Mapping[str, Mapping[str, str]] = {
    "public": {"networkAccessPolicy": "AllowAll", "publicNetworkAccess": "Enabled"},
    "private": {"networkAccessPolicy": "AllowPrivate", "publicNetworkAccess": "Disabled"},
    "none": {"networkAccessPolicy": "DenyAll", "publicNetworkAccess": "Disabled"},
}
"""The choices of disk_network_access, as Azure says them."""

NO_ZONE = "NoZone"

KINDS: Mapping[str, Api] = {"disks": DISKS, "network_interfaces": NETWORK, "virtual_machines": COMPUTE}


@dataclass(frozen=True)
class RestoreTarget:
    """Where to restore one VM to, and how: ids, and None for what is to be as it was. ``vm_id`` None: disks only."""

    region: str
    group_id: str
    disk_name: str
    vm_id: str | None = None
    subnet_id: str | None = None
    vm_size: str | None = None
    zone: str | None = None
    storage_account_type: str | None = None
    disk_encryption_set_id: str | None = None
    disk_network_access: str | None = None
    disk_access_id: str | None = None
    luns: tuple[int, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def nic_id(self) -> str | None:
        return f"{self.group_id}/providers/{NIC_TYPE}/{ResourceId.parse(self.vm_id).name}-nic" if self.vm_id else None


@dataclass(frozen=True)
class Piece:
    """One resource: ``make`` it with this body, or ``keep`` what is there (``settled``: Azure has finished it)."""

    id: str
    api: Api
    body: Mapping[str, Any]
    action: Literal["make", "keep"]
    settled: bool = False
    source_id: str | None = None

    @property
    def name(self) -> str:
        return ResourceId.parse(self.id).name

    @property
    def path(self) -> str:
        return ResourceId.parse(self.id).path


@dataclass(frozen=True)
class RestorePlan:
    """What comes first (disks and the interface), and the VM that needs them."""

    first: tuple[Piece, ...]
    vm: Piece | None

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return (*self.first, *([self.vm] if self.vm else []))

    @property
    def makes(self) -> bool:
        return any(piece.action == "make" for piece in self.pieces)

    @property
    def action(self) -> str:
        """``started``, ``adopted`` (all is there, and some of it is still on its way), or ``none``."""
        if self.makes:
            return "started"
        return "none" if all(piece.settled for piece in self.pieces) else "adopted"

    def names(self, *, after: bool) -> dict[str, list[str]]:
        """Names by kind, of what is there, or will be."""
        shown = [piece for piece in self.pieces if after or piece.action == "keep"]
        return {kind: [piece.name for piece in shown if piece.api == api] for kind, api in KINDS.items()}


def disk_id(target: RestoreTarget, disk: DiskPoint, point: Point, vm: Vm) -> str:
    """The id that a restored disk gets; raises OptionError when the template makes no name of it."""
    fields = {**vm_fields(vm), "disk": disk.name, "lun": "os" if disk.lun is None else str(disk.lun), "restore_point": point.name}
    return f"{target.group_id}/providers/{DISK_TYPE}/{expand_name(target.disk_name, 'disk_name', fields)}"


def plan_restore(point: Point, target: RestoreTarget, vm: Vm, there: Mapping[str, Mapping[str, Any]]) -> RestorePlan:
    """What to make and what to keep; ``there`` are the resources of the target by their ids in lower case. Raises ArmError for what is in the way."""
    # One without an id was left out of the restore point.
    disks = [disk for disk in point.disks if disk.id and (disk.lun is None or target.luns is None or disk.lun in target.luns)]
    _check(point, target, disks)
    ids = {disk.name: disk_id(target, disk, point, vm) for disk in disks}
    if len({name.lower() for name in ids.values()}) < len(disks):
        raise ArmError(
            f"{target.disk_name!r} names several disks of {vm.name} alike.",
            code="DiskNameNotUnique",
            target=vm.id,
            hint="Use {disk} or {lun} in disk_name.",
        )
    machine = _vm_piece(point, target, disks, ids, there)
    pieces = [_disk_piece(point, target, disk, ids[disk.name], there, machine) for disk in disks]
    nic = _nic_piece(target, there, machine)
    if machine is not None and machine.action == "keep":
        # The VM has what it was made with; what was taken from it since is not made anew.
        pieces = [piece for piece in pieces if piece.action == "keep"]
        nic = nic if nic is not None and nic.action == "keep" else None
    return RestorePlan((*pieces, *([nic] if nic else [])), machine)


def _check(point: Point, target: RestoreTarget, disks: list[DiskPoint]) -> None:
    missing = sorted(set(target.luns or ()) - {disk.lun for disk in disks})
    if missing:
        raise ArmError(
            f"The restore point {point.name} has no data disk with the LUN {', '.join(str(lun) for lun in missing)}.",
            code="DiskNotInRestorePoint",
            target=point.id,
            hint="Check disk_luns.",
        )
    if target.vm_id is None:
        return
    if not any(disk.is_system for disk in disks) or not point.os_type:
        raise ArmError(
            f"The restore point {point.name} has no disk of the operating system, so no VM can be made of it.",
            code="NoSystemDisk",
            target=point.id,
            hint="Restore its disks with mode=disks.",
        )
    if point.is_confidential:
        raise ArmError(
            f"The restore point {point.name} is of a confidential VM, which this module cannot make.",
            code="ConfidentialVmNotSupported",
            target=point.id,
            hint="Restore its disks with mode=disks.",
        )
    if not (target.vm_size or point.vm_size):
        raise ArmError(f"The restore point {point.name} does not tell the size of the VM.", code="VmSizeNotKnown", target=point.id, hint="Give vm_size.")


def _disk_piece(
    point: Point, target: RestoreTarget, disk: DiskPoint, new_id: str, there: Mapping[str, Mapping[str, Any]], machine: Piece | None
) -> Piece:
    found = there.get(new_id.lower())
    if found is None:
        return Piece(new_id, DISKS, disk_body(point, target, disk), "make", source_id=disk.id)
    properties = member(found, "properties")
    source = text(member(properties, "creationData").get("sourceResourceId")) or ""
    if not same_id(source, disk.id) or region_of(found.get("location")) != target.region:
        raise _in_the_way(new_id, source, disk, point)
    holder = text(found.get("managedBy"))
    if machine is not None and holder and not same_id(holder, machine.id):
        raise ArmError(
            f"The disk {ResourceId.parse(new_id).name} belongs to {holder} already.",
            code="RestoreTargetTaken",
            target=new_id,
            hint="Restore to other names, with disk_name.",
        )
    return Piece(new_id, DISKS, {}, "keep", _settled(new_id, properties), disk.id)


def _in_the_way(new_id: str, source: str, disk: DiskPoint, point: Point) -> ArmError:
    name = ResourceId.parse(new_id).name
    parts = source.split("/")
    lowered = [part.lower() for part in parts]
    other = parts[lowered.index("restorepoints") + 1] if "restorepoints" in lowered[:-1] else ""
    origin = f"the restore point {other}" if other and other.lower() != point.name.lower() else (source or "something else")
    back = f"give restore_point={other} to go on with that one, " if other and other.lower() != point.name.lower() else ""
    return ArmError(
        f"There is a disk {name}, made of {origin}, and not of {disk.name} in the restore point {point.name}.",
        code="RestoreTargetTaken",
        target=new_id,
        hint=f"What a disk was made of cannot be changed: {back}restore to other names (disk_name, vm_name), or remove what is there first.",
    )


def disk_body(point: Point, target: RestoreTarget, disk: DiskPoint) -> dict[str, Any]:
    """The body of PUT disks."""
    sku = target.storage_account_type or disk.sku
    properties: dict[str, Any] = {"creationData": {"createOption": "Restore", "sourceResourceId": disk.id}}
    if disk.is_system and point.os_type:
        properties["osType"] = point.os_type
        if point.hyper_v_generation:
            properties["hyperVGeneration"] = point.hyper_v_generation
    if target.disk_encryption_set_id:
        properties["encryption"] = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": target.disk_encryption_set_id}
    elif disk.encryption_set_id and disk.encryption_type:
        properties["encryption"] = {"type": disk.encryption_type, "diskEncryptionSetId": disk.encryption_set_id}
    if target.disk_network_access:
        properties.update(ACCESS[target.disk_network_access])
    if target.disk_access_id:
        properties["diskAccessId"] = target.disk_access_id
    zones = _zones(point, target) if not (sku or "").upper().endswith("_ZRS") else []
    return {**_common(target), **({"zones": zones} if zones else {}), **({"sku": {"name": sku}} if sku else {}), "properties": properties}


def _nic_piece(target: RestoreTarget, there: Mapping[str, Mapping[str, Any]], machine: Piece | None) -> Piece | None:
    if target.nic_id is None or machine is None:
        return None
    found = there.get(target.nic_id.lower())
    if found is None:
        configuration = {"name": "ipconfig1", "properties": {"subnet": {"id": target.subnet_id}, "privateIPAllocationMethod": "Dynamic"}}
        return Piece(target.nic_id, NETWORK, {**_common(target), "properties": {"ipConfigurations": [configuration]}}, "make")
    properties = member(found, "properties")
    subnets = [text(member(entry, "properties", "subnet").get("id")) for entry in members(properties.get("ipConfigurations"))]
    holder = text(member(properties, "virtualMachine").get("id"))
    if machine.action == "make" and not (subnets and same_id(subnets[0], target.subnet_id)) or holder and not same_id(holder, machine.id):
        raise ArmError(
            f"There is a network interface {ResourceId.parse(target.nic_id).name}, " + (f"which belongs to {holder}." if holder else "in another subnet."),
            code="RestoreTargetTaken",
            target=target.nic_id,
            hint="Restore to another name, with vm_name, or remove the interface first.",
        )
    return Piece(target.nic_id, NETWORK, {}, "keep", _settled(target.nic_id, properties))


def _vm_piece(
    point: Point, target: RestoreTarget, disks: list[DiskPoint], ids: Mapping[str, str], there: Mapping[str, Mapping[str, Any]]
) -> Piece | None:
    if target.vm_id is None:
        return None
    found = there.get(target.vm_id.lower())
    if found is None:
        return Piece(target.vm_id, COMPUTE, vm_body(point, target, disks, ids), "make")
    properties = member(found, "properties")
    system = text(member(properties, "storageProfile", "osDisk", "managedDisk").get("id"))
    wanted = next(ids[disk.name] for disk in disks if disk.is_system)
    if not same_id(system, wanted):
        name = ResourceId.parse(target.vm_id).name
        raise ArmError(
            f"There is a VM {name}, which runs from the disk {system or '(unknown)'} and not from {ResourceId.parse(wanted).name}.",
            code="RestoreTargetTaken",
            target=target.vm_id,
            hint="Restore to another name, with vm_name, or remove that VM first.",
        )
    return Piece(target.vm_id, COMPUTE, {}, "keep", _settled(target.vm_id, properties))


def vm_body(point: Point, target: RestoreTarget, disks: list[DiskPoint], ids: Mapping[str, str]) -> dict[str, Any]:
    """The body of PUT virtualMachines: the restored disks as they were attached, in a machine as it was."""
    system = next(disk for disk in disks if disk.is_system)
    storage: dict[str, Any] = {
        "osDisk": {"osType": point.os_type, **_attached(system, ids)},
        "dataDisks": [{"lun": disk.lun, **_attached(disk, ids)} for disk in disks if not disk.is_system],
    }
    if point.disk_controller_type and not target.vm_size:
        # Another size may have another kind of controller only.
        storage["diskControllerType"] = point.disk_controller_type
    properties: dict[str, Any] = {
        "hardwareProfile": {"vmSize": target.vm_size or point.vm_size},
        "storageProfile": storage,
        "networkProfile": {"networkInterfaces": [{"id": target.nic_id, "properties": {"primary": True}}]},
        # In storage that Azure manages: an account of the source's may be in the region that is lost.
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
    }
    if (point.security_type or "").lower() == "trustedlaunch":
        uefi = {"secureBootEnabled": point.secure_boot, "vTpmEnabled": point.vtpm}
        properties["securityProfile"] = {"securityType": point.security_type, "uefiSettings": uefi}
    if point.license_type:
        properties["licenseType"] = point.license_type
    zones = _zones(point, target)
    return {**_common(target), **({"zones": zones} if zones else {}), "properties": properties}


def _attached(disk: DiskPoint, ids: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"createOption": "Attach", "managedDisk": {"id": ids[disk.name]}}
    if disk.caching:
        found["caching"] = disk.caching
    if disk.write_accelerator:
        found["writeAcceleratorEnabled"] = True
    return found


def _zones(point: Point, target: RestoreTarget) -> list[str]:
    if target.zone is not None:
        return [] if target.zone == NO_ZONE else [target.zone]
    return list(point.zones[:1])


def _common(target: RestoreTarget) -> dict[str, Any]:
    return {"location": target.region, **({"tags": dict(target.tags)} if target.tags else {})}


def _settled(resource_id: str, properties: Mapping[str, Any]) -> bool:
    """Whether Azure has finished it; raises ArmError when it has given up."""
    state = str(properties.get("provisioningState") or "Succeeded")
    if state.lower() in ("failed", "canceled", "deleting"):
        raise ArmError(
            f"{ResourceId.parse(resource_id).name} is there, but Azure says that it is {state}.",
            code="RestoredResourceFailed",
            target=resource_id,
            hint="Remove it, and run the task again.",
        )
    return state.lower() == "succeeded"
