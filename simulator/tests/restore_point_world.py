# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of restore points do over and over: collections, points and copies of the machine `four-01`."""

from __future__ import annotations

from typing import Any

from azure_dr_simulator.estate import default_document
from azure_dr_simulator.replies import Reply
from harness import Local

HOUR = 3600.0
SOURCE, TARGET = "rg-prod", "rg-dr-secondary"


def document(**more: Any) -> dict[str, Any]:
    """The default estate and a machine whose four disks are copied at different speeds."""
    found = default_document()
    found["virtual_machines"].append(
        {
            "name": "four-01",
            "resource_group": SOURCE,
            "zones": ["1"],
            "security_type": "TrustedLaunch",
            "user_data": "c2VjcmV0LXVzZXItZGF0YQ==",
            "data_disks": [
                {"lun": 0, "size_gb": 64, "copy": {"gb_per_hour": 64}},
                {"lun": 1, "size_gb": 64, "copy": {"gb_per_hour": 32}},
                {"lun": 4, "size_gb": 128, "sku": "StandardSSD_LRS"},
            ],
        }
    )
    found.update(more)
    return found


class Points:
    """A simulator with restore points; `source` and `target` are the collections' paths."""

    def __init__(self, vm: str = "four-01", **options: Any) -> None:
        self.local = Local(**{"throttle": "off", "document": document(), **options})
        self.vm = f"{self.local.group(SOURCE)}/providers/Microsoft.Compute/virtualMachines/{vm}"
        self.source = self.collection(SOURCE, f"rpc-{vm}")
        self.target = self.collection(TARGET, f"rpc-{vm}")

    def collection(self, group: str, name: str) -> str:
        return f"{self.local.group(group)}/providers/Microsoft.Compute/restorePointCollections/{name}"

    def put_collection(self, path: str = "", source: str = "", location: str = "eastasia", **more: Any) -> Reply:
        body = {"location": location, "properties": {"source": {"id": source or self.vm}}, **more}
        return self.local.send("PUT", path or self.source, body)

    def put_target(self) -> Reply:
        return self.put_collection(self.target, self.source, "southeastasia")

    def put_point(self, name: str = "p1", **properties: Any) -> Reply:
        return self.local.send(
            "PUT", f"{self.source}/restorePoints/{name}", {"properties": properties} if properties else {}
        )

    def put_copy(self, name: str = "p1", source: str = "", **properties: Any) -> Reply:
        wanted = {"sourceRestorePoint": {"id": source or f"{self.source}/restorePoints/{name}"}, **properties}
        return self.local.send("PUT", f"{self.target}/restorePoints/{name}", {"properties": wanted})

    def made(self, *names: str) -> None:
        """Points that are there, an hour apart."""
        self.put_collection()
        for name in names:
            assert self.put_point(name).status == 201
            self.local.advance(HOUR)

    def copied(self, *names: str) -> None:
        """Points and copies that are wholly there."""
        self.made(*names)
        self.put_target()
        for name in names:
            assert self.put_copy(name).status == 201
            self.local.advance(24 * HOUR)

    def point(self, path: str = "", *, view: bool = False) -> dict[str, Any]:
        expand = "?$expand=instanceView" if view else ""
        reply = self.local.get(f"{path or self.source + '/restorePoints/p1'}{expand}")
        assert reply.status == 200, reply.body
        found: dict[str, Any] = reply.body["properties"]
        return found

    def copy(self, name: str = "p1") -> dict[str, Any]:
        return self.point(f"{self.target}/restorePoints/{name}", view=True)

    def percents(self, name: str = "p1") -> list[int | None]:
        """Of the copy's disks, system disk first; None where no percentage is told."""
        return [
            disk["replicationStatus"].get("completionPercent")
            for disk in self.copy(name)["instanceView"]["diskRestorePoints"]
        ]

    def disk_points(self, path: str) -> list[dict[str, Any]]:
        """`diskRestorePoint` of the point's disks, system disk first."""
        profile = self.point(path)["sourceMetadata"]["storageProfile"]
        return [disk["diskRestorePoint"] for disk in (profile["osDisk"], *profile["dataDisks"])]
