# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX and Automation Platform start them: a private data directory for ansible-runner, and what it leaves in its artifacts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any, Mapping

import yaml

from . import places
from .simulator import Simulator

IDLE = 90
"""Seconds without any output after which ansible-runner ends a job: one that asks a question would never end."""


def azure_credential(sim: Simulator, *, subscription: bool = True) -> dict[str, str]:
    """The variables that AWX's credential type "Microsoft Azure Resource Manager" injects for a service principal.

    What the credential does not fill in, such as the subscription, is the empty text. AZURE_CA_PATH is not of the credential.
    """
    return {
        "AZURE_SUBSCRIPTION_ID": sim.ready["subscription_id"] if subscription else "",
        "AZURE_CLIENT_ID": sim.ready["client_id"],
        "AZURE_TENANT": sim.ready["tenant_id"],
        "AZURE_SECRET": sim.ready["client_secret"],
        "AZURE_CLOUD_ENVIRONMENT": sim.ready["arm_url"],
        "AZURE_CA_PATH": sim.ready["ca_file"],
    }


def user_credential(sim: Simulator, password: str) -> dict[str, str]:
    """The same for a user with a password, whom no module can sign in as."""
    return {
        "AZURE_SUBSCRIPTION_ID": sim.ready["subscription_id"],
        "AZURE_AD_USER": "operator@example.com",
        "AZURE_PASSWORD": password,
        "AZURE_CLOUD_ENVIRONMENT": sim.ready["arm_url"],
        "AZURE_CA_PATH": sim.ready["ca_file"],
    }


class Job:
    """A started job. Each has a project and artifacts of its own, and nothing of another one's files, as in an execution environment."""

    def __init__(
        self, folder: Path, playbook: str, extra_vars: Mapping[str, Any], credential: Mapping[str, str], files: Mapping[str, str], *, awx: bool = True
    ) -> None:
        """``awx`` False: as anybody else who uses ansible-runner, without the variables that tell of AWX."""
        self.number = len(list(folder.glob("job-*"))) + 1
        self.folder = folder / f"job-{self.number}"
        for name in ("project", "inventory", "env", "home"):
            (self.folder / name).mkdir(parents=True)
        for name, text in files.items():
            (self.folder / "project" / name).write_text(text)
        # AWX starts playbooks of the project only, so a project has this one line for each playbook of the collection.
        (self.folder / "project" / f"{playbook}.yml").write_text(f"- ansible.builtin.import_playbook: lifeboat.azure_dr.{playbook}\n")
        (self.folder / "inventory" / "hosts").write_text(f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n")
        self._write("extravars", {**extra_vars, **(self._of_awx(playbook) if awx else {})})
        self._write("envvars", {**self._environment(), **(self._environment_of_awx() if awx else {}), **credential})
        self._write("settings", {"idle_timeout": IDLE})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ansible_runner", "run", str(self.folder), "-p", f"{playbook}.yml", "--ident", str(self.number)],
            env=self._clean(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self._printed = ""

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        (self.folder / "env" / name).write_text(yaml.safe_dump(dict(content)))

    def _of_awx(self, playbook: str) -> dict[str, Any]:
        told = {"job_id": self.number, "job_template_id": 7, "job_template_name": f"DR {playbook}", "job_launch_type": "workflow", "user_id": 3,
                "user_name": "operator", "project_revision": "0" * 40}  # fmt: skip
        return {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in told.items()}

    def _environment_of_awx(self) -> dict[str, str]:
        return {
            "JOB_ID": str(self.number),
            "INVENTORY_ID": "1",
            "PROJECT_REVISION": "0" * 40,
            "MAX_EVENT_RES": "700000",
            "AWX_HOST": "https://awx.example.com",
            "AWX_PRIVATE_DATA_DIR": str(self.folder),
            "ANSIBLE_FORCE_COLOR": "True",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
        }

    def _environment(self) -> dict[str, str]:
        return {
            "ANSIBLE_COLLECTIONS_PATH": places.collections_path(),
            "ANSIBLE_HOME": str(self.folder / "home" / ".ansible"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "home" / "tmp"),
            "HOME": str(self.folder / "home"),
            "LIFEBOAT_AZURE_DR_PROGRESS_SECONDS": "0.2",
        }

    @staticmethod
    def _clean() -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "ANSIBLE_", "PYTEST_", "AWX_", "RUNNER_"))}
        return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}", "LC_ALL": "C.UTF-8"}

    def cancel(self) -> None:
        """As AWX does when somebody presses Cancel: ansible-runner ends and kills what it has started."""
        self._process.send_signal(signal.SIGTERM)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, timeout: float = 300.0) -> Job:
        try:
            self._printed += self._process.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"the job did not end in {timeout} s:\n{self.stdout[-4000:]}") from None
        return self

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts" / str(self.number)

    @property
    def status(self) -> str:
        """successful, failed, canceled or timeout."""
        return (self.artifacts / "status").read_text()

    @property
    def stdout(self) -> str:
        file = self.artifacts / "stdout"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else self._printed

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        found = [json.loads(file.read_text(encoding="utf-8")) for file in (self.artifacts / "job_events").glob("*.json") if "partial" not in file.name]
        return sorted(found, key=lambda event: int(event["counter"]))

    @property
    def handed_over(self) -> dict[str, Any]:
        """What set_stats gives to the next node of a workflow, which gets it as extra variables."""
        ends = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        found: dict[str, Any] = ends[-1].get("artifact_data", {}) if ends else {}
        return found

    def ok(self) -> Job:
        if self.status != "successful":
            raise AssertionError(f"the job is {self.status}:\n{self.stdout[-6000:]}")
        return self

    def outputs(self) -> list[str]:
        """All that people or the next job may see: output, events, facts and files of the project. Not ansible-runner's own note of the environment."""
        files = [file for place in (self.artifacts, self.folder / "project") for file in place.rglob("*") if file.is_file() and file.name != "command"]
        return [self._printed, *(file.read_text(encoding="utf-8", errors="replace") for file in files)]
