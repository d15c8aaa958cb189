# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-compute, -network, -storage and -resource, as far as a recovery needs them."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute import models as compute_models
from azure_clients import Clients, wire


def _power(vm: Any) -> list[str]:
    return [status.code for status in vm.instance_view.statuses if status.code.startswith("PowerState/")]


def test_virtual_machines(azure: Any) -> None:
    vms = azure.compute.virtual_machines
    assert sorted(vm.name for vm in vms.list("rg-prod")) == ["db-01", "web-01", "web-02", "web-03"]
    vm = vms.get("rg-prod", "db-01", expand="instanceView")
    assert _power(vm) == ["PowerState/running"]
    assert vm.storage_profile.os_disk.os_type == "Windows"
    assert [disk.disk_size_gb for disk in vm.storage_profile.data_disks] == [512, 256]
    assert vms.instance_view("rg-prod", "db-01").statuses
    vms.begin_deallocate("rg-prod", "db-01").result()
    assert _power(vms.get("rg-prod", "db-01", expand="instanceView")) == ["PowerState/deallocated"]
    vms.begin_start("rg-prod", "db-01").result()
    vms.begin_power_off("rg-prod", "db-01").result()
    assert _power(vms.get("rg-prod", "db-01", expand="instanceView")) == ["PowerState/stopped"]
    vms.begin_restart("rg-prod", "web-01").result()
    tagged = vms.begin_update("rg-prod", "web-01", compute_models.VirtualMachineUpdate(tags={"drill": "1"})).result()
    assert tagged.tags == {"drill": "1"}


def test_deletion_of_a_vm_and_what_it_had(azure: Any) -> None:
    vm = azure.compute.virtual_machines.get("rg-prod", "web-01")
    disk = vm.storage_profile.os_disk.managed_disk.id.rsplit("/", 1)[-1]
    interface = vm.network_profile.network_interfaces[0].id.rsplit("/", 1)[-1]
    with pytest.raises(HttpResponseError):
        azure.compute.disks.begin_delete("rg-prod", disk).result()
    azure.compute.virtual_machines.begin_delete("rg-prod", "web-01").result()
    with pytest.raises(ResourceNotFoundError) as missing:
        azure.compute.virtual_machines.get("rg-prod", "web-01")
    assert missing.value.error.code == "ResourceNotFound"
    azure.compute.disks.begin_delete("rg-prod", disk).result()
    azure.network.network_interfaces.begin_delete("rg-prod", interface).result()
    assert disk not in [one.name for one in azure.compute.disks.list()]
    assert interface not in [one.name for one in azure.network.network_interfaces.list_all()]


def test_disks(azure: Any) -> None:
    disks = azure.compute.disks
    new = compute_models.Disk(
        location="eastasia", sku=compute_models.DiskSku(name="Premium_LRS"), disk_size_gb=64,
        creation_data=compute_models.CreationData(create_option="Empty"),
    )
    made = disks.begin_create_or_update("rg-dr", "spare", new).result()
    assert (made.name, made.disk_size_gb, made.provisioning_state) == ("spare", 64, "Succeeded")
    assert disks.begin_update("rg-dr", "spare", compute_models.DiskUpdate(tags={"drill": "1"})).result().tags == {"drill": "1"}
    assert [one.name for one in disks.list_by_resource_group("rg-dr")] == ["spare"]
    disks.begin_delete("rg-dr", "spare").result()
    assert list(disks.list_by_resource_group("rg-dr")) == []


def test_networks(azure: Any) -> None:
    network = azure.network.virtual_networks.get("rg-dr", "vnet-dr")
    assert network.address_space.address_prefixes == ["10.20.0.0/16"]
    assert [one.name for one in azure.network.subnets.list("rg-dr", "vnet-dr")] == ["default"]
    assert azure.network.subnets.get("rg-dr", "vnet-dr", "default").id.lower() == network.subnets[0].id.lower()
    assert {one.name for one in azure.network.virtual_networks.list_all()} == {"vnet-dr", "vnet-prod"}
    interface = next(iter(azure.network.network_interfaces.list("rg-prod")))
    assert interface.virtual_machine.id
    tagged = azure.network.network_interfaces.update_tags("rg-prod", interface.name, {"tags": {"drill": "1"}})
    assert tagged.tags == {"drill": "1"}


def test_storage_accounts(azure: Any) -> None:
    accounts = azure.storage.storage_accounts
    assert {one.name for one in accounts.list()} == {"ststagingea", "ststagingsea"}
    assert accounts.get_properties("rg-dr", "ststagingea").provisioning_state == "Succeeded"
    assert [key["keyName"] for key in wire(accounts.list_keys("rg-dr", "ststagingea"))["keys"]] == ["key1", "key2"]


def test_resource_groups(azure: Any) -> None:
    groups = azure.resources.resource_groups
    assert {"rg-prod", "rg-backup", "rg-dr", "rg-dr-secondary"} <= {one.name for one in groups.list()}
    assert groups.check_existence("rg-prod") is True
    assert groups.check_existence("rg-none") is False
    made = groups.create_or_update("rg-drill", {"location": "eastasia", "tags": {"drill": "1"}})
    assert (made.name, made.tags) == ("rg-drill", {"drill": "1"})
    assert [one.name for one in groups.list(filter="tagName eq 'drill' and tagValue eq '1'")] == ["rg-drill"]
    groups.begin_delete("rg-drill").result()
    with pytest.raises(ResourceNotFoundError):
        groups.get("rg-drill")


def test_resources_by_tag(azure: Any) -> None:
    found = list(azure.resources.resources.list(filter="tagName eq 'tier' and tagValue eq 'db'"))
    assert "db-01" in [one.name for one in found]
    assert {"web-01", "web-02", "web-03"}.isdisjoint(one.name for one in found)
    in_group = azure.resources.resources.list_by_resource_group("rg-prod", filter="resourceType eq 'Microsoft.Compute/virtualMachines'")
    assert len(list(in_group)) == 4
    vm = azure.resources.resources.get_by_id(azure.sim.vm_id("rg-prod", "web-01"), api_version="2024-07-01")
    assert vm.tags == {"tier": "web"}


def test_providers(azure: Any) -> None:
    assert azure.resources.providers.get("Microsoft.RecoveryServices").registration_state == "Registered"


def test_an_unknown_subscription(azure: Any) -> None:
    azure.sim.subscription = "00000000-0000-0000-0000-000000000000"
    with pytest.raises(ResourceNotFoundError) as missing:
        list(Clients(azure.sim).compute.virtual_machines.list_all())
    assert missing.value.error.code == "SubscriptionNotFound"


def test_tokens_that_end_in_mid_work(azure: Any) -> None:
    vms = azure.compute.virtual_machines
    assert vms.get("rg-prod", "web-01").name == "web-01"
    azure.sim.control.fault({"method": "GET", "path": "/virtualMachines/web-01$"}, {"kind": "expire_tokens"})
    with pytest.raises(ClientAuthenticationError) as refused:
        vms.get("rg-prod", "web-01")
    assert refused.value.error.code in ("ExpiredAuthenticationToken", "InvalidAuthenticationToken")
