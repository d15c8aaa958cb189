# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading one vault, what its plan needs besides, what lies in it, and the deleted vaults of a region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Iterable, Mapping

from .._apis import BACKUP, DELETED_VAULTS, RESOURCES, VAULT
from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError
from .._arm.ids import segment
from .._arm.regions import region_of
from .._arm.timestamps import format_time
from .._fleet import run_each
from .items import read_item
from .names import VAULT_TYPE, VaultRef
from .vault_hints import NOT_REGISTERED
from .vault_options import Wish
from .vault_plan import Plan, is_enough, plan
from .vault_state import DeletedVault, VaultSettings, read_deleted, read_vault, with_backup_config, with_storage

NO_GROUP = "ResourceGroupNotFound"

OTHER_CONTAINERS = ("AzureStorage", "AzureWorkload", "MAB")
"""Registrations that outlive their items: storage accounts, machines with databases, servers with an agent."""

FEW_NAMES = 5


def get_vault(client: ArmClient, ref: VaultRef) -> VaultSettings | None:
    """The vault; None when there is none. A missing resource group is an error of its own (code ``ResourceGroupNotFound``)."""
    try:
        response = client.get(ref.path, VAULT)
    except HttpError as error:
        if error.code == NOT_REGISTERED or (error.status == 404 and error.code != NO_GROUP):
            return None
        raise
    body = response.body
    vault = (read_vault(body) or read_vault({**body, "id": ref.id})) if isinstance(body, dict) else None
    if vault is None:
        # Never taken for a vault that is not there, which would be made.
        told = "The answer is no vault."
        raise HttpError(told, code="MalformedBody", status=response.status, request_id=response.request_id, operation=f"GET vaults/{ref.name}")
    return vault


def prospect(client: ArmClient, ref: VaultRef, vault: VaultSettings | None, wish: Wish) -> tuple[Plan, DeletedVault | None]:
    """The plan, and the deleted vault of that name if it matters. Reads only what the plan needs to know beyond the vault."""
    if vault is not None:
        return plan(ref, _completed(client, vault, wish), wish, region=vault.location, now=client.server_now()), None
    region = wish.location or _region_of_group(client, ref)
    deleted = None if wish.undelete is False else find_deleted(client, ref, region, needed=bool(wish.undelete))
    if deleted is None and wish.undelete and wish.location is None:
        deleted = _find_elsewhere(client, ref, region)
    return plan(ref, None, wish, region=region, now=client.server_now(), deleted=deleted), deleted


def _completed(client: ArmClient, vault: VaultSettings, wish: Wish) -> VaultSettings:
    storage_differs = wish.redundancy not in (None, vault.redundancy) or (wish.cross_region_restore and not vault.cross_region_restore)
    if storage_differs or (wish.about_storage and vault.redundancy is None):
        vault = with_storage_settings(client, vault)
    soft_delete_differs = not is_enough(vault, wish) or wish.soft_delete_retention_days not in (None, vault.soft_delete_retention_days)
    if soft_delete_differs:
        vault = with_backup_config(vault, _config(client, f"{vault.ref.path}/backupconfig/vaultconfig"))
    return vault


def with_storage_settings(client: ArmClient, vault: VaultSettings) -> VaultSettings:
    """The vault with its redundancy as its storage configuration has it; as it was where that cannot be read."""
    return with_storage(vault, _config(client, f"{vault.ref.path}/backupstorageconfig/vaultstorageconfig"))


def _config(client: ArmClient, path: str) -> dict[str, Any]:
    """A configuration of the vault; empty where Azure does not let it be read. Then Azure decides what is possible."""
    try:
        return client.find(path, BACKUP) or {}
    except ArmError:
        return {}


def _region_of_group(client: ArmClient, ref: VaultRef) -> str:
    path = f"/subscriptions/{segment(ref.subscription)}/resourceGroups/{segment(ref.group)}"
    return region_of((client.get(path, RESOURCES).body or {}).get("location"))


# --- deleted vaults ---


def list_deleted(client: ArmClient, subscription: str, region: str) -> list[DeletedVault]:
    """The deleted vaults of a region (since api 2026-05-01)."""
    path = f"/subscriptions/{segment(subscription)}/providers/Microsoft.RecoveryServices/locations/{segment(region)}/deletedVaults"
    found = (read_deleted(resource) for resource in client.list(path, DELETED_VAULTS))
    return [deleted for deleted in found if deleted is not None]


def find_deleted(client: ArmClient, ref: VaultRef, region: str, *, needed: bool) -> DeletedVault | None:
    """The newest deleted vault of this name and resource group. Where the list cannot be read (an older cloud, no right in the
    subscription) there is none, unless it is ``needed``."""
    if not region:
        return None
    try:
        fitting = [deleted for deleted in list_deleted(client, ref.subscription, region) if deleted.vault.key == ref.key]
    except ArmError:
        if needed:
            raise
        return None
    return max(fitting, key=lambda deleted: deleted.deleted_at.timestamp() if deleted.deleted_at else 0.0, default=None)


def used_regions(client: ArmClient, subscription: str) -> list[str]:
    """The regions in which the subscription has resource groups or vaults."""
    whole = f"/subscriptions/{segment(subscription)}"
    resources = [*client.list(f"{whole}/resourceGroups", RESOURCES), *client.list(f"{whole}/providers/{VAULT_TYPE}", VAULT)]
    return sorted({region_of(one.get("location")) for one in resources} - {"", "global"})


def _find_elsewhere(client: ArmClient, ref: VaultRef, but: str) -> DeletedVault | None:
    """A vault may have been of another region than its resource group. Where a region does not know deleted vaults, there are none."""
    regions = [region for region in used_regions(client, ref.subscription) if region != but]
    outcomes = run_each(regions, lambda region: find_deleted(client, ref, region, needed=True))
    failed = [outcome.error for outcome in outcomes if outcome.error is not None and outcome.error.status not in (400, 404)]
    if failed:
        raise failed[0]
    return next((outcome.value for outcome in outcomes if outcome.value is not None), None)


# --- what lies in a vault ---


@dataclass(frozen=True)
class Contents:
    """What keeps a vault from being deleted, by name, and what would go with it."""

    protected: tuple[str, ...] = ()
    soft_deleted: tuple[str, ...] = ()
    """With the time of their purge."""
    registered: tuple[str, ...] = ()
    private_endpoints: int = 0
    purge_at: datetime | None = None
    """When the last of the soft-deleted items is purged."""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def problem(self, ref: VaultRef) -> ArmError | None:
        """Why Azure would not delete the vault; None when it would."""
        parts = [
            text
            for text in (
                _count("protected item", self.protected),
                _count("registered server or storage account", self.registered, "registered servers or storage accounts"),
                f"{self.private_endpoints} private endpoint{'s' if self.private_endpoints > 1 else ''}" if self.private_endpoints else "",
            )
            if text
        ]
        if not parts:
            return None
        if self.soft_deleted:
            parts.append(_count("soft-deleted item", self.soft_deleted))
        return ArmError(
            f"The vault {ref.name} cannot be deleted; in it are {', '.join(parts)}.",
            code="VaultNotEmpty",
            target=ref.id,
            hint=(
                "End the protection of VMs with lifeboat.azure_dr.vm_backup_protection, state=absent; unregister servers and storage "
                "accounts, and remove private endpoints. Soft-deleted items go with the vault."
            ),
        )


def read_contents(client: ArmClient, vault: VaultSettings) -> Contents:
    """What lies in the vault, of all kinds of backup. What cannot be read is left out: Azure looks again itself."""
    ref = vault.ref
    path, containers = f"{ref.path}/backupProtectedItems", f"{ref.path}/backupProtectionContainers"
    asked: list[tuple[str, dict[str, str]]] = [(path, {})]
    asked += [(containers, {"$filter": f"backupManagementType eq '{kind}'"}) for kind in OTHER_CONTAINERS]
    answers = run_each(asked, lambda one: list(client.list(one[0], BACKUP, params=one[1])))
    items, *lists = [outcome.value or [] for outcome in answers]
    now = client.server_now()
    soft_deleted = [item for item in items if _properties(item).get("isScheduledForDeferredDelete") is True]
    purges = {id(item): _purge(item, now) for item in soft_deleted}
    registered = {str(one.get("id")).lower(): _name(one) for found in lists for one in found if _is_registered(one)}
    names = {
        "protected": tuple(_name(item) for item in items if id(item) not in purges),
        "soft_deleted": tuple(_with_purge(item, purges[id(item)]) for item in soft_deleted),
        "registered": tuple(registered.values()),
    }
    times = [moment for moment in purges.values() if moment is not None]
    facts = {**{name: list(found) for name, found in names.items()}, "private_endpoints": vault.private_endpoints}
    return Contents(**names, private_endpoints=vault.private_endpoints, purge_at=max(times, default=None), facts=facts)


def _is_registered(container: Mapping[str, Any]) -> bool:
    """A list of registered containers has soft-deleted ones, too."""
    properties = _properties(container)
    return properties.get("backupManagementType") in OTHER_CONTAINERS and str(properties.get("registrationStatus", "Registered")).lower() == "registered"


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("properties")
    return properties if isinstance(properties, dict) else {}


def _name(resource: Mapping[str, Any]) -> str:
    return str(_properties(resource).get("friendlyName") or resource.get("name") or "?")


def _purge(item: Mapping[str, Any], now: datetime) -> datetime | None:
    read = read_item(item, now)
    return read.purge_time if read else None


def _with_purge(item: Mapping[str, Any], purge: datetime | None) -> str:
    return _name(item) + (f" (purged at {format_time(purge)})" if purge else "")


def _count(word: str, names: Iterable[str], plural: str = "") -> str:
    """``3 protected items (web-01, web-02, web-03)``, with the first few names; empty for none."""
    found = list(names)
    if not found:
        return ""
    more = f" and {len(found) - FEW_NAMES} more" if len(found) > FEW_NAMES else ""
    return f"{len(found)} {word if len(found) == 1 else plural or word + 's'} ({', '.join(found[:FEW_NAMES])}{more})"
