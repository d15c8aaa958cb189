# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restore point is copied once, and everything of a restore is made once: also when ansible-playbook is killed in between, and when an answer
gets lost. What was copied is then restored in the other region.

The simulator runs at the speed of the wall, and the tests move its clock, so what runs goes on running for as long as a test wants.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from harness.ansible import Result, Run
from harness.simulator import Simulator

HOUR = 3600.0
SOURCE_GROUP = "rg-prod"
TARGET_GROUP = "rg-dr"
TARGET_REGION = "southeastasia"
POINT = "nightly"
SPEEDS = {"gb_per_hour": 360}

ESTATE: dict[str, Any] = {
    "location": "eastasia",
    "paired_location": TARGET_REGION,
    "principals": [{"name": "operator", "roles": ["Contributor"]}],
    "resource_groups": [{"name": SOURCE_GROUP}, {"name": TARGET_GROUP, "location": TARGET_REGION}],
    "virtual_networks": [
        {"name": "vnet-prod", "resource_group": SOURCE_GROUP, "address_prefixes": ["10.10.0.0/16"], "subnets": [{"name": "default", "prefix": "10.10.0.0/20"}]},
        {
            "name": "vnet-dr", "resource_group": TARGET_GROUP, "location": TARGET_REGION, "address_prefixes": ["10.20.0.0/16"],
            "subnets": [{"name": "default", "prefix": "10.20.0.0/20"}],
        },
    ],
    # Four disks, which take 5 minutes, 20, an hour and three hours.
    "virtual_machines": [
        {
            "name": "db-01", "resource_group": SOURCE_GROUP, "os_disk_gb": 30, "security_type": "TrustedLaunch", "os_disk_copy": SPEEDS,
            "data_disks": [
                {"lun": 0, "size_gb": 120, "copy": SPEEDS}, {"lun": 1, "size_gb": 360, "copy": SPEEDS}, {"lun": 4, "size_gb": 1080, "copy": SPEEDS},
            ],
        },
    ],
    "restore_point_collections": [
        {"name": "db-01-points", "resource_group": SOURCE_GROUP, "vm": "db-01", "restore_points": [{"name": POINT, "age_hours": 1}]},
    ],
}

COPY: dict[str, Any] = {
    "vm": ["db-01"], "vm_resource_group": SOURCE_GROUP, "target_region": TARGET_REGION, "target_resource_group": TARGET_GROUP,
    "poll_interval": 0.2, "wait_timeout": 240,
}
RESTORE: dict[str, Any] = {
    "vm": ["db-01"], "vm_resource_group": SOURCE_GROUP, "region": TARGET_REGION, "resource_group": TARGET_GROUP, "target_resource_group": TARGET_GROUP,
    "mode": "new_vm", "vm_name": "{name}-dr", "virtual_network": "vnet-dr", "subnet": "default", "tags": {"drill": "1"},
    "poll_interval": 0.2, "wait_timeout": 240,
}


class Drill:
    """A simulator with a VM that has a restore point, and how to copy and restore that."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def start(self, module: str, arguments: dict[str, Any]) -> Run:
        return self.sim.ansible.start([self.sim.ansible.task(module, arguments)])

    def puts(self, path: str) -> int:
        return len(self.sim.control.requests("PUT", path))

    def point_puts(self) -> int:
        return self.puts(rf"/restorePoints/{POINT}$")

    def looks(self) -> int:
        """How often the disks of the copy were looked at."""
        return len([row for row in self.sim.control.requests("GET", rf"/{TARGET_GROUP}/.*/restorePoints/{POINT}$") if "instanceView" in str(row["query"])])

    def until(self, run: Run, what: Callable[[], bool]) -> None:
        """Waits for something that the running playbook does; fails when it ends before."""
        for _attempt in range(1200):
            if what():
                return
            if run.process.poll() is not None:
                raise AssertionError(f"ansible-playbook ended early:\n{run.wait().output}\n{run.tasks()}")
            time.sleep(0.05)
        run.kill()
        raise AssertionError("it did not happen within a minute")

    def to_the_end(self, run: Run) -> Result:
        """The result, with ten minutes of Azure's time passing at each of its looks."""
        while run.process.poll() is None:
            looked = len(self.sim.control.requests())
            self.sim.control.advance(600)
            while run.process.poll() is None and len(self.sim.control.requests()) == looked:
                time.sleep(0.05)
        return run.wait().ok()


@pytest.fixture
def drill(start_simulator: Callable[..., Simulator], tmp_path: Path) -> Drill:
    estate = tmp_path / "estate.yml"
    estate.write_text(json.dumps(ESTATE))
    return Drill(start_simulator(speed=1, estate=estate))


def test_killed_copy_is_followed_and_a_vm_is_made_of_it(drill: Drill) -> None:
    first = drill.start("restore_point_copy", COPY)
    drill.until(first, lambda: drill.looks() > 1)
    drill.sim.control.advance(1500)
    first.kill()
    assert first.tasks() == [], "it was killed in the middle of the task"
    assert drill.point_puts() == 1

    early = drill.start("restore_point_copy", {**COPY, "wait_timeout": 3}).wait()
    assert early.failed and not early.changed
    failure = early.vms[0]["failure"]
    assert failure["code"] == "OperationTimeout"
    assert list(failure["resume"]) == [POINT]
    percents = [disk["percent"] for disk in early.vms[0]["copies"][0]["replication"]]
    assert percents[:2] == [100.0, 100.0] and 0 <= percents[3] < percents[2] < 100
    refused = drill.start("restore_point_restore", RESTORE).wait()
    assert refused.vms[0]["failure"]["code"] == "RestorePointIncomplete"
    assert drill.puts("/disks/") == 0, "nothing is made of half a copy"

    result = drill.to_the_end(drill.start("restore_point_copy", COPY))
    assert not result.changed
    assert result.vms[0]["copies"][0]["action"] == "adopted"
    assert [disk["percent"] for disk in result.vms[0]["copies"][0]["replication"]] == [100.0] * 4
    assert result.vms[0]["usable"]
    assert drill.point_puts() == 1

    build_a_vm(drill)


def build_a_vm(drill: Drill) -> None:
    """In the second region, while nothing of the first one answers, and with a kill as soon as the first disk is asked for."""
    drill.sim.control.fault({"path": f"/resourceGroups/{SOURCE_GROUP}/", "hit": "every"}, {"kind": "status", "status": 503}, times=None)
    first = drill.start("restore_point_restore", RESTORE)
    drill.until(first, lambda: drill.puts("/disks/") > 0)
    first.kill()
    assert first.tasks() == []

    result = drill.to_the_end(drill.start("restore_point_restore", RESTORE))
    assert result.changed
    made = result.vms[0]["restored"]
    assert len(made["disks"]) == 4
    again = drill.start("restore_point_restore", RESTORE).wait().ok()
    assert not again.changed

    drill.sim.control.clear_faults()
    vm = drill.sim.arm("GET", made["virtual_machine_id"], "2024-11-01").json()
    assert vm["location"] == TARGET_REGION and vm["tags"] == {"drill": "1"}
    assert vm["properties"]["securityProfile"]["securityType"] == "TrustedLaunch"
    assert [disk["lun"] for disk in vm["properties"]["storageProfile"]["dataDisks"]] == [0, 1, 4]
    for disk in made["disks"]:
        found = drill.sim.arm("GET", disk, "2025-01-02").json()
        assert found["tags"] == {"drill": "1"} and f"/restorePoints/{POINT}/" in found["properties"]["creationData"]["sourceResourceId"]
    assert drill.puts(r"/virtualMachines/db-01-dr$") == 1
    assert {row["path"] for row in drill.sim.control.requests("PUT", "/disks/")} == set(made["disks"])


def test_lost_answer_ends_with_one_copy(drill: Drill) -> None:
    """The connection breaks after the copy was started."""
    drill.sim.control.fault({"method": "PUT", "path": rf"/restorePoints/{POINT}$"}, {"kind": "reset_after"})
    run = drill.start("restore_point_copy", COPY)
    drill.until(run, lambda: drill.looks() > 0)
    result = drill.to_the_end(run)
    assert result.changed
    assert result.vms[0]["copies"][0]["action"] == "started"
    assert result.vms[0]["usable"]
    assert drill.point_puts() == 1
