# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret reaches an output at -vvvv, whatever goes wrong.

Every test with the fixture `sim` searches its outputs when it ends; these tests make the outputs in which a secret is likeliest.
"""

from __future__ import annotations

from typing import Any

import pytest
from harness.ansible import Result
from harness.secrets import leaks
from harness.simulator import Simulator

PROTECT = {
    "vm": ["web-01"], "vm_resource_group": "rg-prod", "vault": "rsv-prod-01", "resource_group": "rg-backup", "policy": "DefaultPolicy", "wait_timeout": 60,
}
WRONG = "wrong-secret-kx7TzQ9fVm2LpR4s"
ITEMS = r"/backupProtectedItems$"


def protect(sim: Simulator, environment: dict[str, str] | None = None, **more: Any) -> Result:
    return sim.run_module("vm_backup_protection", {**PROTECT, **more}, environment=environment or {}, diff=True)


def test_the_search_finds_a_secret() -> None:
    assert leaks(["one\ntwo s3cret-of-the-estate\n"], ["s3cret-of-the-estate"]) != []
    assert leaks(["Authorization: Bearer abcdefghijklmnopqrstuvwxyz"], []) != []
    assert leaks(["nothing here"], ["s3cret-of-the-estate"]) == []


def test_secret_from_the_environment_and_as_option(sim: Simulator) -> None:
    protect(sim).ok()
    names = {"AZURE_SECRET": "", "AZURE_CLIENT_ID": "", "AZURE_TENANT": ""}
    options = {"secret": sim.ready["client_secret"], "client_id": sim.ready["client_id"], "tenant": sim.ready["tenant_id"]}
    protect(sim, names, **options).ok()
    token = sim.token()
    protect(sim, names, access_token=token, auth_source="access_token").ok()
    assert leaks(sim.ansible.outputs, [token]) == []


@pytest.mark.parametrize("how", ["environment", "option"])
def test_wrong_secret(sim: Simulator, how: str) -> None:
    result = protect(sim, {"AZURE_SECRET": WRONG}) if how == "environment" else protect(sim, secret=WRONG)
    assert result.failed
    assert result["failure"]["code"]
    assert leaks(sim.ansible.outputs, [WRONG]) == []


def test_refused_token(sim: Simulator) -> None:
    token = sim.token() + "tampered"
    result = protect(sim, {"AZURE_SECRET": "", "AZURE_CLIENT_ID": ""}, access_token=token, auth_source="access_token")
    assert result.failed
    assert leaks(sim.ansible.outputs, [token, token[:40]]) == []


@pytest.mark.parametrize(
    ("match", "answer"),
    [
        ({"path": ITEMS}, {"kind": "expire_tokens"}),
        ({"path": ITEMS}, {"kind": "status", "status": 401, "code": "ExpiredAuthenticationToken"}),
        ({"path": ITEMS}, {"kind": "malformed"}),
        ({"path": ITEMS}, {"kind": "status", "status": 403, "code": "AuthorizationFailed"}),
        ({"method": "PUT", "path": "/protectedItems/"}, {"kind": "status", "status": 400}),
        ({"method": "PUT", "path": "/protectedItems/"}, {"kind": "status", "status": 500}),
        ({"method": "PUT", "path": "/protectedItems/"}, {"kind": "reset_before"}),
        ({"method": "PUT", "path": "/protectedItems/"}, {"kind": "reset_after"}),
        ({"path": r"/operationsStatus/|/backupOperations/"}, {"kind": "malformed"}),
        ({"path": r"/oauth2/v2.0/token$"}, {"kind": "malformed"}),
        ({"path": r"/oauth2/v2.0/token$"}, {"kind": "status", "status": 500}),
        ({"path": "/metadata/endpoints"}, {"kind": "malformed"}),
        ({"path": "/metadata/endpoints"}, {"kind": "status", "status": 404}),
    ],
    ids=lambda value: str(value.get("status", value["kind"])) if "kind" in value else value["path"].strip("/$"),
)
def test_things_go_wrong(sim: Simulator, match: dict[str, Any], answer: dict[str, Any]) -> None:
    """Twice, which is survived or not; either way the task ends with a result and not with a traceback."""
    sim.control.fault(match, answer, times=2)
    result = protect(sim)
    assert result.tasks
    assert not result.failed or result["msg"]
    assert "Traceback (most recent call last)" not in result.output


def test_storage_keys_and_signed_urls(sim: Simulator) -> None:
    """A restore gets the longest signed URLs there are, in its failures too."""
    protect(sim).ok()
    common = {"vm": ["web-01"], "vm_resource_group": "rg-prod", "vault": "rsv-prod-01", "resource_group": "rg-backup"}
    sim.run_module("vm_backup_trigger", common).ok()
    target = {"mode": "disks", "target_resource_group": "rg-dr", "storage_account": "ststagingea", "storage_account_resource_group": "rg-dr"}
    sim.control.fault({"path": r"/(operationsStatus|backupOperations)/"}, {"kind": "status", "status": 500}, times=2)
    sim.run_module("vm_restore", {**common, **target}).ok()
    sim.control.fault({"operation": "Restore"}, {"kind": "failed_job"})
    failed = sim.run_module("vm_restore", {**common, **target, "force": True})
    assert failed.failed
    assert failed.vms[0]["failure"]["code"]
