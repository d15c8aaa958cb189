#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_backup_protection
short_description: Protect Azure VMs with Azure Backup, or stop protecting them
version_added: 0.1.0
description:
  - Brings the backup protection of one VM, or of a whole fleet in one task, into a state.
    VMs that are in that state already cost no request of their own and start no job.
  - A VM whose backup was soft-deleted is undeleted before it is protected again, so its old recovery points come back.
  - A VM that another vault protects fails with the name of that vault, in check mode too.
  - A change that an earlier, killed run has started is waited for and not sent again.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.vm
  - lifeboat.azure_dr.vault
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  state:
    description:
      - V(protected) means that a policy backs the VM up. A VM that waits for its first backup counts.
      - V(stopped) means that no more backups are made and that all recovery points are kept for ever.
        It fails for a VM that the vault does not know.
      - V(suspended) means that no more backups are made and that the recovery points expire as their policy says.
        Azure allows this on immutable vaults only.
      - V(absent) means that the recovery points are deleted. Vaults keep deleted backups for a while (soft delete), which counts
        as absent. RV(vms[].purge_time) says until when V(protected) or V(stopped) can bring them back.
    type: str
    choices: [protected, stopped, suspended, absent]
    default: protected
  policy:
    description:
      - The backup policy, by name or resource id.
      - Needed with O(state=protected), except for VMs that are protected already, which keep their policy without it.
      - A resource id also names the vault, so O(vault) is not needed then.
    type: str
  disks:
    description:
      - Which data disks are backed up, by LUN. The disk of the operating system always is.
      - Without this option the choice stays as it is, and all disks of a VM that gets protected are backed up.
    type: dict
    suboptions:
      include_luns:
        description: Back up only the data disks with these LUNs. An empty list means the disk of the operating system alone.
        type: list
        elements: int
      exclude_luns:
        description: Back up all data disks but those with these LUNs. An empty list means all disks, and takes an earlier choice back.
        type: list
        elements: int
  resource_guard_operation_requests:
    description:
      - Ids of the approved requests of a resource guard, where one watches over the vault. They are sent along with what changes, stops or deletes
        protection.
    type: list
    elements: str
    default: []
seealso:
  - module: lifeboat.azure_dr.protected_vm_info
  - module: lifeboat.azure_dr.protectable_vm_info
  - module: lifeboat.azure_dr.vm_backup_trigger
  - module: lifeboat.azure_dr.backup_policy
  - module: lifeboat.azure_dr.recovery_vault
  - name: Selective disk backup
    description: What Azure Backup does with disks that are left out.
    link: https://learn.microsoft.com/azure/backup/selective-disk-backup-restore
"""

EXAMPLES = r"""
- name: Protect two VMs with the vault's default policy
  lifeboat.azure_dr.vm_backup_protection:
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
    vault: vault-prod
    resource_group: rg-backup
    policy: DefaultPolicy

- name: Protect every VM of a fleet in one task, without its scratch disk
  lifeboat.azure_dr.vm_backup_protection:
    vm: "{{ fleet | map(attribute='id') | list }}"
    policy: >-
      /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/vault-prod/backupPolicies/EnhancedPolicy
    disks:
      exclude_luns: [3]

- name: Back up all disks again, under the policy that the VM has
  lifeboat.azure_dr.vm_backup_protection:
    vm: web-01
    vm_resource_group: rg-prod
    disks:
      exclude_luns: []

- name: Stop backing up and keep what there is
  lifeboat.azure_dr.vm_backup_protection:
    vm: web-01
    vm_resource_group: rg-prod
    state: stopped

- name: Delete the backups of a VM, wherever they are
  lifeboat.azure_dr.vm_backup_protection:
    vm: web-02
    vm_resource_group: rg-prod
    state: absent
  register: deleted

- name: Tell until when they can be brought back
  ansible.builtin.debug:
    msg: "{{ deleted.vms[0].purge_time }}"

- name: Start the protection without waiting for it
  lifeboat.azure_dr.vm_backup_protection:
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
    vault: vault-prod
    policy: DefaultPolicy
    wait: false
"""

RETURN = r"""
vms:
  description: One entry a VM, in the order given.
  returned: always, unless the task failed before it looked at any VM
  type: list
  elements: dict
  contains:
    id:
      description: The VM's resource id.
      type: str
    name:
      description: The VM's name.
      type: str
    changed:
      description: Whether something was started for this VM, or would be in check mode.
      type: bool
    failed:
      description: Whether this VM failed.
      type: bool
    failure:
      description: What went wrong, as Azure says it, and what to do about it.
      returned: when this VM failed
      type: dict
      contains:
        code:
          description: Azure's error code, or one of this collection's such as V(PolicyRequired), V(NotProtected) or V(OperationTimeout).
          type: str
        message:
          description: The reason.
          type: str
        status:
          description: The HTTP status, when the failure came with one.
          type: int
        target:
          description: What the failure is about, such as the id of the vault that owns the VM.
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
        resume:
          description: The ids of what goes on in Azure.
          type: dict
    operation:
      description: The operation that was started last for this VM.
      returned: when something was started
      type: dict
      contains:
        id:
          description: The operation's id.
          type: str
        step:
          description: What it does, one of V(undelete), V(enable), V(resume), V(change), V(stop), V(suspend), V(delete).
          type: str
        vault_id:
          description: The vault that it runs in.
          type: str
    job:
      description: The job of that operation, or the job of an earlier run that was waited for.
      returned: when it is known, which takes waiting
      type: dict
      contains:
        id:
          description: The job's resource id.
          type: str
        name:
          description: The job's name, as O(lifeboat.azure_dr.backup_job#module:job) takes it.
          type: str
    state:
      description:
        - V(protected), V(stopped), V(suspended), V(soft_deleted), V(absent), or V(invalid) when Azure says so.
        - As it is after the task, or, in check mode, with O(wait=false) and in failures, as it was found.
      type: str
      sample: protected
    protection_state:
      description: Azure's own word for the state. V(IRPending) is a protected VM that waits for its first backup.
      returned: when the vault knows the VM
      type: str
      sample: IRPending
    soft_deleted:
      description: Whether the backup is deleted and can still be brought back.
      type: bool
    policy_id:
      description: The id of the policy, null when none applies.
      returned: when the vault knows the VM
      type: str
    policy_name:
      description: The name of the policy, null when none applies.
      returned: when the vault knows the VM
      type: str
      sample: DefaultPolicy
    vault_id:
      description: The vault, null when none protects the VM.
      type: str
    item_id:
      description: The id of the protected item.
      returned: when the vault knows the VM
      type: str
    health:
      description: What Azure's check of the backup says, such as V(Passed) or V(ActionRequired).
      returned: when the vault knows the VM
      type: str
    last_backup_status:
      description: How the last backup ended, null before the first.
      returned: when the vault knows the VM
      type: str
    last_backup_time:
      description: When the last backup started, null before the first.
      returned: when the vault knows the VM
      type: str
    last_recovery_point:
      description: The time of the newest recovery point, null when there is none.
      returned: when the vault knows the VM
      type: str
    disks:
      description: The data disks that are included or excluded, null when all are backed up.
      returned: when the vault knows the VM
      type: dict
      sample:
        exclude_luns: [3]
    purge_time:
      description: When a deleted backup is gone for good, null when it is not deleted.
      returned: when the vault knows the VM
      type: str
      sample: "2026-09-23T13:21:52.029050Z"
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-01
      name: web-01
      changed: true
      failed: false
      state: protected
      protection_state: IRPending
      soft_deleted: false
      policy_name: DefaultPolicy
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policies import check_policy
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.protection import Wish, check_disks, check_guard_requests
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.protection_apply import carry_out
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.protection_read import make_plans
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import VaultChoice, check_vault, locate
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VAULT, VM, WAIT, Task, fleet_result, run

DISKS: dict[str, Any] = {
    "type": "dict",
    "options": {
        "include_luns": {"type": "list", "elements": "int"},
        "exclude_luns": {"type": "list", "elements": "int"},
    },
    "mutually_exclusive": [("include_luns", "exclude_luns")],
    "required_one_of": [("include_luns", "exclude_luns")],
}

SPEC: dict[str, dict[str, Any]] = {
    **VM,
    **VAULT,
    **WAIT,
    "state": {"type": "str", "choices": ["protected", "stopped", "suspended", "absent"], "default": "protected"},
    "policy": {"type": "str"},
    "disks": DISKS,
    "resource_guard_operation_requests": {"type": "list", "elements": "str", "default": []},
}


def read_wish(params: dict[str, Any], subscription: str) -> tuple[Wish, VaultChoice]:
    """What the options ask for; raises OptionError, before any request, when they are wrong."""
    choice = check_vault(params["vault"], params["resource_group"], subscription)
    policy = check_policy(params["policy"], choice.ref)
    disks = check_disks(params["disks"])
    if params["state"] != "protected":
        for name, value in (("policy", policy), ("disks", disks)):
            if value is not None:
                raise OptionError(name, f"goes with state=protected only, not with state={params['state']}")
    if policy is not None and policy.vault is not None:
        if choice.name is not None and choice.name.lower() != policy.vault.name.lower():
            raise OptionError("policy", f"the policy belongs to the vault {policy.vault.name!r}, not to {choice.name!r}")
        choice = VaultChoice(ref=policy.vault, name=policy.vault.name, group=policy.vault.group)
    return Wish(params["state"], policy, disks, check_guard_requests(params["resource_guard_operation_requests"])), choice


def body(task: Task) -> dict[str, Any]:
    vms = task.vms()
    wish, choice = read_wish(task.params, task.subscription)
    located = locate(task.client, vms, choice)
    works = make_plans(task.client, [located[vm.key] for vm in vms], wish)
    if not task.check_mode:
        carry_out(task.client, works, wish, task.waiting)
    return fleet_result(task, [work.report for work in works])


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
