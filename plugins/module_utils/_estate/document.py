# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole estate: the document that the simulator loads, and what could not be in it. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable, Mapping

from .._arm.ids import ResourceId
from .._arm.regions import region_of
from .._compute.shapes import member, members
from .machines import (
    Hardware,
    Names,
    Resource,
    compact,
    group_entry,
    interfaces_of,
    machine_entry,
    network_entry,
    network_of,
    place_of,
    power_states,
    storage_entry,
)
from .points import collection_entries
from .read import Sources
from .scope import Scope
from .services import DATA_ROLE, identity_entries, service_entries
from .left_out import ANOTHER_SUBSCRIPTION, LeftOut
from .vaults import vault_entry

Entries = list[dict[str, Any]]
Placed = list[tuple[ResourceId, Resource]]

REHEARSAL = {"name": "rehearsal", "roles": ["Owner", DATA_ROLE]}
"""Who rehearses. The rights that whoever exports has on Azure are not exported."""


def estate_of(sources: Sources, scope: Scope, left_out: LeftOut) -> dict[str, Any]:
    """The document."""
    names = Names({str(group.get("name")).lower(): str(group.get("name")) for group in sources.groups})
    machines = [(place, resource) for place, resource in _placed(sources.machines) if scope.holds(place)]
    interfaces = _by_id(sources.interfaces)
    networks = _networks(sources, scope, [resource for _place, resource in machines], interfaces)
    accounts = [(place, resource) for place, resource in _placed(sources.accounts) if _means_account(scope, place)]
    hardware = Hardware(
        _by_id(sources.disks), interfaces, frozenset(place.key for place, _resource in networks), power_states(sources.power)
    )
    machine_entries: dict[str, dict[str, Any]] = {}
    for place, resource in machines:
        entry = machine_entry(resource, place, hardware, names, left_out)
        if entry is not None:
            guest = scope.guests.get(place.key)
            machine_entries[place.key] = {**entry, "guest": dict(guest)} if guest else entry
    account_entries = [storage_entry(resource, place, names) for place, resource in accounts]
    known = frozenset(str(entry["name"]).lower() for entry in account_entries)
    vaults = [vault_entry(vault, names, frozenset(machine_entries), sources.now, left_out) for vault in sources.vaults]
    location = _home(vaults, machine_entries.values())
    document = {
        "location": location,
        "paired_location": _paired(sources.regions, location),
        "subscription_id": scope.subscription.lower(),
        "principals": [REHEARSAL, *identity_entries(sources.services)],
        "virtual_networks": [network_entry(resource, place, names) for place, resource in networks],
        "storage_accounts": account_entries,
        "virtual_machines": list(machine_entries.values()),
        "vaults": vaults,
        "restore_point_collections": collection_entries(sources.collections, machine_entries, names, sources.now, left_out),
        "api_management": service_entries(sources.services, sources.backups, known, names, sources.now, left_out),
    }
    _tell_of_others(scope, left_out)
    groups = _used_groups(document)
    listed = [group_entry(group) for group in sources.groups if _means_group(scope, groups, str(group.get("name")))]
    return compact({**document, "resource_groups": listed})


def _placed(resources: Iterable[Resource]) -> Placed:
    found = [(place, resource) for resource in resources if (place := place_of(resource)) is not None]
    return sorted(found, key=lambda pair: pair[0].key)


def _by_id(resources: Iterable[Resource]) -> dict[str, Resource]:
    return {place.key: resource for place, resource in _placed(resources)}


def _networks(sources: Sources, scope: Scope, machines: Iterable[Resource], interfaces: Mapping[str, Resource]) -> Placed:
    """The networks that are meant, and those that the machines are in."""
    used = set()
    for machine in machines:
        for interface in interfaces_of(machine):
            subnet = network_of(interfaces.get(interface.lower(), {}))
            if subnet is not None:
                used.add(str(subnet).lower().rsplit("/subnets/", 1)[0])
    found = _placed(sources.networks)
    return [(place, network) for place, network in found if place.key in used or _means_network(scope, place)]


def _means_network(scope: Scope, place: ResourceId) -> bool:
    if scope.holds(place):
        return True
    return scope.of_plan and scope.has_group(place.group or "") and scope.names(place.name)


def _means_account(scope: Scope, place: ResourceId) -> bool:
    return scope.holds(place) or (scope.of_plan and scope.names(place.name))


def _means_group(scope: Scope, used: set[str], name: str) -> bool:
    return name.lower() in used or scope.has_group(name)


def _used_groups(document: Mapping[str, Any]) -> set[str]:
    """The resource groups that something of the estate is in."""
    kinds = ("virtual_networks", "storage_accounts", "virtual_machines", "vaults", "restore_point_collections", "api_management")
    used = {str(entry["resource_group"]).lower() for kind in kinds for entry in document[kind]}
    for machine in document["virtual_machines"]:
        used |= {str(one["resource_group"]).lower() for one in machine["network_interfaces"] if "resource_group" in one}
    return used


def _home(vaults: Entries, machines: Iterable[Mapping[str, Any]]) -> str:
    """The region that most vaults, or else most machines, are in."""
    for entries in (vaults, machines):
        regions = Counter(str(entry.get("location")) for entry in entries if entry.get("location"))
        if regions:
            return sorted(regions, key=lambda region: (-regions[region], region))[0]
    return ""


def _paired(regions: Iterable[Resource], location: str) -> str | None:
    for region in regions:
        if region_of(region.get("name")) == location:
            pairs = members(member(region, "metadata").get("pairedRegion"))
            return region_of(pairs[0].get("name")) or None if pairs else None
    return None


def _tell_of_others(scope: Scope, left_out: LeftOut) -> None:
    """What a plan names in other subscriptions."""
    for word in sorted(scope.words or ()):
        if not word.startswith("/subscriptions/"):
            continue
        try:
            place = ResourceId.parse(word)
        except ValueError:
            continue
        if place.namespace and place.subscription.lower() != scope.subscription.lower():
            left_out.add(word, ANOTHER_SUBSCRIPTION)
