# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two tags on a service that tell which backup it carries: written before a restore is asked for, and again when it has ended.

Azure tells nowhere what was restored into a service. The tags go through the tags API, which leaves the others alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Mapping

from .._arm.client import ArmClient
from .._arm.timestamps import format_time, parse_time
from .._tags import LONGEST_VALUE, add_tags
from .backups import Backup
from .service import Service

BACKUP_TAG = "lifeboat_backup"
RESTORE_TAG = "lifeboat_restore"

State = Literal["restoring", "restored", "failed"]
_STATES: Mapping[str, State] = {"restoring": "restoring", "restored": "restored", "failed": "failed"}
_UNKNOWN = "-"


@dataclass(frozen=True)
class Mark:
    """``backup`` is account/container/name, its end when that is too long for a tag; ``time`` and ``etag`` those of the blob, None where they are
    not known; ``since`` when the restore was asked for, or ended."""

    state: State
    backup: str
    time: datetime | None
    etag: str | None
    since: datetime

    def of(self, backup: Mark) -> bool:
        """Whether both are about the same content: a blob of the same name that was written anew is another backup."""
        if self.backup != backup.backup:
            return False
        if self.etag and backup.etag:
            return self.etag == backup.etag
        return self.time is None or backup.time is None or self.time == backup.time

    def as_tags(self) -> dict[str, str]:
        moment = format_time(self.time) if self.time else _UNKNOWN
        return {BACKUP_TAG: self.backup, RESTORE_TAG: " ".join((self.state, moment, self.etag or _UNKNOWN, format_time(self.since)))}


def mark_of(state: State, place: str, backup: Backup, since: datetime) -> Mark:
    """The mark for this backup; ``place`` is account/container. Times of blobs and in marks are whole seconds."""
    created = backup.created.replace(microsecond=0) if backup.created else None
    return Mark(state, f"{place}/{backup.name}"[-LONGEST_VALUE:], created, backup.etag, since.replace(microsecond=0))


def read_mark(tags: Mapping[str, str]) -> Mark | None:
    """What the tags of a service tell; None for no tags, or for what this collection has not written."""
    found = {name.lower(): value for name, value in tags.items()}
    words = found.get(RESTORE_TAG, "").split()
    backup = found.get(BACKUP_TAG, "")
    if len(words) != 4 or not backup or words[0] not in _STATES:
        return None
    since = parse_time(words[3])
    if since is None:
        return None
    return Mark(_STATES[words[0]], backup, parse_time(words[1]), None if words[2] == _UNKNOWN else words[2], since)


def write_mark(client: ArmClient, service: Service, mark: Mark) -> None:
    """Merges the tags into those of the service (PATCH)."""
    add_tags(client, service.id, mark.as_tags())
