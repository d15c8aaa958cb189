#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_backup_trigger
short_description: Make sure that Azure VMs have a recent recovery point, and back up those that do not
version_added: 0.1.0
description:
  - Looks at the newest recovery point of one VM, or of a whole fleet in one task, and backs up now each VM whose point is
    older than O(max_age).
  - A backup that runs already, a scheduled one or one of an earlier run that was killed, is waited for instead of starting a second one.
    That changes nothing, so RV(vms[].changed) is V(false) and RV(vms[].adopted) is V(true).
  - A request whose answer gets lost is looked for among the vault's jobs before it is sent again, so no VM is backed up twice.
  - Waiting for a fleet costs about as many requests as waiting for one VM, and keeps below Azure's limit for reading jobs.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.vm
  - lifeboat.azure_dr.vault
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
attributes:
  idempotent:
    support: partial
    details:
      - With O(max_age=0), every run makes a new recovery point.
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  max_age:
    description:
      - How old the newest recovery point may be. A number with V(s), V(m), V(h), V(d) or V(w), such as V(90m),
        or plain seconds.
      - V(0) makes a new one in any case, unless a backup runs already, which is waited for.
      - Azure advises no more than three on-demand backups of a VM a day and refuses the tenth.
    type: str
    default: 24h
  retain_until:
    description:
      - Until when Azure keeps the new recovery point, as an ISO 8601 date or time (UTC when it names no zone).
      - If neither this nor O(retain_days) is set, Azure keeps it for 30 days.
      - It does not change how long a recovery point is kept that exists or is being made already.
    type: str
  retain_days:
    description:
      - For how many days Azure keeps the new recovery point, rounded up to the next midnight (UTC).
    type: int
  wait_for:
    description:
      - V(snapshot) waits until the recovery point exists. That takes about 8 to 33 minutes, and it can be restored from then on.
        The copy to the vault goes on.
      - V(completed) waits until the copy in the vault is complete too, which takes about 40 to 120 minutes.
      - If O(wait=false), this is not used, except that V(completed) also looks for a running backup of a recovery point that is recent enough.
    type: str
    choices: [snapshot, completed]
    default: completed
notes:
  - A VM that is not protected, whose protection is stopped, or whose backup is deleted cannot be backed up, and fails, in check mode too.
    A stopped VM whose newest recovery point is recent enough does not fail.
seealso:
  - module: lifeboat.azure_dr.vm_backup_protection
  - module: lifeboat.azure_dr.backup_job
  - module: lifeboat.azure_dr.recovery_point_info
"""

EXAMPLES = r"""
- name: Make sure that two VMs have a recovery point of today
  lifeboat.azure_dr.vm_backup_trigger:
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
    vault: vault-prod
    resource_group: rg-backup

- name: Take a new recovery point before an upgrade, and go on as soon as the snapshot is there
  lifeboat.azure_dr.vm_backup_trigger:
    vm: "{{ fleet | map(attribute='id') | list }}"
    max_age: 30m
    wait_for: snapshot
    retain_days: 14

- name: Start backups now and wait for them later
  lifeboat.azure_dr.vm_backup_trigger:
    vm: [web-01, web-02]
    vm_resource_group: rg-prod
    vault: vault-prod
    resource_group: rg-backup
    max_age: 4h
    wait: false
  register: backups

- name: Wait for all of them
  lifeboat.azure_dr.backup_job:
    job: "{{ backups.vms | selectattr('job', 'defined') | map(attribute='job.id') | list }}"
  when: backups.vms | selectattr('job', 'defined') | length > 0
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
      description: Whether this task started a backup of the VM, or would in check mode.
      type: bool
    failed:
      description: Whether this VM failed. A backup that was started and failed is both changed and failed.
      type: bool
    failure:
      description: What went wrong, as Azure says it, and what to do about it.
      returned: when this VM failed
      type: dict
      contains:
        code:
          description: Azure's error code, or one of this collection's, such as V(NotProtected) or V(OperationTimeout).
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
          description: Azure's word for the job's state when it was seen last, after a timeout.
          type: str
        resume:
          description: The ids of what goes on in Azure, after a timeout.
          type: dict
    adopted:
      description: Whether a backup that was running already was waited for.
      type: bool
    vault_id:
      description: The vault that protects the VM.
      type: str
    recovery_point:
      description:
        - The newest recovery point. The one that this task made, when it waited for it, and else the one that was found. Null when there is none.
        - RV(vms[].recovery_point.name) and the rest are there for up to 5 VMs in a task. For more, only the time is, which is known for all at once.
      type: dict
      contains:
        time:
          description: When it was taken.
          type: str
        name:
          description: Its name, as O(lifeboat.azure_dr.vm_restore#module:recovery_point) takes it.
          type: str
        id:
          description: Its resource id.
          type: str
        type:
          description: Azure's word for its consistency.
          type: str
        consistency:
          description: One of V(application), V(file_system), V(crash).
          type: str
        tiers:
          description: Where copies of it are.
          type: list
          elements: dict
        expiry:
          description: Until when it is kept, where Azure tells.
          type: str
        rule:
          description: The rule of the policy that keeps it, where Azure tells.
          type: str
    job:
      description: The backup job that was started or adopted, as last seen.
      returned: when a backup was started or adopted, and its job is known
      type: dict
      contains:
        id:
          description: The job's resource id.
          type: str
        name:
          description: The job's name, as O(lifeboat.azure_dr.backup_job#module:job) takes it.
          type: str
        status:
          description: Azure's word for its state, such as V(InProgress), V(Completed), V(CompletedWithWarnings).
          type: str
        start_time:
          description: When it started.
          type: str
        end_time:
          description: When it ended.
          type: str
        duration:
          description: How long it has run, in seconds.
          type: float
        operation:
          description: The kind of job, such as V(Backup).
          type: str
        vm:
          description: The VM's name.
          type: str
        container:
          description: Azure's name for the VM in the vault, which contains its resource group.
          type: str
        errors:
          description: Azure's errors or warnings, each with C(code), C(message) and C(recommendations).
          returned: when there are any
          type: list
          elements: dict
        progress:
          description: Percent, as Azure tells it.
          returned: when the job was read alone, which depends on how many there are
          type: float
        tasks:
          description: The job's steps, each with C(name), C(status), C(start_time), C(end_time) and C(duration).
          returned: when the job was read alone, which depends on how many there are
          type: list
          elements: dict
        properties:
          description: What else Azure says of the job, with Azure's own names.
          returned: when the job was read alone, which depends on how many there are
          type: dict
    operation:
      description: The operation that the request started, which only creates the job.
      returned: when a backup was started
      type: dict
      contains:
        id:
          description: The operation's id.
          type: str
        vault_id:
          description: The vault that it runs in.
          type: str
  sample:
    - id: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/web-01
      name: web-01
      changed: true
      failed: false
      adopted: false
      recovery_point:
        time: "2026-07-26T13:16:55.871560Z"
        name: "27107517504075"
      job:
        name: c13f09c6-798d-4957-adc7-e47f3732eb71
        operation: Backup
        status: Completed
        duration: 3998.375945
"""

from datetime import timedelta
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.backup_apply import add_points, carry_out, make_plans
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.backups import Wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import check_vault, locate
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VAULT, VM, WAIT, Task, fleet_result, run
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import parse_age, parse_moment

SPEC: dict[str, dict[str, Any]] = {
    **VM,
    **VAULT,
    **WAIT,
    "max_age": {"type": "str", "default": "24h"},
    "retain_until": {"type": "str"},
    "retain_days": {"type": "int"},
    "wait_for": {"type": "str", "choices": ["snapshot", "completed"], "default": "completed"},
}

MOST_DAYS = 36135
"""Azure keeps a recovery point for 99 years at most."""


def read_wish(task: Task) -> Wish:
    """What the options ask for; raises OptionError, before any request, when they are wrong."""
    days = task.params["retain_days"]
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise OptionError("retain_days", f"{days} is not from 1 to {MOST_DAYS} days")
    until = task.params["retain_until"]
    moment = parse_moment(until, "retain_until") if until is not None else None
    if moment is not None and moment <= task.clock.now():
        raise OptionError("retain_until", f"{until} is over already")
    if moment is not None and moment - task.clock.now() > timedelta(days=MOST_DAYS):
        raise OptionError("retain_until", f"{until} is more than {MOST_DAYS} days from now")
    return Wish(
        max_age=parse_age(task.params["max_age"], "max_age"),
        wait_for=task.params["wait_for"],
        retain_until=moment,
        retain_days=days,
    )


def body(task: Task) -> dict[str, Any]:
    wish = read_wish(task)
    vms = task.vms()
    choice = check_vault(task.params["vault"], task.params["resource_group"], task.subscription)
    located = locate(task.client, vms, choice)
    works = make_plans(task.client, [located[vm.key] for vm in vms], wish)
    if not task.check_mode:
        carry_out(task.client, works, wish, task.waiting)
    add_points(task.client, works)
    return fleet_result(task, [work.report for work in works])


def main() -> None:
    run(SPEC, body, hints=HINTS, mutually_exclusive=[("retain_until", "retain_days")])


if __name__ == "__main__":
    main()
