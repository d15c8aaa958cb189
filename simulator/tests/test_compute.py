# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.estate import default_document
from azure_dr_simulator.fleet import with_fleet
from azure_dr_simulator.services.compute.behaviour import VM_CREATE, VM_DELETE
from azure_dr_simulator.services.compute.state import ComputeState, create_restored_disk, create_restored_vm
from harness import Local, error_code


def vm_path(local: Local, name: str = "web-01", group: str = "rg-prod") -> str:
    return f"{local.group(group)}/providers/Microsoft.Compute/virtualMachines/{name}"


def disk_path(local: Local, name: str, group: str = "rg-dr") -> str:
    return f"{local.group(group)}/providers/Microsoft.Compute/disks/{name}"


def power(local: Local, path: str) -> str:
    statuses = local.get(f"{path}/instanceView").body["statuses"]
    return str(next(one["code"] for one in statuses if one["code"].startswith("PowerState/")))


def subnet(local: Local, network: str = "vnet-dr", group: str = "rg-dr") -> str:
    return f"{local.group(group)}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/default"


def make_disk(local: Local, name: str, **properties: Any) -> Any:
    body = {
        "location": "eastasia",
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 64, **properties},
    }
    return local.send("PUT", disk_path(local, name), body)


def test_a_machine_has_what_a_backup_needs(local: Local) -> None:
    body = local.get(vm_path(local, "db-01")).body
    profile = body["properties"]["storageProfile"]
    assert (profile["osDisk"]["osType"], profile["osDisk"]["diskSizeGB"]) == ("Windows", 127)
    assert [disk["lun"] for disk in profile["dataDisks"]] == [0, 1]
    assert "instanceView" not in body["properties"]
    disk = local.get(profile["osDisk"]["managedDisk"]["id"]).body
    assert (disk["managedBy"], disk["properties"]["diskState"]) == (body["id"], "Attached")
    nic = local.get(body["properties"]["networkProfile"]["networkInterfaces"][0]["id"]).body
    assert nic["properties"]["virtualMachine"]["id"] == body["id"]
    assert nic["properties"]["macAddress"].startswith("00-0D-3A-")


def test_names_compare_without_case_and_come_back_as_made(local: Local) -> None:
    assert local.get(vm_path(local, "WEB-01", "RG-PROD")).body["id"] == vm_path(local)


def test_missing_machine(local: Local) -> None:
    reply = local.get(vm_path(local, "ghost"))
    assert (reply.status, error_code(reply)) == (404, "ResourceNotFound")


def test_expand_instance_view(local: Local) -> None:
    view = local.get(f"{vm_path(local)}?$expand=instanceView").body["properties"]["instanceView"]
    assert "PowerState/running" in [one["code"] for one in view["statuses"]]


def test_lists_are_paged() -> None:
    local = Local(throttle="off", document=with_fleet(default_document(), 450, protected=False))
    url, seen, pages = f"{local.subscription}/providers/Microsoft.Compute/virtualMachines", [], 0
    while url:
        body = local.get(url).body
        pages += 1
        seen += [vm["name"] for vm in body["value"]]
        url = body.get("nextLink", "")
        assert not url or "%24skiptoken=" in url
    assert (pages, len(seen), len(set(seen))) == (3, 450, 450)


def test_bad_skip_token(local: Local) -> None:
    reply = local.get(f"{local.subscription}/providers/Microsoft.Compute/virtualMachines?$skiptoken=%21%21")
    assert (reply.status, error_code(reply)) == (400, "InvalidSkipToken")


@pytest.mark.parametrize(
    ("action", "passing", "final"),
    [
        ("deallocate", "deallocating", "deallocated"),
        ("powerOff", "stopping", "stopped"),
        ("restart", "running", "running"),
    ],
)
def test_power_actions_take_time(local: Local, action: str, passing: str, final: str) -> None:
    reply = local.send("POST", f"{vm_path(local)}/{action}")
    assert (reply.status, reply.body) == (202, None)
    assert power(local, vm_path(local)) == f"PowerState/{passing}"
    status, location = reply.headers["Azure-AsyncOperation"], reply.headers["Location"]
    assert "?p=" in status and "&monitor=true&api-version=" in location and "&t=" in status
    assert local.get(status).body["status"] == "InProgress"
    assert local.get(location).status == 202
    local.advance(120)
    assert local.get(status).body["status"] == "Succeeded"
    assert local.get(location).status == 204
    assert power(local, vm_path(local)) == f"PowerState/{final}"


def test_operation_can_be_read_unsigned(local: Local) -> None:
    status = local.send("POST", f"{vm_path(local)}/start").headers["Azure-AsyncOperation"]
    assert local.get(status.split("&t=")[0]).body["status"] == "InProgress"
    assert (
        local.get(f"{local.subscription}/providers/Microsoft.Compute/locations/eastasia/operations/none").status == 404
    )


def test_delete_leaves_disks_and_interface(local: Local) -> None:
    body = local.get(vm_path(local)).body
    disk = body["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    assert local.send("DELETE", vm_path(local)).status == 202
    assert local.get(vm_path(local)).body["properties"]["provisioningState"] == "Deleting"
    local.advance(VM_DELETE)
    assert local.get(vm_path(local)).status == 404
    assert local.get(disk).body["properties"]["diskState"] == "Unattached"
    assert local.send("DELETE", vm_path(local)).status == 204
    assert local.send("DELETE", disk).status == 202


def test_disk_life(local: Local) -> None:
    reply = make_disk(local, "d1")
    assert (reply.status, reply.body["properties"]["provisioningState"]) == (202, "Updating")
    assert "/DiskOperations/" in reply.headers["Azure-AsyncOperation"]
    local.advance(5)
    status = local.get(reply.headers["Azure-AsyncOperation"]).body
    assert (status["status"], status["properties"]["output"]["name"]) == ("Succeeded", "d1")
    assert local.get(reply.headers["Location"]).body["properties"]["provisioningState"] == "Succeeded"
    assert make_disk(local, "d1", diskSizeGB=128).status == 200
    assert error_code(make_disk(local, "d1", diskSizeGB=1)) == "OperationNotAllowed"
    changed = make_disk(local, "d1", creationData={"createOption": "Copy", "sourceResourceId": "/x"})
    assert error_code(changed) == "PropertyChangeNotAllowed"
    local.send("DELETE", disk_path(local, "d1"))
    local.advance(5)
    assert local.get(disk_path(local, "d1")).status == 404


@pytest.mark.parametrize(
    "properties",
    [
        {"creationData": {}},
        {"creationData": {"createOption": "Restore"}},
        {"creationData": {"createOption": "Empty"}, "diskSizeGB": None},
    ],
)
def test_disk_needs_its_parameters(local: Local, properties: dict[str, Any]) -> None:
    reply = make_disk(local, "d1", **properties)
    assert (reply.status, error_code(reply)) == (400, "InvalidParameter")
    assert local.get(disk_path(local, "d1")).status == 404


def test_disk_copy(local: Local) -> None:
    source = local.get(vm_path(local, "db-01")).body["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    body = {
        "location": "eastasia",
        "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": source}},
    }
    made = local.send("PUT", disk_path(local, "copy"), body).body
    assert (made["properties"]["diskSizeGB"], made["properties"]["osType"]) == (127, "Windows")


def test_attached_disk_is_not_deleted(local: Local) -> None:
    disk = local.get(vm_path(local)).body["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    reply = local.send("DELETE", disk)
    assert (reply.status, error_code(reply)) == (409, "OperationNotAllowed")


def new_vm(local: Local, disk: str, nic: str) -> dict[str, Any]:
    return {
        "location": "eastasia",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B2s"},
            "storageProfile": {"osDisk": {"osType": "Linux", "createOption": "Attach", "managedDisk": {"id": disk}}},
            "networkProfile": {"networkInterfaces": [{"id": nic}]},
        },
    }


def make_nic(local: Local, name: str = "nic1") -> str:
    path = f"{local.group('rg-dr')}/providers/Microsoft.Network/networkInterfaces/{name}"
    body = {
        "location": "eastasia",
        "properties": {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": subnet(local)}}}]},
    }
    assert local.send("PUT", path, body).status == 201
    return path


def test_machine_from_disks(local: Local) -> None:
    make_disk(local, "system")
    nic = make_nic(local)
    path = vm_path(local, "rebuilt", "rg-dr")
    body = new_vm(local, disk_path(local, "system"), nic)
    reply = local.send("PUT", path, body)
    assert (reply.status, reply.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "Location" not in reply.headers
    local.advance(VM_CREATE)
    assert local.get(reply.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"
    assert local.get(path).body["properties"]["provisioningState"] == "Succeeded"
    assert power(local, path) == "PowerState/running"
    assert local.send("PUT", path, {**body, "tags": {"a": "b"}}).body["tags"] == {"a": "b"}
    other = local.send("PUT", vm_path(local, "second", "rg-dr"), body)
    assert error_code(other) == "NicInUse"
    body["properties"]["networkProfile"]["networkInterfaces"] = [{"id": make_nic(local, "nic2")}]
    assert error_code(local.send("PUT", vm_path(local, "second", "rg-dr"), body)) == "ConflictingUserInput"
    assert local.get(vm_path(local, "second", "rg-dr")).status == 404


def test_machine_from_image_keeps_no_password(local: Local) -> None:
    body = new_vm(local, "", make_nic(local))
    body["properties"]["storageProfile"] = {
        "osDisk": {"createOption": "FromImage"},
        "dataDisks": [{"lun": 3, "createOption": "Empty", "diskSizeGB": 8}],
    }
    body["properties"]["osProfile"] = {"computerName": "x", "adminUsername": "u", "adminPassword": "hidden"}
    made = local.send("PUT", vm_path(local, "fresh", "rg-dr"), body)
    assert made.status == 201
    assert "hidden" not in str(made.body)
    assert made.body["properties"]["storageProfile"]["dataDisks"][0]["diskSizeGB"] == 8


@pytest.mark.parametrize(
    ("missing", "target"),
    [("location", "location"), ("storageProfile", "osDisk"), ("networkProfile", "networkProfile")],
)
def test_machine_needs_its_parameters(local: Local, missing: str, target: str) -> None:
    body = new_vm(local, disk_path(local, "x"), "x")
    (body if missing == "location" else body["properties"]).pop(missing)
    reply = local.send("PUT", vm_path(local, "new", "rg-dr"), body)
    assert (reply.status, reply.body["error"]["target"]) == (400, target)


def test_data_disks_are_attached_and_detached(local: Local) -> None:
    make_disk(local, "extra")
    wanted = [{"lun": 5, "createOption": "Attach", "managedDisk": {"id": disk_path(local, "extra")}}]
    body = {"properties": {"storageProfile": {"dataDisks": wanted}}}
    assert [
        one["lun"]
        for one in local.send("PATCH", vm_path(local), body).body["properties"]["storageProfile"]["dataDisks"]
    ] == [5]
    assert local.get(disk_path(local, "extra")).body["managedBy"] == vm_path(local)
    local.send("PATCH", vm_path(local), {"properties": {"storageProfile": {"dataDisks": []}}})
    assert "managedBy" not in local.get(disk_path(local, "extra")).body


def test_system_disk_swap(local: Local) -> None:
    make_disk(local, "restored")
    before = local.get(vm_path(local)).body["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    swap = {"properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": disk_path(local, "restored")}}}}}
    after = local.send("PATCH", vm_path(local), swap).body["properties"]["storageProfile"]["osDisk"]["managedDisk"][
        "id"
    ]
    assert (after, "managedBy" in local.get(before).body) == (disk_path(local, "restored"), False)


def test_restored_machine(local: Local) -> None:
    common = {"subscription_id": local.estate.subscription_id, "resource_group": "rg-dr", "location": "eastasia"}
    system = create_restored_disk(local.world, name="r-os", size_gb=30, os_type="Linux", **common)
    data = create_restored_disk(local.world, name="r-data", size_gb=64, **common)
    vm = create_restored_vm(
        local.world, name="web-01-dr", subnet_id=subnet(local), os_disk=system, data_disks=[(2, data)], **common
    )
    body = local.get(vm.id).body
    assert body["properties"]["provisioningState"] == "Succeeded"
    assert "osProfile" not in body["properties"]
    nic = local.get(body["properties"]["networkProfile"]["networkInterfaces"][0]["id"]).body
    address = nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    assert address.startswith("10.20.0.")
    assert local.get(data.id).body["properties"]["creationData"]["createOption"] == "Restore"
    assert len(local.world.state(ComputeState).vms_in(local.estate.subscription_id, "EastAsia")) == 6


def test_catalogues(local: Local) -> None:
    root = f"{local.subscription}/providers/Microsoft.Compute"
    assert local.get(f"{root}/locations/eastasia/vmSizes").body["value"]
    assert local.get(f"{root}/skus?$filter=location eq 'westeurope'").body["value"][0]["locations"] == ["westeurope"]
    assert local.get(f"{vm_path(local)}/extensions").body == {"value": []}
    assert len(local.get(f"{local.group('rg-prod')}/providers/Microsoft.Compute/disks").body["value"]) == 8
