# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded traffic: exchanges, flows, and what a path names.

A file has either one exchange (an object) or a flow (a list of them in the order they were made). An exchange has method,
path, query, request_body, status, headers, response_body; the names of headers are in lower case.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import parse_qsl, unquote

RECORDED_HOST = "https://management.azure.com"

READING_POST = re.compile(
    r"/(backupstatus|backupprevalidateprotection|backupvalidatefeatures|backupvalidateoperation|backuptriggervalidateoperation|"
    r"accesstoken|backupcrrjobs?|listkeys)$"
)
OPERATION = re.compile(
    r"/(?:operationsstatus|operationstatus|backupoperations|backupcrroperationsstatus|backupvalidateoperationsstatuses"
    r"|microsoft\.compute/locations/[^/]+/operations)/([^/]+)$"
)
OPERATION_RESULT = re.compile(r"/(?:operationresults|backupoperationresults|backupcrroperationresults|backupvalidateoperationresults)/([^/]+)$")
JOB = re.compile(r"/backupjobs/([^/]+)$")
VAULT = re.compile(r".*/microsoft\.recoveryservices/vaults/[^/]+")
ITEM = re.compile(r"^(.*/vaults/[^/]+)/backupfabrics/azure/protectioncontainers/[^/]+/protecteditems/([^/]+)")


def normal_path(path: str) -> str:
    """The path for comparing: decoded once, in lower case. A trailing slash stays: it makes another endpoint."""
    return unquote(path).lower()


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, at its place in the flow."""

    index: int
    method: str
    path: str
    query: str
    request_body: Any
    status: int
    headers: dict[str, str]
    response_body: Any
    source: str = ""
    """Where the recorder says that the exchange comes from, such as `test_backup.yaml 2026-09-09`."""

    @classmethod
    def of(cls, data: dict[str, Any], index: int = 0) -> Exchange:
        headers = {name.lower(): value for name, value in (data.get("headers") or {}).items()}
        return cls(
            index, data["method"].upper(), data["path"], data.get("query") or "", data.get("request_body"), data["status"], headers,
            data.get("response_body"), str(data.get("source") or ""),
        )

    @cached_property
    def key(self) -> str:
        return normal_path(self.path)

    @cached_property
    def params(self) -> dict[str, str]:
        """The query, names in lower case."""
        return {name.lower(): value for name, value in parse_qsl(self.query, keep_blank_values=True)}

    @property
    def is_write(self) -> bool:
        return is_write(self.method, self.key)

    @property
    def broken(self) -> bool:
        """Azure could not answer; the next try may be fine."""
        return self.status >= 500 or self.status in (408, 429)


def is_write(method: str, key: str) -> bool:
    return method in ("PUT", "PATCH", "DELETE") or (method == "POST" and not READING_POST.search(key))


def read_exchanges(file: Path) -> list[Exchange]:
    """The exchanges of a file, one or many; none when the file is something else."""
    try:
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError:
        return []
    rows = data if isinstance(data, list) else [data]
    return [Exchange.of(row, index) for index, row in enumerate(row for row in rows if _is_exchange(row))]


def _is_exchange(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("method"), str) and isinstance(row.get("path"), str) and isinstance(row.get("status"), int)


def files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.json"))


def flows(folder: Path) -> Iterator[tuple[str, Path]]:
    """The flows below a folder: name (`2023/backup_scenario`) and file. A list of at least two exchanges is a flow."""
    for file in files(folder):
        if len(read_exchanges(file)) > 1:
            yield file.relative_to(folder).with_suffix("").as_posix(), file
