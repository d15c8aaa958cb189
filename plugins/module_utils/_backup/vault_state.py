# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vault is, as Azure shows it (api ``vault``, seen from 2023-02-01 to 2026-07-01), in the words of the options.

Azure spells one setting in several ways and leaves out what has never been set, so nothing is compared as it comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Mapping

from .._arm.regions import region_of
from .._arm.timestamps import format_time, parse_time
from .names import VaultRef, vault_of_id

SETTLED = frozenset({"succeeded", "failed", "canceled"})
"""Provisioning states in which nothing is under way."""

REDUNDANCIES = ("LocallyRedundant", "GeoRedundant", "ZoneRedundant")
GEO = "GeoRedundant"

# Azure's words in lower case to those of the options. Requests take Azure's own spelling, for which see ``AZURE_WORDS``.
_TRISTATE = {"enabled": "enabled", "disabled": "disabled", "permanentlydisabled": "permanently_disabled"}
_SOFT_DELETE = {"enabled": "enabled", "disabled": "disabled", "alwayson": "always_on"}
_IMMUTABILITY = {"disabled": "disabled", "unlocked": "unlocked", "locked": "locked"}
_SWITCH = {"enabled": True, "disabled": False}

AZURE_WORDS: Mapping[str, str] = {
    "enabled": "Enabled",
    "disabled": "Disabled",
    "permanently_disabled": "PermanentlyDisabled",
    "always_on": "AlwaysON",
    "unlocked": "Unlocked",
    "locked": "Locked",
}


@dataclass(frozen=True)
class Identity:
    """A managed identity: ``system`` or not, and the user-assigned ones, id in lower case to the id as Azure spells it."""

    system: bool = False
    users: Mapping[str, str] = field(default_factory=dict)
    principal_id: str | None = None

    @property
    def type(self) -> str:
        """Azure's word, as identities are named in all of Resource Manager."""
        names = (["SystemAssigned"] if self.system else []) + (["UserAssigned"] if self.users else [])
        return ", ".join(names) or "None"

    def as_fact(self) -> dict[str, Any]:
        return {"type": self.type, "principal_id": self.principal_id, "user_assigned_identities": sorted(self.users.values())}


@dataclass(frozen=True)
class VaultSettings:
    """A vault's settings. None is "Azure does not say", which is never taken for a setting; see ``needs_storage``."""

    ref: VaultRef
    location: str
    state: str
    """Azure's provisioningState, "" when it has none."""
    sku: str | None
    redundancy: str | None
    cross_region_restore: bool | None
    cross_subscription_restore: str
    soft_delete: str | None
    soft_delete_retention_days: int | None
    immutability: str
    public_network_access: str
    job_failure_alerts: bool | None
    classic_alerts: bool | None
    identity: Identity
    tags: Mapping[str, str]
    monitoring: Mapping[str, Any]
    """monitoringSettings as Azure has them: a PATCH sends them whole."""
    private_endpoints: int = 0
    encrypting: frozenset[str] = frozenset()
    """The identities that open the vault's key: "system", or an id in lower case; empty with Microsoft's keys."""
    storage_locked: bool | None = None
    """Whether the redundancy is fixed, because something was protected; None when nobody has asked."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Read-only facts for results."""

    @property
    def settled(self) -> bool:
        return not self.state or self.state.lower() in SETTLED

    @property
    def deleting(self) -> bool:
        return self.state.lower() == "deleting"

    def facts(self) -> dict[str, Any]:
        """The only thing that results say of a vault."""
        return {
            "id": self.ref.id,
            "name": self.ref.name,
            "resource_group": self.ref.group,
            "location": self.location,
            "provisioning_state": self.state or None,
            "sku": self.sku,
            "redundancy": self.redundancy,
            "cross_region_restore": self.cross_region_restore,
            "cross_subscription_restore": self.cross_subscription_restore,
            "soft_delete": self.soft_delete,
            "soft_delete_retention_days": self.soft_delete_retention_days,
            "immutability": self.immutability,
            "identity": self.identity.as_fact(),
            "public_network_access": self.public_network_access,
            "job_failure_alerts": self.job_failure_alerts,
            "classic_alerts": self.classic_alerts,
            "private_endpoints": self.private_endpoints,
            "tags": dict(self.tags),
            **self.more,
        }


def read_vault(resource: Mapping[str, Any]) -> VaultSettings | None:
    """The typed view of a vault; None for what has no id of one."""
    ref = vault_of_id(resource.get("id"))
    if ref is None:
        return None
    properties = _dict(resource, "properties")
    redundancy = _dict(properties, "redundancySettings")
    security = _dict(properties, "securitySettings")
    soft_delete = _dict(security, "softDeleteSettings")
    monitoring = _dict(properties, "monitoringSettings")
    restore = _dict(_dict(properties, "restoreSettings"), "crossSubscriptionRestoreSettings")
    days = soft_delete.get("softDeleteRetentionPeriodInDays")
    return VaultSettings(
        ref=ref,
        location=region_of(resource.get("location")),
        state=str(properties.get("provisioningState") or ""),
        sku=_dict(resource, "sku").get("name"),
        redundancy=redundancy_of(redundancy.get("standardTierStorageRedundancy")),
        cross_region_restore=_word(redundancy, "crossRegionRestore", _SWITCH),
        cross_subscription_restore=_word(restore, "crossSubscriptionRestoreState", _TRISTATE, "enabled"),
        soft_delete=_word(soft_delete, "softDeleteState", _SOFT_DELETE),
        soft_delete_retention_days=days if isinstance(days, int) and days > 0 else None,
        immutability=_word(_dict(security, "immutabilitySettings"), "state", _IMMUTABILITY, "disabled"),
        public_network_access=_word(properties, "publicNetworkAccess", {"enabled": "enabled", "disabled": "disabled"}, "enabled"),
        job_failure_alerts=_word(_dict(monitoring, "azureMonitorAlertSettings"), "alertsForAllJobFailures", _SWITCH),
        classic_alerts=_word(_dict(monitoring, "classicAlertSettings"), "alertsForCriticalOperations", _SWITCH),
        identity=_identity(_dict(resource, "identity")),
        tags={str(name): str(value) for name, value in _dict(resource, "tags").items()},
        monitoring=monitoring,
        private_endpoints=len(properties.get("privateEndpointConnections") or ()),
        encrypting=_encrypting(_dict(properties, "encryption")),
        more={
            "multi_user_authorization": _word(security, "multiUserAuthorization", _SWITCH),
            "secure_score": properties.get("secureScore"),
            "security_level": properties.get("bcdrSecurityLevel"),
            "backup_storage_version": properties.get("backupStorageVersion"),
            "customer_managed_key": bool(_dict(properties, "encryption").get("keyVaultProperties")),
        },
    )


def with_storage(vault: VaultSettings, config: Mapping[str, Any]) -> VaultSettings:
    """The vault with what its storage configuration says; a vault of 2023 tells its redundancy nowhere else at first."""
    properties = _dict(config, "properties")
    flag = properties.get("crossRegionRestoreFlag")
    locked = properties.get("storageTypeState")
    return replace(
        vault,
        redundancy=vault.redundancy or redundancy_of(properties.get("storageModelType") or properties.get("storageType")),
        cross_region_restore=flag if vault.cross_region_restore is None and isinstance(flag, bool) else vault.cross_region_restore,
        storage_locked=str(locked).lower() == "locked" if locked else None,
    )


def with_backup_config(vault: VaultSettings, config: Mapping[str, Any]) -> VaultSettings:
    """The vault with its soft delete as the backup configuration has it: the vault itself may leave it out or lag behind."""
    properties = _dict(config, "properties")
    days = properties.get("softDeleteRetentionPeriodInDays")
    return replace(
        vault,
        soft_delete=_word(properties, "softDeleteFeatureState", _SOFT_DELETE, vault.soft_delete),
        soft_delete_retention_days=days if isinstance(days, int) and days > 0 else vault.soft_delete_retention_days,
    )


@dataclass(frozen=True)
class DeletedVault:
    """A deleted vault, as the list of its region has it. ``purge_at``: until then its backups can be brought back with it."""

    id: str
    name: str
    vault: VaultRef
    location: str
    deleted_at: datetime | None
    purge_at: datetime | None

    def holds_data(self, now: datetime) -> bool:
        """A vault without backups could be purged as soon as it was deleted (its purgeAt is then before its deletion)."""
        return self.purge_at is not None and self.purge_at > now

    def facts(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "vault_id": self.vault.id,
            "vault_name": self.vault.name,
            "resource_group": self.vault.group,
            "location": self.location,
            "deletion_time": format_time(self.deleted_at) if self.deleted_at else None,
            "purge_time": format_time(self.purge_at) if self.purge_at else None,
        }


def read_deleted(resource: Mapping[str, Any]) -> DeletedVault | None:
    """The typed view of a deleted vault; None for what names no vault."""
    properties = _dict(resource, "properties")
    ref = vault_of_id(properties.get("vaultId"))
    if ref is None or not resource.get("name"):
        return None
    return DeletedVault(
        id=str(resource.get("id") or ""),
        name=str(resource["name"]),
        vault=ref,
        location=region_of(resource.get("location")),
        deleted_at=parse_time(properties.get("vaultDeletionTime")),
        purge_at=parse_time(properties.get("purgeAt")),
    )


def redundancy_of(text: object) -> str | None:
    """One of REDUNDANCIES, in its spelling; anything else as Azure says it, None for nothing or ``Invalid``."""
    word = str(text or "")
    if not word or word.lower() == "invalid":
        return None
    return next((name for name in REDUNDANCIES if name.lower() == word.lower()), word)


def _identity(given: Mapping[str, Any]) -> Identity:
    kinds = {part.strip().lower() for part in str(given.get("type") or "").split(",")}
    users = _dict(given, "userAssignedIdentities") if "userassigned" in kinds else {}
    system = "systemassigned" in kinds
    return Identity(system, {str(name).lower(): str(name) for name in users}, given.get("principalId") if system else None)


def _encrypting(encryption: Mapping[str, Any]) -> frozenset[str]:
    if not encryption.get("keyVaultProperties"):
        return frozenset()
    key_identity = _dict(encryption, "kekIdentity")
    user = key_identity.get("userAssignedIdentity")
    return frozenset({str(user).lower()}) if user else frozenset({"system"})


def _dict(owner: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A member that should be an object; Azure also sends null, and leaves it out."""
    value = owner.get(name)
    return value if isinstance(value, dict) else {}


def _word(owner: Mapping[str, Any], name: str, words: Mapping[str, Any], default: Any = None) -> Any:
    return words.get(str(owner.get(name) or "").lower(), default)
