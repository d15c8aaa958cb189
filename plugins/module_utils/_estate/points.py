# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore point collections, their points and copies as entries of the simulator's estate. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable, Mapping

from .._arm.ids import ResourceId
from .._compute.collections import Collection
from .._compute.points import Point
from .._fleet import vm_of_id
from .machines import Names, age_hours, compact
from .left_out import LeftOut

_CONSISTENCIES = ("CrashConsistent", "ApplicationConsistent", "FileSystemConsistent")


def collection_entries(
    collections: Iterable[Collection], machines: Mapping[str, Mapping[str, Any]], names: Names, now: datetime, left_out: LeftOut
) -> list[dict[str, Any]]:
    """Collections of machines first, then those of copies, which refer to them. ``machines``: exported ones by id in lower case."""
    found: list[dict[str, Any]] = []
    known: dict[str, Collection] = {}
    ordered = sorted(collections, key=lambda one: (one.is_copy, one.key))
    for collection in ordered:
        source = known.get(collection.source_id.lower()) if collection.is_copy else None
        machine = machines.get(collection.source_id.lower())
        if collection.is_copy and source is None:
            left_out.add(collection.id, "The collection that its copies are of is not part of the estate, or gone; the simulator needs it.")
            continue
        if not collection.is_copy and machine is None:
            left_out.add(collection.id, "Its machine is not part of the estate, or gone; the simulator needs it.")
            continue
        known[collection.key] = collection
        found.append(_copies(collection, source, names, now, left_out) if source else _points(collection, machine or {}, names, now, left_out))
    return found


def _points(collection: Collection, machine: Mapping[str, Any], names: Names, now: datetime, left_out: LeftOut) -> dict[str, Any]:
    vm = vm_of_id(collection.source_id)
    disks = {str(disk.get("name")).lower(): disk.get("lun") for disk in machine.get("data_disks") or ()}
    points = []
    for point in _finished(collection, left_out):
        excluded = sorted(lun for lun in (disks.get(text.rpartition("/")[2].lower()) for text in point.exclude_disks) if isinstance(lun, int))
        points.append(
            compact(
                {
                    "name": point.name,
                    "age_hours": _age(point, now),
                    "consistency": point.consistency if point.consistency in _CONSISTENCIES else None,
                    "exclude_luns": excluded,
                    "state": "Failed" if point.failed else None,
                }
            )
        )
    return compact(
        {
            **_place(collection, names),
            "vm": vm.name if vm else None,
            "vm_resource_group": vm.group if vm else None,
            "tags": dict(collection.tags),
            "restore_points": points,
        }
    )


def _copies(collection: Collection, source: Collection, names: Names, now: datetime, left_out: LeftOut) -> dict[str, Any]:
    there = {point.key: point.name for point in source.points if point.succeeded}
    points = []
    for point in _finished(collection, left_out):
        original = there.get((point.source_point_id or "").lower())
        points.append(
            compact(
                {
                    "name": point.name,
                    "source": original or (point.source_point_id or "").rpartition("/")[2] or point.name,
                    # What is told of the source only when there is none any more.
                    "age_hours": None if original else _age(point, now),
                    "completion_percent": _percent(point),
                    "fails": True if any(one.failed for one in point.replication or ()) else None,
                }
            )
        )
    return compact(
        {
            **_place(collection, names),
            "location": collection.location,
            "source": source.name,
            "source_resource_group": names.groups.get(source.group.lower(), source.group),
            "tags": dict(collection.tags),
            "restore_points": points,
        }
    )


def _place(collection: Collection, names: Names) -> dict[str, Any]:
    return {"name": collection.name, "resource_group": names.group(ResourceId.parse(collection.id))}


def _finished(collection: Collection, left_out: LeftOut) -> list[Point]:
    """The points that are there, oldest first; those that are being made or go are not in the estate."""
    found = []
    for point in sorted(collection.points, key=lambda one: one.age):
        if point.succeeded or (point.failed and not collection.is_copy):
            found.append(point)
        else:
            left_out.add(point.id, f"It is in the state {point.provisioning_state or 'unknown'}; the estate has finished restore points.")
    return found


def _age(point: Point, now: datetime) -> float | None:
    return age_hours(point.time_created, now) if point.time_created else None


def _percent(point: Point) -> float | None:
    """How far the slowest disk is; a copy of which Azure says nothing counts as complete."""
    told = [100.0 if one.done else (one.percent or 0.0) for one in point.replication or () if not one.failed]
    return round(min(told), 1) if told else (None if point.replication else 100.0)
