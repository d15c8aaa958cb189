# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module recovery_record: the file, check mode, and what it refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record import file as record_file
from ansible_collections.lifeboat.azure_dr.plugins.modules import recovery_record, recovery_record_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._record.plans import HASH, restored, stages, wave
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

START = {
    "id": "run-1",
    "purpose": "drill",
    "plan": {"name": "shop", "hash": HASH, "path": "plan.yml", "objectives": {}, "applications": [{"name": "shop"}]},
    "stages": stages([wave("shop/data", ["db"])]),
}


class Records:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.monkeypatch = monkeypatch
        self.path = folder / "reports" / "run-1.json"

    def tell(self, event: str, data: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        return run_module(self.monkeypatch, recovery_record, None, path=str(self.path), event=event, data=data or {}, **more)

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return found


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Records:
    return Records(monkeypatch, tmp_path)


def test_the_file_is_there_after_each_event_for_its_owner_alone(records: Records) -> None:
    assert records.tell("start", START)["changed"]
    assert os.stat(records.path).st_mode & 0o777 == 0o600
    begun = records.tell("stage", {"stage": "1"})
    assert begun["record"]["runnable_waves"] == ["shop/data"]
    records.tell("recovered", {"waves": ["shop/data"], "vms": [restored("db")]})
    records.tell("checked", {"waves": ["shop/data"]})
    cleaned = records.tell("cleaned", {"resources": []})
    assert cleaned["record"]["cleanup"] == "done"
    result = records.tell("finished")["record"]
    assert result["vms"] == {"total": 1, "recovered": 1, "failed": 0}
    assert result["verdict"]["result"] == "passed"
    record = records.read()
    assert record["verdict"] == result["verdict"]
    assert {"collection", "ansible_core", "python"} == record["run"]["versions"].keys()
    assert os.listdir(records.path.parent) == ["run-1.json"]


def test_the_same_event_again_changes_nothing(records: Records) -> None:
    records.tell("start", START)
    assert records.tell("stage", {"stage": 1})["changed"]
    assert not records.tell("stage", {"stage": 1})["changed"]


def test_check_mode_tells_and_writes_nothing(records: Records) -> None:
    told = records.tell("start", START, check=True, diff=True)
    assert told["changed"] and not records.path.parent.exists()
    really = records.tell("start", START, diff=True)
    assert told["diff"] == really["diff"]
    before = records.path.read_bytes()
    told = records.tell("stage", {"stage": 1}, check=True, diff=True)
    assert told["record"]["runnable_waves"] == ["shop/data"]
    assert told["diff"]["before"]["waves"] != told["diff"]["after"]["waves"]
    assert records.path.read_bytes() == before


EMPTY_RECORD = '"id": "x", "purpose": "drill", "plan": {}, "run": {}, "waves": [], "cleanup": {}, "verdict": {}}'


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{", "RecordUnreadable", "cannot be read"),
        ("[]", "InvalidOption", "is not the record of a run"),
        ('{"version": 1, ' + EMPTY_RECORD, "RecordUnreadable", "'run' is damaged"),
        ('{"version": 9, ' + EMPTY_RECORD, "InvalidOption", "version 9"),
    ],
)
def test_a_file_that_is_no_record_is_left_alone(records: Records, text: str, code: str, words: str) -> None:
    records.path.parent.mkdir()
    records.path.write_text(text)
    result = records.tell("start", START)
    assert result["failed"]
    assert result["failure"]["code"] == code
    assert words in result["msg"]
    assert records.path.read_text() == text


def test_a_folder_that_cannot_be_written_is_told(records: Records) -> None:
    records.path.parent.write_text("a file")
    result = records.tell("start", START)
    assert result["failed"]
    assert result["failure"]["code"] in ("RecordUnreadable", "RecordNotWritten")


def test_a_write_that_breaks_leaves_the_old_record(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    records.tell("start", START)
    before = records.path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record_file.os, "fsync", full)
    result = records.tell("stage", {"stage": 1})
    assert result["failed"]
    assert result["failure"]["code"] == "RecordNotWritten"
    assert records.path.read_bytes() == before
    assert os.listdir(records.path.parent) == ["run-1.json"]


def test_bad_data_is_refused(records: Records) -> None:
    result = records.tell("start", {**START, "purpose": "holiday"})
    assert result["failure"]["code"] == "InvalidOption"
    assert not records.path.exists()


def test_records_are_listed_and_other_files_passed_over(records: Records) -> None:
    folder = str(records.path.parent)
    assert run_module(records.monkeypatch, recovery_record_info, None, path=folder)["records"] == []
    records.tell("start", START)
    (records.path.parent / "report.json").write_text("[]")
    (records.path.parent / "half.json").write_text("{")
    found = run_module(records.monkeypatch, recovery_record_info, None, path=folder)["records"]
    assert [(entry["id"], entry["plan"], entry["state"], entry["cleanup"]) for entry in found] == [("run-1", "shop", "running", "pending")]
    assert run_module(records.monkeypatch, recovery_record_info, None, path=folder, purpose="drill", plan="shop")["records"] == found
    assert run_module(records.monkeypatch, recovery_record_info, None, path=folder, purpose="failover")["records"] == []
