# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs put together into as few tasks as can be: the options of the modules that recover, protect, back up and replicate them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Hashable, Iterable, Mapping, Sequence, TypeVar

from .._arm.ids import ResourceId
from .._backup.names import VaultRef
from .._fleet import Vm
from .machines import Chosen
from .targets import DRILL, Target
from .waves import Place

T = TypeVar("T")


@dataclass(frozen=True)
class Member:
    """A VM of the plan, with all that is known of it."""

    place: Place
    chosen: Chosen
    target: Target
    vault: VaultRef | None
    location: str | None
    recovered: Vm

    @property
    def vm(self) -> Vm:
        return self.chosen.vm

    def facts(self) -> dict[str, Any]:
        new = self.recovered
        return {
            "id": self.vm.id,
            "name": self.vm.name,
            "resource_group": self.vm.group,
            "location": self.location,
            "priority": self.chosen.priority,
            "target": self.target.name,
            "from": self.target.source,
            "vault_id": self.vault.id if self.vault else None,
            "recovered": {"id": new.id, "name": new.name, "resource_group": new.group},
        }


def bundle(members: Iterable[T], same: Callable[[T], Hashable]) -> list[list[T]]:
    """Those that are the same go together, in the order of the first of each."""
    found: dict[Hashable, list[T]] = {}
    for member in members:
        found.setdefault(same(member), []).append(member)
    return list(found.values())


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options without those that are left to the modules' defaults."""
    return {name: value for name, value in options.items() if value is not None}


def vault_options(vault: VaultRef | None) -> dict[str, Any]:
    return {"vault": vault.id, "resource_group": vault.group} if vault else {}


def restores(members: Sequence[Member], subscription: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Options of vm_restore for the VMs that come from vaults: one a vault and target."""
    own = [member for member in members if not member.target.of_points]
    return [
        {"subscription_id": subscription, "vm": _ids(some), **vault_options(some[0].vault), **some[0].target.options(tags)}
        for some in bundle(own, lambda member: (member.target.name, member.vault.key if member.vault else ""))
    ]


def builds(members: Sequence[Member], subscription: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Options of restore_point_restore for the VMs that come from restore points: one a target."""
    own = [member for member in members if member.target.of_points]
    return [{"subscription_id": subscription, "vm": _ids(some), **some[0].target.options(tags)} for some in bundle(own, lambda member: member.target.name)]


def services(place: Place, purpose: str, subscription: str) -> list[dict[str, Any]]:
    """The API Management services of a wave, each with options of apim_restore."""
    return [_service(entry, purpose, subscription) for entry in place.wave["api_management"]]


def _service(entry: Mapping[str, Any], purpose: str, subscription: str) -> dict[str, Any]:
    validate_only = purpose == DRILL and entry["drill"] is None
    into = entry["drill"] if purpose == DRILL and entry["drill"] else entry["standby"]
    note = None
    if validate_only:
        note = f"Nothing is restored in a drill, which only looks whether {into['name']} could take the backup; name a service under drill to restore into."
    restore = {
        "subscription_id": subscription,
        "name": into["name"],
        "resource_group": into["resource_group"],
        "confirm": into["name"],
        "source_service": entry["name"],
        **_storage(entry),
    }
    return {"name": entry["name"], "resource_group": entry["resource_group"], "restore": restore, "validate_only": validate_only, "note": note}


def api_backups(waves: Iterable[Place], subscription: str) -> list[dict[str, Any]]:
    """Options of apim_backup."""
    return [
        given(
            {
                "subscription_id": subscription,
                "name": entry["name"],
                "resource_group": entry["resource_group"],
                **_storage(entry),
                "max_age": entry["max_age"],
                "keep": entry["keep"],
            }
        )
        for place in waves
        for entry in place.wave["api_management"]
    ]


def _storage(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = ("storage_account", "storage_resource_group", "container", "storage_access", "user_assigned_identity", "backup_name")
    return given({name: entry[name] for name in names})


def protections(members: Iterable[Member], plan: Mapping[str, Any], subscription: str) -> list[dict[str, Any]]:
    """Options of vm_backup_protection: one a vault and policy."""
    own = [(member, protecting_vault(member.place, plan, subscription)) for member in members]
    wanted = [(member, vault) for member, vault in own if vault is not None]
    return [
        {
            "subscription_id": subscription,
            "vm": [member.vm.id for member, _vault in some],
            **vault_options(some[0][1]),
            "policy": some[0][0].place.application["protection"]["policy"],
        }
        for some in bundle(wanted, lambda pair: (pair[1].key, pair[0].place.application["protection"]["policy"].lower()))
    ]


def protecting_vault(place: Place, plan: Mapping[str, Any], subscription: str) -> VaultRef | None:
    """The vault that the application says protects it."""
    protection = place.application["protection"]
    if protection is None:
        return None
    group = protection["resource_group"] or next(
        vault["resource_group"] for vault in plan["vaults"] if vault["name"].lower() == protection["vault"].lower()
    )
    return VaultRef(subscription, group, protection["vault"])


def backups(members: Iterable[Member], subscription: str) -> list[dict[str, Any]]:
    """Options of vm_backup_trigger: one a vault and what the applications want."""
    own = [(member, given(member.place.application["backup"])) for member in members if member.place.application["backup"]]
    return [
        {"subscription_id": subscription, "vm": [member.vm.id for member, _wish in some], **vault_options(some[0][0].vault), **some[0][1]}
        for some in bundle(own, lambda pair: (pair[0].vault.key if pair[0].vault else "", *sorted(pair[1].items())))
    ]


def replications(members: Sequence[Member], subscription: str) -> list[dict[str, Any]]:
    """Options of restore_point and restore_point_copy. Of an application that recovers from restore points, only the VMs that do."""
    points = {member.place.application["name"] for member in members if member.target.of_points}
    own = [
        (member, member.place.application["replication"])
        for member in members
        if member.place.application["replication"] and (member.target.of_points or member.place.application["name"] not in points)
    ]
    found: list[dict[str, Any]] = []
    for some in bundle(own, lambda pair: tuple(sorted((name, str(value)) for name, value in pair[1].items()))):
        wish = some[0][1]
        common = {"subscription_id": subscription, "vm": [member.vm.id for member, _wish in some]}
        point = given({**common, "max_age": wish["max_age"], "keep": wish["keep"]})
        copy = given({**common, "target_region": wish["region"], "target_resource_group": wish["resource_group"], "keep": wish["keep"]})
        found.append({"restore_point": point, "copy": copy})
    return found


def cleanup(members: Iterable[Member], subscription: str) -> dict[str, Any]:
    """Where a drill made anything."""
    groups = {str(member.target.group).lower(): member.target.group for member in members}
    subscriptions = {group.subscription.lower(): group.subscription for group in groups.values()} or {subscription.lower(): subscription}
    return {"subscriptions": list(subscriptions.values()), "resource_groups": list(dict.fromkeys(_name(group) for group in groups.values()))}


def _name(group: ResourceId) -> str:
    return group.group or ""


def _ids(members: Iterable[Member]) -> list[str]:
    return [member.vm.id for member in members]
