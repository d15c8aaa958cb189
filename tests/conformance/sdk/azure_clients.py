# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of the official Azure SDKs for Python that work on a simulator, and what all tests do with them."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.mgmt.apimanagement import ApiManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup.passivestamp import RecoveryServicesBackupPassiveClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient
from harness.simulator import Simulator

try:
    # Until release 10 the package had two clients, of which this one is now all there is.
    from azure.mgmt.recoveryservicesbackup import activestamp as backup_package
except ImportError:
    from azure.mgmt import recoveryservicesbackup as backup_package

models = backup_package.models
FABRIC = "Azure"
VMS = "backupManagementType eq 'AzureIaasVM'"
PROTECTED_VMS = VMS + " and itemType eq 'VM'"
MINUTE, HOUR = 60.0, 3600.0


class Hurried(RequestsTransport):
    """The libraries' own transport, whose pauses between looks are the simulator's: its clock goes on as far as it would have gone."""

    def __init__(self, sim: Simulator) -> None:
        super().__init__(connection_verify=sim.ready["ca_file"])
        self._sim = sim

    def sleep(self, duration: float) -> None:
        self._sim.control.advance(duration * self._sim.speed)


class Clients:
    """One credential and a client a service, each made when it is first used."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        arm = sim.ready["arm_url"]
        self.credential = self.credential_of(sim.ready["client_id"], sim.ready["client_secret"])
        self._options = {
            "base_url": arm, "credential_scopes": [arm + "/.default"], "transport": Hurried(sim),
            # For the operations that say no Retry-After; the SDKs would wait 30 seconds.
            "polling_interval": 1,
        }

    def credential_of(self, client_id: str, secret: str) -> ClientSecretCredential:
        ready = self.sim.ready
        return ClientSecretCredential(
            ready["tenant_id"], client_id, secret, authority=ready["arm_url"], disable_instance_discovery=True, connection_verify=ready["ca_file"]
        )

    def blobs(self, group: str, account: str, credential: Any) -> BlobServiceClient:
        """What lies in a storage account, by a token's credential or one of its keys."""
        if isinstance(credential, str):
            # At an endpoint of path style the library cannot tell the account's name from the host.
            credential = {"account_name": account, "account_key": credential}
        endpoint = self.storage.storage_accounts.get_properties(group, account).primary_endpoints.blob
        return BlobServiceClient(endpoint.rstrip("/"), credential=credential, connection_verify=self.sim.ready["ca_file"], retry_total=0)

    def keys(self, group: str, account: str) -> list[str]:
        return [key["value"] for key in wire(self.storage.storage_accounts.list_keys(group, account))["keys"]]

    def _make(self, client: Any) -> Any:
        return client(self.credential, self.sim.subscription, **self._options)

    @cached_property
    def vaults(self) -> Any:
        return self._make(RecoveryServicesClient)

    @cached_property
    def backup(self) -> Any:
        return self._make(backup_package.RecoveryServicesBackupClient)

    @cached_property
    def secondary(self) -> Any:
        """The paired region."""
        return self._make(RecoveryServicesBackupPassiveClient)

    @cached_property
    def compute(self) -> Any:
        return self._make(ComputeManagementClient)

    @cached_property
    def api_management(self) -> Any:
        return self._make(ApiManagementClient)

    @cached_property
    def network(self) -> Any:
        return self._make(NetworkManagementClient)

    @cached_property
    def storage(self) -> Any:
        return self._make(StorageManagementClient)

    @cached_property
    def resources(self) -> Any:
        return self._make(ResourceManagementClient)


class Vault:
    """The VMs of rg-prod in one vault, through the backup SDK."""

    def __init__(self, clients: Clients, name: str = "rsv-prod-01", group: str = "rg-backup") -> None:
        self.clients, self.sim = clients, clients.sim
        self.backup = clients.backup
        self.place = {"vault_name": name, "resource_group_name": group}
        self.id = f"{self.sim.rg(group)}/providers/Microsoft.RecoveryServices/vaults/{name}"

    def policy(self, name: str = "DefaultPolicy") -> str:
        return f"{self.id}/backupPolicies/{name}"

    def names(self, vm: str) -> dict[str, str]:
        """The arguments that name a VM's item."""
        tail = f"iaasvmcontainerv2;rg-prod;{vm}"
        return {**self.place, "fabric_name": FABRIC, "container_name": "IaasVMContainer;" + tail, "protected_item_name": "VM;" + tail}

    def item(self, vm: str) -> Any:
        return properties(self.backup.protected_items.get(**self.names(vm)))

    def items(self) -> dict[str, Any]:
        """Properties of the protected items by the VM's name."""
        found = [properties(one) for one in self.backup.backup_protected_items.list(**self.place, filter=PROTECTED_VMS)]
        return {one["friendlyName"]: one for one in found}

    def put(self, vm: str, **desired: Any) -> Any:
        """PUT of the protected item, to the operation's end; the item's properties."""
        source = self.sim.vm_id("rg-prod", vm)
        body = models.ProtectedItemResource(properties=models.AzureIaaSComputeVMProtectedItem(source_resource_id=source, **desired))
        operations = self.backup.protected_items
        if hasattr(operations, "begin_create_or_update"):
            return properties(operations.begin_create_or_update(**self.names(vm), parameters=body).result())
        self.follow(operations.create_or_update(**self.names(vm), parameters=body, cls=headers_of))
        return self.item(vm)

    def protect(self, vm: str) -> Any:
        return self.put(vm, policy_id=self.policy())

    def follow(self, headers: Any) -> Any:
        """Follows an operation by the id in its answer's headers, for the SDK's methods that have no poller; the last status."""
        operation = operation_of(headers)
        status = self.backup.backup_operation_statuses.get(**self.place, operation_id=operation)
        for _poll in range(100):
            if status.status != "InProgress":
                break
            self.sim.control.advance(5)
            status = self.backup.backup_operation_statuses.get(**self.place, operation_id=operation)
        assert status.status == "Succeeded", status.as_dict()
        return status

    def job(self, job_id: str) -> Any:
        return properties(self.backup.job_details.get(**self.place, job_name=job_id))

    def jobs(self, operation: str) -> list[Any]:
        chosen = f"{VMS} and operation eq '{operation}'"
        return [properties(one) for one in self.backup.backup_jobs.list(**self.place, filter=chosen)]

    def finish(self, job_id: str) -> Any:
        """Lets time pass until the job has ended."""
        for _look in range(100):
            job = self.job(job_id)
            if job["status"] not in ("InProgress", "Cancelling"):
                return job
            self.sim.control.advance(5 * MINUTE)
        raise AssertionError(f"job {job_id} does not end")

    def back_up(self, vm: str) -> str:
        """Starts an on-demand backup; its job's id."""
        request = models.BackupRequestResource(properties=models.IaasVMBackupRequest())
        status = self.follow(self.backup.backups.trigger(**self.names(vm), parameters=request, cls=headers_of))
        return str(status.properties.job_id)

    def protected_with_point(self, vm: str) -> Any:
        """Protects and backs up a VM; its newest recovery point."""
        self.protect(vm)
        assert self.finish(self.back_up(vm))["status"] == "Completed"
        return self.points(vm)[0]

    def points(self, vm: str) -> list[Any]:
        return list(self.backup.recovery_points.list(**self.names(vm)))


def wire(model: Any) -> Any:
    """An SDK's model as Azure's JSON.

    Of the models with a type within a type (protected items, policies, jobs), the newest SDKs make only the outer one, which has none of
    the inner one's attributes, with Azure's own answers, too. Older ones make models without what they do not know.
    """
    return model.serialize(keep_readonly=True) if hasattr(model, "serialize") else model.as_dict()


def properties(model: Any) -> Any:
    return wire(model)["properties"]


def headers_of(pipeline: Any, _body: Any, _described: Any) -> Any:
    """As `cls=`, makes an SDK method return its answer's headers: all of them, also those that the SDK's description leaves out."""
    return pipeline.http_response.headers


def operation_of(headers: Any) -> str:
    url = headers.get("Azure-AsyncOperation") or headers["Location"]
    return urlsplit(url).path.rsplit("/", 1)[-1]
