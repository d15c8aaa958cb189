# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes in and comes out of one logical call to ARM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .throttle import RequestClass
from .urls import describe


@dataclass(frozen=True)
class Response:
    """A 2xx answer. ``headers`` ignore case; ``body`` is parsed JSON, None when empty; ``path`` is without its query, ``url``
    the whole address that was asked; ``retry_after`` seconds the service asked to wait."""

    status: int
    headers: Mapping[str, str]
    body: Any
    request_id: str | None
    method: str
    path: str
    url: str = ""
    retry_after: float | None = None


@dataclass(frozen=True)
class Call:
    """One logical call. ``reads``: it changes nothing, whatever its verb. ``once``: answer or fail, never wait nor repeat."""

    method: str
    url: str
    data: bytes | None
    reads: bool
    once: bool
    kind: RequestClass

    @property
    def idempotent(self) -> bool:
        """Whether sending it twice means the same as sending it once."""
        return self.reads or self.method != "POST"

    @property
    def operation(self) -> str:
        return describe(self.method, self.url)


class TokenProvider(Protocol):
    """Hands out bearer tokens; thread-safe."""

    def token(self) -> str:
        """A token that is still good for a while. Raises AuthError, or TransportError when the login host gave no answer."""

    def refresh(self, rejected: str | None = None) -> bool:
        """The service rejected this token: True when another one is there now."""
