# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API Management service is backed up and restored once: also when ansible-playbook is killed, answers get lost or may not be read.

The backups lie in a real Azurite. Where runs are interrupted, the simulator runs at the speed of the wall, and the tests move its clock.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Callable, Mapping

import pytest
import requests
from harness import places
from harness.ansible import Run
from harness.simulator import Simulator

HOUR = 3600.0
PLACE = {"storage_account": "stbackups", "storage_resource_group": "rg-backup", "container": "apim"}
BACKUP = {"name": "apim-prod", "resource_group": "rg-api", **PLACE}
RESTORE = {"name": "apim-dr", "resource_group": "rg-dr", "confirm": "apim-dr", "source_service": "apim-prod", **PLACE}
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {"backup": BACKUP, "restore": RESTORE}
SERVICES = {"backup": "rg-api/providers/Microsoft.ApiManagement/service/apim-prod", "restore": "rg-dr/providers/Microsoft.ApiManagement/service/apim-dr"}

ESTATE: dict[str, Any] = {
    "location": "eastasia",
    "principals": [{"name": "drill", "roles": ["Contributor", "Storage Blob Data Contributor"]}],
    "resource_groups": [{"name": "rg-api"}, {"name": "rg-dr"}, {"name": "rg-backup"}],
    "storage_accounts": [{"name": "stbackups", "resource_group": "rg-backup"}],
    "api_management": [
        {
            "name": "apim-prod",
            "resource_group": "rg-api",
            "system_identity": True,
            "identity_roles": ["Storage Blob Data Contributor"],
            "apis": [{"name": "orders", "path": "orders"}],
            "products": [{"name": "partners", "apis": ["orders"]}],
            "named_values": [{"name": "backend-key", "value": "s3cret-of-the-backend", "secret": True}],
        },
        {"name": "apim-dr", "resource_group": "rg-dr", "system_identity": True, "identity_roles": ["Storage Blob Data Contributor"]},
    ],
}
OLD_BACKUP = {"storage_account": "stbackups", "container": "apim", "name": "apim-prod-20260101T000000Z", "age_hours": 100}


class Apim:
    """A simulator with two services and an Azurite; for restores there is a backup already."""

    def __init__(self, sim: Simulator, action: str) -> None:
        self.sim = sim
        self.action = action
        self.arguments: dict[str, Any] = {**ARGUMENTS[action], "poll_interval": 0.1, "wait_timeout": 240}
        self.service = SERVICES[action]

    def start(self, **more: Any) -> Run:
        return self.sim.ansible.start([self.sim.ansible.task(f"apim_{self.action}", {**self.arguments, **more})])

    def sent(self) -> int:
        """The backup or restore requests that the simulator saw."""
        return len(self.sim.control.requests("POST", rf"/service/[^/]+/{self.action}$"))

    def looks(self) -> int:
        """How often the running operation was looked at, by its own URL or by the service (also by `state`)."""
        return len(self.sim.control.requests("GET", r"/operationResults/|/service/[^/]+$"))

    def state(self) -> str:
        answer = self.sim.arm("GET", f"{self.sim.rg(self.service)}", "2022-08-01")
        answer.raise_for_status()
        found: str = answer.json()["properties"]["provisioningState"]
        return found

    def until(self, run: Run, what: Callable[[], bool]) -> None:
        """Waits for something that the running playbook does; fails when it ends before."""
        for _attempt in range(1200):
            if what():
                return
            if run.process.poll() is not None:
                raise AssertionError(f"ansible-playbook ended early:\n{run.wait().output}\n{run.tasks()}")
            time.sleep(0.05)
        run.kill()
        raise AssertionError("it did not happen within a minute")

    def until_watched(self, run: Run, looks: int = 1) -> None:
        """Waits until the run has looked at what runs."""
        self.until(run, lambda: self.state() == "Updating")
        before = self.looks()
        self.until(run, lambda: self.looks() >= before + looks)


@pytest.fixture
def start_apim(start_simulator: Callable[..., Simulator], tmp_path: Path) -> Callable[..., Apim]:
    def start(action: str, speed: int = 1) -> Apim:
        estate = json.loads(json.dumps(ESTATE))
        if action == "restore":
            estate["api_management"][0]["backups"] = [OLD_BACKUP]
        file = tmp_path / "apim-estate.yml"
        # JSON is YAML.
        file.write_text(json.dumps(estate))
        command = os.environ.get("AZURITE_COMMAND") or places.tool("azurite-blob")
        return Apim(start_simulator(speed=speed, estate=file, azurite=command), action)

    return start


@pytest.mark.parametrize("action", ["backup", "restore"])
def test_killed_while_waiting_ends_with_one(start_apim: Callable[..., Apim], action: str) -> None:
    apim = start_apim(action)
    first = apim.start()
    apim.until(first, lambda: apim.sent() > 0)
    apim.until_watched(first)
    first.kill()
    assert first.tasks() == [], "it was killed in the middle of the task"
    assert (apim.sent(), apim.state()) == (1, "Updating")

    second = apim.start()
    # More than what it reads before it waits.
    apim.until_watched(second, looks=4)
    apim.sim.control.advance(HOUR)
    result = second.wait().ok()
    assert not result.changed
    assert result["backup"]["name"].startswith("apim-prod-")
    assert result["service"]["provisioning_state"] == "Succeeded"

    third = apim.start().wait().ok()
    assert not third.changed
    assert apim.sent() == 1


def test_a_restore_that_ended_after_the_run_was_killed_is_not_repeated(start_apim: Callable[..., Apim]) -> None:
    apim = start_apim("restore")
    first = apim.start()
    apim.until(first, lambda: apim.sent() > 0)
    apim.until_watched(first)
    first.kill()
    apim.sim.control.advance(2 * HOUR)
    assert apim.state() == "Succeeded"
    second = apim.start().wait().ok()
    assert (second.changed, second["action"]) == (False, "adopted")
    third = apim.start().wait().ok()
    assert (third.changed, third["action"]) == (False, "none")
    assert apim.sent() == 1


@pytest.mark.parametrize("action", ["backup", "restore"])
def test_lost_answer_ends_with_one(start_apim: Callable[..., Apim], action: str) -> None:
    """The connection breaks after the operation was started."""
    apim = start_apim(action)
    apim.sim.control.fault({"method": "POST", "path": f"/service/[^/]+/{action}$"}, {"kind": "reset_after"})
    run = apim.start()
    apim.until(run, lambda: apim.sent() > 0)
    apim.until_watched(run)
    apim.sim.control.advance(HOUR)
    result = run.wait().ok()
    assert result.changed
    assert apim.sent() == 1
    assert not apim.start().wait().ok().changed
    assert apim.sent() == 1


@pytest.mark.parametrize("action", ["backup", "restore"])
def test_a_result_that_may_not_be_read_ends_with_one(start_apim: Callable[..., Apim], action: str) -> None:
    apim = start_apim(action)
    apim.sim.control.fault({"method": "GET", "path": "/operationResults/", "hit": "every"}, {"status": 403, "code": "AuthorizationFailed"}, times=None)
    run = apim.start()
    apim.until(run, lambda: apim.sent() > 0)
    apim.until_watched(run)
    apim.sim.control.advance(HOUR)
    result = run.wait().ok()
    assert result.changed
    assert apim.sent() == 1
    assert "operationresults/read" in json.dumps(result.value)
    assert not apim.start().wait().ok().changed
    assert apim.sent() == 1


@pytest.mark.parametrize("action", ["backup", "restore"])
def test_timeout_loses_nothing(start_apim: Callable[..., Apim], action: str) -> None:
    """A wait that ends before the operation does says how to go on, and the next run goes on."""
    apim = start_apim(action)
    gave_up = apim.start(wait_timeout=5).wait()
    assert gave_up.failed
    failure = gave_up["failure"]
    assert (failure["code"], failure["last_state"]) == ("OperationTimeout", "Updating")
    assert failure["resume"]["operation_id"] and "&s=" not in json.dumps(failure)
    apim.sim.control.advance(HOUR)
    assert not apim.start().wait().ok().changed
    assert apim.sent() == 1


class BlobEndpoint:
    """The blobs as another client sees them, with a token of its own."""

    def __init__(self, sim: Simulator) -> None:
        account = sim.arm("GET", f"{sim.rg('rg-backup')}/providers/Microsoft.Storage/storageAccounts/stbackups", "2023-05-01")
        account.raise_for_status()
        self.url = account.json()["properties"]["primaryEndpoints"]["blob"].rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = sim.ready["ca_file"]
        endpoints = self.session.get(sim.ready["arm_url"] + "/metadata/endpoints", params={"api-version": "2022-09-01"}, timeout=60).json()
        form = {
            "grant_type": "client_credentials", "client_id": sim.ready["client_id"], "client_secret": sim.ready["client_secret"],
            "scope": "https://storage.azure.com/.default",
        }
        login = str(endpoints["authentication"]["loginEndpoint"]).rstrip("/")
        token = self.session.post(f"{login}/{sim.ready['tenant_id']}/oauth2/v2.0/token", data=form, timeout=60).json()["access_token"]
        self.session.headers.update({"Authorization": f"Bearer {token}", "x-ms-version": "2021-12-02"})

    def get(self, name: str) -> bytes:
        answer = self.session.get(f"{self.url}/apim/{name}", timeout=60)
        answer.raise_for_status()
        return answer.content

    def put(self, name: str, data: bytes) -> None:
        self.session.put(f"{self.url}/apim/{name}", data=data, headers={"x-ms-blob-type": "BlockBlob"}, timeout=60).raise_for_status()


def test_the_backup_in_azurite_is_what_the_second_service_gets(start_apim: Callable[..., Apim]) -> None:
    sim = start_apim("backup", speed=3600).sim
    orders = f"{sim.rg(SERVICES['restore'])}/apis/orders"
    assert sim.arm("GET", orders, "2022-08-01").status_code == 404

    made = sim.run_module("apim_backup", BACKUP).ok()["backup"]
    blobs = BlobEndpoint(sim)
    data = blobs.get(made["name"])
    assert len(data) == made["size"]
    assert b"s3cret-of-the-backend" not in data

    done = sim.run_module("apim_restore", RESTORE).ok()
    assert done["backup"]["name"] == made["name"]
    restored = sim.arm("GET", orders, "2022-08-01")
    assert (restored.status_code, restored.json()["properties"]["path"]) == (200, "orders")

    # What somebody else writes there is what the simulator reads: no copy of its own.
    blobs.put(made["name"], data.replace(b'"path": "orders"', b'"path": "orders-v2"'))
    again = sim.run_module("apim_restore", RESTORE).ok()
    assert again.changed, "a blob that was written anew is another backup"
    assert sim.arm("GET", orders, "2022-08-01").json()["properties"]["path"] == "orders-v2"
