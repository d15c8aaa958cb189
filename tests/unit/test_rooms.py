# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies point one way: modules, rooms, what rooms share, Azure Resource Manager."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

UTILS = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
ROOMS = sorted(path.name for path in UTILS.iterdir() if path.is_dir() and path.name.startswith("_") and not path.name.startswith("__"))

# What a room may import besides itself; "shared" are the files beside the rooms.
ALLOWED = {
    "_arm": set(),
    "_storage": {"_arm", "shared"},
    "_backup": {"_arm", "_storage", "shared"},
    "_compute": {"_arm", "shared"},
    "_apim": {"_arm", "_storage", "shared"},
    "_checks": {"_arm", "shared"},
    "_record": {"_arm", "shared"},
    "_report": {"_record", "_arm", "shared"},
    "_plan": {"_arm", "_storage", "_backup", "_compute", "_apim", "shared"},
    "_estate": {"_arm", "_storage", "_backup", "_compute", "_apim", "shared"},
    "_readiness": {"_arm", "_storage", "_backup", "_compute", "_apim", "shared"},
    "_simulator": {"_arm", "shared"},
    "shared": {"_arm"},
}


def home(parts: tuple[str, ...]) -> str:
    return parts[0] if parts[0] in ROOMS else "shared"


def imported(path: Path) -> set[str]:
    """The rooms that a file imports from."""
    place = path.relative_to(UTILS).parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = (*place[: len(place) - node.level], *(node.module or "").split("."))
            found |= {home((name.name,)) for name in node.names} if parts == ("",) else {home(parts)}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            assert not any(name.startswith("ansible_collections") for name in names), f"{path}: within module_utils imports are relative"
    return found


def test_every_room_has_its_place() -> None:
    assert set(ROOMS) == ALLOWED.keys() - {"shared"}


@pytest.mark.parametrize("path", [path.relative_to(UTILS) for path in sorted(UTILS.rglob("*.py"))], ids=str)
def test_imports_point_one_way(path: Path) -> None:
    here = home(path.parts)
    assert imported(UTILS / path) <= ALLOWED[here] | {here}
