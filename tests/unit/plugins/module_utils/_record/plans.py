# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small resolved plans, results of modules, and runs of events, for tables of tests."""

from __future__ import annotations

from typing import Any, Sequence

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.document import Record, Wave, waves_by_id
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.events import apply

T0, T1, T2, T3 = (f"2026-06-01T08:{minute:02}:00Z" for minute in (0, 10, 20, 30))
HASH = "sha256:1"
PAUSE = {"name": "go", "message": "Start the shop?", "timeout_seconds": 60}


def vm_id(name: str) -> str:
    return f"/subscriptions/s/resourceGroups/rg-prod/providers/Microsoft.Compute/virtualMachines/{name}"


def wave(wave_id: str, vms: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    application, name = wave_id.split("/")
    planned = [
        {
            "id": vm_id(vm), "name": vm, "resource_group": "rg-prod", "priority": 100, "from": "vault",
            "recovered": {"id": vm_id("drill-" + vm), "name": "drill-" + vm, "resource_group": "rg-drill"},
        }
        for vm in vms
    ]
    names = {"id": wave_id, "application": application, "name": name}
    return {**names, "after": [], "on_failure": "halt", "pause": None, "vms": planned, "api_management": [], **more}


def stages(*waves: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"number": number, "waves": list(here)} for number, here in enumerate(waves, 1)]


def start(plan_stages: Sequence[dict[str, Any]], purpose: str = "drill", record: Record | None = None, now: str = T0, **more: Any) -> Record:
    applications = sorted({wave["application"] for stage in plan_stages for wave in stage["waves"]})
    plan = {"name": "shop", "hash": HASH, "path": "plan.yml", "objectives": {}, "applications": [{"name": name} for name in applications]}
    data = {"id": "run-1", "purpose": purpose, "plan": plan, "stages": plan_stages, **more}
    return apply(record, "start", data, now)


def restored(name: str, action: str = "started", **more: Any) -> dict[str, Any]:
    """What restore_vms says of a VM that is back."""
    return {
        "id": vm_id(name), "name": name, "recovered": {"id": vm_id("drill-" + name), "name": "drill-" + name}, "from": "vault",
        "recovery_point": {"name": "rp", "time": "2026-06-01T02:00:00Z"}, "action": action, "changed": action != "none", "failed": False, "failure": None,
        "job_id": "job-" + name, "started": T0, "finished": T1, "seconds": 120.0, **more,
    }


def not_restored(name: str, code: str = "UserErrorGone") -> dict[str, Any]:
    return {"id": vm_id(name), "name": name, "changed": False, "failed": True, "action": "started", "failure": {"code": code, "message": "It is gone."}}


def run_stage(record: Record, number: int, *results: dict[str, Any], checks: dict[str, Any] | None = None, now: str = T1, **more: Any) -> Record:
    """A stage from its beginning to its end, as the engine runs it."""
    record = apply(record, "stage", {"stage": number, **more}, now)
    waves = [wave["id"] for wave in record["waves"] if wave["stage"] == number and wave["state"] in ("running", "done")]
    record = apply(record, "recovered", {"waves": waves, "vms": list(results)}, now)
    return apply(record, "checked", {"waves": waves, "checks": checks or {}}, now)


def states(record: Record) -> dict[str, str]:
    return {wave_id: found["state"] for wave_id, found in waves_by_id(record).items()}


def the_wave(record: Record, wave_id: str) -> Wave:
    return waves_by_id(record)[wave_id]
