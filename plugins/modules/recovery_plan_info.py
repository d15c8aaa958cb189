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
  contains:
    name:
      description: Its name.
      type: str
    description:
      description: What it says that it is, null when it says nothing.
      type: str
    hash:
      description: Tells one plan from another. Comments, the order of keys, and defaults that are spelled out make no difference.
      type: str
      sample: sha256:0b5b0a2f6e1c5f0a7f0a6f0e9a5f4c2b1d8e7c6b5a49382716f5e4d3c2b1a099
    path:
      description: The file, null when O(plan) was given.
      type: str
    objectives:
      description: The objectives of the plan, as C(rto_seconds) and C(rpo_seconds), each null when there is none.
      type: dict
    applications:
      description: The applications, each with C(name), its C(objectives) and C(on_failure).
      type: list
      elements: dict
    vm_count:
      description: How many VMs there are.
      returned: with O(resolve=true)
      type: int
stages:
  description: The stages, one after the other. The waves of one stage wait for none of each other.
  returned: success
  type: list
  elements: dict
  contains:
    number:
      description: The number of the stage, from 1.
      type: int
    waves:
      description: Its waves, in the order of the plan.
      type: list
      elements: dict
      contains:
        id:
          description: The application and the name.
          type: str
          sample: shop/data
        application:
          description: The name of the application.
          type: str
        name:
          description: The name of the wave.
          type: str
        stage:
          description: The number of the stage.
          type: int
        after:
          description: The ids of the waves that come first.
          type: list
          elements: str
        on_failure:
          description: V(halt) or V(continue).
          type: str
        pause:
          description: The C(name), C(message) and C(timeout_seconds) of the pause before the wave, null when there is none.
          type: dict
        vms:
          description: The VMs, by their priority.
          returned: with O(resolve=true)
          type: list
          elements: dict
          contains:
            id:
              description: The resource id of the VM.
              type: str
            name:
              description: Its name.
              type: str
            resource_group:
              description: Its resource group.
              type: str
            location:
              description: Its region, null when it is not there any more or could not be listed.
              type: str
            priority:
              description: Its priority.
              type: int
            target:
              description: The name of the target that it is recovered to.
              type: str
            from:
              description: V(vault), V(secondary_region) or V(restore_points).
              type: str
            vault_id:
              description: The vault that protects it, null when none does.
              type: str
            recovered:
              description: What it is recovered as, by C(id), C(name) and C(resource_group).
              type: dict
        restores:
          description: Options of M(lifeboat.azure_dr.vm_restore), one entry for each vault and target.
          returned: with O(resolve=true)
          type: list
          elements: dict
        builds:
          description: Options of M(lifeboat.azure_dr.restore_point_restore), one entry for each target.
          returned: with O(resolve=true)
          type: list
          elements: dict
        api_management:
          description:
            - The API Management services, each with the C(name) and C(resource_group) of the service that was backed up, C(restore) with options of
              M(lifeboat.azure_dr.apim_restore), C(validate_only), which is true when these are for check mode only, and a C(note) that says why.
          returned: with O(resolve=true)
          type: list
          elements: dict
        checks:
          description:
            - The checks, each with C(name), C(kind), C(on), C(vm_ids) of the VMs that were, C(timeout_seconds) and C(options).
          returned: with O(resolve=true)
          type: list
          elements: dict
tags:
  description: The tags of everything that the run makes.
  returned: success
  type: dict
  sample:
    lifeboat_plan: shop-and-office
    lifeboat_purpose: drill
    lifeboat_run: drill-2026-06-01
cleanup:
  description: The C(subscriptions), and names of the C(resource_groups), in which a drill makes anything. Null for a failover.
  returned: with O(resolve=true)
  type: dict
protections:
  description: Options of M(lifeboat.azure_dr.vm_backup_protection), one entry for each vault and policy.
  returned: with O(resolve=true)
  type: list
  elements: dict
backups:
  description: Options of M(lifeboat.azure_dr.vm_backup_trigger), one entry for each vault and what the applications say under C(backup).
  returned: with O(resolve=true)
  type: list
  elements: dict
replications:
  description:
    - Under C(restore_point) options of M(lifeboat.azure_dr.restore_point), under C(copy) options of M(lifeboat.azure_dr.restore_point_copy), one entry
      for each of what the applications say under C(replication).
  returned: with O(resolve=true)
  type: list
  elements: dict
api_backups:
  description: Options of M(lifeboat.azure_dr.apim_backup), one entry for each service.
  returned: with O(resolve=true)
  type: list
  elements: dict
readiness:
  description:
    - What else readiness looks at. C(subscription_id), the C(targets) that are used, by name, with the ids of group, network, subnet and storage account,
      and the C(vaults) with C(id), C(name), C(resource_group) and C(location), null where it is not known.
  returned: with O(resolve=true)
  type: dict
failure:
  description: What went wrong, and what to do about it.
  returned: failure
  type: dict
  contains:
    code:
      description: V(InvalidPlan) for a plan that is wrong, V(InvalidOption), or Azure's error code.
      type: str
    message:
      description: The reason.
      type: str
    problems:
      description: All that is wrong in the plan, each with C(key), such as V(applications[0].waves[1].checks[0].tcp.port), C(path), which is the same as
        a list, C(message), and C(line), null when O(plan) was given.
      returned: when the plan is wrong
      type: list
      elements: dict
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
