# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan against its schema: all errors at once, each with the path of its key."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.problems import PlanError, Problem
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.validate import check_schema
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._plan.plans import SERVICE, changed, machine, plan, problems, wave

APPLICATION = "applications[0]"
WAVE = f"{APPLICATION}.waves[0]"
CHECK = f"{WAVE}.checks[0]"


def checked(**check: Any) -> dict[str, Any]:
    return plan(wave("data", machine("db-01"), checks=[{"name": "a", **check}]))


def test_a_good_plan_has_no_problems() -> None:
    assert problems(plan()) == {}
    assert problems(plan(), "drill") == {}


@pytest.mark.parametrize(
    ("document", "key", "message"),
    [
        (changed(plan(), "version", 2), "version", "value of version must be one of: 1, got: 2"),
        (changed(plan(), "version", ...), "", "missing required arguments: version"),
        (changed(plan(), "name", "Shop"), "name", "small letters"),
        (changed(plan(), "name", True), "name", "it must be text, and is true or false; put it in quotes"),
        (changed(plan(), "name", {}), "name", "it must be text, and is a mapping"),
        (plan(subscription_id="mine"), "subscription_id", "is not a subscription id"),
        (plan(targts={}), "targts", "did you mean targets?"),
        (plan(zzz=1), "zzz", "there are version, name,"),
        (plan(on_failure="stop"), "on_failure", "value of on_failure must be one of: halt, continue, got: stop"),
        (plan(objectives={"rto": "soon"}), "objectives.rto", "is not a span of time"),
        (plan(objectives={"rta": "4h"}), "objectives.rta", "did you mean rto?"),
        (plan(objectives="4h"), "objectives", "it must be a mapping, with keys and values, and is '4h'"),
        (plan(vaults={"name": "rsv"}), "vaults", "it must be a list, and is a mapping"),
        (plan(vaults=["rsv"]), "vaults[0]", "it must be a mapping"),
        (plan(vaults=[{"name": "rsv"}]), "vaults[0]", "missing required arguments: resource_group"),
        (plan(vaults=[{"name": "1", "resource_group": "rg"}]), "vaults[0].name", "is not a vault name"),
        (plan(targets=[]), "targets", "it must be a mapping, of names to what they are, and is a list"),
        (changed(plan(), "targets.primary.from", "tape"), "targets.primary.from", "must be one of: vault, secondary_region, restore_points, got: tape"),
        (changed(plan(), "targets.primary.region", "the moon!"), "targets.primary.region", "is not the name of a region"),
        (changed(plan(), "targets.primary.resource_group", "a/b"), "targets.primary.resource_group", "is not a resource group name"),
        (changed(plan(), "targets.primary.vm_name", "{nam}"), "targets.primary.vm_name", "has a field other than {name} and {resource_group}"),
        (changed(plan(), "targets.primary.vm_name", "{name}-%Y"), "targets.primary.vm_name", "depends on the time"),
        (changed(plan(), "targets.primary.tags", {"a<b": "c"}), "targets.primary.tags", "is not the name of a tag"),
        (changed(plan(), "targets.primary.drill.form", "vault"), "targets.primary.drill.form", "there is no such key here"),
        (changed(plan(), "applications.0.name", "a/b"), f"{APPLICATION}.name", "is not a name"),
        (changed(plan(), "applications.0.waves", ...), APPLICATION, "missing required arguments: waves"),
        (changed(plan(), "applications.0.waves.0.after", "data"), f"{WAVE}.after", "it must be a list, and is 'data'"),
        (plan(wave("data", {})), f"{WAVE}.virtual_machines[0]", "one of the following is required: id, name, tags, group"),
        (plan(wave("data", {"name": "a", "tags": {"a": "b"}, "resource_group": "rg"})), f"{WAVE}.virtual_machines[0]", "mutually exclusive: id|name|tags"),
        (plan(wave("data", {"name": "a"})), f"{WAVE}.virtual_machines[0]", "missing parameter(s) required by 'name': resource_group"),
        (plan(wave("data", {"id": "/subscriptions/x"})), f"{WAVE}.virtual_machines[0].id", "is not a subscription id"),
        (plan(wave("data", {"tags": {}})), f"{WAVE}.virtual_machines[0].tags", "no tag is given"),
        (plan(wave("data", {"tags": ["a"]})), f"{WAVE}.virtual_machines[0].tags", "it must be a mapping, and is a list"),
        (plan(wave("data", machine("a", priority="first"))), f"{WAVE}.virtual_machines[0].priority", "unable to convert to int"),
        (plan(wave("data", machine("a"), pause={})), f"{WAVE}.pause", "missing required arguments: name"),
        (checked(), CHECK, "one of the following is required: tcp, http, boot_diagnostics, command, role"),
        (checked(tcp={"port": 22}, http={"url": "http://a"}), CHECK, "mutually exclusive"),
        (checked(tcp={"port": "x"}), f"{CHECK}.tcp.port", "unable to convert to int"),
        (checked(tcp={"port": 0}), f"{CHECK}.tcp.port", "is not a port"),
        (checked(http={"url": "ftp://a"}), f"{CHECK}.http.url", "is not a URL"),
        (checked(http={"url": "http://u:p@a"}), f"{CHECK}.http.url", "it has a user or password in it"),
        (checked(http={"url": "http://a", "status": [20]}), f"{CHECK}.http.status", "is no HTTP status"),
        (checked(boot_diagnostics={}), f"{CHECK}.boot_diagnostics", "one of the following is required: contains, matches"),
        (checked(boot_diagnostics={"matches": "("}), f"{CHECK}.boot_diagnostics.matches", "is not a regular expression"),
        (checked(command={"cmd": "a", "connection": {"ansible_ssh_pass": "x"}}), f"{CHECK}.command.connection", "ansible_ssh_pass would be shown"),
        (checked(role={"name": "a", "connection": {"ansible_become_password": "x"}}), f"{CHECK}.role.connection", "would be shown in results"),
        (checked(command={}), f"{CHECK}.command", "missing required arguments: cmd"),
        (checked(tcp={"port": 22}, vms=[]), f"{CHECK}.vms", "it is empty"),
        (checked(tcp={"port": 22}, on="all"), f"{CHECK}.on", "must be one of: each, wave, got: all"),
        (plan(wave("api", api_management=[{**SERVICE, "name": "9"}])), f"{WAVE}.api_management[0].name", "is not the name of an API Management service"),
        (plan(wave("api", api_management=[{**SERVICE, "storage_key": "x"}])), f"{WAVE}.api_management[0].storage_key", "there is no such key here"),
        (plan(wave("api", api_management=[{**SERVICE, "keep": 0}])), f"{WAVE}.api_management[0].keep", "is less than 1"),
        ([], "", "it must be a mapping, with keys and values, and is a list"),
        (None, "", "it must be a mapping, with keys and values, and is nothing"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(document: Any, key: str, message: str) -> None:
    found = problems(document)
    assert list(found) == [key]
    assert message in found[key]


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(("applications", 0, "waves", 1, "name"), "no"), "applications[0].waves[1].name: no"),
        (Problem(("name",), "no", 3), "name (line 3): no"),
        (Problem((), "no", 3), "line 3: no"),
        (Problem((), "no"), "no"),
    ],
)
def test_how_a_problem_is_told(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_of_many_problems_the_first_are_told_and_how_many_more() -> None:
    error = PlanError([Problem(("a", number), "no") for number in range(25)], "plan.yml")
    assert "25 things are wrong in the plan plan.yml: a[0]: no; a[1]: no" in error.message and error.message.endswith("a[19]: no; and 5 more")
    assert len(error.as_failure()["problems"]) == 25


def test_everything_is_told_at_once() -> None:
    document = plan(wave("data", machine("a b"), {"nam": "x"}), on_failure="no", zzz=1)
    machines = f"{WAVE}.virtual_machines"
    assert list(problems(document)) == ["zzz", "on_failure", f"{machines}[0].name", f"{machines}[1].nam", f"{machines}[1]"]


def test_extra_keys_are_left_alone_everywhere() -> None:
    document = changed(plan(), "targets.x-common", {"anything": 1})
    document["x-anchors"] = [1]
    document["applications"][0]["x-owner"] = {"team": "shop"}
    found, wrong = check_schema(document)
    assert not wrong and "x-anchors" not in found and list(found["targets"]) == ["primary"]


def test_a_key_without_a_value_is_as_good_as_none() -> None:
    found, wrong = check_schema(plan(objectives=None, vaults=None))
    assert not wrong and found["objectives"] is None and found["vaults"] == []


def test_defaults_are_filled_in() -> None:
    found, wrong = check_schema(checked(tcp={"port": "22"}))
    (one,) = found["applications"][0]["waves"][0]["checks"]
    assert not wrong and found["on_failure"] == "halt" and found["targets"]["primary"]["from"] == "vault"
    assert one["tcp"]["port"] == 22 and one["timeout"] == "5m" and one["on"] == "each" and one["http"] is None
    assert found["targets"]["primary"]["drill"]["subnet"] is None
