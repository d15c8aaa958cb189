# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies from the first request to the last disk, against a small Azure: what is sent, how often, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.modules import restore_point_copy
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, answer, client_for, failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_compute import FakeCompute
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.point_samples import (
    RG,
    SOURCE_ID,
    TARGET_ID,
    VM_ID,
    collection,
    copy,
    point,
    target,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

RP = {day: point(f"rp{day}", day=day) for day in range(1, 7)}
SPEEDS = {"os": 120, "data-0": 600, "data-1": 1800, "data-2": 5400}
TAG = {"lifeboat_source_vm": VM_ID}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the module against a FakeCompute, whose clock is also the module's."""

    def start(azure: FakeCompute, **options: Any) -> dict[str, Any]:
        azure.sent.clear()
        monkeypatch.setattr("ansible_collections.lifeboat.azure_dr.plugins.module_utils._module.SystemClock", lambda: azure.clock)
        arguments = {"vm": ["db-01"], "vm_resource_group": "rg-prod", "target_region": "West US", "target_resource_group": "rg-dr", **options}
        return run_module(monkeypatch, restore_point_copy, client_for(azure, azure.clock), **arguments)  # type: ignore[arg-type]

    return start


def azure(*copies: dict[str, Any], source: list[dict[str, Any]] | None = None, **more: Any) -> FakeCompute:
    found = [collection(SOURCE_ID, *(source if source is not None else [RP[1], RP[2]]))]
    return FakeCompute(*found, *([target(*copies, tags=TAG)] if copies else []), speeds=SPEEDS, **more)


def test_four_disks_at_different_speeds(run: Any) -> None:
    where = azure()
    foreseen = run(where, check=True, diff=True)
    assert foreseen["changed"] and where.writes() == []
    result = run(where, diff=True)
    assert (result["failed"], result["changed"]) == (False, True)
    assert result["diff"] == foreseen["diff"]
    assert where.writes() == ["PUT restorePointCollections/db-01-points-westus", "PUT restorePoints/rp2"]
    assert where[TARGET_ID]["tags"] == TAG
    assert where[TARGET_ID]["location"] == "westus"
    assert where[TARGET_ID]["properties"]["source"]["id"] == SOURCE_ID
    entry = result["vms"][0]
    assert entry["usable"] and entry["target_collection_id"] == TARGET_ID
    (made,) = entry["copies"]
    assert made["action"] == "started" and made["source_restore_point_id"] == RP[2]["id"]
    assert [(disk["disk"], disk["percent"], disk["done"]) for disk in made["replication"]] == [(name, 100.0, True) for name in SPEEDS]
    assert where.clock.passed >= 5400
    again = run(where)
    assert (again["failed"], again["changed"], where.writes()) == (False, False, [])
    assert again["vms"][0]["copies"][0]["action"] == "none"


def test_user_names_and_user_data_stay_out(run: Any) -> None:
    result = str(run(azure()))
    assert "someone" not in result and "c2VjcmV0" not in result


def test_timeout_says_how_far_it_is_and_the_next_run_goes_on(run: Any) -> None:
    where = azure()
    gave_up = run(where, wait_timeout=1200)
    assert gave_up["failed"] and gave_up["changed"] is True
    failed = gave_up["vms"][0]["failure"]
    assert failed["code"] == "OperationTimeout"
    assert failed["resume"] == {"rp2": f"{TARGET_ID}/restorePoints/rp2"}
    assert "os 100 percent" in failed["message"] and "data-2 " in failed["message"]
    assert not gave_up["vms"][0]["usable"]
    result = run(where)
    assert (result["failed"], result["changed"], where.writes()) == (False, False, [])
    assert result["vms"][0]["copies"][0]["action"] == "adopted" and result["vms"][0]["usable"]


def test_not_waiting_tells_what_is_under_way(run: Any) -> None:
    where = azure()
    result = run(where, wait=False)
    assert (result["failed"], result["changed"]) == (False, True)
    assert result["vms"][0]["copies"][0]["provisioning_state"] == "Creating"
    assert run(where, wait=False)["changed"] is False


def test_lost_answer_starts_nothing_twice(run: Any) -> None:
    where = azure()
    where.lose = {"rp2"}
    result = run(where)
    assert (result["failed"], result["changed"]) == (False, True)
    assert len(where.puts(f"{TARGET_ID}/restorePoints/rp2")) == 1
    assert result["vms"][0]["copies"][0]["action"] == "started"


def test_all_are_copied_in_order_and_three_an_hour(run: Any) -> None:
    where = azure(source=[RP[4], RP[2], RP[1], RP[3]])
    result = run(where, restore_point="all")
    assert (result["failed"], result["changed"]) == (False, True)
    assert where.writes()[1:] == [f"PUT restorePoints/rp{day}" for day in (1, 2, 3, 4)]
    starts = [where.started_at[f"{TARGET_ID}/restorePoints/rp{day}".lower()] for day in (1, 4)]
    assert starts[1] - starts[0] >= 3600
    assert [entry["name"] for entry in result["vms"][0]["copies"]] == ["rp1", "rp2", "rp3", "rp4"]
    assert result["vms"][0]["usable"]


def during_copying(where: FakeCompute, found: RawResponse, times: int) -> list[str]:
    """The next looks at the disks of rp2 are answered like this; what was answered so far."""
    told: list[str] = []

    def fault(method: str, path: str) -> RawResponse | None:
        if method != "GET" or not path.endswith("/rp2") or TARGET_ID not in path or len(told) >= times or where.clock.passed < 300:
            return None
        told.append(path)
        return found

    where.fault = fault
    return told


def test_half_a_body_tells_nothing_of_a_copy(run: Any) -> None:
    where = azure()
    told = during_copying(where, answer(200, b'<html>Bad Gateway'), 2)
    result = run(where)
    assert not result["failed"] and result["vms"][0]["usable"] and len(told) == 2


def test_copies_that_may_not_be_seen_are_not_usable_and_told_of_once(run: Any) -> None:
    where = azure(source=[RP[1], RP[2]])

    def hidden(method: str, path: str) -> RawResponse | None:
        looked = method == "GET" and f"{TARGET_ID}/restorePoints/" in path and where.clock.passed > 0
        return failure(403, "AuthorizationFailed", "no right to read") if looked else None

    where.fault = hidden
    entry = run(where, restore_point="all")["vms"][0]
    assert [one["usable"] for one in entry["copies"]] == [False, False]
    assert entry["failure"]["message"].count("no right to read") == 1


def test_a_token_that_is_refused_ends_the_wait(run: Any) -> None:
    where = azure()
    during_copying(where, failure(401, "ExpiredAuthenticationToken"), 99)
    result = run(where)
    entry = result["vms"][0]
    assert result["changed"] and entry["failure"]["code"] == "ExpiredAuthenticationToken" and "more" not in entry["failure"]["message"]
    assert entry["copies"][0]["id"] == f"{TARGET_ID}/restorePoints/rp2" and entry["copies"][0]["usable"] is False
    assert where.clock.passed < 600


def test_what_an_hour_does_not_take_is_reported(run: Any) -> None:
    where = azure(source=[RP[1], RP[2], RP[3], RP[4]])
    where.speeds = {}
    result = run(where, restore_point="all", wait_timeout=1800)
    assert result["failed"]
    entry = result["vms"][0]
    assert entry["failure"]["code"] == "CopiesLeft"
    assert [left["name"] for left in entry["left"]] == ["rp4"] and entry["left"][0]["not_before"] == "2026-01-01T01:00:00Z"
    assert [one["usable"] for one in entry["copies"]] == [True, True, True]
    assert where.clock.passed < 1800, "there was nothing to wait for any more"


def test_not_waiting_starts_three_and_warns_of_the_rest(run: Any) -> None:
    where = azure(source=[RP[1], RP[2], RP[3], RP[4]])
    foreseen = run(where, check=True, diff=True, restore_point="all", wait=False)
    result = run(where, diff=True, restore_point="all", wait=False)
    assert not result["failed"] and result["diff"] == foreseen["diff"]
    assert [left["name"] for left in result["vms"][0]["left"]] == ["rp4"]
    assert any("rp4" in text for text in result["warnings"])


def test_hour_that_another_run_has_used_up(run: Any) -> None:
    where = azure()
    where.hour[TARGET_ID.lower()] = [0.0, 0.0, 0.0]
    result = run(where)
    assert not result["failed"] and result["vms"][0]["usable"]
    assert where.started_at[f"{TARGET_ID}/restorePoints/rp2".lower()] >= 3600
    where = azure()
    where.hour[TARGET_ID.lower()] = [0.0, 0.0, 0.0]
    early = run(where, wait_timeout=600)
    assert early["vms"][0]["failure"]["code"] == "CopiesLeft"


def test_failed_disk_is_named_and_replaced_when_asked(run: Any) -> None:
    where = azure()
    where.failing = {"rp2/data-1"}
    result = run(where)
    assert result["failed"] and result["changed"]
    failed = result["vms"][0]["failure"]
    assert failed["code"] == "CopyFailed" and "data-1" in failed["message"] and "replace_failed" in failed["hint"]
    assert run(where)["changed"] is False
    where.failing = set()
    where.started_at.pop(f"{TARGET_ID}/restorePoints/rp2".lower())
    where.add(copy("rp2", day=2, percents=[100, 100, 7, 100], codes={2: "ReplicationState/failed"}))
    mended = run(where, replace_failed=True)
    assert (mended["failed"], mended["changed"]) == (False, True)
    assert where.writes() == ["DELETE restorePoints/rp2", "PUT restorePoints/rp2"]


def test_deletion_of_a_copy_that_is_under_way_makes_room(run: Any) -> None:
    where = azure()
    where.add(copy("rp2", day=2, state="Deleting", percents=None))
    looks: list[str] = []

    def goes(method: str, path: str) -> RawResponse | None:
        if method == "GET" and path == f"{TARGET_ID}/restorePoints/rp2":
            looks.append(path)
            if len(looks) == 9:
                where.resources.pop(path.lower())
        return None

    where.add(target(tags=TAG))
    assert run(where, wait=False)["vms"][0]["failure"]["code"] == "CopyBeingDeleted"
    foreseen = run(where, check=True, diff=True)
    where.fault = goes
    result = run(where, diff=True)
    assert not result["failed"] and result["diff"] == foreseen["diff"] and result["vms"][0]["usable"]
    assert where.writes() == ["PUT restorePoints/rp2"], "it is not deleted twice"


def test_older_copy_that_is_being_deleted_is_left_out_of_all(run: Any) -> None:
    where = azure(copy("rp1", day=1, state="Deleting", percents=None), copy("rp2", day=2))
    result = run(where, restore_point="all")
    assert not result["failed"] and not result["changed"] and any("rp1 cannot be copied" in text for text in result["warnings"])


def test_keep_prunes_after_the_new_one_is_there(run: Any) -> None:
    where = azure(copy("rp1", day=1), source=[RP[1], RP[2]])
    foreseen = run(where, check=True, diff=True, keep=1)
    assert foreseen["vms"][0]["pruned"] == ["rp1"]
    result = run(where, diff=True, keep=1)
    assert not result["failed"] and result["diff"] == foreseen["diff"]
    assert where.writes() == ["PUT restorePoints/rp2", "DELETE restorePoints/rp1"]
    assert result["vms"][0]["pruned"] == ["rp1"]
    assert run(where, keep=1)["changed"] is False


def test_keep_prunes_nothing_when_the_copy_fails(run: Any) -> None:
    where = azure(copy("rp1", day=1))
    where.failing = {"rp2/os"}
    result = run(where, keep=1)
    assert result["failed"] and result["vms"][0]["pruned"] == []
    assert f"{TARGET_ID}/restorePoints/rp1".lower() in where.resources


def test_tags_are_put_on_a_collection_without_them(run: Any) -> None:
    where = FakeCompute(collection(SOURCE_ID, RP[1]), target(copy("rp1"), tags={"team": "sre"}))
    foreseen = run(where, check=True, diff=True, tags={"stage": "dr"})
    result = run(where, diff=True, tags={"stage": "dr"})
    assert result["changed"] and result["diff"] == foreseen["diff"]
    assert where[TARGET_ID]["tags"] == {"team": "sre", "stage": "dr", **TAG}
    assert run(where, tags={"stage": "dr"})["changed"] is False


def test_vm_in_another_case_is_the_same_vm(run: Any) -> None:
    where = FakeCompute(collection(SOURCE_ID, RP[1]), target(copy("rp1"), tags=TAG))
    result = run(where, vm=[VM_ID.replace("rg-prod", "RG-PROD").replace("db-01", "DB-01")], diff=True)
    assert (result["failed"], result["changed"], where.writes()) == (False, False, [])
    other = FakeCompute(collection(SOURCE_ID, RP[1]), target(copy("rp1"), tags={"Lifeboat_Source_VM": VM_ID + "-old"}))
    assert run(other)["changed"] and other[TARGET_ID]["tags"] == {"Lifeboat_Source_VM": VM_ID}


def test_one_failure_hides_no_other(run: Any) -> None:
    where = azure()
    result = run(where, vm=["gone", "db-01"])
    assert result["failed"]
    assert [entry["failed"] for entry in result["vms"]] == [True, False]
    assert result["vms"][0]["failure"]["code"] == "CollectionNotFound"
    assert result["vms"][1]["usable"]


def test_refusal_by_azure_is_the_vms_failure(run: Any) -> None:
    where = azure()

    def refuse(method: str, path: str) -> RawResponse | None:
        return failure(403, "AuthorizationFailed", "no right to write") if method == "PUT" and "/restorePoints/" in path else None

    where.fault = refuse
    result = run(where)
    assert result["vms"][0]["failure"]["code"] == "AuthorizationFailed"
    assert result["changed"], "the collection was made"


def test_collections_of_azure_backup_do_not_count(run: Any) -> None:
    backup = collection(f"{RG}/AzureBackupRG/providers/Microsoft.Compute/restorePointCollections/AzureBackup_db-01_1", point("x"))
    where = azure()
    where.add(backup)
    assert not run(where, check=True)["failed"]


def test_several_collections_of_a_vm_must_be_told_apart(run: Any) -> None:
    where = azure()
    where.add(collection(SOURCE_ID + "-2", RP[1]))
    result = run(where, check=True)
    assert result["vms"][0]["failure"]["code"] == "CollectionNotUnique"
    assert not run(where, check=True, collection="{name}-points")["failed"]


def test_requests_do_not_grow_with_looks_that_are_not_needed(run: Any) -> None:
    names = [f"vm-{number}" for number in range(20)]
    where = FakeCompute(speeds=SPEEDS)
    for name in names:
        source = f"{RG}/rg-prod/providers/Microsoft.Compute/restorePointCollections/{name}-points"
        where.add(collection(source, point("rp1", collection=source), source=VM_ID.replace("db-01", name)))
    assert not run(where, vm=names, check=True)["failed"]
    lists = [path for method, path in where.sent if path.endswith("/restorePointCollections")]
    assert lists == [f"/subscriptions/{SUB}/providers/Microsoft.Compute/restorePointCollections"]
    assert len(where.sent) == 1 + 3 * len(names)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"target_region": "west/us"}, "target_region"),
        ({"restore_point": "a b"}, "restore_point"),
        ({"keep": 0}, "keep"),
        ({"target_collection": "{vm}"}, "target_collection"),
        ({"target_collection": "same", "vm": ["a", "b"]}, "target_collection"),
        ({"target_collection": "{name}-dr", "vm": [VM_ID, VM_ID.replace("rg-prod", "rg-test")]}, "target_collection"),
        ({"collection": "{resource_group}-{name}", "target_collection": "{name}", "vm": [VM_ID, VM_ID.replace("rg-prod", "rg-test")]}, "target_collection"),
        ({"collection": "same", "vm": ["a", "b"], "resource_group": "rg"}, "collection"),
        ({"tags": {"lifeboat_source_vm": "x"}}, "tags"),
        ({"target_resource_group": "no/group"}, "target_resource_group"),
    ],
)
def test_bad_options_fail_before_any_request(run: Any, options: dict[str, Any], option: str) -> None:
    where = azure()
    result = run(where, **options)
    assert result["failed"] and result["failure"]["code"] == "InvalidOption" and result["failure"]["target"] == option
    assert where.sent == []


def test_nothing_is_made_or_tagged_where_nothing_can_be_copied(run: Any) -> None:
    where = FakeCompute(collection(SOURCE_ID, RP[1], RP[2]), target(copy("rp2", day=2)))
    result = run(where, restore_point="rp1", diff=True)
    assert result["vms"][0]["failure"]["code"] == "CopiedOutOfOrder"
    assert (result["changed"], where.writes()) == (False, [])


def test_disks_behind_a_private_link_are_not_even_tried(run: Any) -> None:
    where = azure()
    for name in ("os", "data-1"):
        policy = {"networkAccessPolicy": "AllowPrivate" if name == "data-1" else "AllowAll"}
        where.add({"id": f"{RP[2]['id']}/diskRestorePoints/{name}_1234", "name": f"{name}_1234", "properties": policy})
    result = run(where)
    failed = result["vms"][0]["failure"]
    assert failed["code"] == "PrivateLinkNotSupported" and "data-1" in failed["message"] and "os" not in failed["message"].split()
    assert (result["changed"], where.writes()) == (False, [])


def test_one_collection_that_is_used_up_holds_no_other_back(run: Any) -> None:
    where = azure()
    web = SOURCE_ID.replace("db-01", "web-01")
    where.add(collection(web, point("rp1", collection=web), source=VM_ID.replace("db-01", "web-01")))
    where.hour[TARGET_ID.lower()] = [0.0, 0.0, 0.0]
    assert not run(where, vm=["db-01", "web-01"])["failed"]
    starts = {path.split("/")[-3]: moment for path, moment in where.started_at.items()}
    assert starts["web-01-points-westus"] < 600 and starts["db-01-points-westus"] >= 3600


def test_after_a_failure_that_may_heal_no_newer_one_overtakes(run: Any) -> None:
    where = azure(source=[RP[1], RP[2], RP[3]])

    def down(method: str, path: str) -> RawResponse | None:
        return failure(503, "ServiceUnavailable") if method == "PUT" and path.endswith("/rp2") else None

    where.fault = down
    result = run(where, restore_point="all")
    entry = result["vms"][0]
    assert entry["failure"]["code"] == "ServiceUnavailable"
    assert [left["name"] for left in entry["left"]] == ["rp3"] and "PUT restorePoints/rp3" not in where.writes()
    where.fault = None
    assert run(where, restore_point="all")["vms"][0]["usable"]
