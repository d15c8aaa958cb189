#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_vault_info
short_description: List Recovery Services vaults with their settings
version_added: 0.1.0
description:
  - Lists the Recovery Services vaults of a subscription or a resource group, or tells of one, with their settings in the words of
    M(lifeboat.azure_dr.recovery_vault).
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  name:
    description:
      - Only vaults of this name. A vault that is not there is no failure; the list is empty.
    type: str
  resource_group:
    description:
      - Only vaults of this resource group. Permissions on it are enough then.
    type: str
  location:
    description:
      - Only vaults of this region.
    type: str
  tags:
    description:
      - Only vaults that have all of these tags, each given as C(name) or C(name:value).
    type: list
    elements: str
  counts:
    description:
      - Whether to count the VMs in each vault, which takes a request for each vault and 200 VMs.
    type: bool
    default: false
  deleted:
    description:
      - Whether to list deleted vaults too, in RV(deleted_vaults).
      - They are looked for in O(location), or else in all regions in which the subscription has vaults or resource groups.
        This needs a role in the subscription, such as Backup Reader. O(tags) do not apply, since Azure does not tell those.
    type: bool
    default: false
seealso:
  - module: lifeboat.azure_dr.recovery_vault
  - module: lifeboat.azure_dr.protected_vm_info
"""

EXAMPLES = r"""
- name: List all vaults whose backups could be deleted before they expire
  lifeboat.azure_dr.recovery_vault_info:
    subscription_id: 00000000-0000-0000-0000-000000000001
  register: all

- name: Show their names
  ansible.builtin.debug:
    msg: "{{ all.vaults | rejectattr('immutability', 'equalto', 'locked') | map(attribute='name') | list }}"

- name: Tell how many VMs are in the vaults of production
  lifeboat.azure_dr.recovery_vault_info:
    tags: ["environment:production"]
    counts: true

- name: List what could be brought back
  lifeboat.azure_dr.recovery_vault_info:
    location: westeurope
    deleted: true
"""

RETURN = r"""
vaults:
  description: The vaults, by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The resource id.
      type: str
    name:
      description: The name.
      type: str
    resource_group:
      description: The resource group.
      type: str
    location:
      description: The region.
      type: str
    provisioning_state:
      description: Azure's word for what is under way, V(Succeeded) when nothing is.
      type: str
    sku:
      description: The pricing tier.
      type: str
    redundancy:
      description: How the backups are kept, null as long as Azure does not say.
      type: str
    cross_region_restore:
      description: Whether backups can be restored in the paired region, null as long as Azure does not say.
      type: bool
    cross_subscription_restore:
      description: One of V(enabled), V(disabled), V(permanently_disabled).
      type: str
    soft_delete:
      description: One of V(enabled), V(disabled), V(always_on), null when Azure does not say.
      type: str
    soft_delete_retention_days:
      description: For how many days deleted backups are kept, null when Azure does not say.
      type: int
    immutability:
      description: One of V(disabled), V(unlocked), V(locked).
      type: str
    identity:
      description: The managed identity, with C(type), C(principal_id) of the system-assigned one, and the ids in C(user_assigned_identities).
      type: dict
    public_network_access:
      description: V(enabled) or V(disabled).
      type: str
    job_failure_alerts:
      description: Whether Azure Monitor tells of every job that fails, null when Azure does not say.
      type: bool
    classic_alerts:
      description: Whether classic alerts tell of critical operations, null when Azure does not say.
      type: bool
    private_endpoints:
      description: How many private endpoints lead to the vault.
      type: int
    tags:
      description: The tags.
      type: dict
    multi_user_authorization:
      description: Whether a resource guard has to agree to critical operations.
      type: bool
    secure_score:
      description: Azure's judgement of the vault's security settings.
      type: str
    security_level:
      description: The same in other words of Azure.
      type: str
    backup_storage_version:
      description: V(Unassigned) as long as nothing has been protected.
      type: str
    customer_managed_key:
      description: Whether the backups are encrypted with a key of the customer's.
      type: bool
    vm_counts:
      description:
        - How many VMs are in the vault, in C(total), C(protected), C(stopped), C(suspended), C(soft_deleted) and C(invalid).
        - Null when they could not be read; a warning says why.
      returned: when O(counts=true)
      type: dict
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/vault-prod
      name: vault-prod
      resource_group: rg-backup
      location: westeurope
      redundancy: GeoRedundant
      cross_region_restore: true
      soft_delete: always_on
      immutability: unlocked
deleted_vaults:
  description: The deleted vaults, by the name that they had.
  returned: when O(deleted=true)
  type: list
  elements: dict
  contains:
    id:
      description: The resource id.
      type: str
    name:
      description: Azure's name for it.
      type: str
    vault_id:
      description: The id of the vault that it was.
      type: str
    vault_name:
      description: The name of the vault that it was.
      type: str
    resource_group:
      description: The resource group that it was in.
      type: str
    location:
      description: The region.
      type: str
    deletion_time:
      description: When it was deleted.
      type: str
    purge_time:
      description: When it is gone for good. For a vault without backups this is over already.
      type: str
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_hints import VAULT_HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_lists import (
    Filters,
    count_vms,
    deleted_everywhere,
    matching_vaults,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run

SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str"},
    "resource_group": {"type": "str"},
    "location": {"type": "str"},
    "tags": {"type": "list", "elements": "str"},
    "counts": {"type": "bool", "default": False},
    "deleted": {"type": "bool", "default": False},
}


def body(task: Task) -> dict[str, Any]:
    filters = Filters.of(task.params)
    subscription = task.subscription
    vaults = matching_vaults(task.client, subscription, filters)
    entries = [vault.facts() for vault in vaults]
    if task.params["counts"]:
        for entry, counts in zip(entries, count_vms(task.client, vaults, task.warn)):
            entry["vm_counts"] = counts
    result: dict[str, Any] = {"changed": False, "vaults": entries}
    if task.params["deleted"]:
        result["deleted_vaults"] = [deleted.facts() for deleted in deleted_everywhere(task.client, subscription, filters, task.warn)]
    return result


def main() -> None:
    run(SPEC, body, hints=VAULT_HINTS)


if __name__ == "__main__":
    main()
