# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the scripted faults around the answer of an HTTP port."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Awaitable, Callable

from aiohttp import web

from .faults import FaultBook, RequestFault
from .recorder import Entry


class Player:
    def __init__(self, book: FaultBook, expire_tokens: Callable[[], None]) -> None:
        self._book = book
        self._expire_tokens = expire_tokens

    async def play(
        self,
        request: web.Request,
        entry: Entry,
        answer: Callable[[], Awaitable[web.Response]],
        refuse: Callable[[RequestFault], web.Response],
    ) -> web.Response:
        """The answer as the faults that hit this request let it through; `refuse` words a scripted status."""
        faults = self._book.take(request.method, entry.path, request.raw_path.partition("?")[2])
        entry.faults.extend(fault.kind for fault in faults)
        for fault in faults:
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "expire_tokens":
                self._expire_tokens()
        kinds = {fault.kind: fault for fault in faults}
        if "reset_before" in kinds:
            return _reset(request)
        response = refuse(kinds["status"]) if "status" in kinds else await answer()
        if "reset_after" in kinds:
            return _reset(request)
        entry.status = response.status
        entry.bytes = len(response.body) if isinstance(response.body, (bytes, bytearray)) else 0
        if "malformed" in kinds and request.method != "HEAD":
            whole = response.body if isinstance(response.body, bytes) else b""
            response.body = whole[: max(1, len(whole) // 2)] or b'{"value": ['
        return response


def _reset(request: web.Request) -> web.Response:
    """Ends the connection with a TCP reset: the client gets no byte of an answer."""
    if request.transport is not None:
        raw = request.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response(status=500)
