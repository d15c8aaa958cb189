# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected items, containers and recovery points as JSON, as recorded in 2023 and 2026."""

from __future__ import annotations

from datetime import timezone
from typing import Any

from ...routing import Call
from .links import container_id, item_id
from .state import Disk, Item, RecoveryPoint, Vault, retention_left
from .times import NEVER, bare_stamp, remaining, stamp

NEWEST = "2026-07-01"
"""From this api-version on sourceLocation and sourceSideScanInfo appear."""
_POLICY_TYPE_FROM = "2025-01-01"
_TIER_INTS_UNTIL = "2019-06-15"
_TIER_NUMBERS = {"InstantRP": 1, "HardenedRP": 2, "ArchivedRP": 3}
_TIER_STATUS_NUMBERS = {"Valid": 1, "Disabled": 2, "Deleted": 3, "Rehydrated": 4}
_HEALTHY = {
    "code": 400239,
    "title": "IaasVmHealthGreenDefault",
    "message": "Backup pre-check status of this virtual machine is OK.",
    "recommendations": [],
}


def item_json(call: Call, vault: Vault, item: Item, *, extended: bool = False, single: bool = False) -> dict[str, Any]:
    """A protected item; `single` for GET of one, `extended` for `expand eq 'extendedInfo'`."""
    now, version = call.world.now(), call.api_version
    backed_up = item.last_backup is not None
    properties: dict[str, Any] = {
        "friendlyName": item.friendly_name,
        "virtualMachineId": item.vm_id,
        "protectionStatus": "Healthy" if item.last_backup_status != "Failed" else "Unhealthy",
        "protectionState": item.protection_state,
        "healthStatus": item.health,
    }
    if backed_up or item.health_details is not None:
        properties["healthDetails"] = [_HEALTHY] if item.health_details is None else item.health_details
    properties["lastBackupStatus"] = item.last_backup_status
    properties["lastBackupTime"] = stamp(item.last_backup) if item.last_backup else NEVER
    properties["protectedItemDataId"] = item.data_id
    if extended:
        properties["extendedInfo"] = _extended_info(item)
    if item.disk_exclusion is not None:
        properties["extendedProperties"] = {"diskExclusionProperties": item.disk_exclusion}
    elif single and backed_up and version >= NEWEST:
        properties["extendedProperties"] = {}
    if version >= _POLICY_TYPE_FROM:
        properties["policyType"] = item.policy_type
    properties |= {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "backupManagementType": "AzureIaasVM",
        "workloadType": "VM",
        "containerName": item.tail,
        "sourceResourceId": item.source_id,
        "policyId": f"{vault.id}/backupPolicies/{item.policy}" if item.policy else "",
        "policyName": item.policy,
    }
    if item.last_point is not None:
        properties["lastRecoveryPoint"] = stamp(item.last_point)
    properties["vaultId"] = f"{call.base_url}{vault.id}"
    if item.deleted is not None:
        properties["deferredDeleteTimeInUTC"] = stamp(item.deleted)
        properties["isScheduledForDeferredDelete"] = True
        properties["deferredDeleteTimeRemaining"] = remaining(retention_left(item, vault, now))
    properties["isArchiveEnabled"] = False
    properties["softDeleteRetentionPeriod"] = vault.soft_delete_days if item.deleted is not None else 0
    if version >= NEWEST:
        properties["sourceLocation"] = vault.location
        configured = vault.source_scan == "Enabled"
        properties["sourceSideScanInfo"] = {
            "sourceSideScanStatus": "Configured" if configured else "NotConfigured",
            "sourceSideScanSummary": "Suspicious" if any(point.threats for point in item.points) else "Unknown",
        }
    return {
        "id": item_id(vault, item),
        "name": f"VM;{item.tail}",
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
        "properties": properties,
    }


def _extended_info(item: Item) -> dict[str, Any]:
    info: dict[str, Any] = {}
    if item.points:
        info["oldestRecoveryPoint"] = stamp(min(point.time for point in item.points))
    in_vault = [point.time for point in item.points if "HardenedRP" in point.tiers]
    if in_vault:
        info["oldestRecoveryPointInVault"] = stamp(min(in_vault))
    archived = [point.time for point in item.points if "ArchivedRP" in point.tiers]
    if archived:
        info["oldestRecoveryPointInArchive"] = stamp(min(archived))
        info["newestRecoveryPointInArchive"] = stamp(max(archived))
    return {**info, "recoveryPointCount": len(item.points), "policyInconsistent": False}


def container_json(call: Call, vault: Vault, item: Item) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "virtualMachineId": item.vm_id,
        "virtualMachineVersion": "Compute",
        "resourceGroup": item.vm_id.split("/")[4],
        "friendlyName": item.friendly_name,
        "backupManagementType": "AzureIaasVM",
        "registrationStatus": "SoftDeleted" if item.deleted is not None else "Registered",
        "healthStatus": "Healthy",
        "containerType": "Microsoft.Compute/virtualMachines",
        "protectableObjectType": "Microsoft.Compute/virtualMachines",
    }
    if call.api_version >= NEWEST:
        properties["sourceLocation"] = vault.location
    return {
        "id": container_id(vault, item),
        "name": f"IaasVMContainer;{item.tail}",
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers",
        "properties": properties,
    }


def point_json(
    call: Call, vault: Vault, item: Item, point: RecoveryPoint, *, single: bool = False, secondary: bool = False
) -> dict[str, Any]:
    """A recovery point; the disk lists are filled only in the GET of one."""
    version = call.api_version
    tiers = {"HardenedRP": point.tiers["HardenedRP"]} if secondary else point.tiers
    properties: dict[str, Any] = {
        "objectType": "IaasVMRecoveryPoint",
        "recoveryPointType": point.consistency,
        "recoveryPointTime": stamp(point.time),
    }
    if not secondary:
        properties["recoveryPointAdditionalInfo"] = ""
    properties |= {
        "sourceVMStorageType": _storage_type(point),
        "isSourceVMEncrypted": point.encrypted,
        "isInstantIlrSessionActive": point.mounted_until is not None and call.world.now() < point.mounted_until,
        "recoveryPointTierDetails": [_tier(name, status, version) for name, status in tiers.items()],
        "isManagedVirtualMachine": True,
        "virtualMachineSize": point.vm_size,
        "originalStorageAccountOption": False,
        "osType": point.os_type,
    }
    if point.excluded:
        properties["recoveryPointDiskConfiguration"] = _disk_configuration(point, single)
    if point.zones:
        properties["zones"] = point.zones
    properties["recoveryPointMoveReadinessInfo"] = {
        "ArchivedRP": {
            "isReadyForMove": False,
            "additionalInfo": "We're still determining if this Recovery Point can be moved.. "
            "Please check again after some time.",
        }
    }
    properties["securityType"] = point.security_type
    details = _point_properties(vault, item, point, version)
    if details:
        properties["recoveryPointProperties"] = details
    properties["isPrivateAccessEnabledOnAnyDisk"] = False
    if version >= "2024-04-01":
        properties["createdWithPolicyType"] = point.policy_type
    if version >= NEWEST and vault.source_scan == "Enabled":
        if single and point.threats:
            properties["threatInfo"] = [_threat(point) for _ in range(point.threats)]
        properties["threatStatus"] = "UnHealthy" if point.threats else "Healthy"
    if secondary:
        properties["crossRegionRestoreState"] = "Supported"
    return {
        "id": f"{item_id(vault, item)}/recoveryPoints/{point.id}",
        "name": point.id,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints",
        "properties": properties,
    }


def _threat(point: RecoveryPoint) -> dict[str, Any]:
    seen = bare_stamp(point.time)
    return {
        "threatTitle": "[SAMPLE ALERT] Digital currency mining related behavior detected",
        "threatDescription": "[SAMPLE ALERT] Digital currency mining related behavior detected",
        "lastUpdatedTime": seen,
        "threatState": "Active",
        "threatStartTime": seen,
        "threatEndTime": seen,
        "threatURI": "https://portal.azure.com/",
        "threatSeverity": "High",
    }


def _tier(name: str, status: str, version: str) -> dict[str, Any]:
    """Api-versions until 2019-05-13 print numbers."""
    if version < _TIER_INTS_UNTIL:
        return {"type": _TIER_NUMBERS.get(name, 0), "status": _TIER_STATUS_NUMBERS.get(status, 0)}
    return {"type": name, "status": status}


def _storage_type(point: RecoveryPoint) -> str:
    premium = any(disk.sku.lower().startswith("premium") for disk in point.disks)
    return "PremiumVMOnPartialPremiumStorage" if premium else "NormalStorage"


def _disk_configuration(point: RecoveryPoint, single: bool) -> dict[str, Any]:
    return {
        "numberOfDisksIncludedInBackup": len(point.disks),
        "numberOfDisksAttachedToVm": len(point.disks) + len(point.excluded),
        "includedDiskList": [_disk(disk) for disk in point.disks] if single else None,
        "excludedDiskList": [_disk(disk) for disk in point.excluded] if single else None,
    }


def _disk(disk: Disk) -> dict[str, Any]:
    return {"lun": disk.lun, "name": disk.name, "diskSizeInGb": disk.size_gb, "storageType": disk.sku}


def _point_properties(vault: Vault, item: Item, point: RecoveryPoint, version: str) -> dict[str, Any]:
    """Present on some points only: the newest one lacks it."""
    immutable = vault.immutability in ("Unlocked", "Locked")
    newest = bool(item.points) and point is max(item.points, key=lambda other: other.time)
    details: dict[str, Any] = {}
    if version < "2023-01-01" or (newest and not immutable):
        return details
    if point.expiry is not None and not immutable:
        details["expiryTime"] = bare_stamp(point.expiry.astimezone(timezone.utc))
        details["ruleName"] = point.rule
    details["isSoftDeleted"] = item.deleted is not None
    if version >= NEWEST:
        details["immutabilityProperties"] = {"isImmutable": immutable}
    return details
