# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must have been so in Azure where a recorded client did not look: it follows from the writes that were recorded."""

from __future__ import annotations

import re
from typing import Any, Iterable
from urllib.parse import unquote

from .recording import ITEM, VAULT, Exchange, normal_path


def makes(write: Exchange, value: Any) -> bool:
    """Whether a coming write creates this member of a list."""
    item = ITEM.match(write.key)
    names = {str(value.get("name", "")).lower(), normal_path(str(value.get("id", "")))}
    if item and write.method == "PUT":
        container = write.key.split("/protectioncontainers/")[1].split("/")[0]
        return bool(names & {item.group(2), item.group(0), container})
    return write.method == "PUT" and write.key in names


def apply(items: list[dict[str, Any]], write: Exchange) -> None:
    """Does to the protected items of a vault what one write did."""
    if write.status >= 300 or not ITEM.fullmatch(write.key):
        return
    item = next((item for item in items if normal_path(item.get("id", "")) == write.key), None)
    if write.method == "DELETE":
        items[:] = [other for other in items if other is not item]
        return
    sent = (write.request_body or {}).get("properties", {})
    if item is None:
        path = unquote(write.path)
        source = sent.get("sourceResourceId", "")
        known = {"sourceResourceId": source, "virtualMachineId": source, "friendlyName": source.rsplit("/", 1)[-1], "policyId": "", "policyName": ""}
        fixed = {"protectionState": "IRPending", "backupManagementType": "AzureIaasVM"}
        item = {"id": path, "name": path.rsplit("/", 1)[-1], "properties": {**fixed, **known}}
        items.append(item)
    properties = item["properties"]
    if sent.get("policyId") is not None:
        properties["policyId"] = sent["policyId"]
        properties["policyName"] = sent["policyId"].rsplit("/", 1)[-1]
        if properties["protectionState"] != "IRPending":
            properties["protectionState"] = "Protected"
    if "extendedProperties" in sent:
        properties["extendedProperties"] = sent["extendedProperties"]
    if sent.get("protectionState"):
        properties["protectionState"] = sent["protectionState"]
    if sent.get("isRehydrate"):
        for name in [name for name in properties if "deferreddelete" in name.lower()]:
            del properties[name]


def configure(vault: dict[str, Any], write: Exchange) -> None:
    """Does to a vault what a write of its backup configuration did: it shows soft delete, too."""
    if write.status < 300:
        settings = vault["properties"].setdefault("securitySettings", {})
        settings["softDeleteSettings"] = {**(settings.get("softDeleteSettings") or {}), "softDeleteState": _properties(write).get("softDeleteFeatureState")}


def job_matches(job: dict[str, Any], text: str) -> bool:
    wanted: Iterable[tuple[str, str]] = re.findall(r"(\w+)\s+eq\s+'([^']*)'", text, re.IGNORECASE)
    properties = job.get("properties") or {}
    for name, value in wanted:
        if name.lower() in ("status", "operation", "backupmanagementtype") and str(properties.get(_FILTERED[name.lower()])).lower() != value.lower():
            return False
        if name.lower() == "jobid" and job["name"].lower() != value.lower():
            return False
    return True


_FILTERED = {"status": "status", "operation": "operation", "backupmanagementtype": "backupManagementType"}


def job_of_write(write: Exchange, name: str, started: str) -> dict[str, Any]:
    """A job that nobody looked at: it has ended well."""
    sent = (write.request_body or {}).get("properties", {}) if isinstance(write.request_body, dict) else {}
    if write.method == "DELETE":
        operation = "DeleteBackupData"
    elif write.method == "PUT":
        operation = "Undelete" if sent.get("isRehydrate") else "DisableBackup" if sent.get("protectionState") else "ConfigureBackup"
    else:
        operation = {"backup": "Backup", "restore": "Restore"}.get(write.key.rsplit("/", 1)[-1], "CrossRegionRestore")
    vault = VAULT.match(write.key)
    item = ITEM.match(write.key)
    container = item.group(2).split(";", 1)[1] if item else ""
    properties: dict[str, Any] = {
        "jobType": "AzureIaaSVMJob", "operation": operation, "status": "Completed", "startTime": started, "endTime": started, "duration": "PT0S",
        "backupManagementType": "AzureIaasVM", "containerName": container, "entityFriendlyName": container.rsplit(";", 1)[-1],
        "extendedInfo": {"tasksList": [], "propertyBag": {}},
    }
    return {"id": f"{vault.group(0) if vault else ''}/backupJobs/{name}", "name": name, "properties": properties}


def existing(flow: list[Exchange], key: str) -> dict[str, Any] | None:
    """A vault, policy or VM that must be there, because a recorded write that was accepted names it."""
    sent = [_properties(write) for write in flow if write.is_write and write.status < 300]
    restored = next((w for w in flow if w.is_write and w.status < 300 and w.key == key + "/restore" and "/recoverypoints/" in key), None)
    if restored:
        return _point(restored)
    named = {str(properties.get(name) or "") for properties in sent for name in ("policyId", "sourceResourceId")}
    path = next((text for text in named if text and normal_path(text) == key), None)
    region = _region(flow)
    if path and "/backuppolicies/" in key:
        return {"id": path, "name": path.rsplit("/", 1)[-1], "properties": {"backupManagementType": "AzureIaasVM"}}
    if path and region:
        return {"id": path, "name": path.rsplit("/", 1)[-1], "location": region, "properties": {"provisioningState": "Succeeded"}}
    if VAULT.fullmatch(key) and any(exchange.key.startswith(key + "/") for exchange in flow if exchange.status < 300):
        return {"id": key, "name": key.rsplit("/", 1)[-1], "location": region or "unknown", "properties": {"provisioningState": "Succeeded"}}
    return None


def _point(restore: Exchange) -> dict[str, Any]:
    """A recovery point that nobody looked at and that was restored."""
    path = unquote(restore.path).rsplit("/", 1)[0]
    tiers = [{"type": "InstantRP", "status": "Valid"}, {"type": "HardenedRP", "status": "Valid"}]
    properties = {"objectType": "IaasVMRecoveryPoint", "recoveryPointType": "AppConsistent", "recoveryPointTierDetails": tiers}
    return {"id": path, "name": path.rsplit("/", 1)[-1], "properties": {**properties, "recoveryPointTime": "2023-01-01T00:00:00Z"}}


def implied(coming: Iterable[Exchange], had: set[str]) -> list[dict[str, Any]]:
    """The items that must be there, because what is done first to each of them, with success, is nothing that makes it."""
    found: list[dict[str, Any]] = []
    for write in coming:
        item = ITEM.match(write.key)
        if item is None or write.status >= 300 or item.group(0) in had or "iaasvmcontainerv2" not in item.group(2):
            continue
        if write.method == "GET" and item.end() == len(write.key):
            continue
        had = {*had, item.group(0)}
        sent = _properties(write)
        if write.method == "PUT" and not sent.get("isRehydrate") and not sent.get("protectionState"):
            continue
        path = unquote(write.path)[: len(item.group(0))]
        group, name = path.rsplit(";", 2)[1:]
        scope = re.split("/resourcegroups/", path, flags=re.IGNORECASE)[0]
        source = sent.get("sourceResourceId") or f"{scope}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
        policy = f"{path.split('/backupFabrics/')[0]}/backupPolicies/DefaultPolicy"
        properties: dict[str, Any] = {
            "backupManagementType": "AzureIaasVM", "friendlyName": name, "sourceResourceId": source, "virtualMachineId": source,
            "protectionState": "Protected", "policyId": policy, "policyName": "DefaultPolicy", "protectionStatus": "Healthy",
        }
        if sent.get("isRehydrate"):
            properties.update(protectionState="ProtectionStopped", policyId="", policyName="", isScheduledForDeferredDelete=True)
        found.append({"id": path, "name": path.rsplit("/", 1)[-1], "properties": properties})
    return found


def vault_for(write: Exchange, vault: dict[str, Any]) -> dict[str, Any]:
    """The vault as it must be for Azure to take this write; it may have been seen last before it was made so."""
    properties = dict(vault.get("properties") or {})
    if write.status < 300 and write.key.endswith("/backupcrossregionrestore"):
        redundancy = {"standardTierStorageRedundancy": "GeoRedundant", **(properties.get("redundancySettings") or {})}
        properties["redundancySettings"] = {**redundancy, "crossRegionRestore": "Enabled"}
    security = properties.get("securitySettings") or {}
    if write.status < 300 and _properties(write).get("protectionState") == "BackupsSuspended" and not security.get("immutabilitySettings"):
        properties["securitySettings"] = {**security, "immutabilitySettings": {"state": "Unlocked"}}
    return {**vault, "properties": properties}


def restored_later(coming: Iterable[Exchange], key: str) -> bool:
    """Whether a coming restore makes this VM."""
    return any(write.status < 300 and normal_path(str(_properties(write).get("targetVirtualMachineId"))) == key for write in coming)


def _properties(write: Exchange) -> dict[str, Any]:
    body = write.request_body if isinstance(write.request_body, dict) else {}
    properties = body.get("properties")
    return properties if isinstance(properties, dict) else {}


def _region(flow: list[Exchange]) -> str | None:
    """The region of the recorded vaults, as they say themselves or as a restore says."""
    said = [body.get("location") for exchange in flow if VAULT.fullmatch(exchange.key) for body in [exchange.response_body] if isinstance(body, dict)]
    said += [_properties(exchange).get("region") for exchange in flow if exchange.is_write]
    return next((text for text in said if isinstance(text, str)), None)
