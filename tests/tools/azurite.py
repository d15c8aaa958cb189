# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs Azurite, which holds the blobs of the simulated storage accounts, into a virtual environment: its command is VENV/bin/azurite-blob."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import node

MANIFEST = Path(__file__).parent / "azurite" / "package.json"
ENTRY = Path("node_modules") / "azurite" / "dist" / "src" / "blob" / "main.js"


def ensure(venv: Path, pip_install: node.PipInstall) -> None:
    """Installs what is missing."""
    launcher, folder = venv / "bin" / "azurite-blob", venv / "azurite"
    mark = folder / ".made-from"
    key = MANIFEST.read_text()
    if launcher.exists() and mark.is_file() and mark.read_text() == key:
        return
    command = node.find(venv, pip_install)
    node.install(command, MANIFEST, folder)
    launcher.write_text("#!/bin/sh\nexec %s %s \"$@\"\n" % (shlex.quote(command), shlex.quote(str(folder / ENTRY))))
    launcher.chmod(0o755)
    mark.write_text(key)


if __name__ == "__main__":
    sys.exit("environment.py runs this.")
