# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Discovery, lists, paging and the checks before protection."""

from __future__ import annotations

from typing import Any

import pytest
from azure_dr_simulator.estate import default_document
from azure_dr_simulator.fleet import with_fleet
from backup_world import VM_FILTER, Backup


def fleet(count: int, *, protected: bool) -> Backup:
    document = default_document()
    document["vaults"] = document["vaults"][:1]
    grown = with_fleet(document, count, protected=protected)
    return Backup(grown["vaults"], virtual_machines=grown["virtual_machines"])


def test_refresh_answers_through_location() -> None:
    azure = Backup()
    reply = azure.send("POST", f"{azure.vault}/backupFabrics/Azure/refreshContainers")
    assert reply.status == 202
    assert "api-version=2019-05-13-preview" in reply.headers["Azure-AsyncOperation"]
    first = azure.send("GET", reply.headers["Location"])
    assert (first.status, first.body) == (202, None) and "Location" in first.headers
    azure.advance(13)
    assert azure.send("GET", reply.headers["Location"]).status == 204


def test_protectable_items_are_the_unprotected_vms_in_lower_case() -> None:
    azure = Backup(virtual_machines=[{"name": name, "resource_group": "rg-prod"} for name in ("Mixed-Case", "web-01")])
    rows = azure.rows(f"{azure.vault}/backupProtectableItems", filter=VM_FILTER)
    assert [row["name"] for row in rows] == ["iaasvmcontainerv2;rg-prod;mixed-case", "iaasvmcontainerv2;rg-prod;web-01"]
    assert rows[0]["id"].endswith("/protectableItems/vm;iaasvmcontainerv2;rg-prod;mixed-case")
    assert rows[0]["properties"]["virtualMachineId"] == azure.vm("Mixed-Case")
    azure.enable("web-01")
    assert [row["name"] for row in azure.rows(f"{azure.vault}/backupProtectableItems")] == ["iaasvmcontainerv2;rg-prod;mixed-case"]


def test_only_vms_of_the_vaults_region() -> None:
    networks = default_document()["virtual_networks"]
    azure = Backup(
        virtual_machines=[
            {"name": "here", "resource_group": "rg-prod"},
            {"name": "there", "resource_group": "rg-dr-secondary", "location": "southeastasia"},
        ],
        virtual_networks=networks,
    )
    assert [row["properties"]["friendlyName"] for row in azure.rows(f"{azure.vault}/backupProtectableItems")] == ["here"]


def test_lists_are_paged_at_two_hundred() -> None:
    azure = fleet(450, protected=False)
    first = azure.get(f"{azure.vault}/backupProtectableItems", filter=VM_FILTER)
    assert len(first["value"]) == 200 and first["nextLink"].startswith("https://")
    assert len(azure.rows(f"{azure.vault}/backupProtectableItems", filter=VM_FILTER)) == 450


def test_a_thousand_items_in_five_pages() -> None:
    azure = fleet(1000, protected=True)
    path, pages, names = f"{azure.vault}/backupProtectedItems", 0, set()
    body = azure.get(path, filter=f"{VM_FILTER} and itemType eq 'VM'")
    while True:
        pages += 1
        names |= {row["name"] for row in body["value"]}
        if "nextLink" not in body:
            break
        body = azure.get(body["nextLink"])
    assert (pages, len(names)) == (5, 1000)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("backupManagementType eq 'AzureIaasVM'", 3),
        ("backupManagementType eq 'AzureWorkload'", 0),
        ("policyName eq 'EnhancedPolicy'", 1),
        ("friendlyName eq 'WEB-01'", 1),
        ("containerName eq 'iaasvmcontainer;iaasvmcontainerv2;rg-prod;web-01'", 1),
        ("containerName eq 'iaasvmcontainerv2;rg-prod;web-01' and itemType eq 'VM'", 1),
    ],
)
def test_item_filters(text: str, count: int) -> None:
    items = [{"vm": "web-01"}, {"vm": "web-02", "policy": "EnhancedPolicy"}, {"vm": "db-01"}]
    azure = Backup([{"name": "rsv-prod-01", "resource_group": "rg-backup", "protected_items": items}])
    path = f"{azure.vault}/backupProtectedItems"
    assert len(azure.rows(path, filter=text)) == count
    # Encoded as older and as newer clients do.
    for encoded in (text.replace(" ", "+").replace("'", "%27"), text.replace(" ", "%20").replace("'", "%27")):
        assert len(azure.get(f"{path}?$filter={encoded}")["value"]) == count


def test_a_wrong_filter_and_token_are_refused() -> None:
    azure = Backup()
    assert azure.send("GET", f"{azure.vault}/backupProtectedItems", filter="name like 'x'").status == 400
    assert azure.send("GET", f"{azure.vault}/backupProtectedItems", skipToken="?").status == 400


def status(azure: Backup, vm: str, region: str = "eastasia") -> dict[str, Any]:
    body = {"resourceType": "VM", "resourceId": azure.vm(vm)}
    reply = azure.send("POST", azure.location(region) + "/backupStatus", body)
    assert reply.status == 200
    found: dict[str, Any] = reply.body
    return found


def test_backup_status_names_the_vault() -> None:
    azure = Backup()
    assert status(azure, "web-01")["protectionStatus"] == "NotProtected"
    azure.enable("web-01")
    assert status(azure, "web-01")["protectionStatus"] == "Protecting"
    azure.advance(70)
    found = status(azure, "WEB-01")
    assert (found["protectionStatus"], found["vaultId"]) == ("Protected", azure.vault)
    assert found["protectedItemName"] == "VM;iaasvmcontainerv2;rg-prod;web-01"
    assert found["containerName"] == "IaasVMContainer;iaasvmcontainerv2;rg-prod;web-01"
    assert status(azure, "web-01", "southeastasia")["protectionStatus"] == "NotProtected"
    assert azure.send("POST", azure.location("eastasia") + "/backupStatus", {"resourceType": "VM"}).status == 400


def test_pre_validation_and_features() -> None:
    azure = Backup()
    body = {"resourceType": "VM", "resourceId": azure.vm("web-01"), "vaultId": azure.vault, "properties": ""}
    assert azure.send("POST", azure.location("eastasia") + "/backupPreValidateProtection", body).body["status"] == "Succeeded"
    azure.enable("web-01")
    refused = azure.send("POST", azure.location("eastasia") + "/backupPreValidateProtection", body).body
    assert (refused["status"], refused["errorCode"]) == ("Failed", "BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault")
    features = {"featureType": "AzureVMResourceBackup", "vmSize": "Basic_A0", "vmSku": "Premium"}
    assert azure.send("POST", azure.location("eastasia") + "/backupValidateFeatures", features).body == {"supportStatus": "Supported"}


def test_an_intent_protects_and_hides_failures() -> None:
    azure = Backup()
    name = "vm%3Biaasvmcontainerv2%3Brg-prod%3Bweb-01"
    for vault in (azure.vault, azure.vault_path("rsv-prod-02")):
        body = {"protectionIntentItemType": "AzureResourceItem", "sourceResourceId": azure.vm("web-01"), "policyId": azure.policy("DefaultPolicy", vault)}
        reply = azure.send("PUT", f"{vault}/backupFabrics/Azure/backupProtectionIntent/{name}", {"properties": body})
        assert reply.status == 200
    azure.advance(70)
    assert azure.properties("web-01")["protectionState"] == "IRPending"
    assert azure.rows(azure.vault_path("rsv-prod-02") + "/backupProtectedItems") == []
    assert len(azure.rows(f"{azure.vault}/backupProtectionIntents")) == 1
    assert azure.send("DELETE", f"{azure.vault}/backupFabrics/Azure/backupProtectionIntent/{name}").status == 204
    assert azure.rows(f"{azure.vault}/backupProtectionIntents") == []
