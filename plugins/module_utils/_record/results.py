# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules tell of VMs and services, in the shape of the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Iterable, Mapping

from .._arm.timestamps import parse_time

CLOCK_SKEW = timedelta(minutes=2)

NO_RESULT = {
    "code": "NoResult",
    "message": "Nothing is known of its recovery: the task ended before it had looked at this one.",
    "hint": "The output of the run says why. Run it again: what was started is found and waited for.",
}
LEFTOVER = {
    "code": "DrillLeftover",
    "message": "It was there, or being restored, before this drill began, so this drill proves nothing for it.",
    "hint": "Run the playbook lifeboat.azure_dr.cleanup for the plan, then a new drill.",
}


def by_id(results: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The results of VMs by their ids in lower case. The later of two counts."""
    return {str(result["id"]).lower(): result for result in results if result.get("id")}


def merged_vm(entry: Mapping[str, Any], result: Mapping[str, Any] | None) -> dict[str, Any]:
    """The record's entry of a VM after its recovery. What an earlier attempt has recovered, and is still there, stays as it was told then."""
    if result is None:
        if entry["action"] is not None and not entry["failed"]:
            return dict(entry)
        return {**entry, "failed": True, "failure": dict(NO_RESULT)}
    failed = bool(result.get("failed"))
    action = result.get("action")
    if not failed and action == "none" and entry["action"] is not None and not entry["failed"]:
        return dict(entry)
    point = result.get("recovery_point") or result.get("restore_point") or {}
    job = result.get("job") or {}
    restored = result.get("restored") or {}
    return {
        **entry,
        "recovered": {**entry["recovered"], "id": restored.get("virtual_machine_id") or entry["recovered"]["id"]},
        "recovery_point": {"name": point.get("name"), "time": point.get("time")} if point else entry["recovery_point"],
        # An attempt that was killed has started what the next one adopts: it is this run's own.
        "action": action or entry["action"] or "none",
        "changed": bool(result.get("changed")) or bool(entry["changed"]),
        "failed": failed,
        "failure": dict(result.get("failure") or NO_RESULT) if failed else None,
        "job_id": job.get("name") or job.get("id") or entry["job_id"],
        "started": result.get("started") or job.get("start_time") or entry["started"],
        "finished": None if failed else result.get("finished") or job.get("end_time") or entry["finished"],
        "seconds": _first(result.get("seconds"), result.get("restore_seconds"), job.get("duration"), entry["seconds"]),
    }


def merged_service(entry: Mapping[str, Any], result: Mapping[str, Any] | None) -> dict[str, Any]:
    """The record's entry of an API Management service after its recovery."""
    if result is None:
        return dict(entry) if entry["action"] is not None and not entry["failed"] else {**entry, "failed": True, "failure": dict(NO_RESULT)}
    failed = bool(result.get("failed"))
    if not failed and result.get("action") == "none" and entry["action"] is not None and not entry["failed"]:
        return dict(entry)
    told = {name: result[name] for name in ("backup", "action", "started", "finished", "seconds", "note") if result.get(name) is not None}
    return {
        **entry,
        **told,
        "action": result.get("action") or entry["action"] or "none",
        "changed": bool(result.get("changed")) or bool(entry["changed"]),
        "failed": failed,
        "failure": dict(result.get("failure") or NO_RESULT) if failed else None,
    }


def is_leftover(result: Mapping[str, Any] | None, declared: str) -> bool:
    """Whether what a drill found of a VM was there before the drill: a restore that somebody else, or an earlier drill, had started."""
    if result is None or result.get("failed") or result.get("action") not in ("none", "adopted"):
        return False
    job = result.get("job") or {}
    started = parse_time(result.get("started") or job.get("start_time"))
    since = parse_time(declared)
    return bool(started and since and started < since - CLOCK_SKEW)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
