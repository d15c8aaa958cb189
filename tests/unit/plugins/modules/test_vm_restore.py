# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm_restore as Ansible calls it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.modules import vm_restore
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_restores import RG_DR, FakeRestores, Lost
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import VAULT_A, soft_deleted, vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

COMMON: dict[str, Any] = {"vm_resource_group": "rg-prod", "vault": "vault-a", "resource_group": "rg-backup", "storage_account": "stage", "poll_interval": 5}
DISKS = {**COMMON, "vm": ["web-01"], "mode": "disks", "target_resource_group": "rg-dr"}
NEW_VM = {**DISKS, "mode": "new_vm", "vm_name": "{name}-dr", "virtual_network": "vnet", "subnet": "default"}
REPLACE = {**COMMON, "vm": ["web-01"], "mode": "replace", "allow_replace": True, "storage_account_resource_group": "rg-dr"}
MODES = [pytest.param(DISKS, id="disks"), pytest.param(NEW_VM, id="new_vm"), pytest.param(REPLACE, id="replace")]
TARGET_VM = f"{RG_DR}/providers/Microsoft.Compute/virtualMachines/web-01-dr"


@pytest.fixture(name="azure")
def azure_with_two_vms() -> FakeRestores:
    azure = FakeRestores(VAULT_A)
    azure.protect("web-01", 3, 1, 2)
    azure.protect("web-02", 1)
    return azure


def restore(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any], **options: Any) -> dict[str, Any]:
    return run_module(monkeypatch, vm_restore, azure, **{**params, **options})


@pytest.mark.parametrize("params", MODES)
def test_four_runs(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any]) -> None:
    check = restore(monkeypatch, azure, params, check=True, diff=True)
    assert check["changed"] and not azure.writes
    real = restore(monkeypatch, azure, params, diff=True)
    assert real["changed"] and not real["failed"] and azure.sent_restores == 1
    assert check["diff"] == real["diff"]
    assert real["diff"]["after"][vm("web-01").id]["recovery_point"]["name"] == azure.points[vm("web-01").key][1]["name"]
    entry = real["vms"][0]
    assert entry["action"] == "started" and entry["job"]["status"] == "Completed" and entry["restore_seconds"] == 60.0
    assert entry["restored"]["storage_account_id"].endswith("/stage")
    for again in (restore(monkeypatch, azure, params), restore(monkeypatch, azure, params, check=True)):
        assert not again["changed"] and not again["failed"]
        assert again["vms"][0]["action"] == "none"
        assert again["vms"][0]["restored"] == entry["restored"]
        assert again["vms"][0]["job"]["name"] == entry["job"]["name"]
    assert azure.sent_restores == 1


@pytest.mark.parametrize("params", MODES)
def test_a_restore_under_way_is_adopted(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any]) -> None:
    started = restore(monkeypatch, azure, params, wait=False)
    assert started["changed"] and started["vms"][0]["job"]["name"] == "job-1"
    assert started["vms"][0]["job"]["id"] == f"{VAULT_A.id}/backupJobs/job-1", "what backup_job takes"
    foreseen = restore(monkeypatch, azure, params, check=True)
    assert not foreseen["changed"] and foreseen["vms"][0]["action"] == "adopted"
    adopted = restore(monkeypatch, azure, {**params, "force": True})
    assert not adopted["changed"] and adopted["vms"][0]["action"] == "adopted"
    assert adopted["vms"][0]["job"]["status"] == "Completed" and adopted["vms"][0]["job"]["name"] == "job-1"
    assert azure.sent_restores == 1


@pytest.mark.parametrize("params", [DISKS, REPLACE])
def test_force_repeats(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any]) -> None:
    restore(monkeypatch, azure, params)
    assert restore(monkeypatch, azure, {**params, "force": True})["changed"]
    assert azure.sent_restores == 2


def test_force_restores_no_vm_over_another(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    restore(monkeypatch, azure, NEW_VM)
    result = restore(monkeypatch, azure, {**NEW_VM, "force": True})
    assert result["failed"] and result["vms"][0]["failure"]["code"] == "RestoreTargetTaken"
    assert azure.sent_restores == 1


@pytest.mark.parametrize("params", MODES)
def test_an_answer_lost_after_the_effect_starts_no_second_restore(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any]) -> None:
    azure.lost = [Lost(after=True)]
    result = restore(monkeypatch, azure, params)
    assert result["changed"] and not result["failed"]
    assert result["vms"][0]["job"]["name"] == "job-1" and len(azure.jobs[VAULT_A.key]) == 1
    assert azure.sent_restores == 1


def test_an_earlier_restore_is_not_taken_for_the_lost_one(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    restore(monkeypatch, azure, DISKS)
    azure.lost = [Lost(after=False)]
    result = restore(monkeypatch, azure, {**DISKS, "force": True})
    assert result["changed"] and result["vms"][0]["job"]["name"] == "job-2"
    assert azure.sent_restores == 3, "the first restore, the lost request, and the one sent again"


def test_an_answer_lost_before_the_effect_is_sent_again(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.lost = [Lost(after=False), Lost(after=False)]
    result = restore(monkeypatch, azure, NEW_VM)
    assert result["changed"] and not result["failed"]
    assert azure.sent_restores == 3 and len(azure.jobs[VAULT_A.key]) == 1


def test_sending_again_has_an_end(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.lost = [Lost(after=False)] * 9
    result = restore(monkeypatch, azure, NEW_VM)
    assert result["failed"] and not result["changed"] and azure.sent_restores == 3


def test_without_a_look_at_the_jobs_nothing_is_sent_again(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.lost = [Lost(after=True)]
    forbidden = HttpError("no", status=403, code="AuthorizationFailed")
    original = azure._of_point

    def then_no_jobs(*arguments: Any) -> Any:
        try:
            return original(*arguments)
        finally:
            if arguments[1][3]:
                azure.faults.append(("GET", "/backupJobs$", forbidden))

    monkeypatch.setattr(azure, "_of_point", then_no_jobs)
    result = restore(monkeypatch, azure, NEW_VM)
    failure = result["vms"][0]["failure"]
    assert failure["code"] == "GatewayTimeout" and "AuthorizationFailed" in failure["hint"] and "adopts" in failure["hint"]
    assert azure.sent_restores == 1


def test_a_refused_restore_changes_nothing(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.faults = [("POST", "/restore$", HttpError("no", status=400, code="UserErrorSubnetNotFound"))]
    result = restore(monkeypatch, azure, {**NEW_VM, "vm": ["web-01", "web-02"], "diff": True})
    assert result["failed"] and result["changed"]
    assert sorted((entry["changed"], entry["failed"]) for entry in result["vms"]) == [(False, True), (True, False)]
    assert len(result["diff"]["after"]) == 1


def test_one_failing_vm_hides_no_other(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.add(soft_deleted(vm("gone-01")))
    azure.protect("empty-01")
    result = restore(monkeypatch, azure, {**NEW_VM, "vm": ["nope-01", "web-01", "gone-01", "web-02", "empty-01"]})
    codes = [entry.get("failure", {}).get("code") for entry in result["vms"]]
    assert codes == ["NotProtected", None, "SoftDeleted", None, "RecoveryPointNotFound"]
    assert result["msg"].startswith("3 of 5 VMs failed.")
    assert azure.sent_restores == 2


def test_a_fleet_costs_few_requests(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    names = [f"fleet-{number:03d}" for number in range(50)]
    for name in names:
        azure.protect(name, 1)
    params = {**NEW_VM, "vm": names, "poll_interval": 30}
    restore(monkeypatch, azure, params)
    assert azure.sent_restores == 50
    azure.sent.clear()
    again = restore(monkeypatch, azure, params)
    assert not again["changed"] and not azure.writes
    assert not [line for line in azure.sent if "/recoveryPoints" in line], "VMs that are there need no recovery point"
    assert len([line for line in azure.sent if "virtualMachines" in line]) == 1
    assert azure.job_reads <= 25, "reads of jobs are scarce, and these only make the report richer"
    assert again["warnings"] == []


def test_a_timeout_tells_how_to_go_on(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.restore_takes = 1000
    result = restore(monkeypatch, azure, {**NEW_VM, "wait_timeout": 60})
    assert result["failed"] and result["changed"]
    failure = result["vms"][0]["failure"]
    assert failure["code"] == "OperationTimeout" and failure["resume"]["job_id"] == "job-1"


def test_a_failed_job_is_a_failure_of_its_vm(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.ends = "Failed"
    result = restore(monkeypatch, azure, DISKS)
    assert result["failed"] and result["changed"]
    assert result["vms"][0]["failure"]["code"] == "UserErrorSkuNotAvailable"


@pytest.mark.parametrize("ends", ["Failed", "CompletedWithWarnings"])
def test_disks_without_a_vm_are_told_as_such(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, ends: str) -> None:
    azure.ends, azure.makes_vm = ends, False
    result = restore(monkeypatch, azure, {**NEW_VM, "tags": {"drill": "one"}})
    entry = result["vms"][0]
    assert entry["failure"]["code"] == "RestoredWithoutVm" and "The size is gone" in entry["failure"]["message"]
    assert len(entry["restored"]["disks"]) == 1 and "virtual_machine_id" not in entry["restored"]
    assert azure.disks[RG_DR.lower()][0]["tags"] == {"drill": "one"}


@pytest.mark.parametrize("params", [DISKS, NEW_VM])
def test_a_named_point_waits_until_the_running_job_tells_its_point(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any]) -> None:
    azure.late_bag, azure.restore_takes = 40, 600
    newest, older = (azure.points[vm("web-01").key][index]["name"] for index in (1, 2))
    restore(monkeypatch, azure, {**params, "recovery_point": newest, "wait": False})
    same = restore(monkeypatch, azure, {**params, "recovery_point": newest, "wait": False})
    assert same["vms"][0]["action"] == "adopted" and azure.sent_restores == 1
    other = restore(monkeypatch, azure, {**params, "recovery_point": older, "wait": False})
    if params["mode"] == "disks":
        assert other["vms"][0]["action"] == "started"
    else:
        assert other["vms"][0]["failure"]["code"] == "RestoreTargetTaken"


def test_validation_is_asked_and_its_problems_are_failures(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.problems = [{"code": "UserErrorCoreCountSubscriptionQuotaReached", "message": "No cores.", "recommendations": ["Ask for more."]}]
    for check in (True, False):
        result = restore(monkeypatch, azure, {**NEW_VM, "validate": True}, check=check)
        failure = result["vms"][0]["failure"]
        assert failure["code"] == "RestoreValidationFailed" and failure["problems"] == azure.problems
        assert failure["hint"] == "Ask for more." and not result["changed"]
    assert not azure.writes
    azure.problems = []
    assert restore(monkeypatch, azure, {**NEW_VM, "validate": True})["changed"]


@pytest.mark.parametrize("params", [DISKS, NEW_VM])
def test_check_mode_foresees_the_tags_of_an_adopted_restore(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, params: dict[str, Any]) -> None:
    tagged = {**params, "tags": {"drill": "one"}}
    restore(monkeypatch, azure, tagged, wait=False)
    check = restore(monkeypatch, azure, tagged, check=True, diff=True)
    real = restore(monkeypatch, azure, tagged, diff=True)
    assert real["changed"] and not real["failed"] and real["vms"][0]["action"] == "adopted"
    assert (check["changed"], check["diff"]) == (real["changed"], real["diff"])
    assert not restore(monkeypatch, azure, tagged, check=True)["changed"] and not restore(monkeypatch, azure, tagged)["changed"]


def test_an_adopted_restore_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    restore(monkeypatch, azure, {**NEW_VM, "tags": {"drill": "one"}}, wait=False)
    azure.ends = "Failed"
    monkeypatch.setattr(azure, "_effects", lambda *arguments: None)
    result = restore(monkeypatch, azure, {**NEW_VM, "tags": {"drill": "one"}})
    assert result["failed"] and not result["changed"]


def test_a_lost_vm_comes_back_under_its_own_name_once(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    lost = {**NEW_VM, "vm_name": "{name}", "target_resource_group": "rg-prod"}
    assert restore(monkeypatch, azure, lost)["changed"]
    for check in (True, False):
        again = restore(monkeypatch, azure, lost, check=check)
        assert not again["failed"] and not again["changed"] and again["vms"][0]["action"] == "none"
    assert azure.sent_restores == 1


def test_a_vm_that_no_known_restore_made_gets_no_tags(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.put_machine(TARGET_VM, f"{RG_DR}/providers/Microsoft.Compute/disks/its-own")
    for check in (True, False):
        result = restore(monkeypatch, azure, {**NEW_VM, "tags": {"drill": "one"}}, check=check)
        assert not result["changed"] and not result["failed"] and not azure.writes
        assert [text for text in result["warnings"] if "gets no tags" in text], "drill_cleanup would delete it"


def test_a_fleet_that_was_killed_before_its_tags_gets_them(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    names = [f"fleet-{number:03d}" for number in range(50)]
    for name in names:
        azure.protect(name, 1)
    restore(monkeypatch, azure, {**NEW_VM, "vm": names})
    tagged = {**NEW_VM, "vm": names, "tags": {"drill": "one"}}
    assert restore(monkeypatch, azure, tagged, check=True)["changed"]
    assert restore(monkeypatch, azure, tagged)["changed"] and azure.sent_restores == len(names)
    assert all(machine["tags"] == {"drill": "one"} for machine in azure.machines.values())


def test_tags_are_put_on_once(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    params = {**NEW_VM, "tags": {"drill": "one"}}
    assert restore(monkeypatch, azure, params)["changed"]
    assert azure.machines[TARGET_VM.lower()]["tags"] == {"drill": "one"}
    assert not restore(monkeypatch, azure, params, check=True)["changed"]
    assert not restore(monkeypatch, azure, params)["changed"]
    azure.sent.clear()
    more = {**params, "tags": {"drill": "two"}}
    assert restore(monkeypatch, azure, more, check=True)["changed"] and not azure.writes
    assert restore(monkeypatch, azure, more)["changed"]
    assert [line.split("/providers/")[1].split("/")[1] for line in azure.writes] == ["disks", "networkInterfaces", "virtualMachines"]


def test_the_vault_may_forbid_other_subscriptions(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    azure.restore_settings = {"crossSubscriptionRestoreState": "Disabled"}
    other = "00000000-0000-0000-0000-000000000002"
    result = restore(monkeypatch, azure, {**NEW_VM, "target_subscription": other})
    assert result["vms"][0]["failure"]["code"] == "CrossSubscriptionRestoreDisabled"
    azure.restore_settings = {"crossSubscriptionRestoreState": "Enabled"}
    assert restore(monkeypatch, azure, {**NEW_VM, "target_subscription": other})["changed"]
    assert azure.restores[0]["request"]["targetResourceGroupId"].startswith(f"/subscriptions/{other}/")


def test_the_paired_region_must_be_allowed(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    result = restore(monkeypatch, azure, {**NEW_VM, "from_secondary_region": True})
    assert result["vms"][0]["failure"]["code"] == "CrossRegionRestoreDisabled"
    assert not azure.writes


@pytest.mark.parametrize(
    ("more", "option"),
    [({"allow_replace": True}, "allow_replace"), ({"before": "soon"}, "before"), ({"vm": ["web-01", "web-01"]}, "vm"), ({"vault": "1"}, "vault")],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, more: dict[str, Any], option: str) -> None:
    result = restore(monkeypatch, azure, {**NEW_VM, **more})
    assert result["failed"] and result["failure"]["code"] == "InvalidOption" and result["failure"]["target"] == option
    assert not azure.sent
