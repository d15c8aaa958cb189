# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leads a simulator through the situations that were recorded from the real Azure, and keeps all its answers.

Plain requests; the clock is moved by hand, so nothing waits. Every look is taken with each API version of the recordings.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from .recording import Exchange
from .simulator import Simulator
from .tour_api_management import visit_api_management

NEW, MIDDLE, OLD = "2026-07-01", "2025-02-01", "2023-02-01"
VERSIONS = (NEW, MIDDLE, OLD)
CRR = "2021-11-15"
COMPUTE = "2024-11-01"
VMS = "backupManagementType eq 'AzureIaasVM'"
MINUTE, HOUR = 60.0, 3600.0


class Tour:
    """`Tour(sim).run()`; then `exchanges` has every answer, and `problems` the parts that could not be gone through."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.exchanges: list[Exchange] = []
        self.problems: list[str] = []
        self.group = sim.rg("rg-backup")
        self.vault = self.vault_path("rsv-prod-01")

    def run(self) -> None:
        for part in (
            self.vaults, self.prepared_vaults, self.look_around, self.one_vm, self.replaced_policy, self.soft_delete, self.across_regions, self.troubles,
            self.goodbye,
            self.storage, self.restore_points, self.api_management,
        ):
            try:
                part()
            except (AssertionError, KeyError, IndexError, TypeError) as problem:
                self.problems.append(f"{part.__name__}: {type(problem).__name__}: {problem}")

    # --- asking ---

    def ask(self, method: str, path: str, version: str = NEW, body: Any = None, **params: str) -> Exchange:
        url = path if path.startswith("https://") else path
        answer = self.sim.arm(method, url, version, body, params=params)
        sent = urlsplit(answer.request.url or "")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        content = answer.json() if answer.content else None
        exchange = Exchange(len(self.exchanges), method, sent.path, sent.query, body, answer.status_code, headers, content)
        self.exchanges.append(exchange)
        return exchange

    def look(self, path: str, **params: str) -> Exchange:
        """GET with every version; the newest one's answer."""
        return [self.ask("GET", path, version, **params) for version in reversed(VERSIONS)][-1]

    def change(self, method: str, path: str, body: Any = None, version: str = NEW) -> Exchange:
        exchange = self.ask(method, path, version, body)
        assert exchange.status < 300, f"{method} {path}: {exchange.status} {exchange.response_body}"
        return exchange

    def follow(self, exchange: Exchange, *, most: float = HOUR, step: float = 10.0) -> Exchange:
        """Polls an operation to its end, by its header and, for a vault's backup operations, by the vault."""
        url = exchange.headers["azure-asyncoperation"]
        waited = 0.0
        while True:
            status = self.ask("GET", url)
            operation = urlsplit(url).path.rsplit("/", 1)[-1]
            if "/operationsStatus/" in url or "/backupOperations/" in url:
                status = self.look(f"{self._vault_of(url)}/backupOperations/{operation}")
            if status.status != 200 or status.response_body["status"] != "InProgress" or waited > most:
                return status
            self.sim.control.advance(step)
            waited += step

    @staticmethod
    def _vault_of(url: str) -> str:
        before, after = urlsplit(url).path.split("/vaults/", 1)
        return f"{before}/vaults/{after.split('/')[0]}"

    def watch(self, status: Exchange, steps: list[float], vault: str | None = None) -> Exchange:
        """Looks at the job of a finished operation, after each of these waits."""
        path = f"{vault or self.vault}/backupJobs/{status.response_body['properties']['jobId']}"
        job = self.look(path)
        for step in steps:
            self.sim.control.advance(step)
            job = self.look(path)
        return job

    def vault_path(self, name: str) -> str:
        return f"{self.group}/providers/Microsoft.RecoveryServices/vaults/{name}"

    def item(self, name: str, vault: str | None = None) -> str:
        names = f"iaasvmcontainerv2%3Brg-prod%3B{name}"
        return f"{vault or self.vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer%3B{names}/protectedItems/vm%3B{names}"

    def protection(self, name: str, **properties: Any) -> dict[str, Any]:
        fixed = {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": self.sim.vm_id("rg-prod", name)}
        return {"properties": {**fixed, **properties}}

    def policy(self, name: str = "DefaultPolicy", vault: str | None = None) -> str:
        return f"{vault or self.vault}/backupPolicies/{name}"

    def listed(self, vault: str | None = None) -> None:
        self.look(f"{vault or self.vault}/backupProtectedItems", **{"$filter": VMS + " and itemType eq 'VM'"})
        self.look(f"{vault or self.vault}/backupProtectionContainers", **{"$filter": VMS + " and status eq 'Registered'"})

    # --- the parts ---

    def vaults(self) -> None:
        path = self.vault_path("rsv-tour")
        self.look(path)
        for name in ("rsv-tour", "rsv-tour-2", "rsv-tour-3", "rsv-tour-4"):
            self.follow(self.change("PUT", self.vault_path(name), NEW_VAULT))
        self.look(path)
        changed = self.change("PATCH", path, {"properties": {"publicNetworkAccess": "Enabled"}}, MIDDLE)
        self.follow(changed)
        self.change("PATCH", path, {"identity": {"type": "none"}}, OLD)
        self.change("PATCH", path, {"identity": {"type": "systemassigned"}}, OLD)
        self.look(path)
        names = [f"{self.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/tourist-{number}" for number in (1, 2)]
        for kind in ("userassigned", "systemassigned,userassigned"):
            given: dict[str, Any] = {"type": kind, "userAssignedIdentities": {name: {} for name in names}}
            self.follow(self.change("PATCH", path, {"identity": given}, OLD))
            self.look(path)
        self.listed(path)
        self.look(f"{path}/backupconfig/vaultconfig")
        config = {"enhancedSecurityState": "Enabled", "softDeleteFeatureState": "Disabled", "softDeleteRetentionPeriodInDays": 14}
        for version in VERSIONS:
            self.ask("PATCH", f"{path}/backupconfig/vaultconfig", version, {"properties": config})

    def prepared_vaults(self) -> None:
        locked = self.vault_path("rsv-locked")
        # As the portal spells it; a vault keeps the spelling.
        self.follow(self.change("PUT", locked, {"location": "eastasia", "sku": {"name": "RS0", "tier": "Standard"}, "properties": {}}))
        self.change("PATCH", locked, {"identity": {"type": "systemassigned"}})
        self.look(locked)
        self.listed(locked)
        self._points("db-01", locked)
        self.listed(self.vault_path("rsv-deleted-items"))
        self._backup("web-04", self.vault_path("rsv-warnings"))

    def look_around(self) -> None:
        self.look(self.vault)
        self.look(f"{self.vault}/backupResourceGuardProxies")
        self.look(f"{self.vault}/backupEncryptionConfigs/backupResourceEncryptionConfig")
        self.look(f"{self.vault}/backupPolicies", **{"$filter": VMS})
        self.look(f"{self.vault}/backupPolicies")
        default = self.look(self.policy())
        self.look(f"{self.vault}/backupProtectableItems", **{"$filter": VMS})
        refresh = self.change("POST", f"{self.vault}/backupFabrics/Azure/refreshContainers")
        for _poll in range(3):
            self.ask("GET", refresh.headers["location"])
            self.sim.control.advance(10)
        copied = {name: value for name, value in default.response_body["properties"].items() if name != "protectedItemsCount"}
        for version in VERSIONS:
            self.ask("PUT", self.policy("tour-policy"), version, {"properties": copied})
        self.ask("GET", self.policy("tour-policy"))

    def one_vm(self) -> None:
        name = "web-01"
        enabled = self.change("PUT", self.item(name), self.protection(name, policyId=self.policy()))
        self.watch(self.follow(enabled), [])
        self.listed()
        self.look(self.item(name))
        conflict = self.item(name, self.vault_path("rsv-prod-02"))
        self.ask("PUT", conflict, NEW, self.protection(name, policyId=self.policy(vault=self.vault_path("rsv-prod-02"))))
        self._backup(name)
        self.listed()
        self.look(self.item(name))
        point = self._points(name)
        self._restores(name, point)
        self.look(f"{self.vault}/backupJobs", **{"$filter": VMS})

    def _backup(self, name: str, vault: str | None = None) -> None:
        expiry = (datetime.now(timezone.utc) + timedelta(days=30)).strftime("%Y-%m-%dT00:00:00.000Z")
        request = {"properties": {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTimeInUTC": expiry}}
        started = self.change("POST", self.item(name, vault) + "/backup", request)
        self.watch(self.follow(started, step=1), [MINUTE] + [5 * MINUTE] * 24, vault)

    def _points(self, name: str, vault: str | None = None) -> str:
        points = self.look(self.item(name, vault) + "/recoveryPoints").response_body["value"]
        self.look(f"{self.item(name, vault)}/recoveryPoints/{points[0]['name']}")
        return str(points[0]["name"])

    def _request(self, name: str, point: str, kind: str, **more: Any) -> dict[str, Any]:
        fixed = {
            "objectType": "IaasVMRestoreRequest", "recoveryPointId": point, "recoveryType": kind,
            "sourceResourceId": self.sim.vm_id("rg-prod", name),
            "storageAccountId": self.sim.rg("rg-dr") + "/providers/Microsoft.Storage/storageAccounts/ststagingea",
            "region": "eastasia", "createNewCloudService": False, "originalStorageAccountOption": False,
        }
        return {"properties": {**fixed, **more}}

    def _restores(self, name: str, point: str) -> None:
        path = f"{self.item(name)}/recoveryPoints/{point}/restore"
        network = self.sim.rg("rg-dr") + "/providers/Microsoft.Network/virtualNetworks/vnet-dr"
        requests = [
            self._request(name, point, "RestoreDisks", targetResourceGroupId=self.sim.rg("rg-dr")),
            self._request(name, point, "RestoreDisks"),
            self._request(
                name, point, "AlternateLocation", targetResourceGroupId=self.sim.rg("rg-dr"), virtualNetworkId=network,
                subnetId=network + "/subnets/default", targetVirtualMachineId=self.sim.vm_id("rg-dr", "web-01-dr"),
            ),
            self._request(name, point, "OriginalLocation"),
        ]
        for request in requests:
            started = self.change("POST", path, request)
            self.look(f"{self.vault}/backupJobs", **{"$filter": VMS})
            self.watch(self.follow(started, step=1), [10, 20] + [MINUTE] * 4 + [10 * MINUTE] * 5)

    def replaced_policy(self) -> None:
        name = "web-01"
        self.watch(self.follow(self.change("PUT", self.item(name), self.protection(name, policyId=self.policy("tour-policy")))), [])
        for version in VERSIONS:
            stop = self.protection(name, policyId="", protectionState="ProtectionStopped")
            self.watch(self.follow(self.change("PUT", self.item(name), stop, version)), [])
            self.listed()

    def soft_delete(self) -> None:
        name = "web-02"
        self.follow(self.change("PUT", self.item(name), self.protection(name, policyId=self.policy())))
        for _time in range(2):
            self.watch(self.follow(self.change("DELETE", self.item(name))), [])
            self.listed()
        self.look(f"{self.vault}/backupDeletedProtectionContainers", **{"$filter": VMS})
        undelete = self.protection(name, policyId="", isRehydrate=True, protectionState="ProtectionStopped")
        self.watch(self.follow(self.change("PUT", self.item(name), undelete, MIDDLE)), [])
        self.follow(self.change("DELETE", self.item(name)))
        self.ask("DELETE", self.policy("tour-policy"))

    def across_regions(self) -> None:
        vault, name = self.vault_path("rsv-prod-02"), "app-01"
        self.look(vault)
        self.look(f"{vault}/backupstorageconfig/vaultstorageconfig")
        self.follow(self.change("PUT", self.item(name, vault), self.protection(name, policyId=self.policy(vault=vault))))
        started = self.change("POST", self.item(name, vault) + "/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
        self.follow(started, step=1)
        self.sim.control.advance(40 * HOUR)
        secondary = f"/subscriptions/{self.sim.subscription}/providers/Microsoft.RecoveryServices/locations/southeastasia"
        self.ask("GET", f"{vault}/backupProtectedItems/", CRR, **{"$filter": VMS + " and itemType eq 'VM'"})
        points = self.ask("GET", self.item(name, vault) + "/recoveryPoints/", CRR).response_body["value"]
        identity = self.ask("GET", f"{secondary}/backupAadProperties", CRR, **{"$filter": VMS}).response_body
        token = self.ask("POST", f"{self.item(name, vault)}/recoveryPoints/{points[0]['name']}/accessToken", CRR, identity).response_body
        request = self._request(name, points[0]["name"], "RestoreDisks")["properties"]
        request.update(
            region="southeastasia", targetResourceGroupId=self.sim.rg("rg-dr-secondary"),
            storageAccountId=self.sim.rg("rg-dr-secondary") + "/providers/Microsoft.Storage/storageAccounts/ststagingsea",
        )
        body = {"crossRegionRestoreAccessDetails": token["properties"], "restoreRequest": request}
        started = self.change("POST", f"{secondary}/backupCrossRegionRestore", body, CRR)
        status = self.follow(started, step=1)
        for wait in (0, 10 * MINUTE, HOUR):
            self.sim.control.advance(wait)
            self.ask("POST", f"{secondary}/backupCrrJob", CRR, {"resourceId": vault, "jobName": status.response_body["properties"]["jobId"]})

    def troubles(self) -> None:
        """A backup that is cancelled, one that fails, a suspension, a deletion of what has points; what is not there."""
        vault, name = self.vault_path("rsv-prod-02"), "web-05"
        status = f"/subscriptions/{self.sim.subscription}/providers/Microsoft.RecoveryServices/locations/eastasia/backupStatus"
        for machine in (name, "db-01"):
            self.ask("POST", status, NEW, {"resourceType": "VM", "resourceId": self.sim.vm_id("rg-prod", machine)})
        protection = self.protection(name, policyId=self.policy(vault=vault))
        self.follow(self.change("PUT", self.item(name, vault), protection))
        request = {"properties": {"objectType": "IaasVMBackupRequest"}}
        self._cancelled(self.follow(self.change("POST", self.item(name, vault) + "/backup", request), step=1), vault)
        self.sim.control.fault({"operation": "Backup", "vm": name}, {"kind": "failed_job", "code": "UserErrorVmNotInDesirableState", "message": "Off."})
        self.watch(self.follow(self.change("POST", self.item(name, vault) + "/backup", request), step=1), [HOUR] * 4, vault)
        self._backup(name, vault)
        self.look(f"{vault}/backupJobs", **{"$filter": VMS})
        self.follow(self.change("DELETE", self.item(name, vault)))
        self.listed(vault)
        locked = self.vault_path("rsv-locked")
        suspension = self.protection("db-01", policyId="", protectionState="BackupsSuspended")
        self.watch(self.follow(self.change("PUT", self.item("db-01", locked), suspension)), [], locked)
        self.listed(locked)
        self.ask("GET", f"{self.vault}/backupJobs/00000000-0000-0000-0000-000000000000")
        self.ask("GET", self.policy("no-policy"))

    def _cancelled(self, started: Exchange, vault: str) -> None:
        path = f"{vault}/backupJobs/{started.response_body['properties']['jobId']}"
        self.ask("POST", path + "/cancel")
        for _look in range(4):
            self.look(path)
            self.look(f"{vault}/backupJobs", **{"$filter": VMS})
            self.sim.control.advance(MINUTE)

    def goodbye(self) -> None:
        """Vaults that go, with each of the recorded ends, and one that comes back."""
        for name in ("rsv-gone", "rsv-succeeded", "rsv-prod-01"):
            going = self.change("DELETE", self.vault_path(name))
            self.follow(going)
        deleted = f"/subscriptions/{self.sim.subscription}/providers/Microsoft.RecoveryServices/locations/eastasia/deletedVaults"
        names = [vault["name"] for vault in self.look(deleted).response_body["value"]]
        self.look(f"{deleted}/{names[0]}")
        self.change("POST", f"{deleted}/{names[0]}/undelete", {"properties": {"recoveryResourceGroupId": self.group}}, "2026-05-01")

    def restore_points(self) -> None:
        """A point, its copy in the other region until all is there, and their end."""
        def collection(group: str, name: str) -> str:
            return f"{self.sim.rg(group)}/providers/Microsoft.Compute/restorePointCollections/{name}"

        source, target = collection("rg-prod", "rpc-point-01"), collection("rg-dr-secondary", "rpc-point-01")
        body = {"location": "eastasia", "properties": {"source": {"id": self.sim.vm_id("rg-prod", "point-01")}}}
        self.change("PUT", source, body, COMPUTE)
        self.follow(self.change("PUT", f"{source}/restorePoints/first", {}, COMPUTE))
        crash = {"properties": {"consistencyMode": "CrashConsistent"}}
        self.follow(self.change("PUT", f"{source}/restorePoints/second", crash, COMPUTE))
        self.change("PUT", target, {"location": "southeastasia", "properties": {"source": {"id": source}}}, COMPUTE)
        copy = {"properties": {"sourceRestorePoint": {"id": f"{source}/restorePoints/first"}}}
        self.follow(self.change("PUT", f"{target}/restorePoints/first", copy, COMPUTE))
        for path in (f"{source}/restorePoints/first", f"{source}/restorePoints/second", f"{target}/restorePoints/first"):
            self.ask("GET", path, COMPUTE)
            self.ask("GET", path, COMPUTE, **{"$expand": "instanceView"})
        self.change("PATCH", source, {"tags": {"tag": "tour"}}, COMPUTE)
        self.ask("GET", source, COMPUTE)
        self.ask("GET", source, COMPUTE, **{"$expand": "restorePoints"})
        for scope in (self.sim.rg("rg-prod"), f"/subscriptions/{self.sim.subscription}"):
            self.ask("GET", f"{scope}/providers/Microsoft.Compute/restorePointCollections", COMPUTE)
        for path in (f"{target}/restorePoints/first", target, source):
            self.follow(self.change("DELETE", path, version=COMPUTE))

    def storage(self) -> None:
        self.ask("POST", self.sim.rg("rg-dr") + "/providers/Microsoft.Storage/storageAccounts/ststagingea/listKeys", "2023-05-01")

    def api_management(self) -> None:
        visit_api_management(self)


NEW_VAULT = {
    "location": "eastasia",
    "sku": {"name": "Standard"},
    "properties": {
        "securitySettings": {
            "softDeleteSettings": {"enhancedSecurityState": "AlwaysOn", "softDeleteState": "AlwaysOn", "softDeleteRetentionPeriodInDays": 14}
        },
        "publicNetworkAccess": "Enabled",
        "monitoringSettings": {
            "azureMonitorAlertSettings": {
                "alertsForAllJobFailures": "Enabled", "alertsForAllReplicationIssues": "Enabled", "alertsForAllFailoverIssues": "Enabled",
            },
            "classicAlertSettings": {"alertsForCriticalOperations": "Enabled", "emailNotificationsForSiteRecovery": "Enabled"},
        },
        "costManagementSettings": {"granularityLevel": "VaultLevel"},
    },
}
