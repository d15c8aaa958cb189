# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults with their policies and protected items as entries of the simulator's estate. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Sequence

from .._backup.items import ProtectedItem
from .._backup.vault_state import AZURE_WORDS, VaultSettings
from .machines import Names, age_hours, compact
from .left_out import LeftOut

_READ_ONLY = frozenset({"protectedItemsCount", "resourceGuardOperationRequests"})
_STATES = {
    "irpending": "IRPending",
    "protected": "Protected",
    "protectionerror": "ProtectionError",
    "protectionpaused": "ProtectionPaused",
    "protectionstopped": "ProtectionStopped",
    "backupssuspended": "BackupsSuspended",
}
_HEALTH = ("Passed", "ActionRequired", "ActionSuggested", "Invalid")
_BACKUPS = ("Completed", "CompletedWithWarnings", "Failed", "InProgress", "IRPending", "Cancelled", "Unknown")
_TRANSFER_HOURS = 2.0
"""Azure moves a snapshot to the vault within this time, mostly."""
_INSTANT_DAYS = 2
"""What a policy that says nothing keeps snapshots for."""


@dataclass(frozen=True)
class VaultContents:
    """A vault as it was read. ``now`` is Azure's time then."""

    settings: VaultSettings
    policies: tuple[Mapping[str, Any], ...] = ()
    items: tuple[ProtectedItem, ...] = ()
    now: datetime | None = None


def vault_entry(vault: VaultContents, names: Names, machines: frozenset[str], default_now: datetime, left_out: LeftOut) -> dict[str, Any]:
    """``machines``: the ids, in lower case, of the exported machines."""
    settings = vault.settings
    if settings.identity.users:
        left_out.add(settings.ref.id, "User-assigned identities of vaults are not simulated: the vault has none there.")
    if settings.private_endpoints:
        left_out.add(settings.ref.id, "Private endpoints of vaults are not simulated: the vault has none there.")
    policies = {str(policy.get("name")).lower(): policy for policy in vault.policies}
    geo = settings.redundancy == "GeoRedundant"
    return compact(
        {
            "name": settings.ref.name,
            "resource_group": names.groups.get(settings.ref.group.lower(), settings.ref.group),
            "location": settings.location,
            "redundancy": settings.redundancy,
            "cross_region_restore": True if geo and settings.cross_region_restore else None,
            "cross_subscription_restore": AZURE_WORDS.get(settings.cross_subscription_restore),
            "soft_delete": AZURE_WORDS.get(settings.soft_delete or ""),
            "soft_delete_days": settings.soft_delete_retention_days,
            "immutability": AZURE_WORDS.get(settings.immutability),
            "identity": "SystemAssigned" if settings.identity.system else None,
            "multi_user_authorization": settings.more.get("multi_user_authorization") or None,
            "tags": dict(settings.tags),
            "policies": [_policy(policies[name]) for name in sorted(policies)],
            "protected_items": [_item(item, settings, policies, machines, vault.now or default_now) for item in vault.items],
        }
    )


def _policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    properties = policy.get("properties")
    found = properties if isinstance(properties, Mapping) else {}
    return {"name": str(policy.get("name")), "properties": {key: value for key, value in found.items() if key not in _READ_ONLY}}


def _item(
    item: ProtectedItem, settings: VaultSettings, policies: Mapping[str, Mapping[str, Any]], machines: frozenset[str], now: datetime
) -> dict[str, Any]:
    policy = policies.get((item.policy_name or "").lower())
    deleted = None
    if item.soft_deleted:
        left = age_hours(now, item.purge_time) if item.purge_time else 0.0
        deleted = max(0.0, round((settings.soft_delete_retention_days or 14) * 24 - left, 2))
    return compact(
        {
            "vm": item.vm.name,
            "resource_group": item.vm.group,
            "vm_exists": None if item.vm.key in machines else False,
            "policy": str(policy.get("name")) if policy else None,
            "state": "SoftDeleted" if item.soft_deleted else _STATES.get(item.state.lower(), "Protected"),
            "deleted_hours_ago": deleted,
            "health": item.health if item.health in _HEALTH and item.health != "Passed" else None,
            "health_details": [_finding(detail) for detail in item.health_details] if item.health not in (None, "Passed") else [],
            "last_backup_status": item.last_backup_status if item.last_backup_status in _BACKUPS and item.last_backup_status != "Completed" else None,
            **(item.disks.as_fact() if item.disks else {}),
            "recovery_points": _points(item, policy, now),
        }
    )


def _finding(detail: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: detail.get(name) for name in ("code", "title", "message")}
    advice = detail.get("recommendations")
    return compact({**found, "recommendations": [str(text) for text in advice] if isinstance(advice, list) else []})


def _points(item: ProtectedItem, policy: Mapping[str, Any] | None, now: datetime) -> list[dict[str, Any]]:
    """The newest point, which is all that the list of items tells. In which tiers it is follows from its age and the policy."""
    if item.last_recovery_point is None:
        return []
    age = age_hours(item.last_recovery_point, now)
    return [{"age_hours": age, "tiers": _tiers(age, policy)}]


def _tiers(age: float, policy: Mapping[str, Any] | None) -> Sequence[str]:
    properties = policy.get("properties") if policy else None
    days = properties.get("instantRpRetentionRangeInDays") if isinstance(properties, Mapping) else None
    instant = age < 24 * (days if isinstance(days, int) else _INSTANT_DAYS)
    if not instant:
        return ["HardenedRP"]
    return ["InstantRP"] if age < _TRANSFER_HOURS else ["InstantRP", "HardenedRP"]
