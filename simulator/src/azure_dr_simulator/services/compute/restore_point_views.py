# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of restore point collections, restore points and their disks, as Compute api-version 2024-11-01 answers.

`instanceView` is in no recording: it is as in Azure's published examples and models.
"""

from __future__ import annotations

from typing import Any

from ...world import World
from .restore_point_state import DiskRestorePoint, RestorePoint, RestorePointCollection
from .views import compute_time

_CANARIES = {"eastus2euap": "EastUS2EUAP", "centraluseuap": "CentralUSEUAP"}
_INSTANT_ACCESS = "2025-04-01"
"""The API version from which on snapshots have an access state."""
_SHOWN_STATES = {
    # code -> (level, text); only `succeeded` is documented.
    "pending": ("Info", "Replication pending"),
    "inprogress": ("Info", "Replication in progress"),
    "succeeded": ("Info", "Replication succeeded"),
    "failed": ("Error", "Replication failed"),
}


def shown_location(location: str) -> str:
    """Compute spells some regions in mixed case."""
    return _CANARIES.get(location, location)


def upper_group(resource_id: str) -> str:
    """The id with its resource group in upper case, as Compute stores some ids."""
    parts = resource_id.split("/")
    return "/".join([*parts[:4], parts[4].upper(), *parts[5:]]) if len(parts) > 4 else resource_id


def collection_view(
    collection: RestorePointCollection, world: World, *, points: bool = False, version: str = "", shouted: bool = False
) -> dict[str, Any]:
    """`shouted`: with the group in upper case, as the list of a whole subscription answers."""
    properties: dict[str, Any] = {
        "source": {"location": shown_location(collection.source_location), "id": collection.source_id},
        "restorePointCollectionId": collection.guid,
    }
    if points:
        properties["restorePoints"] = [point_view(point, world) for point in collection.points.values()]
    if collection.instant_access is not None and version >= _INSTANT_ACCESS:
        properties["instantAccess"] = collection.instant_access
    properties["provisioningState"] = collection.provisioning_state
    view: dict[str, Any] = {
        "name": collection.name,
        "id": upper_group(collection.id) if shouted else collection.id,
        "type": "Microsoft.Compute/restorePointCollections",
        "location": collection.location,
    }
    if collection.tags:
        view["tags"] = dict(collection.tags)
    return {**view, "properties": properties}


def point_view(point: RestorePoint, world: World, *, instance_view: bool = False, version: str = "") -> dict[str, Any]:
    properties: dict[str, Any] = {}
    if point.excluded:
        properties["excludeDisks"] = [{"id": disk_id} for disk_id in point.excluded]
    metadata = dict(point.metadata)
    after = {
        name: metadata.pop(name) for name in tuple(metadata) if name not in ("vmId", "location", "hardwareProfile")
    }
    properties["sourceMetadata"] = {**metadata, "storageProfile": _storage_profile(point), **after}
    properties["provisioningState"] = point.provisioning_state
    if point.consistency:
        properties["consistencyMode"] = point.consistency
    if point.source_id:
        properties["sourceRestorePoint"] = {"id": point.source_id}
    if point.instant_access_minutes is not None and version >= _INSTANT_ACCESS:
        properties["instantAccessDurationMinutes"] = point.instant_access_minutes
    properties["timeCreated"] = compute_time(point.time_created)
    if instance_view:
        properties["instanceView"] = _instance_view(point, world, version)
    return {"name": point.name, "id": point.id, "properties": properties}


def disk_point_view(point: RestorePoint, disk: DiskRestorePoint, world: World, version: str) -> dict[str, Any]:
    """As Disks api-version 2025-01-02; what tells of a replication is on copies only."""
    properties: dict[str, Any] = {
        "timeCreated": compute_time(point.time_created),
        "sourceResourceId": disk.source_id or disk.disk_id,
        "familyId": disk.family_id,
        "sourceUniqueId": disk.source_unique_id,
        "encryption": _disk_encryption(disk),
        "networkAccessPolicy": disk.network_access_policy,
        "publicNetworkAccess": "Enabled" if disk.network_access_policy == "AllowAll" else "Disabled",
    }
    if disk.os_type:
        properties.update(osType=disk.os_type, hyperVGeneration=disk.hyper_v_generation)
    if disk.security_type:
        properties["securityProfile"] = {"securityType": disk.security_type}
    if disk.replication is not None:
        state, percent = disk.replication.seen(world.now())
        names = {"pending": "Pending", "inprogress": "InProgress", "succeeded": "Succeeded", "failed": "Failed"}
        properties["replicationState"] = names[state]
        if percent is not None:
            properties["completionPercent"] = float(percent)
        properties["sourceResourceLocation"] = shown_location(point.collection.source_location)
    if version >= _INSTANT_ACCESS:
        properties["snapshotAccessState"] = _access_state(disk, world)
    return {"id": point.disk_id(disk), "name": disk.name, "properties": properties}


def disk_attributes(point: RestorePoint, disk: DiskRestorePoint) -> dict[str, Any]:
    """A disk's `diskRestorePoint` in the storage profile."""
    source = {"sourceDiskRestorePoint": {"id": disk.source_id}} if disk.source_id else {}
    return {**source, "encryption": disk.encryption, "id": point.disk_id(disk)}


def _storage_profile(point: RestorePoint) -> dict[str, Any]:
    profile: dict[str, Any] = {}
    # What Azure shows of disks that were left out is not recorded. Here a data disk is absent, and the system disk
    # stays without a disk restore point, because it tells the operating system.
    if point.left_out_os_disk is not None:
        profile["osDisk"] = _disk_view(point, point.left_out_os_disk, named=False)
    named = point.provisioning_state in ("Succeeded", "Deleting")
    for disk in point.disks:
        if disk.lun is None:
            profile["osDisk"] = _disk_view(point, disk, named=named)
    profile["dataDisks"] = [_disk_view(point, disk, named=named) for disk in point.disks if disk.lun is not None]
    profile["diskControllerType"] = "SCSI"
    return profile


def _disk_view(point: RestorePoint, disk: DiskRestorePoint, *, named: bool) -> dict[str, Any]:
    view: dict[str, Any] = {"osType": disk.os_type} if disk.lun is None else {"lun": disk.lun}
    view.update(
        name=disk.disk_name,
        diskSizeGB=disk.size_gb,
        caching=disk.caching,
        managedDisk={"storageAccountType": disk.sku, "id": disk.disk_id},
    )
    if named:
        view["diskRestorePoint"] = disk_attributes(point, disk)
    return view


def _instance_view(point: RestorePoint, world: World, version: str) -> dict[str, Any]:
    if point.provisioning_state not in ("Succeeded", "Deleting"):
        state = "failed" if point.provisioning_state == "Failed" else "pending"
        return {"statuses": [_status(state)]}
    disks = []
    states = []
    for disk in point.disks:
        state, percent = disk.replication.seen(world.now()) if disk.replication else ("succeeded", 100)
        states.append(state)
        replication: dict[str, Any] = {"status": _status(state)}
        if percent is not None:
            replication["completionPercent"] = percent
        shown: dict[str, Any] = {"id": point.disk_id(disk), "replicationStatus": replication}
        if version >= _INSTANT_ACCESS:
            shown["snapshotAccessState"] = _access_state(disk, world)
        disks.append(shown)
    # One state for all: the worst that any disk is in.
    worst = next((state for state in ("failed", "inprogress", "pending") if state in states), "succeeded")
    if worst == "pending" and "succeeded" in states:
        worst = "inprogress"
    return {"diskRestorePoints": disks, "statuses": [_status(worst)]}


def _status(state: str) -> dict[str, str]:
    level, text = _SHOWN_STATES[state]
    return {"code": f"ReplicationState/{state}", "level": level, "displayStatus": text}


def _access_state(disk: DiskRestorePoint, world: World) -> str:
    return "Available" if disk.replication is None or disk.replication.done(world.now()) else "Pending"


def _disk_encryption(disk: DiskRestorePoint) -> dict[str, Any]:
    """The Disks API has the id of the encryption set where the Compute API has an object."""
    encryption_set = (disk.encryption.get("diskEncryptionSet") or {}).get("id")
    kind = {"type": disk.encryption.get("type", "EncryptionAtRestWithPlatformKey")}
    return {**kind, "diskEncryptionSetId": encryption_set} if encryption_set else kind
