# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of API Management as blobs, and the plan: whether a new one is due, and which old ones go. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Iterable

from .._arm.errors import OptionError
from .._arm.timestamps import format_time
from .._options import check_keep
from .._storage.answers import Blob
from .templates import BackupNames

KEPT_FOR = timedelta(days=30)
"""Azure restores no backup that is older."""
NEAR_THE_END = timedelta(days=7)
_NEVER = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Backup:
    """A backup. ``size`` in bytes and ``created`` are None where nobody could look at the blob."""

    name: str
    size: int | None = None
    created: datetime | None = None
    etag: str | None = None

    @property
    def expires(self) -> datetime | None:
        return self.created + KEPT_FOR if self.created else None

    def expired(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now

    def facts(self, now: datetime) -> dict[str, Any]:
        """For results: {name, size, time, expiry, expired}."""
        return {
            "name": self.name,
            "size": self.size,
            "time": format_time(self.created) if self.created else None,
            "expiry": format_time(self.expires) if self.expires else None,
            "expired": self.expired(now) if self.created else None,
        }


@dataclass(frozen=True)
class Wish:
    """What is asked for. ``keep`` how many backups stay, None for all."""

    template: BackupNames
    max_age: timedelta
    keep: int | None = None
    force: bool = False


@dataclass(frozen=True)
class Plan:
    """``make`` the name of the new backup, None when ``newest`` is recent enough; ``prune`` what goes once that is so, oldest first."""

    make: str | None
    newest: Backup | None
    prune: tuple[Backup, ...] = ()


def check_wish(wish: Wish) -> Wish:
    """Raises OptionError for what contradicts itself."""
    if wish.max_age > KEPT_FOR:
        raise OptionError("max_age", f"a backup can be restored for {KEPT_FOR.days} days only, so the newest may not be older than that")
    check_keep(wish.keep, "backup")
    if wish.keep is not None and not wish.template.timed:
        raise OptionError("keep", f"backup_name={wish.template.text!r} is one backup only, which is overwritten; give it a part that depends on the time")
    return wish


def check_prunes_own(wish: Wish, service: str) -> None:
    """Raises OptionError when pruning could take the backups of other services for this one's."""
    if wish.keep is not None and not wish.template.named and service.lower() not in wish.template.text.lower():
        raise OptionError("keep", "the names of backups do not tell the service, so those of others could go too; put {name} into backup_name")


def backups_of(blobs: Iterable[Blob], template: BackupNames, service: str) -> list[Backup]:
    """The backups of a service among blobs, newest first. An empty blob is none."""
    found = [backup_of(blob) for blob in blobs if blob.size > 0 and template.matches(service, blob.name)]
    return newest_first(found)


def backup_of(blob: Blob) -> Backup:
    return Backup(blob.name, blob.size, blob.modified, blob.etag)


def newest_first(backups: Iterable[Backup]) -> list[Backup]:
    return sorted(backups, key=lambda backup: (backup.created or _NEVER, backup.name), reverse=True)


def plan_backup(wish: Wish, service: str, backups: list[Backup] | None, now: datetime, *, since: datetime | None = None) -> Plan:
    """What is to be done. ``backups`` newest first, None when they could not be read; then one is made and none goes.

    ``since``: a backup that was made after this moment will do, whatever max_age and force say: it was waited for.
    """
    if backups is None:
        return Plan(wish.template.name_at(service, now), None)
    newest = backups[0] if backups else None
    made = newest.created if newest else None
    waited_for = made is not None and since is not None and made >= since
    recent = newest is not None and made is not None and not wish.force and now - made <= wish.max_age and not newest.expired(now)
    make = None if waited_for or recent else wish.template.name_at(service, now)
    kept = [backup for backup in backups if backup.name != make]
    if wish.keep is None:
        return Plan(make, newest)
    return Plan(make, newest, tuple(reversed(kept[wish.keep - 1 if make else wish.keep :])))


def expiry_warning(backup: Backup | None, now: datetime) -> str | None:
    """A sentence when the newest backup can be restored for a few days only."""
    if backup is None or backup.expires is None or backup.expires - now >= NEAR_THE_END:
        return None
    return f"The newest backup, {backup.name}, can be restored until {format_time(backup.expires)} only; a lower max_age makes a new one earlier."


def changes(wish: Wish, service: str, plan: Plan, new_container: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """``before`` and ``after`` of the diff. The time in the new name is left open: check mode cannot know it."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if plan.make:
        before["newest_backup"] = plan.newest.name if plan.newest else None
        after["newest_backup"] = wish.template.shown(service)
        if before == after:
            after["newest_backup"] += ", written anew"
    if new_container:
        before["container"], after["container"] = None, new_container
    if plan.prune:
        before["old_backups"], after["old_backups"] = [backup.name for backup in plan.prune], []
    return before, after
