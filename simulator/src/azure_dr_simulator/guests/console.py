# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The storage that keeps boot logs: a blob opens by its signed URL alone, as long as that is valid."""

from __future__ import annotations

import hmac
from typing import Callable
from urllib.parse import urlsplit

from aiohttp import web

from ..gate.recorder import Entry
from ..services.compute.state import ComputeState
from ..world import World
from .guests import boot_log
from .signing import SCREENSHOT, Console

_BMP = b"BM\x1e\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x01\x00\x01\x00\x18\x00\x00\x00\x00\x00"
"""A picture of one black point."""

Begin = Callable[[str, str], Entry]
"""Keeps a request: (method, path)."""


def console_app(world: World, begin: Begin) -> web.Application:
    """Serves the blobs."""

    async def handle(request: web.Request) -> web.Response:
        entry = begin(request.method, request.path)
        response = _blob(world, request)
        entry.status = response.status
        entry.code = response.headers.get("x-ms-error-code", "")
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def _blob(world: World, request: web.Request) -> web.Response:
    world.settle()
    signed = world.state(Console).signed.get(urlsplit(str(request.rel_url)).path)
    right = signed is not None and hmac.compare_digest(signed.signature.encode(), request.query.get("sig", "").encode())
    if signed is None or not right or world.now() > signed.ends or "authorization" in request.headers:
        return _refusal(403, "AuthenticationFailed")
    if request.method not in ("GET", "HEAD"):
        return _refusal(403, "AuthorizationPermissionMismatch")
    vm = world.state(ComputeState).vms.by_id(signed.vm_id)
    if vm is None:
        return _refusal(404, "BlobNotFound")
    if signed.url.partition("?")[0].endswith(SCREENSHOT):
        return web.Response(body=_BMP, content_type="image/bmp")
    log = boot_log(world, vm)
    if not log:
        return _refusal(404, "BlobNotFound")
    return web.Response(body=log.encode(), content_type="application/octet-stream")


def _refusal(status: int, code: str) -> web.Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return web.Response(status=status, text=body, content_type="application/xml", headers={"x-ms-error-code": code})
