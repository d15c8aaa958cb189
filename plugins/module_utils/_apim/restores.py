# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore into a service needs: a pure decision on what is wanted, what there is, and the time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Literal

from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._arm.timestamps import format_time
from .activity import Told
from .backups import KEPT_FOR, Backup
from .marks import Mark, mark_of, read_mark
from .service import Service, check_recoverable
from .storage_options import ApimStorage
from .templates import BackupNames

PlanAction = Literal["none", "start", "wait", "adopt", "finish"]
"""``wait`` for another operation before all else; ``adopt`` the restore that runs; ``finish`` one that has ended but is not marked so."""

NEAR = 5

NOT_RESTORED = (
    "usage data and analytics",
    "certificates of custom domains",
    "custom CA certificates",
    "virtual network settings",
    "managed identities",
    "Azure Monitor diagnostic settings",
    "protocol and cipher settings",
    "content of the developer portal",
    "custom host names of the target, which stay as they are",
)
"""What a backup does not hold (facts of Azure's own guide, December 2025)."""

GUESSED = "that the restore succeeded is taken from the state of the service alone: the activity log does not tell how it ended"


@dataclass(frozen=True)
class Wish:
    """What the options ask for. ``source`` is the name of the service that the backup is of, None when that is not told; ``template`` gives one name,
    or else the names among which the newest backup is meant."""

    target: ResourceId
    storage: ApimStorage
    template: BackupNames
    source: str | None = None
    force: bool = False
    wait: bool = True

    @property
    def newest(self) -> bool:
        """Whether the newest of several backups is meant."""
        return self.template.timed or self.template.named

    @property
    def place(self) -> str:
        return f"{self.storage.account}/{self.storage.container}"

    @property
    def shown(self) -> str:
        """The backup's name; with the time left open where it has one."""
        return self.template.shown(self.source or self.target.name)


@dataclass(frozen=True)
class Current:
    """What there is. ``backup`` None when there is none of that name, ``names`` are others then, and ``container`` whether that exists;
    ``source_tier`` None when it is not known;
    ``told`` what the activity log says of a restore of this backup that was asked for earlier; ``warnings`` from reading."""

    service: Service
    backup: Backup | None
    names: tuple[str, ...] = ()
    container: bool = True
    source_tier: str | None = None
    told: Told = "unknown"
    warnings: tuple[str, ...] = ()

    @property
    def mark(self) -> Mark | None:
        return read_mark(self.service.tags)


@dataclass(frozen=True)
class Plan:
    """``mark`` is what the service will carry; ``carries`` what it carries now, None when that is not known."""

    action: PlanAction
    mark: Mark | None = None
    carries: str | None = None
    problem: ArmError | None = None
    warnings: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.problem is None and self.action in ("start", "wait")

    def diff(self) -> dict[str, Any]:
        """``before`` and ``after``: the backup that the service carries."""
        after = self.mark.backup if self.changes and self.mark else self.carries
        return {"before": {"backup": self.carries}, "after": {"backup": after}}


def plan(current: Current, wish: Wish, now: datetime) -> Plan:
    """What is to be done. ``now`` is Azure's clock."""
    service = current.service
    mark = current.mark
    carries = mark.backup if mark is not None and mark.state == "restored" else None
    problem = check_recoverable(service)
    if problem is not None:
        return Plan("none", carries=carries, problem=problem)
    if current.backup is None:
        return Plan("none", carries=carries, problem=_missing(current, wish))
    wanted = mark_of("restoring", wish.place, current.backup, now)
    found = Plan("start", wanted, carries, warnings=current.warnings)
    mine = mark is not None and mark.of(wanted)
    if mark is not None and mine and mark.state == "restoring" and service.running and current.told not in ("none", "failed"):
        return replace(found, action="adopt", mark=mark)
    if mark is not None and mine and mark.state == "restored" and not wish.force:
        return replace(found, action="none")
    if mark is not None and mine and mark.state == "restoring" and not service.running and not wish.force:
        found = _interrupted(found, mark, current.told)
        if found.action != "start" or found.problem is not None:
            return found
    if service.running and not wish.wait:
        return replace(found, action="none", problem=_busy(service))
    tier = _tier(current, wish)
    if isinstance(tier, ArmError):
        return replace(found, action="none", problem=tier)
    expired = _expired(current.backup, now)
    if expired is not None:
        return replace(found, action="none", problem=expired)
    return replace(found, action="wait" if service.running else "start", warnings=(*found.warnings, *tier))


def _interrupted(found: Plan, mark: Mark, told: Told) -> Plan:
    """A restore of this very backup was asked for, or was about to be, and nobody has noted its end."""
    if told in ("succeeded", "accepted"):
        warnings = found.warnings if told == "succeeded" else (*found.warnings, GUESSED)
        return replace(found, action="finish", mark=mark, warnings=warnings)
    if told == "failed":
        return replace(found, warnings=(*found.warnings, f"the restore of {format_time(mark.since)} failed, as the activity log says; it is sent again",))
    if told == "none":
        return found
    return replace(found, action="none", problem=unclear(mark, told))


def unclear(mark: Mark, told: Told) -> ArmError:
    """How an earlier restore ended cannot be told."""
    late = told == "late"
    reason = "the activity log is not up to date yet" if late else "the activity log cannot be read"
    return ArmError(
        f"A run of {format_time(mark.since)} that asked to restore this backup, or was about to, was interrupted; how it ended is not known: {reason}.",
        code="RestoreUnclear",
        target=mark.backup,
        hint=(
            "Run the task again in 20 minutes."
            if late
            else "Give the identity the role Reader on the service and run the task again; or look at the service, and use force=true to restore again."
        ),
    )


def _missing(current: Current, wish: Wish) -> ArmError:
    if not current.container:
        message = f"There is no container {wish.storage.container} in the storage account {wish.storage.account}, so that there is no backup either."
        hint = "Check container and storage_account."
    elif wish.newest:
        message = f"There is no backup named like {wish.shown} in the container {wish.place}."
        hint = "Make one with lifeboat.azure_dr.apim_backup, or set source_service to the service that was backed up, or backup_name to the backup's name."
    else:
        message = f"There is no backup {wish.shown} in the container {wish.place}."
        hint = "Check backup_name, container and storage_account."
    near = get_close_matches(wish.shown, current.names, NEAR, 0.5) or current.names[-NEAR:]
    if near:
        hint += f" There are, among others: {', '.join(near)}."
    return ArmError(message, code="BackupNotFound", target=f"{wish.place}/{wish.shown}", hint=hint)


def _busy(service: Service) -> ArmError:
    return ArmError(
        f"An operation of the service runs: it is {service.provisioning_state}.",
        code="ServiceBusy",
        target=service.id,
        hint="Run the task again when it has ended, or with wait=true, which waits for it first.",
    )


def _tier(current: Current, wish: Wish) -> ArmError | tuple[str, ...]:
    """Why the tiers do not go together, or a warning when nobody knows."""
    service = current.service
    if current.source_tier is None:
        of = f" of {wish.source}" if wish.source else " of the backup"
        return (f"the pricing tier{of} is not known, so it was not compared; Azure refuses a backup of another tier than {service.sku}",)
    if current.source_tier.lower() == service.sku.lower():
        return ()
    return ArmError(
        f"The backup is of a service of the tier {current.source_tier}, and {service.name} is of the tier {service.sku}.",
        code="TierMismatch",
        target=service.id,
        hint=f"A backup can be restored into a service of the same tier only: change {service.name} to {current.source_tier}, or restore into another one.",
    )


def _expired(backup: Backup, now: datetime) -> ArmError | None:
    if backup.created is None or not backup.expired(now):
        return None
    return ArmError(
        f"The backup {backup.name} is of {format_time(backup.created)}; Azure restores a backup for {KEPT_FOR.days} days only.",
        code="BackupExpired",
        target=backup.name,
        hint="Choose a newer backup.",
    )
