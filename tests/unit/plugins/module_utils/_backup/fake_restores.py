# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vault in memory that restores: recovery points, restore jobs with their bags, and the VMs and disks that they make."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import Response
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError, TransportError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef, vm_of_container
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import ARM, SUB, FakeClient, item_of, missing, vm

RG_DR = f"/subscriptions/{SUB}/resourceGroups/rg-dr"
KINDS = {
    "RestoreDisks": "Recover disks",
    "AlternateLocation": "Recover VM to an alternate location",
    "OriginalLocation": "Replace disks",
}


class Lost:
    """The answer to a request gets lost: after it took effect, or before."""

    def __init__(self, after: bool) -> None:
        self.after = after


class FakeRestores(FakeClient):
    """`restore_takes` seconds; `machines` are the VMs by lower id, `disks` lists by lower group id; `lost` are met once each by restores.

    `ends` is the status that restores end with; `makes_vm` False: without the VM. `late_bag`: seconds until a job tells its point.
    `problems` is what the validation lists. `redundancy` and `restore_settings` go into the vault's properties.
    """

    def __init__(self, *vaults: VaultRef, restore_takes: float = 60.0, **more: Any) -> None:
        super().__init__(*vaults, **more)
        self.restore_takes = restore_takes
        self.points: dict[str, list[dict[str, Any]]] = {}
        self.machines: dict[str, dict[str, Any]] = {}
        self.disks: dict[str, list[dict[str, Any]]] = {}
        self.lost: list[Lost] = []
        self.ends = "Completed"
        self.makes_vm = True
        self.late_bag = 0.0
        self.problems: list[dict[str, Any]] = []
        self.redundancy: dict[str, str] = {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Disabled"}
        self.restore_settings: dict[str, Any] = {}
        self.restores: list[dict[str, Any]] = []

    def protect(self, name: str, *ages: float) -> list[str]:
        """A protected VM with recovery points of these ages in days; their names, in that order."""
        machine = vm(name)
        self.add(item_of(machine))
        rows = []
        for age in ages:
            number = f"{len(self.points)}{len(rows)}".rjust(16, "1")
            time = self.clock.now() - timedelta(days=age)
            rows.append(
                {
                    "id": f"{self.items[next(iter(self.vaults))][machine.key]['id']}/recoveryPoints/{number}",
                    "name": number,
                    "properties": {
                        "recoveryPointTime": time.strftime("%Y-%m-%dT%H:%M:%S.1234567Z"),
                        "recoveryPointType": "AppConsistent",
                        "recoveryPointTierDetails": [{"type": "InstantRP", "status": "Valid"}, {"type": "HardenedRP", "status": "Valid"}],
                    },
                }
            )
        self.points[machine.key] = rows
        return [row["name"] for row in rows]

    @property
    def sent_restores(self) -> int:
        return sum(line.startswith("POST") and line.endswith("/restore") for line in self.sent)

    @property
    def job_reads(self) -> int:
        return sum("/backupJobs" in line for line in self.sent)

    def patch(self, path: str, api: Any, body: Any = None) -> Response:
        return self._answer("PATCH", path, body, {})

    def _route(self, method: str, path: str, body: Any, params: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        self._finish_restores()
        path = path.partition("?")[0] if path.endswith(("?", "2025-02-01")) else path
        if match := re.fullmatch(r"(.*)/providers/Microsoft.Resources/tags/default", path):
            return self._tag(match[1].lower(), body["properties"]["tags"])
        if match := re.fullmatch(r"(.*)/providers/Microsoft.Compute/virtualMachines", path):
            return 200, {}, {"value": [machine for key, machine in self.machines.items() if key.startswith(match[1].lower() + "/")]}
        if match := re.fullmatch(r"(.*)/providers/Microsoft.Compute/disks", path):
            return 200, {}, {"value": self.disks.get(match[1].lower(), [])}
        if path.lower() in self.machines:
            return 200, {}, self.machines[path.lower()]
        if path.lower() in self.vaults:
            properties = {"redundancySettings": self.redundancy, "restoreSettings": {"crossSubscriptionRestoreSettings": self.restore_settings}}
            return 200, {}, {"id": path, "location": "East Asia", "properties": properties}
        return super()._route(method, path, body, params)

    def _in_vault(self, vault: VaultRef, method: str, rest: str, body: Any, query: str) -> tuple[int, dict[str, str], Any]:
        if rest == "backupTriggerValidateOperation":
            return 202, {"Azure-AsyncOperation": f"{ARM}{vault.path}/backupValidateOperationsStatuses/v-1?api-version=1"}, None
        if rest.startswith("backupValidateOperationsStatuses/"):
            results = {"validateOperationResponse": {"validationResults": self.problems}}
            return 200, {}, {"status": "Succeeded", "properties": results}
        if match := re.fullmatch(r"(.*)/recoveryPoints/?(?:([0-9]+)(/restore)?)?", rest):
            return self._of_point(vault, match, method, body)
        if rest.endswith("/x") or "/operationsStatus/" in rest:
            return 200, {}, self._operation(rest.rsplit("/", 1)[-1])
        if rest == "backupJobs":
            listed = [{**job, "properties": {key: value for key, value in job["properties"].items() if key != "extendedInfo"}} for job in self.jobs[vault.key]]
            return 200, {}, {"value": listed[::-1]}
        return super()._in_vault(vault, method, rest, body, query)

    def _of_point(self, vault: VaultRef, match: re.Match[str], method: str, body: Any) -> tuple[int, dict[str, str], Any]:
        machine = vm_of_container(unquote(match[1]).rsplit("/", 1)[-1], SUB)
        rows = self.points.get(machine.key, []) if machine else []
        if not match[2]:
            return 200, {}, {"value": rows}
        row = next((row for row in rows if row["name"] == match[2]), None)
        if row is None or machine is None:
            raise missing(match[0])
        if not match[3]:
            return 200, {}, row
        lost = self.lost.pop(0) if self.lost else None
        if lost and not lost.after:
            raise TransportError("The connection was reset.", ambiguous=True)
        answer = self._restore(vault, machine.name, row, body["properties"])
        if lost:
            raise HttpError("The gateway did not get an answer.", status=504, code="GatewayTimeout", ambiguous=True)
        return answer

    def _restore(self, vault: VaultRef, name: str, row: dict[str, Any], request: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        number = len(self.operations) + 1
        now = self.clock.now()
        time = datetime.strptime(row["properties"]["recoveryPointTime"][:19], "%Y-%m-%dT%H:%M:%S")
        bag = {
            "Job Type": KINDS[request["recoveryType"]],
            "Target Storage Account Name": request["storageAccountId"].rsplit("/", 1)[-1],
            "Recovery point time ": None if self.late_bag else us_time(time),
            "Target resource group": (request.get("targetResourceGroupId") or "/rg-prod").rsplit("/", 1)[-1],
        }
        if request.get("targetVirtualMachineId"):
            bag["Target VM Name"] = request["targetVirtualMachineId"].rsplit("/", 1)[-1]
        job = {
            "id": f"{vault.id}/backupJobs/job-{number}",
            "name": f"job-{number}",
            "properties": {
                "operation": "Restore",
                "status": "InProgress",
                "startTime": now.isoformat(),
                "entityFriendlyName": name,
                "containerName": f"iaasvmcontainerv2;rg-prod;{name}",
                "extendedInfo": {
                    "tasksList": [{"taskId": "Transfer data from vault", "status": "InProgress"}],
                    "propertyBag": bag,
                },
            },
        }
        self.jobs[vault.key].append(job)
        self.operations[f"op-{number}"] = {"end": self.clock.seconds, "effect": None, "job": job, "error": None}
        begin = self.clock.seconds
        self.restores.append({"job": job, "end": begin + self.restore_takes, "request": request, "name": name, "time": time, "begin": begin})
        url = f"{ARM}{vault.path}/backupFabrics/Azure/protectionContainers/c/protectedItems/i/operationsStatus/op-{number}?api-version=2025-02-01"
        return 202, {"Azure-AsyncOperation": url, "Retry-After": "60"}, None

    def _finish_restores(self) -> None:
        for restore in self.restores:
            properties = restore["job"]["properties"]
            info = properties["extendedInfo"]
            if self.clock.seconds - restore["begin"] >= self.late_bag:
                info["propertyBag"]["Recovery point time "] = us_time(restore["time"])
            if properties["status"] != "InProgress" or self.clock.seconds < restore["end"]:
                continue
            end = self.clock.now()
            properties.update(status=self.ends, endTime=end.isoformat(), duration=f"PT{self.restore_takes}S")
            if self.ends != "Completed":
                properties["errorDetails"] = [{"errorCode": 400001, "errorTitle": "UserErrorSkuNotAvailable", "errorString": "The size is gone."}]
            info["tasksList"][0]["status"] = "Completed"
            self._effects(restore["request"], restore["name"], end)

    def _effects(self, request: dict[str, Any], name: str, end: datetime) -> None:
        group = request.get("targetResourceGroupId")
        if not group:
            return
        disk = f"{name}-osdisk-{end:%Y%m%d-%H%M%S}"
        disk_id = f"{group}/providers/Microsoft.Compute/disks/{disk}"
        made = {"id": disk_id, "name": disk, "properties": {"timeCreated": end.isoformat()}}
        self.disks.setdefault(group.lower(), []).append(made)
        target = request.get("targetVirtualMachineId")
        if target and self.makes_vm:
            self.put_machine(target, disk_id)

    def put_machine(self, vm_id: str, disk_id: str) -> None:
        nic = {"id": f"{vm_id.split('/providers/')[0]}/providers/Microsoft.Network/networkInterfaces/nic"}
        profile = {"storageProfile": {"osDisk": {"managedDisk": {"id": disk_id}}}, "networkProfile": {"networkInterfaces": [nic]}}
        self.machines[vm_id.lower()] = {"id": vm_id, "name": vm_id.rsplit("/", 1)[-1], "location": "eastasia", "properties": profile}

    def _tag(self, key: str, tags: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        everything = [*self.machines.values(), *(disk for disks in self.disks.values() for disk in disks)]
        for resource in everything:
            if resource["id"].lower() == key:
                resource.setdefault("tags", {}).update(tags)
        return 200, {}, {}


def us_time(time: datetime) -> str:
    return f"{time.month}/{time.day}/{time.year} {time.hour % 12 or 12}:{time:%M:%S} {'AM' if time.hour < 12 else 'PM'}"
