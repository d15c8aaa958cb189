# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the staged copy of the collection up to date: `stage.py BUILD`.

Ansible finds a collection only below `ansible_collections/NAMESPACE/NAME`, so the tools work on a copy there. The copy
has what git tracks or would track, without the simulator, which is a package of its own and no part of the collection.
Only files that differ are written, and what is gone is removed, so caches of the tools stay valid.
"""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_COLLECTION = ("simulator/",)
KEPT = (".git/", "tests/output/", "tests/integration/integration_config.yml")


def wanted() -> set[str]:
    listing = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    return {name for name in listing.stdout.split("\0") if name and not name.startswith(NOT_COLLECTION) and (ROOT / name).is_file()}


def stage(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    if not (target / ".git").exists():
        # Without a repository of its own, ansible-test would ask the outer one, which ignores the build folder.
        subprocess.run(["git", "init", "--quiet", target], check=True)
    names = wanted()
    for file in [path for path in target.rglob("*") if path.is_file() or path.is_symlink()]:
        name = file.relative_to(target).as_posix()
        if name not in names and not name.startswith(KEPT):
            file.unlink()
    for name in names:
        source, copy = ROOT / name, target / name
        if not copy.exists() or not filecmp.cmp(source, copy, shallow=False) or copy.stat().st_mode != source.stat().st_mode:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    remove_empty(target)


def remove_empty(target: Path) -> None:
    for folder in sorted((path for path in target.rglob("*") if path.is_dir()), reverse=True):
        name = folder.relative_to(target).as_posix() + "/"
        if not name.startswith(KEPT) and not any(folder.iterdir()):
            folder.rmdir()


if __name__ == "__main__":
    stage(Path(sys.argv[1]) / "ansible_collections" / "lifeboat" / "azure_dr")
