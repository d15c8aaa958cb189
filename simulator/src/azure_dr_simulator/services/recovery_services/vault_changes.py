# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying a vault's PUT and PATCH bodies, with the rules that cannot be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...replies import AzureError
from ...world import World
from .neighbours import tenant_id
from .state import Vault

_REDUNDANCIES = ("LocallyRedundant", "GeoRedundant", "ZoneRedundant")


def change_settings(vault: Vault, properties: dict[str, Any], now: datetime, *, patch: bool = False) -> None:
    """Takes over what the body says; raises 400 for what Azure never takes back.

    A `patch` leaves soft delete as it is, and says nothing about that (reported of 2025): it is changed at the vault's
    backup configuration only.
    """
    if properties.get("publicNetworkAccess"):
        vault.public_access = str(properties["publicNetworkAccess"])
    if properties.get("monitoringSettings"):
        vault.monitoring = dict(properties["monitoringSettings"])
    if properties.get("costManagementSettings"):
        vault.cost = dict(properties["costManagementSettings"])
    _redundancy(vault, properties.get("redundancySettings") or {}, now)
    _security(vault, properties.get("securitySettings") or {}, patch)
    restore = (properties.get("restoreSettings") or {}).get("crossSubscriptionRestoreSettings") or {}
    state = restore.get("crossSubscriptionRestoreState")
    if state and vault.cross_subscription_restore == "PermanentlyDisabled" and state != "PermanentlyDisabled":
        raise _refused("Cross subscription restore is permanently disabled for this vault.")
    vault.cross_subscription_restore = str(state or vault.cross_subscription_restore)


def _redundancy(vault: Vault, settings: dict[str, Any], now: datetime) -> None:
    redundancy = settings.get("standardTierStorageRedundancy")
    if redundancy:
        set_redundancy(vault, str(redundancy))
    cross_region = settings.get("crossRegionRestore")
    if cross_region:
        set_cross_region_restore(vault, cross_region == "Enabled", now)


def set_redundancy(vault: Vault, redundancy: str) -> None:
    if redundancy not in _REDUNDANCIES:
        raise _refused(f"The storage redundancy '{redundancy}' is not known.")
    if redundancy != vault.redundancy and (vault.items or vault.pending):
        raise _refused("The storage redundancy cannot be changed once an item is protected in the vault.")
    vault.redundancy = redundancy


def set_cross_region_restore(vault: Vault, enabled: bool, now: datetime) -> None:
    if vault.cross_region_restore and not enabled:
        raise _refused("Cross region restore cannot be disabled once it is enabled.")
    if enabled and vault.redundancy != "GeoRedundant":
        raise _refused("Cross region restore needs a geo-redundant vault.")
    if enabled and not vault.cross_region_restore:
        vault.cross_region_restore, vault.cross_region_since = True, now


def _security(vault: Vault, settings: dict[str, Any], patch: bool) -> None:
    soft_delete = {} if patch else settings.get("softDeleteSettings") or {}
    set_soft_delete(vault, soft_delete.get("softDeleteState"), soft_delete.get("softDeleteRetentionPeriodInDays"))
    state = (settings.get("immutabilitySettings") or {}).get("state")
    if state is None or state == vault.immutability:
        return
    allowed = {None: ("Disabled", "Unlocked"), "Disabled": ("Unlocked",), "Unlocked": ("Disabled", "Locked"), "Locked": ()}
    if state not in allowed[vault.immutability]:
        raise _refused(f"The immutability state cannot change from {vault.immutability or 'Disabled'} to {state}.")
    vault.immutability = state


def set_soft_delete(vault: Vault, state: Any, days: Any) -> None:
    """Always-on soft delete is never left: the service answers 200 and keeps it."""
    if days is not None:
        if not isinstance(days, int) or not 14 <= days <= 180:
            raise _refused("The soft delete retention period must be from 14 to 180 days.")
        vault.soft_delete_days = days
    if state and vault.soft_delete != "AlwaysON":
        names = {"alwayson": "AlwaysON", "enabled": "Enabled", "disabled": "Disabled"}
        vault.soft_delete = names.get(str(state).lower(), vault.soft_delete)


def change_identity(world: World, vault: Vault, given: Any) -> None:
    """A PATCH adds user-assigned identities; null removes one."""
    if not isinstance(given, dict):
        return
    kinds = {part.strip().lower() for part in str(given.get("type", "None")).split(",")}
    if kinds == {"none"}:
        vault.identity = {"type": "None"}
        return
    old = vault.identity or {}
    identity: dict[str, Any] = {}
    if "systemassigned" in kinds:
        identity["tenantId"] = tenant_id(world)
        identity["principalId"] = old.get("principalId") or world.new_id()
    names = [name for name in ("SystemAssigned", "UserAssigned") if name.lower() in kinds]
    identity["type"] = ", ".join(names)
    if "userassigned" in kinds:
        users = dict(old.get("userAssignedIdentities") or {})
        for key, value in (given.get("userAssignedIdentities") or {}).items():
            if value is None:
                users.pop(key, None)
            else:
                users[key] = {"clientId": world.new_id(), "principalId": world.new_id()}
        identity["userAssignedIdentities"] = users
    vault.identity = identity


def _refused(message: str) -> AzureError:
    """Which code Azure uses for each of these is in no source."""
    return AzureError(400, "BMSUserErrorInvalidInput", message)
