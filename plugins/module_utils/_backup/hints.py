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
        "An immutable vault keeps recovery points until they expire: use state=suspended or stopped instead of absent. "
        "A vault that is not immutable cannot suspend (Azure answers with the same code): use state=stopped."
    ),
    "UserErrorMigrationFromTrustedLaunchVMToNonTrustedVMNotAllowed": (
        "A VM of a lower security type has taken the name. Delete the old backup data (state=absent) and wait for its purge first."
    ),
    ENHANCED_TO_STANDARD: "Choose an enhanced policy; a VM under one cannot go back.",
    "UserErrorVmNotFoundV2": "The VM is gone. Its recovery points are kept; restore it, or end its backup with state=stopped or absent.",
    "UserErrorVmNotInDesirableState": "Start the VM, or deallocate it completely, and repair a failed provisioning state; then try again.",
    "UserErrorBackupOperationInProgress": "Another backup of the VM runs. Wait for it, or cancel it with lifeboat.azure_dr.backup_job.",
    "SystemBackupOperationInProgress": "A scheduled backup of the VM runs. Wait for it.",
    "UserErrorGuestAgentStatusUnavailable": "Azure cannot reach the VM agent. Start the VM, and repair or update its agent.",
    "GuestAgentSnapshotTaskStatusError": "The VM agent did not answer. Start the VM, and repair or update its agent.",
    "AzureVmOffline": "Start the VM, and see that its agent runs.",
    "ExtensionSnapshotFailedNoNetwork": "The VM has no way to Azure's storage. Let it reach the service tag Storage on port 443.",
    "ExtensionFailedVssWriterInBadState": "Restart the VSS writers of the VM (vssadmin list writers), or the VM.",
    "ExtensionStuckInDeletionState": "Remove the backup extension from the VM, and try again.",
    "UserErrorFsFreezeFailed": "A file system of the Linux VM cannot be frozen. Unmount or repair it (fsck), or leave it out of the freeze.",
    "UserErrorRpCollectionLimitReached": "Remove locks from the resource group of Azure Backup's restore points, so that it can clear old ones.",
    "UserErrorUnsupportedDiskSize": "A disk is larger than Azure Backup can take. Leave it out with the option disks.",
    "UserErrorKeyvaultPermissionsNotConfigured": "Give the service Backup Management Service access to the Key Vault of the encrypted VM.",
    "UserErrorRequestDisallowedByPolicy": "An Azure Policy forbids it. Ask for an exemption for what the message names.",
    "UserErrorInstantRpNotFound": "The snapshot of this recovery point is gone. Restore from the vault tier, or choose another point.",
    "UserErrorSkuNotAvailable": "The VM size is not to be had in the target zone or region. Restore the disks and make a VM of another size.",
    "UserErrorMarketPlaceVMNotSupported": "The marketplace image is not to be had any more. Restore the disks and make a VM of them.",
    "UserErrorCoreCountSubscriptionQuotaReached": "The subscription has no cores left in the region. Raise its quota, or restore the disks only.",
    "CloudDosTimeboudLimitReached": "Azure allows 9 on-demand backups of a VM a day, failed ones included. Wait until tomorrow (UTC).",
    "CloudInternalError": "Azure Backup had an internal problem. Run the task again; what was started goes on.",
    "InternalServerError": "Azure had an internal problem. Run the task again; what was started goes on.",
    "AuthorizationFailed": "The identity lacks a role: Backup Contributor (or Operator, to protect only) on the vault, Virtual Machine Contributor on the VMs.",
    "LinkedAuthorizationFailed": "The identity also needs a role on the resource that the message names.",
    "ScopeLocked": "A management lock is on the resource or a scope above it. Remove the lock, or leave the resource as it is.",
    "SubscriptionNotFound": "Check subscription_id, and that the identity belongs to the tenant of that subscription.",
    "ResourceGroupNotFound": "Check the resource group's name and the subscription.",
    "ResourceNotFound": "Check the names, the resource group and the subscription; a vault is looked for where 'vault' and 'resource_group' say.",
    "ResourceRequestsThrottled": "The subscription has used up its requests of this kind. Raise poll_interval, or wait as long as the message says.",
}
