# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy in another region as the real Azure showed it: the Azure CLI made it, under a name of its own, and the modules take it up.

No recording has the instance view of a copy; here it is in the shape that Azure's documentation prints, where percents are texts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest
from harness import places, recording
from harness.ansible import Ansible, Result
from harness.recording import Exchange, normal_path
from harness.replay import Answer
from harness.replay_server import ReplayServer

TARGET_REGION = "eastus2"
QUICK = {"poll_interval": 0.01, "wait_timeout": 60}
FILES = {"collection": "rpc_create_source.json", "source": "restore_point_create.json", "copy": "restore_point_get_copy.json"}


class Recorded:
    """What there was when the copy was read: the two collections, the point in one, its copy in the other."""

    def __init__(self, folder: Path) -> None:
        found = {name: Exchange.of(json.loads((folder / file).read_text())) for name, file in FILES.items()}
        self.collection, self.copy = dict(found["collection"].response_body), dict(found["copy"].response_body)
        self.source = json.loads(json.dumps(found["source"].response_body))
        self.source["properties"]["provisioningState"] = "Succeeded"
        target_id = self.copy["id"].rsplit("/restorePoints/", 1)[0]
        source = {"id": self.collection["id"], "location": self.collection["location"]}
        self.target = {
            "id": target_id, "name": target_id.rsplit("/", 1)[1], "location": TARGET_REGION,
            "properties": {"source": source, "provisioningState": "Succeeded"},
        }
        self.percents: list[str] = []
        """Of the copy's disk, one for each look; the last one stays."""
        self.vm = self.collection["properties"]["source"]["id"]
        self.problems: list[str] = []

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Answer:
        """The `Replay` that the server asks."""
        key = normal_path(path)
        if method == "PATCH" and key == self.target["id"].lower():
            self.target = {**self.target, **body}
            return Answer(200, self.target)
        if method != "GET":
            self.problems.append(f"{method} {path}")
            return Answer(400, {"error": {"code": "NotRecorded", "message": f"{method} {path}"}})
        for collection, point in ((self.collection, self.source), (self.target, self.copy)):
            if key == collection["id"].lower():
                return Answer(200, {**collection, "properties": {**collection["properties"], "restorePoints": [point]}})
            if key == point["id"].lower():
                return Answer(200, self._with_view(point) if params.get("$expand") == "instanceView" else point)
        if key.endswith("/restorepointcollections"):
            return Answer(200, {"value": [self.collection, self.target]})
        return Answer(200, {"value": []}) if key.endswith("/disks") else Answer(404, {"error": {"code": "ResourceNotFound", "message": path}})

    def _with_view(self, point: dict[str, Any]) -> dict[str, Any]:
        percent = self.percents.pop(0) if len(self.percents) > 1 else self.percents[0]
        code = "ReplicationState/succeeded" if percent == "100" else "ReplicationState/replicating"
        disk = point["properties"]["sourceMetadata"]["storageProfile"]["osDisk"]["diskRestorePoint"]["id"]
        status = {"status": {"code": code, "level": "Info", "displayStatus": code}, "completionPercent": percent}
        view = {"statuses": [{"code": code, "level": "Info"}], "diskRestorePoints": [{"id": disk, "replicationStatus": status}]}
        return {**point, "properties": {**point["properties"], "instanceView": view}}


class Driver:
    def __init__(self, recorded: Recorded, server: ReplayServer, ansible: Ansible) -> None:
        self.recorded, self.server, self.ansible = recorded, server, ansible

    def run(self, module: str, **arguments: Any) -> Result:
        return self.ansible.run_module(module, {"vm": [self.recorded.vm], **QUICK, **arguments})

    def copy(self, **more: Any) -> Result:
        return self.run("restore_point_copy", target_region=TARGET_REGION, target_collection=self.recorded.target["name"], **more)

    def restore(self) -> Result:
        check = {"region": TARGET_REGION, "mode": "disks", "target_resource_group": "rg-dr"}
        return self.ansible.run_module("restore_point_restore", {"vm": [self.recorded.vm], **QUICK, **check}, check=True)


@pytest.fixture
def driver(traffic: Path, tmp_path: Path) -> Iterator[Driver]:
    folder = traffic / "2024-2025"
    if not all((folder / file).is_file() for file in FILES.values()):
        pytest.skip(places.NO_TRAFFIC)
    recorded = Recorded(folder)
    with ReplayServer([], tmp_path) as server:
        server.replay = recorded  # type: ignore[assignment]
        subscription = recording.normal_path(recorded.vm).split("/")[2]
        yield Driver(recorded, server, Ansible(tmp_path, server.environment(subscription)))
    assert recorded.problems == []


def test_recorded_copy_is_followed_and_restored_from(driver: Driver) -> None:
    driver.recorded.percents = ["0", "55", "100"]
    result = driver.copy().ok()
    assert result.changed, "the collection gets the tag that says which VM it is of"
    (copy,) = result.vms[0]["copies"]
    assert (copy["name"], copy["action"], copy["usable"]) == (driver.recorded.copy["name"], "adopted", True)
    assert copy["source_restore_point_id"] == driver.recorded.source["id"]
    assert copy["consistency"] == "file_system"
    assert driver.recorded.target["tags"]["lifeboat_source_vm"] == driver.recorded.vm
    assert not driver.copy().ok().changed

    restored = driver.restore().ok()
    assert restored.vms[0]["restore_point"]["name"] == driver.recorded.copy["name"]
    assert restored.vms[0]["restore_point"]["security_type"] == "TrustedLaunch"
    assert "authorized_keys" not in json.dumps(result.value) + json.dumps(restored.value), "of the VM's user nothing is shown"


def test_recorded_copy_without_its_disks_is_not_taken_for_complete(driver: Driver) -> None:
    driver.recorded.percents = ["99"]
    gave_up = driver.copy(wait_timeout=1)
    assert gave_up.vms[0]["failure"]["code"] == "OperationTimeout"
    assert " 99 percent" in gave_up.vms[0]["failure"]["message"]
    assert driver.restore().vms[0]["failure"]["code"] == "RestorePointIncomplete"
