# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks and single modules by `ansible-playbook`, in an environment of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from . import places

COLLECTION = "lifeboat.azure_dr"
MOST_VERBOSE = 4
"""So that whatever can be printed is, and is searched for secrets (secrets.py)."""


@dataclass(frozen=True)
class TaskResult:
    task: str
    status: str
    """ok, failed, skipped or unreachable."""
    result: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a run of ansible-playbook gave. The properties speak of the last task that ran."""

    returncode: int
    stdout: str
    stderr: str
    tasks: list[TaskResult] = field(default_factory=list)

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    @property
    def value(self) -> dict[str, Any]:
        """The result of the last task."""
        if not self.tasks:
            raise AssertionError(f"no task ended (exit code {self.returncode}):\n{self.output[-4000:]}")
        return self.tasks[-1].result

    def __getitem__(self, name: str) -> Any:
        return self.value[name]

    @property
    def changed(self) -> bool:
        return bool(self.value.get("changed"))

    @property
    def failed(self) -> bool:
        return self.returncode != 0 or not self.tasks or self.tasks[-1].status == "failed"

    @property
    def vms(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.value["vms"]
        return found

    def vm(self, name: str) -> dict[str, Any]:
        return next(entry for entry in self.vms if entry["name"].lower() == name.lower())

    def each(self) -> list[Result]:
        """One result a task, for runs of several."""
        return [Result(2 if task.status == "failed" else 0, self.stdout, self.stderr, [task]) for task in self.tasks]

    def ok(self) -> Result:
        """This result; an AssertionError with the whole story when the run failed."""
        if self.failed:
            story = json.dumps(self.tasks[-1].result, indent=1)[:6000] if self.tasks else ""
            raise AssertionError(f"ansible-playbook failed ({self.returncode}):\n{story}\n{self.output[-3000:]}")
        return self


class Run:
    """A started ansible-playbook: wait() for it, or kill() it."""

    def __init__(self, process: subprocess.Popen[str], lines: Path, outputs: list[str]) -> None:
        self.process = process
        self._lines = lines
        self._outputs = outputs

    def wait(self, timeout: float = 300.0) -> Result:
        try:
            stdout, stderr = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"ansible-playbook did not end in {timeout} s:\n{stdout[-3000:]}\n{stderr[-3000:]}") from None
        results = self._lines.read_text(encoding="utf-8") if self._lines.exists() else ""
        self._outputs += [stdout, stderr, results]
        return Result(self.process.returncode, stdout, stderr, self.tasks())

    def tasks(self) -> list[TaskResult]:
        text = self._lines.read_text(encoding="utf-8") if self._lines.exists() else ""
        return [TaskResult(**json.loads(line)) for line in text.splitlines()]

    def kill(self) -> None:
        """SIGKILL for ansible-playbook and all that it started (its workers are in sessions of their own)."""
        for pid in [self.process.pid, *_descendants(self.process.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


def _descendants(root: int) -> list[int]:
    parents = _parents()
    found: list[int] = []
    frontier = {root}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier}
        found += sorted(frontier)
    return found


def _parents() -> dict[int, int]:
    """The parent of every process: from /proc, or from ps where there is no /proc."""
    found: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may have blanks.
            found[int(file.parent.name)] = int(file.read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    if not found:
        listing = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
        found = {int(pid): int(parent) for pid, parent in (line.split() for line in listing.splitlines())}
    return found


class Ansible:
    """ansible-playbook with the options and environment given to it; nothing of the caller's AZURE_* or ANSIBLE_* settings."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self.outputs: list[str] = []
        """All that was printed or handed back."""

    def start(
        self, tasks: Sequence[Mapping[str, Any]] | Path, *, check: bool = False, diff: bool = False, verbosity: int = MOST_VERBOSE,
        environment: Mapping[str, str] | None = None, extra_vars: Mapping[str, Any] | None = None,
    ) -> Run:
        """Starts a playbook: a file, or a list of tasks for localhost."""
        work = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        if isinstance(tasks, Path):
            playbook = tasks
        else:
            playbook = work / "play.json"
            # JSON is YAML. The tasks see no facts, and need no host.
            playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]))
        command = [places.tool("ansible-playbook"), str(playbook)]
        command += ["--check"] * check + ["--diff"] * diff + ["-" + "v" * verbosity] * bool(verbosity)
        if extra_vars:
            command += ["--extra-vars", json.dumps(extra_vars)]
        lines = work / "results"
        process = subprocess.Popen(
            command, cwd=work, env={**self._base(work, lines), **self.environment, **(environment or {})}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        return Run(process, lines, self.outputs)

    def run(self, tasks: Sequence[Mapping[str, Any]] | Path, *, timeout: float = 300.0, **options: Any) -> Result:
        return self.start(tasks, **options).wait(timeout)

    def run_module(self, name: str, arguments: Mapping[str, Any], **options: Any) -> Result:
        """Runs one module of the collection as a task of its own."""
        return self.run([self.task(name, arguments)], **options)

    @staticmethod
    def task(name: str, arguments: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
        full = name if "." in name else f"{COLLECTION}.{name}"
        return {"name": name, full: dict(arguments), **keywords}

    def _base(self, work: Path, lines: Path) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AZURE_", "ANSIBLE_", "PYTEST_"))}
        config = work / "ansible.cfg"
        config.touch()
        inventory = work / "inventory.ini"
        inventory.write_text(f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n")
        return {
            **kept,
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(config),
            "ANSIBLE_HOME": str(self.folder / ".ansible"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / ".ansible" / "tmp"),
            "ANSIBLE_COLLECTIONS_PATH": places.collections_path(),
            "ANSIBLE_INVENTORY": str(inventory),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "result_lines",
            "RESULT_LINES": str(lines),
        }
