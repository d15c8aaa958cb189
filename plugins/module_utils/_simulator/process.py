# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator as a process: found, started, seen and stopped. What belongs to it is in one folder, which goes with it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

from .._arm.errors import ArmError, OptionError
from .environment import federated_token

COMMAND = "azure-dr-simulator"
_READY, _PID, _LOG, _TOKEN, _CLI = "ready.json", "pid", "simulator.log", "identity-token", "azure-cli"
_SECONDS_TO_START = 120.0
_SECONDS_TO_STOP = 15.0
_LOOK = 0.1
_LINES_OF_LOG = 5

INSTALL = (
    "It is a Python package of its own, in the folder 'simulator' of the collection's source: install it with 'pip install ./simulator' in a checkout, "
    "into the environment that ansible-playbook is in, or say where it is."
)


@dataclass(frozen=True)
class Settings:
    """How a simulator is started."""

    executable: str
    estate: str | None = None
    speed: float = 600.0
    slow_start: bool = False
    throttle: str = "2026"
    azurite: str | None = None
    stop_with: int | None = None

    def command(self, folder: Path) -> list[str]:
        given = {
            "--ready-file": str(folder / _READY),
            "--state-dir": str(folder / "tls"),
            "--speed": f"{self.speed:g}",
            "--throttle": self.throttle,
            "--estate": self.estate,
            "--azurite": self.azurite,
            "--stop-with": str(self.stop_with) if self.stop_with else None,
        }
        flags = ["--slow-start"] if self.slow_start else []
        return [self.executable, *flags, *(word for option, value in given.items() if value for word in (option, value))]


class SimulatorFolder:
    """The folder of one simulator, which need not run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def token_file(self) -> str:
        return str(self.path / _TOKEN)

    @property
    def cli_folder(self) -> str:
        """Where the Azure CLI finds nobody signed in."""
        return str(self.path / _CLI)

    @property
    def log_file(self) -> str:
        return str(self.path / _LOG)

    def running(self) -> dict[str, str] | None:
        """What the ready file says, while the simulator of this folder runs. It has a secret."""
        pid = self._pid()
        if pid is None or not _alive(pid, str(self.path / _READY)):
            return None
        try:
            found: dict[str, str] = json.loads((self.path / _READY).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def start(self, settings: Settings) -> dict[str, str]:
        """Starts a simulator and waits until it listens. Raises ArmError with its own words when it does not."""
        with _own_errors(self.path, "written"):
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.path / _CLI).mkdir(exist_ok=True)
            (self.path / _READY).unlink(missing_ok=True)
            with open(self.path / _LOG, "wb") as log:
                process = _spawn(settings.command(self.path), log)
            (self.path / _PID).write_text(str(process.pid), encoding="utf-8")
        ready = self._wait(process)
        if not ready.get("client_id"):
            self.stop()
            example = "principals: [{name: rehearsal, roles: [Owner]}]"
            raise OptionError("estate", f"nobody can sign in, since it has no service principal; add one such as {example}")
        descriptor = os.open(self.token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(federated_token(ready["client_id"]))
        return ready

    def stop(self) -> bool:
        """Stops the simulator and removes the folder; False when there was nothing to stop or to remove."""
        pid = self._pid()
        there = self.path.exists()
        if pid is not None and _alive(pid, str(self.path / _READY)):
            _end(pid, str(self.path / _READY))
        elif pid is None and there:
            raise OptionError("folder", f"{self.path} is not the folder of a simulator that this module has started, so it is left alone")
        shutil.rmtree(self.path, ignore_errors=True)
        return there

    def _wait(self, process: subprocess.Popen[bytes]) -> dict[str, str]:
        deadline = time.monotonic() + _SECONDS_TO_START
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError, ValueError):
                found: dict[str, str] = json.loads((self.path / _READY).read_text(encoding="utf-8"))
                return found
            time.sleep(_LOOK)
        said = Path(self.log_file).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        self.stop()
        raise ArmError(f"The simulator did not start. It said: {' '.join(said[-_LINES_OF_LOG:]) or 'nothing'}", code="SimulatorNotStarted")

    def _pid(self) -> int | None:
        try:
            return int((self.path / _PID).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


def find_executable(given: str | None, beside: Sequence[str] = ()) -> str:
    """The simulator's command: the given one, or else beside a Python (this one's, or ``beside``), or on PATH. Raises OptionError with how to get it."""
    if given:
        found = shutil.which(os.path.expanduser(given))
        if found is None:
            raise OptionError("executable", f"{given!r} is no command that can be started")
        return found
    folders = [os.path.dirname(python) for python in (*beside, sys.executable) if python]
    for folder in folders:
        found = shutil.which(COMMAND, path=folder)
        if found is not None:
            return found
    found = shutil.which(COMMAND)
    if found is None:
        places = " or ".join(dict.fromkeys(folders))
        raise OptionError("executable", f"the simulator is not installed: there is no {COMMAND} in {places}, nor on PATH. {INSTALL}")
    return found


def _spawn(command: list[str], log: Any) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/")
    except OSError as error:
        raise OptionError("executable", f"{command[0]} cannot be started: {error.strerror}") from None


@contextlib.contextmanager
def _own_errors(path: Path, verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OptionError("folder", f"{path} cannot be {verb}: {error.strerror}") from None


def _end(pid: int, mark: str) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while _alive(pid, mark) and time.monotonic() < deadline:
            time.sleep(_LOOK)


def _alive(pid: int, mark: str) -> bool:
    """Whether the process runs and is the simulator, whose command line has ``mark``: numbers of processes are used again."""
    with contextlib.suppress(ChildProcessError):
        # Ours to reap when this process started it.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        # No /proc here.
        return True
    # A process that has ended and that nobody reaped has no command line any more.
    return mark.encode() in line
