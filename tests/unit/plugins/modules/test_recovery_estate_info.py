# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_estate_info as Ansible calls it: what may not be readable, and what is asked for."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Iterator, Mapping

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.modules import recovery_estate_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

SUB = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000002"
GROUPS = [{"name": "rg-shop", "location": "eastasia"}, {"name": "rg-else", "location": "eastasia"}]


def account(group: str) -> dict[str, Any]:
    place = f"/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/st{group[3:]}"
    return {"id": place, "name": f"st{group[3:]}", "location": "eastasia", "properties": {}}


class FakeClient:
    """Lists by the end of their path; those in refused are forbidden."""

    subscription_id = SUB

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.asked: list[str] = []
        self.lists: dict[str, list[dict[str, Any]]] = {"resourceGroups": GROUPS, "storageAccounts": [account("rg-shop"), account("rg-else")]}

    def server_now(self) -> datetime:
        return datetime(2026, 9, 10, tzinfo=timezone.utc)

    def list(self, path: str, _api: Any, *, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        kind = path.rsplit("/", 1)[-1]
        self.asked.append(path)
        if kind in self.refused:
            raise HttpError("no", status=403, code="AuthorizationFailed")
        yield from self.lists.get(kind, [])


def plan(subscription: str = SUB) -> dict[str, Any]:
    vm = f"/subscriptions/{subscription}/resourceGroups/rg-shop/providers/Microsoft.Compute/virtualMachines/vm"
    return {"stages": [{"waves": [{"vms": [{"id": vm}], "restores": [{"storage_account": "stshop"}]}]}]}


def test_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient()
    result = run_module(monkeypatch, recovery_estate_info, client, check=True)
    assert not result["failed"] and not result["changed"] and result["left_out"] == [] and result["warnings"] == []
    assert [entry["name"] for entry in result["estate"]["storage_accounts"]] == ["stelse", "stshop"]
    assert result["estate"]["principals"] == [{"name": "rehearsal", "roles": ["Owner", "Storage Blob Data Contributor"]}]
    assert len(client.asked) == len(set(client.asked)) + 1  # VMs twice, the second time for whether they run


@pytest.mark.parametrize("given", [plan(), [plan()], [plan(), {"stages": []}]])
def test_a_plan(monkeypatch: pytest.MonkeyPatch, given: Any) -> None:
    result = run_module(monkeypatch, recovery_estate_info, FakeClient(), plan=given)
    assert [entry["name"] for entry in result["estate"]["storage_accounts"]] == ["stshop"]
    assert [entry["name"] for entry in result["estate"]["resource_groups"]] == ["rg-shop"]


def test_what_is_in_other_subscriptions_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    two = plan()
    hub = f"/subscriptions/{OTHER}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
    two["stages"][0]["waves"].append({"restores": [{"virtual_network": hub}]})
    result = run_module(monkeypatch, recovery_estate_info, FakeClient(), plan=two)
    assert result["estate"]["subscription_id"] == SUB
    assert [(entry["name"], entry["type"].lower()) for entry in result["left_out"]] == [("hub", "microsoft.network/virtualnetworks")]
    assert len(result["warnings"]) == 1
    elsewhere = run_module(monkeypatch, recovery_estate_info, FakeClient(), plan=plan(OTHER))
    assert elsewhere["estate"]["subscription_id"] == OTHER


def test_what_may_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_module(monkeypatch, recovery_estate_info, FakeClient("vaults", "service", "restorePointCollections", "locations"))
    assert not result["failed"] and len(result["left_out"]) == 4
    assert all("AuthorizationFailed" in entry["reason"] or "no" in entry["reason"] for entry in result["left_out"])


@pytest.mark.parametrize("refused", ["resourceGroups", "virtualMachines"])
def test_without_groups_or_machines_there_is_no_estate(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    result = run_module(monkeypatch, recovery_estate_info, FakeClient(refused))
    assert result["failed"] and result["failure"]["code"] == "AuthorizationFailed"


@pytest.mark.parametrize(
    ("params", "option"),
    [
        ({"resource_group": []}, "resource_group"),
        ({"resource_group": ["rg?"]}, "resource_group"),
        ({"plan": []}, "plan"),
        ({"plan": "plan.yml"}, "plan"),
        ({"plan": {"plan": {}}}, "plan"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, params: dict[str, Any], option: str) -> None:
    client = FakeClient()
    result = run_module(monkeypatch, recovery_estate_info, client, **params)
    assert result["failed"] and result["failure"]["target"] == option and not client.asked
