#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_estate_info
short_description: Export what a recovery is about, for a rehearsal on the simulator
version_added: 0.1.0
description:
  - Reads the VMs with disks and network interfaces, virtual networks, storage accounts, vaults with policies and protected items, restore points with their
    copies, and API Management services with their backups, and returns them as the document that the simulator loads as its estate. Written to a file as YAML
    or JSON, it is what the playbook C(lifeboat.azure_dr.rehearse) rehearses a plan on, without Azure.
  - Costs one list for each kind of resource, two for each vault, one request for each restore point collection, one more for each copy, and one for each
    container of backups of API Management.
  - Keys, passwords, user names, user data, custom data and the contents of API Management are neither read nor exported. B(Names, addresses and tags are
    exported as they are), so whoever keeps secrets in tags finds them in the file.
  - Times become ages at the moment of the export (C(age_hours)), so that a rehearsal of next week finds recovery points of the same age.
  - Not in an estate, and not listed in RV(left_out) one by one, are network security groups, routes, peerings, load balancers, extensions, policies, locks,
    quotas, and the roles of users and identities. Identities of API Management are taken to have the role that backups need.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  plan:
    description:
      - What M(lifeboat.azure_dr.recovery_plan_info) returned, or a list of such results. Only what it is about is exported, namely its VMs with their backups
        and restore points, its API Management services, and all VMs and networks of the resource groups that it recovers to.
      - To rehearse drills and failovers, give both, resolved for the one and for the other.
      - Ports, web pages and boot logs that the plan checks are exported as answering, since nobody can know what runs in the machines.
      - The backups of API Management are exported only with a plan, since it tells in which containers they are.
      - A simulator has one subscription, which is that of most VMs of the plan. What is in others is listed in RV(left_out).
      - If not set, the whole subscription is exported, or O(resource_group).
    type: raw
  resource_group:
    description:
      - Export these resource groups only, and the networks that their VMs are in.
    type: list
    elements: str
seealso:
  - module: lifeboat.azure_dr.recovery_plan_info
  - module: lifeboat.azure_dr.protected_vm_info
  - module: lifeboat.azure_dr.simulator
"""

EXAMPLES = r"""
- name: Find out what a drill and a failover would do
  lifeboat.azure_dr.recovery_plan_info:
    path: recovery-plan.yml
    purpose: "{{ item }}"
  loop: [drill, failover]
  register: resolved

- name: Read all that the plan is about
  lifeboat.azure_dr.recovery_estate_info:
    plan: "{{ resolved.results }}"
  register: exported

- name: Write it to a file, to rehearse the plan on
  ansible.builtin.copy:
    content: "{{ exported.estate | to_nice_yaml(sort_keys=false) }}"
    dest: recovery-estate.yml
    mode: "0600"

- name: Read what the resource groups of an application and of its recovery have
  lifeboat.azure_dr.recovery_estate_info:
    resource_group: [rg-shop, rg-backup, rg-dr]
  register: exported

- name: Write it to a file that the simulator loads
  ansible.builtin.copy:
    content: "{{ exported.estate | to_nice_yaml(sort_keys=false) }}"
    dest: estate.yml
    mode: "0600"
"""

RETURN = r"""
estate:
  description:
    - The document, in the keys of the simulator's estate file. One document, since a simulator loads one.
    - Where one is missing or empty, there is nothing of its kind.
  returned: success
  type: dict
  contains:
    location:
      description: The region that most vaults are in.
      type: str
    paired_location:
      description: The region that is paired with it.
      type: str
    subscription_id:
      description: The subscription.
      type: str
    principals:
      description: Who rehearses, with all rights, and the user-assigned identities of API Management services. Without any credential.
      type: list
      elements: dict
    resource_groups:
      description: Resource groups with their tags.
      type: list
      elements: dict
    virtual_networks:
      description: Virtual networks with their subnets.
      type: list
      elements: dict
    storage_accounts:
      description: Storage accounts, without their keys.
      type: list
      elements: dict
    virtual_machines:
      description: VMs with size, disks, network interfaces, zones, power state, security type and tags.
      type: list
      elements: dict
    vaults:
      description: Vaults with their settings, policies, and protected items with the age of the newest recovery point.
      type: list
      elements: dict
    restore_point_collections:
      description: Restore point collections with their points, and how far copies in other regions are.
      type: list
      elements: dict
    api_management:
      description: API Management services with their tier, and names and ages of their backups.
      type: list
      elements: dict
  sample:
    location: eastasia
    subscription_id: 00000000-0000-0000-0000-000000000001
    virtual_machines:
      - name: shop-db-01
        resource_group: rg-shop
        location: eastasia
        size: Standard_E8s_v5
        os: Windows
        os_disk_gb: 127
    vaults:
      - name: rsv-shop
        resource_group: rg-backup
        location: eastasia
        protected_items:
          - vm: shop-db-01
            resource_group: rg-shop
            policy: EnhancedPolicy
            recovery_points:
              - age_hours: 11.5
                tiers: [InstantRP, HardenedRP]
left_out:
  description: What could not be exported, because it could not be read or because the simulator does not have the like.
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
      description: The type of the resource, null where there is none.
      type: str
    reason:
      description: Why, in a sentence.
      type: str
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.document import estate_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.read import read_sources
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.scope import Scope, scope_of_groups, scope_of_plans
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.left_out import LeftOut
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import check_group

SPEC: dict[str, dict[str, Any]] = {
    "plan": {"type": "raw"},
    "resource_group": {"type": "list", "elements": "str"},
}


def scope_of(task: Task) -> Scope:
    """What the options ask for; raises OptionError for what would be nothing."""
    plan, groups = task.params["plan"], task.params["resource_group"]
    if plan is not None:
        plans = plan if isinstance(plan, list) else [plan]
        if not plans or any(not isinstance(one, dict) or not isinstance(one.get("stages"), list) for one in plans):
            raise OptionError("plan", "that is no resolved plan, since it has no stages; give what lifeboat.azure_dr.recovery_plan_info returned")
        return scope_of_plans(task.subscription, plans)
    if groups is None:
        return scope_of_groups(task.subscription, None)
    names = [check_group(name, "resource_group") for name in groups]
    if not names or None in names:
        raise OptionError("resource_group", "name at least one resource group; leave the option out to export the whole subscription")
    return scope_of_groups(task.subscription, [name for name in names if name])


def body(task: Task) -> dict[str, Any]:
    scope = scope_of(task)
    left_out = LeftOut()
    estate = estate_of(read_sources(task.client, scope, left_out), scope, left_out)
    if left_out.entries:
        task.warn(f"{len(left_out.entries)} things could not be exported wholly; 'left_out' tells which, and why.")
    return {"changed": False, "estate": estate, "left_out": left_out.entries}


def main() -> None:
    run(SPEC, body, hints=HINTS, mutually_exclusive=[("plan", "resource_group")])


if __name__ == "__main__":
    main()
