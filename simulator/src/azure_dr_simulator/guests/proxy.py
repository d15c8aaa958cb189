# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy into the simulated networks: CONNECT to a private address and port reaches the guest that is there.

It stands for whatever a client has on real Azure: a jump host, a VPN, a proxy in the network.
"""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import Callable

from ..estate import GuestPage
from ..gate.recorder import Entry
from ..world import World
from .guests import at_address, guest_of, is_up

_LONGEST_HEAD = 64 * 1024
_HEAD_SECONDS = 30.0

Begin = Callable[[str, str], Entry]
"""Keeps a request: (method, path)."""


class GuestProxy:
    """Serves connections until the server is closed."""

    def __init__(self, world: World, begin: Begin) -> None:
        self._world = world
        self._begin = begin

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError):
            await self._serve(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = (await _head(reader)).split(" ", 2)
        entry = self._begin(method, f"/{target}")
        address, _, port = target.rpartition(":")
        if method != "CONNECT" or not port.isdigit():
            entry.status = 405
            writer.write(_answer(405, "Only CONNECT to an address and a port is served here."))
            return
        self._world.settle()
        vm = at_address(self._world, address.strip("[]"))
        if vm is None:
            entry.status, why = 502, f"There is no machine at {address}."
        elif not is_up(self._world, vm):
            entry.status, why = 504, f"{vm.name} does not answer."
        elif not guest_of(self._world, vm).listens(int(port)):
            entry.status, why = 502, f"{vm.name} refuses connections to port {port}."
        else:
            entry.status = 200
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pages = [page for page in guest_of(self._world, vm).http if page.port == int(port)]
            await (_serve_page(reader, writer, pages) if pages else _stay_silent(reader))
            return
        writer.write(_answer(entry.status, why))


async def _serve_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pages: list[GuestPage]) -> None:
    """One request, one answer, as a small web server does."""
    method, target, _ = (await _head(reader)).split(" ", 2)
    page = next((one for one in pages if one.path == target.partition("?")[0]), None)
    writer.write(_answer(page.status if page else 404, page.body if page else "There is no such page.", head=method == "HEAD"))
    await writer.drain()


async def _stay_silent(reader: asyncio.StreamReader) -> None:
    """Until the other side has enough of it."""
    while await reader.read(4096):
        pass


async def _head(reader: asyncio.StreamReader) -> str:
    """The first line of a request, whose head is read to its end."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
    line = head.split(b"\r\n", 1)[0].decode("latin-1")
    return line if line.count(" ") >= 2 else f"{line}   "


def _answer(status: int, text: str, *, head: bool = False) -> bytes:
    body = text.encode()
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Status"
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head else body)


async def listen(proxy: GuestProxy, host: str) -> asyncio.Server:
    return await asyncio.start_server(proxy.handle, host, 0, limit=_LONGEST_HEAD)
