# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute's own counters, `x-ms-ratelimit-remaining-resource: Microsoft.Compute/{group};{left},...`, on the virtual clock.

They come on top of ARM's (throttle.py). A group is a bucket of one resource or of the subscription that is full again after
three minutes; since the end of 2023 the groups have other names and most are of one resource. What restore points allow in
an hour (three of one VM, three copies into one collection) has a counter of its own and is a fixed hour in both.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from ..replies import AzureError
from ..world import World
from .throttle import Limit, Meter, Profile

HEADER = "x-ms-ratelimit-remaining-resource"
_WINDOW = 180.0
"""Virtual seconds in which an empty bucket is full again."""


@dataclass(frozen=True)
class _Group:
    capacity: int
    of_resource: bool = False
    """Counted for each resource; else for the subscription."""
    hourly: bool = False


_HOURLY = {
    "CreateApplicationConsistentRestorePoint": _Group(3, True, hourly=True),
    # Not recorded; named like the two that are.
    "CreateCrashConsistentRestorePoint": _Group(3, True, hourly=True),
    "CopyRestorePoint": _Group(3, True, hourly=True),
}
_GROUPS_2026 = {
    **_HOURLY,
    "PutRestorePointResource": _Group(6, True),
    "PutRestorePointSubscriptionMaximum": _Group(150),
    "PutRestorePointCollectionResource": _Group(15, True),
    "PutRestorePointCollectionSubscriptionMaximum": _Group(150),
    "LowCostGetRestorePointSubscriptionMaximum": _Group(600),
    "HighCostGetRestorePointSubscriptionMaximum": _Group(150),
    "DeleteRestorePointSubscriptionMaximum": _Group(360),
    "GetOperationResource": _Group(45, True),
    "GetOperationSubscriptionMaximum": _Group(15000),
    "CreateUpdateDisks3Min": _Group(3000),
}
_GROUPS_2023 = {
    **_HOURLY,
    "CreateRestorePoints3Min": _Group(120),
    "CreateRestorePoints30Min": _Group(600),
    "LowCostGetRestorePoint3Min": _Group(500),
    "HighCostGetRestorePoint3Min": _Group(150),
    "DeleteRestorePoints3Min": _Group(350),
    "GetOperation3Min": _Group(15000),
    "CreateUpdateDisks3Min": _Group(3000),
}
_OPERATIONS = {
    "put_point": (
        ("CreateRestorePoints3Min", "CreateRestorePoints30Min"),
        ("PutRestorePointResource", "PutRestorePointSubscriptionMaximum"),
    ),
    "put_collection": (
        ("CreateRestorePoints3Min", "CreateRestorePoints30Min"),
        ("PutRestorePointCollectionResource", "PutRestorePointCollectionSubscriptionMaximum"),
    ),
    "get_point": (("LowCostGetRestorePoint3Min",), ("LowCostGetRestorePointSubscriptionMaximum",)),
    "list_points": (("HighCostGetRestorePoint3Min",), ("HighCostGetRestorePointSubscriptionMaximum",)),
    "delete_point": (("DeleteRestorePoints3Min",), ("DeleteRestorePointSubscriptionMaximum",)),
    "get_operation": (("GetOperation3Min",), ("GetOperationResource", "GetOperationSubscriptionMaximum")),
    "put_disk": (("CreateUpdateDisks3Min",), ("CreateUpdateDisks3Min",)),
    "application_consistent": (
        ("CreateApplicationConsistentRestorePoint",),
        ("CreateApplicationConsistentRestorePoint",),
    ),
    "crash_consistent": (("CreateCrashConsistentRestorePoint",), ("CreateCrashConsistentRestorePoint",)),
    "copy": (("CopyRestorePoint",), ("CopyRestorePoint",)),
}
"""What a request is -> the groups it counts in, (2023, 2026)."""


class ResourceLimits:
    """Counters of Compute; `profile` is that of the throttle."""

    def __init__(self) -> None:
        self.profile: Profile = "off"
        self._meters: dict[tuple[str, str], Meter] = {}

    def take(self, world: World, operation: str, subscription: str, resource: str) -> dict[str, str]:
        """Counts one request; the header with what is left. Raises AzureError 429 with Retry-After.

        `resource` is what is counted where a group is of one resource: an id or any other name.
        """
        if self.profile == "off":
            return {}
        old, new = _OPERATIONS[operation]
        groups, names = (_GROUPS_2023, old) if self.profile == "2023" else (_GROUPS_2026, new)
        left = []
        for name in names:
            group = groups[name]
            count, wait = self._meter(world, name, group, resource if group.of_resource else subscription)
            if wait > 0:
                raise _refusal(world, name, group, wait)
            left.append(f"Microsoft.Compute/{name};{count}")
        return {HEADER: ",".join(left)}

    def _meter(self, world: World, name: str, group: _Group, of: str) -> tuple[int, float]:
        key, now = (name, of.lower()), world.clock.elapsed()
        if key not in self._meters:
            per_second = None if group.hourly else group.capacity / _WINDOW
            self._meters[key] = Meter(Limit(group.capacity, per_second), now)
        return self._meters[key].take(now)


def joined(*headers: dict[str, str]) -> dict[str, str]:
    """One header with the counters of several."""
    counters = [one[HEADER] for one in headers if HEADER in one]
    return {HEADER: ",".join(counters)} if counters else {}


def _refusal(world: World, name: str, group: _Group, wait: float) -> AzureError:
    """Compute's 429 as its documentation of throttling shows it."""
    now = world.now()
    about = {
        "operationGroup": name,
        "startTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}0+00:00",
        "endTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}0+00:00",
        "allowedRequestCount": group.capacity,
        "measuredRequestCount": group.capacity + 1,
        "retryAfterSeconds": max(1, math.ceil(wait)),
    }
    return AzureError(
        429,
        "OperationNotAllowed",
        "The server rejected the request because too many requests have been received for this subscription.",
        headers={
            **world.clock.retry_after_headers(wait),
            HEADER: f"Microsoft.Compute/{name};0",
            "x-ms-failure-cause": "service",
        },
        extra={"details": [{"code": "TooManyRequests", "target": name, "message": json.dumps(about)}]},
    )
