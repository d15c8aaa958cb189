# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other services as Recovery Services sees them: the only place that knows their state objects."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...bodies import region_of
from ...estate import Guest
from ...world import World
from ..compute.quotas import over_quota
from ..compute.state import ComputeState, Vm
from ..network.state import NetworkState
from ..resources.state import ResourcesState
from ..storage.state import Account, StorageState, put_container
from .naming import parse_resource_id
from .state import Disk


@dataclass(frozen=True)
class VmFacts:
    """A VM as a backup sees it."""

    id: str
    name: str
    group: str
    subscription: str
    location: str
    size: str
    os_type: str
    disks: list[Disk]
    """The OS disk (lun -1) first."""
    zones: list[str] = field(default_factory=list)
    security_type: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.id.lower()


def _facts(world: World, vm: Vm) -> VmFacts:
    return VmFacts(
        id=vm.id,
        name=vm.name,
        group=vm.resource_group,
        subscription=vm.subscription_id,
        location=region_of(vm.location),
        size=vm.size,
        os_type=vm.os_type,
        disks=[
            Disk(-1 if one.lun is None else one.lun, one.name, one.size_gb, one.sku, _guest(world, one.disk_id))
            for one in vm.disks
        ],
        zones=list(vm.zones),
        security_type=vm.security_type,
        tags=dict(vm.tags),
    )


def _guest(world: World, disk_id: str) -> Guest:
    disk = world.state(ComputeState).disks.by_id(disk_id)
    return disk.guest if disk else Guest()


def raw_vm(world: World, vm_id: str) -> Vm | None:
    return world.state(ComputeState).vms.by_id(vm_id)


def find_vm(world: World, vm_id: str) -> VmFacts | None:
    vm = raw_vm(world, vm_id)
    return None if vm is None else _facts(world, vm)


def missing_quota(world: World, subscription: str, location: str, size: str) -> str | None:
    """Compute's words when there is no quota for one more machine of this size."""
    return over_quota(world, subscription, location, size)


def list_vms(world: World, subscription: str, location: str) -> list[VmFacts]:
    """The VMs of a region, as a vault there can see them."""
    return [_facts(world, vm) for vm in world.state(ComputeState).vms_in(subscription, location)]


def group_exists(world: World, subscription: str, group: str) -> bool:
    return world.state(ResourcesState).has_group(subscription, group)


def group_location(world: World, subscription: str, group: str) -> str:
    """The region of a resource group; raises 404 ResourceGroupNotFound."""
    return region_of(world.state(ResourcesState).need_group(subscription, group).location)


def find_storage(world: World, account_id: str) -> Account | None:
    parsed = parse_resource_id(account_id)
    if parsed is None or parsed.type.lower() != "microsoft.storage/storageaccounts":
        return None
    return world.state(StorageState).accounts.get(parsed.subscription, parsed.group, parsed.name)


def write_blobs(world: World, account_id: str, container: str, names: list[str]) -> None:
    """Leaves blobs of a restore in the staging account, as names: the simulator keeps no contents."""
    account = find_storage(world, account_id)
    if account is not None:
        kept = put_container(world, account, container)
        kept.blobs.extend(name for name in names if name not in kept.blobs)


def network_location(world: World, network_id: str) -> str | None:
    """The region of a virtual network; None when it does not exist."""
    parsed = parse_resource_id(network_id)
    if parsed is None or parsed.type.lower() != "microsoft.network/virtualnetworks":
        return None
    found = world.state(NetworkState).find(network_id)
    return None if found is None else region_of(found.location)


def subnet_exists(world: World, subnet_id: str) -> bool:
    return world.state(NetworkState).subnet(subnet_id) is not None


def tenant_id(world: World) -> str:
    estate = world.state(ResourcesState).estate
    return estate.tenant_id if estate is not None else "00000000-0000-0000-0000-000000000000"
