# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected VMs as hosts: what an inventory is to read, reading it with list calls only, and the variables and names of the hosts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Iterable, Mapping, Sequence, TypeVar

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.regions import region_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.timestamps import format_time
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apis import VAULT
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.items import ProtectedItem, items_now, preferred
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import Vault, VaultChoice, check_vault, list_vaults
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.vm_list import ListedVm, list_vms
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Outcome, Vm, run_each
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import check_group, check_subscription
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._words import some

PROTECTED = "protected"
UNPROTECTED = "unprotected"
"""C(backup_state) of a VM that no vault knows, beside those that `ProtectedItem.condition` has; these two are groups, too."""

SHORTEST_SUFFIX = 4

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Scope:
    """The options that say what is read, checked without any request. Names of subscriptions, vaults and groups compare without case."""

    subscriptions: tuple[str, ...] = ()
    """None: the one of the credentials."""
    vault_ids: tuple[VaultRef, ...] = ()
    vault_names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Resource groups of vaults."""
    vm_groups: tuple[str, ...] = ()
    soft_deleted: bool = False
    unprotected: bool = False
    vms: bool = False
    """Whether the VMs themselves are read."""


@dataclass
class Reading:
    """What was read: the variables of each host. ``complete`` is False when something was left out, with a warning."""

    hosts: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = True


@dataclass(frozen=True)
class _Known:
    """An item with the vault that has it and Azure's time when it said so."""

    item: ProtectedItem
    vault: Vault
    now: datetime


def check_scope(options: Mapping[str, Any]) -> Scope:
    """The options of the inventory; raises OptionError, before any request, for what is wrong in them."""
    ids: list[VaultRef] = []
    names: list[str] = []
    for text in _texts(options, "vaults"):
        choice = _vault_choice(text)
        if choice.ref:
            ids.append(choice.ref)
        else:
            names.append(choice.name or "")
    unprotected = bool(options.get("include_unprotected"))
    return Scope(
        subscriptions=_different(check_subscription(text, "subscriptions") for text in _texts(options, "subscriptions")),
        vault_ids=tuple({ref.key: ref for ref in ids}.values()),
        vault_names=_different(names),
        groups=_different(check_group(text, "resource_groups") or "" for text in _texts(options, "resource_groups")),
        vm_groups=_different(check_group(text, "vm_resource_groups") or "" for text in _texts(options, "vm_resource_groups")),
        soft_deleted=bool(options.get("include_soft_deleted")),
        unprotected=unprotected,
        vms=unprotected or bool(options.get("read_vms")),
    )


def read_hosts(client: ArmClient, scope: Scope, warn: Callable[[str], None]) -> Reading:
    """Reads vaults, their items and, when asked, the VMs: list calls of many entries each, side by side.

    What was named and cannot be read ends it with an ArmError; a vault that was only found on the way is left out with a warning.
    """
    subscriptions = scope.subscriptions or (check_subscription(client.subscription_id, "subscription_id"),)
    vaults, wanted = _vaults(client, scope, subscriptions)
    known, unread = _items(client, vaults, scope, warn)
    listed = _listed(client, scope, subscriptions, known.values()) if scope.vms else {}
    hosts: list[dict[str, Any]] = []
    for key, found in known.items():
        vm = listed.get(key)
        if found.vault.ref.key not in wanted or not _in_groups(found.item.vm, scope):
            continue
        if not found.item.soft_deleted or scope.soft_deleted:
            hosts.append(host_variables(vm.vm if vm else found.item.vm, found, vm, exists=vm is not None if scope.vms else None))
    if scope.unprotected:
        hosts += _unprotected(listed, known, unread, scope, warn)
    hosts.sort(key=lambda host: str(host["vm_id"]).lower())
    return Reading(hosts, complete=not unread)


def host_variables(vm: Vm, known: _Known | None, listed: ListedVm | None, *, exists: bool | None) -> dict[str, Any]:
    """The variables of one host; None where there is nothing to say."""
    item = known.item if known else None
    vault = known.vault if known else None
    facts = item.facts() if item else {}
    age = item.age(known.now) if item and known else None
    return {
        "vm_id": vm.id,
        "vm_name": vm.name,
        "resource_group": vm.group,
        "subscription_id": vm.subscription,
        "location": (listed.location if listed else "") or (vault.location if vault else "") or None,
        "vm_exists": exists,
        "vm_tags": dict(listed.tags) if listed else None,
        "backup_state": item.condition if item else UNPROTECTED,
        "protection_state": facts.get("protection_state"),
        "soft_deleted": bool(item and item.soft_deleted),
        "purge_time": facts.get("purge_time"),
        "vault": vault.ref.name if vault else None,
        "vault_id": vault.ref.id if vault else None,
        "vault_resource_group": vault.ref.group if vault else None,
        "protected_item_id": facts.get("item_id"),
        "policy": facts.get("policy_name"),
        "policy_id": facts.get("policy_id"),
        "health": facts.get("health"),
        "last_backup_status": facts.get("last_backup_status"),
        "last_backup_time": facts.get("last_backup_time"),
        "newest_recovery_point": facts.get("last_recovery_point"),
        "newest_recovery_point_age_hours": None if age is None else round(age / 3600, 2),
        "read_time": format_time(known.now) if known else None,
    }


def unique_names(names: Sequence[str], ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """The host names, and those of them that several VMs have. Each of these VMs gets an end made of its id, so that no order decides who is who.

    Azure's names have no case, so names that differ in case only are the same.
    """
    holders: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        holders.setdefault(name.lower(), []).append(index)
    result = list(names)
    doubled = []
    for indexes in holders.values():
        if len(indexes) == 1:
            continue
        doubled.append(names[indexes[0]])
        digests = {index: hashlib.sha256(ids[index].lower().encode()).hexdigest() for index in indexes}
        length = SHORTEST_SUFFIX
        while len({digest[:length] for digest in digests.values()}) < len(indexes) and length < 64:
            length += 1
        for index in indexes:
            result[index] = f"{names[index]}_{digests[index][:length]}"
    return result, doubled


def _vaults(client: ArmClient, scope: Scope, subscriptions: Sequence[str]) -> tuple[list[Vault], set[str]]:
    """The vaults to read, and the keys of those whose VMs are wanted. To know who is unprotected, all vaults must be read."""
    named = scope.vault_ids or scope.vault_names
    listed: list[Vault] = []
    if scope.unprotected or scope.vault_names or not named:
        places = [(subscription, group) for subscription in subscriptions for group in (scope.groups if not scope.unprotected else ()) or (None,)]
        for vaults in _values(run_each(places, lambda place: _in_place(list_vaults, client, *place, alone=len(subscriptions) == 1))):
            listed += vaults
    there = {vault.ref.key: vault for vault in listed}
    missing = [ref for ref in scope.vault_ids if ref.key not in there]
    there.update({vault.ref.key: vault for vault in _values(run_each(missing, lambda ref: _vault(client, ref)))})
    groups = {group.lower() for group in scope.groups}
    fitting = {key: vault for key, vault in there.items() if not groups or vault.ref.group.lower() in groups}
    if not named:
        return list(there.values()), set(fitting)
    wanted = {ref.key for ref in scope.vault_ids}
    for name in scope.vault_names:
        keys = {key for key, vault in fitting.items() if vault.ref.name.lower() == name.lower()}
        if not keys:
            where = f"resource group {', '.join(scope.groups)} of the subscription" if groups else "subscription"
            raise OptionError("vaults", f"there is no vault {name!r} in the {where} {', '.join(subscriptions)}")
        wanted |= keys
    return [vault for key, vault in there.items() if scope.unprotected or key in wanted], wanted


def _vault(client: ArmClient, ref: VaultRef) -> Vault:
    """A vault that was given by its id, which needs no rights but those on it."""
    resource = client.get(ref.path, VAULT).body
    return Vault(ref, region_of(resource.get("location")) if isinstance(resource, Mapping) else "")


def _items(client: ArmClient, vaults: Sequence[Vault], scope: Scope, warn: Callable[[str], None]) -> tuple[dict[str, _Known], list[Vault]]:
    """The item that counts of each VM, by VM key, and the vaults that could not be read."""
    named = {ref.key for ref in scope.vault_ids}
    names = {name.lower() for name in scope.vault_names}
    known: dict[str, _Known] = {}
    unread: list[tuple[Vault, ArmError]] = []
    for outcome in run_each(vaults, lambda vault: items_now(client, vault.ref)):
        vault = outcome.item
        if outcome.error:
            if vault.ref.key in named or vault.ref.name.lower() in names:
                raise _of_vault(vault, outcome.error)
            unread.append((vault, outcome.error))
        elif outcome.value:
            items, now = outcome.value
            for key, item in items.items():
                before = known.get(key)
                if preferred(before.item if before else None, item) is item:
                    known[key] = _Known(item, vault, now)
    if unread and len(unread) == len(vaults):
        raise _of_vault(*unread[0])
    for vault, error in unread:
        warn(f"The vault {vault.ref.name} (resource group {vault.ref.group}) could not be read, and its VMs are left out: {error}")
    return known, [vault for vault, error in unread]


def _of_vault(vault: Vault, error: ArmError) -> ArmError:
    return ArmError(
        f"The vault {vault.ref.name} (resource group {vault.ref.group}) could not be read: {error.message}",
        code=error.code,
        status=error.status,
        target=vault.ref.id,
        request_id=error.request_id,
        operation=error.operation,
        hint=error.hint,
    )


def _listed(client: ArmClient, scope: Scope, subscriptions: Sequence[str], known: Iterable[_Known]) -> dict[str, ListedVm]:
    """The VMs that exist, by key: of the subscriptions that are read, and of those that vaults given by id lie in."""
    everywhere = _different([*subscriptions, *(found.item.vm.subscription for found in known)])
    places = [(subscription, group) for subscription in everywhere for group in scope.vm_groups or (None,)]
    outcomes = run_each(places, lambda place: _in_place(list_vms, client, *place, alone=len(everywhere) == 1))
    return {vm.vm.key: vm for vms in _values(outcomes) for vm in vms}


def _in_place(lister: Callable[[ArmClient, str, str | None], list[R]], client: ArmClient, subscription: str, group: str | None, *, alone: bool) -> list[R]:
    """What a subscription or a resource group of it has. A group need not be in each of several subscriptions."""
    try:
        return lister(client, subscription, group)
    except ArmError as error:
        if error.status == 404 and group and not alone:
            return []
        raise


def _unprotected(
    listed: Mapping[str, ListedVm], known: Mapping[str, _Known], unread: Sequence[Vault], scope: Scope, warn: Callable[[str], None]
) -> list[dict[str, Any]]:
    """The VMs that no vault backs up. A soft-deleted backup counts as none, unless it is a host of its own."""
    # A vault backs up VMs of its own subscription and region only.
    unknown = {(vault.ref.subscription.lower(), vault.location) for vault in unread}
    hosts = []
    doubtful = []
    for key, vm in listed.items():
        found = known.get(key)
        if (found and (scope.soft_deleted or not found.item.soft_deleted)) or not _in_groups(vm.vm, scope):
            continue
        if (vm.vm.subscription.lower(), vm.location) in unknown:
            doubtful.append(vm.vm.name)
            continue
        hosts.append({**host_variables(vm.vm, found, vm, exists=True), "backup_state": UNPROTECTED})
    if doubtful:
        warn(f"Whether these VMs are protected is not known, since a vault of their region could not be read, and they are left out: {some(doubtful)}.")
    return hosts


def _in_groups(vm: Vm, scope: Scope) -> bool:
    return not scope.vm_groups or vm.group.lower() in {group.lower() for group in scope.vm_groups}


def _values(outcomes: Iterable[Outcome[T, R]]) -> list[R]:
    """What all of them gave; raises the first error."""
    values = []
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
        if outcome.value is not None:
            values.append(outcome.value)
    return values


def _texts(options: Mapping[str, Any], name: str) -> list[str]:
    return [text for text in (str(entry).strip() for entry in options.get(name) or ()) if text]


def _different(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple({text.lower(): text for text in texts if text}.values())


def _vault_choice(text: str) -> VaultChoice:
    try:
        return check_vault(text, None, "")
    except OptionError as error:
        # The check is that of the modules, whose option is called otherwise.
        raise OptionError("vaults", error.message.partition(": ")[2] or error.message) from None
