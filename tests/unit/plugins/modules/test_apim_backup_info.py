# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apim_backup_info: which backups there are, and what it says when it cannot know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Callable

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.modules import apim_backup_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._apim.fake_azure import BLOBS, OPTIONS, FakeAzure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._storage.blob_answers import storage_failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

Run = Callable[..., dict[str, Any]]
PLACE = {name: OPTIONS[name] for name in ("storage_account", "storage_resource_group", "container")}


@pytest.fixture(name="azure")
def fixture_azure() -> FakeAzure:
    fake = FakeAzure()
    fake.blob("apim-prod-20251201T000000Z", timedelta(days=31))
    fake.blob("apim-prod-20251230T000000Z", timedelta(days=2), size=1843200)
    fake.blob("apim-test-20251231T000000Z", timedelta(days=1))
    fake.blob("readme.txt", timedelta(days=3))
    return fake


@pytest.fixture(name="run")
def fixture_run(azure: FakeAzure, monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda **options: run_module(monkeypatch, apim_backup_info, azure.client(), **{**PLACE, **options})


def test_the_backups_of_a_service_newest_first(run: Run, azure: FakeAzure) -> None:
    result = run(name="apim-prod")
    assert result["backups"][0] == {
        "name": "apim-prod-20251230T000000Z",
        "service": "apim-prod",
        "storage_account": "stbackups",
        "container": "apim-backups",
        "size": 1843200,
        "time": "2025-12-30T00:00:00Z",
        "expiry": "2026-01-29T00:00:00Z",
        "expired": False,
    }
    assert [(backup["name"], backup["expired"]) for backup in result["backups"][1:]] == [("apim-prod-20251201T000000Z", True)]
    assert not result["changed"] and azure.writes == []


def test_a_service_in_other_case_is_the_same_service(run: Run) -> None:
    assert [(backup["name"], backup["service"]) for backup in run(name="APIM-Prod")["backups"]] == [
        ("apim-prod-20251230T000000Z", "apim-prod"),
        ("apim-prod-20251201T000000Z", "apim-prod"),
    ]


def test_all_blobs_with_the_services_that_their_names_tell(run: Run) -> None:
    assert [(backup["name"].split("-20")[0], backup["service"]) for backup in run()["backups"]] == [
        ("apim-test", "apim-test"),
        ("apim-prod", "apim-prod"),
        ("readme.txt", None),
        ("apim-prod", "apim-prod"),
    ]


def test_an_account_is_looked_for_in_the_subscription(run: Run, azure: FakeAzure) -> None:
    run(storage_resource_group=None)
    assert azure.log[0].endswith("/providers/Microsoft.Storage/storageAccounts")


def test_a_container_that_is_not_there(run: Run, azure: FakeAzure) -> None:
    azure.containers.clear()
    result = run()
    assert result["backups"] == [] and "no container apim-backups" in result["warnings"][0]


def test_what_cannot_be_read_is_a_failure(run: Run, azure: FakeAzure) -> None:
    azure.trouble.append((f"GET {BLOBS}", storage_failure(403, "AuthorizationPermissionMismatch", "This request is not authorized.")))
    result = run()
    assert result["failed"] and result["failure"]["message"] == "This request is not authorized."
    assert result["failure"]["request_id"] == "storage-request-1" and "Storage Blob Data Reader" in result["failure"]["hint"]


@pytest.mark.parametrize(("options", "named"), [({"name": "1apim"}, "name"), ({"backup_name": "%q"}, "backup_name"), ({"container": "x"}, "container")])
def test_bad_options_send_nothing(run: Run, azure: FakeAzure, options: dict[str, Any], named: str) -> None:
    assert run(**options)["failure"]["target"] == named
    assert azure.sent == []
