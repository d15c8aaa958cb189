# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-builder takes the example of an execution environment, and finds what the collection needs in its own metadata."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml
from harness import places

COLLECTION = Path(places.collections_path()) / "ansible_collections" / "lifeboat" / "azure_dr"


def builder(*arguments: str) -> str:
    done = subprocess.run([places.tool("ansible-builder"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_example_becomes_a_build_context(tmp_path: Path) -> None:
    builder("create", "-f", str(COLLECTION / "docs" / "awx" / "execution-environment.yml"), "-c", str(tmp_path), "--output-filename", "Containerfile")
    wanted = yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text())
    assert wanted == {"collections": [{"name": "lifeboat.azure_dr"}]}
    assert "ansible-core>=2.16" in (tmp_path / "Containerfile").read_text()


def test_the_libraries_are_those_of_the_metadata() -> None:
    found = yaml.safe_load(builder("introspect", places.collections_path()))
    ours = {line.partition("#")[0].strip() for line in found["python"] if "lifeboat.azure_dr" in line}
    lines = (COLLECTION / "requirements.txt").read_text().splitlines()
    assert ours == {line for line in lines if line and not line.startswith("#")}
    assert found["system"] == []
