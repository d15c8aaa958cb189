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
