# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a role are the same in its argument specification, its defaults, its README and its tasks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "roles"
ROLES = sorted(path.name for path in FOLDER.iterdir())


def read(role: str, name: str) -> Any:
    path = FOLDER / role / name
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def options(role: str) -> dict[str, dict[str, Any]]:
    specs = read(role, "meta/argument_specs.yml")["argument_specs"].values()
    return {name: option for spec in specs for name, option in spec.get("options", {}).items()}


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_those_of_the_specification(role: str) -> None:
    assert read(role, "defaults/main.yml") == {name: option["default"] for name, option in options(role).items() if "default" in option}


@pytest.mark.parametrize("role", ROLES)
def test_readme_tells_of_every_variable(role: str) -> None:
    told = set(re.findall(rf"`?\b({role}_\w+)", (FOLDER / role / "README.md").read_text(encoding="utf-8")))
    assert options(role).keys() - told == set()


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_used(role: str) -> None:
    texts = [path.read_text(encoding="utf-8") for part in ("tasks", "vars", "templates") for path in sorted((FOLDER / role).glob(f"{part}/*"))]
    assert options(role).keys() - set(re.findall(rf"\b{role}_\w+", "\n".join(texts))) == set()
