# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the recorded writes to vaults to the calls of recovery_vault that make them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from .endings import Ending, ending
from .recording import VAULT, Exchange

CONFIG = "/backupconfig/vaultconfig"
WORDS = {
    "enabled": "enabled", "disabled": "disabled", "alwayson": "always_on", "unlocked": "unlocked", "locked": "locked",
    "permanentlydisabled": "permanently_disabled",
}
# What other clients say of replication and of costs, which no option does.
UNSAID = ("alertsForAllReplicationIssues", "alertsForAllFailoverIssues", "emailNotificationsForSiteRecovery", "costManagementSettings")


@dataclass(frozen=True)
class VaultStep:
    """One call. `write` has to be repeated; `after` is the vault as it was seen next, None when nobody looked."""

    arguments: dict[str, Any]
    write: Exchange
    ending: Ending
    after: dict[str, Any] | None

    @property
    def name(self) -> str:
        return f"{self.write.index} {self.write.method} {self.write.key.rsplit('/', 1)[-1]}"


def said(flow: list[Exchange]) -> list[Exchange]:
    """The flow without what no option says in the writes to vaults."""
    return [replace(e, request_body=_without(e.request_body)) if e.is_write and _is_vault(e) else e for e in flow]


def vault_steps(flow: list[Exchange]) -> list[VaultStep]:
    """The calls for the writes to vaults, in their order."""
    return [_step(flow, write) for write in flow if write.is_write and _is_vault(write) and not write.broken]


def _is_vault(write: Exchange) -> bool:
    return VAULT.fullmatch(write.key.removesuffix(CONFIG)) is not None and write.method in ("PUT", "PATCH", "DELETE")


def _step(flow: list[Exchange], write: Exchange) -> VaultStep:
    path = write.path.rstrip("/").split("/")
    place = {"name": path[8], "resource_group": path[4], "subscription_id": path[2]}
    after = _seen_next(flow, write)
    if write.method == "DELETE":
        arguments: dict[str, Any] = {"state": "absent"}
    elif write.key.endswith(CONFIG):
        arguments = {"soft_delete": WORDS[write.request_body["properties"]["softDeleteFeatureState"].lower()]}
    else:
        arguments = _settings(write.request_body)
        if "identity" in write.request_body and after:
            arguments["identity"] = _identity(after.get("identity") or {})
    return VaultStep({**place, **arguments, "allow_irreversible": True}, write, ending(flow, write), after)


def _seen_next(flow: list[Exchange], write: Exchange) -> dict[str, Any] | None:
    vault = write.key.removesuffix(CONFIG)
    if write.status == 200 and isinstance(write.response_body, dict) and write.key == vault:
        return dict(write.response_body)
    for exchange in flow[write.index + 1:]:
        if exchange.is_write and _is_vault(exchange):
            return None
        if exchange.method == "GET" and exchange.key == vault and exchange.status == 200:
            found: dict[str, Any] = exchange.response_body
            return found
    return None


def _settings(body: dict[str, Any]) -> dict[str, Any]:
    properties = body.get("properties") or {}
    alerts = properties.get("monitoringSettings") or {}
    security = properties.get("securitySettings") or {}
    redundancy = properties.get("redundancySettings") or {}
    restore = (properties.get("restoreSettings") or {}).get("crossSubscriptionRestoreSettings") or {}
    found = {
        "location": body.get("location"),
        "sku": (body.get("sku") or {}).get("name"),
        "tags": body.get("tags"),
        "public_network_access": _word(properties.get("publicNetworkAccess")),
        "job_failure_alerts": _flag((alerts.get("azureMonitorAlertSettings") or {}).get("alertsForAllJobFailures")),
        "classic_alerts": _flag((alerts.get("classicAlertSettings") or {}).get("alertsForCriticalOperations")),
        "redundancy": redundancy.get("standardTierStorageRedundancy"),
        "cross_region_restore": _flag(redundancy.get("crossRegionRestore")),
        "cross_subscription_restore": _word(restore.get("crossSubscriptionRestoreState")),
        "immutability": _word((security.get("immutabilitySettings") or {}).get("state")),
        "soft_delete": _word((security.get("softDeleteSettings") or {}).get("softDeleteState")),
        "soft_delete_retention_days": (security.get("softDeleteSettings") or {}).get("softDeleteRetentionPeriodInDays"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _identity(seen: dict[str, Any]) -> dict[str, Any]:
    """The identity that the recorded client had in the end, exactly."""
    users = list(seen.get("userAssignedIdentities") or {})
    return {"type": seen.get("type") or "None", **({"user_assigned_identities": {"id": users, "append": False}} if users else {})}


def _word(text: str | None) -> str | None:
    return WORDS[text.lower()] if text else None


def _flag(text: str | None) -> bool | None:
    return None if text is None else text.lower() == "enabled"


def _without(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return {name: _without(value) for name, value in copy.deepcopy(body).items() if name not in UNSAID}
