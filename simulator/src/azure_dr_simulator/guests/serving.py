# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts what makes guests reachable: the proxy to their ports, and the storage of their boot logs."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Awaitable, Callable

from aiohttp import web

from ..gate.recorder import Entry, Recorder
from ..world import World
from .console import console_app
from .proxy import GuestProxy, listen
from .signing import Console

ListenSecurely = Callable[[web.Application], Awaitable[int]]
"""Serves an application over TLS; answers its port."""


async def serve_guests(stack: AsyncExitStack, world: World, recorder: Recorder, host: str, securely: ListenSecurely) -> str:
    """The URL of the proxy; both end with the stack."""

    def begin(endpoint: str) -> Callable[[str, str], Entry]:
        # Without its query, which is the key to the log.
        return lambda method, path: recorder.begin(
            method, path, "", endpoint=endpoint, time=world.now().isoformat(), write=False, size=0
        )

    world.state(Console).endpoint = f"https://localhost:{await securely(console_app(world, begin('console')))}"
    server = await listen(GuestProxy(world, begin("guest")), host)
    stack.callback(server.close)
    return f"http://{host}:{server.sockets[0].getsockname()[1]}"
