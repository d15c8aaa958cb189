# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places that VMs are recovered to: what a drill changes of them, and the options that restores into them take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

from .._arm.ids import ResourceId
from .._arm.regions import region_of
from .._fleet import Vm
from .._storage.names import ACCOUNT_TYPE
from .._target_options import group_id, new_vm_name, subnet_ids
from .schema import RESTORE_POINTS, SECONDARY_REGION

DRILL = "drill"
FAILOVER = "failover"
PURPOSES = (DRILL, FAILOVER)


@dataclass(frozen=True)
class Target:
    """A place to recover to for one purpose; ``place`` has the keys of the plan, with what a drill changes."""

    name: str
    source: str
    region: str
    subscription: str
    place: Mapping[str, Any]
    restore_points: Mapping[str, Any]

    @property
    def group(self) -> ResourceId:
        return group_id("resource_group", str(self.place["resource_group"]), self.subscription)

    @property
    def of_points(self) -> bool:
        """Whether VMs are made of restore points here."""
        return self.source == RESTORE_POINTS

    def network_ids(self) -> tuple[str, str]:
        """The ids of network and subnet; raises OptionError."""
        return subnet_ids(self.place, self.group.subscription, str(self.group))

    def storage_id(self) -> str | None:
        """The id of the staging storage account, when there is one."""
        account = self.place["storage_account"]
        if not account or account.startswith("/"):
            return account or None
        owner = group_id("storage_account_resource_group", self.place["storage_account_resource_group"] or str(self.group), self.group.subscription)
        return f"{owner}/providers/{ACCOUNT_TYPE}/{account}"

    def recovered(self, vm: Vm) -> Vm:
        """What the VM is called here; raises OptionError for what can be no name."""
        return Vm(self.group.subscription, self.group.group or "", new_vm_name(str(self.place["vm_name"]), vm))

    def facts(self) -> dict[str, Any]:
        """What readiness looks at; raises OptionError."""
        network, subnet = self.network_ids()
        points = self.restore_points.get("resource_group")
        return {
            "name": self.name,
            "from": self.source,
            "region": self.region,
            "resource_group_id": str(self.group),
            "virtual_network_id": network,
            "subnet_id": subnet,
            "storage_account_id": self.storage_id(),
            "restore_points_resource_group": points,
            "vm_size": self.place["vm_size"],
            "zone": self.place["zone"],
        }

    def options(self, tags: Mapping[str, str]) -> dict[str, Any]:
        """The options of vm_restore or restore_point_restore that say where to."""
        place = self.place
        found: dict[str, Any] = {
            "mode": "new_vm",
            "vm_name": place["vm_name"],
            "target_resource_group": str(self.group),
            "virtual_network": place["virtual_network"],
            "virtual_network_resource_group": place["virtual_network_resource_group"],
            "subnet": place["subnet"],
            "zone": place["zone"],
            "disk_encryption_set": place["disk_encryption_set"],
            "tags": {**(place["tags"] or {}), **tags},
        }
        if self.of_points:
            more = {
                "region": self.region,
                "resource_group": self.restore_points.get("resource_group"),
                "collection": self.restore_points.get("collection"),
                "disk_name": place["disk_name"],
                "vm_size": place["vm_size"],
            }
        else:
            more = {"storage_account": place["storage_account"], "storage_account_resource_group": place["storage_account_resource_group"]}
            if self.source == SECONDARY_REGION:
                more.update(from_secondary_region=True, secondary_region=self.region)
        return {name: value for name, value in {**found, **more}.items() if value is not None}


def make_target(name: str, entry: Mapping[str, Any], purpose: str, subscription: str) -> Target:
    """A target of the plan for a purpose; names in it are of the ``subscription``. Raises OptionError for ids that are none."""
    place = {option: entry[option] for option in entry if option not in ("from", "region", "restore_points", "drill")}
    target = Target(name, entry["from"], region_of(entry["region"]), subscription, place, entry["restore_points"] or {})
    changes = {option: value for option, value in (entry["drill"] or {}).items() if value is not None}
    return replace(target, place=_changed(target, changes)) if purpose == DRILL else target


def _changed(target: Target, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The keys in a drill. What it leaves as it is stays where it was, also when names would now belong to another group."""
    place = dict(target.place)
    if "resource_group" in changes:
        if "storage_account" not in changes:
            place.update(storage_account=target.storage_id(), storage_account_resource_group=None)
        if "virtual_network" not in changes:
            place.update(virtual_network=target.network_ids()[0], virtual_network_resource_group=None)
    if "virtual_network" in changes or str(changes.get("subnet") or "").startswith("/"):
        place.update(virtual_network=None, virtual_network_resource_group=None)
    if "storage_account" in changes:
        place.update(storage_account_resource_group=None)
    return {**place, **changes, "tags": {**(place["tags"] or {}), **(changes.get("tags") or {})} or None}
