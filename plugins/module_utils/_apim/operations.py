# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore of a service as operations: started once, followed to their end, adopted when an answer got lost.

A POST answers 202 with a Location and nothing else; that URL, verbatim, answers 202 without a body while the operation runs and 200 with
the whole service at its end (API 2022-08-01). Meanwhile the service's provisioningState is Updating, which tells the end
when the URL is not known or may not be read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Literal, Mapping

from .._apis import APIM
from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError, OperationFailed, OperationTimeout, RefusedUrl
from .._arm.poller import Operation, OperationStatus, operation_of, read_operation
from .._arm.redact import short_url
from .._waiting import Waiting
from .service import Service, read_service

Action = Literal["backup", "restore"]

SHOWS_WITHIN = 20.0
"""Seconds in which an operation that was accepted shows in the service's state."""

REFUSALS = 3
"""How many looks in a row may find an error at an operation's URL, while the service has ended what it did, before its state must tell."""

UNANSWERED = frozenset({"MissingApiVersionParameter", "InvalidApiVersionParameter", "NoRegisteredProviderFound", "InvalidResourceType"})
"""What Resource Manager says of a URL that it does not hand on to API Management, so that this tells nothing of the operation."""

BUSY = "Another operation of the service runs. Run the task again: it waits for that one first."


@dataclass(frozen=True)
class Run:
    """A backup or restore of a service that was started, or found running. ``operation`` None when only the service's state tells of it;
    ``sent`` whether this task's request started it; ``notes`` what a person should know; ``doubt`` what Azure answered instead of the end, where
    that may be the end: recorded Azure has answered 500 for operations that had succeeded, so what they leave must tell."""

    service: Service
    action: Action
    operation: Operation | None = None
    sent: bool = False
    ended: bool = False
    notes: tuple[str, ...] = ()
    doubt: OperationFailed | None = None

    @property
    def resume(self) -> dict[str, str]:
        """The ids to carry on from: {service_id, operation_id, operation_url (without its signature)}."""
        found = {"service_id": self.service.id}
        if self.operation is not None:
            found["operation_url"] = short_url(self.operation.url)
            if self.operation.id:
                found["operation_id"] = self.operation.id
        return found

    @property
    def words(self) -> str:
        return f"POST service/{self.service.name}/{self.action}"

    def noting(self, text: str) -> Run:
        return self if text in self.notes else replace(self, notes=(*self.notes, text))


def start(client: ArmClient, service: Service, action: Action, body: Mapping[str, str], waiting: Waiting, *, landed: Callable[[], bool]) -> Run:
    """Asks for a backup or restore of a service that is Succeeded (``body`` as ``storage_options.request_body`` makes it).

    A request whose answer gets lost is looked for, in the service's state and in ``landed()`` (whether its outcome can be seen, such
    as a new blob), and is sent again once at most. Raises ArmError; ``ambiguous`` when nobody knows whether it runs.
    """
    lost: ArmError | None = None
    while True:
        try:
            response = client.post(f"{service.path}/{action}", APIM, dict(body))
        except ArmError as error:
            if lost is not None and error.status == 409:
                # What the first request started is in the way of the second.
                return _by_state(service, action)
            if not error.ambiguous:
                if error.status == 409 and not error.hint:
                    error.hint = BUSY
                raise
            try:
                found = _look_for(client, service, action, waiting, landed)
            except ArmError:
                raise error from None
            if found is not None:
                return found
            if lost is not None:
                error.hint = f"The service shows no operation, and none of what a {action} leaves. Run the task again: it looks again before it sends."
                raise
            lost = error
            continue
        # A 200 (without an operation to follow) is the end already.
        return Run(service, action, operation_of(response), sent=True, ended=response.status == 200)


def adopt(service: Service, action: Action) -> Run:
    """The operation that a service which is Updating is busy with, started by somebody else or by a run that was killed."""
    return Run(service, action)


def follow(client: ArmClient, run: Run, waiting: Waiting) -> Run:
    """Waits for the end; the service must be Succeeded then. Returns the Run with the service as it is.

    Raises OperationFailed with Azure's code, message and request id, and OperationTimeout, with ``Run.resume`` and the service's state,
    when the time is over or when nothing can be read any more.
    """
    try:
        if run.operation is not None and not run.ended:
            run = _follow_location(client, run, run.operation, waiting)
        return _follow_state(client, run, waiting)
    except (OperationFailed, OperationTimeout):
        raise
    except ArmError as error:
        raise _lost_sight(run, error) from None


def _look_for(client: ArmClient, service: Service, action: Action, waiting: Waiting, landed: Callable[[], bool]) -> Run | None:
    """What a request without an answer has started, now or a moment later; None when nothing shows."""
    for pause in (0.0, min(SHOWS_WITHIN, waiting.interval)):
        if pause:
            client.clock.sleep(pause)
        found = read_service(client, service.path)
        if found is not None and found.running:
            return _by_state(found, action)
        if landed():
            return replace(_by_state(found or service, action), ended=True)
    return None


def _by_state(service: Service, action: Action) -> Run:
    return Run(service, action, sent=True).noting(
        f"The answer to the request was lost. That the {action} runs, and how it ends, is taken from the state of the service."
    )


def _follow_location(client: ArmClient, run: Run, operation: Operation, waiting: Waiting) -> Run:
    """Looks at the operation's URL until it ends, or until the service's state must tell (then ``ended`` stays False)."""
    wait = min(waiting.interval, 2.0)
    refused = 0
    while True:
        client.clock.sleep(min(wait, max(0.0, waiting.left())))
        try:
            status = read_operation(client, operation)
        except RefusedUrl as error:
            return run.noting(f"The operation could not be followed ({error.message}). The state of the service was taken instead.")
        except HttpError as error:
            if error.status != 403 and error.code not in UNANSWERED:
                raise _failed(run, error) from None
            why = "may not be read (Microsoft.ApiManagement/service/operationresults/read is refused)" if error.status == 403 else "could not be read"
            if error.status == 403 and error.code != "AuthorizationFailed":
                run = replace(run, doubt=_failed(run, error))
            return run.noting(f"The result of the operation {why}: {error.code}: {error.message.rstrip('.')}. The state of the service was taken instead.")
        if status.state == "succeeded":
            return replace(run, ended=True)
        if status.state != "running":
            raise _failed(run, status.error or OperationFailed(f"The {run.action} ended {status.state}."))
        if status.error is not None:
            refused += 1
            if refused >= REFUSALS and _is_over(client, run):
                if status.error.status == 404:
                    return run.noting("Azure does not know the operation any more. The state of the service was taken instead.")
                if status.error.status == 500:
                    run = replace(run, doubt=_failed(run, status.error))
                return run.noting(f"The operation could not be followed ({status.error}). The state of the service was taken instead.")
        else:
            refused = 0
        if status.url:
            operation = replace(operation, url=status.url)
        _tell(run, status, waiting)
        if waiting.left() <= 0:
            service = read_service(client, run.service.path) or run.service
            raise _timed_out(replace(run, operation=operation), service.provisioning_state, status.error)
        wait = max(waiting.interval, status.retry_after or 0.0)


def _follow_state(client: ArmClient, run: Run, waiting: Waiting) -> Run:
    """Looks at the service until no operation of it runs. One that was never seen running gets a moment to show."""
    seen = run.ended or run.service.running
    shows_until = client.clock.monotonic() + min(SHOWS_WITHIN, 2 * waiting.interval)
    while True:
        service = read_service(client, run.service.path)
        if service is None:
            raise OperationFailed(f"The service {run.service.name} is gone.", code="ServiceNotFound", target=run.service.id, operation=run.words)
        run = replace(run, service=service)
        seen = seen or service.running
        if not service.running and (seen or client.clock.monotonic() >= shows_until):
            if service.succeeded:
                return replace(run, ended=True)
            raise run.doubt or OperationFailed(
                f"The {run.action} left the service {service.name} {service.provisioning_state}.",
                code="ServiceNotSucceeded",
                target=service.id,
                operation=run.words,
                hint="The activity log of the service has the reason (az monitor activity-log list --resource-id ID).",
            )
        _tell(run, None, waiting)
        if waiting.left() <= 0:
            raise _timed_out(run, service.provisioning_state, None)
        waiting.pause(client.clock)


def _is_over(client: ArmClient, run: Run) -> bool:
    """Whether the service is not busy any more."""
    service = read_service(client, run.service.path)
    return service is None or not service.running


def _tell(run: Run, status: OperationStatus | None, waiting: Waiting) -> None:
    unknown = " (its status cannot be read at the moment)" if status is not None and status.error is not None else ""
    waiting.tell(0, 1, f"{run.service.name}: {run.action} runs{unknown}")


def _failed(run: Run, error: ArmError) -> OperationFailed:
    return OperationFailed(
        error.message,
        code=error.code,
        status=error.status,
        target=error.target or run.service.id,
        request_id=error.request_id,
        operation=run.words,
        hint=error.hint,
        details=error.details,
        additional_info=error.additional_info,
    )


def _timed_out(run: Run, state: str, error: ArmError | None) -> OperationTimeout:
    unread = f" The status of the operation could not be read the last time: {error.code}." if error is not None else ""
    return OperationTimeout(
        f"The {run.action} of {run.service.name} had not ended when the time was over; Azure goes on with it. The service is {state}.{unread}",
        last_state=state,
        resume=run.resume,
        target=run.service.id,
        request_id=error.request_id if error is not None else None,
        operation=run.words,
    )


def _lost_sight(run: Run, error: ArmError) -> OperationTimeout:
    return OperationTimeout(
        f"The {run.action} of {run.service.name} runs, but how it ends could not be read: {error.message}",
        code=error.code,
        last_state=None,
        resume=run.resume,
        status=error.status,
        target=run.service.id,
        request_id=error.request_id,
        operation=error.operation or run.words,
        hint=f"{error.hint} Then run the same task again: it goes on from there." if error.hint else "Run the same task again: it goes on from there.",
    )
