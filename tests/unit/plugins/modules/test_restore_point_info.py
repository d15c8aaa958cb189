# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""restore_point_info as Ansible calls it: where it looks, what it tells, and what it never tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.names import SOURCE_VM_TAG
from ansible_collections.lifeboat.azure_dr.plugins.modules import restore_point_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_points import FakePoints, collection_id, point, refuses, vm_id
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

COPIES = collection_id("copies", "rg-dr")
LOST = collection_id("lost-copies", "rg-dr")


class Run:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, azure: FakePoints) -> None:
        self.monkeypatch = monkeypatch
        self.azure = azure

    def __call__(self, **options: Any) -> dict[str, Any]:
        self.azure.sent.clear()
        self.monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._module.SystemClock", lambda: self.azure.clock)
        return run_module(self.monkeypatch, restore_point_info, self.azure.client, **options)

    def names(self, **options: Any) -> list[str]:
        result = self(**options)
        assert not result["failed"] and not result["changed"] and self.azure.writes == []
        return [row["name"] for row in result["restore_points"]]


@pytest.fixture
def azure() -> FakePoints:
    """Two VMs, copies of the first in another region, and copies whose source is gone."""
    fake = FakePoints()
    fake.add_collection()
    fake.add_collection(collection_id("web-02-points"), vm_id("web-02"))
    fake.add_collection(COPIES, collection_id(), location="southeastasia")
    fake.add_collection(LOST, collection_id("gone"), location="southeastasia", tags={SOURCE_VM_TAG: vm_id("web-09")})
    fake.add_collection(collection_id("AzureBackup_web-01_77"))
    fake.add_point("new", 1)
    fake.add_point("old", 48)
    fake.add_point("failed", 2, state="Failed")
    fake.add_point("of-02", 3, collection_id("web-02-points"))
    fake.add_point("hidden", 1, collection_id("AzureBackup_web-01_77"))
    for name, percent, shelf in (("old", 100, COPIES), ("new", 40, COPIES), ("orphan", 100, LOST)):
        copy = point(name, shelf, fake.clock.now(), sourceRestorePoint={"id": f"{collection_id()}/restorePoints/{name}"})
        disk = copy["properties"]["sourceMetadata"]["storageProfile"]["osDisk"]["diskRestorePoint"]["id"]
        code = "ReplicationState/succeeded" if percent == 100 else "ReplicationState/replicating"
        status = {"status": {"code": code}, "completionPercent": percent}
        copy["properties"]["instanceView"] = {"diskRestorePoints": [{"id": disk, "replicationStatus": status}]}
        fake.add(copy)
    return fake


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, azure: FakePoints) -> Run:
    return Run(monkeypatch, azure)


def test_a_vm_and_its_copies(run: Run) -> None:
    result = run(vm=[vm_id()])
    assert sorted(row["name"] for row in result["restore_points"]) == ["failed", "new", "new", "old", "old"]
    assert {row["vm"] for row in result["restore_points"]} == {"web-01"}
    assert [one["location"] for one in result["collections"]] == ["eastasia", "southeastasia"]
    copies = [row for row in result["restore_points"] if row["source_restore_point_id"]]
    assert [row["usable"] for row in copies] == [None, None] and "replication" not in copies[0]
    assert all(row["vm_id"] == vm_id() for row in copies)


def test_replication_is_told_when_asked_for(run: Run) -> None:
    result = run(vm=[vm_id()], replication=True, resource_group="rg-dr")
    assert {row["name"]: (row["usable"], row["replication"][0]["percent"]) for row in result["restore_points"]} == {"old": (True, 100.0), "new": (False, 40.0)}


def test_a_vm_that_is_gone_is_found_by_the_tag(run: Run) -> None:
    assert run.names(vm=["web-09"], vm_resource_group="rg-prod") == ["orphan"]
    assert run.names(vm=["web-10"], vm_resource_group="rg-prod") == []


def test_everything_of_a_subscription_or_group(run: Run) -> None:
    assert sorted(set(run.names())) == ["failed", "new", "of-02", "old", "orphan"]
    assert sorted(run.names(resource_group="RG-DR")) == ["new", "old", "orphan"]


def test_collections_by_name(run: Run) -> None:
    assert run.names(collection=["web-02-points"], resource_group="rg-prod") == ["of-02"]
    assert sorted(run.names(collection=[COPIES, collection_id("AzureBackup_web-01_77")])) == ["hidden", "new", "old"]
    assert run.names(collection=[COPIES], vm=[vm_id("web-02")]) == []
    assert sorted(run.names(collection=[COPIES], vm=[vm_id()])) == ["new", "old"], "the VM of a collection without a tag is its source's"


def test_filters(run: Run) -> None:
    assert run.names(collection=[collection_id()], start="2025-12-31T12:00:00Z") == ["new", "failed"]
    assert run.names(collection=[collection_id()], end="2025-12-31") == ["old"]
    assert run.names(collection=[collection_id()], usable_only=True) == ["new", "old"]
    assert run.names(collection=[COPIES], usable_only=True) == ["old"]
    assert run.names(vm=[vm_id()], usable_only=True, latest_only=True, resource_group="rg-prod") == ["new"]


def test_ages_are_told(run: Run) -> None:
    assert [row["age"] for row in run(collection=[collection_id()], usable_only=True)["restore_points"]] == [3600, 48 * 3600]


def test_nothing_of_the_users_of_a_vm_gets_out(run: Run) -> None:
    told = json.dumps([run(replication=True), run(vm=[vm_id()], usable_only=True), run(collection=[collection_id()])])
    assert "poison" not in told and "adminUsername" not in told and "osProfile" not in told


def test_one_unreadable_collection_hides_no_other(run: Run, azure: FakePoints) -> None:
    refuses(azure, "/copies", failure(403, "AuthorizationFailed"), "GET", 9)
    result = run(vm=[vm_id()])
    assert result["failed"] and [one["failure"]["code"] for one in result["failures"]] == ["AuthorizationFailed"]
    assert len(result["restore_points"]) == 3
    result = run(collection=["nothing", "web-02-points"], resource_group="rg-prod")
    assert [one["failure"]["code"] for one in result["failures"]] == ["CollectionNotFound"] and len(result["restore_points"]) == 1
    known = [collection_id(f"shelf-{number}") for number in range(7)]
    for name in known:
        azure.add_collection(name)
    assert "nothing: CollectionNotFound" in run(collection=[*known, "nothing"], resource_group="rg-prod")["msg"]


def test_without_leave_for_the_subscription_the_group_is_asked(run: Run, azure: FakePoints) -> None:
    def forbidden(request: Any) -> Any:
        path = request.url.split("?")[0]
        return failure(403, "AuthorizationFailed") if path.endswith("restorePointCollections") and "resourceGroups" not in path else None

    azure.faults.append(forbidden)
    assert run.names(vm=[vm_id("web-02")]) == ["of-02"]
    assert run(resource_group=None)["failed"]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"vm": ["web-01"]}, "vm"),
        ({"vm": []}, "vm"),
        ({"collection": ["x"]}, "collection"),
        ({"collection": []}, "collection"),
        ({"collection": [vm_id()]}, "collection"),
        ({"start": "soon"}, "start"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "end"),
        ({"resource_group": "a/b"}, "resource_group"),
    ],
)
def test_bad_options_fail_before_any_request(run: Run, azure: FakePoints, options: dict[str, Any], option: str) -> None:
    result = run(**options)
    assert result["failed"] and result["failure"]["target"] == option and azure.sent == []
