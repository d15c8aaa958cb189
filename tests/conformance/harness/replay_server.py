# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves a replayed flow over HTTPS on loopback, with a certificate of its own, as an Azure that modules can sign in to."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import trustme

from .recording import RECORDED_HOST, Exchange, is_write, normal_path
from .replay import Answer, Replay

URL_HEADERS = ("azure-asyncoperation", "location", "operation-location")
SERVED_HEADERS = (*URL_HEADERS, "x-ms-request-id", "x-ms-correlation-request-id")
METADATA = "/metadata/endpoints"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: ReplayServer

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        path, _mark, query = self.path.partition("?")
        answer = self.owner.answer(self.command, path, query, raw, self.headers.get("Authorization", ""))
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if content:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = do_HEAD = _handle

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is the base class's)
        """Nothing: the replay remembers what matters."""


class ReplayServer:
    """`with ReplayServer(flow, folder) as server`: server.url, server.environment(), server.replay."""

    def __init__(self, flow: list[Exchange], folder: Path) -> None:
        self.replay = Replay(flow)
        self.token = "replay-" + secrets.token_urlsafe(32)
        self.requests: list[str] = []
        """`METHOD path status`, in the order they came."""
        self.writes: dict[str, list[str]] = {}
        """The writes among them, by the label of the token: each task has a token of its own."""
        self._lock = threading.Lock()
        authority = trustme.CA()
        self.ca_file = folder / "replay-ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> ReplayServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token_for(self, label: str) -> dict[str, str]:
        """The environment of a task whose writes are to be told apart."""
        return {"AZURE_ACCESS_TOKEN": f"{self.token}.{label}"}

    def environment(self, subscription: str) -> dict[str, str]:
        return {
            "AZURE_CLOUD_ENVIRONMENT": self.url,
            "AZURE_CA_PATH": str(self.ca_file),
            "AZURE_SUBSCRIPTION_ID": subscription,
            "AZURE_ACCESS_TOKEN": self.token,
            "ANSIBLE_AZURE_AUTH_SOURCE": "access_token",
        }

    def answer(self, method: str, path: str, query: str, raw: bytes, authorization: str) -> Answer:
        if path == METADATA:
            return Answer(200, self._metadata())
        word, _blank, token = authorization.partition(" ")
        token, _dot, label = token.partition(".")
        if (word, token) != ("Bearer", self.token):
            return Answer(401, {"error": {"code": "InvalidAuthenticationToken", "message": "The access token is invalid."}})
        params = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
        body = json.loads(raw) if raw else None
        with self._lock:
            answer = self.replay.answer(method, path, params, body)
            self.requests.append(f"{method} {path} {answer.status}")
            if is_write(method, normal_path(path)):
                self.writes.setdefault(label, []).append(self.requests[-1])
        return self._here(answer)

    def _here(self, answer: Answer) -> Answer:
        """The recorded URLs to follow, on this server."""
        headers = {name: value.replace(RECORDED_HOST, self.url) for name, value in answer.headers.items() if name in SERVED_HEADERS}
        if answer.status in (408, 429) or answer.status >= 500:
            # Recordings lack Retry-After, and the wait that a 429's message speaks of need not be sat through.
            headers["x-ms-retry-after-ms"] = "20"
        body = answer.body
        if isinstance(body, dict) and isinstance(body.get("nextLink"), str):
            body = {**body, "nextLink": body["nextLink"].replace(RECORDED_HOST, self.url)}
        return Answer(answer.status, body, headers)

    def _metadata(self) -> dict[str, Any]:
        return {
            "name": "Recorded",
            "resourceManager": self.url,
            "authentication": {"loginEndpoint": self.url, "audiences": [self.url], "tenant": "common", "identityProvider": "AAD"},
            # Blobs were not recorded, and nobody must look for them at the real Azure.
            "suffixes": {"storage": "storage.invalid"},
        }
