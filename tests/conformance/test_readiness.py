# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readiness of the example plan: an estate in which it could be recovered, and others in which something is in the way. It never writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from harness.ansible import Ansible
from harness.simulator import Simulator

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
PLAN = PLAYBOOKS / "files" / "example_plan.yml"
ESTATE = PLAYBOOKS / "files" / "example_estate.yml"

Start = Callable[[dict[str, Any]], Simulator]


@pytest.fixture(name="start")
def start_with_estate(start_simulator: Callable[..., Simulator], tmp_path: Path) -> Start:
    def start(document: dict[str, Any], **options: Any) -> Simulator:
        file = tmp_path / "estate.yml"
        file.write_text(yaml.safe_dump(document))
        return start_simulator(estate=file, **options)

    return start


def example() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(ESTATE.read_text())
    return document


def named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def readiness(sim: Simulator, plan: Path | dict[str, Any] = PLAN, **options: Any) -> dict[str, Any]:
    """The result of the module for a plan, in check mode; nothing was written."""
    given = {"path": str(plan)} if isinstance(plan, Path) else {"plan": plan}
    tasks = [
        {**Ansible.task("recovery_plan_info", {**given, "purpose": "drill", "run_id": "run-2"}), "register": "resolved"},
        Ansible.task("recovery_readiness_info", {"plan": "{{ resolved }}", "poll_interval": 0.05, **options}),
    ]
    found = sim.ansible.run(tasks, check=True, verbosity=0).ok()
    assert sim.control.writes() == []
    return found.value


def in_the_way(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["state"], one["check"], one["subject"]) for one in found["findings"] if one["state"] != "ok"}


@pytest.mark.parametrize(("purpose", "check"), [("drill", False), ("failover", True)])
def test_the_example_could_be_recovered(start: Start, tmp_path: Path, purpose: str, check: bool) -> None:
    sim = start(example(), speed=60)
    reports, exported = tmp_path / "reports", tmp_path / "exported.yml"
    variables = {
        "lifeboat_plan": str(PLAN),
        "lifeboat_purpose": purpose,
        "lifeboat_reports": str(reports),
        "lifeboat_poll_interval": 0.5,
        "lifeboat_export_estate": str(exported),
    }
    run = sim.ansible.run(PLAYBOOKS / "readiness.yml", check=check, extra_vars=variables)
    assert run.returncode == 0 and "READY: shop-and-office could be recovered now" in run.stdout, run.output[-3000:]
    assert sim.control.writes() == []
    if check:
        assert not reports.exists() and not exported.exists()
        return
    assert not any(task.result.get("changed") for task in run.tasks)
    written = json.loads((reports / "shop-and-office-readiness.json").read_text())
    assert written["ready"] and {one["state"] for one in written["findings"]} == {"ok"}
    assert {one["check"] for one in written["findings"]} >= {"recovery_point", "replication", "quota", "api_management", "permission", "restore_validation"}
    assert len(yaml.safe_load(exported.read_text())["virtual_machines"]) >= 20


def test_what_there_is_to_recover_from_is_not_good_enough(start: Start) -> None:
    estate = example()
    shop, office = (named(estate["vaults"], name) for name in ("rsv-shop", "rsv-office"))
    shop["protected_items"] = [
        {"vm": "shop-db-01", "policy": "EnhancedPolicy", "recovery_points": [{"age_hours": 13, "tiers": ["InstantRP", "HardenedRP"]}]},
        {"vm": "shop-db-02", "policy": "DefaultPolicy", "recovery_points": [{"age_hours": 3, "tiers": ["InstantRP", "HardenedRP"]}]},
        {"vm": "shop-web-0*", "policy": "EnhancedPolicy", "recovery_points": [{"age_hours": 3, "tiers": ["InstantRP", "HardenedRP"]}]},
    ]
    office["protected_items"] = [
        {"vm": "office-file-01", "state": "SoftDeleted", "deleted_hours_ago": 5},
        {"vm": "office-file-0[2-6]", "policy": "EnhancedPolicy", "recovery_points": [{"age_hours": 3, "tiers": ["InstantRP", "HardenedRP"]}]},
    ]
    copies = named(estate["restore_point_collections"], "office-dc-01-restore-points-southeastasia")
    copies["restore_points"] = [{"name": "office-dc-01-nightly", "completion_percent": 40}]
    named(estate["api_management"], "apim-shop")["backups"][0]["age_hours"] = 24 * 31
    found = readiness(start(estate, speed=1))
    assert not found["ready"]
    assert in_the_way(found) == {
        ("failed", "recovery_point", "shop-db-01"),
        ("warning", "policy", "shop-db-02"),
        *((state, check, f"shop-app-0{number}") for number in (1, 2, 3, 4) for state, check in (("failed", "recovery_point"), ("failed", "protection"))),
        ("failed", "recovery_point", "office-file-01"),
        ("failed", "protection", "office-file-01"),
        ("failed", "recovery_point", "office-dc-01"),
        ("failed", "replication", "office-dc-01"),
        ("failed", "api_management", "apim-shop"),
    }
    assert found["table"][0].startswith("NOT READY: shop-and-office could not be recovered now")
    assert len(found["table"]) <= 30


def test_there_is_no_room_where_it_goes_to(start: Start) -> None:
    estate = example()
    estate["quotas"] = {"eastasia": {"cores": 100, "standardESv5Family": 20}}
    named(estate["virtual_networks"], "vnet-drill")["subnets"] = [{"name": "isolated", "prefix": "10.40.0.0/28"}]
    named(estate["virtual_networks"], "vnet-drill-south")["subnets"] = [{"name": "other", "prefix": "10.50.0.0/20"}]
    named(estate["storage_accounts"], "stdrillstaging")["kind"] = "BlockBlobStorage"
    left = {"lifeboat_plan": "shop-and-office", "lifeboat_purpose": "drill", "lifeboat_run": "run-1"}
    estate["virtual_machines"].append({"name": "drill-shop-db-01", "resource_group": "rg-drill", "virtual_network": "vnet-drill", "tags": left})
    found = readiness(start(estate), validate=True)
    assert {(state, check, subject) for state, check, subject in in_the_way(found) if check != "restore_validation"} == {
        ("failed", "quota", "eastasia"),
        ("failed", "address_space", "vnet-drill/isolated"),
        ("failed", "network", "vnet-drill-south/isolated"),
        ("failed", "storage", "stdrillstaging"),
        ("warning", "name", "rg-drill"),
    }
    # The estate's machines have 62 vCPUs, of which 16 are of that family; one VM of the drill is there already.
    short = [(one["value"], one["objective"]) for one in found["findings"] if one["check"] == "quota" and one["state"] == "failed"]
    assert sorted(short) == [(4, 8), (38, 48)]


def test_permissions_are_missing_by_name_and_what_is_forbidden_hides_nothing(start: Start) -> None:
    estate = example()
    group = f"/subscriptions/{estate['subscription_id']}/resourceGroups"
    estate["principals"][0]["roles"] = [
        {"role": "Reader", "scope": f"{group}/{name}"} for name in ("rg-shop", "rg-office", "rg-backup", "rg-copies", "rg-drill-south", "rg-dr-south")
    ] + [{"actions": ["Microsoft.Compute/virtualMachines/read", "Microsoft.RecoveryServices/Vaults/read", "Microsoft.Resources/subscriptions/resources/read"]}]
    found = readiness(start(estate))
    assert not found["ready"]
    missing = {one["subject"]: one["value"] for one in found["findings"] if one["check"] == "permission" and one["state"] == "failed"}
    restore = "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/restore/action"
    assert missing["rsv-shop"] == [restore]
    assert "Microsoft.Compute/disks/write" in missing["rg-drill-south"] and "Microsoft.Compute/disks/read" not in missing["rg-drill-south"]
    states = found["summary"]["checks"]
    assert states["recovery_point"]["ok"] == 20 and states["resource_group"]["unknown"] == 1 and states["storage"]["unknown"] == 1
    # Compute's quotas and sizes of two regions.
    assert states["quota"]["unknown"] == 4


MOST_REQUESTS = 60


def test_a_thousand_vms_are_a_handful_of_requests(start: Start) -> None:
    estate, vms = example(), 1000
    # Four vaults, three of them with a share of the fleet; the example's own machines stay as they are.
    machine = {"name": "vm-{n:04d}", "count": vms, "resource_group": "rg-shop", "virtual_network": "vnet-prod", "tags": {"app": "fleet"}}
    estate["virtual_machines"].append(machine)
    estate["vaults"] += [
        {"name": f"rsv-fleet-{part}", "resource_group": "rg-backup", "protected_items": [{"vm": f"vm-*{pattern}", "recovery_points": [{"age_hours": 3}]}]}
        for part, pattern in enumerate(("[0-3]", "[4-7]", "[89]"))
    ]
    plan = yaml.safe_load(PLAN.read_text())
    plan.pop("vaults")
    plan["applications"] = [{"name": "fleet", "target": "primary", "waves": [{"name": "all", "virtual_machines": [{"tags": {"app": "fleet"}}]}]}]
    sim = start(estate, throttle="2026")
    found = readiness(sim, plan)
    assert found["ready"], in_the_way(found)
    assert found["summary"]["checks"]["recovery_point"]["ok"] == vms and len(found["table"]) == 1
    asked = [f"{row['method']} {row['path']}" for row in sim.control.requests() if row["endpoint"] == "arm"]
    assert len(asked) <= MOST_REQUESTS, "\n".join(asked)
    assert not [row for row in sim.control.requests() if row["status"] == 429]
