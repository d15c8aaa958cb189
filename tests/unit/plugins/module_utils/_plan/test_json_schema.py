# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema for editors: it is made of what plans are checked with, and the example is one of its plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.json_schema import json_schema
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.schema import PLAN, Node
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._plan.plans import SERVICE, SOUTH, TARGET, changed, machine, plan, problems, wave

ROOT = Path(__file__).resolve().parents[5]
FILES = ROOT / "playbooks" / "files"


def example() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FILES / "example_plan.yml").read_text(encoding="utf-8"))
    return found


def wrong(document: Any) -> list[str]:
    return [error.message for error in Draft7Validator(json_schema()).iter_errors(document)]


def test_the_file_is_what_is_made_of_the_schema() -> None:
    checked_in = (FILES / "recovery_plan.schema.json").read_text(encoding="utf-8")
    assert json.loads(checked_in) == json_schema(), "make plan-schema"


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    "document",
    [example(), plan(), plan(wave("a", machine("x"), api_management=[SERVICE]), targets={"south": SOUTH, "x-common": 1}, **{"x-notes": []})],
)
def test_good_plans_fit(document: Any) -> None:
    assert wrong(document) == [] and problems(document, "drill") == {}


@pytest.mark.parametrize(
    "document",
    [
        changed(plan(), "version", 2),
        changed(plan(), "name", "Shop"),
        changed(plan(), "name", ...),
        plan(zzz=1),
        plan(objectives={"rto": "soon"}),
        plan(targets={"primary": {**TARGET, "from": "tape"}}),
        plan(targets={"primary": {**TARGET, "drill": {"region": "eastasia"}}}),
        plan(wave("a", {"name": "x"})),
        plan(wave("a", {"name": "x", "resource_group": "rg", "id": "y"})),
        plan(wave("a", machine("x"), checks=[{"name": "c"}])),
        plan(wave("a", machine("x"), checks=[{"name": "c", "tcp": {"port": 1}, "role": {"name": "r"}}])),
        [],
    ],
)
def test_what_does_not_fit_the_schema_does_not_pass_the_check_either(document: Any) -> None:
    assert wrong(document) and problems(document)


def keys(node: Node, way: str = "") -> list[tuple[str, str]]:
    """Every key with what it says, by its place in the plan."""
    found: list[tuple[str, str]] = []
    for name, key in node.keys.items():
        found.append((f"{way}{name}", key.about))
        if key.node is not None:
            found += keys(key.node, f"{way}{name}.")
    return found


def test_every_key_says_what_it_is() -> None:
    assert [place for place, about in keys(PLAN) if not about.endswith(".")] == []


def test_the_documentation_explains_every_key() -> None:
    text = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")
    names = {place.rpartition(".")[2] for place, _about in keys(PLAN)}
    assert sorted(name for name in names if f"`{name}`" not in text) == []
