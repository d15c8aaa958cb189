# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the restore points of a fleet are, where their copies go, and what is there already.

One list of collections for all VMs, then a read of each VM's two collections, and one of each copy whose disks matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Sequence

from .._apis import DISKS
from .._arm.client import ArmClient
from .._arm.errors import ArmError, OptionError
from .._arm.ids import same_id
from .._arm.regions import check_region, region_of
from .._fleet import Vm, run_each
from .._options import check_group, check_keep
from .._tags import LONGEST_VALUE, check_tags
from .._templates import check_distinct, vm_fields
from .collections import Collection, check_vm, find_collection
from .copies import ALL, LATEST, CopyWish, Situation, plan_copies, relevant_copies
from .names import SOURCE_VM_TAG, check_name, collection_path, expand_name
from .points import Point, read_point
from .shapes import member
from .whereabouts import list_of, of_vm, only_one


@dataclass(frozen=True)
class CopyPlaces:
    """Where from and where to, as the options say: templates of names, and resource groups (None: the VM's, and the source collection's)."""

    collection: str | None
    group: str | None
    target: str
    target_group: str | None
    region: str
    tags: Mapping[str, str] = field(default_factory=dict)

    def wanted_tags(self, vm: Vm, target: Collection | None) -> dict[str, str]:
        """The tags of the target. A VM whose id is too long for a tag goes without; `restore_point_restore` has to be told the collection then.

        A tag that names the VM already, be it in another case, stays as it is.
        """
        told = target is not None and (target.source_vm or "").lower() == vm.key
        return {**self.tags, **({SOURCE_VM_TAG: vm.id} if len(vm.id) <= LONGEST_VALUE and not told else {})}


@dataclass(frozen=True)
class Found:
    """One VM's situation, and the request path of the target, which need not exist."""

    situation: Situation
    target_path: str


def read_wish(params: Mapping[str, Any], *, waits: bool) -> CopyWish:
    """Which points to copy; raises OptionError."""
    region = check_region(params["target_region"], "target_region")
    point = str(params["restore_point"]).strip()
    if point.lower() in (LATEST, ALL):
        point = point.lower()
    else:
        check_name(point, "restore_point")
    return CopyWish(point, region, check_keep(params["keep"], "copy"), params["replace_failed"], waits)


def read_places(params: Mapping[str, Any], vms: Sequence[Vm]) -> CopyPlaces:
    """Where from and where to; raises OptionError, also when several VMs would share a collection."""
    collection, target = params["collection"] or None, params["target_collection"]
    region = region_of(params["target_region"])
    group, target_group = check_group(params["resource_group"], "resource_group"), check_group(params["target_resource_group"], "target_resource_group")
    sources = {vm.key: expand_name(collection, "collection", vm_fields(vm)) for vm in vms} if collection else {}
    targets = {
        vm.key: expand_name(target, "target_collection", _fields(vm, sources.get(vm.key) or vm.key[-20:].replace("/", "."), region)) for vm in vms
    }
    if collection and group:
        check_distinct(collection, "collection", [(vm, sources[vm.key]) for vm in vms])
    if collection or target_group and "{collection}" not in target:
        places = [(vm, f"{vm.subscription}/{target_group or group or vm.group}/{targets[vm.key]}") for vm in vms]
        check_distinct(target, "target_collection", places)
    elif len(vms) > 1 and not any(part in target for part in ("{name}", "{collection}")) and len({name.lower() for name in targets.values()}) == 1:
        raise OptionError("target_collection", f"{target!r} names the collections of several VMs alike; use {{name}} or {{collection}} to tell them apart")
    tags = check_tags(params["tags"], "tags")
    if SOURCE_VM_TAG in {name.lower() for name in tags}:
        raise OptionError("tags", f"the tag {SOURCE_VM_TAG} is set by the module, to the id of the VM")
    return CopyPlaces(collection, group, target, target_group, region, tags)


def _fields(vm: Vm, collection: str, region: str) -> dict[str, str]:
    return {**vm_fields(vm), "collection": collection, "region": region}


def read_situations(client: ArmClient, vms: Sequence[Vm], places: CopyPlaces, wish: CopyWish) -> dict[str, Found | ArmError]:
    """The situation of each VM, by its key, or why it is not known."""
    groups = [(vm.subscription, group) for vm in vms for group in (places.group or vm.group, places.target_group or vm.group)]
    try:
        listed = list_of(client, [vm.subscription for vm in vms], groups)
    except ArmError:
        # Where the collections are named, their own reads tell nearly all.
        if places.collection is None:
            raise
        listed = []
    found: dict[str, Found | ArmError] = {}
    for outcome in run_each(vms, lambda vm: _read(client, vm, places, wish, listed)):
        found[outcome.item.key] = outcome.error or outcome.value or ArmError("Nothing is known of this VM.", target=outcome.item.id)
    return _apart(found)


def _read(client: ArmClient, vm: Vm, places: CopyPlaces, wish: CopyWish, listed: Sequence[Collection]) -> Found:
    path = _source_path(vm, places, listed)
    source = find_collection(client, path)
    if source is None:
        raise ArmError(
            f"There is no restore point collection {path.rsplit('/', 1)[-1]}.",
            code="CollectionNotFound",
            target=path,
            hint="Check collection and resource_group, or make restore points first with lifeboat.azure_dr.restore_point.",
        )
    if not source.is_copy:
        check_vm(source, vm)
    name = expand_name(places.target, "target_collection", _fields(vm, source.name, places.region))
    target_path = collection_path(vm.subscription, places.target_group or source.group, name)
    target = find_collection(client, target_path, needs_group=True)
    siblings = []
    for other in listed:
        if other.location == places.region and same_id(other.source_id, source.id) and not same_id(other.path, target_path):
            sibling = find_collection(client, other.path)
            siblings += [sibling] if sibling is not None else []
    situation = _with_disks(client, Situation(source, target, tuple(siblings)), wish)
    starts = [step.source for step in plan_copies(situation, wish).steps if step.starts and step.source is not None]
    return Found(replace(situation, private={point.key: _private_disks(client, point) for point in starts}), target_path)


def _private_disks(client: ArmClient, point: Point) -> tuple[str, ...]:
    """The disks of a point that Azure would not copy, by their network access; none where that cannot be read."""
    names = {disk.id.lower(): disk.name for disk in point.disks if disk.id}
    try:
        listed = list(client.list(f"{point.path}/diskRestorePoints", DISKS))
    except ArmError:
        return ()
    private = [entry for entry in listed if str(member(entry, "properties").get("networkAccessPolicy")).lower() == "allowprivate"]
    return tuple(names.get(str(entry.get("id")).lower(), str(entry.get("name"))) for entry in private)


def _source_path(vm: Vm, places: CopyPlaces, listed: Sequence[Collection]) -> str:
    if places.collection is not None:
        return collection_path(vm.subscription, places.group or vm.group, expand_name(places.collection, "collection", vm_fields(vm)))
    own = [collection for collection in of_vm(listed, vm) if not collection.is_copy]
    if places.group is not None:
        own = [collection for collection in own if collection.group.lower() == places.group.lower()]
    where = f"in the resource group {places.group}" if places.group else "in the subscription"
    return only_one(own, vm, where, "Make restore points first with lifeboat.azure_dr.restore_point, or say with collection where they are.").path


def _with_disks(client: ArmClient, situation: Situation, wish: CopyWish) -> Situation:
    """The situation with the instance view of the copies whose state matters."""
    if situation.target is None:
        return situation
    wanted = {copy.key for copy in relevant_copies(situation, wish)}
    points = tuple(read_point(client, point.path, instance_view=True) if point.key in wanted else point for point in situation.target.points)
    return replace(situation, target=replace(situation.target, points=tuple(point for point in points if point is not None)))


def _apart(found: Mapping[str, Found | ArmError]) -> dict[str, Found | ArmError]:
    """No two VMs may have one target."""
    seen: set[str] = set()
    result: dict[str, Found | ArmError] = {}
    for key, entry in found.items():
        if isinstance(entry, Found) and entry.target_path.lower() in seen:
            result[key] = ArmError(
                f"Another VM of this task has the target collection {entry.target_path.rsplit('/', 1)[-1]} too.",
                code="TargetCollectionTaken",
                target=entry.target_path,
                hint="Use {name} and {resource_group} in target_collection to tell them apart.",
            )
            continue
        if isinstance(entry, Found):
            seen.add(entry.target_path.lower())
        result[key] = entry
    return result
