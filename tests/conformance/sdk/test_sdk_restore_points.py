# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-compute: restore points, their copies to another region, and the disks and machines that are made of them."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute import models as compute
from azure.mgmt.network import models as network
from azure_clients import HOUR

NEAR, FAR, NAME = "rg-prod", "rg-dr-secondary", "rpc-db-01"


def _collection(azure: Any, group: str, source: str, location: str) -> Any:
    given = compute.RestorePointCollection(
        location=location, tags={"drill": "1"}, source=compute.RestorePointCollectionSourceProperties(id=source),
    )
    return azure.compute.restore_point_collections.create_or_update(group, NAME, given)


def _made(azure: Any, name: str = "first", **properties: Any) -> Any:
    """A restore point of db-01, in the collection that is made with it."""
    _collection(azure, NEAR, azure.sim.vm_id(NEAR, "db-01"), "eastasia")
    return azure.compute.restore_points.begin_create(NEAR, NAME, name, compute.RestorePoint(**properties)).result()


def _copied(azure: Any, source: Any) -> Any:
    """A copy of it in the other region, as soon as all its disks are there."""
    collection = azure.compute.restore_point_collections.get(NEAR, NAME)
    _collection(azure, FAR, collection.id, "southeastasia")
    given = compute.RestorePoint(source_restore_point=compute.ApiEntityReference(id=source.id))
    copy = azure.compute.restore_points.begin_create(FAR, NAME, source.name, given).result()
    assert copy.provisioning_state == "Succeeded"
    azure.sim.control.advance(4 * HOUR)
    return azure.compute.restore_points.get(FAR, NAME, source.name, expand="instanceView")


def test_collections(azure: Any) -> None:
    collections = azure.compute.restore_point_collections
    made = _collection(azure, NEAR, azure.sim.vm_id(NEAR, "db-01"), "eastasia")
    assert (made.name, made.location, made.provisioning_state, made.tags) == (NAME, "eastasia", "Succeeded", {"drill": "1"})
    assert made.source.id == azure.sim.vm_id(NEAR, "db-01") and made.restore_point_collection_id
    changed = collections.update(NEAR, NAME, compute.RestorePointCollectionUpdate(tags={"drill": "2"}))
    assert changed.tags == {"drill": "2"}
    assert [one.name for one in collections.list(NEAR)] == [NAME] == [one.name for one in collections.list_all()]
    with pytest.raises(HttpResponseError) as refused:
        _collection(azure, NEAR, azure.sim.vm_id(NEAR, "web-01"), "eastasia")
    assert refused.value.error.code == "PropertyChangeNotAllowed"
    _made(azure)
    inside = collections.get(NEAR, NAME, expand="restorePoints").restore_points
    assert [one.name for one in inside] == ["first"]
    collections.begin_delete(NEAR, NAME).result()
    with pytest.raises(ResourceNotFoundError):
        collections.get(NEAR, NAME)


def test_points(azure: Any) -> None:
    points = azure.compute.restore_points
    made = _made(azure)
    assert (made.provisioning_state, made.consistency_mode) == ("Succeeded", "ApplicationConsistent")
    profile = made.source_metadata.storage_profile
    assert [disk.disk_size_gb for disk in profile.data_disks] == [512, 256]
    assert profile.os_disk.os_type == "Windows" and profile.os_disk.disk_restore_point.encryption.type
    left_out = compute.ApiEntityReference(id=profile.data_disks[0].managed_disk.id)
    second = _made(azure, "second", consistency_mode="CrashConsistent", exclude_disks=[left_out])
    assert second.consistency_mode == "CrashConsistent" and [one.id for one in second.exclude_disks] == [left_out.id]
    assert [disk.lun for disk in second.source_metadata.storage_profile.data_disks] == [1]
    with pytest.raises(HttpResponseError):
        _made(azure, "second")
    points.begin_delete(NEAR, NAME, "first").result()
    with pytest.raises(ResourceNotFoundError):
        points.get(NEAR, NAME, "first")


def test_a_copy_and_its_progress(azure: Any) -> None:
    source = _made(azure)
    copy = _copied(azure, source)
    assert copy.source_restore_point.id == source.id and copy.time_created == source.time_created
    view = copy.instance_view
    assert [one.replication_status.completion_percent for one in view.disk_restore_points] == [100, 100, 100]
    assert [one.code for one in view.statuses] == ["ReplicationState/succeeded"]
    names = [one.id.rsplit("/", 1)[-1] for one in view.disk_restore_points]
    disks = list(azure.compute.disk_restore_point.list_by_restore_point(FAR, NAME, "first"))
    assert [one.name for one in disks] == names
    one = azure.compute.disk_restore_point.get(FAR, NAME, "first", names[0])
    assert (one.replication_state, one.completion_percent, one.source_resource_location) == ("Succeeded", 100.0, "eastasia")
    with pytest.raises(HttpResponseError) as refused:
        given = compute.RestorePoint(source_restore_point=compute.ApiEntityReference(id=source.id))
        azure.compute.restore_points.begin_create(FAR, NAME, "again", given)
    assert refused.value.error.code == "OperationNotAllowed"


def test_export_of_a_disk(azure: Any) -> None:
    point = _made(azure)
    name = point.source_metadata.storage_profile.os_disk.disk_restore_point.id.rsplit("/", 1)[-1]
    access = compute.GrantAccessData(access="Read", duration_in_seconds=600)
    given = azure.compute.disk_restore_point.begin_grant_access(NEAR, NAME, "first", name, access).result()
    assert given.access_sas.startswith("https://")
    azure.compute.disk_restore_point.begin_revoke_access(NEAR, NAME, "first", name).result()
    azure.compute.restore_points.begin_delete(NEAR, NAME, "first").result()


def test_a_machine_from_the_copy(azure: Any) -> None:
    copy = _copied(azure, _made(azure))
    profile = copy.source_metadata.storage_profile
    made = []
    for number, disk in enumerate((profile.os_disk, *profile.data_disks)):
        creation = compute.CreationData(create_option="Restore", source_resource_id=disk.disk_restore_point.id)
        given = compute.Disk(location="southeastasia", sku=compute.DiskSku(name="Premium_LRS"), creation_data=creation)
        made.append(azure.compute.disks.begin_create_or_update(FAR, f"disk-{number}", given).result())
    assert [disk.disk_size_gb for disk in made] == [profile.os_disk.disk_size_gb, 512, 256]
    nic = _nic(azure)
    machine = compute.VirtualMachine(
        location="southeastasia",
        hardware_profile=compute.HardwareProfile(vm_size=copy.source_metadata.hardware_profile.vm_size),
        storage_profile=compute.StorageProfile(
            os_disk=compute.OSDisk(create_option="Attach", os_type="Windows", managed_disk=compute.ManagedDiskParameters(id=made[0].id)),
            data_disks=[
                compute.DataDisk(lun=old.lun, create_option="Attach", caching=old.caching, managed_disk=compute.ManagedDiskParameters(id=new.id))
                for old, new in zip(profile.data_disks, made[1:])
            ],
        ),
        network_profile=compute.NetworkProfile(network_interfaces=[compute.NetworkInterfaceReference(id=nic)]),
    )
    built = azure.compute.virtual_machines.begin_create_or_update(FAR, "db-01-dr", machine).result()
    assert (built.location, built.provisioning_state) == ("southeastasia", "Succeeded")
    assert [(disk.lun, disk.caching) for disk in built.storage_profile.data_disks] == [(0, "ReadOnly"), (1, "ReadOnly")]


def _nic(azure: Any) -> str:
    """A network interface in the other region, with the network that it needs."""
    subnet = network.Subnet(name="default", address_prefix="10.30.0.0/24")
    space = network.AddressSpace(address_prefixes=["10.30.0.0/16"])
    vnet = network.VirtualNetwork(location="southeastasia", address_space=space, subnets=[subnet])
    made = azure.network.virtual_networks.begin_create_or_update(FAR, "vnet-far", vnet).result()
    configuration = network.NetworkInterfaceIPConfiguration(name="ip", subnet=network.Subnet(id=made.subnets[0].id))
    nic = network.NetworkInterface(location="southeastasia", ip_configurations=[configuration])
    return str(azure.network.network_interfaces.begin_create_or_update(FAR, "db-01-dr-nic", nic).result().id)
