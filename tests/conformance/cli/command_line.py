# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Azure CLI as a person uses it: commands in, parsed JSON out."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

CLOUD = "AzureDrSimulator"
SECONDS = 300
"""No command takes longer; the longest waits inside the CLI are 30 seconds each."""


class AzureCli:
    """`az("backup vault list")` returns what the command prints, parsed; it fails the test when the command fails.

    The home and the configuration are below `folder`, so the clouds, sign-ins and settings of whoever runs the tests are neither
    used nor changed. Nothing of the environment is passed on but where programs are.
    """

    def __init__(self, command: str, folder: Path, ready: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.command = shlex.split(command)
        self.folder = folder
        self.ready = ready
        self.subscription = f"/subscriptions/{ready['subscription_id']}"
        self._secrets: set[str] = {ready["client_secret"]}
        self._log = folder / "commands.log"
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "AZURE_CONFIG_DIR": str(folder / "config"),
            "REQUESTS_CA_BUNDLE": ready["ca_file"],
            # The CLI would ask Microsoft whether it knows the login host.
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_NO_COLOR": "true",
            "AZURE_CORE_SURVEY_MESSAGE": "false",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
        }

    def register(self) -> None:
        """Makes the simulator one of the CLI's clouds, all from its one URL, and the current one."""
        self.text(f"cloud register --name {CLOUD} --endpoint-resource-manager {self.ready['arm_url']}")
        self.text(f"cloud set --name {CLOUD}")

    def sign_in(self, user: str = "", secret: str = "") -> Any:
        """Signs a service principal in, the estate's first one unless named; returns the subscriptions it sees."""
        return self(self.sign_in_command(user or self.ready["client_id"], secret or self.ready["client_secret"]))

    def sign_in_command(self, user: str, secret: str) -> str:
        self._secrets.add(secret)
        return f"login --service-principal --username {user} --password={secret} --tenant {self.ready['tenant_id']}"

    def __call__(self, command: str) -> Any:
        """What the command prints, parsed; None when it prints nothing."""
        return self._parsed(self.text(command + " --output json"))

    def text(self, command: str) -> str:
        """What the command prints, as it is."""
        done = self._run(command)
        assert done.returncode == 0, f"az {self._safe(command)}\nended with {done.returncode}:\n{self._safe(done.stderr)}"
        return done.stdout

    def table(self, command: str) -> list[str]:
        """The lines of the table that a person sees, without its two lines of headings."""
        return self.text(command + " --output table").splitlines()[2:]

    def fails(self, command: str) -> str:
        """What a command that must fail says."""
        done = self._run(command)
        assert done.returncode != 0, f"az {self._safe(command)}\nshould have failed and printed:\n{self._safe(done.stdout)}"
        return done.stderr

    def storage_key(self, account: str, group: str = "rg-dr") -> str:
        """The first key of a storage account, which is kept out of all that is logged."""
        key = str(self(f"storage account keys list -g {group} -n {account}")[0]["value"])
        self._secrets.add(key)
        return key

    def vm_id(self, name: str, group: str = "rg-prod") -> str:
        return f"{self.subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        words = [*self.command, *shlex.split(command)]
        done = subprocess.run(
            words, env=self._environment, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        with self._log.open("a", encoding="utf-8") as log:
            log.write(self._safe(f"$ az {command}\n{done.stdout}{done.stderr}[{done.returncode}]\n\n"))
        return done

    def _safe(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    @staticmethod
    def _parsed(text: str) -> Any:
        return json.loads(text) if text.strip() else None
