# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vault's backup configuration: soft delete, storage, encryption, resource guards."""

from __future__ import annotations

from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from .links import vault_of
from .state import Vault
from .vault_changes import set_cross_region_restore, set_redundancy, set_soft_delete


def _resource(vault: Vault, kind: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{vault.id}/{kind}/{name}",
        "name": name,
        "type": f"Microsoft.RecoveryServices/vaults/{kind}",
        "properties": properties,
    }


def _properties(call: Call) -> dict[str, Any]:
    given = call.body.get("properties") if isinstance(call.body, dict) else None
    if not isinstance(given, dict):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    return given


def get_vault_config(call: Call) -> Reply:
    vault = vault_of(call)
    properties = {
        "enhancedSecurityState": "AlwaysON" if vault.soft_delete == "AlwaysON" else "Enabled",
        "softDeleteFeatureState": vault.soft_delete,
        "softDeleteRetentionPeriodInDays": vault.soft_delete_days,
        "isSoftDeleteFeatureStateEditable": vault.soft_delete != "AlwaysON",
    }
    return Reply(200, _resource(vault, "backupconfig", "vaultconfig", properties))


def change_vault_config(call: Call) -> Reply:
    """PUT and PATCH: synchronous. The days alone are answered 200 and change nothing (reported of 2025)."""
    vault, given = vault_of(call), _properties(call)
    if not given.get("softDeleteFeatureState"):
        return get_vault_config(call)
    set_soft_delete(vault, given.get("softDeleteFeatureState"), given.get("softDeleteRetentionPeriodInDays"))
    return get_vault_config(call)


def get_storage_config(call: Call) -> Reply:
    vault = vault_of(call)
    properties = {
        "storageModelType": vault.redundancy,
        "storageType": vault.redundancy,
        "storageTypeState": "Locked" if vault.items else "Unlocked",
        "crossRegionRestoreFlag": vault.cross_region_restore,
        "dedupState": "Disabled",
        "xcoolState": "Disabled",
    }
    return Reply(200, _resource(vault, "backupstorageconfig", "vaultstorageconfig", properties))


def put_storage_config(call: Call) -> Reply:
    _change_storage(call)
    return get_storage_config(call)


def patch_storage_config(call: Call) -> Reply:
    _change_storage(call)
    return Reply(204)


def _change_storage(call: Call) -> None:
    vault, given = vault_of(call), _properties(call)
    redundancy = given.get("storageModelType") or given.get("storageType")
    if redundancy:
        set_redundancy(vault, str(redundancy))
    if given.get("crossRegionRestoreFlag") is not None:
        set_cross_region_restore(vault, bool(given["crossRegionRestoreFlag"]), call.world.now())


def get_encryption_config(call: Call) -> Reply:
    properties = {
        "useSystemAssignedIdentity": True,
        "encryptionAtRestType": "MicrosoftManaged",
        "lastUpdateStatus": "NotEnabled",
        "infrastructureEncryptionState": "Disabled",
    }
    return Reply(200, _resource(vault_of(call), "backupEncryptionConfigs", "backupResourceEncryptionConfig", properties))


def list_resource_guards(call: Call) -> Reply:
    """No vault of the simulator has a resource guard."""
    vault_of(call)
    return Reply(200, {"value": []})


def get_resource_guard(call: Call) -> Reply:
    vault_of(call)
    # The status is Azure's, the code is in no source.
    raise AzureError(
        404,
        "ResourceNotFound",
        f"The vault '{call.vars['vault']}' has no resource guard mapping '{call.vars['proxy']}'.",
        headers={"x-ms-failure-cause": "service"},
    )


def delete_resource_guard(call: Call) -> Reply:
    vault_of(call)
    return Reply(204)
