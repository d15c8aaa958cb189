# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small records for tables of tests. Times are minutes after 2026-06-01 08:00 UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

DECLARED = datetime(2026, 6, 1, 8, 0, tzinfo=timezone.utc)


def at(minutes: float | None) -> str | None:
    return None if minutes is None else (DECLARED + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def vm(name: str, start: float | None = None, end: float | None = None, *, point: float | None = -30, **more: Any) -> dict[str, Any]:
    """A VM that was restored from a recovery point of so many minutes."""
    entry = {
        "id": f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{name}",
        "name": name,
        "action": "started",
        "failed": False,
        "failure": None,
        "job_id": f"job-{name}" if end is not None else None,
        "started": at(start),
        "finished": at(end),
        "seconds": None if start is None or end is None else (end - start) * 60,
        "recovery_point": None if point is None else {"name": "p", "time": at(point)},
    }
    return {**entry, **more}


def failed_vm(name: str, code: str = "UserErrorGone") -> dict[str, Any]:
    return vm(name, point=None, failed=True, action=None, failure={"code": code, "message": "It is gone."})


def step(name: str, start: float, end: float | None) -> dict[str, Any]:
    return {"name": name, "started": at(start), "finished": at(end)}


def check(name: str, ok: bool = True, vm_id: str | None = None) -> dict[str, Any]:
    return {"name": name, "kind": "tcp", "vm": vm_id, "ok": ok, "message": "answered" if ok else "refused"}


def wave(wave_id: str, start: float | None = None, end: float | None = None, **more: Any) -> dict[str, Any]:
    application, name = wave_id.split("/")
    entry = {
        "id": wave_id,
        "application": application,
        "name": name,
        "stage": 1,
        "after": [],
        "state": "done" if end is not None else "pending",
        "reason": None,
        "started": at(start),
        "finished": at(end),
        "pause": None,
        "steps": [],
        "vms": [],
        "services": [],
        "checks": [],
    }
    return {**entry, **more}


def record(*waves: dict[str, Any], rto: float | None = 60, rpo: float | None = 60, **more: Any) -> dict[str, Any]:
    """A finished drill that was cleaned up. Objectives in minutes hold for each application."""
    objectives = {"rto_seconds": None if rto is None else rto * 60, "rpo_seconds": None if rpo is None else rpo * 60}
    names = dict.fromkeys(entry["application"] for entry in waves)
    found = {
        "version": 1,
        "id": "drill-1",
        "purpose": "drill",
        "environment": "azure",
        "clock": {"kind": "wall", "speed": 1},
        "plan": {"name": "p", "hash": "sha256:1", "objectives": objectives, "applications": [{"name": name, "objectives": objectives} for name in names]},
        "run": {"state": "finished", "started": at(0), "finished": at(90), "declared": at(0)},
        "waves": list(waves),
        "cleanup": {"state": "done", "removed": [{"id": "/x/vm", "type": "t"}], "left": []},
    }
    return {**found, **more}
