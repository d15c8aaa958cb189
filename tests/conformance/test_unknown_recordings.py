# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings that nobody has seen yet: what the harness makes of other stories, other workloads, broken answers and early ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import flow_steps, recording
from harness.bodies import differences
from harness.endings import ending
from harness.recording import Exchange
from harness.replay import Replay
from harness.replay_server import ReplayServer
from harness.situations import known_members, members, year

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
VAULT = SUBSCRIPTION + "/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v"
CONTAINER = VAULT + "/backupFabrics/Azure/protectionContainers/IaasVMContainer%3Biaasvmcontainerv2%3Brg%3Bvm"
ITEM = CONTAINER + "/protectedItems/VM%3Biaasvmcontainerv2%3Brg%3Bvm"
POLICY = VAULT + "/backupPolicies/p"
VM = SUBSCRIPTION + "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"
LISTED = "$filter=backupManagementType eq 'AzureIaasVM' and itemType eq 'VM'"
GUARD_REQUEST = SUBSCRIPTION + "/resourceGroups/rg/providers/Microsoft.DataProtection/resourceGuards/g/deleteProtectedItemRequests/default"


def flow(*rows: dict[str, Any]) -> list[Exchange]:
    return [Exchange.of({"query": "", "request_body": None, "headers": {}, "response_body": None, **row}, index) for index, row in enumerate(rows)]


def write(method: str, path: str, number: int, properties: dict[str, Any] | None = None, status: int = 202) -> dict[str, Any]:
    url = f"https://management.azure.com{VAULT}/backupOperations/op{number}?api-version=2023-02-01"
    headers = {"azure-asyncoperation": url} if status < 300 else {}
    return {"method": method, "path": path, "status": status, "headers": headers, "request_body": {"properties": properties} if properties else None}


def operation(number: int, status: str, job: str | None = None, code: str | None = None) -> dict[str, Any]:
    body = {"name": f"op{number}", "status": status, **({"properties": {"jobId": job}} if job else {}), **({"error": {"code": code}} if code else {})}
    return {"method": "GET", "path": f"{VAULT}/backupOperations/op{number}", "status": 200, "response_body": body}


def job(name: str, status: str, management: str = "AzureIaasVM") -> dict[str, Any]:
    properties = {"operation": "Backup", "status": status, "backupManagementType": management, "jobType": "x"}
    return {"method": "GET", "path": f"{VAULT}/backupJobs/{name}", "status": 200, "response_body": {"id": name, "name": name, "properties": properties}}


def failed_look(number: int, status: int) -> dict[str, Any]:
    message = "Please try again after '324' seconds."
    body = {"error": {"code": "ResourceRequestsThrottled", "message": message}}
    return {"method": "GET", "path": f"{VAULT}/backupOperations/op{number}", "status": status, "response_body": body}


CANCEL = VAULT + "/backupJobs/j/cancel"
BACKUP = {"objectType": "IaasVMBackupRequest"}
RESTORE = {"objectType": "IaasVMRestoreRequest", "recoveryPointId": "7", "recoveryType": "RestoreDisks", "storageAccountId": "/s"}


@pytest.mark.parametrize(("looks", "seen", "failed", "status"), [
    ([], True, False, None),
    ([operation(1, "InProgress")], False, False, None),
    ([operation(1, "Succeeded", "j")], True, False, None),
    ([operation(1, "Succeeded", "j"), job("j", "InProgress")], False, False, "InProgress"),
    ([operation(1, "Succeeded", "j"), job("j", "InProgress"), job("j", "Completed")], True, False, "Completed"),
    ([operation(1, "Succeeded", "j"), job("j", "CompletedWithWarnings")], True, False, "CompletedWithWarnings"),
    ([operation(1, "Succeeded", "j"), job("j", "Failed")], True, True, "Failed"),
    ([operation(1, "Succeeded", "j"), job("j", "Cancelled")], True, True, "Cancelled"),
    ([operation(1, "Succeeded", "j"), job("j", "InProgress"), write("POST", CANCEL, 2), job("j", "Cancelled")], False, True, "Cancelled"),
])
def test_how_a_backup_ended(looks: list[dict[str, Any]], seen: bool, failed: bool, status: str | None) -> None:
    story = flow(write("POST", ITEM + "/backup", 1, BACKUP), *looks)
    end = ending(story, story[0])
    assert (end.seen, end.job_failed, end.job_status) == (seen, failed, status)


def test_an_operation_that_failed_says_why() -> None:
    story = flow(write("PUT", ITEM, 1, {"policyId": POLICY}), operation(1, "InProgress"), operation(1, "Failed", code="Conflict"))
    end = ending(story, story[0])
    assert (end.operation_failed, end.code) == (True, "Conflict")


def test_a_cancellation_is_a_call_of_its_own() -> None:
    story = flow(
        write("POST", ITEM + "/backup", 1, BACKUP), operation(1, "Succeeded", "j"), job("j", "InProgress"),
        write("POST", VAULT + "/backupJobs/j/cancel", 2), job("j", "Cancelled"),
    )
    _backup, cancel = flow_steps.steps(story)
    assert (cancel.module, cancel.arguments) == ("backup_job", {"job": ["j"], "vault": VAULT, "state": "cancelled"})
    replay = Replay(story)
    replay.pass_over(3)
    path = VAULT + "/backupJobs/j"
    assert [replay.answer("GET", path, {}, None).body["properties"]["status"] for _look in range(3)] == ["InProgress"] * 3
    replay.answer("POST", path + "/cancel", {}, None)
    assert replay.answer("GET", path, {}, None).body["properties"]["status"] == "Cancelled"


def test_a_job_of_a_database_is_not_cancelled_by_us() -> None:
    story = flow(job("j", "InProgress", "AzureWorkload"), write("POST", VAULT + "/backupJobs/j/cancel", 2))
    assert flow_steps.nothing_for_us(story)


def test_a_restore_that_nobody_saw_end_does_not_hold_up_the_next() -> None:
    point = ITEM + "/recoveryPoints/7/restore"
    story = flow(
        write("POST", point, 1, RESTORE), operation(1, "Succeeded", "j"), job("j", "InProgress"),
        write("POST", point, 2, RESTORE), operation(2, "Succeeded", "k"),
    )
    replay = Replay(story)
    replay.pass_over(3)
    assert [replay.answer("GET", VAULT + "/backupJobs/j", {}, None).body["properties"]["status"] for _look in range(2)][-1] == "Completed"


@pytest.mark.parametrize(("method", "path", "properties"), [
    ("PUT", VAULT + "/backupFabrics/Azure/protectionContainers/VMAppContainer%3Bcompute%3Brg%3Bsql", None),
    ("PUT", VAULT + "/backupFabrics/Azure/protectionContainers/x/protectedItems/SQLDataBase%3Bmssqlserver%3Bdb", {"policyId": POLICY}),
    ("DELETE", VAULT + "/backupFabrics/Azure/protectionContainers/x/protectedItems/AzureFileShare%3B1", None),
    ("PATCH", VAULT, None),
    ("PUT", POLICY, {"backupManagementType": "AzureIaasVM"}),
    ("PUT", SUBSCRIPTION + "/resourceGroups/rg/providers/Microsoft.Compute/restorePointCollections/c", None),
    ("POST", ITEM + "/recoveryPoints/7/move", None),
    ("POST", ITEM + "/recoveryPoints/7/provisionInstantItemRecovery", {"objectType": "IaasVMILRRegistrationRequest"}),
    ("POST", ITEM + "/recoveryPoints/7/restore", {**RESTORE, "recoveryType": "Offline"}),
    ("PUT", ITEM, {"policyId": POLICY, "somethingNew": 1}),
])
def test_what_is_nothing_for_us_is_said_in_words(method: str, path: str, properties: dict[str, Any] | None) -> None:
    assert flow_steps.nothing_for_us(flow(write(method, path, 1, properties), operation(1, "Succeeded")))


def test_lists_of_other_workloads_are_not_read() -> None:
    database = {"id": "x", "name": "SQLDataBase;db", "properties": {"backupManagementType": "AzureWorkload", "protectionState": "IRPending"}}
    listing = {"method": "GET", "path": VAULT + "/backupProtectedItems", "status": 200, "response_body": {"value": [database]}}
    assert flow_steps.nothing_for_us(flow(listing, listing))


def test_an_archived_point_and_a_guarded_vault() -> None:
    info = {"rehydrationRetentionDuration": "P12D", "rehydrationPriority": "High"}
    archived = {**RESTORE, "objectType": "IaasVMRestoreWithRehydrationRequest", "recoveryPointRehydrationInfo": info}
    story = flow(
        write("POST", ITEM + "/recoveryPoints/7/restore", 1, archived),
        {
            "method": "POST", "path": VAULT + "/backupResourceGuardProxies/VaultProxy/unlockDelete", "status": 200,
            "request_body": {"resourceGuardOperationRequests": [GUARD_REQUEST], "resourceToBeDeleted": ITEM},
        },
        write("DELETE", ITEM, 2),
    )
    restore, delete = flow_steps.steps(story)
    assert [restore.arguments[name] for name in ("tier", "rehydration_priority", "rehydration_duration")] == ["archive", "high", 12]
    assert delete.arguments["resource_guard_operation_requests"] == [GUARD_REQUEST]
    replay = Replay(story)
    replay.pass_over(2)
    assert 1 not in replay.sent, "the unlocking is left to the module"


def test_a_write_that_azure_could_not_take_is_met_on_the_way() -> None:
    throttled = {**write("PUT", ITEM, 0, {"policyId": POLICY}, status=429), "response_body": {"error": {"code": "TooManyRequests"}}}
    story = flow(throttled, write("PUT", ITEM, 1, {"policyId": POLICY}))
    (step,) = flow_steps.steps(story)
    assert step.index == 1
    replay = Replay(story)
    replay.pass_over(1)
    body = {"properties": {"policyId": POLICY}}
    assert [replay.answer("PUT", ITEM, {}, body).status for _try in range(2)] == [429, 202]
    assert replay.problems == []


@pytest.mark.parametrize(("properties", "soft_deleted"), [
    ({"policyId": "", "protectionState": "ProtectionStopped"}, False),
    ({"policyId": "", "protectionState": "ProtectionStopped", "isRehydrate": True}, True),
])
def test_a_flow_that_begins_in_the_middle_has_the_item(properties: dict[str, Any], soft_deleted: bool) -> None:
    replay = Replay(flow(write("PUT", ITEM, 1, {**properties, "sourceResourceId": VM})))
    replay.pass_over(0)
    (item,) = replay.answer("GET", VAULT + "/backupProtectedItems", {}, None).body["value"]
    assert bool(item["properties"].get("isScheduledForDeferredDelete")) == soft_deleted
    assert item["properties"]["virtualMachineId"] == VM


@pytest.mark.parametrize(("properties", "setting", "state"), [
    ({"policyId": "", "protectionState": "BackupsSuspended"}, "immutabilitySettings", {"state": "Unlocked"}),
    ({"policyId": "", "protectionState": "ProtectionStopped"}, "immutabilitySettings", None),
])
def test_a_vault_is_as_the_next_write_needs_it(properties: dict[str, Any], setting: str, state: Any) -> None:
    replay = Replay(flow(write("PUT", ITEM, 1, properties)))
    vault = replay.answer("GET", VAULT, {}, None).body
    assert vault["properties"].get("securitySettings", {}).get(setting) == state


def test_a_vault_of_a_restore_in_the_paired_region_allows_it() -> None:
    seen = {"method": "GET", "path": VAULT, "status": 200, "response_body": {"properties": {"redundancySettings": {"crossRegionRestore": "Disabled"}}}}
    far = SUBSCRIPTION + "/providers/Microsoft.RecoveryServices/locations/x/backupCrossRegionRestore"
    vault = Replay(flow(seen, write("POST", far, 1))).answer("GET", VAULT, {}, None).body
    assert vault["properties"]["redundancySettings"]["crossRegionRestore"] == "Enabled"


def test_a_vm_that_gets_protected_was_not_there_before() -> None:
    replay = Replay(flow(write("PUT", ITEM, 1, {"policyId": POLICY, "sourceResourceId": VM}), write("DELETE", ITEM, 2)))
    replay.pass_over(0)
    assert replay.answer("GET", VAULT + "/backupProtectedItems", {}, None).body["value"] == []


def test_a_recorded_wait_is_not_sat_through(tmp_path: Path) -> None:
    story = flow(write("PUT", ITEM, 1, {"policyId": POLICY}), failed_look(1, 429), operation(1, "Succeeded"))
    with ReplayServer(story, tmp_path) as server:
        server.replay.sent.add(0)
        answer = server.answer("GET", story[1].path, "", b"", f"Bearer {server.token}.real")
    assert (answer.status, answer.headers["x-ms-retry-after-ms"]) == (429, "20")


@pytest.mark.parametrize(("recorded", "sent", "count"), [
    ({"diskLunList": ["1"]}, {"diskLunList": [1]}, 0),
    ({"diskLunList": ["1"]}, {"diskLunList": [2]}, 1),
    ({"isInclusionList": True}, {"isInclusionList": 1}, 1),
    ({"accessTokenString": "REDACTED"}, {"accessTokenString": "x"}, 0),
    ({"objectType": None}, {"objectType": "CrrAccessToken"}, 0),
    ({"objectType": None}, {"objectType": "IaasVMRestoreRequest"}, 1),
])
def test_what_other_clients_write_otherwise(recorded: Any, sent: Any, count: int) -> None:
    assert len(differences(recorded, sent)) == count


def test_files_that_are_no_recordings(tmp_path: Path) -> None:
    for name, text in (("junk", "no JSON"), ("list", "[1, 2]"), ("object", '{"a": 1}'), ("empty", "[]"), ("half", '[{"method": "GET", "path": "/x"}]')):
        (tmp_path / f"{name}.json").write_text(text)
    good = [{"method": "GET", "path": "/Subscriptions/1/x", "status": 200, "query": None, "headers": None}] * 2
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026" / "good.json").write_text("\ufeff" + json.dumps(good))
    ((name, file),) = recording.flows(tmp_path)
    assert name == "2026/good"
    assert flow_steps.subscription(recording.read_exchanges(file)) == "1"
    assert flow_steps.nothing_for_us(recording.read_exchanges(file))


def test_pages_of_a_list_are_one_list() -> None:
    def item(name: str) -> dict[str, Any]:
        return {"id": name, "name": name, "properties": {"backupManagementType": "AzureIaasVM", "virtualMachineId": name}}

    listing = {"method": "GET", "path": VAULT + "/backupProtectedItems", "status": 200, "query": LISTED}
    story = flow(
        {**listing, "response_body": {"value": [item("a")], "nextLink": "https://management.azure.com" + VAULT + "/backupProtectedItems?$skiptoken=2"}},
        {**listing, "query": LISTED + "&$skiptoken=2", "response_body": {"value": [item("b")]}},
    )
    (step,) = flow_steps.steps(story)
    assert [value["name"] for value in step.looks[-1].response_body["value"]] == ["a", "b"]


@pytest.mark.parametrize(("row", "folder", "when"), [
    ({"headers": {"Date": "Sat, 20 May 2023 13:02:57 GMT"}}, "2026", "2023"),
    ({"source": "test_backup.yaml 2026-09-09"}, "2023", "2026"),
    ({}, "2024-2025", "2025"),
    ({"query": "api-version=2025-02-01"}, ".", "2025"),
    ({}, ".", "0"),
])
def test_when_it_was_recorded(row: dict[str, Any], folder: str, when: str) -> None:
    assert year(flow({"method": "GET", "path": "/x", "status": 200, **row})[0], folder) == when


def test_members_in_a_state_that_we_know() -> None:
    one, other = ({"properties": {"protectionState": state}} for state in ("Protected", "ProtectionError"))
    recorded = flow({"method": "GET", "path": VAULT + "/backupProtectedItems", "status": 200, "response_body": {"value": [one, other]}})[0]
    assert known_members(members(recorded) or [], [one]) == [one]
