# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_vault against recorded traffic of the real Azure: whole flows of 2023, and the single exchanges of 2025 and 2026 put together."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Iterator

import pytest
from harness import flow_steps, places, recording
from harness.ansible import Ansible, Result
from harness.recording import Exchange
from harness.replay_server import ReplayServer
from harness.vault_steps import VaultStep, said, vault_steps

FOLDER = places.traffic()


def _flows() -> Iterator[Any]:
    """The flows in which something happens to a vault that happens in none before."""
    seen: set[str] = set()
    for name, file in recording.flows(FOLDER) if FOLDER and FOLDER.is_dir() else ():
        flow = recording.read_exchanges(file)
        kinds = {f"{step.write.method} {sorted(step.write.request_body or ())} {step.arguments.get('soft_delete')}" for step in vault_steps(flow)}
        kinds |= {f"{exchange.status}" for exchange in flow if kinds and exchange.broken and recording.VAULT.fullmatch(exchange.key)}
        if kinds - seen:
            seen |= kinds
            yield pytest.param(file, id=name)


QUICK = {"poll_interval": 0.01, "wait_timeout": 120}


def replayed(flow: list[Exchange], folder: Path) -> list[tuple[VaultStep, Result]]:
    """Makes the calls of a flow: in check mode, for real, and again. The second run has nothing to do."""
    flow = said(flow)
    done: list[tuple[VaultStep, Result]] = []
    with ReplayServer(flow, folder) as server:
        ansible = Ansible(folder, server.environment(flow_steps.subscription(flow)))
        for step in vault_steps(flow):
            server.replay.pass_over(step.write.index)
            server.writes.clear()
            labels: dict[str, dict[str, Any]] = {"check": {"check_mode": True}, "real": {}, **({} if step.ending.operation_failed else {"again": {}})}
            tasks = [
                Ansible.task("recovery_vault", {**step.arguments, **QUICK}, environment=server.token_for(label), ignore_errors=True, **more)
                for label, more in labels.items()
            ]
            check, real, *more_runs = ansible.run(tasks).each()
            story = f"step {step.name}: {json.dumps(real.value)[:3000]}\n" + "\n".join(server.requests[-30:])
            assert server.replay.problems == [], f"{server.replay.problems}\n{story}"
            assert server.writes.get("check", []) == [] and check.changed, f"check mode: {check.value}\n{story}"
            assert step.write.index in server.replay.sent, story
            done.append((step, real))
            for again in more_runs:
                assert real.ok().changed, story
                assert not again.ok().changed and server.writes.get("again", []) == [], f"{again.value}\n{story}"
    return done


@pytest.mark.skipif(FOLDER is None, reason=places.NO_TRAFFIC)
@pytest.mark.parametrize("file", list(_flows()))
def test_flow(file: Path, tmp_path: Path) -> None:
    for step, result in replayed(recording.read_exchanges(file), tmp_path):
        if step.write.method == "DELETE":
            assert result["vault"] is None
        elif step.after is not None:
            assert result["vault"]["provisioning_state"] == step.after["properties"]["provisioningState"] == "Succeeded"
            assert result["vault"]["identity"]["type"] == (step.after.get("identity") or {}).get("type", "None")


# --- single exchanges, put together ---

VAULT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/vault-1"


def one(name: str, traffic: Path, **changes: Any) -> dict[str, Any]:
    """A recorded exchange, as if it were about VAULT in eastasia; `changes` replace members."""
    found: dict[str, Any] = json.loads((traffic / f"{name}.json").read_text())
    before, after = found["path"].split("/vaults/", 1)
    own = f"{before}/vaults/{after.split('/')[0]}"
    text = json.dumps(found).replace(own, VAULT).replace(f'"{own.rsplit("/", 1)[1]}"', '"vault-1"').replace('"eastus2euap"', '"eastasia"')
    return {**json.loads(text), **changes}


def status(write: dict[str, Any], body: Any, code: int = 200) -> dict[str, Any]:
    """A look at the operation that a write started."""
    path = write["headers"]["azure-asyncoperation"].removeprefix(recording.RECORDED_HOST).split("?")[0]
    return {"method": "GET", "path": path, "status": code, "headers": {}, "response_body": body}


def flow_of(*rows: dict[str, Any]) -> list[Exchange]:
    return [Exchange.of(row, index) for index, row in enumerate(rows)]


def test_a_creation_of_2026(traffic: Path, tmp_path: Path) -> None:
    made = one("2026/vault_create", traffic)
    running = one("2026/vault_create_status_inprogress", traffic)["response_body"]
    looks = [status(made, running), status(made, {**running, "status": "Succeeded"})]
    flow = flow_of(one("2026/vault_get_not_found", traffic), made, *looks, one("2026/vault_get_after_create", traffic))
    ((step, result),) = replayed(flow, tmp_path)
    assert step.arguments["soft_delete"] == "always_on" and step.arguments["location"] == "eastasia"
    assert (result["vault"]["soft_delete"], result["vault"]["multi_user_authorization"]) == ("always_on", False)
    assert (result["vault"]["redundancy"], result["vault"]["backup_storage_version"]) == ("GeoRedundant", "V2")


def test_a_change_of_2025(traffic: Path, tmp_path: Path) -> None:
    changed, after = one("2024-2025/vault_patch", traffic), one("2026/vault_get_after_create", traffic)
    before = copy.deepcopy(after)
    before["response_body"]["properties"]["publicNetworkAccess"] = "Disabled"
    running = {"id": "x", "name": "x", "status": "InProgress"}
    flow = flow_of(before, changed, status(changed, running), status(changed, {**running, "status": "Succeeded"}), after)
    ((_step, result),) = replayed(flow, tmp_path)
    assert result["vault"]["public_network_access"] == "enabled"


@pytest.mark.parametrize("name", ["2026/vault_delete_status_succeeded", "2026/vault_delete_status_gone_404", "2024-2025/vault_delete_failed_status"])
def test_the_ends_of_a_deletion(traffic: Path, tmp_path: Path, name: str) -> None:
    deleted, end = one("2026/vault_delete", traffic), one(name, traffic)
    running = one("2026/vault_delete_status_inprogress", traffic)["response_body"]
    looks = [status(deleted, running), status(deleted, end["response_body"], end["status"])]
    flow = flow_of(one("2026/vault_get_after_create", traffic), deleted, *looks)
    ((step, result),) = replayed(flow, tmp_path)
    if step.ending.operation_failed:
        assert result.failed and not result.changed
        assert result["failure"]["code"] == "BMSUserErrorVaultDeletionNotPermitted" and "purged" in result["failure"]["hint"]
    else:
        assert result["vault"] is None


def test_a_vault_of_2026_comes_back(traffic: Path, tmp_path: Path) -> None:
    told = json.loads((traffic / "2026" / "deleted_vault_get.json").read_text())
    asked = json.loads((traffic / "2026" / "deleted_vault_undelete.json").read_text())
    vault_id = told["response_body"]["properties"]["vaultId"]
    listed = {**told, "path": told["path"].rsplit("/", 1)[0], "response_body": {"value": [told["response_body"]]}}
    text = json.dumps(one("2026/vault_get_after_create", traffic)).replace(VAULT, vault_id).replace('"eastasia"', '"eastus2euap"')
    back = json.loads(text)
    missing = {**one("2026/vault_get_not_found", traffic), "path": vault_id}
    # The one in check mode, and the one of the real run.
    flow = flow_of(missing, missing, listed, asked, status(asked, {"status": "Succeeded"}), back)
    place = vault_id.split("/")
    arguments = {"name": place[8], "resource_group": place[4], "location": "eastus2euap", "undelete": True, **QUICK}
    with ReplayServer(flow, tmp_path) as server:
        ansible = Ansible(tmp_path, server.environment(place[2]))
        check, real, again = ansible.run(
            [Ansible.task("recovery_vault", arguments, check_mode=mode) for mode in (True, False, False)]
        ).ok().each()
        assert (check.changed, real.changed, again.changed) == (True, True, False)
        assert server.replay.problems == [] and real["vault"]["provisioning_state"] == "Succeeded"
