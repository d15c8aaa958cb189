# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of what is sent to a vault: settings, identities and tags as Azure takes them. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from .vault_options import IdentityWish, Wish
from .vault_state import AZURE_WORDS, GEO, Identity

SIMPLE = ("cross_subscription_restore", "immutability", "public_network_access")
"""Settings that stand alone in a body."""


def simple_properties(wanted: Mapping[str, str | None]) -> dict[str, Any]:
    """What stands alone in a body, by the names of SIMPLE."""
    words = {name: AZURE_WORDS[value] for name, value in wanted.items() if value}
    properties: dict[str, Any] = {}
    if "public_network_access" in words:
        properties["publicNetworkAccess"] = words["public_network_access"]
    if "cross_subscription_restore" in words:
        state = words["cross_subscription_restore"]
        properties["restoreSettings"] = {"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": state}}
    if "immutability" in words:
        properties["securitySettings"] = {"immutabilitySettings": {"state": words["immutability"]}}
    return properties


def redundancy_settings(redundancy: str | None, crossing: bool) -> dict[str, str]:
    return {
        "standardTierStorageRedundancy": redundancy or GEO,
        "crossRegionRestore": "Enabled" if crossing else "Disabled",
    }


def monitoring_settings(current: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    """All alert settings, with those that are asked for."""
    settings = {name: dict(group) for name, group in current.items() if isinstance(group, Mapping)}
    for group, name, wanted in (
        ("azureMonitorAlertSettings", "alertsForAllJobFailures", wish.job_failure_alerts),
        ("classicAlertSettings", "alertsForCriticalOperations", wish.classic_alerts),
    ):
        if wanted is not None:
            settings.setdefault(group, {})[name] = "Enabled" if wanted else "Disabled"
    return settings


def wanted_identity(current: Identity, wish: IdentityWish) -> Identity:
    """The identity that the vault is to have; appended user-assigned identities keep those that are there."""
    if not wish.keeps_users:
        return Identity(wish.system)
    return Identity(wish.system, {**(current.users if wish.append else {}), **wish.users})


def identity_patch(current: Identity, wish: IdentityWish) -> dict[str, Any]:
    """Only what changes: Azure keeps the user-assigned identities that a PATCH does not name, and drops those it names as null."""
    wanted = wanted_identity(current, wish)
    body: dict[str, Any] = {"type": wanted.type}
    users: dict[str, Any] = {name: {} for key, name in wanted.users.items() if key not in current.users}
    if wanted.users:
        users.update({name: None for key, name in current.users.items() if key not in wanted.users})
    if users:
        body["userAssignedIdentities"] = users
    return body


def identity_words(identity: Identity) -> dict[str, Any]:
    return {"type": identity.type, "user_assigned_identities": sorted(identity.users.values())}
