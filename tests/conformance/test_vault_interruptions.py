# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vault is made, deleted and brought back once: also when ansible-playbook is killed while it waits, and when an answer gets lost.

The simulator runs at the speed of the wall, and the tests move its clock, so what runs goes on running for as long as a test wants.
"""

from __future__ import annotations

import time
from typing import Any

from harness.ansible import Result, Run
from harness.simulator import Simulator

PLACE = {"name": "rsv-new", "resource_group": "rg-backup", "poll_interval": 0.2, "wait_timeout": 240}
LOCKED = {**PLACE, "immutability": "locked", "allow_irreversible": True}
ABSENT = {**PLACE, "name": "rsv-prod-02", "state": "absent"}


def start(sim: Simulator, arguments: dict[str, Any]) -> Run:
    return sim.ansible.start([sim.ansible.task("recovery_vault", arguments)])


def sent(sim: Simulator, method: str, path: str) -> int:
    return len(sim.control.requests(method, path))


def killed_after(sim: Simulator, arguments: dict[str, Any], method: str, path: str) -> None:
    run = start(sim, arguments)
    for _attempt in range(1200):
        if sent(sim, method, path):
            break
        assert run.process.poll() is None, run.wait().output
        time.sleep(0.05)
    run.kill()


def finished(sim: Simulator, run: Run) -> Result:
    """The end of a run, for which time is moved on."""
    for _attempt in range(600):
        if run.process.poll() is not None:
            break
        sim.control.advance(20)
        time.sleep(0.2)
    return run.wait().ok()


def test_a_creation_that_was_killed_is_gone_on_with(sim: Simulator) -> None:
    killed_after(sim, LOCKED, "PUT", "/vaults/rsv-new$")
    result = finished(sim, start(sim, LOCKED))
    assert result["vault"]["immutability"] == "locked"
    assert (sent(sim, "PUT", "/vaults/rsv-new$"), sent(sim, "PATCH", "/vaults/rsv-new$")) == (1, 1)


def test_a_vault_whose_creation_is_answered_with_a_reset_is_made_all_the_same(sim: Simulator) -> None:
    sim.control.fault(match={"method": "PUT", "path": "/vaults/rsv-new$"}, answer={"kind": "reset_after"})
    assert finished(sim, start(sim, PLACE)).changed


def test_a_deletion_that_was_killed_comes_to_its_end(sim: Simulator) -> None:
    killed_after(sim, ABSENT, "DELETE", "/vaults/rsv-prod-02$")
    assert finished(sim, start(sim, ABSENT))["vault"] is None


def test_a_vault_comes_back_once_though_the_answer_got_lost(sim: Simulator) -> None:
    finished(sim, start(sim, ABSENT))
    sim.control.fault(match={"method": "POST", "path": "/undelete$"}, answer={"kind": "reset_after"})
    back = {**ABSENT, "state": "present", "undelete": True}
    result = finished(sim, start(sim, back))
    assert result.changed and result["vault"]["name"] == "rsv-prod-02"
    assert sent(sim, "POST", "/undelete$") == 1
    assert not finished(sim, start(sim, back)).changed
