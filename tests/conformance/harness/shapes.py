# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the shape of two answers: fields, types, the form of times and ids, headers of operations. Values may differ."""

from __future__ import annotations

import re
from typing import Any, Iterator
from urllib.parse import parse_qsl, unquote

from .recording import Exchange
from .situations import kind

FORMS = {
    "GUID": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE),
    "time with zone": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z"),
    "time without zone": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?"),
    "ISO duration": re.compile(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
    "US time": re.compile(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M"),
    "time span": re.compile(r"(\d+\.)?\d\d:\d\d:\d\d(\.\d+)?"),
    "absolute URL": re.compile(r"https://\S+"),
    "ARM id": re.compile(r"/subscriptions/\S+", re.IGNORECASE),
    "number": re.compile(r"\d+"),
    "empty": re.compile(r""),
}
REDACTED = "REDACTED"
OPERATION_HEADERS = ("azure-asyncoperation", "location")


def form(text: str) -> str:
    return next((name for name, pattern in FORMS.items() if pattern.fullmatch(text)), "text")


def body_differences(recorded: Any, ours: Any, where: str = "") -> Iterator[str]:
    """What the recorded body has and ours has not, or otherwise; one line each."""
    if recorded is None:
        return
    if _type(recorded) != _type(ours):
        yield f"{where or 'body'}: recorded {_type(recorded)}, ours {_type(ours)}"
    elif isinstance(recorded, dict) and recorded and all(form(name) == "ARM id" for name in recorded):
        # A map by resource id: the ids are values, not fields.
        yield from _list_differences(list(recorded.values()), list(ours.values()), f"{where}{{}}")
    elif isinstance(recorded, dict):
        for name, value in recorded.items():
            at = f"{where}.{name}" if where else name
            if name not in ours:
                yield f"{at}: missing"
            else:
                yield from body_differences(value, ours[name], at)
    elif isinstance(recorded, list):
        yield from _list_differences(recorded, ours, where)
    elif isinstance(recorded, str) and recorded != REDACTED and form(recorded) != form(ours) and not _free(recorded, ours):
        yield f"{where}: recorded {form(recorded)} ({recorded[:60]!r}), ours {form(ours)} ({ours[:60]!r})"


def _list_differences(recorded: list[Any], ours: list[Any], where: str) -> Iterator[str]:
    if recorded and not ours:
        yield f"{where}: recorded {len(recorded)} elements, ours none"
        return
    told: set[str] = set()
    for element in recorded:
        # Which of ours stands for it: the one most like it.
        best = min((list(body_differences(element, other, f"{where}[]")) for other in ours), key=len)
        for line in best:
            if line not in told:
                told.add(line)
                yield line


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "string", dict: "object", list: "list", type(None): "null"}[type(value)]


def _free(one: str, other: str) -> bool:
    """Words and numbers mix freely in names; a name may look like anything that is no time, id or URL."""
    return {form(one), form(other)} <= {"text", "number"}


def header_differences(recorded: Exchange, ours: Exchange) -> Iterator[str]:
    """Operation URLs: both or neither, with the same kind of path and the same query parameters."""
    for name in OPERATION_HEADERS:
        theirs, mine = recorded.headers.get(name), ours.headers.get(name)
        if (theirs is None) != (mine is None):
            yield f"header {name}: {'recorded, ours has none' if theirs else 'ours has it, recorded has none'}"
        elif theirs and mine:
            yield from _url_differences(name, theirs, mine)


def _url_differences(name: str, theirs: str, mine: str) -> Iterator[str]:
    if [_doubled(url) for url in (theirs, mine)] in ([True, False], [False, True]):
        yield f"header {name}: {'recorded' if _doubled(theirs) else 'ours'} has a doubled slash, the other has none"
    if _url_kind(theirs) != _url_kind(mine):
        yield f"header {name}: recorded {_url_kind(theirs)}, ours {_url_kind(mine)}"
    wanted = {key for key, _value in parse_qsl(theirs.partition("?")[2], keep_blank_values=True)}
    had = {key for key, _value in parse_qsl(mine.partition("?")[2], keep_blank_values=True)}
    if not wanted <= had:
        yield f"header {name}: query parameters {sorted(wanted - had)} missing"


def _doubled(url: str) -> bool:
    return "//" in url.partition("?")[0].partition("://")[2]


def _url_kind(url: str) -> str:
    path = "/" + url.partition("?")[0].split("/", 3)[3]
    return kind(Exchange(0, "GET", unquote(path), "", None, 0, {}, None)).split(" ", 1)[1]
