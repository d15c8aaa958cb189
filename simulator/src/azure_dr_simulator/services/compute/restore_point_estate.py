# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate's `restore_point_collections`: which restore points and copies there are when the simulator starts.

```yaml
restore_point_collections:
  - name: rpc-db-01
    resource_group: rg-prod
    vm: db-01                          # a VM of the estate; the collection is in its region
    vm_resource_group: rg-prod         # the collection's resource group by default
    tags: {owner: backup}
    restore_points:
      - {name: monday, age_hours: 48}
      - {name: tuesday, age_hours: 24, consistency: CrashConsistent, exclude_luns: [1], state: Succeeded}    # or Failed
  - name: rpc-db-01-dr
    resource_group: rg-dr-secondary
    location: southeastasia            # paired_location by default
    source: rpc-db-01                  # a collection above
    source_resource_group: rg-prod     # the collection's resource group by default
    restore_points:
      - {name: monday, source: monday, copied_hours_ago: 40}   # the copy began then; how far it is, its disks' speed tells
      - {name: tuesday, completion_percent: 40}                # instead: as far as that, going on at about its disks' speed
      - {name: wednesday, fails: true}                         # the copy broke
      - {name: sunday, age_hours: 160, completion_percent: 100}   # with an age: its source was deleted since
```

How fast a disk is copied is with the disk: `virtual_machines[].os_disk_copy` and `data_disks[].copy`, each with
`gb_per_hour` (360) and `fails` (false).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ...bodies import region_of
from ...estate import Estate, EstateError
from ...estate_reader import Reader
from ...world import World
from .restore_point_copies import copied_disk, replication
from .restore_point_state import REFRESH, Replication, RestorePoint, RestorePointCollection, RestorePointState
from .restore_points import disk_point, source_metadata
from .state import ComputeState

_CONSISTENCIES = ("", "CrashConsistent", "ApplicationConsistent", "FileSystemConsistent")


def load(world: World, estate: Estate) -> None:
    """Makes the estate's collections and points. Raises EstateError, which names the place."""
    groups = {group.name.lower() for group in estate.resource_groups}
    collections = world.state(RestorePointState).collections
    for reader in Reader(estate.raw, "").items("restore_point_collections"):
        group, name = reader.text("resource_group"), reader.text("name")
        if group.lower() not in groups:
            raise EstateError(reader.place("resource_group"), f"'{group}' is not in resource_groups")
        if collections.get(estate.subscription_id, group, name) is not None:
            raise EstateError(reader.place("name"), "exists twice in its resource group")
        source_id, source_location, location = _source(world, estate, reader, group)
        collection = RestorePointCollection(
            subscription_id=estate.subscription_id,
            resource_group=group,
            name=name,
            location=location,
            source_id=source_id,
            source_location=source_location,
            guid=world.new_id(),
            tags=reader.tags(),
            time_created=world.now(),
        )
        for item in reader.items("restore_points"):
            point = _copy(world, collection, item) if collection.is_copy else _point(world, collection, item)
            if point.name.lower() in collection.points:
                raise EstateError(item.place("name"), "exists twice in its collection")
            collection.points[point.name.lower()] = point
            item.done()
        reader.done()
        collections.put(collection)


def _source(world: World, estate: Estate, reader: Reader, group: str) -> tuple[str, str, str]:
    """Id and location of the source, and the collection's location."""
    source = reader.text("source", "")
    if source:
        place = reader.text("source_resource_group", group)
        found = world.state(RestorePointState).collections.get(estate.subscription_id, place, source)
        if found is None or found.is_copy:
            raise EstateError(
                reader.place("source"), f"'{source}' is no collection of a VM above, in resource group '{place}'"
            )
        location = region_of(reader.text("location", estate.paired_location))
        if location == region_of(found.location):
            raise EstateError(reader.place("location"), "must be another region than that of the source")
        return found.id, found.location, location
    place = reader.text("vm_resource_group", group)
    vm = world.state(ComputeState).vms.get(estate.subscription_id, place, reader.text("vm"))
    if vm is None:
        raise EstateError(reader.place("vm"), f"is not in virtual_machines with resource group '{place}'")
    return vm.id, vm.location, region_of(vm.location)


def _point(world: World, collection: RestorePointCollection, item: Reader, name: str = "") -> RestorePoint:
    vm = world.state(ComputeState).vms.by_id(collection.source_id)
    if vm is None:
        raise EstateError(item.place("name"), "its virtual machine is missing")
    left_out = set(item.texts("exclude_luns"))
    usual = "ApplicationConsistent" if vm.os_type == "Windows" else "FileSystemConsistent"
    return RestorePoint(
        name=name or item.text("name"),
        collection=collection,
        metadata=source_metadata(world, vm),
        disks=[disk_point(world, vm, disk) for disk in vm.disks if str(disk.lun) not in left_out],
        consistency=item.choice("consistency", "", _CONSISTENCIES) or usual,
        excluded=[disk.disk_id for disk in vm.disks if str(disk.lun) in left_out],
        provisioning_state=item.choice("state", "Succeeded", ("Succeeded", "Failed")),
        time_created=world.now() - timedelta(hours=item.amount("age_hours", 24.0)),
    )


def _copy(world: World, collection: RestorePointCollection, item: Reader) -> RestorePoint:
    name = item.text("name")
    source = _copied_point(world, collection, item, item.text("source", name))
    fails = item.flag("fails")
    percent = item.amount("completion_percent", -1.0)
    started = world.now() - timedelta(hours=item.amount("copied_hours_ago", 24.0))
    point = RestorePoint(
        name=name,
        collection=collection,
        metadata=source.metadata,
        disks=[],
        consistency=source.consistency,
        excluded=list(source.excluded),
        provisioning_state="Succeeded",
        time_created=source.time_created,
        source_id=source.id,
    )
    for disk in source.disks:
        copied = copied_disk(source, disk, f"{disk.disk_name}_{world.new_id()}")
        copied.replication = replication(disk, started, whole=not collection.points)
        if percent >= 0:
            copied.replication = _as_far_as(copied.replication, percent, world.now())
        copied.replication.fails = copied.replication.fails or fails
        point.disks.append(copied)
    return point


def _copied_point(world: World, collection: RestorePointCollection, item: Reader, name: str) -> RestorePoint:
    """The point that was copied. One that is gone is made up from its machine, and not kept."""
    state = world.state(RestorePointState)
    source = state.point_by_id(f"{collection.source_id}/restorePoints/{name}")
    if source is not None and source.provisioning_state == "Succeeded":
        return source
    parent = state.collections.by_id(collection.source_id)
    if source is None and parent is not None and item.value("age_hours") is not None:
        return _point(world, parent, item, name)
    raise EstateError(item.place("source"), "is no finished restore point of the source collection")


def _as_far_as(copy: Replication, percent: float, now: datetime) -> Replication:
    """A copy that shows this percentage now: Azure looks at it every ten minutes only."""
    if percent >= 100:
        return replace(copy, started=now - max(REFRESH, timedelta(seconds=copy.seconds)) - REFRESH)
    looks = max(1, round(copy.seconds * percent / 100 / REFRESH.total_seconds()))
    if not percent:
        return replace(copy, started=now)
    elapsed = looks * REFRESH
    return replace(copy, started=now - elapsed, seconds=elapsed.total_seconds() * 100 / (int(percent) + 0.5))
