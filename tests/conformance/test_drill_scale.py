# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drill of a large fleet costs, in requests within Azure's limits and in lines and bytes for people.

`make test` has the limits of 2026 only. With those of 2023 (150 looks at jobs, 300 at recovery points and 1,200 writes an hour) a drill spends hours of the
simulator's clock on waiting: `make scale` has both.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any, Callable

import pytest
from harness import fleets
from harness.drills import RESTORE
from harness.simulator import Simulator

VMS = int(os.environ.get("SCALE_VMS") or 300)
YEARS = (os.environ.get("SCALE_YEARS") or "2026").split()

SPEED = 30
POLL_INTERVAL = 15 / SPEED
"""The 15 seconds that the playbook has by default, on this clock."""

LONGEST = 7200
"""Seconds of the wall, with the limits of 2023: a drill that hangs must end, nothing more."""

JOB_READS_A_VM = 2
"""Looks at single jobs: one finds out what a job restores when its restore is waited for by another task than started it, one how it has ended."""
LISTS_OF_JOBS = 100
"""Looks at the jobs of a vault. They follow the time that the restores take, not how many they are."""

MOST_LINES = 1000
"""In the plain output, blank ones and those of tasks that are skipped with them: some 200 a stage, whatever the number of VMs."""
LONGEST_LINE = 200
MOST_BYTES = {".html": 2_000_000, ".json": 4_000 * VMS}


@pytest.mark.parametrize("year", YEARS)
def test_a_fleet_is_drilled_within_azures_limits_and_told_of_in_short(start_simulator: Callable[..., Simulator], tmp_path: Path, year: str) -> None:
    recovery = fleets.FleetRecovery(start_simulator, tmp_path, VMS, speed=SPEED, throttle=year)
    before = recovery.production()
    done = recovery.start("drill", verbosity=0, lifeboat_poll_interval=POLL_INTERVAL).wait(LONGEST)
    assert done.returncode == 0, done.output[-4000:]

    record = recovery.record()
    assert record["verdict"]["result"] == "passed", record["verdict"]["reasons"]
    vms = [vm for wave in record["waves"] for vm in wave["vms"]]
    assert Counter(vm["from"] for vm in vms) == {"vault": VMS - fleets.CONTROLLERS, "restore_points": fleets.CONTROLLERS}
    assert len({vm["id"] for vm in vms}) == VMS
    checks = [check for wave in record["waves"] for check in wave["checks"]]
    assert [check["ok"] for check in checks] == [True] * (VMS + 1)

    rows = recovery.sim.control.requests()
    # In an hour of 2023 the recovery points of 300 VMs could be listed: of more, some wait until Azure says.
    if year == "2026" or VMS <= 300:
        assert [row["path"] for row in rows if row["status"] == 429] == []
    assert_requests(rows)

    assert (record["cleanup"]["state"], record["cleanup"]["left"]) == ("done", [])
    assert recovery.tagged() == []
    assert recovery.machines("rg-drill", "rg-drill-south") == []
    assert recovery.production() == before

    lines = done.stdout.splitlines()
    assert len(lines) <= MOST_LINES, len(lines)
    assert max(map(len, lines)) <= LONGEST_LINE, max(lines, key=len)
    assert not [line for line in lines if "drill-shop-web-0001" in line]
    for file in recovery.reports.iterdir():
        assert file.stat().st_size <= MOST_BYTES.get(file.suffix, 1_000_000), (file.name, file.stat().st_size)


def assert_requests(rows: list[dict[str, Any]]) -> None:
    """Everything once: a restore and a list of recovery points for each VM, tags for what a restore made, and a removal."""

    def count(method: str, ending: str) -> int:
        return len(taken(rows, method, ending))

    protected = VMS - fleets.CONTROLLERS
    assert len({row["path"] for row in taken(rows, "POST", RESTORE)}) == count("POST", RESTORE) == protected
    assert count("GET", r"/recoveryPoints$") == protected
    assert count("GET", r"/backupJobs/[^/]+$") <= JOB_READS_A_VM * protected
    assert count("GET", r"/backupJobs$") <= LISTS_OF_JOBS
    assert count("PATCH", r"/tags/default$") == 3 * protected
    assert count("PUT", r"/virtualMachines/[^/]+$") == fleets.CONTROLLERS
    assert count("DELETE", r".") == 3 * VMS


def taken(rows: list[dict[str, Any]], method: str, ending: str) -> list[dict[str, Any]]:
    """The requests that Azure has taken, not those that it sent away for another time."""
    return [row for row in rows if row["method"] == method and row["status"] != 429 and re.search(ending, row["path"], re.IGNORECASE)]
