# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control port: plain http on loopback, apart from the API it controls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .gate.faults import FaultBook, FaultError, JobFaults, add_fault, describe

if TYPE_CHECKING:
    from .server import Simulator


def control_app(simulator: Simulator) -> web.Application:
    """`/requests`, `/summary`, `/state`, `/secrets`, `/faults`, `/clock`; errors are 400 `{"error": text}`."""
    world = simulator.world
    faults, jobs = world.state(FaultBook), world.state(JobFaults)

    async def requests(request: web.Request) -> web.Response:
        return _json(simulator.recorder.list(writes_only="writes" in request.query))

    async def forget_requests(request: web.Request) -> web.Response:
        simulator.recorder.clear()
        return web.Response(status=204)

    async def summary(request: web.Request) -> web.Response:
        return _json(simulator.recorder.summary())

    async def state(request: web.Request) -> web.Response:
        return _json(simulator.state())

    async def secrets(request: web.Request) -> web.Response:
        return _json({"secrets": simulator.secrets()})

    async def list_faults(request: web.Request) -> web.Response:
        return _json(describe(faults, jobs))

    async def add(request: web.Request) -> web.Response:
        document = await _document(request)
        try:
            for fault in document if isinstance(document, list) else [document]:
                add_fault(fault, faults, jobs)
        except (FaultError, TypeError, ValueError) as error:
            raise _bad(str(error)) from None
        return _json(describe(faults, jobs), status=201)

    async def forget_faults(request: web.Request) -> web.Response:
        faults.scripted.clear()
        jobs.scripted.clear()
        return web.Response(status=204)

    async def clock(request: web.Request) -> web.Response:
        return _json({"now": world.now().isoformat(), "elapsed": world.clock.elapsed(), "speed": world.clock.speed})

    async def advance(request: web.Request) -> web.Response:
        document = await _document(request)
        seconds = document.get("advance") if isinstance(document, dict) else None
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds < 0:
            raise _bad('send {"advance": virtual seconds, 0 or more}')
        world.clock.advance(float(seconds))
        world.settle()
        return await clock(request)

    app = web.Application()
    app.router.add_get("/requests", requests)
    app.router.add_delete("/requests", forget_requests)
    app.router.add_get("/summary", summary)
    app.router.add_get("/state", state)
    app.router.add_get("/secrets", secrets)
    app.router.add_get("/faults", list_faults)
    app.router.add_post("/faults", add)
    app.router.add_delete("/faults", forget_faults)
    app.router.add_get("/clock", clock)
    app.router.add_post("/clock", advance)
    return app


async def _document(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise _bad(f"the body is not JSON: {error}") from None


def _json(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, dumps=lambda value: json.dumps(value, default=str))


def _bad(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": message}), content_type="application/json")
