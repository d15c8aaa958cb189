# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripted faults: what goes wrong, at which request, how often.

Two books. `FaultBook` holds faults of requests and is asked for every request on the TLS port. `JobFaults` holds faults
of backups and restores; Recovery Services asks it when it creates a job, API Management when it starts an operation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, Mapping, cast

RequestKind = Literal["status", "reset_before", "reset_after", "delay", "malformed", "expire_tokens"]
JobKind = Literal["stuck", "failed"]

_REQUEST_KINDS = ("status", "reset_before", "reset_after", "delay", "malformed", "expire_tokens")
_JOB_KINDS: dict[str, JobKind] = {"stuck_job": "stuck", "failed_job": "failed"}


class FaultError(ValueError):
    """A fault description that makes no sense; the text says which field."""


@dataclass
class _Counter:
    """Decides which of the matching events are hit: from the n-th on, `times` of them (None: no end)."""

    first: int
    times: int | None
    seen: int = 0
    fired: int = 0

    def hit(self) -> bool:
        self.seen += 1
        if self.seen < self.first or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True

    def spent(self) -> bool:
        return self.times is not None and self.fired >= self.times


@dataclass(frozen=True)
class JobFault:
    """`stuck`: the job stays InProgress for ever; `failed`: it ends Failed with this error."""

    kind: JobKind
    code: str = "UserErrorGuestAgentStatusUnavailable"
    message: str = "Could not communicate with the VM agent for snapshot status."


@dataclass
class _ScriptedJobFault:
    operation: re.Pattern[str]
    kind: str
    """`vm` or `service`, or empty: both."""
    name: re.Pattern[str]
    counter: _Counter
    fault: JobFault
    source: dict[str, Any]


class JobFaults:
    """Faults of jobs, by operation (`Backup`, `Restore`, ...) and the name of the VM or API Management service."""

    def __init__(self) -> None:
        self.scripted: list[_ScriptedJobFault] = []

    def take(self, operation: str, name: str, kind: str = "vm") -> JobFault | None:
        """The fault that hits the job being created now, if any; counts the job as one hit of every match."""
        taken: JobFault | None = None
        for entry in self.scripted:
            if entry.kind not in ("", kind):
                continue
            if entry.operation.search(operation) and entry.name.search(name) and entry.counter.hit():
                taken = taken or entry.fault
        return taken


@dataclass(frozen=True)
class RequestFault:
    kind: RequestKind
    status: int = 500
    code: str = "InternalServerError"
    message: str = "Encountered internal server error."
    retry_after: float | None = None
    """Wall seconds, sent as they are."""
    seconds: float = 0.0
    """`delay`: wall seconds before the request is handled."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _ScriptedRequestFault:
    method: str
    path: re.Pattern[str]
    query: re.Pattern[str]
    counter: _Counter
    fault: RequestFault
    source: dict[str, Any]


class FaultBook:
    """Faults of requests, in the order they were added."""

    def __init__(self) -> None:
        self.scripted: list[_ScriptedRequestFault] = []

    def take(self, method: str, path: str, query: str) -> list[RequestFault]:
        """The faults that hit this request (decoded path and query); each match counts once."""
        return [
            entry.fault
            for entry in self.scripted
            if entry.method in ("*", method.upper())
            and entry.path.search(path)
            and entry.query.search(query)
            and entry.counter.hit()
        ]


def add_fault(document: Any, requests: FaultBook, jobs: JobFaults) -> None:
    """Adds one fault as the control port gets it. Raises FaultError.

    `{"match": {"method", "path", "query", "operation", "vm", "service", "hit": n | "every"}, "times": n,
    "answer": {"kind", ...}}`; patterns are regular expressions searched without regard to case. `times` is 1 unless hit is
    "every".
    """
    if not isinstance(document, dict):
        raise FaultError("a fault must be an object")
    match, answer = _object(document, "match"), _object(document, "answer")
    kind = str(answer.get("kind", "status"))
    counter = _counter(match, document)
    source = dict(document)
    if kind in _JOB_KINDS:
        given = {key: str(answer[key]) for key in ("code", "message") if key in answer}
        of = next((name for name in ("vm", "service") if name in match), "")
        jobs.scripted.append(
            _ScriptedJobFault(
                _pattern(match, "operation"),
                of,
                _pattern(match, of),
                counter,
                JobFault(_JOB_KINDS[kind], **given),
                source,
            )
        )
        return
    if kind not in _REQUEST_KINDS:
        raise FaultError(f"answer.kind '{kind}' is unknown; one of {', '.join([*_REQUEST_KINDS, *_JOB_KINDS])}")
    requests.scripted.append(
        _ScriptedRequestFault(
            str(match.get("method", "*")).upper(),
            _pattern(match, "path"),
            _pattern(match, "query"),
            counter,
            _request_fault(cast(RequestKind, kind), answer),
            source,
        )
    )


def describe(requests: FaultBook, jobs: JobFaults) -> list[dict[str, Any]]:
    """All faults with how often each matched and hit."""
    entries = [(entry.source, entry.counter) for entry in requests.scripted]
    entries += [(entry.source, entry.counter) for entry in jobs.scripted]
    return [{**source, "seen": count.seen, "fired": count.fired, "spent": count.spent()} for source, count in entries]


def _request_fault(kind: RequestKind, answer: Mapping[str, Any]) -> RequestFault:
    status = int(answer.get("status", 500))
    code, message = _error_text(status)
    retry_after = answer.get("retry_after")
    return RequestFault(
        kind=kind,
        status=status,
        code=str(answer.get("code", code)),
        message=str(answer.get("message", message)),
        retry_after=None if retry_after is None else float(retry_after),
        seconds=float(answer.get("seconds", 0)),
        headers={str(k): str(v) for k, v in dict(answer.get("headers") or {}).items()},
    )


def _error_text(status: int) -> tuple[str, str]:
    """What Azure says with this status when the fault does not say."""
    return {
        408: ("RequestTimeout", "The request timed out."),
        409: ("Conflict", "The request could not be completed due to a conflict."),
        429: ("TooManyRequests", "The request is being throttled. Please try again later."),
        502: ("InvalidGatewayHost", "Host name resolution failed for the resource provider."),
        503: ("ServiceUnavailable", "The service is unavailable. Please try again later."),
        504: (
            "GatewayTimeout",
            "The gateway did not receive a response from the resource provider within the specified time period.",
        ),
    }.get(status, ("InternalServerError", "Encountered internal server error."))


def _object(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise FaultError(f"{name} must be an object")
    return value


def _pattern(match: Mapping[str, Any], name: str) -> re.Pattern[str]:
    try:
        return re.compile(str(match.get(name, "")), re.IGNORECASE)
    except re.error as error:
        raise FaultError(f"match.{name} is no regular expression: {error}") from None


def _counter(match: Mapping[str, Any], document: Mapping[str, Any]) -> _Counter:
    hit, times = match.get("hit", 1), document.get("times")
    every = hit == "every"
    if not every and (not isinstance(hit, int) or hit < 1):
        raise FaultError('match.hit must be a number from 1 or "every"')
    if times is not None and (not isinstance(times, int) or times < 1):
        raise FaultError("times must be a number from 1")
    return _Counter(first=1 if every else hit, times=times if times is not None or every else 1)
