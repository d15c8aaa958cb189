# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client in whose memory there are vaults: just enough of Azure to run protection code without a network or waiting."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any, Iterator
from urllib.parse import unquote

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import Response
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError, ReadOnlyViolation
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.headers import Headers
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.paging import pages
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.throttle import Budget
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef, vm_of_container
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm

SUB = "00000000-0000-0000-0000-000000000001"
ARM = "https://arm.example"
VAULT_A = VaultRef(SUB, "rg-backup", "vault-a")
VAULT_B = VaultRef(SUB, "rg-backup", "vault-b")


def vm(name: str = "web-01", group: str = "rg-prod") -> Vm:
    return Vm(SUB, group, name)


def policy_id(vault: VaultRef, name: str = "DefaultPolicy") -> str:
    return f"{vault.id}/backupPolicies/{name}"


def item_of(machine: Vm, vault: VaultRef = VAULT_A, state: str = "Protected", policy: str | None = "DefaultPolicy", **more: Any) -> dict[str, Any]:
    """A protected item as Azure answers it (2026); ``policy`` None for a stopped one."""
    tail = f"iaasvmcontainerv2;{machine.group.lower()};{machine.name.lower()}"
    container = f"{vault.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{tail}"
    return {
        "id": f"{container}/protectedItems/VM;{tail}",
        "name": f"VM;{tail}",
        "properties": {
            "friendlyName": machine.name,
            "virtualMachineId": machine.id,
            "sourceResourceId": machine.id,
            "protectionState": state,
            "healthStatus": "Passed",
            "lastBackupStatus": "",
            "lastBackupTime": "2001-01-01T00:00:00Z",
            "containerName": tail,
            "policyId": policy_id(vault, policy) if policy else "",
            "policyName": policy or "",
            "vaultId": f"https://management.azure.com{vault.id}",
            "softDeleteRetentionPeriod": 0,
            **more,
        },
    }


def soft_deleted(machine: Vm, vault: VaultRef = VAULT_A) -> dict[str, Any]:
    return item_of(
        machine,
        vault,
        "ProtectionStopped",
        None,
        isScheduledForDeferredDelete=True,
        deferredDeleteTimeInUTC="2026-09-09T13:21:52.0290509Z",
        deferredDeleteTimeRemaining="13.23:59:45.7545917",
        softDeleteRetentionPeriod=14,
    )


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.start = datetime(2026, 9, 10, tzinfo=timezone.utc)
        self.seconds = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += max(0.0, seconds)


class FakeClient:
    """``items[vault.key][vm.key]`` is what there is. A write takes effect ``takes`` seconds later, when its operation and job end.

    ``faults``: (method, regex of the path, HttpError) to be met once each. ``sent``: every request as "METHOD path".
    """

    def __init__(self, *vaults: VaultRef, page: int = 200, takes: float = 30.0) -> None:
        self.subscription_id = SUB
        self.cloud = SimpleNamespace(arm_url=ARM)
        self.clock = Clock()
        self.read_only = False
        self.hints: dict[str, str] = {}
        self.page = page
        self.takes = takes
        self.vaults = {vault.key: vault for vault in vaults or (VAULT_A,)}
        self.locations = {key: "eastasia" for key in self.vaults}
        self.items: dict[str, dict[str, dict[str, Any]]] = {key: {} for key in self.vaults}
        self.immutable: set[str] = set()
        self.policies = {"DefaultPolicy", "EnhancedPolicy"}
        self.jobs: dict[str, list[dict[str, Any]]] = {key: [] for key in self.vaults}
        self.operations: dict[str, dict[str, Any]] = {}
        self.vms: dict[str, Vm] = {}
        self.undiscovered: set[str] = set()
        self.fails: dict[str, tuple[str, str]] = {}
        """VM key: code and text with which its next operation ends."""
        self.faults: list[tuple[str, str, HttpError]] = []
        self.sent: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self._lock = threading.RLock()

    def add(self, resource: dict[str, Any], vault: VaultRef = VAULT_A) -> None:
        self.items[vault.key][resource["properties"]["virtualMachineId"].lower()] = resource

    @property
    def writes(self) -> list[str]:
        return [line for line in self.sent if not line.startswith(("GET", "QUERY"))]

    def version_of(self, api: Any) -> str:
        return str(api.version)

    def server_now(self) -> datetime:
        return self.clock.now()

    def budget(self, path: str, method: str = "GET") -> Budget:
        return Budget(None, None)

    def get(self, path: str, api: Any, *, params: dict[str, str] | None = None) -> Response:
        return self._answer("GET", path, None, params or {})

    def get_once(self, path: str, api: Any = None, *, params: dict[str, str] | None = None) -> Response:
        return self.get(path, api, params=params)

    def find(self, path: str, api: Any, *, params: dict[str, str] | None = None) -> dict[str, Any] | None:
        try:
            return self.get(path, api, params=params).body
        except HttpError as error:
            if error.status == 404:
                return None
            raise

    def list(self, path: str, api: Any, *, params: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
        return pages(self.get(path, api, params=params), lambda url: self.get(url, None))

    def query(self, path: str, api: Any, body: Any = None, *, params: dict[str, str] | None = None) -> Response:
        return self._answer("QUERY", path, body, params or {})

    def put(self, path: str, api: Any, body: Any = None) -> Response:
        return self._answer("PUT", path, body, {})

    def delete(self, path: str, api: Any, body: Any = None) -> Response:
        return self._answer("DELETE", path, body, {})

    def post(self, path: str, api: Any, body: Any = None) -> Response:
        return self._answer("POST", path, body, {})

    def _answer(self, method: str, path: str, body: Any, params: dict[str, str]) -> Response:
        with self._lock:
            plain = unquote(path.removeprefix(ARM))
            if self.read_only and method not in ("GET", "QUERY"):
                raise ReadOnlyViolation(path)
            self.sent.append(f"{method} {plain}")
            self.bodies.append(body or {})
            for fault in self.faults:
                if fault[0] == method and re.search(fault[1], plain, re.IGNORECASE):
                    self.faults.remove(fault)
                    raise fault[2]
            self._settle()
            status, headers, answer = self._route(method, plain, body, params)
            headers["Date"] = format_datetime(self.clock.now(), usegmt=True)
            return Response(status, Headers(headers), answer, "request-1", method, path)

    def _route(self, method: str, path: str, body: Any, params: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        path, _mark, query = path.partition("?")
        if match := re.fullmatch(r".*/virtualMachines/([^/]+)", path):
            if path.lower() not in self.vms:
                raise missing(path)
            return 200, {}, {"id": path, "name": match[1], "location": "East Asia"}
        if path.endswith("/virtualMachines"):
            return 200, {}, {"value": [{"id": machine.id, "location": "eastasia"} for machine in self.vms.values()]}
        if path.endswith("/backupStatus"):
            return 200, {}, self._backup_status(str(body["resourceId"]).lower())
        if path.lower() in self.vaults:
            state = {"immutabilitySettings": {"state": "Unlocked"}} if path.lower() in self.immutable else {}
            return 200, {}, {"id": path, "properties": {"securitySettings": state}}
        if path.endswith("/vaults"):
            group = path.lower().split("/resourcegroups/")[1].split("/")[0] if "/resourcegroups/" in path.lower() else ""
            shown = {key: vault for key, vault in self.vaults.items() if not group or vault.group.lower() == group}
            entries = [{"id": vault.id, "name": vault.name, "location": self.locations[key]} for key, vault in shown.items()]
            return 200, {}, {"value": entries}
        vault = next((vault for key, vault in self.vaults.items() if path.lower().startswith(key + "/")), None)
        if vault is None:
            raise missing(path)
        rest = path[len(vault.id) + 1 :]
        return self._in_vault(vault, method, rest, body, query)

    def _in_vault(self, vault: VaultRef, method: str, rest: str, body: Any, query: str) -> tuple[int, dict[str, str], Any]:
        head, _slash, name = rest.partition("/")
        if head == "backupProtectedItems":
            return 200, {}, self._paged(f"{vault.path}/{rest}", list(self.items[vault.key].values()), query)
        if head == "backupProtectableItems":
            return 200, {}, self._paged(f"{vault.path}/{rest}", [_protectable(vault, vm) for vm in self._free()], query)
        if head == "backupJobs" and name:
            return 200, {}, next(job for job in self.jobs[vault.key] if job["name"] == name)
        if head == "backupJobs":
            return 200, {}, self._paged(f"{vault.path}/{rest}", self.jobs[vault.key][::-1], query)
        if head == "backupPolicies":
            if name and name not in self.policies:
                raise missing(rest)
            kind = {"policyType": "V2"} if name == "EnhancedPolicy" else {}
            one = {"id": policy_id(vault, name), "name": name, "properties": {"backupManagementType": "AzureIaasVM", **kind}}
            return 200, {}, one if name else {"value": [{"name": known} for known in sorted(self.policies)]}
        if head == "backupOperations":
            return 200, {}, self._operation(name)
        if rest.endswith("refreshContainers"):
            self.undiscovered.clear()
            return 202, {"Location": f"{ARM}{vault.path}/backupFabrics/Azure/operationResults/r-1"}, None
        if "/operationResults/" in rest:
            return 204, {}, None
        if rest.endswith("unlockDelete"):
            return 200, {}, {"unlockDeleteExpiryTime": "2026-09-10T01:00:00Z"}
        machine = vm_of_container(rest.rsplit("/", 1)[-1], SUB)
        if machine is None:
            raise missing(rest)
        if method == "PUT":
            return self._put(vault, machine, body["properties"])
        return self._start(vault, machine, "DeleteBackupData", soft_deleted(self._known(machine), vault))

    def _put(self, vault: VaultRef, machine: Vm, properties: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        owner = next((other for key, other in self.vaults.items() if machine.key in self.items[key] and key != vault.key), None)
        if owner is not None:
            raise HttpError("registered\\registering with another recovery services vault.", status=409, code=ANOTHER)
        if machine.key in self.undiscovered or machine.key not in self.vms:
            raise HttpError("Input for configure protection is not in proper format", status=400, code=INVALID)
        real = self._known(machine)
        if properties.get("isRehydrate"):
            return self._start(vault, machine, "Undelete", item_of(real, vault, "ProtectionStopped", None))
        if properties.get("protectionState"):
            return self._start(vault, machine, "DisableBackup", item_of(real, vault, properties["protectionState"], None))
        name = properties["policyId"].rsplit("/", 1)[-1]
        extended = properties.get("extendedProperties") or {}
        return self._start(vault, machine, "ConfigureBackup", item_of(real, vault, "IRPending", name, extendedProperties=extended))

    def _start(self, vault: VaultRef, machine: Vm, kind: str, effect: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        number = len(self.operations) + 1
        begun = self.clock.now()
        job = {
            "id": f"{vault.id}/backupJobs/job-{number}",
            "name": f"job-{number}",
            "properties": {
                "operation": kind,
                "status": "InProgress",
                "startTime": begun.isoformat(),
                "entityFriendlyName": machine.name,
                "containerName": f"iaasvmcontainerv2;{machine.group};{machine.name}",
            },
        }
        self.jobs[vault.key].append(job)
        self.operations[f"op-{number}"] = {
            "end": self.clock.seconds + self.takes,
            "effect": (vault, machine.key, effect),
            "job": job,
            "error": self.fails.pop(machine.key, None),
        }
        item = f"{vault.id}/backupFabrics/Azure/protectionContainers/c/protectedItems/i"
        return 202, {"Azure-AsyncOperation": f"{ARM}{item}/operationsStatus/op-{number}?api-version=2025-02-01&t=1", "Retry-After": "1"}, None

    def _settle(self) -> None:
        for operation in self.operations.values():
            if self.clock.seconds >= operation["end"] and operation["effect"]:
                vault, key, effect = operation["effect"]
                operation["effect"] = None
                properties = operation["job"]["properties"]
                properties["status"] = "Failed" if operation["error"] else "Completed"
                if operation["error"]:
                    code, text = operation["error"]
                    properties["errorDetails"] = [{"errorCode": 400001, "errorTitle": code, "errorString": text}]
                else:
                    self.items[vault.key][key] = effect

    def _operation(self, name: str) -> dict[str, Any]:
        operation = self.operations[name]
        if operation["effect"]:
            return {"id": name, "status": "InProgress"}
        if operation["error"]:
            code, text = operation["error"]
            return {"id": name, "status": "Failed", "error": {"code": code, "message": text}}
        return {"id": name, "status": "Succeeded", "properties": {"jobId": operation["job"]["name"]}}

    def _paged(self, path: str, entries: list[dict[str, Any]], query: str) -> dict[str, Any]:
        match = re.search(r"skip=(\d+)", query)
        start = int(match[1]) if match else 0
        page: dict[str, Any] = {"value": entries[start : start + self.page]}
        if start + self.page < len(entries):
            page["nextLink"] = f"{ARM}{path}?skip={start + self.page}"
        return page

    def _backup_status(self, key: str) -> dict[str, Any]:
        for vault_key, vault in self.vaults.items():
            item = self.items[vault_key].get(key)
            if item is not None and not item["properties"].get("isScheduledForDeferredDelete"):
                return {"protectionStatus": "Protected", "vaultId": vault.id}
        return {"protectionStatus": "NotProtected"}

    def _free(self) -> list[Vm]:
        taken = {key for items in self.items.values() for key in items}
        return [machine for key, machine in self.vms.items() if key not in taken and key not in self.undiscovered]

    def _known(self, machine: Vm) -> Vm:
        return self.vms.get(machine.key, machine)


ANOTHER = "BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault"
INVALID = "BMSUserErrorInvalidConfigureProtectionRequest"


def _protectable(vault: VaultRef, machine: Vm) -> dict[str, Any]:
    return {"name": f"iaasvmcontainerv2;{machine.group};{machine.name}", "properties": {"virtualMachineId": machine.id, "protectionState": "NotProtected"}}


def missing(path: str) -> HttpError:
    return HttpError(f"{path} was not found", status=404, code="ResourceNotFound")
