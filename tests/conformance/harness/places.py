# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are: the collection, the simulator, the recorded traffic. Works in a checkout and in the staged copy below it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Iterator

_HERE = Path(os.path.abspath(__file__)).parent


def _ancestors() -> Iterator[Path]:
    """The folders above this file, by the path it was reached by and then by its real path (a checkout may be a symlink)."""
    yield from _HERE.parents
    yield from _HERE.resolve().parents


def collections_path() -> str:
    """The folder that has `ansible_collections/lifeboat/azure_dr`."""
    for folder in _ancestors():
        if (folder / "ansible_collections" / "lifeboat" / "azure_dr" / "galaxy.yml").is_file():
            return str(folder)
    given = os.environ.get("ANSIBLE_COLLECTIONS_PATH")
    if not given:
        raise RuntimeError("Run these tests from the staged collection (make traffic), or set ANSIBLE_COLLECTIONS_PATH.")
    return given


def simulator_source() -> Path | None:
    """The simulator's source folder beside the collection; None: the installed package is used."""
    for folder in _ancestors():
        source = folder / "simulator" / "src"
        if (source / "azure_dr_simulator").is_dir():
            return source
    return None


def traffic() -> Path | None:
    """The folder of recorded traffic: AZURE_TRAFFIC, else `shared/azure-traffic` beside the checkout."""
    given = os.environ.get("AZURE_TRAFFIC")
    if given:
        # A relative path is meant from where make was called, which the tests do not know: the checkout is tried too.
        return next((folder / given for folder in (Path.cwd(), *_ancestors()) if (folder / given).is_dir()), Path(given))
    return next((folder / "shared" / "azure-traffic" for folder in _ancestors() if (folder / "shared" / "azure-traffic").is_dir()), None)


def traffic_is_given() -> bool:
    """Whether the recordings are a folder of somebody's choice, of which the tests cannot know what is in it."""
    return bool(os.environ.get("AZURE_TRAFFIC"))


NO_TRAFFIC = "no recorded traffic here: set AZURE_TRAFFIC to a folder with it"


def tool(name: str) -> str:
    """A command of the virtual environment that runs the tests."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else name
