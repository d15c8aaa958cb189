# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which vault owns a VM, when it is not the one it is to be protected by."""

from __future__ import annotations

from typing import Iterable, Mapping, Sequence

from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._fleet import Vm, run_each
from .hints import ANOTHER_VAULT, HINTS
from .items import ProtectedItem, list_items, preferred
from .names import VaultRef
from .vaults import FEW, Vault, list_vaults, owner_of


def foreign_owners(client: ArmClient, vms: Sequence[Vm], vault: VaultRef) -> dict[str, VaultRef]:
    """The VMs, by key, that another vault backs up, each with that vault. What Azure refuses to tell is left out: this is a pre-check.

    A few VMs are asked for one by one; for more, the vaults of the region are listed with their items.
    """
    if len(vms) <= FEW:
        owners = {outcome.item.key: outcome.value.vault for outcome in run_each(vms, lambda vm: owner_of(client, vm)) if outcome.value}
        suspects = {key: owner for key, owner in owners.items() if owner is not None and owner.key != vault.key}
        items = _items_of(client, suspects.values())
        return {key: owner for key, owner in suspects.items() if _still_owns(items.get(owner.key), key)}
    try:
        vaults = _neighbours(list_vaults(client, vault.subscription), vault)
    except ArmError:
        return {}
    found: dict[str, VaultRef] = {}
    wanted = {vm.key for vm in vms}
    for items_of_vault in _items_of(client, vaults).values():
        for key, item in (items_of_vault or {}).items():
            if key in wanted and _owns(item):
                found[key] = item.vault
    return found


def search_owner(client: ArmClient, vm: Vm, vault: VaultRef) -> VaultRef | None:
    """The other vault that keeps this VM, in whatever state, after Azure said that there is one; None when it cannot be found."""
    owner = owner_of(client, vm).vault
    if owner is not None and owner.key != vault.key:
        return owner
    try:
        vaults = _neighbours(list_vaults(client, vm.subscription), vault)
    except ArmError:
        return None
    best: ProtectedItem | None = None
    for items in _items_of(client, vaults).values():
        item = (items or {}).get(vm.key)
        if item is not None:
            best = preferred(best, item)
    return best.vault if best else None


def conflict(owner: VaultRef | None, cause: ArmError | None = None) -> ArmError:
    """The failure of a VM that another vault owns; names that vault when it is known."""
    which = f"the vault {owner.name!r} (resource group {owner.group!r})" if owner else "another vault, which could not be found out"
    return ArmError(
        f"The VM is {'registered with' if cause else 'protected by'} {which}." + (f" Azure says: {cause.message}" if cause else ""),
        code=ANOTHER_VAULT,
        status=cause.status if cause else None,
        request_id=cause.request_id if cause else None,
        operation=cause.operation if cause else None,
        target=owner.id if owner else None,
        hint=HINTS[ANOTHER_VAULT],
    )


def is_conflict(error: ArmError) -> bool:
    """Whether Azure refused because of another vault: a 409 at once (2026), or an operation that fails with these words (before)."""
    return error.code == ANOTHER_VAULT or "another recovery services vault" in error.message.lower()


def _neighbours(vaults: Iterable[Vault], own: VaultRef) -> list[VaultRef]:
    """The other vaults of the region: only they can protect the same VMs."""
    known = list(vaults)
    location = next((vault.location for vault in known if vault.ref.key == own.key), None)
    return [vault.ref for vault in known if vault.ref.key != own.key and (location is None or vault.location == location)]


def _items_of(client: ArmClient, vaults: Iterable[VaultRef]) -> Mapping[str, dict[str, ProtectedItem] | None]:
    """The items of each vault, by vault key; None where they cannot be listed."""
    different = {vault.key: vault for vault in vaults}
    return {outcome.item.key: outcome.value for outcome in run_each(different.values(), lambda vault: list_items(client, vault))}


def _still_owns(items: Mapping[str, ProtectedItem] | None, key: str) -> bool:
    """A vault in which the backup of the VM was stopped may let go of it; only Azure knows. One that shows no item yet is enabling it."""
    if items is None or key not in items:
        return True
    return _owns(items[key])


def _owns(item: ProtectedItem) -> bool:
    return item.protected or item.suspended
