# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks the pages of an ARM collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .calls import Response
from .errors import HttpError, RefusedUrl
from .redact import short_url


def pages(first: Response, follow: Callable[[str], Response]) -> Iterator[dict[str, Any]]:
    """The entries of ``value`` of every page; ``nextLink`` is followed verbatim until it is missing, null or empty.

    Empty pages are legal. A link that came before raises RefusedUrl: such a list never ends.
    """
    seen: set[str] = set()
    page = first
    while True:
        if page.body is None:
            return
        entries = (page.body.get("value") or []) if isinstance(page.body, dict) else None
        if not isinstance(entries, list):
            raise HttpError("A list was expected and something else came.", code="MalformedBody", status=page.status, request_id=page.request_id)
        for entry in entries:
            if isinstance(entry, dict):
                yield entry
        link = page.body.get("nextLink")
        if not link:
            return
        if not isinstance(link, str) or link in seen:
            raise RefusedUrl(f"The pages of this list go round in a circle at {short_url(str(link))[:300]}.", code="PagesInACircle")
        seen.add(link)
        page = follow(link)
