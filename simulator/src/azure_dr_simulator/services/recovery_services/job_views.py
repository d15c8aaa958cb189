# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as JSON, field for field as recorded in 2023, 2025 and 2026."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .cross_region_rules import SECONDARY_VERSION
from .state import Job, Task
from .times import NO_TIME, clock_duration, iso_duration, stamp

_CLOCK_DURATIONS_UNTIL = "2020-01-01"
_INT_ACTIONS_UNTIL = "2022-12-31"
_TASK_TYPES_FROM = "2023-06-01"


def job_json(job: Job, now: datetime, *, job_id: str, api_version: str, details: bool) -> dict[str, Any]:
    """One job; lists leave extendedInfo out (`details` False)."""
    properties: dict[str, Any] = {"jobType": "AzureIaaSVMJob"}
    if job.actions:
        properties["actionsInfo"] = _actions(api_version)
    finished = job.finished() if job.over(now) else None
    properties["containerName"] = job.container_name
    properties["duration"] = _duration((finished or now) - job.start, api_version)
    if job.errors and finished is not None:
        properties["errorDetails"] = [
            {
                "errorCode": error.code,
                "errorTitle": error.title,
                "errorString": error.text,
                "recommendations": error.recommendations,
            }
            for error in job.errors
        ]
    properties["virtualMachineVersion"] = "Compute"
    if details:
        properties["extendedInfo"] = _extended_info(job, now, api_version)
    properties["entityFriendlyName"] = job.vm_name
    properties["backupManagementType"] = "AzureIaasVM"
    properties["operation"] = job.operation
    properties["status"] = job.status(now)
    properties["startTime"] = stamp(job.start)
    if finished is not None:
        properties["endTime"] = stamp(finished)
    properties["activityId"] = job.activity_id
    return {"id": job_id, "name": job.id, "type": "Microsoft.RecoveryServices/vaults/backupJobs", "properties": properties}


def _actions(api_version: str) -> list[Any]:
    """Numbers until 2022; the api-version of cross-region restore always had names."""
    return [1] if api_version < _INT_ACTIONS_UNTIL and api_version != SECONDARY_VERSION else ["Cancellable"]


def _duration(span: timedelta, api_version: str) -> str:
    return clock_duration(span) if api_version < _CLOCK_DURATIONS_UNTIL else iso_duration(span)


def _extended_info(job: Job, now: datetime, api_version: str) -> dict[str, Any]:
    over = job.over(now)
    info: dict[str, Any] = {
        "tasksList": [_task(job, task, now, api_version) for task in job.tasks],
        "propertyBag": _bag(job, now),
    }
    if job.internal_bag is not None:
        info["internalPropertyBag"] = dict(job.internal_bag)
    reached = [percent for since, percent in job.progress if now >= since]
    if reached:
        info["progressPercentage"] = reached[-1]
    if job.is_restore:
        # A finished restore shows what remains, a running one an empty error text; never both (recorded 2026).
        info |= {"estimatedRemainingDuration": "PT0S"} if over else {"dynamicErrorMessage": ""}
    return info


def _bag(job: Job, now: datetime) -> dict[str, str | None]:
    bag: dict[str, str | None] = {}
    for entry in job.bag:
        if entry.since is None or now >= entry.since:
            bag[entry.key] = entry.value
        elif entry.null_before:
            bag.setdefault(entry.key, None)
    return bag


def _task(job: Job, task: Task, now: datetime, api_version: str) -> dict[str, Any]:
    status = _task_status(job, task, now)
    started = task.start if task.start is not None and now >= task.start else None
    ended = task.end if status in ("Completed", "Failed") else None
    if status == "Cancelled":
        ended = job.cancelled
    view: dict[str, Any] = {"taskId": task.name}
    if task.timed:
        view["startTime"] = stamp(started) if started else NO_TIME
        view["endTime"] = stamp(ended) if ended else NO_TIME
        span = (ended or now) - started if started else timedelta(0)
        view["duration"] = _duration(span, api_version)
    else:
        view["duration"] = _duration(timedelta(0), api_version)
    view["status"] = status
    if task.details and status == "Completed":
        view["taskExecutionDetails"] = task.details
    if api_version >= _TASK_TYPES_FROM or api_version == SECONDARY_VERSION:
        view["taskType"] = "Normal"
    return view


def _task_status(job: Job, task: Task, now: datetime) -> str:
    if task.start is None or now < task.start:
        return "NotStarted"
    if job.cancelled is not None and now >= job.cancelled:
        return "Completed" if task.end is not None and task.end <= job.cancelled else "Cancelled"
    if task.end is None or now < task.end:
        return "InProgress"
    return "Failed" if job.outcome == "Failed" and task.end == job.end else "Completed"
