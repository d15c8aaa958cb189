# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs of which restore points can be made, behind the real client: points take their time on the fake clock, and Azure's refusals are kept."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Callable, Mapping, Union
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import BASE, SUB, FakeClock, Sent, answer, client_for, failure

GROUPS = f"/subscriptions/{SUB}/resourceGroups"
COMPUTE = "providers/Microsoft.Compute"
MAKES = 60.0
"""Seconds until a point is there."""
DELETES = 5.0

Fault = Callable[[Sent], Union[RawResponse, Exception, None]]


def vm_id(name: str = "web-01", group: str = "rg-prod") -> str:
    return f"{GROUPS}/{group}/{COMPUTE}/virtualMachines/{name}"


def disk_id(name: str, group: str = "rg-prod") -> str:
    return f"{GROUPS}/{group}/{COMPUTE}/disks/{name}"


def collection_id(name: str = "web-01-restore-points", group: str = "rg-prod") -> str:
    return f"{GROUPS}/{group}/{COMPUTE}/restorePointCollections/{name}"


def _managed(name: str, group: str = "rg-prod") -> dict[str, str]:
    return {"id": disk_id(name, group), "storageAccountType": "Premium_LRS"}


def vm(name: str = "web-01", group: str = "rg-prod", *, data: Mapping[int, str] | None = None, **properties: Any) -> dict[str, Any]:
    """A VM with a system disk and data disks {lun: name}; ``properties`` go over its own."""
    disks = [{"lun": lun, "name": disk, "managedDisk": _managed(disk, group)} for lun, disk in (data or {}).items()]
    system = {"name": f"{name}-os", "osType": "Linux", "managedDisk": _managed(f"{name}-os", group)}
    own = {"provisioningState": "Succeeded", "vmId": f"guid-of-{name}", "storageProfile": {"osDisk": system, "dataDisks": disks}}
    return {"id": vm_id(name, group), "name": name, "location": "EastAsia", "properties": {**own, **properties}}


def point(
    name: str, collection: str, time: datetime, state: str = "Succeeded", *, consistency: str | None = "FileSystemConsistent", **more: Any
) -> dict[str, Any]:
    """A point with a system disk; its metadata holds what must never get out."""
    system: dict[str, Any] = {"osType": "Linux", "name": "web-01-os", "diskSizeGB": 30, "managedDisk": _managed("web-01-os")}
    if state == "Succeeded":
        system["diskRestorePoint"] = {"id": f"{collection}/restorePoints/{name}/diskRestorePoints/web-01-os_1"}
    metadata = {
        "vmId": "guid",
        "location": "EastAsia",
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {"osDisk": system, "dataDisks": []},
        "osProfile": {
            "adminUsername": "poison-user",
            "customData": "poison-custom",
            "linuxConfiguration": {"ssh": {"publicKeys": [{"keyData": "poison-key"}]}},
        },
        "userData": "poison-data",
    }
    properties = {"sourceMetadata": metadata, "provisioningState": state, "timeCreated": time.isoformat(), **more}
    if consistency:
        properties["consistencyMode"] = consistency
    return {"id": f"{collection}/restorePoints/{name}", "name": name, "properties": properties}


@dataclass
class FakePoints:
    """A wire. ``resources`` by lower path; ``faults`` may answer before Azure does; ``ends`` {point name: its final state}."""

    clock: FakeClock = field(default_factory=FakeClock)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ready: dict[str, datetime] = {}
        self._gone: dict[str, datetime] = {}
        self._lock = threading.RLock()
        self.client: ArmClient = client_for(self, self.clock)  # type: ignore[arg-type]

    def add(self, *resources: dict[str, Any]) -> None:
        for resource in resources:
            self.resources[resource["id"].lower()] = resource

    def add_collection(self, path: str = "", source: str = "", *points: dict[str, Any], location: str = "eastasia", **more: Any) -> str:
        """A collection with its points, by default web-01's; its id."""
        path = path or collection_id()
        properties = {"source": {"id": source or vm_id(), "location": "EastAsia"}}
        self.add({"id": path, "name": path.rsplit("/", 1)[1], "location": location, "properties": properties, **more}, *points)
        return path

    def add_point(self, name: str, hours: float, collection: str = "", state: str = "Succeeded", **more: Any) -> dict[str, Any]:
        """A point that is so many hours old."""
        made = point(name, collection or collection_id(), self.clock.now() - timedelta(hours=hours), state, **more)
        self.add(made)
        return made

    @property
    def writes(self) -> list[str]:
        """What was sent that changes something: ``PUT restorePoints/rp1``."""
        return [f"{one.method} {'/'.join(unquote(urlsplit(one.url).path).split('/')[-2:])}" for one in self.sent if one.method not in ("GET", "HEAD")]

    def body(self, at: int = -1) -> Any:
        return json.loads([one for one in self.sent if one.method == "PUT"][at].data or b"null")

    def names(self, collection: str = "") -> list[str]:
        """The points that a collection has now."""
        self._pass_time()
        return sorted(one["name"] for key, one in self.resources.items() if key.startswith(f"{(collection or collection_id()).lower()}/restorepoints/"))

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        request = Sent(method, url, dict(headers), data)
        with self._lock:
            self.sent.append(request)
            for fault in list(self.faults):
                found = fault(request)
                if isinstance(found, Exception):
                    raise found
                if found is not None:
                    return found
            return self.take(request)

    def take(self, request: Sent) -> RawResponse:
        """What Azure does with a request."""
        self._pass_time()
        path, query = unquote(urlsplit(request.url).path), parse_qs(urlsplit(request.url).query)
        if "/operations/" in path:
            return self._operation(path.rsplit("/", 1)[1])
        if request.method == "GET":
            return self._get(path, query.get("$expand", [""])[0])
        if request.method == "DELETE":
            return self._delete(path)
        body = json.loads(request.data or b"{}")
        return self._put_point(path, body) if "/restorePoints/" in path else self._put(path, body)

    def _pass_time(self) -> None:
        now = self.clock.now()
        for key in [key for key, when in self._ready.items() if when <= now]:
            del self._ready[key]
            made = self.resources[key]
            state = self.ends.get(made["name"], "Succeeded")
            again = point(made["name"], made["id"].rsplit("/", 2)[0], now, state)["properties"]
            made["properties"] = {**again, **made["properties"], "provisioningState": state, "sourceMetadata": again["sourceMetadata"]}
            made["properties"].setdefault("consistencyMode", "FileSystemConsistent")
        for key in [key for key, when in self._gone.items() if when <= now]:
            del self._gone[key]
            for inner in [inner for inner in self.resources if inner == key or inner.startswith(key + "/")]:
                del self.resources[inner]

    def _get(self, path: str, expand: str) -> RawResponse:
        key = path.lower()
        if key.endswith(("/restorepointcollections", "/virtualmachines", "/disks")):
            kind = key.rsplit("/", 1)[1]
            scope = key.split("/providers/")[0]
            found = [r for k, r in self.resources.items() if k.startswith(scope + "/") and k.split("/")[-2] == kind]
            return answer(200, {"value": found})
        resource = self.resources.get(key)
        if resource is None:
            return failure(404, "ResourceNotFound", f"There is no {path}")
        if expand == "restorePoints":
            inner = [r for k, r in self.resources.items() if k.startswith(key + "/restorepoints/")]
            hidden = [{**r, "properties": {k: v for k, v in r["properties"].items() if k != "instanceView"}} for r in inner]
            return answer(200, {**resource, "properties": {**resource["properties"], "restorePoints": hidden}})
        return answer(200, resource)

    def _delete(self, path: str) -> RawResponse:
        if path.lower() not in self.resources:
            return answer(204)
        self.resources[path.lower()]["properties"]["provisioningState"] = "Deleting"
        self._ready.pop(path.lower(), None)
        self._gone[path.lower()] = self.clock.now() + timedelta(seconds=DELETES)
        return answer(202, None, Azure_AsyncOperation=self._url(path.rsplit("/", 1)[1]), Location=self._url("result"))

    def _put(self, path: str, body: dict[str, Any]) -> RawResponse:
        new = path.lower() not in self.resources
        self.add({"id": path, "name": path.rsplit("/", 1)[1], **body})
        return answer(201 if new else 200, self.resources[path.lower()])

    def _put_point(self, path: str, body: dict[str, Any]) -> RawResponse:
        if path.lower() in self.resources:
            return failure(409, "Conflict", "Updating an existing restore point is not allowed.")
        collection = path.rsplit("/", 2)[0]
        if any(key.startswith(collection.lower() + "/restorepoints/") for key in self._ready):
            return failure(409, "VMRestorePointClientError", "A concurrent operation is running.")
        sent = body.get("properties") or {}
        made = point(path.rsplit("/", 1)[1], collection, self.clock.now(), "Creating", **{"consistency": sent.get("consistencyMode")})
        made["properties"].update({name: value for name, value in sent.items() if name == "excludeDisks"})
        self.add(made)
        self._ready[path.lower()] = self.clock.now() + timedelta(seconds=MAKES)
        return answer(201, made, Azure_AsyncOperation=self._url(made["name"]))

    def _operation(self, name: str) -> RawResponse:
        running = [key for key in [*self._ready, *self._gone] if key.endswith("/" + name.lower())]
        if running:
            return answer(200, {"status": "InProgress", "name": name})
        if self.ends.get(name) == "Failed":
            return answer(200, {"status": "Failed", "name": name, "error": {"code": "VMAgentStatusCommunicationError", "message": "No agent."}})
        return answer(200, {"status": "Succeeded", "name": name})

    @staticmethod
    def _url(name: str) -> str:
        return f"{BASE}/subscriptions/{SUB}/{COMPUTE}/locations/eastasia/operations/{name}?p=1&api-version=2024-11-01&t=1"


def takes_and_loses(azure: FakePoints, ending: str, error: Exception, method: str = "PUT") -> None:
    """The next such request takes effect, and its answer gets lost."""

    def lose(request: Sent) -> RawResponse | Exception | None:
        if request.method != method or not unquote(urlsplit(request.url).path).endswith(ending):
            return None
        azure.faults.remove(lose)
        azure.take(request)
        return error

    azure.faults.append(lose)


def refuses(azure: FakePoints, ending: str, found: RawResponse | Exception, method: str = "PUT", times: int = 1) -> None:
    """The next such requests get this answer and take no effect."""
    left = [times]

    def refuse(request: Sent) -> RawResponse | Exception | None:
        if left[0] < 1 or request.method != method or not unquote(urlsplit(request.url).path).endswith(ending):
            return None
        left[0] -= 1
        return found

    azure.faults.append(refuse)
