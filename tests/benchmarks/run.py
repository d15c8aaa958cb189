# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what one unchanged vm_backup_protection task costs, beside one ansible.builtin.uri task: `run.py BUILD [ROUNDS]`.

Both work on the same simulator in the same run. Nothing is asserted about times: read the figures.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import simulator  # noqa: E402

URI, ONE, FLEET = "GET one page by ansible.builtin.uri", "Protect 1 VM that is protected", "Protect 1,000 VMs that are protected"
MODULE = "ansible_collections.lifeboat.azure_dr.plugins.modules.vm_backup_protection"


def run_playbook(build: Path, environment: dict[str, str], playbook: Path = HERE / "playbook.yml") -> None:
    command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), str(playbook)]
    done = subprocess.run(command, env=environment, cwd=build, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("The playbook failed:\n" + done.stdout + done.stderr)


def durations(file: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for line in file.read_text().splitlines():
        entry = json.loads(line)
        found.setdefault(entry["task"].split(" : ")[-1], []).append(entry["seconds"])
    return found


def protection(names: list[str]) -> dict[str, Any]:
    return {"vm": names, "vm_resource_group": "rg-prod", "vault": "rsv-prod", "resource_group": "rg-backup", "policy": "DefaultPolicy"}


def module_alone(command: list[str], environment: dict[str, str], arguments: dict[str, Any], control: str) -> tuple[float, int]:
    """A module's own process, without Ansible around it: peak memory in MiB and the requests it sent."""
    request(control, "DELETE")
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    process.stdin.close()
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit("The module alone ended with %d" % process.returncode)
    return usage.ru_maxrss / 1024, len(request(control, "GET"))


def request(control: str, method: str) -> list[Any]:
    sent = urllib.request.Request(control.rstrip("/") + "/requests", method=method)
    with urllib.request.urlopen(sent, timeout=30) as answer:
        text = answer.read()
    body = json.loads(text) if text else []
    return list(body["requests"] if isinstance(body, dict) and "requests" in body else body)


def variables(build: Path, ready: dict[str, Any], times: Path) -> dict[str, str]:
    """The environment of the playbooks."""
    return {
        **os.environ,
        **simulator.environment(ready),
        "ANSIBLE_COLLECTIONS_PATH": str(build),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "durations",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "DURATIONS_FILE": str(times),
    }


def main(build: Path, rounds: int) -> None:
    run_dir = build / "runs" / "bench"
    with simulator.running(run_dir, "--estate", str(HERE / "estate.yml"), "--vms", "1000", "--protected", "--throttle", "off") as ready:
        times = run_dir / "durations.jsonl"
        environment = variables(build, ready, times)
        for _round in range(rounds):
            run_playbook(build, environment)
        command, alone = [sys.executable, "-m", MODULE], {**environment, "PYTHONPATH": str(build)}
        one = module_alone(command, alone, protection(["vm-0001"]), ready["control_url"])
        fleet = module_alone(command, alone, protection([f"vm-{number:04d}" for number in range(1, 1001)]), ready["control_url"])
    report(durations(times), {ONE: one, FLEET: fleet})


def report(seconds: dict[str, list[float]], alone: dict[str, tuple[float, int]]) -> None:
    base = statistics.median(seconds[URI])
    print(f"Median of {len(seconds[URI])} runs on one simulator (lowest to highest):")
    for name in (URI, *alone):
        runs = seconds[name]
        middle = statistics.median(runs)
        line = f"  {name:40} {middle:6.2f} s ({min(runs):.2f} to {max(runs):.2f})  {middle / base:5.2f} x uri"
        if name in alone:
            line += f"   peak memory {alone[name][0]:.0f} MiB   {alone[name][1]} requests"
        print(line)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
