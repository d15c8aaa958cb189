#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_vault
short_description: Make, change or delete a Recovery Services vault
version_added: 0.1.0
description:
  - Makes a Recovery Services vault with its settings, changes those of a vault that is there, or deletes it.
  - Options that are left out leave the setting as it is; for a new vault, Azure chooses.
  - What Azure never takes back is refused unless O(allow_irreversible=true), and what Azure does not do at all is refused before anything is sent,
    in check mode, too.
  - A vault in which something is under way, such as the creation of an earlier run that was killed, is waited for, and then gone on with.
  - If the subscription has never had a vault, the provider C(Microsoft.RecoveryServices) is registered first. Whether that is needed shows
    when the vault is made, so check mode cannot tell.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  name:
    description:
      - The name of the vault, of 2 to 50 letters, digits and hyphens, beginning with a letter.
    type: str
    required: true
  resource_group:
    description:
      - The resource group of the vault.
    type: str
    required: true
  state:
    description:
      - V(present) makes the vault or changes it.
      - V(absent) deletes it. What is still in it, such as protected VMs or registered servers, is listed in the failure before anything is sent.
        Soft-deleted backups go along and come back with O(undelete=true) until they are purged.
    type: str
    choices: [present, absent]
    default: present
  location:
    description:
      - The region of a new vault. If not set, that of the resource group. A vault protects VMs of its own region only and cannot be moved.
    type: str
  sku:
    description:
      - The pricing tier of a new vault, V(Standard) if not set. Both names mean the same, so an existing vault is never changed for it.
    type: str
    choices: [Standard, RS0]
  redundancy:
    description:
      - How the backups are kept. It is fixed as soon as something is protected in the vault.
      - If not set, a new vault gets what Azure has as the region's default.
    type: str
    choices: [LocallyRedundant, GeoRedundant, ZoneRedundant]
  cross_region_restore:
    description:
      - Whether backups can be restored in the paired region, which needs O(redundancy=GeoRedundant).
      - Once on, it cannot be switched off, so V(true) needs O(allow_irreversible=true).
    type: bool
  cross_subscription_restore:
    description:
      - Whether backups can be restored into another subscription.
      - V(permanently_disabled) cannot be undone and needs O(allow_irreversible=true).
    type: str
    choices: [enabled, disabled, permanently_disabled]
  soft_delete:
    description:
      - Whether deleted backups are kept for a while.
      - Azure makes new vaults with V(always_on), for which V(enabled) counts as fulfilled and V(disabled) is refused.
      - V(always_on) cannot be undone and needs O(allow_irreversible=true).
    type: str
    choices: [enabled, disabled, always_on]
  soft_delete_retention_days:
    description:
      - For how many days deleted backups are kept, from 14 to 180.
    type: int
  immutability:
    description:
      - Whether backups are safe from being deleted before they expire.
      - V(unlocked) can be taken back. V(locked) cannot, needs O(allow_irreversible=true), and is possible for a vault that is V(unlocked)
        and for a new one.
    type: str
    choices: [disabled, unlocked, locked]
  identity:
    description:
      - The managed identity of the vault.
    type: dict
    suboptions:
      type:
        description:
          - The kind of identity.
        type: str
        choices: [None, SystemAssigned, UserAssigned, "SystemAssigned, UserAssigned"]
        default: None
      user_assigned_identities:
        description:
          - The user-assigned identities.
        type: dict
        suboptions:
          id:
            description:
              - Their resource ids.
            type: list
            elements: str
            default: []
          append:
            description:
              - Whether to keep those that the vault has besides.
            type: bool
            default: true
  public_network_access:
    description:
      - Whether the vault can be reached over public endpoints.
    type: str
    choices: [enabled, disabled]
  job_failure_alerts:
    description:
      - Whether Azure Monitor tells of every job that fails.
    type: bool
  classic_alerts:
    description:
      - Whether the classic alerts tell of critical operations.
    type: bool
  tags:
    description:
      - Tags of the vault.
    type: dict
  append_tags:
    description:
      - Whether to keep the tags that the vault has besides O(tags).
    type: bool
    default: true
  undelete:
    description:
      - What to do when there is no such vault, but a deleted one of this name and resource group.
      - V(true) brings it back, with its backups. It is looked for in O(location), or else in the region of the resource group and then in all
        regions in which the subscription has resource groups or vaults. V(false) makes a new one.
      - If not set, a deleted vault that still holds backups is a failure, which says until when; one without backups is left where it is.
    type: bool
  allow_irreversible:
    description:
      - Whether settings may be made that Azure never takes back.
    type: bool
    default: false
notes:
  - With O(wait=false), only the last of several steps is left running, for instance not the creation of a vault that gets user-assigned identities,
    which Azure gives to a vault that is there.
seealso:
  - module: lifeboat.azure_dr.recovery_vault_info
  - module: lifeboat.azure_dr.vm_backup_protection
  - module: lifeboat.azure_dr.backup_policy
"""

EXAMPLES = r"""
- name: Make a vault whose backups can be restored in the paired region
  lifeboat.azure_dr.recovery_vault:
    name: vault-prod
    resource_group: rg-backup
    location: westeurope
    redundancy: GeoRedundant
    cross_region_restore: true
    allow_irreversible: true
    immutability: unlocked
    identity:
      type: SystemAssigned
    tags:
      owner: sre

- name: Keep deleted backups for a month
  lifeboat.azure_dr.recovery_vault:
    name: vault-prod
    resource_group: rg-backup
    soft_delete_retention_days: 30

- name: Delete a vault
  lifeboat.azure_dr.recovery_vault:
    name: vault-drill
    resource_group: rg-drill
    state: absent

- name: Bring it back, with the soft-deleted backups in it
  lifeboat.azure_dr.recovery_vault:
    name: vault-drill
    resource_group: rg-drill
    undelete: true
"""

RETURN = r"""
vault:
  description:
    - The vault after the task. In check mode and with O(wait=false) as it was found.
    - Null when there is none.
  returned: always, unless the task failed before it looked at the vault
  type: dict
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
  sample:
    id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/vault-prod
    name: vault-prod
    resource_group: rg-backup
    location: westeurope
    provisioning_state: Succeeded
    redundancy: GeoRedundant
    cross_region_restore: true
    cross_subscription_restore: enabled
    soft_delete: always_on
    soft_delete_retention_days: 14
    immutability: unlocked
    tags:
      owner: sre
operation:
  description: The operation that was left running, or that failed.
  returned: when there is one
  type: dict
  contains:
    id:
      description: The operation's id.
      type: str
    step:
      description: What it does, one of V(create), V(undelete), V(change), V(soft_delete), V(delete).
      type: str
    vault_id:
      description: The vault that it is about.
      type: str
deleted_vault:
  description: The deleted vault of this name, if one was found before a creation or after a deletion.
  returned: when there is one
  type: dict
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
contents:
  description: What lies in the vault, by name.
  returned: when O(state=absent) and the vault is there
  type: dict
  contains:
    protected:
      description: What is protected, or stopped and kept.
      type: list
      elements: str
    soft_deleted:
      description: What is soft-deleted, with the time of its purge.
      type: list
      elements: str
    registered:
      description: Registered servers and storage accounts.
      type: list
      elements: str
    private_endpoints:
      description: How many private endpoints lead to the vault.
      type: int
failure:
  description: What went wrong, as Azure says it, and what to do about it.
  returned: failure
  type: dict
  contains:
    code:
      description: Azure's error code, or one of this collection's, such as V(VaultNotEmpty), V(DeletedVaultExists) or V(OperationTimeout).
      type: str
    message:
      description: The reason.
      type: str
    status:
      description: The HTTP status, when the failure came with one.
      type: int
    target:
      description: What the failure is about.
      type: str
    request_id:
      description: The id of the request, for Azure's support.
      type: str
    operation:
      description: What was being done.
      type: str
    hint:
      description: What to do about it.
      type: str
    last_state:
      description: Azure's word for the state of the vault when it was seen last, after a timeout.
      type: str
    resume:
      description: The ids of what goes on in Azure, after a timeout.
      type: dict
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_apply import (
    Outcome,
    foresee_absent,
    foresee_present,
    make_absent,
    make_present,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_hints import VAULT_HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_options import check_place, read_wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import WAIT, Task, resource_result, run

IDENTITY: dict[str, Any] = {
    "type": "dict",
    "options": {
        "type": {"type": "str", "choices": ["None", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"], "default": "None"},
        "user_assigned_identities": {
            "type": "dict",
            "options": {"id": {"type": "list", "elements": "str", "default": []}, "append": {"type": "bool", "default": True}},
        },
    },
}

SPEC: dict[str, dict[str, Any]] = {
    **WAIT,
    "name": {"type": "str", "required": True},
    "resource_group": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "location": {"type": "str"},
    "sku": {"type": "str", "choices": ["Standard", "RS0"]},
    "redundancy": {"type": "str", "choices": ["LocallyRedundant", "GeoRedundant", "ZoneRedundant"]},
    "cross_region_restore": {"type": "bool"},
    "cross_subscription_restore": {"type": "str", "choices": ["enabled", "disabled", "permanently_disabled"]},
    "soft_delete": {"type": "str", "choices": ["enabled", "disabled", "always_on"]},
    "soft_delete_retention_days": {"type": "int"},
    "immutability": {"type": "str", "choices": ["disabled", "unlocked", "locked"]},
    "identity": IDENTITY,
    "public_network_access": {"type": "str", "choices": ["enabled", "disabled"]},
    "job_failure_alerts": {"type": "bool"},
    "classic_alerts": {"type": "bool"},
    "tags": {"type": "dict"},
    "append_tags": {"type": "bool", "default": True},
    "undelete": {"type": "bool"},
    "allow_irreversible": {"type": "bool", "default": False},
}


def work(task: Task, ref: VaultRef) -> Outcome:
    wish = read_wish(task.params)
    if task.params["state"] == "absent":
        return foresee_absent(task.client, ref) if task.check_mode else make_absent(task.client, ref, task.waiting)
    return foresee_present(task.client, ref, wish) if task.check_mode else make_present(task.client, ref, wish, task.waiting)


def body(task: Task) -> dict[str, Any]:
    outcome = work(task, check_place(task.params, task.subscription))
    facts: dict[str, Any] = {"vault": outcome.vault.facts() if outcome.vault else None}
    if outcome.operation is not None:
        facts["operation"] = outcome.operation
    if outcome.deleted is not None:
        facts["deleted_vault"] = outcome.deleted.facts()
    if outcome.contents is not None:
        facts["contents"] = dict(outcome.contents.facts)
    return resource_result(
        task,
        facts,
        changed=outcome.changed,
        before=outcome.before,
        after=outcome.after,
        warnings=outcome.warnings,
        failure=outcome.failure,
    )


def main() -> None:
    run(SPEC, body, hints=VAULT_HINTS)


if __name__ == "__main__":
    main()
