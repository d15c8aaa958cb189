# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy is what was asked for whatever cuts off the run that sent it, and running again sends nothing that is so already."""

from __future__ import annotations

import time
from typing import Any

from harness.simulator import Simulator

PLACE = {"vault": "rsv-prod-01", "resource_group": "rg-backup", "poll_interval": 0.2, "wait_timeout": 60}
NIGHTLY = {**PLACE, "name": "nightly", "schedule": {"frequency": "daily", "time": "23:00"}, "retention": {"daily": {"count": 30}}}


def writes(sim: Simulator) -> list[str]:
    return [f"{write['method']} {write['path'].rsplit('/', 1)[-1]}" for write in sim.control.writes()]


def call(sim: Simulator, arguments: dict[str, Any]) -> Any:
    return sim.run_module("backup_policy", arguments).ok()


def test_answers_that_get_lost(sim: Simulator) -> None:
    sim.control.fault(match={"method": "PUT", "path": "/backupPolicies/nightly$"}, answer={"kind": "reset_after"})
    assert call(sim, NIGHTLY).changed
    assert not call(sim, NIGHTLY).changed
    sim.control.fault(match={"method": "DELETE", "path": "/backupPolicies/nightly$"}, answer={"kind": "reset_after"})
    gone = call(sim, {**PLACE, "name": "nightly", "state": "absent"})
    assert gone.changed and gone["policy"] is None
    assert not call(sim, {**PLACE, "name": "nightly", "state": "absent"}).changed
    # Sent again after the reset, each of them, and never by the runs that find it done.
    assert writes(sim) == ["PUT nightly"] * 2 + ["DELETE nightly"] * 2


def test_an_edit_that_was_killed_while_its_items_follow(sim: Simulator) -> None:
    protect = {"vm": ["web-01"], "vm_resource_group": "rg-prod", "vault": "rsv-prod-01", "resource_group": "rg-backup", "policy": "nightly"}
    call(sim, NIGHTLY)
    sim.run_module("vm_backup_protection", {**protect, "wait": False}).ok()
    sim.control.advance(120)
    edit = {**PLACE, "name": "nightly", "instant_restore_days": 5}
    before = len(writes(sim))
    run = sim.ansible.start([sim.ansible.task("backup_policy", edit)])
    for _attempt in range(1200):
        if len(writes(sim)) > before:
            break
        assert run.process.poll() is None, run.wait().output
        time.sleep(0.05)
    run.kill()
    again = call(sim, edit)
    assert not again.changed and again["policy"]["instant_restore_days"] == 5 and again["policy"]["protected_items_count"] == 1
    assert writes(sim)[before:] == ["PUT nightly"]
