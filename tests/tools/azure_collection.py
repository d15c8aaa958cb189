# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs azure.azcollection and all it needs into an environment of its own: `azure_collection.py VENV`, once.

The collection is used unchanged. One function that it calls for clouds other than Microsoft's is in no release of azure-cli-core it may be
installed with (`cloud_environment` with a URL ends in an AttributeError), so it is put there, made of azure-cli-core's own parts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import environment
from environment import ROOT, digest, fresh, install

REQUIREMENTS = ROOT / "tests" / "tools" / "azure-collection-requirements.txt"
MISSING = '''

def get_cloud_from_metadata_endpoint(arm_endpoint, name=None, session=None):
    import requests
    answer = requests.get(arm_endpoint.rstrip("/") + "/metadata/endpoints?api-version=2019-05-01", timeout=60)
    answer.raise_for_status()
    return _arm_to_cli_mapper(answer.json()[0])
'''


def ask(venv: Path, statement: str) -> Path:
    """The path that a line of Python prints in the environment."""
    found = subprocess.run([venv / "bin" / "python", "-c", statement], check=True, capture_output=True, text=True)
    return Path(found.stdout.strip())


def main(venv: Path) -> None:
    mark = venv / ".collection-made-from"
    environment.main(venv, [REQUIREMENTS])
    key = sys.version.split()[0] + " " + digest(REQUIREMENTS, Path(__file__).resolve())
    if fresh(mark, key):
        return
    print("Installing what azure.azcollection needs into %s; this takes some minutes and 2 GB." % os.path.relpath(venv), flush=True)
    collection = ask(venv, "import ansible_collections as it; print(list(it.__path__)[0])") / "azure" / "azcollection"
    install(venv, "-r", str(collection / "requirements.txt"))
    clouds = ask(venv, "import importlib.util as u; print(u.find_spec('azure.cli.core.cloud').origin)")
    text = clouds.read_text(encoding="utf-8")
    if "def get_cloud_from_metadata_endpoint" not in text:
        clouds.write_text(text + MISSING, encoding="utf-8")
    mark.write_text(key)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
