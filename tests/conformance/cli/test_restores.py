# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`az backup restore`: disks, a new machine, in place, from the paired region, and single files."""

from __future__ import annotations

from typing import Any

import pytest
from command_line import AzureCli
from harness.control import Control

VMS = "--backup-management-type AzureIaasVM"
STAGING = "--storage-account stclistaging --storage-account-resource-group rg-dr"
HOUR = 3600.0


def vault(name: str = "rsv-cli") -> str:
    return f"--resource-group rg-backup --vault-name {name}"


def newest_point(az: AzureCli, vm: str, where: str = "rsv-cli", more: str = "") -> str:
    points = az(f"backup recoverypoint list {vault(where)} --container-name {vm} --item-name {vm} {VMS} {more}")
    return str(points[0]["name"])


def order(az: AzureCli, vm: str, options: str, where: str = "rsv-cli", staging: str = STAGING) -> str:
    """The command for a restore of the newest point."""
    return (
        f"backup restore restore-disks {vault(where)} --container-name {vm} --item-name {vm} "
        f"--rp-name {newest_point(az, vm, where)} {staging} {options}"
    )


def restored(az: AzureCli, control: Control, command: str, where: str = "rsv-cli") -> dict[str, Any]:
    """Orders a restore, waits for its end; the job as the CLI shows it then."""
    ordered = az(command)
    assert (ordered["properties"]["operation"], ordered["properties"]["status"]) == ("Restore", "InProgress")
    control.advance(2 * HOUR)
    job = az(f"backup job wait {vault(where)} --name {ordered['name']}")["properties"]
    assert job["status"] == "Completed", job
    found: dict[str, Any] = job
    return found


def disks_of(az: AzureCli, job: dict[str, Any]) -> list[dict[str, Any]]:
    """The disks in the recovery group that came with this job."""
    start = job["startTime"][:19].replace("-", "").replace(":", "").replace("T", "-")
    return [one for one in az("disk list --resource-group rg-dr") if start in one["name"]]


def test_disks_in_a_resource_group(az: AzureCli, control: Control) -> None:
    job = restored(az, control, order(az, "restore-01", "--target-resource-group rg-dr"))
    bag = job["extendedInfo"]["propertyBag"]
    assert (bag["Job Type"], bag["Target resource group"]) == ("Recover disks", "rg-dr")
    assert bag["Config Blob Uri"].startswith("https://stclistaging.blob.core.windows.net/")
    assert len(disks_of(az, job)) == 3


def test_only_the_system_disk(az: AzureCli, control: Control) -> None:
    job = restored(az, control, order(az, "restore-01", "--target-resource-group rg-dr --restore-only-osdisk"))
    assert [one.get("osType") for one in disks_of(az, job)] == ["Linux"]


def test_chosen_disks(az: AzureCli, control: Control) -> None:
    job = restored(az, control, order(az, "restore-01", "--target-resource-group rg-dr --diskslist 1"))
    names = [one["name"] for one in disks_of(az, job) if not one.get("osType")]
    assert len(names) == 1


def test_disks_as_blobs(az: AzureCli, control: Control) -> None:
    before = {one["name"] for one in az("disk list --resource-group rg-dr")}
    job = restored(az, control, order(az, "restore-02", "--restore-as-unmanaged-disks"))
    assert job["extendedInfo"]["propertyBag"]["Target Storage Account Name"] == "stclistaging"
    assert {one["name"] for one in az("disk list --resource-group rg-dr")} == before


def test_a_new_machine(az: AzureCli, control: Control) -> None:
    options = (
        "--restore-mode AlternateLocation --target-resource-group rg-dr --target-vm-name restore-01-dr "
        "--target-vnet-name vnet-dr --target-vnet-resource-group rg-dr --target-subnet-name drill"
    )
    restored(az, control, order(az, "restore-01", options))
    made = az("vm show --resource-group rg-dr --name restore-01-dr --show-details")
    assert made["privateIps"].startswith("10.20.16.")
    assert len(made["storageProfile"]["dataDisks"]) == 2
    again = az.fails(order(az, "restore-01", options))
    assert "restore-01-dr" in again or "exist" in again


def test_in_place(az: AzureCli, control: Control) -> None:
    before = az("vm show --resource-group rg-prod --name replace-01")["storageProfile"]["osDisk"]["managedDisk"]["id"]
    restored(az, control, order(az, "replace-01", "--restore-mode OriginalLocation"))
    after = az("vm show --resource-group rg-prod --name replace-01")["storageProfile"]["osDisk"]["managedDisk"]["id"]
    assert after != before
    assert az(f"disk show --ids {before}")["diskState"] == "Unattached"


def test_into_a_zone_with_the_vaults_identity(az: AzureCli, control: Control) -> None:
    command = order(az, "zone-01", "--target-resource-group rg-dr --target-zone 2 --mi-system-assigned", "rsv-zones")
    job = restored(az, control, command, "rsv-zones")
    assert [one["zones"] for one in disks_of(az, job)] == [["2"]]


def test_an_identity_that_is_not_there(az: AzureCli) -> None:
    assert "MI is enabled" in az.fails(order(az, "restore-02", "--target-resource-group rg-dr --mi-system-assigned"))


def test_what_is_not_there(az: AzureCli) -> None:
    assert "(" in az.fails(order(az, "restore-02", "--target-resource-group rg-nowhere"))
    missing = "--storage-account stnowhere --storage-account-resource-group rg-dr"
    assert "ResourceNotFound" in az.fails(order(az, "restore-02", "--target-resource-group rg-dr", staging=missing))
    network = "--target-resource-group rg-dr --target-vm-name x-dr --target-vnet-name vnet-dr --target-vnet-resource-group rg-dr"
    assert "--target-subnet-name provided does not exist" in az.fails(order(az, "restore-02", f"{network} --target-subnet-name nowhere"))


@pytest.fixture(scope="module")
def far_items(az: AzureCli) -> list[dict[str, Any]]:
    """The items in the paired region. Release 2.91 of the CLI stumbles over its own class here, whatever Azure answers."""
    try:
        found: list[dict[str, Any]] = az(f"backup item list {vault('rsv-far')} {VMS} --workload-type VM --use-secondary-region")
    except AssertionError as error:
        if "object does not support item assignment" in str(error):
            pytest.xfail("this release of the CLI cannot list any item of the paired region")
        raise
    return found


def test_from_the_paired_region(az: AzureCli, control: Control, far_items: list[dict[str, Any]]) -> None:
    far = "--use-secondary-region"
    assert {one["properties"]["friendlyName"] for one in far_items} == {"far-01", "taken-01"}
    assert az(f"backup container list {vault('rsv-far')} {VMS} {far}")
    point = newest_point(az, "far-01", "rsv-far", far)
    command = (
        f"backup restore restore-disks {vault('rsv-far')} --container-name far-01 --item-name far-01 --rp-name {point} "
        f"--storage-account stclisecondary --storage-account-resource-group rg-dr-secondary --target-resource-group rg-dr-secondary {far}"
    )
    ordered = az(command)
    assert ordered["properties"]["operation"] == "CrossRegionRestore"
    control.advance(2 * HOUR)
    job = az(f"backup job wait {vault('rsv-far')} --name {ordered['name']} {far}")["properties"]
    assert job["status"] == "Completed"
    assert ordered["name"] in {one["name"] for one in az(f"backup job list {vault('rsv-far')} {far}")}
    assert az(f"backup job show {vault('rsv-far')} --name {ordered['name']} {far}")["properties"]["status"] == "Completed"
    disks = az("disk list --resource-group rg-dr-secondary")
    assert len(disks) == 2 and {one["location"] for one in disks} == {"southeastasia"}
    assert "do not support cancellation" in az.fails(f"backup job stop {vault('rsv-far')} --name {ordered['name']} {far}")


@pytest.mark.usefixtures("far_items")
def test_a_machine_in_the_paired_region(az: AzureCli, control: Control) -> None:
    point = newest_point(az, "taken-01", "rsv-far", "--use-secondary-region")
    ordered = az(
        f"backup restore restore-disks {vault('rsv-far')} --container-name taken-01 --item-name taken-01 --rp-name {point} "
        "--storage-account stclisecondary --storage-account-resource-group rg-dr-secondary --target-resource-group rg-dr-secondary "
        "--restore-mode AlternateLocation --target-vm-name taken-01-dr --target-vnet-name vnet-dr-secondary "
        "--target-vnet-resource-group rg-dr-secondary --target-subnet-name default --use-secondary-region"
    )
    control.advance(2 * HOUR)
    assert az(f"backup job wait {vault('rsv-far')} --name {ordered['name']} --use-secondary-region")["properties"]["status"] == "Completed"
    assert az("vm show --resource-group rg-dr-secondary --name taken-01-dr")["location"] == "southeastasia"


def test_single_files(az: AzureCli) -> None:
    """The CLI downloads a script, tells its password, and leaves the rest to the person."""
    where = f"{vault()} --container-name restore-02 --item-name restore-02"
    point = newest_point(az, "restore-02")
    az.text(f"backup restore files mount-rp {where} --rp-name {point}")
    [script] = az.folder.glob(f"restore-02_eastasia_{point}_*.py")
    assert "TargetPassword" in script.read_text()
    shown = f"backup recoverypoint show {where} {VMS} --name {point}"
    assert az(shown)["properties"]["isInstantIlrSessionActive"] is True
    az.text(f"backup restore files unmount-rp {where} --rp-name {point}")
    assert az(shown)["properties"]["isInstantIlrSessionActive"] is False
