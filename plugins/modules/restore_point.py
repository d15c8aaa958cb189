#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_point
short_description: Make sure that Azure VMs have a recent restore point, and prune old ones
version_added: 0.1.0
description:
  - Makes a restore point of one VM, or of a whole fleet in one task, when the newest one is older than O(max_age), or when the one of
    a given name is missing. A restore point is a snapshot of all disks and the configuration of a VM, which takes about a minute and
    needs no vault. M(lifeboat.azure_dr.restore_point_copy) takes it to another region.
  - Makes the collection of a VM's restore points, in the VM's region, when it is missing.
  - A restore point that is being made already, by another client or a run that was killed, is waited for instead of making a second one.
    That changes nothing, so RV(vms[].changed) is V(false) and RV(vms[].adopted) is V(true).
  - What Azure would refuse is said before anything is sent, as far as it shows. That is disks that must be left out, more than 3 new restore
    points of a VM in an hour, or a collection of another VM.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.vm
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
attributes:
  idempotent:
    support: partial
    details:
      - With O(max_age=0), every run makes a new restore point.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  state:
    description:
      - V(present) makes sure that there is a restore point, and prunes old ones when O(keep) is set.
      - V(absent) deletes the restore point O(name) of each VM, or, with O(remove_collection=true), the whole collection.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - The name of the restore point, a template in which C({name}) and C({resource_group}) stand for those of the VM.
      - Without a time in it, it names one restore point, which is made once. If that one is there, nothing changes. If Azure failed to make it, it is replaced.
      - With directives of C(strftime), such as C({name}-%Y%m%d-%H%M), of which C(%Y %y %m %d %j %H %M %S) are known, a new one is made when
        the newest is older than O(max_age). Times are in UTC.
      - If not set, it is C({name}-%Y%m%d-%H%M%S).
    type: str
  max_age:
    description:
      - How old the newest usable restore point may be. A number with V(s), V(m), V(h), V(d) or V(w), such as V(90m), or plain seconds.
      - Restore points that leave out more disks than O(exclude_disks), or that are only crash-consistent when O(consistency=application), do not count.
      - V(0) makes a new one in any case, unless one is being made already, which is waited for.
      - If not set, it is V(24h). It cannot be used with an O(name) that has no time in it.
    type: str
  consistency:
    description:
      - V(application) makes what Azure makes by itself, which is application-consistent on Windows (by VSS) and file-system-consistent on Linux.
      - V(crash) takes the disks as they are, without asking the VM. Azure has none of Ultra and Premium SSD v2 disks in this way.
    type: str
    choices: [application, crash]
    default: application
  exclude_disks:
    description:
      - Disks to leave out. Each by its name, its resource id, or, for data disks, its LUN.
      - In a fleet, a disk is left out of the VM that has it. One that no VM has is an error.
      - Ephemeral and shared disks must be left out.
    type: list
    elements: str
    default: []
  collection:
    description:
      - The name of the restore point collection of a VM, a template in which C({name}) and C({resource_group}) stand for those of the VM.
      - Each VM needs a collection of its own, in its own region.
    type: str
    default: "{name}-restore-points"
  resource_group:
    description:
      - The resource group of the collections.
      - If not set, each is in the resource group of its VM.
    type: str
  tags:
    description:
      - Tags of a collection that this task makes. Those of one that is there are left alone.
    type: dict
    default: {}
  keep:
    description:
      - How many usable restore points to keep in the collection, the newest ones. Older ones are deleted, and those that Azure failed to make.
      - It looks at all restore points of the collection, whoever has made them.
      - One from which another region is still copying is kept, and so is the newest usable one. Nothing is deleted when the new one was not made.
      - With O(wait=false), a new restore point does not count yet.
      - If not set, nothing is deleted.
    type: int
  remove_collection:
    description:
      - With O(state=absent), delete the collection with all its restore points.
    type: bool
    default: false
notes:
  - A restore point from which another region is still copying is never deleted, since the copy would never get complete. Copies are looked for in the
    whole subscription. An identity that may not list that sees only those in the resource group of the collection.
  - Azure counts new restore points of a VM and consistency, 3 an hour, and makes one of a VM at a time.
  - Reading costs one request a VM, since Azure lists no restore points of several collections at once, and grants about 150 of these in
    3 minutes. A larger fleet is read as fast as that allows.
seealso:
  - module: lifeboat.azure_dr.restore_point_info
  - module: lifeboat.azure_dr.restore_point_copy
  - module: lifeboat.azure_dr.restore_point_restore
"""

EXAMPLES = r"""
- name: Have a restore point of the last 4 hours of each VM, and keep the newest 6
  lifeboat.azure_dr.restore_point:
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
    max_age: 4h
    keep: 6

- name: Take a crash-consistent restore point before an upgrade, without the scratch disk
  lifeboat.azure_dr.restore_point:
    vm: db-01
    vm_resource_group: rg-prod
    name: "{name}-before-17.2"
    consistency: crash
    exclude_disks: [db-01-scratch]

- name: Collect the restore points of VMs that have the same name in two resource groups
  lifeboat.azure_dr.restore_point:
    vm: "{{ fleet | map(attribute='id') | list }}"
    resource_group: rg-restore-points
    collection: "{resource_group}-{name}"
    tags:
      owner: platform

- name: Delete the one of the upgrade
  lifeboat.azure_dr.restore_point:
    vm: db-01
    vm_resource_group: rg-prod
    name: "{name}-before-17.2"
    state: absent
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
      description: Whether this task made or deleted something of this VM, or would in check mode.
      type: bool
    failed:
      description: Whether this VM failed. A restore point that was begun and failed is both changed and failed.
      type: bool
    failure:
      description: What went wrong, as Azure says it, and what to do about it.
      returned: when this VM failed
      type: dict
      contains:
        code:
          description: Azure's error code, or one of this collection's, such as V(CollectionOfAnotherSource), V(DiskNotSupported) or V(OperationTimeout).
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
          description: Azure's word for the state when it was seen last, after a timeout.
          type: str
        resume:
          description: The ids of what goes on in Azure, after a timeout.
          type: dict
    action:
      description:
        - V(started) for a restore point that this task began to make, or would in check mode, V(adopted) for one that was being made already, V(none) where
          there was nothing to make.
      returned: with O(state=present)
      type: str
    adopted:
      description: Whether a restore point that was being made, or deleted, already was waited for.
      type: bool
    collection_id:
      description: The collection of the VM's restore points. In check mode it need not exist yet.
      type: str
    restore_point:
      description: The restore point that this task made or waited for, and else the newest usable one or the one that has the name. Null when there is none.
      type: dict
      contains:
        id:
          description: Its resource id.
          type: str
        name:
          description: Its name.
          type: str
        collection_id:
          description: The collection that it is in.
          type: str
        time:
          description: When it was taken.
          type: str
        provisioning_state:
          description: Azure's word, such as V(Creating), V(Succeeded), V(Failed).
          type: str
        consistency:
          description: One of V(application), V(file_system), V(crash). Null as long as Azure does not tell.
          type: str
        usable:
          description: Whether a VM can be restored from it.
          type: bool
        source_restore_point_id:
          description: What it is a copy of. Null for a restore point in its VM's region.
          type: str
        excluded_disks:
          description: Ids of the disks that it leaves out.
          type: list
          elements: str
        vm_size:
          description: The size of the VM at that time.
          type: str
        os_type:
          description: V(Linux) or V(Windows).
          type: str
        security_type:
          description: The security type of the VM at that time, such as V(TrustedLaunch). Null for none.
          type: str
        disks:
          description: The disks that it has.
          type: list
          elements: dict
          contains:
            name:
              description: The disk's name.
              type: str
            id:
              description: The id of its disk restore point. Null as long as it is being made.
              type: str
            lun:
              description: The LUN of a data disk. Null for the disk of the operating system.
              type: int
            disk_id:
              description: The id of the disk that it was taken of.
              type: str
            size_gb:
              description: Its size in GiB.
              type: int
            sku:
              description: The kind of storage, such as V(Premium_LRS).
              type: str
    pruned:
      description: Names of the restore points that were deleted, or would be in check mode. Empty when none were.
      type: list
      elements: str
    operation:
      description: The operation that makes the restore point.
      returned: when a restore point was begun
      type: dict
      contains:
        id:
          description: The operation's id.
          type: str
        restore_point_id:
          description: The restore point that it makes.
          type: str
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-01
      name: web-01
      changed: true
      failed: false
      adopted: false
      collection_id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.Compute/restorePointCollections/web-01
      restore_point:
        name: web-01-20260726-131655
        time: "2026-07-26T13:16:55.871560Z"
        consistency: file_system
        usable: true
      pruned: []
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.names import expand_name, parse_collection
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_apply import carry_out, make_plans
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_plan import Target, Wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_removal import make_removals, remove
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VM, WAIT, Task, fleet_result, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import check_group, check_keep, parse_age, parse_any_id
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._tags import check_tags
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._templates import check_distinct, parse_template, vm_fields

SPEC: dict[str, dict[str, Any]] = {
    **VM,
    **WAIT,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str"},
    "max_age": {"type": "str"},
    "consistency": {"type": "str", "choices": ["application", "crash"], "default": "application"},
    "exclude_disks": {"type": "list", "elements": "str", "default": []},
    "collection": {"type": "str", "default": "{name}-restore-points"},
    "resource_group": {"type": "str"},
    "tags": {"type": "dict", "default": {}},
    "keep": {"type": "int"},
    "remove_collection": {"type": "bool", "default": False},
}

DEFAULT_NAME = "{name}-%Y%m%d-%H%M%S"
DEFAULT_AGE = "24h"


def read_wish(task: Task) -> Wish:
    """What the options ask for; raises OptionError, before any request, when they are wrong."""
    params = task.params
    name, max_age = params["name"] or DEFAULT_NAME, params["max_age"]
    timed = _is_timed(name)
    if params["remove_collection"]:
        raise OptionError("remove_collection", "it is for state=absent only")
    if max_age is not None and not timed:
        raise OptionError("max_age", f"the name {name!r} has no time in it, so it names one restore point, which is made once; use one of both")
    return Wish(
        name=name,
        max_age=parse_age(max_age or DEFAULT_AGE, "max_age") if timed else None,
        consistency=params["consistency"],
        exclude_disks=tuple(_disk(entry) for entry in params["exclude_disks"]),
        keep=check_keep(params["keep"], "restore point"),
        waits=task.waits,
    )


def _is_timed(name: str) -> bool:
    return parse_template(name, "name", ("name", "resource_group")).timed


def _disk(text: str) -> str:
    entry = text.strip()
    if not entry:
        raise OptionError("exclude_disks", "an entry is empty; give the name, the resource id or the LUN of a disk")
    if entry.startswith("/"):
        parse_any_id(entry, "exclude_disks")
    return entry


def removal_name(task: Task) -> str | None:
    """The template of the point to delete, None for the whole collection; raises OptionError unless it is clear which is meant."""
    params = task.params
    for option in ("keep", "max_age", "exclude_disks"):
        if params[option]:
            raise OptionError(option, "it is for state=present only")
    name: str | None = params["name"]
    if bool(name) == bool(params["remove_collection"]):
        raise OptionError("name", "with state=absent, give either the name of a restore point or remove_collection=true")
    if name and _is_timed(name):
        raise OptionError("name", f"{name!r} depends on the time; give the name of the restore point to delete")
    return name or None


def read_targets(task: Task, vms: list[Vm], name: str | None) -> list[Target]:
    """The collection of each VM; raises OptionError when two VMs would share one, and for names that Azure does not take."""
    group = check_group(task.params["resource_group"], "resource_group")
    template = task.params["collection"]
    targets: list[Target] = []
    for vm in vms:
        collection = parse_collection(expand_name(template, "collection", vm_fields(vm)), group or vm.group, vm.subscription, "collection")
        if name is not None:
            expand_name(name, "name", vm_fields(vm), task.clock.now())
        targets.append(Target(vm, collection))
    check_distinct(template, "collection", [(target.vm, target.collection.key) for target in targets])
    return targets


def body(task: Task) -> dict[str, Any]:
    if task.params["state"] == "absent":
        name = removal_name(task)
        removals = make_removals(task.client, read_targets(task, task.vms(), name), name)
        if not task.check_mode:
            remove(task.client, removals, task.waiting)
        return fleet_result(task, [removal.report for removal in removals])
    wish = read_wish(task)
    tags = check_tags(task.params["tags"], "tags")
    works = make_plans(task.client, read_targets(task, task.vms(), wish.name), wish)
    if not task.check_mode:
        carry_out(task.client, works, tags, task.waiting)
    return fleet_result(task, [work.report for work in works])


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
