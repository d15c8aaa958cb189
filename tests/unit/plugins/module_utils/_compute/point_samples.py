# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources as Azure answers them, for tests: restore points, their copies, and collections of them."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

SUB = "00000000-0000-0000-0000-000000000001"
RG = f"/subscriptions/{SUB}/resourceGroups"
VM_ID = f"{RG}/rg-prod/providers/Microsoft.Compute/virtualMachines/db-01"
SOURCE_ID = f"{RG}/rg-prod/providers/Microsoft.Compute/restorePointCollections/db-01-points"
TARGET_ID = f"{RG}/rg-dr/providers/Microsoft.Compute/restorePointCollections/db-01-points-westus"
DISKS = ("os", "data-0", "data-1", "data-2")


def point(
    name: str,
    *,
    day: int = 1,
    collection: str = SOURCE_ID,
    state: str = "Succeeded",
    of: str | None = None,
    percents: Sequence[float | None] | None = None,
    codes: Mapping[int, str] | None = None,
    disks: Sequence[str] = DISKS,
    security: str | None = None,
) -> dict[str, Any]:
    """A restore point; ``of`` the source of a copy; ``percents`` a disk, for the instance view, with ``codes`` other than the usual ones."""
    point_id = f"{collection}/restorePoints/{name}"

    def disk(index: int) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "name": disks[index],
            "diskSizeGB": 32,
            "caching": "ReadWrite" if index == 0 else "ReadOnly",
            "managedDisk": {"id": f"{RG}/rg-prod/providers/Microsoft.Compute/disks/{disks[index]}", "storageAccountType": "Premium_LRS"},
        }
        entry.update({"osType": "Linux"} if index == 0 else {"lun": index - 1})
        if state == "Succeeded":
            entry["diskRestorePoint"] = {"id": f"{point_id}/diskRestorePoints/{disks[index]}_1234"}
        return entry

    properties: dict[str, Any] = {
        "provisioningState": state,
        "timeCreated": f"2026-06-{day:02d}T02:00:00.1234567+00:00",
        "consistencyMode": "ApplicationConsistent",
        "sourceMetadata": {
            "vmId": "1e1e1e1e-0000-0000-0000-000000000001",
            "location": "EastUS",
            "hardwareProfile": {"vmSize": "Standard_D4s_v5"},
            "storageProfile": {"osDisk": disk(0), "dataDisks": [disk(index) for index in range(1, len(disks))], "diskControllerType": "SCSI"},
            "osProfile": {"computerName": "db-01", "adminUsername": "someone"},
            "userData": "c2VjcmV0",
            "hyperVGeneration": "V2",
        },
    }
    if security:
        uefi = {"secureBootEnabled": True, "vTpmEnabled": True}
        properties["sourceMetadata"]["securityProfile"] = {"securityType": security, "uefiSettings": uefi}
    if of is not None:
        properties["sourceRestorePoint"] = {"id": of}
    if percents is not None:
        entries = []
        for index, percent in enumerate(percents):
            usual = "ReplicationState/succeeded" if percent == 100 else "ReplicationState/replicating"
            status = {"status": {"code": (codes or {}).get(index, usual), "level": "Info"}}
            entries.append(
                {
                    "id": f"{point_id}/diskRestorePoints/{disks[index]}_1234",
                    "replicationStatus": status if percent is None else {**status, "completionPercent": percent},
                }
            )
        properties["instanceView"] = {"diskRestorePoints": entries}
    return {"id": point_id, "name": name, "type": "Microsoft.Compute/restorePointCollections/restorePoints", "properties": properties}


def copy(name: str, *, day: int = 1, of: str | None = None, percents: Sequence[float | None] | None = (100, 100, 100, 100), **more: Any) -> dict[str, Any]:
    """A copy in the target collection, complete unless ``percents`` say otherwise."""
    return point(name, day=day, collection=more.pop("collection", TARGET_ID), of=of or f"{SOURCE_ID}/restorePoints/{name}", percents=percents, **more)


def collection(
    collection_id: str = SOURCE_ID,
    *points: dict[str, Any],
    location: str = "EastUS",
    source: str = VM_ID,
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": collection_id,
        "name": collection_id.rsplit("/", 1)[1],
        "type": "Microsoft.Compute/restorePointCollections",
        "location": location,
        "properties": {"source": {"id": source, "location": location}, "provisioningState": "Succeeded"},
    }
    if tags:
        found["tags"] = dict(tags)
    if points:
        found["properties"]["restorePoints"] = list(points)
    return found


def target(*points: dict[str, Any], **more: Any) -> dict[str, Any]:
    return collection(more.pop("collection_id", TARGET_ID), *points, location=more.pop("location", "westus"), source=more.pop("source", SOURCE_ID), **more)
