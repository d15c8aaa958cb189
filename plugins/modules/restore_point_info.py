#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_point_info
short_description: List the restore points of Azure VMs
version_added: 0.1.0
description:
  - Lists restore points, newest first, of VMs, of collections, or of a whole resource group or subscription, and with them the copies in other regions.
  - All filters must fit. One list for a subscription and one request a collection. Copies cost one more each, with O(replication) or O(usable_only).
  - Nothing is told of what a restore point knows of users of its VM, such as user names, keys and user data.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  vm:
    description:
      - List only restore points of these VMs, which need not exist any more. Names, which need O(vm_resource_group), or resource ids.
      - Copies in other regions are found by their source, or by the tag that M(lifeboat.azure_dr.restore_point_copy) gives to their collection.
    type: list
    elements: str
  vm_resource_group:
    description:
      - The resource group of the VMs that O(vm) gives by name.
    type: str
  collection:
    description:
      - List only restore points of these collections. Names, which need O(resource_group), or resource ids.
      - If not set, all collections are looked at, apart from those that Azure Backup keeps for itself.
    type: list
    elements: str
  resource_group:
    description:
      - List only restore points of collections in this resource group.
    type: str
  start:
    description:
      - List only restore points made at this time or later, in ISO 8601. Without a zone it is UTC. A copy has the time of its source.
    type: str
  end:
    description:
      - List only restore points made at this time or earlier, in ISO 8601. Without a zone it is UTC.
    type: str
  usable_only:
    description:
      - List only restore points from which a VM can be restored now, so no failed ones, and no copies that are not complete.
    type: bool
    default: false
  latest_only:
    description:
      - List only the newest restore point of each collection that fits.
    type: bool
    default: false
  replication:
    description:
      - Tell of each copy how far it is, disk by disk.
    type: bool
    default: false
seealso:
  - module: lifeboat.azure_dr.restore_point
  - module: lifeboat.azure_dr.restore_point_copy
  - module: lifeboat.azure_dr.restore_point_restore
"""

EXAMPLES = r"""
- name: Find the newest usable restore point of each VM
  lifeboat.azure_dr.restore_point_info:
    vm: [web-01, db-01]
    vm_resource_group: rg-prod
    usable_only: true
    latest_only: true
  register: newest

- name: See how far the copies in the other region are
  lifeboat.azure_dr.restore_point_info:
    resource_group: rg-dr
    replication: true
  register: copies

- name: List the restore points of a whole subscription that are older than that
  lifeboat.azure_dr.restore_point_info:
    subscription_id: 00000000-0000-0000-0000-000000000001
    end: "2026-06-30"
"""

RETURN = r"""
restore_points:
  description: The restore points, newest first.
  returned: success, or when some collections could be read
  type: list
  elements: dict
  contains:
    vm:
      description: The VM's name. Null when nobody knows of which VM it is.
      type: str
    vm_id:
      description: The VM's resource id.
      type: str
    collection:
      description: The name of its collection.
      type: str
    resource_group:
      description: The resource group of its collection.
      type: str
    location:
      description: The region that it lies in.
      type: str
    id:
      description: Its resource id.
      type: str
    name:
      description: Its name.
      type: str
    collection_id:
      description: The resource id of its collection.
      type: str
    time:
      description: When it was taken.
      type: str
    age:
      description: How old it is, in seconds.
      type: int
    provisioning_state:
      description: Azure's word, such as V(Succeeded). Of a copy, it only tells that the copying has begun.
      type: str
    consistency:
      description: One of V(application), V(file_system), V(crash).
      type: str
    usable:
      description: Whether a VM can be restored from it now. Null for copies, unless O(replication) or O(usable_only) is set.
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
      description: The security type of the VM at that time. Null for none.
      type: str
    disks:
      description: The disks that it has, each with C(name), C(id), C(lun) (null for the disk of the operating system), C(disk_id), C(size_gb) and C(sku).
      type: list
      elements: dict
    replication:
      description: How far each disk of a copy is, with C(disk), C(id), C(percent), C(state), C(done) and C(failed).
      returned: for copies, with O(replication) or O(usable_only)
      type: list
      elements: dict
  sample:
    - vm: web-01
      collection: web-01-restore-points
      location: eastasia
      name: web-01-20260726-131655
      time: "2026-07-26T13:16:55.871560Z"
      consistency: file_system
      usable: true
collections:
  description: The collections that were looked at, whether or not any of their restore points fit.
  returned: success, or when some collections could be read
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
    source_id:
      description: The VM that it is of, or, for copies, the collection.
      type: str
    source_location:
      description: The region of its source.
      type: str
    vm_id:
      description: The VM that its restore points are of, if anybody knows.
      type: str
    tags:
      description: Its tags.
      type: dict
failures:
  description: The collections that could not be read, each with C(collection_id), C(vm_id) and C(failure). The task fails when there is any.
  returned: when there is any
  type: list
  elements: dict
"""

from datetime import datetime
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.names import parse_collection
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_search import Search, find_points
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import check_group, parse_moment

SPEC: dict[str, dict[str, Any]] = {
    "vm": {"type": "list", "elements": "str"},
    "vm_resource_group": {"type": "str"},
    "collection": {"type": "list", "elements": "str"},
    "resource_group": {"type": "str"},
    "start": {"type": "str"},
    "end": {"type": "str"},
    "usable_only": {"type": "bool", "default": False},
    "latest_only": {"type": "bool", "default": False},
    "replication": {"type": "bool", "default": False},
}


def read_search(task: Task) -> Search:
    """What the options ask for; raises OptionError, before any request, when they are wrong."""
    params = task.params
    start, end = _moment(params["start"], "start"), _moment(params["end"], "end")
    if start and end and end < start:
        raise OptionError("end", "it is before start")
    group = check_group(params["resource_group"], "resource_group")
    names = params["collection"]
    if names is not None and not names:
        raise OptionError("collection", "give at least one, or leave the option out to look at all of them")
    return Search(
        subscription=task.subscription,
        group=group,
        vms=tuple(task.vms()) if params["vm"] is not None else None,
        collections=None if names is None else tuple(parse_collection(name, group, task.subscription, "collection") for name in names),
        start=start,
        end=end,
        usable_only=params["usable_only"],
        latest_only=params["latest_only"],
        replication=params["replication"],
    )


def _moment(text: str | None, option: str) -> datetime | None:
    return parse_moment(text, option) if text else None


def body(task: Task) -> dict[str, Any]:
    return find_points(task.client, read_search(task))


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
