# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan of one VM, and a world in which it could be recovered; tests spoil one thing of it at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Iterable

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.items import ProtectedItem, read_item
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_state import VaultSettings, read_vault
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.facts import Facts, Grant, Size, Usage
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.findings import Finding
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.needs import Need, Needs
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.permissions import wanted_actions

SUB = "00000000-0000-0000-0000-000000000001"
NOW = datetime(2026, 9, 10, tzinfo=timezone.utc)
VAULT = VaultRef(SUB, "rg-backup", "rsv-shop")
VM = Vm(SUB, "rg-shop", "db-01")
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-dr"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-dr"
SUBNET = f"{NETWORK}/subnets/app"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stdr"
TARGET = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/drill-db-01"
PLACE = (SUB, "eastasia")
DAY = 86400.0


def need(**more: Any) -> Need:
    given = {"region": "", "target_id": TARGET, "group_id": GROUP, "network_id": NETWORK, "subnet_id": SUBNET, "storage_id": STORAGE, **more}
    return Need(**{"vm": VM, "application": "shop", "source": "vault", "vault": VAULT, **given})


def needs(*vms: Need, **more: Any) -> Needs:
    empty = Needs(
        subscription=SUB,
        purpose="drill",
        name="plan",
        applications=("shop", "office"),
        rpo={"shop": DAY, "office": None},
        vms=vms or (need(),),
        services=(),
        choices=(),
        protections={},
        vaults=(VAULT,),
        tags={"lifeboat_plan": "plan", "lifeboat_purpose": "drill", "lifeboat_run": "run-2"},
    )
    return replace(empty, **more)


def item(hours: float | None = 2.0, **properties: Any) -> ProtectedItem:
    """A protected item whose newest recovery point is so many hours old."""
    tail = f"iaasvmcontainerv2;{VM.group};{VM.name}"
    point = (NOW - timedelta(hours=hours)).isoformat() if hours is not None else None
    resource = {
        "id": f"{VAULT.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{tail}/protectedItems/VM;{tail}",
        "properties": {
            "virtualMachineId": VM.id,
            "protectionState": "Protected",
            "policyName": "Daily",
            "lastBackupStatus": "Completed",
            "lastRecoveryPoint": point,
            **properties,
        },
    }
    found = read_item(resource, NOW)
    assert found is not None
    return found


def vault(**properties: Any) -> VaultSettings:
    settings = {
        "provisioningState": "Succeeded",
        "redundancySettings": {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Enabled"},
        "securitySettings": {"softDeleteSettings": {"softDeleteState": "AlwaysON"}},
        **properties,
    }
    found = read_vault({"id": VAULT.id, "location": "eastasia", "properties": settings})
    assert found is not None
    return found


def network(prefix: str = "10.0.0.0/24", location: str = "eastasia", subnet: str = "app", used: int = 0) -> dict[str, Any]:
    properties = {"addressPrefix": prefix, "ipConfigurations": [{"id": str(number)} for number in range(used)]}
    return {"location": location, "properties": {"subnets": [{"name": subnet, "properties": properties}]}}


def account(**more: Any) -> dict[str, Any]:
    return {"location": "eastasia", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, **more}


def machine(vm_id: str, size: str = "Standard_D2s_v5", **tags: str) -> dict[str, dict[str, Any]]:
    """One VM by its id, as the list of its resource group has it."""
    return {vm_id.lower(): {"id": vm_id, "name": vm_id.rsplit("/", 1)[-1], "tags": tags, "properties": {"hardwareProfile": {"vmSize": size}}}}


def facts(*vms: Need) -> Facts:
    """All is well, for the plan of these VMs."""
    plan = needs(*vms)
    return Facts(
        now=NOW,
        vaults={VAULT.key: vault()},
        items={VAULT.key: {VM.key: item()}},
        groups={GROUP.lower(): {"location": "East Asia"}},
        machines={GROUP.lower(): {}, f"/subscriptions/{SUB}/resourcegroups/rg-shop": machine(VM.id)},
        networks={NETWORK.lower(): network()},
        spaces={NETWORK.lower(): {SUBNET.lower(): Usage(0, 251)}},
        accounts={STORAGE.lower(): account()},
        quotas={PLACE: {"cores": Usage(90, 100), "virtualmachines": Usage(0, 50), "standarddsv5family": Usage(0, 50)}},
        sizes={PLACE: {"standard_d2s_v5": Size(2, "standardDSv5Family")}},
        permissions={scope.lower(): [Grant(("*",))] for scope in wanted_actions(plan)},
    )


def told(check: Callable[[Needs, Facts], Iterable[Finding]], plan: Needs, there: Facts) -> list[tuple[str, str]]:
    """The states of what a check finds, with the beginnings of its sentences."""
    return [(one.state, one.message) for one in check(plan, there)]
