# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PUT and DELETE of protected items."""

from __future__ import annotations

import pytest
from backup_world import Backup, code, vault_with_points


def test_enable_is_accepted_and_the_item_appears_when_the_job_ends() -> None:
    azure = Backup()
    reply = azure.enable("web-01")
    assert (reply.status, reply.body) == (202, None)
    for header in ("Azure-AsyncOperation", "Location"):
        assert "/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg-prod;web-01/" in reply.headers[header]
        assert len(reply.headers[header]) > 3000
    running = azure.get(reply.headers["Azure-AsyncOperation"])
    assert running["status"] == "InProgress" and running["endTime"] == "0001-01-01T00:00:00" and "properties" not in running
    assert azure.send("GET", azure.item("web-01")).status == 404
    assert azure.send("GET", reply.headers["Location"]).status == 202

    azure.advance(70)
    ended = azure.get(reply.headers["Azure-AsyncOperation"])
    assert ended["status"] == "Succeeded" and ended["endTime"] == ended["startTime"]
    item = azure.get(reply.headers["Location"])
    assert item["properties"]["protectionState"] == "IRPending"
    assert item["properties"]["lastBackupTime"] == "2001-01-01T00:00:00Z"
    assert item["properties"]["vaultId"].startswith("https://")
    job = azure.get(f"{azure.vault}/backupJobs/{ended['properties']['jobId']}")["properties"]
    assert (job["operation"], job["status"]) == ("ConfigureBackup", "Completed")
    assert job["extendedInfo"] == {"tasksList": [], "propertyBag": {"VM Name": "web-01", "Policy Name": "DefaultPolicy"}}
    assert "actionsInfo" not in job


def test_header_urls_echo_the_item_segment_as_sent() -> None:
    azure = Backup()
    path = azure.item("web-01").replace("VM%3B", "vm%3B").replace("web-01", "WEB-01")
    body = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "sourceResourceId": azure.vm("web-01").upper(),
        "policyId": azure.policy("DefaultPolicy"),
    }
    reply = azure.send("PUT", path, {"properties": body})
    assert "/protectedItems/vm;iaasvmcontainerv2;rg-prod;WEB-01/operationsStatus/" in reply.headers["Azure-AsyncOperation"]
    azure.advance(70)
    item = azure.get(azure.item("web-01"))
    assert item["name"] == "VM;iaasvmcontainerv2;rg-prod;WEB-01"
    assert item["properties"]["virtualMachineId"] == azure.vm("web-01")
    assert azure.get(azure.item("web-01").replace("%3B", ";"))["name"] == item["name"]


def test_any_operation_reads_at_vault_and_item_level_unsigned() -> None:
    azure = Backup()
    put = azure.enable("web-01").headers["Azure-AsyncOperation"].split("?")[0].rsplit("/", 1)[-1]
    azure.advance(70)
    delete = azure.send("DELETE", azure.item("web-01"))
    assert f"{azure.vault}/backupOperations/" in delete.headers["Azure-AsyncOperation"]
    assert f"{azure.vault}/backupOperationResults/" in delete.headers["Location"]
    gone = delete.headers["Azure-AsyncOperation"].split("?")[0].rsplit("/", 1)[-1]
    azure.advance(20)
    for operation in (put, gone):
        assert azure.get(f"{azure.vault}/backupOperations/{operation}")["status"] == "Succeeded"
        assert azure.get(f"{azure.item('web-01')}/operationsStatus/{operation}")["status"] == "Succeeded"
    assert azure.send("GET", f"{azure.vault}/backupOperationResults/{gone}").status == 204
    assert azure.send("GET", f"{azure.vault}/backupOperations/{azure.world.new_id()}").status == 404


def test_a_vm_of_another_vault_is_refused_at_once() -> None:
    azure = Backup()
    azure.enable("web-01")
    other = azure.vault_path("rsv-prod-02")
    refused = azure.enable("web-01", vault=other)
    assert code(refused) == "409 BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault"
    assert "registered\\registering" in refused.body["error"]["message"]
    assert "Azure-AsyncOperation" not in refused.headers


@pytest.mark.parametrize("name", ["no-such-vm", "web-03"])
def test_a_vm_unknown_to_discovery_is_refused_until_containers_were_refreshed(name: str) -> None:
    azure = Backup([{"name": "rsv-prod-01", "resource_group": "rg-backup", "undiscovered": ["web-03"]}])
    assert code(azure.enable(name)) == "400 BMSUserErrorInvalidConfigureProtectionRequest"
    azure.send("POST", f"{azure.vault}/backupFabrics/Azure/refreshContainers")
    azure.advance(15)
    assert azure.enable(name).status == (202 if name == "web-03" else 400)


def test_policy_of_another_vault_or_unknown_is_refused() -> None:
    azure = Backup()
    assert azure.put_item("web-01", policyId=azure.policy("DefaultPolicy", azure.vault_path("rsv-prod-02"))).status == 400
    assert azure.put_item("web-01", policyId=azure.policy("nothing")).status == 400


def test_stop_keeps_data_and_empties_the_policy_then_resume() -> None:
    azure = Backup(vault_with_points())
    reply = azure.put_item("web-01", protectionState="ProtectionStopped", policyId="")
    azure.advance(15)
    assert azure.job(azure.job_of(reply))["operation"] == "DisableBackup"
    stopped = azure.properties("web-01")
    assert (stopped["protectionState"], stopped["policyId"], stopped["policyName"]) == ("ProtectionStopped", "", "")
    assert len(azure.points("web-01")) == 2
    azure.put_item("web-01", policyId=azure.policy("EnhancedPolicy"))
    azure.advance(15)
    resumed = azure.properties("web-01")
    assert (resumed["protectionState"], resumed["policyName"], resumed["policyType"]) == ("Protected", "EnhancedPolicy", "V2")


def test_an_enhanced_policy_cannot_become_a_standard_one() -> None:
    azure = Backup()
    azure.protected("web-01", "EnhancedPolicy")
    assert azure.enable("web-01", "DefaultPolicy").status == 400


def test_equal_put_is_accepted_again_with_a_new_job() -> None:
    azure = Backup()
    azure.protected("web-01")
    assert azure.enable("web-01").status == 202
    azure.advance(15)
    assert len([job for job in azure.rows(f"{azure.vault}/backupJobs") if job["properties"]["operation"] == "ConfigureBackup"]) == 2


def test_suspend_needs_an_immutable_vault() -> None:
    azure = Backup(vault_with_points())
    assert code(azure.put_item("web-01", protectionState="BackupsSuspended")) == "400 UserErrorOperationDeniedOnImmutableItem"
    azure = Backup(vault_with_points(immutability="Unlocked"))
    assert azure.put_item("web-01", protectionState="BackupsSuspended", policyId=azure.policy("DefaultPolicy")).status == 202
    azure.advance(15)
    assert azure.properties("web-01")["protectionState"] == "BackupsSuspended"
    assert code(azure.send("DELETE", azure.item("web-01"))) == "400 UserErrorOperationDeniedOnImmutableItem"


def test_delete_is_soft_and_repeating_it_is_harmless() -> None:
    azure = Backup(vault_with_points())
    for _ in range(2):
        reply = azure.send("DELETE", azure.item("web-01"))
        assert reply.status == 202
        azure.advance(15)
        job = azure.job(azure.job_of(reply))
        assert (job["operation"], job["status"]) == ("DeleteBackupData", "Completed")
        assert job["extendedInfo"]["propertyBag"]["Number of Recovery Points"] == "2"
    deleted = azure.properties("web-01")
    assert deleted["isScheduledForDeferredDelete"] is True and deleted["softDeleteRetentionPeriod"] == 14
    assert deleted["deferredDeleteTimeRemaining"].startswith("13.23:59:")
    assert (deleted["protectionState"], deleted["policyId"]) == ("ProtectionStopped", "")
    containers = azure.rows(f"{azure.vault}/backupProtectionContainers", filter="backupManagementType eq 'AzureIaasVM' and status eq 'Registered'")
    assert {one["properties"]["friendlyName"]: one["properties"]["registrationStatus"] for one in containers} == {
        "web-01": "SoftDeleted",
        "db-01": "Registered",
    }
    assert len(azure.rows(f"{azure.vault}/backupDeletedProtectionContainers")) == 1


def test_a_soft_deleted_item_must_be_undeleted_first() -> None:
    azure = Backup(vault_with_points())
    azure.send("DELETE", azure.item("web-01"))
    azure.advance(15)
    assert azure.enable("web-01").status == 400
    assert azure.restore("web-01", azure.restore_request("web-01")).status == 400
    assert azure.enable("web-01", vault=azure.vault_path("rsv-prod-02")).status == 409
    reply = azure.put_item("web-01", policyId="", isRehydrate=True, protectionState="ProtectionStopped")
    azure.advance(15)
    job = azure.job(azure.job_of(reply))
    assert (job["operation"], job["extendedInfo"]["propertyBag"]["Undelete flag"]) == ("Undelete", "True")
    back = azure.properties("web-01")
    assert back["protectionState"] == "ProtectionStopped" and "isScheduledForDeferredDelete" not in back
    azure.enable("web-01")
    azure.advance(15)
    assert azure.properties("web-01")["protectionState"] == "Protected"


def test_soft_deleted_data_is_purged_after_its_days() -> None:
    azure = Backup(vault_with_points())
    azure.send("DELETE", azure.item("web-01"))
    azure.advance(13.9 * 86400)
    assert azure.send("GET", azure.item("web-01")).status == 200
    azure.advance(0.2 * 86400)
    assert azure.send("GET", azure.item("web-01")).status == 404
    assert azure.enable("web-01", vault=azure.vault_path("rsv-prod-02")).status == 202


def test_an_undeleted_item_outlives_the_old_purge_time() -> None:
    azure = Backup(vault_with_points())
    azure.send("DELETE", azure.item("web-01"))
    azure.advance(86400)
    azure.put_item("web-01", policyId="", isRehydrate=True, protectionState="ProtectionStopped")
    azure.advance(20 * 86400)
    assert azure.send("GET", azure.item("web-01")).status == 200


def test_hard_delete_takes_longer_and_removes_the_item() -> None:
    azure = Backup(vault_with_points(hard_delete=True))
    azure.send("DELETE", azure.item("web-01"))
    azure.advance(60)
    assert azure.send("GET", azure.item("web-01")).status == 200
    azure.advance(60)
    assert azure.send("GET", azure.item("web-01")).status == 404
    assert azure.send("DELETE", azure.item("web-01")).status == 204


def test_disk_selection_is_replaced_kept_and_reset() -> None:
    azure = Backup(vault_with_points())
    chosen = {"diskLunList": [0], "isInclusionList": True}
    azure.put_item("db-01", policyId=azure.policy("DefaultPolicy"), extendedProperties={"diskExclusionProperties": chosen})
    azure.advance(15)
    assert azure.properties("db-01")["extendedProperties"] == {"diskExclusionProperties": chosen}
    azure.enable("db-01")
    azure.advance(15)
    assert azure.properties("db-01")["extendedProperties"] == {"diskExclusionProperties": chosen}
    azure.put_item("db-01", policyId=azure.policy("DefaultPolicy"), extendedProperties={"diskExclusionProperties": None})
    azure.advance(15)
    assert "extendedProperties" not in azure.properties("db-01")


def test_a_failed_configure_job_leaves_no_item_and_frees_the_vm() -> None:
    azure = Backup()
    azure.fault("failed_job", "ConfigureBackup", code="UserErrorVmNotInDesirableState", message="The VM is not ready.")
    reply = azure.enable("web-01")
    azure.advance(70)
    status = azure.get(reply.headers["Azure-AsyncOperation"])
    assert (status["status"], status["error"]["code"]) == ("Failed", "UserErrorVmNotInDesirableState")
    assert azure.send("GET", azure.item("web-01")).status == 404
    assert azure.enable("web-01", vault=azure.vault_path("rsv-prod-02")).status == 202


def test_a_stuck_configure_job_never_ends() -> None:
    azure = Backup()
    azure.fault("stuck_job", "ConfigureBackup")
    reply = azure.enable("web-01")
    azure.advance(86400)
    assert azure.get(reply.headers["Azure-AsyncOperation"])["status"] == "InProgress"


def test_trusted_launch_needs_a_recent_api_version_for_standard_policies() -> None:
    azure = Backup()
    properties = {"policyId": azure.policy("DefaultPolicy")}
    assert azure.put_item("app-01", version="2023-02-01", **properties).status == 400
    assert azure.put_item("app-01", version="2025-02-01", **properties).status == 202


@pytest.mark.parametrize(
    "path",
    ["vm%3Biaasvmcontainerv2%3Brg-prod", "VM%3BtestRG%3BtestVM", "vm%3Biaasvmcontainerv2%3Brg-prod%3Bweb-02"],
)
def test_malformed_or_differing_names_are_refused(path: str) -> None:
    azure = Backup()
    whole = azure.item("web-01").rsplit("/", 1)[0] + "/" + path
    body = {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": azure.vm("web-01"), "policyId": azure.policy("DefaultPolicy")}
    assert code(azure.send("PUT", whole, {"properties": body})) == "400 BMSUserErrorInvalidConfigureProtectionRequest"


def test_while_the_first_job_runs_only_an_enable_is_accepted() -> None:
    azure = Backup()
    azure.enable("web-01")
    assert code(azure.send("DELETE", azure.item("web-01"))) == "409 BMSUserErrorConflictingProtectionOperation"
    assert code(azure.put_item("web-01", protectionState="ProtectionStopped", policyId="")) == "409 BMSUserErrorConflictingProtectionOperation"
    assert azure.enable("web-01").status == 202
    azure.advance(70)
    assert len(azure.rows(f"{azure.vault}/backupProtectedItems")) == 1


def test_extended_info_only_when_asked_for() -> None:
    azure = Backup(vault_with_points())
    assert "extendedInfo" not in azure.properties("web-01")
    shown = azure.get(azure.item("web-01"), filter="expand eq 'extendedInfo'")["properties"]["extendedInfo"]
    oldest = azure.points("web-01")[1]["properties"]["recoveryPointTime"]
    assert (shown["recoveryPointCount"], shown["oldestRecoveryPoint"], shown["policyInconsistent"]) == (2, oldest, False)


def test_the_disk_selection_as_the_azure_cli_sends_it() -> None:
    """LUNs as text, since its 2026 releases; they come back as numbers."""
    azure = Backup()
    exclusion = {"diskExclusionProperties": {"diskLunList": ["0", "1"], "isInclusionList": True}}
    reply = azure.put_item("db-01", policyId=azure.policy("DefaultPolicy"), extendedProperties=exclusion)
    assert reply.status == 202
    azure.advance(70)
    assert azure.properties("db-01")["extendedProperties"]["diskExclusionProperties"]["diskLunList"] == [0, 1]
    # A reset by the same CLI: it leaves out what is null.
    assert azure.put_item("db-01", policyId=azure.policy("DefaultPolicy"), extendedProperties={}).status == 202
    azure.advance(70)
    assert "extendedProperties" not in azure.properties("db-01")
    exclusion["diskExclusionProperties"]["diskLunList"] = ["one"]
    again = azure.put_item("db-01", policyId=azure.policy("DefaultPolicy"), extendedProperties=exclusion)
    assert code(again) == "400 BMSUserErrorInvalidConfigureProtectionRequest"
