# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS port of the blob endpoint: what the gate admits is answered from memory, or handed on to Azurite."""

from __future__ import annotations

import ssl
from typing import AsyncIterator, Callable, Protocol

import aiohttp
from aiohttp import web
from yarl import URL

from ..gate.faults import RequestFault
from ..gate.playing import Player
from ..gate.recorder import Entry
from .azurite import AzuriteBlobs
from .endpoint import BlobGate, BlobRequest, Refused, parse
from .memory import Answer, MemoryService

_BODY_LIMIT = 256 * 1024 * 1024
_UNSIGNED = ("User-Agent", "Content-Type", "Accept", "Accept-Encoding")
"""What aiohttp would add: a signature may cover it."""
_OWN = ("connection", "keep-alive", "transfer-encoding", "host", "content-length", "date", "server")
"""Headers that each connection has for itself."""


class Upstream(Protocol):
    """Who answers what the gate has admitted."""

    async def answer(self, what: BlobRequest, request: web.Request, body: bytes) -> Answer:
        """Raises Refused."""

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """For the time that the endpoint is up."""
        yield


class Memory:
    """The blobs in memory."""

    def __init__(self, service: MemoryService) -> None:
        self._service = service

    async def answer(self, what: BlobRequest, request: web.Request, body: bytes) -> Answer:
        raw_path, _, raw_query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return self._service.answer(what, raw_path, raw_query, headers, body)

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        yield


class Azurite:
    """A real Azurite; `trust` trusts the simulator's authority, which signed its certificate."""

    def __init__(self, azurite: AzuriteBlobs, trust: ssl.SSLContext) -> None:
        self._azurite = azurite
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(ssl=self._trust)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as self._session:
            yield

    async def answer(self, what: BlobRequest, request: web.Request, body: bytes) -> Answer:
        self._azurite.start()
        if self._session is None:
            raise RuntimeError("the endpoint is not up")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN[:-2]}
        url = URL(self._azurite.url + request.raw_path, encoded=True)
        # The signature covers Content-Length, which is not sent for a body that is empty but for a PUT.
        async with self._session.request(
            request.method, url, headers=headers, data=body or None, allow_redirects=False, skip_auto_headers=_UNSIGNED
        ) as answered:
            return Answer(answered.status, dict(answered.headers), await answered.read())


def blob_app(
    gate: BlobGate, upstream: Upstream, player: Player, begin: Callable[[web.Request, bytes], Entry]
) -> web.Application:
    """`begin` records a request."""

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        raw_path, _, raw_query = request.raw_path.partition("?")
        what = parse(request.method, raw_path, raw_query)
        entry = begin(request, body)

        async def answer() -> web.Response:
            try:
                gate.admit(what, {name.lower(): value for name, value in request.headers.items()})
                return _response(gate, what, await upstream.answer(what, request, body))
            except Refused as problem:
                return _refusal(problem)

        response = await player.play(request, entry, answer, _scripted)
        response.headers["Date"] = gate.date()
        return response

    app = web.Application(client_max_size=_BODY_LIMIT)
    app.router.add_route("*", "/{path:.*}", handle)
    app.cleanup_ctx.append(upstream.running)
    return app


def _response(gate: BlobGate, what: BlobRequest, answered: Answer) -> web.Response:
    gate.check(answered.status, answered.headers.get("x-ms-error-code", ""))
    gate.settle(what, answered.status)
    kept = {name: value for name, value in answered.headers.items() if name.lower() not in _OWN}
    if what.method == "HEAD" and "Content-Length" in answered.headers:
        kept["Content-Length"] = answered.headers["Content-Length"]
    headers = {**kept, **gate.written(what)}
    return web.Response(status=answered.status, headers=headers, body=gate.listed(what, answered.content) or None)


def _refusal(problem: Refused) -> web.Response:
    return web.Response(status=problem.status, headers=problem.headers, body=problem.body())


def _scripted(fault: RequestFault) -> web.Response:
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    return _refusal(Refused(fault.status, fault.code, fault.message, headers))
