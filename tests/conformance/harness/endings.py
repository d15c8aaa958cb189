# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the recording says that a write ended: well, badly, by a cancellation, or nobody looked long enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .recording import JOB, OPERATION, OPERATION_RESULT, Exchange, normal_path

RUNNING = ("inprogress", "cancelling", "invalid")
GOOD = ("completed", "completedwithwarnings")


@dataclass(frozen=True)
class Ending:
    """What became of a write. Without any look at it, it went well."""

    operation_failed: bool = False
    code: str | None = None
    """Azure's code of a failed operation."""
    operation_seen: bool = True
    """Whether the last look at the operation, if any, saw its end."""
    job: str | None = None
    job_status: str | None = None
    """As last seen."""
    cancelled_by: int | None = None
    """The index of the write that cancelled the job."""

    @property
    def seen(self) -> bool:
        """Whether a module that waits would come to an end."""
        return self.operation_seen and not self.cut_off

    @property
    def cut_off(self) -> bool:
        """The job ran when it was seen last, or was cancelled by a write that comes later."""
        return self.cancelled_by is not None or (self.job_status or "").lower() in RUNNING

    @property
    def job_failed(self) -> bool:
        status = (self.job_status or "").lower()
        return bool(status) and status not in GOOD and status not in RUNNING


def operation_ids(write: Exchange) -> set[str]:
    """The operations that the headers of a write name."""
    paths = [normal_path(write.headers.get(name, "").split("?")[0]) for name in ("azure-asyncoperation", "location")]
    return {match.group(1) for path in paths for pattern in (OPERATION, OPERATION_RESULT) if (match := pattern.search(path))}


def ending(flow: list[Exchange], write: Exchange) -> Ending:
    if write.key.endswith("/cancel"):
        return _of_job(flow, write.key.split("/")[-2], after=write.index)
    ids = operation_ids(write)
    looks = [e for e in flow if not e.is_write and not e.broken and isinstance(e.response_body, dict) and _named(OPERATION, e) in ids]
    bodies = [e.response_body for e in looks if isinstance(e.response_body.get("status"), str)]
    if not bodies:
        return Ending()
    status = bodies[-1]["status"].lower()
    if status in ("failed", "canceled", "cancelled"):
        error = bodies[-1].get("error")
        return Ending(operation_failed=True, code=error.get("code") if isinstance(error, dict) else None)
    jobs = [job for body in bodies if (job := job_id(body))]
    if not jobs:
        return Ending(operation_seen=status == "succeeded")
    found = _of_job(flow, jobs[-1], after=write.index)
    return Ending(operation_seen=status == "succeeded", job=found.job, job_status=found.job_status, cancelled_by=cancellation(flow, jobs[-1]))


def job_id(body: Any) -> str | None:
    properties = body.get("properties") if isinstance(body, dict) else None
    job = properties.get("jobId") if isinstance(properties, dict) else None
    return job.lower() if isinstance(job, str) else None


def cancellation(flow: list[Exchange], job: str) -> int | None:
    found = [e.index for e in flow if e.is_write and e.status < 300 and e.key.endswith(f"/backupjobs/{job}/cancel")]
    return found[0] if found else None


def _of_job(flow: list[Exchange], job: str, after: int) -> Ending:
    """As the last look at the job itself says."""
    looks = [e.response_body for e in flow if e.index > after and e.status == 200 and isinstance(e.response_body, dict) and _asks_for(e, job)]
    statuses = [body["properties"].get("status") for body in looks if isinstance(body.get("properties"), dict)]
    return Ending(job=job, job_status=statuses[-1] if statuses else None)


def _asks_for(exchange: Exchange, job: str) -> bool:
    if exchange.key.endswith("/backupcrrjob"):
        return isinstance(exchange.request_body, dict) and str(exchange.request_body.get("jobName")).lower() == job
    return exchange.method == "GET" and _named(JOB, exchange) == job


def _named(pattern: Any, exchange: Exchange) -> str | None:
    match = pattern.search(exchange.key)
    return match.group(1) if match else None
