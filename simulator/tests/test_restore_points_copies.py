# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of restore points to another region, and their replication."""

from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.gate.faults import FaultBook, JobFaults, add_fault
from harness import error_code
from restore_point_world import HOUR, SOURCE, TARGET, Points, document

TEN_MINUTES = 600.0


@pytest.fixture()
def points() -> Points:
    return Points()


def test_a_copy_starts_at_once_and_replicates_afterwards(points: Points) -> None:
    points.made("p1")
    assert points.put_target().body["properties"]["source"] == {"location": "eastasia", "id": points.source}
    made = points.put_copy()
    assert made.status == 201 and "Location" not in made.headers
    assert made.body["properties"]["provisioningState"] == "Creating"
    assert "/locations/southeastasia/operations/" in made.headers["Azure-AsyncOperation"]
    assert made.body["properties"]["sourceRestorePoint"] == {"id": f"{points.source}/restorePoints/p1"}
    assert points.copy()["instanceView"] == {"statuses": [status("pending")]}
    points.local.advance(7)
    assert points.local.get(made.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"
    found, source = points.copy(), points.point()
    assert found["provisioningState"] == "Succeeded"
    assert [found[name] for name in ("timeCreated", "consistencyMode")] == [
        source[name] for name in ("timeCreated", "consistencyMode")
    ]
    assert found["sourceMetadata"]["vmId"] == source["sourceMetadata"]["vmId"]
    assert points.percents() == [0, 0, 0, 0]
    sources = points.disk_points(f"{points.source}/restorePoints/p1")
    copies = points.disk_points(f"{points.target}/restorePoints/p1")
    assert [one["sourceDiskRestorePoint"]["id"] for one in copies] == [one["id"] for one in sources]
    assert "instanceView" not in points.point(f"{points.target}/restorePoints/p1")


def status(state: str) -> dict[str, str]:
    text = {"inprogress": "in progress"}.get(state, state)
    return {
        "code": f"ReplicationState/{state}",
        "level": "Error" if state == "failed" else "Info",
        "displayStatus": f"Replication {text}",
    }


def test_disks_replicate_at_their_own_speed_in_coarse_steps(points: Points) -> None:
    points.made("p1")
    points.put_target()
    points.put_copy()
    points.local.advance(8)
    seen = []
    for _look in range(13):
        seen.append(points.percents())
        points.local.advance(TEN_MINUTES)
    assert seen[0] == [0, 0, 0, 0]
    assert seen[1] == [
        100,
        16,
        8,
        46,
    ], "30 GB are there at the first refresh; 64 take one hour, or two; 128 some 21 minutes"
    assert seen[3] == [100, 50, 25, 100]
    assert seen[6] == [100, 100, 50, 100]
    assert seen[11] == [100, 100, 91, 100] and seen[12] == [100, 100, 100, 100]
    assert points.copy()["instanceView"]["statuses"] == [status("succeeded")]


def test_progress_stands_still_between_refreshes(points: Points) -> None:
    points.made("p1")
    points.put_target()
    points.put_copy()
    points.local.advance(8 + TEN_MINUTES)
    before = points.percents()
    points.local.advance(TEN_MINUTES - 60)
    assert points.percents() == before
    assert points.copy()["instanceView"]["statuses"] == [status("inprogress")]


def test_a_later_copy_carries_the_changes_only(points: Points) -> None:
    points.copied("p1")
    assert points.put_point("p2").status == 201
    points.local.advance(60)
    points.put_copy("p2")
    points.local.advance(8 + TEN_MINUTES)
    assert points.percents("p2") == [100, 100, 83, 100]


def test_a_later_copy_is_whole_without_the_first_source(points: Points) -> None:
    points.copied("p1")
    points.put_point("p2")
    points.local.send("DELETE", f"{points.source}/restorePoints/p1")
    points.local.advance(60)
    points.put_copy("p2")
    points.local.advance(8 + TEN_MINUTES)
    assert points.percents("p2") == [100, 16, 8, 46]


def test_a_copy_that_fails_has_no_percentage_and_no_details() -> None:
    machine = {
        "name": "four-01",
        "resource_group": SOURCE,
        "data_disks": [{"lun": 0, "size_gb": 64, "copy": {"gb_per_hour": 64, "fails": True}}],
    }
    points = Points(document=document(virtual_machines=[machine]))
    points.made("p1")
    points.put_target()
    points.put_copy()
    points.local.advance(8 + TEN_MINUTES)
    assert points.percents() == [100, 16]
    points.local.advance(2 * TEN_MINUTES)
    view = points.copy()["instanceView"]
    assert view["statuses"] == [status("failed")]
    assert view["diskRestorePoints"][1]["replicationStatus"] == {"status": status("failed")}
    assert points.copy()["provisioningState"] == "Succeeded"


def test_scripted_failure_and_standstill_of_a_disk(points: Points) -> None:
    jobs = points.local.world.state(JobFaults)
    for name, kind in (("four-01/.*DataDisk_0$", "failed_job"), ("four-01/.*DataDisk_4$", "stuck_job")):
        add_fault({"match": {"operation": "^CopyDisk$", "vm": name}, "answer": {"kind": kind}}, FaultBook(), jobs)
    points.copied("p1")
    assert points.percents() == [100, None, 100, 50]
    points.local.advance(14 * 24 * HOUR)
    assert points.percents() == [100, None, 100, None], "Azure gives up after two weeks"


def test_a_copy_loses_its_source(points: Points) -> None:
    points.made("p1")
    points.put_target()
    points.put_copy()
    points.local.advance(8 + TEN_MINUTES)
    assert points.local.send("DELETE", f"{points.source}/restorePoints/p1").status == 202
    points.local.advance(2 * TEN_MINUTES)
    assert points.percents() == [100, None, None, None]


def test_a_complete_copy_needs_its_source_no_more(points: Points) -> None:
    points.copied("p1")
    points.local.send("DELETE", points.source)
    points.local.advance(24 * HOUR)
    assert points.local.get(points.source).status == 404
    assert points.percents() == [100, 100, 100, 100]


def test_a_copy_can_be_deleted_while_it_runs(points: Points) -> None:
    points.made("p1")
    points.put_target()
    points.put_copy()
    points.local.advance(60)
    assert points.local.send("DELETE", f"{points.target}/restorePoints/p1").status == 202
    points.local.advance(6)
    assert points.put_copy().status == 201, "the point is not in the region any more"
    points.local.advance(60)
    assert points.local.send("DELETE", points.target).status == 202
    points.local.advance(6)
    assert points.local.get(points.target).status == 404


# --- rules ---


def test_rules_of_the_target_collection(points: Points) -> None:
    points.made("p1")
    near = points.put_collection(points.collection(TARGET, "near"), points.source, "eastasia")
    assert (near.status, error_code(near)) == (400, "InvalidParameter")
    assert points.put_collection(points.target, points.source + "-gone", "southeastasia").status == 404
    points.put_target()
    chain = points.put_collection(points.collection(SOURCE, "chain"), points.target, "eastasia")
    assert (chain.status, error_code(chain)) == (400, "InvalidParameter")
    lost = points.put_copy(source=f"{points.source}/restorePoints/none")
    assert (lost.status, error_code(lost)) == (404, "NotFound")
    nothing = points.local.send("PUT", f"{points.target}/restorePoints/p1", {})
    assert (nothing.status, error_code(nothing)) == (400, "InvalidParameter")
    wrong_way = points.put_point("p9", sourceRestorePoint={"id": f"{points.source}/restorePoints/p1"})
    assert (wrong_way.status, error_code(wrong_way)) == (400, "InvalidParameter")
    for more in ({"consistencyMode": "CrashConsistent"}, {"excludeDisks": [{"id": "/x"}]}):
        assert points.put_copy(**more).status == 400
    without_collection = points.local.send("PUT", f"{points.target}-gone/restorePoints/p1", {})
    assert (without_collection.status, error_code(without_collection)) == (404, "ParentResourceNotFound")


def test_a_point_of_another_collection_is_refused(points: Points) -> None:
    points.made("p1")
    points.put_target()
    other = points.collection(SOURCE, "other")
    points.put_collection(other)
    points.local.send("PUT", f"{other}/restorePoints/p1", {})
    points.local.advance(60)
    assert points.put_copy(source=f"{other}/restorePoints/p1").status == 400


def test_one_copy_a_region(points: Points) -> None:
    points.copied("p1")
    second = points.put_copy("again", f"{points.source}/restorePoints/p1")
    assert (second.status, error_code(second)) == (409, "OperationNotAllowed")
    other = points.collection(TARGET, "other")
    points.put_collection(other, points.source, "southeastasia")
    wanted = {"properties": {"sourceRestorePoint": {"id": f"{points.source}/restorePoints/p1"}}}
    assert points.local.send("PUT", f"{other}/restorePoints/p1", wanted).status == 409
    elsewhere = points.collection(TARGET, "elsewhere")
    points.put_collection(elsewhere, points.source, "westeurope")
    assert points.local.send("PUT", f"{elsewhere}/restorePoints/p1", wanted).status == 201


def test_oldest_first(points: Points) -> None:
    points.made("p1", "p2", "p3")
    points.put_target()
    assert points.put_copy("p1").status == 201
    assert points.put_copy("p3").status == 201
    late = points.put_copy("p2")
    assert (late.status, error_code(late)) == (409, "OperationNotAllowed")
    assert "chronological" in late.body["error"]["message"]


def test_an_unfinished_point_is_not_copied(points: Points) -> None:
    points.put_collection()
    points.put_target()
    points.put_point()
    early = points.put_copy()
    assert (early.status, error_code(early)) == (409, "OperationNotAllowed")


def test_three_copies_an_hour() -> None:
    points = Points(throttle="2026")
    points.put_collection()
    for number in range(4):
        points.put_point(f"p{number}")
        points.local.advance(HOUR)
    points.put_target()
    counters = [points.put_copy(f"p{number}").headers["x-ms-ratelimit-remaining-resource"] for number in range(4)]
    assert [one.rsplit(",", 1)[-1] for one in counters[:3]] == [
        f"Microsoft.Compute/CopyRestorePoint;{left}" for left in (2, 1, 0)
    ]
    refused = points.put_copy("p3")
    assert refused.status == 429 and int(refused.headers["Retry-After"]) > 3500
    assert "CopyRestorePoint" in str(refused.body["error"]["details"])
    points.local.advance(HOUR)
    assert points.put_copy("p3").status == 201


# --- encryption ---


def test_encryption_of_a_copy(points: Points) -> None:
    points.made("p1")
    points.put_target()
    key = f"{points.local.group(TARGET)}/providers/Microsoft.Compute/diskEncryptionSets/des-1"
    system, first, *_rest = [one["id"] for one in points.disk_points(f"{points.source}/restorePoints/p1")]

    def asked(source: str, **encryption: Any) -> dict[str, Any]:
        return {"diskRestorePoint": {"sourceDiskRestorePoint": {"id": source}, "encryption": encryption}}

    customer = {"type": "EncryptionAtRestWithCustomerKey"}
    for wrong in (
        asked(system, type="Other"),
        asked(system, **customer),
        asked(system + "x", type="EncryptionAtRestWithPlatformKey"),
    ):
        assert points.put_copy(sourceMetadata={"storageProfile": {"osDisk": wrong}}).status == 400
    profile = {
        "osDisk": asked(system, **customer, diskEncryptionSet={"id": key}),
        "dataDisks": [asked(first, type="EncryptionAtRestWithPlatformKey")],
    }
    # Instead of sourceRestorePoint, the disks can tell the source.
    path = f"{points.target}/restorePoints/p1"
    assert points.local.send("PUT", path, {"properties": {"sourceMetadata": {"storageProfile": profile}}}).status == 201
    points.local.advance(10)
    found = points.disk_points(path)
    assert found[0]["encryption"]["type"] == "EncryptionAtRestWithCustomerKey"
    assert found[0]["encryption"]["diskEncryptionSet"]["id"] == key.replace(TARGET, TARGET.upper())
    assert {one["encryption"]["type"] for one in found[1:]} == {"EncryptionAtRestWithPlatformKey"}
    disk = points.local.get(found[0]["id"], version="2025-01-02").body["properties"]
    assert disk["encryption"]["diskEncryptionSetId"] == key.replace(TARGET, TARGET.upper())
    assert points.copy()["sourceRestorePoint"]["id"] == f"{points.source}/restorePoints/p1"
