# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Azure behind the wire: collections with their points, copies that arrive disk by disk, disks, interfaces and VMs."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any, Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import BASE, SUB, FakeClock, answer, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute import point_samples as samples

BEGINS_AFTER = 6.0
"""Seconds until Azure says that a copy has begun."""
MADE_AFTER = 20.0
"""Seconds until a disk or VM is there."""

Fault = Callable[[str, str], "RawResponse | Exception | None"]


class FakeCompute:
    """Resources by their path in lower case. ``speeds`` {name of a disk: seconds until it has arrived}; ``fault`` may answer instead, and
    ``lose`` the names of resources whose PUT takes effect and whose answer gets lost."""

    def __init__(self, *collections: dict[str, Any], clock: FakeClock | None = None, speeds: Mapping[str, float] | None = None) -> None:
        self.clock = clock or FakeClock()
        self.speeds = dict(speeds or {})
        self.resources: dict[str, dict[str, Any]] = {}
        self.ready_at: dict[str, float] = {}
        self.started_at: dict[str, float] = {}
        self.failing: set[str] = set()
        self.lose: set[str] = set()
        self.fault: Fault | None = None
        self.hour: dict[str, list[float]] = {}
        self.limit = 3
        self.sent: list[tuple[str, str]] = []
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.RLock()
        for resource in collections:
            self.add(resource)

    def add(self, resource: dict[str, Any]) -> None:
        """A resource that is there; the points of a collection are kept apart."""
        resource = json.loads(json.dumps(resource))
        for point in resource.get("properties", {}).pop("restorePoints", []):
            self.resources[point["id"].lower()] = point
        self.resources[resource["id"].lower()] = resource

    def __getitem__(self, path: str) -> dict[str, Any]:
        return self.resources[path.lower()]

    def writes(self) -> list[str]:
        """What changed something: ``PUT restorePoints/rp1``."""
        return [f"{method} {'/'.join(path.split('/')[-2:])}" for method, path in self.sent if method not in ("GET", "HEAD")]

    def puts(self, path: str) -> list[dict[str, Any]]:
        """Bodies of the PUTs of a path."""
        return [body for where, body in self.bodies if where.lower() == path.lower()]

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        parts = urlsplit(url)
        path = unquote(parts.path)
        with self._lock:
            self.sent.append((method, path))
            body = json.loads(data) if data else {}
            if method == "PUT":
                self.bodies.append((path, body))
            found = self.fault(method, path) if self.fault else None
            if found is None:
                found = self._answer(method, path, parse_qs(parts.query), body)
                if method == "PUT" and path.rsplit("/", 1)[1] in self.lose:
                    self.lose.discard(path.rsplit("/", 1)[1])
                    found = reset()
        if isinstance(found, Exception):
            raise found
        return found

    def _answer(self, method: str, path: str, query: Mapping[str, list[str]], body: dict[str, Any]) -> RawResponse:
        if "/operations/" in path:
            return self._operation(path)
        if method == "GET":
            return self._get(path, query)
        if method == "DELETE":
            return answer(200 if self.resources.pop(path.lower(), None) else 204)
        if method == "PATCH":
            self[path].update(body)
            return answer(200, self[path])
        return self._put_point(path, body) if "/restorePoints/" in path else self._put(path, body)

    def _get(self, path: str, query: Mapping[str, list[str]]) -> RawResponse:
        scope, kind = path.lower().split("/providers/")
        if kind.count("/") == 1:
            listed = [key for key in self.resources if key.startswith(scope) and key.split("/providers/")[1].rpartition("/")[0] == kind]
            return answer(200, {"value": [self._seen(self.resources[key], key) for key in listed]})
        if kind.endswith("/diskrestorepoints"):
            return answer(200, {"value": [found for key, found in self.resources.items() if key.startswith(path.lower() + "/")]})
        resource = self.resources.get(path.lower())
        if resource is None:
            return failure(404, "ResourceNotFound", f"There is no {path}")
        expand = query.get("$expand", [""])[0]
        if expand == "restorePoints":
            below = path.lower() + "/restorepoints/"
            points = [self._seen(p, p["id"]) for key, p in self.resources.items() if key.startswith(below) and "/" not in key[len(below) :]]
            return answer(200, {**resource, "properties": {**resource["properties"], "restorePoints": points}})
        return answer(200, self._seen(resource, path, view=expand == "instanceView"))

    def _seen(self, resource: dict[str, Any], path: str, view: bool = False) -> dict[str, Any]:
        """The resource as it is now; replication only in the instance view."""
        properties = dict(resource.get("properties") or {})
        if path.lower() in self.started_at:
            name = path.rsplit("/", 1)[1]
            spent = self.clock.passed - self.started_at[path.lower()]
            began = spent >= BEGINS_AFTER
            day = int(properties["day"])
            percents = [100 if spent >= self._takes(disk) else int(100 * spent / self._takes(disk)) for disk in samples.DISKS] if began else None
            codes = {index: "ReplicationState/failed" for index, disk in enumerate(samples.DISKS) if f"{name}/{disk}" in self.failing}
            resource = samples.point(
                name, day=day, collection=path.rsplit("/", 2)[0], of=properties["sourceRestorePoint"]["id"],
                state="Succeeded" if began else "Creating", percents=percents, codes=codes,
            )
            properties = resource["properties"]
        elif path.lower() in self.ready_at:
            properties["provisioningState"] = "Succeeded" if self.clock.passed >= self.ready_at[path.lower()] else "Creating"
        if not view:
            properties.pop("instanceView", None)
        return {**resource, "properties": properties}

    def _takes(self, disk: str) -> float:
        return max(self.speeds.get(disk, 60.0), BEGINS_AFTER)

    def _put_point(self, path: str, body: dict[str, Any]) -> RawResponse:
        collection = path.rsplit("/", 2)[0].lower()
        recent = [moment for moment in self.hour.setdefault(collection, []) if moment > self.clock.passed - 3600]
        if len(recent) >= self.limit:
            wait = 3600 - (self.clock.passed - recent[-self.limit])
            return failure(429, "TooManyRequests", "The limit of copies is reached.", Retry_After=str(int(wait) + 1))
        if path.lower() in self.resources:
            return failure(409, "Conflict", "Updating a restore point is not allowed.")
        self.hour[collection].append(self.clock.passed)
        source = self[body["properties"]["sourceRestorePoint"]["id"]]
        day = int(source["properties"]["timeCreated"][8:10])
        name = path.rsplit("/", 1)[1]
        self.resources[path.lower()] = {"id": path, "name": name, "properties": {**body["properties"], "day": day}}
        self.started_at[path.lower()] = self.clock.passed
        url = f"{BASE}/subscriptions/{SUB}/providers/Microsoft.Compute/locations/westus/operations/{name}?p=1&target={path}"
        return answer(201, self._seen(self[path], path), Azure_AsyncOperation=url)

    def _put(self, path: str, body: dict[str, Any]) -> RawResponse:
        new = path.lower() not in self.resources
        self.resources[path.lower()] = {**self.resources.get(path.lower(), {}), "id": path, "name": path.rsplit("/", 1)[1], **body}
        if "/restorePointCollections/" in path:
            return answer(201 if new else 200, self[path])
        self.ready_at[path.lower()] = self.clock.passed + MADE_AFTER
        url = f"{BASE}/subscriptions/{SUB}/providers/Microsoft.Compute/locations/westus/operations/{path.rsplit('/', 1)[1]}"
        return answer(201, self._seen(self[path], path), Azure_AsyncOperation=url)

    def _operation(self, path: str) -> RawResponse:
        name = path.rsplit("/", 1)[1]
        times = [at for key, at in self.ready_at.items() if key.endswith("/" + name.lower())]
        times += [at + BEGINS_AFTER for key, at in self.started_at.items() if key.endswith("/" + name.lower())]
        done = all(self.clock.passed >= at for at in times)
        spans = {"startTime": max(times) - MADE_AFTER, **({"endTime": max(times)} if done else {})}
        told = {word: (self.clock.now() + timedelta(seconds=at - self.clock.passed)).isoformat() for word, at in spans.items()}
        return answer(200, {"name": name, "status": "Succeeded" if done else "InProgress", **told})
