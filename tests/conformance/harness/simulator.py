# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator process, its control port, and Ansible that talks to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

import requests

from . import places
from .ansible import Ansible, Result
from .control import Control
from .secrets import leaks


class Simulator:
    """One running simulator. Options become flags: `Simulator(folder, vms=1000, speed=600, throttle="2023")`."""

    def __init__(self, folder: Path, **options: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        options = {"speed": 600, "throttle": "off", "seed": 1, **options}
        self.speed = float(options["speed"])
        flags = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), str(value))]
        environment = dict(os.environ)
        source = places.simulator_source()
        if source:
            environment["PYTHONPATH"] = str(source)
        self._log = folder / "simulator.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "azure_dr_simulator", "--ready-file", str(ready), "--state-dir", str(folder / "state"), *flags],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )
        self.ready: dict[str, str] = self._wait_for(ready)
        self.control = Control(self.ready["control_url"])
        self.ansible = Ansible(folder, self.environment())
        self.subscription = self.ready["subscription_id"]
        self._token: tuple[str, float] | None = None

    def _wait_for(self, ready: Path) -> dict[str, str]:
        for _attempt in range(600):
            if self._process.poll() is not None:
                break
            try:
                found: dict[str, str] = json.loads(ready.read_text())
                return found
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.1)
        self.stop()
        raise AssertionError("the simulator did not start:\n" + self.log())

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def leaks(self) -> list[str]:
        """Secrets of this simulator, and what looks like one, in anything that Ansible or the simulator printed."""
        return leaks([*self.ansible.outputs, self.log()], [self.ready["client_secret"], *self.control.secrets()])

    def environment(self) -> dict[str, str]:
        """The variables that make any of the modules sign in to this simulator."""
        return {
            "AZURE_CLOUD_ENVIRONMENT": self.ready["arm_url"],
            "AZURE_CA_PATH": self.ready["ca_file"],
            "AZURE_TENANT": self.ready["tenant_id"],
            "AZURE_SUBSCRIPTION_ID": self.ready["subscription_id"],
            "AZURE_CLIENT_ID": self.ready["client_id"],
            "AZURE_SECRET": self.ready["client_secret"],
        }

    def run_module(self, name: str, arguments: Mapping[str, Any], *, check: bool = False, **options: Any) -> Result:
        """Runs a module of the collection, e.g. `sim.run_module("vm_restore", {...}, check=True).ok()`.

        `poll_interval` is short unless given; options as Ansible.start has them (diff, verbosity, environment).
        """
        short = {} if name.endswith("_info") else {"poll_interval": 0.05}
        return self.ansible.run_module(name, {**short, **arguments}, check=check, **options)

    def rg(self, group: str) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{group}"

    def vm_id(self, group: str, name: str) -> str:
        return f"{self.rg(group)}/providers/Microsoft.Compute/virtualMachines/{name}"

    def arm(self, method: str, path: str, api_version: str = "2025-02-01", body: Any = None, params: Mapping[str, str] | None = None) -> requests.Response:
        """One plain ARM request, with the estate's own credentials; for looking behind the modules' back. `path` may be a whole URL."""
        url = path if path.startswith("https://") else self.ready["arm_url"] + path
        query = {**({} if "api-version=" in url else {"api-version": api_version}), **(params or {})}
        headers = {"Authorization": "Bearer " + self.token()}
        return self._session.request(method, url, params=query, json=body, headers=headers, timeout=60)

    @cached_property
    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = self.ready["ca_file"]
        return session

    def token(self, *, fresh: bool = False) -> str:
        """An access token from the simulator's login endpoint, kept for 20 virtual minutes."""
        now = float(self.control.clock()["elapsed"])
        if fresh or self._token is None or now > self._token[1] + 1200:
            form = {
                "grant_type": "client_credentials", "client_id": self.ready["client_id"], "client_secret": self.ready["client_secret"],
                "scope": self.ready["arm_url"] + "/.default",
            }
            answer = self._session.post(f"{self._login}/{self.ready['tenant_id']}/oauth2/v2.0/token", data=form, timeout=60)
            answer.raise_for_status()
            self._token = (str(answer.json()["access_token"]), now)
        return self._token[0]

    @cached_property
    def _login(self) -> str:
        found = self._session.get(self.ready["arm_url"] + "/metadata/endpoints", params={"api-version": "2022-09-01"}, timeout=60)
        found.raise_for_status()
        return str(found.json()["authentication"]["loginEndpoint"]).rstrip("/")


@contextmanager
def simulators(folder: Path) -> Iterator[Callable[..., Simulator]]:
    """A function that starts simulators, each in a folder of its own. At the end all are stopped, and all output is searched for their secrets."""
    running: list[Simulator] = []

    def start(**options: Any) -> Simulator:
        simulator = Simulator(folder / f"simulator-{len(running)}", **options)
        running.append(simulator)
        return simulator

    try:
        yield start
        found = [leak for simulator in running if simulator.alive for leak in simulator.leaks()]
    finally:
        for simulator in running:
            simulator.stop()
    assert found == [], found
