# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened, as the activity log keeps it. Services write into it what clients look up there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...estate import Estate
from ...world import World

LAG = timedelta(minutes=5)
"""An entry can be read so much later."""
KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Event:
    id: str
    time: datetime
    resource_id: str
    action: str
    """For instance `Microsoft.ApiManagement/service/backup/action`."""
    status: str
    """`Started`, `Accepted`, `Succeeded` or `Failed`."""
    correlation_id: str
    """The same for all events of one request."""
    caller: str
    """Object id of who asked."""
    message: str = ""


class ActivityLog:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def readable(self, now: datetime) -> list[Event]:
        """Newest first, as Azure lists them."""
        return [one for one in reversed(self.events) if now - KEPT <= one.time <= now - LAG]


def log(
    world: World, resource_id: str, action: str, status: str, correlation_id: str, caller: str, message: str = ""
) -> None:
    """Adds an event that happened now."""
    event = Event(world.new_id(), world.now(), resource_id, action, status, correlation_id, caller, message)
    world.state(ActivityLog).events.append(event)


def load(world: World, estate: Estate) -> None:
    """Nothing has happened before the start."""


def dump(world: World) -> dict[str, Any]:
    """For the control port: also what cannot be read yet."""
    events = world.state(ActivityLog).events
    return {"events": [f"{one.time.isoformat()} {one.status} {one.action} {one.resource_id}" for one in events]}
