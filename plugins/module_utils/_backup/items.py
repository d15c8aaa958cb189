# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected items: what a vault knows of a VM that it backs up (api ``backup``, facts of 2023-02-01 to 2026-07-01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Iterable, Mapping

from .._apis import BACKUP
from .._arm.client import ArmClient
from .._arm.paging import pages
from .._arm.timestamps import format_time, is_unset, parse_duration, parse_time
from .._fleet import Vm, vm_of_id
from .jobs import server_time
from .names import VaultRef, item_path, item_path_of_id, vault_of_id, vm_of_container

FILTER = "backupManagementType eq 'AzureIaasVM' and itemType eq 'VM'"

PROTECTED_STATES = frozenset({"irpending", "protected", "protectionerror", "protectionpaused"})
"""Protection states in which a policy backs the VM up; ``IRPending`` means that the first backup has not run yet."""

STOPPED = "ProtectionStopped"
SUSPENDED = "BackupsSuspended"


@dataclass(frozen=True)
class Disks:
    """Which data disks are backed up: those with these LUNs only, or all but those. The disk of the system always is."""

    luns: tuple[int, ...]
    include: bool

    def as_properties(self) -> dict[str, Any]:
        return {"diskLunList": list(self.luns), "isInclusionList": self.include}

    def as_fact(self) -> dict[str, Any]:
        return {"include_luns" if self.include else "exclude_luns": list(self.luns)}


@dataclass(frozen=True)
class ProtectedItem:
    """One protected item. Times are aware UTC datetimes, None where Azure has none to tell; ``policy_*`` None when no policy applies."""

    id: str
    path: str
    """Request path with the names as Azure wrote them, segment-encoded."""
    vault: VaultRef
    vm: Vm
    container: str
    state: str
    """Azure's protectionState: IRPending, Protected, ProtectionError, ProtectionStopped, ProtectionPaused, BackupsSuspended, Invalid."""
    policy_id: str | None
    policy_name: str | None
    policy_type: str | None
    health: str | None
    health_details: tuple[dict[str, Any], ...]
    last_backup_status: str | None
    last_backup_time: datetime | None
    last_recovery_point: datetime | None
    """Time of the newest recovery point."""
    disks: Disks | None
    soft_deleted: bool
    purge_time: datetime | None
    """When the data of a soft-deleted item is gone for good."""

    @property
    def protected(self) -> bool:
        """Whether a policy backs the VM up."""
        return not self.soft_deleted and self.state.lower() in PROTECTED_STATES

    @property
    def stopped(self) -> bool:
        return not self.soft_deleted and self.state.lower() == STOPPED.lower()

    @property
    def suspended(self) -> bool:
        return not self.soft_deleted and self.state.lower() == SUSPENDED.lower()

    @property
    def condition(self) -> str:
        """The state in the words of this collection: protected, stopped, suspended, soft_deleted, or invalid."""
        if self.soft_deleted:
            return "soft_deleted"
        return "protected" if self.protected else "stopped" if self.stopped else "suspended" if self.suspended else "invalid"

    def age(self, now: datetime) -> int | None:
        """Seconds since the newest recovery point; None without one."""
        if self.last_recovery_point is None:
            return None
        return max(0, int((now - self.last_recovery_point).total_seconds()))

    def facts(self) -> dict[str, Any]:
        """What results say of a protected item; None where there is nothing to say."""
        return {
            "state": self.condition,
            "protection_state": self.state,
            "soft_deleted": self.soft_deleted,
            "policy_id": self.policy_id,
            "policy_name": self.policy_name,
            "vault_id": self.vault.id,
            "item_id": self.id,
            "health": self.health,
            "last_backup_status": self.last_backup_status,
            "last_backup_time": _text(self.last_backup_time),
            "last_recovery_point": _text(self.last_recovery_point),
            "disks": self.disks.as_fact() if self.disks else None,
            "purge_time": _text(self.purge_time),
        }


def read_item(resource: Mapping[str, Any], now: datetime) -> ProtectedItem | None:
    """The typed view of a protected item; None for what is no Azure VM (classic VMs, workloads). ``now`` dates a remaining time."""
    properties: Mapping[str, Any] = resource.get("properties") or {}
    item_id = str(resource.get("id") or "")
    vault = vault_of_id(item_id) or vault_of_id(properties.get("vaultId"))
    if vault is None:
        return None
    vm = (
        vm_of_id(properties.get("virtualMachineId"))
        or vm_of_id(properties.get("sourceResourceId"))
        or vm_of_container(properties.get("containerName"), vault.subscription)
    )
    if vm is None:
        return None
    soft_deleted = properties.get("isScheduledForDeferredDelete") is True
    deleted = _time(properties, "deferredDeleteTimeInUTC") if soft_deleted else None
    return ProtectedItem(
        id=item_id,
        path=item_path_of_id(vault, item_id) or item_path(vault, vm),
        vault=vault,
        vm=vm,
        container=str(properties.get("containerName") or ""),
        state=str(properties.get("protectionState") or "Invalid"),
        policy_id=properties.get("policyId") or None,
        policy_name=properties.get("policyName") or _last_segment(properties.get("policyId")),
        policy_type=properties.get("policyType") or None,
        health=properties.get("healthStatus") or None,
        health_details=tuple(dict(detail) for detail in properties.get("healthDetails") or ()),
        last_backup_status=properties.get("lastBackupStatus") or None,
        last_backup_time=_time(properties, "lastBackupTime"),
        last_recovery_point=_time(properties, "lastRecoveryPoint"),
        disks=_disks(properties),
        soft_deleted=soft_deleted,
        purge_time=_purge_time(properties, deleted, now) if soft_deleted else None,
    )


def list_items(client: ArmClient, vault: VaultRef) -> dict[str, ProtectedItem]:
    """The protected Azure VMs of a vault, soft-deleted ones too, by VM key; one request a page of 200."""
    return items_now(client, vault)[0]


def items_now(client: ArmClient, vault: VaultRef) -> tuple[dict[str, ProtectedItem], datetime]:
    """Like ``list_items``, with Azure's time when it answered, which ages are to be reckoned by (or else this machine's)."""
    first = client.get(f"{vault.path}/backupProtectedItems", BACKUP, params={"$filter": FILTER})
    now = server_time(first) or client.server_now()
    return items_by_vm(pages(first, lambda url: client.get(url, None)), now), now


def items_by_vm(resources: Iterable[Mapping[str, Any]], now: datetime) -> dict[str, ProtectedItem]:
    """Typed items by VM key."""
    found: dict[str, ProtectedItem] = {}
    for resource in resources:
        item = read_item(resource, now)
        if item is not None:
            found[item.vm.key] = preferred(found.get(item.vm.key), item)
    return found


def preferred(one: ProtectedItem | None, other: ProtectedItem) -> ProtectedItem:
    """Which of two items of a VM counts: a VM may be soft-deleted or stopped in an old vault and live in a new one."""
    if one is None or _rank(other) > _rank(one):
        return other
    return one


def _rank(item: ProtectedItem) -> int:
    return 2 if item.protected else 0 if item.soft_deleted else 1


def _disks(properties: Mapping[str, Any]) -> Disks | None:
    exclusion = (properties.get("extendedProperties") or {}).get("diskExclusionProperties") or {}
    luns = tuple(sorted({int(lun) for lun in exclusion.get("diskLunList") or ()}))
    include = exclusion.get("isInclusionList") is True
    # An exclusion list without LUNs leaves nothing out; an inclusion list without LUNs backs up the disk of the system only.
    return Disks(luns, include) if luns or include else None


def _purge_time(properties: Mapping[str, Any], deleted: datetime | None, now: datetime) -> datetime | None:
    # The SDKs call the field ...InDays, the service still sends it without (seen up to 2026-07-01).
    days = properties.get("softDeleteRetentionPeriodInDays") or properties.get("softDeleteRetentionPeriod")
    if deleted is not None and isinstance(days, int) and days > 0:
        return deleted + timedelta(days=days)
    try:
        return now + parse_duration(properties.get("deferredDeleteTimeRemaining"))
    except ValueError:
        return None


def _time(properties: Mapping[str, Any], name: str) -> datetime | None:
    moment = parse_time(properties.get(name))
    return None if is_unset(moment) else moment


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _last_segment(policy_id: object) -> str | None:
    return policy_id.rstrip("/").rsplit("/", 1)[-1] if isinstance(policy_id, str) and policy_id else None
