# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore point collections, and restore points of a virtual machine."""

from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.gate.faults import FaultBook, JobFaults, add_fault
from harness import Local, error_code
from restore_point_world import HOUR, SOURCE, Points, document


@pytest.fixture()
def points() -> Points:
    return Points()


# --- collections ---


def test_a_collection_is_made_at_once(points: Points) -> None:
    made = points.put_collection(tags={"a": "b"})
    assert (made.status, made.body["location"], made.body["tags"]) == (201, "eastasia", {"a": "b"})
    assert made.body["type"] == "Microsoft.Compute/restorePointCollections"
    assert made.body["properties"]["source"] == {"location": "eastasia", "id": points.vm}
    assert made.body["properties"]["provisioningState"] == "Succeeded"
    assert "Azure-AsyncOperation" not in made.headers
    again = points.put_collection(tags={"a": "b"}, location="East Asia")
    assert (again.status, again.body) == (200, made.body)


def test_only_tags_of_a_collection_change(points: Points) -> None:
    points.put_collection(tags={"a": "b"})
    patched = points.local.send("PATCH", points.source, {"tags": {"c": "d"}})
    assert (patched.status, patched.body["tags"]) == (200, {"c": "d"})
    assert "tags" not in points.put_collection().body
    other = f"{points.local.group(SOURCE)}/providers/Microsoft.Compute/virtualMachines/web-01"
    refused = points.put_collection(source=other)
    assert (refused.status, error_code(refused)) == (409, "PropertyChangeNotAllowed")
    moved = points.put_collection(location="southeastasia")
    assert (moved.status, error_code(moved)) == (409, "InvalidResourceLocation")
    body = {"properties": {"source": {"id": other}}}
    assert error_code(points.local.send("PATCH", points.source, body)) == "PropertyChangeNotAllowed"


@pytest.mark.parametrize(
    ("name", "location", "source", "status"),
    [
        ("rpc", "", "", 400),
        ("rpc", "eastasia", "none", 400),
        ("rpc", "eastasia", "/subscriptions/x/resourceGroups/rg-prod/providers/Microsoft.Compute/disks/d", 400),
        ("rpc", "southeastasia", "", 400),
        ("rpc", "eastasia", "{vm}-gone", 404),
        ("rpc%20x", "eastasia", "", 400),
        ("r" * 81, "eastasia", "", 400),
    ],
)
def test_what_a_collection_needs(points: Points, name: str, location: str, source: str, status: int) -> None:
    body: dict[str, Any] = {
        "location": location,
        "properties": {"source": {"id": source.replace("{vm}", points.vm) or points.vm}},
    }
    if source == "none":
        body["properties"] = {}
    reply = points.local.send("PUT", points.collection(SOURCE, name), body)
    assert reply.status == status, reply.body
    assert points.local.get(points.collection(SOURCE, name)).status == 404


def test_lists_are_paged_and_the_subscriptions_shouts(points: Points) -> None:
    for number in range(3):
        points.put_collection(points.collection(SOURCE, f"rpc-{number}"))
    group = points.local.get(points.collection(SOURCE, "").rstrip("/"))
    assert [one["name"] for one in group.body["value"]] == ["rpc-0", "rpc-1", "rpc-2"]
    assert "restorePoints" not in group.body["value"][0]["properties"]
    root = f"{points.local.subscription}/providers/Microsoft.Compute/restorePointCollections"
    first = points.local.get(f"{root}?$top=2")
    assert "/resourceGroups/RG-PROD/" in first.body["value"][0]["id"]
    second = points.local.get(first.body["nextLink"])
    assert [one["name"] for one in second.body["value"]] == ["rpc-2"] and "nextLink" not in second.body


def test_points_inside_only_when_asked_for(points: Points) -> None:
    points.made("p1")
    assert "restorePoints" not in points.local.get(points.source).body["properties"]
    inside = points.local.get(f"{points.source}?$expand=RestorePoints").body["properties"]["restorePoints"]
    assert [one["name"] for one in inside] == ["p1"] and "instanceView" not in inside[0]["properties"]
    assert points.local.get(f"{points.source}?$expand=all").status == 400


def test_deleting_a_collection_takes_its_points(points: Points) -> None:
    points.made("p1", "p2")
    reply = points.local.send("DELETE", points.source)
    assert (reply.status, reply.body) == (202, None)
    assert "&monitor=true&" in reply.headers["Location"]
    assert points.local.get(reply.headers["Location"]).status == 202
    assert points.local.get(points.source).body["properties"]["provisioningState"] == "Deleting"
    points.local.advance(10)
    assert points.local.get(reply.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"
    assert points.local.get(reply.headers["Location"]).status == 204
    assert points.local.get(points.source).status == 404
    gone = points.local.get(f"{points.source}/restorePoints/p1")
    assert (gone.status, error_code(gone)) == (404, "ParentResourceNotFound")
    assert points.local.send("DELETE", points.source).status == 204


def test_old_api_versions_have_no_restore_points(points: Points) -> None:
    reply = points.local.get(points.source, version="2020-12-01")
    assert (reply.status, error_code(reply)) == (400, "BadRequest")


# --- points ---


def test_a_point_is_made_in_the_background(points: Points) -> None:
    points.put_collection()
    made = points.put_point()
    assert made.status == 201 and "Location" not in made.headers
    assert "?p=" in made.headers["Azure-AsyncOperation"] and "&t=" in made.headers["Azure-AsyncOperation"]
    assert sorted(made.body) == ["id", "name", "properties"]
    assert made.body["properties"]["provisioningState"] == "Creating"
    assert "consistencyMode" not in made.body["properties"]
    assert "diskRestorePoint" not in str(made.body)
    running = points.local.get(made.headers["Azure-AsyncOperation"])
    assert sorted(running.body) == ["name", "startTime", "status"] and running.body["status"] == "InProgress"
    assert running.body["startTime"].endswith("+00:00")
    points.local.advance(46)
    assert points.local.get(made.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"
    found = points.point()
    assert (found["provisioningState"], found["consistencyMode"]) == ("Succeeded", "FileSystemConsistent")
    assert found["timeCreated"] == made.body["properties"]["timeCreated"]
    first = points.disk_points(f"{points.source}/restorePoints/p1")[0]
    assert first["id"].startswith(f"{points.source}/restorePoints/p1/diskRestorePoints/four-01_OsDisk_1_")
    assert first["encryption"] == {"type": "EncryptionAtRestWithPlatformKey"}


def test_a_point_keeps_the_machine(points: Points) -> None:
    points.made("p1")
    metadata = points.point()["sourceMetadata"]
    assert metadata["hardwareProfile"] == {"vmSize": "Standard_D2s_v5"} and metadata["hyperVGeneration"] == "V2"
    assert metadata["osProfile"]["adminUsername"] == "azureadmin"
    assert metadata["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"][0]["keyData"].startswith("ssh-")
    assert metadata["userData"] == "c2VjcmV0LXVzZXItZGF0YQ=="
    assert metadata["securityProfile"]["securityType"] == "TrustedLaunch"
    assert [disk["lun"] for disk in metadata["storageProfile"]["dataDisks"]] == [0, 1, 4]
    assert metadata["storageProfile"]["dataDisks"][2]["managedDisk"]["storageAccountType"] == "StandardSSD_LRS"
    secrets = points.local.simulator.secrets()
    assert {metadata["userData"], metadata["osProfile"]["adminUsername"]} < set(secrets)
    assert "userData" not in points.local.get(points.vm).body["properties"]


def test_consistency(points: Points) -> None:
    points.put_collection()
    crash = points.put_point(consistencyMode="CrashConsistent")
    assert crash.body["properties"]["consistencyMode"] == "CrashConsistent"
    points.local.advance(60)
    for mode in ("ApplicationConsistent", "FileSystemConsistent", "Other"):
        assert points.put_point("p2", consistencyMode=mode).status == 400
    windows = Points("db-01")
    windows.made("p1")
    assert windows.point()["consistencyMode"] == "ApplicationConsistent"


def test_a_point_never_changes(points: Points) -> None:
    points.made("p1")
    again = points.put_point("P1")
    assert (again.status, error_code(again)) == (409, "OperationNotAllowed")


def test_excluded_disks(points: Points) -> None:
    points.put_collection()
    disks = points.local.get(points.vm).body["properties"]["storageProfile"]
    first, system = disks["dataDisks"][0]["managedDisk"]["id"], disks["osDisk"]["managedDisk"]["id"]
    made = points.put_point(excludeDisks=[{"id": first.upper()}, {"id": system}])
    assert made.status == 201
    points.local.advance(60)
    found = points.point()
    assert [one["id"] for one in found["excludeDisks"]] == [first.upper(), system]
    assert [disk["lun"] for disk in found["sourceMetadata"]["storageProfile"]["dataDisks"]] == [1, 4]
    assert "diskRestorePoint" not in found["sourceMetadata"]["storageProfile"]["osDisk"]
    strange = points.put_point("p2", excludeDisks=[{"id": system + "x"}])
    assert (strange.status, error_code(strange)) == (400, "InvalidParameter")


def test_one_creation_at_a_time(points: Points) -> None:
    points.put_collection()
    points.put_collection(points.collection(SOURCE, "second"))
    assert points.put_point().status == 201
    path = points.collection(SOURCE, "second") + "/restorePoints/p1"
    second = points.local.send("PUT", path, {})
    assert (second.status, error_code(second)) == (409, "VMRestorePointClientError")
    points.local.advance(60)
    assert points.local.send("PUT", path, {}).status == 201


def test_a_machine_that_changes_or_stands_still_fails_the_point(points: Points) -> None:
    points.put_collection()
    made = points.put_point()
    body = points.local.get(points.vm).body
    body["properties"]["storageProfile"]["dataDisks"].pop()
    points.local.send("PATCH", points.vm, {"properties": {"storageProfile": body["properties"]["storageProfile"]}})
    points.local.advance(60)
    status = points.local.get(made.headers["Azure-AsyncOperation"]).body
    assert (status["status"], status["error"]["code"]) == ("Failed", "OperationNotAllowed")
    assert points.point()["provisioningState"] == "Failed"
    points.local.send("POST", f"{points.vm}/deallocate")
    points.local.advance(60)
    stopped = points.put_point("p2")
    points.local.advance(60)
    status = points.local.get(stopped.headers["Azure-AsyncOperation"]).body
    assert status["error"]["code"] == "VMAgentStatusCommunicationError"
    assert points.put_point("p3", consistencyMode="CrashConsistent").status == 201
    points.local.advance(60)
    assert points.point(f"{points.source}/restorePoints/p3")["provisioningState"] == "Succeeded"


def test_scripted_ends_of_a_creation(points: Points) -> None:
    points.put_collection()
    jobs = points.local.world.state(JobFaults)
    match = {"operation": "CreateRestorePoint", "vm": "four"}
    add_fault({"match": match, "answer": {"kind": "failed_job", "code": "X", "message": "Y"}}, FaultBook(), jobs)
    add_fault({"match": {**match, "hit": 2}, "answer": {"kind": "stuck_job"}}, FaultBook(), jobs)
    failed = points.put_point()
    points.local.advance(60)
    assert points.local.get(failed.headers["Azure-AsyncOperation"]).body["error"] == {"code": "X", "message": "Y"}
    stuck = points.put_point("p2")
    points.local.advance(24 * HOUR)
    assert points.local.get(stuck.headers["Azure-AsyncOperation"]).body["status"] == "InProgress"


def test_deleting_a_point(points: Points) -> None:
    points.made("p1", "p2")
    path = f"{points.source}/restorePoints/p1"
    first = points.local.send("DELETE", path)
    assert first.status == 202 and {"Azure-AsyncOperation", "Location"} < set(first.headers)
    points.local.advance(3)
    assert points.local.send("DELETE", path).status == 202
    points.local.advance(3)
    assert points.local.get(path).status == 404
    assert points.put_point("p1").status == 201
    points.local.advance(60)
    assert points.point()["provisioningState"] == "Succeeded", "the second DELETE was of the point before"
    assert points.local.send("DELETE", f"{points.source}/restorePoints/none").status == 204


def test_deleting_a_point_ends_its_creation(points: Points) -> None:
    points.put_collection()
    made = points.put_point()
    assert points.local.send("DELETE", f"{points.source}/restorePoints/p1").status == 202
    points.local.advance(60)
    status = points.local.get(made.headers["Azure-AsyncOperation"]).body
    assert (status["status"], status["error"]["code"]) == ("Canceled", "OperationPreempted")
    assert points.local.get(f"{points.source}/restorePoints/p1").status == 404


def test_points_outlive_their_machine(points: Points) -> None:
    points.made("p1")
    points.local.send("DELETE", points.vm)
    points.local.advance(90)
    assert points.point()["provisioningState"] == "Succeeded"
    assert points.put_collection().status == 200
    gone = points.put_point("p2")
    assert (gone.status, error_code(gone)) == (404, "NotFound")


def test_confidential_machines_and_newest_disks_are_refused() -> None:
    machines = [
        {"name": "secret-01", "resource_group": SOURCE, "security_type": "ConfidentialVM"},
        {"name": "fast-01", "resource_group": SOURCE, "data_disks": [{"lun": 0, "size_gb": 8, "sku": "PremiumV2_LRS"}]},
    ]
    confidential = Points("secret-01", document=document(virtual_machines=machines))
    confidential.put_collection()
    assert confidential.put_point().status == 409
    fast = Points("fast-01", document=document(virtual_machines=machines))
    fast.put_collection()
    assert error_code(fast.put_point(consistencyMode="CrashConsistent")) == "VMRestorePointClientError"
    assert fast.put_point().status == 201


def test_not_more_than_500_points() -> None:
    many = [{"name": f"p{number}", "age_hours": 1000 - number} for number in range(500)]
    collections = [{"name": "rpc-four-01", "resource_group": SOURCE, "vm": "four-01", "restore_points": many}]
    points = Points(document=document(restore_point_collections=collections))
    refused = points.put_point("one-more")
    assert (refused.status, error_code(refused)) == (409, "OperationNotAllowed") and "500" in refused.body["error"][
        "message"
    ]
    points.local.send("DELETE", f"{points.source}/restorePoints/p0")
    points.local.advance(6)
    assert points.put_point("one-more").status == 201


# --- who may, and how often ---


def test_roles(points: Points) -> None:
    points.made("p1")
    auditor, operator = points.local.issue("auditor"), points.local.issue("backup-operator")
    assert points.local.get(f"{points.source}/restorePoints/p1", token=auditor).status == 200
    for method, path in (("PUT", "/restorePoints/p2"), ("DELETE", "/restorePoints/p1"), ("DELETE", "")):
        refused = points.local.send(method, points.source + path, {}, token=auditor)
        assert (refused.status, error_code(refused)) == (403, "AuthorizationFailed")
    refused = points.local.send("PUT", f"{points.source}/restorePoints/p2", {}, token=operator)
    assert "'Microsoft.Compute/restorePointCollections/restorePoints/write'" in refused.body["error"]["message"]
    disk = points.disk_points(f"{points.source}/restorePoints/p1")[0]["id"]
    refused = points.local.send("POST", f"{disk}/beginGetAccess", {}, token=auditor)
    assert "/diskRestorePoints/beginGetAccess/action'" in refused.body["error"]["message"]


def test_counters_and_three_points_an_hour() -> None:
    points = Points(throttle="2026")
    counters = "x-ms-ratelimit-remaining-resource"
    assert (
        points.put_collection().headers[counters].startswith("Microsoft.Compute/PutRestorePointCollectionResource;14,")
    )
    for number in range(3):
        made = points.put_point(f"p{number}")
        assert made.headers[counters].endswith(
            f",Microsoft.Compute/CreateApplicationConsistentRestorePoint;{2 - number}"
        )
        points.local.advance(300)
    operation = points.local.get(made.headers["Azure-AsyncOperation"])
    assert operation.headers[counters].startswith("Microsoft.Compute/GetOperationResource;44,")
    refused = points.put_point("p3")
    assert (refused.status, error_code(refused)) == (429, "OperationNotAllowed")
    assert refused.body["error"]["details"][0]["target"] == "CreateApplicationConsistentRestorePoint"
    assert 2600 < int(refused.headers["Retry-After"]) <= 2700
    assert points.put_point("p3", consistencyMode="CrashConsistent").status == 201
    points.local.advance(2701)
    assert points.put_point("p4").status == 201


def test_polling_too_fast_is_refused() -> None:
    points = Points(throttle="2026")
    points.put_collection()
    url = points.put_point().headers["Azure-AsyncOperation"]
    answers = [points.local.get(url) for _poll in range(47)]
    assert answers[-1].status == 429 and "GetOperationResource" in str(answers[-1].body)


def test_counters_of_2023() -> None:
    points = Points(throttle="2023")
    points.put_collection()
    counters = points.put_point().headers["x-ms-ratelimit-remaining-resource"]
    assert (
        counters.startswith("Microsoft.Compute/CreateRestorePoints3Min;11")
        and "CreateRestorePoints30Min;59" in counters
    )


# --- around ---


def test_the_estate_and_the_lists_of_all_resources() -> None:
    collections = [
        {
            "name": "rpc-four-01",
            "resource_group": SOURCE,
            "vm": "four-01",
            "tags": {"a": "b"},
            "restore_points": [
                {"name": "old", "age_hours": 50, "consistency": "CrashConsistent", "exclude_luns": [1]},
                {"name": "bad", "age_hours": 40, "state": "Failed"},
                {"name": "new", "age_hours": 20},
            ],
        },
        {
            "name": "rpc-four-01-dr",
            "resource_group": "rg-dr-secondary",
            "source": "rpc-four-01",
            "source_resource_group": SOURCE,
            "restore_points": [
                {"name": "old", "copied_hours_ago": 49},
                {"name": "fresh", "source": "new", "copied_hours_ago": 0},
            ],
        },
    ]
    points = Points(document=document(restore_point_collections=collections))
    points.target = points.collection("rg-dr-secondary", "rpc-four-01-dr")
    assert points.copy("old")["consistencyMode"] == "CrashConsistent" and points.percents("old") == [100, 100, 100]
    assert points.percents("fresh") == [0, 0, 0, 0]
    assert points.point(f"{points.source}/restorePoints/bad")["provisioningState"] == "Failed"
    listed = points.local.get(f"{points.local.subscription}/resources", version="2021-04-01").body["value"]
    assert [one["tags"] for one in listed if one["id"] == points.source] == [{"a": "b"}]
    state = points.local.simulator.state()["compute"]["restorePointCollections"]
    disks = state[1]["restorePoints"][1]["disks"]
    assert [disk["completionPercent"] for disk in disks] == [0, 0, 0, 0] and not disks[0]["complete"]
    points.local.send("DELETE", points.local.group("rg-dr-secondary"), version="2021-04-01")
    points.local.advance(600)
    assert points.local.simulator.state()["compute"]["restorePointCollections"][1:] == []


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"vm": "none"}, "restore_point_collections[0].vm"),
        ({"source": "none"}, "restore_point_collections[0].source"),
        ({"vm": "four-01", "strange": 1}, "restore_point_collections[0].strange"),
        (
            {"vm": "four-01", "restore_points": [{"name": "a"}, {"name": "A"}]},
            "restore_point_collections[0].restore_points[1].name",
        ),
        ({"vm": "four-01", "resource_group": "none"}, "restore_point_collections[0].resource_group"),
    ],
)
def test_estate_errors_name_the_place(wrong: dict[str, Any], place: str) -> None:
    collection = {"name": "rpc", "resource_group": SOURCE, **wrong}
    with pytest.raises(ValueError, match="^" + place.replace("[", r"\[").replace("]", r"\]")):
        Local(document=document(restore_point_collections=[collection]))
