# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One flat list of what became of many batches."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.plugin_utils import batches

GROUP = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/"
REFUSED = {"code": "AuthorizationFailed", "message": "no"}
JOB = {"id": "/vaults/v/backupJobs/j", "name": "j", "status": "InProgress", "start_time": "2026-06-01T10:00:00Z", "end_time": None, "duration": 9.0}
ENDED = {**JOB, "status": "Completed", "end_time": "2026-06-01T10:02:00Z", "duration": 120.0}


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"id": GROUP + name, "name": name, "changed": False, "failed": False, **more}


def failed(name: str) -> dict[str, Any]:
    return entry(name, failed=True, failure=REFUSED)


def result(options: dict[str, Any], *vms: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A turn of a loop, whose variable has a name of its own."""
    return {"ansible_loop_var": "the_batch", "the_batch": options, "changed": False, "vms": list(vms), **more}


def broken(options: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A turn of a loop that failed before it looked at any VM."""
    return {"ansible_loop_var": "the_batch", "the_batch": options, "changed": False, "failed": True, "msg": "AuthorizationFailed: no", **more}


@pytest.mark.parametrize("vms", [["a", GROUP + "b"], f"a, {GROUP}b"])
def test_a_batch_that_fails_as_a_whole_has_an_entry_for_each_vm(vms: Any) -> None:
    entries = batches.batch_results([result({}, entry("x")), broken({"vm": vms}, failure=REFUSED)])
    assert [(one["id"], one["name"], one["failed"]) for one in entries] == [(GROUP + "x", "x", False), (None, "a", True), (GROUP + "b", "b", True)]
    assert entries[1]["failure"] == REFUSED


def test_what_ansible_itself_refuses_is_told_by_its_message() -> None:
    assert batches.batch_results([broken({"vm": "a"})])[0]["failure"] == {"code": "TaskFailed", "message": "AuthorizationFailed: no"}


def test_a_skipped_batch_has_no_entries() -> None:
    assert batches.batch_results([{"skipped": True, "item": {"vm": ["a"]}}]) == []


def test_what_the_first_run_started_is_not_told_as_what_the_second_found() -> None:
    one, two = {"vm": ["a", "b"], "vault": "v"}, {"vm": ["c"], "vault": "w"}
    begun = [result(one, entry("a", changed=True, adopted=False, job=JOB), entry("b", adopted=True, job=JOB)), result(two, failed("c"))]
    ended = [result(one, entry("a", adopted=True, job=ENDED), entry("b", adopted=False)), result(two, entry("c", changed=True, adopted=False))]
    a, b, c = batches.batch_results(ended, begun)
    assert (a["changed"], a["adopted"], a["job"]) == (True, False, ENDED)
    assert (b["changed"], b["job"]) == (False, {"id": JOB["id"], "name": "j"}), "its status is not known any more"
    assert (c["changed"], c["failed"], "failure" in c) == (True, False, False)


def test_what_only_the_first_run_knew_is_told() -> None:
    options, point = {"vm": ["a"]}, {"name": "1", "time": "2026-06-01T04:00:00Z"}
    begun = entry("a", action="started", changed=True, recovery_point=point, job=JOB, restored=None)
    ended = entry("a", action="adopted", adopted=True, recovery_point=None, job=ENDED, restored={"disks": []})
    (found,) = batches.batch_results([result(options, ended)], [result(options, begun)])
    assert (found["recovery_point"], found["job"], found["restored"]) == (point, ENDED, {"disks": []})


def test_a_failure_of_the_second_run_counts() -> None:
    options = {"vm": ["a"]}
    (found,) = batches.batch_results([result(options, failed("a"))], [result(options, entry("a", changed=True))])
    assert (found["changed"], found["failed"], found["failure"]) == (True, True, REFUSED)


RESTORES = {"vm": ["a", "b", "c", "d"], "vault": "v", "mode": "new_vm"}
BEGUN = result(
    RESTORES,
    entry("a", action="started", changed=True, job=JOB, target={"virtual_machine_id": GROUP + "a-dr"}),
    entry("b", action="adopted", job=None),
    entry("c", action="none", job=ENDED, restored={"virtual_machine_id": GROUP + "c-dr"}, restore_seconds=120.0),
    failed("d"),
)


def test_only_what_runs_is_followed() -> None:
    again = batches.restores_to_follow([BEGUN, broken({"vm": ["e"]})])
    assert again == [{**RESTORES, "vm": [GROUP + "a", GROUP + "b"], "job": [JOB["id"]]}]


def test_restored_vms_are_told_as_the_record_has_them() -> None:
    (again,) = batches.restores_to_follow([BEGUN])
    point = {"name": "1103", "time": "2026-06-01T08:00:00Z", "id": "x"}
    ended = entry("a", action="adopted", job=ENDED, recovery_point=point, restored={"virtual_machine_id": GROUP + "a-dr"}, restore_seconds=120.0)
    followed = [result(again, ended, entry("b", action="adopted", failed=True, failure=REFUSED))]
    built = entry(
        "p", action="started", changed=True, restore_point={"name": "monday", "time": "2026-06-01T02:00:00Z"}, restored={"virtual_machine_id": GROUP + "p-dr"},
        start_time="2026-06-01T10:00:00Z", end_time="2026-06-01T10:01:00Z", restore_seconds=60.0,
    )
    far = result({"vm": ["f"], "from_secondary_region": True}, entry("f", action="none"))
    a, b, c, d, f, p = batches.restored_vms([BEGUN, far], followed, [result({"vm": ["p"]}, built)])
    assert a == {
        "id": GROUP + "a",
        "name": "a",
        "recovered": {"id": GROUP + "a-dr", "name": "a-dr"},
        "from": "vault",
        "recovery_point": {"name": "1103", "time": "2026-06-01T08:00:00Z"},
        "action": "started",
        "changed": True,
        "failed": False,
        "failure": None,
        "job_id": JOB["id"],
        "started": "2026-06-01T10:00:00Z",
        "finished": "2026-06-01T10:02:00Z",
        "seconds": 120.0,
    }
    assert (b["action"], b["failed"], b["failure"], b["recovered"]) == ("adopted", True, REFUSED, None)
    assert (c["action"], c["seconds"], c["recovery_point"]) == ("none", 120.0, None)
    assert (d["failed"], d["action"], d["started"], d["seconds"]) == (True, "none", None, None)
    assert f["from"] == "secondary_region"
    assert (p["from"], p["recovery_point"]["name"], p["seconds"], p["started"]) == ("restore_points", "monday", 60.0, "2026-06-01T10:00:00Z")


def test_a_vm_that_is_restored_twice_is_told_twice() -> None:
    one, two = {"vm": ["a"], "vm_name": "one"}, {"vm": ["a"], "vm_name": "two"}
    begun = [result(options, entry("a", action="started", changed=True, job={**JOB, "id": options["vm_name"]})) for options in (one, two)]
    again = batches.restores_to_follow(begun)
    found = batches.restored_vms(begun, [result(again[0], failed("a")), result(again[1], entry("a", action="adopted"))])
    assert [one["failed"] for one in found] == [True, False]


def replication(*vms: str) -> dict[str, Any]:
    return {"restore_point": {"vm": list(vms)}, "copy": {"vm": list(vms), "target_region": "westus"}}


COMING = entry("a", action="started", changed=True, restore_point={"name": "old", "time": "2026-05-01T00:00:00Z"})
THERE = entry("b", action="none", restore_point={"name": "monday", "time": "2026-06-01T00:00:00Z", "usable": True})


@pytest.mark.parametrize("names", [("a", "b"), (GROUP + "A", GROUP + "b")])
def test_check_mode_looks_for_no_copy_of_what_is_not_there(names: tuple[str, str]) -> None:
    wanted, points = [replication(*names)], [result({}, COMING, THERE)]
    assert batches.copies_to_make(wanted, points, True) == [{"vm": [names[1]], "target_region": "westus"}]
    assert batches.copies_to_make(wanted, points) == [wanted[0]["copy"]]


def test_replicated_vms() -> None:
    wanted = [replication("a", "b"), replication("c")]
    points = [result({}, COMING, THERE), result({}, failed("c"))]
    started = {"name": "monday", "action": "started", "usable": False}
    options = [one["copy"] for one in wanted]
    begun = [result(options[0], entry("b", changed=True, copies=[started], usable=False)), result(options[1], entry("c", copies=[], usable=True))]
    copies = [result(options[0], entry("b", copies=[{**started, "action": "adopted", "usable": True}], usable=True, left=[])), begun[1]]
    a, b, c = batches.replicated_vms(wanted, points, copies, begun, True)
    assert (a["changed"], a["restore_point"], a["usable"], a["copies"]) == (True, None, False, [])
    assert (b["changed"], b["restore_point"]["name"], b["usable"], b["copies"][0]["action"]) == (True, "monday", True, "started")
    assert (c["failed"], c["failure"]) == (True, REFUSED), "an older restore point was copied, and yet there is no new one"
    assert batches.replicated_vms(wanted, points, copies)[0]["restore_point"]["name"] == "old", "for real, it is the one that was made"


SERVICE = {"name": "to", "confirm": "to"}


def service(name: str = "apim", **more: Any) -> dict[str, Any]:
    return {"name": name, "restore": SERVICE, "validate_only": False, "note": None, **more}


def restored(options: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"ansible_loop_var": "the_service", "the_service": options or SERVICE, "changed": False, "failed": False, **more}


@pytest.mark.parametrize(
    ("code", "again"), [("ServiceBusy", [SERVICE]), ("TierMismatch", [])], ids=["busy services are waited for", "other failures are told once"]
)
def test_services_that_failed_to_begin(code: str, again: list[dict[str, Any]]) -> None:
    begun = [restored(failed=True, failure={"code": code, "message": "no"})]
    assert batches.services_to_restore([service()], begun) == again
    (found,) = batches.recovered_services([service()], [restored(action="started", changed=True)] if again else [], [], begun)
    assert found["failed"] is not bool(again)
    assert found["action"] == ("started" if again else "none")


def test_services_without_a_restore_and_those_that_are_only_validated() -> None:
    services = [service(), service("other", restore={"name": "/s/two"}, validate_only=True), service("none", restore=None, note="nowhere")]
    assert batches.services_to_restore(services) == [SERVICE]
    assert batches.services_to_restore(services, validate_only=True) == [{"name": "/s/two"}]
    validated = [restored({"name": "/s/two"}, action="started", changed=True)]
    begun = [restored(action="started", changed=True, start_time="2026-06-01T10:00:00Z")]
    waited = [restored(action="adopted", end_time="2026-06-01T10:30:00Z", restore_seconds=1800.0)]
    real, only, none = batches.recovered_services(services, waited, validated, begun)
    assert (real["action"], real["changed"], real["started"], real["finished"], real["seconds"]) == (
        "started", True, "2026-06-01T10:00:00Z", "2026-06-01T10:30:00Z", 1800.0,
    )
    assert (only["standby"], only["changed"], only["validate_only"]) == ("two", False, True)
    assert (none["standby"], none["failed"], none["note"]) == (None, False, "nowhere")


def test_backed_up_services() -> None:
    one, two = {"name": "one"}, {"name": "/s/two"}
    results = [restored(one, adopted=True, backup={"name": "x"}, service={"id": "/s/one"}), restored(two, failed=True, failure=REFUSED)]
    begun = [restored(one, changed=True, adopted=False), restored(two)]
    first, last = batches.backed_up_services(results, begun)
    assert (first["changed"], first["adopted"], first["backup"], first["id"]) == (True, False, {"name": "x"}, "/s/one")
    assert (last["name"], last["failed"], last["failure"], last["id"]) == ("two", True, REFUSED, None)


@pytest.mark.parametrize(
    ("action", "more", "adopted"),
    [
        ("adopted", {"changed": True}, True),
        ("none", {"changed": True}, True),
        ("none", {}, False),
        ("started", {"changed": True}, False),
        ("adopted", {"failed": True}, False),
    ],
)
def test_what_a_killed_run_left_is_waited_for_and_nothing_is_started(action: str, more: dict[str, Any], adopted: bool) -> None:
    restores = [{"vm": [GROUP + "ONE", GROUP + "two"], "mode": "new_vm"}, {"vm": [GROUP + "three"], "mode": "new_vm"}]
    found = [entry("one", action=action, **more), entry("two", action="started", changed=True), {"id": None, "name": "three", "failed": True}]
    assert batches.restores_to_adopt(restores, found) == ([{"vm": [GROUP + "ONE"], "mode": "new_vm"}] if adopted else [])
