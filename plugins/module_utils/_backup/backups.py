# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an on-demand backup task has to do for one VM: nothing, adopt a backup that runs, or start one. Pure; all idempotency is here.

Azure has no idempotent backup: every accepted request is an attempt, of which it allows nine a day and VM. So the
wish is not "back up" but "a recovery point no older than so much".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Sequence

from .._arm.errors import ArmError
from .._arm.timestamps import format_time
from .items import ProtectedItem
from .jobs import Job, job_of
from .vaults import Located

OPERATION = "Backup"

SNAPSHOT: Final = "snapshot"
COMPLETED: Final = "completed"

LONGEST_BACKUP = timedelta(hours=24)
"""A backup whose recovery point is older than this does not run any more (Azure advises to look into it after 12 hours)."""


@dataclass(frozen=True)
class Wish:
    """A recovery point no older than ``max_age`` (zero: a new one in any case), kept until a time or for so many days (neither: as
    Azure does, 30 days), and how far it must be: the snapshot, or the whole job with the copy in the vault."""

    max_age: timedelta
    wait_for: Literal["snapshot", "completed"] = COMPLETED
    retain_until: datetime | None = None
    retain_days: int | None = None

    def expiry(self, now: datetime) -> datetime | None:
        """When a recovery point made now may go. Days are rounded up to the next midnight (UTC), as Azure's own clients do."""
        if self.retain_days is None:
            return self.retain_until
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(days=self.retain_days + (1 if now > midnight else 0))

    def satisfied_by(self, item: ProtectedItem, now: datetime) -> bool:
        point = item.last_recovery_point
        return point is not None and self.max_age > timedelta(0) and now - point <= self.max_age


@dataclass(frozen=True)
class Plan:
    """What to do for one VM. ``job`` is the running backup to adopt; ``problem`` why nothing can be done."""

    place: Located
    action: Literal["none", "adopt", "start", "fail"]
    job: Job | None = None
    problem: ArmError | None = None

    def before(self) -> dict[str, Any]:
        item = self.place.item
        point = item.last_recovery_point if item else None
        return {"recovery_point": format_time(point) if point else None}

    def after(self, wish: Wish, now: datetime) -> dict[str, Any]:
        """Nothing in it depends on when the backup will really begin, so check mode tells the same."""
        if self.action != "start":
            return self.before()
        expiry = wish.expiry(now)
        return {"recovery_point": "a new one", **({"retain_until": format_time(expiry)} if expiry else {})}


def asks_for_jobs(place: Located, wish: Wish, now: datetime) -> bool:
    """Whether it matters for this VM what backups run: it needs one, or its newest point may still be on its way to the vault."""
    item = place.item
    if place.problem is not None or item is None or item.soft_deleted:
        return False
    if not wish.satisfied_by(item, now):
        return True
    point = item.last_recovery_point
    return wish.wait_for == COMPLETED and point is not None and now - point < LONGEST_BACKUP


def plan(place: Located, running: Sequence[Job], wish: Wish, now: datetime) -> Plan:
    """The decision for one VM; ``running`` are the backup jobs that run in its vault, ``now`` is Azure's clock."""
    if place.problem is not None:
        return Plan(place, "fail", problem=place.problem)
    item = place.item
    if item is None:
        return Plan(place, "fail", problem=_not_protected(place))
    if item.soft_deleted:
        return Plan(place, "fail", problem=_soft_deleted(place))
    job = job_of(running, place.vm)
    if wish.satisfied_by(item, now):
        if wish.wait_for == COMPLETED and job is not None and _made(job, item):
            return Plan(place, "adopt", job=job)
        return Plan(place, "none")
    if job is not None:
        return Plan(place, "adopt", job=job)
    if not item.protected:
        return Plan(place, "fail", problem=_stopped(place, item))
    return Plan(place, "start")


def request_body(expiry: datetime | None) -> dict[str, Any]:
    """The body of POST backup; without an expiry Azure keeps the point for 30 days."""
    properties: dict[str, Any] = {"objectType": "IaasVMBackupRequest"}
    if expiry is not None:
        properties["recoveryPointExpiryTimeInUTC"] = f"{expiry:%Y-%m-%dT%H:%M:%S}.{expiry.microsecond // 1000:03d}Z"
    return {"properties": properties}


def _made(job: Job, item: ProtectedItem) -> bool:
    """Whether the newest point is this running job's, which has yet to bring it into the vault."""
    point = item.last_recovery_point
    return point is not None and job.start is not None and point >= job.start


def _not_protected(place: Located) -> ArmError:
    where = f"The vault {place.vault.name} does not protect" if place.vault else "No vault protects"
    return ArmError(
        f"{where} the VM {place.vm.name} of the resource group {place.vm.group}.",
        code="NotProtected",
        target=place.vm.id,
        hint="Protect it first with lifeboat.azure_dr.vm_backup_protection.",
    )


def _soft_deleted(place: Located) -> ArmError:
    return ArmError(
        f"The backup of the VM {place.vm.name} was deleted and waits for its purge.",
        code="SoftDeleted",
        target=place.vm.id,
        hint="lifeboat.azure_dr.vm_backup_protection with state=protected takes the deletion back and goes on protecting it.",
    )


def _stopped(place: Located, item: ProtectedItem) -> ArmError:
    return ArmError(
        f"The protection of the VM {place.vm.name} is stopped ({item.state}), and Azure backs up protected VMs only.",
        code="ProtectionStopped",
        target=place.vm.id,
        hint="Resume it with lifeboat.azure_dr.vm_backup_protection, state=protected.",
    )
