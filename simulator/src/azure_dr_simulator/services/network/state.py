# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated network knows: resources of four types, each with its properties as the API has them."""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Iterator

from ...estate import Estate, VirtualNetwork
from ...store import Store
from ...world import World
from ..resources.state import ResourcesState

KINDS = ("virtualNetworks", "networkInterfaces", "publicIPAddresses", "networkSecurityGroups")
_FIRST_HOST = 4
"""Azure keeps the first four addresses of a subnet."""


@dataclass
class NetworkResource:
    subscription_id: str
    resource_group: str
    kind: str
    """One of KINDS."""
    name: str
    location: str
    properties: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    """Members beside `properties`: sku, zones."""
    etag: str = ""

    @property
    def id(self) -> str:
        return network_id(self.subscription_id, self.resource_group, self.kind, self.name)


class NetworkState:
    def __init__(self) -> None:
        self.stores: dict[str, Store[NetworkResource]] = {kind.lower(): Store() for kind in KINDS}
        self.addresses_given: dict[str, int] = {}
        """Subnet id (lower case) -> addresses handed out."""
        self.addresses_kept: set[tuple[str, str]] = set()
        """Subnet id (lower case) and address, of interfaces that came with theirs."""

    def store(self, kind: str) -> Store[NetworkResource]:
        return self.stores[kind.lower()]

    def all(self) -> Iterator[NetworkResource]:
        for store in self.stores.values():
            yield from store

    def find(self, resource_id: str) -> NetworkResource | None:
        """The resource of an ARM id (also of an id below it, such as a subnet's)."""
        parts = resource_id.strip("/").split("/")
        if len(parts) < 8 or parts[6].lower() not in self.stores:
            return None
        return self.stores[parts[6].lower()].by_id(resource_id)

    def subnet(self, subnet_id: str) -> dict[str, Any] | None:
        """The subnet of an id as its virtual network holds it."""
        network = self.find(subnet_id)
        parts = subnet_id.strip("/").split("/")
        if network is None or len(parts) != 10 or parts[8].lower() != "subnets":
            return None
        return next(
            (one for one in network.properties.get("subnets", []) if one["name"].lower() == parts[9].lower()), None
        )


def network_id(subscription_id: str, resource_group: str, kind: str, name: str) -> str:
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/Microsoft.Network/{kind}/{name}"


def make_subnet(network_id_text: str, name: str, prefix: str) -> dict[str, Any]:
    """A subnet as it stands in its virtual network's properties."""
    return {
        "name": name,
        "id": f"{network_id_text}/subnets/{name}",
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "properties": {
            "provisioningState": "Succeeded",
            "addressPrefix": prefix,
            "delegations": [],
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
        },
    }


def create_nic(
    world: World,
    *,
    subscription_id: str,
    resource_group: str,
    name: str,
    location: str,
    subnet_id: str,
    vm_id: str = "",
    tags: dict[str, str] | None = None,
    address: str = "",
) -> NetworkResource:
    """A network interface with this address, or the next free one of the subnet, stored."""
    state = world.state(NetworkState)
    if address:
        state.addresses_kept.add((subnet_id.lower(), address))
    else:
        address = _next_address(state, subnet_id)
    nic = NetworkResource(subscription_id, resource_group, "networkInterfaces", name, location, tags=dict(tags or {}))
    configuration = {
        "name": "ipconfig1",
        "id": f"{nic.id}/ipConfigurations/ipconfig1",
        "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Dynamic",
            "subnet": {"id": subnet_id},
            "primary": True,
            "privateIPAddressVersion": "IPv4",
        },
    }
    nic.properties = {
        "provisioningState": "Succeeded",
        "resourceGuid": world.new_id(),
        "ipConfigurations": [configuration],
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": False,
        "primary": True,
        "nicType": "Standard",
    }
    if vm_id:
        attach_nic(nic, vm_id)
    nic.etag = f'W/"{world.new_id()}"'
    return state.store("networkInterfaces").put(nic)


def attach_nic(nic: NetworkResource, vm_id: str) -> None:
    """Gives the interface to a machine; the first one to start with it makes its hardware address known."""
    nic.properties["virtualMachine"] = {"id": vm_id}
    last = str(nic.properties["resourceGuid"])[-6:].upper()
    nic.properties.setdefault("macAddress", f"00-0D-3A-{last[:2]}-{last[2:4]}-{last[4:]}")


def addresses_used(state: NetworkState) -> Counter[str]:
    """How many configured addresses there are in each subnet, by its id in lower case."""
    return Counter(
        str((one["properties"].get("subnet") or {}).get("id", "")).lower()
        for nic in state.store("networkInterfaces")
        for one in nic.properties.get("ipConfigurations", [])
    )


def usable_addresses(prefix: str) -> int:
    """The size of a subnet without the five addresses that Azure keeps."""
    return max(0, ipaddress.ip_network(prefix, strict=False).num_addresses - _FIRST_HOST - 1)


def _next_address(state: NetworkState, subnet_id: str) -> str:
    subnet = state.subnet(subnet_id)
    if subnet is None:
        return "10.0.0.4"
    block = ipaddress.ip_network(subnet["properties"]["addressPrefix"], strict=False)
    usable = max(1, block.num_addresses - _FIRST_HOST - 1)
    address = ""
    for _attempt in range(usable):
        given = state.addresses_given.get(subnet_id.lower(), 0)
        state.addresses_given[subnet_id.lower()] = given + 1
        address = str(block[min(_FIRST_HOST + given % usable, block.num_addresses - 1)])
        if (subnet_id.lower(), address) not in state.addresses_kept:
            break
    return address


def load(world: World, estate: Estate) -> None:
    """Creates the estate's virtual networks."""
    state = world.state(NetworkState)
    for network in estate.virtual_networks:
        state.store("virtualNetworks").put(_network(world, estate, network))
    resources = world.state(ResourcesState)
    resources.inventories.append(_inventory)
    resources.cleaners.append(_clean)


def dump(world: World) -> dict[str, Any]:
    """For the control port."""
    state = world.state(NetworkState)
    return {kind: [one.id for one in state.store(kind)] for kind in KINDS}


def _network(world: World, estate: Estate, network: VirtualNetwork) -> NetworkResource:
    made = NetworkResource(
        estate.subscription_id,
        network.resource_group,
        "virtualNetworks",
        network.name,
        network.location,
        tags=dict(network.tags),
    )
    made.etag = f'W/"{world.new_id()}"'
    made.properties = {
        "provisioningState": "Succeeded",
        "resourceGuid": world.new_id(),
        "addressSpace": {"addressPrefixes": list(network.address_prefixes)},
        "subnets": [make_subnet(made.id, subnet.name, subnet.prefix) for subnet in network.subnets],
        "virtualNetworkPeerings": [],
        "enableDdosProtection": False,
    }
    return made


def _inventory(world: World, subscription_id: str) -> Iterator[dict[str, Any]]:
    for one in world.state(NetworkState).all():
        if one.subscription_id.lower() == subscription_id.lower():
            yield {
                "id": one.id,
                "name": one.name,
                "type": f"Microsoft.Network/{one.kind}",
                "location": one.location,
                "tags": one.tags,
            }


def _clean(world: World, subscription_id: str, resource_group: str) -> None:
    for store in world.state(NetworkState).stores.values():
        for one in store.within(subscription_id, resource_group):
            store.remove(one)
