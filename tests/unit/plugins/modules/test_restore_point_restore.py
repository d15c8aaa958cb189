# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks and VMs from restore points: what is made, what is kept, what is refused, and that the region of the VM is never asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.modules import restore_point_restore
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, answer, client_for, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_compute import FakeCompute
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.point_samples import (
    DISKS,
    RG,
    SOURCE_ID,
    TARGET_ID,
    VM_ID,
    collection,
    copy,
    point,
    target,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

TAG = {"lifeboat_source_vm": VM_ID}
DR = f"{RG}/rg-dr/providers"
SUBNET = f"{RG}/rg-net/providers/Microsoft.Network/virtualNetworks/vnet-dr/subnets/default"
NEW_VM: dict[str, Any] = {
    "mode": "new_vm",
    "vm_name": "{name}-dr",
    "virtual_network": "vnet-dr",
    "virtual_network_resource_group": "rg-net",
    "subnet": "default",
}
HALF = [100, 40, 100, 0]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the module against a FakeCompute, whose clock is also the module's."""

    def start(azure: FakeCompute, **options: Any) -> dict[str, Any]:
        azure.sent.clear()
        monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._module.SystemClock", lambda: azure.clock)
        base = {"vm": ["db-01"], "vm_resource_group": "rg-prod", "region": "West US", "target_resource_group": "rg-dr", "mode": "disks"}
        return run_module(monkeypatch, restore_point_restore, client_for(azure, azure.clock), **{**base, **options})  # type: ignore[arg-type]

    return start


def azure(*copies: dict[str, Any]) -> FakeCompute:
    """Only what lies in the other region: neither the VM nor its own collection is there."""
    return FakeCompute(target(*(copies or [copy("rp1", day=1), copy("rp2", day=2)]), tags=TAG), network())


def network(location: str = "westus") -> dict[str, Any]:
    subnets = [{"name": "Default", "properties": {}}]
    return {"id": SUBNET.partition("/subnets/")[0], "name": "vnet-dr", "location": location, "properties": {"subnets": subnets}}


def disk(name: str) -> str:
    return f"{DR}/Microsoft.Compute/disks/{name}"


def test_disks_from_the_newest_copy(run: Any) -> None:
    where = azure()
    foreseen = run(where, check=True, diff=True, tags={"drill": "1"})
    assert foreseen["changed"] and where.writes() == []
    result = run(where, diff=True, tags={"drill": "1"})
    assert (result["failed"], result["changed"]) == (False, True)
    assert result["diff"] == foreseen["diff"]
    assert sorted(where.writes()) == [f"PUT disks/{name}" for name in sorted(DISKS)]
    made = where[disk("data-1")]
    assert made["location"] == "westus" and made["tags"] == {"drill": "1"} and made["sku"] == {"name": "Premium_LRS"}
    assert made["properties"]["creationData"] == {
        "createOption": "Restore",
        "sourceResourceId": f"{TARGET_ID}/restorePoints/rp2/diskRestorePoints/data-1_1234",
    }
    entry = result["vms"][0]
    assert entry["action"] == "started" and entry["restore_point"]["name"] == "rp2"
    assert entry["restored"]["disks"] == [disk(name) for name in DISKS] and entry["restored"]["virtual_machine_id"] is None
    again = run(where, tags={"drill": "1"})
    assert (again["failed"], again["changed"], where.writes()) == (False, False, [])
    assert again["vms"][0]["action"] == "none"


def test_a_vm_as_it_was(run: Any) -> None:
    where = azure(copy("rp1", security="TrustedLaunch"))
    foreseen = run(where, check=True, diff=True, **NEW_VM, tags={"drill": "1"})
    result = run(where, diff=True, **NEW_VM, tags={"drill": "1"})
    assert (result["failed"], result["changed"]) == (False, True)
    assert result["diff"] == foreseen["diff"]
    writes = where.writes()
    assert writes[-1] == "PUT virtualMachines/db-01-dr"
    assert sorted(writes[:-1]) == sorted(["PUT networkInterfaces/db-01-dr-nic", *(f"PUT disks/{n}" for n in DISKS)])
    vm = where[f"{DR}/Microsoft.Compute/virtualMachines/db-01-dr"]
    assert vm["tags"] == {"drill": "1"}
    properties = vm["properties"]
    assert properties["hardwareProfile"] == {"vmSize": "Standard_D4s_v5"}
    assert properties["securityProfile"] == {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}
    assert properties["diagnosticsProfile"] == {"bootDiagnostics": {"enabled": True}}
    entry = result["vms"][0]
    assert entry["restore_seconds"] == 43.0, "20 s for the disks, 20 s for the VM, and what lies between two looks"
    assert entry["start_time"] < entry["end_time"]
    storage = properties["storageProfile"]
    assert storage["osDisk"] == {"osType": "Linux", "createOption": "Attach", "managedDisk": {"id": disk("os")}, "caching": "ReadWrite"}
    assert [(one["lun"], one["caching"], one["managedDisk"]["id"]) for one in storage["dataDisks"]] == [
        (lun, "ReadOnly", disk(f"data-{lun}")) for lun in range(3)
    ]
    assert storage["diskControllerType"] == "SCSI"
    nic = where[f"{DR}/Microsoft.Network/networkInterfaces/db-01-dr-nic"]
    assert nic["tags"] == {"drill": "1"}
    assert nic["properties"]["ipConfigurations"][0]["properties"]["subnet"] == {"id": SUBNET}
    assert where[disk("os")]["properties"]["osType"] == "Linux" and where[disk("os")]["properties"]["hyperVGeneration"] == "V2"
    assert "osType" not in where[disk("data-0")]["properties"]
    assert result["vms"][0]["restored"]["virtual_machine_id"].endswith("/db-01-dr")
    again = run(where, **NEW_VM, tags={"drill": "1"})
    assert (again["failed"], again["changed"], where.writes()) == (False, False, [])


def test_options_change_what_is_made(run: Any) -> None:
    where = azure()
    result = run(
        where,
        **NEW_VM,
        vm_size="Standard_D2s_v5",
        disk_name="{name}-{lun}-{restore_point}",
        zone="2",
        storage_account_type="StandardSSD_LRS",
        disk_luns=[1],
        disk_network_access="none",
    )
    assert not result["failed"]
    vm = where[f"{DR}/Microsoft.Compute/virtualMachines/db-01-dr"]
    assert vm["zones"] == ["2"] and vm["properties"]["hardwareProfile"] == {"vmSize": "Standard_D2s_v5"}
    assert "diskControllerType" not in vm["properties"]["storageProfile"]
    assert [one["lun"] for one in vm["properties"]["storageProfile"]["dataDisks"]] == [1]
    made = where[disk("db-01-1-rp2")]
    assert made["zones"] == ["2"] and made["sku"] == {"name": "StandardSSD_LRS"} and made["properties"]["networkAccessPolicy"] == "DenyAll"
    assert f"{DR}/Microsoft.Compute/disks/db-01-0-rp2".lower() not in where.resources


def test_nothing_of_the_vms_region_is_asked(run: Any) -> None:
    where = azure()

    def down(method: str, path: str) -> RawResponse | None:
        everywhere = f"{SUB}/providers/Microsoft.Compute/restorePointCollections"
        return failure(503, "ServiceUnavailable") if "/rg-prod/" in path or path.endswith(everywhere) else None

    where.fault = down
    assert not run(where, **NEW_VM, resource_group="rg-dr")["failed"]
    assert not [path for _method, path in where.sent if "rg-prod" in path]


@pytest.mark.parametrize(
    ("copies", "options", "expected"),
    [
        ([copy("rp1", day=1), copy("rp2", day=2)], {}, "rp2"),
        ([copy("rp1", day=1), copy("rp2", day=2)], {"restore_point": "RP1"}, "rp1"),
        ([copy("rp1", day=1), copy("rp2", day=2)], {"before": "2026-06-01T12:00:00Z"}, "rp1"),
        ([copy("rp1", day=1), copy("rp2", day=2, percents=HALF)], {}, "rp1"),
        ([copy("rp1", day=1), copy("rp2", day=2, state="Creating", percents=None)], {}, "rp1"),
    ],
)
def test_which_point(run: Any, copies: list[dict[str, Any]], options: dict[str, Any], expected: str) -> None:
    result = run(azure(*copies), check=True, **options)
    assert not result["failed"] and result["vms"][0]["restore_point"]["name"] == expected


def test_a_newer_copy_that_is_not_complete_is_told(run: Any) -> None:
    result = run(azure(copy("rp1", day=1), copy("rp2", day=2, percents=HALF)), check=True)
    assert len(result["warnings"]) == 1 and "data-0 is at 40 percent" in result["warnings"][0]


@pytest.mark.parametrize(
    ("copies", "options", "code", "words"),
    [
        ([copy("rp1", percents=HALF)], {}, "RestorePointIncomplete", "data-0 is at 40 percent, data-2 is at 0 percent"),
        ([copy("rp1"), copy("rp2", day=2, percents=HALF)], {"restore_point": "rp2"}, "RestorePointIncomplete", "data-0 is at 40 percent"),
        ([copy("rp1", percents=[100, 100, 100])], {}, "RestorePointIncomplete", "data-2 is not known yet"),
        ([copy("rp1", percents=None)], {}, "RestorePointIncomplete", "not known yet"),
        ([copy("rp1", percents=[100, 12, 100, 100], codes={1: "ReplicationState/failed"})], {}, "RestorePointIncomplete", "data-0 failed at 12 percent"),
        ([copy("rp1", state="Failed", percents=None)], {}, "RestorePointIncomplete", "Failed"),
        ([copy("rp1")], {"restore_point": "rp7"}, "RestorePointNotFound", "rp7"),
        ([copy("rp1")], {"before": "2026-05-01"}, "RestorePointNotFound", "old enough"),
        ([copy("rp1")], {"region": "northeurope"}, "CollectionNotFound", "northeurope"),
        ([copy("rp1")], {"disk_luns": [7]}, "DiskNotInRestorePoint", "7"),
        ([copy("rp1")], {"disk_name": "same"}, "DiskNameNotUnique", "same"),
        ([copy("rp1", security="ConfidentialVM")], NEW_VM, "ConfidentialVmNotSupported", "rp1"),
        ([copy("rp1")], {"collection": "db-01-points-westus", "resource_group": "rg-dr", "vm": ["web-01"]}, "CollectionOfAnotherVm", "db-01"),
    ],
)
def test_refused_before_anything_is_made(run: Any, copies: list[dict[str, Any]], options: dict[str, Any], code: str, words: str) -> None:
    where = azure(*copies)
    result = run(where, **options)
    failed = result["vms"][0]["failure"]
    assert result["failed"] and failed["code"] == code and words in failed["message"] and failed["hint"]
    assert where.writes() == [] and result["changed"] is False


def test_what_was_made_of_another_restore_point_is_not_touched(run: Any) -> None:
    where = azure()
    assert not run(where, **NEW_VM, restore_point="rp1")["failed"]
    result = run(where, **NEW_VM)
    failed = result["vms"][0]["failure"]
    assert failed["code"] == "RestoreTargetTaken" and "rp1" in failed["message"] + failed["hint"] and where.writes() == []
    assert not run(where, **NEW_VM, restore_point="rp1")["failed"]


def existing(resource_id: str, **properties: Any) -> dict[str, Any]:
    return {"id": resource_id, "name": resource_id.rsplit("/", 1)[1], "location": "westus", "properties": {"provisioningState": "Succeeded", **properties}}


SOURCE = f"{TARGET_ID}/restorePoints/rp2/diskRestorePoints"


@pytest.mark.parametrize(
    "taken",
    [
        existing(disk("os"), creationData={"createOption": "Empty"}),
        existing(disk("data-0"), creationData={"createOption": "Restore", "sourceResourceId": f"{SOURCE}/data-1_1234"}),
        {**existing(disk("os"), creationData={"createOption": "Restore", "sourceResourceId": f"{SOURCE}/os_1234"}), "managedBy": VM_ID},
        {**existing(disk("os"), creationData={"createOption": "Restore", "sourceResourceId": f"{SOURCE}/os_1234"}), "location": "eastus"},
        existing(f"{DR}/Microsoft.Network/networkInterfaces/db-01-dr-nic", ipConfigurations=[{"properties": {"subnet": {"id": SUBNET + "2"}}}]),
        existing(
            f"{DR}/Microsoft.Network/networkInterfaces/db-01-dr-nic",
            ipConfigurations=[{"properties": {"subnet": {"id": SUBNET}}}],
            virtualMachine={"id": VM_ID},
        ),
        existing(f"{DR}/Microsoft.Compute/virtualMachines/db-01-dr", storageProfile={"osDisk": {"managedDisk": {"id": disk("other")}}}),
    ],
)
def test_what_is_in_the_way(run: Any, taken: dict[str, Any]) -> None:
    where = azure()
    where.add(taken)
    result = run(where, **NEW_VM)
    assert result["vms"][0]["failure"]["code"] == "RestoreTargetTaken" and result["vms"][0]["failure"]["hint"]
    assert where.writes() == []


def test_killed_in_between_is_completed(run: Any) -> None:
    where = azure()
    gave_up = run(where, **NEW_VM, wait_timeout=10)
    failed = gave_up["vms"][0]["failure"]
    assert gave_up["changed"] and failed["code"] == "OperationTimeout" and "db-01-dr" in failed["message"]
    assert set(failed["resume"]) == {*DISKS, "db-01-dr-nic"}
    result = run(where, **NEW_VM)
    assert (result["failed"], result["changed"]) == (False, True)
    assert where.writes() == ["PUT virtualMachines/db-01-dr"]


def test_what_runs_is_adopted(run: Any) -> None:
    where = azure()
    assert run(where, wait_timeout=10)["failed"]
    result = run(where)
    assert (result["failed"], result["changed"], where.writes()) == (False, False, [])
    assert result["vms"][0]["action"] == "adopted"


def test_lost_answer_of_the_vm(run: Any) -> None:
    where = azure()
    where.lose = {"db-01-dr"}
    seen: list[int] = []

    def meets_itself(method: str, path: str) -> RawResponse | Exception | None:
        if method == "PUT" and path.endswith("/virtualMachines/db-01-dr"):
            seen.append(1)
            if len(seen) > 1:
                return failure(409, "Conflict", "The VM is being created.")
        return None

    where.fault = meets_itself
    result = run(where, **NEW_VM)
    assert (result["failed"], result["changed"]) == (False, True)


def test_no_answer_at_all_of_a_vm_that_is_there(run: Any) -> None:
    where = azure()

    def mute(method: str, path: str) -> RawResponse | Exception | None:
        if method == "PUT" and path.endswith("/virtualMachines/db-01-dr"):
            where.add(existing(path, storageProfile={"osDisk": {"managedDisk": {"id": disk("os")}}}))
            return reset()
        return None

    where.fault = mute
    result = run(where, **NEW_VM)
    assert (result["failed"], result["changed"]) == (False, True)


@pytest.mark.parametrize("found", [failure(403, "AuthorizationFailed"), failure(404, "OperationNotFound")])
def test_without_its_operation_a_resource_is_looked_at_itself(run: Any, found: RawResponse) -> None:
    where = azure()
    halves: list[str] = []

    def unknown(method: str, path: str) -> RawResponse | Exception | None:
        if "/operations/" in path:
            return found
        if method == "GET" and path.endswith("/data-0") and len(halves) < 2:
            halves.append(path)
            return answer(200, b"{")
        return None

    where.fault = unknown
    result = run(where, **NEW_VM)
    assert (result["failed"], result["changed"], len(halves)) == (False, True, 2)
    assert "end_time" not in result["vms"][0], "nothing tells it then"


def test_failure_of_one_disk_is_told_with_what_was_made(run: Any) -> None:
    where = azure()

    def no_more(method: str, path: str) -> RawResponse | Exception | None:
        return failure(403, "AuthorizationFailed") if method == "PUT" and path.endswith("/data-1") else None

    where.fault = no_more
    result = run(where, **NEW_VM, diff=True)
    entry = result["vms"][0]
    assert result["failed"] and result["changed"] and entry["failure"]["code"] == "AuthorizationFailed"
    assert entry["restored"]["disks"] == [disk("os"), disk("data-0")]
    assert result["diff"]["after"][VM_ID] == {"disks": ["os", "data-0"], "network_interfaces": [], "virtual_machines": []}


def test_one_failure_hides_no_other(run: Any) -> None:
    where = azure()
    result = run(where, vm=["web-01", "db-01"])
    assert [entry["failed"] for entry in result["vms"]] == [True, False]
    assert result["vms"][1]["restored"]["disks"]


def test_from_a_collection_of_the_vms_own_region(run: Any) -> None:
    where = FakeCompute(collection(SOURCE_ID, point("rp1")))
    result = run(where, region="eastus")
    assert not result["failed"] and where[disk("os")]["location"] == "eastus"


def test_copies_without_a_tag_are_found_by_their_source(run: Any) -> None:
    where = FakeCompute(collection(SOURCE_ID, point("rp1")), target(copy("rp1")))
    assert not run(where, check=True)["failed"]
    assert run(FakeCompute(target(copy("rp1"))), check=True)["vms"][0]["failure"]["code"] == "CollectionNotFound"
    assert not run(FakeCompute(target(copy("rp1"))), check=True, collection="{name}-points-westus", resource_group="rg-dr")["failed"]


def test_a_fleet_costs_one_list_of_each(run: Any) -> None:
    where = FakeCompute(network())
    names = [f"vm-{number}" for number in range(12)]
    for name in names:
        place = f"{RG}/rg-dr/providers/Microsoft.Compute/restorePointCollections/{name}-copies"
        made = target(copy("rp1", collection=place), collection_id=place, tags={"lifeboat_source_vm": VM_ID.replace("db-01", name)})
        where.add(made)
    assert not run(where, check=True, vm=names, **NEW_VM, disk_name="{name}-{lun}")["failed"]
    assert len(where.sent) == 5 + 2 * len(names)


def test_two_vms_with_disks_of_the_same_name(run: Any) -> None:
    where = azure()
    place = TARGET_ID.replace("db-01", "web-01")
    where.add(target(copy("rp1", collection=place), collection_id=place, tags={"lifeboat_source_vm": VM_ID.replace("db-01", "web-01")}))
    result = run(where, vm=["db-01", "web-01"])
    assert [entry["failed"] for entry in result["vms"]] == [False, True]
    assert "disk_name" in result["vms"][1]["failure"]["hint"]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"region": ""}, "region"),
        ({"restore_point": "a/b"}, "restore_point"),
        ({"before": "yesterday"}, "before"),
        ({"before": "2026-06-01", "restore_point": "rp1"}, "before"),
        ({"collection": "x"}, "resource_group"),
        ({"collection": "x", "resource_group": "rg", "vm": ["a", "b"]}, "collection"),
        ({"vm_name": "x"}, "vm_name"),
        ({"vm_size": "Standard_D2s_v5"}, "vm_size"),
        ({"subnet": "default"}, "subnet"),
        ({"mode": "new_vm", "subnet": "default"}, "vm_name"),
        ({"mode": "new_vm", "vm_name": "x"}, "subnet"),
        ({"mode": "new_vm", "vm_name": "x", "subnet": "default"}, "virtual_network"),
        ({**NEW_VM, "vm_name": "same", "vm": ["a", "b"]}, "vm_name"),
        ({**NEW_VM, "vm_name": "{name}_" * 11}, "vm_name"),
        ({**NEW_VM, "vm_size": "D2 s"}, "vm_size"),
        ({**NEW_VM, "vm_size": "D2s\n"}, "vm_size"),
        ({**NEW_VM, "vm_name": "{name}-dr\n"}, "vm_name"),
        ({**NEW_VM, "subnet": "default\n"}, "subnet"),
        ({"disk_name": "{disk}\n"}, "disk_name"),
        ({**NEW_VM, "subnet": SUBNET}, "virtual_network_resource_group"),
        ({**NEW_VM, "subnet": SUBNET, "virtual_network": "vnet-other"}, "virtual_network"),
        ({**NEW_VM, "subnet": "a/b"}, "subnet"),
        ({"zone": "four"}, "zone"),
        ({"storage_account_type": "Premium LRS"}, "storage_account_type"),
        ({"disk_network_access": "private"}, "disk_access"),
        ({"disk_access": VM_ID, "disk_network_access": "private"}, "disk_access"),
        ({"disk_encryption_set": "des"}, "disk_encryption_set"),
        ({"disk_luns": [64]}, "disk_luns"),
        ({"disk_luns": [1, 1]}, "disk_luns"),
        ({"disk_name": "{vm}"}, "disk_name"),
        ({"target_resource_group": VM_ID}, "target_resource_group"),
        ({"target_resource_group": "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/x"}, "target_resource_group"),
        ({"tags": {"a": None}}, "tags"),
    ],
)
def test_bad_options_fail_before_any_request(run: Any, options: dict[str, Any], option: str) -> None:
    where = azure()
    result = run(where, **options)
    assert result["failed"] and result["failure"]["code"] == "InvalidOption" and result["failure"]["target"] == option
    assert where.sent == []


def test_connection_lost_while_looking(run: Any) -> None:
    where = azure()
    broken: list[str] = []

    def once(method: str, path: str) -> RawResponse | Exception | None:
        if "/operations/" in path and path not in broken:
            broken.append(path)
            return reset()
        return None

    where.fault = once
    result = run(where, **NEW_VM)
    assert not result["failed"] and broken


@pytest.mark.parametrize(
    ("there", "options", "code"),
    [
        ([], {}, "SubnetNotFound"),
        ([network()], {"subnet": "isolated"}, "SubnetNotFound"),
        ([network("eastus")], {}, "SubnetInAnotherRegion"),
    ],
)
def test_the_subnet_is_looked_for_before_disks_are_made(run: Any, there: list[dict[str, Any]], options: dict[str, Any], code: str) -> None:
    where = FakeCompute(target(copy("rp1"), tags=TAG), *there)
    result = run(where, **{**NEW_VM, **options})
    assert result["failed"] and result["failure"]["code"] == code and where.writes() == []


def test_a_disk_that_was_left_out_is_not_made(run: Any) -> None:
    made = copy("rp1")
    del made["properties"]["sourceMetadata"]["storageProfile"]["dataDisks"][1]["diskRestorePoint"]
    del made["properties"]["instanceView"]["diskRestorePoints"][2]
    where = azure(made)
    result = run(where, **NEW_VM)
    assert not result["failed"]
    vm = where[f"{DR}/Microsoft.Compute/virtualMachines/db-01-dr"]
    assert [one["lun"] for one in vm["properties"]["storageProfile"]["dataDisks"]] == [0, 2]
