# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a drill or a failover: its shape, made of a resolved plan. One document a run, which the events of the run fill in."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Iterable, Mapping, Sequence

Record = dict[str, Any]
Wave = dict[str, Any]

VERSION = 1
PURPOSES = ("drill", "failover")
STEPS = ("pause", "restore", "api_management", "checks")
BAD = ("failed", "declined", "halted")
"""States of a wave that has not brought back what it should have."""


def new_record(run_id: str, purpose: str, plan: Mapping[str, Any], stages: Sequence[Mapping[str, Any]], now: str) -> Record:
    """The record of a run that has done nothing yet."""
    return {
        "version": VERSION,
        "id": run_id,
        "purpose": purpose,
        "environment": "azure",
        "clock": {"kind": "wall", "speed": 1},
        "plan": plan_part(plan),
        "run": {
            "state": "running",
            "started": now,
            "finished": None,
            "declared": now,
            "by": None,
            "host": None,
            "job": {},
            "versions": {},
            "attempts": [],
        },
        "waves": waves_of(stages, []),
        "readiness": None,
        "cleanup": {"state": "pending" if purpose == "drill" else "not_needed", "started": None, "finished": None, "removed": [], "left": []},
        "verdict": {"result": "running", "reasons": []},
    }


def plan_part(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What the record keeps of the plan."""
    return {name: deepcopy(plan.get(name)) for name in ("name", "hash", "path", "objectives", "applications")}


def waves_of(stages: Sequence[Mapping[str, Any]], before: Sequence[Wave]) -> list[Wave]:
    """The waves of the plan, each as far as it came ``before``. A wave that the plan now has other VMs or services for is not done."""
    known = {wave["id"]: wave for wave in before}
    return [_wave(planned, stage["number"], known.get(planned["id"])) for stage in stages for planned in stage["waves"]]


def _wave(planned: Mapping[str, Any], stage: int, before: Wave | None) -> Wave:
    old = before or {}
    vms = _kept([vm_entry(vm) for vm in planned.get("vms") or []], old.get("vms") or [], "id")
    services = _kept([service_entry(service) for service in planned.get("api_management") or []], old.get("services") or [], "name")
    wave: Wave = {
        "id": planned["id"],
        "application": planned["application"],
        "name": planned["name"],
        "stage": stage,
        "after": list(planned.get("after") or []),
        "on_failure": planned.get("on_failure") or "halt",
        "state": old.get("state", "pending"),
        "reason": old.get("reason"),
        "started": old.get("started"),
        "finished": old.get("finished"),
        "pause": _pause(planned.get("pause"), old.get("pause")),
        "steps": list(old.get("steps") or []),
        "vms": vms,
        "services": services,
        "checks": list(old.get("checks") or []),
    }
    if wave["state"] == "done" and (_unseen(vms) or _unseen(services)):
        wave["state"] = "pending"
    return wave


def _unseen(entries: Sequence[Mapping[str, Any]]) -> bool:
    return any(entry["action"] is None for entry in entries)


def _kept(entries: list[dict[str, Any]], old: Iterable[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """The entries, with what is known of them already."""
    known = {str(entry[key]).lower(): entry for entry in old}
    return [{**entry, **known.get(str(entry[key]).lower(), {})} for entry in entries]


def _pause(planned: Mapping[str, Any] | None, old: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not planned:
        return None
    pause = {name: planned.get(name) for name in ("name", "message", "timeout_seconds")}
    undecided = {"decision": None, "by": None, "at": None, "seconds": None}
    decided = {name: old[name] for name in undecided} if old and old.get("name") == planned.get("name") else undecided
    return {**pause, **decided}


def vm_entry(planned: Mapping[str, Any]) -> dict[str, Any]:
    """A VM of the plan of which nothing is known yet."""
    recovered = planned.get("recovered") or {}
    return {
        "id": planned["id"],
        "name": planned["name"],
        "priority": planned.get("priority"),
        "recovered": {"id": recovered.get("id"), "name": recovered.get("name")},
        "from": planned.get("from"),
        "recovery_point": None,
        "action": None,
        "changed": False,
        "failed": False,
        "failure": None,
        "job_id": None,
        "started": None,
        "finished": None,
        "seconds": None,
    }


def service_entry(planned: Mapping[str, Any]) -> dict[str, Any]:
    """An API Management service of the plan of which nothing is known yet."""
    restore = planned.get("restore") or {}
    return {
        "name": planned["name"],
        "standby": restore.get("name"),
        "backup": None,
        "validate_only": bool(planned.get("validate_only")),
        "action": None,
        "changed": False,
        "failed": False,
        "failure": None,
        "started": None,
        "finished": None,
        "seconds": None,
        "note": planned.get("note"),
    }


def waves_by_id(record: Record) -> dict[str, Wave]:
    return {wave["id"]: wave for wave in record["waves"]}


def begin_step(wave: Wave, name: str, now: str) -> None:
    """A step of a wave runs. One that is run again, by a later attempt, goes on from its first beginning."""
    for step in wave["steps"]:
        if step["name"] == name:
            step["finished"] = None
            return
    wave["steps"].append({"name": name, "started": now, "finished": None})


def end_step(wave: Wave, name: str, now: str) -> None:
    for step in wave["steps"]:
        if step["name"] == name and step["finished"] is None:
            step["finished"] = now
