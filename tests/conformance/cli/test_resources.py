# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines, disks, networks and storage accounts."""

from __future__ import annotations

from command_line import AzureCli


def test_machines(az: AzureCli) -> None:
    names = {one["name"] for one in az("vm list --resource-group rg-prod")}
    assert {"plain-01", "restore-01"} <= names
    assert names <= {one["name"] for one in az("vm list")}
    shown = az("vm show --resource-group rg-prod --name disks-01")
    assert [disk["lun"] for disk in shown["storageProfile"]["dataDisks"]] == [0, 1]
    assert shown["hardwareProfile"]["vmSize"] == "Standard_D2s_v5"
    assert "(ResourceNotFound)" in az.fails("vm show --resource-group rg-prod --name nobody")


def test_details_of_a_machine(az: AzureCli) -> None:
    shown = az("vm show --resource-group rg-prod --name plain-01 --show-details")
    assert shown["powerState"] == "VM running"
    assert shown["privateIps"].startswith("10.10.")
    assert len(shown["macAddresses"].split("-")) == 6
    assert {one["name"]: one["powerState"] for one in az("vm list --show-details")}["plain-01"] == "VM running"


def test_power(az: AzureCli) -> None:
    az("vm deallocate --resource-group rg-prod --name taken-01")
    codes = [status["code"] for status in az("vm get-instance-view --resource-group rg-prod --name taken-01")["instanceView"]["statuses"]]
    assert "PowerState/deallocated" in codes
    az("vm start --resource-group rg-prod --name taken-01")
    assert az("vm show --resource-group rg-prod --name taken-01 -d --query powerState") == "VM running"
    az("vm stop --resource-group rg-prod --name taken-01")
    assert az("vm show --resource-group rg-prod --name taken-01 -d --query powerState") == "VM stopped"
    az("vm restart --resource-group rg-prod --name plain-01")


def test_tags_of_a_machine(az: AzureCli) -> None:
    assert az("vm update --resource-group rg-prod --name tagged-01 --set tags.drill=yes")["tags"] == {"tier": "db", "drill": "yes"}


def test_sizes(az: AzureCli) -> None:
    assert "Standard_D2s_v5" in {one["name"] for one in az("vm list-skus --location eastasia --resource-type virtualMachines")}


def test_disks(az: AzureCli) -> None:
    disks = az("disk list --resource-group rg-prod")
    mine = [one for one in disks if one["name"].startswith("disks-01")]
    assert len(mine) == 3
    assert {one["diskState"] for one in mine} == {"Attached"}
    assert {one["managedBy"] for one in mine} == {az.vm_id("disks-01")}


def test_a_copy_of_a_disk(az: AzureCli) -> None:
    source = az("vm show --resource-group rg-prod --name plain-01")["storageProfile"]["osDisk"]["managedDisk"]["id"]
    made = az(f"disk create --resource-group rg-dr --name plain-copy --source {source}")
    assert (made["provisioningState"], made["diskState"]) == ("Succeeded", "Unattached")
    assert made["creationData"]["sourceResourceId"].lower() == source.lower()
    assert az("disk create --resource-group rg-dr --name empty-01 --size-gb 32")["diskSizeGB"] == 32
    assert az("disk update --resource-group rg-dr --name empty-01 --set tags.drill=yes")["tags"] == {"drill": "yes"}
    for name in ("plain-copy", "empty-01"):
        az(f"disk delete --resource-group rg-dr --name {name} --yes")
        assert "(ResourceNotFound)" in az.fails(f"disk show --resource-group rg-dr --name {name}")


def test_networks(az: AzureCli) -> None:
    assert {one["name"] for one in az("network vnet list")} >= {"vnet-prod", "vnet-dr", "vnet-dr-secondary"}
    assert [one["name"] for one in az("network vnet list --resource-group rg-dr")] == ["vnet-dr"]
    assert az("network vnet show --resource-group rg-dr --name vnet-dr")["addressSpace"]["addressPrefixes"] == ["10.20.0.0/16"]
    assert [one["name"] for one in az("network vnet subnet list --resource-group rg-dr --vnet-name vnet-dr")] == ["default", "drill"]
    assert "plain-01-nic" in {one["name"] for one in az("network nic list --resource-group rg-prod")}
    assert az("network nic show --resource-group rg-prod --name plain-01-nic")["virtualMachine"]["id"] == az.vm_id("plain-01")
    assert az("network nsg list") == [] and az("network public-ip list") == []


def test_a_network_comes_and_goes(az: AzureCli) -> None:
    where = "--resource-group rg-dr --name vnet-short"
    made = az(f"network vnet create {where} --address-prefixes 10.99.0.0/16 --subnet-name one --subnet-prefixes 10.99.1.0/24")
    assert [one["name"] for one in made["newVNet"]["subnets"]] == ["one"]
    az("network vnet subnet create --resource-group rg-dr --vnet-name vnet-short --name two --address-prefixes 10.99.2.0/24")
    assert len(az(f"network vnet show {where}")["subnets"]) == 2
    az(f"network vnet delete {where}")
    assert "(ResourceNotFound)" in az.fails(f"network vnet show {where}")


def test_storage_accounts(az: AzureCli) -> None:
    assert {one["name"] for one in az("storage account list")} >= {"stclistaging", "stclisecondary"}
    assert az("storage account show --name stclistaging")["resourceGroup"] == "rg-dr"
    assert az("storage account show --resource-group rg-dr --name stclistaging")["sku"]["name"] == "Standard_LRS"
    assert az("storage account keys list --resource-group rg-dr --account-name stclistaging --query [].keyName") == ["key1", "key2"]
    assert az("storage account check-name --name stclistaging")["nameAvailable"] is False
    containers = az("storage container-rm list --storage-account stclistaging --resource-group rg-dr")
    assert "restored" in {one["name"] for one in containers}


def test_a_storage_account_comes_and_goes(az: AzureCli) -> None:
    where = "--resource-group rg-dr --name stclishort"
    assert az(f"storage account create {where} --location eastasia --sku Standard_LRS")["provisioningState"] == "Succeeded"
    assert az(f"storage account update {where} --tags drill=yes")["tags"] == {"drill": "yes"}
    az(f"storage account delete {where} --yes")
    assert "(ResourceNotFound)" in az.fails(f"storage account show {where}")


def test_a_container_in_arm(az: AzureCli) -> None:
    where = "--storage-account stclifiles --resource-group rg-dr --name in-arm"
    assert az(f"storage container-rm create {where}")["name"] == "in-arm"
    assert az(f"storage container-rm update {where} --metadata drill=yes")["metadata"] == {"drill": "yes"}
    assert az(f"storage container-rm exists {where}")["exists"] is True
    az(f"storage container-rm delete {where} --yes")
    assert az(f"storage container-rm exists {where}")["exists"] is False
