# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills end cleaned up and with a verdict that is right, whatever happens in them; production is left alone; a failover goes on where it was."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path
from typing import Callable

import pytest
import yaml
from harness.drills import APPROVED, Recovery, reasons, states
from harness.simulator import Simulator

Start = Callable[..., Simulator]

DRILL_GROUPS = ("rg-drill", "rg-drill-south")
REAL = 1
"""The speed of the wall: restores run for minutes, in which they can be killed."""


def test_a_drill_passes_and_leaves_production_alone(start_simulator: Start, tmp_path: Path) -> None:
    recovery = Recovery(start_simulator, tmp_path)
    before = recovery.production()

    told = recovery.run("drill", check=True)
    assert told.returncode == 0, told.output[-3000:]
    changes = [task for task in told.tasks if task.result.get("changed") and task.task.endswith(("Restore VMs", "Make VMs of restore points"))]
    assert len(changes) >= 3
    assert recovery.sim.control.writes() == []
    assert not recovery.reports.exists()

    done = recovery.run("drill", **APPROVED)
    assert done.returncode == 0, done.output[-3000:]
    record = recovery.record()
    assert record["verdict"]["result"] == "passed"
    assert set(states(record).values()) == {"done"}
    assert [check["ok"] for wave in record["waves"] for check in wave["checks"]] == [True] * 5
    assert record["cleanup"]["state"] == "done"
    assert len(recovery.restores()) == 5
    assert recovery.writes_elsewhere(*DRILL_GROUPS) == []
    assert recovery.tagged() == []
    assert recovery.production() == before

    again = recovery.run("drill", lifeboat_run_id=record["id"], **APPROVED)
    assert again.returncode != 0
    assert "has ended" in again.stdout
    assert len(recovery.restores()) == 5


@pytest.mark.parametrize("on_failure", ["halt", "continue"])
def test_a_restore_and_a_check_that_fail(start_simulator: Start, tmp_path: Path, on_failure: str) -> None:
    changes = {"name: six\n": f"name: six\non_failure: {on_failure}\n", "guest: {ports: [389]}": "guest: {boots: false}", "timeout: 30s": "timeout: 3s"}
    recovery = Recovery(start_simulator, tmp_path, changes=changes)
    before = recovery.production()
    fault = {"kind": "failed_job", "code": "UserErrorRestoreFailed", "message": "The restore has failed."}
    recovery.sim.control.fault({"operation": "Restore", "vm": "shop-db-02"}, fault)
    done = recovery.run("drill", **APPROVED)
    assert done.returncode != 0
    record = recovery.record()
    after = {"halt": "halted", "continue": "done"}[on_failure]
    assert states(record) == {"office/identity": "failed", "shop/data": "failed", "shop/web": after, "shop/batch": after}
    assert record["verdict"]["result"] == "failed"
    assert "shop-db-02 (UserErrorRestoreFailed)" in reasons(record)
    assert "directory answers on office-dc" in reasons(record)
    assert record["run"]["state"] == "finished"
    assert record["cleanup"]["state"] == "done"
    assert recovery.tagged() == []
    assert recovery.production() == before


def test_a_drill_that_is_killed_is_cleaned_up(start_simulator: Start, tmp_path: Path) -> None:
    recovery = Recovery(start_simulator, tmp_path, speed=REAL)
    before = recovery.production()
    recovery.kill_while_restoring("drill")
    assert recovery.record()["verdict"]["result"] == "running"

    refused = recovery.run("drill", **APPROVED)
    assert refused.returncode != 0
    assert "lifeboat_clean_first=true" in refused.stdout
    writes = len(recovery.sim.control.writes())
    told = recovery.run("cleanup", check=True)
    assert told.returncode == 0, told.output[-3000:]
    assert len(recovery.sim.control.writes()) == writes

    with recovery.hurried():
        done = recovery.run("cleanup")
    assert done.returncode == 0, done.output[-3000:]
    assert len(recovery.restores()) == 2
    assert recovery.tagged() == []
    assert recovery.production() == before
    assert recovery.writes_elsewhere(*DRILL_GROUPS) == []
    record = recovery.record()
    assert record["cleanup"]["state"] == "done"
    assert record["verdict"]["result"] == "failed"
    assert "interrupted" in reasons(record)

    again = recovery.run("cleanup")
    assert again.returncode == 0
    assert not [task.task for task in again.tasks if task.result.get("changed")]


def test_somebody_says_no(start_simulator: Start, tmp_path: Path) -> None:
    recovery = Recovery(start_simulator, tmp_path)
    before = recovery.production()
    done = recovery.run("drill", lifeboat_approvals={"start-shop": "decline"})
    assert done.returncode != 0
    record = recovery.record()
    assert states(record) == {"office/identity": "done", "shop/data": "done", "shop/web": "declined", "shop/batch": "halted"}
    assert "shop/web was declined" in reasons(record)
    assert (record["run"]["state"], record["cleanup"]["state"]) == ("finished", "done")
    assert recovery.production() == before


def test_a_drill_waits_for_a_person_and_goes_on(start_simulator: Start, tmp_path: Path) -> None:
    recovery = Recovery(start_simulator, tmp_path)
    waits = recovery.run("drill")
    assert waits.returncode == 0, waits.output[-3000:]
    record = recovery.record()
    assert (record["run"]["state"], record["verdict"]["result"]) == ("waiting", "waiting")
    assert len(recovery.restores()) == 2
    said = next(line for task in waits.tasks if task.task.endswith("Say how to go on") for line in task.result["msg"] if line.startswith("--extra-vars"))
    # As a shell and Ansible take what a person copies.
    variables = dict(word.split("=", 1) for word in shlex.split(said)[1::2] if not word.startswith("{"))
    variables.update(*(yaml.safe_load(word) for word in shlex.split(said) if word.startswith("{")))
    assert variables["lifeboat_approvals"] == {"start-shop": "approve"}

    done = recovery.run("drill", **variables)
    assert done.returncode == 0, done.output[-3000:]
    ended = recovery.record()
    assert ended["verdict"]["result"] == "passed"
    assert (ended["id"], ended["run"]["declared"]) == (record["id"], record["run"]["declared"])
    assert len(ended["run"]["attempts"]) == 2
    assert ended["waves"][0] == record["waves"][0]
    assert len({row["path"] for row in recovery.restores()}) == len(recovery.restores()) == 5
    assert recovery.tagged() == []


def test_a_failover_that_is_killed_goes_on(start_simulator: Start, tmp_path: Path) -> None:
    recovery = Recovery(start_simulator, tmp_path, speed=REAL)
    refused = recovery.run("failover", lifeboat_confirm="sixx")
    assert refused.returncode != 0
    assert "lifeboat_confirm to the name of the plan" in refused.stdout
    assert recovery.sim.control.requests() == []

    foreseen = recovery.run("failover", check=True, lifeboat_confirm="six", **APPROVED)
    assert foreseen.returncode == 0 and any(task.result.get("changed") for task in foreseen.tasks), foreseen.output[-3000:]
    assert recovery.sim.control.writes() == [] and not recovery.reports.exists()

    # A vault that is slow to answer, as in a region that is being lost: the time of recovery counts from before that.
    recovery.sim.control.fault({"path": "backupProtectedItems$"}, {"kind": "delay", "seconds": 3})
    recovery.kill_while_restoring("failover", lifeboat_confirm="six")
    run = recovery.record("failover")["run"]
    declared = run["declared"]
    assert (datetime.fromisoformat(run["started"][:19]) - datetime.fromisoformat(declared[:19])).total_seconds() >= 2
    with recovery.hurried():
        done = recovery.run("failover", lifeboat_confirm="six", **APPROVED)
    assert done.returncode == 0, done.output[-3000:]
    record = recovery.record("failover")
    assert record["verdict"]["result"] == "passed"
    assert record["run"]["declared"] == declared
    assert len(record["run"]["attempts"]) == 2
    assert len({row["path"] for row in recovery.restores()}) == len(recovery.restores()) == 5
    assert recovery.machines("rg-dr", "rg-dr-south") == ["office-dc", "shop-batch", "shop-db-01", "shop-db-02", "shop-web-01", "shop-web-02"]
    assert recovery.writes_elsewhere("rg-dr", "rg-dr-south") == []
    assert recovery.machines(*DRILL_GROUPS) == []
