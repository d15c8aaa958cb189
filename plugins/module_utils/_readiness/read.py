# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the checks need, by lists, several at once. What cannot be read is kept as its error, and nothing else is lost by it."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Iterable, Mapping, MutableMapping, NamedTuple

from .._apis import AUTHORIZATION, COMPUTE, NETWORK, RESOURCES, SKUS, STORAGE
from .._arm.client import Api, ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId, segment
from .._backup.cross_region import SecondaryStamp
from .._backup.items import list_items
from .._backup.names import VaultRef
from .._backup.recovery_points import RecoveryPoint
from .._backup.restore_stamps import PrimaryStamp, Stamp
from .._backup.vault_read import NO_GROUP, get_vault, with_storage_settings
from .._backup.vault_state import VaultSettings
from .._compute.point_restores_read import find_points
from .._compute.shapes import member, members, text, whole
from .._fleet import VM_TYPE, run_each
from .check_quotas import places_of
from .facts import Facts, Grant, Size, Usage
from .needs import SECONDARY, Need, Needs
from .permissions import grant_of, wanted_actions
from .read_services import read_service_facts

FEW_GROUPS = 4
"""VMs in up to so many resource groups of a subscription are listed group by group; beyond it the subscription's list is cheaper."""


class Job(NamedTuple):
    """One thing to read, and where to keep it."""

    into: MutableMapping[Any, Any]
    key: Any
    work: Callable[[], Any]


def read_facts(client: ArmClient, needs: Needs) -> Facts:
    """Everything, in two rounds: the second asks in the places that the first has told."""
    facts = Facts(client.server_now())
    _read([*_vault_jobs(client, needs, facts), *_target_jobs(client, needs, facts), *_other_jobs(client, needs, facts)])
    _read_machines(client, needs, facts)
    for choice, needing in needs.choices:
        try:
            facts.copies.update(find_points(client, [need.vm for need in needing], choice))
        except ArmError as error:
            facts.copies.update({need.vm.key: error for need in needing})
    _read([*_point_jobs(client, needs, facts), *_quota_jobs(client, needs, facts)])
    facts.now = client.server_now()
    return facts


def _read(jobs: Iterable[Job]) -> None:
    for outcome in run_each(jobs, lambda job: job.work()):
        outcome.item.into[outcome.item.key] = outcome.error or outcome.value


# --- vaults, and what is in them ---


def _vault_jobs(client: ArmClient, needs: Needs, facts: Facts) -> list[Job]:
    jobs = [Job(facts.vaults, ref.key, partial(_vault, client, ref)) for ref in needs.vaults]
    return jobs + [Job(facts.items, ref.key, partial(list_items, client, ref)) for ref in needs.vaults]


def _vault(client: ArmClient, ref: VaultRef) -> VaultSettings | None:
    try:
        found = get_vault(client, ref)
    except ArmError as error:
        if error.code == NO_GROUP:
            return None
        raise
    return with_storage_settings(client, found) if found is not None and None in (found.redundancy, found.cross_region_restore) else found


def _point_jobs(client: ArmClient, needs: Needs, facts: Facts) -> list[Job]:
    """Recovery points one VM at a time, where a list of VMs does not tell what matters: where their copies are."""
    across = [need for need in needs.vms if need.source == SECONDARY and need.vault]
    stamps: dict[str, SecondaryStamp] = {need.region: SecondaryStamp(client, need.region or None) for need in across}
    listed: dict[tuple[str, str], Any] = {}
    places = {(need.region, need.vault.key): need.vault for need in across if need.vault}
    _read([Job(listed, place, partial(stamps[place[0]].items, ref)) for place, ref in places.items()])
    jobs = []
    for need in needs.vms:
        if need.vault is None or not (need.source == SECONDARY or need.needs_vault_copy):
            continue
        stamp: Stamp = stamps[need.region] if need.source == SECONDARY else PrimaryStamp(client)
        items = listed[need.region, need.vault.key] if need.source == SECONDARY else facts.items.get(need.vault.key)
        jobs.append(Job(facts.points, need.vm.key, partial(_points, stamp, need, items)))
    return jobs


def _points(stamp: Stamp, need: Need, items: Any) -> list[RecoveryPoint]:
    if isinstance(items, ArmError):
        raise items
    item = items.get(need.vm.key) if items else None
    if item is None:
        raise stamp.no_item(need.vm, need.vault)
    return stamp.points(item.path)


# --- where it goes to ---


def _target_jobs(client: ArmClient, needs: Needs, facts: Facts) -> list[Job]:
    groups = {need.group_id.lower(): need.group_id for need in needs.vms if need.group_id}
    networks = {need.network_id.lower(): need.network_id for need in needs.vms if need.network_id}
    accounts = {need.storage_id.lower(): need.storage_id for need in needs.vms if need.storage_id}
    jobs = [Job(facts.groups, key, partial(_find, client, RESOURCES, at)) for key, at in groups.items()]
    jobs += [Job(facts.networks, key, partial(_find, client, NETWORK, at)) for key, at in networks.items()]
    jobs += [Job(facts.spaces, key, partial(_spaces, client, at)) for key, at in networks.items()]
    jobs += [Job(facts.accounts, key, partial(_find, client, STORAGE, at)) for key, at in accounts.items()]
    return jobs


def _read_machines(client: ArmClient, needs: Needs, facts: Facts) -> None:
    """The VMs of the groups that VMs come from and go to: their sizes, and the names that are taken."""
    groups = {ResourceId(need.vm.subscription, need.vm.group).key: ResourceId(need.vm.subscription, need.vm.group) for need in needs.vms}
    groups.update({need.group_id.lower(): ResourceId.parse(need.group_id) for need in needs.vms if need.group_id})
    by_subscription: dict[str, list[ResourceId]] = {}
    for group in groups.values():
        by_subscription.setdefault(group.subscription.lower(), []).append(group)
    many = [subscription for subscription, listed in by_subscription.items() if len(listed) > FEW_GROUPS]
    whole: dict[str, Any] = {}
    _read([Job(whole, subscription, partial(_machines, client, ResourceId(subscription))) for subscription in many])
    apart: list[ResourceId] = []
    for subscription, listed in by_subscription.items():
        found = whole.get(subscription)
        if found is None or (isinstance(found, ArmError) and found.status == 403):
            # With rights on the groups only.
            apart += listed
        elif isinstance(found, ArmError):
            facts.machines.update({group.key: found for group in listed})
        else:
            facts.machines.update({group.key: {vm_id: vm for vm_id, vm in found.items() if vm_id.startswith(f"{group.key}/")} for group in listed})
    _read([Job(facts.machines, group.key, partial(_machines, client, group)) for group in apart])


def _find(client: ArmClient, api: Api, resource_id: str) -> dict[str, Any] | None:
    return client.find(ResourceId.parse(resource_id).path, api)


def _machines(client: ArmClient, scope: ResourceId) -> dict[str, dict[str, Any]]:
    """VMs by lower id; none where there is no such resource group."""
    try:
        return {str(vm.get("id")).lower(): vm for vm in client.list(f"{scope.path}/providers/{VM_TYPE}", COMPUTE)}
    except ArmError as error:
        if error.status == 404:
            return {}
        raise


def _spaces(client: ArmClient, network_id: str) -> dict[str, Usage]:
    found: dict[str, Usage] = {}
    for entry in client.list(f"{ResourceId.parse(network_id).path}/usages", NETWORK):
        current, limit = whole(entry.get("currentValue")), whole(entry.get("limit"))
        if current is not None and limit is not None:
            found[str(entry.get("id")).lower()] = Usage(current, limit)
    return found


# --- quotas ---


def _quota_jobs(client: ArmClient, needs: Needs, facts: Facts) -> list[Job]:
    jobs = []
    for place in places_of(needs, facts):
        jobs.append(Job(facts.quotas, place, partial(_quotas, client, *place)))
        jobs.append(Job(facts.sizes, place, partial(_sizes, client, *place)))
    return jobs


def _quotas(client: ArmClient, subscription: str, region: str) -> dict[str, Usage]:
    path = f"/subscriptions/{segment(subscription)}/providers/Microsoft.Compute/locations/{segment(region)}/usages"
    found: dict[str, Usage] = {}
    for entry in client.list(path, COMPUTE):
        name, current, limit = text(member(entry, "name").get("value")), whole(entry.get("currentValue")), whole(entry.get("limit"))
        if name and current is not None and limit is not None:
            found[name.lower()] = Usage(current, limit)
    return found


def _sizes(client: ArmClient, subscription: str, region: str) -> dict[str, Size]:
    """All VM sizes of the region, with the quotas that they count against."""
    listed = client.list(f"/subscriptions/{segment(subscription)}/providers/Microsoft.Compute/skus", SKUS, params={"$filter": f"location eq '{region}'"})
    found: dict[str, Size] = {}
    for sku in listed:
        if str(sku.get("resourceType")).lower() != "virtualmachines":
            continue
        vcpus = next((whole(one.get("value")) for one in members(sku.get("capabilities")) if one.get("name") == "vCPUs"), None)
        closed = any(_closes(one) for one in members(sku.get("restrictions")))
        found[str(sku.get("name")).lower()] = Size(vcpus or 0, text(sku.get("family")), not closed)
    return found


def _closes(restriction: Mapping[str, Any]) -> bool:
    """Whether the subscription may not use the size in the whole region; a zone that is closed leaves the others."""
    return str(restriction.get("type")).lower() == "location"


# --- API Management and permissions ---


def _other_jobs(client: ArmClient, needs: Needs, facts: Facts) -> list[Job]:
    jobs = [
        Job(facts.services, service.name.lower(), partial(read_service_facts, client, service))
        for service in needs.services
        if service.storage is not None
    ]
    return jobs + [Job(facts.permissions, scope.lower(), partial(_permissions, client, scope)) for scope in wanted_actions(needs)]


def _permissions(client: ArmClient, scope: str) -> list[Grant]:
    path = f"{ResourceId.parse(scope).path}/providers/Microsoft.Authorization/permissions"
    return [grant_of(entry) for entry in client.list(path, AUTHORIZATION)]
