# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the playbooks of a recovery plan (drill-plan.yml) on a simulator that has what it recovers (drill-estate.yml), and looks at what they leave."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

from . import places
from .ansible import MOST_VERBOSE, Result, Run
from .control import Control
from .simulator import Simulator

HERE = Path(__file__).parent
PLAYBOOKS = "ansible_collections/lifeboat/azure_dr/playbooks"
APPROVED = {"lifeboat_approvals": {"start-shop": "approve"}}
RESTORE = r"/recoveryPoints/[^/]+/restore$"
TAG = "lifeboat_plan"


class Recovery:
    """A plan, a simulator and a folder of reports. ``changes`` are texts of the plan or the estate, each with what is there instead."""

    def __init__(self, start: Callable[..., Simulator], folder: Path, *, speed: float = 600, changes: dict[str, str] | None = None) -> None:
        self.reports = folder / "reports"
        self.plan = self._written(folder, "drill-plan.yml", changes or {})
        self.sim = start(speed=speed, estate=self._written(folder, "drill-estate.yml", changes or {}))

    @staticmethod
    def _written(folder: Path, name: str, changes: dict[str, str]) -> Path:
        text = (HERE / name).read_text(encoding="utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        path = folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, playbook: str, *, check: bool = False, verbosity: int = MOST_VERBOSE, **variables: Any) -> Run:
        given = {
            "lifeboat_plan": str(self.plan),
            "lifeboat_reports": str(self.reports),
            "lifeboat_environment": "simulator",
            "lifeboat_clock": {"kind": "simulated", "speed": self.sim.speed},
            "lifeboat_poll_interval": 0.2,
            "lifeboat_checks_proxy": self.sim.ready["guest_proxy_url"],
            "lifeboat_pauses": "stop",
        }
        path = Path(places.collections_path(), PLAYBOOKS, f"{playbook}.yml")
        return self.sim.ansible.start(path, check=check, diff=check, verbosity=verbosity, extra_vars={**given, **variables})

    def run(self, playbook: str, **options: Any) -> Result:
        return self.start(playbook, **options).wait(600)

    def kill_while_restoring(self, playbook: str, **variables: Any) -> None:
        """Kills the playbook as soon as it has started two restores and built a disk."""
        # Nobody reads its output meanwhile, which must fit into a pipe.
        run = self.start(playbook, verbosity=0, **variables)
        deadline = time.monotonic() + 240
        while not (len(self.restores()) > 1 and self.sim.control.requests("PUT", "/Microsoft.Compute/disks/")):
            if run.process.poll() is not None or time.monotonic() > deadline:
                run.kill()
                raise AssertionError(f"it did not come to the restores:\n{run.wait().output[-4000:]}")
            time.sleep(0.05)
        run.kill()
        run.wait()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Lets the simulator's time pass quickly for a while."""
        over = threading.Event()

        def hurry() -> None:
            while not over.wait(0.2):
                Control(self.sim.ready["control_url"]).advance(30)

        thread = threading.Thread(target=hurry)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def restores(self) -> list[dict[str, Any]]:
        """The requests that started a restore."""
        return [row for row in self.sim.control.requests("POST", RESTORE) if row["status"] == 202]

    def writes_elsewhere(self, *groups: str) -> list[str]:
        """Writes that are neither triggers of restores nor in these resource groups."""
        inside = [f"/resourcegroups/{group}/" for group in groups]
        rows = [row for row in self.sim.control.writes() if row not in self.restores()]
        return [f"{row['method']} {row['path']}" for row in rows if not any(group in row["path"].lower() for group in inside)]

    def tagged(self) -> list[str]:
        """What carries the tag of a plan, anywhere."""
        answer = self.sim.arm("GET", f"/subscriptions/{self.sim.subscription}/resources", api_version="2021-04-01")
        answer.raise_for_status()
        return [entry["id"] for entry in answer.json()["value"] if TAG in (entry.get("tags") or {})]

    def machines(self, *groups: str) -> list[str]:
        """The names of the VMs of these resource groups."""
        found = [entry["id"].split("/") for entry in self.sim.control.state()["compute"]["virtualMachines"]]
        return sorted(parts[-1] for parts in found if parts[4] in groups)

    def production(self) -> dict[str, Any]:
        """All that the simulator holds, but the jobs of the vaults, which every restore adds to."""
        state: dict[str, Any] = self.sim.control.state()
        for vault in state["recovery_services"]["vaults"]:
            del vault["jobs"]
        return state

    def record(self, purpose: str = "drill") -> dict[str, Any]:
        """The only record of this purpose."""
        found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(self.reports.glob("*.json"))]
        records: list[dict[str, Any]] = [entry for entry in found if entry.get("purpose") == purpose and "waves" in entry]
        assert len(records) == 1, [entry.get("id") for entry in records]
        return records[0]


def states(record: dict[str, Any]) -> dict[str, str]:
    return {wave["id"]: wave["state"] for wave in record["waves"]}


def reasons(record: dict[str, Any]) -> str:
    return " ".join(record["verdict"]["reasons"])
