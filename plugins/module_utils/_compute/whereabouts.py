# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which collections belong to which VM, for a whole fleet from one list; the VMs themselves need not exist any more."""

from __future__ import annotations

from typing import Iterable, Sequence

from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._fleet import Vm
from .collections import Collection, list_collections

AZURE_BACKUP = "azurebackup_"
"""How the names of the collections begin that Azure Backup keeps for itself. They are only used when they are asked for by name."""


def list_of(client: ArmClient, subscriptions: Iterable[str], groups: Iterable[tuple[str, str]]) -> list[Collection]:
    """All collections of the subscriptions, without their points: one paged list each.

    Where the list of a subscription is forbidden, those of its ``groups`` (subscription, group) have to do. Azure's own collections are left out.
    """
    found: dict[str, Collection] = {}
    wanted = sorted({(subscription.lower(), group.lower()) for subscription, group in groups})
    for subscription in sorted({name.lower() for name in subscriptions}):
        for collection in _listed(client, subscription, [group for owner, group in wanted if owner == subscription]):
            found.setdefault(collection.key, collection)
    return list(found.values())


def list_in_group(client: ArmClient, subscription: str, group: str | None) -> list[Collection]:
    """The collections of a resource group, on which rights are enough then, or of a subscription; without Azure's own."""
    return [one for one in list_collections(client, subscription, group) if not one.name.lower().startswith(AZURE_BACKUP)]


def _listed(client: ArmClient, subscription: str, groups: Sequence[str]) -> list[Collection]:
    try:
        return list_in_group(client, subscription, None)
    except ArmError as error:
        if error.status != 403 or not groups:
            raise
    found: list[Collection] = []
    for group in groups:
        found += list_in_group(client, subscription, group)
    return found


def vm_of(collection: Collection, listed: Sequence[Collection]) -> str | None:
    """The id of the VM that a collection is of: its source, its tag, or what its source collection says, if that is known."""
    vm = collection.source_vm
    if vm is None and collection.is_copy:
        source = next((one for one in listed if one.key == collection.source_id.lower()), None)
        vm = source.source_vm if source is not None else None
    return vm


def of_vm(listed: Sequence[Collection], vm: Vm) -> list[Collection]:
    """The VM's collections, wherever they are."""
    return [collection for collection in listed if (vm_of(collection, listed) or "").lower() == vm.key]


def only_one(found: Sequence[Collection], vm: Vm, where: str, hint: str) -> Collection:
    """The one collection; raises when there are none or several. ``where`` ends the sentence that says so."""
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"There is no restore point collection of the VM {vm.name} (resource group {vm.group}) {where}."
        raise ArmError(message, code="CollectionNotFound", target=vm.id, hint=hint)
    names = ", ".join(f"{collection.name} (resource group {collection.group})" for collection in found)
    raise ArmError(
        f"There are {len(found)} restore point collections of the VM {vm.name} {where}: {names}.",
        code="CollectionNotUnique",
        target=vm.id,
        hint="Say which one, with collection and resource_group.",
    )
