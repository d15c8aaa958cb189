# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what an estate is made of: one paged list a kind of resource, and one or two requests for each vault and each collection."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Iterable, Mapping

from .._apim.backups import backups_of
from .._apim.places import open_place, read_contents
from .._apim.service import KEY, SERVICE_TYPE, SYSTEM_IDENTITY, Service, parse_service
from .._apim.storage_options import read_storage
from .._apim.templates import DEFAULT_NAME, parse_backup_name
from .._apis import APIM, BACKUP, COMPUTE, DISKS, NETWORK, RESOURCES, STORAGE, VAULT
from .._arm.client import Api, ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId, segment
from .._backup.items import items_now
from .._backup.names import VAULT_TYPE
from .._backup.policies import VM_POLICIES
from .._backup.vault_state import VaultSettings, read_vault
from .._compute.collections import Collection, find_collection
from .._compute.names import DISK_TYPE, NIC_TYPE
from .._compute.points import read_point
from .._compute.whereabouts import list_in_group, vm_of
from .._fleet import VM_TYPE, run_each
from .._storage.names import ACCOUNT_TYPE
from .machines import NETWORK_TYPE, Resource, place_of
from .scope import Scope
from .services import Found
from .left_out import LeftOut
from .vaults import VaultContents


@dataclass
class Sources:
    """What was read, as Azure has it, and when."""

    now: datetime
    regions: list[Resource] = field(default_factory=list)
    groups: list[Resource] = field(default_factory=list)
    machines: list[Resource] = field(default_factory=list)
    power: list[Resource] = field(default_factory=list)
    disks: list[Resource] = field(default_factory=list)
    interfaces: list[Resource] = field(default_factory=list)
    networks: list[Resource] = field(default_factory=list)
    accounts: list[Resource] = field(default_factory=list)
    vaults: list[VaultContents] = field(default_factory=list)
    collections: list[Collection] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    backups: list[Found] = field(default_factory=list)


def read_sources(client: ArmClient, scope: Scope, left_out: LeftOut) -> Sources:
    """Everything that the scope may need. Only groups and machines must be readable; what else is not is told in ``left_out``."""
    root = f"/subscriptions/{segment(scope.subscription)}"
    lists: dict[str, tuple[str, Api, Mapping[str, str] | None]] = {
        "groups": (f"{root}/resourceGroups", RESOURCES, None),
        "machines": (f"{root}/providers/{VM_TYPE}", COMPUTE, None),
        "power": (f"{root}/providers/{VM_TYPE}", COMPUTE, {"statusOnly": "true"}),
        "regions": (f"{root}/locations", RESOURCES, None),
        "disks": (f"{root}/providers/{DISK_TYPE}", DISKS, None),
        "interfaces": (f"{root}/providers/{NIC_TYPE}", NETWORK, None),
        "networks": (f"{root}/providers/{NETWORK_TYPE}", NETWORK, None),
        "accounts": (f"{root}/providers/{ACCOUNT_TYPE}", STORAGE, None),
        "vaults": (f"{root}/providers/{VAULT_TYPE}", VAULT, None),
        "services": (f"{root}/providers/{SERVICE_TYPE}", APIM, None),
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for outcome in run_each(lists, lambda name: list(client.list(lists[name][0], lists[name][1], params=lists[name][2]))):
        if outcome.error is not None:
            if outcome.item in ("groups", "machines"):
                raise outcome.error
            left_out.error(lists[outcome.item][0], f"The list of {outcome.item}", outcome.error)
        found[outcome.item] = outcome.value or []
    sources = Sources(client.server_now())
    for name in ("groups", "machines", "power", "regions", "disks", "interfaces", "networks", "accounts"):
        setattr(sources, name, found[name])
    sources.vaults = _vaults(client, scope, found["vaults"], left_out)
    sources.collections = _collections(client, scope, left_out)
    sources.services = [service for service in _services(found["services"]) if scope.holds(ResourceId.parse(service.id)) or _named(scope, service.name)]
    sources.backups = _backups(client, scope, left_out)
    return sources


def _named(scope: Scope, name: str) -> bool:
    return scope.of_plan and scope.names(name)


def _services(resources: Iterable[Resource]) -> Iterable[Service]:
    for resource in resources:
        if place_of(resource) is not None:
            yield parse_service(resource)


def _vaults(client: ArmClient, scope: Scope, resources: Iterable[Resource], left_out: LeftOut) -> list[VaultContents]:
    """Of a plan, the vaults that it names or that protect one of its machines; every vault has to be looked into for that."""
    settings = [vault for vault in map(read_vault, resources) if vault is not None]
    if not scope.of_plan:
        settings = [vault for vault in settings if scope.has_group(vault.ref.group)]
    found = []
    for outcome in run_each(settings, lambda vault: _vault(client, vault)):
        if outcome.value is None:
            if outcome.error is not None:
                left_out.error(outcome.item.ref.id, "The vault", outcome.error)
            continue
        vault = outcome.value
        if scope.of_plan:
            meant = tuple(item for item in vault.items if scope.names(item.vm.id))
            if not meant and not scope.names(vault.settings.ref.id) and not scope.names(vault.settings.ref.name):
                continue
            vault = replace(vault, items=meant)
        found.append(vault)
    return found


def _vault(client: ArmClient, settings: VaultSettings) -> VaultContents:
    policies = tuple(client.list(f"{settings.ref.path}/backupPolicies", BACKUP, params={"$filter": VM_POLICIES}))
    items, now = items_now(client, settings.ref)
    return VaultContents(settings, policies, tuple(items[key] for key in sorted(items)), now)


def _collections(client: ArmClient, scope: Scope, left_out: LeftOut) -> list[Collection]:
    """The collections of the machines that are meant, wherever they are, and of their copies, each with its points."""
    try:
        listed = list_in_group(client, scope.subscription, None)
    except ArmError as error:
        left_out.error(f"/subscriptions/{scope.subscription}", "The list of restore point collections", error)
        return []
    meant = [one for one in listed if _meant(scope, one, listed)]
    found = []
    for outcome in run_each(meant, lambda one: _collection(client, one)):
        if outcome.error is not None:
            left_out.error(outcome.item.id, "The restore point collection", outcome.error)
        elif outcome.value is not None:
            found.append(outcome.value)
    return found


def _meant(scope: Scope, collection: Collection, listed: list[Collection]) -> bool:
    if scope.of_plan:
        return scope.names(vm_of(collection, listed) or collection.id)
    return scope.has_group(collection.group)


def _collection(client: ArmClient, collection: Collection) -> Collection | None:
    found = find_collection(client, collection.path)
    if found is None or not found.is_copy:
        return found
    points = [read_point(client, point.path, instance_view=True) or point for point in found.points]
    return replace(found, points=tuple(points))


def _backups(client: ArmClient, scope: Scope, left_out: LeftOut) -> list[Found]:
    """Backups of API Management, in the containers that the plan names."""
    found: dict[tuple[str, str, str], Found] = {}
    for options in scope.storages:
        service = str(options.get("source_service") or options.get("name") or "")
        account, container = str(options["storage_account"]), str(options["container"])
        key = (service.lower(), account.lower(), container)
        if not service or key in found:
            continue
        try:
            backups = _contents(client, scope, options, service)
        except ArmError as error:
            left_out.error(account, f"The backups of {service} in the container {container}", error)
            continue
        found[key] = Found(service, account.rpartition("/")[2], container, backups)
    return list(found.values())


def _contents(client: ArmClient, scope: Scope, options: Mapping[str, Any], service: str) -> tuple[Any, ...]:
    access = KEY if options.get("storage_access") == KEY else SYSTEM_IDENTITY
    storage = read_storage({**options, "storage_access": access, "user_assigned_identity": None})
    place = open_place(client, replace(storage, subscription=storage.subscription or scope.subscription))
    template = parse_backup_name(str(options.get("backup_name") or DEFAULT_NAME), "backup_name")
    contents = read_contents(place, "")
    if contents.problem is not None:
        raise contents.problem
    return tuple(backups_of(contents.blobs or (), template, service))
