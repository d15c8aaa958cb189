# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wire at whose end there is one vault: just enough of Azure to make, change and delete it, without a network or waiting."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    BASE,
    SUB,
    FakeClock,
    answer,
    client_for,
    failure,
)

REF = VaultRef(SUB, "rg-backup", "vault-a")
SETTINGS: dict[str, Any] = {
    "provisioningState": "Succeeded",
    "securitySettings": {
        "softDeleteSettings": {"softDeleteRetentionPeriodInDays": 14, "softDeleteState": "AlwaysON", "enhancedSecurityState": "AlwaysON"},
        "multiUserAuthorization": "Disabled",
    },
    "redundancySettings": {"standardTierStorageRedundancy": "LocallyRedundant", "crossRegionRestore": "Disabled"},
    "monitoringSettings": {
        "azureMonitorAlertSettings": {"alertsForAllJobFailures": "Enabled", "alertsForAllFailoverIssues": "Enabled"},
        "classicAlertSettings": {"alertsForCriticalOperations": "Enabled"},
    },
    "publicNetworkAccess": "Enabled",
    "restoreSettings": {"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"}},
}


def vault_resource(ref: VaultRef = REF, tags: dict[str, str] | None = None, identity: Any = None, **properties: Any) -> dict[str, Any]:
    """A vault as Azure answers it (2026); a property of None is left out."""
    settings = {name: value for name, value in {**copy.deepcopy(SETTINGS), **properties}.items() if value is not None}
    resource: dict[str, Any] = {"id": ref.id, "name": ref.name, "location": "eastasia", "sku": {"name": "RS0", "tier": "Standard"}, "properties": settings}
    if tags is not None:
        resource["tags"] = tags
    if identity is not None:
        resource["identity"] = identity
    return resource


def deleted_resource(
    ref: VaultRef = REF, purge: str = "2026-09-01T00:00:00Z", deleted: str = "2026-01-01T00:00:00Z", number: int = 1, location: str = "eastasia"
) -> dict[str, Any]:
    name = f"{ref.group}_{number}"
    return {
        "id": f"/subscriptions/{SUB}/providers/Microsoft.RecoveryServices/locations/{location}/deletedVaults/{name}",
        "name": name,
        "location": location,
        "properties": {"vaultId": ref.id, "vaultDeletionTime": deleted, "purgeAt": purge},
    }


class Site:
    """``vault`` is what there is now. Operations end at the second look. ``sent``: every request as ``METHOD path``.

    ``ends``: how operations end, by method: a status body, or 404. ``deaf``: PATCH and vaultconfig are taken and do nothing.
    ``faults``: (method, end of the path, RawResponse or exception), to be met once each, before anything is done.
    ``lost``: the same, after it was done.
    """

    def __init__(self, vault: dict[str, Any] | None = None, *deleted: dict[str, Any]) -> None:
        self.vault = vault
        self.deleted = list(deleted)
        self.items: list[dict[str, Any]] = []
        self.containers: list[dict[str, Any]] = []
        self.storage_state = "Unlocked"
        self.group: str | None = "East Asia"
        self.regions: list[str] = []
        """Of the resource groups of the subscription."""
        self.registered = True
        self.looks_to_register = 1
        self.deaf = False
        self.settles_at: list[str] = []
        """Provisioning states to be seen before the vault is settled, in turn."""
        self.ends: dict[str, Any] = {}
        self.faults: list[tuple[str, str, Any]] = []
        self.lost: list[tuple[str, str, Any]] = []
        self.sent: list[str] = []
        self.bodies: list[Any] = []
        self._looks: dict[str, int] = {}

    def client(self, clock: FakeClock | None = None, **more: Any) -> ArmClient:
        return client_for(self, clock, **more)  # type: ignore[arg-type]

    @property
    def writes(self) -> list[str]:
        return [line.split(" ")[0] + " " + line.rsplit("/", 1)[-1] for line in self.sent if not line.startswith("GET")]

    def body_of(self, write: str) -> Any:
        """The body of the first write with this method and end of its path."""
        return next(body for line, body in zip(self.sent, self.bodies) if line.startswith(write.split(" ")[0]) and line.endswith(write.split(" ")[1]))

    def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> RawResponse:
        path = unquote(urlsplit(url).path)
        self.sent.append(f"{method} {path}")
        self.bodies.append(json.loads(data) if data else None)
        fault = self._met(self.faults, method, path)
        if fault is not None:
            return fault
        reply = self._answer(method, path, self.bodies[-1] or {})
        return self._met(self.lost, method, path) or reply

    @staticmethod
    def _met(faults: list[tuple[str, str, Any]], method: str, path: str) -> RawResponse | None:
        for fault in faults:
            if fault[0] == method and path.lower().endswith(fault[1].lower()):
                faults.remove(fault)
                if isinstance(fault[2], Exception):
                    raise fault[2]
                found: RawResponse = fault[2]
                return found
        return None

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> RawResponse:
        lower = path.lower()
        if self.group is None and "/resourcegroups/" in lower:
            return failure(404, "ResourceGroupNotFound")
        if lower.endswith("/resourcegroups/rg-backup"):
            return answer(200, {"name": "rg-backup", "location": self.group})
        if lower.endswith("/register"):
            return answer(200, {"registrationState": "Registering"})
        if lower.endswith("/providers/microsoft.recoveryservices"):
            self.looks_to_register -= 1
            self.registered = self.registered or self.looks_to_register <= 0
            return answer(200, {"registrationState": "Registered" if self.registered else "Registering"})
        if "/operationstatus/" in lower:
            return self._status(path)
        if lower.endswith("/deletedvaults"):
            return answer(200, {"value": [one for one in self.deleted if f"/locations/{one['location']}/" in lower]})
        if lower.endswith("/resourcegroups"):
            return answer(200, {"value": [{"location": region} for region in self.regions]})
        if lower.endswith("/providers/microsoft.recoveryservices/vaults"):
            return answer(200, {"value": []})
        if lower.endswith("/undelete"):
            self.deleted.clear()
            self.vault = vault_resource()
            return self._accepted("POST")
        if lower == REF.key:
            return self._on_vault(method, body)
        return self._in_vault(method, lower, body)

    def _on_vault(self, method: str, body: dict[str, Any]) -> RawResponse:
        if method == "PUT":
            if not self.registered:
                return failure(409, "MissingSubscriptionRegistration")
            self.vault = vault_resource(tags=body.get("tags"), identity=body.get("identity"))
            self.vault["location"] = body["location"]
            self._take(body)
            return self._accepted("PUT", 201, self.vault)
        if self.vault is None:
            return failure(404, "ResourceNotFound") if method != "DELETE" else answer(204)
        if method == "PATCH":
            if not self.deaf:
                self._take(body)
            return self._accepted("PATCH")
        if method == "DELETE":
            if self.ends.get("DELETE", 404) in (404, "Succeeded"):
                self.vault = None
            return self._accepted("DELETE")
        if self.settles_at:
            state = self.settles_at.pop(0)
            if state == "gone":
                self.vault = None
                return failure(404, "ResourceNotFound")
            return answer(200, {**self.vault, "properties": {**self.vault["properties"], "provisioningState": state}})
        return answer(200, self.vault)

    def _take(self, body: dict[str, Any]) -> None:
        assert self.vault is not None
        given = copy.deepcopy(body.get("properties") or {})
        (given.get("securitySettings") or {}).pop("softDeleteSettings", None)
        for name, value in given.items():
            had = self.vault["properties"].get(name)
            self.vault["properties"][name] = {**had, **value} if isinstance(had, dict) and isinstance(value, dict) else value
        if body.get("tags") is not None:
            self.vault["tags"] = body["tags"]
        if body.get("identity"):
            had_users = (self.vault.get("identity") or {}).get("userAssignedIdentities") or {}
            users = {**had_users, **(body["identity"].get("userAssignedIdentities") or {})}
            kept = {name: {} for name, value in users.items() if value is not None} if "UserAssigned" in body["identity"]["type"] else {}
            self.vault["identity"] = {"type": body["identity"]["type"], "userAssignedIdentities": kept}

    def _in_vault(self, method: str, lower: str, body: dict[str, Any]) -> RawResponse:
        assert self.vault is not None, lower
        settings = self.vault["properties"]
        if lower.endswith("/vaultstorageconfig"):
            crossing = {"storageModelType": "GeoRedundant", "crossRegionRestoreFlag": False}
            return answer(200, {"properties": {**crossing, "storageTypeState": self.storage_state}})
        if lower.endswith("/vaultconfig"):
            soft_delete = settings.setdefault("securitySettings", {}).setdefault("softDeleteSettings", {})
            if method == "PATCH" and not self.deaf:
                soft_delete["softDeleteState"] = body["properties"]["softDeleteFeatureState"]
                soft_delete["softDeleteRetentionPeriodInDays"] = body["properties"]["softDeleteRetentionPeriodInDays"]
            shown = {"softDeleteFeatureState": soft_delete.get("softDeleteState", "Enabled")}
            return answer(200, {"properties": {**shown, "softDeleteRetentionPeriodInDays": soft_delete.get("softDeleteRetentionPeriodInDays", 14)}})
        if lower.endswith("/backupprotecteditems"):
            return answer(200, {"value": self.items})
        if lower.endswith("/backupprotectioncontainers"):
            return answer(200, {"value": self.containers})
        raise AssertionError(f"nobody foresaw {method} {lower}")

    def _accepted(self, method: str, status: int = 202, body: Any = None) -> RawResponse:
        url = f"{BASE}{REF.path}/operationStatus/{method}?api-version=1&t=1"
        self._looks[f"{REF.path}/operationStatus/{method}"] = 0
        return answer(status, body, Azure_AsyncOperation=url)

    def _status(self, path: str) -> RawResponse:
        method = path.rsplit("/", 1)[-1]
        self._looks[path] += 1
        end = self.ends.get(method, "Succeeded")
        if self._looks[path] < 2:
            return answer(200, {"status": "InProgress"})
        if end == 404:
            return failure(404, "ResourceNotFound")
        return answer(200, end if isinstance(end, dict) else {"status": end})
