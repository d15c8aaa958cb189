# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person can do about the errors of API Management."""

from __future__ import annotations

from typing import Mapping

STORAGE = (
    "API Management must reach the blob: its identity needs the role Storage Blob Data Contributor on the storage account, or the account must allow keys; "
    "with a firewall only storage_access=system_identity works, with access for trusted Azure services; and its blob service may have no CORS rules."
)

HINTS: Mapping[str, str] = {
    "ServiceLocked": "Another operation of the service runs. Run the task again: it waits for that one first.",
    "InvalidParameters": STORAGE,
    "BadRequest": f"Azure gives no reason for this. {STORAGE}",
    "RestoreFailed": "A backup can be restored into a service of the same pricing tier only, for 30 days.",
    "AuthorizationFailed": (
        "The identity that runs this needs the role API Management Service Contributor on the service (to restore also Tag Contributor and Reader), "
        "and Reader on the storage account."
    ),
}
