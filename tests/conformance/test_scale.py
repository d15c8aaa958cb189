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
