# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of restore points to another region: the rules, and the background replication of each disk.

The rules are documented, the codes of the refusals are not: they are Compute's usual ones.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Mapping

from ...bodies import region_of
from ...gate.faults import JobFaults
from ...routing import Call
from .behaviour import invalid, member, missing, refused
from .restore_point_collections import counted
from .restore_point_state import (
    INCREMENT,
    DiskRestorePoint,
    Replication,
    RestorePoint,
    RestorePointCollection,
    RestorePointState,
)
from .restore_point_views import upper_group

COPY_SECONDS = 6.0
"""The operation only starts the copy; the disks replicate afterwards."""
_ENCRYPTIONS = (
    "EncryptionAtRestWithPlatformKey",
    "EncryptionAtRestWithCustomerKey",
    "EncryptionAtRestWithPlatformAndCustomerKeys",
)


def new_copy(
    call: Call, collection: RestorePointCollection, properties: Mapping[str, Any]
) -> tuple[RestorePoint, dict[str, str]]:
    """The copy that a PUT asks for, and the counter of copies. Raises AzureError when a rule forbids it."""
    for name in ("consistencyMode", "excludeDisks"):
        if properties.get(name):
            raise invalid(
                name, f"Parameter '{name}' is not allowed for a copy: it is that of the source restore point."
            )
    encryptions = _encryptions(properties)
    source = _source(call, properties, encryptions)
    _check_rules(call, collection, source)
    unknown = set(encryptions) - {source.disk_id(disk).lower() for disk in source.disks}
    if unknown:
        raise invalid("sourceDiskRestorePoint", f"'{sorted(unknown)[0]}' is no disk of restore point '{source.name}'.")
    hourly = counted(call, "copy", collection.id)
    point = RestorePoint(
        name=call.vars["point"],
        collection=collection,
        metadata=source.metadata,
        disks=[],
        consistency=source.consistency,
        excluded=list(source.excluded),
        left_out_os_disk=source.left_out_os_disk,
        time_created=source.time_created,
        source_id=source.id,
    )
    start = call.world.now() + timedelta(seconds=COPY_SECONDS)
    for disk in source.disks:
        encryption = encryptions.get(source.disk_id(disk).lower())
        copied = copied_disk(source, disk, f"{disk.disk_name}_{call.world.new_id()}", encryption)
        whole = not has_earlier_copy(call, collection, disk)
        copied.replication = replication(disk, start, whole=whole)
        _bend(call, source, disk, copied.replication)
        point.disks.append(copied)
    return point, hourly


def copied_disk(
    source: RestorePoint, disk: DiskRestorePoint, name: str, encryption: dict[str, Any] | None = None
) -> DiskRestorePoint:
    """The target's disk. Without a key of its own region it is encrypted with the platform's."""
    return DiskRestorePoint(
        name=name,
        lun=disk.lun,
        disk_id=disk.disk_id,
        disk_name=disk.disk_name,
        size_gb=disk.size_gb,
        sku=disk.sku,
        caching=disk.caching,
        os_type=disk.os_type,
        hyper_v_generation=disk.hyper_v_generation,
        security_type=disk.security_type,
        source_unique_id=disk.source_unique_id,
        family_id=disk.family_id,
        encryption=encryption or {"type": _ENCRYPTIONS[0]},
        source_id=source.disk_id(disk),
        network_access_policy=disk.network_access_policy,
        gb_per_hour=disk.gb_per_hour,
        copy_fails=disk.copy_fails,
        guest=disk.guest,
    )


def has_earlier_copy(call: Call, collection: RestorePointCollection, disk: DiskRestorePoint) -> bool:
    """Whether only the changes have to be carried: an earlier copy of the disk is there, and so is its source."""
    now = call.world.now()
    state = call.world.state(RestorePointState)
    return any(
        copied.disk_id.lower() == disk.disk_id.lower()
        and copied.replication is not None
        and copied.replication.done(now)
        and state.disk_by_id(copied.source_id) is not None
        for point in collection.points.values()
        for copied in point.disks
    )


def replication(disk: DiskRestorePoint, started: datetime, *, whole: bool) -> Replication:
    """The background copy of a disk."""
    size = disk.size_gb * (1.0 if whole else INCREMENT)
    return Replication(started, size / disk.gb_per_hour * 3600, fails=disk.copy_fails)


def _bend(call: Call, source: RestorePoint, disk: DiskRestorePoint, copy: Replication) -> None:
    """A scripted fault of the operation `CopyDisk`, matched by `{vm}/{disk}`."""
    vm = source.collection.source_id.rsplit("/", 1)[-1]
    fault = call.world.state(JobFaults).take("CopyDisk", f"{vm}/{disk.disk_name}")
    if fault is not None:
        copy.stuck = fault.kind == "stuck"
        copy.fails = copy.fails or fault.kind == "failed"


def _source(call: Call, properties: Mapping[str, Any], encryptions: Mapping[str, Any]) -> RestorePoint:
    """The point to copy: `sourceRestorePoint`, or the one whose disks the storage profile names."""
    source_id = str(member(properties, "sourceRestorePoint", "id") or "")
    named = source_id or next(iter(encryptions), "")
    if not named:
        raise invalid(
            "sourceRestorePoint",
            "Required parameter 'sourceRestorePoint' is missing (null): the source of the restore point collection is a restore point "
            "collection.",
        )
    found = call.world.state(RestorePointState).point_by_id(named)
    if found is None or found.provisioning_state == "Deleting":
        raise missing(named)
    return found


def _check_rules(call: Call, collection: RestorePointCollection, source: RestorePoint) -> None:
    state = call.world.state(RestorePointState)
    if source.source_id:
        raise invalid("sourceRestorePoint", f"Restore point '{source.id}' is a copy. Copying a copy is not supported.")
    if source.collection.id.lower() != collection.source_id.lower():
        raise invalid(
            "sourceRestorePoint",
            f"Restore point '{source.id}' is not in the source restore point collection '{collection.source_id}'.",
        )
    if source.provisioning_state != "Succeeded":
        raise refused(
            f"Operation 'Copy Restore Point' is not allowed because the source restore point '{source.name}' is in provisioning state "
            f"'{source.provisioning_state}'."
        )
    region = region_of(collection.location)
    same_region = [copy for copy in state.copies_of(source.id) if region_of(copy.collection.location) == region]
    if same_region:
        raise refused(
            f"Restore point '{source.name}' was already copied to region '{region}' as '{same_region[0].id}'. Only one copy of a restore "
            "point is allowed in a region."
        )
    newest = max((point.time_created for point in collection.points.values() if point.time_created), default=None)
    if newest is not None and source.time_created is not None and source.time_created < newest:
        raise refused(
            f"Restore point '{source.name}' is older than a restore point that was already copied. Restore points must be copied in "
            "chronological order."
        )
    if any(disk.network_access_policy == "AllowPrivate" for disk in source.disks):
        raise refused("Copying restore points of disks with private links is not supported.")


def _encryptions(properties: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Source disk restore point (lower case) -> encryption asked for; empty where none is."""
    profile: Any = member(properties, "sourceMetadata", "storageProfile") or {}
    disks = [profile.get("osDisk"), *(profile.get("dataDisks") or [])]
    found: dict[str, dict[str, Any]] = {}
    for disk in disks:
        given: Any = member(disk, "diskRestorePoint")
        if not isinstance(given, dict):
            continue
        source_id = str(member(given, "sourceDiskRestorePoint", "id") or "")
        if not source_id:
            raise invalid(
                "sourceDiskRestorePoint",
                "Required parameter 'diskRestorePoint.sourceDiskRestorePoint.id' is missing (null).",
            )
        found[source_id.lower()] = _encryption(given.get("encryption"))
    return found


def _encryption(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}
    kinds = {kind.lower(): kind for kind in _ENCRYPTIONS}
    kind = kinds.get(str(given.get("type", "")).lower())
    if kind is None:
        raise invalid("encryption.type", f"The value '{given.get('type')}' of parameter 'encryption.type' is invalid.")
    if kind == _ENCRYPTIONS[0]:
        return {"type": kind}
    encryption_set = str(member(given, "diskEncryptionSet", "id") or "")
    if not encryption_set:
        raise invalid(
            "encryption.diskEncryptionSet", f"Required parameter 'diskEncryptionSet.id' is missing (null) for {kind}."
        )
    return {"type": kind, "diskEncryptionSet": {"id": upper_group(encryption_set)}}
