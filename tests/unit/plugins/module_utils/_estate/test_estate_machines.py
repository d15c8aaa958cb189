# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's machines, networks and accounts as entries of an estate."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.ids import ResourceId
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.left_out import LeftOut
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.machines import (
    Hardware,
    Names,
    machine_entry,
    network_entry,
    power_states,
    storage_entry,
)

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/RG-SHOP/providers"
NAMES = Names({"rg-shop": "rg-shop"})
VNET = f"{GROUP}/Microsoft.Network/virtualNetworks/vnet"
NIC = f"{GROUP}/Microsoft.Network/networkInterfaces/nic"
OS_DISK = f"{GROUP}/Microsoft.Compute/disks/os"


def machine(**properties: Any) -> dict[str, Any]:
    storage = {"osDisk": {"name": "os", "osType": "Linux", "managedDisk": {"id": OS_DISK, "storageAccountType": "Premium_LRS"}, "diskSizeGB": 30}}
    return {
        "id": f"{GROUP}/Microsoft.Compute/virtualMachines/vm",
        "name": "vm",
        "location": "East Asia",
        "tags": {"app": "shop"},
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B2s"},
            "storageProfile": storage,
            "osProfile": {"adminUsername": "me", "customData": "secret", "linuxConfiguration": {"ssh": {"publicKeys": [{"keyData": "key"}]}}},
            "userData": "secret",
            "networkProfile": {"networkInterfaces": [{"id": NIC.upper().replace("/SUBSCRIPTIONS", "/subscriptions")}]},
            **properties,
        },
    }


def interface(subnet: str = f"{VNET}/subnets/app") -> dict[str, Any]:
    old = {"properties": {"primary": False, "privateIPAddress": "10.0.0.9", "subnet": {"id": f"{VNET}/subnets/other"}}}
    used = {"properties": {"primary": True, "privateIPAddress": "10.0.0.4", "subnet": {"id": subnet}}}
    return {"id": NIC, "name": "nic", "properties": {"ipConfigurations": [old, used]}}


def hardware(**more: Any) -> Hardware:
    return Hardware(**{"interfaces": {NIC.lower(): interface()}, "networks": frozenset({VNET.lower()}), **more})


def entry(resource: dict[str, Any], parts: Hardware | None = None) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    left_out = LeftOut()
    found = machine_entry(resource, ResourceId.parse(resource["id"]), parts or hardware(), NAMES, left_out)
    return found, left_out.entries


def test_a_machine_without_what_is_secret() -> None:
    found, left_out = entry(machine())
    assert left_out == []
    assert found == {
        "name": "vm",
        "resource_group": "rg-shop",
        "location": "eastasia",
        "size": "Standard_B2s",
        "os": "Linux",
        "os_disk_name": "os",
        "os_disk_gb": 30,
        "os_disk_sku": "Premium_LRS",
        "tags": {"app": "shop"},
        "network_interfaces": [
            {"name": "nic", "virtual_network": "vnet", "virtual_network_resource_group": "rg-shop", "subnet": "app", "address": "10.0.0.4"}
        ],
    }


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"securityProfile": {"securityType": "TrustedLaunch"}}, {"security_type": "TrustedLaunch"}),
        ({"securityProfile": {"securityType": "Standard"}}, {}),
        ({"networkProfile": None}, {"network_interfaces": []}),
    ],
)
def test_settings(properties: dict[str, Any], expected: dict[str, Any]) -> None:
    plain, _left_out = entry(machine())
    found, left_out = entry(machine(**properties))
    assert found == {**(plain or {}), **expected} and left_out == []


def test_disks_as_they_are_and_not_as_the_machine_was_told() -> None:
    """The profile of a machine that is off has no sizes; kinds and keys are with the disks."""
    data = f"{GROUP}/Microsoft.Compute/disks/data"
    disks = {
        OS_DISK.lower(): {"sku": {"name": "StandardSSD_ZRS"}, "properties": {"diskSizeGB": 64, "encryption": {"type": "EncryptionAtRestWithPlatformKey"}}},
        data.lower(): {
            "sku": {"name": "UltraSSD_LRS"},
            "properties": {"diskSizeGB": 1024, "encryption": {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": "/des"}},
        },
    }
    resource = machine()
    profile = resource["properties"]["storageProfile"]
    profile["osDisk"].pop("diskSizeGB")
    profile["dataDisks"] = [{"lun": 3, "name": "data", "managedDisk": {"id": data}}]
    found, left_out = entry(resource, hardware(disks=disks))
    assert found is not None and (found["os_disk_gb"], found["os_disk_sku"]) == (64, "StandardSSD_ZRS")
    assert found["data_disks"] == [{"lun": 3, "name": "data", "size_gb": 1024, "sku": "UltraSSD_LRS", "encryption_set": "/des"}] and left_out == []


@pytest.mark.parametrize(
    ("resource", "parts", "there", "reason"),
    [
        (machine(storageProfile={"osDisk": {"name": "os", "vhd": {"uri": "https://x"}}}), hardware(), False, "not managed disks"),
        (machine(storageProfile={}), hardware(), False, "not managed disks"),
        (machine(), hardware(interfaces={}), True, "could not be read"),
        (machine(), hardware(networks=frozenset()), True, "not part of the estate"),
        (machine(), hardware(disks={OS_DISK.lower(): {"properties": {"encryptionSettingsCollection": {"enabled": True}}}}), True, "Azure Disk Encryption"),
    ],
)
def test_nothing_is_left_out_silently(resource: dict[str, Any], parts: Hardware, there: bool, reason: str) -> None:
    found, left_out = entry(resource, parts)
    assert (found is not None) is there
    assert len(left_out) == 1 and reason in left_out[0]["reason"]


@pytest.mark.parametrize(("code", "state"), [("PowerState/running", "running"), ("PowerState/deallocating", "deallocated"), ("PowerState/stopped", "stopped")])
def test_power(code: str, state: str) -> None:
    resource = machine(instanceView={"statuses": [{"code": "ProvisioningState/succeeded"}, {"code": code}]})
    assert power_states([resource]) == {resource["id"].lower(): state}
    found, _left_out = entry(resource, hardware(power=power_states([resource])))
    assert found is not None and found.get("power", "running") == state


def test_a_subnet_of_two_versions_has_its_prefix_of_version_4() -> None:
    subnets = [{"name": "a", "properties": {"addressPrefixes": ["fd00::/64", "10.0.0.0/24"]}}, {"name": "b", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    resource = {"id": VNET, "name": "vnet", "location": "eastasia", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}}
    found = network_entry(resource, ResourceId.parse(VNET), NAMES)
    assert found["subnets"] == [{"name": "a", "prefix": "10.0.0.0/24"}, {"name": "b", "prefix": "10.0.1.0/24"}]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, {}),
        ({"allowSharedKeyAccess": None, "networkAcls": {"defaultAction": "Allow"}}, {}),
        ({"allowSharedKeyAccess": False}, {"allow_shared_key": False}),
        ({"networkAcls": {"defaultAction": "Deny"}}, {"firewall": True}),
        ({"publicNetworkAccess": "Disabled"}, {"firewall": True}),
    ],
)
def test_accounts(properties: dict[str, Any], expected: dict[str, Any]) -> None:
    place = f"{GROUP}/Microsoft.Storage/storageAccounts/st"
    resource = {"id": place, "name": "st", "location": "eastasia", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": properties}
    plain = {"name": "st", "resource_group": "rg-shop", "location": "eastasia", "sku": "Standard_LRS"}
    assert storage_entry(resource, ResourceId.parse(place), NAMES) == {**plain, **expected}
