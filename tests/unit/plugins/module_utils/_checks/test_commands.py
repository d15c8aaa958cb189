# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in recovered VMs: how to connect, when to try again, and what a try came to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.commands import connections, role_told, tell, to_try, verdict

ID = "/subscriptions/0/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/DB"


def job(number: int = 0, timeout: int = 60, vm: str | None = ID, kind: str = "command", **options: Any) -> dict[str, Any]:
    return {
        "number": number,
        "name": "rows",
        "kind": kind,
        "vm": vm,
        "recovered": {"id": "x", "name": "DB_dr", "resource_group": "rg dr"} if vm else None,
        "address": "10.0.0.4" if vm else None,
        "timeout": timeout,
        "options": {"cmd": "true", **options},
        "problem": None,
    }


def test_the_connection_of_the_check() -> None:
    (host,) = connections([job(connection={"ansible_user": "me", "ansible_password": "pw"})], {})
    assert host == {
        "number": 0,
        "host": "check-vms-0-rg-dr-db_dr",
        "address": "10.0.0.4",
        "problem": None,
        "windows": False,
        "variables": [{"key": "ansible_user", "value": "me"}, {"key": "ansible_password", "value": "pw"}],
    }


def test_an_address_that_the_check_gives_goes_first() -> None:
    (host,) = connections([job(vm=None, connection={"ansible_host": "bastion", "ansible_connection": "ssh"})], {})
    assert (host["host"], host["address"]) == ("check-vms-0-wave", "bastion")
    assert host["variables"] == [{"key": "ansible_connection", "value": "ssh"}]


@pytest.mark.parametrize(
    "connection",
    [{"ansible_connection": "winrm"}, {"ansible_connection": "ansible.builtin.psrp"}, {"ansible_shell_type": "powershell"}, {"ansible_shell_type": "cmd"}],
)
def test_windows(connection: dict[str, Any]) -> None:
    assert connections([job(connection=connection)], {})[0]["windows"]


FACTS = {"ansible_user_dir": "/root", "ansible_ssh_host_key_rsa_public": "AAA", "ansible_distribution": "Ubuntu", "ansible_host": "10.9.9.9", "tier": "data"}


@pytest.mark.parametrize(
    "inventory",
    [
        {"other": {"ansible_user": "no"}, "shop-db": {"vm_id": ID.lower(), "ansible_user": "me", "ansible_become_password": "pw", **FACTS}},
        {"db": {"ansible_user": "me", "ansible_become_password": "pw", **FACTS}},
        {"db": {"id": "/subscriptions/0/other", "ansible_user": "no"}, "b": {"id": ID, "ansible_user": "me", "ansible_become_password": "pw"}},
        {"db": {"ansible_user": "no"}, "b": {"vm_id": ID, "ansible_user": "me", "ansible_become_password": "pw"}},
    ],
    ids=["by vm_id", "by name", "an id says more than a name", "even when the name comes first"],
)
def test_the_inventory_host_that_stands_for_the_vm(inventory: dict[str, dict[str, Any]]) -> None:
    (host,) = connections([job()], inventory)
    assert host["problem"] is None and host["address"] == "10.0.0.4"
    assert host["variables"] == [{"key": "ansible_user", "value": "me"}, {"key": "ansible_become_password", "value": "pw"}]


def test_without_any_there_is_no_way_in() -> None:
    (host,) = connections([job()], {"other": {"ansible_user": "me"}})
    assert "is not known" in host["problem"] and to_try([job()], [host], [], 0, 5) == []
    (told,) = tell([], [], [host], 0.0, 1.0)
    assert (told["ok"], told["message"]) == (False, host["problem"])


def test_roles_need_a_host_only_when_they_say_how_to_connect() -> None:
    roles = [job(0, kind="role"), job(1, kind="role", connection={"ansible_user": "me"})]
    assert [host["number"] for host in connections(roles, {"db": {"ansible_user": "no"}})] == [1]


@pytest.mark.parametrize(
    ("told", "elapsed", "left"),
    [
        ([], 0.0, 60),
        ([], 59.5, 10),
        ([], 500.0, 10),
        ([{"number": 0, "ok": True}], 1.0, None),
        ([{"number": 0, "ok": False}], 20.5, 39),
        ([{"number": 0, "ok": False}], 54.9, 10),
        ([{"number": 0, "ok": False}], 56.0, None),
    ],
)
def test_a_command_is_due_until_it_is_well_or_its_time_is_over(told: list[dict[str, Any]], elapsed: float, left: int | None) -> None:
    jobs = [job(connection={"ansible_user": "me"})]
    due = to_try(jobs, connections(jobs, {}), told, elapsed, 5.0)
    assert [one["left"] for one in due] == ([] if left is None else [left])
    assert all("connection" not in one for one in due)


@pytest.mark.parametrize(
    ("result", "ok", "message"),
    [
        ({"rc": 0}, True, "The command ended with 0."),
        ({"rc": 3, "stderr": "one\ntwo\n\nthree\nfour\n"}, False, "The command ended with 3: two / three / four"),
        ({"rc": 1, "stderr": "", "stdout": "FAILED"}, False, "The command ended with 1: FAILED"),
        ({"rc": 1}, False, "The command ended with 1."),
        ({"unreachable": True, "msg": "refused"}, False, "The VM cannot be reached: refused"),
        ({"ansible_job_id": "j1", "finished": 0, "started": 1}, False, "The command did not end in time."),
        ({"ansible_job_id": "j1", "finished": 1, "failed": True, "msg": "Timeout exceeded"}, False, "The command did not end in time."),
        ({"failed": True, "msg": "The raw action failed to execute in the expected time frame (5)"}, False, "The command did not end in time."),
        ({"failed": True, "msg": "no python"}, False, "The command could not be run: no python"),
        (
            {"rc": 127, "module_stderr": "x\nsh: python: not found", "module_stdout": "", "msg": "see"},
            False,
            "The command could not be run: x / sh: python: not found",
        ),
        ({"rc": 1, "stderr": "password=hunter2hunter2"}, False, "The command ended with 1: password=********"),
    ],
)
def test_what_a_try_came_to(result: dict[str, Any], ok: bool, message: str) -> None:
    assert verdict(result) == (ok, message)


def test_a_long_message_is_cut() -> None:
    assert len(verdict({"rc": 1, "stderr": "x" * 5000})[1]) == 500


def test_tries_are_counted_and_the_last_word_counts() -> None:
    first = tell([], [{"item": {"number": 4}, "ansible_job_id": "j"}, {"item": {"item": {"number": 4}}, "rc": 1}], [], 0.0, 2.5)
    assert [(one["number"], one["ok"], one["attempts"], one["seconds"]) for one in first] == [(4, False, 1, 2.5)]
    second = tell(first, [{"item": {"item": {"number": 4}}, "rc": 0}, {"item": {"number": 2}, "rc": 0}, {"skipped": True}], [], 0.0, 70.0)
    assert [(one["number"], one["ok"], one["attempts"]) for one in second] == [(2, True, 1), (4, True, 2)]
    assert second[1]["started"] == "1970-01-01T00:00:00Z" and second[1]["finished"] == "1970-01-01T00:01:10Z"


@pytest.mark.parametrize(
    ("failure", "ok", "message"),
    [
        (None, True, "The role ended well."),
        ({"msg": "Assertion failed"}, False, "The role failed: Assertion failed"),
        ({"stderr": "a\nb"}, False, "The role failed: a / b"),
        ({}, False, "The role failed: it does not say why"),
    ],
)
def test_what_a_role_came_to(failure: dict[str, Any] | None, ok: bool, message: str) -> None:
    told = role_told(7, failure, 10.0, 12.0)
    assert (told["number"], told["ok"], told["message"], told["seconds"]) == (7, ok, message, 2.0)
