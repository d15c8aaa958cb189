# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs: list, get, cancel, export."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Iterable

from ...async_urls import signed
from ...replies import AzureError, Reply
from ...routing import Call
from .filters import filter_time, matches, page, parse_filter
from .job_views import job_json
from .links import OLD_VERSION, accepted, sent_vault_path, vault_of
from .state import Job, Operation, Vault

DEFAULT_WINDOW = timedelta(days=1)
"""Without bounds the list shows the last day (portal behaviour; the API's own window is in no source)."""


def job_not_found(job_id: str) -> AzureError:
    return AzureError(404, "JobNotFound", f"The job '{job_id}' was not found.", headers={"x-ms-failure-cause": "service"})


def get_job(call: Call) -> Reply:
    vault = vault_of(call)
    job = vault.jobs.get(call.vars["job"].lower())
    if job is None:
        raise job_not_found(call.vars["job"])
    return Reply(200, job_body(call, vault, job, details=True))


def job_body(call: Call, vault: Vault, job: Job, *, details: bool) -> dict[str, Any]:
    return job_json(
        job, call.world.now(), job_id=f"{vault.id}/backupJobs/{job.id}", api_version=call.api_version, details=details
    )


def list_jobs(call: Call) -> Reply:
    """Newest first, no extendedInfo, 200 a page."""
    vault = vault_of(call)
    rows = select_jobs(call, vault.jobs.values())
    found, following = page(call, rows)
    body: dict[str, Any] = {"value": [job_body(call, vault, job, details=False) for job in found]}
    if following is not None:
        body["nextLink"] = following
    return Reply(200, body)


def select_jobs(call: Call, jobs: Iterable[Job]) -> list[Job]:
    """The jobs the filter wants; startTime and endTime bound the start of a job, both or none."""
    wanted, now = parse_filter(call), call.world.now()
    earliest, latest = _bounds(wanted, now)
    rows = [
        job
        for job in jobs
        if (earliest is None or job.start >= earliest)
        and (latest is None or job.start <= latest)
        and matches(
            {
                "status": job.status(now),
                "operation": job.operation,
                "jobid": job.id,
                "backupmanagementtype": "AzureIaasVM",
                "entityfriendlyname": job.vm_name,
            },
            wanted,
        )
    ]
    return sorted(rows, key=lambda job: job.start, reverse=True)


def _bounds(wanted: dict[str, str], now: datetime) -> tuple[datetime | None, datetime | None]:
    start, end = wanted.get("starttime"), wanted.get("endtime")
    if (start is None) != (end is None):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Both startTime and endTime must be given in the filter.")
    if start is None or end is None:
        return (None if "jobid" in wanted else now - DEFAULT_WINDOW), None
    return filter_time(start), filter_time(end)


def cancel_job(call: Call) -> Reply:
    """202, then the job is Cancelling and later Cancelled; refused when it is too late."""
    vault = vault_of(call)
    job = vault.jobs.get(call.vars["job"].lower())
    if job is None:
        raise job_not_found(call.vars["job"])
    world, now = call.world, call.world.now()
    seconds = vault.vary("cancel", job.id).between(20, 40)
    if job.cancel_asked is None or job.over(now):
        _check_cancellable(job, now)
        job.cancel_asked = now
        job.cancelled = now + timedelta(seconds=seconds)
    operation = Operation(id=world.new_id(), start=now, end=now + timedelta(seconds=2), job_id=job.id)
    vault.operations[operation.id.lower()] = operation
    path = f"{sent_vault_path(call)}/backupJobs/{call.vars['job']}"
    return accepted(
        call,
        status_path=f"{path}/operationsStatus/{operation.id}",
        result_path=f"{path}/operationResults/{operation.id}",
        status_version=OLD_VERSION,
    )


def _check_cancellable(job: Job, now: datetime) -> None:
    """The texts are documented, the codes are not."""
    if job.over(now):
        raise AzureError(400, "UserErrorJobNotInProgress", "The job cannot be cancelled as it is not in progress.")
    if job.cancel_until is None:
        raise AzureError(400, "UserErrorCancelNotSupported", "Cancellation is not supported for this job type.")
    if now >= job.cancel_until:
        raise AzureError(400, "UserErrorJobNotCancellable", "The job is not in a cancelable state.")


def get_cancel_result(call: Call) -> Reply:
    vault = vault_of(call)
    operation = vault.operations.get(call.vars["operation"].lower())
    if operation is None:
        raise AzureError(404, "OperationNotFound", f"The operation '{call.vars['operation']}' was not found.")
    if operation.status(call.world.now()) == "InProgress":
        return Reply(202, None, {"Location": signed(call, call.raw_path, call.api_version)})
    return Reply(204)


def export_jobs(call: Call) -> Reply:
    """202; the result URL answers 202, then 200 with where the export lies."""
    vault = vault_of(call)
    world, now = call.world, call.world.now()
    operation = Operation(id=world.new_id(), start=now, end=now + timedelta(seconds=10))
    vault.operations[operation.id.lower()] = operation
    return accepted(call, result_path=f"{sent_vault_path(call)}/backupJobs/operationResults/{operation.id}")


def get_export_result(call: Call) -> Reply:
    vault = vault_of(call)
    operation = vault.operations.get(call.vars["operation"].lower())
    if operation is None:
        raise AzureError(404, "OperationNotFound", f"The operation '{call.vars['operation']}' was not found.")
    if operation.status(call.world.now()) == "InProgress":
        return Reply(202, None, {"Location": signed(call, call.raw_path, call.api_version)})
    properties = {"objectType": "ExportJobsOperationResultInfo", "blobUrl": "", "blobSasKey": ""}
    return Reply(200, {"statusCode": "OK", "headers": {}, "operation": properties})
