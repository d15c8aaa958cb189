# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be sent to make a vault what is wanted, and what must not be. Pure; all idempotency of recovery_vault is here.

Four settings never come back once made, and Azure does not ask twice: they need ``allow_irreversible``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Final, Literal, Mapping

from .._arm.errors import ArmError, OptionError
from .._tags import all_tags
from .names import VaultRef
from .vault_bodies import SIMPLE, identity_patch, identity_words, monitoring_settings, redundancy_settings, simple_properties, wanted_identity
from .vault_options import IdentityWish, Wish
from .vault_state import AZURE_WORDS, GEO, DeletedVault, Identity, VaultSettings

Kind = Literal["create", "undelete", "change", "soft_delete"]

DEFAULT_SKU = "Standard"
DEFAULT_DAYS = 14

ALLOW = "If that is meant, set allow_irreversible=true."
SHOWN_ONLY: Final = (
    "Azure will show soft delete as disabled, but since 2025 it keeps what is deleted for 14 days all the same."
)


@dataclass(frozen=True)
class Step:
    """One write, which is followed to its end before the next. ``body`` as it is sent."""

    kind: Kind
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """``steps`` in their order; more may turn out to be needed once the first is done (``open_end``). ``before`` and ``after``
    have the settings that change, and nothing else. ``problem`` says why nothing is sent."""

    steps: tuple[Step, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    open_end: bool = False
    problem: ArmError | None = None
    warnings: tuple[str, ...] = ()


def plan(ref: VaultRef, vault: VaultSettings | None, wish: Wish, *, region: str, now: datetime, deleted: DeletedVault | None = None) -> Plan:
    """The steps to what is wanted. ``region`` is where a vault that is missing is made; ``deleted`` the deleted vault of that name."""
    try:
        if vault is not None:
            return _change(vault, wish)
        _check_new(wish)
        if deleted is not None and wish.undelete:
            return _undelete(ref, wish)
        if deleted is not None and wish.undelete is None and deleted.holds_data(now):
            return Plan(problem=_lies_deleted(ref, deleted))
        return _create(wish, region)
    except OptionError as problem:
        return Plan(problem=problem)


# --- a vault that is there ---


def _change(vault: VaultSettings, wish: Wish) -> Plan:
    if wish.location and vault.location and wish.location != vault.location:
        raise _refusal(
            "location", f"the vault {vault.ref.name} is in {vault.location}, and no vault can be moved to {wish.location}",
            hint="Leave the option out, or give the new vault another name.",
        )
    changes = _differences(vault, wish)
    for name, check in _CHECKS.items():
        if name in changes:
            check(vault, wish)
    _check_combinations(vault, wish, changes)
    steps = []
    body = _patch(vault, wish, changes)
    if body:
        steps.append(Step("change", body))
    if "soft_delete" in changes or "soft_delete_retention_days" in changes:
        # Not by PATCH of the vault, which answers 200 and leaves soft delete as it is; and last, since that PATCH may reset it.
        steps.append(Step("soft_delete", _soft_delete(vault, wish)))
    return Plan(
        tuple(steps),
        before={name: before for name, (before, _after) in changes.items()},
        after={name: after for name, (_before, after) in changes.items()},
        warnings=(SHOWN_ONLY,) if changes.get("soft_delete", ("", ""))[1] == "disabled" else (),
    )


def _differences(vault: VaultSettings, wish: Wish) -> dict[str, tuple[Any, Any]]:
    """Setting to (is, wanted), for what differs. What Azure leaves out means its default."""
    changes: dict[str, tuple[Any, Any]] = {}
    for name in (
        "redundancy", "cross_subscription_restore", "soft_delete", "soft_delete_retention_days", "immutability",
        "public_network_access", "job_failure_alerts", "classic_alerts",
    ):
        current, wanted = getattr(vault, name), getattr(wish, name)
        if wanted is not None and wanted != current:
            changes[name] = (current, wanted)
    if is_enough(vault, wish):
        changes.pop("soft_delete", None)
    if wish.cross_region_restore is not None and wish.cross_region_restore != bool(vault.cross_region_restore):
        changes["cross_region_restore"] = (bool(vault.cross_region_restore), wish.cross_region_restore)
    if wish.identity is not None:
        identity = wanted_identity(vault.identity, wish.identity)
        if (identity.system, set(identity.users)) != (vault.identity.system, set(vault.identity.users)):
            changes["identity"] = (identity_words(vault.identity), identity_words(identity))
    if wish.tags is not None:
        tags = all_tags(vault.tags, wish.tags, append=wish.append_tags)
        if tags != dict(vault.tags):
            changes["tags"] = (dict(vault.tags), tags)
    return changes


def _patch(vault: VaultSettings, wish: Wish, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The body of PATCH: whole groups of settings, since Azure refuses halves of some."""
    properties: dict[str, Any] = {}
    if "redundancy" in changes or "cross_region_restore" in changes:
        crossing = vault.cross_region_restore if wish.cross_region_restore is None else wish.cross_region_restore
        properties["redundancySettings"] = redundancy_settings(wish.redundancy or vault.redundancy, bool(crossing))
    properties.update(simple_properties({name: getattr(wish, name) for name in SIMPLE if name in changes}))
    if "job_failure_alerts" in changes or "classic_alerts" in changes:
        properties["monitoringSettings"] = monitoring_settings(vault.monitoring, wish)
    body: dict[str, Any] = {"properties": properties} if properties else {}
    if wish.identity is not None and "identity" in changes:
        body["identity"] = identity_patch(vault.identity, wish.identity)
    if "tags" in changes:
        body["tags"] = changes["tags"][1]
    return body


def _soft_delete(vault: VaultSettings, wish: Wish) -> dict[str, Any]:
    """The body of PATCH vaultconfig, all three members: Azure answers 200 to one of them alone and changes nothing."""
    state = vault.soft_delete if is_enough(vault, wish) else wish.soft_delete
    return {
        "properties": {
            "enhancedSecurityState": "AlwaysON" if state == "always_on" else "Enabled",
            "softDeleteFeatureState": AZURE_WORDS[state or "enabled"],
            "softDeleteRetentionPeriodInDays": wish.soft_delete_retention_days or vault.soft_delete_retention_days or DEFAULT_DAYS,
        }
    }


def is_enough(vault: VaultSettings, wish: Wish) -> bool:
    """Whether the state of soft delete is the wanted one. Always on is enabled, and more than that; Azure never takes it back."""
    return wish.soft_delete in (None, vault.soft_delete) or (wish.soft_delete == "enabled" and vault.soft_delete == "always_on")


# --- what cannot be ---


def _check_redundancy(vault: VaultSettings, wish: Wish) -> None:
    if vault.storage_locked:
        raise _refusal(
            "redundancy", f"the vault is {vault.redundancy} and stays so, because something has been protected in it",
            hint="Leave the option out, or protect the VMs in a new vault.",
        )
    if vault.cross_region_restore and wish.redundancy != GEO:
        raise _refusal("redundancy", f"cross-region restore is on, which cannot be switched off and needs {GEO}")


def _check_cross_region(vault: VaultSettings, wish: Wish) -> None:
    if not wish.cross_region_restore:
        raise _refusal("cross_region_restore", "it is on, and Azure never switches it off again", hint="Set it to true, or leave the option out.")
    redundancy = wish.redundancy or vault.redundancy
    if redundancy not in (None, GEO):
        hint = f"Set redundancy={GEO} as well, while nothing is protected."
        raise _refusal("cross_region_restore", f"needs a vault that is {GEO}; this one is {redundancy}", hint=hint)
    _irreversible(wish, "cross_region_restore", "cross-region restore cannot be switched off again, and Azure charges for it")


def _check_cross_subscription(vault: VaultSettings, wish: Wish) -> None:
    if vault.cross_subscription_restore == "permanently_disabled":
        raise _refusal("cross_subscription_restore", "it is permanently disabled, which cannot be undone", hint="Leave the option out.")
    _check_permanent(wish)


def _check_permanent(wish: Wish) -> None:
    if wish.cross_subscription_restore == "permanently_disabled":
        _irreversible(wish, "cross_subscription_restore", "permanently_disabled can never be enabled again; disabled can")


def _check_immutability(vault: VaultSettings, wish: Wish) -> None:
    if vault.immutability == "locked":
        raise _refusal("immutability", f"the vault is locked, which cannot be undone; {wish.immutability} is not possible", hint="Leave the option out.")
    if wish.immutability != "locked":
        return
    if vault.immutability == "disabled":
        raise _refusal(
            "immutability", "Azure does not lock a vault whose immutability is disabled",
            hint="Set it to unlocked first, look whether the retention is what you want, and lock it then.",
        )
    _irreversible(wish, "immutability", "a locked vault can never be unlocked: no backup can be deleted before it expires")


def _check_soft_delete(vault: VaultSettings, wish: Wish) -> None:
    if vault.soft_delete == "always_on":
        raise _refusal(
            "soft_delete", f"it is always on in this vault, as in all new vaults since 2026, and cannot be set to {wish.soft_delete}",
            hint="Set it to always_on, or leave the option out.",
        )
    _check_always_on(wish)


def _check_always_on(wish: Wish) -> None:
    if wish.soft_delete == "always_on":
        _irreversible(wish, "soft_delete", "always_on can never be switched off again")


def _check_days(vault: VaultSettings, wish: Wish) -> None:
    if vault.soft_delete == "disabled" and wish.soft_delete is None:
        raise _refusal("soft_delete_retention_days", "soft delete is disabled in this vault", hint="Set soft_delete=enabled as well.")


def _check_identity(vault: VaultSettings, wish: Wish) -> None:
    if wish.identity is None:
        return
    identity = wanted_identity(vault.identity, wish.identity)
    _check_users(wish.identity, identity)
    left = set(identity.users) | ({"system"} if identity.system else set())
    if not vault.encrypting <= left:
        raise _refusal("identity", "the vault opens its customer-managed key with the identity that would be taken away; its backups would be lost")


_CHECKS: Mapping[str, Callable[[VaultSettings, Wish], None]] = {
    "redundancy": _check_redundancy,
    "cross_region_restore": _check_cross_region,
    "cross_subscription_restore": _check_cross_subscription,
    "immutability": _check_immutability,
    "soft_delete": _check_soft_delete,
    "soft_delete_retention_days": _check_days,
    "identity": _check_identity,
}


def _check_combinations(vault: VaultSettings, wish: Wish, changes: Mapping[str, Any]) -> None:
    if wish.identity is not None and wish.identity.keeps_users:
        _check_users(wish.identity, wanted_identity(vault.identity, wish.identity))
    if "public_network_access" in changes and wish.public_network_access == "disabled" and vault.cross_region_restore:
        raise _refusal("public_network_access", "cannot be disabled: cross-region restore is on, which Azure offers over public endpoints only")
    if "cross_region_restore" in changes and vault.public_network_access == "disabled" and wish.public_network_access is None:
        raise _refusal("cross_region_restore", "needs public_network_access=enabled; in this vault it is disabled")


def _check_users(wish: IdentityWish, identity: Identity) -> None:
    if wish.keeps_users and not identity.users:
        raise _refusal("identity.user_assigned_identities", "name at least one identity, since the vault has none")


def _check_new(wish: Wish) -> None:
    """A vault that is to be made, or brought back."""
    if wish.soft_delete == "disabled":
        raise _refusal(
            "soft_delete", "Azure makes new vaults with soft delete always on, and does not let it be disabled",
            hint="Leave the option out, or set it to enabled or always_on.",
        )
    if wish.cross_region_restore:
        _irreversible(wish, "cross_region_restore", "cross-region restore cannot be switched off again, and Azure charges for it")
    if wish.immutability == "locked":
        _irreversible(wish, "immutability", "a locked vault can never be unlocked: no backup can be deleted before it expires")
    _check_permanent(wish)
    _check_always_on(wish)
    if wish.identity is not None:
        _check_users(wish.identity, wanted_identity(Identity(), wish.identity))


def _irreversible(wish: Wish, option: str, why: str) -> None:
    if not wish.allow_irreversible:
        raise _refusal(option, why, hint=ALLOW)


def _refusal(option: str, why: str, *, hint: str | None = None) -> OptionError:
    return OptionError(option, why + ("." if hint else ""), hint=hint)


def _lies_deleted(ref: VaultRef, deleted: DeletedVault) -> ArmError:
    until = deleted.facts()["purge_time"]
    return ArmError(
        f"A deleted vault {ref.name} of the resource group {ref.group} still holds backups, until {until}.",
        code="DeletedVaultExists",
        target=deleted.id,
        hint="Set undelete=true to bring it back with its backups, or undelete=false to make a new, empty one.",
    )


# --- a vault that is not there ---


def _create(wish: Wish, region: str) -> Plan:
    sku = wish.sku or DEFAULT_SKU
    # Azure wants publicNetworkAccess in every creation; all recorded ones have it.
    properties: dict[str, Any] = {"publicNetworkAccess": "Enabled"}
    if wish.redundancy or wish.cross_region_restore:
        properties["redundancySettings"] = redundancy_settings(wish.redundancy or GEO, bool(wish.cross_region_restore))
    locked = wish.immutability == "locked"
    simple = {name: getattr(wish, name) for name in SIMPLE}
    # Azure locks no vault at its creation.
    properties.update(simple_properties({**simple, "immutability": "unlocked"} if locked else simple))
    if wish.job_failure_alerts is not None or wish.classic_alerts is not None:
        properties["monitoringSettings"] = monitoring_settings({}, wish)
    if wish.about_soft_delete:
        state = wish.soft_delete or "always_on"
        soft_delete: dict[str, Any] = {"softDeleteRetentionPeriodInDays": wish.soft_delete_retention_days or DEFAULT_DAYS}
        if wish.soft_delete:
            soft_delete.update(softDeleteState=AZURE_WORDS[state], enhancedSecurityState="AlwaysON" if state == "always_on" else "Enabled")
        properties.setdefault("securitySettings", {})["softDeleteSettings"] = soft_delete
    body: dict[str, Any] = {
        "location": region,
        "sku": {"name": sku, **({"tier": "Standard"} if sku == "RS0" else {})},
        "properties": properties,
    }
    if wish.tags:
        body["tags"] = dict(wish.tags)
    later = locked
    if wish.identity is not None and wish.identity.system and not wish.identity.keeps_users:
        body["identity"] = {"type": "SystemAssigned"}
    elif wish.identity is not None and wish.identity.keeps_users:
        # A creation with user-assigned identities makes a vault whose operation cannot be read (404): they come by a PATCH.
        later = True
    return Plan((Step("create", body),), before={"state": "absent"}, after={"state": "present", "location": region, **asked(wish)}, open_end=later)


def _undelete(ref: VaultRef, wish: Wish) -> Plan:
    group = f"/subscriptions/{ref.subscription}/resourceGroups/{ref.group}"
    body = {"properties": {"recoveryResourceGroupId": group}}
    return Plan((Step("undelete", body),), before={"state": "deleted"}, after={"state": "present", **asked(wish)}, open_end=bool(asked(wish)))


def asked(wish: Wish) -> dict[str, Any]:
    """The settings that the options give, for a diff."""
    names = (
        "sku", "redundancy", "cross_region_restore", "cross_subscription_restore", "soft_delete", "soft_delete_retention_days",
        "immutability", "public_network_access", "job_failure_alerts", "classic_alerts",
    )
    found = {name: getattr(wish, name) for name in names if getattr(wish, name) is not None}
    if wish.identity is not None:
        found["identity"] = identity_words(wanted_identity(Identity(), wish.identity))
    if wish.tags:
        found["tags"] = dict(wish.tags)
    return found
