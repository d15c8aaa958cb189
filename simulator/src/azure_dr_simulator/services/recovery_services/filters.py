# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The `$filter`, `$skipToken` and paging of Recovery Services lists.

Filters are `key eq 'value'` joined by `and`; ranges are spelled with `eq` too. Older clients send
`%24filter=a+eq+%27b%27`, newer ones `$filter=a%20eq%20%27b%27`; the query arrives decoded, but a `+` may survive
where a server decodes percent escapes only.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime, timezone
from typing import Mapping, Sequence, TypeVar
from urllib.parse import quote

from ...replies import AzureError
from ...routing import Call

T = TypeVar("T")

PAGE = 200

_CLAUSE = re.compile(r"^\s*([A-Za-z]+)\s+eq\s+(?:'((?:[^']|'')*)'|([^'\s]+))\s*$", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s+and\s+(?=[A-Za-z]+\s+eq\s)", re.IGNORECASE)
_TIME_FORMATS = ("%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")


def parse_filter(call: Call) -> dict[str, str]:
    """The filter's keys in lower case with their values; raises 400 for anything else than `key eq 'value'` clauses."""
    text = call.query.get("$filter", "").strip()
    if not text:
        return {}
    if " " not in text:
        text = text.replace("+", " ")
    found: dict[str, str] = {}
    for clause in _SEPARATOR.split(text):
        match = _CLAUSE.match(clause)
        if not match:
            raise AzureError(400, "BMSUserErrorInvalidInput", f"The filter '{text}' provided in the request is invalid.")
        value = match[2] if match[2] is not None else match[3]
        found[match[1].lower()] = value.replace("''", "'")
    return found


def filter_time(text: str) -> datetime:
    """A time of a filter: `2023-05-17 01:05:00 PM`, UTC; raises 400 otherwise."""
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    try:
        parsed = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.strip().replace("Z", "+00:00")))
    except ValueError:
        raise AzureError(400, "BMSUserErrorInvalidInput", f"The time '{text}' in the filter is not in the expected format.") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def matches(values: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """True when every filter key this list knows has the wanted value (compared case-insensitively)."""
    return all(key not in wanted or wanted[key].lower() == value.lower() for key, value in values.items())


def page(call: Call, rows: Sequence[T], size: int = PAGE) -> tuple[Sequence[T], str | None]:
    """The rows of the page that `$skipToken` asks for, and the absolute URL of the next page or None."""
    token = call.query.get("$skiptoken", "")
    start = _skip(token) if token else 0
    rest = rows[start : start + size]
    if start + size >= len(rows):
        return rest, None
    params = {key: value for key, value in call.query.items() if key != "$skiptoken"}
    query = "&".join(f"{_query_name(key)}={quote(value, safe='')}" for key, value in params.items())
    following = quote(base64.b64encode(f"skip={start + size}".encode()).decode(), safe="")
    return rest, f"{call.base_url}{call.raw_path}?{query}&%24skipToken={following}"


def _query_name(key: str) -> str:
    return quote(key, safe="-")


def _skip(token: str) -> int:
    try:
        text = base64.b64decode(token, validate=True).decode()
    except ValueError:
        text = ""
    if not re.fullmatch(r"skip=\d+", text):
        raise AzureError(400, "BMSUserErrorInvalidInput", "The skipToken provided in the request is invalid.")
    return int(text.removeprefix("skip="))
