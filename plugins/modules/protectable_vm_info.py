#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: protectable_vm_info
short_description: List the VMs that a Recovery Services vault could protect
version_added: 0.1.0
description:
  - Lists the VMs of the vault's region and subscription that the vault knows and that no vault protects.
  - A vault learns of new VMs by itself after a while. O(refresh=true) makes it look at once.
  - Protecting a VM with M(lifeboat.azure_dr.vm_backup_protection) does not need this. It makes the vault look when that is necessary.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  vault:
    description:
      - The Recovery Services vault. A name or a resource id.
      - A name is looked for in O(resource_group), or else in the whole subscription, where it must be unique then.
    type: str
    required: true
  resource_group:
    description:
      - The resource group of the vault that O(vault) gives by name.
    type: str
  vm_resource_group:
    description:
      - Return only VMs of this resource group.
    type: str
  refresh:
    description:
      - Make the vault look for VMs first, and wait for that. It takes some seconds.
      - Nothing that belongs to anyone is changed by it, so the task never reports a change. In check mode the list is returned as it is.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long to wait for the vault to have looked, in seconds.
    type: int
    default: 600
  poll_interval:
    description:
      - Seconds between two questions whether it has.
    type: float
    default: 5.0
seealso:
  - module: lifeboat.azure_dr.protected_vm_info
  - module: lifeboat.azure_dr.vm_backup_protection
"""

EXAMPLES = r"""
- name: Find the VMs of a resource group that nobody backs up
  lifeboat.azure_dr.protectable_vm_info:
    vault: vault-prod
    resource_group: rg-backup
    vm_resource_group: rg-prod
    refresh: true
  register: unprotected

- name: Protect them
  lifeboat.azure_dr.vm_backup_protection:
    vm: "{{ unprotected.protectable_vms | map(attribute='id') | list }}"
    vault: vault-prod
    resource_group: rg-backup
    policy: DefaultPolicy
  when: unprotected.protectable_vms | length > 0
"""

RETURN = r"""
protectable_vms:
  description: The VMs, by resource group and name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The VM's resource id.
      type: str
    name:
      description: The VM's name.
      type: str
    resource_group:
      description: The VM's resource group.
      type: str
    protectable_item:
      description: The name that the vault has for the VM.
      type: str
    protection_state:
      description: Azure's word for the state, V(NotProtected) as a rule.
      type: str
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-03
      name: web-03
      resource_group: rg-prod
      protectable_item: iaasvmcontainerv2;rg-prod;web-03
      protection_state: NotProtected
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.discovery import list_protectable, refresh
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import check_vault, find_vault
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run, waiting_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import check_group

SPEC: dict[str, dict[str, Any]] = {
    "vault": {"type": "str", "required": True},
    "resource_group": {"type": "str"},
    "vm_resource_group": {"type": "str"},
    "refresh": {"type": "bool", "default": False},
    **waiting_options(600, 5.0),
}


def body(task: Task) -> dict[str, Any]:
    group = (check_group(task.params["vm_resource_group"], "vm_resource_group") or "").lower()
    vault = find_vault(task.client, check_vault(task.params["vault"], task.params["resource_group"], task.subscription))
    if vault is None:
        raise OptionError("vault", "is empty")
    if task.params["refresh"] and not task.check_mode:
        refresh(task.client, vault, timeout=task.time_left, interval=task.poll_interval)
    found = [entry for entry in list_protectable(task.client, vault) if not group or entry.vm.group.lower() == group]
    found.sort(key=lambda entry: entry.vm.key)
    return {"changed": False, "protectable_vms": [entry.as_result() for entry in found]}


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
