# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long-running operations: what to poll, what an answer means, and the wait.

A status that could not be read is no failure of the operation: real Azure answers status reads with 500, 502 and 429 while
the operation goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Literal
from urllib.parse import unquote

from .client import Api, ArmClient, Response
from .envelope import hint_for, read_envelope
from .errors import ArmError, HttpError, OperationFailed, OperationTimeout, TransportError
from .redact import short_url
from .retry import is_transient, retry_after
from .urls import describe, path_of

Kind = Literal["async", "location", "state"]
State = Literal["running", "succeeded", "failed", "canceled"]

_ENDS: dict[str, State] = {
    "succeeded": "succeeded",
    "completed": "succeeded",
    "failed": "failed",
    "canceled": "canceled",
    "cancelled": "canceled",
}
_ASYNC_HEADERS = ("azure-asyncoperation", "operation-location")
# The first look comes early: many operations are over in a second or two, whatever Retry-After says.
_FIRST_LOOK = 2.0
# An operation can be unknown for a moment after it was accepted; after that, it is gone.
_GONE_AFTER = 60.0


@dataclass(frozen=True)
class Operation:
    """Something that goes on in Azure. ``id`` the last segment of the status URL (None for kind "state"); ``url`` what to
    poll, verbatim; ``location`` where a result may be fetched; ``method``/``path`` what started it; ``retry_after`` seconds."""

    id: str | None
    url: str
    kind: Kind
    location: str | None
    method: str
    path: str
    retry_after: float | None


@dataclass(frozen=True)
class OperationStatus:
    """One look at an operation. ``error`` the operation's own when it failed or was canceled; with "running", why the status
    could not be read, if so. ``url`` a newer status URL, when the answer gave one."""

    state: State
    body: Any = None
    error: ArmError | None = None
    retry_after: float | None = None
    url: str | None = None


def operation_of(response: Response, *, prefer: Kind = "async") -> Operation | None:
    """What a write started; None when it is done already.

    Azure-AsyncOperation first, then Location, then provisioningState. ``prefer="location"`` for the calls whose
    Azure-AsyncOperation is not worth reading (it names an api-version that the caller did not choose).
    """
    headers = response.headers
    asynchronous = next((headers[name] for name in _ASYNC_HEADERS if headers.get(name)), None)
    location = headers.get("location") or None
    wait = response.retry_after
    if wait is None:
        wait = retry_after(headers, "", datetime.now(timezone.utc))
    if prefer == "location" and location:
        asynchronous = None
    if asynchronous:
        return Operation(operation_id(asynchronous), asynchronous, "async", location, response.method, response.path, wait)
    if location and response.status in (201, 202) and path_of(location).lower() != response.path.lower():
        return Operation(operation_id(location), location, "location", location, response.method, response.path, wait)
    if response.method in ("PUT", "PATCH") and _provisioning(response.body) not in (None, "succeeded"):
        return Operation(None, response.url or response.path, "state", None, response.method, response.path, wait)
    return None


def operation_id(url: str) -> str | None:
    """The id of an operation: the last path segment of its status URL."""
    parts = [part for part in path_of(url).split("/") if part]
    return unquote(parts[-1]) if parts else None


def read_operation(client: ArmClient, operation: Operation, *, gone_is_success: bool = False) -> OperationStatus:
    """One look, without retries. What cannot be read now (5xx, 408, 429, no connection, 404) counts as running, with ``error``.

    ``gone_is_success``: a 404 is the end that was wanted (deleting a vault deletes its operations too). Raises what will not
    get better: 400, 401, 403, a URL on another host.
    """
    try:
        response = client.get_once(operation.url)
    except (HttpError, TransportError) as error:
        if error.status == 404 and (gone_is_success or (operation.kind == "state" and operation.method == "DELETE")):
            return OperationStatus("succeeded")
        if error.status == 404 or is_momentary(error):
            return OperationStatus("running", error=error, retry_after=error.retry_after)
        raise
    readers = {"async": _read_async, "location": _read_location, "state": _read_state}
    status = readers[operation.kind](response)
    if status.state in ("failed", "canceled"):
        return replace(status, error=_failure(client, operation, response, status.state))
    return replace(status, retry_after=response.retry_after, url=_newer_url(operation, response))


def wait_for_operation(
    client: ArmClient, operation: Operation, *, timeout: float, interval: float, gone_is_success: bool = False
) -> OperationStatus:
    """Follow an operation to its end and return its last status ("succeeded").

    ``timeout`` and ``interval`` in seconds; the server's Retry-After wins when it is longer than ``interval``. Raises
    OperationFailed when it ends otherwise, when its status stays unknown to Azure for a minute, and OperationTimeout, with the
    ids to resume from, when the time is over.
    """
    deadline = client.clock.monotonic() + timeout
    wait = min(interval, _FIRST_LOOK)
    gone_since: float | None = None
    while True:
        client.clock.sleep(min(wait, max(0.0, deadline - client.clock.monotonic())))
        status = read_operation(client, operation, gone_is_success=gone_is_success)
        now = client.clock.monotonic()
        if status.state == "succeeded":
            return status
        if status.state != "running":
            raise status.error or OperationFailed(f"The operation ended {status.state}.", operation=describe(operation.method, operation.path))
        if status.error is not None and status.error.status == 404:
            gone_since = now if gone_since is None else gone_since
            if now - gone_since >= _GONE_AFTER:
                raise _lost(operation, status.error)
        else:
            gone_since = None
        if now >= deadline:
            raise _timed_out(operation, status, timeout)
        operation = replace(operation, url=status.url or operation.url)
        wait = max(interval, status.retry_after or 0.0)


def result_of(client: ArmClient, operation: Operation, status: OperationStatus, api: Api) -> Any:
    """The result of an operation that succeeded.

    PUT and PATCH: the resource, read anew. POST: what Location answers, else ``properties.output`` of the status. DELETE: None.
    """
    if operation.method in ("PUT", "PATCH"):
        return client.get(operation.path, api).body
    if operation.method != "POST":
        return None
    if operation.kind == "location":
        return status.body
    if operation.location:
        return client.get(operation.location, None).body
    properties = status.body.get("properties") if isinstance(status.body, dict) else None
    return properties.get("output") if isinstance(properties, dict) else None


def _read_async(response: Response) -> OperationStatus:
    """The status monitor: a body with ``status``. Anything that is no end is still running."""
    state = _state(response.body)
    if state is None and response.status == 204:
        state = "succeeded"
    if state is None and response.body is not None:
        state = _provisioning(response.body)
    return OperationStatus(state or "running", response.body)


def _read_location(response: Response) -> OperationStatus:
    """202 is running, any other 2xx the end, unless the body of a 200 says otherwise (API Management does)."""
    if response.status == 202:
        return OperationStatus("running", response.body)
    state = _state(response.body) if _is_monitor(response.body) else None
    return OperationStatus(state or "succeeded", response.body)


def _read_state(response: Response) -> OperationStatus:
    return OperationStatus(_provisioning(response.body) or "succeeded", response.body)


def _is_monitor(body: Any) -> bool:
    """Whether this is a status monitor rather than a resource that happens to have a ``status``."""
    return isinstance(body, Mapping) and "status" in body and not ("type" in body and "properties" in body)


def _state(body: Any) -> State | None:
    if not isinstance(body, Mapping) or not isinstance(body.get("status"), str):
        return None
    return _ENDS.get(body["status"].lower(), "running")


def _provisioning(body: Any) -> State | None:
    properties = body.get("properties") if isinstance(body, Mapping) else None
    state = properties.get("provisioningState") if isinstance(properties, Mapping) else None
    return _ENDS.get(state.lower(), "running") if isinstance(state, str) and state else None


def _newer_url(operation: Operation, response: Response) -> str | None:
    """Running answers may carry the same header again, freshly signed or moved."""
    if operation.kind == "async":
        return next((response.headers[name] for name in _ASYNC_HEADERS if response.headers.get(name)), None)
    if operation.kind == "location":
        return response.headers.get("location") or None
    return None


def is_momentary(error: ArmError) -> bool:
    """Whether a look that failed like this tells nothing of what was looked at, so that the next one may: no answer, half a body, 408, 429, 5xx."""
    if isinstance(error, TransportError):
        return not error.permanent
    return error.code == "MalformedBody" or is_transient(error.status or 0)


def _failure(client: ArmClient, operation: Operation, response: Response, state: State) -> OperationFailed:
    default = "OperationCanceled" if state == "canceled" else "OperationFailed"
    body = response.body
    if isinstance(body, Mapping) and "error" not in body:
        # Some services put the error of a failed resource into its properties.
        properties = body.get("properties")
        body = {"error": properties["error"]} if isinstance(properties, Mapping) and isinstance(properties.get("error"), Mapping) else None
    envelope = read_envelope(body, f"The operation ended {state} and gave no reason.", default_code=default)
    return OperationFailed(
        envelope.message,
        code=envelope.code,
        target=envelope.target,
        request_id=response.request_id,
        operation=describe(operation.method, operation.path),
        hint=hint_for(envelope.code, client.hints, envelope.additional_info),
        details=envelope.details,
        additional_info=envelope.additional_info,
    )


def _resume(operation: Operation) -> dict[str, str]:
    resume = {"operation_url": short_url(operation.url)}
    if operation.id:
        resume["operation_id"] = operation.id
    return resume


def _lost(operation: Operation, error: ArmError) -> OperationFailed:
    return OperationFailed(
        f"Azure does not know this operation any more ({short_url(operation.url)[:300]}); whether it succeeded shows in the resource itself.",
        code="OperationNotFound",
        status=error.status,
        request_id=error.request_id,
        operation=describe(operation.method, operation.path),
        ambiguous=True,
    )


def _timed_out(operation: Operation, status: OperationStatus, timeout: float) -> OperationTimeout:
    reported = status.body.get("status") if isinstance(status.body, Mapping) else None
    last = str(reported) if isinstance(reported, str) else status.state
    message = f"It was still {last} after {timeout:g} s; Azure goes on with it."
    if status.error is not None:
        message += f" Its status could not be read the last time: {status.error.code}."
    return OperationTimeout(
        message,
        last_state=last,
        resume=_resume(operation),
        request_id=status.error.request_id if status.error else None,
        operation=describe(operation.method, operation.path),
    )
