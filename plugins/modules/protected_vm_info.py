#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: protected_vm_info
short_description: List the VMs that Azure Backup protects, and how well
version_added: 0.1.0
description:
  - Lists the VMs that one vault, or all vaults of the subscription, keep backups of, with policy, health, last backup and the age of the newest
    recovery point. Soft-deleted backups are listed too.
  - All filters must fit. Without any, everything is listed, at one request for 200 VMs.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  vault:
    description:
      - List this Recovery Services vault only. A name or a resource id.
      - A name is looked for in O(resource_group), or else in the whole subscription, where it must be unique then.
      - If not set, all vaults of the subscription, or of O(resource_group), are listed. One that cannot be read is left out with a warning.
    type: str
  resource_group:
    description:
      - The resource group of the vault or vaults.
    type: str
  vm:
    description:
      - List these VMs only. Names, which need O(vm_resource_group), or resource ids.
    type: list
    elements: str
  vm_resource_group:
    description:
      - The resource group of the VMs that O(vm) gives by name. Without O(vm), list the VMs of this resource group only.
    type: str
  policy:
    description:
      - List only VMs under the policy of this name.
    type: str
  state:
    description:
      - List only VMs in one of these states.
    type: list
    elements: str
    choices: [protected, stopped, suspended, soft_deleted, invalid]
  health:
    description:
      - List only VMs of which Azure's check of the backup says one of these.
    type: list
    elements: str
    choices: [Passed, ActionRequired, ActionSuggested, Invalid]
  older_than:
    description:
      - List only VMs whose newest recovery point is older than this, and VMs without any.
      - A number with V(s), V(m), V(h), V(d) or V(w), such as V(26h).
    type: str
seealso:
  - module: lifeboat.azure_dr.protectable_vm_info
  - module: lifeboat.azure_dr.recovery_point_info
  - module: lifeboat.azure_dr.vm_backup_protection
  - module: lifeboat.azure_dr.backup_policy_info
  - module: lifeboat.azure_dr.recovery_vault_info
  - module: lifeboat.azure_dr.recovery_estate_info
  - module: lifeboat.azure_dr.recovery_readiness_info
  - plugin: lifeboat.azure_dr.protected_vms
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Find the VMs whose backups are late or in trouble
  lifeboat.azure_dr.protected_vm_info:
    state: [protected]
    older_than: 26h
  register: late

- name: Fail when there are any
  ansible.builtin.assert:
    that: late.protected_vms | length == 0
    fail_msg: "{{ late.protected_vms | map(attribute='name') | join(', ') }}"

- name: Look at two VMs of one vault
  lifeboat.azure_dr.protected_vm_info:
    vault: vault-prod
    resource_group: rg-backup
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
"""

RETURN = r"""
protected_vms:
  description: The VMs, by vault, resource group and name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The VM's resource id. The VM itself may be gone.
      type: str
    name:
      description: The VM's name.
      type: str
    resource_group:
      description: The VM's resource group.
      type: str
    vault_id:
      description: The vault's resource id.
      type: str
    vault_name:
      description: The vault's name.
      type: str
    item_id:
      description: The id of the protected item.
      type: str
    state:
      description: V(protected), V(stopped), V(suspended), V(soft_deleted) or V(invalid).
      type: str
    protection_state:
      description: Azure's own word for the state. V(IRPending) is a protected VM that waits for its first backup.
      type: str
    soft_deleted:
      description: Whether the backup is deleted and can still be brought back.
      type: bool
    purge_time:
      description: When a deleted backup is gone for good, null when it is not deleted.
      type: str
    policy_id:
      description: The id of the policy, null when none applies.
      type: str
    policy_name:
      description: The name of the policy, null when none applies.
      type: str
    health:
      description: What Azure's check of the backup says.
      type: str
    health_details:
      description: The findings of that check, each with C(code), C(title), C(message) and C(recommendations).
      type: list
      elements: dict
    last_backup_status:
      description: How the last backup ended, null before the first.
      type: str
    last_backup_time:
      description: When the last backup started, null before the first.
      type: str
    last_recovery_point:
      description: The time of the newest recovery point, null when there is none.
      type: str
    recovery_point_age:
      description: The age of the newest recovery point in seconds, by Azure's clock, null when there is none.
      type: int
    disks:
      description: The data disks that are included or excluded, null when all are backed up.
      type: dict
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-01
      name: web-01
      resource_group: rg-prod
      vault_name: vault-prod
      state: protected
      protection_state: Protected
      soft_deleted: false
      policy_name: DefaultPolicy
      health: Passed
      last_backup_status: Completed
      last_recovery_point: "2026-07-26T13:16:55.439787Z"
      recovery_point_age: 3600
"""

from datetime import datetime, timedelta
from typing import Any, Iterator

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.items import ProtectedItem, items_now
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import VaultChoice, check_vault, find_vault, list_vaults
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import parse_vms, run_each
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VAULT, Task, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import check_group, parse_age

SPEC: dict[str, dict[str, Any]] = {
    **VAULT,
    "vm": {"type": "list", "elements": "str"},
    "vm_resource_group": {"type": "str"},
    "policy": {"type": "str"},
    "state": {"type": "list", "elements": "str", "choices": ["protected", "stopped", "suspended", "soft_deleted", "invalid"]},
    "health": {"type": "list", "elements": "str", "choices": ["Passed", "ActionRequired", "ActionSuggested", "Invalid"]},
    "older_than": {"type": "str"},
}


class Filters:
    """The options that narrow the list; raises OptionError for what is wrong in them."""

    def __init__(self, params: dict[str, Any], subscription: str) -> None:
        names = params["vm"]
        # An empty list is a mistake: it must not list everything, which the next task may then delete.
        self.vms = None if names is None else {vm.key for vm in parse_vms(names, params["vm_resource_group"], subscription)}
        self.group = "" if names else (check_group(params["vm_resource_group"], "vm_resource_group") or "").lower()
        self.policy = (params["policy"] or "").rstrip("/").rsplit("/", 1)[-1].lower()
        self.states = params["state"]
        self.health = {text.lower() for text in params["health"] or ()}
        self.older_than: timedelta | None = parse_age(params["older_than"], "older_than") if params["older_than"] else None

    def fit(self, item: ProtectedItem, now: datetime) -> bool:
        age = item.age(now)
        return (
            (self.vms is None or item.vm.key in self.vms)
            and (not self.group or item.vm.group.lower() == self.group)
            and (not self.policy or (item.policy_name or "").lower() == self.policy)
            and (not self.states or item.condition in self.states)
            and (not self.health or (item.health or "").lower() in self.health)
            and (self.older_than is None or age is None or age > self.older_than.total_seconds())
        )


def entry_of(item: ProtectedItem, now: datetime) -> dict[str, Any]:
    """One entry of the result."""
    return {
        "id": item.vm.id,
        "name": item.vm.name,
        "resource_group": item.vm.group,
        "vault_name": item.vault.name,
        **item.facts(),
        "health_details": list(item.health_details),
        "recovery_point_age": item.age(now),
    }


def read(task: Task, choice: VaultChoice) -> Iterator[tuple[ProtectedItem, datetime]]:
    """All items of the vaults, each with Azure's time."""
    one = find_vault(task.client, choice)
    vaults: list[VaultRef] = [one] if one else [vault.ref for vault in list_vaults(task.client, task.subscription, choice.group)]
    outcomes = run_each(vaults, lambda vault: items_now(task.client, vault))
    errors: list[tuple[VaultRef, ArmError]] = [(outcome.item, outcome.error) for outcome in outcomes if outcome.error]
    if errors and len(errors) == len(vaults):
        raise errors[0][1]
    for vault, error in errors:
        task.warn(f"The vault {vault.name} (resource group {vault.group}) could not be read and is left out: {error}")
    for outcome in outcomes:
        if outcome.value:
            items, now = outcome.value
            yield from ((item, now) for item in items.values())


def body(task: Task) -> dict[str, Any]:
    choice = check_vault(task.params["vault"], task.params["resource_group"], task.subscription)
    filters = Filters(task.params, task.subscription)
    found = [(item, now) for item, now in read(task, choice) if filters.fit(item, now)]
    found.sort(key=lambda pair: (pair[0].vault.name.lower(), pair[0].vault.key, pair[0].vm.key))
    return {"changed": False, "protected_vms": [entry_of(item, now) for item, now in found]}


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
