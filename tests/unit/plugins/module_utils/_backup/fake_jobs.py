# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults whose VMs can be backed up, behind the real client: jobs run on the fake clock, reads of jobs are counted and refused as Azure does."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Callable, Literal, Union
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.hints import HINTS
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    BASE,
    CLOUD,
    SUB,
    FakeClock,
    Sent,
    Tokens,
    answer,
    failure,
)

SNAPSHOT = 480.0
LONG = 2400.0

Fault = Callable[[Sent], Union[RawResponse, Exception, None]]


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z"


@dataclass
class FakeJob:
    """A job that runs `length` seconds from `start`, or for ever (None)."""

    name: str
    vm: Vm
    start: datetime
    length: float | None = LONG
    operation: str = "Backup"
    end_status: str = "Completed"
    errors: list[dict[str, Any]] = field(default_factory=list)
    snapshot: float = SNAPSHOT
    hidden_until: datetime | None = None
    cancelled: datetime | None = None

    def finished(self, now: datetime) -> bool:
        return self.length is not None and now >= self.start + timedelta(seconds=self.length)

    def status(self, now: datetime) -> str:
        if self.cancelled is not None:
            return "Cancelled" if now >= self.cancelled else "Cancelling"
        return self.end_status if self.finished(now) else "InProgress"

    def view(self, vault: VaultRef, now: datetime, *, details: bool) -> dict[str, Any]:
        over = self.status(now) not in ("InProgress", "Cancelling")
        properties: dict[str, Any] = {
            "jobType": "AzureIaaSVMJob",
            "actionsInfo": ["Cancellable"],
            "containerName": f"iaasvmcontainerv2;{self.vm.group};{self.vm.name}",
            "duration": f"PT{(now - self.start).total_seconds():.0f}S",
            "entityFriendlyName": self.vm.name,
            "operation": self.operation,
            "status": self.status(now),
            "startTime": stamp(self.start),
        }
        if over:
            properties["endTime"] = stamp(now)
            if self.errors:
                properties["errorDetails"] = self.errors
        if details:
            taken = now >= self.start + timedelta(seconds=self.snapshot)
            properties["extendedInfo"] = {
                "tasksList": [{"taskId": "Take Snapshot", "status": "Completed" if taken else "InProgress", "duration": "PT0S"}],
                "propertyBag": {"VM Name": self.vm.name, "Recovery point time ": None},
                "progressPercentage": 75.0,
            }
        return {"id": f"{vault.id}/backupJobs/{self.name}", "name": self.name, "properties": properties}


@dataclass
class FakeVault:
    ref: VaultRef
    vms: list[Vm]
    jobs: list[FakeJob] = field(default_factory=list)
    points: dict[str, datetime] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)


class FakeBackup:
    """The wire. `counter` is how reads of jobs are limited: 150 in a fixed hour, a bucket of 249 that refills, or untold."""

    def __init__(self, *sizes: int, counter: Literal["hour", "bucket", "none"] = "none", page: int = 200) -> None:
        self.clock = FakeClock()
        self.page = page
        self.counter = counter
        self.sent: list[Sent] = []
        self.faults: list[Fault] = []
        self.refused = 0
        self._window = self.clock.start
        self._left = 150.0
        self._refilled = 0.0
        self.vaults = [self._vault(number, size) for number, size in enumerate(sizes)]
        self.client = ArmClient(CLOUD, Tokens(), SUB, clock=self.clock, transport=self, hints=HINTS, chance=lambda: 0.0)
        self._lock = threading.RLock()
        # Of backups that will be started, by VM name.
        self.lengths: dict[str, float | None] = {}
        self.ends: dict[str, tuple[str, list[dict[str, Any]]]] = {}
        self.appear_after = 0.0

    @staticmethod
    def _vault(number: int, size: int) -> FakeVault:
        letter = "abcdef"[number]
        vms = [Vm(SUB, f"rg-{letter}", f"vm-{index:04d}") for index in range(size)]
        return FakeVault(VaultRef(SUB, "rg-backup", f"vault-{letter}"), vms)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def job_reads(self) -> int:
        return sum(request.method == "GET" and "/backupJobs" in request.url for request in self.sent)

    @property
    def posts(self) -> list[str]:
        return [urlsplit(request.url).path for request in self.sent if request.method == "POST"]

    @property
    def filters(self) -> list[str]:
        return [text for request in self.sent for text in parse_qs(urlsplit(request.url).query).get("$filter", [])]

    def add_job(self, vault: FakeVault, vm: Vm, **more: Any) -> FakeJob:
        more.setdefault("name", f"job-{sum(len(one.jobs) for one in self.vaults):04d}")
        job = FakeJob(vm=vm, start=self.now, **more)
        vault.jobs.append(job)
        return job

    def send(self, method: str, url: str, headers: Any, data: bytes | None) -> RawResponse:
        with self._lock:
            return self._send(Sent(method, url, dict(headers), data))

    def _send(self, request: Sent) -> RawResponse:
        method, url, _headers, data = request
        self.sent.append(request)
        counted: dict[str, str] | None = {}
        path = unquote(urlsplit(url).path)
        if method == "GET" and re.search(r"/backupJobs(/[^/]+)?$", path):
            counted = self._count()
            if counted is None:
                self.refused += 1
                return failure(429, "ResourceRequestsThrottled", "Please try again after '60' seconds.", retry_after="60")
        for fault in self.faults:
            said = fault(request)
            if isinstance(said, Exception):
                raise said
            if said is not None:
                return said
        found = self._answer(method, path, parse_qs(urlsplit(url).query), data)
        return RawResponse(found.status, {**found.headers, **counted, "date": format_datetime(self.now, usegmt=True)}, found.content)

    def _count(self) -> dict[str, str] | None:
        if self.counter == "none":
            return {}
        if self.counter == "hour":
            if self.now - self._window >= timedelta(hours=1):
                self._left, self._window = 150.0, self.now
        else:
            self._left = min(250.0, self._left + (self.clock.passed - self._refilled) * 25)
            self._refilled = self.clock.passed
        if self._left < 1:
            return None
        self._left -= 1
        return {"x-ms-ratelimit-remaining-subscription-resource-requests": str(int(self._left))}

    def _answer(self, method: str, path: str, query: dict[str, list[str]], data: bytes | None) -> RawResponse:
        vault = next((one for one in self.vaults if path.startswith(one.ref.id)), None)
        if vault is None:
            return failure(404, "ResourceNotFound")
        rest = path[len(vault.ref.id) :]
        if rest == "/backupProtectedItems":
            return self._page(path, query, [self._item(vault, vm) for vm in vault.vms])
        if rest == "/backupJobs":
            return self._page(path, query, self._jobs(vault, query))
        if match := re.fullmatch(r"/backupJobs/([^/]+)(/cancel)?", rest):
            return self._job(vault, match[1], cancel=bool(match[2]))
        if match := re.search(r"/(?:backupOperations|operationsStatus)/([^/]+)$", rest):
            found = vault.operations.get(match[1])
            return answer(200, found) if found else failure(404, "OperationNotFound")
        if rest.endswith("/backup") and method == "POST":
            return self._start(vault, rest, json.loads(data or b"{}"))
        if rest.endswith("/recoveryPoints"):
            return self._points(vault, rest)
        return failure(404, "ResourceNotFound")

    def _page(self, path: str, query: dict[str, list[str]], rows: list[dict[str, Any]]) -> RawResponse:
        start = int(query.get("$skipToken", ["0"])[0])
        body: dict[str, Any] = {"value": rows[start : start + self.page]}
        if start + self.page < len(rows):
            text = query.get("$filter", [""])[0].replace(" ", "%20")
            body["nextLink"] = f"{BASE}{path}?$filter={text}&$skipToken={start + self.page}"
        return answer(200, body)

    def _item(self, vault: FakeVault, vm: Vm) -> dict[str, Any]:
        point = vault.points.get(vm.name)
        for job in vault.jobs:
            if job.vm == vm and job.operation == "Backup" and self.now >= job.start + timedelta(seconds=job.snapshot):
                point = max(point or job.start, job.start + timedelta(seconds=5))
        properties = {
            "protectionState": "Protected",
            "virtualMachineId": vm.id,
            "containerName": f"iaasvmcontainerv2;{vm.group};{vm.name}",
            "policyId": f"{vault.ref.id}/backupPolicies/DefaultPolicy",
            "lastRecoveryPoint": stamp(point) if point else None,
            **vault.states.get(vm.name, {}),
        }
        pair = f"iaasvmcontainerv2;{vm.group};{vm.name}"
        place = f"{vault.ref.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{pair}/protectedItems/VM;{pair}"
        return {"id": place, "name": f"VM;{pair}", "properties": properties}

    def _jobs(self, vault: FakeVault, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        wanted = dict(re.findall(r"(\w+) eq '([^']*)'", query.get("$filter", [""])[0]))
        bounds = {key: datetime.strptime(f"{wanted[key]} +0000", "%Y-%m-%d %I:%M:%S %p %z") for key in ("startTime", "endTime") if key in wanted}
        rows = [
            job
            for job in vault.jobs
            if job.operation == wanted.get("operation", job.operation)
            and job.status(self.now) == wanted.get("status", job.status(self.now))
            and bounds.get("startTime", job.start) <= job.start <= bounds.get("endTime", job.start)
            and (job.hidden_until is None or self.now >= job.hidden_until)
        ]
        return [job.view(vault.ref, self.now, details=False) for job in sorted(rows, key=lambda job: job.start, reverse=True)]

    def _job(self, vault: FakeVault, name: str, *, cancel: bool) -> RawResponse:
        job = next((one for one in vault.jobs if one.name == name), None)
        if job is None:
            return failure(404, "JobNotFound")
        if not cancel:
            return answer(200, job.view(vault.ref, self.now, details=True))
        if job.finished(self.now):
            return failure(400, "UserErrorJobNotInProgress")
        job.cancelled = self.now + timedelta(seconds=30)
        return answer(202)

    def _start(self, vault: FakeVault, rest: str, body: dict[str, Any]) -> RawResponse:
        match = re.search(r"protectedItems/[^;/]+;iaasvmcontainerv2;([^;]+);([^/]+)/backup$", rest, re.IGNORECASE)
        assert match and body["properties"]["objectType"] == "IaasVMBackupRequest"
        vm = next(one for one in vault.vms if one.name == match[2])
        if any(job.vm == vm and job.status(self.now) in ("InProgress", "Cancelling") for job in vault.jobs):
            return failure(409, "UserErrorBackupOperationInProgress")
        # Requests come in any order; the name does not tell which.
        number = sum(one.vm == vm for one in vault.jobs)
        job = self.add_job(vault, vm, name=f"backup-{number}-of-{vm.name}", length=self.lengths.get(vm.name, LONG))
        job.end_status, job.errors = self.ends.get(vm.name, ("Completed", []))
        job.hidden_until = self.now + timedelta(seconds=self.appear_after)
        operation = f"operation-of-{job.name}"
        vault.operations[operation] = {"name": operation, "status": "Succeeded", "properties": {"jobId": job.name}}
        url = f"{BASE}{vault.ref.id}{rest.removesuffix('/backup')}/operationsStatus/{operation}?api-version=2025-02-01&t=1&c=x"
        return answer(202, azure_asyncoperation=url, retry_after="60")

    def _points(self, vault: FakeVault, rest: str) -> RawResponse:
        name = rest.split(";")[-1].split("/")[0]
        item = self._item(vault, next(vm for vm in vault.vms if vm.name == name))
        point = item["properties"]["lastRecoveryPoint"]
        rows = [{"id": f"{item['id']}/recoveryPoints/77", "name": "77", "properties": {"recoveryPointTime": point, "recoveryPointType": "AppConsistent"}}]
        return answer(200, {"value": rows if point else []})
