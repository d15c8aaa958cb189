#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_job
short_description: Wait for Azure Backup jobs, or cancel them
version_added: 0.1.0
description:
  - Waits for any number of jobs (backups, restores, changes of protection) to end, or cancels them.
  - Use it to resume after a timeout, or after a task that did not wait.
  - Waiting for many jobs costs about as many requests as waiting for one, and keeps below Azure's limit for reading jobs.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.wait
  - lifeboat.azure_dr.attributes
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  job:
    description:
      - The jobs, by name, which needs O(vault), or by resource id, as the other modules return them.
      - One failing job does not hide what became of the others. The result has one entry for each.
      - An empty list is fine, since a task that had nothing to start, or ran in check mode, has no jobs to wait for.
    type: list
    elements: str
    required: true
  vault:
    description:
      - The Recovery Services vault of the jobs that O(job) gives by name. A name or a resource id.
      - A name is looked for in O(resource_group), or else in the whole subscription, where it must be unique then.
    type: str
  resource_group:
    description:
      - The resource group of the vault that O(vault) gives by name.
    type: str
  state:
    description:
      - V(completed) waits until every job has completed. It changes nothing. A job that failed or was cancelled is a failure.
        With O(wait=false), and in check mode, a job that still runs is none.
      - V(cancelled) cancels the jobs that still run. A job that has ended already, whatever its end, is left alone and is no failure.
        Azure cancels a backup only while it takes its snapshot.
    type: str
    choices: [completed, cancelled]
    default: completed
seealso:
  - module: lifeboat.azure_dr.backup_job_info
  - module: lifeboat.azure_dr.vm_backup_trigger
  - module: lifeboat.azure_dr.vm_restore
"""

EXAMPLES = r"""
- name: Go on waiting for a job that a timeout has named
  lifeboat.azure_dr.backup_job:
    job: c13f09c6-798d-4957-adc7-e47f3732eb71
    vault: vault-prod
    resource_group: rg-backup

- name: Wait for jobs that an earlier task has started
  lifeboat.azure_dr.backup_job:
    job: "{{ restores.vms | selectattr('job', 'defined') | map(attribute='job.id') | list }}"
    wait_timeout: 7200
  when: restores.vms | selectattr('job', 'defined') | length > 0

- name: Cancel a backup
  lifeboat.azure_dr.backup_job:
    job: c13f09c6-798d-4957-adc7-e47f3732eb71
    vault: vault-prod
    resource_group: rg-backup
    state: cancelled
"""

RETURN = r"""
jobs:
  description: One entry a job, in the order given.
  returned: always, unless the task failed before it looked at any job
  type: list
  elements: dict
  contains:
    id:
      description: The job's resource id.
      type: str
    name:
      description: The job's name.
      type: str
    changed:
      description: Whether this task cancelled it, or would in check mode.
      type: bool
    failed:
      description: Whether the job failed, or what was asked for it did.
      type: bool
    failure:
      description: What went wrong, as Azure says it, and what to do about it.
      returned: when it failed
      type: dict
      contains:
        code:
          description: Azure's error code, or one of this collection's, such as V(JobNotFound), V(JobCancelled) or V(OperationTimeout).
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
    operation:
      description: The kind of job, such as V(Backup), V(Restore), V(ConfigureBackup).
      returned: when the job is known
      type: str
    status:
      description: Azure's word for its state, as last seen.
      returned: when the job is known
      type: str
    vm:
      description: The VM's name.
      returned: when the job is known
      type: str
    container:
      description: Azure's name for the VM in the vault, which contains its resource group.
      returned: when the job is known
      type: str
    start_time:
      description: When it started.
      returned: when the job is known
      type: str
    end_time:
      description: When it ended, null while it runs.
      returned: when the job is known
      type: str
    duration:
      description: How long it has run, in seconds.
      returned: when the job is known
      type: float
    errors:
      description: Azure's errors, or the warnings of a job that completed with warnings.
      returned: when there are any
      type: list
      elements: dict
    progress:
      description: Percent, as Azure tells it. It reaches 100 before a backup ends.
      returned: when the job was read alone, which depends on how many there are
      type: float
    tasks:
      description: The job's steps.
      returned: when the job was read alone, which depends on how many there are
      type: list
      elements: dict
    properties:
      description: What else Azure says of the job, with Azure's own names.
      returned: when the job was read alone, which depends on how many there are
      type: dict
  sample:
    - id: /subscriptions/.../resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/vault-prod/backupJobs/c13f09c6-798d-4957-adc7-e47f3732eb71
      name: c13f09c6-798d-4957-adc7-e47f3732eb71
      changed: false
      failed: false
      operation: Backup
      status: Completed
      vm: web-01
      duration: 3998.375945
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.job_control import (
    JobReport,
    cancel_all,
    in_vault,
    judge_ends,
    parse_jobs,
    plan_cancels,
    read_all,
    result_of,
    wait_for_end,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import check_vault, find_vault
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._waiting import Waiting
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VAULT, WAIT, Task, run

SPEC: dict[str, dict[str, Any]] = {
    **VAULT,
    **WAIT,
    "job": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["completed", "cancelled"], "default": "completed"},
}


def complete(task: Task, reports: list[JobReport], waiting: Waiting) -> None:
    if waiting.wait and not task.check_mode:
        wait_for_end(task.client, reports, waiting)
    else:
        judge_ends(task.client, reports)


def cancel(task: Task, reports: list[JobReport], waiting: Waiting) -> None:
    todo = plan_cancels(reports)
    if not task.check_mode:
        cancel_all(task.client, reports, todo, waiting)


def body(task: Task) -> dict[str, Any]:
    refs = parse_jobs(task.params["job"])
    choice = check_vault(task.params["vault"], task.params["resource_group"], task.subscription if task.params["vault"] else "")
    if choice.name is None:
        in_vault(refs, None)
    reports = in_vault(refs, find_vault(task.client, choice))
    waiting = task.waiting
    read_all(task.client, reports)
    (complete if task.params["state"] == "completed" else cancel)(task, reports, waiting)
    for report in reports:
        for text in report.warnings:
            task.warn(text)
    return result_of(reports, diff=getattr(task.module, "_diff", False))


def main() -> None:
    run(SPEC, body, hints=HINTS)


if __name__ == "__main__":
    main()
