# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery points: list and get, in both regions."""

from __future__ import annotations

from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from .cross_region_rules import SECONDARY_VERSION, points_in_secondary
from .filters import filter_time, page, parse_filter
from .links import item_of, vault_of
from .state import Item, RecoveryPoint, Vault
from .views import point_json


def find_point(call: Call, item: Item) -> RecoveryPoint:
    """The point of the path; raises 404."""
    for point in item.points:
        if point.id == call.vars["point"]:
            return point
    raise AzureError(
        404,
        "UserErrorRecoveryPointNotFound",
        f"The recovery point '{call.vars['point']}' was not found.",
        headers={"x-ms-failure-cause": "service"},
    )


def get_point(call: Call) -> Reply:
    vault = vault_of(call)
    item = item_of(call, vault)
    point = find_point(call, item)
    secondary = call.api_version == SECONDARY_VERSION
    if secondary and point not in points_in_secondary(vault, item, call.world.now()):
        raise AzureError(404, "UserErrorRecoveryPointNotFound", f"The recovery point '{point.id}' was not found.")
    return Reply(200, point_json(call, vault, item, point, single=True, secondary=secondary))


def list_points(call: Call) -> Reply:
    """Newest first. With api-version 2021-11-15 (trailing slash) the points of the paired region."""
    vault = vault_of(call)
    item = item_of(call, vault)
    secondary = call.api_version == SECONDARY_VERSION
    rows = points_in_secondary(vault, item, call.world.now()) if secondary else item.points
    rows = sorted(_in_window(call, rows), key=lambda point: point.time, reverse=True)
    found, following = page(call, rows)
    body: dict[str, Any] = {"value": [_view(call, vault, item, point, secondary) for point in found]}
    if following is not None:
        body["nextLink"] = following
    return Reply(200, body)


def list_for_archive(call: Call) -> Reply:
    """The points worth moving to the archive tier: none, as long as none is ready for it (`recoveryPointMoveReadinessInfo`)."""
    item_of(call, vault_of(call))
    return Reply(200, {"value": []})


def _view(call: Call, vault: Vault, item: Item, point: RecoveryPoint, secondary: bool) -> dict[str, Any]:
    return point_json(call, vault, item, point, secondary=secondary)


def _in_window(call: Call, points: list[RecoveryPoint]) -> list[RecoveryPoint]:
    wanted = parse_filter(call)
    start, end = wanted.get("startdate"), wanted.get("enddate")
    if start is not None:
        points = [point for point in points if point.time >= filter_time(start)]
    if end is not None:
        points = [point for point in points if point.time <= filter_time(end)]
    return points
