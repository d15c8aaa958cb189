# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests drive: a simulator in this process without ports, and a real process with TLS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from azure_dr_simulator.estate import Principal, default_document, load_estate
from azure_dr_simulator.gate.arm import Incoming
from azure_dr_simulator.replies import Reply
from azure_dr_simulator.server import Options, Simulator, endpoint_of

BASE = "https://localhost:4443"


class Local:
    """Talks to a simulator in this process, as one of its principals."""

    def __init__(self, **options: Any) -> None:
        document = options.pop("document", None) or default_document()
        self.simulator = Simulator(Options(estate=load_estate(document), **options))
        self.estate = self.simulator.estate
        self.world = self.simulator.world
        self.subscription = f"/subscriptions/{self.estate.subscription_id}"
        self.token = self.issue("drill")

    def principal(self, name: str) -> Principal:
        return next(one for one in self.estate.principals if one.name == name)

    def issue(self, name: str, audience: str = BASE) -> str:
        return self.simulator.tokens.issue(self.principal(name), audience)

    def group(self, name: str) -> str:
        return f"{self.subscription}/resourceGroups/{name}"

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = "2024-11-01",
        token: str | None = None,
        **headers: str,
    ) -> Reply:
        """`path` may be absolute and then carries its own query."""
        parts = urlsplit(path)
        query = (
            parts.query
            if parts.scheme or not version
            else "&".join(part for part in (parts.query, f"api-version={version}") if part)
        )
        sent = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        bearer = self.token if token is None else token
        if bearer:
            sent.setdefault("authorization", f"Bearer {bearer}")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        incoming = Incoming(method, parts.path, query, sent, data, BASE)
        return self.simulator.answer(incoming, self.simulator.begin(incoming, endpoint_of(incoming.raw_path)))

    def get(self, path: str, **options: Any) -> Reply:
        return self.send("GET", path, **options)

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)


def error_code(reply: Reply) -> str:
    return str(reply.body["error"]["code"])


class Served:
    """A running simulator process and a session that trusts it."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.ready_file = directory / "ready.json"
        self.log = (directory / "log").open("w")
        source = str(Path(__file__).parents[1] / "src")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "azure_dr_simulator", "--ready-file", str(self.ready_file), *arguments],
            env={**os.environ, "PYTHONPATH": source},
            stderr=self.log,
        )
        self.ready = self._wait()
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = self.ready["ca_file"]

    def _wait(self) -> dict[str, str]:
        deadline = time.monotonic() + 60
        while not self.ready_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the simulator did not start; see its log")
            time.sleep(0.05)
        ready: dict[str, str] = json.loads(self.ready_file.read_text())
        return ready

    def sign_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.ready["client_id"],
            "client_secret": self.ready["client_secret"],
            "scope": f"{self.ready['arm_url']}/.default",
        }
        answer = self.session.post(f"{self.ready['arm_url']}/{self.ready['tenant_id']}/oauth2/v2.0/token", data=form)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def arm(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(
            method, f"{self.ready['arm_url']}{path}", params={"api-version": "2024-11-01"}, **options
        )

    def control(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, f"{self.ready['control_url']}{path}", **options)

    def stop(self) -> int:
        self.process.terminate()
        status = self.process.wait(30)
        self.log.close()
        return status
