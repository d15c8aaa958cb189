# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles restore_vms and recover_apim tell of VMs and services, put into the record of what was known before."""

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
    recovered = result.get("recovered") or {}
    return {
        **entry,
        "recovered": {name: recovered.get(name) or entry["recovered"][name] for name in ("id", "name")},
        "recovery_point": result.get("recovery_point") or entry["recovery_point"],
        # An attempt that was killed has started what the next one adopts: it is this run's own.
        "action": action or entry["action"] or "none",
        "changed": bool(result.get("changed")) or bool(entry["changed"]),
        "failed": failed,
        "failure": dict(result.get("failure") or NO_RESULT) if failed else None,
        "job_id": result.get("job_id") or entry["job_id"],
        "started": result.get("started") or entry["started"],
        "finished": result.get("finished") or (None if failed else entry["finished"]),
        "seconds": entry["seconds"] if result.get("seconds") is None else result["seconds"],
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
    started = parse_time(result.get("started"))
    since = parse_time(declared)
    return bool(started and since and started < since - CLOCK_SKEW)
