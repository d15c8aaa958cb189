# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blobs of the simulated storage accounts: kept in memory, or in a real Azurite when the simulator is started with one.

Simulated services read and write blobs only through `world.state(BlobStore).blobs`, and ask `written` when a blob was
written: Azurite itself knows the wall clock only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

BlobKey = tuple[str, str, str]
"""Account, container and blob name; account names are lower-case by their rule."""


class Blobs(Protocol):
    """Where blobs lie. An account is named; that it exists is the caller's to know."""

    def ensure_container(self, account: str, container: str) -> None:
        """Makes the container when it is missing."""

    def put(self, account: str, container: str, name: str, data: bytes) -> None:
        """Writes a block blob, over one of that name; makes the container when it is missing."""

    def get(self, account: str, container: str, name: str) -> bytes | None:
        """The content, None when there is no such blob or container."""

    def delete(self, account: str, container: str, name: str) -> None:
        """Removes the blob, if it is there."""

    def delete_container(self, account: str, container: str) -> None:
        """Removes the container and what is in it, if it is there."""


class MemoryBlobs:
    """Blobs by account and container."""

    def __init__(self) -> None:
        self._containers: dict[tuple[str, str], dict[str, bytes]] = {}

    def ensure_container(self, account: str, container: str) -> None:
        self._containers.setdefault((account, container), {})

    def put(self, account: str, container: str, name: str, data: bytes) -> None:
        self._containers.setdefault((account, container), {})[name] = data

    def get(self, account: str, container: str, name: str) -> bytes | None:
        return self._containers.get((account, container), {}).get(name)

    def delete(self, account: str, container: str, name: str) -> None:
        self._containers.get((account, container), {}).pop(name, None)

    def delete_container(self, account: str, container: str) -> None:
        self._containers.pop((account, container), None)

    def containers(self, account: str) -> list[str]:
        return sorted(name for owner, name in self._containers if owner == account)

    def names(self, account: str, container: str) -> list[str]:
        return sorted(self._containers.get((account, container), {}))


@dataclass
class BlobStore:
    """The one store of a world."""

    blobs: Blobs = field(default_factory=MemoryBlobs)
    endpoint: str = ""
    """`https://localhost:PORT` of the blob endpoint; empty for a world without ports."""
    written: dict[BlobKey, datetime] = field(default_factory=dict)
    """Virtual time of the last write of a blob."""

    def put(self, account: str, container: str, name: str, data: bytes, now: datetime) -> None:
        """Writes a blob and remembers when, in virtual time."""
        self.blobs.put(account, container, name, data)
        self.written[(account, container, name)] = now
