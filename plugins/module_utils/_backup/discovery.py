# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Discovery: making a vault look for VMs, and the VMs that it could protect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from .._apis import BACKUP
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.poller import operation_of, wait_for_operation
from .._fleet import Vm, vm_of_id
from .names import VaultRef, fabric_path, vm_of_container

FILTER = "backupManagementType eq 'AzureIaasVM'"


@dataclass(frozen=True)
class Protectable:
    """A VM that a vault knows and that nothing protects. ``vm`` as Compute spells it, ``name`` as the vault does (lower case)."""

    vm: Vm
    name: str
    state: str

    def as_result(self) -> dict[str, Any]:
        return {
            "id": self.vm.id,
            "name": self.vm.name,
            "resource_group": self.vm.group,
            "protectable_item": self.name,
            "protection_state": self.state,
        }


def refresh(client: ArmClient, vault: VaultRef, *, timeout: float, interval: float) -> None:
    """Makes the vault look for the VMs of its region and subscription, and waits for that (some 10 s; POST refreshContainers).

    Nothing that a person could see is changed, so a POST of which nobody knows whether it arrived is simply sent again.
    """
    path = f"{fabric_path(vault)}/refreshContainers"
    try:
        response = client.post(path, BACKUP)
    except ArmError as error:
        if not error.ambiguous:
            raise
        response = client.post(path, BACKUP)
    # Its Azure-AsyncOperation names another api-version than the call had; Location is what all clients follow.
    operation = operation_of(response, prefer="location")
    if operation is not None:
        wait_for_operation(client, operation, timeout=timeout, interval=interval)


def list_protectable(client: ArmClient, vault: VaultRef) -> Iterator[Protectable]:
    """The VMs that the vault could protect; 200 a page. A protected VM is not among them, VMs of all resource groups are."""
    for resource in client.list(f"{vault.path}/backupProtectableItems", BACKUP, params={"$filter": FILTER}):
        properties: Mapping[str, Any] = resource.get("properties") or {}
        vm = vm_of_id(properties.get("virtualMachineId")) or vm_of_container(resource.get("name"), vault.subscription)
        if vm is not None:
            yield Protectable(vm, str(resource.get("name") or ""), str(properties.get("protectionState") or ""))
