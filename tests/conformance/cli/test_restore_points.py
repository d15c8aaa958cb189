# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`az restore-point`: points of a machine, their copy to another region, and a disk and a machine made from the copy."""

from __future__ import annotations

from typing import Any

from command_line import AzureCli
from harness.control import Control

NEAR = "--resource-group rg-prod --collection-name rpc-point-01"
FAR = "--resource-group rg-dr-secondary --collection-name rpc-point-01"


def test_points_their_copy_and_what_is_made_of_it(az: AzureCli, control: Control) -> None:
    made = az(f"restore-point collection create {NEAR} --source-id {az.vm_id('point-01')} --location eastasia")
    assert (made["provisioningState"], made["source"]["id"]) == ("Succeeded", az.vm_id("point-01"))
    point = az(f"restore-point create {NEAR} --name first")
    assert (point["provisioningState"], point["consistencyMode"]) == ("Succeeded", "FileSystemConsistent")
    left_out = point["sourceMetadata"]["storageProfile"]["dataDisks"][1]["managedDisk"]["id"]
    crash = az(f"restore-point create {NEAR} --name second --consistency-mode CrashConsistent --exclude-disks {left_out}")
    assert crash["consistencyMode"] == "CrashConsistent" and len(crash["sourceMetadata"]["storageProfile"]["dataDisks"]) == 1
    shown = az(f"restore-point collection show {NEAR} --restore-points")
    assert [one["name"] for one in shown["restorePoints"]] == ["first", "second"]
    assert az(f"restore-point collection update {NEAR} --tags drill=1")["tags"] == {"drill": "1"}
    assert [one["name"] for one in az("restore-point collection list --resource-group rg-prod")] == ["rpc-point-01"]
    assert "rpc-point-01" in {one["name"] for one in az("restore-point collection list-all")}

    az(f"restore-point collection create {FAR} --source-id {made['id']} --location southeastasia")
    copy = az(f"restore-point create {FAR} --name first --source-restore-point {point['id']}")
    assert copy["timeCreated"] == point["timeCreated"]
    control.advance(4 * 3600)
    view = az(f"restore-point show {FAR} --name first --instance-view")["instanceView"]
    assert [one["replicationStatus"]["completionPercent"] for one in view["diskRestorePoints"]] == [100, 100, 100]
    refused = az.fails(f"restore-point create {FAR} --name again --source-restore-point {point['id']}")
    assert "Only one copy" in refused
    _a_machine(az, copy)

    az(f"restore-point delete {NEAR} --name second --yes")
    assert "ResourceNotFound" in az.fails(f"restore-point show {NEAR} --name second")
    for collection in (FAR, NEAR):
        az(f"restore-point collection delete {collection} --yes")
    assert az("restore-point collection list --resource-group rg-prod") == []


def _a_machine(az: AzureCli, copy: dict[str, Any]) -> None:
    disks = []
    for number, disk in enumerate((copy["sourceMetadata"]["storageProfile"]["osDisk"], *copy["sourceMetadata"]["storageProfile"]["dataDisks"])):
        source = disk["diskRestorePoint"]["id"]
        made = az(f"disk create --resource-group rg-dr-secondary --name point-{number} --location southeastasia --source {source}")
        assert made["diskSizeGB"] == disk["diskSizeGB"]
        disks.append(made["id"])
    where = "--resource-group rg-dr-secondary --name point-01-dr"
    network = '--vnet-name vnet-dr-secondary --subnet default --public-ip-address "" --nsg ""'
    made = az(f"vm create {where} --attach-os-disk {disks[0]} --attach-data-disks {' '.join(disks[1:])} --os-type linux {network}")
    assert (made["location"], made["powerState"]) == ("southeastasia", "VM running")
    shown = az(f"vm show {where}")
    assert [disk["managedDisk"]["id"] for disk in shown["storageProfile"]["dataDisks"]] == disks[1:]
    [deployed] = az("deployment group list --resource-group rg-dr-secondary")
    assert [one["id"].rsplit("/", 1)[-1] for one in deployed["properties"]["outputResources"]] == ["point-01-drVMNic", "point-01-dr"]
    operations = az(f"deployment operation group list --resource-group rg-dr-secondary --name {deployed['name']}")
    assert {one["properties"]["provisioningState"] for one in operations} == {"Succeeded"}
