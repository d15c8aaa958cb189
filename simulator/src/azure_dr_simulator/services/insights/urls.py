# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of the activity log: `$filter` must name a start and knows the patterns that Azure documents, no other."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from ...paging import page
from ...replies import AzureError, Reply
from ...routing import Call, Router
from ...world import World
from ..resources.state import ResourcesState
from .state import ActivityLog, Event

_CLAUSE = re.compile(r"^\s*(\w+)\s+(eq|ge|le)\s+'([^']*)'\s*$", re.IGNORECASE)
_FRACTION = re.compile(r"(\.\d{6})\d+")
_WORDS = {
    "Started": ("BeginRequest", "Begin request"),
    "Accepted": ("EndRequest", "End request"),
    "Succeeded": ("EndRequest", "End request"),
    "Failed": ("EndRequest", "End request"),
}


def register(router: Router, world: World) -> None:
    """Adds the route."""
    root = "/subscriptions/{subscription}/providers/Microsoft.Insights"
    router.add("GET", f"{root}/eventtypes/management/values", _list)


def _list(call: Call) -> Reply:
    text = call.query.get("$filter", "")
    clauses = [_CLAUSE.match(part) for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE)] if text else []
    wanted: dict[tuple[str, str], str] = {}
    for clause in clauses:
        if clause is None:
            raise _bad(text)
        wanted[clause[1].lower(), clause[2].lower()] = clause[3]
    since = wanted.pop(("eventtimestamp", "ge"), None)
    until = wanted.pop(("eventtimestamp", "le"), None)
    wanted.pop(("eventchannels", "eq"), None)
    if since is None or any(key not in _TESTS for key in wanted):
        raise _bad(text)
    now = call.world.now()
    first, last = _moment(since, text), _moment(until, text) if until else now
    subscription = f"/subscriptions/{call.vars['subscription']}/".lower()
    found = [
        event
        for event in call.world.state(ActivityLog).readable(now)
        if first <= event.time <= last
        and event.resource_id.lower().startswith(subscription)
        and all(_TESTS[key](event).lower() == value.lower() for key, value in wanted.items())
    ]
    return page(call, found, lambda event: _view(call, event))


_TESTS = {
    ("resourceuri", "eq"): lambda event: event.resource_id,
    ("resourcegroupname", "eq"): lambda event: event.resource_id.split("/")[4],
    ("resourceprovider", "eq"): lambda event: event.resource_id.split("/")[6],
    ("correlationid", "eq"): lambda event: event.correlation_id,
}


def _view(call: Call, event: Event) -> dict[str, Any]:
    parts = event.resource_id.split("/")
    estate = call.world.state(ResourcesState).estate
    stamp = f"{event.time:%Y-%m-%dT%H:%M:%S}.{event.time.microsecond:06d}0Z"
    sub = "Accepted (HTTP Status Code: 202)" if event.status == "Accepted" else ""
    properties = {"statusMessage": event.message} if event.message else {}
    return {
        "authorization": {"action": event.action, "scope": event.resource_id},
        "caller": event.caller,
        "channels": "Operation",
        "correlationId": event.correlation_id,
        "description": "",
        "eventDataId": event.id,
        "eventName": _named(*_WORDS[event.status]),
        "category": _named("Administrative", "Administrative"),
        "id": f"{event.resource_id}/events/{event.id}",
        "level": "Error" if event.status == "Failed" else "Informational",
        "operationId": event.correlation_id,
        "operationName": _named(event.action, event.action),
        "resourceGroupName": parts[4],
        "resourceProviderName": _named(parts[6], parts[6]),
        "resourceType": _named(f"{parts[6]}/{parts[7]}", f"{parts[6]}/{parts[7]}"),
        "resourceId": event.resource_id,
        "status": _named(event.status, event.status),
        "subStatus": _named(sub.partition(" ")[0], sub),
        "eventTimestamp": stamp,
        "submissionTimestamp": stamp,
        "subscriptionId": parts[2],
        "tenantId": estate.tenant_id if estate else "",
        "properties": properties,
    }


def _named(value: str, shown: str) -> dict[str, str]:
    return {"value": value, "localizedValue": shown}


def _moment(text: str, whole: str) -> datetime:
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text.strip()).replace("Z", "+00:00"))
    except ValueError:
        raise _bad(whole) from None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _bad(text: str) -> AzureError:
    return AzureError(400, "BadRequest", f"The filter '{text}' is not one of the patterns that are supported.")
