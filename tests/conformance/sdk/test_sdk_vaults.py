# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-recoveryservices, and the vault's settings in azure-mgmt-recoveryservicesbackup."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.recoveryservices import models as vault_models
from azure_clients import headers_of, models, properties, wire

GROUP = "rg-backup"


def _new_vault() -> Any:
    return vault_models.Vault(
        location="eastasia", sku=vault_models.Sku(name="RS0", tier="Standard"), tags={"owner": "sdk"},
        properties=vault_models.VaultProperties(public_network_access="Enabled"),
    )


def test_a_vault_from_its_creation_to_its_end(azure: Any) -> None:
    vaults = azure.vaults.vaults
    made = vaults.begin_create_or_update(GROUP, "rsv-sdk", _new_vault()).result()
    assert (made.name, made.location, made.properties.provisioning_state) == ("rsv-sdk", "eastasia", "Succeeded")
    assert vaults.get(GROUP, "rsv-sdk").tags == {"owner": "sdk"}
    assert "rsv-sdk" in [one.name for one in vaults.list_by_resource_group(GROUP)]
    assert "rsv-sdk" in [one.name for one in vaults.list_by_subscription_id()]
    changed = vaults.begin_update(GROUP, "rsv-sdk", vault_models.PatchVault(tags={"owner": "other"})).result()
    assert changed.tags == {"owner": "other"}
    identity = vault_models.PatchVault(identity=vault_models.IdentityData(type="SystemAssigned"))
    assert vaults.begin_update(GROUP, "rsv-sdk", identity).result().identity.principal_id
    gone = vaults.begin_delete(GROUP, "rsv-sdk") if hasattr(vaults, "begin_delete") else vaults.delete(GROUP, "rsv-sdk")
    if gone is not None:
        _ended(gone)
    azure.sim.control.advance(1800)
    with pytest.raises(ResourceNotFoundError):
        vaults.get(GROUP, "rsv-sdk")


def _ended(poller: Any) -> None:
    """Azure ends the deletion of a vault with Succeeded or, the vault being gone, with 404 (recorded in 2026)."""
    try:
        poller.result()
    except HttpResponseError as problem:
        assert problem.status_code == 404


def test_a_deleted_vault_comes_back(azure: Any, vault: Any) -> None:
    if not hasattr(azure.vaults, "deleted_vaults"):
        pytest.skip("this release of the SDK does not know deleted vaults")
    vault.protect("web-01")
    vault.follow(vault.backup.protected_items.delete(**vault.names("web-01"), cls=headers_of))
    _ended(azure.vaults.vaults.begin_delete(GROUP, "rsv-prod-01"))
    azure.sim.control.advance(1800)
    (deleted,) = azure.vaults.deleted_vaults.list_by_subscription_id("eastasia")
    assert deleted.properties.vault_id.lower() == vault.id.lower()
    body = {"properties": {"recoveryResourceGroupId": azure.sim.rg(GROUP)}}
    azure.vaults.deleted_vaults.begin_undelete("eastasia", deleted.name, body).result()
    assert azure.vaults.vaults.get(GROUP, "rsv-prod-01").id.lower() == vault.id.lower()


def test_a_vault_in_use_stays(azure: Any, vault: Any) -> None:
    vault.protect("web-01")
    with pytest.raises(HttpResponseError):
        azure.vaults.vaults.begin_delete(GROUP, "rsv-prod-01").result()
    assert azure.vaults.vaults.get(GROUP, "rsv-prod-01").name == "rsv-prod-01"


def _patched(azure: Any, name: str, **changes: Any) -> Any:
    """The vault's properties after a PATCH of some of them."""
    change = vault_models.PatchVault(properties=vault_models.VaultProperties(**changes))
    return azure.vaults.vaults.begin_update(GROUP, name, change).result().properties


def _redundant(redundancy: str, cross_region: str) -> dict[str, Any]:
    kind = vault_models.VaultPropertiesRedundancySettings
    return {"redundancy_settings": kind(standard_tier_storage_redundancy=redundancy, cross_region_restore=cross_region)}


def _immutable(state: str) -> dict[str, Any]:
    settings = vault_models.SecuritySettings(immutability_settings=vault_models.ImmutabilitySettings(state=state))
    return {"security_settings": settings}


def _across_subscriptions(state: str) -> dict[str, Any]:
    settings = vault_models.CrossSubscriptionRestoreSettings(cross_subscription_restore_state=state)
    return {"restore_settings": vault_models.RestoreSettings(cross_subscription_restore_settings=settings)}


def test_changes_of_a_vault(shared_azure: Any) -> None:
    """What is not named stays; what Azure never takes back is refused."""
    azure, name = shared_azure, "rsv-changing"
    azure.vaults.vaults.begin_create_or_update(GROUP, name, _new_vault()).result()
    far = _patched(azure, name, **_redundant("GeoRedundant", "Enabled")).redundancy_settings
    assert (far.standard_tier_storage_redundancy, far.cross_region_restore) == ("GeoRedundant", "Enabled")
    for state in ("Unlocked", "Disabled", "Unlocked", "Locked"):
        assert _patched(azure, name, **_immutable(state)).security_settings.immutability_settings.state == state
    for state in ("Disabled", "PermanentlyDisabled"):
        shown = _patched(azure, name, **_across_subscriptions(state)).restore_settings.cross_subscription_restore_settings
        assert shown.cross_subscription_restore_state == state
    for change in (_redundant("GeoRedundant", "Disabled"), _immutable("Disabled"), _across_subscriptions("Enabled")):
        with pytest.raises(HttpResponseError) as refused:
            _patched(azure, name, **change)
        assert refused.value.status_code == 400
    vault = azure.vaults.vaults.get(GROUP, name)
    assert (vault.tags, vault.properties.redundancy_settings.cross_region_restore) == ({"owner": "sdk"}, "Enabled")
    closed = _patched(azure, name, public_network_access="Disabled")
    assert (closed.public_network_access, closed.security_settings.immutability_settings.state) == ("Disabled", "Locked")


def test_soft_delete(shared_azure: Any) -> None:
    """Always on; the days are changed at the backup configuration only."""
    place = {"vault_name": "rsv-prod-02", "resource_group_name": GROUP}
    change = models.BackupResourceVaultConfig(soft_delete_feature_state="AlwaysON", soft_delete_retention_period_in_days=30)
    configs = shared_azure.backup.backup_resource_vault_configs
    changed = properties(configs.update(**place, parameters=models.BackupResourceVaultConfigResource(properties=change)))
    assert (changed["softDeleteFeatureState"], changed["softDeleteRetentionPeriodInDays"]) == ("AlwaysON", 30)
    shown = shared_azure.vaults.vaults.get(GROUP, "rsv-prod-02").properties.security_settings.soft_delete_settings
    assert (shown.soft_delete_state, shown.soft_delete_retention_period_in_days) == ("AlwaysON", 30)


def test_identities(shared_azure: Any) -> None:
    azure, name = shared_azure, "rsv-identities"
    azure.vaults.vaults.begin_create_or_update(GROUP, name, _new_vault()).result()
    user = f"{azure.sim.rg(GROUP)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/vault-identity"
    given = vault_models.IdentityData(
        type="SystemAssigned, UserAssigned", user_assigned_identities={user: vault_models.UserIdentity()}
    )
    both = azure.vaults.vaults.begin_update(GROUP, name, vault_models.PatchVault(identity=given)).result().identity
    assert both.principal_id and both.user_assigned_identities[user].principal_id
    own = vault_models.PatchVault(identity=vault_models.IdentityData(type="SystemAssigned"))
    left = azure.vaults.vaults.begin_update(GROUP, name, own).result().identity
    assert (left.type, left.principal_id) == ("SystemAssigned", both.principal_id)
    none = vault_models.PatchVault(identity=vault_models.IdentityData(type="None"))
    assert azure.vaults.vaults.begin_update(GROUP, name, none).result().identity.principal_id is None


def test_what_a_vault_holds_in_numbers(shared_azure: Any) -> None:
    counts = {one.name.value: one.current_value for one in shared_azure.vaults.usages.list_by_vaults(GROUP, "rsv-full")}
    assert (counts["ProtectedItemCount"], counts["FailedJobsCount"]) == (1, 0)
    (replicated,) = shared_azure.vaults.replication_usages.list(GROUP, "rsv-full")
    assert replicated.protected_item_count == 0
    kind = "type eq 'BackupProtectedItemCountSummary'"
    items = shared_azure.backup.backup_usage_summaries.list(vault_name="rsv-full", resource_group_name=GROUP, filter=kind)
    assert [(one.name.value, one.current_value) for one in items] == [("AzureIaasVM", 1)]


def test_names(shared_azure: Any) -> None:
    check = shared_azure.vaults.recovery_services.check_name_availability
    kind = "Microsoft.RecoveryServices/Vaults"
    asked = [vault_models.CheckNameAvailabilityParameters(type=kind, name=name) for name in ("rsv-full", "rsv-free")]
    assert [check(GROUP, "eastasia", one).name_available for one in asked] == [False, True]


def test_settings(vault: Any) -> None:
    config = properties(vault.backup.backup_resource_vault_configs.get(**vault.place))
    assert config["softDeleteFeatureState"] in ("AlwaysON", "Enabled")
    storage = properties(vault.backup.backup_resource_storage_configs_non_crr.get(**vault.place))
    assert storage["storageModelType"] or storage["storageType"]
    wanted = models.BackupResourceConfig(storage_model_type="LocallyRedundant", storage_type="LocallyRedundant")
    vault.backup.backup_resource_storage_configs_non_crr.update(**vault.place, parameters=models.BackupResourceConfigResource(properties=wanted))
    changed = properties(vault.backup.backup_resource_storage_configs_non_crr.get(**vault.place))
    assert changed["storageModelType"] == "LocallyRedundant"
    assert wire(vault.backup.backup_resource_encryption_configs.get(**vault.place))["properties"]
    assert list(vault.backup.resource_guard_proxies.get(**vault.place)) == []
