# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries one logical call through: token, throttle, tries, and one clear end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .calls import Call, Response, TokenProvider
from .clock import Clock
from .dialect import ArmDialect, Dialect
from .envelope import hint_for
from .errors import ArmError, AuthError, HttpError, RefusedUrl, TransportError
from .headers import Headers
from .retry import RetryPolicy, is_transient, may_repeat_status, retry_after
from .throttle import Throttle
from .transport import RawResponse, Transport
from .urls import path_of, pinned

USER_AGENT = "lifeboat.azure_dr/0.1.0 (Ansible collection)"

_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_KNOWN = "It is not known whether Azure carried this out."


@dataclass
class _Tries:
    """How far one call has come."""

    request_id: str
    started: float
    sent: int = 0
    failures: int = 0
    throttled: float = 0.0
    redirects: int = 0
    refreshed: bool = False
    # A write that may have taken effect is among the tries.
    unclear: bool = False


class Sender:
    """Sends calls for all threads of one client. ``hints`` {error code: what to do} come before ARM's own; ``dialect`` is ARM's."""

    def __init__(
        self,
        transport: Transport,
        tokens: TokenProvider,
        clock: Clock,
        *,
        throttle: Throttle,
        policy: RetryPolicy,
        hints: Mapping[str, str],
        chance: Callable[[], float],
        dialect: Dialect | None = None,
    ) -> None:
        self._dialect: Dialect = dialect or ArmDialect()
        self._transport = transport
        self._tokens = tokens
        self._clock = clock
        self._throttle = throttle
        self._policy = policy
        self._hints = hints
        self._chance = chance

    def send(self, call: Call, base: str) -> Response:
        """As many tries as the policy and the kind of call allow. ``base`` is the only origin that the token goes to."""
        tries = _Tries(str(uuid.uuid4()), self._clock.monotonic())
        while True:
            self._admit(call, tries)
            outcome = self._attempt(call, tries)
            if isinstance(outcome, Response):
                return outcome
            if isinstance(outcome, str):
                tries.redirects += 1
                call = _redirected(call, outcome, base, tries.redirects if self._dialect.redirects else _MOST_REDIRECTS + 1)
                continue
            if outcome.status == 404 and call.method == "DELETE" and tries.unclear:
                # The try before this one did it; only its answer got lost.
                return Response(204, Headers(), None, outcome.request_id, call.method, path_of(call.url), call.url)
            tries.unclear = tries.unclear or outcome.ambiguous
            if outcome.status == 401 and not isinstance(outcome, AuthError):
                continue
            wait = self._next_wait(call, outcome, tries)
            if wait is None:
                raise _given_up(call, outcome, tries)
            self._clock.sleep(wait)

    def _admit(self, call: Call, tries: _Tries) -> None:
        """Wait for the throttle's leave; raises HttpError 429 when that takes too long, or at all for a call that never waits."""
        pause = self._throttle.paused_for(call.kind)
        if pause > 0 and (call.once or tries.throttled + pause > self._policy.throttle_patience):
            raise HttpError(
                "Azure asked to wait with requests like this one.",
                code="TooManyRequests",
                status=429,
                operation=call.operation,
                hint=hint_for("TooManyRequests", self._hints),
                retry_after=pause,
            )
        while (delay := self._throttle.delay(call.kind)) > 0:
            # Not all workers at the same moment when a pause ends.
            delay += min(delay * 0.1, 2.0) * self._chance()
            self._clock.sleep(delay)
            tries.throttled += delay

    def _attempt(self, call: Call, tries: _Tries) -> Response | ArmError | str:
        """One try: the answer, what went wrong, or (a redirect) where to go. A 401 that a new token may heal comes back as is."""
        try:
            token = self._tokens.token()
            tries.sent += 1
            raw = self._transport.send(call.method, call.url, self._headers(call, token, tries), call.data)
        except TransportError as error:
            error.operation = error.operation or call.operation
            error.ambiguous = error.sent and not call.reads
            return error
        outcome = self._judge(call, raw)
        if isinstance(outcome, ArmError) and outcome.status == 401:
            try:
                fresh = not tries.refreshed and self._tokens.refresh(token)
            except TransportError as error:
                return error
            if not fresh:
                return _rejected(outcome)
            tries.refreshed = True
        return outcome

    def _headers(self, call: Call, token: str, tries: _Tries) -> dict[str, str]:
        common = {"User-Agent": USER_AGENT, "x-ms-client-request-id": tries.request_id, "x-ms-return-client-request-id": "true"}
        return self._dialect.headers(call, token, common)

    def _judge(self, call: Call, raw: RawResponse) -> Response | ArmError | str:
        headers = Headers(raw.headers)
        self._throttle.learn(call.kind, headers)
        if raw.status != 429:
            self._throttle.ease(call.kind)
        request_id = headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id")
        text = raw.content.decode("utf-8-sig", errors="replace")
        body, readable = self._dialect.parse(text)
        if 200 <= raw.status < 300:
            if not readable and call.reads:
                return HttpError(
                    "The answer is not what it should be.",
                    code="MalformedBody",
                    status=raw.status,
                    request_id=request_id,
                    operation=call.operation,
                )
            # A write that got its 2xx took effect; its headers say how to go on, whatever the body looks like.
            wait = retry_after(headers, "", self._clock.now())
            return Response(raw.status, headers, body, request_id, call.method, path_of(call.url), call.url, wait)
        if raw.status in _REDIRECTS and headers.get("location"):
            return headers["location"]
        return self._error(call, raw.status, headers, body, text, request_id)

    def _error(self, call: Call, status: int, headers: Headers, body: Any, text: str, request_id: str | None) -> HttpError:
        envelope = self._dialect.envelope(body, text, headers, f"Http{status}")
        pause = retry_after(headers, envelope.message, self._clock.now())
        if status == 429:
            pause = self._throttle.pause(call.kind, pause, code=envelope.code, message=envelope.message)
        return HttpError(
            envelope.message,
            code=envelope.code,
            status=status,
            target=envelope.target,
            request_id=request_id,
            operation=call.operation,
            hint=hint_for(envelope.code, self._hints, envelope.additional_info),
            ambiguous=not call.reads and status != 429 and is_transient(status),
            retry_after=pause,
            details=envelope.details,
            additional_info=envelope.additional_info,
        )

    def _next_wait(self, call: Call, error: ArmError, tries: _Tries) -> float | None:
        """Seconds to sleep before the next try; None when there must be none."""
        if call.once or not _may_repeat(call, error):
            return None
        if error.status == 429:
            # The throttle holds this class back already; what is left is not to wait for ever.
            pause = error.retry_after or 0.0
            return 0.0 if tries.throttled + pause <= self._policy.throttle_patience else None
        tries.failures += 1
        wait = self._policy.backoff(tries.failures, self._chance()) if error.retry_after is None else error.retry_after
        spent = self._clock.monotonic() - tries.started - tries.throttled
        patient = tries.failures < self._policy.attempts and spent + wait <= self._policy.patience
        return wait if patient else None


def _may_repeat(call: Call, error: ArmError) -> bool:
    if isinstance(error, TransportError):
        return not error.permanent and (call.idempotent or not error.sent)
    if error.code == "MalformedBody":
        return True
    return isinstance(error, HttpError) and may_repeat_status(error.status or 0, idempotent=call.idempotent)


def _redirected(call: Call, location: str, base: str, redirects: int) -> Call:
    """ARM does not redirect; a gateway may. Only a GET follows, only on the same host, and not for ever."""
    target = f"{base}{location}" if location.startswith("/") and not location.startswith("//") else location
    pinned(target, base, source=f"A redirect of {call.operation}")
    if call.method != "GET" or redirects > _MOST_REDIRECTS:
        raise RefusedUrl(f"{call.operation} was redirected to {path_of(target)[:300]}, which is not followed.", operation=call.operation)
    return replace(call, url=target)


def _rejected(error: ArmError) -> AuthError:
    return AuthError(
        f"Azure rejected the token: {error.message}",
        code="TokenRejected" if error.code.startswith("Http") else error.code,
        status=error.status,
        request_id=error.request_id,
        operation=error.operation,
        hint=error.hint or "Check that tenant, cloud_environment and subscription_id belong together.",
    )


def _given_up(call: Call, error: ArmError, tries: _Tries) -> ArmError:
    if tries.sent > 1:
        error.message = f"{error.message} (the last of {tries.sent} tries)"
    error.ambiguous = not call.reads and tries.unclear
    if error.ambiguous:
        error.hint = f"{error.hint} {_NOT_KNOWN}" if error.hint else _NOT_KNOWN
    return error
