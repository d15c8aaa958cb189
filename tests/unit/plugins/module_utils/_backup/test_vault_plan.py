# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent to make a vault what is wanted, and what is refused: all cases as tables."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_options import Wish, check_place, read_wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_plan import SHOWN_ONLY, Plan, plan
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_state import VaultSettings, read_deleted, read_vault, with_storage
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_recovery_vaults import (
    REF,
    SUB,
    deleted_resource,
    vault_resource,
)

NOW = datetime(2026, 1, 15, tzinfo=timezone.utc)
USER = f"/subscriptions/{SUB}/resourceGroups/rg-id/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
NOTHING: dict[str, Any] = {
    "location": None, "sku": None, "redundancy": None, "cross_region_restore": None, "cross_subscription_restore": None, "soft_delete": None,
    "soft_delete_retention_days": None, "immutability": None, "public_network_access": None, "job_failure_alerts": None, "classic_alerts": None,
    "identity": None, "tags": None, "append_tags": True, "allow_irreversible": False, "undelete": None,
}


def wish(**options: Any) -> Wish:
    return read_wish({**NOTHING, **options})


def identity(kind: str, *names: str, append: bool = True) -> dict[str, Any]:
    return {"type": kind, "user_assigned_identities": {"id": [USER + name for name in names], "append": append}}


def users(*names: str) -> dict[str, Any]:
    return {"type": "SystemAssigned, UserAssigned", "principalId": "p", "userAssignedIdentities": {USER + name: {} for name in names}}


def vault(**more: Any) -> VaultSettings:
    found = read_vault(vault_resource(**more))
    assert found is not None
    return found


def planned(current: VaultSettings | None, **options: Any) -> Plan:
    return plan(REF, current, wish(**options), region="eastasia", now=NOW)


def security(soft_delete: str | None = "AlwaysON", immutability: str | None = None, days: int = 14) -> dict[str, Any]:
    settings: dict[str, Any] = {"softDeleteSettings": {"softDeleteState": soft_delete, "softDeleteRetentionPeriodInDays": days} if soft_delete else None}
    return {"securitySettings": {**settings, "immutabilitySettings": {"state": immutability} if immutability else None}}


GEO = {"redundancySettings": {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Disabled"}}
CROSSING = {"redundancySettings": {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Enabled"}}
PERMANENT = {"restoreSettings": {"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "PermanentlyDisabled"}}}


@pytest.mark.parametrize(
    ("current", "options"),
    [
        ({}, {}),
        ({}, {"location": "East Asia", "sku": "Standard"}),
        ({}, {"redundancy": "LocallyRedundant", "cross_region_restore": False}),
        ({"redundancySettings": None}, {"cross_region_restore": False}),
        ({"redundancySettings": {"standardTierStorageRedundancy": "georedundant"}}, {"redundancy": "GeoRedundant"}),
        ({}, {"cross_subscription_restore": "enabled"}),
        ({"restoreSettings": None}, {"cross_subscription_restore": "enabled"}),
        (PERMANENT, {"cross_subscription_restore": "permanently_disabled"}),
        ({}, {"soft_delete": "always_on"}),
        ({}, {"soft_delete": "enabled", "soft_delete_retention_days": 14}),
        (security("alwaysOn"), {"soft_delete": "always_on"}),
        (security(), {"immutability": "disabled"}),
        ({"securitySettings": None}, {"immutability": "disabled"}),
        (security(immutability="Locked"), {"immutability": "locked"}),
        (CROSSING, {"cross_region_restore": True, "redundancy": "GeoRedundant"}),
        ({}, {"public_network_access": "enabled", "job_failure_alerts": True, "classic_alerts": True}),
        ({"publicNetworkAccess": None}, {"public_network_access": "enabled"}),
        ({}, {"identity": identity("None")}),
        ({"identity": {"type": "systemassigned"}}, {"identity": identity("SystemAssigned")}),
        ({"identity": users("a", "b")}, {"identity": identity("SystemAssigned, UserAssigned", "A")}),
        ({"identity": users("a")}, {"identity": identity("SystemAssigned, UserAssigned", "a", append=False)}),
        ({"identity": users("a")}, {"identity": identity("SystemAssigned, UserAssigned")}),
        ({"tags": {"a": "1", "b": "2"}}, {"tags": {"A": "1"}}),
        ({"tags": {"a": "1"}}, {"tags": {"A": 1}, "append_tags": False}),
        ({}, {"tags": {}, "append_tags": False}),
    ],
)
def test_what_is_so_already_sends_nothing(current: dict[str, Any], options: dict[str, Any]) -> None:
    made = planned(vault(**current), **options)
    assert made.problem is None
    assert (made.steps, made.before, made.after) == ((), {}, {})


@pytest.mark.parametrize(
    ("current", "options", "body"),
    [
        ({}, {"redundancy": "ZoneRedundant"}, {"redundancySettings": {"standardTierStorageRedundancy": "ZoneRedundant", "crossRegionRestore": "Disabled"}}),
        (GEO, {"cross_region_restore": True, "allow_irreversible": True}, CROSSING),
        ({}, {"redundancy": "GeoRedundant", "cross_region_restore": True, "allow_irreversible": True}, CROSSING),
        (
            {},
            {"cross_subscription_restore": "disabled"},
            {"restoreSettings": {"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Disabled"}}},
        ),
        ({}, {"cross_subscription_restore": "permanently_disabled", "allow_irreversible": True}, PERMANENT),
        ({}, {"immutability": "unlocked"}, {"securitySettings": {"immutabilitySettings": {"state": "Unlocked"}}}),
        (
            security(immutability="Unlocked"),
            {"immutability": "locked", "allow_irreversible": True},
            {"securitySettings": {"immutabilitySettings": {"state": "Locked"}}},
        ),
        (security(immutability="Unlocked"), {"immutability": "disabled"}, {"securitySettings": {"immutabilitySettings": {"state": "Disabled"}}}),
        ({}, {"public_network_access": "disabled"}, {"publicNetworkAccess": "Disabled"}),
        (
            {},
            {"job_failure_alerts": False},
            {
                "monitoringSettings": {
                    "azureMonitorAlertSettings": {"alertsForAllJobFailures": "Disabled", "alertsForAllFailoverIssues": "Enabled"},
                    "classicAlertSettings": {"alertsForCriticalOperations": "Enabled"},
                }
            },
        ),
        (
            {"monitoringSettings": None},
            {"classic_alerts": False},
            {"monitoringSettings": {"classicAlertSettings": {"alertsForCriticalOperations": "Disabled"}}},
        ),
    ],
)
def test_a_change_is_one_patch_of_what_differs(current: dict[str, Any], options: dict[str, Any], body: dict[str, Any]) -> None:
    made = planned(vault(**current), **options)
    assert made.problem is None
    (step,) = made.steps
    assert (step.kind, step.body) == ("change", {"properties": body})
    assert set(made.before) == set(made.after) == set(options) - {"allow_irreversible"}


@pytest.mark.parametrize(
    ("current", "wanted", "body"),
    [
        (None, identity("SystemAssigned"), {"type": "SystemAssigned"}),
        (users("a"), identity("None"), {"type": "None"}),
        (users("a"), identity("SystemAssigned"), {"type": "SystemAssigned"}),
        (None, identity("UserAssigned", "a"), {"type": "UserAssigned", "userAssignedIdentities": {USER + "a": {}}}),
        (users("a"), identity("UserAssigned"), {"type": "UserAssigned"}),
        (users("a"), identity("SystemAssigned, UserAssigned", "b"), {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {USER + "b": {}}}),
        (
            users("a"),
            identity("SystemAssigned, UserAssigned", "b", append=False),
            {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {USER + "b": {}, USER + "a": None}},
        ),
    ],
)
def test_identities(current: Any, wanted: dict[str, Any], body: dict[str, Any]) -> None:
    (step,) = planned(vault(identity=current), identity=wanted).steps
    assert step.body == {"identity": body}


@pytest.mark.parametrize(
    ("tags", "append", "all_of_them"),
    [
        ({"B": "3"}, True, {"a": "1", "b": "3"}),
        ({"c": "3"}, True, {"a": "1", "b": "2", "c": "3"}),
        ({"A": "9"}, False, {"a": "9"}),
        ({}, False, {}),
    ],
)
def test_a_patch_has_all_tags_since_azure_replaces_them(tags: dict[str, str], append: bool, all_of_them: dict[str, str]) -> None:
    (step,) = planned(vault(tags={"a": "1", "b": "2"}), tags=tags, append_tags=append).steps
    assert step.body == {"tags": all_of_them}


@pytest.mark.parametrize(
    ("current", "options", "state", "days"),
    [
        ("AlwaysON", {"soft_delete_retention_days": 30}, "AlwaysON", 30),
        ("AlwaysON", {"soft_delete": "enabled", "soft_delete_retention_days": 30}, "AlwaysON", 30),
        ("Enabled", {"soft_delete": "always_on", "allow_irreversible": True}, "AlwaysON", 14),
        ("Enabled", {"soft_delete": "disabled"}, "Disabled", 14),
        ("Disabled", {"soft_delete": "enabled", "soft_delete_retention_days": 20}, "Enabled", 20),
        (None, {"soft_delete": "enabled"}, "Enabled", 14),
    ],
)
def test_soft_delete_is_changed_as_a_whole_at_the_backup_configuration(current: str | None, options: dict[str, Any], state: str, days: int) -> None:
    made = planned(vault(**security(current)), **options)
    (step,) = made.steps
    assert step.kind == "soft_delete"
    assert step.body["properties"]["softDeleteFeatureState"] == state
    assert step.body["properties"]["softDeleteRetentionPeriodInDays"] == days
    assert step.body["properties"]["enhancedSecurityState"] == ("AlwaysON" if state == "AlwaysON" else "Enabled")
    assert made.warnings == ((SHOWN_ONLY,) if state == "Disabled" else ())


def test_soft_delete_comes_last_since_a_patch_of_the_vault_may_reset_it() -> None:
    made = planned(vault(), soft_delete_retention_days=30, immutability="unlocked", tags={"a": "b"})
    assert [step.kind for step in made.steps] == ["change", "soft_delete"]
    assert set(made.steps[0].body) == {"properties", "tags"}


@pytest.mark.parametrize(
    ("current", "options", "option", "says"),
    [
        ({}, {"location": "westeurope"}, "location", "eastasia"),
        ({}, {"immutability": "locked", "allow_irreversible": True}, "immutability", "unlocked first"),
        (security(immutability="Locked"), {"immutability": "unlocked"}, "immutability", "cannot be undone"),
        (security(immutability="Unlocked"), {"immutability": "locked"}, "immutability", "allow_irreversible"),
        (CROSSING, {"cross_region_restore": False}, "cross_region_restore", "never switches it off"),
        (CROSSING, {"redundancy": "LocallyRedundant"}, "redundancy", "cannot be switched off"),
        (CROSSING, {"public_network_access": "disabled"}, "public_network_access", "cross-region restore is on"),
        (GEO, {"cross_region_restore": True}, "cross_region_restore", "allow_irreversible"),
        ({}, {"cross_region_restore": True, "allow_irreversible": True}, "cross_region_restore", "redundancy=GeoRedundant"),
        (
            {**GEO, "publicNetworkAccess": "Disabled"},
            {"cross_region_restore": True, "allow_irreversible": True},
            "cross_region_restore",
            "public_network_access=enabled",
        ),
        ({}, {"cross_subscription_restore": "permanently_disabled"}, "cross_subscription_restore", "allow_irreversible"),
        (PERMANENT, {"cross_subscription_restore": "enabled"}, "cross_subscription_restore", "cannot be undone"),
        ({}, {"soft_delete": "disabled"}, "soft_delete", "always on"),
        (security("Enabled"), {"soft_delete": "always_on"}, "soft_delete", "allow_irreversible"),
        (security("Disabled"), {"soft_delete_retention_days": 30}, "soft_delete_retention_days", "soft_delete=enabled"),
        ({}, {"identity": identity("UserAssigned")}, "identity.user_assigned_identities", "at least one"),
        ({"identity": users("a")}, {"identity": identity("UserAssigned", append=False)}, "identity.user_assigned_identities", "at least one"),
        (
            {"identity": {"type": "SystemAssigned"}, "encryption": {"keyVaultProperties": {"keyUri": "k"}}},
            {"identity": identity("None")},
            "identity",
            "customer-managed key",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(current: dict[str, Any], options: dict[str, Any], option: str, says: str) -> None:
    made = planned(vault(**current), **options)
    assert not made.steps
    assert isinstance(made.problem, OptionError) and made.problem.option == option
    assert says in str(made.problem)


def test_the_redundancy_is_fixed_once_something_was_protected() -> None:
    locked = with_storage(vault(), {"properties": {"storageTypeState": "Locked"}})
    problem = planned(locked, redundancy="GeoRedundant").problem
    assert isinstance(problem, OptionError) and problem.option == "redundancy"
    assert planned(locked, redundancy="LocallyRedundant").problem is None


def test_a_redundancy_that_only_the_storage_configuration_tells() -> None:
    silent = vault(redundancySettings=None)
    assert planned(silent, redundancy="GeoRedundant").steps
    told = with_storage(silent, {"properties": {"storageModelType": "GeoRedundant", "storageTypeState": "Locked", "crossRegionRestoreFlag": True}})
    assert planned(told, redundancy="GeoRedundant", cross_region_restore=True).steps == ()


# --- a vault that is not there ---


def created(**options: Any) -> dict[str, Any]:
    made = planned(None, **options)
    assert made.problem is None
    (step,) = made.steps
    assert step.kind == "create"
    return dict(step.body)


def test_the_smallest_creation_is_what_other_clients_send() -> None:
    assert created() == {"location": "eastasia", "sku": {"name": "Standard"}, "properties": {"publicNetworkAccess": "Enabled"}}


@pytest.mark.parametrize(
    ("options", "properties"),
    [
        ({"redundancy": "ZoneRedundant"}, {"redundancySettings": {"standardTierStorageRedundancy": "ZoneRedundant", "crossRegionRestore": "Disabled"}}),
        ({"cross_region_restore": True, "allow_irreversible": True}, CROSSING),
        ({"immutability": "unlocked"}, {"securitySettings": {"immutabilitySettings": {"state": "Unlocked"}}}),
        ({"immutability": "locked", "allow_irreversible": True}, {"securitySettings": {"immutabilitySettings": {"state": "Unlocked"}}}),
        (
            {"soft_delete": "always_on", "allow_irreversible": True},
            {
                "securitySettings": {
                    "softDeleteSettings": {"softDeleteState": "AlwaysON", "enhancedSecurityState": "AlwaysON", "softDeleteRetentionPeriodInDays": 14}
                }
            },
        ),
        ({"soft_delete_retention_days": 90}, {"securitySettings": {"softDeleteSettings": {"softDeleteRetentionPeriodInDays": 90}}}),
        ({"public_network_access": "disabled"}, {"publicNetworkAccess": "Disabled"}),
        ({"job_failure_alerts": False}, {"monitoringSettings": {"azureMonitorAlertSettings": {"alertsForAllJobFailures": "Disabled"}}}),
    ],
)
def test_settings_of_a_creation(options: dict[str, Any], properties: dict[str, Any]) -> None:
    assert created(**options)["properties"] == {"publicNetworkAccess": "Enabled", **properties}


@pytest.mark.parametrize(
    ("options", "open_end"),
    [
        ({}, False),
        ({"identity": identity("SystemAssigned")}, False),
        ({"identity": identity("UserAssigned", "a")}, True),
        ({"identity": identity("SystemAssigned, UserAssigned", "a")}, True),
        ({"immutability": "locked", "allow_irreversible": True}, True),
    ],
)
def test_what_a_creation_cannot_do_comes_after_it(options: dict[str, Any], open_end: bool) -> None:
    made = planned(None, **options)
    assert made.open_end is open_end
    assert made.steps[0].body.get("identity") == ({"type": "SystemAssigned"} if options.get("identity") and not open_end else None)
    assert made.before == {"state": "absent"} and made.after["state"] == "present" and made.after["location"] == "eastasia"


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"soft_delete": "disabled"}, "soft_delete"),
        ({"soft_delete": "always_on"}, "soft_delete"),
        ({"immutability": "locked"}, "immutability"),
        ({"cross_region_restore": True}, "cross_region_restore"),
        ({"cross_subscription_restore": "permanently_disabled"}, "cross_subscription_restore"),
        ({"identity": identity("UserAssigned")}, "identity.user_assigned_identities"),
    ],
)
def test_what_a_new_vault_does_not_get_without_more_words(options: dict[str, Any], option: str) -> None:
    problem = planned(None, **options).problem
    assert isinstance(problem, OptionError) and problem.option == option


@pytest.mark.parametrize(
    ("undelete", "purge", "kind", "code"),
    [
        (None, "2026-01-29T00:00:00Z", None, "DeletedVaultExists"),
        (None, "2025-12-31T23:59:59Z", "create", None),
        (True, "2026-01-29T00:00:00Z", "undelete", None),
        (True, "2025-12-31T23:59:59Z", "undelete", None),
        (False, "2026-01-29T00:00:00Z", "create", None),
    ],
)
def test_a_deleted_vault_of_that_name(undelete: bool | None, purge: str, kind: str | None, code: str | None) -> None:
    made = plan(REF, None, wish(undelete=undelete), region="eastasia", now=NOW, deleted=read_deleted(deleted_resource(purge=purge)))
    assert [step.kind for step in made.steps] == ([kind] if kind else [])
    assert (made.problem.code if made.problem else None) == code
    if kind == "undelete":
        assert made.steps[0].body == {"properties": {"recoveryResourceGroupId": f"/subscriptions/{SUB}/resourceGroups/rg-backup"}}
        assert made.before == {"state": "deleted"}


# --- options ---


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"soft_delete_retention_days": 13}, "soft_delete_retention_days"),
        ({"soft_delete_retention_days": 181}, "soft_delete_retention_days"),
        ({"soft_delete_retention_days": 30, "soft_delete": "disabled"}, "soft_delete_retention_days"),
        ({"cross_region_restore": True, "redundancy": "LocallyRedundant"}, "cross_region_restore"),
        ({"cross_region_restore": True, "public_network_access": "disabled"}, "public_network_access"),
        ({"location": "west/europe"}, "location"),
        ({"tags": {"a<b": "c"}}, "tags"),
        ({"identity": identity("SystemAssigned", "a")}, "identity.user_assigned_identities"),
        ({"identity": {"type": "UserAssigned", "user_assigned_identities": {"id": ["backup"], "append": True}}}, "identity.user_assigned_identities.id"),
        ({"identity": {"type": "UserAssigned", "user_assigned_identities": {"id": [REF.id], "append": True}}}, "identity.user_assigned_identities.id"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, Any], option: str) -> None:
    with pytest.raises(OptionError) as caught:
        wish(**options)
    assert caught.value.option == option


@pytest.mark.parametrize("name", ["v", "1vault", "has_underscore", "a" * 51, "vault.a", ""])
def test_vault_names(name: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_place({"name": name, "resource_group": "rg"}, SUB)
    assert caught.value.option == "name"


def test_facts_of_a_vault_that_says_little() -> None:
    found = read_vault({"id": REF.id, "location": "East Asia", "identity": None, "properties": {"securitySettings": {"softDeleteSettings": None}}})
    assert found is not None
    facts = found.facts()
    assert (facts["location"], facts["immutability"], facts["soft_delete"], facts["redundancy"]) == ("eastasia", "disabled", None, None)
    assert facts["identity"] == {"type": "None", "principal_id": None, "user_assigned_identities": []}
