# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rehearses the recovery on the simulator: `rehearse.py BUILD [arguments of ansible-playbook]`.

Starts a simulator with the estate playbooks/files/rehearse_estate.yml and runs the playbook lifeboat.azure_dr.rehearse on it, just as it
would be run on Azure: all that the playbook gets of the simulator are the AZURE_* variables and, to look behind the scenes, `simulator_control_url`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import simulator

SPEED = "600"
"""Virtual seconds in a second: a backup of 41 minutes then takes 4 seconds."""


def main(build: Path, arguments: list[str]) -> int:
    collection = build / "ansible_collections" / "lifeboat" / "azure_dr"
    estate = collection / "playbooks" / "files" / "rehearse_estate.yml"
    report = build / "rehearsal"
    summary = report.with_suffix(".txt")
    summary.unlink(missing_ok=True)
    # A folder of its own, so that two rehearsals do not stop each other's simulator.
    run_dir = build / "runs" / "rehearse" / str(os.getpid())
    azurite = os.path.join(os.path.dirname(sys.executable), "azurite-blob")
    with simulator.running(run_dir, "--estate", str(estate), "--speed", SPEED, "--azurite", azurite) as ready:
        environment = {
            **os.environ,
            **simulator.environment(ready),
            "REHEARSE_REPORT": str(report),
            "ANSIBLE_COLLECTIONS_PATH": str(build),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        }
        facts = json.dumps({"simulator_control_url": ready["control_url"]})
        command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "lifeboat.azure_dr.rehearse", "--extra-vars", facts, *arguments]
        status = subprocess.run(command, env=environment, cwd=build, check=False).returncode
    if summary.exists():
        print(summary.read_text())
    print("The rehearsal %s." % ("passed" if status == 0 else "FAILED"))
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:]))
