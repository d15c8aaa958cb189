# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops a simulator: `simulator.py start|stop RUN_DIR [arguments of azure-dr-simulator]`, or `running()` from Python.

RUN_DIR then has `ready.json` (endpoints and credentials), `pid`, `simulator.log`, `tls/` (the CA), and after the stop `secrets.json`:
every credential the simulator knew or gave out, which check_secrets.py looks for in the outputs.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Iterator

SECONDS_TO_START = 120
SECONDS_TO_STOP = 10


def start(run_dir: Path, arguments: list[str]) -> dict[str, Any]:
    """Starts a simulator on free ports and returns what its ready file says; exits with the simulator's words when it does not start."""
    stop(run_dir)
    shutil.rmtree(run_dir, ignore_errors=True)
    (run_dir / "tls").mkdir(parents=True)
    ready = run_dir / "ready.json"
    # The script beside this Python, whether or not its environment is active.
    command = [os.path.join(os.path.dirname(sys.executable), "azure-dr-simulator"), "--ready-file", str(ready), "--state-dir", str(run_dir / "tls")]
    with open(run_dir / "simulator.log", "wb") as log:
        process = subprocess.Popen(command + arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (run_dir / "pid").write_text(str(process.pid))
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, ValueError):
            answer: dict[str, Any] = json.loads(ready.read_text())
            return answer
        if process.poll() is not None:
            break
        time.sleep(0.1)
    stop(run_dir)
    sys.exit("The simulator did not start. It said:\n" + (run_dir / "simulator.log").read_text())


def stop(run_dir: Path) -> None:
    """Stops the simulator of this folder, if it runs; keeps the secrets it had for the search in the outputs."""
    try:
        pid = int((run_dir / "pid").read_text())
    except (FileNotFoundError, ValueError):
        return
    if alive(pid):
        keep_secrets(run_dir)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    (run_dir / "pid").unlink()


def alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        # Ours to reap when this process started it.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def keep_secrets(run_dir: Path) -> None:
    try:
        ready = json.loads((run_dir / "ready.json").read_text())
        with urllib.request.urlopen(ready["control_url"].rstrip("/") + "/secrets", timeout=30) as answer:
            secrets = json.load(answer)["secrets"]
    except (OSError, ValueError, KeyError) as problem:
        # The search for secrets must then fail, and it does, because the file is missing.
        print("The simulator's secrets could not be read: %s" % problem, file=sys.stderr)
        return
    (run_dir / "secrets.json").write_text(json.dumps(sorted({ready["client_secret"], *secrets})))


def environment(ready: dict[str, Any]) -> dict[str, str]:
    """The AZURE_* variables with which the collection, or any tool that knows them, works on this simulator as on Azure."""
    return {
        "AZURE_CLOUD_ENVIRONMENT": ready["arm_url"],
        "AZURE_CA_PATH": ready["ca_file"],
        "AZURE_SUBSCRIPTION_ID": ready["subscription_id"],
        "AZURE_TENANT": ready["tenant_id"],
        "AZURE_CLIENT_ID": ready["client_id"],
        "AZURE_SECRET": ready["client_secret"],
    }


@contextlib.contextmanager
def running(run_dir: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """A simulator for the time of a `with` block."""
    ready = start(run_dir, list(arguments))
    try:
        yield ready
    finally:
        stop(run_dir)


if __name__ == "__main__":
    if sys.argv[1] == "start":
        start(Path(sys.argv[2]).absolute(), sys.argv[3:])
    else:
        stop(Path(sys.argv[2]).absolute())
