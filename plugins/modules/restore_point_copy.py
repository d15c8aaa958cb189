#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_point_copy
short_description: Copy restore points of Azure VMs to another region
version_added: 0.1.0
description:
  - Copies the newest, a named, or every restore point that is not copied yet, of one VM or of a whole fleet in one task, to another region, and follows
    each copy until all of its disks have arrived.
  - Azure says that a copy is done when it has only begun. This module looks at every disk, and RV(vms[].copies[].usable) is V(true) only when all of
    them are complete.
  - The collection that the copies go to is made when it is missing. Its tag C(lifeboat_source_vm) has the id of the VM, since Azure keeps no
    trace of that, so M(lifeboat.azure_dr.restore_point_restore) finds it when the region of the VM is gone.
  - A copy has the name of the restore point that it is made from. A copy that is there or on its way, from an earlier or a killed run of the task or from
    anyone else, is followed and not started again, and a request whose answer gets lost is looked for before it is sent again.
  - Azure's rules are kept before anything is sent. There is one copy of a restore point in a region, copies are made in the order of the points' times, a
    copy is not copied, and no more than three copies begin in an hour in one collection. The rest waits for the next hour as long as O(wait_timeout) allows.
  - The VM need not exist any more.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.vm
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  restore_point:
    description:
      - V(latest), for the newest restore point that is complete, V(all), for every one that is not copied yet, or the name of one.
      - With V(all), those that are older than a copy that is there already are left out with a warning, since Azure would refuse them.
    type: str
    default: latest
  collection:
    description:
      - The name of the collection to copy from, or a template for the names of many, in which C({name}) and C({resource_group}) stand for those of the VM.
      - If not set, the collection whose source is the VM is looked for. Collections that Azure Backup keeps for itself do not count.
    type: str
  resource_group:
    description:
      - The resource group of the collection to copy from.
      - If not set, it is that of the VM where O(collection) is given, and else all are looked in.
    type: str
  target_region:
    description:
      - The region to copy to.
    type: str
    required: true
  target_collection:
    description:
      - The name of the collection for the copies, or a template for the names of many, in which C({name}) and C({resource_group}) stand for those of the VM,
        C({collection}) for the collection that is copied from, and C({region}) for O(target_region).
    type: str
    default: "{collection}-{region}"
  target_resource_group:
    description:
      - The resource group of the collection for the copies, in the same subscription. It must exist, and is best one of O(target_region).
      - If not set, it is that of the collection that is copied from.
    type: str
  keep:
    description:
      - How many complete copies to keep. Older ones are deleted, when all copies that were asked for have arrived.
      - The newest complete copy and those on their way are never deleted. With O(restore_point=all), no more than this many are copied.
      - Restore points in the VM's own region are not touched. As long as the newest of those stays that was copied, Azure only has to copy what has
        changed since.
      - If not set, nothing is deleted.
    type: int
  replace_failed:
    description:
      - Delete a copy that failed, and copy again. Without it, such a copy is a failure that says which disks did not arrive.
    type: bool
    default: false
  tags:
    description:
      - Tags for the collection of the copies. Other tags that it has stay.
    type: dict
    default: {}
  wait:
    description:
      - Whether to wait until every disk has arrived, which takes from minutes to days.
      - If V(false), the result says what is under way, and the next run of the task follows it.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait, in seconds, counted from the start of the task.
      - Nothing is lost by a timeout. The failure has the ids of the copies and the percent of each disk, and running the task again goes on waiting for them.
    type: int
    default: 86400
  poll_interval:
    description:
      - Seconds between two looks at a copy. Azure tells something new about every ten minutes.
    type: float
    default: 60.0
notes:
  - Confidential VMs, and disks behind a private link, cannot be copied.
  - Azure gives up a copy that has not arrived after two weeks.
seealso:
  - module: lifeboat.azure_dr.restore_point
  - module: lifeboat.azure_dr.restore_point_restore
  - module: lifeboat.azure_dr.restore_point_info
  - name: Copy VM restore points to another region
    description: What Azure can copy, and its limits.
    link: https://learn.microsoft.com/azure/virtual-machines/virtual-machines-copy-restore-points-how-to
"""

EXAMPLES = r"""
- name: Copy the newest restore point of two VMs to another region, and wait until every disk is there
  lifeboat.azure_dr.restore_point_copy:
    vm: [web-01, db-01]
    vm_resource_group: rg-prod
    target_region: southeastasia
    target_resource_group: rg-dr-southeastasia
  register: copied

- name: Show what there is now
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.copies[0].name }} of {{ item.copies[0].time }}"
  loop: "{{ copied.vms }}"
  loop_control:
    label: "{{ item.name }}"
  when: not ansible_check_mode

- name: Copy whatever is not copied yet, and keep the newest seven copies
  lifeboat.azure_dr.restore_point_copy:
    vm: "{{ fleet | map(attribute='id') | list }}"
    restore_point: all
    target_region: southeastasia
    target_collection: "{name}-points"
    target_resource_group: rg-dr-southeastasia
    keep: 7

- name: Start copying, and leave the waiting to a later run
  lifeboat.azure_dr.restore_point_copy:
    vm: db-01
    vm_resource_group: rg-prod
    target_region: southeastasia
    target_resource_group: rg-dr-southeastasia
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
      description: Whether this task started a copy, deleted one, or made or tagged the collection, or would in check mode.
      type: bool
    failed:
      description: Whether something went wrong with this VM. Copies that were started and failed are both changed and failed.
      type: bool
    failure:
      description: What went wrong, as Azure says it, and what to do about it.
      returned: when this VM failed
      type: dict
      contains:
        code:
          description:
            - Azure's error code, or one of this collection's such as V(CopyFailed), V(CopiesLeft), V(CopiedOutOfOrder), V(CopiedAlready), V(CopyOfCopy),
              V(RestorePointNotFound), V(CollectionNotFound), V(CollectionNotUnique) or V(OperationTimeout).
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
          description: How far each copy was when it was seen last, after a timeout.
          type: str
        resume:
          description: The ids of the copies that go on in Azure, by their names, after a timeout.
          type: dict
    source_collection_id:
      description: The collection that is copied from.
      type: str
    target_collection_id:
      description: The collection of the copies.
      type: str
    usable:
      description: Whether all copies that were asked for are complete.
      type: bool
    copies:
      description: The copies that were asked for, oldest first.
      type: list
      elements: dict
      contains:
        name:
          description: The name of the copy.
          type: str
        id:
          description: Its resource id, once it is there.
          type: str
        action:
          description:
            - V(started) by this task, or would be in check mode, V(adopted) when it was on its way already, and V(none) when it was complete, or failed.
          type: str
        usable:
          description: Whether every disk is complete, so that a VM can be restored from it.
          type: bool
        time:
          description: When the restore point that it is a copy of was made.
          type: str
        source_restore_point_id:
          description: The restore point that it is a copy of.
          type: str
        collection_id:
          description: The collection that it lies in.
          type: str
        provisioning_state:
          description: Azure's word for its state, which is V(Succeeded) as soon as the copying has begun.
          type: str
        consistency:
          description: V(application), V(file_system) or V(crash).
          type: str
        excluded_disks:
          description: Ids of the disks that the restore point leaves out.
          type: list
          elements: str
        vm_size:
          description: The size of the VM.
          type: str
        os_type:
          description: V(Linux) or V(Windows).
          type: str
        security_type:
          description: Azure's word for the VM's security type, null for a standard one.
          type: str
        disks:
          description: The disks, each with C(name), C(id), C(lun) (null for the operating system's), C(disk_id), C(size_gb) and C(sku).
          type: list
          elements: dict
        replication:
          description:
            - How far each disk is, with C(disk), its name, C(id), C(percent), C(state) (Azure's word, in lower case), C(done) and C(failed).
            - There once the copying has begun.
          type: list
          elements: dict
      sample:
        - name: nightly-20260601
          action: started
          usable: true
          time: "2026-06-01T02:00:04.118Z"
          replication:
            - disk: db-01-data-0
              percent: 100.0
              state: succeeded
              done: true
              failed: false
    pruned:
      description: Names of the copies that were deleted for O(keep), or would be in check mode.
      type: list
      elements: str
    left:
      description: What is still to be copied, since Azure takes no more in this hour. Each has a C(name) and C(not_before), when that is known.
      type: list
      elements: dict
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.copies_apply import carry_out
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.copies_read import read_places, read_situations, read_wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.copies_report import conclude, make_works
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VM, WAIT, Task, fleet_result, run, waiting_options

SPEC: dict[str, dict[str, Any]] = {
    **VM,
    **WAIT,
    "restore_point": {"type": "str", "default": "latest"},
    "collection": {"type": "str"},
    "resource_group": {"type": "str"},
    "target_region": {"type": "str", "required": True},
    "target_collection": {"type": "str", "default": "{collection}-{region}"},
    "target_resource_group": {"type": "str"},
    "keep": {"type": "int"},
    "replace_failed": {"type": "bool", "default": False},
    "tags": {"type": "dict", "default": {}},
    **waiting_options(86400, 60.0),
}


def body(task: Task) -> dict[str, Any]:
    wish = read_wish(task.params, waits=task.waits)
    vms = task.vms()
    places = read_places(task.params, vms)
    reports, works = make_works(vms, read_situations(task.client, vms, places, wish), places, wish)
    if not task.check_mode:
        carry_out(task.client, works, wish, task.waiting)
        for work in works:
            conclude(task.client, work, task.waiting)
    return fleet_result(task, reports)


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
