# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook is listed, its variables are those that docs/playbooks.md tells, and a test runs it for real and one in check mode."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "playbooks"
PLAYBOOKS = sorted(path.stem for path in FOLDER.glob("*.yml"))
NAME = re.compile(r"\blifeboat_[a-z_]+\b")
OWN = re.compile(r"^ *(lifeboat_[a-z_]+):|register: (lifeboat_[a-z_]+)", re.MULTILINE)
"""What a playbook sets itself."""
PARTS = re.compile(r"include_tasks: (tasks/\w+\.yml)")
GIVEN = re.compile(r"^(given_\w+): (.*(?:\n  .*)*)", re.MULTILINE)


def text_of(playbook: str) -> str:
    """The playbook without comments, with what it takes of vars/given.yml, and the tasks that it includes, but those for whose condition it sets nothing."""
    text = (FOLDER / f"{playbook}.yml").read_text(encoding="utf-8")
    parts = [value for name, value in GIVEN.findall((FOLDER / "vars" / "given.yml").read_text(encoding="utf-8")) if name in text]
    for name in dict.fromkeys(PARTS.findall(text)):
        tasks = re.split(r"^- ", (FOLDER / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
        parts += [task for task in tasks if all(wanted in text for line in re.findall(r"^  when: .*", task, re.MULTILINE) for wanted in NAME.findall(line))]
    return re.sub(r"^ *#.*$|fail_msg: .*(?:\n {6,}.*)*", "", "\n".join([text, *parts]), flags=re.MULTILINE)


def variables_of(playbook: str) -> set[str]:
    text = text_of(playbook)
    return set(NAME.findall(text)) - {name for found in OWN.findall(text) for name in found}


def documented() -> dict[str, str]:
    rows = re.findall(r"^\| `(lifeboat_\w+)` \| ([^|]+) \|", (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {name: where.strip() for name, where in rows}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_its_variables_are_those_of_the_documentation(playbook: str) -> None:
    told = {name for name, where in documented().items() if where == "all" or f"`{playbook}`" in where}
    assert variables_of(playbook) == told


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_readme_lists_it(playbook: str) -> None:
    assert f"\n| `{playbook}` | " in (ROOT / "README.md").read_text(encoding="utf-8")


def runs(path: Path) -> Iterator[tuple[str, set[bool]]]:
    """The words of each test of a file, with those of the constants that it uses, and whether it calls something with check mode, without, or both."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    for test in tree.body:
        if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test_"):
            continue
        used = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
        words = {
            node.value
            for root in [test, *(value for name, value in constants.items() if name in used)]
            for node in ast.walk(root)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for call in (node for node in ast.walk(test) if isinstance(node, ast.Call)):
            check = next((keyword.value for keyword in call.keywords if keyword.arg == "check"), None)
            modes = {False} if check is None else {bool(check.value)} if isinstance(check, ast.Constant) else {False, True}
            said = {node.value for node in ast.walk(call) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
            passed = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
            for word in said | (words if passed & (constants.keys() | {"playbook"}) else set()):
                yield word.removeprefix("lifeboat.azure_dr.").removesuffix(".yml"), modes


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_it_is_run_for_real_and_in_check_mode(playbook: str) -> None:
    found = [modes for path in sorted((ROOT / "tests" / "conformance").glob("test_*.py")) for word, modes in runs(path) if word == playbook]
    assert set().union(*found) == {False, True}
