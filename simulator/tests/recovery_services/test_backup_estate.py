# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate's vaults, and what the control port shows of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure_dr_simulator.estate import EstateError
from azure_dr_simulator.services.recovery_services.state import dump
from azure_dr_simulator.services.resources.state import ResourcesState
from backup_world import Backup


def vault(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "rsv-prod-01", "resource_group": "rg-backup", **more}]


def test_items_take_their_state_and_points() -> None:
    items = [
        {"vm": "web-*", "policy": "gold", "recovery_points": [{"age_hours": 2}, {"age_hours": 26, "consistency": "CrashConsistent"}]},
        {"vm": "app-01", "resource_group": "rg-prod", "state": "ProtectionStopped", "recovery_points": [{"age_hours": 700}]},
        {"vm": "gone-01", "resource_group": "rg-prod", "vm_exists": False, "recovery_points": [{"age_hours": 90}]},
        {"vm": "db-01", "state": "SoftDeleted", "deleted_hours_ago": 48, "recovery_points": [{"age_hours": 60}]},
    ]
    azure = Backup(vault(policies=[{"name": "gold", "days": 60}], protected_items=items, immutability="Disabled"))
    assert azure.properties("web-03")["protectionState"] == "Protected"
    assert azure.properties("web-03")["policyName"] == "gold"
    assert azure.properties("app-01")["policyName"] == ""
    assert [point["properties"]["recoveryPointType"] for point in azure.points("web-02")] == ["FileSystemConsistent", "CrashConsistent"]
    assert azure.properties("db-01")["deferredDeleteTimeRemaining"].startswith("11.23:59:")
    assert len(azure.points("gone-01")) == 1
    assert azure.send("GET", azure.vm("gone-01"), version="2024-11-01").status == 404


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (vault(protected_items=[{"vm": "nobody-*"}]), "protected_items[0].vm"),
        (vault(protected_items=[{"vm": "web-01"}, {"vm": "web-*"}]), "protected_items[1].vm"),
        (vault(protected_items=[{"vm": "web-01", "policy": "none"}]), "protected_items[0].policy"),
        (vault(protected_items=[{"vm": "web-01", "recovery_points": [{"age_hours": -1}]}]), "recovery_points[0].age_hours"),
        (vault(protected_items=[{"vm": "web-01", "recovery_points": [{"age_hours": 1, "tiers": ["Tape"]}]}]), "tiers"),
        (vault(policies=[{"name": "gold", "time": "22:15"}]), "policies[0].properties"),
        (vault(cross_region_restore=True), "cross_region_restore"),
        (vault(surprise=1), "surprise"),
        ([{"name": "rsv", "resource_group": "rg-nowhere"}], "resource_group"),
    ],
)
def test_mistakes_name_their_place(document: list[dict[str, Any]], place: str) -> None:
    with pytest.raises(EstateError) as caught:
        Backup(document)
    assert caught.value.place.startswith("vaults[0]") and place in caught.value.place


def test_the_dump_is_json_and_shows_jobs_as_of_now() -> None:
    azure = Backup()
    azure.enable("web-01")
    azure.advance(70)
    shown = json.loads(json.dumps(dump(azure.world)))
    assert shown["vaults"][0]["jobs"][0]["status"] == "Completed"
    assert shown["vaults"][0]["protectedItems"][0]["vmId"] == azure.vm("web-01")


def test_vaults_are_among_the_resources_of_the_subscription() -> None:
    azure = Backup()
    found = [
        one["id"]
        for inventory in azure.world.state(ResourcesState).inventories
        for one in inventory(azure.world, azure.estate.subscription_id)
    ]
    assert azure.vault in found


def test_scans_and_immutability_show_in_points() -> None:
    items = [{"vm": "web-01", "recovery_points": [{"age_hours": 2, "tiers": ["InstantRP"], "threats": 2}]}]
    azure = Backup(vault(source_scan=True, immutability="Locked", identity="SystemAssigned", protected_items=items))
    point = azure.points("web-01")[0]["name"]
    shown = azure.get(f"{azure.item('web-01')}/recoveryPoints/{point}", version="2026-07-01")["properties"]
    assert len(shown["threatInfo"]) == 2 and shown["threatStatus"] == "UnHealthy"
    assert shown["recoveryPointProperties"] == {"isSoftDeleted": False, "immutabilityProperties": {"isImmutable": True}}
    assert "threatStatus" not in azure.get(f"{azure.item('web-01')}/recoveryPoints/{point}")["properties"]
    item = azure.properties("web-01", version="2026-07-01")
    assert item["sourceSideScanInfo"] == {"sourceSideScanStatus": "Configured", "sourceSideScanSummary": "Suspicious"}
