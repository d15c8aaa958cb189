# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apim_backup against recorded traffic of the real Azure: the recorded requests, and the recorded ends.

No recording has the requests for blobs, so nobody can read the container: the module says so and backs up.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from harness import flow_steps, places, recording
from harness.ansible import Ansible, Result
from harness.apim_steps import BackupStep, backup_steps, said
from harness.recording import Exchange
from harness.replay import Answer
from harness.replay_server import ReplayServer

FOLDER = places.traffic()
FLOWS = [
    pytest.param(file, id=name)
    for name, file in (recording.flows(FOLDER) if FOLDER and FOLDER.is_dir() else ())
    if backup_steps(recording.read_exchanges(file))
]
ACCOUNT = re.compile(r".*/providers/Microsoft\.Storage/storageAccounts/([^/]+)(/blobServices/default/containers/[^/]+)?", re.IGNORECASE)
QUICK = {"poll_interval": 0.01, "wait_timeout": 120}


class Server(ReplayServer):
    """A replay with storage accounts and containers, whose blobs nobody may see."""

    def __init__(self, flow: list[Exchange], folder: Path) -> None:
        super().__init__(flow, folder)
        self.blob_headers: list[str] = []
        """The header Authorization of the requests for blobs."""

    def answer(self, method: str, path: str, query: str, raw: bytes, authorization: str) -> Answer:
        if path.startswith("/blobs/"):
            self.blob_headers.append(authorization)
            return Answer(403)
        found = super().answer(method, path, query, raw, authorization)
        account = ACCOUNT.fullmatch(path)
        if method == "GET" and account and found.status == 404:
            return Answer(200, {"id": path, "name": account.group(1), "properties": {"primaryEndpoints": {"blob": f"{self.url}/blobs/{account.group(1)}/"}}})
        return found


def replayed(flow: list[Exchange], folder: Path) -> list[tuple[BackupStep, Result]]:
    """Makes the calls of a flow, in check mode and for real."""
    flow = said(flow)
    done: list[tuple[BackupStep, Result]] = []
    with Server(flow, folder) as server:
        ansible = Ansible(folder, server.environment(flow_steps.subscription(flow)))
        for step in backup_steps(flow):
            server.replay.pass_over(step.write.index)
            server.writes.clear()
            arguments = {**step.arguments, **QUICK, "wait": not step.cut_off}
            labels: dict[str, dict[str, Any]] = {"check": {"check_mode": True}, "real": {}}
            tasks = [
                Ansible.task("apim_backup", arguments, environment=server.token_for(label), ignore_errors=True, **more)
                for label, more in labels.items()
            ]
            check, real = ansible.run(tasks).each()
            story = f"step {step.name}: {json.dumps(real.value)[:3000]}\n" + "\n".join(server.requests[-30:])
            assert server.replay.problems == [], f"{server.replay.problems}\n{story}"
            assert server.writes.get("check", []) == [] and check.ok().changed, f"check mode: {check.value}\n{story}"
            assert step.write.index in server.replay.sent and len(server.writes["real"]) == 1, story
            key = step.write.request_body.get("accessKey")
            assert not key or all(key not in output for output in ansible.outputs), "the key of the storage account shows"
            assert not any(server.token in header for header in server.blob_headers), "the token of Resource Manager went to the blobs"
            _check_end(step, real, story)
            done.append((step, real))
    return done


def _check_end(step: BackupStep, result: Result, story: str) -> None:
    write = step.write
    if write.status >= 400:
        error = (write.response_body or {}).get("error") or {}
        assert result.failed and not result.changed, story
        assert result["failure"]["code"] == error.get("code", f"Http{write.status}"), story
    elif step.failed:
        assert result.failed and result.changed, story
        assert step.failure is None or result["failure"]["code"] == step.failure, story
    elif step.cut_off:
        assert result.ok().changed and result["backup"] is None and result["operation"]["id"], story
    else:
        assert result.ok().changed, story
        assert result["backup"]["name"] == write.request_body["backupName"], story
        assert result["service"]["provisioning_state"] == "Succeeded", story


@pytest.mark.skipif(FOLDER is None, reason=places.NO_TRAFFIC)
@pytest.mark.parametrize("file", FLOWS)
def test_flow(file: Path, tmp_path: Path) -> None:
    assert replayed(recording.read_exchanges(file), tmp_path)


# --- stories that nobody has recorded ---

SERVICE = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ApiManagement/service/apim"
RESULT = f"{SERVICE}/operationresults/d2U6YXBpbV9CYWNrdXBfMQ=="


def story(*looks: tuple[int, Any], status: int = 202, error: str | None = None, **body: Any) -> list[Exchange]:
    """A backup and the looks at its result."""
    sent = {"storageAccount": "stbackups", "containerName": "apim", "backupName": "before {it}-100%", **body}
    headers = {"location": f"{recording.RECORDED_HOST}{RESULT.replace('/operationresults', '//operationresults')}?api-version=2022-08-01"}
    told = {"error": {"code": error, "message": "no"}} if error else None
    rows: list[dict[str, Any]] = [
        {"method": "POST", "path": f"{SERVICE}/backup", "status": status, "request_body": sent, "headers": headers, "response_body": told}
    ]
    rows += [{"method": "GET", "path": RESULT, "status": code, "headers": headers, "response_body": answer} for code, answer in looks]
    return [Exchange.of(row, index) for index, row in enumerate(rows)]


@pytest.mark.parametrize("flow", [
    story((202, None), (500, {"error": {"code": "InternalServerError", "message": "try again"}}), (200, {}), accessKey="REDACTED"),
    story((200, {}), accessType="UserAssignedManagedIdentity", clientId="11111111-0000-0000-0000-000000000000"),
    story((202, None), (400, {"error": {"code": "BackupFailed", "message": "no"}}), accessType="AccessKey", accessKey="REDACTED"),
    story(status=400, error="InvalidParameters", accessKey="REDACTED"),
], ids=["key", "user identity", "failed", "refused"])
def test_story(flow: list[Exchange], tmp_path: Path) -> None:
    assert replayed(flow, tmp_path)
