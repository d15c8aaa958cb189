# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From checks and VMs to jobs, and from what became of them to the results of the record."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.jobs import make_jobs, results_of, work_of

GROUP = "/subscriptions/0/resourceGroups"


def source(name: str) -> str:
    return f"{GROUP}/rg-prod/providers/Microsoft.Compute/virtualMachines/{name}"


def target(name: str) -> str:
    return f"{GROUP}/rg-dr/providers/Microsoft.Compute/virtualMachines/{name}-dr"


def vm(name: str, recovered: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"id": source(name), "name": name}
    return {**found, "recovered": {"id": target(name), "name": f"{name}-dr", "resource_group": "rg-dr"}} if recovered else found


def state(name: str, *addresses: str, **more: Any) -> dict[str, Any]:
    return {"id": target(name).upper(), "private_ip_addresses": list(addresses), **more}


def check(kind: str, name: str = "a", **more: Any) -> dict[str, Any]:
    options = more.pop("options", {"tcp": {"port": 22}, "boot_diagnostics": {"contains": "login:"}}.get(kind, {}))
    return {"name": name, "kind": kind, "options": options, **more}


VMS = [vm("db"), vm("web"), vm("lost", recovered=False)]
STATES = [state("db", "10.0.0.4", "10.0.0.5"), state("web", failure={"message": "There is no VM web-dr."})]


def test_one_job_for_each_check_and_vm_in_order() -> None:
    jobs = make_jobs([check("tcp", "one"), check("tcp", "two", vm_ids=[source("WEB")])], VMS)
    assert [(job["number"], job["name"], job["vm"]) for job in jobs] == [
        (0, "one", source("db")),
        (1, "one", source("web")),
        (2, "one", source("lost")),
        (3, "two", source("web")),
    ]


def test_who_was_not_recovered_fails_his_checks_and_nobody_elses() -> None:
    found = [job["problem"] for job in make_jobs([check("tcp")], VMS, STATES)]
    assert found[0] is None
    assert found[1] == "The recovered VM could not be read: There is no VM web-dr."
    assert found[2] == "The VM was not recovered, so it is not checked."


def test_a_vm_that_nobody_knows_is_told_and_not_passed_over() -> None:
    (job,) = make_jobs([check("tcp", vm_ids=[source("typo")])], VMS)
    assert job["problem"] is not None and job["vm"] == source("typo")


def test_why_no_vm_could_be_read_is_told_for_each() -> None:
    found = make_jobs([check("tcp")], VMS[:2], [], "AuthorizationFailed: no.")
    assert {job["problem"] for job in found} == {"The recovered VM could not be read: AuthorizationFailed: no."}


def test_fields_are_filled_in_and_other_braces_stay() -> None:
    options = {"cmd": "awk '{print $1}' {name} {address}", "connection": {"ansible_user": "{name}", "ansible_port": 22}}
    (job,) = make_jobs([check("command", options=options, vm_ids=[source("db")])], VMS, STATES)
    assert job["options"]["cmd"] == "awk '{print $1}' db-dr 10.0.0.4"
    assert job["options"]["connection"] == {"ansible_user": "db-dr", "ansible_port": 22}


def test_an_address_of_version_6_stands_in_brackets_where_a_port_may_follow() -> None:
    options = {"url": "http://{address}:80/", "connect_to": "{address}", "headers": {"X-For": "{address}"}}
    (job,) = make_jobs([check("http", options=options)], [vm("db")], [state("db", "fd00::4")])
    assert job["options"] == {"url": "http://[fd00::4]:80/", "connect_to": "[fd00::4]", "headers": {"X-For": "fd00::4"}}


@pytest.mark.parametrize(
    ("one", "needs"),
    [
        (check("tcp"), True),
        (check("tcp", options={"port": 22, "host": "shop.example.com"}), False),
        (check("http", options={"url": "http://{address}/"}), True),
        (check("http", options={"url": "http://shop.example.com/"}), False),
        (check("boot_diagnostics"), False),
        (check("command", options={"cmd": "true"}), True),
        (check("command", options={"cmd": "true", "connection": {"ansible_connection": "local"}}), False),
        (check("command", options={"cmd": "true", "connection": {"ansible_host": "db.example.com"}}), False),
        (check("role", options={"name": "r"}), False),
        (check("role", options={"name": "r", "vars": {"url": ["{address}"]}}), True),
    ],
)
def test_who_needs_an_address_fails_without_one(one: dict[str, Any], needs: bool) -> None:
    (job,) = make_jobs([one], [vm("db")], [state("db")])
    assert (job["problem"] == "The recovered VM has no private IP address.") is needs


def test_a_check_of_the_wave_is_made_once() -> None:
    once = check("http", options={"url": "http://shop.example.com/"}, on="wave")
    (job,) = make_jobs([once], VMS, STATES)
    assert (job["vm"], job["recovered"], job["problem"]) == (None, None, None)
    of_one = check("http", options={"url": "http://{address}/"}, on="wave", vm_ids=[source("db")])
    (job,) = make_jobs([of_one], VMS, STATES)
    assert job["vm"] is None and job["options"]["url"] == "http://10.0.0.4/"
    with pytest.raises(OptionError) as caught:
        make_jobs([{**of_one, "vm_ids": None}], VMS, STATES)
    assert caught.value.option == "checks[0].options"


CHECKS = [check("tcp", "port"), check("boot_diagnostics", "booted"), check("command", "cmd", options={"cmd": "true"}, vm_ids=[source("db")])]


def told(ok: bool, message: str = "said") -> dict[str, Any]:
    return {"ok": ok, "message": message, "attempts": 2, "seconds": 3.5, "started": "s", "finished": "f", "skipped": False}


def test_work_before_and_after_addresses_are_known() -> None:
    before = work_of(CHECKS, VMS)
    assert before["vm"] == [target("db"), target("web")] and before["endpoints"] == []
    assert before["boot_logs"] == [{"contains": "login:", "vm": [target(name)], "timeout": "300s"} for name in ("db", "web")]
    after = work_of(CHECKS, VMS, STATES)
    assert after["endpoints"] == [{"name": "port (db-dr)", "tcp": {"port": 22, "host": "10.0.0.4"}, "timeout": "300s"}]
    assert [job["name"] for job in after["commands"]] == ["cmd"] and after["roles"] == []


def test_results_are_those_of_their_jobs() -> None:
    work = work_of(CHECKS, VMS, STATES)
    found = results_of(work, boot_logs=[told(True, "up"), told(False, "gone")], endpoints=[told(True, "open")], others=[{**told(False), "number": 6}])
    assert [(one["name"], one["ok"], one["message"]) for one in found] == [
        ("port", True, "open"),
        ("port", False, "The recovered VM could not be read: There is no VM web-dr."),
        ("port", False, "The VM was not recovered, so it is not checked."),
        ("booted", True, "up"),
        ("booted", False, "The recovered VM could not be read: There is no VM web-dr."),
        ("booted", False, "The VM was not recovered, so it is not checked."),
        ("cmd", False, "said"),
    ]
    assert found[0] == {
        "name": "port",
        "kind": "tcp",
        "vm": source("db"),
        "ok": True,
        "message": "open",
        "attempts": 2,
        "seconds": 3.5,
        "started": "s",
        "finished": "f",
    }


def test_check_mode_has_the_same_shape_and_tells_what_is_known_to_fail() -> None:
    found = results_of(work_of(CHECKS, VMS), check_mode=True)
    assert [one["ok"] for one in found] == [None, None, False, None, None, False, None]
    assert {tuple(one) for one in found} == {tuple(one) for one in results_of(work_of(CHECKS, VMS, STATES))}


def test_what_was_not_made_is_no_success() -> None:
    found = results_of(work_of([check("tcp")], [vm("db")], STATES), unmade="jump-01 is unreachable.")
    assert [(one["ok"], one["message"]) for one in found] == [(False, "jump-01 is unreachable.")]
    assert not any(one["ok"] for one in results_of(work_of(CHECKS, VMS, STATES)))
