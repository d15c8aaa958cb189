# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restore happens once: also when ansible-playbook is killed while it waits, and when the answer to the request gets lost.

The simulator runs at the speed of the wall, and the tests move its clock, so what runs goes on running for as long as a test wants.
"""

from __future__ import annotations

import time
from typing import Any, Callable

import pytest
from harness.ansible import Run
from harness.simulator import Simulator

VM_GROUP = "rg-prod"
VAULT = "rsv-prod-01"
VAULT_GROUP = "rg-backup"
HOUR = 3600.0

MODES: dict[str, dict[str, Any]] = {
    "new_vm": {
        "mode": "new_vm",
        "vm_name": "{name}-dr",
        "target_resource_group": "rg-dr",
        "virtual_network": "vnet-dr",
        "subnet": "default",
        "storage_account": "ststagingea",
    },
    "disks": {"mode": "disks", "target_resource_group": "rg-dr", "storage_account": "ststagingea"},
    "replace": {"mode": "replace", "allow_replace": True, "storage_account": "ststagingea", "storage_account_resource_group": "rg-dr"},
}


class Drill:
    """A simulator with one VM that has a recovery point in the vault, and how to restore that."""

    def __init__(self, sim: Simulator, mode: str) -> None:
        self.sim = sim
        common = {"vm": ["web-01"], "vm_resource_group": VM_GROUP, "vault": VAULT, "resource_group": VAULT_GROUP}
        sim.run_module("vm_backup_protection", {**common, "policy": "DefaultPolicy", "wait": False}).ok()
        sim.control.advance(HOUR)
        sim.run_module("vm_backup_trigger", {**common, "max_age": "24h", "wait": False}).ok()
        sim.control.advance(6 * HOUR)
        sim.control.reset()
        self.arguments = {**common, **MODES[mode], "poll_interval": 0.1, "wait_timeout": 240}

    def start(self) -> Run:
        return self.sim.ansible.start([self.sim.ansible.task("vm_restore", self.arguments)])

    def sent(self) -> list[dict[str, Any]]:
        """The restore requests that the simulator saw."""
        return self.sim.control.requests("POST", r"/recoveryPoints/[^/]+/restore$")

    def job_reads(self) -> int:
        return len(self.sim.control.requests("GET", r"/backupJobs(/|$)"))

    def jobs(self) -> list[dict[str, Any]]:
        """The restore jobs that there are, whoever started them."""
        path = f"{self.sim.rg(VAULT_GROUP)}/providers/Microsoft.RecoveryServices/vaults/{VAULT}/backupJobs"
        answer = self.sim.arm("GET", path, params={"$filter": "backupManagementType eq 'AzureIaasVM' and operation eq 'Restore'"})
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["value"]
        return found

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


@pytest.fixture
def drill(start_simulator: Callable[..., Simulator], request: pytest.FixtureRequest) -> Drill:
    return Drill(start_simulator(speed=1), request.param)


@pytest.mark.parametrize("drill", list(MODES), indirect=True)
def test_killed_while_waiting_ends_with_one_restore(drill: Drill) -> None:
    first = drill.start()
    drill.until(first, lambda: bool(drill.sent()))
    looked = drill.job_reads()
    drill.until(first, lambda: drill.job_reads() > looked)
    first.kill()
    assert first.tasks() == [], "it was killed in the middle of the task"
    assert len(drill.jobs()) == 1
    running = drill.jobs()[0]
    assert running["properties"]["status"] == "InProgress"

    looked = drill.job_reads()
    second = drill.start()
    drill.until(second, lambda: drill.job_reads() > looked + 2)
    drill.sim.control.advance(HOUR)
    result = second.wait().ok()
    assert not result.changed
    assert result.vms[0]["action"] == "adopted"
    assert result.vms[0]["job"]["name"] == running["name"]
    assert result.vms[0]["job"]["status"] == "Completed"
    assert len(drill.sent()) == 1

    third = drill.start().wait().ok()
    assert not third.changed
    assert third.vms[0]["action"] == "none"
    assert third.vms[0]["job"]["name"] == running["name"]
    assert len(drill.sent()) == 1
    assert len(drill.jobs()) == 1


@pytest.mark.parametrize("drill", list(MODES), indirect=True)
def test_lost_answer_ends_with_one_restore(drill: Drill) -> None:
    """The connection breaks after the restore was started."""
    drill.sim.control.fault({"method": "POST", "path": r"/recoveryPoints/[^/]+/restore$"}, {"kind": "reset_after"})
    run = drill.start()
    drill.until(run, lambda: bool(drill.sent()))
    looked = drill.job_reads()
    drill.until(run, lambda: drill.job_reads() > looked + 1)
    drill.sim.control.advance(HOUR)
    result = run.wait().ok()
    assert result.changed
    assert result.vms[0]["action"] == "started"
    assert len(drill.sent()) == 1
    assert [job["name"] for job in drill.jobs()] == [result.vms[0]["job"]["name"]]


@pytest.mark.parametrize("drill", ["new_vm"], indirect=True)
def test_timeout_loses_nothing(drill: Drill) -> None:
    """A wait that ends before the restore does says how to go on, and the next run goes on."""
    drill.arguments["wait_timeout"] = 5
    gave_up = drill.start().wait()
    assert gave_up.failed
    failure = gave_up.vms[0]["failure"]
    assert failure["code"] == "OperationTimeout"
    running = drill.jobs()[0]["name"]
    assert failure["resume"]["job_id"] == running
    drill.sim.control.advance(HOUR)
    result = drill.start().wait().ok()
    assert result.vms[0]["restored"]["virtual_machine_id"].endswith("/web-01-dr")
    assert len(drill.sent()) == 1
