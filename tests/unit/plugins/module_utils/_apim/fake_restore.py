# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fake Azure with API Management services, one container of backups and an activity log, as far as a restore needs them."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Callable, Mapping
from urllib.parse import unquote, urlsplit

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    BASE,
    SUB,
    FakeClock,
    Sent,
    answer,
    client_for,
    failure,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._storage.blob_answers import blob_head, blob_page

KEY = "ZmFrZS1zdG9yYWdlLWtleQ=="
ACCOUNT = f"/subscriptions/{SUB}/resourceGroups/rg-backup/providers/Microsoft.Storage/storageAccounts/stdr"
BLOB_HOST = "stdr.blob.test"
TAKES = 1800.0
"""Seconds of a restore."""

Fault = Callable[[Sent], "RawResponse | Exception | None"]


class FakeRestore:
    """Answers requests; ``sent`` has them all. ``faults`` may answer instead, one at a time, in their order."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.client: ArmClient = client_for(self, self.clock)  # type: ignore[arg-type]
        self.services: dict[str, dict[str, Any]] = {}
        self.blobs: dict[str, tuple[datetime, str]] = {}
        self.deleted: list[dict[str, Any]] = []
        self.log: list[dict[str, Any]] = []
        self.log_readable = True
        self.log_lag = 0.0
        """Seconds after which an entry can be read."""
        self.restored: list[tuple[str, str]] = []
        """(service, backup) of each restore that was begun."""
        self.ends: dict[str, float] = {}
        self.fails: str | None = None
        self.faults: list[Fault] = []
        self.sent: list[Sent] = []
        self.add("apim-prod")
        self.add("apim-dr", group="rg-dr")

    def add(self, name: str, *, group: str = "rg-api", sku: str = "Developer", state: str = "Succeeded", identity: str = "SystemAssigned") -> None:
        self.services[name] = {
            "id": self.path(name, group),
            "name": name,
            "type": "Microsoft.ApiManagement/service",
            "location": "East Asia",
            "tags": {"team": "api"},
            "etag": "AAAA",
            "sku": {"name": sku, "capacity": 1},
            "identity": {"type": identity},
            "properties": {"provisioningState": state},
        }

    def back_up(self, name: str, *, days: float = 1.0) -> None:
        self.blobs[name] = (self.clock.now() - timedelta(days=days), f"0x{len(self.blobs) + 1:03d}")

    @staticmethod
    def path(name: str, group: str) -> str:
        return f"/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.ApiManagement/service/{name}"

    def tags(self, name: str) -> dict[str, str]:
        found: dict[str, str] = self.services[name]["tags"]
        return found

    def writes(self) -> list[str]:
        """The requests that change something, as METHOD and last part of the path."""
        rows = [(request.method, urlsplit(request.url).path) for request in self.sent]
        return [f"{method} {path.rsplit('/', 1)[-1]}" for method, path in rows if method not in ("GET", "HEAD") and not path.endswith("/listKeys")]

    def restores(self) -> int:
        return self.writes().count("POST restore")

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        request = Sent(method, url, dict(headers), data)
        self.sent.append(request)
        self._pass_time()
        for fault in list(self.faults):
            instead = fault(request)
            if isinstance(instead, Exception):
                raise instead
            if instead is not None:
                return instead
        found = self.reply(request)
        return RawResponse(found.status, {"date": format_datetime(self.clock.now(), usegmt=True), **found.headers}, found.content)

    def reply(self, request: Sent) -> RawResponse:
        """The answer without faults."""
        parts = urlsplit(request.url)
        path = unquote(parts.path)
        if parts.hostname == BLOB_HOST:
            return self._blob(request.method, path, parts.query)
        if path == ACCOUNT:
            return answer(200, {"id": ACCOUNT, "properties": {"primaryEndpoints": {"blob": f"https://{BLOB_HOST}/"}}})
        if path == f"{ACCOUNT}/listKeys":
            return answer(200, {"keys": [{"keyName": "key1", "value": KEY, "permissions": "FULL"}]})
        if path.lower().endswith("/eventtypes/management/values"):
            return self._log(parts.query)
        if path.endswith("/deletedservices"):
            return answer(200, {"value": self.deleted})
        if path.endswith("/Microsoft.ApiManagement/service"):
            return answer(200, {"value": list(self.services.values())})
        return self._service(request, path)

    def _service(self, request: Sent, path: str) -> RawResponse:
        service = next((one for one in self.services.values() if path.lower().startswith(one["id"].lower())), None)
        if service is None:
            return failure(404, "ResourceNotFound")
        rest = path[len(service["id"]) :]
        body = json.loads(request.data) if request.data else {}
        if rest == "" and request.method == "GET":
            return answer(200, service)
        if rest == "/providers/Microsoft.Resources/tags/default":
            service["tags"].update(body["properties"]["tags"])
            return answer(200, {"properties": {"tags": service["tags"]}})
        if rest == "/restore":
            return self._restore(service, body)
        if re.fullmatch(r"/operationResults/\w+", rest):
            if service["name"] in self.ends:
                return answer(202, None, location=request.url)
            return failure(400, "RestoreFailed", self.fails) if self.fails else answer(200, service)
        raise AssertionError(f"nothing answers {request.method} {path}")

    def _restore(self, service: dict[str, Any], body: dict[str, Any]) -> RawResponse:
        if service["properties"]["provisioningState"] != "Succeeded":
            return failure(409, "ServiceLocked", "The service is transitioning at this time.")
        self.begin(service["name"], body["backupName"])
        return answer(202, None, location=f"{BASE}{service['id']}/operationResults/b25l?api-version=2022-08-01&t=1&c=2&s=signed&h=4")

    def begin(self, name: str, backup: str | None) -> None:
        """A restore, or (without a backup) another operation, begins."""
        self.services[name]["properties"]["provisioningState"] = "Updating"
        self.ends[name] = self.clock.passed + TAKES
        if backup is not None:
            self.restored.append((name, backup))
            self._tell(name, "Accepted")

    def _pass_time(self) -> None:
        for name, end in list(self.ends.items()):
            if self.clock.passed >= end:
                del self.ends[name]
                self.services[name]["properties"]["provisioningState"] = "Succeeded"
                if any(service == name for service, _backup in self.restored):
                    self._tell(name, "Failed" if self.fails else "Succeeded", ago=self.clock.passed - end)

    def _tell(self, name: str, status: str, ago: float = 0.0) -> None:
        self.log.append(
            {
                "eventTimestamp": (self.clock.now() - timedelta(seconds=ago)).isoformat(),
                "operationName": {"value": "Microsoft.ApiManagement/service/restore/action"},
                "status": {"value": status},
                "correlationId": f"{name}-{len(self.restored)}",
                "resourceId": self.services[name]["id"],
            }
        )

    def _log(self, query: str) -> RawResponse:
        if not self.log_readable:
            return failure(403, "AuthorizationFailed")
        wanted = re.search(r"eventTimestamp ge '([^']+)'.* and resourceUri eq '([^']+)'", unquote(query))
        assert wanted, query
        since = datetime.fromisoformat(wanted[1].replace("Z", "+00:00"))
        until = self.clock.now() - timedelta(seconds=self.log_lag)
        found = [entry for entry in self.log if since <= datetime.fromisoformat(entry["eventTimestamp"]) <= until and entry["resourceId"] == wanted[2]]
        return answer(200, {"value": found})

    def _blob(self, method: str, path: str, query: str) -> RawResponse:
        name = path.removeprefix("/apim").lstrip("/")
        rows = {one: (one, 7, moment, etag) for one, (moment, etag) in sorted(self.blobs.items())}
        if method == "GET" and "comp=list" in query:
            return blob_page(rows.values())
        return blob_head(rows.get(name))
