# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs real Azure CLI commands against the simulator: `azure_cli.py BUILD [arguments of pytest]`.

The CLI is installed into BUILD/azure-cli, once; AZURE_CLI in the environment names another one. It is not among the tools of the shared
environment because its many pinned libraries would be theirs, too.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from environment import ROOT, digest, find_python, fresh, install

REQUIREMENTS = ROOT / "tests" / "tools" / "azure-cli-requirements.txt"
TESTS = ROOT / "tests" / "conformance" / "cli"


def installed(venv: Path) -> str:
    """The command of the CLI in this environment, which is made when it is not there."""
    mark = venv / ".made-from"
    key = sys.version.split()[0] + " " + digest(REQUIREMENTS)
    if not fresh(mark, key):
        print("Installing the Azure CLI into %s; this takes some minutes and 700 MB." % os.path.relpath(venv), flush=True)
        subprocess.run([find_python(), "-m", "venv", "--clear", venv], check=True)
        install(venv, "-r", str(REQUIREMENTS))
        mark.write_text(key)
    # The module and not the script beside it, whose first line may be too long for the kernel.
    return shlex.join([str(venv / "bin" / "python"), "-m", "azure.cli"])


def main(build: Path, arguments: list[str]) -> int:
    command = os.environ.get("AZURE_CLI") or installed(build / "azure-cli")
    environment = {**os.environ, "AZURE_CLI": command, "AZURE_CLI_RUN": str(build / "runs" / "azure-cli")}
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), str(TESTS), *arguments]
    return subprocess.run(pytest, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:]))
