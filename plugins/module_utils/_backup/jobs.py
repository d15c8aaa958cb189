# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup jobs: what Azure tells about a backup, restore or protection change while and after it runs (api ``backup``).

Every read of jobs counts against one budget a subscription (150 an hour in 2023, a refilling 249 since), lists and single reads
alike. Following jobs is therefore left to ``watcher``; here are the single calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Callable, Iterable, Iterator, Mapping

from .._apis import BACKUP
from .._arm.client import ArmClient, Response
from .._arm.errors import ArmError, OperationFailed
from .._arm.headers import date_of
from .._arm.ids import segment
from .._arm.paging import pages
from .._arm.timestamps import format_time, is_unset, parse_duration, parse_time
from .._fleet import Vm
from .names import VaultRef, is_container_of, vault_of_id

SUCCEEDED = frozenset({"completed", "completedwithwarnings"})
FINISHED = SUCCEEDED | {"failed", "cancelled", "canceled"}
"""Job statuses (not those of operations) after which nothing happens any more; any other, also an unknown one, is still running."""

TAKE_SNAPSHOT = "Take Snapshot"
"""The task of a backup job after which the recovery point exists."""

LONGEST_RUN = timedelta(days=7)
"""No job runs for longer (the first backup of a large VM takes days)."""

_FAR = timedelta(days=30)
_CODE = re.compile(r"^\w+$")


@dataclass(frozen=True)
class Task:
    """One step of a job. ``progress`` in percent."""

    name: str
    status: str
    start: datetime | None
    end: datetime | None
    duration: float | None
    progress: float | None

    @property
    def completed(self) -> bool:
        return self.status.lower() in SUCCEEDED

    def as_result(self) -> dict[str, Any]:
        return {"name": self.name, "status": self.status, "start_time": _text(self.start), "end_time": _text(self.end), "duration": self.duration}


@dataclass(frozen=True)
class Job:
    """One job. Times are aware UTC datetimes, durations seconds; a list read has no tasks, bag nor progress (``detailed`` False).

    ``bag`` is Azure's propertyBag: keys and values as sent, but keys without the blanks that some have at the end.
    """

    id: str
    name: str
    vault: VaultRef | None
    operation: str
    status: str
    start: datetime | None
    end: datetime | None
    duration: float | None
    container: str
    """``iaasvmcontainerv2;{group};{vm}`` of the VM, in any case."""
    friendly_name: str
    errors: tuple[Mapping[str, Any], ...] = ()
    """errorDetails: {errorCode, errorTitle, errorString, recommendations}."""
    tasks: tuple[Task, ...] = ()
    bag: Mapping[str, str | None] = field(default_factory=dict)
    progress: float | None = None
    """Percent; reaches 100 while a job still validates, so only ``status`` tells the end."""
    cancellable: bool = False
    """Whether Azure offers to cancel this kind of job; stays true on finished ones."""
    detailed: bool = False

    @property
    def finished(self) -> bool:
        return self.status.lower() in FINISHED

    @property
    def succeeded(self) -> bool:
        return self.status.lower() in SUCCEEDED

    @property
    def warned(self) -> bool:
        return self.status.lower() == "completedwithwarnings"

    @property
    def warnings(self) -> list[str]:
        """One sentence for each thing that a job which succeeded warns of."""
        if not self.warned:
            return []
        return [_sentence(detail) for detail in self.errors] or [f"The job {self.name} completed with warnings that Azure does not name."]

    def is_of(self, vm: Vm) -> bool:
        """Whether the job works on this VM."""
        return is_container_of(self.container, vm)

    def task(self, name: str) -> Task | None:
        return next((task for task in self.tasks if task.name.lower() == name.lower()), None)

    def error(self, hints: Mapping[str, str] | None = None) -> ArmError | None:
        """Why the job failed or that it was cancelled; None when it succeeded or still runs. ``hints`` {code: what to do}."""
        if not self.finished or self.succeeded:
            return None
        where: dict[str, Any] = {"target": self.id, "operation": f"job {self.operation} {self.name}"}
        if not self.errors:
            if self.status.lower() == "failed":
                return OperationFailed("The job failed and Azure gives no reason.", code="JobFailed", **where)
            return OperationFailed("The job was cancelled.", code="JobCancelled", **where)
        first = self.errors[0]
        code = _code(first)
        hint = " ".join(text for detail in self.errors for text in _recommendations(detail)) or (hints or {}).get(code)
        return OperationFailed(" ".join(_sentence(detail, advice=False) for detail in self.errors), code=code, hint=hint, **where)

    def as_result(self) -> dict[str, Any]:
        """What results say of a job: {id, name, operation, status, vm, start_time, end_time, duration (seconds), ...}."""
        result: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "operation": self.operation,
            "status": self.status,
            "vm": self.friendly_name,
            "container": self.container,
            "start_time": _text(self.start),
            "end_time": _text(self.end),
            "duration": self.duration,
        }
        if self.errors:
            result["errors"] = [
                {"code": _code(detail), "message": str(detail.get("errorString") or ""), "recommendations": _recommendations(detail)}
                for detail in self.errors
            ]
        if self.detailed:
            result["progress"] = self.progress
            result["tasks"] = [task.as_result() for task in self.tasks]
            result["properties"] = dict(self.bag)
        return result


def read_job(resource: Mapping[str, Any]) -> Job:
    """The typed view of a job; never raises, missing fields stay empty."""
    properties: Mapping[str, Any] = _mapping(resource.get("properties"))
    extended = properties.get("extendedInfo")
    details: Mapping[str, Any] = _mapping(extended)
    job_id = str(resource.get("id") or "")
    bag = _mapping(details.get("propertyBag"))
    return Job(
        id=job_id,
        name=str(resource.get("name") or job_id.rsplit("/", 1)[-1]),
        vault=vault_of_id(job_id),
        operation=str(properties.get("operation") or ""),
        status=str(properties.get("status") or ""),
        start=_time(properties.get("startTime")),
        end=_time(properties.get("endTime")),
        duration=_seconds(properties.get("duration")),
        container=str(properties.get("containerName") or ""),
        friendly_name=str(properties.get("entityFriendlyName") or ""),
        errors=tuple(detail for detail in _list(properties.get("errorDetails")) if isinstance(detail, Mapping)),
        tasks=tuple(_task(task) for task in _list(details.get("tasksList")) if isinstance(task, Mapping)),
        bag={str(key).strip(): None if value is None else str(value) for key, value in bag.items()},
        progress=_number(details.get("progressPercentage")),
        # Newer api-versions send the word, older ones its number.
        cancellable=any(str(action) in ("Cancellable", "1") for action in _list(properties.get("actionsInfo"))),
        detailed=isinstance(extended, Mapping),
    )


def filter_time(moment: datetime) -> str:
    """A time as job and recovery point filters want it: UTC, 12-hour clock (``2023-05-17 01:05:00 PM``)."""
    # Not strftime's %p, which follows the locale.
    hour = moment.hour % 12 or 12
    return f"{moment:%Y-%m-%d} {hour:02d}:{moment:%M:%S} {'AM' if moment.hour < 12 else 'PM'}"


def job_filter(
    *, operation: str | None = None, status: str | None = None, start: datetime | None = None, end: datetime | None = None, now: datetime
) -> str:
    """The ``$filter`` of a job list. Azure wants both bounds of the time or none; a missing one is put far away.

    Always ``eq``, also for the bounds, which are those of the jobs' start times (as the Azure CLI sends it).
    """
    parts = ["backupManagementType eq 'AzureIaasVM'"]
    if operation:
        parts.append(f"operation eq '{operation}'")
    if status:
        parts.append(f"status eq '{status}'")
    if start or end:
        lower = start or (end or now) - _FAR
        upper = end or max(now, lower) + _FAR
        parts += [f"startTime eq '{filter_time(lower)}'", f"endTime eq '{filter_time(upper)}'"]
    return " and ".join(parts)


def jobs_path(vault: VaultRef) -> str:
    return f"{vault.path}/backupJobs"


def job_path(vault: VaultRef, job_id: str) -> str:
    return f"{jobs_path(vault)}/{segment(job_id)}"


class JobList:
    """Jobs of a vault, newest first, without tasks and bag; read page by page (200) as they are consumed.

    ``server_time`` is Azure's clock when the first page was read (None when it did not say), ``page_count`` the requests so far.
    Compare times of jobs with Azure's clock, not with this machine's.
    """

    def __init__(self, client: ArmClient, vault: VaultRef, query: str, *, once: bool = False) -> None:
        self.server_time: datetime | None = None
        self.page_count = 0
        self._client = client
        self._vault = vault
        self._params = {"$filter": query}
        self._once = once

    def __iter__(self) -> Iterator[Job]:
        read = self._client.get_once if self._once else self._client.get
        first = read(jobs_path(self._vault), BACKUP, params=self._params)
        self.page_count += 1
        self.server_time = server_time(first)
        for resource in pages(first, self._next(read)):
            if isinstance(resource, Mapping):
                yield read_job(resource)

    def _next(self, read: Callable[..., Response]) -> Callable[[str], Response]:
        def fetch(url: str) -> Response:
            self.page_count += 1
            return read(url, None)

        return fetch


def list_jobs(
    client: ArmClient,
    vault: VaultRef,
    *,
    operation: str | None = None,
    status: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    once: bool = False,
) -> JobList:
    """The jobs of a vault, newest first, lazily: stop reading when you have enough. Without a time Azure shows a recent window only.

    ``once``: no retries and no waiting, for those who come back anyway.
    """
    return JobList(client, vault, job_filter(operation=operation, status=status, start=start, end=end, now=client.server_now()), once=once)


def running_jobs(client: ArmClient, vault: VaultRef, operation: str) -> tuple[list[Job], datetime]:
    """The jobs of this kind that run now in a vault (not those being cancelled), and Azure's time, or else this machine's, when that was true."""
    # With bounds, because without them Azure shows a recent window of unknown length.
    listing = list_jobs(client, vault, operation=operation, status="InProgress", start=client.server_now() - LONGEST_RUN)
    jobs = [job for job in listing if not job.finished]
    return jobs, listing.server_time or client.server_now()


def server_time(response: Response) -> datetime | None:
    """Azure's clock, to the second, as the ``Date`` header of an answer says."""
    return date_of(response.headers)


def get_job(client: ArmClient, vault: VaultRef, job_id: str) -> Job | None:
    """One job with its tasks and bag; None when Azure knows no such job (here)."""
    resource = client.find(job_path(vault, job_id), BACKUP)
    return read_job(resource) if isinstance(resource, Mapping) and resource.get("properties") else None


def cancel_job(client: ArmClient, vault: VaultRef, job_id: str) -> Response:
    """Asks Azure to cancel; the job goes through Cancelling to Cancelled. Asking twice does no harm."""
    return client.post(f"{job_path(vault, job_id)}/cancel", BACKUP)


def job_of(jobs: Iterable[Job], vm: Vm) -> Job | None:
    """The newest of these jobs that works on the VM."""
    found = [job for job in jobs if job.is_of(vm)]
    return max(found, key=_start_stamp, default=None)


def _start_stamp(job: Job) -> float:
    return job.start.timestamp() if job.start else 0.0


def _task(task: Mapping[str, Any]) -> Task:
    return Task(
        name=str(task.get("taskId") or ""),
        status=str(task.get("status") or ""),
        start=_time(task.get("startTime")),
        end=_time(task.get("endTime")),
        duration=_seconds(task.get("duration")),
        progress=_number(task.get("progressPercentage")),
    )


def _code(detail: Mapping[str, Any]) -> str:
    """The text code sits in errorTitle, a number in errorCode (seen in 2025); some titles are sentences."""
    title = str(detail.get("errorTitle") or "")
    if _CODE.match(title):
        return title
    number = detail.get("errorCode")
    return str(number) if number not in (None, "", 0) else "JobFailed"


def _sentence(detail: Mapping[str, Any], *, advice: bool = True) -> str:
    title, text = str(detail.get("errorTitle") or "").strip(), str(detail.get("errorString") or "").strip()
    parts = [text or title or "Azure gives no reason."]
    if title and title != text and text and (advice or not _CODE.match(title)):
        parts = [f"{title}: {text}"]
    if advice:
        parts += _recommendations(detail)
    return " ".join(parts)


def _recommendations(detail: Mapping[str, Any]) -> list[str]:
    return [str(text) for text in _list(detail.get("recommendations")) if text]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _time(value: object) -> datetime | None:
    moment = parse_time(value)
    return None if is_unset(moment) else moment


def _seconds(value: object) -> float | None:
    try:
        return parse_duration(value).total_seconds()
    except ValueError:
        return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
