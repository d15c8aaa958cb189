# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of restores: each form that Azure accepts, field by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_request import (
    Rehydration,
    RestoreTarget,
    restore_request,
    trigger_body,
    validation_body,
)

SUB = "/subscriptions/00000000-0000-0000-0000-000000000000"
VM = f"{SUB}/resourceGroups/rg-1/providers/Microsoft.Compute/virtualMachines/vm-1"
STORAGE = f"{SUB}/resourceGroups/rg-1/providers/Microsoft.Storage/storageAccounts/stage"
GROUP = f"{SUB}/resourceGroups/rg-2"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
DES = f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des"
ACCESS = f"{GROUP}/providers/Microsoft.Compute/diskAccesses/access"
POINT = "1103996678573089"

DISKS = RestoreTarget("disks", VM, STORAGE, region="eastus2euap", group_id=GROUP)
NEW_VM = replace(
    DISKS, mode="new_vm", vm_id=f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm-2", network_id=NETWORK, subnet_id=f"{NETWORK}/subnets/sub"
)
REPLACE = RestoreTarget("replace", VM, STORAGE, region="eastus2euap")

COMMON: dict[str, Any] = {
    "objectType": "IaasVMRestoreRequest",
    "recoveryPointId": POINT,
    "recoveryType": "RestoreDisks",
    "sourceResourceId": VM,
    "storageAccountId": STORAGE,
    "region": "eastus2euap",
    "createNewCloudService": False,
    "originalStorageAccountOption": False,
}
INTO_GROUP = {**COMMON, "targetResourceGroupId": GROUP}


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param(DISKS, INTO_GROUP, id="disks, as recorded in 2023 to 2026"),
        pytest.param(replace(DISKS, group_id=None), COMMON, id="blobs, as recorded in 2023"),
        pytest.param(REPLACE, {**COMMON, "recoveryType": "OriginalLocation"}, id="replace, as recorded in 2023 and 2025"),
        pytest.param(
            NEW_VM,
            {
                **INTO_GROUP,
                "recoveryType": "AlternateLocation",
                "targetVirtualMachineId": NEW_VM.vm_id,
                "virtualNetworkId": NETWORK,
                "subnetId": f"{NETWORK}/subnets/sub",
            },
            id="new VM, as recorded in 2026",
        ),
        pytest.param(replace(DISKS, zone="2"), {**INTO_GROUP, "zones": ["2"]}, id="zone"),
        pytest.param(replace(DISKS, zone="NoZone"), {**INTO_GROUP, "zones": ["NoZone"]}, id="no zone, as recorded in 2025"),
        pytest.param(replace(DISKS, luns=()), {**INTO_GROUP, "restoreDiskLunList": []}, id="OS disk only"),
        pytest.param(replace(DISKS, luns=(0, 2)), {**INTO_GROUP, "restoreDiskLunList": [0, 2]}, id="some disks"),
        pytest.param(replace(DISKS, disk_encryption_set_id=DES), {**INTO_GROUP, "diskEncryptionSetId": DES}, id="disk encryption set"),
        pytest.param(
            replace(DISKS, secured_vm_disk_encryption_set_id=DES),
            {**INTO_GROUP, "securedVMDetails": {"securedVMOsDiskEncryptionSetId": DES}},
            id="confidential VM, as recorded in 2025",
        ),
        pytest.param(
            replace(DISKS, identity="system"),
            {
                **without(INTO_GROUP, "storageAccountId"),
                "identityInfo": {"isSystemAssignedIdentity": True},
                "identityBasedRestoreDetails": {"objectType": "IdentityBasedRestoreDetails", "targetStorageAccountId": STORAGE},
            },
            id="the vault's own identity",
        ),
        pytest.param(
            replace(DISKS, identity="/id"),
            {
                **without(INTO_GROUP, "storageAccountId"),
                "identityInfo": {"isSystemAssignedIdentity": False, "managedIdentityResourceId": "/id"},
                "identityBasedRestoreDetails": {"objectType": "IdentityBasedRestoreDetails", "targetStorageAccountId": STORAGE},
            },
            id="a user-assigned identity",
        ),
        pytest.param(
            replace(DISKS, disk_network_access="same_as_source"),
            {**INTO_GROUP, "targetDiskNetworkAccessSettings": {"targetDiskNetworkAccessOption": "SameAsOnSourceDisks"}},
            id="disk access as it was",
        ),
        pytest.param(
            replace(DISKS, disk_network_access="private", disk_access_id=ACCESS),
            {
                **INTO_GROUP,
                "targetDiskNetworkAccessSettings": {"targetDiskNetworkAccessOption": "EnablePrivateAccessForAllDisks", "targetDiskAccessId": ACCESS},
            },
            id="private disk access",
        ),
        pytest.param(
            replace(DISKS, rehydration=Rehydration("high", 12)),
            {
                **INTO_GROUP,
                "objectType": "IaasVMRestoreWithRehydrationRequest",
                "recoveryPointRehydrationInfo": {"rehydrationRetentionDuration": "P12D", "rehydrationPriority": "High"},
            },
            id="archive",
        ),
        pytest.param(replace(DISKS, resource_guard_operation_requests=("/guard",)), {**INTO_GROUP, "resourceGuardOperationRequests": ["/guard"]}, id="guarded"),
    ],
)
def test_request(target: RestoreTarget, expected: dict[str, Any]) -> None:
    assert restore_request(target, POINT) == expected


def test_the_trigger_has_plain_properties() -> None:
    assert trigger_body(COMMON) == {"properties": COMMON}


def test_the_validation_names_the_point() -> None:
    body = validation_body("/point", COMMON)
    assert body == {"id": "/point", "properties": {"objectType": "ValidateIaasVMRestoreOperationRequest", "restoreRequest": COMMON}}
