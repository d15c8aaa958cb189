# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress, from what a module appends to its file to the line that a person reads."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._progress import PROGRESS_FILE, Progress, quiet
from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils.progress import INTERVAL, INTERVAL_VARIABLE, Reporter, interval, line


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (None, "Copy: 60 s"),
        ({"done": 0, "total": 4, "text": "data-02 at 40 percent"}, "Copy: 60 s, 0 of 4 done; data-02 at 40 percent"),
        ({"done": 1, "total": 4, "text": ""}, "Copy: 60 s, 1 of 4 done, about 3 min left"),
        ({"done": 4, "total": 4, "text": ""}, "Copy: 60 s, 4 of 4 done"),
        ({"done": 4, "total": 4, "text": "x" * 500}, "Copy: 60 s, 4 of 4 done; " + "x" * 200),
    ],
)
def test_lines(last: dict[str, Any] | None, text: str) -> None:
    assert line("Copy", 60, last) == text


@pytest.mark.parametrize(
    ("given", "seconds"), [({}, INTERVAL), ({"X": "1"}, INTERVAL), ({INTERVAL_VARIABLE: "0.5"}, 0.5), ({INTERVAL_VARIABLE: "soon"}, INTERVAL)]
)
def test_interval(given: dict[str, str], seconds: float) -> None:
    assert interval(given) == seconds


def test_nobody_looks_so_nothing_is_written(tmp_path: Path) -> None:
    Progress(str(tmp_path)).say(1, 2, "half")
    quiet(1, 2, "half")
    assert list(tmp_path.iterdir()) == []


def test_what_the_module_says_is_what_is_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    reporter = Reporter(str(tmp_path), "Copy", 3600, shown.append, now=iter([0.0, 10.0, 20.0, 30.0]).__next__)
    with reporter:
        reporter.report()
        said = Progress(str(tmp_path))
        said.say(0, 2, "web-01")
        said.say(0, 2, "web-01")
        said.say(1, 2, "web-02")
        reporter.report()
        # A line that is only half written.
        with (tmp_path / PROGRESS_FILE).open("a") as file:
            file.write('{"done": 2, "tot')
        reporter.report()
    assert shown == ["Copy: 10 s", "Copy: 20 s, 1 of 2 done, about 20 s left; web-02", "Copy: 30 s, 1 of 2 done, about 30 s left; web-02"]
    lines = [json.loads(text) for text in (tmp_path / PROGRESS_FILE).read_text().splitlines()[:-1]]
    assert [found["text"] for found in lines] == ["web-01", "web-02"]


def test_lines_come_by_themselves_and_end_with_the_task(tmp_path: Path) -> None:
    came = threading.Event()
    with Reporter(str(tmp_path), "Copy", 0.01, lambda text: came.set()):
        assert came.wait(30)
    assert not [thread for thread in threading.enumerate() if thread.name == "progress"]


def test_a_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    shown: list[str] = []
    with Reporter(str(tmp_path), "Copy", 3600, shown.append) as reporter:
        (tmp_path / PROGRESS_FILE).unlink()
        reporter.report()
    assert shown[0].startswith("Copy: ") and "done" not in shown[0]
