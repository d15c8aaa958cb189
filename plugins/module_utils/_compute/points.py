# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points as Compute shows them (API 2024-11-01), as typed views.

Of ``sourceMetadata`` only what is named here gets in: user names, ssh keys and user data stay out of the views altogether.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Iterable, Mapping

from .._apis import COMPUTE
from .._arm.client import ArmClient
from .._arm.ids import ResourceId
from .._arm.timestamps import parse_time
from .shapes import id_of, member, members, number, text, whole

CRASH = "CrashConsistent"
"""The only consistencyMode that Azure takes as input; without one a point is application (Windows) or file-system consistent (Linux)."""

CONFIDENTIAL = "confidentialvm"
"""The security type, in lower case, of VMs of which Azure copies nothing."""

FULL = 100.0

_NEVER = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class DiskPoint:
    """One disk of a point. ``id`` is the disk restore point's, None as long as it is being made; ``lun`` None is the system disk."""

    name: str
    id: str | None
    lun: int | None
    disk_id: str | None
    size_gb: int | None
    sku: str | None
    caching: str | None
    source_id: str | None = None
    """The disk restore point that this one is a copy of."""
    write_accelerator: bool = False
    encryption_type: str | None = None
    encryption_set_id: str | None = None

    @property
    def is_system(self) -> bool:
        return self.lun is None


@dataclass(frozen=True)
class DiskReplication:
    """How far the copy of one disk is. ``code`` is Azure's, such as ``ReplicationState/succeeded``; ``percent`` None when Azure tells none."""

    disk: str
    id: str
    percent: float | None
    code: str

    @property
    def state(self) -> str:
        """``succeeded``, ``failed``, ...: the last part of the code, in lower case; empty when Azure tells none."""
        return self.code.rpartition("/")[2].lower()

    @property
    def done(self) -> bool:
        """Everything is there. A code of success counts only with 100 percent, and the other way round, where Azure tells both."""
        if self.state == "succeeded":
            return self.percent is None or self.percent >= FULL
        return not self.state and self.percent is not None and self.percent >= FULL

    @property
    def failed(self) -> bool:
        return self.state in ("failed", "canceled", "cancelled")


@dataclass(frozen=True)
class Point:
    """A restore point. ``replication`` is None unless it was read with its instance view, which copies only have."""

    id: str
    name: str
    collection_id: str
    time_created: datetime | None
    provisioning_state: str
    consistency: str | None
    source_point_id: str | None
    exclude_disks: tuple[str, ...]
    disks: tuple[DiskPoint, ...]
    vm_size: str | None
    os_type: str | None
    hyper_v_generation: str | None
    security_type: str | None
    secure_boot: bool
    vtpm: bool
    license_type: str | None
    disk_controller_type: str | None
    zones: tuple[str, ...]
    replication: tuple[DiskReplication, ...] | None

    @property
    def path(self) -> str:
        return ResourceId.parse(self.id).path

    @property
    def key(self) -> str:
        """For comparing: ARM ids are case-insensitive."""
        return self.id.lower()

    @property
    def is_copy(self) -> bool:
        return self.source_point_id is not None

    @property
    def age(self) -> tuple[datetime, str]:
        """For sorting, oldest first. A copy has the time of the point that it was made from."""
        return (self.time_created or _NEVER, self.name)

    @property
    def is_confidential(self) -> bool:
        return (self.security_type or "").lower() == CONFIDENTIAL

    @property
    def creating(self) -> bool:
        """Azure makes it, or has yet to say what became of it."""
        return not (self.succeeded or self.failed or self.deleting)

    @property
    def succeeded(self) -> bool:
        """Provisioned; of a copy this only says that the copying has begun."""
        return self.provisioning_state.lower() == "succeeded"

    @property
    def failed(self) -> bool:
        return self.provisioning_state.lower() in ("failed", "canceled")

    @property
    def deleting(self) -> bool:
        return self.provisioning_state.lower() == "deleting"

    @property
    def replicated(self) -> bool | None:
        """Whether every disk of a copy is there; None when it is not known, since the instance view was not read."""
        if self.replication is None:
            return None
        done = {entry.id.lower() for entry in self.replication if entry.done}
        wanted = {disk.id.lower() for disk in self.disks if disk.id}
        return bool(wanted) and wanted <= done and all(entry.done for entry in self.replication)

    @property
    def usable(self) -> bool:
        """Whether a VM can be restored from it: provisioned and, when it is a copy, known to be complete."""
        return self.succeeded and (not self.is_copy or self.replicated is True)


def in_order(points: Iterable[Point]) -> tuple[Point, ...]:
    """By their time, oldest first."""
    return tuple(sorted(points, key=lambda point: point.age))


def read_point(client: ArmClient, path: str, *, instance_view: bool = False) -> Point | None:
    """The point at a path; None when there is none. Replication of copies is only told with the instance view."""
    resource = client.find(path, COMPUTE, params={"$expand": "instanceView"} if instance_view else None)
    return None if resource is None else parse(resource, path)


def parse(resource: Mapping[str, Any], path: str = "") -> Point:
    """A point from its resource, that was read at ``path``; whatever Azure leaves out is None or empty."""
    properties = member(resource, "properties")
    metadata = member(properties, "sourceMetadata")
    storage = member(metadata, "storageProfile")
    system = member(storage, "osDisk")
    security = member(metadata, "securityProfile")
    uefi = member(security, "uefiSettings")
    data = sorted(members(storage.get("dataDisks")), key=lambda disk: number(disk.get("lun")) or 0)
    disks = ([_disk(system, None)] if system else []) + [_disk(disk, whole(disk.get("lun")) or 0) for disk in data]
    point_id = id_of(resource, path)
    source = text(member(properties, "sourceRestorePoint").get("id"))
    zones = metadata.get("zones")
    return Point(
        id=point_id,
        name=text(resource.get("name")) or point_id.rpartition("/")[2],
        collection_id=_parent(point_id),
        time_created=parse_time(properties.get("timeCreated")),
        provisioning_state=str(properties.get("provisioningState") or ""),
        consistency=text(properties.get("consistencyMode")),
        source_point_id=source,
        exclude_disks=tuple(str(disk["id"]) for disk in members(properties.get("excludeDisks")) if disk.get("id")),
        disks=tuple(disks),
        vm_size=text(member(metadata, "hardwareProfile").get("vmSize")),
        os_type=text(system.get("osType")),
        hyper_v_generation=text(metadata.get("hyperVGeneration")),
        security_type=text(security.get("securityType")),
        secure_boot=uefi.get("secureBootEnabled") is True,
        vtpm=uefi.get("vTpmEnabled") is True,
        license_type=text(metadata.get("licenseType")),
        disk_controller_type=text(storage.get("diskControllerType")),
        zones=tuple(zone for zone in zones if isinstance(zone, str)) if isinstance(zones, list) else (),
        replication=_replication(properties.get("instanceView"), disks),
    )


def _disk(disk: Mapping[str, Any], lun: int | None) -> DiskPoint:
    managed = member(disk, "managedDisk")
    point = member(disk, "diskRestorePoint")
    encryption = member(point, "encryption")
    return DiskPoint(
        name=str(disk.get("name") or ""),
        id=text(point.get("id")),
        lun=lun,
        disk_id=text(managed.get("id")),
        size_gb=whole(disk.get("diskSizeGB")),
        sku=text(managed.get("storageAccountType")),
        caching=text(disk.get("caching")),
        source_id=text(member(point, "sourceDiskRestorePoint").get("id")),
        write_accelerator=disk.get("writeAcceleratorEnabled") is True,
        encryption_type=text(encryption.get("type")),
        encryption_set_id=text(member(encryption, "diskEncryptionSet").get("id")),
    )


def _replication(view: Any, disks: Iterable[DiskPoint]) -> tuple[DiskReplication, ...] | None:
    if not isinstance(view, Mapping):
        return None
    names = {disk.id.lower(): disk.name for disk in disks if disk.id}
    found = []
    for entry in members(view.get("diskRestorePoints")):
        entry_id = str(entry.get("id") or "")
        status = member(entry, "replicationStatus")
        name = names.get(entry_id.lower()) or entry_id.rpartition("/")[2]
        found.append(DiskReplication(name, entry_id, number(status.get("completionPercent")), str(member(status, "status").get("code") or "")))
    return tuple(found)


def _parent(point_id: str) -> str:
    return point_id.rsplit("/", 2)[0] if point_id.count("/") > 2 else ""
