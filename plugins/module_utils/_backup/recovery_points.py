# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery points of a protected VM: a typed view, reading them, and choosing the one to restore."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Iterable, Mapping, Sequence

from .._arm.client import Api, ArmClient
from .._arm.errors import ArmError
from .._arm.ids import segment
from .._arm.timestamps import format_time, is_unset, parse_time
from .jobs import filter_time

APPLICATION, FILE_SYSTEM, CRASH = "application", "file_system", "crash"
CONSISTENCIES = (APPLICATION, FILE_SYSTEM, CRASH)
"""Strictest first: an application-consistent point is also good enough where a file-system-consistent one was asked for."""

SNAPSHOT, VAULT_TIER, ARCHIVE = "snapshot", "vault", "archive"
TIERS = (SNAPSHOT, VAULT_TIER, ARCHIVE)

_CONSISTENCY = {"appconsistent": APPLICATION, "filesystemconsistent": FILE_SYSTEM, "crashconsistent": CRASH}
# Old API versions print numbers where new ones print names.
_TIER = {
    "instantrp": SNAPSHOT,
    "iasnapshotrp": SNAPSHOT,
    "hardenedrp": VAULT_TIER,
    "archivedrp": ARCHIVE,
    "1": SNAPSHOT,
    "2": VAULT_TIER,
    "3": ARCHIVE,
}
_STATUS = {"0": "Invalid", "1": "Valid", "2": "Disabled", "3": "Deleted", "4": "Rehydrated"}
# A copy brought back from archive is read like any other copy for as long as it lasts.
_READABLE = ("valid", "rehydrated")


@dataclass(frozen=True)
class Tier:
    """One copy of a recovery point. `name` is snapshot, vault, archive, or Azure's own word if it is a new one."""

    name: str
    status: str

    @property
    def usable(self) -> bool:
        return self.status.lower() in _READABLE


@dataclass(frozen=True)
class RecoveryPoint:
    """One recovery point (objectType IaasVMRecoveryPoint). `name` has up to 19 digits and is text, never a number."""

    name: str
    id: str
    time: datetime | None
    type: str
    tiers: tuple[Tier, ...]
    expiry: datetime | None = None
    rule: str | None = None
    threat_status: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def consistency(self) -> str | None:
        """application, file_system or crash; None for a kind that is not known."""
        return _CONSISTENCY.get(self.type.lower())

    @property
    def usable_tiers(self) -> tuple[str, ...]:
        return tuple(tier.name for tier in self.tiers if tier.usable)

    @property
    def managed(self) -> bool:
        return bool(self.raw.get("isManagedVirtualMachine", True))

    @property
    def disk_names(self) -> dict[int, str]:
        """Disk name by LUN (the OS disk has -1). Empty unless the point was read alone: a list leaves the disks out."""
        disks = (self.raw.get("recoveryPointDiskConfiguration") or {}).get("includedDiskList") or []
        return {int(disk["lun"]): str(disk["name"]) for disk in disks if "lun" in disk and disk.get("name")}


def parse_point(resource: Mapping[str, Any]) -> RecoveryPoint:
    """The view of one API object."""
    properties = resource.get("properties") or {}
    more = properties.get("recoveryPointProperties") or {}
    expiry = parse_time(more.get("expiryTime"))
    return RecoveryPoint(
        name=str(resource.get("name", "")),
        id=str(resource.get("id", "")),
        time=parse_time(properties.get("recoveryPointTime")),
        type=str(properties.get("recoveryPointType") or ""),
        tiers=tuple(_parse_tier(tier) for tier in properties.get("recoveryPointTierDetails") or []),
        expiry=None if is_unset(expiry) else expiry,
        rule=more.get("ruleName") or None,
        threat_status=_threat_status(properties.get("threatStatus")),
        raw=properties,
    )


def _parse_tier(tier: Mapping[str, Any]) -> Tier:
    kind, status = str(tier.get("type", "")), str(tier.get("status", ""))
    return Tier(_TIER.get(kind.lower(), kind), _STATUS.get(status, status))


def _threat_status(value: object) -> str | None:
    """A word since 2026; 0 in 2024, which said nothing."""
    return value if isinstance(value, str) and value else None


def points_path(item_path: str, *, secondary: bool = False) -> str:
    """Path of the list. The trailing slash (with the old API version) is what leads to the paired region."""
    return f"{item_path}/recoveryPoints" + ("/" if secondary else "")


def list_points(
    client: ArmClient,
    item_path: str,
    api: Api,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    secondary: bool = False,
) -> list[RecoveryPoint]:
    """Recovery points of one item, newest first, between two times (both inclusive, either may be missing).

    Azure filters by both bounds or none, so it is asked to only when both are there; here they are applied always.
    """
    params = None
    if start and end and not secondary:
        params = {"$filter": f"startDate eq '{filter_time(start)}' and endDate eq '{filter_time(end)}'"}
    points = [parse_point(found) for found in client.list(points_path(item_path, secondary=secondary), api, params=params)]
    return newest_first(point for point in points if _within(point, start, end))


def get_point(client: ArmClient, item_path: str, name: str, api: Api) -> RecoveryPoint | None:
    """One recovery point with its disks, None when there is none of that name."""
    found = client.find(f"{item_path}/recoveryPoints/{segment(name)}", api)
    return None if found is None else parse_point(found)


def newest_first(points: Iterable[RecoveryPoint]) -> list[RecoveryPoint]:
    """Sorted by time; a point without a time is the oldest."""
    unknown = datetime.min.replace(tzinfo=timezone.utc)
    return sorted(points, key=lambda point: point.time or unknown, reverse=True)


def _within(point: RecoveryPoint, start: datetime | None, end: datetime | None) -> bool:
    if point.time is None:
        return start is None and end is None
    return (start is None or point.time >= start) and (end is None or point.time <= end)


@dataclass(frozen=True)
class PointWish:
    """Which recovery point is wanted: a name, else the newest (no later than `before`).

    `consistency` is the least that will do; `tier` a tier that must hold a readable copy; `needs_vault` that only a copy in
    the vault will do, because of where the restore goes to.
    """

    name: str | None = None
    before: datetime | None = None
    consistency: str | None = None
    tier: str | None = None
    needs_vault: bool = False


def choose(points: Sequence[RecoveryPoint], wish: PointWish) -> RecoveryPoint:
    """The point that fits the wish; raises ArmError (RecoveryPointNotFound, RecoveryPointUnsuitable) that says why none does."""
    if wish.name is not None:
        named = next((point for point in points if point.name == wish.name), None)
        if named is None:
            raise ArmError(
                f"There is no recovery point {wish.name}.",
                code="RecoveryPointNotFound",
                hint="List what there is with the module recovery_point_info.",
            )
        flaw = unsuitable(named, wish)
        if flaw:
            raise ArmError(f"Recovery point {named.name} of {_when(named)} cannot be used: {flaw}.", code="RecoveryPointUnsuitable")
        return named
    flaws: list[str] = []
    for point in newest_first(points):
        flaw = unsuitable(point, wish)
        if flaw is None:
            return point
        flaws.append(f"{_when(point)}: {flaw}")
    raise ArmError(_none_fits(flaws), code="RecoveryPointNotFound", hint="List what there is with the module recovery_point_info.")


def unsuitable(point: RecoveryPoint, wish: PointWish) -> str | None:
    """Why this point does not fit the wish, None when it does."""
    if wish.name is not None and point.name != wish.name:
        return "it is another point"
    if point.time is None:
        return "its time is not known"
    if wish.before is not None and point.time > wish.before:
        return f"it is later than {format_time(wish.before)}"
    return _weak(point, wish.consistency) or _elsewhere(point, wish)


def _weak(point: RecoveryPoint, least: str | None) -> str | None:
    if least is None:
        return None
    reached = CONSISTENCIES[: CONSISTENCIES.index(least) + 1]
    if point.consistency in reached:
        return None
    return f"it is {point.type or 'of unknown consistency'}, which is less than {least}"


def _elsewhere(point: RecoveryPoint, wish: PointWish) -> str | None:
    usable = point.usable_tiers
    if wish.tier is not None:
        return None if wish.tier in usable else f"it has no readable copy in the {wish.tier} tier"
    if VAULT_TIER in usable or (SNAPSHOT in usable and not wish.needs_vault):
        return None
    if ARCHIVE in usable:
        return "its only copy is archived; restoring it takes hours and costs extra, so ask for it with tier=archive"
    if SNAPSHOT in usable:
        return "it is not in the vault yet, and this restore needs a copy there"
    return "it has no readable copy"


def _none_fits(flaws: Sequence[str]) -> str:
    if not flaws:
        return "There is no recovery point yet."
    more = f" And {len(flaws) - 3} more." if len(flaws) > 3 else ""
    return f"None of the {len(flaws)} recovery points fits. {'; '.join(flaws[:3])}.{more}"


def _when(point: RecoveryPoint) -> str:
    return format_time(point.time) if point.time else "an unknown time"


def point_facts(point: RecoveryPoint) -> dict[str, Any]:
    """The point as a module returns it: name, id, time, type, consistency, tiers [{name, status}], and what else is known."""
    facts: dict[str, Any] = {
        "name": point.name,
        "id": point.id,
        "time": format_time(point.time) if point.time else None,
        "type": point.type,
        "consistency": point.consistency,
        "tiers": [{"name": tier.name, "status": tier.status} for tier in point.tiers],
    }
    optional = {"expiry": format_time(point.expiry) if point.expiry else None, "rule": point.rule, "threat_status": point.threat_status}
    facts.update({name: value for name, value in optional.items() if value is not None})
    return facts


def point_details(point: RecoveryPoint) -> dict[str, Any]:
    """What only a read of the single point tells: its disks and the machine at the time of the backup."""
    raw = point.raw
    configuration = raw.get("recoveryPointDiskConfiguration") or {}
    return {
        "disks": [_disk_facts(disk) for disk in configuration.get("includedDiskList") or []],
        "excluded_disks": [_disk_facts(disk) for disk in configuration.get("excludedDiskList") or []],
        "os_type": raw.get("osType"),
        "vm_size": raw.get("virtualMachineSize"),
        "security_type": raw.get("securityType"),
        "zones": list(raw.get("zones") or []),
        "encrypted": bool(raw.get("isSourceVMEncrypted")),
    }


def _disk_facts(disk: Mapping[str, Any]) -> dict[str, Any]:
    return {"lun": disk.get("lun"), "name": disk.get("name"), "size_gb": disk.get("diskSizeInGb"), "storage_type": disk.get("storageType")}
