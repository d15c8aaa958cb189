# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan needs to know of Azure: the VMs of its subscriptions with their tags and regions, and which vault protects which of them.

The VMs come from Resource Manager's own list, which also answers while a region does not: one paged list a subscription.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping, Sequence

from .._apis import RESOURCES
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._arm.regions import region_of
from .._backup.items import list_items, preferred
from .._backup.names import VaultRef
from .._backup.items import ProtectedItem
from .._backup.vaults import list_vaults
from .._fleet import VM_TYPE, Vm, run_each, vm_of_id

NO_GROUP = "ResourceGroupNotFound"


@dataclass(frozen=True)
class Machine:
    """A VM of the list."""

    vm: Vm
    location: str
    tags: Mapping[str, str]

    def has(self, tags: Mapping[str, str]) -> bool:
        """Whether it has all of the tags; names compare without case, values with, as in Azure."""
        own = {name.lower(): value for name, value in self.tags.items()}
        return all(own.get(name.lower()) == value for name, value in tags.items())


@dataclass
class Protection:
    """The vault of each VM by the VM's key; ``vaults`` are all that were looked at, with their regions where these are known."""

    owners: dict[str, VaultRef] = field(default_factory=dict)
    vaults: dict[str, tuple[VaultRef, str | None]] = field(default_factory=dict)
    unread: dict[str, ArmError] = field(default_factory=dict)


def list_machines(client: ArmClient, subscription: str, groups: Sequence[str] | None = None) -> list[Machine]:
    """The VMs of a subscription, or of some of its resource groups, on which rights are enough then."""
    whole = ResourceId(subscription).path
    scopes = [ResourceId(subscription, group).path for group in groups] if groups is not None else [whole]
    return [machine for scope in scopes for machine in _listed(client, scope)]


def _listed(client: ArmClient, scope: str) -> list[Machine]:
    found: list[Machine] = []
    try:
        for entry in client.list(f"{scope}/resources", RESOURCES, params={"$filter": f"resourceType eq '{VM_TYPE}'"}):
            vm = vm_of_id(entry.get("id"))
            if vm is not None:
                tags: Mapping[str, Any] = entry.get("tags") or {}
                found.append(Machine(vm, region_of(entry.get("location")), {name: str(value) for name, value in tags.items()}))
    except ArmError as error:
        if error.code != NO_GROUP:
            raise
    return found


def read_machines(client: ArmClient, needed: str | None, groups: Sequence[str] | None, others: Iterable[str]) -> list[Machine]:
    """The VMs of the subscription ``needed``, which must be told, and those of ``others``, whose regions are only nice to know.

    ``groups`` are those that ``needed`` may be narrowed to where the whole must not be read; None for no narrowing.
    """
    found: list[Machine] = []
    if needed is not None:
        try:
            found += list_machines(client, needed)
        except ArmError as error:
            if error.status != 403 or groups is None:
                raise
            found += list_machines(client, needed, groups)
    for outcome in run_each(sorted(set(others) - {needed}), lambda subscription: list_machines(client, subscription)):
        found += outcome.value or []
    return found


def read_protection(client: ArmClient, named: Sequence[VaultRef], subscriptions: Sequence[str]) -> Protection:
    """Who protects which VM: the items of the vaults that are named, or of all in the subscriptions; one paged list a vault."""
    found = Protection()
    if named:
        found.vaults = {vault.key: (vault, None) for vault in named}
    else:
        for subscription in sorted(set(subscriptions)):
            found.vaults.update({vault.ref.key: (vault.ref, vault.location or None) for vault in list_vaults(client, subscription)})
    items: dict[str, ProtectedItem] = {}
    for outcome in run_each([vault for vault, _location in found.vaults.values()], lambda vault: list_items(client, vault)):
        if outcome.error is not None:
            found.unread[outcome.item.key] = outcome.error
        for key, item in (outcome.value or {}).items():
            items[key] = preferred(items.get(key), item)
    found.owners = {key: item.vault for key, item in items.items()}
    return found
