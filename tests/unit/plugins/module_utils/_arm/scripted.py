# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that never waits, a wire that answers from a script, tokens that tell what was asked of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple, Union

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import Api, ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.clouds import Cloud
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import TransportError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse

SUB = "00000000-0000-0000-0000-000000000001"
BASE = "https://arm.test"
CLOUD = Cloud("test", BASE, BASE, "https://login.test", "blob.test", known=False)
API = Api("backup", "2025-02-01")
VAULT = f"/subscriptions/{SUB}/resourceGroups/rg-dr/providers/Microsoft.RecoveryServices/vaults/vault-a"


class FakeClock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.start = datetime(2026, 1, 1, tzinfo=timezone.utc)
        self.passed = 0.0
        self.sleeps: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            self.passed += max(0.0, seconds)


class Sent(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str]
    data: bytes | None


Answer = Union[RawResponse, Exception, Callable[[Sent], RawResponse]]


class Wire:
    """Gives the answers of its script in turn, the last one for ever if ``forever``; keeps what was sent."""

    def __init__(self, *answers: Answer, forever: bool = False) -> None:
        self.answers = list(answers)
        self.forever = forever
        self.sent: list[Sent] = []
        self._lock = threading.Lock()

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        request = Sent(method, url, dict(headers), data)
        with self._lock:
            self.sent.append(request)
            assert self.answers, f"nothing is scripted for {method} {url}"
            answer = self.answers[0] if self.forever and len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, RawResponse) else answer(request)

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.sent]


class Tokens:
    """token-1, and after each refresh the next, up to ``most``."""

    def __init__(self, most: int = 9) -> None:
        self.number = 1
        self.most = most
        self.asked = 0

    def token(self) -> str:
        self.asked += 1
        return f"token-{self.number}"

    def refresh(self, rejected: str | None = None) -> bool:
        if self.number >= self.most:
            return False
        self.number += 1
        return True


def answer(status: int, body: Any = None, **headers: str) -> RawResponse:
    """An answer with JSON; underscores of header names become dashes."""
    content = body if isinstance(body, bytes) else (b"" if body is None else json.dumps(body).encode())
    return RawResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def failure(status: int, code: str, message: str = "no luck", **headers: str) -> RawResponse:
    return answer(status, {"error": {"code": code, "message": message}}, **headers)


def reset() -> TransportError:
    return TransportError("The connection to arm.test broke off: reset", sent=True)


def refused() -> TransportError:
    return TransportError("The connection to arm.test could not be made: refused", sent=False)


def client_for(wire: Wire, clock: FakeClock | None = None, tokens: Tokens | None = None, **more: Any) -> ArmClient:
    return ArmClient(CLOUD, tokens or Tokens(), SUB, clock=clock or FakeClock(), transport=wire, chance=lambda: 0.0, **more)
