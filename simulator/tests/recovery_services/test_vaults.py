# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults, their configuration, and deleted vaults."""

from __future__ import annotations

from typing import Any

import pytest
from backup_world import Backup, code, vault_with_points

NEWEST = "2026-07-01"


def create(azure: Backup, name: str = "rsv-new", **body: Any) -> Any:
    whole = {"location": "East Asia", "sku": {"name": "Standard"}, "properties": {}, **body}
    return azure.send("PUT", azure.vault_path(name), whole, version=NEWEST)


def test_create_is_provisioning_first() -> None:
    azure = Backup()
    reply = create(azure)
    assert reply.status == 201 and "Location" not in reply.headers
    properties = reply.body["properties"]
    assert properties["provisioningState"] == "Provisioning"
    assert properties["securitySettings"]["multiUserAuthorization"] == "Invalid" and "backupStorageVersion" not in properties
    azure.advance(65)
    assert azure.get(reply.headers["Azure-AsyncOperation"])["status"] == "Succeeded"
    vault = azure.get(azure.vault_path("rsv-new"), version=NEWEST)
    assert vault["location"] == "eastasia" and vault["properties"]["provisioningState"] == "Succeeded"
    assert vault["properties"]["backupStorageVersion"] == "Unassigned"
    assert vault["properties"]["securitySettings"]["softDeleteSettings"]["softDeleteState"] == "AlwaysON"
    assert [policy["name"] for policy in azure.rows(azure.vault_path("rsv-new") + "/backupPolicies")] == [
        "HourlyLogBackup",
        "DefaultPolicy",
        "EnhancedPolicy",
    ]


@pytest.mark.parametrize("name", ["1vault", "v", "has_underscore"])
def test_names_are_checked(name: str) -> None:
    assert create(Backup(), name).status == 400


def test_the_location_cannot_change() -> None:
    assert create(Backup(), "rsv-prod-01", location="westeurope").status == 409


def test_patch_is_a_long_running_operation() -> None:
    azure = Backup()
    before = azure.get(azure.vault)["etag"]
    reply = azure.send("PATCH", azure.vault, {"tags": {"a": "b"}, "properties": {"publicNetworkAccess": "Disabled"}})
    assert (reply.status, reply.body) == (202, None) and "/operationResults/" in reply.headers["Location"]
    azure.advance(70)
    vault = azure.get(reply.headers["Location"])
    assert vault["tags"] == {"a": "b"} and vault["properties"]["publicNetworkAccess"] == "Disabled" and vault["etag"] != before


def test_what_cannot_be_undone_is_refused() -> None:
    azure = Backup()

    def immutability(state: str) -> dict[str, Any]:
        return {"properties": {"securitySettings": {"immutabilitySettings": {"state": state}}}}

    assert azure.send("PATCH", azure.vault, immutability("Locked")).status == 400
    assert azure.send("PATCH", azure.vault, immutability("Unlocked")).status == 202
    assert azure.send("PATCH", azure.vault, immutability("Locked")).status == 202
    assert azure.send("PATCH", azure.vault, immutability("Unlocked")).status == 400
    redundancy = {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Enabled"}
    assert azure.send("PATCH", azure.vault, {"properties": {"redundancySettings": {"crossRegionRestore": "Enabled"}}}).status == 400
    assert azure.send("PATCH", azure.vault, {"properties": {"redundancySettings": redundancy}}).status == 202
    assert azure.send("PATCH", azure.vault, {"properties": {"redundancySettings": {"crossRegionRestore": "Disabled"}}}).status == 400


def test_identity_changes() -> None:
    azure = Backup()
    assert azure.send("PATCH", azure.vault, {"identity": {"type": "systemassigned"}}).status == 200
    vault = azure.get(azure.vault)
    assert vault["identity"]["type"] == "SystemAssigned" and vault["identity"]["principalId"]
    users = {"/subscriptions/x/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one": {}}
    reply = azure.send("PATCH", azure.vault, {"identity": {"type": "systemassigned,userassigned", "userAssignedIdentities": users}})
    assert reply.status == 202
    identity = azure.get(azure.vault)["identity"]
    assert identity["type"] == "SystemAssigned, UserAssigned" and list(identity["userAssignedIdentities"]) == list(users)


@pytest.mark.parametrize("ending", ["gone", "succeeded"])
def test_delete_ends_in_one_of_two_ways(ending: str) -> None:
    azure = Backup([{"name": "rsv-prod-01", "resource_group": "rg-backup", "delete_ending": ending}])
    reply = azure.send("DELETE", azure.vault)
    assert reply.status == 202
    assert azure.get(reply.headers["Azure-AsyncOperation"])["status"] == "InProgress"
    azure.advance(65)
    end = azure.send("GET", reply.headers["Azure-AsyncOperation"])
    if ending == "gone":
        assert code(end) == "404 ResourceNotFound" and end.headers["x-ms-failure-cause"] == "gateway"
    else:
        assert end.body["status"] == "Succeeded"
    assert code(azure.send("GET", azure.vault)) == "404 ResourceNotFound"
    assert azure.send("DELETE", azure.vault).status == 204


def test_delete_with_active_items_fails_inside_a_200() -> None:
    azure = Backup(vault_with_points())
    reply = azure.send("DELETE", azure.vault)
    azure.advance(65)
    status = azure.get(reply.headers["Azure-AsyncOperation"])
    assert status["status"] == "Failed" and status["error"]["code"] == "BMSUserErrorVaultDeletionNotAllowed"
    assert "/" in status["startTime"] and status["endTime"].endswith("M")
    assert azure.send("GET", azure.vault).status == 200


def test_soft_deleted_items_go_with_the_vault_and_come_back_with_it() -> None:
    azure = Backup(vault_with_points(protected_items=[{"vm": "web-01", "state": "SoftDeleted", "recovery_points": [{"age_hours": 60}]}]))
    azure.send("DELETE", azure.vault)
    azure.advance(65)
    deleted = azure.rows(azure.location("eastasia") + "/deletedVaults")
    assert [one["properties"]["vaultId"] for one in deleted] == [azure.vault]
    assert deleted[0]["properties"]["purgeAt"] > deleted[0]["properties"]["vaultDeletionTime"]
    path = f"{azure.location('eastasia')}/deletedVaults/{deleted[0]['name']}"
    assert azure.get(path)["id"] == path
    target = {"properties": {"recoveryResourceGroupId": f"{azure.subscription}/resourceGroups/rg-backup"}}
    reply = azure.send("POST", path + "/undelete", target)
    assert reply.status == 202 and reply.headers["Location"].split("?")[0] == reply.headers["Azure-AsyncOperation"].split("?")[0]
    azure.advance(65)
    assert azure.get(reply.headers["Azure-AsyncOperation"])["status"] == "Succeeded"
    assert azure.properties("web-01")["isScheduledForDeferredDelete"] is True
    assert azure.send("GET", path).status == 404


def test_an_empty_deleted_vault_is_purgeable_at_once() -> None:
    azure = Backup()
    azure.send("DELETE", azure.vault)
    azure.advance(65)
    one = azure.rows(azure.location("eastasia") + "/deletedVaults")[0]
    assert one["properties"]["purgeAt"] < one["properties"]["vaultDeletionTime"]
    assert azure.send("DELETE", f"{azure.location('eastasia')}/deletedVaults/{one['name']}").status == 204


def test_lists_by_subscription_and_group() -> None:
    azure = Backup()
    everywhere = azure.rows(f"{azure.subscription}/providers/Microsoft.RecoveryServices/vaults")
    assert [vault["name"] for vault in everywhere] == ["rsv-prod-01", "rsv-prod-02"]
    assert azure.rows(f"{azure.subscription}/resourceGroups/RG-BACKUP/providers/Microsoft.RecoveryServices/vaults") == everywhere
    assert azure.rows(f"{azure.subscription}/resourceGroups/rg-prod/providers/Microsoft.RecoveryServices/vaults") == []


def test_always_on_soft_delete_stays() -> None:
    azure = Backup()
    body = {"properties": {"enhancedSecurityState": "Enabled", "softDeleteFeatureState": "Disabled"}}
    reply = azure.send("PATCH", f"{azure.vault}/backupconfig/vaultconfig", body)
    assert reply.status == 200 and reply.body["properties"]["softDeleteFeatureState"] == "AlwaysON"


def test_a_disabled_soft_delete_is_shown_but_not_honoured() -> None:
    azure = Backup(vault_with_points(soft_delete="Enabled"))
    body = {"properties": {"enhancedSecurityState": "Enabled", "softDeleteFeatureState": "Disabled"}}
    assert azure.send("PATCH", f"{azure.vault}/backupconfig/vaultconfig", body).body["properties"]["softDeleteFeatureState"] == "Disabled"
    azure.send("DELETE", azure.item("web-01"))
    azure.advance(15)
    assert azure.properties("web-01")["isScheduledForDeferredDelete"] is True


def test_storage_configuration() -> None:
    azure = Backup()
    path = f"{azure.vault}/backupstorageconfig/vaultstorageconfig"
    assert azure.get(path)["properties"]["storageTypeState"] == "Unlocked"
    body = {"properties": {"storageModelType": "GeoRedundant", "crossRegionRestoreFlag": True}}
    assert azure.send("PUT", path, body).body["properties"]["crossRegionRestoreFlag"] is True
    azure.protected("web-01")
    assert azure.get(path)["properties"]["storageTypeState"] == "Locked"
    assert azure.send("PATCH", path, {"properties": {"storageModelType": "ZoneRedundant"}}).status == 400


def test_no_resource_guards_and_platform_keys() -> None:
    azure = Backup()
    assert azure.get(f"{azure.vault}/backupResourceGuardProxies") == {"value": []}
    encryption = azure.get(f"{azure.vault}/backupEncryptionConfigs/backupResourceEncryptionConfig")
    assert encryption["properties"]["encryptionAtRestType"] == "MicrosoftManaged"


def test_no_vault_has_a_resource_guard() -> None:
    azure = Backup()
    proxies = f"{azure.vault}/backupResourceGuardProxies"
    assert azure.rows(proxies) == []
    assert azure.send("GET", f"{proxies}/VaultProxy").status == 404
    assert azure.send("DELETE", f"{proxies}/VaultProxy").status == 204


def test_a_patch_of_the_vault_leaves_soft_delete_as_it_is() -> None:
    azure = Backup()
    settings = {"softDeleteState": "AlwaysON", "softDeleteRetentionPeriodInDays": 30}
    assert azure.send("PATCH", azure.vault, {"properties": {"securitySettings": {"softDeleteSettings": settings}}}).status == 202
    assert azure.get(f"{azure.vault}/backupconfig/vaultconfig")["properties"]["softDeleteRetentionPeriodInDays"] == 14


def test_the_retention_of_soft_delete_changes_together_with_its_state_only() -> None:
    azure = Backup()
    path = f"{azure.vault}/backupconfig/vaultconfig"
    days = {"softDeleteRetentionPeriodInDays": 30}
    assert azure.send("PATCH", path, {"properties": days}).body["properties"]["softDeleteRetentionPeriodInDays"] == 14
    whole = {"enhancedSecurityState": "AlwaysON", "softDeleteFeatureState": "AlwaysON", **days}
    assert azure.send("PATCH", path, {"properties": whole}).body["properties"]["softDeleteRetentionPeriodInDays"] == 30
