# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apim_backup tells and leaves when things change under it, or end otherwise than they should."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._apim.fake_azure import BLOBS, FakeAzure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import answer, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._storage.blob_answers import storage_failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.test_apim_backup import (
    HOUR,
    NOW,
    POST,
    Run,
    fixture_azure,
    fixture_run,
)

__all__ = ["fixture_azure", "fixture_run"]
CONTAINER_MADE = "PUT Microsoft.Storage/storageAccounts/stbackups/blobServices/default/containers/apim-backups"


@pytest.mark.parametrize("check", [True, False])
def test_what_ends_while_the_container_is_read_is_told_as_ended(run: Run, azure: FakeAzure, check: bool) -> None:
    azure.blob("apim-prod-20251231T230000Z", HOUR)
    azure.runs(100)

    def ends(fake: FakeAzure, request: Any) -> RawResponse:
        fake.state = "Succeeded"
        return fake.handle(request)

    azure.trouble.append((f"GET {BLOBS}", ends))
    result = run(check=check)
    assert not result["changed"] and result["service"]["provisioning_state"] == "Succeeded"


def test_what_was_started_and_not_waited_for_shows_in_the_service(run: Run, azure: FakeAzure) -> None:
    assert run(wait=False)["service"]["provisioning_state"] == "Updating"


def test_after_a_timeout_the_service_is_told_as_it_is(run: Run, azure: FakeAzure) -> None:
    azure.polls_needed = 9
    result = run(wait_timeout=60)
    assert result["failed"] and result["service"]["provisioning_state"] == result["failure"]["last_state"] == "Updating"


def test_without_waiting_check_mode_starts_nothing_beside_what_runs_either(run: Run, azure: FakeAzure) -> None:
    azure.containers.clear()
    azure.runs(100)
    foreseen, result = run(check=True, wait=False), run(wait=False)
    for name in ("changed", "adopted", "container_created", "pruned", "diff", "warnings"):
        assert foreseen[name] == result[name], name
    assert not result["changed"] and azure.writes == []


def test_the_last_old_backup_stays_when_the_new_one_was_not_seen(run: Run, azure: FakeAzure) -> None:
    """How the backup ended is guessed from the service's state then: it may have failed."""
    azure.blob("apim-prod-20251201T000000Z", timedelta(days=29))
    azure.trouble.append(("operationresults", failure(403, "AuthorizationFailed")))
    azure.trouble.append((f"HEAD {BLOBS}", storage_failure(403, "AuthorizationFailure")))
    azure.polls_needed = 0

    def refused(fake: FakeAzure, _request: Any) -> RawResponse:
        fake.runs(60)
        return failure(403, "AuthorizationFailed")

    azure.trouble[0] = ("operationresults", refused)
    result = run(keep=1)
    assert result["changed"] and result["pruned"] == [] and azure.names == ["apim-prod-20251201T000000Z"]
    assert any("keep deleted none" in text for text in result["warnings"])


def test_an_old_backup_of_that_name_is_no_sign_that_a_lost_request_was_carried_out(run: Run, azure: FakeAzure) -> None:
    """The list could not be read, so that nobody knows how old the blob is that the backup overwrites."""
    azure.blob("apim-prod-latest", timedelta(days=29))
    azure.trouble += [(f"GET {BLOBS}", storage_failure(403, "AuthorizationFailure")), ("POST .*/backup", reset())]
    result = run(backup_name="{name}-latest")
    assert result["changed"] and azure.writes == [POST, POST]


def test_a_container_that_was_made_is_told_whatever_fails_then(run: Run, azure: FakeAzure) -> None:
    azure.containers.clear()

    def breaks(fake: FakeAzure, _request: Any) -> RawResponse:
        fake.state = "Failed"
        return failure(409, "Conflict")

    azure.trouble.append(("POST .*/backup", breaks))
    result = run()
    assert result["failed"] and result["failure"]["code"] == "ServiceNotReady"
    assert result["changed"] and result["container_created"] and azure.writes == [CONTAINER_MADE, POST]
    assert result["diff"] == {"before": {"container": None}, "after": {"container": "apim-backups"}}


def test_a_failure_tells_what_was_found_before_it(run: Run, azure: FakeAzure) -> None:
    azure.state = "Failed"
    azure.blob("apim-prod-20251201T000000Z", timedelta(days=29))
    result = run()
    assert result["failed"] and not result["changed"] and result["diff"] == {"before": {}, "after": {}}
    assert result["service"]["provisioning_state"] == "Failed" and result["backup"]["name"] == "apim-prod-20251201T000000Z"
    assert any("can be restored until" in text for text in result["warnings"])


def test_a_request_that_nobody_knows_the_end_of_may_be_a_change(run: Run, azure: FakeAzure) -> None:
    azure.trouble += [("POST .*/backup", reset())] * 2
    result = run()
    assert result["failed"] and result["changed"] and "shows no operation" in result["msg"]


def test_a_backup_that_has_expired_is_none_however_old_it_may_be(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-20251202T000000Z", timedelta(days=30))
    assert run(max_age="30d", check=True)["changed"]
    azure.containers["apim-backups"].clear()
    azure.blob("apim-prod-20251203T000000Z", timedelta(hours=24))
    assert not run()["changed"]


def test_a_service_whose_answer_lacks_what_it_usually_has(run: Run, azure: FakeAzure) -> None:
    thin = {"location": "West US", "sku": None, "properties": {"provisioningState": "SUCCEEDED"}}
    azure.trouble.append(("GET .*/service/apim-prod", answer(200, thin)))
    result = run()
    assert result["failed"] and result["failure"]["code"] == "UnsupportedTier", result["msg"]


def test_the_words_of_a_refusal_at_the_operation_are_told(run: Run, azure: FakeAzure) -> None:
    """A 403 there may be the end of the operation itself: the service could not write the blob."""

    def refused(fake: FakeAzure, _request: Any) -> RawResponse:
        fake.runs(60)
        return failure(403, "StorageAccessDenied", "The identity may not write to the container.")

    azure.trouble.append(("operationresults", refused))
    result = run()
    assert result["failed"] and result["failure"]["code"] == "StorageAccessDenied"
    assert "The identity may not write to the container." in result["msg"]
    assert NOW not in azure.names


@pytest.mark.parametrize(("leaves", "readable", "failed"), [(NOW, True, False), ("", True, True), (NOW, False, True)])
def test_the_blob_tells_whether_an_operation_succeeded_that_answers_with_errors(
    run: Run, azure: FakeAzure, leaves: str, readable: bool, failed: bool
) -> None:
    def broken(fake: FakeAzure, _request: Any) -> RawResponse:
        if fake.state == "Updating" and fake._ends_at is None:
            fake.runs(60, leaves=leaves)
        return failure(500, "CloudInternalError", "Wait for a few minutes and then try the operation again")

    azure.trouble += [("operationresults", broken)] * 9
    if not readable:
        azure.trouble.append((f"HEAD {BLOBS}", storage_failure(403, "AuthorizationFailure")))
    result = run()
    assert result["failed"] is failed and result["changed"]
    assert (result["failure"]["code"] == "CloudInternalError") if failed else (result["backup"]["name"] == NOW)


def test_a_service_that_something_else_always_keeps_busy_is_no_success(run: Run, azure: FakeAzure) -> None:
    def busy(fake: FakeAzure, _request: Any) -> RawResponse:
        fake.runs(100)
        return failure(409, "ServiceLocked", "The API Service is transitioning at this time.")

    azure.trouble += [("POST .*/backup", busy)] * 30
    result = run()
    assert result["failed"] and not result["changed"] and result["failure"]["code"] in ("ServiceLocked", "ServiceBusy")


def test_a_backup_that_somebody_else_made_a_moment_before_counts(run: Run, azure: FakeAzure) -> None:
    """Their operation refuses this one, and has ended at the next look."""

    def refused(fake: FakeAzure, _request: Any) -> RawResponse:
        fake.runs(10, leaves="apim-prod-20260101T000003Z")
        return failure(409, "ServiceLocked", "The API Service is transitioning at this time.")

    azure.trouble.append(("POST .*/backup", refused))
    result = run(force=True)
    assert not result["changed"] and result["adopted"] and azure.writes == [POST]
    assert result["backup"]["name"] == "apim-prod-20260101T000003Z"


def test_the_diff_shows_that_a_backup_is_overwritten(run: Run, azure: FakeAzure) -> None:
    azure.blob("apim-prod-latest", timedelta(days=2))
    result = run(backup_name="{name}-latest", check=True)
    assert result["diff"] == {"before": {"newest_backup": "apim-prod-latest"}, "after": {"newest_backup": "apim-prod-latest, written anew"}}
