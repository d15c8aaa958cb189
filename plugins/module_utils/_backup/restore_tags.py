# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags on what was restored, so that a drill can be found and removed later.

Azure's restore puts on the tags of the VM that was backed up. More are merged in through the tags API, which leaves the others alone.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._tags import missing_tags

Tags = Mapping[str, str]


def network_interfaces(vm: Mapping[str, Any]) -> list[str]:
    """Ids of a VM's network interfaces."""
    interfaces = ((vm.get("properties") or {}).get("networkProfile") or {}).get("networkInterfaces") or []
    return [str(interface["id"]) for interface in interfaces if interface.get("id")]


def to_tag(vm: Mapping[str, Any] | None, disk_ids: Sequence[str], disks: Sequence[Mapping[str, Any]], wanted: Tags) -> list[str]:
    """Ids of the resources to tag, [] when all is well.

    The VM comes last, so that its tags tell that everything of it has them, also after a run that was killed. Without a VM each
    disk of `disks` tells for itself.
    """
    if not wanted:
        return []
    if vm is not None:
        if not missing_tags(vm.get("tags"), wanted):
            return []
        return [*disk_ids, *network_interfaces(vm), str(vm["id"])]
    lacking = {str(disk.get("id")).lower() for disk in disks if missing_tags(disk.get("tags"), wanted)}
    return [disk_id for disk_id in disk_ids if disk_id.lower() in lacking]
