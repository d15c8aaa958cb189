# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding vaults and items of a request, and the headers of what takes long."""

from __future__ import annotations

from ...async_urls import signed
from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call
from .naming import ItemName, parse_item_name
from .state import Item, Operation, Vault, VaultKey, state_of

RETRY_AFTER = 60.0
"""Seconds; what Microsoft's samples show. No recording kept the header."""
OLD_VERSION = "2019-05-13-preview"
"""Refresh and cancel put this version into Azure-AsyncOperation whatever the request had."""


def vault_key(call: Call) -> VaultKey:
    return (call.vars["subscription"].lower(), call.vars["group"].lower(), call.vars["vault"].lower())


def sent_vault_path(call: Call) -> str:
    """The vault's path spelled as in the request."""
    names = call.vars
    return (
        f"/subscriptions/{names['subscription']}/resourceGroups/{names['group']}"
        f"/providers/Microsoft.RecoveryServices/vaults/{names['vault']}"
    )


def vault_of(call: Call) -> Vault:
    """The vault of the path; raises 404 ResourceNotFound."""
    vault = state_of(call.world).vaults.get(vault_key(call))
    if vault is None:
        raise resource_not_found("Microsoft.RecoveryServices/vaults", call.vars["vault"], call.vars["group"])
    return vault


def item_name(call: Call) -> ItemName:
    """The item that container and item segment name; raises 400 when they are malformed or differ."""
    container = parse_item_name(call.vars["container"], "iaasvmcontainer")
    item = parse_item_name(call.vars["item"], "vm")
    if container is None or item is None or container.key != item.key or call.vars["fabric"].lower() != "azure":
        raise AzureError(
            400,
            "BMSUserErrorInvalidConfigureProtectionRequest" if call.method == "PUT" else "BMSUserErrorContainerNameIncorrectFormat",
            "Input for configure protection is not in proper format\r\n"
            "Please ensure that container exists and other parameters are in valid format"
            if call.method == "PUT"
            else "Container name is not in the correct format.",
        )
    return item


def item_of(call: Call, vault: Vault) -> Item:
    """The protected item of the path, soft-deleted ones included; raises 404."""
    name = item_name(call)
    item = vault.items.get(name.key)
    if item is None:
        raise AzureError(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.RecoveryServices/vaults/{call.vars['vault']}/backupFabrics/{call.vars['fabric']}"
            f"/protectionContainers/{call.vars['container']}/protectedItems/{call.vars['item']}' was not found.",
        )
    return item


def sent_item_path(call: Call) -> str:
    """The item's path for headers: raw `;`, the item segment as sent, the container's prefix always the same."""
    container = call.vars["container"].split(";", 1)[-1]
    return (
        f"{sent_vault_path(call)}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{container}"
        f"/protectedItems/{call.vars['item']}"
    )


def item_id(vault: Vault, item: Item) -> str:
    return f"{container_id(vault, item)}/protectedItems/VM;{item.tail}"


def container_id(vault: Vault, item: Item) -> str:
    return f"{vault.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{item.tail}"


def accepted(
    call: Call,
    *,
    status_path: str | None = None,
    result_path: str | None = None,
    status_version: str | None = None,
    retry_after: float = RETRY_AFTER,
) -> Reply:
    """202 without a body, with the signed headers of the operation."""
    reply = Reply(202, None, call.world.clock.retry_after_headers(retry_after))
    if status_path is not None:
        reply.headers["Azure-AsyncOperation"] = signed(call, status_path, status_version or call.api_version)
    if result_path is not None:
        reply.headers["Location"] = signed(call, result_path, call.api_version)
    return reply


def accepted_at_item(call: Call, operation: Operation) -> Reply:
    path = sent_item_path(call)
    return accepted(
        call, status_path=f"{path}/operationsStatus/{operation.id}", result_path=f"{path}/operationResults/{operation.id}"
    )


def accepted_at_vault(call: Call, operation: Operation) -> Reply:
    path = sent_vault_path(call)
    return accepted(
        call,
        status_path=f"{path}/backupOperations/{operation.id}",
        result_path=f"{path}/backupOperationResults/{operation.id}",
    )
