# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm_backup_protection as Ansible calls it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.modules import vm_backup_protection
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import (
    SUB,
    VAULT_A,
    VAULT_B,
    FakeClient,
    item_of,
    policy_id,
    vm,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

COMMON = {"vm": ["web-01", "web-02"], "vm_resource_group": "rg-prod", "vault": "vault-a", "resource_group": "rg-backup"}


@pytest.fixture(name="client")
def two_vms() -> FakeClient:
    client = FakeClient(VAULT_A, VAULT_B)
    client.vms = {vm(name).key: vm(name) for name in ("web-01", "web-02")}
    return client


def test_check_mode_and_the_real_run_agree(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.add(item_of(vm("web-02")))
    params = {**COMMON, "policy": "DefaultPolicy", "poll_interval": 1}
    check = run_module(monkeypatch, vm_backup_protection, client, check=True, diff=True, **params)
    assert check["changed"] and not client.writes
    real = run_module(monkeypatch, vm_backup_protection, client, diff=True, **params)
    assert [(entry["id"], entry["changed"]) for entry in check["vms"]] == [(entry["id"], entry["changed"]) for entry in real["vms"]]
    assert [(entry["name"], entry["changed"]) for entry in real["vms"]] == [("web-01", True), ("web-02", False)]
    assert check["diff"] == real["diff"]
    assert real["diff"]["after"][vm("web-01").id]["policy"] == "DefaultPolicy"
    writes = len(client.writes)
    again = run_module(monkeypatch, vm_backup_protection, client, **params)
    assert not again["changed"] and not again["failed"] and len(client.writes) == writes


def test_a_policy_that_one_vault_lacks_hides_no_vm_of_another(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.add(item_of(vm("web-01")))
    client.add(item_of(vm("web-02"), VAULT_B), VAULT_B)
    client.faults.append(("GET", f"{VAULT_B.name}/backupPolicies/EnhancedPolicy", HttpError("no", status=404, code="ResourceNotFound")))
    params = {"vm": COMMON["vm"], "vm_resource_group": "rg-prod", "policy": "EnhancedPolicy", "poll_interval": 1}
    result = run_module(monkeypatch, vm_backup_protection, client, **params)
    assert [(entry["changed"], entry["failed"]) for entry in result["vms"]] == [(True, False), (False, True)]
    assert "EnhancedPolicy" in result["vms"][1]["failure"]["message"]


def test_a_subscription_that_cannot_be_read_hides_no_vm_of_another(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.add(item_of(vm("web-01")))
    other = "/subscriptions/00000000-0000-0000-0000-0000000000aa"
    there = [vm(f"web-{number:02d}").id.replace(f"/subscriptions/{SUB}", other) for number in range(6)]
    client.faults.append(("GET", f"{other}/providers/Microsoft.RecoveryServices/vaults", HttpError("no", status=403, code="AuthorizationFailed")))
    result = run_module(monkeypatch, vm_backup_protection, client, vm=[vm("web-01").id, *there], state="stopped", poll_interval=1)
    assert [entry["failed"] for entry in result["vms"]] == [False] + [True] * 6
    assert result["vms"][1]["failure"]["code"] == "AuthorizationFailed"


def test_the_policys_id_names_the_vault(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    result = run_module(monkeypatch, vm_backup_protection, client, vm=[vm().id], policy=policy_id(VAULT_B), wait=False)
    assert result["changed"] and result["vms"][0]["operation"]["vault_id"] == VAULT_B.id


def test_without_a_vault_the_one_that_has_the_vm_is_used(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.add(item_of(vm(), VAULT_B), VAULT_B)
    result = run_module(monkeypatch, vm_backup_protection, client, vm=[vm().id], policy="EnhancedPolicy", wait=False)
    assert result["vms"][0]["operation"]["vault_id"] == VAULT_B.id and result["vms"][0]["operation"]["step"] == "change"


def test_one_failure_hides_nothing(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.add(item_of(vm("web-01"), VAULT_B), VAULT_B)
    result = run_module(monkeypatch, vm_backup_protection, client, **COMMON, policy="DefaultPolicy", poll_interval=1)
    assert result["failed"] and result["changed"]
    assert "1 of 2 VMs failed" in result["msg"] and "'vault-b'" in result["msg"]
    assert [entry["failed"] for entry in result["vms"]] == [True, False]


@pytest.mark.parametrize(
    ("params", "option"),
    [
        ({"vm": ["web/01"], "vm_resource_group": "rg-prod", "policy": "DefaultPolicy"}, "vm"),
        ({"vm": ["web-01"], "policy": "DefaultPolicy"}, "vm"),
        ({"vm": ["web-01", "WEB-01"], "vm_resource_group": "rg-prod", "policy": "DefaultPolicy"}, "vm"),
        ({**COMMON, "policy": "x"}, "policy"),
        ({**COMMON, "policy": policy_id(VAULT_B)}, "policy"),
        ({"vm": [vm().id], "vault": "vault-a", "policy": policy_id(VAULT_B)}, "policy"),
        ({**COMMON, "policy": "DefaultPolicy", "state": "stopped"}, "policy"),
        ({**COMMON, "disks": {"include_luns": [1]}, "state": "absent"}, "disks"),
        ({**COMMON, "disks": {"include_luns": [99]}}, "disks.include_luns"),
        ({**COMMON, "vault": "vault_a"}, "vault"),
        ({**COMMON, "vault": VAULT_A.id, "resource_group": "other"}, "resource_group"),
        ({**COMMON, "state": "absent", "resource_guard_operation_requests": ["me"]}, "resource_guard_operation_requests"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, client: FakeClient, params: dict[str, Any], option: str) -> None:
    result = run_module(monkeypatch, vm_backup_protection, client, **params)
    assert result["failed"] and result["failure"]["code"] == "InvalidOption" and result["failure"]["target"] == option
    assert not client.sent and result["changed"] is False


@pytest.mark.parametrize("disks", [{}, {"include_luns": [1], "exclude_luns": [2]}])
def test_contradictory_disks(monkeypatch: pytest.MonkeyPatch, client: FakeClient, disks: dict[str, Any]) -> None:
    result = run_module(monkeypatch, vm_backup_protection, client, **COMMON, disks=disks)
    assert result["failed"] and "include_luns" in result["msg"] and not client.sent


def test_a_vault_that_is_not_there_fails_the_task(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    result = run_module(monkeypatch, vm_backup_protection, client, **{**COMMON, "vault": "vault-z"}, policy="DefaultPolicy")
    assert result["failed"] and result["failure"]["status"] == 404 and not result["changed"]


def test_a_vm_by_id_may_be_in_another_subscription(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    other = vm().id.replace(SUB, "00000000-0000-0000-0000-000000000000")
    result = run_module(monkeypatch, vm_backup_protection, client, **{**COMMON, "vm": [other]}, policy="DefaultPolicy")
    assert result["failed"] and result["vms"][0]["failure"]["code"] == "SubscriptionMismatch"


@pytest.mark.parametrize("strangers", [1, 7])
def test_check_mode_fails_for_a_vm_that_does_not_exist_as_the_real_run_does(
    monkeypatch: pytest.MonkeyPatch, client: FakeClient, strangers: int
) -> None:
    names = ["web-01", *(f"nowhere-{number}" for number in range(strangers))]
    params = {**COMMON, "vm": names, "policy": "DefaultPolicy", "poll_interval": 1}
    check = run_module(monkeypatch, vm_backup_protection, client, check=True, **params)
    assert not client.writes
    real = run_module(monkeypatch, vm_backup_protection, client, **params)
    outcomes = [[(entry["name"], entry["changed"], entry.get("failure", {}).get("code")) for entry in run["vms"]] for run in (check, real)]
    assert outcomes[0] == outcomes[1] == [("web-01", True, None), *((name, False, "VmNotProtectable") for name in names[1:])]
