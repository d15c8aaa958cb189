# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person can do about the error codes that vaults themselves meet."""

from __future__ import annotations

from typing import Mapping

from .hints import HINTS

NOT_REGISTERED = "MissingSubscriptionRegistration"

VAULT_HINTS: Mapping[str, str] = {
    **HINTS,
    "BMSUserErrorVaultDeletionNotPermitted": (
        "This region keeps a vault until its soft-deleted backups are purged. Wait for that, or bring them back "
        "(lifeboat.azure_dr.vm_backup_protection, state=stopped) to keep them."
    ),
    "BMSUserErrorVaultDeletionNotAllowed": (
        "Something in the vault is still protected or registered. End the protection with lifeboat.azure_dr.vm_backup_protection, "
        "state=absent, and unregister servers, storage accounts and replicated items."
    ),
    "ServiceResourceNotEmptyWithBackendMessage": (
        "The vault still holds backups, soft-deleted ones included, or registrations. Remove them, or wait for the purge."
    ),
    "BMSUserErrorSoftDeleteStateAlwaysOn": "Soft delete is always on in this vault and cannot be changed: leave soft_delete out.",
    NOT_REGISTERED: (
        "Let somebody who may register Microsoft.RecoveryServices in the subscription do so: "
        "az provider register --namespace Microsoft.RecoveryServices."
    ),
    "AuthorizationFailed": (
        "The identity lacks a role: Backup Contributor on the resource group of the vault; for a new subscription also the right to register "
        "Microsoft.RecoveryServices, and for deleted vaults Backup Contributor on the subscription."
    ),
}
