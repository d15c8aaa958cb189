# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All VMs of a subscription or a resource group, with region and tags: a list, whatever their number (API 2024-11-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from .._apis import COMPUTE
from .._arm.client import ArmClient
from .._arm.ids import segment
from .._arm.regions import region_of
from .._fleet import VM_TYPE, Vm, vm_of_id
from .shapes import member


@dataclass(frozen=True)
class ListedVm:
    """A VM as a list shows it, in Compute's own spelling."""

    vm: Vm
    location: str
    tags: Mapping[str, str]


def list_vms(client: ArmClient, subscription: str, group: str | None = None) -> list[ListedVm]:
    """The VMs of a subscription, or of one of its resource groups."""
    scope = f"/subscriptions/{segment(subscription)}" + (f"/resourceGroups/{segment(group)}" if group else "")
    found: list[ListedVm] = []
    for resource in client.list(f"{scope}/providers/{VM_TYPE}", COMPUTE):
        vm = vm_of_id(resource.get("id"))
        if vm is not None:
            tags = {str(name): str(value) for name, value in member(resource, "tags").items()}
            found.append(ListedVm(vm, region_of(resource.get("location")), tags))
    return found
