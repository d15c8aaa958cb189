# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup happens once: also when ansible-playbook is killed while it waits, when it gives up, and when nothing of the wait can be read."""

from __future__ import annotations

import time
from typing import Any, Callable

import pytest
from harness.ansible import Run
from harness.simulator import Simulator

VMS = ["web-01", "web-02"]
PLACE = {"vm": VMS, "vm_resource_group": "rg-prod", "vault": "rsv-prod-01", "resource_group": "rg-backup"}
HOUR = 3600.0


@pytest.fixture
def protected(start_simulator: Callable[..., Simulator]) -> Simulator:
    """Two protected VMs without a recovery point; the clock runs with the wall, and the tests move it."""
    sim = start_simulator(speed=1)
    sim.run_module("vm_backup_protection", {**PLACE, "policy": "DefaultPolicy", "wait": False}).ok()
    sim.control.advance(HOUR)
    sim.control.reset()
    return sim


def start(sim: Simulator, **more: Any) -> Run:
    return sim.ansible.start([sim.ansible.task("vm_backup_trigger", {**PLACE, "poll_interval": 0.1, "wait_timeout": 240, **more})])


def requested(sim: Simulator) -> int:
    return len(sim.control.requests("POST", r"/backup$"))


def looks(sim: Simulator) -> int:
    return len(sim.control.requests("GET", r"/backupJobs(/|$)"))


def until(run: Run, what: Callable[[], bool]) -> None:
    for _attempt in range(1200):
        if what():
            return
        assert run.process.poll() is None, "ansible-playbook ended early"
        time.sleep(0.05)
    run.kill()
    raise AssertionError("it did not happen within a minute")


def test_killed_while_waiting_ends_with_one_backup_a_vm(protected: Simulator) -> None:
    first = start(protected)
    until(first, lambda: requested(protected) == len(VMS))
    looked = looks(protected)
    until(first, lambda: looks(protected) > looked + 1)
    first.kill()
    assert first.tasks() == [], "it was killed in the middle of the task"

    looked = looks(protected)
    second = start(protected)
    until(second, lambda: looks(protected) > looked + 2)
    protected.control.advance(6 * HOUR)
    result = second.wait().ok()
    assert not result.changed and all(vm["adopted"] for vm in result.vms)
    assert {vm["job"]["status"] for vm in result.vms} <= {"Completed", "CompletedWithWarnings"}
    assert requested(protected) == len(VMS)

    third = start(protected).wait().ok()
    assert not third.changed and requested(protected) == len(VMS)


def test_a_wait_that_gives_up_names_the_jobs_which_another_task_waits_for(protected: Simulator) -> None:
    result = start(protected, wait_timeout=4).wait()
    assert result.failed and all(vm["changed"] and vm["failure"]["code"] == "OperationTimeout" for vm in result.vms)
    jobs = [vm["failure"]["resume"]["job_id"] for vm in result.vms]
    protected.control.advance(6 * HOUR)
    waited = protected.run_module("backup_job", {"job": jobs, "vault": PLACE["vault"], "resource_group": PLACE["resource_group"]}).ok()
    assert [job["name"] for job in waited["jobs"]] == jobs and not waited.changed
    assert requested(protected) == len(VMS)


def test_nothing_to_be_read_for_a_while_loses_nothing(protected: Simulator) -> None:
    run = start(protected)
    until(run, lambda: requested(protected) == len(VMS))
    protected.control.fault({"method": "GET", "path": "/backupJobs", "hit": "every"}, {"kind": "reset_before"}, times=None)
    protected.control.advance(6 * HOUR)
    looked = looks(protected)
    until(run, lambda: looks(protected) > looked + 5)
    protected.control.clear_faults()
    result = run.wait().ok()
    assert result.changed and {vm["job"]["status"] for vm in result.vms} <= {"Completed", "CompletedWithWarnings"}


def test_tokens_that_expire_during_the_wait_are_renewed(protected: Simulator) -> None:
    run = start(protected)
    until(run, lambda: requested(protected) == len(VMS))
    for hit in (1, 4):
        protected.control.fault({"method": "GET", "path": "/backupJobs", "hit": hit}, {"kind": "expire_tokens"})
    looked = looks(protected)
    until(run, lambda: looks(protected) > looked + 6)
    protected.control.advance(6 * HOUR)
    assert run.wait().ok().changed and requested(protected) == len(VMS)
