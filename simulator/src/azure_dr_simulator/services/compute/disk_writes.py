# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PUT and PATCH of managed disks."""

from __future__ import annotations

from typing import Any, Mapping

from ...bodies import region_of
from ...estate import Guest
from ...gate.resource_limits import ResourceLimits
from ...replies import AzureError, Reply
from ...routing import Call
from .behaviour import DISK_SECONDS, begin, invalid, member, missing, need_disk
from .restore_point_state import RestorePointState, is_disk_restore_point
from .state import ComputeState, Disk
from .views import disk_view

_CREATE_OPTIONS = ("Empty", "Copy", "CopyStart", "Restore", "FromImage", "Import", "Upload")
_OWN = (
    "creationData",
    "diskSizeGB",
    "encryption",
    "networkAccessPolicy",
    "diskAccessId",
    "osType",
    "hyperVGeneration",
    "securityProfile",
    "provisioningState",
    "diskState",
    "timeCreated",
    "uniqueId",
)


def put_disk(call: Call) -> Reply:
    """202 with both async headers for a new disk, 200 for an update."""
    body = call.body if isinstance(call.body, dict) else {}
    state = call.world.state(ComputeState)
    existing = state.disks.get(call.vars["subscription"], call.vars["group"], call.vars["disk"])
    counters = call.world.state(ResourceLimits).take(call.world, "put_disk", call.vars["subscription"], call.raw_path)
    if existing is not None:
        _check_same_source(existing, body)
        _update(existing, body)
        return Reply(200, disk_view(existing), counters)
    disk = state.disks.put(_new_disk(call, body))

    def done() -> None:
        disk.provisioning_state = "Succeeded"

    _, headers = begin(call, disk.location, DISK_SECONDS, done, output=disk.id, result=disk.id, kind="DiskOperations")
    return Reply(202, disk_view(disk), {**headers, **counters})


def patch_disk(call: Call) -> Reply:
    """200: what is named is replaced."""
    disk = need_disk(call)
    _update(disk, call.body if isinstance(call.body, dict) else {})
    return Reply(200, disk_view(disk))


def _new_disk(call: Call, body: Mapping[str, Any]) -> Disk:
    location = region_of(body.get("location"))
    if not location:
        raise invalid("location", "Required parameter 'location' is missing (null).")
    option = str(member(body, "properties", "creationData", "createOption") or "")
    known = {one.lower(): one for one in _CREATE_OPTIONS}
    if option.lower() not in known:
        raise invalid(
            "disk.creationData.createOption",
            "Required parameter 'disk.creationData.createOption' is missing or unknown.",
        )
    option = known[option.lower()]
    source_id = str(member(body, "properties", "creationData", "sourceResourceId") or "")
    if option in ("Copy", "CopyStart", "Restore") and not source_id:
        raise invalid(
            "disk.creationData.sourceResourceId",
            f"Required parameter 'disk.creationData.sourceResourceId' is missing (null) for {option}.",
        )
    source = call.world.state(ComputeState).disks.by_id(source_id) if option == "Copy" else None
    if option == "Copy" and "/disks/" in source_id.lower() and source is None:
        raise AzureError(404, "ResourceNotFound", f"The source resource {source_id} was not found.")
    size = member(body, "properties", "diskSizeGB") or (source.size_gb if source else None)
    if option == "Empty" and not size:
        raise invalid("disk.diskSizeGB", "Required parameter 'disk.diskSizeGB' is missing (null).")
    disk = Disk(
        subscription_id=call.vars["subscription"],
        resource_group=call.vars["group"],
        name=call.vars["disk"],
        location=location,
        size_gb=int(size or 30),
        sku=str(member(body, "sku", "name") or "Standard_LRS"),
        zones=[str(zone) for zone in body.get("zones") or []],
        os_type=str(member(body, "properties", "osType") or (source.os_type if source else "")),
        create_option=option,
        source_resource_id=source_id,
        provisioning_state="Updating",
        time_created=call.world.now(),
        unique_id=call.world.new_id(),
        guest=source.guest if source else Guest(),
    )
    if option == "Restore" and is_disk_restore_point(source_id):
        from_restore_point(call, disk, source_id, member(body, "properties", "diskSizeGB"))
    _update(disk, body)
    return disk


def from_restore_point(call: Call, disk: Disk, source_id: str, size: Any = None) -> None:
    """Gives a new disk what its disk restore point has. Raises AzureError when it cannot be made from that.

    Whether the restore point was copied wholly is not looked at: Azure leaves that to the caller.
    """
    found = call.world.state(RestorePointState).disk_by_id(source_id)
    if found is None:
        raise missing(source_id)
    point, source = found
    if region_of(point.collection.location) != region_of(disk.location):
        raise invalid(
            "disk.creationData.sourceResourceId",
            f"Disk '{disk.name}' cannot be created in location '{disk.location}' from a disk restore point in location "
            f"'{point.collection.location}'. The source and the disk must be in the same location.",
            "BadRequest",
        )
    if size is not None and int(size) < source.size_gb:
        raise invalid("disk.diskSizeGB", f"The disk cannot be smaller than its source, which has {source.size_gb} GB.")
    disk.size_gb = int(size or source.size_gb)
    disk.os_type = source.os_type or disk.os_type
    disk.hyper_v_generation = source.hyper_v_generation or disk.hyper_v_generation
    disk.security_type = source.security_type
    disk.guest = source.guest
    disk.gb_per_hour, disk.copy_fails = source.gb_per_hour, source.copy_fails
    disk.incomplete = source.replication is not None and not source.replication.done(call.world.now())


def _update(disk: Disk, body: Mapping[str, Any]) -> None:
    properties = body.get("properties") or {}
    if "tags" in body:
        disk.tags = {str(key): str(value) for key, value in (body["tags"] or {}).items()}
    size = properties.get("diskSizeGB")
    if size is not None and int(size) < disk.size_gb:
        raise invalid("disk.diskSizeGB", "Shrinking of a disk is not supported.", "OperationNotAllowed")
    disk.size_gb = int(size or disk.size_gb)
    disk.sku = str(member(body, "sku", "name") or disk.sku)
    disk.disk_encryption_set_id = str(
        member(properties, "encryption", "diskEncryptionSetId") or disk.disk_encryption_set_id
    )
    disk.network_access_policy = str(properties.get("networkAccessPolicy") or disk.network_access_policy)
    disk.disk_access_id = str(properties.get("diskAccessId") or disk.disk_access_id)
    disk.extra.update({name: value for name, value in properties.items() if name not in _OWN})


def _check_same_source(disk: Disk, body: Mapping[str, Any]) -> None:
    """How a disk was made cannot be changed afterwards."""
    option: Any = member(body, "properties", "creationData", "createOption")
    source: Any = member(body, "properties", "creationData", "sourceResourceId")
    if option and str(option).lower() != disk.create_option.lower():
        raise AzureError(
            409,
            "PropertyChangeNotAllowed",
            "Changing property 'creationData.createOption' is not allowed.",
            extra={"target": "creationData.createOption"},
        )
    if source and str(source).lower() != disk.source_resource_id.lower():
        raise AzureError(
            409,
            "PropertyChangeNotAllowed",
            "Changing property 'creationData.sourceResourceId' is not allowed.",
            extra={"target": "creationData.sourceResourceId"},
        )
