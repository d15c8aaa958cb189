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

from . import restore_points
from .endings import Ending, ending
from .recording import ITEM, JOB, Exchange

VM_ITEM = re.compile(r"/protecteditems/vm;iaasvmcontainerv2;([^;/]+);([^;/]+)")
MODES = {"RestoreDisks": "disks", "AlternateLocation": "new_vm", "OriginalLocation": "replace"}
DISK_ACCESS = {
    "SameAsOnSourceDisks": "same_as_source", "EnablePrivateAccessForAllDisks": "private", "EnablePublicAccessForAllDisks": "public",
}
PRIORITIES = {"Standard": "standard", "High": "high"}
GUARD = "resourceGuardOperationRequests"
# What the modules can say. A write with anything else is another client's business, such as a database's.
PROTECTION = {"protectedItemType", "sourceResourceId", "policyId", "protectionState", "isRehydrate", "extendedProperties", GUARD}
BACKUP = {"objectType", "recoveryPointExpiryTimeInUTC"}
RESTORE = {
    "objectType", "recoveryPointId", "recoveryType", "sourceResourceId", "targetVirtualMachineId", "targetResourceGroupId", "storageAccountId",
    "virtualNetworkId", "subnetId", "region", "affinityGroup", "createNewCloudService", "originalStorageAccountOption", "encryptionDetails",
    "restoreDiskLunList", "zones", "diskEncryptionSetId", "securedVMDetails", "identityInfo", "identityBasedRestoreDetails",
    "targetDiskNetworkAccessSettings", "recoveryPointRehydrationInfo", GUARD,
}
EXPRESSED = {
    "objectType": ("IaasVMBackupRequest", "IaasVMRestoreRequest", "IaasVMRestoreWithRehydrationRequest"),
    "protectedItemType": ("Microsoft.Compute/virtualMachines", "Microsoft.Compute/VirtualMachines"),
    "protectionState": ("ProtectionStopped", "BackupsSuspended", "Protected", "ProtectionConfigured", "IRPending"),
    "recoveryType": tuple(MODES),
    "originalStorageAccountOption": (False,),
    "encryptionDetails": ({"encryptionEnabled": False},),
}
VM_LISTS = re.compile(r"backupmanagementtype eq 'azureiaasvm'( and itemtype eq 'vm')?")


class Unsaid(Exception):
    """A recorded write that no option of a module says."""


@dataclass(frozen=True)
class Step:
    """One module call. `write` is the exchange that it has to repeat; None for a call that only reads."""

    module: str
    arguments: dict[str, Any]
    write: Exchange | None
    read: Exchange | None = None
    ending: Ending = Ending()
    unsaid: str = ""
    """Why no module makes this write; the replay passes over it."""
    vm: str = ""
    point_end: dict[str, Any] | None = None
    """The restore point as the recorded client saw it last, if it saw it finished."""
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
    points = [Step("restore_point_info", arguments, None, read, looks=(read,)) for read, arguments in restore_points.reads(flow)]
    return sorted([*found, *_of_reads(flow), *points], key=lambda step: step.index)


def supported(flow: list[Exchange]) -> list[Step]:
    return [step for step in steps(flow) if not step.unsaid]


def nothing_for_us(flow: list[Exchange]) -> str:
    """Why there is nothing to replay in a flow; empty when there is."""
    found = steps(flow)
    if any(not step.unsaid for step in found):
        return ""
    reasons = sorted({step.unsaid for step in found if step.unsaid})
    return "; ".join(reasons) or "nothing in this recording is about the backup of a virtual machine"


def subscription(flow: list[Exchange]) -> str:
    """The subscription of the vaults; some clients spell it `/Subscriptions/`."""
    paths = sorted((exchange.path for exchange in flow), key=lambda path: "/vaults/" not in path.lower())
    return next((match.group(1) for path in paths if (match := re.match(r"/subscriptions/([^/]+)", path, re.IGNORECASE))), "0")


def _of_write(flow: list[Exchange], write: Exchange) -> Iterator[Step]:
    try:
        yield from _said(flow, write)
    except Unsaid as reason:
        yield Step("", {}, write, unsaid=f"no module says what {write.method} {write.key.rsplit('/', 1)[-1]} says here: {reason}")


def _said(flow: list[Exchange], write: Exchange) -> Iterator[Step]:
    if write.key.endswith("/backupcrossregionrestore"):
        if _is_vm_restore(write.request_body):
            yield _cross_region(flow, write)
        return
    if write.key.endswith("/cancel") and JOB.search(write.key[: -len("/cancel")]):
        yield from _cancel(flow, write)
        return
    if restore_points.concerns(write.key):
        said = restore_points.arguments_of(flow, write)
        if isinstance(said, str):
            raise Unsaid(said)
        if said is not None:
            end = restore_points.end_of(flow, write)
            yield Step("restore_point", said, write, vm=said["vm"][0].rsplit("/", 1)[-1], ending=ending(flow, write), point_end=end)
        return
    item = VM_ITEM.search(write.key)
    if item is None or write.key.endswith("/refreshcontainers"):
        return
    if write.broken:
        again = next((e for e in flow[write.index + 1:] if e.is_write), None)
        if again and (again.method, again.key) == (write.method, write.key):
            return  # The step of the repetition meets this failure on its way.
        raise Unsaid(f"Azure could not take it ({write.status})")
    sent = _sent(write)
    end = ending(flow, write)
    common = {"vm": [_vm_id(flow, write, sent)], "vault": _vault(write)}
    rest = write.key[item.end():]
    if rest == "" and write.method == "DELETE":
        yield Step("vm_backup_protection", {**common, "state": "absent", **_unlocked(flow, write)}, write, vm=item.group(2), ending=end)
    elif rest == "" and write.method == "PUT":
        _check(sent, PROTECTION)
        yield Step("vm_backup_protection", {**common, **_protection(sent), **_guard(sent)}, write, vm=item.group(2), ending=end)
    elif rest == "/backup":
        _check(sent, BACKUP)
        # However young the recording is, this asks for a new backup.
        arguments = {**common, "max_age": "0", "wait_for": "completed", **_retention(write, sent)}
        yield Step("vm_backup_trigger", arguments, write, vm=item.group(2), ending=end)
    elif rest.endswith("/restore"):
        yield Step("vm_restore", {**common, **_restore(sent), **_elsewhere(write, sent)}, write, vm=item.group(2), ending=end)


def _sent(write: Exchange) -> dict[str, Any]:
    body = write.request_body if isinstance(write.request_body, dict) else {}
    properties = body.get("properties")
    return properties if isinstance(properties, dict) else {}


def _check(sent: dict[str, Any], known: set[str]) -> None:
    """Raises Unsaid for members, or values of them, that no option gives."""
    other = sorted(name for name, value in sent.items() if name not in known and value is not None)
    other += [f"{name} {sent[name]!r}" for name, values in EXPRESSED.items() if sent.get(name) not in (None, *values)]
    if other:
        raise Unsaid(", ".join(other))


def _guard(sent: dict[str, Any]) -> dict[str, Any]:
    return {"resource_guard_operation_requests": sent[GUARD]} if sent.get(GUARD) else {}


def _unlocked(flow: list[Exchange], write: Exchange) -> dict[str, Any]:
    """The requests of a resource guard with which a deletion was unlocked right before."""
    before = [e for e in flow[: write.index] if e.is_write][-1:]
    return _guard(before[0].request_body or {}) if before and before[0].key.endswith("/unlockdelete") and before[0].status < 300 else {}


def _cancel(flow: list[Exchange], write: Exchange) -> Iterator[Step]:
    """Only jobs of VMs: those that a list or a look says so of."""
    name = write.key.split("/")[-2]
    bodies = [e.response_body for e in flow if isinstance(e.response_body, dict)]
    lists = [body["value"] for body in bodies if isinstance(body.get("value"), list)]
    jobs: list[Any] = [*bodies, *(job for members in lists for job in members)]
    told = [job for job in jobs if isinstance(job, dict) and str(job.get("name")).lower() == name and isinstance(job.get("properties"), dict)]
    if any(job["properties"].get("backupManagementType") == "AzureIaasVM" for job in told):
        spelled = write.path.rstrip("/").split("/")[-2]
        yield Step("backup_job", {"job": [spelled], "vault": _vault(write), "state": "cancelled"}, write, ending=ending(flow, write))


def _protection(sent: dict[str, Any]) -> dict[str, Any]:
    state = sent.get("protectionState")
    if sent.get("isRehydrate") or state == "ProtectionStopped":
        # Undelete alone brings the item to the state "stopped".
        return {"state": "stopped"}
    if state == "BackupsSuspended":
        return {"state": "suspended"}
    arguments: dict[str, Any] = {"state": "protected"}
    if sent.get("policyId"):
        arguments["policy"] = sent["policyId"]
    extended = sent.get("extendedProperties")
    if extended and "diskExclusionProperties" in extended:
        exclusion = extended["diskExclusionProperties"] or {"diskLunList": [], "isInclusionList": False}
        arguments["disks"] = {"include_luns" if exclusion.get("isInclusionList") else "exclude_luns": exclusion.get("diskLunList") or []}
    return arguments


def _retention(write: Exchange, sent: dict[str, Any]) -> dict[str, Any]:
    expiry, made = sent.get("recoveryPointExpiryTimeInUTC"), write.headers.get("date")
    if not expiry:
        return {}
    until = datetime.fromisoformat(re.sub(r"\.\d+", "", expiry).replace("Z", "+00:00"))
    until = until if until.tzinfo else until.replace(tzinfo=timezone.utc)
    # The next midnight is what a recorded client meant by a day of today's.
    return {"retain_days": max(1, round((until - parsedate_to_datetime(made)).total_seconds() / 86400))} if made else {"retain_days": 30}


def _restore(sent: dict[str, Any]) -> dict[str, Any]:
    _check(sent, RESTORE)
    if "recoveryType" not in sent or "recoveryPointId" not in sent:
        raise Unsaid("it names no recovery point or no way to restore")
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
        **_rehydration(sent.get("recoveryPointRehydrationInfo") or {}),
        **_guard(sent),
        # A recording can hold several restores that look alike; each of them was meant.
        "force": True,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _rehydration(info: dict[str, Any]) -> dict[str, Any]:
    if not info:
        return {}
    days = re.fullmatch(r"P(\d+)D", str(info.get("rehydrationRetentionDuration") or "P15D"))
    if days is None:
        raise Unsaid(f"it brings an archived point back for {info['rehydrationRetentionDuration']}")
    priority = PRIORITIES.get(info.get("rehydrationPriority") or "Standard")
    return {"tier": "archive", "rehydration_priority": priority, "rehydration_duration": int(days.group(1))}


def _elsewhere(write: Exchange, sent: dict[str, Any]) -> dict[str, Any]:
    """A restore into a subscription that is not the vault's."""
    target = re.match(r"/subscriptions/([^/]+)", sent.get("targetResourceGroupId") or "", re.IGNORECASE)
    own = re.match(r"/subscriptions/([^/]+)", write.path, re.IGNORECASE)
    return {"target_subscription": target.group(1)} if target and own and target.group(1).lower() != own.group(1).lower() else {}


def _is_vm_restore(body: Any) -> bool:
    request = body.get("restoreRequest") if isinstance(body, dict) else None
    return isinstance(request, dict) and str(request.get("objectType", "")).startswith("IaasVM")


def _cross_region(flow: list[Exchange], write: Exchange) -> Step:
    """A restore from the paired region; the access details name the vault."""
    access, sent = write.request_body["crossRegionRestoreAccessDetails"], write.request_body["restoreRequest"]
    arguments = _restore(sent)
    source = sent["sourceResourceId"]
    group = f"/subscriptions/{access['subscriptionId']}/resourceGroups/{access['resourceGroupName']}"
    asked = [_vault(e) for e in flow[: write.index] if e.key.endswith("/accesstoken") and "/vaults/" in e.key]
    arguments = {
        "vm": [source],
        "vault": asked[-1] if asked else f"{group}/providers/Microsoft.RecoveryServices/vaults/{access['resourceName']}",
        "from_secondary_region": True,
        "secondary_region": sent["region"],
        **arguments,
    }
    return Step("vm_restore", arguments, write, vm=source.rsplit("/", 1)[-1].lower(), ending=ending(flow, write))


def _vm_id(flow: list[Exchange], write: Exchange, sent: dict[str, Any]) -> str:
    """The VM's id as the recording spells it, from the write or from the last one of the same item that has it."""
    item = ITEM.match(write.key)
    bodies = [sent, *(_sent(e) for e in flow if e.is_write and item and e.key.startswith(item.group(0)))]
    found = next((body["sourceResourceId"] for body in bodies if body.get("sourceResourceId")), None)
    return str(found) if found else _source_vm(write)


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
        before = last.get((phase, exchange.key))
        if "$skiptoken" in exchange.params and before and before.looks and isinstance(exchange.response_body, dict):
            # A further page of the list above.
            whole = [*before.looks[-1].response_body["value"], *(exchange.response_body.get("value") or ())]
            look = replace(before.looks[-1], response_body={"value": whole})
            last[(phase, exchange.key)] = replace(before, looks=(*before.looks[:-1], look))
            continue
        step = _of_read(exchange)
        if step:
            last[(phase, exchange.key)] = replace(step, looks=(*(before.looks if before else ()), exchange))
    yield from last.values()


def _of_read(exchange: Exchange) -> Step | None:
    body = exchange.response_body
    if exchange.method != "GET" or exchange.status != 200 or not isinstance(body, dict) or not isinstance(body.get("value"), list):
        return None
    text = exchange.params.get("$filter", "").lower()
    item = VM_ITEM.search(exchange.key)
    others = [value for value in body["value"] if not isinstance(value, dict) or _other_workload(value)]
    if others or "$skiptoken" in exchange.params:
        return None
    if exchange.key.endswith("/backupprotecteditems") and (not text or VM_LISTS.fullmatch(" ".join(text.split()))):
        return Step("protected_vm_info", {"vault": _vault(exchange)}, None, exchange)
    if exchange.key.endswith("/backupprotectableitems") and VM_LISTS.fullmatch(" ".join(text.split())):
        return Step("protectable_vm_info", {"vault": _vault(exchange)}, None, exchange)
    if item and exchange.key.endswith("/recoverypoints") and not text:
        return Step("recovery_point_info", {"vault": _vault(exchange), "vm": _source_vm(exchange)}, None, exchange, vm=item.group(2))
    return None


def _other_workload(value: dict[str, Any]) -> bool:
    """Whether a member of a list is no VM's: a database, a file share."""
    properties = value.get("properties")
    if not isinstance(properties, dict):
        return True
    return "IaasVM" not in str(properties.get("backupManagementType", properties.get("objectType", "AzureIaasVM")))


def _source_vm(exchange: Exchange) -> str:
    names = VM_ITEM.search(exchange.key)
    assert names is not None
    owner = re.split("/resourcegroups/", exchange.path, flags=re.IGNORECASE)[0]
    return f"{owner}/resourceGroups/{names.group(1)}/providers/Microsoft.Compute/virtualMachines/{names.group(2)}"
