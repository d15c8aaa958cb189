# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_plan_info as Ansible calls it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.modules import recovery_plan_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import SUB, item_of
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._plan.plans import Estate, machine, plan, wave
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

OTHER = "00000000-0000-0000-0000-000000000009"


@pytest.fixture(name="client")
def estate() -> Estate:
    client = Estate()
    client.add(item_of(client.has("db-01")))
    client.has("app-01")
    return client


def test_the_result(monkeypatch: pytest.MonkeyPatch, client: Estate) -> None:
    result = run_module(monkeypatch, recovery_plan_info, client, check=True, plan=plan(), path="/plans/shop.yml", purpose="drill", run_id="d-1")
    assert not result["failed"] and not result["changed"] and not result["warnings"]
    assert result["plan"]["path"] == "/plans/shop.yml" and result["plan"]["vm_count"] == 1
    assert set(result) >= {"stages", "tags", "cleanup", "protections", "backups", "replications", "api_backups", "readiness"}


def test_warnings(monkeypatch: pytest.MonkeyPatch, client: Estate) -> None:
    (warning,) = run_module(monkeypatch, recovery_plan_info, client, plan=plan(wave("a", machine("app-01"))))["warnings"]
    assert "protects app-01" in warning


def test_inventory_groups_may_be_given(monkeypatch: pytest.MonkeyPatch, client: Estate) -> None:
    document = plan(wave("a", {"group": "db", "resource_group": "rg-prod"}))
    assert run_module(monkeypatch, recovery_plan_info, client, plan=document, groups={"db": [{"name": "db-01"}]})["plan"]["vm_count"] == 1


def test_without_resolving_no_request_is_sent(monkeypatch: pytest.MonkeyPatch, client: Estate) -> None:
    result = run_module(monkeypatch, recovery_plan_info, client, plan=plan(wave("a", {"tags": {"a": "b"}})), resolve=False)
    assert not result["failed"] and not client.sent
    assert [wave["id"] for stage in result["stages"] for wave in stage["waves"]] == ["shop/a"]


def test_the_subscription_of_the_plan_counts(monkeypatch: pytest.MonkeyPatch, client: Estate) -> None:
    result = run_module(monkeypatch, recovery_plan_info, client, plan=plan(subscription_id=OTHER), resolve=True)
    assert result["stages"][0]["waves"][0]["restores"][0]["subscription_id"] == OTHER != SUB


@pytest.mark.parametrize(
    ("params", "target"),
    [
        ({"path": "plan.yml"}, "path"),
        ({"plan": plan(), "run_id": "a b"}, "run_id"),
        ({"plan": plan(zzz=1), "path": "plan.yml"}, "plan.yml"),
        ({"plan": plan(), "groups": {"db": "db-01"}}, "groups"),
        ({"plan": plan(), "groups": {"db": ["db-01"]}}, "groups"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, client: Estate, params: dict[str, Any], target: str) -> None:
    result = run_module(monkeypatch, recovery_plan_info, client, **params)
    assert result["failed"] and result["failure"]["target"].endswith(target) and not client.sent


def test_problems_are_in_the_failure(monkeypatch: pytest.MonkeyPatch, client: Estate) -> None:
    result = run_module(monkeypatch, recovery_plan_info, client, plan=plan(zzz=1, on_failure="no"))
    assert result["failure"]["code"] == "InvalidPlan"
    assert [problem["key"] for problem in result["failure"]["problems"]] == ["zzz", "on_failure"]
    assert "zzz: there is no such key here" in result["msg"] and "on_failure: value of on_failure" in result["msg"]
