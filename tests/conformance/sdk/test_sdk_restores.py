# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-mgmt-recoveryservicesbackup: restores, their validation, and what they leave behind."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure_clients import VMS, Vault, models, wire

VM = "db-01"
"""Protected at the start, with one recovery point and data disks."""


@pytest.fixture
def vault(azure: Any) -> Any:
    return Vault(azure, "rsv-full")


def _request(vault: Any, kind: str, **more: Any) -> Any:
    (point,) = vault.points(VM)
    return models.IaasVMRestoreRequest(
        recovery_point_id=point.name, recovery_type=kind, source_resource_id=vault.sim.vm_id("rg-prod", VM), region="eastasia",
        storage_account_id=vault.sim.rg("rg-dr") + "/providers/Microsoft.Storage/storageAccounts/ststagingea",
        create_new_cloud_service=False, original_storage_account_option=False, **more,
    )


def _new_vm(vault: Any) -> Any:
    network = vault.sim.rg("rg-dr") + "/providers/Microsoft.Network/virtualNetworks/vnet-dr"
    return _request(
        vault, "AlternateLocation", target_resource_group_id=vault.sim.rg("rg-dr"), virtual_network_id=network,
        subnet_id=network + "/subnets/default", target_virtual_machine_id=vault.sim.vm_id("rg-dr", "db-01-dr"),
    )


def _restore(vault: Any, request: Any) -> dict[str, Any]:
    """The restore's job when it has ended."""
    begin = vault.backup.restores.begin_trigger
    body = models.RestoreRequestResource(properties=request)
    begin(**vault.names(VM), recovery_point_id=request.recovery_point_id, parameters=body).result()
    (started,) = vault.backup.backup_jobs.list(**vault.place, filter=f"{VMS} and operation eq 'Restore'")
    job: dict[str, Any] = vault.finish(started.name)
    return job


def _validation(vault: Any, request: Any) -> Any:
    (point,) = vault.points(VM)
    return models.ValidateOperationRequestResource(id=point.id, properties=models.ValidateIaasVMRestoreOperationRequest(restore_request=request))


def _problems(vault: Any, request: Any) -> list[dict[str, Any]]:
    answer = vault.backup.operation.validate(**vault.place, parameters=_validation(vault, request))
    return list(wire(answer)["validateOperationResponse"]["validationResults"])


def _bag(job: dict[str, Any]) -> dict[str, Any]:
    return dict(job["extendedInfo"]["propertyBag"])


def test_disks(azure: Any, vault: Any) -> None:
    job = _restore(vault, _request(vault, "RestoreDisks", target_resource_group_id=vault.sim.rg("rg-dr")))
    assert job["status"] == "Completed"
    assert _bag(job)["Job Type"] == "Recover disks"
    assert _bag(job)["Config Blob Uri"].startswith("https://ststagingea.blob.")
    disks = list(azure.compute.disks.list_by_resource_group("rg-dr"))
    assert sorted(disk.disk_size_gb for disk in disks)[1:] == [256, 512]


def test_some_disks(azure: Any, vault: Any) -> None:
    request = _request(
        vault, "RestoreDisks", target_resource_group_id=vault.sim.rg("rg-dr"), restore_disk_lun_list=[1], restore_with_managed_disks=True,
    )
    assert _restore(vault, request)["status"] == "Completed"
    disks = list(azure.compute.disks.list_by_resource_group("rg-dr"))
    assert 256 in [disk.disk_size_gb for disk in disks]
    assert 512 not in [disk.disk_size_gb for disk in disks]


def test_new_vm(azure: Any, vault: Any) -> None:
    job = _restore(vault, _new_vm(vault))
    assert job["status"] == "Completed"
    assert _bag(job)["Target VM Name"] == "db-01-dr"
    vm = azure.compute.virtual_machines.get("rg-dr", "db-01-dr", expand="instanceView")
    assert len(vm.storage_profile.data_disks) == 2
    (interface,) = vm.network_profile.network_interfaces
    shown = azure.network.network_interfaces.get("rg-dr", interface.id.rsplit("/", 1)[-1])
    assert shown.ip_configurations[0].subnet.id.lower().endswith("/vnet-dr/subnets/default")
    (problem,) = _problems(vault, _new_vm(vault))
    assert "db-01-dr" in problem["message"]


def test_replace(azure: Any, vault: Any) -> None:
    before = azure.compute.virtual_machines.get("rg-prod", VM).storage_profile.os_disk.managed_disk.id
    azure.compute.virtual_machines.begin_deallocate("rg-prod", VM).result()
    job = _restore(vault, _request(vault, "OriginalLocation", affinity_group=""))
    assert job["status"] == "Completed"
    after = azure.compute.virtual_machines.get("rg-prod", VM).storage_profile.os_disk.managed_disk.id
    assert after.lower() != before.lower()


def test_validation(vault: Any) -> None:
    assert _problems(vault, _new_vm(vault)) == []
    vault.backup.validate_operation.begin_trigger(**vault.place, parameters=_validation(vault, _new_vm(vault))).result()


def test_a_restore_that_azure_refuses(vault: Any) -> None:
    request = _new_vm(vault)
    request.region = "westeurope"
    body = models.RestoreRequestResource(properties=request)
    with pytest.raises(HttpResponseError) as refused:
        vault.backup.restores.begin_trigger(**vault.names(VM), recovery_point_id=request.recovery_point_id, parameters=body).result()
    assert refused.value.status_code == 400
    assert refused.value.error.code
