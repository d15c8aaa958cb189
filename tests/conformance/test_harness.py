# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparisons find what they are there to find."""

from __future__ import annotations

from typing import Any

import pytest
from harness import flow_steps
from harness.recording import Exchange
from harness.shapes import body_differences, header_differences
from harness.situations import covers, kind, situation

VAULT = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v"
ITEM = VAULT + "/backupFabrics/Azure/protectionContainers/IaasVMContainer%3Biaasvmcontainerv2%3Brg%3Bvm/protectedItems/vm%3Biaasvmcontainerv2%3Brg%3Bvm"
VM = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"


def exchange(method: str, path: str, status: int = 200, answer: Any = None, body: Any = None, **headers: str) -> Exchange:
    return Exchange(0, method, path, "", body, status, {name.replace("_", "-"): value for name, value in headers.items()}, answer)


@pytest.mark.parametrize(("recorded", "ours", "found"), [
    ({"a": 1}, {"a": 2.5}, []),
    ({"a": 1}, {"a": "1"}, ["a: recorded number, ours string"]),
    ({"a": True}, {"a": 1}, ["a: recorded boolean, ours number"]),
    ({"a": 1}, {}, ["a: missing"]),
    ({"a": {"b": []}}, {"a": {"b": [1], "c": 1}}, []),
    ({"a": None}, {"a": "x"}, []),
    ({"a": None}, {}, ["a: missing"]),
    ({"a": "x"}, {"a": None}, ["a: recorded string, ours null"]),
    ({"a": [{"b": 1}, {"c": 1}]}, {"a": [{"b": 1}]}, ["a[].c: missing"]),
    ({"a": {VAULT: {"b": 1}}}, {"a": {ITEM: {"b": 2}}}, []),
    ({"a": {VAULT: {"b": 1}}}, {"a": {ITEM: {}}}, ["a{}[].b: missing"]),
    ({"a": [1]}, {"a": []}, ["a: recorded 1 elements, ours none"]),
    ({"a": "REDACTED"}, {"a": "x"}, []),
    (None, {"a": 1}, []),
    ({"a": 1}, None, ["body: recorded object, ours null"]),
])
def test_fields_and_types(recorded: Any, ours: Any, found: list[str]) -> None:
    assert list(body_differences(recorded, ours)) == found


@pytest.mark.parametrize(("recorded", "ours", "same"), [
    ("2026-07-26T13:16:55.4397873Z", "2026-01-01T00:00:00.1Z", True),
    ("2026-07-26T13:16:55.4397873Z", "2026-01-01T00:00:00.1", False),
    ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z", False),
    ("PT1H6M38.3759455S", "PT0S", True),
    ("PT1H", "01:00:00", False),
    ("7/26/2026 1:16:55 PM", "2026-07-26T13:16:55Z", False),
    ("13.23:59:45.7545917", "00:00:01", True),
    (VAULT, "/subscriptions/1", True),
    (VAULT, "https://management.azure.com" + VAULT, False),
    ("c13f09c6-798d-4957-adc7-e47f3732eb71", "job-1", False),
    ("web-01", "17", True),
    ("", "x", False),
])
def test_forms_of_text(recorded: str, ours: str, same: bool) -> None:
    assert (list(body_differences({"a": recorded}, {"a": ours})) == []) == same


SIGNED = "https://management.azure.com" + ITEM + "/operationsStatus/1?api-version=1&t=1&c=1&s=1&h=1"


@pytest.mark.parametrize(("theirs", "ours", "count"), [
    ({"location": SIGNED}, {"location": SIGNED.replace("management.azure.com", "localhost:8443")}, 0),
    ({"location": SIGNED}, {"location": SIGNED.split("&", maxsplit=1)[0]}, 1),
    ({"location": SIGNED}, {"location": "https://localhost" + VAULT + "/backupOperations/1?api-version=1&t=1&c=1&s=1&h=1"}, 1),
    ({"location": SIGNED}, {}, 1),
    ({}, {"azure_asyncoperation": SIGNED}, 1),
])
def test_operation_headers(theirs: dict[str, str], ours: dict[str, str], count: int) -> None:
    assert len(list(header_differences(exchange("PUT", ITEM, 202, None, None, **theirs), exchange("PUT", ITEM, 202, None, None, **ours)))) == count


def test_kinds() -> None:
    assert kind(exchange("GET", ITEM)) == "GET vaults/*/backupfabrics/*/protectioncontainers/*/protecteditems/*"
    assert kind(exchange("GET", VAULT + "/backupProtectedItems/")) == "GET vaults/*/backupprotecteditems/"
    assert kind(exchange("POST", "/subscriptions/0/providers/Microsoft.RecoveryServices/locations/x/backupCrrJob")) == "POST locations/*/backupcrrjob"


def test_situations() -> None:
    stopped, deleted = ({"properties": {"protectionState": "ProtectionStopped", "isScheduledForDeferredDelete": flag}} for flag in (False, True))
    both = exchange("GET", VAULT + "/backupProtectedItems", answer={"value": [stopped, deleted]})
    one = exchange("GET", VAULT + "/backupProtectedItems", answer={"value": [deleted]})
    assert situation(one) == "200, ProtectionStopped soft-deleted"
    assert covers(both, one)
    assert not covers(one, both)
    job = {"properties": {"jobType": "x", "operation": "Restore", "status": "Completed", "extendedInfo": {"propertyBag": {"Job Type": "Recover disks"}}}}
    assert situation(exchange("GET", VAULT + "/backupJobs/1", answer=job)) == "200, Restore Completed Recover disks"


def put(**properties: Any) -> Exchange:
    return exchange("PUT", ITEM, 202, body={"properties": {"sourceResourceId": VM, **properties}})


@pytest.mark.parametrize(("write", "module", "arguments"), [
    (put(policyId="/p"), "vm_backup_protection", {"state": "protected", "policy": "/p"}),
    (
        put(policyId="/p", extendedProperties={"diskExclusionProperties": {"diskLunList": [1], "isInclusionList": True}}),
        "vm_backup_protection", {"state": "protected", "policy": "/p", "disks": {"include_luns": [1]}},
    ),
    (
        put(policyId="/p", extendedProperties={"diskExclusionProperties": None}),
        "vm_backup_protection", {"state": "protected", "policy": "/p", "disks": {"exclude_luns": []}},
    ),
    (put(policyId="", protectionState="ProtectionStopped"), "vm_backup_protection", {"state": "stopped"}),
    (put(policyId="", isRehydrate=True, protectionState="ProtectionStopped"), "vm_backup_protection", {"state": "stopped"}),
    (put(protectionState="BackupsSuspended"), "vm_backup_protection", {"state": "suspended"}),
    (exchange("DELETE", ITEM, 202), "vm_backup_protection", {"state": "absent"}),
    (
        exchange("POST", ITEM + "/recoveryPoints/17/restore", 202, body={"properties": {
            "recoveryType": "OriginalLocation", "recoveryPointId": "17", "storageAccountId": "/s", "restoreDiskLunList": [],
        }}),
        "vm_restore", {"mode": "replace", "recovery_point": "17", "storage_account": "/s", "disk_luns": [], "allow_replace": True, "force": True},
    ),
])
def test_module_calls_from_recorded_writes(write: Exchange, module: str, arguments: dict[str, Any]) -> None:
    (step,) = flow_steps.steps([write])
    assert (step.module, step.write) == (module, write)
    assert step.arguments["vm"] == [VM] if write.request_body and "sourceResourceId" in write.request_body["properties"] else step.arguments["vm"]
    assert {name: value for name, value in step.arguments.items() if name not in ("vm", "vault")} == arguments
    assert step.arguments["vault"] == VAULT
