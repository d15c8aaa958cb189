# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""backup_policy and backup_policy_info as Ansible calls them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.modules import backup_policy, backup_policy_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_policies import RECORDED, PolicyClient, daily, hourly
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import VAULT_A, item_of, policy_id, vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

GUARD = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataProtection/resourceGuards/guard/updateProtectionPolicyRequests/default"
PLACE = {"vault": "vault-a", "resource_group": "rg-backup", "poll_interval": 1}
NIGHTLY = {"schedule": {"frequency": "daily", "time": "23:00"}, "retention": {"daily": {"count": 30}}}


def call(monkeypatch: pytest.MonkeyPatch, client: PolicyClient, **params: Any) -> dict[str, Any]:
    return run_module(monkeypatch, backup_policy, client, **{**PLACE, "name": "nightly", **params})


def job(name: str, status: str) -> dict[str, Any]:
    properties = {"operation": "ConfigureBackup", "status": status, "startTime": "2026-09-10T00:00:00Z", "entityFriendlyName": "web-01"}
    if status == "Failed":
        properties["errorDetails"] = [{"errorTitle": "UserErrorVmNotFoundV2", "errorString": "The VM is gone."}]  # type: ignore[assignment]
    return {"id": f"{VAULT_A.id}/backupJobs/{name}", "name": name, "properties": properties}


def test_created_in_check_mode_then_for_real_then_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient()
    foreseen = call(monkeypatch, client, check=True, diff=True, **NIGHTLY)
    assert foreseen["changed"] and client.writes == []
    made = call(monkeypatch, client, diff=True, **NIGHTLY)
    assert made["changed"] and len(client.writes) == 1
    assert made["diff"] == foreseen["diff"] and made["diff"]["before"] == {}
    assert made["policy"] == foreseen["policy"]
    assert made["policy"]["id"] == policy_id(VAULT_A, "nightly") and made["policy"]["schedule"] == NIGHTLY["schedule"]
    again = call(monkeypatch, client, diff=True, **NIGHTLY)
    assert not again["changed"] and len(client.writes) == 1 and again["policy"] == made["policy"]


def test_before_and_after_of_a_diff_can_be_pasted_back(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily())
    before = call(monkeypatch, client, diff=True, instant_restore_days=5, time_zone="GMT Standard Time")["diff"]["before"]
    assert call(monkeypatch, client, **before)["changed"]
    assert not call(monkeypatch, client, **before)["changed"]
    assert client.kept["nightly"]["instantRpRetentionRangeInDays"] == 2 and client.kept["nightly"]["timeZone"] == "UTC"


def test_an_edit_waits_for_the_items_that_it_touches(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily(protectedItemsCount=2))
    client.named_jobs = [job("j-1", "Completed"), job("j-2", "Completed")]
    client.status = {"status": "Succeeded", "properties": {"objectType": "OperationStatusJobsExtendedInfo", "jobIds": ["j-1", "j-2"]}}
    result = call(monkeypatch, client, instant_restore_days=5)
    assert result["changed"] and not result["failed"]
    assert result["policy"]["protected_items_count"] == 2
    assert result["jobs"] == ["j-1", "j-2"] and result["operation"] == {"id": "op-7", "vault_id": VAULT_A.id}


def test_a_failed_job_of_an_item_is_a_failure_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily(protectedItemsCount=1))
    client.named_jobs = [job("j-1", "Failed")]
    client.status = {"status": "Succeeded", "properties": {"jobIds": ["j-1"]}}
    result = call(monkeypatch, client, instant_restore_days=5)
    assert result["failed"] and result["changed"] and result["failure"]["code"] == "UserErrorVmNotFoundV2"


def test_items_that_azure_refused_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily(protectedItemsCount=1))
    client.status = {"status": "Succeeded", "properties": {"jobIds": [], "failedJobsError": {"VM;web-01": "in use"}}}
    result = call(monkeypatch, client, instant_restore_days=5)
    assert result["failed"] and result["changed"] and "VM;web-01: in use" in result["msg"]


def test_an_edit_that_is_not_waited_for_tells_its_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily(protectedItemsCount=1))
    client.status = {"status": "InProgress"}
    result = call(monkeypatch, client, instant_restore_days=5, wait=False)
    assert result["changed"] and result["operation"]["id"] == "op-7" and result["policy"]["instant_restore_days"] == 5


def test_a_timeout_tells_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily(protectedItemsCount=1))
    client.status = {"status": "InProgress"}
    monkeypatch.setattr(backup_policy.Task, "time_left", property(lambda _task: max(0.0, 60 - client.clock.seconds)))
    result = call(monkeypatch, client, instant_restore_days=5)
    assert result["failed"] and result["changed"]
    assert result["failure"]["code"] == "OperationTimeout" and result["failure"]["resume"]["operation_id"] == "op-7"


def test_a_policy_that_does_not_show_at_once_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient()
    client.hidden = 3
    result = call(monkeypatch, client, **NIGHTLY)
    assert result["changed"] and not result["failed"] and client.hidden <= 0
    assert result["policy"]["protected_items_count"] == 0


def test_a_policy_that_never_shows_is_named_by_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient()
    client.hidden = 1000
    monkeypatch.setattr(backup_policy.Task, "time_left", property(lambda _task: max(0.0, 60 - client.clock.seconds)))
    result = call(monkeypatch, client, **NIGHTLY)
    assert result["failed"] and result["changed"] and result["failure"]["resume"] == {"policy_id": policy_id(VAULT_A, "nightly")}


def test_what_azure_keeps_in_another_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient()
    client.rewrites = {"instantRpRetentionRangeInDays": 1}
    result = call(monkeypatch, client, **NIGHTLY)
    assert result["changed"] and not result["failed"]
    assert len(result["warnings"]) == 1 and "instant_restore_days" in result["warnings"][0]


def test_a_vault_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily())
    client.others = 199
    assert not call(monkeypatch, client, instant_restore_days=5)["failed"]
    result = call(monkeypatch, client, check=True, **{**NIGHTLY, "name": "another"})
    assert result["failed"] and result["failure"]["code"] == "PolicyLimitReached" and not result["changed"]


def test_a_vault_that_is_not_there_is_a_failure_in_check_mode_too(monkeypatch: pytest.MonkeyPatch) -> None:
    result = call(monkeypatch, PolicyClient(), check=True, vault="vault-z", **NIGHTLY)
    assert result["failed"] and result["failure"]["status"] == 404


def test_a_policy_of_another_workload_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly={"backupManagementType": "AzureWorkload"})
    result = call(monkeypatch, client, state="absent")
    assert result["failed"] and result["failure"]["target"] == "name" and client.writes == []


def test_the_name_as_azure_spells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily())
    assert call(monkeypatch, client, name="NIGHTLY", instant_restore_days=5)["policy"]["name"] == "nightly"
    assert list(client.kept) == ["nightly"]


def test_names_and_values_of_azure_azcollection(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(busy=hourly())
    params = {"vault_name": "vault-a", "resource_group": "rg-backup", "name": "busy", "policy_type": "V2", "instant_recovery_snapshot_retention": 7}
    result = run_module(monkeypatch, backup_policy, client, **params)
    assert result["changed"] and result["policy"]["instant_restore_days"] == 7


@pytest.mark.parametrize(
    ("params", "option"),
    [
        ({"name": "1st"}, "name"),
        ({"vault": ""}, "vault"),
        ({"time_zone": "Europe/Paris"}, "time_zone"),
        ({"schedule": {"frequency": "daily", "time": "23:10"}}, "schedule.time"),
        ({**NIGHTLY, "instant_restore_days": 99}, "instant_restore_days"),
        ({"resource_guard_operation_requests": ["x"]}, "resource_guard_operation_requests"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, params: dict[str, Any], option: str) -> None:
    client = PolicyClient()
    result = call(monkeypatch, client, **params)
    assert result["failed"] and result["failure"]["target"] == option and client.sent == []


def test_azures_refusal_has_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient()
    client.faults.append(("PUT", "nightly", HttpError("Input is not in proper format", status=400, code="BMSUserErrorInvalidPolicyInput")))
    result = call(monkeypatch, client, **NIGHTLY)
    assert result["failed"] and not result["changed"] and result["failure"]["code"] == "BMSUserErrorInvalidPolicyInput"


def test_an_answer_that_is_lost_for_good_counts_as_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient()
    client.faults.append(("PUT", "nightly", HttpError("reset", status=None, code="ConnectionFailed", ambiguous=True)))
    result = call(monkeypatch, client, **NIGHTLY)
    assert result["failed"] and result["changed"]


def test_deleted_and_then_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily())
    foreseen = call(monkeypatch, client, state="absent", check=True, diff=True)
    assert foreseen["changed"] and client.writes == [] and foreseen["diff"]["after"] == {} and foreseen["policy"] is None
    gone = call(monkeypatch, client, state="absent", diff=True)
    assert gone["changed"] and gone["diff"] == foreseen["diff"] and client.kept == {}
    assert not call(monkeypatch, client, state="absent")["changed"]


@pytest.mark.parametrize("check", [True, False])
def test_a_policy_in_use_is_not_deleted_and_its_vms_are_named(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    client = PolicyClient(nightly=daily(protectedItemsCount=7))
    for number in range(7):
        client.add(item_of(vm(f"web-{number}"), policy="nightly"))
    client.add(item_of(vm("db-01")))
    result = call(monkeypatch, client, state="absent", check=check)
    assert result["failed"] and not result["changed"] and client.writes == []
    assert "web-0 (rg-prod), web-1 (rg-prod)" in result["msg"] and "and 2 more" in result["msg"] and "db-01" not in result["msg"]
    assert "vm_backup_protection" in result["failure"]["hint"]


def test_a_policy_that_comes_into_use_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily())
    client.add(item_of(vm("web-01"), policy="nightly"))
    client.faults.append(("DELETE", "nightly", HttpError("in use", status=400, code="BMSUserErrorPolicyObjectInUse")))
    result = call(monkeypatch, client, state="absent")
    assert result["failed"] and not result["changed"] and "web-01" in result["msg"] and result["failure"]["status"] == 400


def test_a_refusal_with_another_code_names_the_vms_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure's code for a policy in use was never recorded."""
    client = PolicyClient(nightly=daily())
    client.add(item_of(vm("web-01"), policy="nightly"))
    client.faults.append(("DELETE", "nightly", HttpError("It has items.", status=409, code="UserErrorPolicyHasItems", request_id="r-1")))
    failed = call(monkeypatch, client, state="absent")["failure"]
    assert "web-01 (rg-prod)" in failed["message"] and "UserErrorPolicyHasItems: It has items." in failed["message"]
    assert failed["request_id"] == "r-1"


def test_a_refusal_for_another_reason_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily())
    client.faults.append(("DELETE", "nightly", HttpError("Locked.", status=409, code="ScopeLocked")))
    assert call(monkeypatch, client, state="absent")["failure"]["code"] == "ScopeLocked"


def test_a_guarded_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily())
    call(monkeypatch, client, instant_restore_days=5, resource_guard_operation_requests=[GUARD])
    assert client.sent_properties["resourceGuardOperationRequests"] == [GUARD]
    del client.kept["nightly"]["resourceGuardOperationRequests"]
    call(monkeypatch, client, state="absent", resource_guard_operation_requests=[GUARD])
    unlock, delete = client.writes[-2:]
    assert unlock.endswith("VaultProxy/unlockDelete") and delete.startswith("DELETE")
    assert {"resourceGuardOperationRequests": [GUARD], "resourceToBeDeleted": policy_id(VAULT_A, "nightly")} in client.bodies


def test_info_lists_what_the_module_takes_back_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(**RECORDED)
    found = run_module(monkeypatch, backup_policy_info, client, **{"vault": "vault-a", "resource_group": "rg-backup"})["policies"]
    assert [policy["name"] for policy in found] == sorted(RECORDED, key=str.lower)
    for policy in found:
        options = {name: value for name, value in policy.items() if name in backup_policy.SPEC}
        assert {"name", "vault", "resource_group", "schedule", "retention"} <= set(options)
        result = run_module(monkeypatch, backup_policy, client, **options)
        assert not result["failed"] and not result["changed"]
    assert client.writes == []


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"name": "defaultpolicy"}, ["DefaultPolicy"]),
        ({"policy_type": "V2", "vault": "vault-a"}, ["enhanced-daily", "enhanced-weekly", "EnhancedPolicy"]),
        ({"policy_type": "standard", "name": "EnhancedPolicy"}, []),
    ],
)
def test_info_filters(monkeypatch: pytest.MonkeyPatch, params: dict[str, Any], names: list[str]) -> None:
    result = run_module(monkeypatch, backup_policy_info, PolicyClient(**RECORDED), check=True, **params)
    assert [policy["name"] for policy in result["policies"]] == names


def test_info_leaves_other_workloads_out(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient(nightly=daily(), hourly_log=hourly(backupManagementType="AzureWorkload"))
    assert [policy["name"] for policy in run_module(monkeypatch, backup_policy_info, client)["policies"]] == ["nightly"]


def test_info_of_a_vault_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    client = PolicyClient()
    client.faults.append(("GET", "backupPolicies", HttpError("no", status=403, code="AuthorizationFailed")))
    result = run_module(monkeypatch, backup_policy_info, client)
    assert result["failed"] and result["failure"]["code"] == "AuthorizationFailed"
