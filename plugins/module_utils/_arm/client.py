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
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from .calls import Call, Response, TokenProvider
from .clock import Clock, SystemClock
from .clouds import Cloud
from .dialect import Dialect
from .errors import HttpError, OptionError, ReadOnlyViolation
from .headers import date_of
from .paging import pages
from .retry import RetryPolicy
from .sender import Sender
from .throttle import Budget, Throttle, classify
from .transport import RequestsTransport, Transport
from .urls import arm_url, describe, is_absolute, pinned

__all__ = ["Api", "ArmClient", "Budget", "Response"]

_READS = frozenset({"GET", "HEAD"})


class Api(NamedTuple):
    """A family of ARM calls and the api-version that the collection speaks. The option api_versions overrides by ``name``."""

    name: str
    version: str


class ArmClient:
    """Talks to one cloud as one identity; every method may be used from many threads.

    ``cloud`` and ``subscription`` may be callables, which are asked when first needed. ``hints`` {error code: what to do} are
    put into errors before ARM's own; ``api_versions`` {Api.name: version}. With ``read_only`` every write raises
    ReadOnlyViolation before anything is sent (the guard of check mode). ``tokens_for`` hands out the tokens of another audience.
    """

    def __init__(
        self,
        cloud: Cloud | Callable[[], Cloud],
        tokens: TokenProvider,
        subscription: str | Callable[[], str] | None = None,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
        read_only: bool = False,
        api_versions: Mapping[str, str] | None = None,
        hints: Mapping[str, str] | None = None,
        tokens_for: Callable[[str], TokenProvider] | None = None,
        retry: RetryPolicy | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.read_only = read_only
        self.hints: Mapping[str, str] = dict(hints or {})
        self._cloud = cloud
        self._subscription = subscription
        self._api_versions = dict(api_versions or {})
        self._ahead = timedelta()
        self._throttle = Throttle(self.clock)
        self._transport = transport or RequestsTransport()
        self._tokens_for = tokens_for
        self._chance = chance
        self._sender = Sender(
            self._transport,
            tokens,
            self.clock,
            throttle=self._throttle,
            policy=retry or RetryPolicy(),
            hints=self.hints,
            chance=chance,
        )

    @property
    def cloud(self) -> Cloud:
        """The cloud; the first time it may have to be discovered (one request without a token)."""
        return self._cloud() if callable(self._cloud) else self._cloud

    @property
    def subscription_id(self) -> str:
        """The subscription to work in; raises OptionError when none is known. Asked for only by those who need it."""
        found = self._subscription() if callable(self._subscription) else self._subscription
        if not found:
            raise OptionError("subscription_id", "no subscription is given.", hint="Set subscription_id or AZURE_SUBSCRIPTION_ID.")
        return found

    def get(self, path: str, api: Api | None, *, params: Mapping[str, str] | None = None) -> Response:
        """Read; retried. ``path`` is an ARM path with encoded segments, or an absolute URL of the ARM host, used verbatim."""
        return self._send("GET", path, api, params, None)

    def get_once(self, path: str, api: Api | None = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Read with one try and without waiting: for those who will come back anyway (pollers, watchers).

        A running pause of the throttle raises HttpError 429 with ``retry_after`` before anything is sent.
        """
        return self._send("GET", path, api, params, None, once=True)

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
        return self._send("POST", path, api, params, body, reads=True)

    def query_list(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Like ``query``, for a POST that answers in pages; the pages after the first are GETs, as ARM has it."""
        return pages(self.query(path, api, body, params=params), self._next_page)

    def put(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Create or change; sent again after transient failures, because the same PUT twice means the same."""
        return self._send("PUT", path, api, params, body)

    def put_once(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Create what can never be changed (a restore point): one try and no waiting, since a second one is refused or wrong.

        A failure without a clear answer raises an ArmError with ``ambiguous`` True: look for what it may have made.
        """
        return self._send("PUT", path, api, params, body, once=True)

    def patch(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Change; retried like ``put`` (our patches set values, they do not add up)."""
        return self._send("PATCH", path, api, params, body)

    def delete(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Delete; retried. A 404 on a later try, after one whose end nobody knows, is the success it looks like."""
        return self._send("DELETE", path, api, params, body)

    def post(self, path: str, api: Api, body: Any = None, *, params: Mapping[str, str] | None = None) -> Response:
        """Start something. Sent again only when surely not executed (429, no connection, 401 before a refresh).

        Any other failure without a clear answer raises an ArmError with ``ambiguous`` True: look for what it may have started.
        """
        return self._send("POST", path, api, params, body)

    def tokens_for(self, audience: str) -> TokenProvider:
        """Tokens of the same identity for another service than Resource Manager; signs in when the first is asked for."""
        if self._tokens_for is None:
            raise RuntimeError(f"this client was made without a way to ask for a token for {audience}")
        return self._tokens_for(audience)

    def sender(self, dialect: Dialect, tokens: TokenProvider, *, policy: RetryPolicy, hints: Mapping[str, str]) -> Sender:
        """Sends to another service over the same connections, with the same care; its limits are counted apart."""
        return Sender(
            self._transport, tokens, self.clock, throttle=Throttle(self.clock), policy=policy, hints=hints, chance=self._chance, dialect=dialect
        )

    def budget(self, path: str, method: str = "GET") -> Budget:
        """What the throttle headers said is left for requests like this one."""
        return self._throttle.budget(classify(method, path))

    def server_now(self) -> datetime:
        """Azure's clock, by the ``Date`` of the latest answer (to the second); this machine's as long as there was none.

        What Azure dates (jobs, recovery points) is compared with this clock: the machine's may be wrong.
        """
        return self.clock.now() + self._ahead

    def version_of(self, api: Api) -> str:
        """The api-version in force for a family."""
        return self._api_versions.get(api.name, api.version)

    def _next_page(self, url: str) -> Response:
        return self.get(pinned(url, self.cloud.arm_url, source="The next page (nextLink)"), None)

    def _send(
        self,
        method: str,
        path: str,
        api: Api | None,
        params: Mapping[str, str] | None,
        body: Any,
        *,
        reads: bool = False,
        once: bool = False,
    ) -> Response:
        reads = reads or method in _READS
        if self.read_only and not reads:
            raise ReadOnlyViolation(f"{describe(method, path)} may not be sent: this client only reads")
        base = self.cloud.arm_url
        if is_absolute(path):
            url = pinned(path, base, source="The address")
        else:
            url = arm_url(base, path, self.version_of(api) if api else None, params)
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        if data is None and method == "POST":
            # Without a body it still needs its Content-Length.
            data = b""
        response = self._sender.send(Call(method, url, data, reads, once, classify(method, url)), base)
        dated = date_of(response.headers)
        if dated is not None:
            self._ahead = dated - self.clock.now()
        return response
