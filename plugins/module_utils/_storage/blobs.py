# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One container of the Blob service (x-ms-version 2021-12-02): list, look at, delete blobs, and make the container.

A token of the storage audience, or the account's key, proves who asks. Either goes to the blob endpoint of the account alone:
redirects are not followed. Tries and waits are those of the Resource Manager client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from .._arm.calls import Call, Response, TokenProvider
from .._arm.client import ArmClient
from .._arm.envelope import Envelope, read_envelope
from .._arm.errors import HttpError, ReadOnlyViolation, RefusedUrl, TransportError
from .._arm.retry import RetryPolicy
from .._arm.throttle import RequestClass
from .accounts import Account
from .answers import Blob, bare_etag, blobs_of, error_of, http_time, marker_of, parse_xml, size_of
from .hints import HINTS
from .shared_key import authorization

AUDIENCE = "https://storage.azure.com"
"""Whom storage tokens are for, in every cloud."""
VERSION = "2021-12-02"
PAGE = 5000
# An account that cannot be reached is often one behind a firewall; what needs it goes on without, so it does not wait for long.
PATIENCE = RetryPolicy(attempts=4, patience=60.0, throttle_patience=300.0, longest=20.0)


class BlobContainer:
    """A container of an account; with ``key`` requests are signed, without they carry a token of the client's identity."""

    def __init__(self, client: ArmClient, account: Account, name: str, *, key: str | None = None) -> None:
        self.account = account
        self.name = name
        self._read_only = client.read_only
        self._tokens: TokenProvider = _NoTokens() if key else client.tokens_for(AUDIENCE)
        dialect = BlobDialect(account.name, key, client.server_now)
        self._sender = client.sender(dialect, self._tokens, policy=PATIENCE, hints=HINTS)

    @property
    def url(self) -> str:
        return f"{self.account.blob_endpoint}/{self.name}"

    def sign_in(self) -> None:
        """Asks for the token that the first request would ask for; raises AuthError, TransportError."""
        self._tokens.token()

    def list(self, prefix: str = "") -> Iterator[Blob]:
        """All blobs whose names start with ``prefix``, by name, page by page. Raises HttpError ``ContainerNotFound``."""
        query = {"restype": "container", "comp": "list", "maxresults": str(PAGE), **({"prefix": prefix} if prefix else {})}
        seen: set[str] = set()
        while True:
            answer = self._send("GET", "", query, reads=True)
            page = answer.body
            if page is None or page.tag != "EnumerationResults":
                # A list that is empty because something in between has answered would be taken for a container without blobs.
                raise HttpError(
                    "The answer is no list of blobs.",
                    code="MalformedBody",
                    status=answer.status,
                    request_id=answer.request_id,
                    operation=f"GET {self.name}",
                )
            yield from blobs_of(page)
            marker = marker_of(page)
            if marker is None:
                return
            if marker in seen:
                raise RefusedUrl(f"The pages of the list of {self.name} go round in a circle.", code="PagesInACircle")
            seen.add(marker)
            query = {**query, "marker": marker}

    def head(self, name: str) -> Blob | None:
        """One blob; None when there is no such blob or container."""
        try:
            headers = self._send("HEAD", name, {}, reads=True).headers
        except HttpError as error:
            if error.status == 404:
                return None
            raise
        return Blob(name, size_of(headers.get("content-length")), http_time(headers.get("last-modified")), bare_etag(headers.get("etag")))

    def delete(self, name: str) -> bool:
        """Delete a blob with its snapshots; False when it was not there."""
        try:
            self._send("DELETE", name, {})
        except HttpError as error:
            if error.status == 404:
                return False
            raise
        return True

    def create(self) -> bool:
        """Make the container, without public access; False when it was there."""
        try:
            self._send("PUT", "", {"restype": "container"})
        except HttpError as error:
            if error.code == "ContainerAlreadyExists":
                return False
            raise
        return True

    def _send(self, method: str, blob: str, query: Mapping[str, str], *, reads: bool = False) -> Response:
        if self._read_only and not reads:
            raise ReadOnlyViolation(f"{method} {self.name}/{blob} may not be sent: this client only reads")
        url = self.url + (f"/{quote(blob, safe='/~')}" if blob else "")
        if query:
            url += "?" + "&".join(f"{name}={quote(value, safe='~')}" for name, value in query.items())
        kind = RequestClass(self.account.name, "deletes" if method == "DELETE" else "reads" if reads else "writes", "blobs")
        try:
            return self._sender.send(Call(method, url, None, reads, False, kind), self.account.blob_endpoint)
        except TransportError as error:
            if not error.permanent:
                error.hint = "Check the name of the storage account, and that this machine may reach its blob endpoint (firewall, private endpoint, proxy)."
            raise


class BlobDialect:
    """Headers, XML and errors of the Blob service. ``now`` is Azure's clock: a signature with a wrong time is refused."""

    redirects = False

    def __init__(self, account: str, key: str | None, now: Callable[[], datetime]) -> None:
        self._account = account
        self._key = key
        self._now = now

    def headers(self, call: Call, token: str, common: Mapping[str, str]) -> dict[str, str]:
        headers = {**common, "Accept": "application/xml", "x-ms-version": VERSION, "x-ms-date": format_datetime(self._now(), usegmt=True)}
        if call.method == "DELETE":
            headers["x-ms-delete-snapshots"] = "include"
        if self._key:
            headers["Authorization"] = authorization(self._account, self._key, call.method, call.url, headers)
        else:
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def parse(self, text: str) -> tuple[Any, bool]:
        if not text.strip():
            return None, True
        root = parse_xml(text)
        return root, root is not None

    def envelope(self, body: Any, text: str, headers: Mapping[str, str], default_code: str) -> Envelope:
        code, message = error_of(body)
        code = headers.get("x-ms-error-code") or code
        if code is None:
            # Not the Blob service but something in between.
            return read_envelope(None, text, default_code=default_code)
        return Envelope(code, message or "the Blob service gave no message", None, (), ())


class _NoTokens:
    """Requests are signed with the key, so that no token is needed, and none can be renewed."""

    def token(self) -> str:
        return ""

    def refresh(self, rejected: str | None = None) -> bool:
        return False
