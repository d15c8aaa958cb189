# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Discovery of VMs, and the checks before protection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...async_urls import signed
from ...bodies import region_of
from ...replies import AzureError, Reply
from ...routing import Call
from .filters import matches, page, parse_filter
from .links import OLD_VERSION, accepted, container_id, item_id, sent_vault_path, vault_of
from .naming import parse_vm_id
from .neighbours import VmFacts, find_vm, list_vms
from .operations import find_operation
from .state import Item, Operation, Vault, state_of


def refresh_containers(call: Call) -> Reply:
    """202; the Location answers 202 until 204. The status URL has another api-version than the request."""
    vault = vault_of(call)
    world, now = call.world, call.world.now()
    operation = Operation(id=world.new_id(), start=now, end=now + timedelta(seconds=vault.vary("refresh", now).between(5, 12)))
    vault.operations[operation.id.lower()] = operation
    state = state_of(world)

    def found() -> None:
        here = {vm.key for vm in list_vms(world, vault.subscription, vault.location)}
        state.undiscovered -= here

    assert operation.end is not None
    world.at(operation.end, found)
    path = f"{sent_vault_path(call)}/backupFabrics/{call.vars['fabric']}"
    return accepted(
        call,
        status_path=f"{path}/operationsStatus/{operation.id}",
        result_path=f"{path}/operationResults/{operation.id}",
        status_version=OLD_VERSION,
        retry_after=10,
    )


def get_refresh_result(call: Call) -> Reply:
    operation = find_operation(call, vault_of(call))
    if operation.status(call.world.now()) != "InProgress":
        return Reply(204)
    headers = call.world.clock.retry_after_headers(10)
    return Reply(202, None, {**headers, "Location": signed(call, call.raw_path, call.api_version)})


def list_protectable(call: Call) -> Reply:
    """Unprotected VMs of the vault's region and subscription, 200 a page; names in lower case, ids as they are."""
    vault = vault_of(call)
    state = state_of(call.world)
    wanted = parse_filter(call)
    rows = [
        vm
        for vm in list_vms(call.world, vault.subscription, vault.location)
        if vm.key not in state.owners
        and vm.key not in state.undiscovered
        and matches(
            {
                "backupmanagementtype": "AzureIaasVM",
                "friendlyname": vm.name,
                "workloadtype": "VM",
                "status": "NotProtected",
                "containername": f"iaasvmcontainerv2;{vm.group};{vm.name}",
            },
            wanted,
        )
    ]
    found, following = page(call, rows)
    body: dict[str, Any] = {"value": [_protectable(vault, vm) for vm in found]}
    if following is not None:
        body["nextLink"] = following
    return Reply(200, body)


def _protectable(vault: Vault, vm: VmFacts) -> dict[str, Any]:
    tail = f"iaasvmcontainerv2;{vm.group};{vm.name}".lower()
    return {
        "id": f"{vault.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{tail}/protectableItems/vm;{tail}",
        "name": tail,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectableItems",
        "properties": {
            "virtualMachineId": vm.id,
            "virtualMachineVersion": "Compute",
            "resourceGroup": vm.group,
            "backupManagementType": "AzureIaasVM",
            "protectableItemType": "Microsoft.Compute/virtualMachines",
            "friendlyName": vm.name,
            "protectionState": "NotProtected",
        },
    }


def _body(call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    return call.body


def backup_status(call: Call) -> Reply:
    """Which vault of the region protects a VM; a soft-deleted item still counts as registered."""
    body = _body(call)
    vm_id = parse_vm_id(body.get("resourceId"))
    if vm_id is None or str(body.get("resourceType", "")).lower() != "vm":
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    state = state_of(call.world)
    owner = state.owners.get(vm_id.key)
    vault = state.vaults.get(owner) if owner is not None else None
    if vault is None or vault.location != region_of(call.vars["location"]):
        return Reply(200, _status("NotProtected"))
    key = f"{vm_id.group};{vm_id.name}".lower()
    item = vault.items.get(key) or vault.pending.get(key)
    if item is None:
        return Reply(200, _status("NotProtected"))
    return Reply(200, _protected_status(vault, item, pending=key in vault.pending))


def _status(protection: str) -> dict[str, Any]:
    return {
        "protectionStatus": protection,
        "vaultId": "",
        "fabricName": "",
        "containerName": "",
        "protectedItemName": "",
        "errorCode": "",
        "errorMessage": "",
        "policyName": "",
        "registrationStatus": "NotRegistered",
    }


def _protected_status(vault: Vault, item: Item, *, pending: bool) -> dict[str, Any]:
    return {
        "protectionStatus": "Protecting" if pending else "Protected",
        "vaultId": vault.id,
        "fabricName": "Azure",
        "containerName": container_id(vault, item).rsplit("/", 1)[-1],
        "protectedItemName": item_id(vault, item).rsplit("/", 1)[-1],
        "errorCode": "",
        "errorMessage": "",
        "policyName": item.policy,
        "registrationStatus": "SoftDeleted" if item.deleted is not None else "Registered",
    }


def pre_validate(call: Call) -> Reply:
    """backupPreValidateProtection: 200 with what would fail."""
    body = _body(call)
    vm_id = parse_vm_id(body.get("resourceId"))
    vm = find_vm(call.world, vm_id.text) if vm_id else None
    state = state_of(call.world)
    code = message = ""
    if vm_id is None or vm is None:
        code, message = "UserErrorVmNotFoundV2", "The virtual machine was not found."
    elif vm_id.key in state.owners:
        code = "BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault"
        message = "Virtual machine is already registered\\registering with another recovery services vault."
    tail = f"iaasvmcontainerv2;{vm_id.group};{vm_id.name}" if vm_id else ""
    answer = {
        "status": "Failed" if code else "Succeeded",
        "errorCode": code,
        "errorMessage": message,
        "recommendation": "",
        "containerName": f"IaasVMContainer;{tail}" if vm_id else "",
        "protectedItemName": f"VM;{tail}" if vm_id else "",
    }
    return Reply(200, answer)


def validate_features(call: Call) -> Reply:
    """backupValidateFeatures: every VM size is supported here."""
    if _body(call).get("featureType") != "AzureVMResourceBackup":
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    return Reply(200, {"supportStatus": "Supported"})
