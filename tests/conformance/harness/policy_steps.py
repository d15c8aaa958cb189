# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the recorded writes to backup policies of VMs to the calls of backup_policy that make them, and the policies that are there in between."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from .recording import Exchange
from .replay import Answer, Replay

POLICY = re.compile(r"^(.*/vaults/[^/]+)/backuppolicies/([^/]+)$")
LIST = re.compile(r"^.*/vaults/[^/]+/backuppolicies$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT(\d\d:\d\d)")
MODES = {"TierRecommended": "recommended", "TierAfter": "after", "DoNotTier": "never"}
# What Azure takes for a member that is not sent, and what it only shows.
SAME_AS_ABSENT: dict[str, tuple[Any, ...]] = {
    "scheduleWeeklyFrequency": (0, None),
    "instantRPDetails": ({}, None),
    "policyType": ("V1", None),
    "retentionScheduleDaily": (None,),
    "retentionScheduleWeekly": (None,),
}
SHOWN_ONLY = ("protectedItemsCount",)


@dataclass(frozen=True)
class PolicyStep:
    """One call of backup_policy, and the write that it has to repeat."""

    arguments: dict[str, Any]
    write: Exchange

    @property
    def name(self) -> str:
        return f"{self.write.index} {self.write.method} {self.write.key.rsplit('/', 1)[-1]}"


def policy_steps(flow: list[Exchange]) -> list[PolicyStep]:
    """The calls for the writes to policies of VMs that Azure took, in their order."""
    return [_step(write) for write in flow if write.is_write and POLICY.match(write.key) and write.status < 300 and _of_vms(flow, write)]


def plain(body: Any) -> Any:
    """What a policy means: times without dates, lists of names in one order, nothing that is a default."""
    if isinstance(body, dict):
        return {
            name: plain(value) for name, value in body.items()
            if name not in SHOWN_ONLY and not any(value == same and type(value) is type(same) for same in SAME_AS_ABSENT.get(name, ()))
        }
    if isinstance(body, list):
        members = [plain(value) for value in body]
        return sorted(members) if all(isinstance(member, str) for member in members) else members
    match = TIME.match(body) if isinstance(body, str) else None
    return match[1] if match else body


class PolicyReplay(Replay):
    """Policies come and go with the writes to them; what is sent is compared by what it means."""

    def __init__(self, flow: list[Exchange]) -> None:
        super().__init__([replace(e, request_body=plain(e.request_body)) if e.is_write and POLICY.match(e.key) else e for e in flow])

    def _write(self, method: str, path: str, key: str, body: Any) -> Answer:
        return super()._write(method, path, key, plain(body) if POLICY.match(key) else body)

    def _state(self, method: str, key: str, params: dict[str, str]) -> Answer:
        if method == "GET" and LIST.match(key):
            return Answer(200, {"value": self._list(key)})
        if method == "GET" and POLICY.match(key):
            return self._policy(method, key, params)
        return super()._state(method, key, params)

    def _list(self, key: str) -> list[dict[str, Any]]:
        """The newest list before the next write, or else the first."""
        lists = [e for e in self.flow if e.method == "GET" and e.key == key and e.status == 200]
        before = [e for e in lists if e.index < self._next_write()]
        chosen = (before or lists[::-1] or [None])[-1]
        return list(chosen.response_body["value"]) if chosen else []

    def _policy(self, method: str, key: str, params: dict[str, str]) -> Answer:
        writes = [write for write in self.writes if write.key == key and write.status < 300]
        sent = [write for write in writes if write.index in self.sent]
        if sent and sent[-1].method == "PUT":
            return Answer(200, sent[-1].response_body or {"name": key.rsplit("/", 1)[-1], **(sent[-1].request_body or {})})
        seen = [e for e in self.flow if e.method == "GET" and e.key == key and e.status == 200 and (not writes or e.index < writes[0].index)]
        if sent or writes and writes[0].method == "PUT" and not seen:
            return Answer(404, {"error": {"code": "BMSUserErrorPolicyNotFound", "message": "The policy was not found."}})
        if not seen:
            name = key.rsplit("/", 1)[-1]
            listed = next((entry for entry in self._list(key.rsplit("/", 1)[0]) if entry["name"].lower() == name), None)
            return Answer(200, listed) if listed else super()._state(method, key, params)
        return Answer(200, seen[-1].response_body)


def _of_vms(flow: list[Exchange], write: Exchange) -> bool:
    """A PUT says what it is of; a DELETE is of what was put or shown there before."""
    bodies = [e.request_body if e.method == "PUT" else e.response_body for e in flow[: write.index + 1] if e.key == write.key]
    kinds = [(body.get("properties") or {}).get("backupManagementType") for body in bodies if isinstance(body, dict)]
    return bool(kinds) and kinds[-1] == "AzureIaasVM"


def _step(write: Exchange) -> PolicyStep:
    path = write.path.rstrip("/").split("/")
    place = {"name": path[10], "vault": "/".join(path[:9])}
    if write.method == "DELETE":
        return PolicyStep({**place, "state": "absent"}, write)
    sent = write.request_body["properties"]
    group = sent.get("instantRPDetails") or {}
    archive = (sent.get("tieringPolicy") or {}).get("ArchivedRP")
    words = {
        "policy_type": sent.get("policyType") or "V1",
        "time_zone": sent.get("timeZone"),
        "schedule": _schedule(sent["schedulePolicy"]),
        "retention": {name[: -len("Schedule")]: _block(block) for name, block in sent["retentionPolicy"].items() if isinstance(block, dict)},
        "instant_restore_days": sent.get("instantRpRetentionRangeInDays"),
        "snapshot_resource_group_prefix": group.get("azureBackupRGNamePrefix"),
        "snapshot_resource_group_suffix": group.get("azureBackupRGNameSuffix"),
        "snapshot_consistency": "crash" if sent.get("snapshotConsistencyType") else None,
        "tiering": _tiering(archive) if archive else None,
    }
    return PolicyStep({**place, **{name: value for name, value in words.items() if value is not None}}, write)


def _schedule(policy: dict[str, Any]) -> dict[str, Any]:
    frequency = policy["scheduleRunFrequency"].lower()
    part = policy.get(f"{frequency}Schedule") or policy
    if frequency == "hourly":
        start = _clock(part["scheduleWindowStartTime"])
        return {"frequency": frequency, "every_hours": part["interval"], "window_start": start, "window_hours": part["scheduleWindowDuration"]}
    days = {"days": part["scheduleRunDays"]} if frequency == "weekly" else {}
    return {"frequency": frequency, "time": _clock(part["scheduleRunTimes"][0]), **days}


def _block(block: dict[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {"count": block["retentionDuration"]["count"]}
    weekly, daily = block.get("retentionScheduleWeekly"), block.get("retentionScheduleDaily")
    if "daysOfTheWeek" in block:
        words["days"] = block["daysOfTheWeek"]
    if "monthsOfYear" in block:
        words["months"] = block["monthsOfYear"]
    if weekly:
        words.update(weeks=weekly["weeksOfTheMonth"], days=weekly["daysOfTheWeek"])
    if daily:
        words["month_days"] = ["last" if day.get("isLast") else day["date"] for day in daily["daysOfTheMonth"]]
    return words


def _tiering(archive: dict[str, Any]) -> dict[str, Any]:
    mode = MODES[archive["tieringMode"]]
    return {"mode": mode, **({"after": archive["duration"], "unit": archive["durationType"].lower()} if mode == "after" else {})}


def _clock(text: str) -> str:
    match = TIME.match(text)
    assert match is not None
    return match[1]
