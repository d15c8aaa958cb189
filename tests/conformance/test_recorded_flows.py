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
from harness import flow_steps, places, recording, restore_points
from harness.ansible import Ansible, Result
from harness.endings import operation_ids
from harness.flow_steps import Step
from harness.recording import Exchange
from harness.replay_server import ReplayServer

FOLDER = places.traffic()
FLOWS = [pytest.param(file, id=name) for name, file in (recording.flows(FOLDER) if FOLDER and FOLDER.is_dir() else ())]
QUICK = {"poll_interval": 0.01, "wait_timeout": 120}


class Driver:
    """Makes the module calls of one flow, one after the other."""

    def __init__(self, server: ReplayServer, ansible: Ansible) -> None:
        self.server = server
        self.ansible = ansible

    def run(self, step: Step) -> list[Result]:
        """In check mode, for real, and a second time, in one run of Ansible; a task that fails for real is the last."""
        again = step.module != "vm_restore" and step.module != "vm_backup_trigger" and self._to_the_end(step)
        arguments = {**step.arguments, **QUICK, **({} if self._to_the_end(step) else {"wait": False})}
        keywords = [("check", {"check_mode": True, "ignore_errors": True}), ("real", {}), *([("again", {})] if again else [])]
        self.server.writes.clear()
        tasks = [
            Ansible.task(step.module, arguments, environment=self.server.token_for(label), **more)
            for label, more in keywords
        ]
        result = self.ansible.run(tasks)
        if len(result.tasks) < 2:
            result.ok()
        return result.each()

    @staticmethod
    def _to_the_end(step: Step, *, job: bool = False) -> bool:
        """Whether waiting comes to an end: the recorded client may have looked away, and then nobody knows of one. `job`: that of the job."""
        assert step.write is not None
        if step.write.status >= 400 or not step.ending.operation_seen:
            return False
        if step.module == "vm_backup_protection":
            return not job
        return not step.ending.cut_off

    def write(self, step: Step) -> None:
        """The module has to make exactly the recorded write, and nothing in check mode before it or in a second run after it."""
        assert step.write is not None
        replay = self.server.replay
        replay.pass_over(step.index)
        foreseen, result, *again = self.run(step)
        assert self.server.writes.get("check", []) == [], "check mode wrote"
        if step.write.status >= 400:
            self._refused(step, result)
            return
        foreseen.ok()
        if step.ending.operation_failed or step.ending.job_failed and step.module.startswith("vm_") and self._to_the_end(step, job=True):
            self._ends_badly(step, result)
            return
        result.ok()
        assert replay.problems == []
        if step.index not in replay.sent and self._was_so_already(step, result):
            replay.sent.add(step.index)
            return
        assert step.index in replay.sent, f"the recorded write was not made; the module said {result.value}"
        assert foreseen.changed and result.changed
        self._check_end(step, result)
        for second in again:
            assert not second.ok().changed
            assert self.server.writes.get("again", []) == []

    def _refused(self, step: Step, result: Result) -> None:
        """Azure refused the write. A module that makes it says so; one that sees why beforehand fails or has nothing to change."""
        replay = self.server.replay
        assert step.write is not None
        if step.index in replay.sent:
            assert result.failed, "Azure refused this write"
            error = step.write.response_body.get("error") if isinstance(step.write.response_body, dict) else None
            if isinstance(error, dict) and error.get("code"):
                assert _entries(result)[0]["failure"]["code"] == error["code"]
        else:
            assert result.failed or not result.changed, f"the module changed something else: {self.server.writes}"
            assert self.server.writes.get("real", []) == []
            replay.sent.add(step.index)

    def _ends_badly(self, step: Step, result: Result) -> None:
        """The write was taken and came to a bad end later: the module has made it, and fails with Azure's reason."""
        assert self.server.replay.problems == []
        assert step.index in self.server.replay.sent, f"the recorded write was not made; the module said {result.value}"
        assert result.failed, f"this ended badly: {step.ending}"
        entry = _entries(result)[0]
        assert entry["failure"]["code"]
        if step.ending.operation_failed and step.ending.code:
            assert entry["failure"]["code"] == step.ending.code
        if step.ending.job and entry.get("job"):
            assert (entry["job"]["name"].lower(), entry["job"]["status"]) == (step.ending.job, step.ending.job_status)

    @staticmethod
    def _was_so_already(step: Step, result: Result) -> bool:
        """The recorded client wrote what was so already, such as a second stop; a module then writes nothing."""
        entry, wanted = _entries(result)[0], step.arguments
        if step.module == "backup_job":
            return not result.changed
        if step.module != "vm_backup_protection" or result.changed:
            return False
        if wanted["state"] == "absent":
            return bool(entry["soft_deleted"]) or entry["state"] == "absent"
        return bool(entry["state"] == wanted["state"]) and (entry["policy_id"] or "").lower() in (wanted.get("policy", "").lower(), entry["policy_id"])

    @staticmethod
    def _check_end(step: Step, result: Result) -> None:
        """The recorded job of this write is the one that the module reports, with the recorded end; likewise a restore point."""
        if step.module == "restore_point":
            Driver._check_point(step, result)
            return
        if step.module == "backup_job" or step.ending.job is None or not Driver._to_the_end(step):
            return
        told = _entries(result)[0].get("job") or {}
        assert told.get("name", "").lower() == step.ending.job
        if step.module != "vm_backup_protection" and step.ending.job_status:  # which follows the operation, as it ends with the job
            assert told["status"] == step.ending.job_status

    @staticmethod
    def _check_point(step: Step, result: Result) -> None:
        assert step.write is not None
        entry = _entries(result)[0]
        if step.write.method == "DELETE":
            assert not entry["failed"]
            return
        told, made = entry["restore_point"], step.write.response_body
        assert (told["name"], told["time"][:19]) == (made["name"], made["properties"]["timeCreated"][:19])
        assert entry["operation"]["id"] in operation_ids(step.write)
        end = step.point_end
        if end is None:
            assert (told["provisioning_state"], told["usable"]) == ("Creating", False)
            return
        assert told["usable"] and [disk["id"] for disk in told["disks"]] == restore_points.disk_ids(end)

    def read(self, step: Step) -> None:
        """The information modules give what the recorded list has."""
        assert step.read is not None
        replay = self.server.replay
        replay.sent.update(write.index for write in replay.writes if write.index < step.index)
        self.server.writes.clear()
        result = self.ansible.run_module(step.module, step.arguments).ok()
        assert self.server.writes == {}
        assert not result.changed
        told = READINGS[step.module](result)
        if step.module == "restore_point_info":
            collections, points = restore_points.recorded(step.looks[-1])
            assert told == [collections, told[1] if points is None else points]
            return
        assert told in [RECORDED[step.module](look.response_body["value"]) for look in step.looks]


def _entries(result: Result) -> list[dict[str, Any]]:
    """What the module says of each VM or job."""
    found: list[dict[str, Any]] = result.value.get("vms") or result.value.get("jobs") or []
    assert found, f"the module says nothing of any VM or job: {result.value}"
    return found


# The same facts from a module's result and from the recorded list.
READINGS: dict[str, Callable[[Result], list[Any]]] = {
    "protected_vm_info": lambda result: sorted(
        [vm["id"].lower(), vm["protection_state"], (vm["policy_name"] or "").lower(), vm["soft_deleted"]] for vm in result["protected_vms"]
    ),
    "protectable_vm_info": lambda result: sorted(vm["id"].lower() for vm in result["protectable_vms"]),
    "recovery_point_info": lambda result: [point["name"] for point in result["recovery_points"]],
    "restore_point_info": restore_points.told,
}
RECORDED: dict[str, Callable[[list[dict[str, Any]]], list[Any]]] = {
    "protected_vm_info": lambda items: sorted(
        [
            (item["properties"].get("virtualMachineId") or item["properties"]["sourceResourceId"]).lower(),
            item["properties"]["protectionState"],
            (item["properties"].get("policyName") or "").lower(),
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
    reason = flow_steps.nothing_for_us(flow)
    if reason:
        pytest.skip(reason)
    with ReplayServer(flow, tmp_path) as server:
        driver = Driver(server, Ansible(tmp_path, server.environment(flow_steps.subscription(flow))))
        made = flow_steps.supported(flow)
        for step in made:
            try:
                if step.write:
                    driver.write(step)
                else:
                    driver.read(step)
            except AssertionError as problem:
                story = "\n".join(server.requests[-40:])
                raise AssertionError(f"step {step.name}: {problem}\nproblems: {server.replay.problems}\nlast requests:\n{story}") from problem
        assert server.replay.problems == []
        missed = failures_on_the_way(flow, made) - set(server.replay.served_broken)
        assert missed == set(), "the recorded failures of operations are on the modules' way"


def failures_on_the_way(flow: list[Exchange], made: list[Step]) -> set[int]:
    """The recorded looks at an operation that failed in themselves and that a module cannot but meet: it waits for that operation."""
    awaited: set[str] = set()
    for step in made:
        if step.write and step.write.status < 300 and step.ending.seen:
            awaited |= operation_ids(step.write)
    looks = [(exchange, recording.OPERATION.search(exchange.key)) for exchange in flow]
    ends = {match.group(1): e.index for e, match in looks if match and not e.broken}
    return {e.index for e, match in looks if match and e.broken and match.group(1) in awaited and e.index < ends.get(match.group(1), -1)}
