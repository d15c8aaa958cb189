# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of ARM lists: `{"value": [...], "nextLink": ...}` with an opaque skip token."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Callable, Sequence, TypeVar
from urllib.parse import quote

from .replies import AzureError, Reply
from .routing import Call

T = TypeVar("T")
PAGE_SIZE = 200


def page(call: Call, items: Sequence[T], render: Callable[[T], dict[str, Any]], size: int = PAGE_SIZE) -> Reply:
    """The page the call asks for; only its items are rendered. nextLink is absent on the last page."""
    start = _start(call)
    top = call.query.get("$top", "")
    step = min(size, int(top)) if top.isdigit() and int(top) > 0 else size
    body: dict[str, Any] = {"value": [render(item) for item in items[start : start + step]]}
    if start + step < len(items):
        body["nextLink"] = _next_link(call, start + step)
    return Reply(200, body)


def _start(call: Call) -> int:
    token = call.query.get("$skiptoken", "")
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode() + b"==").decode().removeprefix("at:"))
    except (binascii.Error, ValueError):
        raise AzureError(400, "InvalidSkipToken", f"The skip token '{token}' is invalid.") from None


def _next_link(call: Call, start: int) -> str:
    """Escaped as Azure does it: `%24skiptoken`, and api-version first."""
    token = base64.urlsafe_b64encode(f"at:{start}".encode()).decode().rstrip("=")
    kept = [
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in call.query.items()
        if name not in ("api-version", "$skiptoken")
    ]
    query = "&".join([f"api-version={quote(call.api_version, safe='')}", *kept, f"%24skiptoken={token}"])
    return f"{call.base_url}{call.raw_path}?{query}"
