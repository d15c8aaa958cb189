# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists restore points: of VMs, of collections, or of a whole resource group or subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._fleet import Outcome, Vm, run_each, vm_of_id
from .collections import Collection, find_collection
from .point_views import collection_facts, point_facts
from .points import Point, in_order, read_point
from .whereabouts import list_in_group, list_of, of_vm, vm_of


@dataclass(frozen=True)
class Search:
    """Where to look, and the filters. ``vms`` None: points of any VM; ``collections`` None: any collection of the ``group`` or
    ``subscription``. ``replication``: read how far each copy is."""

    subscription: str
    group: str | None = None
    vms: tuple[Vm, ...] | None = None
    collections: tuple[ResourceId, ...] | None = None
    start: datetime | None = None
    end: datetime | None = None
    usable_only: bool = False
    latest_only: bool = False
    replication: bool = False


@dataclass(frozen=True)
class Shelf:
    """A collection with its points, and the id of the VM that it is of, if that is known."""

    collection: Collection
    vm_id: str | None
    points: tuple[Point, ...]


def find_points(client: ArmClient, search: Search) -> dict[str, Any]:
    """The module's result: ``restore_points`` newest first, ``collections``, and ``failures`` with ``failed`` and ``msg`` when any was unreadable."""
    outcomes = run_each(_places(client, search), lambda place: _shelf(client, search, *place))
    shelves = [outcome.value for outcome in outcomes if outcome.value is not None]
    if search.vms is not None:
        keys = {vm.key for vm in search.vms}
        shelves = [shelf for shelf in shelves if (shelf.vm_id or "").lower() in keys]
    now = client.server_now()
    rows = [row for shelf in shelves for row in _rows(shelf, search, now)]
    rows.sort(key=lambda row: str(row["time"] or ""), reverse=True)
    result: dict[str, Any] = {
        "changed": False,
        "restore_points": rows,
        "collections": [{**collection_facts(shelf.collection), "vm_id": shelf.vm_id} for shelf in shelves],
    }
    failures = [_failure(outcome) for outcome in outcomes if outcome.error]
    if failures:
        told = " ".join([f"{outcome.item[0].name}: {outcome.error}" for outcome in outcomes if outcome.error][:5])
        result.update(failed=True, failures=failures, msg=f"{len(failures)} of {len(outcomes)} restore point collections could not be read. {told}")
    return result


def _places(client: ArmClient, search: Search) -> list[tuple[ResourceId, str | None]]:
    """The collections to read, each with the VM that it is of as far as a list tells."""
    if search.collections is not None:
        return [(place, None) for place in search.collections]
    found: list[tuple[Collection, str | None]]
    if search.vms is not None:
        listed = list_of(client, {vm.subscription for vm in search.vms}, {(vm.subscription, search.group or vm.group) for vm in search.vms})
        found = [(collection, vm.id) for vm in search.vms for collection in of_vm(listed, vm)]
    else:
        listed = _everything(client, search)
        found = [(collection, vm_of(collection, listed)) for collection in listed]
    return [(ResourceId.parse(one.id), vm_id) for one, vm_id in found if search.group is None or one.group.lower() == search.group.lower()]


def _everything(client: ArmClient, search: Search) -> list[Collection]:
    """All collections of the resource group, on which rights are enough then, or of the subscription, without those of Azure Backup."""
    if search.group is None:
        return list_of(client, [search.subscription], [])
    return list_in_group(client, search.subscription, search.group)


def _shelf(client: ArmClient, search: Search, place: ResourceId, vm_id: str | None) -> Shelf | None:
    collection = find_collection(client, place.path)
    if collection is None:
        if search.collections is None:
            return None  # Gone since it was listed.
        raise ArmError(
            f"There is no restore point collection {place.name} in the resource group {place.group}.",
            code="CollectionNotFound",
            target=str(place),
            hint="Check the name, resource_group and the subscription.",
        )
    points = collection.points
    if search.replication or search.usable_only:
        points = tuple(_with_view(client, point) for point in points)
    return Shelf(collection, vm_id or collection.source_vm or _source_of(client, collection), points)


def _source_of(client: ArmClient, collection: Collection) -> str | None:
    """The VM of a collection of copies without our tag: what its source says, as long as that is there and may be read."""
    if not collection.is_copy:
        return None
    try:
        source = find_collection(client, ResourceId.parse(collection.source_id).path)
    except ArmError:
        return None
    return source.source_vm if source else None


def _with_view(client: ArmClient, point: Point) -> Point:
    """Only copies have something to tell there."""
    return (read_point(client, point.path, instance_view=True) or point) if point.is_copy else point


def _rows(shelf: Shelf, search: Search, now: datetime) -> list[dict[str, Any]]:
    points = in_order(point for point in shelf.points if fits(point, search))[::-1]
    vm = vm_of_id(shelf.vm_id)
    place = {
        "vm": vm.name if vm else None,
        "vm_id": shelf.vm_id,
        "collection": shelf.collection.name,
        "resource_group": shelf.collection.group,
        "location": shelf.collection.location,
    }
    return [{**place, **point_facts(point), "age": _age(point, now)} for point in points[: 1 if search.latest_only else None]]


def fits(point: Point, search: Search) -> bool:
    """Whether a point passes the filters; one without a time passes no filter of times."""
    time = point.time_created
    if search.start and (time is None or time < search.start):
        return False
    if search.end and (time is None or time > search.end):
        return False
    return point.usable or not search.usable_only


def _age(point: Point, now: datetime) -> int | None:
    return None if point.time_created is None else max(0, int((now - point.time_created).total_seconds()))


def _failure(outcome: Outcome[tuple[ResourceId, str | None], Shelf | None]) -> dict[str, Any]:
    place, vm_id = outcome.item
    return {"collection_id": str(place), "vm_id": vm_id, "failure": outcome.error.as_failure() if outcome.error else {}}
