# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ARM client: one logical call in, one answer or one clear error out.

What it takes care of: api-versions, the token and its refresh, throttling, retries that never run a POST twice, pages, and
that the token stays on the ARM host. What it knows nothing of: backups.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from .clock import Clock, SystemClock
from .clouds import Cloud
from .envelope import hint_for, read_envelope
from .errors import AuthError, ArmError, HttpError, OptionError, ReadOnlyViolation, RefusedUrl, TransportError
from .headers import Headers
from .paging import pages
from .retry import RetryPolicy, is_transient, may_repeat_status, retry_after
from .throttle import Budget, RequestClass, Throttle, classify
from .transport import RawResponse, RequestsTransport, Transport
from .urls import arm_url, describe, is_absolute, path_of, pinned

VERSION = "0.1.0"
USER_AGENT = f"lifeboat.azure_dr/{VERSION} (Ansible collection)"

_READS = frozenset({"GET", "HEAD"})
_MOST_REDIRECTS = 3


class Api(NamedTuple):
    """A family of ARM calls and the api-version that the collection speaks. The option api_versions overrides by ``name``."""

    name: str
    version: str


@dataclass(frozen=True)
class Response:
    """A 2xx answer. ``headers`` ignore case; ``body`` is parsed JSON, None when empty; ``path`` is without its query, ``url``
    the whole address that was asked; ``retry_after`` seconds the service asked to wait."""

    status: int
    headers: Mapping[str, str]
    body: Any
    request_id: str | None
    method: str
    path: str
    url: str = ""
    retry_after: float | None = None


class TokenProvider(Protocol):
    """Hands out bearer tokens; thread-safe."""

    def token(self) -> str:
        """A token that is still good for a while. Raises AuthError."""

    def refresh(self, rejected: str | None = None) -> bool:
        """The service rejected this token: True when another one is there now."""


@dataclass(frozen=True)
class _Call:
    """One logical call. ``idempotent``: sending it twice does no harm. ``once``: answer or fail, never wait and send again."""

    method: str
    url: str
    data: bytes | None
    idempotent: bool
    reads: bool
    once: bool
    kind: RequestClass

    @property
    def operation(self) -> str:
        return describe(self.method, self.url)


class ArmClient:
    """Talks to one cloud as one identity; every method may be used from many threads.

    ``hints`` {error code: what to do} are put into errors before ARM's own; ``api_versions`` {Api.name: version}.
    With ``read_only`` every write raises ReadOnlyViolation before anything is sent (the guard of check mode).
    """

    def __init__(
        self,
        cloud: Cloud,
        tokens: TokenProvider,
        subscription: str | Callable[[], str] | None = None,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
        read_only: bool = False,
        api_versions: Mapping[str, str] | None = None,
        hints: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.cloud = cloud
        self.clock: Clock = clock or SystemClock()
        self.read_only = read_only
        self.hints: Mapping[str, str] = dict(hints or {})
        self._tokens = tokens
        self._subscription = subscription
        self._transport: Transport = transport or RequestsTransport()
        self._api_versions = dict(api_versions or {})
        self._retry = retry or RetryPolicy()
        self._throttle = Throttle(self.clock)
        self._chance = chance

    @property
    def subscription_id(self) -> str:
        """The subscription to work in; raises OptionError when none is known. Asked for only by those who need it."""
        if callable(self._subscription):
            self._subscription = self._subscription()
        if not self._subscription:
            raise OptionError("subscription_id", "no subscription is given.", hint="Set subscription_id or AZURE_SUBSCRIPTION_ID.")
        return self._subscription

    def get(self, path: str, api: Api | None, *, params: Mapping[str, str] | None = None) -> Response:
        """Read; retried. ``path`` is an ARM path with encoded segments, or an absolute URL of the ARM host, used verbatim."""
        return self._send(self._call("GET", path, api, params, None))

    def get_once(self, path: str, api: Api | None = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Read with one try and without waiting: for those who will come back anyway (pollers, watchers).

        A running pause of the throttle raises HttpError 429 with ``retry_after`` before anything is sent.
        """
        return self._send(self._call("GET", path, api, params, None, once=True))

    def find(self, path: str, api: Api, *, params: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """The resource, or None when ARM answers 404."""
        try:
            body = self.get(path, api, params=params).body
        except HttpError as error:
            if error.status == 404:
                return None
            raise
        return body if isinstance(body, dict) else {}

    def list(self, path: str, api: Api, *, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """All entries of a collection, page by page as they are consumed."""
        return pages(self.get(path, api, params=params), self._next_page)

    def query(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """A POST that only reads (backupStatus, listKeys, validate): retried like a GET and allowed in check mode."""
        return self._send(self._call("POST", path, api, params, body, reads=True))

    def query_list(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Like ``query``, for a POST that answers in pages; the pages after the first are GETs, as ARM has it."""
        return pages(self.query(path, api, body, params=params), self._next_page)

    def put(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Create or change; sent again after transient failures, because the same PUT twice means the same."""
        return self._send(self._call("PUT", path, api, params, body))

    def patch(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Change; retried like ``put`` (our patches set values, they do not add up)."""
        return self._send(self._call("PATCH", path, api, params, body))

    def delete(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Delete; retried. A 404 on a later try, after one whose end nobody knows, is the success it looks like."""
        return self._send(self._call("DELETE", path, api, params, body))

    def post(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Start something. Sent again only when surely not executed (429, no connection, 401 before a refresh).

        Any other failure without a clear answer raises an ArmError with ``ambiguous`` True: look for what it may have started.
        """
        return self._send(self._call("POST", path, api, params, body))

    def budget(self, path: str, method: str = "GET") -> Budget:
        """What the throttle headers said is left for requests like this one."""
        return self._throttle.budget(classify(method, path))

    def version_of(self, api: Api) -> str:
        """The api-version in force for a family."""
        return self._api_versions.get(api.name, api.version)

    def _next_page(self, url: str) -> Response:
        return self.get(pinned(url, self.cloud.arm_url, source="The next page (nextLink)"), None)

    def _call(
        self,
        method: str,
        path: str,
        api: Api | None,
        params: Mapping[str, str] | None,
        body: Any,
        *,
        reads: bool = False,
        once: bool = False,
    ) -> _Call:
        reads = reads or method in _READS
        if self.read_only and not reads:
            raise ReadOnlyViolation(f"{describe(method, path)} may not be sent: this client only reads")
        if is_absolute(path):
            url = pinned(path, self.cloud.arm_url, source="The address")
        else:
            url = arm_url(self.cloud.arm_url, path, self.version_of(api) if api else None, params)
        # A POST without a body still needs its length; an object is what ARM expects of all other writes.
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        if data is None and method == "POST":
            data = b""
        return _Call(method, url, data, reads or method != "POST", reads, once, classify(method, url))

    def _send(self, call: _Call) -> Response:
        """One logical call: as many tries as the policy and the kind of call allow."""
        request_id = str(uuid.uuid4())
        started = self.clock.monotonic()
        attempt = 0
        throttled = 0.0
        refreshed = False
        redirects = 0
        unclear = False
        while True:
            throttled += self._admit(call)
            attempt += 1
            token = self._tokens.token()
            try:
                raw = self._transport.send(call.method, call.url, self._headers(call, token, request_id), call.data)
                outcome = self._judge(call, raw)
            except TransportError as error:
                outcome = self._unanswered(call, error)
            if isinstance(outcome, Response):
                return outcome
            if isinstance(outcome, str):
                redirects += 1
                call = self._redirected(call, outcome, redirects)
                continue
            if outcome.status == 401:
                if not refreshed and self._tokens.refresh(token):
                    refreshed = True
                    continue
                raise _rejected(outcome)
            if outcome.status == 404 and call.method == "DELETE" and unclear:
                return Response(204, Headers(), None, outcome.request_id, call.method, path_of(call.url), call.url)
            unclear = unclear or outcome.ambiguous
            wait = self._next_wait(call, outcome, attempt)
            if outcome.status == 429:
                throttled += wait or 0.0
            spent = self.clock.monotonic() - started - throttled
            if wait is None or not self._patient(outcome, attempt, wait, spent, throttled):
                outcome.ambiguous = unclear and not call.reads
                raise _given_up(outcome, attempt)
            if outcome.status != 429:
                self.clock.sleep(wait)

    def _admit(self, call: _Call) -> float:
        """Wait for the throttle's leave; the seconds waited."""
        waited = 0.0
        if call.once and (pause := self._throttle.paused_for(call.kind)) > 0:
            raise HttpError(
                "Azure asked to wait with requests like this one.", code="TooManyRequests", status=429, operation=call.operation, retry_after=pause
            )
        while (delay := self._throttle.delay(call.kind)) > 0:
            # Not all workers at the same moment when a pause ends.
            delay += min(delay * 0.1, 2.0) * self._chance()
            self.clock.sleep(delay)
            waited += delay
        return waited

    def _headers(self, call: _Call, token: str, request_id: str) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
            "x-ms-client-request-id": request_id,
            "x-ms-return-client-request-id": "true",
        }
        if call.data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return headers

    def _judge(self, call: _Call, raw: RawResponse) -> Response | ArmError | str:
        """An answer becomes a Response, an error, or (a redirect) the URL to go to."""
        headers = Headers(raw.headers)
        self._throttle.learn(call.kind, headers)
        request_id = headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id")
        text = raw.content.decode("utf-8-sig", errors="replace")
        body, readable = _parse(text)
        if 200 <= raw.status < 300:
            if not readable and call.reads:
                return HttpError(
                    "The answer is not the JSON that it should be.",
                    code="MalformedBody",
                    status=raw.status,
                    request_id=request_id,
                    operation=call.operation,
                )
            # A write that got its 2xx took effect; its headers say how to go on, whatever the body looks like.
            wait = retry_after(headers, "", self.clock.now())
            return Response(raw.status, headers, body, request_id, call.method, path_of(call.url), call.url, wait)
        if raw.status in (301, 302, 303, 307, 308) and headers.get("location"):
            return headers["location"]
        envelope = read_envelope(body, text, default_code=f"Http{raw.status}")
        pause = retry_after(headers, envelope.message, self.clock.now())
        if raw.status == 429:
            pause = self._throttle.pause(call.kind, pause, code=envelope.code, message=envelope.message)
        return HttpError(
            envelope.message,
            code=envelope.code,
            status=raw.status,
            target=envelope.target,
            request_id=request_id,
            operation=call.operation,
            hint=hint_for(envelope.code, self.hints, envelope.additional_info),
            ambiguous=not call.reads and raw.status != 429 and is_transient(raw.status),
            retry_after=pause,
            details=envelope.details,
            additional_info=envelope.additional_info,
        )

    def _unanswered(self, call: _Call, error: TransportError) -> TransportError:
        error.operation = call.operation
        error.ambiguous = error.sent and not call.reads
        return error

    def _redirected(self, call: _Call, location: str, redirects: int) -> _Call:
        """ARM does not redirect; a gateway may. Only a GET follows, and only on the same host."""
        target = f"{self.cloud.arm_url}{location}" if location.startswith("/") and not location.startswith("//") else location
        pinned(target, self.cloud.arm_url, source=f"A redirect of {call.operation}")
        if call.method != "GET" or redirects > _MOST_REDIRECTS:
            raise RefusedUrl(f"{call.operation} was redirected to {path_of(target)}, which is not followed.", operation=call.operation)
        return _Call(call.method, target, call.data, call.idempotent, call.reads, call.once, call.kind)

    def _next_wait(self, call: _Call, error: ArmError, attempt: int) -> float | None:
        """Seconds before the next try; None when there must be none."""
        if call.once:
            return None
        if isinstance(error, TransportError):
            if error.permanent or not (call.idempotent or not error.sent):
                return None
        elif error.code != "MalformedBody" and not may_repeat_status(error.status or 0, idempotent=call.idempotent):
            return None
        backoff = self._retry.backoff(attempt, self._chance())
        if error.status == 429:
            return error.retry_after or 0.0
        return backoff if error.retry_after is None else max(error.retry_after, 0.0)

    def _patient(self, error: ArmError, attempt: int, wait: float, spent: float, throttled: float) -> bool:
        if error.status == 429:
            return throttled <= self._retry.throttle_patience
        return attempt < self._retry.attempts and spent + wait <= self._retry.patience


def _parse(text: str) -> tuple[Any, bool]:
    if not text.strip():
        return None, True
    try:
        return json.loads(text), True
    except ValueError:
        return None, False


def _rejected(error: ArmError) -> AuthError:
    return AuthError(
        f"Azure rejected the token: {error.message}",
        code=error.code if not error.code.startswith("Http") else "TokenRejected",
        status=error.status,
        request_id=error.request_id,
        operation=error.operation,
        hint=error.hint or "Check that tenant, cloud_environment and subscription_id belong together.",
    )


def _given_up(error: ArmError, attempt: int) -> ArmError:
    if attempt > 1:
        error.message = f"{error.message} (the last of {attempt} tries)"
    if error.ambiguous:
        note = "It is not known whether Azure carried this out."
        error.hint = f"{error.hint} {note}" if error.hint else note
    return error
