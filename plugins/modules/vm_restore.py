#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_restore
short_description: Restore Azure VMs, or their disks, from Azure Backup
version_added: 0.1.0
description:
  - Restores one VM, or a whole fleet in one task, from recovery points of Azure Backup, as disks, as new VMs, or in place of the VMs' own disks,
    in the region of the vault, to another subscription, or from the paired region.
  - Azure knows no idempotent restore, this module does. A restore to the same target that runs already, from an earlier or a killed
    run of the task or from anyone else, is waited for and not started again.
  - With O(mode=new_vm), a target VM that exists is what was wanted and nothing is started. It is a failure instead when a job within O(look_back) shows
    that it was restored from another VM, or from another recovery point than O(recovery_point) or O(before) ask for.
  - With O(mode=disks) and O(mode=replace), a job within O(look_back) that succeeded, from the same recovery point to the same target, is what was wanted
    and nothing is started. Whether somebody has deleted the disks since is not looked at; use O(force) then.
  - When the answer to the request gets lost, the module looks for the job that the request may have started before it sends it again.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.vm
  - lifeboat.azure_dr.vault
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
attributes:
  idempotent:
    support: partial
    details:
      - With O(force=true), a finished restore is repeated.
options:
  mode:
    description:
      - V(disks) restores managed disks into O(target_resource_group), or, without that, blobs into O(storage_account), which takes much longer.
      - V(new_vm) restores a new VM named O(vm_name) into O(target_resource_group) and O(subnet).
      - V(replace) puts the disks of the recovery point in the place of the VM's own, which Azure keeps in the VM's resource group. It needs O(allow_replace).
    type: str
    choices: [disks, new_vm, replace]
    required: true
  recovery_point:
    description:
      - V(latest), for the newest recovery point that O(before), O(consistency) and O(tier) allow, or the name of one.
      - A name is a string of digits that is too long for a number in some tools, so write it in quotes.
    type: str
    default: latest
  before:
    description:
      - Choose the newest recovery point that is no later than this time, in ISO 8601. Without a zone it is UTC.
    type: str
  consistency:
    description:
      - The least consistency that will do. V(application) is stricter than V(file_system), and that is stricter than V(crash).
    type: str
    choices: [application, file_system, crash]
  tier:
    description:
      - Use only recovery points that have a readable copy in this tier. Which of its copies Azure reads is up to Azure.
      - V(snapshot) are the snapshots next to the VM, from which a restore takes minutes. V(vault) are the copies in the vault.
      - V(archive) are the copies in the archive, which Azure brings back first. That takes hours and costs extra, and is never done without this.
      - Another zone, another subscription, the paired region and O(mode=replace) need a copy in the vault, which is then required without this option too.
    type: str
    choices: [snapshot, vault, archive]
  rehydration_priority:
    description:
      - How urgently an archived recovery point is brought back. V(high) takes less time and costs more.
      - V(standard) if not set. It needs O(tier=archive).
    type: str
    choices: [standard, high]
  rehydration_duration:
    description:
      - For how many days the copy that is brought back stays, from 10 to 30.
      - 15 if not set. It needs O(tier=archive).
    type: int
  target_resource_group:
    description:
      - The resource group to restore into, by name or resource id. An id may lie in another subscription of the same tenant.
      - Needed with O(mode=new_vm).
    type: str
  target_subscription:
    description:
      - The subscription to restore into, to which the names in O(target_resource_group), O(storage_account) and O(virtual_network) belong.
      - If not set, it is that of the VM.
    type: str
  storage_account:
    description:
      - The storage account in which Azure stages the restore, by name or resource id. It must be in the region that is restored to.
      - Always needed. Azure leaves the deployment template of the VM there, and, for restores from the vault, copies of the disks.
    type: str
    required: true
  storage_account_resource_group:
    description:
      - The resource group of the storage account that O(storage_account) gives by name. O(target_resource_group) if not set.
    type: str
  vm_name:
    description:
      - The name of the new VM, or a template for the names of many, in which C({name}) and C({resource_group}) stand for those of the VM that was backed up.
      - Every VM of the task must get a name of its own. Needed with O(mode=new_vm).
    type: str
  virtual_network:
    description:
      - The virtual network of the new VM, by name or resource id. Needed with O(mode=new_vm), unless O(subnet) is a resource id.
    type: str
  virtual_network_resource_group:
    description:
      - The resource group of the network that O(virtual_network) gives by name. O(target_resource_group) if not set.
    type: str
  subnet:
    description:
      - The subnet of the new VM, by name or resource id. Needed with O(mode=new_vm).
    type: str
  zone:
    description:
      - The availability zone to restore into, or V(NoZone) for none. The vault must be zone-redundant, or the restore from the paired region.
    type: str
  disk_luns:
    description:
      - Restore only the data disks with these LUNs, and the disk of the operating system, which is always restored.
      - An empty list restores the disk of the operating system alone. Without this option all disks are restored.
    type: list
    elements: int
  disk_encryption_set:
    description:
      - The resource id of the disk encryption set for the restored disks, which are encrypted as the backup is without it.
    type: str
  secured_vm_disk_encryption_set:
    description:
      - The resource id of the disk encryption set for the operating system's disk of a confidential VM.
    type: str
  identity:
    description:
      - Let an identity of the vault do the restore, V(system) or the resource id of a user-assigned identity of the vault.
      - If not set, Azure uses the rights of whoever runs the task.
    type: str
  disk_network_access:
    description:
      - From which networks the restored disks can be reached. Of importance only if private access was enabled on a disk that was backed up.
    type: str
    choices: [same_as_source, private, public]
  disk_access:
    description:
      - The resource id of the disk access for O(disk_network_access=private).
    type: str
  allow_replace:
    description:
      - Agree to O(mode=replace).
    type: bool
    default: false
  tags:
    description:
      - Tags to put on the restored VM, its network interfaces and disks, once they are there. Other tags, such as those of the VM that was backed up, stay.
      - What an earlier run restored gets them too. With O(wait=false), it is the next run that puts them on.
    type: dict
    default: {}
  validate:
    description:
      - Let Azure validate a restore before it is started, also in check mode. Any problem that it lists is a failure.
      - Azure does not have it for a restore from the paired region.
    type: bool
    default: false
  from_secondary_region:
    description:
      - Restore from the copies in the region that is paired with the vault's, into that region. The vault must have cross-region restore enabled.
      - All targets must be in the paired region. The copies lag behind by up to about 36 hours.
      - With O(vault) given, nothing but the vault itself is asked in its own region, and with O(secondary_region) that need not answer either.
    type: bool
    default: false
  secondary_region:
    description:
      - The name of the paired region, in case the collection does not know it.
    type: str
  look_back:
    description:
      - For how many days back a restore that is done counts as done.
    type: int
    default: 7
  force:
    description:
      - Restore again what is restored already. A restore that still runs is waited for all the same, and no VM is ever restored over another.
    type: bool
    default: false
  job:
    description:
      - Restore jobs that an earlier task with O(wait=false) has started, by name or resource id. This task waits for them, and does no more for their VMs, also
        where such a job has failed meanwhile or O(force=true), where it would restore anew without this.
    type: list
    elements: str
    default: []
  resource_guard_operation_requests:
    description:
      - Ids of the approved requests of a resource guard, where one watches over the vault.
    type: list
    elements: str
    default: []
notes:
  - For O(mode=new_vm), a restore that ended with disks but without a VM is a failure that lists the disks. Running the task again restores anew.
seealso:
  - module: lifeboat.azure_dr.recovery_point_info
  - module: lifeboat.azure_dr.backup_job
  - module: lifeboat.azure_dr.drill_cleanup
  - module: lifeboat.azure_dr.recovery_plan_info
  - name: Restore Azure VMs
    description: What Azure Backup can restore, and what it needs.
    link: https://learn.microsoft.com/azure/backup/backup-azure-arm-restore-vms
  - module: lifeboat.azure_dr.recovery_readiness_info
"""

EXAMPLES = r"""
- name: Restore a whole fleet as new VMs in a network of its own, having let Azure validate it first
  lifeboat.azure_dr.vm_restore:
    vm: "{{ fleet | map(attribute='id') | list }}"
    mode: new_vm
    vm_name: "{name}-dr"
    target_resource_group: rg-dr
    virtual_network: vnet-dr
    subnet: isolated
    storage_account: stdrstaging
    validate: true
    tags:
      drill: "2026-06-01"
  register: restored

- name: Show what came of it
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.restored.virtual_machine_id }}, from {{ item.recovery_point.time }}, in {{ item.restore_seconds }} s"
  loop: "{{ restored.vms }}"
  loop_control:
    label: "{{ item.name }}"
  when: not ansible_check_mode

- name: Restore the disks of a VM as they were before an incident, if the applications were quiet
  lifeboat.azure_dr.vm_restore:
    vm: db-01
    vm_resource_group: rg-prod
    mode: disks
    before: "2026-07-26T13:00:00Z"
    consistency: application
    target_resource_group: rg-dr
    storage_account: stdrstaging

- name: Put the disks of a certain recovery point in the place of the VM's own
  lifeboat.azure_dr.vm_restore:
    vm: web-01
    vm_resource_group: rg-prod
    vault: vault-prod
    resource_group: rg-backup
    mode: replace
    allow_replace: true
    recovery_point: "1103996678573089"
    storage_account: stprodstaging
    storage_account_resource_group: rg-backup

- name: Restore into the paired region, since the region of the vault is down
  lifeboat.azure_dr.vm_restore:
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
    vault: vault-prod
    resource_group: rg-backup
    from_secondary_region: true
    mode: new_vm
    vm_name: "{name}"
    target_resource_group: rg-dr-southeastasia
    virtual_network: vnet-dr-southeastasia
    subnet: default
    storage_account: stdrsoutheastasia

- name: Start restores, and wait for them later
  lifeboat.azure_dr.vm_restore:
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
    mode: disks
    target_resource_group: rg-dr
    storage_account: stdrstaging
    wait: false
  register: started

- name: Wait for all of them, and see what they left behind
  lifeboat.azure_dr.vm_restore:
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
    mode: disks
    target_resource_group: rg-dr
    storage_account: stdrstaging
    job: "{{ started.vms | selectattr('job', 'defined') | map(attribute='job.id') | list }}"
"""

RETURN = r"""
vms:
  description: One entry a VM, in the order given.
  returned: always, unless the task failed before it looked at any VM
  type: list
  elements: dict
  contains:
    id:
      description: The resource id of the VM that was backed up.
      type: str
    name:
      description: Its name.
      type: str
    changed:
      description: Whether a restore was started for this VM, or tags were put on, or would be in check mode.
      type: bool
    failed:
      description: Whether something went wrong with this VM.
      type: bool
    failure:
      description: What went wrong, as Azure says it, and what to do about it.
      returned: when this VM failed
      type: dict
      contains:
        code:
          description:
            - Azure's error code, or one of this collection's such as V(RecoveryPointNotFound), V(RestoreTargetTaken), V(RestoreValidationFailed),
              V(RestoredWithoutVm), V(AnotherRestoreRan), V(RestoresNotKnown), V(CrossRegionRestoreDisabled), V(NotProtected) or V(OperationTimeout).
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
        problems:
          description: What Azure's validation found, as C(code), C(message) and C(recommendations).
          type: list
          elements: dict
        last_state:
          description: Azure's word for the job's state when it was seen last, after a timeout.
          type: str
        resume:
          description: The ids of what goes on in Azure after a timeout.
          type: dict
    mode:
      description: The option O(mode).
      type: str
    action:
      description:
        - V(started) for a restore that this task started, or would in check mode, V(adopted) for one that ran already, V(none) where all was done.
      type: str
      sample: started
    recovery_point:
      description: The recovery point that is restored. Of a restore that is done, Azure may tell only the time.
      type: dict
      contains:
        name:
          description: Its name, null when it is not known.
          type: str
        id:
          description: Its resource id.
          type: str
        time:
          description: When it was made.
          type: str
        type:
          description: Azure's word for its consistency.
          type: str
        consistency:
          description: V(application), V(file_system) or V(crash).
          type: str
        tiers:
          description: Its copies, each with C(name) and Azure's C(status).
          type: list
          elements: dict
        expiry:
          description: Until when it is kept, where Azure tells.
          type: str
        rule:
          description: The rule of the policy that keeps it, where Azure tells.
          type: str
        threat_status:
          description: What Azure's scan for malware says, where there is one.
          type: str
      sample:
        name: "1103996678573089"
        time: "2026-07-26T13:16:55.439787Z"
        type: AppConsistent
        consistency: application
        tiers:
          - name: snapshot
            status: Valid
          - name: vault
            status: Valid
    target:
      description: Where it is restored to, by resource ids.
      type: dict
      sample:
        region: eastasia
        resource_group_id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-dr
    restored:
      description: What the restore left behind.
      returned: when the restore is done
      type: dict
      contains:
        virtual_machine_id:
          description: The new VM, or the one whose disks were replaced.
          type: str
        disks:
          description: Ids of the restored managed disks.
          type: list
          elements: str
        storage_account_id:
          description: The staging account.
          type: str
        template_blob_uri:
          description: The template from which a VM can be deployed with the restored disks.
          type: str
        config_blob_uri:
          description: The configuration of the VM at the time of the backup.
          type: str
        config_blob_container:
          description: The container of that blob.
          type: str
    restore_seconds:
      description: How long the restore took, in seconds.
      returned: when the restore is done and its job is known
      type: float
      sample: 155.29
    operation:
      description: The operation that was started.
      returned: when a restore was started
      type: dict
      contains:
        id:
          description: The operation's id.
          type: str
    job:
      description: The restore job.
      returned: when it is known
      type: dict
      contains:
        id:
          description: The job's resource id.
          type: str
        name:
          description: The job's name, as O(lifeboat.azure_dr.backup_job#module:job) takes it.
          type: str
        status:
          description: Azure's word for how it is doing.
          type: str
        start_time:
          description: When it started.
          type: str
        end_time:
          description: When it ended, null while it runs.
          type: str
        duration:
          description: How long it has run, in seconds.
          type: float
        operation:
          description: The kind of job, such as V(Restore).
          type: str
        vm:
          description: The VM's name.
          type: str
        container:
          description: Azure's name for the VM in the vault, which contains its resource group.
          type: str
        errors:
          description: Azure's errors or warnings, each with C(code), C(message) and C(recommendations).
          returned: when there are any
          type: list
          elements: dict
        progress:
          description: Percent, as Azure tells it.
          returned: when the job was read alone, which depends on how many there are
          type: float
        tasks:
          description: The job's steps, each with C(name), C(status), C(start_time), C(end_time) and C(duration).
          returned: when the job was read alone, which depends on how many there are
          type: list
          elements: dict
        properties:
          description: What else Azure says of the job, with Azure's own names.
          returned: when the job was read alone, which depends on how many there are
          type: dict
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.cross_region import SecondaryStamp
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.job_control import parse_jobs
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.recovery_points import CONSISTENCIES, TIERS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_options import make_targets
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_request import DISK_NETWORK_ACCESS, MODES, REHYDRATION_PRIORITY
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_stamps import PrimaryStamp, Stamp
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restores import RestoreOptions, make_cases, restore
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import check_vault
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VAULT, VM, WAIT, Task, fleet_result, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._tags import check_tags

SPEC: dict[str, dict[str, Any]] = {
    **VM,
    **VAULT,
    **WAIT,
    "mode": {"type": "str", "choices": list(MODES), "required": True},
    "recovery_point": {"type": "str", "default": "latest"},
    "before": {"type": "str"},
    "consistency": {"type": "str", "choices": list(CONSISTENCIES)},
    "tier": {"type": "str", "choices": list(TIERS)},
    "rehydration_priority": {"type": "str", "choices": list(REHYDRATION_PRIORITY)},
    "rehydration_duration": {"type": "int"},
    "target_resource_group": {"type": "str"},
    "target_subscription": {"type": "str"},
    "storage_account": {"type": "str", "required": True},
    "storage_account_resource_group": {"type": "str"},
    "vm_name": {"type": "str"},
    "virtual_network": {"type": "str"},
    "virtual_network_resource_group": {"type": "str"},
    "subnet": {"type": "str"},
    "zone": {"type": "str"},
    "disk_luns": {"type": "list", "elements": "int"},
    "disk_encryption_set": {"type": "str"},
    "secured_vm_disk_encryption_set": {"type": "str"},
    "identity": {"type": "str"},
    "disk_network_access": {"type": "str", "choices": list(DISK_NETWORK_ACCESS)},
    "disk_access": {"type": "str"},
    "allow_replace": {"type": "bool", "default": False},
    "tags": {"type": "dict", "default": {}},
    "validate": {"type": "bool", "default": False},
    "from_secondary_region": {"type": "bool", "default": False},
    "secondary_region": {"type": "str"},
    "look_back": {"type": "int", "default": 7},
    "force": {"type": "bool", "default": False},
    "job": {"type": "list", "elements": "str", "default": []},
    "resource_guard_operation_requests": {"type": "list", "elements": "str", "default": []},
}


def make_stamp(client: ArmClient, params: dict[str, Any]) -> Stamp:
    """The region to restore from."""
    return SecondaryStamp(client, params["secondary_region"]) if params["from_secondary_region"] else PrimaryStamp(client, params["poll_interval"])


def body(task: Task) -> dict[str, Any]:
    params = task.params
    vms = task.vms()
    targets = make_targets(params, vms)
    choice = check_vault(params["vault"], params["resource_group"], task.subscription)
    tags = check_tags(params["tags"], "tags")
    options = RestoreOptions(
        look_back=params["look_back"],
        force=params["force"],
        validate=params["validate"],
        check_mode=task.check_mode,
        waiting=task.waiting,
        tags=tags,
        jobs=frozenset(ref.name.lower() for ref in parse_jobs(params["job"])),
    )
    reports = restore(task.client, make_stamp(task.client, params), choice, make_cases(params, vms, targets), options)
    return fleet_result(task, reports)


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
