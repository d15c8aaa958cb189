# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected VMs as inventory: what it costs, what plays do with it, and what the README says of it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from harness import places
from harness.simulator import Simulator

COUNT = 1000
MOST_REQUESTS = 10
"""Metadata, OIDC discovery, token, vaults, five pages of items; and a reserve."""
LATE = ["vm-0003", "vm-0007"]

ESTATE = f"""
location: eastasia
resource_groups: [{{name: rg-prod}}, {{name: rg-backup}}]
principals: [{{name: operator, roles: [Contributor]}}]
virtual_networks:
  - {{name: vnet-prod, resource_group: rg-prod, address_prefixes: [10.0.0.0/8], subnets: [{{name: default, prefix: 10.0.0.0/8}}]}}
virtual_machines: [{{name: "vm-{{n:04d}}", count: {COUNT}, resource_group: rg-prod}}]
vaults:
  - name: rsv-fleet
    resource_group: rg-backup
    protected_items:
      - {{vm: "vm-*", recovery_points: [{{age_hours: 2}}]}}
"""
SMALL = """
location: eastasia
resource_groups: [{name: rg-prod}, {name: rg-backup}]
principals: [{name: operator, roles: [Contributor]}]
virtual_networks:
  - {name: vnet-prod, resource_group: rg-prod, address_prefixes: [10.0.0.0/8], subnets: [{name: default, prefix: 10.0.0.0/8}]}
virtual_machines: [{name: "vm-{n:04d}", count: 8, resource_group: rg-prod}]
vaults:
  - name: rsv-fleet
    resource_group: rg-backup
    protected_items:
""" + "".join(f"      - {{vm: vm-{number:04d}, recovery_points: [{{age_hours: {80 if f'vm-{number:04d}' in LATE else 2}}}]}}\n" for number in range(1, 8))


@pytest.fixture(name="start")
def started(start_simulator: Callable[..., Simulator], tmp_path: Path) -> Callable[[str], Simulator]:
    def start(estate: str) -> Simulator:
        file = tmp_path / "estate.yml"
        file.write_text(estate)
        return start_simulator(estate=file, throttle="2026")

    return start


def readme_blocks() -> list[Any]:
    text = (Path(places.collections_path()) / "ansible_collections" / "lifeboat" / "azure_dr" / "README.md").read_text(encoding="utf-8")
    section = text.split("## Protected VMs as inventory", 1)[1].split("\n## ", 1)[0]
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]


def inventory(sim: Simulator, **options: Any) -> dict[str, str]:
    """The variables with which Ansible takes this inventory."""
    file = sim.ansible.folder / "protected_vms.yml"
    file.write_text(json.dumps({"plugin": "lifeboat.azure_dr.protected_vms", **options}))
    return {"ANSIBLE_INVENTORY": str(file), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}


def list_hosts(sim: Simulator, variables: dict[str, str]) -> dict[str, Any]:
    base = sim.ansible._base(sim.ansible.folder, sim.ansible.folder / "none")
    run = subprocess.run(
        [places.tool("ansible-inventory"), "--list"], env={**base, **sim.environment(), **variables}, capture_output=True, text=True, check=True
    )
    sim.ansible.outputs += [run.stdout, run.stderr]
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_a_thousand_vms_are_a_handful_of_requests(start: Callable[[str], Simulator]) -> None:
    sim = start(ESTATE)
    found = list_hosts(sim, inventory(sim))
    assert len(found["protected"]["hosts"]) == COUNT and len(found["_meta"]["hostvars"]) == COUNT
    asked = [f"{row['method']} {row['path']}" for row in sim.control.requests()]
    assert len(asked) <= MOST_REQUESTS, "\n".join(asked)


def test_the_play_of_the_readme_backs_up_what_is_late_in_one_task(start: Callable[[str], Simulator], tmp_path: Path) -> None:
    options, plays = readme_blocks()
    sim = start(SMALL)
    environment = inventory(sim, **{name: value for name, value in options.items() if name != "plugin"})
    assert list_hosts(sim, environment)["unprotected"]["hosts"] == ["vm-0008"]
    # vm-0008 is late, too, and what is not protected cannot be backed up.
    plays[0]["hosts"] = "late:&protected"
    plays[0]["module_defaults"] = {"lifeboat.azure_dr.vm_backup_trigger": {"poll_interval": 0.05}}
    playbook = tmp_path / "late.yml"
    playbook.write_text(json.dumps(plays))
    result = sim.ansible.run(playbook, environment=environment).ok()
    assert len(result.tasks) == 1 and result.changed
    assert [vm["name"] for vm in result.vms] == LATE
    assert len(sim.control.requests("POST", r"/backup$")) == len(LATE)
    # A run later there is nothing late, which is the end of the play.
    assert "late" not in list_hosts(sim, environment) or list_hosts(sim, environment)["late"]["hosts"] == ["vm-0008"]


def test_each_host_is_one_vm_for_the_strategy_free(start: Callable[[str], Simulator], tmp_path: Path) -> None:
    sim = start(SMALL)
    task = {"lifeboat.azure_dr.protected_vm_info": {"vm": ["{" + "{ vm_id }}"]}, "delegate_to": "localhost"}
    playbook = tmp_path / "free.yml"
    playbook.write_text(json.dumps([{"hosts": "protected", "strategy": "free", "gather_facts": False, "tasks": [task]}]))
    result = sim.ansible.run(playbook, environment=inventory(sim, vaults=["rsv-fleet"])).ok()
    assert sorted(task.result["protected_vms"][0]["name"] for task in result.tasks) == [f"vm-{number:04d}" for number in range(1, 8)]


@pytest.mark.parametrize("wrong", [{"AZURE_SECRET": "wrong-secret-kx7TzQ9fVm2LpR4s"}, {"AZURE_TENANT": ""}], ids=lambda wrong: next(iter(wrong)))
def test_what_goes_wrong_is_told_in_words_and_without_the_secret(sim: Simulator, tmp_path: Path, wrong: dict[str, str]) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": []}]))
    result = sim.ansible.run(playbook, environment={**inventory(sim), **wrong})
    assert result.returncode != 0
    assert "lifeboat.azure_dr.protected_vms: " in result.output
    assert wrong.get("AZURE_SECRET") is None or wrong["AZURE_SECRET"] not in result.output
