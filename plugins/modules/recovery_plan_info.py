#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_plan_info
short_description: Check a recovery plan, and find out what it comes to
version_added: 0.1.0
description:
  - Reads a recovery plan, checks all of it, finds the VMs that it names, and tells in which stages they are recovered and with which options of which
    modules. The roles and playbooks of this collection work with the result.
  - Everything that is wrong in the plan is told at once, each with the path of its key and, when O(path) is given, with the line in the file.
  - What plans look like is described in C(docs/plan.md) of this collection.
  - Few requests are made, however many VMs there are. The VMs are one list a subscription, and what is protected is one list a vault.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  path:
    description:
      - The file with the plan, on the controller. A relative path starts where C(ansible-playbook) was started.
      - Give either this or O(plan).
    type: path
  plan:
    description:
      - The plan itself.
    type: dict
  purpose:
    description:
      - What the plan is read for, on which the targets and names of the recovered VMs depend.
    type: str
    choices: [drill, failover]
    default: failover
  run_id:
    description:
      - The id of the run. Everything that the run makes gets it as the tag C(lifeboat_run).
    type: str
  resolve:
    description:
      - Whether to find the VMs and their vaults. Without it only the plan itself is checked, and no request is sent.
    type: bool
    default: true
  groups:
    description:
      - The hosts of the inventory groups that the plan names, as lists of C(name) with C(id) or C(resource_group).
      - If not set, they are taken from the inventory of the play, from the variables C(vm_id) or C(id), and C(resource_group), of each host.
    type: dict
seealso:
  - module: lifeboat.azure_dr.vm_restore
  - module: lifeboat.azure_dr.restore_point_restore
  - module: lifeboat.azure_dr.recovery_readiness_info
  - module: lifeboat.azure_dr.recovery_estate_info
"""

EXAMPLES = r"""
- name: Check the plan, without asking Azure
  lifeboat.azure_dr.recovery_plan_info:
    path: recovery-plan.yml
    resolve: false

- name: Find out what a drill would do
  lifeboat.azure_dr.recovery_plan_info:
    path: recovery-plan.yml
    purpose: drill
    run_id: drill-2026-06-01
  register: resolved

- name: Show the waves of each stage
  ansible.builtin.debug:
    msg: "Stage {{ item.number }}: {{ item.waves | map(attribute='id') | join(', ') }}"
  loop: "{{ resolved.stages }}"
  loop_control:
    label: "{{ item.number }}"
"""

RETURN = r"""
plan:
  description: What the plan says of itself.
  returned: success
  type: dict
stages:
  description: The waves in their order.
  returned: success
  type: list
  elements: dict
"""

import re
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.machines import Hosts
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.resolve import Resolution, in_stages, outline, read_plan, run_tags
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.targets import FAILOVER, PURPOSES

SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "path"},
    "plan": {"type": "dict"},
    "purpose": {"type": "str", "choices": list(PURPOSES), "default": FAILOVER},
    "run_id": {"type": "str"},
    "resolve": {"type": "bool", "default": True},
    "groups": {"type": "dict"},
}

RUN_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")


def check_groups(groups: Any) -> Hosts:
    """The option ``groups``; raises OptionError."""
    for name, hosts in (groups or {}).items():
        if not isinstance(hosts, list) or not all(isinstance(host, dict) and host.get("name") for host in hosts):
            raise OptionError("groups", f"{name}: give a list of hosts, each with its name and with id or resource_group")
    return groups or {}


def body(task: Task) -> dict[str, Any]:
    params = task.params
    document, path, purpose, run_id = params["plan"], params["path"], params["purpose"], params["run_id"]
    if document is None:
        raise OptionError("path", "the file is read on the controller, by the action plugin of this module; where that does not run, give plan instead")
    if run_id is not None and not RUN_ID.match(run_id):
        raise OptionError("run_id", f"{run_id!r} is not an id for a run: letters, digits, '.', '_' and '-', 100 at most")
    plan = read_plan(document, purpose, path)
    if not params["resolve"]:
        return {"changed": False, "plan": outline(plan, path), "stages": in_stages(plan, {}), "tags": run_tags(plan, purpose, run_id)}
    resolution = Resolution(plan, purpose, run_id, plan["subscription_id"] or task.subscription, check_groups(params["groups"]), path)
    found = resolution.resolve(task.client)
    for text in resolution.warnings:
        task.warn(text)
    return {"changed": False, **found}


def main() -> None:
    run(SPEC, body, hints=HINTS, required_one_of=[("path", "plan")])


if __name__ == "__main__":
    main()
