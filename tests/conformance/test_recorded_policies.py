# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""backup_policy and backup_policy_info against recorded traffic of the real Azure: every recorded PUT and DELETE of a policy of VMs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import flow_steps, places, recording
from harness.ansible import Ansible
from harness.policy_steps import LIST, PolicyReplay, plain, policy_steps
from harness.recording import Exchange
from harness.replay_server import ReplayServer

FOLDER = places.traffic()
RECORDINGS = {name: recording.read_exchanges(file) for name, file in (recording.flows(FOLDER) if FOLDER and FOLDER.is_dir() else ())}
FLOWS = [pytest.param(flow, id=name) for name, flow in RECORDINGS.items() if policy_steps(flow)]
LISTS = [pytest.param(flow, id=name) for name, flow in RECORDINGS.items() if any(e.method == "GET" and LIST.match(e.key) and e.status == 200 for e in flow)]
QUICK = {"poll_interval": 0.01, "wait_timeout": 120}
OPTIONS = (
    "name", "vault", "resource_group", "policy_type", "time_zone", "schedule", "retention", "instant_restore_days", "snapshot_resource_group_prefix",
    "snapshot_resource_group_suffix", "snapshot_consistency", "tiering",
)


def serve(flow: list[Exchange], folder: Path) -> ReplayServer:
    server = ReplayServer(flow, folder)
    server.replay = PolicyReplay(flow)
    return server


@pytest.mark.skipif(FOLDER is None, reason=places.NO_TRAFFIC)
@pytest.mark.parametrize("flow", FLOWS)
def test_flow(flow: list[Exchange], tmp_path: Path) -> None:
    """Each call in check mode, for real, and again: the recorded write, once, and the recorded end."""
    with serve(flow, tmp_path) as server:
        ansible = Ansible(tmp_path, server.environment(flow_steps.subscription(flow)))
        for step in policy_steps(flow):
            server.replay.pass_over(step.write.index)
            server.writes.clear()
            labels: dict[str, dict[str, Any]] = {"check": {"check_mode": True}, "real": {}, "again": {}}
            tasks = [
                Ansible.task("backup_policy", {**step.arguments, **QUICK}, environment=server.token_for(label), ignore_errors=True, **more)
                for label, more in labels.items()
            ]
            check, real, again = ansible.run(tasks).each()
            story = f"step {step.name}: {json.dumps(real.value)[:3000]}\n" + "\n".join(server.requests[-30:])
            assert server.replay.problems == [], f"{server.replay.problems}\n{story}"
            assert server.writes.get("check", []) == [] and check.ok().changed, story
            assert real.ok().changed and len(server.writes["real"]) == 1 and step.write.index in server.replay.sent, story
            assert not again.ok().changed and server.writes.get("again", []) == [], story
            if step.write.method == "DELETE":
                assert real["policy"] is None
                continue
            shown = step.write.response_body
            if shown:
                assert (real["policy"]["name"], real["policy"]["protected_items_count"]) == (shown["name"], shown["properties"]["protectedItemsCount"])
            assert check["policy"] == real["policy"] == again["policy"], story


@pytest.mark.skipif(FOLDER is None, reason=places.NO_TRAFFIC)
@pytest.mark.parametrize("flow", LISTS)
def test_every_policy_that_azure_listed_is_taken_back_unchanged(flow: list[Exchange], tmp_path: Path) -> None:
    look = max((e for e in flow if e.method == "GET" and LIST.match(e.key) and e.status == 200), key=lambda e: len(e.response_body["value"]))
    recorded = [entry for entry in look.response_body["value"] if entry["properties"].get("backupManagementType") == "AzureIaasVM"]
    with serve(flow, tmp_path) as server:
        server.replay.sent.update(write.index for write in server.replay.writes if write.index < look.index)
        ansible = Ansible(tmp_path, server.environment(flow_steps.subscription(flow)))
        vault = look.path.rsplit("/backupPolicies", 1)[0]
        found = ansible.run_module("backup_policy_info", {"vault": vault}).ok()["policies"]
        assert sorted(policy["name"] for policy in found) == sorted(entry["name"] for entry in recorded)
        tasks = [Ansible.task("backup_policy", {name: policy[name] for name in OPTIONS if policy[name] is not None}) for policy in found]
        for result in ansible.run(tasks).ok().each():
            assert not result.changed
        assert server.writes == {}


@pytest.mark.parametrize(("one", "other", "same"), [
    ({"scheduleRunTimes": ["2023-05-20T22:30:00.000Z"]}, {"scheduleRunTimes": ["2020-01-01T22:30:00Z"], "scheduleWeeklyFrequency": 0}, True),
    ({"scheduleRunTimes": ["2023-05-20T22:30:00.000Z"]}, {"scheduleRunTimes": ["2023-05-20T22:00:00.000Z"]}, False),
    ({"days": ["Monday", "Friday"], "instantRPDetails": {}}, {"days": ["Friday", "Monday"], "policyType": "V1"}, True),
    ({"retentionDuration": {"count": 30}}, {"retentionDuration": {"count": 31}}, False),
])
def test_what_a_policy_means(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    assert (plain(one) == plain(other)) is same
