# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One API Management service, one storage account and its blobs, on a wire without a network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Callable
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import TransportError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    BASE,
    SUB,
    FakeClock,
    Sent,
    Tokens,
    answer,
    client_for,
    failure,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._storage.blob_answers import Row, blob_head, blob_page, storage_failure

GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-api/providers"
SERVICE = f"{GROUP}/Microsoft.ApiManagement/service/apim-prod"
ACCOUNT = f"{GROUP}/Microsoft.Storage/storageAccounts/stbackups"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/apim-backups"
BLOBS = "https://stbackups.blob.test"
KEY = base64.b64encode(b"a key of the storage account, which nobody may see").decode()
IDENTITY = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-apim"
OPTIONS: dict[str, Any] = {
    "name": "apim-prod",
    "resource_group": "rg-api",
    "storage_account": "stbackups",
    "storage_resource_group": "rg-api",
    "container": "apim-backups",
    "poll_interval": 30,
}

Trouble = Callable[["FakeAzure", Sent], RawResponse]


class FakeAzure:
    """The wire of a client. ``trouble`` [(method and URL as a pattern, what happens instead)] is used up in order; ``sent`` has all."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sku = "Developer"
        self.state = "Succeeded"
        self.identity: dict[str, Any] = {"type": "SystemAssigned"}
        self.account: dict[str, Any] = {"primaryEndpoints": {"blob": f"{BLOBS}/"}}
        self.containers: dict[str, dict[str, tuple[int, datetime]]] = {"apim-backups": {}}
        self.polls_needed = 2
        self.backup_fails: RawResponse | None = None
        self.trouble: list[tuple[str, Trouble | RawResponse | Exception]] = []
        self.sent: list[Sent] = []
        self.bodies: list[dict[str, Any]] = []
        self._polls: dict[str, int] = {}
        self._ends_at: tuple[datetime, str] | None = None

    def client(self, **more: Any) -> ArmClient:
        return client_for(self, self.clock, tokens_for=lambda audience: Tokens(), **more)  # type: ignore[arg-type]

    def blob(self, name: str, age: timedelta, size: int = 7, container: str = "apim-backups") -> str:
        """Puts a blob that was written so long ago."""
        self.containers.setdefault(container, {})[name] = (size, self.clock.now() - age)
        return name

    def runs(self, seconds: float, leaves: str = "") -> None:
        """An operation of the service runs, for so long, and leaves a blob of this name."""
        self.state = "Updating"
        self._ends_at = (self.clock.now() + timedelta(seconds=seconds), leaves)

    @property
    def names(self) -> list[str]:
        return sorted(self.containers.get("apim-backups", {}))

    @property
    def log(self) -> list[str]:
        """``METHOD path`` of all requests, Azure's own hosts left out."""
        return [f"{sent.method} {self._short(sent.url)}" for sent in self.sent]

    @property
    def writes(self) -> list[str]:
        return [line for line in self.log if not line.startswith(("GET", "HEAD")) and not line.endswith("/listKeys")]

    @staticmethod
    def _short(url: str) -> str:
        path = urlsplit(url).path
        return path.replace(f"{GROUP}/", "") if url.startswith(BASE) else f"blob:{path}"

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        request = Sent(method, url, dict(headers), data)
        self.sent.append(request)
        self._pass_time()
        for number, (pattern, what) in enumerate(self.trouble):
            if re.search(pattern, f"{method} {url}"):
                del self.trouble[number]
                if isinstance(what, Exception):
                    raise what
                found = what if isinstance(what, RawResponse) else what(self, request)
                return found
        return self.dated(self.handle(request))

    def handle(self, request: Sent) -> RawResponse:
        if request.url.startswith(BASE):
            return self._arm(request)
        if request.url.startswith(BLOBS + "/"):
            return self._blob_service(request)
        raise TransportError("Name or service not known", sent=False)

    def dated(self, found: RawResponse) -> RawResponse:
        return RawResponse(found.status, {"date": format_datetime(self.clock.now(), usegmt=True), **found.headers}, found.content)

    def _pass_time(self) -> None:
        if self._ends_at and self.clock.now() >= self._ends_at[0]:
            if self._ends_at[1]:
                self.containers["apim-backups"][self._ends_at[1]] = (9, self._ends_at[0])
            self.state, self._ends_at = "Succeeded", None

    # --- Resource Manager ---

    def _arm(self, request: Sent) -> RawResponse:
        path = urlsplit(request.url).path
        if path == SERVICE and request.method == "GET":
            return answer(200, self.service())
        if path == f"{SERVICE}/backup":
            return self._backup(json.loads(request.data or b"{}"))
        if path.startswith(f"{SERVICE}/operationresults/"):
            return self._look(unquote(path.rsplit("/", 1)[-1]))
        if path == ACCOUNT and self.account:
            return answer(200, {"id": ACCOUNT, "name": "stbackups", "location": "eastus", "properties": self.account})
        if path == f"{ACCOUNT}/listKeys" and self.account:
            return answer(200, {"keys": [{"keyName": "key1", "value": KEY, "permissions": "FULL"}]})
        if path == CONTAINER and request.method == "PUT":
            self.containers.setdefault("apim-backups", {})
            return answer(201, {"name": "apim-backups"})
        if path == CONTAINER and "apim-backups" in self.containers:
            return answer(200, {"name": "apim-backups"})
        return failure(404, "ResourceNotFound")

    def service(self) -> dict[str, Any]:
        return {
            "id": SERVICE,
            "name": "apim-prod",
            "location": "East US",
            "sku": {"name": self.sku, "capacity": 1},
            "identity": self.identity,
            "properties": {"provisioningState": self.state},
        }

    def _backup(self, body: dict[str, Any]) -> RawResponse:
        self.bodies.append(body)
        if self.state != "Succeeded":
            return failure(409, "Conflict", "The service is transitioning.")
        self.state = "Updating"
        key = f"op{len(self._polls)}="
        self._polls[key] = 0
        return answer(202, location=f"{BASE}{SERVICE}//operationresults/{key}?api-version=2022-08-01".replace("//op", "/op"))

    def _look(self, key: str) -> RawResponse:
        self._polls[key] += 1
        if self._polls[key] <= self.polls_needed:
            return answer(202)
        self.state = "Succeeded"
        if self.backup_fails:
            return self.backup_fails
        body = self.bodies[-1]
        self.containers.setdefault(body["containerName"], {})[body["backupName"]] = (11, self.clock.now())
        return answer(200, self.service())

    # --- the Blob service ---

    def _blob_service(self, request: Sent) -> RawResponse:
        parts = urlsplit(request.url)
        container, _slash, name = parts.path[1:].partition("/")
        name = unquote(name)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        blobs = self.containers.get(container)
        if request.method == "PUT":
            if blobs is not None:
                return storage_failure(409, "ContainerAlreadyExists")
            self.containers[container] = {}
            return answer(201)
        if blobs is None:
            return storage_failure(404, "ContainerNotFound", "The specified container does not exist.")
        if request.method == "GET":
            return blob_page(self._row(key, *blobs[key]) for key in sorted(blobs) if key.startswith(query.get("prefix", "")))
        if name not in blobs:
            return blob_head(None)
        if request.method == "DELETE":
            del blobs[name]
            return answer(202)
        return blob_head(self._row(name, *blobs[name]))

    @staticmethod
    def _row(name: str, size: int, written: datetime) -> Row:
        return (name, size, written, f"{written.timestamp():.0f}")
