# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules, unchanged, against recorded traffic of the real Azure: they make the recorded writes and reach the recorded ends.

Which calls to make is read from the recording (harness/flow_steps.py), so any folder of such files will do: AZURE_TRAFFIC.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from harness import flow_steps, places, recording
from harness.ansible import Ansible, Result
from harness.flow_steps import Step
from harness.recording import Exchange, normal_path
from harness.replay_server import ReplayServer

FOLDER = places.traffic()
FLOWS = [
    pytest.param(file, id=name)
    for name, file in (recording.flows(FOLDER) if FOLDER and FOLDER.is_dir() else ())
    if any(step.write for step in flow_steps.steps(recording.read_exchanges(file)))
]
QUICK = {"poll_interval": 0.01, "wait_timeout": 120}


class Driver:
    """Makes the module calls of one flow, one after the other."""

    def __init__(self, server: ReplayServer, ansible: Ansible) -> None:
        self.server = server
        self.ansible = ansible

    def run(self, step: Step, **options: Any) -> Result:
        return self.ansible.run_module(step.module, {**step.arguments, **({} if step.read else QUICK)}, **options)

    def writes(self) -> list[str]:
        return [line for line in self.server.requests if recording.is_write(line.split()[0], normal_path(line.split()[1]))]

    def write(self, step: Step) -> None:
        """The module has to make exactly the recorded write, and nothing in check mode before it or in a second run after it."""
        assert step.write is not None
        replay = self.server.replay
        replay.pass_over(step.index)
        before = len(self.writes())
        foreseen = self.run(step, check=True)
        assert self.writes()[before:] == [], "check mode wrote"
        result = self.run(step)
        if step.write.status >= 400:
            assert result.failed, "Azure refused this write"
            assert result.vms[0]["failure"]["code"] == step.write.response_body["error"]["code"]
            return
        foreseen.ok()
        result.ok()
        assert replay.problems == []
        if step.index not in replay.sent and self._was_so_already(step, result):
            replay.sent.add(step.index)
            return
        assert step.index in replay.sent, f"the recorded write was not made; the module said {result.value}"
        assert foreseen.changed and result.changed
        self._check_end(step, result)
        if step.module == "vm_backup_protection":
            after = len(self.writes())
            again = self.run(step).ok()
            assert not again.changed
            assert self.writes()[after:] == []

    @staticmethod
    def _was_so_already(step: Step, result: Result) -> bool:
        """The recorded client wrote what was so already, such as a second stop; a module then writes nothing."""
        entry, wanted = result.vms[0], step.arguments
        if step.module != "vm_backup_protection" or result.changed:
            return False
        if wanted["state"] == "absent":
            return bool(entry["soft_deleted"]) or entry["state"] == "absent"
        return bool(entry["state"] == wanted["state"]) and (entry["policy_id"] or "").lower() == wanted.get("policy", "").lower()

    def _check_end(self, step: Step, result: Result) -> None:
        """The recorded job of this write is the one that the module reports, with the recorded end."""
        job = self._recorded_job(step.write)
        if job is None:
            return
        told = result.vms[0].get("job") or {}
        assert told.get("name", "").lower() == job["name"].lower()
        if step.module != "vm_backup_protection":  # which follows the operation, as it ends with the job
            assert told["status"] == job["properties"]["status"]

    def _recorded_job(self, write: Exchange | None) -> dict[str, Any] | None:
        """The last recorded answer about the job that a write started."""
        replay = self.server.replay
        names = [name[1] for name, maker in replay._made_by.items() if name[0] == "job" and write and maker == write.index]
        answers = [e.response_body for e in replay.flow if names and e.key.endswith("/backupjobs/" + names[0]) and e.status == 200]
        return answers[-1] if answers else None

    def read(self, step: Step) -> None:
        """The information modules give what the recorded list has."""
        assert step.read is not None
        replay = self.server.replay
        replay.sent.update(write.index for write in replay.writes if write.index < step.index)
        before = len(self.writes())
        result = self.run(step).ok()
        assert self.writes()[before:] == []
        assert not result.changed
        told = READINGS[step.module](result)
        assert told in [RECORDED[step.module](look.response_body["value"]) for look in step.looks]


# The same facts from a module's result and from the recorded list.
READINGS: dict[str, Callable[[Result], list[Any]]] = {
    "protected_vm_info": lambda result: sorted(
        [vm["id"].lower(), vm["protection_state"], (vm["policy_name"] or "").lower(), vm["soft_deleted"]] for vm in result["protected_vms"]
    ),
    "protectable_vm_info": lambda result: sorted(vm["id"].lower() for vm in result["protectable_vms"]),
    "recovery_point_info": lambda result: [point["name"] for point in result["recovery_points"]],
}
RECORDED: dict[str, Callable[[list[dict[str, Any]]], list[Any]]] = {
    "protected_vm_info": lambda items: sorted(
        [
            item["properties"]["virtualMachineId"].lower(),
            item["properties"]["protectionState"],
            item["properties"]["policyName"].lower(),
            bool(item["properties"].get("isScheduledForDeferredDelete")),
        ]
        for item in items
    ),
    "protectable_vm_info": lambda items: sorted(item["properties"]["virtualMachineId"].lower() for item in items),
    "recovery_point_info": lambda points: [point["name"] for point in points],
}


@pytest.mark.skipif(FOLDER is None, reason=places.NO_TRAFFIC)
@pytest.mark.parametrize("file", FLOWS)
def test_flow(file: Path, tmp_path: Path) -> None:
    flow = recording.read_exchanges(file)
    with ReplayServer(flow, tmp_path) as server:
        driver = Driver(server, Ansible(tmp_path, server.environment(flow_steps.subscription(flow))))
        for step in flow_steps.steps(flow):
            try:
                if step.write:
                    driver.write(step)
                else:
                    driver.read(step)
            except AssertionError as problem:
                story = "\n".join(server.requests[-40:])
                raise AssertionError(f"step {step.name}: {problem}\nproblems: {server.replay.problems}\nlast requests:\n{story}") from problem
        assert server.replay.problems == []
        met = [exchange.index for exchange in flow if exchange.broken and exchange.index in server.replay.served_broken]
        polled = [exchange.index for exchange in flow if exchange.broken and "/backupoperations/" in exchange.key]
        assert set(polled) <= set(met), "the recorded failures of operations are on the modules' way"
