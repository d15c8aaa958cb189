# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request that arrived, as `GET /requests` of the control port shows them. Bodies and headers are never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..async_urls import unsigned_query


@dataclass
class Entry:
    """One request; `status` is None while it runs and when the connection was reset."""

    method: str
    path: str
    """Decoded."""
    raw_path: str
    query: dict[str, str]
    """Decoded, without the signature of operation URLs."""
    api_version: str
    endpoint: str
    """`arm`, `login`, `metadata` or `imds`."""
    time: str
    """Virtual time, ISO 8601."""
    write: bool
    """Whether it asked ARM to change something, even if it was refused."""
    signed: bool
    """Whether the URL carried an operation signature."""
    request_bytes: int
    status: int | None = None
    code: str = ""
    """Code of the error that was answered."""
    principal: str = ""
    """Object id of the caller, once known."""
    bytes: int = 0
    """Size of the answer's body."""
    faults: list[str] = field(default_factory=list)
    """Kinds of the scripted faults that hit it."""


class Recorder:
    """The list of requests, and counters over it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def begin(
        self, method: str, raw_path: str, raw_query: str, *, endpoint: str, time: str, write: bool, size: int
    ) -> Entry:
        shown = unsigned_query(raw_query)
        query = dict(parse_qsl(shown, keep_blank_values=True))
        entry = Entry(
            method=method,
            path=unquote(raw_path),
            raw_path=raw_path,
            query=query,
            api_version=query.get("api-version", ""),
            endpoint=endpoint,
            time=time,
            write=write,
            signed=shown != raw_query,
            request_bytes=size,
        )
        self.entries.append(entry)
        return entry

    def list(self, *, writes_only: bool = False) -> list[dict[str, Any]]:
        return [dict(vars(entry)) for entry in self.entries if entry.write or not writes_only]

    def summary(self) -> dict[str, Any]:
        """Counts: all requests, writes, by endpoint and by status."""
        by_endpoint: dict[str, int] = {}
        by_status: dict[str, int] = {}
        for entry in self.entries:
            by_endpoint[entry.endpoint] = by_endpoint.get(entry.endpoint, 0) + 1
            status = str(entry.status)
            by_status[status] = by_status.get(status, 0) + 1
        writes = sum(entry.write for entry in self.entries)
        return {"requests": len(self.entries), "writes": writes, "endpoints": by_endpoint, "statuses": by_status}

    def clear(self) -> None:
        self.entries.clear()
