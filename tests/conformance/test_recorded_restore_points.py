# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points as they were recorded last, in single exchanges of one story: a collection, a point, and its copy in another region."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from harness import flow_steps, places, recording, restore_points
from harness.ansible import Ansible
from harness.recording import Exchange
from harness.replay_server import ReplayServer
from test_recorded_flows import Driver

FOLDER = places.traffic()
STORY = ("rpc_create_source", "restore_point_create", "restore_point_operation_inprogress", "restore_point_get_copy")


def story() -> list[Exchange]:
    """The exchanges in the order in which they must have been made; none where they are not recorded."""
    files = [FOLDER / "2024-2025" / f"{name}.json" for name in STORY] if FOLDER else []
    if not files or not all(file.is_file() for file in files):
        return []
    rows = [row for file in files for row in recording.read_exchanges(file)]
    return [replace(row, index=index) for index, row in enumerate(rows)]


@pytest.fixture
def flow() -> list[Exchange]:
    found = story()
    if not found:
        pytest.skip(places.NO_TRAFFIC)
    return found


def test_a_point_is_made_as_it_was_recorded(flow: list[Exchange], tmp_path: Path) -> None:
    """Collection and point in one call, in Azure's own consistency; the recorded client saw the operation running last."""
    made = flow_steps.supported(flow)
    assert [(step.module, step.arguments.get("consistency")) for step in made] == [("restore_point", "application")]
    assert not made[0].ending.operation_seen
    with ReplayServer(flow, tmp_path) as server:
        Driver(server, Ansible(tmp_path, server.environment(flow_steps.subscription(flow)))).write(made[0])
        assert server.writes["real"] == [f"{write.method} {write.path} 201" for write in server.replay.writes]


def test_a_copy_is_told_as_it_was_recorded(flow: list[Exchange], tmp_path: Path) -> None:
    """What the recorded client read of the copy is what the module says of it, but for what is nobody's business."""
    seen = flow[-1].response_body
    collection = seen["id"].rsplit("/", 2)[0]
    with ReplayServer(flow, tmp_path) as server:
        ansible = Ansible(tmp_path, server.environment(flow_steps.subscription(flow)))
        server.replay.sent.update(write.index for write in server.replay.writes)
        result = ansible.run_module("restore_point_info", {"collection": [collection]}).ok()
    assert len(result["restore_points"]) == 1
    told = result["restore_points"][0]
    assert told["name"] == seen["name"] and told["source_restore_point_id"] == seen["properties"]["sourceRestorePoint"]["id"]
    assert (told["consistency"], told["security_type"], told["usable"]) == ("file_system", "TrustedLaunch", None)
    assert told["time"] == "2025-03-31T08:45:09.441892Z"
    assert [disk["id"] for disk in told["disks"]] == restore_points.disk_ids(seen)
    assert told["vm"] == "vm_000006", "found through the collection that was copied"
    words = json.dumps(result.value)
    assert "vmtest" not in words and "osProfile" not in words and "adminUsername" not in words


COLLECTION = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Compute/restorePointCollections/c"
VM = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"


def exchanges(*rows: dict[str, object]) -> list[Exchange]:
    return [Exchange.of({"query": "", "request_body": None, "status": 201, "response_body": None, **row}, index) for index, row in enumerate(rows)]


def test_what_no_module_says_is_passed_over() -> None:
    made = {"method": "PUT", "path": COLLECTION, "request_body": {"location": "x", "properties": {"source": {"id": VM}}}}
    point = {"method": "PUT", "path": f"{COLLECTION}/restorePoints/p"}
    for properties, reason in (
        ({"consistencyMode": "ApplicationConsistent"}, "consistencyMode ApplicationConsistent"),
        ({"instantAccessDurationMinutes": 60}, "instantAccessDurationMinutes"),
        ({"sourceRestorePoint": {"id": "/x"}}, "sourceRestorePoint"),
    ):
        steps = flow_steps.steps(exchanges(made, {**point, "request_body": {"properties": properties}}))
        assert [reason in step.unsaid for step in steps] == [True]
    steps = flow_steps.steps(exchanges(made))
    assert "without a restore point" in steps[0].unsaid
    steps = flow_steps.steps(exchanges({**point, "request_body": {}}))
    assert "of which VM" in steps[0].unsaid


def test_a_point_is_there_once_it_is_made() -> None:
    answer = {"id": f"{COLLECTION}/restorePoints/p", "name": "p", "properties": {"provisioningState": "Creating"}}
    source = {"id": COLLECTION, "name": "c", "location": "x", "properties": {"source": {"id": VM}}}
    flow = exchanges(
        {"method": "PUT", "path": COLLECTION, "response_body": source},
        {"method": "PUT", "path": f"{COLLECTION}/restorePoints/p", "response_body": answer},
        {"method": "DELETE", "path": f"{COLLECTION}/restorePoints/p", "status": 202},
    )
    key, expanded = COLLECTION.lower(), {"$expand": "restorePoints"}

    def points(sent: set[int], ended: bool) -> list[str] | None:
        status, body = restore_points.state(flow, sent, key, expanded, lambda write: ended)
        return [one["properties"]["provisioningState"] for one in body["properties"]["restorePoints"]] if status == 200 else None

    assert points(set(), True) is None
    assert points({0}, True) == []
    assert points({0, 1}, False) == ["Creating"]
    assert points({0, 1}, True) == ["Succeeded"]
    assert points({0, 1, 2}, True) == []
