# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-test in the staged collection: `run_ansible_test.py BUILD sanity|units|integration ...`.

`ansible-test --venv` bootstraps pip from a script that it downloads. Where only package registries can be reached, that
fails, so a script that does the same from Python's own ensurepip is put where ansible-test caches the download.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PIP_SCRIPT = '''\
# Stands in for get-pip.py, made by the tests of lifeboat.azure_dr: pip from ensurepip installs the packages asked for.
import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
arguments = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + arguments))
'''


def pip_versions(ansible_test: Path) -> set[str]:
    """The pip versions that this ansible-test bootstraps, read from its source."""
    source = (ansible_test / "_internal" / "python_requirements.py").read_text()
    return set(re.findall(r"\bpip=['\"]([0-9.]+)['\"]", source))


def provide_pip(venv: Path) -> None:
    packages = [path for path in venv.glob("lib/python3*/site-packages/ansible_test") if path.is_dir()]
    versions = {version for path in packages for version in pip_versions(path)}
    if not versions:
        sys.exit("ansible-test names no pip version where it did before (python_requirements.py): tests/tools/run_ansible_test.py must follow.")
    cache = Path.home() / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        script = cache / ("get_pip_%s.py" % version.replace(".", "_"))
        if not script.exists():
            script.write_text(PIP_SCRIPT)


def works(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def search_path(first: Path) -> str:
    """PATH without folders whose versioned Pythons do not run, such as pyenv's shims of versions that are not active.

    ansible-test takes every `python3.N` it finds for usable and stops at the first that is not.
    """
    folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if folder]
    usable = [folder for folder in folders if all(works(python) for python in Path(folder).glob("python3.[0-9]*") if not python.name.endswith("-config"))]
    return os.pathsep.join([str(first), *usable])


def run(build: Path, arguments: list[str]) -> int:
    provide_pip(build / "venv")
    environment = {**os.environ, "PATH": search_path(build / "venv" / "bin"), "COLUMNS": "160"}
    command = [str(build / "venv" / "bin" / "ansible-test"), arguments[0], "--venv", "--color", "no", *arguments[1:]]
    return subprocess.run(command, cwd=build / "ansible_collections" / "lifeboat" / "azure_dr", env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]).absolute(), sys.argv[2:]))
