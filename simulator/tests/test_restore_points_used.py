# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk restore points, and the disks and machines that are made from restore points and their copies."""

from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.replies import Reply
from azure_dr_simulator.services.compute.state import ComputeState
from harness import error_code
from restore_point_world import SOURCE, TARGET, Points

TEN_MINUTES = 600.0


@pytest.fixture()
def points() -> Points:
    return Points()


# --- disk restore points ---


def test_disk_restore_points(points: Points) -> None:
    points.made("p1")
    points.put_target()
    points.put_copy()
    points.local.advance(8 + TEN_MINUTES)
    near = points.local.get(f"{points.source}/restorePoints/p1/diskRestorePoints", version="2025-01-02").body["value"]
    assert (
        len(near) == 4
        and "replicationState" not in near[0]["properties"]
        and near[0]["properties"]["osType"] == "Linux"
    )
    far = points.local.get(f"{points.target}/restorePoints/p1/diskRestorePoints", version="2025-01-02").body["value"]
    assert [one["properties"]["replicationState"] for one in far] == [
        "Succeeded",
        "InProgress",
        "InProgress",
        "InProgress",
    ]
    assert far[1]["properties"]["completionPercent"] == 16.0
    assert far[1]["properties"]["sourceResourceLocation"] == "eastasia"
    assert points.local.get(far[1]["id"], version="2026-03-02").body["properties"]["snapshotAccessState"] == "Pending"
    lost = points.local.get(far[1]["id"] + "x")
    assert (lost.status, error_code(lost)) == (404, "ResourceNotFound")


def test_export_of_a_disk_restore_point(points: Points) -> None:
    points.made("p1")
    disk = points.disk_points(f"{points.source}/restorePoints/p1")[0]["id"]
    for wrong in ({}, {"access": "Write", "durationInSeconds": 60}, {"access": "Read", "durationInSeconds": 0}):
        assert points.local.send("POST", f"{disk}/beginGetAccess", wrong).status == 400
    begun = points.local.send("POST", f"{disk}/beginGetAccess", {"access": "Read", "durationInSeconds": 3600})
    assert begun.status == 202 and {"Azure-AsyncOperation", "Location"} < set(begun.headers)
    points.local.advance(3)
    url = points.local.get(begun.headers["Location"]).body["accessSAS"]
    output = points.local.get(begun.headers["Azure-AsyncOperation"]).body["properties"]["output"]
    assert output == {"accessSAS": url} and url in points.local.simulator.secrets()
    for path in (f"{points.source}/restorePoints/p1", points.source):
        refused = points.local.send("DELETE", path)
        assert (refused.status, error_code(refused)) == (409, "DiskRestorePointUsedByCustomer")
    assert points.local.send("POST", f"{disk}/endGetAccess").status == 202
    points.local.advance(3)
    assert points.local.send("DELETE", f"{points.source}/restorePoints/p1").status == 202


# --- what is made from points ---


def make_disk(
    points: Points, name: str, source: str, group: str = TARGET, location: str = "southeastasia", **more: Any
) -> Reply:
    path = f"{points.local.group(group)}/providers/Microsoft.Compute/disks/{name}"
    creation = {"createOption": "Restore", "sourceResourceId": source}
    body = {
        "location": location,
        "sku": {"name": "Premium_LRS"},
        "properties": {"creationData": creation, **more.pop("properties", {})},
        **more,
    }
    return points.local.send("PUT", path, body, version="2025-01-02")


def make_disks(points: Points) -> list[str]:
    """A disk of each disk of the copy p1."""
    made = []
    for number, source in enumerate(points.disk_points(f"{points.target}/restorePoints/p1")):
        reply = make_disk(points, f"disk-{number}", source["id"], zones=["2"])
        assert reply.status == 202, reply.body
        made.append(reply.body["id"])
    points.local.advance(3)
    return made


def make_nic(
    points: Points, group: str = TARGET, network: str = "vnet-dr-secondary", location: str = "southeastasia"
) -> str:
    subnet = f"{points.local.group(group)}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/default"
    body = {
        "location": location,
        "properties": {"ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": subnet}}}]},
    }
    made = points.local.send(
        "PUT", f"{points.local.group(TARGET)}/providers/Microsoft.Network/networkInterfaces/nic-{network}", body
    )
    assert made.status in (200, 201), made.body
    return str(made.body["id"])


def vm_body(disks: list[str], nic: str, **more: Any) -> dict[str, Any]:
    system, *data = disks
    profile = {
        "osDisk": {"createOption": "Attach", "osType": "Linux", "caching": "ReadWrite", "managedDisk": {"id": system}},
        "dataDisks": [
            {"lun": lun, "createOption": "Attach", "caching": "ReadOnly", "managedDisk": {"id": disk}}
            for lun, disk in zip((0, 1, 4), data)
        ],
    }
    properties = {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": profile,
        "networkProfile": {"networkInterfaces": [{"id": nic}]},
        "securityProfile": {
            "securityType": "TrustedLaunch",
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        },
        **more,
    }
    return {"location": "southeastasia", "zones": ["2"], "properties": properties}


def put_vm(points: Points, body: dict[str, Any]) -> Reply:
    return points.local.send(
        "PUT", f"{points.local.group(TARGET)}/providers/Microsoft.Compute/virtualMachines/four-01-dr", body
    )


def test_a_machine_of_the_copy_in_the_other_region(points: Points) -> None:
    points.copied("p1")
    disks = make_disks(points)
    system = points.local.get(disks[0]).body
    assert system["properties"]["osType"] == "Linux" and system["properties"]["diskSizeGB"] == 30
    assert system["properties"]["securityProfile"] == {"securityType": "TrustedLaunch"}
    made = put_vm(points, vm_body(disks, make_nic(points)))
    assert made.status == 201, made.body
    points.local.advance(60)
    found = points.local.get(made.body["id"]).body
    assert found["properties"]["provisioningState"] == "Succeeded" and found["location"] == "southeastasia"
    data = found["properties"]["storageProfile"]["dataDisks"]
    assert [(one["lun"], one["caching"], one["managedDisk"]["id"]) for one in data] == [
        (0, "ReadOnly", disks[1]),
        (1, "ReadOnly", disks[2]),
        (4, "ReadOnly", disks[3]),
    ]
    assert found["properties"]["storageProfile"]["osDisk"]["caching"] == "ReadWrite"
    assert "osProfile" not in found["properties"]
    assert points.local.get(disks[1]).body["managedBy"] == made.body["id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"osProfile": {"computerName": "x"}}, "InvalidParameter"),
        ({"securityProfile": {}}, "BadRequest"),
        ({"zones": ["1"]}, "BadRequest"),
        ({"zones": []}, "BadRequest"),
        ({"luns": (0, 0, 1)}, "InvalidParameter"),
        ({"osType": None}, "InvalidParameter"),
        ({"network": "vnet-prod"}, "InvalidResourceReference"),
    ],
)
def test_what_a_machine_of_disks_needs(points: Points, change: dict[str, Any], code: str) -> None:
    points.copied("p1")
    disks = make_disks(points)
    network = change.pop("network", "")
    nic = make_nic(points, SOURCE, network, "eastasia") if network else make_nic(points)
    body = vm_body(disks, nic)
    if "zones" in change:
        body["zones"] = change.pop("zones")
    for disk, lun in zip(body["properties"]["storageProfile"]["dataDisks"], change.pop("luns", (0, 1, 4))):
        disk["lun"] = lun
    if "osType" in change:
        body["properties"]["storageProfile"]["osDisk"].pop("osType")
        change.pop("osType")
    body["properties"].update(change)
    refused = put_vm(points, body)
    assert (refused.status, error_code(refused)) == (400, code)
    assert "managedBy" not in points.local.get(disks[0]).body


def test_disks_of_a_point_lie_where_it_lies(points: Points) -> None:
    points.copied("p1")
    source = points.disk_points(f"{points.target}/restorePoints/p1")[1]["id"]
    far = make_disk(points, "d", source, SOURCE, "eastasia")
    assert (far.status, error_code(far)) == (400, "BadRequest")
    lost = make_disk(points, "d", source + "x")
    assert (lost.status, error_code(lost)) == (404, "NotFound")
    small = make_disk(points, "d", source, properties={"diskSizeGB": 32})
    assert (small.status, error_code(small)) == (400, "InvalidParameter")
    assert make_disk(points, "d", source, properties={"diskSizeGB": 100}).body["properties"]["diskSizeGB"] == 100
    assert make_disk(points, "d", source).status == 200


def test_a_disk_of_an_incomplete_copy_is_made_all_the_same(points: Points) -> None:
    points.made("p1")
    points.put_target()
    points.put_copy()
    points.local.advance(60)
    source = points.disk_points(f"{points.target}/restorePoints/p1")[1]["id"]
    assert make_disk(points, "broken", source).status == 202
    disks = points.local.simulator.state()["compute"]["disks"]
    assert [disk["incomplete"] for disk in disks if disk["id"].endswith("/broken")] == [True]


def test_data_disks_directly_from_a_point(points: Points) -> None:
    """Since 2024-03-01; the system disk has no such source."""
    points.copied("p1")
    system = make_disks(points)[0]
    body = vm_body([system], make_nic(points))
    sources = [one["id"] for one in points.disk_points(f"{points.target}/restorePoints/p1")]
    direct = {"lun": 0, "createOption": "Restore", "sourceResource": {"id": sources[1]}}
    body["properties"]["storageProfile"]["dataDisks"] = [direct]
    before = len(points.local.world.state(ComputeState).disks)
    system_disk = {"createOption": "Restore", "osType": "Linux", "sourceResource": {"id": sources[0]}}
    for wrong in (
        {"osDisk": system_disk},
        {"dataDisks": [direct, {**direct, "lun": 1, "sourceResource": {"id": sources[1] + "x"}}]},
    ):
        other = {
            **body,
            "properties": {**body["properties"], "storageProfile": {**body["properties"]["storageProfile"], **wrong}},
        }
        assert put_vm(points, other).status in (400, 404)
    assert len(points.local.world.state(ComputeState).disks) == before, "a refused request leaves nothing behind"
    made = put_vm(points, body)
    assert made.status == 201, made.body
    disk = made.body["properties"]["storageProfile"]["dataDisks"][0]["managedDisk"]["id"]
    creation = points.local.get(disk).body["properties"]["creationData"]
    assert creation == {"createOption": "Restore", "sourceResourceId": sources[1]}
