# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person can do about the error codes of Azure Backup: codes as the service sends them, in bodies and as jobs' errorTitle."""

from __future__ import annotations

from typing import Mapping

ANOTHER_VAULT = "BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault"
NOT_DISCOVERED = "BMSUserErrorInvalidConfigureProtectionRequest"
ENHANCED_TO_STANDARD = "UserErrorPolicyChangeFromEnhancedToStandardNotAllowed"
DENIED_ON_IMMUTABLE = "UserErrorOperationDeniedOnImmutableItem"

HINTS: Mapping[str, str] = {
    ANOTHER_VAULT: "Stop and delete the protection in the vault that owns the VM first, or work with that vault.",
    NOT_DISCOVERED: "The vault does not know the VM: it must exist, in the vault's region and subscription, and must not be a classic VM.",
    DENIED_ON_IMMUTABLE: (
        "On an immutable vault, use state=suspended instead of stopped or absent; on a vault that is not immutable, "
        "use state=stopped instead of suspended (Azure answers both with this code)."
    ),
    "UserErrorMigrationFromTrustedLaunchVMToNonTrustedVMNotAllowed": (
        "A VM of a lower security type has taken the name. Delete the old backup data (state=absent) and wait for its purge first."
    ),
    "UserErrorVmNotFoundV2": "The VM is gone. Its recovery points are kept; restore it, or stop the backup with state=stopped or absent.",
    "UserErrorBackupOperationInProgress": "Another backup of the VM runs. Wait for it, or cancel it with lifeboat.azure_dr.backup_job.",
    "UserErrorGuestAgentStatusUnavailable": "Azure cannot reach the VM agent. Start the VM, and repair or update its agent.",
    "UserErrorVmProvisioningStateFailed": "The VM's last deployment or extension failed. Repair the VM until its provisioning state is Succeeded.",
    "UserErrorVmNotInDesirableState": "Start the VM, or deallocate it completely, and try again.",
    "UserErrorRpCollectionLimitReached": "Delete old restore points of the VM from the restore point collection of Azure Backup, and try again.",
    "UserErrorRequestDisallowedByPolicy": "An Azure Policy forbids it. The message names the policy; ask for an exemption for Azure Backup's resources.",
    "UserErrorKeyVaultPermissionsNotConfigured": "Give the service 'Backup Management Service' access to the Key Vault of the encrypted VM.",
    "UserErrorCrossSubscriptionRestoreNotSuppported": "Switch on cross-subscription restore in the vault's properties.",
    "UserErrorStandardPolicyNotSupportedForTrustedLaunchVM": "Use an enhanced policy (V2), such as EnhancedPolicy.",
    ENHANCED_TO_STANDARD: "Choose an enhanced policy; a VM under one cannot go back.",
    "CloudDosTimeboudLimitReached": "Azure allows 9 on-demand backups of a VM a day, failed ones included. Wait until tomorrow (UTC).",
    "CloudInternalError": "Azure Backup had an internal problem. Run the task again; what was started goes on.",
    "InternalServerError": "Azure had an internal problem. Run the task again; what was started goes on.",
    "AuthorizationFailed": "The identity lacks a role. 'Backup Operator' on the vault and 'Virtual Machine Contributor' on the VMs cover all of it.",
    "LinkedAuthorizationFailed": "The identity also needs a role on the resource that the message names.",
    "ScopeLocked": "A management lock is on the resource or a scope above it. Remove the lock, or leave the resource as it is.",
    "SubscriptionNotFound": "Check subscription_id, and that the identity belongs to the tenant of that subscription.",
    "ResourceGroupNotFound": "Check the resource group's name and the subscription.",
    "ResourceNotFound": "Check the names, the resource group and the subscription; a vault is looked for where 'vault' and 'resource_group' say.",
    "ResourceRequestsThrottled": "The subscription has used up its requests of this kind. Poll less often (poll_interval), or wait as long as the message says.",
}
