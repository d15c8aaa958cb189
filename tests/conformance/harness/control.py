# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client of the simulator's control port."""

from __future__ import annotations

import re
from typing import Any

import requests


class Control:
    """Looks into the simulator and steers it: recorded requests, faults, the clock, its state."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, self.url + path, json=body, timeout=60)
        if not answer.ok:
            raise AssertionError(f"control port: {method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def requests(self, method: str | None = None, path: str | None = None) -> list[dict[str, Any]]:
        """Every request since the last reset, oldest first: method, path, query, status, code, endpoint, write, time, principal, bytes.

        `method` and `path` (a regular expression, case-insensitive) choose among them. `endpoint` is arm, login, metadata or imds.
        """
        rows: list[dict[str, Any]] = self._call("GET", "/requests")
        return [
            row for row in rows
            if (method is None or row["method"] == method) and (path is None or re.search(path, row["path"], re.IGNORECASE))
        ]

    def writes(self) -> list[dict[str, Any]]:
        """The requests that ask Azure to change something."""
        return [row for row in self.requests() if row["write"]]

    def reset(self) -> None:
        """Forgets the recorded requests."""
        self._call("DELETE", "/requests")

    def fault(self, match: dict[str, Any], answer: dict[str, Any], times: int | None = 1) -> None:
        """Scripts one fault, e.g. `fault({"method": "POST", "path": "/restore$"}, {"kind": "reset_after"})`."""
        self._call("POST", "/faults", {"match": match, "answer": answer, **({} if times is None else {"times": times})})

    def clear_faults(self) -> None:
        self._call("DELETE", "/faults")

    def advance(self, seconds: float) -> None:
        """Moves the simulator's clock forward, in virtual seconds."""
        self._call("POST", "/clock", {"advance": seconds})

    def clock(self) -> dict[str, Any]:
        """now (ISO 8601), elapsed (virtual seconds since the start), speed."""
        found: dict[str, Any] = self._call("GET", "/clock")
        return found

    def secrets(self) -> list[str]:
        """Every credential that the simulator knows or has given out."""
        found: list[str] = self._call("GET", "/secrets")["secrets"]
        return found

    def state(self) -> Any:
        return self._call("GET", "/state")
