# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults: checking the options that name one, and finding the vault and item of each VM with few requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Literal, Sequence

from .._apis import BACKUP, COMPUTE, VAULT
from .._arm.client import ArmClient
from .._arm.errors import ArmError, OptionError
from .._arm.ids import segment
from .._arm.regions import region_of
from .._fleet import Vm, run_each
from .._options import check_group, check_subscription
from .items import ProtectedItem, list_items, preferred
from .names import VAULT_TYPE, VaultRef, vault_of_id
from .vault_state import read_vault

__all__ = ["FEW", "Located", "Owner", "Vault", "VaultRef", "VaultChoice", "check_vault", "find_vault", "is_immutable", "list_vaults", "locate", "owner_of"]

FEW = 5
"""Up to this many VMs are asked for one by one; beyond it, listing the vaults is cheaper."""

VAULT_NAME = re.compile(r"^[A-Za-z][-A-Za-z0-9]{1,49}\Z")


@dataclass(frozen=True)
class VaultChoice:
    """The options ``vault`` and ``resource_group``, checked without any request."""

    ref: VaultRef | None = None
    """The vault, when the options name it in full."""
    name: str | None = None
    """The vault's name, when its resource group is still to be found."""
    group: str | None = None


@dataclass(frozen=True)
class Vault:
    """A vault as the list of a subscription shows it."""

    ref: VaultRef
    location: str


@dataclass(frozen=True)
class Located:
    """Where a VM is protected. ``problem`` is set when that could not be found out for this VM; then ``item`` is None."""

    vm: Vm
    vault: VaultRef | None = None
    item: ProtectedItem | None = None
    problem: ArmError | None = None


@dataclass(frozen=True)
class Owner:
    """Azure's answer to who protects a VM. ``unknown`` when it refused to say; then nothing follows from it."""

    status: Literal["unknown", "none", "vault"]
    vault: VaultRef | None = None


def check_vault(vault: str | None, resource_group: str | None, subscription: str) -> VaultChoice:
    """What the options say; raises OptionError, before any request, when they are wrong or contradict each other."""
    vault = (vault or "").strip() or None
    group = check_group(resource_group, "resource_group")
    if vault is None:
        return VaultChoice(group=group)
    if vault.startswith("/"):
        ref = vault_of_id(vault)
        if ref is None or ref.id.lower() != vault.rstrip("/").lower():
            raise OptionError("vault", f"{vault!r} is not the resource id of a {VAULT_TYPE}")
        check_subscription(ref.subscription, "vault")
        if group and group.lower() != ref.group.lower():
            raise OptionError("resource_group", f"{group!r} is not the resource group in the id of the vault ({ref.group!r}); leave it out")
    elif group:
        ref = VaultRef(subscription, group, vault)
    else:
        ref = None
    name = ref.name if ref else vault
    if not VAULT_NAME.match(name):
        raise OptionError("vault", f"{name!r} is not a vault name: 2 to 50 letters, digits and hyphens, beginning with a letter")
    return VaultChoice(ref=ref, name=name, group=group)


def list_vaults(client: ArmClient, subscription: str, group: str | None = None) -> list[Vault]:
    """The Recovery Services vaults of a subscription, or of one of its resource groups."""
    scope = f"/subscriptions/{segment(subscription)}" + (f"/resourceGroups/{segment(group)}" if group else "")
    found: list[Vault] = []
    for resource in client.list(f"{scope}/providers/{VAULT_TYPE}", VAULT):
        ref = vault_of_id(resource.get("id"))
        if ref is not None:
            found.append(Vault(ref, str(resource.get("location") or "").lower()))
    return found


def find_vault(client: ArmClient, choice: VaultChoice, subscription: str | None = None) -> VaultRef | None:
    """The vault that the options name; None when they name none. Raises OptionError when the name fits no vault, or several."""
    if choice.ref or choice.name is None:
        return choice.ref
    within = subscription or client.subscription_id
    fitting = [vault.ref for vault in list_vaults(client, within) if vault.ref.name.lower() == choice.name.lower()]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise OptionError("vault", f"there is no vault {choice.name!r} in the subscription {within}")
    groups = ", ".join(sorted(ref.group for ref in fitting))
    raise OptionError("vault", f"several vaults are called {choice.name!r}; say resource_group too, one of: {groups}")


def locate(client: ArmClient, vms: Sequence[Vm], choice: VaultChoice) -> dict[str, Located]:
    """The vault and protected item of each VM, by VM key.

    With a vault: the items of that vault, a page of 200 at a time. Without: up to FEW VMs are asked for by ``backupStatus``;
    for more, and where that says nothing, the items of all vaults of the VMs' subscriptions are listed.
    """
    vault = find_vault(client, choice)
    if vault is not None:
        items = list_items(client, vault)
        return {vm.key: Located(vm, vault, items.get(vm.key)) for vm in vms}
    found = _locate_by_status(client, vms, choice.group) if len(vms) <= FEW else {}
    rest = [vm for vm in vms if vm.key not in found]
    if rest:
        found.update(_locate_by_listing(client, rest, choice.group))
    return found


def owner_of(client: ArmClient, vm: Vm, location: str | None = None) -> Owner:
    """Which vault protects the VM, as ``backupStatus`` tells (any vault of the VM's region and subscription).

    A refusal (no right to ask, VM gone, the service in trouble) is "unknown": this is a pre-check and never the last word.
    """
    try:
        region = location or vm_location(client, vm)
        if region is None:
            return Owner("unknown")
        path = f"/subscriptions/{segment(vm.subscription)}/providers/Microsoft.RecoveryServices/locations/{segment(region)}/backupStatus"
        answer = client.query(path, BACKUP, {"resourceType": "VM", "resourceId": vm.id}).body or {}
    except ArmError:
        return Owner("unknown")
    vault = vault_of_id(answer.get("vaultId"))
    if vault is not None and str(answer.get("protectionStatus")).lower() in ("protected", "protecting", "protectionfailed"):
        return Owner("vault", vault)
    return Owner("none")


def is_immutable(client: ArmClient, vault: VaultRef) -> bool | None:
    """Whether the vault is immutable (Unlocked or Locked); None when it cannot be read. A setting that is not there means no."""
    try:
        resource = client.find(vault.path, VAULT) or {}
    except ArmError:
        return None
    settings = read_vault({**resource, "id": vault.id}) if isinstance(resource.get("properties"), dict) else None
    return None if settings is None else settings.immutability != "disabled"


def vm_location(client: ArmClient, vm: Vm) -> str | None:
    """The VM's region; None when the VM does not exist (any more)."""
    path = f"/subscriptions/{segment(vm.subscription)}/resourceGroups/{segment(vm.group)}/providers/Microsoft.Compute/virtualMachines/{segment(vm.name)}"
    resource = client.find(path, COMPUTE)
    return region_of(resource.get("location")) or None if resource else None


def _locate_by_status(client: ArmClient, vms: Sequence[Vm], group: str | None) -> dict[str, Located]:
    """Only the VMs that Azure says a vault (of that resource group) protects; a soft-deleted item is not told of here."""
    told = {outcome.item.key: outcome.value.vault for outcome in run_each(vms, lambda vm: owner_of(client, vm)) if outcome.value}
    owners = {key: vault for key, vault in told.items() if vault is not None and (group is None or vault.group.lower() == group.lower())}
    vaults = {vault.key: vault for vault in owners.values()}
    listed = {outcome.item.key: outcome.value for outcome in run_each(vaults.values(), lambda vault: list_items(client, vault))}
    found: dict[str, Located] = {}
    for vm in vms:
        vault = owners.get(vm.key)
        items = listed.get(vault.key) if vault else None
        if vault and items is not None:
            found[vm.key] = Located(vm, vault, items.get(vm.key))
    return found


def _locate_by_listing(client: ArmClient, vms: Iterable[Vm], group: str | None) -> dict[str, Located]:
    wanted = list(vms)
    subscriptions = sorted({vm.subscription.lower(): vm.subscription for vm in wanted}.values())
    vaults: list[VaultRef] = []
    problems: dict[str, ArmError] = {}
    for listed in run_each(subscriptions, lambda subscription: list_vaults(client, subscription, group)):
        if listed.error is not None:
            if len(subscriptions) == 1:
                raise listed.error
            problems[listed.item.lower()] = listed.error
        vaults += [vault.ref for vault in listed.value or ()]
    items: dict[str, ProtectedItem] = {}
    for outcome in run_each(vaults, lambda vault: list_items(client, vault)):
        if outcome.error is not None:
            problems.setdefault(outcome.item.subscription.lower(), outcome.error)
        for key, item in (outcome.value or {}).items():
            items[key] = preferred(items.get(key), item)
    found: dict[str, Located] = {}
    for vm in wanted:
        place = items.get(vm.key)
        # A vault that could not be read may be the one: not found then means not known.
        found[vm.key] = Located(vm, place.vault, place) if place else Located(vm, problem=problems.get(vm.subscription.lower()))
    return found
