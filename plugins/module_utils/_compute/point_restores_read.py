# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the restore point to restore from, in its own region, and what there is in the target.

Nothing of the region of the VM is asked, which may be down: neither the VM nor the collection that copies were made from.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._apis import COMPUTE, DISKS, NETWORK
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._arm.regions import region_of
from .._fleet import VM_TYPE, Vm, run_each
from .._templates import vm_fields
from .collections import Collection, check_vm, find_collection
from .names import DISK_TYPE, NIC_TYPE, collection_path, expand_name
from .point_restore_options import PointChoice
from .point_restores import RestoreTarget
from .points import Point, in_order, read_point
from .shapes import member, members
from .whereabouts import list_in_group, list_of, of_vm, only_one

Resources = dict[str, Mapping[str, Any]]


def list_candidates(client: ArmClient, vms: Sequence[Vm], choice: PointChoice) -> list[Collection]:
    """The collections to look for the VMs' in; none where they are named. One list for all VMs."""
    if choice.collection is not None:
        return []
    if choice.group is None:
        return list_of(client, [vm.subscription for vm in vms], [])
    found: list[Collection] = []
    for subscription in sorted({vm.subscription.lower() for vm in vms}):
        found += list_in_group(client, subscription, choice.group)
    return found


def find_points(client: ArmClient, vms: Sequence[Vm], choice: PointChoice) -> dict[str, tuple[Point, tuple[str, ...]] | ArmError]:
    """The point of each VM, by its key, with warnings; or why there is none."""
    listed = list_candidates(client, vms, choice)
    found: dict[str, tuple[Point, tuple[str, ...]] | ArmError] = {}
    for outcome in run_each(vms, lambda vm: _choose(client, _collection(client, vm, choice, listed), choice)):
        found[outcome.item.key] = outcome.error or outcome.value or ArmError("Nothing is known of this VM.", target=outcome.item.id)
    return found


def _collection(client: ArmClient, vm: Vm, choice: PointChoice, listed: Sequence[Collection]) -> Collection:
    if choice.collection is not None:
        path = collection_path(vm.subscription, choice.group or "", expand_name(choice.collection, "collection", vm_fields(vm)))
    else:
        own = [one for one in of_vm(listed, vm) if one.location == choice.region]
        where = f"in {choice.region}" + (f", in the resource group {choice.group}" if choice.group else "")
        hint = "Copy one there with lifeboat.azure_dr.restore_point_copy, or say with collection and resource_group where it is."
        path = only_one(own, vm, where, hint).path
    collection = find_collection(client, path)
    if collection is None:
        raise ArmError(
            f"There is no restore point collection {path.rsplit('/', 1)[-1]}.",
            code="CollectionNotFound",
            target=path,
            hint="Check collection and resource_group.",
        )
    if collection.location != choice.region:
        raise ArmError(
            f"The collection {collection.name} is in {collection.location}, and disks are made in the region of their restore points only.",
            code="CollectionInAnotherRegion",
            target=collection.id,
            hint=f"Give region={collection.location}, or copy the restore point to {choice.region} first.",
        )
    check_vm(collection, vm)
    return collection


def _choose(client: ArmClient, collection: Collection, choice: PointChoice) -> tuple[Point, tuple[str, ...]]:
    """The named point, or the newest that is complete. Of copies, only as many are looked at as it takes to find one."""
    points = in_order(collection.points)
    if choice.name is not None:
        points = tuple(point for point in points if point.name.lower() == (choice.name or "").lower())
    if choice.before is not None:
        points = tuple(point for point in points if point.time_created and point.time_created <= choice.before)
    if not points:
        raise _no_point(collection, choice)
    skipped: list[Point] = []
    for candidate in reversed(points):
        point = read_point(client, candidate.path, instance_view=True) if candidate.is_copy else candidate
        if point is not None and point.usable:
            return point, tuple(f"{other.name} is newer, but not complete ({_state(other)}), so {point.name} is restored" for other in skipped[:1])
        if point is not None:
            skipped.append(point)
    if not skipped:
        raise _no_point(collection, choice)
    raise incomplete(skipped[0])


def incomplete(point: Point) -> ArmError:
    """The refusal of a point whose disks are not all there: Azure itself would make half a disk of it without a word."""
    copied = f"The copy {point.name}" if point.is_copy else f"The restore point {point.name}"
    return ArmError(
        f"{copied} is not complete, so nothing is restored from it: {_state(point)}.",
        code="RestorePointIncomplete",
        target=point.id,
        hint="Wait for it with lifeboat.azure_dr.restore_point_copy, or choose another restore point." if point.is_copy else "Choose another restore point.",
    )


def _state(point: Point) -> str:
    if not point.succeeded or not point.replication:
        tail = ", and its disks are not known yet" if point.is_copy and point.succeeded else ""
        return f"it is {point.provisioning_state or 'in an unknown state'}{tail}"
    words = []
    for entry in point.replication:
        if not entry.done:
            percent = "an unknown percent" if entry.percent is None else f"{entry.percent:g} percent"
            words.append(f"{entry.disk} " + ("failed at " if entry.failed else "is at ") + percent)
    known = {entry.id.lower() for entry in point.replication}
    words += [f"{disk.name} is not known yet" for disk in point.disks if disk.id and disk.id.lower() not in known]
    return ", ".join(words)


def _no_point(collection: Collection, choice: PointChoice) -> ArmError:
    what = f"restore point {choice.name}" if choice.name else "restore point" + (" that is old enough" if choice.before and collection.points else "")
    known = ", ".join(point.name for point in in_order(collection.points)[-5:]) or "none"
    return ArmError(
        f"The collection {collection.name} has no {what}. The newest are: {known}.",
        code="RestorePointNotFound",
        target=collection.id,
        hint="Check restore_point and before.",
    )


def check_subnets(client: ArmClient, targets: Sequence[RestoreTarget]) -> None:
    """Raises when a subnet is not there, or is in another region: better now than when the disks have been made. One read a network."""
    wanted = {target.subnet_id.lower(): target for target in targets if target.subnet_id}
    networks = {str(target.subnet_id).rsplit("/subnets/", 1)[0].lower(): target for target in wanted.values()}
    for outcome in run_each(networks.items(), lambda entry: client.find(ResourceId.parse(entry[0]).path, NETWORK)):
        key, target = outcome.item
        if outcome.error is not None:
            if outcome.error.status == 403:
                continue
            raise outcome.error
        network = outcome.value
        there = {str(subnet.get("name")).lower() for subnet in members(member(network, "properties").get("subnets"))}
        missing = [subnet for subnet in wanted if subnet.startswith(f"{key}/subnets/") and subnet.rsplit("/", 1)[1] not in there]
        if network is None or missing:
            place = ResourceId.parse(target.subnet_id.rsplit("/subnets/", 1)[0] if target.subnet_id else key)
            what = f"network {place.name}" if network is None else f"subnet {missing[0].rsplit('/', 1)[1]} in the network {place.name}"
            raise ArmError(
                f"There is no {what} (resource group {place.group}).",
                code="SubnetNotFound",
                target=target.subnet_id,
                hint="Check virtual_network, virtual_network_resource_group and subnet.",
            )
        if region_of(network.get("location")) != target.region:
            raise ArmError(
                f"The network {network.get('name')} is in {region_of(network.get('location'))}, and a VM in {target.region} needs one of its own region.",
                code="SubnetInAnotherRegion",
                target=target.subnet_id,
                hint="Give a network of that region.",
            )


def read_there(client: ArmClient, targets: Sequence[RestoreTarget]) -> Resources:
    """What there is in the target groups, by ids in lower case: one list of disks a group, and of interfaces and VMs where VMs are to be made."""
    groups = {target.group_id.lower(): target for target in targets}
    wanted = [(target.group_id, DISK_TYPE, DISKS) for target in groups.values()]
    if any(target.vm_id for target in targets):
        wanted += [(target.group_id, kind, api) for target in groups.values() for kind, api in ((NIC_TYPE, NETWORK), (VM_TYPE, COMPUTE))]
    found: Resources = {}
    for outcome in run_each(wanted, lambda entry: list(client.list(f"{entry[0]}/providers/{entry[1]}", entry[2]))):
        if outcome.error is not None:
            raise outcome.error
        for resource in outcome.value or ():
            found[str(resource.get("id")).lower()] = resource
    return found
