# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an estate may say so that it is like one that exists: names of disks, interfaces and their addresses, health, how far copies are."""

from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.estate import EstateError, load_estate
from azure_dr_simulator.server import Options, Simulator
from harness import Local

DES = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Compute/diskEncryptionSets/des"
MACHINE: dict[str, Any] = {
    "name": "db-01",
    "resource_group": "rg",
    "os_disk_name": "db-01-os",
    "os_disk_sku": "StandardSSD_ZRS",
    "data_disks": [
        {"lun": 0, "name": "db-01-data", "size_gb": 3600, "encryption_set": DES},
        {"lun": 1, "size_gb": 8},
    ],
    "network_interfaces": [
        {"name": "front", "resource_group": "rg-net", "virtual_network": "vnet", "virtual_network_resource_group": "rg-net",
         "subnet": "b", "address": "10.0.1.4"},
        {"name": "back", "virtual_network": "vnet", "virtual_network_resource_group": "rg-net", "subnet": "b"},
    ],
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "principals": [{"name": "drill", "roles": ["Owner"]}],
    "resource_groups": [{"name": "rg"}, {"name": "rg-net"}],
    "virtual_networks": [
        {"name": "vnet", "resource_group": group, "address_prefixes": ["10.0.0.0/16"],
         "subnets": [{"name": "a", "prefix": "10.0.0.0/24"}, {"name": "b", "prefix": "10.0.1.0/24"}]}
        for group in ("rg", "rg-net")
    ],
    "storage_accounts": [{"name": "stold", "resource_group": "rg", "kind": "BlobStorage"}],
    "virtual_machines": [MACHINE],
    "vaults": [
        {"name": "rsv-one", "resource_group": "rg", "protected_items": [
            {"vm": "db-01", "state": "ProtectionError", "health": "ActionRequired", "last_backup_status": "Failed",
             "health_details": [{"code": 400107, "title": "AgentNotReady", "recommendations": ["Restart it."]}],
             "recovery_points": [{"age_hours": 1.5}]}]},
    ],
    "restore_point_collections": [
        {"name": "points", "resource_group": "rg", "vm": "db-01", "restore_points": [
            {"name": name, "age_hours": 30.5 - number} for number, name in enumerate(("one", "two", "three", "four"))]},
        {"name": "copies", "resource_group": "rg", "location": "southeastasia", "source": "points", "restore_points": [
            {"name": "zero", "age_hours": 90, "completion_percent": 100},
            {"name": "one", "completion_percent": 100},
            {"name": "two", "completion_percent": 41.7},
            {"name": "three", "fails": True},
            {"name": "four", "completion_percent": 0}]},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def azure() -> Local:
    return Local(document=DOCUMENT)


def get(azure: Local, path: str, version: str = "2024-11-01") -> Any:
    reply = azure.send("GET", f"{azure.group('rg')}/providers/{path}", version=version)
    assert reply.status == 200
    return reply.body


def test_disks_have_their_names_kinds_and_keys(azure: Local) -> None:
    profile = get(azure, "Microsoft.Compute/virtualMachines/db-01")["properties"]["storageProfile"]
    assert profile["osDisk"]["name"] == "db-01-os"
    assert [disk["name"] for disk in profile["dataDisks"]] == ["db-01-data", "db-01_DataDisk_1"]
    assert get(azure, "Microsoft.Compute/disks/db-01-os")["sku"]["name"] == "StandardSSD_ZRS"
    encryption = get(azure, "Microsoft.Compute/disks/db-01-data")["properties"]["encryption"]
    assert encryption == {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": DES}


def test_interfaces_are_where_they_are_said_to_be_and_addresses_are_given_once(azure: Local) -> None:
    machine = get(azure, "Microsoft.Compute/virtualMachines/db-01")
    ids = [one["id"] for one in machine["properties"]["networkProfile"]["networkInterfaces"]]
    assert [one.split("/")[4] + "/" + one.rsplit("/", 1)[1] for one in ids] == ["rg-net/front", "rg/back"]
    settings = [azure.send("GET", one).body["properties"]["ipConfigurations"][0]["properties"] for one in ids]
    assert [one["privateIPAddress"] for one in settings] == ["10.0.1.4", "10.0.1.5"]
    assert {one["subnet"]["id"] for one in settings} == {
        f"{azure.group('rg-net')}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/b"
    }


def test_health_is_as_it_was(azure: Local) -> None:
    (item,) = get(azure, "Microsoft.RecoveryServices/vaults/rsv-one/backupProtectedItems", "2025-02-01")["value"]
    shown = item["properties"]
    assert (shown["protectionState"], shown["healthStatus"], shown["lastBackupStatus"]) == (
        "ProtectionError", "ActionRequired", "Failed",
    )  # fmt: skip
    assert shown["healthDetails"] == [
        {"code": 400107, "title": "AgentNotReady", "message": "", "recommendations": ["Restart it."]}
    ]


@pytest.mark.parametrize(
    ("name", "states", "percents"),
    [
        ("zero", {"succeeded"}, {100}),
        ("one", {"succeeded"}, {100}),
        ("two", {"inprogress"}, {41}),
        ("three", {"failed"}, {None}),
        ("four", {"pending"}, {0}),
    ],
)
def test_copies_are_as_far_as_they_were(azure: Local, name: str, states: set[str], percents: set[int | None]) -> None:
    path = f"Microsoft.Compute/restorePointCollections/copies/restorePoints/{name}"
    reply = azure.send("GET", f"{azure.group('rg')}/providers/{path}?$expand=instanceView&api-version=2024-11-01")
    disks = [one["replicationStatus"] for one in reply.body["properties"]["instanceView"]["diskRestorePoints"]]
    assert {one["status"]["code"].rpartition("/")[2] for one in disks} == states
    assert {one.get("completionPercent") for one in disks} == percents


def test_a_copy_goes_on_from_where_it_was() -> None:
    azure = Local(document=DOCUMENT)
    azure.world.clock.advance(86_400)
    path = f"{azure.group('rg')}/providers/Microsoft.Compute/restorePointCollections/copies/restorePoints/two"
    reply = azure.send("GET", f"{path}?$expand=instanceView&api-version=2024-11-01")
    disks = reply.body["properties"]["instanceView"]["diskRestorePoints"]
    assert {one["replicationStatus"]["completionPercent"] for one in disks} == {100}


def test_kind_of_an_account(azure: Local) -> None:
    assert get(azure, "Microsoft.Storage/storageAccounts/stold")["kind"] == "BlobStorage"


@pytest.mark.parametrize(
    ("kind", "index", "changes", "place"),
    [
        ("virtual_machines", 0, {"count": 2, "name": "db-{n}"}, "virtual_machines[0].count"),
        ("virtual_machines", 0, {"network_interfaces": [{"name": "x", "virtual_network": "no", "subnet": "b"}]},
         "virtual_machines.db-01.virtual_network"),
        ("vaults", 0, {"protected_items": [{"vm": "db-01", "health": "Fine"}]}, "vaults[0].protected_items[0].health"),
        ("restore_point_collections", 1, {"restore_points": [{"name": "gone"}]},
         "restore_point_collections[1].restore_points[0].source"),
    ],
)  # fmt: skip
def test_mistakes_are_named(kind: str, index: int, changes: dict[str, Any], place: str) -> None:
    entries = [dict(entry) for entry in DOCUMENT[kind]]
    entries[index].update(changes)
    with pytest.raises(EstateError) as problem:
        Simulator(Options(estate=load_estate({**DOCUMENT, kind: entries})))
    assert problem.value.place == place
