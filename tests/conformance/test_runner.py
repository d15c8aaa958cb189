# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drill, failover and cleanup as jobs of AWX: by ansible-runner, with the variables of its Azure credential, and people who approve between two jobs."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

import pytest
import yaml
from harness import places
from harness.runner import Job, azure_credential, user_credential
from harness.secrets import leaks
from harness.simulator import Simulator

PAUSE = "open-the-shop"
RESTORE = r"/recoveryPoints/[^/]+/restore$"
DOCS = Path(places.collections_path()) / "ansible_collections" / "lifeboat" / "azure_dr" / "docs"
COLORS = re.compile(r"\x1b\[[0-9;]*m")

ESTATE = """
location: eastasia
principals: [{name: recovery, roles: [Contributor]}]
resource_groups: [{name: rg-shop}, {name: rg-backup}, {name: rg-dr}, {name: rg-drill}]
virtual_networks:
  - {name: vnet-prod, resource_group: rg-shop, address_prefixes: [10.10.0.0/16], subnets: [{name: default, prefix: 10.10.0.0/20}]}
  - {name: vnet-dr, resource_group: rg-dr, address_prefixes: [10.20.0.0/16], subnets: [{name: app, prefix: 10.20.0.0/20}]}
  - {name: vnet-drill, resource_group: rg-drill, address_prefixes: [10.40.0.0/16], subnets: [{name: isolated, prefix: 10.40.0.0/20}]}
storage_accounts:
  - {name: stdrstaging, resource_group: rg-dr}
  - {name: stdrillstaging, resource_group: rg-drill}
virtual_machines:
  - {name: db-01, resource_group: rg-shop, virtual_network: vnet-prod, guest: {ports: [5432]}}
  - {name: web-01, resource_group: rg-shop, virtual_network: vnet-prod, guest: {ports: [443]}}
vaults:
  - name: rsv-shop
    resource_group: rg-backup
    protected_items: [{vm: "*", recovery_points: [{age_hours: 6}]}]
"""
PLAN = {
    "version": 1,
    "name": "shop",
    "vaults": [{"name": "rsv-shop", "resource_group": "rg-backup"}],
    "objectives": {"rto": "8h", "rpo": "24h"},
    "targets": {
        "primary": {
            "from": "vault", "region": "eastasia", "resource_group": "rg-dr", "virtual_network": "vnet-dr", "subnet": "app", "storage_account": "stdrstaging",
            "drill": {
                "resource_group": "rg-drill", "virtual_network": "vnet-drill", "subnet": "isolated", "storage_account": "stdrillstaging",
                "vm_name": "drill-{name}",
            },
        },
    },
    "applications": [
        {
            "name": "shop",
            "target": "primary",
            "waves": [
                {
                    "name": "data",
                    "virtual_machines": [{"name": "db-01", "resource_group": "rg-shop"}],
                    "checks": [{"name": "database port", "tcp": {"port": 5432}, "timeout": "5m"}],
                },
                {
                    "name": "web",
                    "pause": {"name": PAUSE, "message": "Does the shop open again?"},
                    "virtual_machines": [{"name": "web-01", "resource_group": "rg-shop"}],
                },
            ],
        }
    ],
}  # fmt: skip


def answers(playbook: str) -> dict[str, str]:
    """The answers that the survey in docs/ suggests. AWX hands over a text for each, also for yes and no."""
    survey = DOCS / "awx" / f"{playbook}_survey.json"
    return {question["variable"]: question["default"] for question in json.loads(survey.read_text())["spec"]} if survey.exists() else {}


class Awx:
    """Starts jobs of one simulator, which all have the same template's variables; afterwards all they left is searched for secrets."""

    def __init__(self, sim: Simulator, folder: Path) -> None:
        self.sim = sim
        self._folder = folder
        self.volume = folder / "volume"
        """A folder that jobs share, as one that AWX mounts into each execution environment."""
        self.jobs: list[Job] = []

    def start(self, playbook: str, extra_vars: Mapping[str, Any], credential: Mapping[str, str] | None = None, *, awx: bool = True) -> Job:
        # As in a credential without a subscription, so that the plan must say it.
        plan = {**PLAN, "subscription_id": self.sim.subscription}
        common = {
            **answers(playbook),
            "lifeboat_plan": "plan.yml",
            "lifeboat_poll_interval": 0.05,
            "lifeboat_checks_proxy": self.sim.ready["guest_proxy_url"],
            "lifeboat_environment": "simulator",
            "lifeboat_clock": {"kind": "simulated", "speed": self.sim.speed},
        }
        credential = credential or azure_credential(self.sim, subscription=False)
        job = Job(self._folder, playbook, {**common, **extra_vars}, credential, {"plan.yml": yaml.safe_dump(plan)}, awx=awx)
        self.jobs.append(job)
        return job

    def run(self, playbook: str, extra_vars: Mapping[str, Any], credential: Mapping[str, str] | None = None, *, awx: bool = True) -> Job:
        return self.start(playbook, extra_vars, credential, awx=awx).wait()

    def restored(self) -> list[str]:
        """The VMs that were restored, one entry for each request that did."""
        rows = self.sim.control.requests("POST", RESTORE)
        return sorted(re.findall(r"iaasvmcontainerv2;[^;]+;([^/]+)/recoveryPoints", " ".join(row["path"] for row in rows), re.IGNORECASE))

    def machines(self, group: str) -> list[str]:
        found = self.sim.arm("GET", f"{self.sim.rg(group)}/providers/Microsoft.Compute/virtualMachines", "2024-11-01").json()["value"]
        return sorted(resource["name"] for resource in found)

    def resources(self, group: str) -> list[str]:
        found = self.sim.arm("GET", f"{self.sim.rg(group)}/resources", "2021-04-01").json()["value"]
        return sorted(resource["id"].lower() for resource in found)

    def record(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.volume / f"{run_id}.json").read_text())
        return found


@pytest.fixture(name="awx")
def awx_of_simulator(start_simulator: Callable[..., Simulator], tmp_path: Path) -> Iterator[Awx]:
    estate = tmp_path / "estate.yml"
    estate.write_text(ESTATE)
    awx = Awx(start_simulator(estate=estate, throttle="2026"), tmp_path)
    yield awx
    outputs = [text for job in awx.jobs for text in job.outputs()]
    assert outputs and leaks(outputs, [awx.sim.ready["client_secret"], *awx.sim.control.secrets()]) == []


def test_a_drill_waits_for_an_approval_and_the_next_job_goes_on_with_nothing_but_what_it_was_handed(awx: Awx) -> None:
    """The second job has none of the first one's files: execution environments are gone with their job. Nor does a terminal make anybody sit at it."""
    before = awx.resources("rg-drill")
    first = awx.run("drill", {}, awx=False).ok()
    assert first.handed_over["lifeboat_waiting_for"] == [PAUSE]
    assert PAUSE in first.stdout and "lifeboat_approvals" in first.stdout
    assert awx.machines("rg-drill") == ["drill-db-01"]
    # While it waits for Azure, a person who looks at the job sees how far it is.
    shown = [COLORS.sub("", event["stdout"]) for event in first.events if event["event"] == "verbose"]
    assert any(re.search(r": \d+ s, [01] of 1 done", text) for text in shown), shown

    handed_over = {name: value for name, value in first.handed_over.items() if name != "lifeboat_waiting_for"}
    # A survey gives text.
    second = awx.run("drill", {**handed_over, "lifeboat_approvals": f"{PAUSE}: approve"}).ok()
    assert "lifeboat_waiting_for" not in second.handed_over or not second.handed_over["lifeboat_waiting_for"]
    assert awx.restored() == ["db-01", "web-01"]
    assert awx.resources("rg-drill") == before


def test_a_failover_goes_on_after_its_approval(awx: Awx) -> None:
    common = {"lifeboat_confirm": "shop", "lifeboat_reports": str(awx.volume)}
    refused = awx.run("failover", {**common, "lifeboat_confirm": ""})
    assert refused.status == "failed" and "lifeboat_confirm" in refused.stdout and awx.restored() == []

    first = awx.run("failover", common).ok()
    assert first.handed_over["lifeboat_waiting_for"] == [PAUSE]
    assert awx.record(first.handed_over["lifeboat_run_id"])["run"]["state"] == "waiting"
    handed_over = {name: value for name, value in first.handed_over.items() if name != "lifeboat_waiting_for"}
    second = awx.run("failover", {**common, **handed_over, "lifeboat_approvals": json.dumps({PAUSE: "approve"})}).ok()
    assert awx.restored() == ["db-01", "web-01"] and awx.machines("rg-dr") == ["db-01", "web-01"]
    record = awx.record(first.handed_over["lifeboat_run_id"])
    assert record["verdict"]["result"] == "passed", record["verdict"]
    assert record["waves"][1]["pause"]["decision"] == "approved" and record["waves"][1]["pause"]["by"] == "operator"
    assert str(record["run"]["job"]["id"]) in (str(first.number), str(second.number))


def test_a_cancelled_drill_is_cleaned_up_by_the_job_after_it(awx: Awx) -> None:
    before = awx.resources("rg-drill")
    shared = {"lifeboat_reports": str(awx.volume), "lifeboat_approvals": {PAUSE: "approve"}, "lifeboat_run_id": "shop-drill-1"}
    job = awx.start("drill", shared)
    while job.running and not awx.restored():
        time.sleep(0.05)
    job.cancel()
    assert job.wait().status == "canceled"
    assert awx.record("shop-drill-1")["run"]["state"] == "running"

    awx.run("cleanup", {"lifeboat_reports": str(awx.volume), "lifeboat_run_id": "shop-drill-1"}).ok()
    assert awx.resources("rg-drill") == before
    record = awx.record("shop-drill-1")
    assert record["verdict"]["result"] == "failed" and "interrupted" in " ".join(record["verdict"]["reasons"])
    assert len(awx.restored()) == len(set(awx.restored()))


def test_a_credential_with_a_user_and_a_password_is_refused_in_words(awx: Awx) -> None:
    password = "Correct-Horse-9-Battery"
    job = awx.run("drill", {}, user_credential(awx.sim, password))
    assert job.status == "failed" and "NoCredentials" in job.stdout
    assert "Traceback" not in job.stdout and awx.restored() == []
    assert leaks(job.outputs(), [password]) == []
