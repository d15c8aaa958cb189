# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and paths of what Recovery Services keeps for a VM.

The service compares them without case and answers in another case than it was asked. Requests say ``IaasVMContainer;...``
with resource group and VM in lower case, as the Azure CLI does (it copies the protectable item's id).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._arm.ids import segment
from .._fleet import Vm

VAULT_TYPE = "Microsoft.RecoveryServices/vaults"

_VAULT_ID = re.compile(
    r"^(?:https?://[^/]+)?/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.RecoveryServices/vaults/([^/?]+)", re.IGNORECASE
)
_ITEM_ID = re.compile(r"/protectionContainers/([^/]+)/protectedItems/([^/?]+)", re.IGNORECASE)
_COMPUTE_PAIR = re.compile(r"(?:^|;)iaasvmcontainerv2;([^;]+);([^;]+)$", re.IGNORECASE)


@dataclass(frozen=True)
class VaultRef:
    """A Recovery Services vault by its place in Azure."""

    subscription: str
    group: str
    name: str

    @property
    def id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{VAULT_TYPE}/{self.name}"

    @property
    def path(self) -> str:
        """The id as a request path."""
        return (
            f"/subscriptions/{segment(self.subscription)}/resourceGroups/{segment(self.group)}"
            f"/providers/{VAULT_TYPE}/{segment(self.name)}"
        )

    @property
    def key(self) -> str:
        """For comparing: ARM ids are case-insensitive."""
        return self.id.lower()


def vault_of_id(text: object) -> VaultRef | None:
    """The vault that an id is of or lies in; items name theirs by an absolute URL, which is understood too. None for anything else."""
    match = _VAULT_ID.match(text) if isinstance(text, str) else None
    return VaultRef(*match.groups()) if match else None


def vm_pair(vm: Vm) -> str:
    """``iaasvmcontainerv2;{group};{vm}``: what jobs and items call ``containerName``, and the name of a protectable item."""
    return f"iaasvmcontainerv2;{vm.group.lower()};{vm.name.lower()}"


def container_name(vm: Vm) -> str:
    return f"IaasVMContainer;{vm_pair(vm)}"


def item_name(vm: Vm) -> str:
    return f"vm;{vm_pair(vm)}"


def is_container_of(text: object, vm: Vm) -> bool:
    """Whether a container or item name (with or without its prefix, in any case) is this VM's."""
    match = _COMPUTE_PAIR.search(text) if isinstance(text, str) else None
    return match is not None and (match[1].lower(), match[2].lower()) == (vm.group.lower(), vm.name.lower())


def vm_of_container(text: object, subscription: str) -> Vm | None:
    """The VM of a container or item name, in the subscription of the vault (Azure protects VMs of its own subscription only)."""
    match = _COMPUTE_PAIR.search(text) if isinstance(text, str) else None
    return Vm(subscription, match[1], match[2]) if match else None


def fabric_path(vault: VaultRef) -> str:
    return f"{vault.path}/backupFabrics/Azure"


def item_path(vault: VaultRef, vm: Vm) -> str:
    """The path of the VM's protected item, which need not exist yet."""
    return _item_path(vault, container_name(vm), item_name(vm))


def item_path_of_id(vault: VaultRef, item_id: str) -> str | None:
    """The path of an item that was read, with the names as Azure wrote them."""
    match = _ITEM_ID.search(item_id)
    return _item_path(vault, match[1], match[2]) if match else None


def operation_path(vault: VaultRef, operation_id: str) -> str:
    """Where any operation of the vault can be read by its id alone, whatever URL its header named (seen in all recorded traffic)."""
    return f"{vault.path}/backupOperations/{segment(operation_id)}"


def _item_path(vault: VaultRef, container: str, item: str) -> str:
    return f"{fabric_path(vault)}/protectionContainers/{segment(container)}/protectedItems/{segment(item)}"
