# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_readiness_info as Ansible calls it, in a subscription where nearly nothing may be read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.modules import recovery_readiness_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import VAULT_A, FakeClient, item_of, vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

DB = vm("db-01")


def resolved(**target: str) -> dict[str, Any]:
    options = {
        "mode": "new_vm",
        "vm_name": "drill-{name}",
        "target_resource_group": "rg-dr",
        "virtual_network": "vnet-dr",
        "subnet": "app",
        "storage_account": "stdr",
        **target,
    }
    wave = {
        "id": "shop/all",
        "application": "shop",
        "vms": [{"id": DB.id, "from": "vault", "vault_id": VAULT_A.id}],
        "restores": [{"vm": [DB.id], "vault": VAULT_A.id, **options}],
    }
    return {
        "plan": {"name": "shop", "applications": [{"name": "shop", "objectives": {"rpo_seconds": 7200}}]},
        "stages": [{"waves": [wave]}],
        "readiness": {},
    }


@pytest.fixture(name="client")
def estate() -> FakeClient:
    """It is midnight of 10 September 2026. What is not in a vault is answered by 404."""
    client = FakeClient(VAULT_A)
    client.add(item_of(DB, lastRecoveryPoint="2026-09-09T23:00:00Z", lastBackupStatus="Completed"))
    client.vms[DB.key] = DB
    return client


def test_every_check_answers_whatever_the_others_met(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.faults += [("GET", "/usages", HttpError("no", status=403, code="AuthorizationFailed")) for _time in range(2)]
    result = run_module(monkeypatch, recovery_readiness_info, client, plan=resolved())
    assert not result["failed"] and not result["changed"] and not result["ready"]
    found = {one["check"]: one for one in result["findings"]}
    assert (found["recovery_point"]["state"], found["recovery_point"]["objective"]) == ("ok", 7200)
    assert {found[check]["state"] for check in ("resource_group", "network", "storage")} == {"failed"}
    assert found["permission"]["state"] == "warning"
    assert result["summary"]["states"]["failed"] == 3 and result["table"][0].startswith("NOT READY: shop could not be recovered")
    assert client.writes == []


@pytest.mark.parametrize(
    ("params", "target"),
    [
        ({"plan": {}}, "plan"),
        ({"plan": resolved(vm_name="a b")}, "vm_name"),
        ({"plan": resolved(), "poll_interval": 0}, "poll_interval"),
        ({"plan": resolved(), "api_versions": {"quota": "1"}}, "api_versions"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, client: FakeClient, params: dict[str, Any], target: str) -> None:
    result = run_module(monkeypatch, recovery_readiness_info, client, **params)
    assert result["failed"] and result["failure"]["target"] == target and client.sent == []
