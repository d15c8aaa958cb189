# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about the errors of the Blob service."""

from __future__ import annotations

HINTS: dict[str, str] = {
    "AuthorizationPermissionMismatch": "Give the identity that runs this the role 'Storage Blob Data Reader' on the account or container "
    "('Storage Blob Data Contributor' to prune); a role assigned just now can take some minutes to work.",
    "AuthorizationFailure": "The firewall of the storage account does not let this machine in: allow its network, or run this where it is allowed.",
    "KeyBasedAuthenticationNotPermitted": "The storage account allows no keys: use storage_access=system_identity or user_identity.",
    "AuthenticationFailed": "The key or token was not accepted: check storage_key (keys change when they are rotated) and the clock of this machine.",
    "InvalidAuthenticationInfo": "The token was not accepted: check tenant and cloud_environment.",
    "ContainerBeingDeleted": "The container is being deleted, which takes some minutes: try again later, or use another container.",
    "BlobImmutableDueToPolicy": "An immutability policy or legal hold of the container keeps this blob; it can be deleted when that ends.",
    "LeaseIdMissing": "Somebody holds a lease on the blob: az storage blob lease break.",
    "AccountIsDisabled": "The storage account is disabled.",
}
