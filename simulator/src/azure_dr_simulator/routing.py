# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of the ARM endpoint: a template such as `/subscriptions/{subscription}/...` to a handler.

Literals match case-insensitively, as ARM does; a variable is one path segment, percent-decoded once and otherwise
kept as the client sent it, because Azure echoes the client's spelling. A double slash and a trailing slash are
significant only where a route is added with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping
from urllib.parse import unquote

from .replies import Reply
from .world import World


@dataclass
class Call:
    """One ARM request as a handler sees it."""

    world: World
    method: str
    raw_path: str
    """Path as sent, percent-encoded."""
    query: Mapping[str, str]
    """Decoded query; names in lower case (`api-version`, `$filter`)."""
    body: Any
    base_url: str
    """`https://localhost:PORT`, for absolute URLs in bodies and headers."""
    principal: str = ""
    """Object id of the caller."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers, names in lower case."""
    vars: dict[str, str] = field(default_factory=dict)
    """The template's variables."""

    @property
    def api_version(self) -> str:
        return self.query.get("api-version", "")


Handler = Callable[[Call], Reply]


class Arm:
    """ARM itself, for a service that makes requests in the name of its caller. Set by the ARM endpoint."""

    for_caller: Callable[[Call], Callable[[], Reply]]
    """Checks a request at once (its variables are not needed) and gives what sends it."""


_SLASHES = re.compile("/{2,}")


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    handler: Handler

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.template.strip("/").split("/"))

    @property
    def trailing_slash(self) -> bool:
        return self.template.endswith("/")


class Router:
    """Finds the handler of a request; among matching templates the one with the most literal segments wins."""

    def __init__(self) -> None:
        self._by_length: dict[int, list[Route]] = {}

    def add(self, method: str, template: str, handler: Handler) -> None:
        route = Route(method, template, handler)
        self._by_length.setdefault(len(route.parts), []).append(route)

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its variables, or None; a GET with a trailing slash falls back to the route without one.

        ARM reads a doubled slash as one, and some clients send it (`/providers/Microsoft.Storage//storageAccounts/x`).
        """
        return self._find(method, raw_path) or (
            self._find(method, _SLASHES.sub("/", raw_path)) if "//" in raw_path else None
        )

    def _find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        segments = raw_path.strip("/").split("/")
        slash = raw_path.endswith("/") and raw_path != "/"
        best: tuple[int, bool, Route, dict[str, str]] | None = None
        for route in self._by_length.get(len(segments), []):
            if route.method != method or (route.trailing_slash and not slash):
                continue
            found = _match(route.parts, segments)
            if found is None:
                continue
            rank = (len(segments) - len(found), route.trailing_slash)
            if best is None or rank > (best[0], best[1]):
                best = (*rank, route, found)
        return None if best is None else (best[2], best[3])

    def methods(self, raw_path: str) -> set[str]:
        """Methods that have a route for this path (to tell 405 from 404)."""
        return {m for m in ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE") if self.find(m, raw_path)}


def _match(parts: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for part, segment in zip(parts, segments):
        if part.startswith("{"):
            if not segment:
                return None
            values[part[1:-1]] = unquote(segment)
        elif part.lower() != unquote(segment).lower():
            return None
    return values
