# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replay server, by plain requests: it gives the recorded client what it got, and other clients what follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest
import requests
from harness import places, recording
from harness.bodies import differences
from harness.recording import RECORDED_HOST, Exchange
from harness.replay_server import ReplayServer

FOLDER = places.traffic()
FLOWS = list(recording.flows(FOLDER)) if FOLDER and FOLDER.is_dir() else []


class Client:
    def __init__(self, server: ReplayServer) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(server.ca_file)
        self.session.headers["Authorization"] = "Bearer " + server.token

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, self.server.url + path, json=body, timeout=20)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    servers = []

    def start(flow: list[Exchange]) -> Client:
        server = ReplayServer(flow, tmp_path)
        servers.append(server.__enter__())
        return Client(server)

    yield start
    for server in servers:
        server.__exit__()


@pytest.mark.skipif(not FLOWS, reason=places.NO_TRAFFIC)
@pytest.mark.parametrize("file", [pytest.param(file, id=name) for name, file in FLOWS])
def test_the_recorded_client_gets_the_recorded_answers(serve: Any, file: Path) -> None:
    flow = recording.read_exchanges(file)
    client = serve(flow)
    for exchange in flow:
        if exchange.method == "HEAD":
            continue
        answer = client.send(exchange.method, f"{exchange.path}?{exchange.query}", exchange.request_body)
        where = f"exchange {exchange.index}: {exchange.method} {exchange.path}"
        assert answer.status_code == exchange.status, where
        if exchange.key.endswith("/backupjobs"):
            continue  # answered from the single jobs, so that a client of lists sees them move
        body = answer.json() if answer.content else None
        if isinstance(body, dict) and body.get("nextLink"):
            body["nextLink"] = body["nextLink"].replace(client.server.url, RECORDED_HOST)
        assert body == exchange.response_body, where
        for name in ("azure-asyncoperation", "location"):
            assert answer.headers.get(name) == (exchange.headers[name].replace(RECORDED_HOST, client.server.url) if name in exchange.headers else None), where
    expiries = [problem for problem in client.server.replay.problems if "recoveryPointExpiryTimeInUTC" in problem]
    assert client.server.replay.problems == expiries  # an absolute time of the past is no distance from now


SUB = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v"
ITEM = SUB + "/backupFabrics/Azure/protectionContainers/IaasVMContainer%3Biaasvmcontainerv2%3Brg%3Bvm/protectedItems/vm%3Biaasvmcontainerv2%3Brg%3Bvm"
ITEMS = SUB + "/backupProtectedItems"
ENABLE = {"properties": {"protectedItemType": "Microsoft.Compute/virtualMachines", "policyId": SUB + "/backupPolicies/p"}}
STOP = {"properties": {"protectedItemType": "Microsoft.Compute/virtualMachines", "policyId": "", "protectionState": "ProtectionStopped"}}


def _exchange(method: str, path: str, status: int, answer: Any = None, body: Any = None, **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"method": method, "path": path, "query": "api-version=1", "request_body": body, "status": status, "headers": named, "response_body": answer}


def _item(state: str) -> dict[str, Any]:
    return {"value": [{
        "id": ITEM.replace("%3B", ";"), "name": "VM;iaasvmcontainerv2;rg;vm", "properties": {"protectionState": state, "policyId": SUB + "/backupPolicies/p"},
    }]}


def _job(status: str) -> dict[str, Any]:
    return {"name": "job-1", "properties": {"operation": "ConfigureBackup", "status": status, "startTime": "2023-01-01", "extendedInfo": {}}}


def small_flow() -> list[Exchange]:
    asynchronous = {"azure_asyncoperation": RECORDED_HOST + ITEM.replace("%3B", ";") + "/operationsStatus/op-1?api-version=1&t=1"}
    rows = [
        _exchange("POST", SUB + "/backupFabrics/Azure/refreshContainers", 202),
        _exchange("PUT", ITEM, 202, body=ENABLE, **asynchronous),
        _exchange("GET", SUB + "/backupOperations/op-1", 200, {"status": "InProgress"}),
        _exchange("GET", SUB + "/backupOperations/op-1", 500, {"error": {"code": "InternalServerError", "message": ""}}),
        _exchange("GET", SUB + "/backupOperations/op-1", 200, {"status": "Succeeded", "properties": {"jobId": "job-1"}}),
        _exchange("GET", SUB + "/backupJobs/job-1", 200, _job("InProgress")),
        _exchange("GET", SUB + "/backupJobs/job-1", 200, _job("Completed")),
        _exchange("GET", ITEMS, 200, _item("IRPending")),
        _exchange("PUT", ITEM, 202, body=STOP),
        _exchange("GET", ITEMS, 200, _item("ProtectionStopped")),
        _exchange("DELETE", ITEM, 202),
    ]
    return [Exchange.of(row, index) for index, row in enumerate(rows)]


def test_state_follows_the_writes(serve: Any) -> None:
    client = serve(small_flow())
    states = []
    for write in (None, ("PUT", ENABLE), ("PUT", STOP), ("DELETE", None)):
        if write:
            assert client.send(write[0], ITEM, write[1]).status_code == 202
        found = client.send("GET", ITEMS + "?$filter=itemType eq 'VM'").json()["value"]
        states.append([item["properties"]["protectionState"] for item in found])
    assert states == [[], ["IRPending"], ["ProtectionStopped"], []]
    assert client.server.replay.problems == []
    assert client.send("GET", ITEM).status_code == 404


def test_operation_by_its_own_url_and_jobs_by_list(serve: Any) -> None:
    client = serve(small_flow()[1:])
    assert client.send("GET", SUB + "/backupJobs/job-1").status_code == 404
    assert client.send("GET", SUB + "/backupJobs").json() == {"value": []}
    url = client.send("PUT", ITEM, ENABLE).headers["Azure-AsyncOperation"]
    assert url.startswith(client.server.url)
    looks = [client.session.get(url, timeout=20) for _look in range(4)]
    assert [look.status_code for look in looks] == [200, 500, 200, 200]
    assert [looks[index].json()["status"] for index in (0, 2, 3)] == ["InProgress", "Succeeded", "Succeeded"]
    jobs = [client.send("GET", SUB + "/backupJobs?$filter=operation eq 'ConfigureBackup'").json()["value"] for _look in range(4)]
    assert [job["properties"]["status"] for (job,) in jobs] == ["InProgress", "InProgress", "Completed", "Completed"]
    assert client.send("GET", SUB + "/backupJobs?$filter=operation eq 'Restore'").json()["value"] == []


@pytest.mark.parametrize(("method", "path", "body"), [
    ("POST", ITEM + "/backup", {"properties": {}}),
    ("DELETE", ITEM, None),
])
def test_a_write_that_was_not_recorded_here_is_refused(serve: Any, method: str, path: str, body: Any) -> None:
    client = serve(small_flow())
    assert client.send(method, path, body).status_code == 400
    assert len(client.server.replay.problems) == 1


def test_a_body_that_differs_is_a_problem(serve: Any) -> None:
    client = serve(small_flow())
    assert client.send("PUT", ITEM, STOP).status_code == 202
    assert len(client.server.replay.problems) == 2


def test_a_foreign_token_is_refused(serve: Any) -> None:
    client = serve(small_flow())
    client.session.headers["Authorization"] = "Bearer other"
    assert client.send("GET", ITEMS).status_code == 401


@pytest.mark.parametrize(("recorded", "sent", "count"), [
    ({"policyId": "", "a": "/Subscriptions/X"}, {"a": "/subscriptions/x"}, 0),
    ({"restoreDiskLunList": []}, {}, 1),
    ({"isRehydrate": True}, {"isRehydrate": False}, 1),
    ({"createNewCloudService": False}, {}, 0),
    ({"originalStorageAccountOption": True}, {}, 1),
    ({"extendedProperties": {"diskExclusionProperties": None}}, {}, 1),
    ({"list": [1, 2]}, {"list": [1, 3]}, 1),
    (None, {"a": 1}, 1),
    (None, None, 0),
])
def test_differences(recorded: Any, sent: Any, count: int) -> None:
    assert len(differences(recorded, sent)) == count
