# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""protected_vm_info as Ansible calls it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.modules import protected_vm_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import (
    VAULT_A,
    VAULT_B,
    FakeClient,
    item_of,
    soft_deleted,
    vm,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module


@pytest.fixture(name="client")
def estate() -> FakeClient:
    """It is midnight of 10 September 2026."""
    client = FakeClient(VAULT_A, VAULT_B)
    client.add(item_of(vm("fresh"), lastRecoveryPoint="2026-09-09T22:00:00.1234567Z", lastBackupStatus="Completed"))
    client.add(item_of(vm("late"), policy="EnhancedPolicy", lastRecoveryPoint="2026-09-07T00:00:00Z", healthStatus="ActionRequired"))
    client.add(item_of(vm("new", "rg-test"), VAULT_B, "IRPending"), VAULT_B)
    client.add(item_of(vm("halted"), VAULT_B, "ProtectionStopped", None, lastRecoveryPoint="2026-09-09T00:00:00Z"), VAULT_B)
    client.add(soft_deleted(vm("gone"), VAULT_B), VAULT_B)
    return client


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ["fresh", "late", "gone", "halted", "new"]),
        ({"vault": "vault-a"}, ["fresh", "late"]),
        ({"vault": VAULT_B.id}, ["gone", "halted", "new"]),
        ({"vm": ["late", "halted"], "vm_resource_group": "rg-prod"}, ["late", "halted"]),
        ({"vm": [vm("LATE", "RG-prod").id]}, ["late"]),
        ({"vm_resource_group": "rg-test"}, ["new"]),
        ({"policy": "enhancedpolicy"}, ["late"]),
        ({"state": ["soft_deleted", "stopped"]}, ["gone", "halted"]),
        ({"health": ["ActionRequired"]}, ["late"]),
        ({"older_than": "26h"}, ["late", "gone", "new"]),
        ({"older_than": "26h", "state": ["protected"], "vault": "vault-a"}, ["late"]),
        ({"vm": ["unknown"], "vm_resource_group": "rg-prod"}, []),
    ],
)
def test_filters(monkeypatch: pytest.MonkeyPatch, client: FakeClient, params: dict[str, Any], names: list[str]) -> None:
    result = run_module(monkeypatch, protected_vm_info, client, check=True, **params)
    assert not result["failed"] and not result["changed"]
    assert [entry["name"] for entry in result["protected_vms"]] == names


def test_facts(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    (entry,) = run_module(monkeypatch, protected_vm_info, client, vm=[vm("fresh").id])["protected_vms"]
    assert entry["recovery_point_age"] == 7199
    assert entry["last_recovery_point"] == "2026-09-09T22:00:00.123456Z"
    assert (entry["vault_name"], entry["vault_id"], entry["state"], entry["health"]) == ("vault-a", VAULT_A.id, "protected", "Passed")


@pytest.mark.parametrize(
    ("params", "option"),
    [({"older_than": "soon"}, "older_than"), ({"vm": ["web-01"]}, "vm"), ({"vault": "-"}, "vault")],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, client: FakeClient, params: dict[str, Any], option: str) -> None:
    result = run_module(monkeypatch, protected_vm_info, client, **params)
    assert result["failed"] and result["failure"]["target"] == option and not client.sent


def test_a_vault_that_cannot_be_read_is_left_out_with_a_warning(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.faults.append(("GET", "vault-b/backupProtectedItems", HttpError("no", status=403, code="AuthorizationFailed")))
    result = run_module(monkeypatch, protected_vm_info, client)
    assert [entry["name"] for entry in result["protected_vms"]] == ["fresh", "late"]
    assert len(result["warnings"]) == 1 and "vault-b" in result["warnings"][0]


def test_the_one_vault_that_cannot_be_read_is_a_failure(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.faults.append(("GET", "vault-b/backupProtectedItems", HttpError("no", status=403, code="AuthorizationFailed")))
    result = run_module(monkeypatch, protected_vm_info, client, vault="vault-b")
    assert result["failed"] and result["failure"]["code"] == "AuthorizationFailed"
