# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain output of ansible-playbook tells how far a long task is."""

from __future__ import annotations

import re
from typing import Callable

from harness.simulator import Simulator


def test_a_long_wait_shows_progress(start_simulator: Callable[..., Simulator]) -> None:
    sim = start_simulator(vms=3, speed=30)
    arguments = {"vm": [sim.vm_id("rg-prod", f"vm-{number:04d}") for number in (1, 2, 3)], "policy": "EnhancedPolicy"}
    where = {"vault": "rsv-prod-01", "resource_group": "rg-backup"}
    result = sim.run_module("vm_backup_protection", {**arguments, **where}, environment={"LIFEBOAT_AZURE_DR_PROGRESS_SECONDS": "0.05"})
    assert result.ok().changed
    lines = re.findall(r"^ {4}(.+: \d+ s.*)$", result.stdout, re.MULTILINE)
    assert any(re.search(r", [0-3] of 3 done", line) for line in lines), result.stdout
