# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`az backup vault` and `az backup deleted-vault`."""

from __future__ import annotations

from command_line import AzureCli

WHERE = "--resource-group rg-backup --name"


def test_vaults(az: AzureCli) -> None:
    assert {one["name"] for one in az("backup vault list")} >= {"rsv-cli", "rsv-far", "rsv-zones", "rsv-immutable"}
    assert az("backup vault list --resource-group rg-dr") == []
    shown = az(f"backup vault show {WHERE} rsv-far")
    assert shown["properties"]["redundancySettings"] == {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Enabled"}
    assert "(ResourceNotFound)" in az.fails(f"backup vault show {WHERE} rsv-nowhere")


def test_a_vault_comes_changes_and_goes(az: AzureCli) -> None:
    made = az(f"backup vault create {WHERE} rsv-new --location eastasia --tags drill=yes")
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert made["tags"] == {"drill": "yes"}
    changed = az(f"backup vault update {WHERE} rsv-new --cross-subscription-restore-state Disable")
    assert changed["properties"]["restoreSettings"]["crossSubscriptionRestoreSettings"]["crossSubscriptionRestoreState"] == "Disabled"
    changed = az(f"backup vault update {WHERE} rsv-new --backup-storage-redundancy GeoRedundant --cross-region-restore-flag Enabled")
    assert changed["properties"]["redundancySettings"]["crossRegionRestore"] == "Enabled"
    changed = az(f"backup vault update {WHERE} rsv-new --immutability-state Unlocked")
    assert changed["properties"]["securitySettings"]["immutabilitySettings"]["state"] == "Unlocked"
    changed = az(f"backup vault update {WHERE} rsv-new --immutability-state Disabled")
    assert changed["properties"]["securitySettings"]["immutabilitySettings"]["state"] == "Disabled"
    az(f"backup vault delete {WHERE} rsv-new --yes")
    assert "(ResourceNotFound)" in az.fails(f"backup vault show {WHERE} rsv-new")


def test_backup_properties(az: AzureCli) -> None:
    az(f"backup vault create {WHERE} rsv-properties --location eastasia")
    storage, config = az(f"backup vault backup-properties show {WHERE} rsv-properties")
    assert (storage["properties"]["storageTypeState"], config["properties"]["softDeleteRetentionPeriodInDays"]) == ("Unlocked", 14)
    changed = az(f"backup vault backup-properties set {WHERE} rsv-properties --soft-delete-duration 20")
    assert changed["properties"]["softDeleteRetentionPeriodInDays"] == 20
    az(f"backup vault backup-properties set {WHERE} rsv-properties --backup-storage-redundancy ZoneRedundant")
    storage, config = az(f"backup vault backup-properties show {WHERE} rsv-properties")
    assert storage["properties"]["storageModelType"] == "ZoneRedundant"
    assert config["properties"]["softDeleteRetentionPeriodInDays"] == 20
    az(f"backup vault update {WHERE} rsv-properties --job-failure-alerts Disable")
    alerts = az(f"backup vault show {WHERE} rsv-properties")["properties"]["monitoringSettings"]["azureMonitorAlertSettings"]
    assert alerts["alertsForAllJobFailures"] == "Disabled"


def test_soft_delete_stays_on(az: AzureCli) -> None:
    changed = az(f"backup vault backup-properties set {WHERE} rsv-cli --soft-delete-feature-state Disable")
    assert changed["properties"]["softDeleteFeatureState"] == "AlwaysON"


def test_identity_and_encryption(az: AzureCli) -> None:
    az(f"backup vault create {WHERE} rsv-identity --location eastasia")
    assert az(f"backup vault identity show {WHERE} rsv-identity") is None
    assert az(f"backup vault identity assign {WHERE} rsv-identity --system-assigned")["identity"]["type"] == "SystemAssigned"
    assert az(f"backup vault identity show {WHERE} rsv-identity")["principalId"]
    assert az(f"backup vault identity remove {WHERE} rsv-identity --system-assigned")["identity"]["type"] == "None"
    assert az(f"backup vault encryption show {WHERE} rsv-identity")["properties"]["encryptionAtRestType"] == "MicrosoftManaged"


def test_no_resource_guard(az: AzureCli) -> None:
    assert "(" in az.fails(f"backup vault resource-guard-mapping show {WHERE} rsv-cli")
    said = az.fails(f"backup vault resource-guard-mapping delete {WHERE} rsv-cli --yes")
    assert "does not have any Resource Guard Mapping" in said


def test_a_vault_with_items_stays(az: AzureCli) -> None:
    said = az.fails(f"backup vault delete {WHERE} rsv-zones --yes")
    assert "BMSUserErrorVaultDeletionNotAllowed" in said
    assert az(f"backup vault show {WHERE} rsv-zones")["name"] == "rsv-zones"


def test_containers_of_deleted_items(az: AzureCli) -> None:
    listed = az(f"backup vault list-soft-deleted-containers {WHERE} rsv-closing --backup-management-type AzureIaasVM")
    assert [one["properties"]["friendlyName"] for one in listed] == ["closed-01"]


def test_what_cannot_be_taken_back(az: AzureCli) -> None:
    az(f"backup vault create {WHERE} rsv-for-good --location eastasia --immutability-state Unlocked --public-network-access Disable")
    az(f"backup vault update {WHERE} rsv-for-good --cross-subscription-restore-state PermanentlyDisable")
    assert "permanently disabled" in az.fails(f"backup vault update {WHERE} rsv-for-good --cross-subscription-restore-state Enable")
    assert az(f"backup vault update {WHERE} rsv-for-good --immutability-state Locked")["properties"]["publicNetworkAccess"] == "Disabled"
    assert "immutability state" in az.fails(f"backup vault update {WHERE} rsv-for-good --immutability-state Disabled")


def test_a_deleted_vault_comes_back(az: AzureCli) -> None:
    """With the soft-deleted item that is in it."""
    vault = az(f"backup vault show {WHERE} rsv-closing")["id"]
    az(f"backup vault delete {WHERE} rsv-closing --yes")
    [deleted] = [one for one in az("backup deleted-vault list --location eastasia") if one["properties"]["vaultId"].lower() == vault.lower()]
    named = f"--location eastasia --name {deleted['name']}"
    assert az(f"backup deleted-vault get {named}")["id"] == deleted["id"]
    az(f"backup deleted-vault undelete {named}")
    assert az(f"backup vault show {WHERE} rsv-closing")["properties"]["provisioningState"] == "Succeeded"
    [item] = az("backup item list --resource-group rg-backup --vault-name rsv-closing")
    assert (item["properties"]["friendlyName"], item["properties"]["isScheduledForDeferredDelete"]) == ("closed-01", True)
