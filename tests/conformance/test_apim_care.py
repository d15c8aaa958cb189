# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of API Management at the blob endpoint and on the wire: nothing is written in check mode, keys that Azure echoes stay secret, tokens go
where they belong, and an operation that succeeded is no failure because its result answers with errors.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable

import pytest
from harness import places
from harness.ansible import Result
from harness.secrets import leaks
from harness.simulator import Simulator
from test_apim_interruptions import BACKUP, ESTATE, OLD_BACKUP

POST = {"method": "POST", "path": "/backup$"}
POLL = {"method": "GET", "path": "/operationResults/"}


@pytest.fixture
def sim(start_simulator: Callable[..., Simulator], tmp_path: Path) -> Simulator:
    """Services, an Azurite, and three old backups of apim-prod."""
    estate = json.loads(json.dumps(ESTATE))
    names = [f"apim-prod-2026010{day}T000000Z" for day in (1, 2, 3)]
    estate["api_management"][0]["backups"] = [{**OLD_BACKUP, "name": name, "age_hours": 100 - number} for number, name in enumerate(names)]
    file = tmp_path / "estate.yml"
    # JSON is YAML.
    file.write_text(json.dumps(estate))
    return start_simulator(speed=3600, estate=file, azurite=os.environ.get("AZURITE_COMMAND") or places.tool("azurite-blob"))


def back_up(sim: Simulator, *, check: bool = False, **options: Any) -> tuple[Result, list[dict[str, Any]]]:
    """The result, and the requests that Azure saw meanwhile."""
    sim.control.reset()
    return sim.run_module("apim_backup", {**BACKUP, **options}, check=check, diff=True), sim.control.requests()


def posts(rows: list[dict[str, Any]]) -> int:
    return len([row for row in rows if row["method"] == "POST" and row["path"].endswith("/backup")])


@pytest.mark.parametrize("options", [{"keep": 1}, {"container": "fresh", "storage_access": "key"}])
def test_check_mode_writes_nowhere_and_tells_what_the_real_run_does(sim: Simulator, options: dict[str, Any]) -> None:
    foreseen, rows = back_up(sim, check=True, **options)
    asked = [row for row in rows if row["endpoint"] in ("arm", "blob")]
    assert {row["endpoint"] for row in asked} == {"arm", "blob"}
    assert [row["path"] for row in asked if row["method"] not in ("GET", "HEAD") and not row["path"].endswith("/listKeys")] == []
    result, rows = back_up(sim, **options)
    for name in ("changed", "diff", "pruned", "container_created"):
        assert foreseen.ok()[name] == result.ok()[name], name
    assert result.changed and posts(rows) == 1


def test_a_key_that_azure_echoes_is_masked_in_any_form(sim: Simulator) -> None:
    account = f"{sim.rg('rg-backup')}/providers/Microsoft.Storage/storageAccounts/stbackups"
    key = str(sim.arm("POST", f"{account}/listKeys", "2023-05-01").json()["keys"][0]["value"])
    forms = [key, key.replace("+", "\\u002B").replace("/", "\\/"), key.replace("+", "&#43;").replace("/", "&#x2F;")]
    for options in ({}, {"storage_key": key}):
        sim.control.fault(POST, {"status": 400, "code": "InvalidParameters", "message": f"You sent {' and '.join(forms)}, which is wrong."})
        result, _rows = back_up(sim, storage_access="key", **options)
        assert result.failed and "which is wrong" in result["failure"]["message"]
    assert leaks(sim.ansible.outputs, [*forms, key[:20], key[-20:]]) == []


def test_an_operation_that_moves_to_another_host_gets_no_token_and_is_followed_by_its_service(sim: Simulator) -> None:
    elsewhere = "https://elsewhere.test/operationresults/x?api-version=2022-08-01"
    sim.control.fault(POLL, {"status": 202, "headers": {"Location": elsewhere}})
    result, rows = back_up(sim)
    assert result.ok().changed and posts(rows) == 1
    assert "another host" in json.dumps(result["warnings"])


def test_tokens_that_end_in_the_meantime(sim: Simulator) -> None:
    """While the operation is followed, and before the backup is looked at in its container."""
    for match in (POLL, {"method": "HEAD", "path": "/apim/apim-prod"}):
        sim.control.fault(match, {"kind": "expire_tokens"})
    result, rows = back_up(sim)
    assert result.ok().changed and posts(rows) == 1 and result["backup"]["size"] > 0
    assert {row["endpoint"] for row in rows if row["status"] == 401} == {"arm", "blob"}


def test_an_operation_that_succeeded_is_no_failure_because_its_result_cannot_be_read(sim: Simulator) -> None:
    sim.control.fault({**POLL, "hit": "every"}, {"status": 500, "code": "CloudInternalError"}, times=None)
    result, rows = back_up(sim)
    assert result.ok().changed and posts(rows) == 1
    assert "CloudInternalError" in json.dumps(result["warnings"]) and result["backup"]["size"] > 0
