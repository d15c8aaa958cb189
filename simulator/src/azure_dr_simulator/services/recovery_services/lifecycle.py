# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting jobs and operations: their whole course is laid down at once, then faults of the job bend it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Callable

from ...gate.faults import JobFaults
from ...world import World
from .state import Job, JobError, Operation, Task, Vault

ERROR_NUMBERS = {
    "UserErrorVmNotFoundV2": 400094,
    "UserErrorBackupTookCrashConsistentSnapshot": 400446,
    "UserErrorBackupOperationInProgress": 400098,
    "UserErrorVmNotInDesirableState": 400089,
    "UserErrorGuestAgentStatusUnavailable": 400031,
}
"""errorDetails carry a number in errorCode and the text code in errorTitle. 400446 is recorded, 400094 is
documented for a VM that is gone, the others only have the documented form."""


def error_number(code: str) -> int:
    return ERROR_NUMBERS.get(code, 400000 + sum(map(ord, code)) % 1000)


def start_job(world: World, vault: Vault, job: Job, on_completed: Callable[[], None], *, secondary: bool = False) -> Job:
    """Files the job, bends it by a scripted fault, and schedules `on_completed` for its end.

    `on_completed` does not run for a job that fails, is stuck or was cancelled before. A job whose outcome is already
    Failed (the service itself found a problem) keeps its course.
    """
    fault = world.state(JobFaults).take(job.operation, job.vm_name)
    if fault is not None and fault.kind == "stuck":
        _stick(job)
    elif fault is not None:
        fail_job(job, fault.code, fault.message)
    (vault.secondary_jobs if secondary else vault.jobs)[job.id.lower()] = job

    def finish() -> None:
        if job.cancel_asked is None and job.outcome not in ("Failed",):
            on_completed()

    if job.end is not None:
        world.at(job.end, finish)
    return job


def fail_job(job: Job, code: str, message: str, *, recommendations: list[str] | None = None, after: float | None = None) -> None:
    """Makes the job end Failed: in its first task, at its planned end at the latest, or `after` seconds."""
    planned = job.end or job.start + timedelta(minutes=10)
    first_end = job.tasks[0].end if job.tasks else None
    job.end = min(planned, first_end or planned)
    if after is not None:
        job.end = job.start + timedelta(seconds=after)
    job.outcome = "Failed"
    job.errors = [JobError(error_number(code), code, message, recommendations or [])]
    _cut_tasks(job, job.end)


def _stick(job: Job) -> None:
    job.end = None
    _cut_tasks(job, None)


def _cut_tasks(job: Job, end: datetime | None) -> None:
    for index, task in enumerate(job.tasks):
        task.start, task.end = (task.start, end) if index == 0 else (None, None)
    job.progress = job.progress[:1]
    job.bag = [entry for entry in job.bag if entry.since is None or entry.null_before]


def operation_for(world: World, job: Job, *, instant: bool, item_key: str | None = None, same_id: bool = False) -> Operation:
    """The operation that answers for a job: over in about a second, or as long as the job runs."""
    return Operation(
        id=job.id if same_id else world.new_id(),
        start=job.start,
        end=job.start + timedelta(seconds=1.2) if instant else job.end,
        outcome="Failed" if job.outcome == "Failed" and not instant else "Succeeded",
        job_id=job.id,
        item_key=item_key,
        error_code=job.errors[0].title if job.errors else "",
        error_message=job.errors[0].text if job.errors else "",
    )


def short_task(name: str, start: datetime, seconds: float, *, timed: bool = True, details: str = "") -> Task:
    return Task(name, start, start + timedelta(seconds=seconds), timed, details)
