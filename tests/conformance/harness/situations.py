# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an exchange is about: the kind of endpoint and the situation, so that recorded and simulated answers can be paired."""

from __future__ import annotations

import re
from typing import Any

from .recording import Exchange

SITUATION_OF_JOB = ("operation", "status")


def kind(exchange: Exchange) -> str:
    """Method and path with `*` for names: `GET vaults/*/backupJobs/*`, in lower case, without scope and provider."""
    segments = exchange.key.split("/")[1:]
    slash = segments[-1] == ""
    # Azure doubles a slash here and there (`service/x//operationresults/y`), and reads it as one.
    segments = [text for text in segments if text]
    if "providers" in segments:
        at = len(segments) - 1 - segments[::-1].index("providers")
        rest = segments[at + 2:]
        scope = "locations" if rest[:1] == ["locations"] else ""
        named = [text if index % 2 == 0 else "*" for index, text in enumerate(rest)]
        # A location is a place, not a resource: its children are actions or lists of their own.
        text = "/".join(named) if not scope else "/".join(["locations/*", *named[2:]])
    else:
        text = "/".join(text if index % 2 == 0 else "*" for index, text in enumerate(segments))
    return f"{exchange.method} {text}{'/' if slash else ''}"


def situation(exchange: Exchange) -> str:
    """What tells apart the answers of one kind: status, error code, state, operation."""
    return ", ".join(part for part in [str(exchange.status), *_of_request(exchange.request_body), *_of_answer(exchange.response_body)] if part)


def covers(ours: Exchange, recorded: Exchange) -> bool:
    """Whether our answer is of the recorded situation. A list may have more kinds of members than the recorded one."""
    if situation(ours) == situation(recorded):
        return True
    lists = [isinstance(exchange.response_body, dict) and isinstance(exchange.response_body.get("value"), list) for exchange in (ours, recorded)]
    wanted, had = (set(situation(exchange).split(", ")) for exchange in (recorded, ours))
    return all(lists) and wanted <= had


def _of_request(body: Any) -> list[str]:
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict) or "protectedItemType" not in properties and "recoveryType" not in properties:
        return []
    if properties.get("isRehydrate"):
        return ["undelete"]
    return [str(properties.get("protectionState") or properties.get("recoveryType") or "policy")]


def _of_answer(body: Any) -> list[str]:
    if not isinstance(body, dict):
        return []
    if isinstance(body.get("error"), dict) and "status" not in body:
        return [str(body["error"].get("code"))]
    if isinstance(body.get("value"), list):
        return sorted({_state(value) for value in body["value"] if isinstance(value, dict)}) or ["empty"]
    if isinstance(body.get("status"), str):
        return [body["status"]]
    return [_state(body)]


def _state(resource: dict[str, Any]) -> str:
    properties = resource.get("properties")
    if not isinstance(properties, dict):
        return ""
    if "protectionState" in properties:
        return f"{properties['protectionState']}{' soft-deleted' if properties.get('isScheduledForDeferredDelete') else ''}"
    if "jobType" in properties:
        bag = (properties.get("extendedInfo") or {}).get("propertyBag") or {}
        bag = bag if isinstance(bag, dict) else {}
        return " ".join(str(part) for part in (*(properties.get(name) for name in SITUATION_OF_JOB), bag.get("Job Type") or "") if part)
    for name in ("registrationStatus", "provisioningState", "objectType", "status"):
        if isinstance(properties.get(name), str):
            return str(properties[name])
    return ""


def year(exchange: Exchange, folder: str = "") -> str:
    """When an exchange was recorded: as its Date header or its source says, or its folder's name (`2024-2025` -> 2025), or its API version."""
    for text in (exchange.headers.get("date", ""), exchange.source, folder, exchange.params.get("api-version", "")):
        found = re.findall(r"20\d\d", text)
        if found:
            return str(max(found))
    return "0"


def members(exchange: Exchange) -> list[dict[str, Any]] | None:
    """The members of an answer that is a list; None for any other answer."""
    body = exchange.response_body
    value = body.get("value") if isinstance(body, dict) else None
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else None


def known_members(recorded: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The recorded members that are in a state in which one of ours is."""
    states = {_state(member) for member in ours}
    return [member for member in recorded if _state(member) in states]
