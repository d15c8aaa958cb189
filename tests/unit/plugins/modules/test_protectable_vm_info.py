# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""protectable_vm_info as Ansible calls it."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.modules import protectable_vm_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import VAULT_A, FakeClient, item_of, vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module


@pytest.fixture(name="client")
def estate() -> FakeClient:
    client = FakeClient(VAULT_A, page=2)
    machines = [vm("web-02"), vm("web-01"), vm("db-01", "rg-data"), vm("new-01"), vm("web-03")]
    client.vms = {machine.key: machine for machine in machines}
    client.undiscovered = {vm("new-01").key}
    client.add(item_of(vm("web-03")))
    return client


def names(result: dict[str, object]) -> list[str]:
    entries = result["protectable_vms"]
    assert isinstance(entries, list)
    return [entry["name"] for entry in entries]


def test_the_list_is_whole_and_sorted(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    result = run_module(monkeypatch, protectable_vm_info, client, vault="vault-a", resource_group="rg-backup")
    assert names(result) == ["db-01", "web-01", "web-02"] and result["changed"] is False
    assert len(client.sent) == 2 and not client.writes


def test_a_resource_group(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    assert names(run_module(monkeypatch, protectable_vm_info, client, vault=VAULT_A.id, vm_resource_group="RG-DATA")) == ["db-01"]


def test_refresh_finds_new_vms_but_not_in_check_mode(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    check = run_module(monkeypatch, protectable_vm_info, client, check=True, vault=VAULT_A.id, refresh=True)
    assert "new-01" not in names(check) and not client.writes
    result = run_module(monkeypatch, protectable_vm_info, client, vault=VAULT_A.id, refresh=True)
    assert "new-01" in names(result) and result["changed"] is False


def test_a_refresh_of_unknown_fate_is_sent_again(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    monkeypatch.setattr(client.clock, "sleep", lambda seconds: None)
    client.faults.append(("POST", "refreshContainers", HttpError("down", status=503, ambiguous=True)))
    assert "new-01" in names(run_module(monkeypatch, protectable_vm_info, client, vault=VAULT_A.id, refresh=True))
    assert len(client.writes) == 2


def test_a_refusal_to_refresh_is_a_failure(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> None:
    client.faults.append(("POST", "refreshContainers", HttpError("no", status=403, code="AuthorizationFailed")))
    result = run_module(monkeypatch, protectable_vm_info, client, vault=VAULT_A.id, refresh=True)
    assert result["failed"] and result["failure"]["code"] == "AuthorizationFailed"
