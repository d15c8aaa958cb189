# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator without ports, sign-in or gate: requests go through the router straight to the handlers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from azure_dr_simulator.clock import Clock
from azure_dr_simulator.estate import default_document, load_estate
from azure_dr_simulator.gate.faults import FaultBook, JobFaults, add_fault
from azure_dr_simulator.replies import AzureError, Reply
from azure_dr_simulator.routing import Call, Router
from azure_dr_simulator.services import services
from azure_dr_simulator.services.compute.state import ComputeState, delete_vm
from azure_dr_simulator.world import World

BASE = "https://localhost:4443"
VERSION = "2025-02-01"
VM_FILTER = "backupManagementType eq 'AzureIaasVM'"


class Backup:
    """One simulated subscription; `vault` is rsv-prod-01 unless said otherwise."""

    def __init__(self, vaults: list[dict[str, Any]] | None = None, *, seed: int = 0, **top: Any) -> None:
        document = default_document()
        if vaults is not None:
            document["vaults"] = vaults
        document.update(top)
        self.estate = load_estate(document)
        self.world = World(Clock(), seed)
        self.router = Router()
        rooms = services()
        for room in rooms:
            room.register(self.router, self.world)
        for room in rooms:
            room.load(self.world, self.estate)
        self.subscription = f"/subscriptions/{self.estate.subscription_id}"
        self.vault = self.vault_path("rsv-prod-01")

    # Paths

    def vault_path(self, name: str) -> str:
        return f"{self.subscription}/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/{name}"

    def location(self, region: str) -> str:
        return f"{self.subscription}/providers/Microsoft.RecoveryServices/locations/{region}"

    def vm(self, name: str, group: str = "rg-prod") -> str:
        return f"{self.subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"

    def item(self, name: str, vault: str | None = None, group: str = "rg-prod") -> str:
        tail = f"iaasvmcontainerv2%3B{group}%3B{name}"
        return f"{vault or self.vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer%3B{tail}/protectedItems/VM%3B{tail}"

    def policy(self, name: str, vault: str | None = None) -> str:
        return f"{vault or self.vault}/backupPolicies/{name}"

    # Requests

    def send(self, method: str, path: str, body: Any = None, *, version: str = VERSION, **query: str) -> Reply:
        """`path` may be an absolute URL with its own query; `filter=` and the like become `$filter`."""
        parts = urlsplit(path)
        values = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        values.setdefault("api-version", version)
        values.update({f"${name.lower()}": value for name, value in query.items()})
        self.world.settle()
        found = self.router.find(method, parts.path)
        assert found is not None, f"no route for {method} {parts.path}"
        route, variables = found
        call = Call(self.world, method, parts.path, values, body, BASE, vars=variables)
        try:
            return route.handler(call)
        except AzureError as error:
            return error.reply()

    def get(self, path: str, **options: str) -> Any:
        reply = self.send("GET", path, **options)
        assert reply.status == 200, reply
        return reply.body

    def rows(self, path: str, **options: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        body = self.get(path, **options)
        found = list(body["value"])
        while body.get("nextLink"):
            body = self.get(body["nextLink"])
            found += body["value"]
        return found

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.world.settle()

    # Scenes

    def put_item(self, name: str, *, vault: str | None = None, version: str = VERSION, **properties: Any) -> Reply:
        body = {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": self.vm(name), **properties}
        return self.send("PUT", self.item(name, vault), {"properties": body}, version=version)

    def enable(self, name: str, policy: str = "DefaultPolicy", vault: str | None = None) -> Reply:
        return self.put_item(name, vault=vault, policyId=self.policy(policy, vault))

    def protected(self, name: str, policy: str = "DefaultPolicy") -> dict[str, Any]:
        """Enables protection and returns the item as it is afterwards."""
        assert self.enable(name, policy).status == 202
        self.advance(70)
        return self.properties(name)

    def properties(self, name: str, version: str = VERSION) -> dict[str, Any]:
        found: dict[str, Any] = self.get(self.item(name), version=version)["properties"]
        return found

    def backup(self, name: str) -> str:
        """Starts a backup; the path of its job."""
        reply = self.send("POST", self.item(name) + "/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
        assert reply.status == 202, reply
        return self.job_of(reply)

    def job_of(self, reply: Reply) -> str:
        self.advance(2)
        status = self.get(reply.headers["Azure-AsyncOperation"])
        return f"{self.vault}/backupJobs/{status['properties']['jobId']}"

    def job(self, path: str, version: str = VERSION) -> dict[str, Any]:
        found: dict[str, Any] = self.get(path, version=version)["properties"]
        return found

    def run_to_end(self, path: str, step: float = 60.0) -> dict[str, Any]:
        """Advances until a job is over; the job."""
        for _ in range(1000):
            job = self.job(path)
            if job["status"] not in ("InProgress", "Cancelling"):
                return job
            self.advance(step)
        raise AssertionError(f"the job does not end: {job}")

    def points(self, name: str, **options: str) -> list[dict[str, Any]]:
        return self.rows(self.item(name) + "/recoveryPoints", **options)

    def restore_request(self, name: str, **changes: Any) -> dict[str, Any]:
        """A restore of disks into rg-dr from the newest point; a value of None removes a member."""
        request = {
            "objectType": "IaasVMRestoreRequest",
            "recoveryPointId": self.points(name)[0]["name"],
            "recoveryType": "RestoreDisks",
            "sourceResourceId": self.vm(name),
            "targetResourceGroupId": f"{self.subscription}/resourceGroups/rg-dr",
            "storageAccountId": self.storage("rg-dr", "ststagingea"),
            "region": self.estate.location,
            **changes,
        }
        return {key: value for key, value in request.items() if value is not None}

    def new_vm_request(self, name: str, target: str, **changes: Any) -> dict[str, Any]:
        network = f"{self.subscription}/resourceGroups/rg-dr/providers/Microsoft.Network/virtualNetworks/vnet-dr"
        return self.restore_request(
            name,
            **{
                "recoveryType": "AlternateLocation",
                "targetVirtualMachineId": self.vm(target, "rg-dr"),
                "virtualNetworkId": network,
                "subnetId": f"{network}/subnets/default",
                **changes,
            },
        )

    def storage(self, group: str, name: str) -> str:
        return f"{self.subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{name}"

    def restore(self, name: str, request: dict[str, Any]) -> Reply:
        path = f"{self.item(name)}/recoveryPoints/{request['recoveryPointId']}/restore"
        return self.send("POST", path, {"properties": request})

    def fault(self, kind: str, operation: str, vm: str = "", **answer: Any) -> None:
        document = {"match": {"operation": operation, "vm": vm}, "answer": {"kind": kind, **answer}}
        add_fault(document, self.world.state(FaultBook), self.world.state(JobFaults))

    def delete_vm(self, name: str) -> None:
        vm = self.world.state(ComputeState).vms.by_id(self.vm(name))
        assert vm is not None
        delete_vm(self.world, vm)

    @property
    def compute(self) -> ComputeState:
        return self.world.state(ComputeState)


def code(reply: Reply) -> str:
    return f"{reply.status} {reply.body['error']['code']}"


def vault_with_points(**more: Any) -> list[dict[str, Any]]:
    """A vault where web-01 has a day-old point in both tiers and db-01 one in the vault tier."""
    points = [{"age_hours": 50, "tiers": ["HardenedRP"]}, {"age_hours": 20, "tiers": ["InstantRP", "HardenedRP"]}]
    return [
        {
            "name": "rsv-prod-01",
            "resource_group": "rg-backup",
            "protected_items": [
                {"vm": "web-01", "recovery_points": points},
                {"vm": "db-01", "recovery_points": [{"age_hours": 20, "tiers": ["HardenedRP"]}]},
            ],
            **more,
        },
        {"name": "rsv-prod-02", "resource_group": "rg-backup"},
    ]
