#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_readiness_info
short_description: Tell whether a plan could be recovered now, within its objectives
version_added: 0.1.0
description:
  - Looks at all that a recovery by a plan needs, and changes nothing. Every check gives findings, and what one cannot read hides no other's result.
  - Recovery points are compared with the recovery point objectives, and copies of restore points are looked at to their last disk.
  - Looked at are also protection, policies, vaults, resource groups, networks, free addresses, names that are taken, vCPU quotas, staging storage accounts, and
    API Management services with their backups.
  - Permissions that the identity lacks are told by name, for each place in which the recovery needs them.
  - Reads lists wherever Azure has them. A VM that is recovered from restore points costs two requests, since Azure has no list of those. One that is restored
    from the paired region, or to another subscription or zone, costs one, since no list tells where copies of its recovery points are.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  plan:
    description:
      - The resolved plan, which is the whole result of M(lifeboat.azure_dr.recovery_plan_info).
    type: dict
    required: true
  validate:
    description:
      - Let Azure check each restore from a vault as well, as M(lifeboat.azure_dr.vm_restore) does with O(lifeboat.azure_dr.vm_restore#module:validate=true).
        It only reads, and gives findings of the check V(restore_validation).
      - It costs some four requests a VM. Azure does not have it for restores from the paired region.
    type: bool
    default: false
  wait_timeout:
    description:
      - How many seconds to wait for these checks at most.
    type: int
    default: 3600
  poll_interval:
    description:
      - How many seconds to wait between two looks at such a check.
    type: float
    default: 10
seealso:
  - module: lifeboat.azure_dr.recovery_plan_info
  - module: lifeboat.azure_dr.protected_vm_info
  - module: lifeboat.azure_dr.vm_restore
"""

EXAMPLES = r"""
- name: Find out what a drill would do
  lifeboat.azure_dr.recovery_plan_info:
    path: recovery-plan.yml
    purpose: drill
  register: resolved

- name: See whether the plan could be recovered now
  lifeboat.azure_dr.recovery_readiness_info:
    plan: "{{ resolved }}"
  register: readiness

- name: Fail when it could not
  ansible.builtin.assert:
    that: readiness.ready
    fail_msg: "{{ readiness.findings | selectattr('state', 'in', ['failed', 'unknown']) | map(attribute='message') | join(' ') }}"
"""

RETURN = r"""
ready:
  description: Whether nothing failed, and nothing is unknown.
  returned: success
  type: bool
findings:
  description: What was found, worst first, then in the order of the plan.
  returned: success
  type: list
  elements: dict
  contains:
    application:
      description: The application that it is about, null for what several share.
      type: str
    subject:
      description: The name of the VM, vault, network or whatever it is about.
      type: str
    subject_id:
      description: Its resource id, null where it has none.
      type: str
    check:
      description:
        - V(recovery_point), V(replication), V(protection), V(policy), V(vault), V(resource_group), V(network), V(address_space), V(name), V(quota), V(storage),
          V(api_management), V(permission) or V(restore_validation).
      type: str
    state:
      description:
        - V(ok), V(warning), V(failed), or V(unknown) for what could not be looked at.
      type: str
    message:
      description: What was found, in a sentence.
      type: str
    hint:
      description: What to do about it, null when there is nothing to do.
      type: str
    value:
      description: What was measured, such as the age of a recovery point in seconds, free addresses or vCPUs; null where nothing is.
      type: raw
    objective:
      description: What the value has to keep, such as the objective in seconds; null where there is none.
      type: raw
  sample:
    - application: shop
      subject: shop-db-01
      subject_id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-shop/providers/Microsoft.Compute/virtualMachines/shop-db-01
      check: recovery_point
      state: failed
      message: The newest recovery point is 26h old, and the objective is 24h.
      hint: Back the VM up now with lifeboat.azure_dr.vm_backup_trigger, and look at why the last backups failed.
      value: 93600
      objective: 86400
summary:
  description: How many findings there are.
  returned: success
  type: dict
  contains:
    states:
      description: By state.
      type: dict
    applications:
      description: By application and state.
      type: dict
    shared:
      description: Of what several applications share, by state.
      type: dict
    checks:
      description: By check and state.
      type: dict
table:
  description: The verdict and what is in the way, in at most 30 lines for people.
  returned: success
  type: list
  elements: str
  sample:
    - "NOT READY: shop could not be recovered now, within its objectives (1 failed, 17 ok)."
    - "failed   shop, recovery_point: shop-04: The newest recovery point is 50 h old, and the objective is 24 h 00 min."
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import Task, run, waiting_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.findings import in_order, is_ready, summarize
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.needs import needs_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.survey import survey
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.table import table

SPEC: dict[str, dict[str, Any]] = {
    "plan": {"type": "dict", "required": True},
    "validate": {"type": "bool", "default": False},
    **waiting_options(3600, 10.0),
}


def body(task: Task) -> dict[str, Any]:
    needs = needs_of(task.params["plan"], task.subscription)
    findings = in_order(survey(task.client, needs, task.waiting if task.params["validate"] else None), needs.applications)
    return {
        "changed": False,
        "ready": is_ready(findings),
        "findings": [finding.as_result() for finding in findings],
        "summary": summarize(findings, needs.applications),
        "table": table(needs.name, findings, needs.applications),
    }


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
