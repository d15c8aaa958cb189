# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of Recovery Services."""

from __future__ import annotations

from ...routing import Handler, Router
from ...world import World
from . import (
    backups,
    cross_region,
    deleted_vaults,
    discovery,
    file_recovery,
    intents,
    items,
    jobs,
    operations,
    policies,
    protection,
    recovery_points,
    restores,
    usages,
    validation,
    vault_config,
    vaults,
)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_VAULTS = "/providers/Microsoft.RecoveryServices/vaults"
_VAULT = _GROUP + _VAULTS + "/{vault}"
_FABRIC = _VAULT + "/backupFabrics/{fabric}"
_ITEM = _FABRIC + "/protectionContainers/{container}/protectedItems/{item}"
_POINT = _ITEM + "/recoveryPoints/{point}"
_CHECK_NAME = _GROUP + "/providers/Microsoft.RecoveryServices/locations/{location}/checkNameAvailability"
_LOCATION = _SUBSCRIPTION + "/providers/Microsoft.RecoveryServices/locations/{location}"

_ROUTES: list[tuple[str, str, Handler]] = [
    # Vaults
    ("GET", _SUBSCRIPTION + _VAULTS, vaults.list_vaults),
    ("GET", _GROUP + _VAULTS, vaults.list_vaults),
    ("GET", _VAULT, vaults.get_vault),
    ("PUT", _VAULT, vaults.put_vault),
    ("PATCH", _VAULT, vaults.patch_vault),
    ("DELETE", _VAULT, vaults.delete_vault),
    ("GET", _VAULT + "/operationStatus/{operation}", vaults.get_operation_status),
    ("GET", _VAULT + "/operationResults/{operation}", vaults.get_operation_result),
    ("GET", _LOCATION + "/deletedVaults", deleted_vaults.list_deleted),
    ("GET", _LOCATION + "/deletedVaults/{deleted}", deleted_vaults.get_deleted),
    ("DELETE", _LOCATION + "/deletedVaults/{deleted}", deleted_vaults.purge_deleted),
    ("POST", _LOCATION + "/deletedVaults/{deleted}/undelete", deleted_vaults.undelete),
    ("GET", _LOCATION + "/deletedVaults/{deleted}/operations/{operation}", deleted_vaults.get_operation),
    ("POST", _CHECK_NAME, usages.check_name),
    ("GET", _VAULT + "/usages", usages.list_usages),
    ("GET", _VAULT + "/replicationUsages", usages.list_replication_usages),
    ("GET", _VAULT + "/backupUsageSummaries", usages.list_summaries),
    # Configuration
    ("GET", _VAULT + "/backupconfig/vaultconfig", vault_config.get_vault_config),
    ("PUT", _VAULT + "/backupconfig/vaultconfig", vault_config.change_vault_config),
    ("PATCH", _VAULT + "/backupconfig/vaultconfig", vault_config.change_vault_config),
    ("GET", _VAULT + "/backupstorageconfig/vaultstorageconfig", vault_config.get_storage_config),
    ("PUT", _VAULT + "/backupstorageconfig/vaultstorageconfig", vault_config.put_storage_config),
    ("PATCH", _VAULT + "/backupstorageconfig/vaultstorageconfig", vault_config.patch_storage_config),
    ("GET", _VAULT + "/backupEncryptionConfigs/backupResourceEncryptionConfig", vault_config.get_encryption_config),
    ("GET", _VAULT + "/backupResourceGuardProxies", vault_config.list_resource_guards),
    ("GET", _VAULT + "/backupResourceGuardProxies/{proxy}", vault_config.get_resource_guard),
    ("DELETE", _VAULT + "/backupResourceGuardProxies/{proxy}", vault_config.delete_resource_guard),
    # Policies
    ("GET", _VAULT + "/backupPolicies", policies.list_policies),
    ("GET", _VAULT + "/backupPolicies/{policy}", policies.get_policy),
    ("PUT", _VAULT + "/backupPolicies/{policy}", policies.put_policy),
    ("DELETE", _VAULT + "/backupPolicies/{policy}", policies.delete_policy),
    ("GET", _VAULT + "/backupPolicies/{policy}/operations/{operation}", operations.get_status),
    ("GET", _VAULT + "/backupPolicies/{policy}/operationResults/{operation}", policies.get_policy_result),
    # Discovery
    ("POST", _FABRIC + "/refreshContainers", discovery.refresh_containers),
    ("GET", _FABRIC + "/operationResults/{operation}", discovery.get_refresh_result),
    ("GET", _FABRIC + "/operationsStatus/{operation}", operations.get_status),
    ("GET", _VAULT + "/backupProtectableItems", discovery.list_protectable),
    ("POST", _LOCATION + "/backupStatus", discovery.backup_status),
    ("POST", _LOCATION + "/backupPreValidateProtection", discovery.pre_validate),
    ("POST", _LOCATION + "/backupValidateFeatures", discovery.validate_features),
    ("GET", _VAULT + "/backupProtectionIntents", intents.list_intents),
    ("GET", _FABRIC + "/backupProtectionIntent/{intent}", intents.get_intent),
    ("PUT", _FABRIC + "/backupProtectionIntent/{intent}", intents.put_intent),
    ("DELETE", _FABRIC + "/backupProtectionIntent/{intent}", intents.delete_intent),
    # Protected items
    ("GET", _VAULT + "/backupProtectedItems", items.list_items),
    ("GET", _VAULT + "/backupProtectionContainers", items.list_containers),
    ("GET", _VAULT + "/backupDeletedProtectionContainers", items.list_deleted_containers),
    ("GET", _ITEM, items.get_item),
    ("PUT", _ITEM, protection.put_item),
    ("DELETE", _ITEM, protection.delete_item),
    # Operations
    ("GET", _VAULT + "/backupOperations/{operation}", operations.get_status),
    ("GET", _VAULT + "/backupOperationResults/{operation}", operations.get_vault_result),
    ("GET", _ITEM + "/operationsStatus/{operation}", operations.get_status),
    ("GET", _ITEM + "/operationResults/{operation}", operations.get_item_result),
    # Backups and jobs
    ("POST", _ITEM + "/backup", backups.trigger_backup),
    ("GET", _VAULT + "/backupJobs", jobs.list_jobs),
    ("GET", _VAULT + "/backupJobs/{job}", jobs.get_job),
    ("POST", _VAULT + "/backupJobs/{job}/cancel", jobs.cancel_job),
    ("GET", _VAULT + "/backupJobs/{job}/operationResults/{operation}", jobs.get_cancel_result),
    ("GET", _VAULT + "/backupJobs/{job}/operationsStatus/{operation}", operations.get_status),
    ("POST", _VAULT + "/backupJobsExport", jobs.export_jobs),
    ("GET", _VAULT + "/backupJobs/operationResults/{operation}", jobs.get_export_result),
    # Recovery points and restores
    ("GET", _ITEM + "/recoveryPoints", recovery_points.list_points),
    ("GET", _POINT, recovery_points.get_point),
    ("POST", _ITEM + "/recoveryPointsRecommendedForMove", recovery_points.list_for_archive),
    ("POST", _POINT + "/restore", restores.trigger_restore),
    ("POST", _POINT + "/provisionInstantItemRecovery", file_recovery.provision),
    ("POST", _POINT + "/revokeInstantItemRecovery", file_recovery.revoke),
    ("POST", _POINT + "/listInstantItemRecoveryOperationResult", file_recovery.list_result),
    ("POST", _VAULT + "/backupValidateOperation", validation.validate),
    ("POST", _VAULT + "/backupTriggerValidateOperation", validation.trigger_validation),
    ("GET", _VAULT + "/backupValidateOperationsStatuses/{operation}", validation.get_status),
    ("GET", _VAULT + "/backupValidateOperationResults/{operation}", validation.get_result),
    # Cross-region restore
    ("GET", _LOCATION + "/backupAadProperties", cross_region.get_aad_properties),
    ("POST", _POINT + "/accessToken", cross_region.get_access_token),
    ("POST", _LOCATION + "/backupCrossRegionRestore", cross_region.trigger),
    ("GET", _LOCATION + "/backupCrrOperationsStatus/{operation}", cross_region.get_operation_status),
    ("GET", _LOCATION + "/backupCrrOperationResults/{operation}", cross_region.get_operation_result),
    ("POST", _LOCATION + "/backupCrrJob", cross_region.get_job),
    ("POST", _LOCATION + "/backupCrrJobs", cross_region.list_jobs),
]


def register(router: Router, world: World) -> None:
    """Adds the routes."""
    for method, template, handler in _ROUTES:
        router.add(method, template, handler)
