# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for secrets finds what it must find, and no more."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import check_secrets  # noqa: E402  pylint: disable=wrong-import-position

SECRETS = {"hunter2-hunter2"}


@pytest.mark.parametrize(
    "line",
    [
        "secret: hunter2-hunter2!",
        "token eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl",
        "https://account.blob.example/vhds/a?sv=2024&sig=abcdefghijklmnop%2F",
        "https://arm.example/subscriptions/x?api-version=1&t=1&c=MIIH&s=" + "a" * 342 + "&h=b",
        "AccountKey=QUJDREVGR0hJSktMTU5PUA==;",
        "Authorization: Bearer opaque-but-long-enough-token",
    ],
)
def test_finds(line: str) -> None:
    found = list(check_secrets.findings("fine\n" + line, SECRETS))
    assert [number for number, _kind in found] == [2]
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("line", ["secret: VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "?sv=2024&sig=REDACTED", "Bearer ***", "eyJ is how a token begins"])
def test_lets_pass(line: str) -> None:
    assert not list(check_secrets.findings(line, SECRETS))


def make_run(build: Path, log: str, secrets: list[str]) -> None:
    (build / "runs" / "integration" / "a").mkdir(parents=True)
    (build / "runs" / "integration" / "a" / "secrets.json").write_text(json.dumps(secrets))
    (build / "runs" / "integration" / "a" / "simulator.log").write_text("")
    (build / "logs").mkdir()
    (build / "logs" / "units.log").write_text(log)


@pytest.mark.parametrize("log, status", [("all is well\n", 0), ("I say hunter2-hunter2\n", 1)])
def test_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str], log: str, status: int) -> None:
    make_run(tmp_path, log, ["hunter2-hunter2", "short"])
    assert check_secrets.main(tmp_path) == status
    assert "hunter2-hunter2" not in capsys.readouterr().out


def test_nothing_to_search_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="run the tests first"):
        check_secrets.main(tmp_path)


def test_a_simulator_without_a_list_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "runs" / "integration" / "a").mkdir(parents=True)
    with pytest.raises(SystemExit, match="cannot be searched: integration/a"):
        check_secrets.main(tmp_path)
