# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for ansible-test's download of pip is made for the versions that the installed ansible-test names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import run_ansible_test  # noqa: E402  pylint: disable=wrong-import-position


def make_venv(folder: Path, source: str) -> Path:
    internal = folder / "lib" / "python3.12" / "site-packages" / "ansible_test" / "_internal"
    internal.mkdir(parents=True)
    (internal / "python_requirements.py").write_text(source)
    return folder


def test_script_has_the_name_that_ansible_test_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    source = "    default_packages = dict(\n        pip='24.2',\n    )\n    override = {'3.8': dict(\n            pip='21.3.1',\n    )}\n"
    venv = make_venv(tmp_path / "venv", source)
    run_ansible_test.provide_pip(venv)
    cache = tmp_path / "home" / ".ansible" / "test" / "cache"
    assert sorted(path.name for path in cache.iterdir()) == ["get_pip_21_3_1.py", "get_pip_24_2.py"]


def test_a_downloaded_script_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    cache = tmp_path / "home" / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True)
    (cache / "get_pip_24_2.py").write_text("# the real one")
    run_ansible_test.provide_pip(make_venv(tmp_path / "venv", "dict(pip='24.2')"))
    assert (cache / "get_pip_24_2.py").read_text() == "# the real one"


def test_an_ansible_test_that_names_no_version_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="must follow"):
        run_ansible_test.provide_pip(make_venv(tmp_path / "venv", ""))


def test_folders_with_pythons_that_do_not_run_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, status in (("good", 0), ("bad", 1)):
        python = tmp_path / name / "python3.12"
        python.parent.mkdir()
        python.write_text("#!/bin/sh\nexit %d\n" % status)
        python.chmod(0o755)
    monkeypatch.setenv("PATH", "%s:%s" % (tmp_path / "bad", tmp_path / "good"))
    assert run_ansible_test.search_path(tmp_path / "first") == "%s:%s" % (tmp_path / "first", tmp_path / "good")
