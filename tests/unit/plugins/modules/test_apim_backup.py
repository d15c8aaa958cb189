# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apim_backup: when it backs up, what it asks Azure for, and what it says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Callable

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import AuthError, TransportError
from ansible_collections.lifeboat.azure_dr.plugins.modules import apim_backup
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._apim.fake_azure import (
    BLOBS,
    IDENTITY,
    KEY,
    OPTIONS,
    FakeAzure,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import Tokens, answer, client_for, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._storage.blob_answers import storage_failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

Run = Callable[..., dict[str, Any]]
HOUR = timedelta(hours=1)
NOW = "apim-prod-20260101T000000Z"
POST = "POST Microsoft.ApiManagement/service/apim-prod/backup"


@pytest.fixture(name="azure")
def fixture_azure() -> FakeAzure:
    return FakeAzure()


@pytest.fixture(name="run")
def fixture_run(azure: FakeAzure, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*, check: bool = False, client: Any = None, **options: Any) -> dict[str, Any]:
        monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._module.SystemClock", lambda: azure.clock)
        return run_module(monkeypatch, apim_backup, client or azure.client(), check=check, diff=True, **{**OPTIONS, **options})

    return run


def after_both(run: Run, azure: FakeAzure, **options: Any) -> dict[str, Any]:
    """The result of the real run, after one in check mode that sent no write and told the same."""
    foreseen = run(check=True, **options)
    assert azure.writes == []
    result = run(**options)
    assert (foreseen["changed"], foreseen["diff"]) == (result["changed"], result["diff"])
    return result


def test_the_first_backup_makes_the_container_and_a_second_run_changes_nothing(run: Run, azure: FakeAzure) -> None:
    azure.containers.clear()
    result = after_both(run, azure)
    assert result["changed"] and result["container_created"] and not result["adopted"]
    assert result["backup"] == {
        "name": NOW,
        "storage_account": "stbackups",
        "container": "apim-backups",
        "size": 11,
        "time": "2026-01-01T00:01:02Z",
        "expiry": "2026-01-31T00:01:02Z",
        "expired": False,
    }
    assert result["service"]["sku"] == "Developer" and result["operation"]["id"] == "op0="
    assert result["diff"]["after"] == {"newest_backup": "apim-prod-%Y%m%dT%H%M%SZ", "container": "apim-backups"}
    assert azure.writes == ["PUT Microsoft.Storage/storageAccounts/stbackups/blobServices/default/containers/apim-backups", POST]
    assert azure.bodies == [
        {"storageAccount": "stbackups", "containerName": "apim-backups", "backupName": NOW, "accessType": "SystemAssignedManagedIdentity"}
    ]
    again = run()
    assert not again["changed"] and again["backup"]["name"] == NOW and len(azure.writes) == 2 and not again["warnings"]


@pytest.mark.parametrize(
    ("ages", "options", "makes"),
    [
        ([timedelta(hours=23)], {}, False),
        ([timedelta(hours=25)], {}, True),
        ([timedelta(hours=25), HOUR], {}, False),
        ([HOUR], {"force": True}, True),
        ([HOUR], {"max_age": "0"}, True),
        ([timedelta(days=20)], {"max_age": "30d"}, False),
    ],
)
def test_a_backup_is_made_when_the_newest_is_too_old(run: Run, azure: FakeAzure, ages: list[timedelta], options: dict[str, Any], makes: bool) -> None:
    for number, age in enumerate(ages):
        azure.blob(f"apim-prod-2025120{number + 1}T000000Z", age)
    result = after_both(run, azure, **options)
    assert result["changed"] is makes
    assert (POST in azure.writes) is makes


def test_what_is_no_backup_of_this_service_does_not_count(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-2-20260101T000000Z", HOUR)
    azure.blob("apim-prod-readme.txt", HOUR)
    azure.blob("apim-prod-20251231T230000Z", HOUR, size=0)
    assert run()["backup"]["name"] == NOW


def test_a_name_without_a_time_is_overwritten(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-latest", timedelta(days=2))
    result = after_both(run, azure, backup_name="{name}-latest")
    assert result["changed"] and azure.names == ["apim-prod-latest"] and result["backup"]["time"] == "2026-01-01T00:01:02Z"
    assert not run(backup_name="{name}-latest")["changed"]


@pytest.mark.parametrize(("keep", "left"), [(1, 1), (3, 3), (9, 5)])
def test_keep_removes_old_backups_once_the_new_one_is_there(run: Run, azure: FakeAzure, keep: int, left: int) -> None:
    for day in range(2, 6):
        azure.blob(f"apim-prod-2025122{day}T000000Z", timedelta(days=10 - day))
    other = azure.blob("apim-other-20251201T000000Z", timedelta(days=29))
    result = after_both(run, azure, keep=keep)
    assert len(azure.names) == left + 1 and other in azure.names and NOW in azure.names
    assert result["pruned"] == sorted(result["pruned"]) and len(result["pruned"]) == 5 - left
    assert azure.writes.index(POST) == 0
    assert not run(keep=keep)["changed"]


def test_keep_removes_when_no_backup_is_due(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-20251231T230000Z", HOUR)
    azure.blob("apim-prod-20251201T000000Z", timedelta(days=29))
    result = after_both(run, azure, keep=1)
    assert result["changed"] and result["pruned"] == ["apim-prod-20251201T000000Z"]
    assert azure.writes == ["DELETE blob:/apim-backups/apim-prod-20251201T000000Z"]


def test_nothing_is_removed_after_a_backup_that_failed_or_is_not_waited_for(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-20251201T000000Z", timedelta(days=29))
    azure.backup_fails = failure(500, "InternalError", "it did not work")
    azure.trouble.append(("operationresults", failure(400, "BackupFailed", "it did not work")))
    result = run(keep=1)
    assert result["failed"] and result["changed"] and result["failure"]["code"] == "BackupFailed"
    assert "Storage Blob Data Contributor" in result["failure"]["hint"]
    azure.state = "Succeeded"
    assert after_check_and_real_without_waiting(run, azure)["pruned"] == []
    assert azure.names == ["apim-prod-20251201T000000Z"]


def after_check_and_real_without_waiting(run: Run, azure: FakeAzure) -> dict[str, Any]:
    foreseen = run(check=True, keep=1, wait=False)
    result = run(keep=1, wait=False)
    assert foreseen["diff"] == result["diff"] and result["changed"] and result["operation"]["id"]
    return result


def test_a_deletion_that_fails_tells_so_and_hides_no_other(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-20251231T230000Z", HOUR)
    azure.blob("apim-prod-20251201T000000Z", timedelta(days=29))
    azure.blob("apim-prod-20251202T000000Z", timedelta(days=28))
    azure.trouble.append(("DELETE .*20251201", storage_failure(403, "AuthorizationPermissionMismatch")))
    result = run(keep=1)
    assert result["failed"] and result["changed"] and result["pruned"] == ["apim-prod-20251202T000000Z"]
    assert result["failure"]["code"] == "AuthorizationPermissionMismatch" and result["failure"]["request_id"] == "storage-request-1"
    assert "Storage Blob Data Contributor" in result["failure"]["hint"]


# What runs already -------------------------------------------------------------------------------------------------------


def test_the_backup_of_a_run_that_was_killed_is_waited_for(run: Run, azure: FakeAzure) -> None:
    azure.runs(100, leaves="apim-prod-20251231T235959Z")
    result = run()
    assert not result["changed"] and result["adopted"] and azure.writes == []
    assert result["backup"]["name"] == "apim-prod-20251231T235959Z"


def test_with_force_a_backup_that_runs_counts_as_the_new_one(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-20251231T230000Z", HOUR)
    azure.runs(100, leaves="apim-prod-20251231T235959Z")
    assert run(force=True)["adopted"] and azure.writes == []


def test_another_operation_comes_first(run: Run, azure: FakeAzure) -> None:
    azure.runs(100)
    result = run()
    assert result["changed"] and not result["adopted"] and azure.writes == [POST]


def test_without_waiting_nothing_is_started_beside_what_runs(run: Run, azure: FakeAzure) -> None:
    azure.runs(100)
    result = run(wait=False)
    assert not result["changed"] and result["adopted"] and azure.writes == []
    assert "nothing is started" in result["warnings"][0]


def test_a_recent_backup_needs_no_waiting(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-20251231T230000Z", HOUR)
    azure.runs(100)
    assert not run()["changed"] and azure.clock.sleeps == []


def test_check_mode_does_not_wait_and_says_what_it_does_not_know(run: Run, azure: FakeAzure) -> None:
    azure.runs(100)
    result = run(check=True)
    assert result["changed"] and "waits for it and makes no other" in result["warnings"][0] and azure.clock.sleeps == []


def test_the_time_ends_before_what_runs(run: Run, azure: FakeAzure) -> None:
    azure.runs(10000)
    result = run(wait_timeout=60)
    assert result["failed"] and result["failure"]["code"] == "OperationTimeout" and result["failure"]["resume"]["service_id"]
    assert azure.writes == []


def test_a_timeout_of_the_own_backup_tells_how_to_go_on_and_a_second_run_does(run: Run, azure: FakeAzure) -> None:
    azure.polls_needed = 4
    result = run(wait_timeout=60)
    assert result["failed"] and result["changed"] and result["failure"]["resume"]["operation_id"] == "op0="
    azure.runs(100, leaves=NOW)
    again = run()
    assert not again["changed"] and again["adopted"] and azure.writes == [POST]


def test_somebody_else_was_faster(run: Run, azure: FakeAzure) -> None:
    def meanwhile(fake: FakeAzure, _request: Any) -> Any:
        fake.runs(100, leaves="apim-prod-20251231T235959Z")
        return failure(409, "Conflict", "The service is transitioning.")

    azure.trouble.append(("POST .*/backup", meanwhile))
    result = run()
    assert not result["changed"] and result["adopted"] and azure.writes == [POST]


def test_a_conflict_that_stays_is_the_end(run: Run, azure: FakeAzure) -> None:
    azure.trouble += [("POST .*/backup", failure(409, "Conflict"))] * 20
    result = run()
    assert result["failed"] and result["failure"]["code"] == "Conflict" and result["failure"]["hint"]
    assert len(azure.writes) == 6


def test_a_request_whose_answer_gets_lost_is_not_sent_twice(run: Run, azure: FakeAzure) -> None:
    def lost(fake: FakeAzure, request: Any) -> Any:
        fake.runs(50, leaves=json.loads(request.data)["backupName"])
        raise reset()

    azure.trouble.append(("POST .*/backup", lost))
    result = run()
    assert result["changed"] and result["backup"]["name"] == NOW and result["backup"]["size"] == 9
    assert azure.writes == [POST] and "answer to the request was lost" in result["warnings"][0]


def test_a_request_that_left_nothing_is_sent_again(run: Run, azure: FakeAzure) -> None:
    azure.trouble.append(("POST .*/backup", reset()))
    assert run()["changed"] and azure.writes == [POST, POST] and azure.names != []


def test_an_operation_that_may_not_be_looked_at_ends_with_the_service(run: Run, azure: FakeAzure) -> None:
    azure.trouble.append(("operationresults", lambda fake, request: _refused(fake)))
    result = run()
    assert result["changed"] and result["backup"]["name"] == NOW and "may not be read" in result["warnings"][0]


def _refused(fake: FakeAzure) -> Any:
    fake.runs(60, leaves=NOW)
    return failure(403, "AuthorizationFailed")


def test_a_backup_that_is_not_there_in_the_end_is_a_failure(run: Run, azure: FakeAzure) -> None:
    azure.trouble.append((f"HEAD {BLOBS}", storage_failure(404, "BlobNotFound")))
    result = run()
    assert result["failed"] and result["changed"] and result["failure"]["code"] == "BackupNotFound"


# Storage access ----------------------------------------------------------------------------------------------------------


def test_a_key_is_listed_signs_the_requests_and_is_never_shown(run: Run, azure: FakeAzure) -> None:
    azure.identity = {}
    foreseen = run(check=True, storage_access="key")
    result = run(storage_access="key")
    assert azure.bodies[-1]["accessKey"] == KEY and azure.bodies[-1]["accessType"] == "AccessKey"
    signed = [sent.headers["Authorization"] for sent in azure.sent if sent.url.startswith(BLOBS)]
    assert signed and all(text.startswith("SharedKey stbackups:") for text in signed)
    assert KEY not in json.dumps([foreseen, result]) and result["changed"]


def test_a_given_key_is_not_asked_for(run: Run, azure: FakeAzure) -> None:
    assert run(storage_access="key", storage_key=KEY)["changed"]
    assert not any(line.endswith("/listKeys") for line in azure.log)


def test_a_missing_account_shows_when_its_keys_are_listed(run: Run, azure: FakeAzure) -> None:
    azure.account = {}
    result = run(storage_access="key")
    assert result["failure"]["code"] == "StorageAccountNotFound" and azure.writes == []


def test_an_account_that_allows_no_keys(run: Run, azure: FakeAzure) -> None:
    azure.account["allowSharedKeyAccess"] = False
    result = run(storage_access="key", check=True)
    assert result["failure"]["code"] == "KeyBasedAuthenticationNotPermitted" and "system_identity" in result["failure"]["hint"]


def test_a_wrong_key_is_told_before_the_backup(run: Run, azure: FakeAzure) -> None:
    azure.trouble.append((f"GET {BLOBS}", storage_failure(403, "AuthenticationFailed", "Server failed to authenticate the request.")))
    result = run(storage_access="key", storage_key=KEY)
    assert result["failure"]["code"] == "AuthenticationFailed" and azure.writes == []


def test_a_user_assigned_identity_goes_by_its_client_id(run: Run, azure: FakeAzure) -> None:
    azure.identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {"clientId": "c-1", "principalId": "p-1"}}}
    run(storage_access="user_identity", user_assigned_identity=IDENTITY.upper())
    assert (azure.bodies[-1]["clientId"], azure.bodies[-1]["accessType"]) == ("c-1", "UserAssignedManagedIdentity")


@pytest.mark.parametrize("check", [True, False])
def test_a_service_without_the_identity_fails_before_anything_is_sent(run: Run, azure: FakeAzure, check: bool) -> None:
    azure.identity = {}
    azure.containers.clear()
    result = run(check=check)
    assert result["failure"]["code"] == "IdentityMissing" and azure.writes == []


@pytest.mark.parametrize(
    ("trouble", "named"),
    [
        (storage_failure(403, "AuthorizationPermissionMismatch"), "Storage Blob Data Reader"),
        (storage_failure(403, "AuthorizationFailure"), "firewall"),
        (TransportError("Name or service not known", sent=False, permanent=True), "could not be read"),
        (answer(200, b"<html>a proxy</html>"), "could not be read"),
    ],
)
def test_backups_that_cannot_be_read_are_no_reason_not_to_make_one(run: Run, azure: FakeAzure, trouble: Any, named: str) -> None:
    azure.trouble.append((f"GET {BLOBS}", trouble))
    result = run(keep=1)
    assert result["changed"] and result["pruned"] == [] and named in result["warnings"][0]
    assert result["backup"]["name"] == NOW and result["backup"]["time"] is None
    assert azure.writes == [POST]


def test_a_container_that_cannot_be_read_and_is_not_there_is_made(run: Run, azure: FakeAzure) -> None:
    azure.containers.clear()
    azure.trouble.append((f"GET {BLOBS}", storage_failure(403, "AuthorizationFailure")))
    assert run()["container_created"]


def test_an_account_that_may_not_be_read_is_found_by_its_name(run: Run, azure: FakeAzure) -> None:
    azure.trouble.append(("GET .*/storageAccounts/stbackups", failure(403, "AuthorizationFailed")))
    azure.blob("apim-prod-20251231T230000Z", HOUR)
    assert not run()["changed"]


def test_a_token_for_resource_manager_only_reads_with_a_key(run: Run, azure: FakeAzure) -> None:
    class NoToken(Tokens):
        def token(self) -> str:
            raise AuthError("access_token is for Resource Manager only", code="NoTokenForAudience")

    azure.blob("apim-prod-20251231T230000Z", HOUR)
    client = client_for(azure, azure.clock, tokens_for=lambda audience: NoToken())  # type: ignore[arg-type]
    result = run(client=client)
    assert not result["changed"] and "access_token" in result["warnings"][0]
    azure.account["allowSharedKeyAccess"] = False
    result = run(client=client)
    assert result["changed"] and "could not be read" in result["warnings"][0] and "accessKey" not in azure.bodies[-1]


def test_a_firewall_is_told_beforehand(run: Run, azure: FakeAzure) -> None:
    azure.account["networkAcls"] = {"defaultAction": "Deny"}
    assert "firewall" in run(storage_access="key", check=True)["warnings"][0]
    assert run(check=True)["warnings"] == []


def test_a_container_that_cannot_be_made_is_left_to_azure(run: Run, azure: FakeAzure) -> None:
    azure.containers.clear()
    azure.trouble += [("PUT .*/containers/", failure(403, "AuthorizationFailed")), (f"PUT {BLOBS}", storage_failure(403, "AuthorizationPermissionMismatch"))]
    result = run()
    assert result["changed"] and not result["container_created"] and "left to Azure" in result["warnings"][0]


def test_a_container_is_made_through_its_own_endpoint_when_resource_manager_refuses(run: Run, azure: FakeAzure) -> None:
    azure.containers.clear()
    azure.trouble.append(("PUT .*/containers/", failure(403, "AuthorizationFailed")))
    assert run()["container_created"] and azure.writes[1] == "PUT blob:/apim-backups"


# The service -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["Consumption", "BasicV2", "StandardV2", "Isolated"])
def test_a_tier_that_has_no_backups(run: Run, azure: FakeAzure, tier: str) -> None:
    azure.sku = tier
    result = run()
    assert result["failure"]["code"] == "UnsupportedTier" and len(azure.sent) == 1


def test_a_service_that_failed_cannot_be_backed_up_but_has_its_backups(run: Run, azure: FakeAzure) -> None:
    azure.state = "Failed"
    assert run(check=True)["failure"]["code"] == "ServiceNotReady"
    azure.blob("apim-prod-20251231T230000Z", HOUR)
    assert not run()["changed"]


def test_the_last_days_of_a_backup_are_warned_of(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-20251207T000000Z", timedelta(days=25))
    result = run(max_age="30d")
    assert not result["changed"] and "can be restored until 2026-01-06T00:00:00Z only" in result["warnings"][0]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"backup_name": "{service}"}, "backup_name"),
        ({"backup_name": "{name}-%s"}, "backup_name"),
        ({"backup_name": "a//{name}"}, "backup_name"),
        ({"backup_name": "{name"}, "backup_name"),
        ({"max_age": "31d"}, "max_age"),
        ({"max_age": "lately"}, "max_age"),
        ({"keep": 0}, "keep"),
        ({"keep": 2, "backup_name": "{name}"}, "keep"),
        ({"container": "Backups"}, "container"),
        ({"container": "a--b"}, "container"),
        ({"storage_account": "st-backups"}, "storage_account"),
        ({"storage_access": "key", "storage_key": "no key"}, "storage_key"),
        ({"storage_key": KEY}, "storage_key"),
        ({"name": "-apim"}, "name"),
    ],
)
def test_bad_options_send_nothing(run: Run, azure: FakeAzure, options: dict[str, Any], named: str) -> None:
    result = run(**options)
    assert result["failure"]["code"] == "InvalidOption" and result["failure"]["target"] == named
    assert azure.sent == [] and "no key" not in result["msg"]


def test_keep_needs_names_that_tell_the_service(run: Run, azure: FakeAzure) -> None:
    result = run(backup_name="backup-%Y%m%d", keep=3)
    assert result["failure"]["target"] == "keep" and azure.sent == []
    assert run(backup_name="apim-prod/%Y%m%d", keep=3)["backup"]["name"] == "apim-prod/20260101"
