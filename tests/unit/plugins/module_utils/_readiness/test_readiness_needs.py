# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resolved plan needs, and how findings are ordered, counted and shown."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.findings import CHECKS, Finding, in_order, is_ready, summarize
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.needs import Protection, needs_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.table import MOST_LINES, table
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._readiness.readiness_samples import GROUP, NETWORK, STORAGE, SUB, SUBNET, VAULT, VM

DC = VM.id.replace("db-01", "dc-01")
TARGET = {"mode": "new_vm", "vm_name": "drill-{name}", "target_resource_group": "rg-dr", "virtual_network": "vnet-dr", "subnet": "app"}


def resolved(**more: Any) -> dict[str, Any]:
    """As recovery_plan_info tells it: one VM from a vault, one from restore points, one service."""
    wave = {
        "id": "shop/data",
        "application": "shop",
        "vms": [{"id": VM.id, "from": "vault", "target": "dr", "vault_id": VAULT.id}, {"id": DC, "from": "restore_points", "vault_id": None}],
        "restores": [{"subscription_id": SUB, "vm": [VM.id], "vault": VAULT.id, **TARGET, "storage_account": "stdr"}],
        "builds": [{"subscription_id": SUB, "vm": [DC], "region": "South East Asia", "resource_group": "rg-copies", **TARGET}],
        "api_management": [
            {
                "name": "apim-shop",
                "resource_group": "rg-shop",
                "restore": {"name": "standby", "resource_group": "rg-dr", "confirm": "standby", "storage_account": "stbackups", "container": "apim"},
            }
        ],
    }
    return {
        "plan": {"name": "plan", "applications": [{"name": "shop", "objectives": {"rpo_seconds": 3600, "rto_seconds": None}}]},
        "stages": [{"number": 1, "waves": [wave]}],
        "tags": {"lifeboat_purpose": "failover"},
        "protections": [{"vm": [VM.id], "vault": VAULT.id, "policy": "Daily"}],
        "readiness": {"targets": {"dr": {"region": "East Asia"}}, "vaults": [{"id": VAULT.id.replace("rsv-shop", "rsv-other")}, {"id": VAULT.id.upper()}]},
        **more,
    }


def test_a_plan_is_read_with_the_eyes_of_its_modules() -> None:
    found = needs_of(resolved(), SUB)
    db, dc = found.vms
    assert (db.source, db.vault, db.target_id) == ("vault", VAULT, f"{GROUP}/providers/Microsoft.Compute/virtualMachines/drill-db-01")
    assert (db.group_id, db.network_id, db.subnet_id, db.storage_id, db.region) == (GROUP, NETWORK, SUBNET, STORAGE, "")
    assert (db.planned_region, dc.planned_region) == ("eastasia", "")
    assert (dc.source, dc.vault, dc.region, dc.subnet_id, dc.storage_id) == ("restore_points", None, "southeastasia", SUBNET, None)
    ((choice, needing),) = found.choices
    assert (choice.group, choice.region, [need.vm.name for need in needing]) == ("rg-copies", "southeastasia", ["dc-01"])
    assert (found.purpose, found.rpo, found.protections) == ("failover", {"shop": 3600.0}, {VM.key: Protection("rsv-shop", "Daily")})
    assert [ref.name.lower() for ref in found.vaults] == ["rsv-other", "rsv-shop"]
    (service,) = found.services
    assert service.source is not None and service.restore is not None
    assert (service.source.name, service.restore.target.name, service.restore.place) == ("apim-shop", "standby", "stbackups/apim")


def test_a_service_that_a_drill_leaves_alone_is_known_by_its_backup() -> None:
    plan = resolved(api_backups=[{"name": "apim-shop", "resource_group": "rg-shop", "storage_account": "stbackups", "container": "apim"}])
    plan["stages"][0]["waves"][0]["api_management"][0]["restore"] = None
    (service,) = needs_of(plan, SUB).services
    assert service.restore is None and service.storage is not None and service.storage.container == "apim"
    assert needs_of({**plan, "api_backups": []}, SUB).services[0].storage is None


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({}, "plan is missing"),
        ({"plan": {}}, "stages is missing"),
        ({**resolved(), "readiness": None}, "readiness is missing"),
        (resolved(stages=[{"waves": [{"id": "shop/data", "vms": [{"id": "db-01"}]}]}]), "shop/data"),
    ],
)
def test_what_is_no_resolved_plan_is_refused(plan: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words) as caught:
        needs_of(plan, SUB)
    assert caught.value.option == "plan"


def finding(state: str, subject: str = "db-01", check: str = "recovery_point", application: str | None = "shop", message: str = "It is 3 h old.") -> Finding:
    return Finding(check, state, subject, message, application)


def test_the_worst_comes_first_then_the_order_of_the_plan() -> None:
    mixed = [finding(state) for state in ("ok", "warning", "failed", "unknown")]
    mixed += [finding("failed", application="web"), finding("failed", application=None)]
    assert [(one.state, one.application) for one in in_order(mixed, ("shop", "web"))] == [
        ("failed", None),
        ("failed", "shop"),
        ("failed", "web"),
        ("unknown", "shop"),
        ("warning", "shop"),
        ("ok", "shop"),
    ]
    assert len(set(CHECKS)) == len(CHECKS)


@pytest.mark.parametrize(
    ("states", "ready", "verdict"),
    [
        ([], True, "READY: plan could be recovered"),
        (["ok", "warning"], True, "READY: plan could be recovered"),
        (["ok", "unknown"], False, "NOT READY: plan could not surely be recovered"),
        (["failed", "unknown"], False, "NOT READY: plan could not be recovered"),
    ],
)
def test_what_is_not_known_is_no_yes(states: list[str], ready: bool, verdict: str) -> None:
    findings = in_order([finding(state) for state in states], ("shop",))
    assert is_ready(findings) is ready
    assert table("plan", findings, ("shop",))[0].startswith(verdict)


def test_counts() -> None:
    found = summarize([finding("ok"), finding("failed"), finding("failed", application=None, check="vault")], ("shop", "web"))
    assert found["states"] == {"ok": 1, "warning": 0, "unknown": 0, "failed": 2}
    assert (found["applications"]["shop"]["failed"], found["applications"]["web"]["failed"], found["shared"]["failed"]) == (1, 0, 1)
    assert found["checks"]["vault"] == {"ok": 0, "warning": 0, "unknown": 0, "failed": 1}


def test_alike_findings_of_a_thousand_vms_are_one_line() -> None:
    many = [finding("failed", f"db-{number}", message=f"The newest recovery point is {number} h old.") for number in range(1000)]
    lines = table("plan", [*many, finding("warning", "vnet", "network")], ("shop", "web"))
    assert lines[0] == "NOT READY: plan could not be recovered now, within its objectives (1000 failed, 1 warning)."
    assert lines[1] == "Nothing is in the way of web."
    assert lines[2].startswith("failed   shop, recovery_point: db-0, db-1, db-2, db-3, db-4 and 995 more: The newest recovery point is 0 h old. (the first")
    assert lines[3].startswith("warning  shop, network: vnet: ") and len(lines) == 4


def test_the_table_stays_short() -> None:
    many = [finding("failed", message=f"{chr(65 + number % 26)}{chr(97 + number // 26)} is wrong.") for number in range(100)]
    lines = table("plan", many, ("shop",))
    assert len(lines) == MOST_LINES and lines[-1] == "And 72 more kinds of findings, in the result and its file."
