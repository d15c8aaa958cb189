# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of restore point collections, restore points and disk restore points."""

from __future__ import annotations

from ...routing import Router
from .restore_point_collections import (
    delete_collection,
    get_collection,
    list_collections,
    patch_collection,
    put_collection,
)
from .restore_point_disks import begin_get_access, end_get_access, get_disk_point, list_disk_points
from .restore_points import delete_point, get_point, put_point

_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Compute/restorePointCollections"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/restorePointCollections"
_COLLECTION = f"{_GROUP}/{{collection}}"
_POINT = f"{_COLLECTION}/restorePoints/{{point}}"
_DISK = f"{_POINT}/diskRestorePoints/{{disk}}"


def register(router: Router) -> None:
    """Adds the routes."""
    router.add("GET", _SUBSCRIPTION, list_collections)
    router.add("GET", _GROUP, list_collections)
    router.add("GET", _COLLECTION, get_collection)
    router.add("PUT", _COLLECTION, put_collection)
    router.add("PATCH", _COLLECTION, patch_collection)
    router.add("DELETE", _COLLECTION, delete_collection)
    router.add("GET", _POINT, get_point)
    router.add("PUT", _POINT, put_point)
    router.add("DELETE", _POINT, delete_point)
    router.add("GET", f"{_POINT}/diskRestorePoints", list_disk_points)
    router.add("GET", _DISK, get_disk_point)
    router.add("POST", f"{_DISK}/beginGetAccess", begin_get_access)
    router.add("POST", f"{_DISK}/endGetAccess", end_get_access)
