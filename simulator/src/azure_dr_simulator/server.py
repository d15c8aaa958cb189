# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running simulator: its loopback ports (ARM and login over TLS, control, instance metadata, blobs, guests) around one world."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import ssl
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from .blobs import BlobStore, MemoryBlobs
from .blobs.app import Azurite, Memory, Upstream, blob_app
from .blobs.azurite import AzuriteBlobs
from .blobs.endpoint import BlobGate
from .blobs.memory import MemoryService
from .clock import Clock
from .control import control_app
from .estate import Estate
from .gate.arm import ArmEndpoint, Incoming
from .gate.actions import changes
from .gate.faults import FaultBook, RequestFault
from .gate.playing import Player
from .gate.recorder import Entry, Recorder
from .gate.throttle import Profile, Throttle
from .guests.serving import serve_guests
from .identity.login import LoginEndpoint
from .identity.managed_identity import managed_identity_token
from .identity.metadata import metadata_endpoints
from .identity.tokens import TokenIssuer
from .replies import AzureError, Reply
from .routing import Router
from .services import services
from .services.storage.state import StorageState
from .tls import Authority
from .watching import stop_with
from .world import World

HOST = "127.0.0.1"
_LINE_LIMIT = 64 * 1024
"""Request lines and header lines: Azure's operation URLs alone are 4 kB."""
_BODY_LIMIT = 8 * 1024 * 1024
"""ARM's own limit."""
_ARM_ROOTS = ("subscriptions", "providers", "tenants")


@dataclass(frozen=True)
class Options:
    estate: Estate
    speed: float = 1.0
    slow_start: bool = False
    """Time runs as on the wall until the first request that changes something."""
    throttle: Profile = "2026"
    port: int = 0
    control_port: int = 0
    imds_port: int = 0
    state_dir: Path | None = None
    ready_file: Path | None = None
    seed: int = 0
    token_lifetime: float = 3600.0
    azurite: tuple[str, ...] = ()
    """The command that starts Azurite's blob service; without it blobs are kept in memory."""
    stop_with: int = 0
    """The id of a process without which there is no use for the simulator: it stops when that one has ended."""


class Simulator:
    """The world and its endpoints, without any port."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.estate = options.estate
        self.world = World(Clock(options.speed, slow_start=options.slow_start), options.seed)
        self.recorder = Recorder()
        self.faults = self.world.state(FaultBook)
        self.player = Player(self.faults, lambda: self.tokens.expire_all())
        self.tokens = TokenIssuer(self.estate, options.token_lifetime)
        self.login = LoginEndpoint(self.estate, self.tokens)
        router = Router()
        self.services = services()
        for service in self.services:
            service.register(router, self.world)
        for service in self.services:
            service.load(self.world, self.estate)
        self.arm = ArmEndpoint(
            self.world, router, self.estate, self.tokens, Throttle(options.throttle, self.world.clock)
        )
        self.arm.log = _log
        self.arm_url = ""

    def state(self) -> dict[str, Any]:
        """What every service holds, as of now."""
        self.world.settle()
        return {service.name: service.dump(self.world) for service in self.services}

    def secrets(self) -> list[str]:
        """Every credential that exists or was given out: none of these may appear in a client's output."""
        known = {one.secret for one in self.estate.principals} | set(self.tokens.issued())
        for service in self.services:
            known.update(service.credentials(self.world))
        return sorted(known - {""})

    def begin(self, incoming: Incoming, endpoint: str) -> Entry:
        arm = endpoint == "arm"
        write = arm and changes(incoming.method, incoming.raw_path)
        if write:
            self.world.clock.hurry()
        return self.recorder.begin(
            incoming.method,
            incoming.raw_path,
            incoming.raw_query,
            endpoint=endpoint,
            time=self.world.now().isoformat(),
            write=write,
            size=len(incoming.body),
        )

    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """The answer of whichever endpoint the path belongs to, as if no fault were scripted."""
        if entry.endpoint == "metadata":
            return metadata_endpoints(incoming.query, self.estate, incoming.base_url)
        if entry.endpoint == "login":
            return self.login.answer(incoming.method, entry.path, incoming.query, incoming.body, incoming.base_url)
        return self.arm.answer(incoming, entry)


def endpoint_of(raw_path: str) -> str:
    """`arm`, `login` or `metadata`: they share one port."""
    first = raw_path.strip("/").split("/", 1)[0].lower()
    if raw_path.lower().startswith("/metadata/endpoints"):
        return "metadata"
    return "arm" if first in _ARM_ROOTS else "login"


def arm_app(simulator: Simulator) -> web.Application:
    """The TLS port: ARM, login and cloud metadata, with scripted faults around them."""

    async def handle(request: web.Request) -> web.StreamResponse:
        incoming = await _incoming(request)
        entry = simulator.begin(incoming, endpoint_of(incoming.raw_path))

        async def answer() -> web.Response:
            return responded(simulator.answer(incoming, entry))

        def responded(reply: Reply) -> web.Response:
            response = _response(reply, incoming.method)
            # The simulator's own time: a client that reckons with Azure's clock must see this one.
            response.headers["Date"] = format_datetime(simulator.world.now(), usegmt=True)
            entry.code = _code(reply)
            return response

        return await simulator.player.play(request, entry, answer, lambda fault: responded(_scripted(fault)))

    async def without_server_name(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.pop("Server", None)

    app = web.Application(client_max_size=_BODY_LIMIT)
    app.router.add_route("*", "/{path:.*}", handle)
    app.on_response_prepare.append(without_server_name)
    return app


def imds_app(simulator: Simulator) -> web.Application:
    """The instance metadata port."""

    async def handle(request: web.Request) -> web.StreamResponse:
        incoming = await _incoming(request)
        entry = simulator.begin(incoming, "imds")
        reply = managed_identity_token(
            incoming.headers, incoming.query, simulator.estate, simulator.tokens, simulator.arm_url
        )
        response = _response(reply, incoming.method)
        entry.status, entry.code = reply.status, _code(reply)
        return response

    app = web.Application()
    app.router.add_get("/metadata/identity/oauth2/token", handle)
    return app


async def run(options: Options) -> None:
    """Serves until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    watching = loop.create_task(stop_with(options.stop_with, stopping)) if options.stop_with else None
    async with AsyncExitStack() as stack:
        state_dir = options.state_dir or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="azure-dr-simulator-"))
        )
        authority = Authority(state_dir)
        simulator = Simulator(options)
        await _serve_blobs(stack, simulator, authority, state_dir / "azurite")
        arm_port = await _listen(stack, arm_app(simulator), options.port, authority.server_context())
        simulator.arm_url = f"https://localhost:{arm_port}"
        control_port = await _listen(stack, control_app(simulator), options.control_port, None)
        imds_port = await _listen(stack, imds_app(simulator), options.imds_port, None)
        ready = _ready(simulator, authority.ca_file, control_port, imds_port)
        ready["guest_proxy_url"] = await serve_guests(
            stack,
            simulator.world,
            simulator.recorder,
            HOST,
            lambda app: _listen(stack, app, 0, authority.server_context()),
        )
        if options.ready_file is not None:
            _write_private(options.ready_file, json.dumps(ready, indent=2) + "\n")
            stack.callback(lambda: _remove(options.ready_file))
        _log(
            f"ARM and login {ready['arm_url']}, control {ready['control_url']}, managed identity {ready['imds_url']}, CA {authority.ca_file}"
        )
        await stopping.wait()
    if watching is not None:
        watching.cancel()


def _ready(simulator: Simulator, ca_file: Path, control_port: int, imds_port: int) -> dict[str, str]:
    estate = simulator.estate
    first = next((one for one in estate.principals if one.kind == "service_principal"), None)
    return {
        "arm_url": simulator.arm_url,
        "ca_file": str(ca_file.resolve()),
        "control_url": f"http://{HOST}:{control_port}",
        "imds_url": f"http://{HOST}:{imds_port}",
        "tenant_id": estate.tenant_id,
        "subscription_id": estate.subscription_id,
        "client_id": first.client_id if first else "",
        "client_secret": first.secret if first else "",
        "location": estate.location,
    }


async def _serve_blobs(stack: AsyncExitStack, simulator: Simulator, authority: Authority, folder: Path) -> None:
    """The endpoint that the storage accounts name, before blobs in memory or an Azurite, which is started."""
    storage, store = simulator.world.state(StorageState), simulator.world.state(BlobStore)

    def accounts() -> dict[str, list[str]]:
        return {one.name: one.keys for one in storage.accounts}

    memory = MemoryBlobs()
    store.blobs = memory
    upstream: Upstream = Memory(MemoryService(memory, accounts))
    if simulator.options.azurite:
        # Keys are new in each run, so an earlier run's blobs belong to nobody.
        shutil.rmtree(folder, ignore_errors=True)
        azurite = AzuriteBlobs(simulator.options.azurite, folder, authority, accounts)
        azurite.start()
        stack.callback(azurite.stop)
        store.blobs = azurite
        upstream = Azurite(azurite, ssl.create_default_context(cafile=str(authority.ca_file)))

    def begin(request: web.Request, body: bytes) -> Entry:
        raw_path, _, raw_query = request.raw_path.partition("?")
        return simulator.recorder.begin(
            request.method,
            raw_path,
            raw_query,
            endpoint="blob",
            time=simulator.world.now().isoformat(),
            write=request.method not in ("GET", "HEAD"),
            size=len(body),
        )

    app = blob_app(BlobGate(simulator.world, simulator.tokens), upstream, simulator.player, begin)
    port = await _listen(stack, app, 0, authority.server_context())
    store.endpoint = f"https://localhost:{port}"


async def _listen(stack: AsyncExitStack, app: web.Application, port: int, context: ssl.SSLContext | None) -> int:
    runner = web.AppRunner(app, access_log=None, max_line_size=_LINE_LIMIT, max_field_size=_LINE_LIMIT)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port, ssl_context=context, shutdown_timeout=1.0).start()
    address = runner.addresses[0]
    return int(address[1])


async def _incoming(request: web.Request) -> Incoming:
    raw_path, _, raw_query = request.raw_path.partition("?")
    return Incoming(
        method=request.method,
        raw_path=raw_path,
        raw_query=raw_query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
        base_url=f"{request.scheme}://{request.host}",
    )


def _scripted(fault: RequestFault) -> Reply:
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    return AzureError(fault.status, fault.code, fault.message, headers=headers).reply()


def _response(reply: Reply, method: str) -> web.Response:
    if reply.body is None:
        return web.Response(status=reply.status, headers=reply.headers)
    data = json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", **reply.headers}
    return web.Response(status=reply.status, headers=headers, body=b"" if method == "HEAD" else data)


def _code(reply: Reply) -> str:
    """The code of the error that is answered, if it is one."""
    error = reply.body.get("error") if isinstance(reply.body, dict) and reply.status >= 400 else None
    return str(error.get("code", "")) if isinstance(error, dict) else str(error or "")


def _write_private(path: Path, text: str) -> None:
    """Writes a file that only the owner can read, complete or not at all: readers wait for it to appear."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def _remove(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


def _log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
