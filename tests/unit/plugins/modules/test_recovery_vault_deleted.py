# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_vault deletes vaults, and finds and brings back deleted ones."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, answer, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_recovery_vaults import (
    REF,
    Site,
    deleted_resource,
    vault_resource,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import item_of, soft_deleted, vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.test_recovery_vault import Run, runner

__all__ = ["runner"]


# --- deleted vaults ---


def test_a_deleted_vault_with_backups_is_reported(run: Run) -> None:
    site = Site(None, deleted_resource())
    for check in (True, False):
        result = run(site, check=check)
        assert result["failed"] and result["failure"]["code"] == "DeletedVaultExists" and not site.writes
        assert "undelete=true" in result["failure"]["hint"] and "2026-09-01" in result["failure"]["message"]


def test_an_empty_deleted_vault_is_mentioned(run: Run) -> None:
    site = Site(None, deleted_resource(purge="2025-12-31T00:00:00Z"))
    result = run(site)
    assert result["changed"] and site.writes == ["PUT vault-a"] and "undelete=true" in result["warnings"][0]
    assert result["deleted_vault"]["vault_name"] == "vault-a"


def test_the_newest_of_several_deleted_vaults_comes_back(run: Run) -> None:
    older, other = deleted_resource(number=1), deleted_resource(REF.__class__(SUB, "rg-other", "vault-a"), number=2)
    site = Site(None, older, deleted_resource(deleted="2026-01-02T00:00:00Z", number=3), other)
    foreseen = run(site, check=True, undelete=True, tags={"a": "b"})
    result = run(site, undelete=True, tags={"a": "b"})
    assert result["changed"] and result["diff"] == foreseen["diff"] and result["diff"]["before"] == {"state": "deleted"}
    assert site.writes == ["POST undelete", "PATCH vault-a"]
    assert "/deletedVaults/rg-backup_3/undelete" in next(line for line in site.sent if line.startswith("POST"))
    assert not run(site, undelete=True, tags={"a": "b"})["changed"]


def test_an_undelete_whose_answer_is_lost_is_not_sent_again(run: Run) -> None:
    site = Site(None, deleted_resource())
    site.lost.append(("POST", "/undelete", reset()))
    result = run(site, undelete=True)
    assert result["changed"] and not result["failed"] and site.writes == ["POST undelete"]


def test_an_undelete_that_runs_already_is_waited_for(run: Run) -> None:
    site = Site(None, deleted_resource())
    site.lost.append(("POST", "/undelete", failure(409, "OperationInProgress")))
    assert not run(site, undelete=True)["failed"] and site.writes == ["POST undelete"]


def test_an_undelete_that_never_brings_the_vault_is_a_failure(run: Run) -> None:
    site = Site(None, deleted_resource())
    site.faults.append(("POST", "/undelete", failure(409, "DeletedVaultNotRecoverable")))
    result = run(site, undelete=True, wait_timeout=100)
    assert result["failed"] and result["failure"]["code"] == "DeletedVaultNotRecoverable"


def test_an_undelete_that_azure_refuses_is_not_waited_for_all_the_time(run: Run) -> None:
    site = Site(None, deleted_resource())
    site.faults.append(("POST", "/undelete", failure(404, "DeletedVaultNotFound")))
    result = run(site, undelete=True)
    assert result["failed"] and result["failure"]["code"] == "DeletedVaultNotFound" and len(site.sent) < 40


def test_a_vault_that_came_back_and_does_not_show_yet_is_not_made_anew(run: Run) -> None:
    site = Site(None, deleted_resource())
    site.faults += [("GET", "/vault-a", failure(404, "ResourceNotFound"))] * 2
    result = run(site, undelete=True)
    assert not result["failed"] and site.writes == ["POST undelete"]


def test_a_vault_that_is_brought_back_and_never_shows_is_not_made_anew(run: Run) -> None:
    site = Site(None, deleted_resource())
    site.faults += [("GET", "/vault-a", failure(404, "ResourceNotFound"))] * 20
    result = run(site, undelete=True)
    assert result["failed"] and result["changed"] and site.writes == ["POST undelete"]
    assert result["failure"]["code"] == "StateNotReached"


@pytest.mark.parametrize("check", [True, False])
def test_a_deleted_vault_is_looked_for_where_the_subscription_has_anything(run: Run, check: bool) -> None:
    """The resource group may be of another region than the vault was."""
    site = Site(None, deleted_resource(location="westeurope"))
    site.regions = ["East Asia", "West Europe", "global"]
    result = run(site, check=check, undelete=True)
    assert result["changed"] and result["diff"]["before"] == {"state": "deleted"}
    assert site.writes == ([] if check else ["POST undelete"])
    assert sum(line.endswith("/deletedVaults") for line in site.sent) >= 2 and not any("/global/" in line for line in site.sent)


def test_a_deleted_vault_is_looked_for_in_the_region_that_was_given_only(run: Run) -> None:
    site = Site(None, deleted_resource(location="westeurope"))
    site.regions = ["East Asia", "West Europe"]
    run(site, undelete=True, location="eastasia")
    assert site.writes == ["PUT vault-a"]


@pytest.mark.parametrize(("status", "failed"), [(400, False), (404, False), (403, True)])
def test_a_region_whose_deleted_vaults_cannot_be_read(run: Run, status: int, failed: bool) -> None:
    """Not every region that has a resource group knows vaults; a missing right is something else."""
    site = Site()
    site.regions = ["East Asia", "West Europe"]
    site.faults.append(("GET", "/westeurope/deletedVaults", failure(status, "NoRegisteredProviderFound")))
    result = run(site, undelete=True)
    assert result["failed"] is failed and site.writes == ([] if failed else ["PUT vault-a"])


@pytest.mark.parametrize(("undelete", "failed"), [(None, False), (True, True), (False, False)])
def test_a_cloud_that_knows_no_deleted_vaults(run: Run, undelete: bool | None, failed: bool) -> None:
    site = Site()
    site.faults.append(("GET", "/deletedVaults", failure(404, "InvalidResourceType")))
    assert run(site, undelete=undelete)["failed"] is failed


# --- absent ---


@pytest.mark.parametrize("end", [404, "Succeeded"])
def test_a_deletion_ends_in_one_of_two_ways(run: Run, end: Any) -> None:
    site = Site(vault_resource(), deleted_resource())
    site.ends["DELETE"] = end
    foreseen = run(site, check=True, state="absent")
    assert foreseen["changed"] and not site.writes and foreseen["vault"]["name"] == "vault-a"
    result = run(site, state="absent")
    assert result["changed"] and site.writes == ["DELETE vault-a"] and result["vault"] is None
    assert result["diff"] == foreseen["diff"] == {"before": {"state": "present"}, "after": {"state": "absent"}}
    assert result["deleted_vault"]["name"] == "rg-backup_1"
    assert not run(site, state="absent")["changed"] and not site.writes


@pytest.mark.parametrize("code", ["BMSUserErrorVaultDeletionNotPermitted", "BMSUserErrorVaultDeletionNotAllowed"])
def test_a_deletion_that_azure_ends_failed_changes_nothing_and_has_a_hint(run: Run, code: str) -> None:
    site = Site(vault_resource())
    site.ends["DELETE"] = {"status": "Failed", "error": {"code": code, "message": "still something there : web-01"}}
    result = run(site, state="absent")
    assert result["failed"] and not result["changed"] and result["failure"]["code"] == code
    assert "vm_backup_protection" in result["failure"]["hint"]


def test_a_vault_that_does_not_tell_its_region_is_deleted_all_the_same(run: Run) -> None:
    site = Site({name: value for name, value in vault_resource().items() if name != "location"})
    result = run(site, state="absent")
    assert result["changed"] and not result["failed"] and result["vault"] is None


def test_a_vault_that_still_goes_when_its_operation_is_gone_is_waited_for(run: Run) -> None:
    site = Site(vault_resource())
    going = answer(200, vault_resource(provisioningState="Deleting"))
    site.lost += [("GET", "/vault-a", answer(200, vault_resource()))] * 2 + [("GET", "/vault-a", going)] * 9
    result = run(site, state="absent")
    assert result["changed"] and not result["failed"] and result["vault"] is None


def test_a_refusal_of_a_guarded_vault_tells_of_the_guard(run: Run) -> None:
    guarded = {"multiUserAuthorization": "Enabled", "immutabilitySettings": {"state": "Unlocked"}}
    site = Site(vault_resource(securitySettings=guarded))
    site.faults.append(("PATCH", "/vault-a", failure(400, "UserErrorCriticalOperation")))
    result = run(site, immutability="disabled")
    assert result["failed"] and "resource guard" in result["failure"]["hint"]


def test_a_refused_deletion_has_a_hint(run: Run) -> None:
    site = Site(vault_resource())
    site.faults.append(("DELETE", "/vault-a", failure(400, "ServiceResourceNotEmptyWithBackendMessage")))
    result = run(site, state="absent")
    assert result["failed"] and not result["changed"] and "soft-deleted" in result["failure"]["hint"]


def test_a_synchronous_deletion_as_until_2023(run: Run) -> None:
    site = Site(vault_resource())
    site.lost.append(("DELETE", "/vault-a", answer(200)))
    result = run(site, state="absent")
    assert result["changed"] and not result["failed"]


@pytest.mark.parametrize("check", [True, False])
def test_what_keeps_a_vault_is_told_before_anything_is_sent(run: Run, check: bool) -> None:
    site = Site(vault_resource(privateEndpointConnections=[{"id": "x"}]))
    site.items = [*(item_of(vm(f"web-{number:02d}"), REF) for number in range(7)), soft_deleted(vm("old"), REF)]
    server = {"backupManagementType": "MAB", "friendlyName": "server-1", "registrationStatus": "Registered"}
    machine = {"backupManagementType": "AzureIaasVM", "friendlyName": "web-00", "registrationStatus": "Registered"}
    gone = {"backupManagementType": "AzureStorage", "friendlyName": "st1", "registrationStatus": "SoftDeleted"}
    site.containers = [{"id": str(number), "properties": properties} for number, properties in enumerate((server, machine, gone))]
    failed = run(site, check=check, state="absent")["failure"]
    assert failed["code"] == "VaultNotEmpty" and not site.writes
    assert "7 protected items (web-00, web-01, web-02, web-03, web-04 and 2 more)" in failed["message"]
    assert "1 registered server or storage account (server-1)" in failed["message"] and "1 private endpoint," in failed["message"]
    assert "1 soft-deleted item (old (purged at 2026-09-23T13:21:52" in failed["message"]


def test_soft_deleted_items_go_with_the_vault(run: Run) -> None:
    site = Site(vault_resource())
    site.items = [soft_deleted(vm("old"), REF)]
    result = run(site, state="absent")
    assert result["changed"] and "1 soft-deleted item goes with the vault: old" in result["warnings"][0]
    assert result["contents"]["soft_deleted"] == ["old (purged at 2026-09-23T13:21:52.029050Z)"]


def test_what_cannot_be_read_is_left_to_azure(run: Run) -> None:
    site = Site(vault_resource())
    site.faults += [("GET", "/backupProtectedItems", failure(403, "AuthorizationFailed"))]
    assert run(site, state="absent")["changed"]


def test_a_deletion_of_an_earlier_run_is_waited_for(run: Run) -> None:
    site = Site(vault_resource())
    site.settles_at = ["Deleting", "Deleting", "gone"]
    result = run(site, state="absent")
    assert not result["changed"] and result["vault"] is None and site.writes == []


def test_a_deletion_of_an_earlier_run_that_failed_is_sent_once_more(run: Run) -> None:
    site = Site(vault_resource())
    site.settles_at = ["Deleting", "Deleting"]
    assert run(site, state="absent")["changed"] and site.writes == ["DELETE vault-a"]


def test_without_waiting_the_deletion_goes_on(run: Run) -> None:
    site = Site(vault_resource())
    result = run(site, state="absent", wait=False)
    assert result["changed"] and result["operation"] == {"id": "DELETE", "step": "delete", "vault_id": REF.id}


def test_a_deletion_that_takes_too_long_tells_where_to_go_on(run: Run) -> None:
    site = Site(vault_resource())
    site.ends["DELETE"] = "InProgress"
    result = run(site, state="absent", wait_timeout=60)
    assert result["failed"] and result["changed"] and result["failure"]["resume"]["operation_id"] == "DELETE"


@pytest.mark.parametrize("group", ["East Asia", None])
def test_what_is_not_there_is_absent(run: Run, group: str | None) -> None:
    site = Site()
    site.group = group
    result = run(site, state="absent")
    assert not result["changed"] and not result["failed"] and result["vault"] is None
