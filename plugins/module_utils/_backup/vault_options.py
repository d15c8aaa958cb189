# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of recovery_vault, checked without any request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from .._arm.errors import OptionError
from .._arm.regions import check_region
from .._options import check_group, parse_id
from .._tags import check_tags
from .names import VaultRef
from .vault_state import GEO
from .vaults import VAULT_NAME

FEWEST_DAYS, MOST_DAYS = 14, 180
USER_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(frozen=True)
class IdentityWish:
    """The option ``identity``. ``users``: id in lower case to the id as given; ``append`` keeps the others that the vault has."""

    system: bool
    users: Mapping[str, str]
    append: bool
    keeps_users: bool
    """The type says that there are user-assigned identities."""


@dataclass(frozen=True)
class Wish:
    """What the options ask for; None leaves a setting as it is."""

    location: str | None = None
    sku: str | None = None
    redundancy: str | None = None
    cross_region_restore: bool | None = None
    cross_subscription_restore: str | None = None
    soft_delete: str | None = None
    soft_delete_retention_days: int | None = None
    immutability: str | None = None
    public_network_access: str | None = None
    job_failure_alerts: bool | None = None
    classic_alerts: bool | None = None
    identity: IdentityWish | None = None
    tags: Mapping[str, str] | None = None
    append_tags: bool = True
    allow_irreversible: bool = False
    undelete: bool | None = None

    @property
    def about_storage(self) -> bool:
        return self.redundancy is not None or self.cross_region_restore is not None

    @property
    def about_soft_delete(self) -> bool:
        return self.soft_delete is not None or self.soft_delete_retention_days is not None


def check_place(params: Mapping[str, Any], subscription: str) -> VaultRef:
    """The vault that ``name`` and ``resource_group`` name."""
    name = str(params["name"]).strip()
    if not VAULT_NAME.match(name):
        raise OptionError("name", f"{name[:80]!r} is not a vault name: 2 to 50 letters, digits and hyphens, beginning with a letter")
    group = check_group(params["resource_group"], "resource_group")
    if group is None:
        raise OptionError("resource_group", "give the resource group of the vault")
    return VaultRef(subscription, group, name)


def check_location(params: Mapping[str, Any]) -> str | None:
    """The option ``location``, None when it is not set; raises OptionError."""
    location = (params["location"] or "").strip()
    return check_region(location, "location") if location else None


def read_wish(params: Mapping[str, Any]) -> Wish:
    """What the options ask for; raises OptionError when they are wrong or contradict each other."""
    tags = params["tags"]
    wish = Wish(
        location=check_location(params),
        tags=None if tags is None else check_tags(tags, "tags"),
        identity=_identity(params["identity"]),
        **{name: params[name] for name in _PLAIN},
    )
    _check_days(wish)
    if wish.cross_region_restore and wish.redundancy not in (None, GEO):
        raise OptionError("cross_region_restore", f"needs redundancy={GEO}, not {wish.redundancy}: only such a vault is copied to the paired region")
    if wish.cross_region_restore and wish.public_network_access == "disabled":
        raise OptionError("public_network_access", "cannot be disabled together with cross_region_restore, which Azure offers over public endpoints only")
    return wish


_PLAIN = (
    "sku",
    "redundancy",
    "cross_region_restore",
    "cross_subscription_restore",
    "soft_delete",
    "soft_delete_retention_days",
    "immutability",
    "public_network_access",
    "job_failure_alerts",
    "classic_alerts",
    "append_tags",
    "allow_irreversible",
    "undelete",
)


def _check_days(wish: Wish) -> None:
    days = wish.soft_delete_retention_days
    if days is None:
        return
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise OptionError("soft_delete_retention_days", f"{days} is not from {FEWEST_DAYS} to {MOST_DAYS} days")
    if wish.soft_delete == "disabled":
        raise OptionError("soft_delete_retention_days", "goes with soft_delete=enabled or always_on, not with disabled")


def _identity(given: Mapping[str, Any] | None) -> IdentityWish | None:
    if given is None:
        return None
    kinds = {part.strip() for part in given["type"].split(",")}
    users = given.get("user_assigned_identities") or {}
    ids = {_identity_id(text).lower(): text.rstrip("/") for text in users.get("id") or ()}
    if ids and "UserAssigned" not in kinds:
        raise OptionError("identity.user_assigned_identities", f"goes with a type that has UserAssigned, not with {given['type']}")
    return IdentityWish("SystemAssigned" in kinds, ids, bool(users.get("append", True)), "UserAssigned" in kinds)


def _identity_id(text: str) -> str:
    parse_id(text, "identity.user_assigned_identities.id", USER_IDENTITY)
    return text.rstrip("/")
