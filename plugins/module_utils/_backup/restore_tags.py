# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags on what was restored, so that a drill can be found and removed later.

Azure's restore puts on the tags of the VM that was backed up. More are merged in through the tags API, which leaves the others alone.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._apis import RESOURCES
from .._arm.client import ArmClient
from .._arm.ids import ResourceId

Tags = Mapping[str, str]


def network_interfaces(vm: Mapping[str, Any]) -> list[str]:
    """Ids of a VM's network interfaces."""
    interfaces = ((vm.get("properties") or {}).get("networkProfile") or {}).get("networkInterfaces") or []
    return [str(interface["id"]) for interface in interfaces if interface.get("id")]


def lacks(resource: Mapping[str, Any], wanted: Tags) -> bool:
    """Whether a resource lacks any of the tags. Azure compares tag names without case, values with."""
    has = {name.lower(): value for name, value in (resource.get("tags") or {}).items()}
    return any(has.get(name.lower()) != value for name, value in wanted.items())


def to_tag(vm: Mapping[str, Any] | None, disk_ids: Sequence[str], disks: Sequence[Mapping[str, Any]], wanted: Tags) -> list[str]:
    """Ids of the resources to tag, [] when all is well.

    The VM comes last, so that its tags tell that everything of it has them, also after a run that was killed. Without a VM each
    disk of `disks` tells for itself.
    """
    if not wanted:
        return []
    if vm is not None:
        if not lacks(vm, wanted):
            return []
        return [*disk_ids, *network_interfaces(vm), str(vm["id"])]
    lacking = {str(disk.get("id")).lower() for disk in disks if lacks(disk, wanted)}
    return [disk_id for disk_id in disk_ids if disk_id.lower() in lacking]


def put_tags(client: ArmClient, resource_ids: Sequence[str], wanted: Tags) -> None:
    """Merges tags into each resource, in this order."""
    body = {"operation": "Merge", "properties": {"tags": dict(wanted)}}
    for resource_id in resource_ids:
        client.patch(f"{ResourceId.parse(resource_id).path}/providers/Microsoft.Resources/tags/default", RESOURCES, body)
