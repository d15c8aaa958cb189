#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_policy
short_description: Make, change or delete a backup policy for Azure VMs
version_added: 0.1.0
description:
  - Brings a policy of a Recovery Services vault into a state. It says when VMs are backed up and how long their recovery points are kept.
  - Options that are left out stay as they are in a policy that exists. O(schedule), O(retention) and O(tiering) are each taken as a whole.
    What Azure or its portal has put into the policy besides is kept, and so are a schedule and a retention of a form that these options cannot say.
  - A policy that is so already is not sent again. Azure allows 50 edits of policies in a vault within 24 hours.
  - An edit applies to all VMs that use the policy, RV(policy.protected_items_count) of them. The task waits until Azure has applied it.
    A task that finds the policy as asked for does not wait for what an earlier edit still does.
  - Nearly everything that Azure would refuse, and it does so without saying why, is told before any request or at least before anything is sent.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  name:
    description:
      - The name of the policy, as O(lifeboat.azure_dr.vm_backup_protection#module:policy) takes it.
      - 3 to 150 letters, digits, V(-), V(_) or V(!), beginning with a letter.
    type: str
    required: true
  vault:
    description:
      - The Recovery Services vault. A name or a resource id.
      - A name is looked for in O(resource_group), or else in the whole subscription, where it must be unique then.
    type: str
    required: true
    aliases: [vault_name]
  resource_group:
    description:
      - The resource group of the vault that O(vault) gives by name.
    type: str
  state:
    description:
      - V(absent) deletes the policy. It fails, and names some of them, while protected items use the policy.
        All options about its content are ignored then.
    type: str
    choices: [present, absent]
    default: present
  policy_type:
    description:
      - V(enhanced) allows backups several times a day, more days of instant restore, and all kinds of VMs.
      - V(V1) and V(V2) are Azure's words for V(standard) and V(enhanced).
      - It cannot be changed. A new policy is V(standard) if this is not set.
    type: str
    choices: [standard, enhanced, V1, V2]
  time_zone:
    description:
      - The time zone of all times, by its Windows name such as V(W. Europe Standard Time).
      - A new policy has V(UTC) if this is not set.
    type: str
  schedule:
    description:
      - When backups are made. Needed for a new policy.
    type: dict
    suboptions:
      frequency:
        description: How often. V(hourly) needs O(policy_type=enhanced).
        type: str
        choices: [hourly, daily, weekly]
        required: true
      time:
        description:
          - The time of a daily or weekly backup, on the full or half hour, such as V("23:00").
          - Write it in quotes. YAML takes times without them for numbers.
        type: str
      days:
        description: The days of weekly backups, V(monday) to V(sunday).
        type: list
        elements: str
      every_hours:
        description: Hours between two backups of an hourly schedule, one of V(4), V(6), V(8), V(12), V(24).
        type: int
      window_start:
        description: When the first backup of a day starts, for an hourly schedule, on the full or half hour and in quotes.
        type: str
      window_hours:
        description: How long after O(schedule.window_start) further backups start, in hours. V(4) to V(24), and a multiple of O(schedule.every_hours).
        type: int
  retention:
    description:
      - How long recovery points are kept. Needed for a new policy.
      - What is left out of it is not kept any more, so to end yearly retention, give the others.
      - Backups that run hourly or daily need O(retention.daily). Weekly ones need O(retention.weekly) and cannot have O(retention.daily).
    type: dict
    suboptions:
      daily:
        description: Recovery points of each day.
        type: dict
        suboptions:
          count:
            description: How many days each is kept, V(7) to V(9999). Policies from before 2020 may have less, and keep it as long as it is not changed.
            type: int
            required: true
      weekly:
        description: One recovery point of each of these days of the week.
        type: dict
        suboptions:
          count:
            description: How many weeks each is kept, V(1) to V(5163).
            type: int
            required: true
          days:
            description: The days, V(monday) to V(sunday). With a weekly schedule they are those of O(schedule.days).
            type: list
            elements: str
            required: true
      monthly:
        description: Recovery points of each month, chosen by O(retention.monthly.month_days), or by O(retention.monthly.weeks) and O(retention.monthly.days).
        type: dict
        suboptions:
          count:
            description: How many months each is kept, V(1) to V(1188).
            type: int
            required: true
          weeks:
            description: Which weeks of the month, V(first), V(second), V(third), V(fourth), V(last).
            type: list
            elements: str
          days:
            description: Which days of these weeks. With a weekly schedule, some of O(schedule.days).
            type: list
            elements: str
          month_days:
            description: Which days of the month, V(1) to V(28) and V(last). Not with a weekly schedule.
            type: list
            elements: str
      yearly:
        description: Recovery points of each year, chosen as those of a month, in some months.
        type: dict
        suboptions:
          count:
            description: How many years each is kept, V(1) to V(99).
            type: int
            required: true
          months:
            description: Which months, V(january) to V(december).
            type: list
            elements: str
            required: true
          weeks:
            description: Which weeks of these months, V(first), V(second), V(third), V(fourth), V(last).
            type: list
            elements: str
          days:
            description: Which days of these weeks. With a weekly schedule, some of O(schedule.days).
            type: list
            elements: str
          month_days:
            description: Which days of these months, V(1) to V(28) and V(last). Not with a weekly schedule.
            type: list
            elements: str
  instant_restore_days:
    description:
      - How many days snapshots are kept beside the VM, from which a restore is fast.
      - V(1) to V(5) in a standard policy, and V(5) with a weekly schedule. V(1) to V(30) in an enhanced one, at most V(17) every 4 hours and V(22) every 6.
      - A new policy has V(2), and V(5) with a weekly schedule, if this is not set.
    type: int
    aliases: [instant_recovery_snapshot_retention]
  snapshot_resource_group_prefix:
    description:
      - The begin of the name of the resource groups in which Azure keeps these snapshots. It appends a number.
      - An empty string gives the naming back to Azure.
    type: str
  snapshot_resource_group_suffix:
    description:
      - What follows that number.
    type: str
  snapshot_consistency:
    description:
      - V(crash) takes crash-consistent snapshots only, without asking the guest. It needs O(policy_type=enhanced).
      - V(application) takes application-consistent ones where the guest can.
    type: str
    choices: [application, crash]
  tiering:
    description:
      - Whether monthly and yearly recovery points move to the archive tier.
    type: dict
    suboptions:
      mode:
        description:
          - V(recommended) moves those for which Azure finds it cheaper. Monthly or yearly points must be kept for 9 months at least.
          - V(after) moves all after some time. They must be kept for 6 months more at least.
          - V(never) moves none.
        type: str
        choices: [recommended, after, never]
        required: true
      after:
        description: After how many O(tiering.unit) points are moved, 3 months at least. For O(tiering.mode=after) only.
        type: int
      unit:
        description: The unit of O(tiering.after), V(months) if not set. Azure's own clients know no other for VMs.
        type: str
        choices: [days, weeks, months, years]
  resource_guard_operation_requests:
    description:
      - Ids of the approved requests of a resource guard, where one watches over the vault. They are sent along with a change or deletion.
    type: list
    elements: str
    default: []
seealso:
  - module: lifeboat.azure_dr.backup_policy_info
  - module: lifeboat.azure_dr.vm_backup_protection
  - module: lifeboat.azure_dr.recovery_vault
  - name: Enhanced policies
    description: What they can do and which VMs need one.
    link: https://learn.microsoft.com/azure/backup/backup-azure-vms-enhanced-policy
"""

EXAMPLES = r"""
- name: Back up every night and keep the first Sunday of each month for a year
  lifeboat.azure_dr.backup_policy:
    name: nightly
    vault: vault-prod
    resource_group: rg-backup
    time_zone: W. Europe Standard Time
    schedule:
      frequency: daily
      time: "23:00"
    retention:
      daily: {count: 30}
      monthly: {count: 12, weeks: [first], days: [sunday]}

- name: Back up every four hours of the working day, with a week of fast restores
  lifeboat.azure_dr.backup_policy:
    name: busy
    vault: vault-prod
    resource_group: rg-backup
    policy_type: enhanced
    schedule:
      frequency: hourly
      every_hours: 4
      window_start: "08:00"
      window_hours: 12
    retention:
      daily: {count: 14}
      yearly: {count: 7, months: [january], month_days: [1, last]}
    instant_restore_days: 7
    tiering:
      mode: recommended

- name: Change nothing but the snapshots of a policy that is there
  lifeboat.azure_dr.backup_policy:
    name: nightly
    vault: vault-prod
    resource_group: rg-backup
    instant_restore_days: 5

- name: Delete a policy that nothing uses
  lifeboat.azure_dr.backup_policy:
    name: nightly
    vault: vault-prod
    resource_group: rg-backup
    state: absent
"""

RETURN = r"""
policy:
  description:
    - The policy in the words of the options, so that it can be given back to the module. In check mode as it would be. Null when there is none.
  returned: success, and in failures after a change was sent
  type: dict
  contains:
    id:
      description: The policy's resource id.
      type: str
    name:
      description: The policy's name.
      type: str
    vault:
      description: The vault's name.
      type: str
    vault_id:
      description: The vault's resource id.
      type: str
    resource_group:
      description: The vault's resource group.
      type: str
    protected_items_count:
      description: How many protected items use the policy, as Azure counts them. An edit applies to all of them.
      type: int
    policy_type:
      description: V(standard) or V(enhanced).
      type: str
    time_zone:
      description: The time zone.
      type: str
    schedule:
      description: When backups are made, as O(schedule). Null for a schedule that these options cannot say.
      type: dict
    retention:
      description: How long recovery points are kept, as O(retention). Null for a retention that these options cannot say.
      type: dict
    instant_restore_days:
      description: How many days snapshots are kept.
      type: int
    snapshot_resource_group_prefix:
      description: The begin of the name of the resource groups of snapshots, empty when Azure names them.
      type: str
    snapshot_resource_group_suffix:
      description: The end of that name.
      type: str
    snapshot_consistency:
      description: V(application) or V(crash).
      type: str
    tiering:
      description: Whether recovery points move to the archive tier, as O(tiering).
      type: dict
  sample:
    name: nightly
    vault: vault-prod
    resource_group: rg-backup
    protected_items_count: 12
    policy_type: standard
    time_zone: W. Europe Standard Time
    schedule: {frequency: daily, time: "23:00"}
    retention:
      daily: {count: 30}
      monthly: {count: 12, weeks: [first], days: [sunday]}
    instant_restore_days: 2
    snapshot_resource_group_prefix: ""
    snapshot_resource_group_suffix: ""
    snapshot_consistency: application
    tiering: {mode: never}
operation:
  description: What goes on in Azure because of the change, when it takes longer than the request.
  returned: when Azure began such an operation
  type: dict
  contains:
    id:
      description: The operation's id.
      type: str
    vault_id:
      description: The vault that it runs in.
      type: str
jobs:
  description: Names of the jobs that applied the change to the protected items, as O(lifeboat.azure_dr.backup_job#module:job) takes them.
  returned: when Azure named any
  type: list
  elements: str
  sample: []
failure:
  description: What went wrong, as Azure says it, and what to do about it.
  returned: failure
  type: dict
  contains:
    code:
      description: Azure's error code, or one of this collection's, such as V(PolicyLimitReached), V(PolicyNotApplied) or V(OperationTimeout).
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
      description: Azure's word for the state of the operation when it was seen last, after a timeout.
      type: str
    resume:
      description: The ids of what goes on in Azure, after a timeout.
      type: dict
"""

from typing import Any, Mapping

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policies import check_policy_name
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_apply import (
    POLICY_HINTS,
    PolicyOutcome,
    check_room,
    check_unused,
    delete_policy,
    put_policy,
    read_policy,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_options import POLICY_TYPES, read_words
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_plan import PolicyPlan, plan_absent, plan_present, policy_facts
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_rules import check_together
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policy_words import TIERING_MODES, TIERING_UNITS, Words
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.protection import check_guard_requests
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import check_vault, find_vault
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import WAIT, Task, resource_result, run

NAMES: dict[str, Any] = {"type": "list", "elements": "str"}
COUNT: dict[str, Any] = {"type": "int", "required": True}
OF_MONTH: dict[str, Any] = {"weeks": NAMES, "days": NAMES, "month_days": NAMES}

SCHEDULE: dict[str, Any] = {
    "type": "dict",
    "options": {
        "frequency": {"type": "str", "choices": ["hourly", "daily", "weekly"], "required": True},
        "time": {"type": "str"},
        "days": NAMES,
        "every_hours": {"type": "int"},
        "window_start": {"type": "str"},
        "window_hours": {"type": "int"},
    },
}
RETENTION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "daily": {"type": "dict", "options": {"count": COUNT}},
        "weekly": {"type": "dict", "options": {"count": COUNT, "days": {**NAMES, "required": True}}},
        "monthly": {"type": "dict", "options": {"count": COUNT, **OF_MONTH}},
        "yearly": {"type": "dict", "options": {"count": COUNT, "months": {**NAMES, "required": True}, **OF_MONTH}},
    },
}
TIERING: dict[str, Any] = {
    "type": "dict",
    "options": {
        "mode": {"type": "str", "choices": list(TIERING_MODES), "required": True},
        "after": {"type": "int"},
        "unit": {"type": "str", "choices": list(TIERING_UNITS)},
    },
}
SPEC: dict[str, dict[str, Any]] = {
    **WAIT,
    "name": {"type": "str", "required": True},
    "vault": {"type": "str", "required": True, "aliases": ["vault_name"]},
    "resource_group": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "policy_type": {"type": "str", "choices": list(POLICY_TYPES)},
    "time_zone": {"type": "str"},
    "schedule": SCHEDULE,
    "retention": RETENTION,
    "instant_restore_days": {"type": "int", "aliases": ["instant_recovery_snapshot_retention"]},
    "snapshot_resource_group_prefix": {"type": "str"},
    "snapshot_resource_group_suffix": {"type": "str"},
    "snapshot_consistency": {"type": "str", "choices": ["application", "crash"]},
    "tiering": TIERING,
    "resource_guard_operation_requests": {"type": "list", "elements": "str", "default": []},
}


def read_wish(params: Mapping[str, Any]) -> Words:
    """What the options say of the policy, nothing for state=absent; raises OptionError, before any request, when they are wrong."""
    if params["state"] == "absent":
        return {}
    words = read_words(params)
    check_together(words)
    return words


def make_plan(task: Task, vault: VaultRef, name: str, words: Words, resource: Mapping[str, Any] | None) -> PolicyPlan:
    """What to do, having made sure that Azure would let it be done; only reads."""
    current = None if resource is None else resource.get("properties") or {}
    if task.params["state"] == "absent":
        plan = plan_absent(current)
        check_unused(task.client, vault, name, plan.items)
        return plan
    plan = plan_present(name, words, current)
    if plan.action == "create":
        check_room(task.client, vault)
    return plan


def carry_out(task: Task, vault: VaultRef, name: str, plan: PolicyPlan, resource: Mapping[str, Any] | None, guard: tuple[str, ...]) -> PolicyOutcome:
    if plan.action == "delete":
        return delete_policy(task.client, vault, name, resource or {}, guard, task.waiting)
    properties = {**(plan.properties or {}), **({"resourceGuardOperationRequests": list(guard)} if guard and plan.action == "update" else {})}
    return put_policy(task.client, vault, name, properties, plan.after, task.waiting)


def result_of(task: Task, vault: VaultRef, name: str, plan: PolicyPlan, outcome: PolicyOutcome) -> dict[str, Any]:
    shown = (outcome.resource or {}).get("properties")
    policy = policy_facts(vault, name, shown) if shown else policy_facts(vault, name, None, plan.after, plan.items) if plan.after else None
    facts: dict[str, Any] = {"policy": policy}
    if outcome.operation_id:
        facts["operation"] = {"id": outcome.operation_id, "vault_id": vault.id}
    if outcome.jobs:
        facts["jobs"] = outcome.jobs
    return resource_result(
        task, facts, changed=outcome.changed, before=plan.before, after=plan.after, warnings=outcome.warnings, failure=outcome.error
    )


def body(task: Task) -> dict[str, Any]:
    name = check_policy_name(task.params["name"].strip(), "name")
    words = read_wish(task.params)
    guard = check_guard_requests(task.params["resource_guard_operation_requests"])
    vault = find_vault(task.client, check_vault(task.params["vault"], task.params["resource_group"], task.subscription))
    if vault is None:
        raise OptionError("vault", "give the name or the resource id of a vault")
    resource = read_policy(task.client, vault, name)
    name = str((resource or {}).get("name") or name)
    plan = make_plan(task, vault, name, words, resource)
    if task.check_mode or not plan.changes:
        return result_of(task, vault, name, plan, PolicyOutcome(changed=plan.changes))
    return result_of(task, vault, name, plan, carry_out(task, vault, name, plan, resource, guard))


def main() -> None:
    run(SPEC, body, hints=POLICY_HINTS)


if __name__ == "__main__":
    main()
