# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restore point is made, replaced and pruned once: also when ansible-playbook is killed in between, and when an answer gets lost.

The simulator runs at the speed of the wall, and the tests move its clock, so what runs goes on running for as long as a test wants.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from harness.ansible import Result
from harness.simulator import Simulator

GROUP = "rg-prod"
POINTS = [{"name": "old", "age_hours": 50}, {"name": "older", "age_hours": 60}, {"name": "broken", "age_hours": 3, "state": "Failed"}]
ESTATE: dict[str, Any] = {
    "location": "eastasia",
    "principals": [{"name": "operator", "roles": ["Contributor"]}],
    "resource_groups": [{"name": GROUP}],
    "virtual_networks": [
        {"name": "vnet-prod", "resource_group": GROUP, "address_prefixes": ["10.10.0.0/16"], "subnets": [{"name": "default", "prefix": "10.10.0.0/20"}]},
    ],
    "virtual_machines": [{"name": "web-01", "resource_group": GROUP}, {"name": "db-01", "resource_group": GROUP}],
    "restore_point_collections": [{"name": "db-01-restore-points", "resource_group": GROUP, "vm": "db-01", "restore_points": POINTS}],
}
VM = {"vm_resource_group": GROUP, "poll_interval": 0.2, "wait_timeout": 240}


@pytest.fixture
def sim(start_simulator: Callable[..., Simulator], tmp_path: Path) -> Simulator:
    estate = tmp_path / "estate.yml"
    estate.write_text(json.dumps(ESTATE))
    return start_simulator(speed=1, estate=estate)


def finished(sim: Simulator, arguments: dict[str, Any]) -> Result:
    """The end of a run, for which time is moved on."""
    run = sim.ansible.start([sim.ansible.task("restore_point", {**VM, **arguments})])
    while run.process.poll() is None:
        sim.control.advance(10)
        time.sleep(0.2)
    return run.wait().ok()


def killed_after(sim: Simulator, arguments: dict[str, Any], method: str, path: str) -> None:
    run = sim.ansible.start([sim.ansible.task("restore_point", {**VM, **arguments})])
    for _attempt in range(1200):
        if sim.control.requests(method, path):
            break
        assert run.process.poll() is None, run.wait().output
        time.sleep(0.02)
    run.kill()
    assert run.tasks() == [], "it was killed in the middle of the task"


@pytest.mark.parametrize(
    ("arguments", "method", "path", "writes"),
    [
        ({"vm": ["web-01"]}, "PUT", "/restorePoints/", ["PUT web-01-restore-points", "PUT *"]),
        ({"vm": ["db-01"], "name": "broken"}, "DELETE", "/restorePoints/", ["DELETE broken", "PUT broken"]),
        ({"vm": ["db-01"], "keep": 1}, "PUT", "/restorePoints/", ["PUT *", "DELETE older", "DELETE old", "DELETE broken"]),
    ],
    ids=["point", "replacement", "before pruning"],
)
def test_what_was_killed_is_gone_on_with(sim: Simulator, arguments: dict[str, Any], method: str, path: str, writes: list[str]) -> None:
    killed_after(sim, arguments, method, path)
    assert finished(sim, arguments).vms[0]["restore_point"]["usable"]
    sent = [f"{row['method']} {row['path'].rsplit('/', 1)[1]}" for row in sim.control.writes()]
    name = arguments["vm"][0] + "-20"
    assert [f"{line.split()[0]} *" if line.split()[1].startswith(name) else line for line in sent] == writes, "nothing is sent twice"
    assert not finished(sim, arguments).changed


def test_lost_answers_make_no_second_point(sim: Simulator) -> None:
    sim.control.fault({"method": "PUT", "path": "/restorePoints/"}, {"kind": "reset_after"})
    sim.control.fault({"method": "PUT", "path": "/restorePointCollections/[^/]+$"}, {"kind": "reset_after"})
    sim.control.fault({"method": "GET", "path": "/restorePoints/", "hit": 2}, {"kind": "malformed"})
    result = finished(sim, {"vm": ["web-01"], "name": "now"})
    assert result.changed and result.vms[0]["restore_point"]["usable"]
    assert len(sim.control.requests("PUT", "/restorePoints/now$")) == 1
