# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore point collections (API 2024-11-01): of a VM in its region, or of copies of another collection in another region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Iterator, Mapping

from .._apis import COMPUTE
from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError
from .._arm.ids import ResourceId, same_id
from .._arm.regions import region_of
from .._fleet import Vm, vm_of_id
from . import points
from .names import COLLECTION_TYPE, SOURCE_VM_TAG, collections_path
from .shapes import id_of, member, members, text


@dataclass(frozen=True)
class Collection:
    """A collection. ``location`` and ``source_location`` are in lower case without blanks; ``points`` is empty unless it was read alone."""

    id: str
    subscription: str
    group: str
    name: str
    location: str
    source_id: str
    source_location: str
    tags: Mapping[str, str] = field(default_factory=dict)
    provisioning_state: str = ""
    points: tuple[points.Point, ...] = ()

    @property
    def path(self) -> str:
        return ResourceId.parse(self.id).path

    @property
    def key(self) -> str:
        """For comparing: ARM ids are case-insensitive."""
        return self.id.lower()

    @property
    def is_copy(self) -> bool:
        """Whether its points are copies of another collection's."""
        try:
            return ResourceId.parse(self.source_id).is_type(COLLECTION_TYPE)
        except ValueError:
            return False

    @property
    def source_vm(self) -> str | None:
        """The id of the VM: the source itself, or what the tag of a collection of copies says."""
        source = vm_of_id(self.source_id)
        if source is None:
            source = vm_of_id(next((value for name, value in self.tags.items() if name.lower() == SOURCE_VM_TAG), None))
        return source.id if source else None


def find_collection(client: ArmClient, path: str, *, needs_group: bool = False) -> Collection | None:
    """The collection at a path with its points (without their instance views), in one read; None when there is none.

    ``needs_group``: raises when not even its resource group exists, in which it would be made.
    """
    try:
        body = client.get(path, COMPUTE, params={"$expand": "restorePoints"}).body
    except HttpError as error:
        if error.status != 404 or (needs_group and error.code == "ResourceGroupNotFound"):
            raise
        return None
    return parse(body if isinstance(body, Mapping) else {}, path)


def list_collections(client: ArmClient, subscription: str, group: str | None) -> Iterator[Collection]:
    """The collections of a subscription or resource group, page by page, without their points. What has no id is none."""
    for resource in client.list(collections_path(subscription, group), COMPUTE):
        if id_of(resource):
            yield parse(resource)


def put_collection(client: ArmClient, path: str, *, location: str, source_id: str, tags: Mapping[str, str]) -> Collection:
    """The collection at a path, made when it is missing. Raises, before anything is sent, when it is there with another source or region."""
    found = find_collection(client, path)
    if found is not None:
        check_source(found, source_id, location)
        return found
    body: dict[str, Any] = {"location": location, "properties": {"source": {"id": source_id}}}
    if tags:
        body["tags"] = dict(tags)
    response = client.put(path, COMPUTE, body)
    if isinstance(response.body, Mapping):
        return parse(response.body, path)
    # An answer without a body: what is there now tells.
    made = find_collection(client, path)
    if made is None:
        raise ArmError("Azure took the collection and does not show it.", code="CollectionNotFound", target=path, operation="PUT restorePointCollections")
    return made


def check_source(collection: Collection, source_id: str, location: str | None = None) -> None:
    """Raises ArmError when a collection belongs to another source, which can never be changed, or lies in another region."""
    if not same_id(collection.source_id, source_id):
        raise ArmError(
            f"The restore point collection {collection.name} belongs to {collection.source_id}, not to {source_id}, and that can never be changed.",
            code="CollectionOfAnotherSource",
            target=collection.id,
            hint="Choose another name or resource group for the collection, or delete that one when its points are not needed any more.",
        )
    if location is not None and collection.location != region_of(location):
        raise ArmError(
            f"The restore point collection {collection.name} lies in {collection.location}, not in {region_of(location)}.",
            code="CollectionInAnotherRegion",
            target=collection.id,
            hint="Choose another name or resource group for the collection.",
        )


def check_vm(collection: Collection, vm: Vm) -> None:
    """Raises ArmError when a collection is known to be of another VM."""
    owner = collection.source_vm
    if owner is not None and owner.lower() != vm.key:
        raise ArmError(
            f"The collection {collection.name} holds restore points of {owner}, not of {vm.name}.",
            code="CollectionOfAnotherVm",
            target=collection.id,
            hint="Check collection, which may be a template such as {name}-points.",
        )


def parse(resource: Mapping[str, Any], path: str = "") -> Collection:
    """A collection from its resource, that was read at ``path``."""
    properties, tags = member(resource, "properties"), member(resource, "tags")
    source = member(properties, "source")
    collection_id = id_of(resource, path)
    subscription, group, name = _place(collection_id)
    return Collection(
        id=collection_id,
        subscription=subscription,
        group=group,
        name=text(resource.get("name")) or name,
        location=region_of(resource.get("location")),
        source_id=text(source.get("id")) or "",
        source_location=region_of(source.get("location")),
        tags={str(name): str(value) for name, value in tags.items()},
        provisioning_state=text(properties.get("provisioningState")) or "",
        points=tuple(_points(members(properties.get("restorePoints")), collection_id)),
    )


def _points(entries: Iterable[Mapping[str, Any]], collection_id: str) -> Iterator[points.Point]:
    """The points of a collection; one without an id has that which its name makes, and one without either is none."""
    for entry in entries:
        name = text(entry.get("name"))
        path = f"{collection_id}/restorePoints/{name}" if name and collection_id else ""
        if id_of(entry, path):
            yield points.parse(entry, path)


def _place(collection_id: str) -> tuple[str, str, str]:
    try:
        parsed = ResourceId.parse(collection_id)
    except ValueError:
        return "", "", ""
    return parsed.subscription, parsed.group or "", parsed.name
