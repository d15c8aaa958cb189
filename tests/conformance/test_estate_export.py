# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is exported of an estate, the simulator loads; and what is exported of that one is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

from harness.simulator import Simulator

ESTATE = Path(__file__).parent / "harness" / "real-estate.yml"
FROZEN = 0.001
"""Time all but stands still, so that two exports find the same ages."""


def export(sim: Simulator, **options: Any) -> dict[str, Any]:
    result = sim.run_module("recovery_estate_info", options).ok()
    assert not result.changed and result["left_out"] == []
    estate: dict[str, Any] = result["estate"]
    return estate


def test_an_export_is_an_estate_with_the_same_export(start_simulator: Callable[..., Simulator], tmp_path: Path) -> None:
    original = start_simulator(speed=FROZEN, estate=ESTATE)
    exported = export(original)
    assert {kind: len(entries) for kind, entries in exported.items() if isinstance(entries, list)} == {
        "principals": 2, "resource_groups": 6, "virtual_networks": 3, "storage_accounts": 2, "virtual_machines": 5, "vaults": 2,
        "restore_point_collections": 3, "api_management": 3,
    }
    file = tmp_path / "exported.yml"
    # JSON is YAML.
    file.write_text(json.dumps(exported))
    copy = start_simulator(speed=FROZEN, estate=file)
    assert copy.subscription == original.subscription
    assert export(copy) == exported


def test_nothing_but_reading_requests_and_no_secret(start_simulator: Callable[..., Simulator]) -> None:
    """That no credential, key, user data or content of a service shows is searched for by the fixture, in all output."""
    sim = start_simulator(speed=FROZEN, estate=ESTATE)
    sim.control.reset()
    text = json.dumps(export(sim))
    asked = [row for row in sim.control.requests() if row["endpoint"] == "arm"]
    assert asked and {row["method"] for row in asked} == {"GET"}
    assert not any(word in text for word in ("adminUsername", "keyData", "userData", "osProfile", "backend-key"))


def test_some_resource_groups(start_simulator: Callable[..., Simulator]) -> None:
    """With the networks that their machines are in, wherever those are."""
    estate = export(start_simulator(speed=FROZEN, estate=ESTATE), resource_group=["RG-ELSE"])
    assert [machine["name"] for machine in estate["virtual_machines"]] == ["elsewhere"]
    assert [network["name"] for network in estate["virtual_networks"]] == ["vnet-hub"]
    assert [group["name"] for group in estate["resource_groups"]] == ["rg-else", "RG-Network"]
    assert [vault["name"] for vault in estate["vaults"]] == ["rsv-else"]
    assert [service["name"] for service in estate["api_management"]] == ["apim-else"]
