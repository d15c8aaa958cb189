# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a large fleet costs in requests, counted by the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from harness.simulator import Simulator

COUNT = 1000
MOST_REQUESTS = 12
"""Metadata, OIDC discovery, token, policy, five pages of items; and a reserve."""

ESTATE = f"""
location: eastasia
resource_groups: [{{name: rg-prod}}, {{name: rg-backup}}]
principals: [{{name: operator, roles: [Backup Contributor]}}]
virtual_networks:
  - {{name: vnet-prod, resource_group: rg-prod, address_prefixes: [10.0.0.0/8], subnets: [{{name: default, prefix: 10.0.0.0/8}}]}}
virtual_machines: [{{name: "vm-{{n:04d}}", count: {COUNT}, resource_group: rg-prod}}]
vaults:
  - name: rsv-fleet
    resource_group: rg-backup
    protected_items: [{{vm: "vm-*", policy: DefaultPolicy}}]
"""


@pytest.fixture
def fleet(start_simulator: Callable[..., Simulator], tmp_path: Path) -> Simulator:
    estate = tmp_path / "estate.yml"
    estate.write_text(ESTATE)
    return start_simulator(estate=estate, throttle="2026", speed=1)


@pytest.mark.parametrize("check", [False, True], ids=["for real", "check mode"])
@pytest.mark.parametrize(
    "which",
    [{"vault": "rsv-fleet", "resource_group": "rg-backup", "policy": "DefaultPolicy"}, {"policy": "DefaultPolicy"}],
    ids=["vault named", "vault found"],
)
def test_unchanged_fleet_is_one_handful_of_requests(fleet: Simulator, which: dict[str, Any], check: bool) -> None:
    names = [f"vm-{number:04d}" for number in range(1, COUNT + 1)]
    result = fleet.run_module("vm_backup_protection", {"vm": names, "vm_resource_group": "rg-prod", **which}, check=check).ok()
    assert not result.changed
    assert [vm["name"] for vm in result.vms] == names
    assert {vm["state"] for vm in result.vms} == {"protected"}
    assert fleet.control.writes() == []
    asked = [f"{row['method']} {row['path']}" for row in fleet.control.requests()]
    assert len(asked) <= MOST_REQUESTS, "\n".join(asked)


BACKED_UP = 200

TWO_VAULTS = f"""
location: eastasia
resource_groups: [{{name: rg-prod}}, {{name: rg-backup}}]
principals: [{{name: operator, roles: [Contributor]}}]
virtual_networks:
  - {{name: vnet-prod, resource_group: rg-prod, address_prefixes: [10.0.0.0/8], subnets: [{{name: default, prefix: 10.0.0.0/8}}]}}
virtual_machines:
  - {{name: "web-{{n:04d}}", count: {BACKED_UP // 2}, resource_group: rg-prod}}
  - {{name: "app-{{n:04d}}", count: {BACKED_UP // 2}, resource_group: rg-prod}}
vaults:
  - {{name: rsv-web, resource_group: rg-backup, protected_items: [{{vm: "web-*"}}]}}
  - {{name: rsv-app, resource_group: rg-backup, protected_items: [{{vm: "app-*"}}]}}
"""


@pytest.fixture
def two_vaults(start_simulator: Callable[..., Simulator], tmp_path: Path, request: pytest.FixtureRequest) -> Simulator:
    estate = tmp_path / "estate.yml"
    estate.write_text(TWO_VAULTS)
    return start_simulator(estate=estate, throttle=request.param, speed=600)


# At this speed 0.05 s are the 30 seconds between two looks that the modules have by default.
@pytest.mark.parametrize(("wait_for", "interval"), [("completed", 0.05), ("completed", 0.005), ("snapshot", 0.05)])
@pytest.mark.parametrize("two_vaults", ["2023", "2026"], indirect=True)
def test_a_fleet_is_backed_up_without_ever_meeting_a_limit(two_vaults: Simulator, wait_for: str, interval: float) -> None:
    names = [f"{kind}-{number:04d}" for kind in ("web", "app") for number in range(1, BACKED_UP // 2 + 1)]
    # A read that fails now and then is part of any long wait.
    for hit in (3, 9, 15):
        two_vaults.control.fault({"method": "GET", "path": "/backupJobs$", "hit": hit}, {"kind": "status", "status": 500})
    arguments = {"vm": names, "vm_resource_group": "rg-prod", "wait_for": wait_for, "poll_interval": interval}
    result = two_vaults.run_module("vm_backup_trigger", arguments, verbosity=0).ok()
    assert result.changed and all(vm["changed"] and vm["recovery_point"]["time"] for vm in result.vms)
    ends = {vm["job"]["status"] for vm in result.vms}
    assert ends <= {"Completed", "CompletedWithWarnings"} if wait_for == "completed" else "InProgress" in ends
    assert [row["path"] for row in two_vaults.control.requests() if row["status"] == 429] == []
    assert len(two_vaults.control.requests("POST", r"/backup$")) == BACKED_UP

    two_vaults.control.reset()
    two_vaults.control.clear_faults()
    again = two_vaults.run_module("vm_backup_trigger", {**arguments, "wait_for": "snapshot"}, verbosity=0).ok()
    assert not again.changed and two_vaults.control.writes() == []
