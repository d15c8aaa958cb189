# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""restore_point as Ansible calls it: what is sent, what is waited for, what is told, also when the wire fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.modules import restore_point
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import answer, failure, refused, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_points import (
    FakePoints,
    collection_id,
    disk_id,
    point,
    refuses,
    takes_and_loses,
    vm,
    vm_id,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

DR = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/copies"


class Run:
    """Calls the module against a fake Azure with a VM web-01."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, azure: FakePoints) -> None:
        self.monkeypatch = monkeypatch
        self.azure = azure

    def __call__(self, *, check: bool = False, diff: bool = True, **options: Any) -> dict[str, Any]:
        options.setdefault("vm", [vm_id()])
        self.azure.sent.clear()
        # Task takes its clock from here, so that nothing waits.
        self.monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._module.SystemClock", lambda: self.azure.clock)
        return run_module(self.monkeypatch, restore_point, self.azure.client, check=check, diff=diff, **options)

    def one(self, **options: Any) -> dict[str, Any]:
        """The entry of the only VM."""
        found: dict[str, Any] = self(**options)["vms"][0]
        return found


@pytest.fixture
def azure() -> FakePoints:
    fake = FakePoints()
    fake.add(vm(data={0: "web-01-data", 1: "web-01-scratch"}))
    return fake


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, azure: FakePoints) -> Run:
    return Run(monkeypatch, azure)


def test_a_point_is_made_once_with_its_collection(run: Run, azure: FakePoints) -> None:
    check = run(check=True, tags={"owner": "dr"})
    assert check["changed"] and not check["failed"] and azure.writes == []
    first = run(tags={"owner": "dr"})
    assert first["diff"] == check["diff"]
    entry = first["vms"][0]
    assert entry["changed"] and not entry["failed"] and not entry["adopted"] and entry["action"] == "started"
    assert azure.writes == ["PUT restorePointCollections/web-01-restore-points", "PUT restorePoints/web-01-20260101-000000"]
    assert azure.body(0) == {"location": "eastasia", "properties": {"source": {"id": vm_id()}}, "tags": {"owner": "dr"}}
    assert azure.body(1) == {}
    assert entry["restore_point"]["usable"] and entry["restore_point"]["consistency"] == "file_system"
    assert entry["restore_point"]["disks"][0]["size_gb"] == 30
    again = run(tags={"owner": "dr"})
    assert not again["changed"] and azure.writes == [] and again["diff"] == {"before": {}, "after": {}}
    assert len(azure.sent) == 1
    assert again["vms"][0]["restore_point"] == entry["restore_point"]


def test_nothing_of_the_users_of_a_vm_gets_out(run: Run, azure: FakePoints) -> None:
    result = run()
    told = json.dumps([result, run(), run(check=True, max_age="0"), run(state="absent", name="web-01-20260101-000000")])
    assert "poison" not in told and "adminUsername" not in told


def test_age(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    azure.add_point("old", 3)
    assert not run(max_age="4h")["changed"]
    assert run(max_age="2h")["changed"]
    assert run(max_age="0")["changed"]


def test_a_deletion_under_way_makes_room(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    azure.add_point("rp", 1, state="Failed")
    run(state="absent", name="rp", wait=False)
    assert run.one(name="rp", wait=False)["failure"]["code"] == "RestorePointIsBeingDeleted"
    check = run(check=True, name="rp")
    result = run(name="rp", poll_interval=1)
    assert result["diff"] == check["diff"] and result["vms"][0]["changed"] and not result["failed"]
    assert azure.writes == ["PUT restorePoints/rp"], "it is not deleted twice"


@pytest.mark.parametrize("options", [{"state": "absent", "name": "h30"}, {"keep": 1, "max_age": "5h"}])
def test_a_deletion_that_outlasts_the_task_is_a_change(run: Run, azure: FakePoints, options: dict[str, Any]) -> None:
    azure.add_collection()
    azure.add_point("h1", 1)
    azure.add_point("h30", 30)
    entry = run.one(wait_timeout=2, **options)
    assert entry["failure"]["code"] == "OperationTimeout" and entry["changed"] and azure.writes == ["DELETE restorePoints/h30"]


def test_a_fixed_name_is_made_once(run: Run, azure: FakePoints) -> None:
    options: dict[str, Any] = {"name": "{name}-before", "consistency": "crash", "exclude_disks": ["1", "web-01-data"]}
    check = run(check=True, **options)
    result = run(**options)
    assert result["diff"] == check["diff"]
    assert result["diff"]["after"][vm_id()]["restore_point"]["name"] == "web-01-before"
    excluded = [{"id": disk_id("web-01-scratch")}, {"id": disk_id("web-01-data")}]
    assert azure.body() == {"properties": {"excludeDisks": excluded, "consistencyMode": "CrashConsistent"}}
    azure.clock.sleep(86400 * 9)
    assert not run(**options)["changed"]
    entry = run.one(name="{name}-before", exclude_disks=["1"])
    assert entry["failure"]["code"] == "RestorePointDiffers" and azure.writes == []
    assert run(name="{name}-before", exclude_disks=["1", "0"])["warnings"]


def test_a_failed_point_is_replaced(run: Run, azure: FakePoints) -> None:
    azure.ends["rp"] = "Failed"
    entry = run.one(name="rp")
    assert entry["changed"] and entry["failure"]["code"] == "VMAgentStatusCommunicationError" and "crash" in entry["failure"]["hint"]
    azure.ends.clear()
    check = run(check=True, name="rp")
    assert any("rp has failed" in text for text in check["warnings"])
    entry = run.one(name="rp")
    assert azure.writes == ["DELETE restorePoints/rp", "PUT restorePoints/rp"] and entry["changed"] and not entry["failed"]
    assert not run(name="rp")["changed"]


def test_what_is_being_made_is_adopted(run: Run, azure: FakePoints) -> None:
    started = run.one(wait=False)
    assert started["changed"] and started["restore_point"]["provisioning_state"] == "Creating" and not started["restore_point"]["usable"]
    assert started["operation"]["id"] == "web-01-20260101-000000"
    entry = run.one(wait=False)
    assert entry["adopted"] and not entry["changed"]
    entry = run.one(max_age="0")
    assert entry["adopted"] and not entry["changed"] and not entry["failed"] and entry["restore_point"]["usable"] and azure.writes == []
    assert entry["action"] == "adopted"


def test_another_point_in_the_making_comes_first(run: Run, azure: FakePoints) -> None:
    run(name="other", wait=False)
    entry = run.one(name="mine", wait=False)
    assert entry["failure"]["code"] == "RestorePointInProgress" and azure.writes == []
    entry = run.one(name="mine")
    assert entry["changed"] and not entry["failed"] and azure.names() == ["mine", "other"]
    assert azure.writes == ["PUT restorePoints/mine"]


def test_a_timeout_tells_how_to_go_on(run: Run, azure: FakePoints) -> None:
    entry = run.one(wait_timeout=20, poll_interval=5)
    assert entry["changed"] and entry["failure"]["code"] == "OperationTimeout" and entry["failure"]["last_state"] == "Creating"
    assert entry["failure"]["resume"]["restore_point_id"] == collection_id() + "/restorePoints/web-01-20260101-000000"
    assert entry["failure"]["resume"]["operation_id"] == "web-01-20260101-000000" and "&t=" not in entry["failure"]["resume"]["operation_url"]
    assert run.one()["adopted"]


@pytest.mark.parametrize("error", [reset(), failure(504, "GatewayTimeout"), failure(500, "InternalServerError")])
def test_a_lost_answer_makes_no_second_point(run: Run, azure: FakePoints, error: Any) -> None:
    takes_and_loses(azure, "/restorePoints/rp", error)
    entry = run.one(name="rp")
    assert entry["changed"] and not entry["failed"] and not entry["adopted"]
    assert azure.writes.count("PUT restorePoints/rp") == 1


@pytest.mark.parametrize("error", [reset(), refused(), failure(503, "ServerBusy"), failure(429, "TooManyRequests", Retry_After="30")])
def test_a_lost_request_is_sent_again(run: Run, azure: FakePoints, error: Any) -> None:
    refuses(azure, "/restorePoints/rp", error)
    entry = run.one(name="rp")
    assert entry["changed"] and not entry["failed"]
    assert azure.writes.count("PUT restorePoints/rp") == 2


def test_what_stays_unclear_is_told(run: Run, azure: FakePoints) -> None:
    refuses(azure, "/restorePoints/rp", reset(), times=9)
    entry = run.one(name="rp")
    assert entry["failed"] and entry["failure"]["code"] == "ConnectionFailed"
    assert azure.writes.count("PUT restorePoints/rp") == 3


def test_the_limit_of_an_hour_is_not_waited_out(run: Run, azure: FakePoints) -> None:
    azure.add(vm("web-02"))
    refuses(azure, "/web-01-restore-points/restorePoints/rp", failure(429, "OperationNotAllowed", "too many", Retry_After="2400"), times=9)
    result = run(name="rp", vm=[vm_id(), vm_id("web-02")])
    assert [entry["failed"] for entry in result["vms"]] == [True, False]
    assert result["vms"][0]["failure"]["status"] == 429
    assert "wait until 2026-01-01T00:4" in result["vms"][0]["failure"]["message"]
    assert azure.writes.count("PUT restorePoints/rp") == 2 and azure.clock.passed < 600


def test_a_limit_that_a_fleet_shares_is_waited_out(run: Run, azure: FakePoints) -> None:
    refuses(azure, "/restorePoints/rp", failure(429, "OperationNotAllowed", "too many", Retry_After="2"), times=20)
    entry = run.one(name="rp")
    assert entry["changed"] and not entry["failed"] and azure.writes.count("PUT restorePoints/rp") == 21
    refuses(azure, "/restorePoints/rq", failure(429, "OperationNotAllowed", "too many", Retry_After="0"), times=9999)
    entry = run.one(name="rq")
    assert entry["failure"]["status"] == 429 and azure.writes.count("PUT restorePoints/rq") < 310


def test_another_run_was_faster(run: Run, azure: FakePoints) -> None:
    def faster(request: Any) -> Any:
        if request.method == "PUT" and request.url.split("?")[0].endswith("/restorePoints/rp"):
            azure.faults.clear()
            azure.take(request)
        return None

    azure.add_collection()
    azure.faults.append(faster)
    entry = run.one(name="rp")
    assert entry["adopted"] and not entry["changed"] and not entry["failed"] and entry["restore_point"]["usable"]


def test_an_operation_that_is_forgotten_is_followed_by_the_point(run: Run, azure: FakePoints) -> None:
    def forget(request: Any) -> Any:
        return failure(404, "OperationNotFound") if "/operations/" in request.url else None

    azure.faults.append(forget)
    entry = run.one(name="rp")
    assert entry["changed"] and not entry["failed"] and entry["restore_point"]["usable"]


def test_trouble_with_looks_is_no_failure(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    refuses(azure, "/operations/rp", failure(500, "InternalServerError"), "GET", 2)
    refuses(azure, "/restorePoints/rp", failure(502, "InvalidGatewayHost"), "GET")
    assert not run.one(name="rp")["failed"]


def test_half_a_body_tells_nothing(run: Run, azure: FakePoints) -> None:
    refuses(azure, "/restorePoints/rp", answer(200, b'{"id": "/subscri'), "GET", 2)
    entry = run.one(name="rp")
    assert not entry["failed"] and entry["restore_point"]["usable"]


def test_an_operation_that_may_not_be_seen_is_followed_by_the_point(run: Run, azure: FakePoints) -> None:
    refuses(azure, "/operations/rp", failure(403, "AuthorizationFailed"), "GET", 99)
    entry = run.one(name="rp")
    assert entry["changed"] and not entry["failed"] and entry["restore_point"]["usable"]


def test_a_point_that_may_not_be_seen_is_a_failure(run: Run, azure: FakePoints) -> None:
    refuses(azure, "/restorePoints/rp", failure(403, "AuthorizationFailed"), "GET", 99)
    entry = run.one(name="rp")
    assert entry["changed"] and entry["failure"]["code"] == "AuthorizationFailed" and azure.clock.passed < 300


def test_keep_prunes_the_oldest(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    for hours in (10, 20, 30, 40):
        azure.add_point(f"h{hours}", hours)
    azure.add_point("broken", 15, state="Failed")
    check = run(check=True, max_age="5h", keep=3)
    result = run(max_age="5h", keep=3)
    assert result["diff"] == check["diff"] and result["vms"][0]["pruned"] == check["vms"][0]["pruned"]
    assert azure.names() == ["h10", "h20", "web-01-20260101-000000"]
    assert result["vms"][0]["pruned"] == ["h40", "h30", "broken"]
    assert not run(max_age="5h", keep=3)["changed"]
    assert run.one(max_age="5h", keep=1)["changed"] and azure.names() == ["web-01-20260101-000000"]


def test_nothing_is_pruned_when_the_new_one_failed(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    azure.add_point("h30", 30)
    azure.ends["web-01-20260101-000000"] = "Failed"
    entry = run.one(keep=1)
    assert entry["failed"] and entry["changed"] and entry["pruned"] == [] and "h30" in azure.names()
    azure.add_point("h40", 40)
    entry = run.one(keep=1, wait=False, name="later-%Y")
    azure.clock.sleep(60)
    assert azure.names() == ["h30", "later-2026"], "a new one counts only when it was waited for"


def test_sources_of_unfinished_copies_stay(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    views: dict[str, Any] = {
        "done": {"status": {"code": "ReplicationState/succeeded"}, "completionPercent": 100},
        "half": {"status": {"code": "ReplicationState/replicating"}, "completionPercent": 50},
        "dead": {"status": {"code": "ReplicationState/failed"}},
    }
    azure.add_collection(DR, collection_id(), location="southeastasia")
    azure.add_point("newest", 1)
    for age, (name, view) in enumerate(views.items()):
        azure.add_point(name, 20 + age)
        copy = point(name, DR, azure.clock.now(), sourceRestorePoint={"id": f"{collection_id()}/restorePoints/{name}"})
        disk = copy["properties"]["sourceMetadata"]["storageProfile"]["osDisk"]["diskRestorePoint"]["id"]
        copy["properties"]["instanceView"] = {"diskRestorePoints": [{"id": disk, "replicationStatus": view}]}
        azure.add(copy)
    assert run(check=True, keep=1)["vms"][0]["pruned"][0] == "dead"
    run(keep=1)
    assert azure.names() == ["half", "newest"]
    assert run.one(state="absent", name="half")["failure"]["code"] == "CopyInProgress"
    assert run.one(state="absent", remove_collection=True)["failure"]["code"] == "CopyInProgress" and azure.writes == []


def test_pruning_needs_to_know_of_copies(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    azure.add_point("new", 1)
    azure.add_point("old", 30)
    refuses(azure, "/restorePointCollections", failure(403, "AuthorizationFailed"), "GET", 9)
    result = run(keep=1)
    assert not result["changed"] and any("nothing is pruned" in text for text in result["warnings"]) and not result["failed"]


def test_a_named_point_is_deleted(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    azure.add_point("web-01-a", 1)
    azure.add_point("web-01-b", 2)
    check = run(check=True, state="absent", name="{name}-a")
    assert check["changed"] and azure.writes == []
    result = run(state="absent", name="{name}-a")
    assert result["diff"] == check["diff"] and azure.writes == ["DELETE restorePoints/web-01-a"] and azure.names() == ["web-01-b"]
    assert result["vms"][0]["restore_point"]["name"] == "web-01-b"
    assert not run(state="absent", name="{name}-a")["changed"]


def test_a_deletion_under_way_is_adopted(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    azure.add_point("a", 1)
    assert run.one(state="absent", name="a", wait=False)["changed"]
    entry = run.one(state="absent", name="a", poll_interval=1)
    assert entry["adopted"] and not entry["changed"] and azure.writes == [] and azure.names() == []


def test_a_collection_is_deleted_when_that_is_said(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    azure.add_point("a", 1)
    result = run(state="absent", remove_collection=True)
    assert result["changed"] and azure.writes == ["DELETE restorePointCollections/web-01-restore-points"]
    assert result["vms"][0]["pruned"] == ["a"]
    assert not run(state="absent", remove_collection=True)["changed"]


def test_what_belongs_to_another_vm_is_left_alone(run: Run, azure: FakePoints) -> None:
    azure.add_collection(collection_id(), vm_id("web-02"))
    azure.add_point("a", 100)
    options: dict[str, Any]
    for options in ({}, {"state": "absent", "name": "a"}, {"state": "absent", "remove_collection": True}):
        entry = run.one(**options)
        assert entry["failure"]["code"] == "CollectionOfAnotherSource" and not entry["changed"] and azure.writes == []


def test_a_failing_vm_hides_no_other(run: Run, azure: FakePoints) -> None:
    azure.add(vm("web-02"), vm("web-03", provisioningState="Deleting"))
    result = run(vm=[vm_id(), vm_id("web-02"), vm_id("web-03"), vm_id("web-04")])
    assert [entry.get("failure", {}).get("code") for entry in result["vms"]] == [None, None, "VmStateNotSupported", "VmNotFound"]
    assert [entry["changed"] for entry in result["vms"]] == [True, True, False, False]
    assert result["failed"] and "2 of 4 VMs failed" in result["msg"]


def test_answers_that_leave_things_out(run: Run, azure: FakePoints) -> None:
    azure.add_collection()
    azure.add_point("old", 30)
    for path in (collection_id(), collection_id() + "/restorePoints/old", vm_id()):
        del azure.resources[path.lower()]["id"]
    azure.resources[(collection_id() + "/restorePoints/old").lower()]["properties"].pop("sourceMetadata")
    entry = run.one(keep=1)
    assert not entry["failed"] and entry["collection_id"] == collection_id()
    assert entry["pruned"] == ["old"]


def test_a_fleet_is_listed(run: Run, azure: FakePoints) -> None:
    names = [f"node-{n:02d}" for n in range(20)]
    azure.add(*(vm(name) for name in names))
    result = run(vm=[vm_id(name) for name in names], check=True)
    assert result["changed"] and not result["failed"]
    assert len(azure.sent) == 20 + 1 + 1  # the collections, the VMs, their disks


def test_the_resource_group_of_the_collections_must_exist(run: Run, azure: FakePoints) -> None:
    refuses(azure, "/web-01-restore-points", failure(404, "ResourceGroupNotFound", "no such group"), "GET", 9)
    for check in (True, False):
        entry = run.one(check=check, resource_group="rg-new")
        assert entry["failure"]["code"] == "ResourceGroupNotFound" and azure.writes == []


def test_disks_are_meant_for_the_vms_that_have_them(run: Run, azure: FakePoints) -> None:
    azure.add(vm("web-02"))
    result = run(vm=[vm_id(), vm_id("web-02")], exclude_disks=["web-01-scratch"], name="rp")
    assert not result["failed"]
    assert azure.resources[collection_id("web-02-restore-points").lower() + "/restorepoints/rp"]["properties"].get("excludeDisks") is None
    result = run(vm=[vm_id(), vm_id("web-02")], exclude_disks=["web-01-skratch"], name="rq")
    assert result["failed"] and result["msg"].startswith("InvalidOption: exclude_disks: 'web-01-skratch'") and azure.writes == []


def test_a_shared_disk_must_be_left_out(run: Run, azure: FakePoints) -> None:
    azure.add({"id": disk_id("web-01-data"), "name": "web-01-data", "properties": {"maxShares": 2}})
    entry = run.one()
    assert entry["failure"]["code"] == "DiskNotSupported" and "shared" in entry["failure"]["message"] and azure.writes == []
    assert not run(exclude_disks=["web-01-data"])["failed"]


@pytest.mark.parametrize(
    ("options", "option", "words"),
    [
        ({"name": "fixed", "max_age": "1h"}, "max_age", "no time"),
        ({"name": "{vm}"}, "name", "field"),
        ({"name": "%Q"}, "name", "%Y"),
        ({"name": "a b"}, "name", "1 to 80"),
        ({"name": "from-a-block\n"}, "name", "1 to 80"),
        ({"max_age": "soon"}, "max_age", "span"),
        ({"keep": 0}, "keep", "at least 1"),
        ({"exclude_disks": [" "]}, "exclude_disks", "empty"),
        ({"exclude_disks": ["/disks/x"]}, "exclude_disks", "resource id"),
        ({"collection": "a/b"}, "collection", "1 to 80"),
        ({"collection": "%Y"}, "collection", "time"),
        ({"collection": "same", "vm": [vm_id(), vm_id("web-02")]}, "collection", "tell them apart"),
        ({"resource_group": "rg-x", "vm": [vm_id(), vm_id(group="rg-two")]}, "collection", "tell them apart"),
        ({"resource_group": "a/b"}, "resource_group", "resource group name"),
        ({"remove_collection": True}, "remove_collection", "absent"),
        ({"state": "absent"}, "name", "either"),
        ({"state": "absent", "name": "x", "remove_collection": True}, "name", "either"),
        ({"state": "absent", "name": "%Y"}, "name", "depends on the time"),
        ({"state": "absent", "name": "x", "keep": 3}, "keep", "present"),
        ({"tags": {"a<": "b"}}, "tags", "name of a tag"),
        ({"vm": []}, "vm", "at least one"),
    ],
)
def test_bad_options_fail_before_any_request(run: Run, azure: FakePoints, options: dict[str, Any], option: str, words: str) -> None:
    result = run(**options)
    assert result["failed"] and result["failure"]["target"] == option and words in result["msg"] and azure.sent == []


def test_an_answer_without_a_body_is_read(run: Run, azure: FakePoints) -> None:
    def mute(request: Any) -> Any:
        if request.method != "PUT":
            return None
        azure.take(request)
        return answer(201)

    azure.faults.append(mute)
    entry = run.one(name="rp")
    assert entry["changed"] and not entry["failed"] and entry["restore_point"]["usable"]
