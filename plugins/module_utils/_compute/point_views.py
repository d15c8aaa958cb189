# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that turns a restore point into output: nothing of its sourceMetadata passes that is not named here."""

from __future__ import annotations

from typing import Any

from .._arm.timestamps import format_time
from .collections import Collection
from .points import CRASH, DiskPoint, DiskReplication, Point

_CONSISTENCY = {CRASH.lower(): "crash", "filesystemconsistent": "file_system", "applicationconsistent": "application"}


def consistency_of(point: Point) -> str | None:
    """``application``, ``file_system`` or ``crash``; None as long as Azure does not tell."""
    return _CONSISTENCY.get((point.consistency or "").lower())


def point_facts(point: Point) -> dict[str, Any]:
    """The facts of a point for results. ``replication`` is there when the instance view was read; without it, nobody knows whether a copy
    is ``usable`` (None)."""
    unknown = point.succeeded and point.is_copy and point.replication is None
    facts: dict[str, Any] = {
        "id": point.id,
        "name": point.name,
        "collection_id": point.collection_id,
        "time": format_time(point.time_created) if point.time_created else None,
        "provisioning_state": point.provisioning_state,
        "consistency": consistency_of(point),
        "usable": None if unknown else point.usable,
        "source_restore_point_id": point.source_point_id,
        "excluded_disks": list(point.exclude_disks),
        "vm_size": point.vm_size,
        "os_type": point.os_type,
        "security_type": point.security_type,
        "disks": [disk_facts(disk) for disk in point.disks],
    }
    if point.replication is not None:
        facts["replication"] = [replication_facts(entry) for entry in point.replication]
    return facts


def disk_facts(disk: DiskPoint) -> dict[str, Any]:
    """``lun`` is None for the system disk; ``id`` is None as long as the point is being made."""
    return {
        "name": disk.name,
        "id": disk.id,
        "lun": disk.lun,
        "disk_id": disk.disk_id,
        "size_gb": disk.size_gb,
        "sku": disk.sku,
    }


def replication_facts(entry: DiskReplication) -> dict[str, Any]:
    """How far one disk is; ``percent`` is None when Azure tells none."""
    return {"disk": entry.disk, "id": entry.id, "percent": entry.percent, "state": entry.state or None, "done": entry.done, "failed": entry.failed}


def collection_facts(collection: Collection) -> dict[str, Any]:
    """The facts of a collection for results."""
    return {
        "id": collection.id,
        "name": collection.name,
        "resource_group": collection.group,
        "location": collection.location,
        "source_id": collection.source_id,
        "source_location": collection.source_location,
        "vm_id": collection.source_vm,
        "tags": dict(collection.tags),
    }
