# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the integration targets against simulators: `integration.py BUILD [arguments of ansible-test integration]`.

The role setup_simulator starts and stops a simulator for each target. What runs is verbose on purpose, because the log is then
searched for secrets; the console shows what a person needs, the rest is in BUILD/logs/integration-vvvv.log.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import simulator

HEADLINE = re.compile(r"^(Running |WARNING: (?!Location)|ERROR: |FATAL: |TASK \[setup_simulator : (Prepare|Run|Check|Verify)[^]]*: |testhost +: )")
TROUBLE = re.compile(r"^(fatal: |failed: |\[ERROR\]|ERROR! )")
LINES_OF_TROUBLE = 60


def configure(build: Path) -> None:
    """What the role setup_simulator must know; only in the staged copy, because the paths are this machine's."""
    settings = {
        "simulator_python": sys.executable,
        "simulator_tool": str(Path(simulator.__file__).resolve()),
        "simulator_runs": str(build / "runs" / "integration"),
    }
    folder = build / "ansible_collections" / "lifeboat" / "azure_dr" / "tests" / "integration"
    (folder / "integration_config.yml").write_text(json.dumps(settings, indent=2) + "\n")


def follow(command: list[str], log: Path) -> int:
    """Runs the command, all its output into the log and the telling lines to the console."""
    left = 0
    with open(log, "w", encoding="utf-8") as file, subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            if TROUBLE.match(line):
                left = LINES_OF_TROUBLE
            elif left and (not line.strip() or line.startswith(("TASK [", "PLAY "))):
                left = 0
            if left or HEADLINE.match(line):
                print(line.rstrip()[:2000], flush=True)
                left = max(0, left - 1)
    return process.returncode


def main(build: Path, arguments: list[str]) -> int:
    runs = build / "runs" / "integration"
    shutil.rmtree(runs, ignore_errors=True)
    runs.mkdir(parents=True)
    (build / "logs").mkdir(exist_ok=True)
    log = build / "logs" / "integration-vvvv.log"
    configure(build)
    tool = str(Path(__file__).with_name("run_ansible_test.py"))
    try:
        status = follow([sys.executable, tool, str(build), "integration", "-vvvv", "--continue-on-error", *arguments], log)
    finally:
        for run_dir in runs.iterdir():
            simulator.stop(run_dir)
    if not any(runs.iterdir()):
        print("No target ran.")
        status = status or 1
    print("Integration %s. All of the output: %s" % ("passed" if status == 0 else "failed", log))
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:]))
