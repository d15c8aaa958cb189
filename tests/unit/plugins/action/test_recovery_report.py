# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report: which record, where, when they change, and what is told when there is nothing to report."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.lifeboat.azure_dr.plugins.action.recovery_report import SPEC, ActionModule
from ansible_collections.lifeboat.azure_dr.plugins.modules import recovery_report
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._report.samples import HASH, build

WAVES = (("shop", "data", 1, 1, ()),)


def run(args: dict[str, Any], check_mode: bool = False, diff: bool = False) -> dict[str, Any]:
    """What the action returns; all that it needs of Ansible is its task."""
    action = ActionModule.__new__(ActionModule)
    given = {name: str(value) if isinstance(value, Path) else value for name, value in args.items()}
    action._task = SimpleNamespace(args=given, check_mode=check_mode, diff=diff)
    return action.report()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two drills and what other tools leave."""
    for day, failing in ((1, True), (2, False)):
        record = build(WAVES, failing=failing, run_id=f"drill-{day}")
        record["run"]["started"] = f"2026-06-0{day}T08:00:00Z"
        (tmp_path / f"drill-{day}.json").write_text(json.dumps(record), encoding="utf-8")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    return tmp_path


def names(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir()}


def test_options_are_as_documented() -> None:
    documented = yaml.safe_load(recovery_report.DOCUMENTATION)["options"]
    kept = ("type", "elements", "choices", "default")
    assert {name: {key: option[key] for key in kept if key in option} for name, option in documented.items()} == SPEC


def test_newest_run_is_reported(folder: Path) -> None:
    result = run({"reports": folder})
    assert (result["id"], result["verdict"]["result"], result["badge"]["state"], result["changed"]) == ("drill-2", "passed", "verified", True)
    made = {"drill-2.html", "drill-2.report.json", "drill-2.junit.xml", "shop-and-office.badge.svg", "shop-and-office.badge.json"}
    assert names(folder) == made | {"drill-1.json", "drill-2.json", "other.json"}
    assert {os.stat(path).st_mode & 0o777 for path in result["files"].values()} == {0o644}


def test_second_run_changes_nothing_and_check_mode_says_so(folder: Path) -> None:
    before = run({"reports": folder}, check_mode=True, diff=True)
    assert before["changed"] and names(folder) == {"drill-1.json", "drill-2.json", "other.json"}
    real = run({"reports": folder}, diff=True)
    assert real == before
    content = {name: (folder / name).read_bytes() for name in names(folder)}
    again = run({"reports": folder}, check_mode=True), run({"reports": folder}, diff=True)
    assert [result["changed"] for result in again] == [False, False] and again[1]["diff"] == {"before": {}, "after": {}}
    assert {name: (folder / name).read_bytes() for name in names(folder)} == content


def test_what_somebody_changed_is_made_again(folder: Path) -> None:
    files = run({"reports": folder})["files"]
    Path(files["html"]).write_text("PASSED", encoding="utf-8")
    os.chmod(files["json"], 0o600)
    result = run({"reports": folder}, diff=True)
    assert result["changed"] and set(result["diff"]["after"]) == {files["html"], files["json"]}


def test_a_record_that_is_named(folder: Path, tmp_path: Path) -> None:
    result = run({"record": folder / "drill-1.json", "dest": tmp_path / "made" / "here", "formats": ["html"]})
    assert (result["id"], result["verdict"]["result"], result["badge"]) == ("drill-1", "failed", None)
    assert result["files"] == {"html": str(tmp_path / "made" / "here" / "drill-1.html")}
    assert names(tmp_path / "made" / "here") == {"drill-1.html"}


def test_badge_knows_all_drills_whichever_is_reported(folder: Path) -> None:
    assert run({"record": folder / "drill-1.json"})["badge"]["drill"] == "drill-2"


@pytest.mark.parametrize(("plan_hash", "message"), [(HASH, "VERIFIED 2026-06-01"), ("sha256:new", "NOT VERIFIED since the plan changed")])
def test_badge_of_the_plan_as_it_is_now(folder: Path, plan_hash: str, message: str) -> None:
    result = run({"reports": folder, "plan_name": "shop-and-office", "plan_hash": plan_hash, "formats": ["badge"]})
    assert result["badge"]["message"] == message
    assert json.loads(Path(result["files"]["badge_json"]).read_text(encoding="utf-8"))["message"] == message


def test_badge_of_a_plan_that_was_never_drilled(tmp_path: Path) -> None:
    result = run({"reports": tmp_path / "none", "plan_name": "new", "plan_hash": "sha256:1"})
    assert (result["badge"]["message"], result["record"], set(result["files"])) == ("NOT VERIFIED, never drilled", None, {"badge_svg", "badge_json"})


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ({}, "InvalidOption", "reports"),
        ({"reports": "{folder}", "plan_name": "another"}, "NoRecord", "no record of a run of the plan another"),
        ({"reports": "{folder}/none"}, "NoRecord", "lifeboat.azure_dr.drill"),
        ({"record": "{folder}/none.json"}, "InvalidOption", "No such file"),
        ({"record": "{folder}/other.json"}, "NoRecord", "not the record"),
        ({"record": "{folder}/drill-1.json", "plan_name": "another"}, "InvalidOption", "'shop-and-office'"),
        ({"reports": "{folder}", "plan_name": "../x", "plan_hash": "1"}, "InvalidOption", "plan_name"),
        ({"reports": "{folder}", "formats": ["pdf"]}, "InvalidOption", "html, json, junit, badge"),
        ({"reports": "{folder}", "color": "red"}, "InvalidOption", "color"),
        ({"reports": "{folder}", "dest": "{folder}/other.json"}, "InvalidOption", "dest"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(folder: Path, args: dict[str, Any], code: str, words: str) -> None:
    before = names(folder)
    given = {name: value.replace("{folder}", str(folder)) if isinstance(value, str) else value for name, value in args.items()}
    result = run(given)
    assert result["failed"] and not result["changed"] and result["failure"]["code"] == code and words in result["msg"]
    assert names(folder) == before


def test_a_record_of_an_unknown_shape_is_no_traceback(folder: Path) -> None:
    (folder / "drill-3.json").write_text('{"version": 1, "id": "x", "purpose": "drill", "plan": {}, "run": {}, "waves": [7]}', encoding="utf-8")
    result = run({"record": folder / "drill-3.json"})
    assert result["failed"] and "Traceback" not in result["msg"]
