# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of a restore, for every form that Azure accepts (IaasVMRestoreRequest, API 2023-02-01 to 2026-07-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DISKS, NEW_VM, REPLACE = "disks", "new_vm", "replace"
MODES = (DISKS, NEW_VM, REPLACE)

SYSTEM_IDENTITY = "system"

RECOVERY_TYPE = {DISKS: "RestoreDisks", NEW_VM: "AlternateLocation", REPLACE: "OriginalLocation"}
DISK_NETWORK_ACCESS = {
    "same_as_source": "SameAsOnSourceDisks",
    "private": "EnablePrivateAccessForAllDisks",
    "public": "EnablePublicAccessForAllDisks",
}
REHYDRATION_PRIORITY = {"standard": "Standard", "high": "High"}


@dataclass(frozen=True)
class Rehydration:
    """How an archived point is brought back: `days` that the copy stays, `priority` standard or high."""

    priority: str
    days: int


@dataclass(frozen=True)
class RestoreTarget:
    """What is restored to where, for one VM; everything by resource id.

    `region` is the vault's (for a restore from the paired region: the paired one), short form, "" until the vault was read.
    `group_id` None with mode disks means VHD blobs in the storage account. `luns` () restores the OS disk only, None all disks.
    `identity` is "system" or the id of a user-assigned identity of the vault.
    """

    mode: str
    source_vm_id: str
    storage_account_id: str
    region: str = ""
    group_id: str | None = None
    vm_id: str | None = None
    network_id: str | None = None
    subnet_id: str | None = None
    zone: str | None = None
    luns: tuple[int, ...] | None = None
    disk_encryption_set_id: str | None = None
    secured_vm_disk_encryption_set_id: str | None = None
    identity: str | None = None
    disk_network_access: str | None = None
    disk_access_id: str | None = None
    rehydration: Rehydration | None = None
    resource_guard_operation_requests: tuple[str, ...] = ()


def restore_request(target: RestoreTarget, point_name: str) -> dict[str, Any]:
    """The restore request object, as it goes into `properties` of a restore and `restoreRequest` of a validation or a
    cross-region restore. No field is sent that the form does not need."""
    request: dict[str, Any] = {
        "objectType": "IaasVMRestoreWithRehydrationRequest" if target.rehydration else "IaasVMRestoreRequest",
        "recoveryPointId": point_name,
        "recoveryType": RECOVERY_TYPE[target.mode],
        "sourceResourceId": target.source_vm_id,
        **_destination(target),
        **_staging(target),
        **_network(target),
        "region": target.region,
        "createNewCloudService": False,
        "originalStorageAccountOption": False,
        **_choices(target),
    }
    return request


def _destination(target: RestoreTarget) -> dict[str, Any]:
    fields = {}
    if target.mode == NEW_VM:
        fields["targetVirtualMachineId"] = target.vm_id
    if target.mode != REPLACE and target.group_id:
        fields["targetResourceGroupId"] = target.group_id
    return fields


def _staging(target: RestoreTarget) -> dict[str, Any]:
    """The staging account moves into a block of its own when an identity of the vault does the restore."""
    if target.identity is None:
        return {"storageAccountId": target.storage_account_id}
    identity: dict[str, Any] = {"isSystemAssignedIdentity": target.identity == SYSTEM_IDENTITY}
    if target.identity != SYSTEM_IDENTITY:
        identity["managedIdentityResourceId"] = target.identity
    return {
        "identityInfo": identity,
        "identityBasedRestoreDetails": {
            "objectType": "IdentityBasedRestoreDetails",
            "targetStorageAccountId": target.storage_account_id,
        },
    }


def _network(target: RestoreTarget) -> dict[str, Any]:
    if target.mode != NEW_VM:
        return {}
    return {"virtualNetworkId": target.network_id, "subnetId": target.subnet_id}


def _choices(target: RestoreTarget) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if target.luns is not None:
        fields["restoreDiskLunList"] = list(target.luns)
    if target.zone is not None:
        fields["zones"] = [target.zone]
    if target.disk_encryption_set_id:
        fields["diskEncryptionSetId"] = target.disk_encryption_set_id
    if target.secured_vm_disk_encryption_set_id:
        fields["securedVMDetails"] = {"securedVMOsDiskEncryptionSetId": target.secured_vm_disk_encryption_set_id}
    if target.disk_network_access:
        settings = {"targetDiskNetworkAccessOption": DISK_NETWORK_ACCESS[target.disk_network_access]}
        if target.disk_access_id:
            settings["targetDiskAccessId"] = target.disk_access_id
        fields["targetDiskNetworkAccessSettings"] = settings
    if target.rehydration:
        fields["recoveryPointRehydrationInfo"] = {
            "rehydrationRetentionDuration": f"P{target.rehydration.days}D",
            "rehydrationPriority": REHYDRATION_PRIORITY[target.rehydration.priority],
        }
    if target.resource_guard_operation_requests:
        fields["resourceGuardOperationRequests"] = list(target.resource_guard_operation_requests)
    return fields


def trigger_body(request: dict[str, Any]) -> dict[str, Any]:
    """The body of POST `.../recoveryPoints/{name}/restore`: plain properties, no level above them."""
    return {"properties": request}


def validation_body(point_id: str, request: dict[str, Any]) -> dict[str, Any]:
    """The body of POST `{vault}/backupTriggerValidateOperation`."""
    return {
        "id": point_id,
        "properties": {"objectType": "ValidateIaasVMRestoreOperationRequest", "restoreRequest": request},
    }
