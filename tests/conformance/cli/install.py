# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the Azure CLI into a virtual environment of its own: `install.py VENV`. Does nothing when it is there.

It needs about 1 GB and some minutes, so no other test depends on it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(venv: Path) -> None:
    if (venv / "bin" / "az").exists():
        return
    print(f"Installing the Azure CLI into {venv}; this takes some minutes.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "--quiet", "azure-cli>=2.60"], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
