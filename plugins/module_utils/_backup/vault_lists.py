# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of vaults with their settings, of what is in them by number, and of deleted vaults."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Sequence

from .._apis import VAULT
from .._arm.client import ArmClient
from .._arm.errors import ArmError, OptionError
from .._arm.ids import segment
from .._fleet import run_each
from .._options import check_group
from .items import list_items
from .names import VAULT_TYPE, VaultRef
from .vault_hints import NOT_REGISTERED
from .vault_options import check_location
from .vault_read import NO_GROUP, list_deleted, used_regions
from .vault_state import DeletedVault, VaultSettings, read_vault
from .vaults import VAULT_NAME

CONDITIONS = ("protected", "stopped", "suspended", "soft_deleted", "invalid")


@dataclass(frozen=True)
class Filters:
    """The options that narrow the list. ``tags``: name in lower case to the value, None for any."""

    name: str | None = None
    group: str | None = None
    region: str | None = None
    tags: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Filters:
        """Raises OptionError for what can fit no vault, and for an empty name, which would list everything."""
        name = params["name"]
        if name is not None and not VAULT_NAME.match(name.strip()):
            raise OptionError("name", f"{name[:80]!r} is not a vault name: 2 to 50 letters, digits and hyphens, beginning with a letter")
        group = check_group(params["resource_group"], "resource_group")
        if params["resource_group"] is not None and group is None:
            raise OptionError("resource_group", "the name is empty; leave the option out to look in the whole subscription")
        return cls(name.strip() if name else None, group, check_location(params), _tags(params["tags"]))

    def fits(self, ref: VaultRef, region: str) -> bool:
        return (
            (self.name is None or ref.name.lower() == self.name.lower())
            and (self.group is None or ref.group.lower() == self.group.lower())
            and (self.region is None or region == self.region)
        )

    def fits_tags(self, tags: Mapping[str, str]) -> bool:
        had = {name.lower(): value for name, value in tags.items()}
        return all(name in had and value in (None, had[name]) for name, value in self.tags)


def _tags(given: Sequence[str] | None) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    for text in given or ():
        name, colon, value = text.partition(":")
        if not name.strip():
            raise OptionError("tags", f"{text[:80]!r} names no tag; give name or name:value")
        found.append((name.strip().lower(), value if colon else None))
    return tuple(found)


def matching_vaults(client: ArmClient, subscription: str, filters: Filters) -> list[VaultSettings]:
    """The vaults, by name. One list, or one read where name and resource group are known."""
    group = f"/subscriptions/{segment(subscription)}" + (f"/resourceGroups/{segment(filters.group)}" if filters.group else "")
    path = f"{group}/providers/{VAULT_TYPE}"
    try:
        if filters.name and filters.group:
            one = client.find(f"{path}/{segment(filters.name)}", VAULT)
            resources = [one] if one else []
        else:
            resources = list(client.list(path, VAULT))
    except ArmError as error:
        if error.code in (NO_GROUP, NOT_REGISTERED):
            return []
        raise
    found = [vault for vault in map(read_vault, resources) if vault is not None]
    fitting = [vault for vault in found if filters.fits(vault.ref, vault.location) and filters.fits_tags(vault.tags)]
    return sorted(fitting, key=lambda vault: (vault.ref.name.lower(), vault.ref.key))


def count_vms(client: ArmClient, vaults: Sequence[VaultSettings], warn: Callable[[str], None]) -> list[dict[str, int] | None]:
    """How many VMs are in each vault, by their condition; None and a warning for a vault that could not be read."""
    counts: list[dict[str, int] | None] = []
    for outcome in run_each(vaults, lambda vault: list_items(client, vault.ref)):
        if outcome.value is None:
            warn(f"What is in the vault {outcome.item.ref.name} (resource group {outcome.item.ref.group}) could not be read: {outcome.error}")
            counts.append(None)
            continue
        found = Counter(item.condition for item in outcome.value.values())
        counts.append({"total": len(outcome.value), **{condition: found[condition] for condition in CONDITIONS}})
    return counts


def deleted_everywhere(client: ArmClient, subscription: str, filters: Filters, warn: Callable[[str], None]) -> list[DeletedVault]:
    """The deleted vaults of the region asked for, or of all that the subscription uses. Raises when none of them can be read."""
    regions = [filters.region] if filters.region else used_regions(client, subscription)
    outcomes = run_each(regions, lambda region: list_deleted(client, subscription, region))
    failed = [(outcome.item, outcome.error) for outcome in outcomes if outcome.error is not None]
    if failed and len(failed) == len(regions):
        raise failed[0][1]
    for region, error in failed:
        warn(f"The deleted vaults of {region} could not be read: {error}")
    found = [deleted for outcome in outcomes for deleted in outcome.value or () if filters.fits(deleted.vault, deleted.location or outcome.item)]
    return sorted(found, key=lambda deleted: (deleted.vault.name.lower(), deleted.name))
