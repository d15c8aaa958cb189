# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk restore points: GET, lists, and the SAS URLs that export them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...paging import page
from ...replies import AzureError, Reply
from ...routing import Call
from .behaviour import DISK_SECONDS, begin, invalid, member
from .restore_point_collections import counted
from .restore_point_state import DiskRestorePoint, RestorePoint
from .restore_point_views import disk_point_view, shown_location
from .restore_points import need_point

_LONGEST_ACCESS = 60 * 86400
"""Seconds."""


def list_disk_points(call: Call) -> Reply:
    """Empty while the point is being made."""
    point = need_point(call)
    named = [disk for disk in point.disks if point.disk(disk.name)]
    reply = page(call, named, lambda disk: disk_point_view(point, disk, call.world, call.api_version))
    reply.headers.update(counted(call, "list_points", call.raw_path))
    return reply


def get_disk_point(call: Call) -> Reply:
    point, disk = _need(call)
    counters = counted(call, "get_point", call.raw_path)
    return Reply(200, disk_point_view(point, disk, call.world, call.api_version), counters)


def begin_get_access(call: Call) -> Reply:
    """202 with both headers; the operation's output is the SAS URL. There is no data behind it."""
    point, disk = _need(call)
    access: Any = member(call.body, "access")
    duration: Any = member(call.body, "durationInSeconds")
    if str(access).lower() != "read":
        raise invalid(
            "grantAccessData.access",
            f"The value '{access}' of parameter 'grantAccessData.access' is invalid: only Read is.",
        )
    if isinstance(duration, bool) or not isinstance(duration, int) or not 0 < duration <= _LONGEST_ACCESS:
        raise invalid(
            "grantAccessData.durationInSeconds", f"The value '{duration}' of parameter 'durationInSeconds' is invalid."
        )
    if disk.replication is not None and not disk.replication.done(call.world.now()):
        # Not documented: of an unfinished snapshot Azure's disks say the like.
        raise AzureError(
            409,
            "OperationNotAllowed",
            f"Disk restore point '{disk.name}' cannot be exported before its replication is complete.",
            headers={"x-ms-failure-cause": "service"},
        )
    now = call.world.now()
    end = now + timedelta(seconds=duration)
    token = call.world.new_id().replace("-", "")
    # A name that leads nowhere: the simulator has no page blobs.
    url = (
        f"https://md-{token[:12]}.blob.storage.invalid/{token[12:24]}/abcd?sv=2018-03-28&sr=b&si={call.world.new_id()}"
        f"&sig={token}{call.world.new_id().replace('-', '')}%3D"
    )
    disk.access.append((url, end))
    operation, headers = begin(
        call, shown_location(point.collection.location), DISK_SECONDS, lambda: None, kind="DiskOperations"
    )
    operation.answer = {"accessSAS": url}
    return Reply(202, None, headers)


def end_get_access(call: Call) -> Reply:
    """202 with both headers; all SAS URLs of the disk end."""
    point, disk = _need(call)
    _, headers = begin(
        call,
        shown_location(point.collection.location),
        DISK_SECONDS,
        lambda: _end_access(call, disk),
        kind="DiskOperations",
    )
    return Reply(202, None, headers)


def _end_access(call: Call, disk: DiskRestorePoint) -> None:
    now = call.world.now()
    disk.access = [(url, min(end, now)) for url, end in disk.access]


def _need(call: Call) -> tuple[RestorePoint, DiskRestorePoint]:
    point = need_point(call)
    disk = point.disk(call.vars["disk"])
    if disk is None:
        raise AzureError(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.Compute/restorePointCollections/{point.collection.name}/restorePoints/{point.name}/diskRestorePoints/"
            f"{call.vars['disk']}' under resource group '{call.vars['group']}' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix",
            headers={"x-ms-failure-cause": "gateway"},
        )
    return point, disk
