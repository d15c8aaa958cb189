# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults as JSON, as recorded in 2023 and 2026."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .state import DeletedVault, Vault

_SCORES_FROM = "2024-01-01"
_SCAN_FROM = "2025-01-01"
_COST_FROM = "2026-01-01"
DEFAULT_MONITORING: dict[str, Any] = {
    "azureMonitorAlertSettings": {
        "alertsForAllJobFailures": "Enabled",
        "alertsForAllReplicationIssues": "Enabled",
        "alertsForAllFailoverIssues": "Enabled",
    },
    "classicAlertSettings": {"alertsForCriticalOperations": "Enabled", "emailNotificationsForSiteRecovery": "Enabled"},
}


def vault_json(vault: Vault, api_version: str) -> dict[str, Any]:
    """A vault; while `Provisioning` some fields are not there yet."""
    new = vault.provisioning == "Provisioning"
    properties: dict[str, Any] = {
        "provisioningState": vault.provisioning,
        "privateEndpointStateForBackup": "None",
        "privateEndpointStateForSiteRecovery": "None",
    }
    if vault.monitoring is not None:
        properties["monitoringSettings"] = _monitoring(vault.monitoring, api_version)
    if api_version >= _COST_FROM and vault.cost is not None:
        properties["costManagementSettings"] = vault.cost
    if not new:
        properties["backupStorageVersion"] = "V2" if vault.items else "Unassigned"
    properties["securitySettings"] = _security(vault, api_version, new)
    properties["redundancySettings"] = {
        "standardTierStorageRedundancy": vault.redundancy,
        "crossRegionRestore": "Enabled" if vault.cross_region_restore else "Disabled",
    }
    if api_version >= _COST_FROM:
        properties["regionOfChoiceSettings"] = {"status": "Disabled"}
    if api_version >= _SCORES_FROM:
        properties["secureScore"], properties["bcdrSecurityLevel"] = _scores(vault)
    properties["publicNetworkAccess"] = vault.public_access
    properties["restoreSettings"] = {
        "crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": vault.cross_subscription_restore}
    }
    body: dict[str, Any] = {"location": vault.location, "name": vault.name, "etag": etag(vault.changed)}
    if vault.tags is not None:
        body["tags"] = vault.tags
    if vault.identity is not None:
        body["identity"] = vault.identity
    return {**body, "properties": properties, "id": vault.id, "type": "Microsoft.RecoveryServices/vaults", "sku": vault.sku}


def etag(changed: datetime) -> str:
    return f"W/\"datetime'{changed:%Y-%m-%dT%H%%3A%M%%3A%S}.{changed.microsecond:06d}{1 + changed.microsecond % 9}Z'\""


def _monitoring(settings: dict[str, Any], api_version: str) -> dict[str, Any]:
    if api_version >= _SCORES_FROM:
        return settings
    azure_monitor = settings.get("azureMonitorAlertSettings") or {}
    classic = settings.get("classicAlertSettings") or {}
    return {
        "azureMonitorAlertSettings": {"alertsForAllJobFailures": azure_monitor.get("alertsForAllJobFailures", "Enabled")},
        "classicAlertSettings": {"alertsForCriticalOperations": classic.get("alertsForCriticalOperations", "Enabled")},
    }


def _security(vault: Vault, api_version: str, new: bool) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if vault.immutability is not None:
        settings["immutabilitySettings"] = {"state": vault.immutability}
    elif api_version < _SCORES_FROM:
        settings["immutabilitySettings"] = None
    soft_delete: dict[str, Any] = {
        "softDeleteRetentionPeriodInDays": vault.soft_delete_days,
        "softDeleteState": vault.soft_delete,
    }
    if api_version >= _SCORES_FROM:
        soft_delete["enhancedSecurityState"] = "AlwaysON" if vault.soft_delete == "AlwaysON" else "Enabled"
    settings["softDeleteSettings"] = soft_delete
    settings["multiUserAuthorization"] = "Invalid" if new else vault.multi_user
    if api_version >= _SCAN_FROM:
        settings["sourceScanConfiguration"] = {"state": vault.source_scan}
    return settings


def _scores(vault: Vault) -> tuple[str, str]:
    """Secure score and security level: recorded pairs are None/Poor, Adequate/Good and Maximum/Excellent."""
    if vault.immutability == "Locked":
        return "Maximum", "Excellent"
    return ("Adequate", "Good") if vault.soft_delete == "AlwaysON" else ("None", "Poor")


def deleted_vault_json(deleted: DeletedVault) -> dict[str, Any]:
    vault = deleted.vault
    kind = "Microsoft.RecoveryServices/locations/deletedVaults"
    return {
        "id": f"/subscriptions/{vault.subscription}/providers/Microsoft.RecoveryServices/locations/{vault.location}"
        f"/deletedVaults/{deleted.name}",
        "name": deleted.name,
        "type": kind,
        "location": vault.location,
        "properties": {
            "vaultId": vault.id,
            "vaultDeletionTime": f"{deleted.deleted:%Y-%m-%dT%H:%M:%S.%fZ}",
            "purgeAt": f"{deleted.purge:%Y-%m-%dT%H:%M:%S.%fZ}",
        },
    }
