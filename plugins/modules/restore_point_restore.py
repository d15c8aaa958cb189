#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_point_restore
short_description: Make disks or VMs of restore points, in the region where the restore points are
version_added: 0.1.0
description:
  - Makes the disks of one VM, or of a whole fleet in one task, anew from restore points, and VMs of them when asked.
  - It works where the restore points are, in the region of the VM or in one that they were copied to with M(lifeboat.azure_dr.restore_point_copy). Nothing
    else is needed. Neither the VM nor its own region need to be there any more.
  - A copy that is not complete is refused, with the percent of each disk that is missing. Azure itself would make disks of it without a word.
  - What is there already under its name, and was made of the same restore point, is kept. So a task that was killed is completed by running it again, and
    a second run changes nothing. What was made of another restore point is never touched and is a failure that says what to do.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.vm
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  vm:
    description:
      - The VMs whose restore points to restore from, in one task. Names, which need O(vm_resource_group), or resource ids. They need not exist any more.
      - One failing VM does not hide what became of the others. The result has one entry for each.
    type: list
    elements: str
    required: true
  mode:
    description:
      - V(disks) makes the disks, in O(target_resource_group).
      - V(new_vm) makes a VM named O(vm_name) of them, too, with a network interface in O(subnet).
    type: str
    choices: [disks, new_vm]
    required: true
  region:
    description:
      - The region to restore in, which is the one that the restore points are in.
    type: str
    required: true
  restore_point:
    description:
      - V(latest), for the newest complete restore point that O(before) allows, or the name of one.
      - When another restore point becomes the newest between two runs of the task, the second finds disks of an older one in its way, and says so.
    type: str
    default: latest
  before:
    description:
      - Choose the newest restore point that is no later than this time, in ISO 8601. Without a zone it is UTC.
    type: str
  resource_group:
    description:
      - The resource group of the collections with the restore points.
      - If not set, the collections of the whole subscription are looked through for those of O(vm) in O(region).
    type: str
  collection:
    description:
      - The name of the collection, or a template for the names of many, in which C({name}) and C({resource_group}) stand for those of the VM. It needs
        O(resource_group).
      - If not set, the collection in O(region) is looked for that was made of the VM, or that has the VM's id in its tag C(lifeboat_source_vm).
      - Copies that were made with other tools have no such tag, and need this option when the collection that they were made from is gone.
    type: str
  target_resource_group:
    description:
      - The resource group to restore into, by name or resource id, in the subscription of the restore points. It must exist.
    type: str
    required: true
  disk_name:
    description:
      - A template for the names of the disks, in which C({disk}) stands for the name of the disk that was, C({lun}) for its LUN or C(os), C({name}) and
        C({resource_group}) for those of the VM, and C({restore_point}) for the name of the restore point.
    type: str
    default: "{disk}"
  vm_name:
    description:
      - The name of the new VM, or a template for the names of many, in which C({name}) and C({resource_group}) stand for those of the VM that was.
      - Every VM of the task must get a name of its own. Needed with O(mode=new_vm). The network interface is named after it, with C(-nic) at the end.
    type: str
  vm_size:
    description:
      - The size of the new VM. That of the VM that was, if not set.
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
      - The availability zone to restore into, or V(NoZone) for none. That of the VM that was, as far as the restore point tells it, if not set.
    type: str
  disk_luns:
    description:
      - Restore only the data disks with these LUNs, and the disk of the operating system, which is always restored.
      - An empty list restores the disk of the operating system alone. Without this option all disks are restored.
    type: list
    elements: int
  storage_account_type:
    description:
      - The kind of storage of the disks, such as V(Premium_LRS) or V(StandardSSD_ZRS). That of the disk that was, if not set.
    type: str
  disk_encryption_set:
    description:
      - The resource id of the disk encryption set for the disks, which are encrypted as the restore point is without it.
    type: str
  disk_network_access:
    description:
      - From which networks the disks can be exported. As Azure has it by default, which is V(public), if not set.
    type: str
    choices: [public, private, none]
  disk_access:
    description:
      - The resource id of the disk access for O(disk_network_access=private).
    type: str
  tags:
    description:
      - Tags that everything which this task makes has from the beginning, so M(lifeboat.azure_dr.drill_cleanup) finds it. What is there already keeps its tags.
    type: dict
    default: {}
  wait_timeout:
    description:
      - How long to wait for Azure, in seconds, counted from the start of the task. The task always waits, since a VM can only be made of disks that are there.
      - Nothing is lost by a timeout. The failure says what is being made, and running the task again goes on from there.
    type: int
    default: 3600
  poll_interval:
    description:
      - Seconds between two looks at what is being made.
    type: float
    default: 10.0
notes:
  - The VM gets the size, the caching and LUNs of the disks, the security type, the license type and the kind of disk controller of the VM that was. It
    gets a new network interface, boot diagnostics in storage that Azure manages, and no public address, identity or extension.
seealso:
  - module: lifeboat.azure_dr.restore_point_copy
  - module: lifeboat.azure_dr.restore_point_info
  - module: lifeboat.azure_dr.drill_cleanup
  - module: lifeboat.azure_dr.recovery_plan_info
  - module: lifeboat.azure_dr.restore_point
"""

EXAMPLES = r"""
- name: The region of the VMs is down; make them of their copied restore points in the other region
  lifeboat.azure_dr.restore_point_restore:
    vm: [web-01, db-01]
    vm_resource_group: rg-prod
    region: southeastasia
    resource_group: rg-dr-southeastasia
    mode: new_vm
    vm_name: "{name}"
    target_resource_group: rg-dr-southeastasia
    virtual_network: vnet-dr-southeastasia
    subnet: default
  register: restored

- name: Show the new VMs
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.restored.virtual_machine_id }}, as of {{ item.restore_point.time }}"
  loop: "{{ restored.vms }}"
  loop_control:
    label: "{{ item.name }}"
  when: not ansible_check_mode

- name: A drill with smaller machines in a network of its own, under other names
  lifeboat.azure_dr.restore_point_restore:
    vm: "{{ fleet | map(attribute='id') | list }}"
    region: southeastasia
    mode: new_vm
    vm_name: "{name}-drill"
    vm_size: Standard_D2s_v5
    disk_name: "{name}-drill-{lun}"
    target_resource_group: rg-drill
    virtual_network: vnet-drill
    subnet: isolated
    tags:
      drill: "2026-06-01"

- name: The disks of a VM as they were before an incident
  lifeboat.azure_dr.restore_point_restore:
    vm: db-01
    vm_resource_group: rg-prod
    region: eastasia
    mode: disks
    before: "2026-07-26T13:00:00Z"
    disk_name: "{disk}-{restore_point}"
    target_resource_group: rg-prod
"""

RETURN = r"""
vms:
  description: One entry a VM, in the order given.
  returned: always, unless the task failed before it looked at any VM
  type: list
  elements: dict
  contains:
    id:
      description: The resource id of the VM that was.
      type: str
    name:
      description: Its name.
      type: str
    changed:
      description: Whether this task made anything, or would in check mode.
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
            - Azure's error code, or one of this collection's such as V(RestorePointIncomplete), V(RestorePointNotFound), V(RestoreTargetTaken),
              V(CollectionNotFound), V(CollectionNotUnique) or V(OperationTimeout).
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
          description: Azure's word for the state of what was being made, after a timeout.
          type: str
        resume:
          description: What goes on in Azure, by the names of the resources, after a timeout.
          type: dict
    mode:
      description: The option O(mode).
      type: str
    action:
      description: V(started) when this task made something, or would in check mode, V(adopted) when all was being made already, V(none) when all was there.
      type: str
      sample: started
    restore_point:
      description: The restore point that is restored.
      type: dict
      contains:
        name:
          description: Its name.
          type: str
        id:
          description: Its resource id.
          type: str
        time:
          description: When it was made. A copy has the time of the restore point that it is a copy of.
          type: str
        usable:
          description: Whether it is complete, which is always so here.
          type: bool
        source_restore_point_id:
          description: The restore point that it is a copy of, null for one that is no copy.
          type: str
        collection_id:
          description: The collection that it lies in.
          type: str
        provisioning_state:
          description: Azure's word for its state.
          type: str
        consistency:
          description: V(application), V(file_system) or V(crash).
          type: str
        excluded_disks:
          description: Ids of the disks that it leaves out.
          type: list
          elements: str
        vm_size:
          description: The size of the VM that was.
          type: str
        os_type:
          description: V(Linux) or V(Windows).
          type: str
        security_type:
          description: Azure's word for the security type of the VM that was, null for a standard one.
          type: str
        disks:
          description: The disks, each with C(name), C(id), C(lun) (null for the operating system's), C(disk_id), C(size_gb) and C(sku).
          type: list
          elements: dict
        replication:
          description: How far each disk of a copy is, which is always 100 percent here.
          returned: for copies
          type: list
          elements: dict
    target:
      description: Where it is restored to, with C(region) and by resource ids.
      type: dict
      sample:
        region: southeastasia
        resource_group_id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-dr-southeastasia
    start_time:
      description: When Azure began to make what this task made or waited for.
      returned: when anything was made or waited for, and Azure tells it
      type: str
    end_time:
      description: When the last of it was there, on Azure's clock.
      returned: when all of it is there, and Azure tells it
      type: str
    restore_seconds:
      description: The time between these two, in seconds.
      returned: with both
      type: float
    restored:
      description: What is there now. After a failure, what was made so far.
      returned: when anything was made or kept
      type: dict
      contains:
        virtual_machine_id:
          description: The new VM.
          type: str
        network_interface_id:
          description: Its network interface.
          type: str
        disks:
          description: Ids of the disks.
          type: list
          elements: str
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_restore_options import MODES, make_targets, read_choice
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_restores import ACCESS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_restores_apply import carry_out, make_works
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_restores_read import check_subnets, find_points, read_there
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VM, Task, fleet_result, run, waiting_options

SPEC: dict[str, dict[str, Any]] = {
    **VM,
    "mode": {"type": "str", "choices": list(MODES), "required": True},
    "region": {"type": "str", "required": True},
    "restore_point": {"type": "str", "default": "latest"},
    "before": {"type": "str"},
    "resource_group": {"type": "str"},
    "collection": {"type": "str"},
    "target_resource_group": {"type": "str", "required": True},
    "disk_name": {"type": "str", "default": "{disk}"},
    "vm_name": {"type": "str"},
    "vm_size": {"type": "str"},
    "virtual_network": {"type": "str"},
    "virtual_network_resource_group": {"type": "str"},
    "subnet": {"type": "str"},
    "zone": {"type": "str"},
    "disk_luns": {"type": "list", "elements": "int"},
    "storage_account_type": {"type": "str"},
    "disk_encryption_set": {"type": "str"},
    "disk_network_access": {"type": "str", "choices": list(ACCESS)},
    "disk_access": {"type": "str"},
    "tags": {"type": "dict", "default": {}},
    **waiting_options(3600, 10.0),
}


def body(task: Task) -> dict[str, Any]:
    vms = task.vms()
    choice = read_choice(task.params, vms)
    targets = make_targets(task.params, vms)
    points = find_points(task.client, vms, choice)
    check_subnets(task.client, list(targets.values()))
    there = read_there(task.client, list(targets.values()))
    reports, works = make_works(vms, points, targets, there, task.params["mode"])
    if not task.check_mode:
        carry_out(task.client, works, task.waiting)
    return fleet_result(task, reports)


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
