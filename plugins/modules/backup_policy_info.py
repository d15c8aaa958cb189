#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_policy_info
short_description: List backup policies for Azure VMs
version_added: 0.1.0
description:
  - Lists the policies of one Recovery Services vault, or of all vaults of the subscription, in the words of the options of
    M(lifeboat.azure_dr.backup_policy), so that they can be given to that module.
  - Policies of databases, file shares and other workloads are left out.
  - All filters must fit. Without any, everything is listed, at one request a vault.
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
    aliases: [vault_name]
  resource_group:
    description:
      - The resource group of the vault or vaults.
    type: str
  name:
    description:
      - List only policies of this name.
    type: str
  policy_type:
    description:
      - List only policies of this type. V(V1) and V(V2) are Azure's words for V(standard) and V(enhanced).
    type: str
    choices: [standard, enhanced, V1, V2]
seealso:
  - module: lifeboat.azure_dr.backup_policy
  - module: lifeboat.azure_dr.protected_vm_info
"""

EXAMPLES = r"""
- name: See the policies of a vault
  lifeboat.azure_dr.backup_policy_info:
    vault: vault-prod
    resource_group: rg-backup
  register: found

- name: Name those that nothing uses
  ansible.builtin.debug:
    msg: "{{ found.policies | selectattr('protected_items_count', 'equalto', 0) | map(attribute='name') | list }}"

- name: Have the same policies in the vault of another region
  lifeboat.azure_dr.backup_policy:
    name: "{{ item.name }}"
    vault: vault-dr
    resource_group: rg-backup-dr
    policy_type: "{{ item.policy_type }}"
    time_zone: "{{ item.time_zone }}"
    schedule: "{{ item.schedule }}"
    retention: "{{ item.retention }}"
    instant_restore_days: "{{ item.instant_restore_days }}"
    tiering: "{{ item.tiering }}"
  loop: "{{ found.policies }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
policies:
  description: The policies, by vault and name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The policy's resource id.
      type: str
    name:
      description: The policy's name.
      type: str
    vault:
      description: The vault's name.
      type: str
    vault_id:
      description: The vault's resource id.
      type: str
    resource_group:
      description: The vault's resource group.
      type: str
    protected_items_count:
      description: How many protected items use the policy, as Azure counts them.
      type: int
    policy_type:
      description: V(standard) or V(enhanced).
      type: str
    time_zone:
      description: The time zone of all times, by its Windows name.
      type: str
    schedule:
      description: When backups are made. Null for a schedule that M(lifeboat.azure_dr.backup_policy) cannot make.
      type: dict
    retention:
      description: How long recovery points are kept. Null for a retention that M(lifeboat.azure_dr.backup_policy) cannot make.
      type: dict
    instant_restore_days:
      description: How many days snapshots are kept.
      type: int
    snapshot_resource_group_prefix:
      description: The begin of the name of the resource groups of snapshots, empty when Azure names them.
      type: str
    snapshot_resource_group_suffix:
      description: The end of that name.
      type: str
    snapshot_consistency:
      description: V(application) or V(crash).
      type: str
    tiering:
      description: Whether recovery points move to the archive tier.
      type: dict
  sample:
    - name: EnhancedPolicy
      vault: vault-prod
      resource_group: rg-backup
      protected_items_count: 0
      policy_type: enhanced
      time_zone: UTC
      schedule: {frequency: hourly, every_hours: 4, window_start: "08:00", window_hours: 12}
      retention:
        daily: {count: 30}
      instant_restore_days: 2
      snapshot_resource_group_prefix: ""
      snapshot_resource_group_suffix: ""
      snapshot_consistency: application
      tiering: {mode: never}
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policies import check_policy_name
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_apply import POLICY_HINTS, list_policies
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_options import POLICY_TYPES
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_plan import policy_facts
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import VaultChoice, check_vault, find_vault, list_vaults
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import run_each
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run

SPEC: dict[str, dict[str, Any]] = {
    "vault": {"type": "str", "aliases": ["vault_name"]},
    "resource_group": {"type": "str"},
    "name": {"type": "str"},
    "policy_type": {"type": "str", "choices": list(POLICY_TYPES)},
}


def read(task: Task, choice: VaultChoice) -> list[dict[str, Any]]:
    """The policies of the vaults, as results say them."""
    one = find_vault(task.client, choice)
    vaults: list[VaultRef] = [one] if one else [vault.ref for vault in list_vaults(task.client, task.subscription, choice.group)]
    outcomes = run_each(vaults, lambda vault: list_policies(task.client, vault))
    errors: list[tuple[VaultRef, ArmError]] = [(outcome.item, outcome.error) for outcome in outcomes if outcome.error]
    if errors and len(errors) == len(vaults):
        raise errors[0][1]
    for vault, error in errors:
        task.warn(f"The vault {vault.name} (resource group {vault.group}) could not be read and is left out: {error}")
    return [
        policy_facts(outcome.item, str(resource.get("name") or ""), resource.get("properties") or {})
        for outcome in outcomes
        for resource in outcome.value or ()
    ]


def body(task: Task) -> dict[str, Any]:
    choice = check_vault(task.params["vault"], task.params["resource_group"], task.subscription)
    name = task.params["name"]
    wanted = check_policy_name(name.strip(), "name").lower() if name is not None else None
    kind = POLICY_TYPES.get(task.params["policy_type"] or "")
    found = [
        policy
        for policy in read(task, choice)
        if (wanted is None or policy["name"].lower() == wanted) and (kind is None or policy["policy_type"] == kind)
    ]
    found.sort(key=lambda policy: (policy["vault"].lower(), policy["vault_id"].lower(), policy["name"].lower()))
    return {"changed": False, "policies": found}


def main() -> None:
    run(SPEC, body, hints=POLICY_HINTS)


if __name__ == "__main__":
    main()
