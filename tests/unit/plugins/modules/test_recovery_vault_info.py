# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_vault_info as Ansible calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.modules import recovery_vault_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, answer, client_for, failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_recovery_vaults import deleted_resource, vault_resource
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import item_of, soft_deleted, vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

A, B = VaultRef(SUB, "rg-backup", "vault-a"), VaultRef(SUB, "rg-other", "Vault-B")


class Subscription:
    """Two vaults, of which one holds items; a deleted one in each of two regions."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.refused = ""
        far = {**vault_resource(B, tags={"environment": "test"}), "location": "West Europe"}
        self.vaults = [far, vault_resource(A, tags={"Environment": "production", "owner": "sre"})]

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        path = unquote(urlsplit(url).path)
        lower = path.lower()
        self.sent.append(f"{method} {path}")
        assert method == "GET"
        if self.refused and self.refused in lower:
            return failure(403, "AuthorizationFailed")
        if "/rg-gone/" in lower:
            return failure(404, "ResourceGroupNotFound")
        if lower.endswith("/resourcegroups"):
            return answer(200, {"value": [{"location": "eastasia"}, {"location": "North Europe"}]})
        if lower.endswith("/deletedvaults"):
            return answer(200, {"value": [deleted_resource(A)] if "/eastasia/" in lower else []})
        if lower.endswith("/backupprotecteditems"):
            items = [item_of(vm("web-01"), A), item_of(vm("web-02"), A, "ProtectionStopped", None), soft_deleted(vm("old"), A)]
            return answer(200, {"value": items if A.key in lower else []})
        if lower.endswith("/vaults"):
            return answer(200, {"value": [one for one in self.vaults if "/resourcegroups/" not in lower or "/rg-other/" in one["id"]]})
        found = next((one for one in self.vaults if one["id"].lower() == lower), None)
        return answer(200, found) if found else failure(404, "ResourceNotFound")


def ask(monkeypatch: pytest.MonkeyPatch, site: Subscription, **options: Any) -> dict[str, Any]:
    return run_module(monkeypatch, recovery_vault_info, client_for(site), check=True, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "names", "requests"),
    [
        ({}, ["vault-a", "Vault-B"], 1),
        ({"name": "vault-b"}, ["Vault-B"], 1),
        ({"name": "VAULT-A", "resource_group": "rg-backup"}, ["vault-a"], 1),
        ({"name": "vault-z", "resource_group": "rg-backup"}, [], 1),
        ({"resource_group": "rg-other"}, ["Vault-B"], 1),
        ({"resource_group": "rg-gone"}, [], 1),
        ({"location": "West Europe"}, ["Vault-B"], 1),
        ({"tags": ["environment"]}, ["vault-a", "Vault-B"], 1),
        ({"tags": ["ENVIRONMENT:production", "owner:sre"]}, ["vault-a"], 1),
        ({"tags": ["environment:Production"]}, [], 1),
        ({"tags": ["environment:"]}, [], 1),
    ],
)
def test_filters(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], names: list[str], requests: int) -> None:
    site = Subscription()
    result = ask(monkeypatch, site, **options)
    assert not result["changed"] and [entry["name"] for entry in result["vaults"]] == names
    assert len(site.sent) == requests and "deleted_vaults" not in result


def test_settings_are_in_the_words_of_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    (entry,) = ask(monkeypatch, Subscription(), name="vault-a")["vaults"]
    wanted = {
        "id": A.id, "resource_group": "rg-backup", "location": "eastasia", "redundancy": "LocallyRedundant", "cross_region_restore": False,
        "cross_subscription_restore": "enabled", "soft_delete": "always_on", "soft_delete_retention_days": 14, "immutability": "disabled",
        "public_network_access": "enabled", "job_failure_alerts": True, "multi_user_authorization": False, "customer_managed_key": False,
    }
    assert {name: entry[name] for name in wanted} == wanted


def test_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ask(monkeypatch, Subscription(), counts=True)["vaults"]
    assert first["vm_counts"] == {"total": 3, "protected": 1, "stopped": 1, "suspended": 0, "soft_deleted": 1, "invalid": 0}
    assert second["vm_counts"]["total"] == 0


def test_a_vault_that_cannot_be_counted_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Subscription()
    site.refused = "/vault-b/backupprotecteditems"
    result = ask(monkeypatch, site, counts=True)
    assert [entry["vm_counts"] is None for entry in result["vaults"]] == [False, True]
    assert len(result["warnings"]) == 1 and "Vault-B" in result["warnings"][0]


def test_deleted_vaults_of_all_regions_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Subscription()
    (deleted,) = ask(monkeypatch, site, deleted=True)["deleted_vaults"]
    assert (deleted["vault_id"], deleted["purge_time"]) == (A.id, "2026-09-01T00:00:00Z")
    assert sorted(line.split("/")[-2] for line in site.sent if line.endswith("deletedVaults")) == ["eastasia", "northeurope", "westeurope"]


@pytest.mark.parametrize(("name", "count"), [("vault-a", 1), ("vault-b", 0)])
def test_deleted_vaults_of_one_region_and_name(monkeypatch: pytest.MonkeyPatch, name: str, count: int) -> None:
    site = Subscription()
    assert len(ask(monkeypatch, site, deleted=True, location="East Asia", name=name)["deleted_vaults"]) == count
    assert len(site.sent) == 2


def test_one_region_that_cannot_be_read_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Subscription()
    site.refused = "/northeurope/"
    result = ask(monkeypatch, site, deleted=True)
    assert len(result["deleted_vaults"]) == 1 and "northeurope" in result["warnings"][0]
    site.refused = "/deletedvaults"
    assert ask(monkeypatch, site, deleted=True)["failure"]["code"] == "AuthorizationFailed"


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"name": "-"}, "name"),
        ({"name": ""}, "name"),
        ({"resource_group": " "}, "resource_group"),
        ({"location": "a/b"}, "location"),
        ({"tags": [":x"]}, "tags"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], option: str) -> None:
    site = Subscription()
    assert ask(monkeypatch, site, **options)["failure"]["target"] == option and not site.sent
