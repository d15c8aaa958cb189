# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of storage accounts, keys and containers, as Storage api-version 2023-05-01 and newer answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...world import World
from .state import Account, Container, blob_endpoint


def storage_time(moment: datetime | None) -> str:
    """Seven digits and `Z`."""
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0Z"


def account_view(world: World, account: Account) -> dict[str, Any]:
    created = storage_time(account.created)
    enabled = {"keyType": "Account", "enabled": True, "lastEnabledTime": created}
    return {
        "sku": {"name": account.sku, "tier": account.sku.split("_", 1)[0]},
        "kind": account.kind,
        "id": account.id,
        "name": account.name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": account.location,
        "tags": account.tags,
        "properties": {
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "networkAcls": {
                "bypass": "AzureServices",
                "virtualNetworkRules": [],
                "ipRules": [],
                "defaultAction": "Allow",
            },
            "supportsHttpsTrafficOnly": True,
            "accessTier": "Hot",
            **account.extra,
            "allowSharedKeyAccess": account.allow_shared_key,
            "keyCreationTime": {"key1": created, "key2": created},
            "encryption": {"services": {"file": enabled, "blob": enabled}, "keySource": "Microsoft.Storage"},
            "provisioningState": account.provisioning_state,
            "creationTime": created,
            "primaryEndpoints": {
                "blob": blob_endpoint(world, account),
                **{
                    kind: f"https://{account.name}.{kind}.core.windows.net/"
                    for kind in ("queue", "table", "file", "dfs")
                },
            },
            "primaryLocation": account.location,
            "statusOfPrimary": "available",
        },
    }


def keys_view(account: Account) -> dict[str, Any]:
    created = storage_time(account.created)
    return {
        "keys": [
            {"creationTime": created, "keyName": f"key{number}", "value": value, "permissions": "FULL"}
            for number, value in enumerate(account.keys, start=1)
        ]
    }


def blob_service_view(account: Account) -> dict[str, Any]:
    return {
        "sku": {"name": account.sku, "tier": account.sku.split("_", 1)[0]},
        "id": f"{account.id}/blobServices/default",
        "name": "default",
        "type": "Microsoft.Storage/storageAccounts/blobServices",
        "properties": {"cors": {"corsRules": account.cors}, "deleteRetentionPolicy": {"enabled": False}},
    }


def container_view(account: Account, container: Container) -> dict[str, Any]:
    return {
        "id": f"{account.id}/blobServices/default/containers/{container.name}",
        "name": container.name,
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "etag": container.etag,
        "properties": {
            "defaultEncryptionScope": "$account-encryption-key",
            "denyEncryptionScopeOverride": False,
            "publicAccess": container.public_access,
            "leaseStatus": "Unlocked",
            "leaseState": "Available",
            "lastModifiedTime": storage_time(container.modified),
            "metadata": container.metadata,
            "hasImmutabilityPolicy": False,
            "hasLegalHold": False,
            "deleted": False,
            "remainingRetentionDays": 0,
        },
    }
