# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions, resource groups, provider registrations, and who can list or delete what is in a group."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Iterable

from ...estate import Estate
from ...replies import AzureError
from ...world import World

Inventory = Callable[[World, str], Iterable[dict[str, Any]]]
"""(world, subscription id) -> the resources of one service: id, name, type, location, tags and what else is known."""
GroupCleaner = Callable[[World, str, str], None]
"""(world, subscription id, resource group): removes what one service has in the group."""

PROVIDERS: dict[str, tuple[str, ...]] = {
    "Microsoft.ApiManagement": ("service", "deletedServices", "locations", "locations/deletedServices"),
    "Microsoft.Authorization": ("permissions",),
    "Microsoft.ClassicCompute": ("virtualMachines",),
    "Microsoft.ClassicStorage": ("storageAccounts",),
    "Microsoft.Compute": (
        "virtualMachines",
        "disks",
        "restorePointCollections",
        "restorePointCollections/restorePoints",
        "locations/operations",
        "locations/vmSizes",
        "locations/usages",
        "skus",
    ),
    "Microsoft.Insights": ("eventtypes",),
    "Microsoft.Network": ("virtualNetworks", "networkInterfaces", "publicIPAddresses", "networkSecurityGroups"),
    "Microsoft.RecoveryServices": ("vaults", "locations", "locations/backupStatus", "locations/deletedVaults"),
    "Microsoft.ResourceGraph": ("resources",),
    "Microsoft.Resources": ("subscriptions", "resourceGroups", "tenants", "deployments"),
    "Microsoft.Storage": ("storageAccounts",),
}
"""Namespaces the simulator knows and the types it names for them."""

REGIONS = {
    "eastasia": ("East Asia", "Asia Pacific"),
    "southeastasia": ("Southeast Asia", "Asia Pacific"),
    "westeurope": ("West Europe", "Europe"),
    "northeurope": ("North Europe", "Europe"),
    "eastus": ("East US", "US"),
    "westus": ("West US", "US"),
    "eastus2": ("East US 2", "US"),
    "centralus": ("Central US", "US"),
    "uksouth": ("UK South", "UK"),
    "ukwest": ("UK West", "UK"),
    "japaneast": ("Japan East", "Japan"),
    "japanwest": ("Japan West", "Japan"),
    "koreacentral": ("Korea Central", "Asia Pacific"),
    "koreasouth": ("Korea South", "Asia Pacific"),
}


@dataclass
class Group:
    subscription_id: str
    name: str
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    provisioning_state: str = "Succeeded"

    @property
    def id(self) -> str:
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.name}"


class ResourcesState:
    def __init__(self) -> None:
        self.estate: Estate | None = None
        self.subscriptions: set[str] = set()
        self.groups: dict[tuple[str, str], Group] = {}
        self.unregistered: set[str] = set()
        self.inventories: list[Inventory] = []
        self.cleaners: list[GroupCleaner] = []
        self.deletions: dict[str, tuple[str, str]] = {}
        """Token of a running or finished group deletion -> (subscription, group)."""

    def has_subscription(self, subscription_id: str) -> bool:
        return subscription_id.lower() in self.subscriptions

    def group(self, subscription_id: str, name: str) -> Group | None:
        return self.groups.get((subscription_id.lower(), name.lower()))

    def has_group(self, subscription_id: str, name: str) -> bool:
        return self.group(subscription_id, name) is not None

    def need_group(self, subscription_id: str, name: str) -> Group:
        """The group, or ARM's 404."""
        found = self.group(subscription_id, name)
        if found is None:
            raise group_not_found(name)
        return found

    def put_group(self, group: Group) -> Group:
        self.groups[(group.subscription_id.lower(), group.name.lower())] = group
        return group

    def remove_group(self, group: Group) -> None:
        self.groups.pop((group.subscription_id.lower(), group.name.lower()), None)

    def knows_provider(self, namespace: str) -> bool:
        return namespace.lower() in {name.lower() for name in PROVIDERS}

    def is_registered(self, namespace: str) -> bool:
        return namespace.lower() not in self.unregistered


def group_not_found(name: str) -> AzureError:
    """ARM's 404 for a resource group."""
    return AzureError(
        404,
        "ResourceGroupNotFound",
        f"Resource group '{name}' could not be found.",
        headers={"x-ms-failure-cause": "gateway"},
    )


def load(world: World, estate: Estate) -> None:
    """Takes subscription, groups and registrations from the estate."""
    state = world.state(ResourcesState)
    state.estate = estate
    state.subscriptions.add(estate.subscription_id.lower())
    state.unregistered = {name.lower() for name in estate.unregistered_providers}
    for group in estate.resource_groups:
        state.put_group(Group(estate.subscription_id, group.name, group.location, dict(group.tags)))


def dump(world: World) -> dict[str, Any]:
    """For the control port."""
    state = world.state(ResourcesState)
    groups = [
        {"id": group.id, "location": group.location, "tags": group.tags, "provisioningState": group.provisioning_state}
        for group in state.groups.values()
    ]
    return {"resourceGroups": groups, "unregisteredProviders": sorted(state.unregistered)}
