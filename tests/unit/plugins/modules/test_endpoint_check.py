# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""endpoint_check as Ansible calls it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils import basic

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.attempts import Attempt
from ansible_collections.lifeboat.azure_dr.plugins.modules import endpoint_check
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

CHECKS: list[dict[str, Any]] = [
    {"name": "port", "tcp": {"host": "10.0.0.4", "port": 22}, "timeout": "0"},
    {"name": "page", "http": {"url": "http://me:hidden-word@10.0.0.4/"}, "timeout": "0"},
]


@pytest.fixture(name="tried")
def make_tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the checks that were tried; pages are not well."""
    tried: list[str] = []

    def once(check: Any, proxy: Any, timeout: float) -> Attempt:
        tried.append(check.name)
        return Attempt(check.kind == "tcp", f"{check.target.place} through {proxy.place if proxy else 'nothing'}")

    monkeypatch.setattr(endpoint_check, "attempt", once)
    return tried


def run(monkeypatch: pytest.MonkeyPatch, **options: Any) -> dict[str, Any]:
    return run_module(monkeypatch, endpoint_check, None, **{"checks": CHECKS, **options})


def test_a_check_that_is_not_well_is_a_result_and_no_failure(monkeypatch: pytest.MonkeyPatch, tried: list[str]) -> None:
    result = run(monkeypatch, proxy="http://p:3128")
    assert not result["failed"] and result["changed"] is False and result["ok"] is False
    assert [(one["name"], one["kind"], one["ok"], one["message"]) for one in result["checks"]] == [
        ("port", "tcp", True, "10.0.0.4:22 through p:3128"),
        ("page", "http", False, "http://10.0.0.4/ through p:3128"),
    ]
    assert sorted(tried) == ["page", "port"]


def test_check_mode_tries_nothing_and_has_the_same_shape(monkeypatch: pytest.MonkeyPatch, tried: list[str]) -> None:
    check = run(monkeypatch, check=True)
    assert tried == [] and check["ok"] is None
    assert {(one["ok"], one["skipped"], one["attempts"]) for one in check["checks"]} == {(None, True, 0)}
    assert [sorted(one) for one in check["checks"]] == [sorted(one) for one in run(monkeypatch)["checks"]]


def test_no_check_is_well(monkeypatch: pytest.MonkeyPatch, tried: list[str]) -> None:
    assert run(monkeypatch, checks=[])["ok"] is True


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"checks": [{"name": "a"}]}, "checks[0]"),
        ({"checks": [{"name": "a", "tcp": {"host": "h", "port": 0}}]}, "checks[0].tcp.port"),
        ({"proxy": "socks5://p:1"}, "proxy"),
        ({"interval": 0}, "interval"),
        ({"attempt_timeout": "nan"}, "attempt_timeout"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_bad_options_fail_before_anything_is_tried(
    monkeypatch: pytest.MonkeyPatch, tried: list[str], options: dict[str, Any], option: str, check: bool
) -> None:
    result = run(monkeypatch, check=check, **options)
    assert result["failed"] and result["failure"]["target"] == option and tried == []


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": "http://me:hidden-word@p:3128"},
        {"proxy": "me:hidden-word@p:3128"},
        {"checks": [{"name": "a", "http": {"url": "https://me:hidden-word@h/"}}]},
        {"checks": [{"name": "a", "http": {"url": "https://hidden-word@h/"}}]},
        {"checks": [{"name": "a", "http": {"url": "ftp://me:hidden-word@h/"}}]},
        {"checks": [{"name": "a", "http": {"url": "https://h/", "headers": {"X-Key": "hidden-word"}, "url_password": "hidden-word"}}]},
    ],
    ids=str,
)
def test_ansible_shows_no_credentials_of_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tried: list[str], options: dict[str, Any]
) -> None:
    arguments = {"checks": CHECKS[:1], **options, "_ansible_check_mode": True, "_ansible_remote_tmp": "/tmp", "_ansible_keep_remote_files": False}
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    with pytest.raises(SystemExit):
        endpoint_check.main()
    shown = capsys.readouterr().out
    assert '"invocation"' in shown and "hidden-word" not in shown
