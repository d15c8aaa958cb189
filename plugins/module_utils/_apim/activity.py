# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Azure's activity log (API 2015-04-01) tells of an operation whose URL nobody has any more.

The log gets its entries some minutes late, keeps them for 90 days, and may be read with the role Reader.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Iterable, Literal, Mapping

from .._apis import ACTIVITY_LOG
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import segment
from .._arm.timestamps import format_time, parse_time
from .operations import Action
from .service import Service

Told = Literal["succeeded", "failed", "accepted", "none", "late", "unknown"]
"""How the newest request of its kind ended: ``accepted`` for one without an end in the log yet, ``none`` when there was no request,
``late`` when there may have been one too short a time ago, ``unknown`` when the log cannot be read."""

LAG = timedelta(minutes=20)
"""An entry is in the log by then."""
KEPT = timedelta(days=89)
_SLACK = timedelta(seconds=30)
_ENDS: Mapping[str, Told] = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


def ask_log(client: ArmClient, service: Service, action: Action, since: datetime) -> Told:
    """How the newest backup or restore of the service ended that was asked for since then. One list of the service's own entries."""
    now = client.server_now()
    if now - since > KEPT:
        return "unknown"
    try:
        found = newest_end(_entries(client, service, since, now), action)
    except ArmError:
        return "unknown"
    return "late" if found == "none" and now - since < LAG else found


def ended_at(client: ArmClient, service: Service, action: Action, since: datetime) -> datetime | None:
    """When that backup or restore ended; None where the log does not tell."""
    try:
        request = _newest(_entries(client, service, since, client.server_now()), action) or {}
    except ArmError:
        return None
    return next((request[word] for word in _ENDS if word in request), None)


def _entries(client: ArmClient, service: Service, since: datetime, now: datetime) -> Iterable[Mapping[str, Any]]:
    query = (
        f"eventTimestamp ge '{format_time(since - _SLACK)}' and eventTimestamp le '{format_time(now + _SLACK)}' and resourceUri eq '{service.id}'"
    )
    path = f"/subscriptions/{segment(service.subscription)}/providers/Microsoft.Insights/eventtypes/management/values"
    return client.list(path, ACTIVITY_LOG, params={"$filter": query})


def newest_end(entries: Any, action: Action) -> Told:
    """The end of the newest request among the entries of one service; several entries tell of one request, by its correlationId.

    A request of which there is only the end began before the time that was asked for, and does not count.
    """
    request = _newest(entries, action)
    if request is None:
        return "none"
    return next((end for word, end in _ENDS.items() if word in request), "accepted")


def _newest(entries: Iterable[Mapping[str, Any]], action: Action) -> dict[str, datetime] | None:
    """What the log tells of the newest request, and when it was so; None when there is none."""
    requests: dict[str, dict[str, datetime]] = {}
    for entry in entries:
        moment = parse_time(entry.get("eventTimestamp"))
        if moment is None or not _value(entry, "operationName").endswith(f"/service/{action}/action"):
            continue
        request = requests.setdefault(str(entry.get("correlationId") or entry.get("operationId")), {})
        word = _value(entry, "status")
        request[word] = min(moment, request.get(word, moment))
    begun = [request for request in requests.values() if request.keys() - _ENDS.keys()]
    return max(begun, key=lambda request: min(request.values()), default=None)


def _value(entry: Mapping[str, Any], name: str) -> str:
    """``{value, localizedValue}``, as the log has it."""
    found = entry.get(name)
    return str(found.get("value") if isinstance(found, Mapping) else found or "").lower()
