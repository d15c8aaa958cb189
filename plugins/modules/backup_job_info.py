#!/usr/bin/python
# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_job_info
short_description: List Azure Backup jobs
version_added: 0.1.0
description:
  - Lists the jobs (backups, restores, changes of protection) of one Recovery Services vault, or of all vaults of the subscription.
extends_documentation_fragment:
  - lifeboat.azure_dr.auth
  - lifeboat.azure_dr.attributes.info
author:
  - Lifeboat Azure DR contributors (@lifeboat-azure-dr)
options:
  vault:
    description:
      - The Recovery Services vault. A name or a resource id.
      - A name is looked for in O(resource_group), or else in the whole subscription, where it must be unique then.
      - If not set, the jobs of all vaults are listed.
    type: str
  resource_group:
    description:
      - The resource group of the vault that O(vault) gives by name.
      - Without O(vault), only vaults of this resource group are looked at.
    type: str
  job:
    description:
      - Only these jobs, by name, which needs O(vault), or by resource id. Each is read alone, with its details.
    type: list
    elements: str
  status:
    description:
      - Only jobs with one of these states.
    type: list
    elements: str
    choices: [InProgress, Cancelling, Completed, CompletedWithWarnings, Failed, Cancelled]
  operation:
    description:
      - Only these kinds of jobs, in Azure's words, such as V(Backup), V(Restore), V(ConfigureBackup), V(DisableBackup), V(DeleteBackupData), V(Undelete).
    type: list
    elements: str
  vm:
    description:
      - Only jobs of these VMs, by resource id, or by name, in any resource group or in O(vm_resource_group).
    type: list
    elements: str
  vm_resource_group:
    description:
      - The resource group of the VMs that O(vm) gives by name.
    type: str
  since:
    description:
      - Only jobs that started at most so long ago. A number with V(s), V(m), V(h), V(d) or V(w), such as V(24h).
      - If no time is given at all, this is V(24h).
    type: str
  start_time:
    description:
      - Only jobs that started then or later, as an ISO 8601 date or time (UTC when it names no zone).
      - If only O(end_time) is given, jobs of the 30 days before that are listed.
    type: str
  end_time:
    description:
      - Only jobs that started then or earlier.
    type: str
  details:
    description:
      - Whether to read each job alone too, which shows its tasks and properties.
      - Azure allows few such reads. When they get scarce, the rest of the jobs is returned without details, with a warning.
    type: bool
    default: false
seealso:
  - module: lifeboat.azure_dr.backup_job
"""

EXAMPLES = r"""
- name: What failed since yesterday, in all vaults
  lifeboat.azure_dr.backup_job_info:
    status: [Failed, CompletedWithWarnings]

- name: What runs now
  lifeboat.azure_dr.backup_job_info:
    vault: vault-prod
    resource_group: rg-backup
    status: InProgress
    since: 2d

- name: The restores of a VM this week, with what they restored
  lifeboat.azure_dr.backup_job_info:
    vault: vault-prod
    resource_group: rg-backup
    vm: web-01
    operation: Restore
    since: 7d
    details: true
"""

RETURN = r"""
jobs:
  description: The jobs, newest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The job's resource id.
      type: str
    name:
      description: The job's name.
      type: str
    operation:
      description: The kind of job, such as V(Backup), V(Restore), V(ConfigureBackup).
      type: str
    status:
      description: Azure's word for its state.
      type: str
    vm:
      description: The VM's name.
      type: str
    container:
      description: Azure's name for the VM in the vault, which contains its resource group.
      type: str
    start_time:
      description: When it started.
      type: str
    end_time:
      description: When it ended, null while it runs.
      type: str
    duration:
      description: How long it has run, in seconds.
      type: float
    errors:
      description: Azure's errors, or the warnings of a job that completed with warnings.
      returned: when there are any
      type: list
      elements: dict
      contains:
        code:
          description: Azure's error code.
          type: str
        message:
          description: The reason.
          type: str
        recommendations:
          description: What Azure advises.
          type: list
          elements: str
    progress:
      description: Percent, as Azure tells it. It reaches 100 before a backup ends.
      returned: when the job was read alone
      type: float
    tasks:
      description: The job's steps.
      returned: when the job was read alone
      type: list
      elements: dict
      contains:
        name:
          description: What it does, such as V(Take Snapshot).
          type: str
        status:
          description: Azure's word for its state.
          type: str
        start_time:
          description: When it started, null before that.
          type: str
        end_time:
          description: When it ended, null before that.
          type: str
        duration:
          description: How long it has run, in seconds.
          type: float
    properties:
      description: What else Azure says of the job, with Azure's own names.
      returned: when the job was read alone
      type: dict
      sample:
        Backup Size: 14282 MB
        VM Name: web-01
"""

from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.job_control import in_vault, parse_jobs, read_each
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.job_search import Search, find_jobs, newest_first, read_search
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.jobs import Job
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import VaultChoice, check_vault, find_vault, list_vaults
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.watcher import JobWatcher
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import run_each
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import VAULT, Task, run

SPEC: dict[str, dict[str, Any]] = {
    **VAULT,
    "job": {"type": "list", "elements": "str"},
    "status": {
        "type": "list",
        "elements": "str",
        "choices": ["InProgress", "Cancelling", "Completed", "CompletedWithWarnings", "Failed", "Cancelled"],
    },
    "operation": {"type": "list", "elements": "str"},
    "vm": {"type": "list", "elements": "str"},
    "vm_resource_group": {"type": "str"},
    "since": {"type": "str"},
    "start_time": {"type": "str"},
    "end_time": {"type": "str"},
    "details": {"type": "bool", "default": False},
}


def named(task: Task, choice: VaultChoice, search: Search) -> list[Job]:
    """The jobs of the option ``job``; an unknown one fails the task."""
    refs = parse_jobs(task.params["job"])
    if choice.name is None:
        in_vault(refs, None)
    reports = in_vault(refs, find_vault(task.client, choice))
    return [job for job in read_each(task.client, reports) if search.fits(job)]


def listed(task: Task, choice: VaultChoice, search: Search) -> list[Job]:
    """The jobs of the vault, or of all vaults; one that cannot be read is left out with a warning."""
    one = find_vault(task.client, choice)
    vaults = [one] if one else [vault.ref for vault in list_vaults(task.client, task.subscription, choice.group)]
    jobs: list[Job] = []
    outcomes = run_each(vaults, lambda vault: find_jobs(task.client, vault, search))
    for outcome in outcomes:
        if outcome.error is not None:
            if all(other.error is not None for other in outcomes):
                raise outcome.error
            task.warn(f"The jobs of the vault {outcome.item.name} (resource group {outcome.item.group}) could not be read: {outcome.error}")
        jobs += outcome.value or []
    return with_details(task, jobs) if task.params["details"] else jobs


def with_details(task: Task, jobs: list[Job]) -> list[Job]:
    found = JobWatcher(task.client, timeout=0.0).details(jobs)
    if len(found) < len(jobs):
        task.warn(f"{len(jobs) - len(found)} of {len(jobs)} jobs are without details, because Azure allows no more reads of jobs for now.")
    return [found.get(job.name, job) for job in jobs]


def body(task: Task) -> dict[str, Any]:
    choice = check_vault(task.params["vault"], task.params["resource_group"], task.subscription)
    search = read_search(task.params, task.subscription)
    jobs = (listed if task.params["job"] is None else named)(task, choice, search)
    return {"changed": False, "jobs": [job.as_result() for job in newest_first(jobs)]}


def main() -> None:
    run(SPEC, body, hints=HINTS, mutually_exclusive=[(one, other) for one in ("since", "job") for other in ("start_time", "end_time")] + [("since", "job")])


if __name__ == "__main__":
    main()
