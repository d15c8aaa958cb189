# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/awx.md and its files name what is there: playbooks, their variables, and what surveys of AWX are made of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TEXT = (DOCS / "awx.md").read_text(encoding="utf-8")
SURVEYS = sorted(DOCS.glob("awx/*_survey.json"))
NAME = re.compile(r"\blifeboat_[a-z_]+\b")
HANDED_OVER = {"lifeboat_waiting_for"}
KEYS = {"question_name", "question_description", "required", "type", "variable", "default", "choices"}


def variables(playbook: str) -> set[str]:
    """Those that docs/playbooks.md tells, which test_playbooks.py compares with the playbooks."""
    rows = re.findall(r"^\| `(lifeboat_\w+)` \| ([^|]+) \|", (DOCS / "playbooks.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {name for name, where in rows if where == "all" or f"`{playbook}`" in where}


def questions(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["spec"]
    return found


def playbooks() -> list[str]:
    return re.findall(r"import_playbook: lifeboat\.azure_dr\.(\w+)", TEXT)


def test_there_are_surveys_and_playbooks() -> None:
    assert len(SURVEYS) == 3 and len(playbooks()) == 4


@pytest.mark.parametrize("survey", SURVEYS, ids=lambda file: file.name)
def test_a_survey_asks_for_variables_of_its_playbook(survey: Path) -> None:
    playbook = survey.name.removesuffix("_survey.json")
    assert playbook in playbooks() and f"awx/{survey.name}" in TEXT
    assert {question["variable"] for question in questions(survey)} <= variables(playbook)


@pytest.mark.parametrize("survey", SURVEYS, ids=lambda file: file.name)
def test_a_survey_is_one_that_awx_takes(survey: Path) -> None:
    assert json.loads(survey.read_text(encoding="utf-8")).keys() == {"name", "description", "spec"}
    for question in questions(survey):
        assert question.keys() >= KEYS
        if question["type"] == "multiplechoice":
            assert question["default"] in question["choices"]
        else:
            assert question["type"] == "text" and question["min"] <= len(question["default"] or " " * question["min"]) <= question["max"]
    names = [question["variable"] for question in questions(survey)]
    assert len(names) == len(set(names))


def test_the_text_names_variables_of_the_playbooks() -> None:
    known = set().union(*map(variables, playbooks())) | HANDED_OVER
    assert set(NAME.findall(TEXT)) <= known


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#h][^)#]*)(?:#[\w-]+)?\)", TEXT))
def test_links_lead_to_files(link: str) -> None:
    assert (DOCS / link).is_file()


def test_the_examples_are_yaml() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert all(yaml.safe_load(block) for block in blocks)
    plays = [play for block in blocks for play in [yaml.safe_load(block)] if isinstance(play, list)]
    (play,) = plays[0]
    given = play["tasks"][0]["block"][0]["vars"]
    specs = yaml.safe_load((ROOT / "roles" / "run_drill" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    assert given.keys() <= specs["argument_specs"]["main"]["options"].keys()
