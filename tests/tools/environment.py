# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates or renews the virtual environment that all make targets share: `environment.py VENV`, run by any Python 3.

`environment.py VENV REQUIREMENTS...` makes one from other files, for tests whose libraries must not be the tools'.

Nothing is installed when nothing has changed: the environment remembers a hash of what it was made from. A change of
the requirements makes it anew; a change of the simulator only installs the simulator again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import azurite

ROOT = Path(__file__).resolve().parents[2]
OLDEST = (3, 10)
SHARED = [ROOT / "requirements.txt", ROOT / "tests" / "tools" / "requirements.txt"]
CANDIDATES = ["python3"] + ["python3.%d" % minor for minor in range(14, OLDEST[1] - 1, -1)]
PROBE = "import ensurepip, sys, venv; sys.exit(sys.version_info < %r)" % (OLDEST,)


def digest(*paths: Path) -> str:
    """One hash over names and contents of files and of all files in folders."""
    result = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix != ".pyc" and "_cache" not in str(file):
                result.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return result.hexdigest()


def find_python() -> str:
    """This Python when it will do, else the first on PATH that will."""
    for name in [sys.executable] + CANDIDATES:
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", PROBE], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return path
    sys.exit("A Python of at least %d.%d with the modules venv and ensurepip is needed (Debian: python3-venv); make PYTHON=... names one." % OLDEST)


def install(venv: Path, *what: str) -> None:
    subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", *what], check=True, cwd=ROOT)


def fresh(mark: Path, key: str) -> bool:
    return mark.is_file() and mark.read_text() == key


def main(venv: Path, requirements: list[Path]) -> None:
    mark = venv / ".made-from"
    key = sys.version.split()[0] + " " + digest(*requirements)
    if not fresh(mark, key):
        print("Making the virtual environment %s; this takes a minute or two." % os.path.relpath(venv), flush=True)
        subprocess.run([find_python(), "-m", "venv", "--clear", venv], check=True)
        install(venv, *[word for file in requirements for word in ("-r", str(file))])
        mark.write_text(key)
    simulator = ROOT / "simulator"
    mark = venv / ".simulator-made-from"
    key = digest(simulator / "pyproject.toml", simulator / "src")
    if not fresh(mark, key):
        with tempfile.TemporaryDirectory() as folder:
            # From a copy: pip builds in place and would leave its output in the source, and what is stale there in the package.
            copy = Path(folder) / "simulator"
            shutil.copytree(simulator, copy, ignore=shutil.ignore_patterns("build", "*.egg-info", "*_cache", "__pycache__"))
            install(venv, str(copy) + "[test]")
            install(venv, "--force-reinstall", "--no-deps", str(copy))
        mark.write_text(key)
    if requirements == SHARED:
        azurite.ensure(venv, install)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), [Path(name).absolute() for name in sys.argv[2:]] or SHARED)
