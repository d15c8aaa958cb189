# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a recorded flow to the module calls that make the same writes and read the same things."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Iterator

from .recording import ITEM, Exchange

VM_ITEM = re.compile(r"/protecteditems/vm;iaasvmcontainerv2;([^;/]+);([^;/]+)")
MODES = {"RestoreDisks": "disks", "AlternateLocation": "new_vm", "OriginalLocation": "replace"}
DISK_ACCESS = {
    "SameAsOnSourceDisks": "same_as_source", "EnablePrivateAccessForAllDisks": "private", "EnablePublicAccessForAllDisks": "public",
}
NO_ZONE = "NoZone"


@dataclass(frozen=True)
class Step:
    """One module call. `write` is the exchange that it has to repeat; None for a call that only reads."""

    module: str
    arguments: dict[str, Any]
    write: Exchange | None
    read: Exchange | None = None
    vm: str = ""
    looks: tuple[Exchange, ...] = ()
    """All recorded looks at the list that this call reads; what other people did to it can show in between."""

    @property
    def index(self) -> int:
        exchange = self.write or self.read
        assert exchange is not None
        return exchange.index

    @property
    def name(self) -> str:
        return f"{self.index} {self.module} {self.arguments.get('state', '')}".strip()


def steps(flow: list[Exchange]) -> list[Step]:
    """The module calls of a flow, in its order. Writes that no module makes (a vault, a policy) have none."""
    found = [step for exchange in flow if exchange.is_write for step in _of_write(flow, exchange)]
    return sorted([*found, *_of_reads(flow)], key=lambda step: step.index)


def subscription(flow: list[Exchange]) -> str:
    return next(match.group(1) for exchange in flow if (match := re.match(r"/subscriptions/([^/]+)", exchange.path)))


def _of_write(flow: list[Exchange], write: Exchange) -> Iterator[Step]:
    if write.key.endswith("/backupcrossregionrestore"):
        yield _cross_region(write)
    item = VM_ITEM.search(write.key)
    if item is None or write.key.endswith("/refreshcontainers"):
        return
    sent = (write.request_body or {}).get("properties", {})
    common = {"vm": [_vm_id(flow, write, sent)], "vault": _vault(write)}
    rest = write.key[item.end():]
    if rest == "" and write.method == "DELETE":
        yield Step("vm_backup_protection", {**common, "state": "absent"}, write, vm=item.group(2))
    elif rest == "" and write.method == "PUT":
        yield Step("vm_backup_protection", {**common, **_protection(sent)}, write, vm=item.group(2))
    elif rest == "/backup":
        # Any backup of the recording is too old by now, so this asks for a new one.
        yield Step("vm_backup_trigger", {**common, "max_age": "1h", "wait_for": "completed", **_retention(write, sent)}, write, vm=item.group(2))
    elif rest.endswith("/restore"):
        yield Step("vm_restore", {**common, **_restore(sent)}, write, vm=item.group(2))


def _protection(sent: dict[str, Any]) -> dict[str, Any]:
    state = sent.get("protectionState")
    if sent.get("isRehydrate") or state == "ProtectionStopped":
        # Undelete alone brings the item to the state "stopped".
        return {"state": "stopped"}
    if state == "BackupsSuspended":
        return {"state": "suspended"}
    arguments: dict[str, Any] = {"state": "protected", "policy": sent["policyId"]}
    extended = sent.get("extendedProperties")
    if extended and "diskExclusionProperties" in extended:
        exclusion = extended["diskExclusionProperties"] or {"diskLunList": [], "isInclusionList": False}
        arguments["disks"] = {"include_luns" if exclusion["isInclusionList"] else "exclude_luns": exclusion["diskLunList"]}
    return arguments


def _retention(write: Exchange, sent: dict[str, Any]) -> dict[str, Any]:
    expiry, made = sent.get("recoveryPointExpiryTimeInUTC"), write.headers.get("date")
    if not expiry:
        return {}
    until = datetime.fromisoformat(re.sub(r"\.\d+", "", expiry).replace("Z", "+00:00")).astimezone(timezone.utc)
    return {"retain_days": round((until - parsedate_to_datetime(made)).total_seconds() / 86400)} if made else {"retain_days": 30}


def _restore(sent: dict[str, Any]) -> dict[str, Any]:
    mode = MODES[sent["recoveryType"]]
    identity, based = sent.get("identityInfo") or {}, sent.get("identityBasedRestoreDetails") or {}
    network = sent.get("targetDiskNetworkAccessSettings") or {}
    wanted = {
        "mode": mode,
        "recovery_point": sent["recoveryPointId"],
        "storage_account": sent.get("storageAccountId") or based.get("targetStorageAccountId"),
        "target_resource_group": sent.get("targetResourceGroupId"),
        "subnet": sent.get("subnetId"),
        "vm_name": sent["targetVirtualMachineId"].rsplit("/", 1)[-1] if sent.get("targetVirtualMachineId") else None,
        "allow_replace": True if mode == "replace" else None,
        "zone": (sent.get("zones") or [None])[0],
        "disk_luns": sent.get("restoreDiskLunList"),
        "disk_encryption_set": sent.get("diskEncryptionSetId"),
        "secured_vm_disk_encryption_set": (sent.get("securedVMDetails") or {}).get("securedVMOsDiskEncryptionSetId"),
        "identity": identity.get("managedIdentityResourceId") or ("system" if identity.get("isSystemAssignedIdentity") else None),
        "disk_network_access": DISK_ACCESS.get(network.get("targetDiskNetworkAccessOption", "")),
        "disk_access": network.get("targetDiskAccessId"),
        # A recording can hold several restores that look alike; each of them was meant.
        "force": True,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _cross_region(write: Exchange) -> Step:
    """A restore from the paired region; the access details name the vault."""
    access, sent = write.request_body["crossRegionRestoreAccessDetails"], write.request_body["restoreRequest"]
    group = f"/subscriptions/{access['subscriptionId']}/resourceGroups/{access['resourceGroupName']}"
    source = sent["sourceResourceId"]
    arguments = {
        "vm": [source],
        "vault": f"{group}/providers/Microsoft.RecoveryServices/vaults/{access['resourceName']}",
        "from_secondary_region": True,
        "secondary_region": sent["region"],
        **_restore(sent),
    }
    return Step("vm_restore", arguments, write, vm=source.rsplit("/", 1)[-1].lower())


def _vm_id(flow: list[Exchange], write: Exchange, sent: dict[str, Any]) -> str:
    """The VM's id as the recording spells it, from the write or from the last one of the same item that has it."""
    item = ITEM.match(write.key)
    bodies = [sent, *((e.request_body or {}).get("properties", {}) for e in flow if e.is_write and item and e.key.startswith(item.group(0)))]
    found = next((body["sourceResourceId"] for body in bodies if body.get("sourceResourceId")), None)
    if found:
        return str(found)
    names = VM_ITEM.search(write.key)
    assert names is not None
    owner = write.path.split("/resourceGroups/")[0]
    return f"{owner}/resourceGroups/{names.group(1)}/providers/Microsoft.Compute/virtualMachines/{names.group(2)}"


def _vault(exchange: Exchange) -> str:
    match = re.match(r"(.*?/vaults/[^/]+)", exchange.path, re.IGNORECASE)
    assert match is not None
    return match.group(1)


def _of_reads(flow: list[Exchange]) -> Iterator[Step]:
    """The last look at each list between two writes to an item, as the information module that gives it."""
    last: dict[tuple[int, str], Step] = {}
    phase = -1
    for exchange in flow:
        if exchange.is_write and VM_ITEM.search(exchange.key):
            phase = exchange.index
        step = _of_read(exchange)
        if step:
            before = last.get((phase, exchange.key))
            last[(phase, exchange.key)] = replace(step, looks=(*(before.looks if before else ()), exchange))
    yield from last.values()


def _of_read(exchange: Exchange) -> Step | None:
    body = exchange.response_body
    if exchange.method != "GET" or exchange.status != 200 or not isinstance(body, dict) or not isinstance(body.get("value"), list):
        return None
    text = exchange.params.get("$filter", "").lower()
    item = VM_ITEM.search(exchange.key)
    if exchange.key.endswith("/backupprotecteditems") and ("azureiaasvm" in text or not text):
        return Step("protected_vm_info", {"vault": _vault(exchange)}, None, exchange)
    if exchange.key.endswith("/backupprotectableitems") and "azureiaasvm" in text and not body.get("nextLink"):
        return Step("protectable_vm_info", {"vault": _vault(exchange)}, None, exchange)
    if item and exchange.key.endswith("/recoverypoints") and not text:
        return Step("recovery_point_info", {"vault": _vault(exchange), "vm": _source_vm(exchange)}, None, exchange, vm=item.group(2))
    return None


def _source_vm(exchange: Exchange) -> str:
    names = VM_ITEM.search(exchange.key)
    assert names is not None
    owner = exchange.path.split("/resourceGroups/")[0]
    return f"{owner}/resourceGroups/{names.group(1)}/providers/Microsoft.Compute/virtualMachines/{names.group(2)}"
