#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: drill_cleanup
short_description: Remove what a recovery drill made, and nothing else
version_added: 0.1.0
description:
  - Removes every virtual machine, network interface, managed disk and public IP address of the subscription that carries
    all of the given tags. Nothing but the tags decides, so a drill that was killed is cleaned up as well as one that ended.
  - M(lifeboat.azure_dr.vm_restore) puts tags on what it restores with its option O(lifeboat.azure_dr.vm_restore#module:tags).
  - Resources of other types that carry the tags are kept and listed in RV(ignore:kept).
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes
options:
  tags:
    description:
      - The tags, all of which a resource must carry to be removed, for example the id of the drill.
    type: dict
    required: true
  resource_group:
    description:
      - Look only in these resource groups. Permissions on them are enough then.
    type: list
    elements: str
  wait_timeout:
    description:
      - How long to wait for Azure to remove everything, in seconds, counted from the start of the task.
      - The task always waits, since disks and network interfaces can go only after their VM.
    type: int
    default: 3600
  poll_interval:
    description:
      - Seconds between two looks at what is being removed.
    type: float
    default: 15.0
seealso:
  - module: lifeboat.azure_dr.vm_restore
  - module: lifeboat.azure_dr.restore_point_restore
  - module: lifeboat.azure_dr.recovery_record
"""

EXAMPLES = r"""
- name: Remove what the drill of this morning restored
  lifeboat.azure_dr.drill_cleanup:
    subscription_id: 00000000-0000-0000-0000-000000000001
    tags:
      drill: "2026-06-01"
    resource_group: [rg-dr-drill]
"""

RETURN = r"""
resources:
  description: What carried the tags and was removed, or would be in check mode, in the order of the removal.
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
    type:
      description: The resource type.
      type: str
    changed:
      description: Whether this task removed it.
      type: bool
    failed:
      description: Whether it could not be removed.
      type: bool
    failure:
      description: Azure's code and message, the request id, and what to do.
      type: dict
      returned: when it could not be removed
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-dr-drill/providers/Microsoft.Compute/virtualMachines/web-01-dr
      name: web-01-dr
      type: Microsoft.Compute/virtualMachines
      changed: true
      failed: false
kept:
  description: Ids of resources that carry the tags but are of another type.
  returned: success
  type: list
  elements: str
  sample: []
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.cleanup import (
    CleanupPlan,
    find_tagged,
    plan_cleanup,
    remove_all,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run, waiting_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import check_group
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._tags import check_tags


def wanted_tags(tags: dict[str, Any]) -> dict[str, str]:
    """The tags as text; refuses an empty set or value, which would match too much."""
    if not tags:
        raise OptionError("tags", "give at least one tag; without one, everything would match")
    wanted = check_tags(tags, "tags")
    for name, value in wanted.items():
        if not value.strip():
            raise OptionError("tags", f"the tag {name!r} needs a value")
    return wanted


def wanted_groups(groups: list[str] | None) -> list[str] | None:
    """The resource groups, None for all; refuses an empty list or name, which would mean all where few were meant."""
    if groups is None:
        return None
    names = [check_group(name, "resource_group") for name in groups]
    found = [name for name in names if name]
    if not found or len(found) < len(names):
        raise OptionError("resource_group", "a name is empty or there is none; leave the option out to look in the whole subscription")
    return found


def result_of(plan: CleanupPlan, diff: bool) -> dict[str, Any]:
    removals = plan.removals
    failed = [removal for removal in removals if removal.failure]
    result: dict[str, Any] = {
        "changed": any(removal.changed for removal in removals),
        "resources": [removal.as_result() for removal in removals],
        "kept": [str(resource) for resource in plan.kept],
    }
    if diff:
        result["diff"] = {
            "before": {"resources": [str(removal.id) for removal in removals if removal.changed]},
            "after": {"resources": []},
        }
    if failed:
        words = "; ".join(f"{removal.id.name}: {(removal.failure or {}).get('message')}" for removal in failed[:5])
        result.update(failed=True, msg=f"{len(failed)} of {len(removals)} resources could not be removed. {words}")
    return result


def body(task: Task) -> dict[str, Any]:
    tags = wanted_tags(task.params["tags"])
    groups = wanted_groups(task.params["resource_group"])
    plan = plan_cleanup(find_tagged(task.client, task.subscription, tags, groups))
    if task.check_mode:
        for removal in plan.removals:
            removal.changed = True
    else:
        remove_all(task.client, plan, task.waiting)
    return result_of(plan, task.diff)


def main() -> None:
    run(
        {
            "tags": {"type": "dict", "required": True},
            "resource_group": {"type": "list", "elements": "str"},
            **waiting_options(3600, 15.0),
        },
        body,
        hints={},
    )


if __name__ == "__main__":
    main()
