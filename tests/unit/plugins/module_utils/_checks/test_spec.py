# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks as a plan or the role's caller writes them: what is wrong is told with its place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.spec import read_check, read_checks


@pytest.mark.parametrize(
    ("check", "place"),
    [
        ({"name": "a", "kind": "ping"}, "checks[0].kind"),
        ({"name": "", "kind": "tcp", "options": {"port": 1}}, "checks[0].name"),
        ({"name": "a", "kind": "tcp", "options": {"port": 1}, "on": "all"}, "checks[0].on"),
        ({"name": "a", "kind": "tcp", "options": [1]}, "checks[0].options"),
        ({"name": "a", "kind": "tcp", "options": {}}, "checks[0].options.port"),
        ({"name": "a", "kind": "tcp", "options": {"port": 70000}}, "checks[0].options.port"),
        ({"name": "a", "kind": "tcp", "options": {"port": True}}, "checks[0].options.port"),
        ({"name": "a", "kind": "tcp", "options": {"port": 1, "url": "x"}}, "checks[0].options.url"),
        ({"name": "a", "kind": "tcp", "options": {"port": 1}, "timeout_seconds": "5m"}, "checks[0].timeout_seconds"),
        ({"name": "a", "kind": "tcp", "options": {"port": 1}, "timeout_seconds": -1}, "checks[0].timeout_seconds"),
        ({"name": "a", "kind": "http", "options": {"url": "{address}/health"}}, "checks[0].options.url"),
        ({"name": "a", "kind": "http", "options": {"url": "http://h/", "status": 200}}, "checks[0].options.status"),
        ({"name": "a", "kind": "http", "options": {"url": "http://h/", "validate_certs": "no"}}, "checks[0].options.validate_certs"),
        ({"name": "a", "kind": "boot_diagnostics", "options": {}}, "checks[0].options"),
        ({"name": "a", "kind": "boot_diagnostics", "options": {"contains": "x", "matches": "y"}}, "checks[0].options"),
        ({"name": "a", "kind": "boot_diagnostics", "options": {"contains": "x"}, "on": "wave"}, "checks[0].on"),
        ({"name": "a", "kind": "command", "options": {"connection": {}}}, "checks[0].options.cmd"),
        ({"name": "a", "kind": "command", "options": {"cmd": "true"}, "on": "wave"}, "checks[0].options.connection"),
        ({"name": "a", "kind": "role", "options": {"vars": {}}}, "checks[0].options.name"),
        ({"name": "a", "kind": "role", "options": {"name": "r", "vars": "x"}}, "checks[0].options.vars"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(check: dict[str, Any], place: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_checks([check])
    assert caught.value.option == place


def test_defaults() -> None:
    check = read_check({"name": "a", "kind": "tcp", "options": {"port": "22", "host": None}}, "checks[0]")
    assert (check.on, check.vm_ids, check.timeout, dict(check.options)) == ("each", None, 300, {"port": "22"})


def test_yaml_reads_the_bare_word_on_as_true() -> None:
    assert read_check({"name": "a", "kind": "tcp", "options": {"port": 1}, True: "wave"}, "checks[0]").on == "wave"


def test_the_url_of_a_template_is_good() -> None:
    read_check({"name": "a", "kind": "http", "options": {"url": "https://{address}:8443/{name}"}}, "checks[0]")
    assert "secret" not in repr(read_check({"name": "a", "kind": "http", "options": {"url": "http://h/", "headers": {"K": "secret"}}}, "c"))
