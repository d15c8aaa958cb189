# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore point collections: PUT, PATCH, GET, lists, DELETE.

Which rules there are is documented; the error codes are Compute's usual ones, because none of these refusals is recorded.
"""

from __future__ import annotations

import re
from typing import Any, Mapping

from ...bodies import region_of
from ...gate.resource_limits import ResourceLimits
from ...paging import page
from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call
from .behaviour import begin, invalid, member, missing, refused
from .restore_point_state import RestorePoint, RestorePointCollection, RestorePointState, remove_collection
from .restore_point_views import collection_view, shown_location
from .state import ComputeState

OLDEST_VERSION = "2021-03-01"
DELETE_SECONDS = 5.0
TYPE = "Microsoft.Compute/restorePointCollections"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def put_collection(call: Call) -> Reply:
    """201 for a new collection; 200 for one that is there, of which only the tags may change."""
    check_version(call)
    check_name(call.vars["collection"], "restorePointCollectionName")
    body = call.body if isinstance(call.body, dict) else {}
    if not region_of(body.get("location")):
        raise invalid("location", "Required parameter 'location' is missing (null).")
    existing = _find(call)
    counters = counted(call, "put_collection", call.raw_path)
    if existing is not None:
        _check_unchanged(existing, body)
        # A PUT names the whole resource: what it leaves out is gone.
        _set_tags(existing, body.get("tags"))
        return Reply(200, collection_view(existing, call.world, version=call.api_version), counters)
    collection = call.world.state(RestorePointState).collections.put(_new(call, body))
    return Reply(201, collection_view(collection, call.world, version=call.api_version), counters)


def patch_collection(call: Call) -> Reply:
    """200: the tags are replaced when they are named."""
    collection = need_collection(call)
    body = call.body if isinstance(call.body, dict) else {}
    _check_unchanged(collection, body)
    if "tags" in body:
        _set_tags(collection, body["tags"])
    return Reply(
        200,
        collection_view(collection, call.world, version=call.api_version),
        counted(call, "put_collection", call.raw_path),
    )


def get_collection(call: Call) -> Reply:
    """With `$expand=restorePoints`, the points inside; without their instance views."""
    collection = need_collection(call)
    points = expands(call, "restorePoints")
    counters = counted(call, "list_points" if points else "get_point", call.raw_path)
    return Reply(200, collection_view(collection, call.world, points=points, version=call.api_version), counters)


def list_collections(call: Call) -> Reply:
    """Without points. The list of the subscription has the groups in upper case."""
    check_version(call)
    group = call.vars.get("group")
    found = call.world.state(RestorePointState).collections.within(call.vars["subscription"], group)
    found.sort(key=lambda one: (one.resource_group.lower(), one.name.lower()))
    reply = page(
        call, found, lambda one: collection_view(one, call.world, version=call.api_version, shouted=group is None)
    )
    reply.headers.update(counted(call, "list_points", call.raw_path))
    return reply


def delete_collection(call: Call) -> Reply:
    """202 with both headers, and all points inside go with it; 204 when there is none."""
    check_version(call)
    collection = _find(call)
    if collection is None:
        return Reply(204)
    counters = counted(call, "delete_point", call.raw_path)
    for point in collection.points.values():
        check_no_access(call, point)
    collection.provisioning_state = "Deleting"
    for point in collection.points.values():
        preempt(call, point)
        point.provisioning_state = "Deleting"
    _, headers = begin(
        call, shown_location(collection.location), DELETE_SECONDS, lambda: remove_collection(call.world, collection)
    )
    return Reply(202, None, {**headers, **counters})


def need_collection(call: Call, *, parent: str = "") -> RestorePointCollection:
    """The collection of the path, or 404; `parent` is what is done to the point inside (`read`, `write`, `delete`)."""
    check_version(call)
    found = _find(call)
    if found is not None:
        return found
    group, name = call.vars["group"], call.vars["collection"]
    if not parent:
        raise resource_not_found(TYPE, name, group)
    raise AzureError(
        404,
        "ParentResourceNotFound",
        f"Failed to perform '{parent}' on resource(s) of type 'restorePointCollections/restorePoints', because the parent resource "
        f"'/subscriptions/{call.vars['subscription']}/resourceGroups/{group}/providers/{TYPE}/{name}' could not be found.",
        headers={"x-ms-failure-cause": "gateway"},
    )


def check_version(call: Call) -> None:
    if call.api_version < OLDEST_VERSION:
        raise invalid(
            "api-version", f"This request can be made with api-version '{OLDEST_VERSION}' or newer.", "BadRequest"
        )


def check_name(name: str, target: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid(
            target,
            f"Resource name {name} is invalid. The name can contain only letters, numbers, underscores, periods and hyphens, and is "
            "at most 80 characters long.",
        )


def check_no_access(call: Call, point: RestorePoint) -> None:
    """A point whose disks are being exported cannot be deleted."""
    now = call.world.now()
    if any(end > now for disk in point.disks for _url, end in disk.access):
        raise refused(
            "There is an active shared access signature outstanding for disk restore point. Call EndGetAccess before deleting the "
            "restore point.",
            "DiskRestorePointUsedByCustomer",
        )


def preempt(call: Call, point: RestorePoint) -> None:
    """Ends the creation of a point that is deleted before it is made."""
    operation = call.world.state(ComputeState).operations.get(point.operation_id)
    if operation is not None and call.world.now() < operation.ends:
        operation.ends = call.world.now()
        operation.ended_as = "Canceled"
        operation.error = {
            "code": "OperationPreempted",
            "message": "Operation execution has been preempted by a more recent operation.",
        }


def expands(call: Call, name: str) -> bool:
    """Whether `$expand` asks for this; anything else in it is refused."""
    asked = call.query.get("$expand", "")
    if asked and asked.lower() != name.lower():
        raise invalid(
            "$expand", f"The value '{asked}' of parameter '$expand' is invalid. The supported value is '{name}'."
        )
    return bool(asked)


def counted(call: Call, operation: str, resource: str) -> dict[str, str]:
    """Compute's counters of this request, or 429."""
    return call.world.state(ResourceLimits).take(call.world, operation, call.vars["subscription"], resource)


def _find(call: Call) -> RestorePointCollection | None:
    collections = call.world.state(RestorePointState).collections
    return collections.get(call.vars["subscription"], call.vars["group"], call.vars["collection"])


def _new(call: Call, body: Mapping[str, Any]) -> RestorePointCollection:
    source_id = str(member(body, "properties", "source", "id") or "")
    if not source_id:
        raise invalid("source.id", "Required parameter 'source.id' is missing (null).")
    location = region_of(body["location"])
    instant_access = member(body, "properties", "instantAccess")
    collection = RestorePointCollection(
        subscription_id=call.vars["subscription"],
        resource_group=call.vars["group"],
        name=call.vars["collection"],
        location=location,
        source_id=source_id,
        source_location=_source_location(call, source_id, location),
        guid=call.world.new_id(),
        time_created=call.world.now(),
        instant_access=instant_access if isinstance(instant_access, bool) else None,
    )
    _set_tags(collection, body.get("tags"))
    return collection


def _source_location(call: Call, source_id: str, location: str) -> str:
    """Where the VM or collection is that the collection is for. Raises AzureError when it cannot be its source."""
    kind = source_id.strip("/").lower().split("/")[6:7]
    if kind == ["virtualmachines"]:
        vm = call.world.state(ComputeState).vms.by_id(source_id)
        if vm is None:
            raise missing(source_id)
        if region_of(vm.location) != location:
            raise invalid(
                "location",
                f"Restore point collection location '{location}' does not match the location '{vm.location}' of the source virtual machine.",
            )
        return vm.location
    if kind == ["restorepointcollections"]:
        source = call.world.state(RestorePointState).collections.by_id(source_id)
        if source is None:
            raise missing(source_id)
        if source.is_copy:
            raise invalid(
                "source.id",
                "A restore point collection that holds copies cannot be the source of another restore point collection.",
            )
        if region_of(source.location) == location:
            raise invalid(
                "location",
                f"The restore point collection must be in another region than its source restore point collection, which is in '{location}'.",
            )
        return source.location
    raise invalid("source.id", f"'{source_id}' is neither a virtual machine nor a restore point collection.")


def _check_unchanged(collection: RestorePointCollection, body: Mapping[str, Any]) -> None:
    """Only tags may change."""
    location = region_of(body.get("location"))
    if location and location != region_of(collection.location):
        raise AzureError(
            409,
            "InvalidResourceLocation",
            f"The resource '{collection.name}' already exists in location '{collection.location}' in resource group "
            f"'{collection.resource_group}'. A resource with the same name cannot be created in location '{location}'. Please select a "
            "new resource name.",
        )
    source: Any = member(body, "properties", "source", "id")
    if source and str(source).lower() != collection.source_id.lower():
        raise refused("Changing property 'source.id' is not allowed.", "PropertyChangeNotAllowed", target="source.id")
    if collection.provisioning_state == "Deleting":
        raise refused(f"Restore point collection '{collection.name}' is being deleted.")


def _set_tags(collection: RestorePointCollection, tags: Any) -> None:
    """The dictionary stays the same: the tags of any resource are written through it."""
    if tags is not None and not isinstance(tags, dict):
        raise invalid("tags", "The value of parameter 'tags' is invalid.")
    collection.tags.clear()
    collection.tags.update({str(name): str(value) for name, value in (tags or {}).items()})
