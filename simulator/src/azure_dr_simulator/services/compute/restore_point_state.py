# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated compute service knows of restore points: collections, points, their disks, and how far a copy is.

A copy between regions has no job: its disks replicate in the background, each at its own pace, and what Azure tells of it
is refreshed every ten minutes. `Replication` is a pure function of the time, so nothing has to be scheduled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Iterator

from ...estate import Guest
from ...store import Store
from ...world import World

GB_PER_HOUR = 360.0
"""How fast a disk is copied unless the estate says otherwise (100 MB a second)."""
REFRESH = timedelta(minutes=10)
"""Azure refreshes the progress of a copy about this often."""
LONGEST_COPY = timedelta(days=14)
"""Azure gives up a copy after two weeks."""
INCREMENT = 0.1
"""The part of a disk that a copy has to carry when an earlier one is there: an assumption."""


@dataclass
class Replication:
    """The background copy of one disk."""

    started: datetime
    seconds: float
    """Virtual seconds that the whole copy takes."""
    fails: bool = False
    """It breaks half way."""
    stuck: bool = False
    """It never gets further than half way."""
    broken: datetime | None = None
    """When its source went away."""

    def done(self, now: datetime) -> bool:
        """Whether the data is there, whatever Azure shows."""
        end = self.started + timedelta(seconds=self.seconds)
        return (
            not (self.fails or self.stuck)
            and self.broken is None
            and now >= end
            and self.seconds < LONGEST_COPY.total_seconds()
        )

    def seen(self, now: datetime) -> tuple[str, int | None]:
        """(state, percent) as of the last refresh: `pending`, `inprogress`, `succeeded` or `failed`, which has no percentage."""
        shown = REFRESH * ((now - self.started) // REFRESH)
        elapsed = shown.total_seconds()
        half = self.seconds / 2
        if self.broken is not None and self.started + shown >= self.broken:
            return "failed", None
        if (self.fails and elapsed >= half) or shown >= LONGEST_COPY and not self.done(self.started + LONGEST_COPY):
            return "failed", None
        if elapsed <= 0:
            return "pending", 0
        if elapsed >= self.seconds and not self.stuck:
            return "succeeded", 100
        return "inprogress", min(50 if self.stuck else 99, int(100 * elapsed / self.seconds))


@dataclass
class DiskRestorePoint:
    """One disk of a restore point."""

    name: str
    """`{disk}_{guid}`."""
    lun: int | None
    """None is the system disk."""
    disk_id: str
    disk_name: str
    size_gb: int
    sku: str
    caching: str
    os_type: str = ""
    hyper_v_generation: str = ""
    security_type: str = ""
    source_unique_id: str = ""
    family_id: str = ""
    encryption: dict[str, Any] = field(default_factory=dict)
    source_id: str = ""
    """Of a copy: the disk restore point it was copied from."""
    network_access_policy: str = "AllowAll"
    gb_per_hour: float = GB_PER_HOUR
    copy_fails: bool = False
    replication: Replication | None = None
    """None on disks that were not copied from another region."""
    access: list[tuple[str, datetime]] = field(default_factory=list)
    """SAS URLs given out, with their end."""
    guest: Guest = Guest()


@dataclass
class RestorePoint:
    name: str
    collection: RestorePointCollection
    metadata: dict[str, Any]
    """sourceMetadata without its storage profile, as it is answered."""
    disks: list[DiskRestorePoint]
    consistency: str = ""
    """As it is answered: empty until it is known."""
    excluded: list[str] = field(default_factory=list)
    """Ids of the disks that the caller left out."""
    left_out_os_disk: DiskRestorePoint | None = None
    provisioning_state: str = "Creating"
    time_created: datetime | None = None
    source_id: str = ""
    """Of a copy: the point it was copied from."""
    operation_id: str = ""
    """Of its creation."""
    instant_access_minutes: int | None = None

    @property
    def id(self) -> str:
        return f"{self.collection.id}/restorePoints/{self.name}"

    def disk_id(self, disk: DiskRestorePoint) -> str:
        return f"{self.id}/diskRestorePoints/{disk.name}"

    def disk(self, name: str) -> DiskRestorePoint | None:
        """A disk that can be named: those of a point that is being made have no ids yet."""
        named = self.disks if self.provisioning_state in ("Succeeded", "Deleting") else []
        return next((disk for disk in named if disk.name.lower() == name.lower()), None)


@dataclass
class RestorePointCollection:
    subscription_id: str
    resource_group: str
    name: str
    location: str
    source_id: str
    """A VM, or for copies the collection in the other region."""
    source_location: str
    guid: str
    tags: dict[str, str] = field(default_factory=dict)
    provisioning_state: str = "Succeeded"
    time_created: datetime | None = None
    instant_access: bool | None = None
    points: dict[str, RestorePoint] = field(default_factory=dict)
    """By name in lower case, in the order of their creation."""

    @property
    def id(self) -> str:
        root = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{root}/providers/Microsoft.Compute/restorePointCollections/{self.name}"

    @property
    def is_copy(self) -> bool:
        return "/restorepointcollections/" in self.source_id.lower()


class RestorePointState:
    def __init__(self) -> None:
        self.collections: Store[RestorePointCollection] = Store()

    def points(self) -> Iterator[RestorePoint]:
        for collection in self.collections:
            yield from list(collection.points.values())

    def points_of_vm(self, vm_id: str) -> list[RestorePoint]:
        """Points taken of a VM in all collections; copies do not count."""
        return [
            point
            for point in self.points()
            if not point.source_id and point.collection.source_id.lower() == vm_id.lower()
        ]

    def copies_of(self, point_id: str) -> list[RestorePoint]:
        return [point for point in self.points() if point.source_id.lower() == point_id.lower()]

    def point_by_id(self, resource_id: str) -> RestorePoint | None:
        """The point of a restore point's id, or of one of its disks' ids."""
        parts = resource_id.strip("/").split("/")
        if len(parts) < 10 or parts[6].lower() != "restorepointcollections" or parts[8].lower() != "restorepoints":
            return None
        collection = self.collections.by_id(resource_id)
        return None if collection is None else collection.points.get(parts[9].lower())

    def disk_by_id(self, resource_id: str) -> tuple[RestorePoint, DiskRestorePoint] | None:
        """The disk restore point of an id."""
        parts = resource_id.strip("/").split("/")
        point = self.point_by_id(resource_id)
        disk = point.disk(parts[11]) if point is not None and len(parts) == 12 else None
        return None if point is None or disk is None else (point, disk)


def is_disk_restore_point(resource_id: str) -> bool:
    """Whether an id has the form of a disk restore point's."""
    return "/restorepointcollections/" in resource_id.lower() and "/diskrestorepoints/" in resource_id.lower()


def remove_point(world: World, point: RestorePoint) -> None:
    """Deletes a point; copies of it that are not complete lose their source."""
    points = point.collection.points
    if points.get(point.name.lower()) is not point:
        return  # It was deleted twice, and another has its name by now.
    del points[point.name.lower()]
    now = world.now()
    for copy in world.state(RestorePointState).copies_of(point.id):
        for disk in copy.disks:
            if disk.replication is not None and disk.replication.broken is None and not disk.replication.done(now):
                disk.replication.broken = now


def remove_collection(world: World, collection: RestorePointCollection) -> None:
    """Deletes a collection with all points inside."""
    collections = world.state(RestorePointState).collections
    if collections.by_id(collection.id) is not collection:
        return
    for point in list(collection.points.values()):
        remove_point(world, point)
    collections.remove(collection)


def dump(world: World) -> list[dict[str, Any]]:
    """For the control port."""
    now = world.now()
    return [
        {
            "id": collection.id,
            "location": collection.location,
            "source": collection.source_id,
            "provisioningState": collection.provisioning_state,
            "tags": collection.tags,
            "restorePoints": [_dumped(point, now) for point in collection.points.values()],
        }
        for collection in world.state(RestorePointState).collections
    ]


def _dumped(point: RestorePoint, now: datetime) -> dict[str, Any]:
    disks = []
    for disk in point.disks:
        state, percent = disk.replication.seen(now) if disk.replication else ("succeeded", 100)
        disks.append(
            {
                "name": disk.disk_name,
                "lun": disk.lun,
                "sizeGB": disk.size_gb,
                "replicationState": state,
                "completionPercent": percent,
                "complete": disk.replication is None or disk.replication.done(now),
            }
        )
    return {
        "id": point.id,
        "provisioningState": point.provisioning_state,
        "consistencyMode": point.consistency,
        "timeCreated": point.time_created.isoformat() if point.time_created else None,
        "source": point.source_id,
        "disks": disks,
    }


def credentials(world: World) -> Iterator[str]:
    """SAS URLs of disk restore points."""
    for point in world.state(RestorePointState).points():
        for disk in point.disks:
            yield from (url for url, _end in disk.access)


def inventory(world: World, subscription_id: str) -> Iterator[dict[str, Any]]:
    """For lists of all resources; points are no resources of their own there."""
    for collection in world.state(RestorePointState).collections.within(subscription_id):
        yield {
            "id": collection.id,
            "name": collection.name,
            "type": "Microsoft.Compute/restorePointCollections",
            "location": collection.location,
            "tags": collection.tags,
            "_created": collection.time_created,
            "_state": collection.provisioning_state,
        }


def clean(world: World, subscription_id: str, resource_group: str) -> None:
    """Empties a resource group that is deleted."""
    for collection in world.state(RestorePointState).collections.within(subscription_id, resource_group):
        remove_collection(world, collection)
