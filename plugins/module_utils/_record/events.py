# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in a run, written into its record. Pure: a record and an event give the next record; nothing is read, sent or written here.

Events, in the order of a run: ``start``; for each stage of the plan ``stage`` (again after a decision), ``recovered`` and ``checked``; after a
drill ``cleaned``; ``finished``. A run that was interrupted begins again with ``start``, and what is done stays as it was told.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Callable, Mapping, Sequence

from .._arm.errors import OptionError
from .._options import parse_moment
from .._words import count, some
from .document import BAD, PURPOSES, STEPS, Record, Wave, begin_step, end_step, new_record, plan_part, waves_by_id, waves_of
from .halting import reason_to_halt
from .pauses import DECLINED, begin_pause, decide, read_approvals, waiting_for
from .results import LEFTOVER, by_id, is_leftover, merged_service, merged_vm

Data = Mapping[str, Any]

LONGEST_REASON = 500
_ABOUT_THE_RUN = ("by", "host", "job", "versions")


_NEEDED: Mapping[str, tuple[str, ...]] = {
    "start": ("id", "purpose", "plan", "stages"),
    "stage": ("stage",),
    "recovered": ("waves",),
    "checked": ("waves",),
}


def check_data(event: str, data: Data) -> None:
    """Raises OptionError for an event that says too little."""
    for name in _NEEDED.get(event, ()):
        if data.get(name) is None:
            raise OptionError("data", f"the event {event!r} needs {name!r}")
    if event == "stage" and not str(data["stage"]).isdigit():
        raise OptionError("data.stage", f"{data['stage']!r} is not the number of a stage")


def apply(record: Record | None, event: str, data: Data, now: str) -> Record:
    """The record after the event; ``now`` is ISO 8601. Raises OptionError for what does not fit the record."""
    if event == "start":
        return _start(record, data, now)
    if record is None:
        raise OptionError("path", "there is no record of this run; the event 'start' makes it")
    changed = deepcopy(record)
    _EVENTS[event](changed, data, now)
    return changed


def runnable_waves(record: Record, stage: int) -> list[str]:
    """Ids of the waves of the stage that run now, with those that are done. What waits for a person holds none of the others back."""
    return [wave["id"] for wave in _of_stage(record, stage) if wave["state"] in ("running", "done")]


def planned_waves(record: Record, approvals: Data | None, now: str) -> list[str]:
    """Ids of the waves that run when all goes well: those that nobody has declined, nor one before them. Who has not decided yet approves."""
    given = read_approvals(approvals, record["waves"], "approvals")
    pauses = [wave["pause"]["name"] for wave in record["waves"] if wave["pause"]]
    found = deepcopy(record)
    ids: list[str] = []
    for stage in sorted({wave["stage"] for wave in found["waves"]}):
        _stage(found, {"stage": stage, "approvals": {**dict.fromkeys(pauses, True), **given}}, now)
        here = runnable_waves(found, stage)
        for wave in _of_stage(found, stage):
            if wave["id"] in here:
                wave["state"] = "done"
        ids += here
    return ids


def summary(record: Record, stage: int | None) -> dict[str, Any]:
    """What a playbook needs to go on; it stays small, however many VMs there are."""
    vms = [vm for wave in record["waves"] for vm in wave["vms"]]
    found = {
        "total": len(vms),
        "recovered": sum(vm["action"] is not None and not vm["failed"] for vm in vms),
        "failed": sum(vm["failed"] for vm in vms),
    }
    return {
        "id": record["id"],
        "purpose": record["purpose"],
        "state": record["run"]["state"],
        "declared": record["run"]["declared"],
        "runnable_waves": [] if stage is None else runnable_waves(record, stage),
        "waiting_for": [] if stage is None else waiting_for(_of_stage(record, stage)),
        "halted": {wave["id"]: wave["reason"] for wave in record["waves"] if wave["state"] in ("halted", "declined")},
        "failed": {wave["id"]: wave["reason"] for wave in record["waves"] if wave["state"] == "failed"},
        "vms": found,
        "progress": _progress(record, found),
        "cleanup": record["cleanup"]["state"],
        "verdict": record["verdict"],
    }


def _progress(record: Record, vms: Mapping[str, int]) -> str:
    """How far the run is, in a line."""
    states = [wave["state"] for wave in record["waves"]]
    parts = [f"{vms['recovered']} of {count(vms['total'], 'VM')} recovered", f"{states.count('done')} of {count(len(states), 'wave')} done"]
    parts += [f"{vms['failed']} VMs failed"] if vms["failed"] else []
    for state in BAD:
        names = [wave["id"] for wave in record["waves"] if wave["state"] == state]
        parts += [f"{state}: {some(names)}"] if names else []
    return "; ".join(parts)


def _of_stage(record: Record, stage: int) -> list[Wave]:
    return [wave for wave in record["waves"] if wave["stage"] == stage]


def _start(record: Record | None, data: Data, now: str) -> Record:
    plan, stages = data["plan"], data["stages"]
    purpose = data["purpose"]
    if purpose not in PURPOSES:
        raise OptionError("data.purpose", f"{purpose!r} is none of {', '.join(PURPOSES)}")
    if record is None:
        found = new_record(data["id"], purpose, plan, stages, now)
    else:
        found = _continued(record, purpose, plan, stages)
    read_approvals(data.get("approvals"), found["waves"], "approvals")
    if record is not None and _is_done(found):
        return found
    run = found["run"]
    if record is None and data.get("declared"):
        parse_moment(str(data["declared"]), "declared")
        run["declared"] = str(data["declared"])
    for name in _ABOUT_THE_RUN:
        if data.get(name):
            run[name] = deepcopy(data[name])
    for name in ("environment", "clock", "readiness"):
        if data.get(name):
            found[name] = deepcopy(data[name])
    _begin_attempt(found, now)
    for wave in found["waves"]:
        if wave["state"] not in ("done", "waiting"):
            wave.update(state="pending", reason=None, finished=None)
            if wave["pause"] and wave["pause"]["decision"] == DECLINED:
                wave["pause"].update(decision=None, by=None, at=None, seconds=None)
    return found


def _continued(record: Record, purpose: str, plan: Data, stages: Sequence[Data]) -> Record:
    """The record of a run that goes on; raises OptionError when this is another run."""
    if record["purpose"] != purpose or record["plan"]["name"] != plan["name"]:
        raise OptionError("path", f"this is the record of a {record['purpose']} of the plan {record['plan']['name']}; choose another id for this run")
    if purpose == "drill":
        if record["run"]["state"] == "finished" or record["cleanup"]["state"] != "pending":
            raise OptionError("path", f"the drill {record['id']} has ended; leave the id out to begin a new one")
        if record["plan"]["hash"] != plan["hash"]:
            hint = "Run the playbook lifeboat.azure_dr.cleanup for it, and begin a new drill."
            raise OptionError("path", f"the plan has changed since the drill {record['id']} began, which would prove neither", hint=hint)
    found = deepcopy(record)
    found["plan"] = plan_part(plan)
    found["waves"] = waves_of(stages, record["waves"])
    return found


def _is_done(record: Record) -> bool:
    return record["run"]["state"] == "finished" and all(wave["state"] == "done" for wave in record["waves"])


def _begin_attempt(record: Record, now: str) -> None:
    record["run"].update(state="running", finished=None)
    record["run"]["attempts"].append({"started": now, "finished": None})


def _stage(record: Record, data: Data, now: str) -> None:
    """The waves of a stage begin, but for those that are halted, declined, or wait for a person."""
    approvals = read_approvals(data.get("approvals"), record["waves"], "approvals")
    waves = _of_stage(record, int(data["stage"]))
    for wave in waves:
        if wave["state"] in ("pending", "waiting"):
            reason = reason_to_halt(wave, record["waves"])
            if reason:
                wave.update(state="halted", reason=reason, finished=now)
            elif wave["pause"] and not wave["pause"]["decision"]:
                if wave["state"] == "pending":
                    begin_pause(wave, now)
                if wave["pause"]["name"] in approvals:
                    decide(wave, approvals[wave["pause"]["name"]], data.get("by"), now)
    for wave in waves:
        if wave["state"] == "pending":
            wave.update(state="running", started=wave["started"] or now)
            for step, things in (("restore", wave["vms"]), ("api_management", wave["services"])):
                if things:
                    begin_step(wave, step, now)
    _say_whether_it_waits(record)


def _say_whether_it_waits(record: Record) -> None:
    """The run waits for a person only when nothing of it runs any more."""
    states = {wave["state"] for wave in record["waves"]}
    if record["run"]["state"] != "finished":
        record["run"]["state"] = "waiting" if "waiting" in states and "running" not in states else "running"


def _recovered(record: Record, data: Data, now: str) -> None:
    """The VMs and services of these waves have come back, or have not."""
    vms = by_id(data.get("vms") or [])
    services = {str(result["name"]).lower(): result for result in data.get("services") or []}
    for wave in _named(record, data):
        before = deepcopy(wave)
        wave["vms"] = [_vm(record, entry, vms.get(entry["id"].lower())) for entry in wave["vms"]]
        wave["services"] = [merged_service(entry, services.get(entry["name"].lower())) for entry in wave["services"]]
        if wave["state"] == "running":
            end_step(wave, "restore", now)
            end_step(wave, "api_management", now)
        elif wave != before:
            _reopen(record, wave, now)


def _vm(record: Record, entry: dict[str, Any], result: Data | None) -> dict[str, Any]:
    if record["purpose"] == "drill" and entry["action"] is None and is_leftover(result, record["run"]["declared"]):
        return {**merged_vm(entry, result), "failed": True, "failure": dict(LEFTOVER)}
    return merged_vm(entry, result)


def _reopen(record: Record, wave: Wave, now: str) -> None:
    """A wave that was done has changed: somebody removed what it had brought back."""
    if record["run"]["state"] == "finished":
        _begin_attempt(record, now)
    wave.update(state="running", finished=None)


def _checked(record: Record, data: Data, now: str) -> None:
    """These waves have ended, with these checks by the waves' ids."""
    checks = data.get("checks") or {}
    for wave in _named(record, data):
        found = [dict(check) for check in checks.get(wave["id"]) or []]
        reason = _reason(wave, found)
        if wave["state"] == "done" and reason is None:
            continue
        if wave["state"] == "done":
            _reopen(record, wave, now)
        wave["checks"] = found
        if found:
            begin_step(wave, "checks", min(str(check.get("started") or now) for check in found))
            end_step(wave, "checks", now)
        wave.update(state="failed" if reason else "done", reason=reason, finished=now)
    _say_whether_it_waits(record)


def _reason(wave: Wave, checks: Sequence[Data]) -> str | None:
    """Why the wave failed, None when it did not."""
    kinds = (
        ("VM", [vm["name"] for vm in wave["vms"] if vm["failed"]], len(wave["vms"])),
        ("service", [service["name"] for service in wave["services"] if service["failed"]], len(wave["services"])),
        ("check", [str(check["name"]) for check in checks if not check.get("ok")], len(checks)),
    )
    parts = [f"{len(names)} of {count(total, kind)} failed: {some(list(dict.fromkeys(names)))}" for kind, names, total in kinds if names]
    return "; ".join(parts) or None


def _named(record: Record, data: Data) -> list[Wave]:
    waves = waves_by_id(record)
    unknown = [name for name in data["waves"] if name not in waves]
    if unknown:
        raise OptionError("data.waves", f"the record has no wave {unknown[0]!r}")
    return [waves[name] for name in data["waves"]]


def _cleaned(record: Record, data: Data, now: str) -> None:
    """What the drill had made is removed: ``resources`` and ``kept`` as drill_cleanup tells them.

    With ``ends``, a run that nobody is at work on any more was cleaned up: it stays as far as it came, and its verdict says that it was interrupted.
    """
    cleanup = record["cleanup"]
    gone = {entry["id"].lower(): entry for entry in cleanup["removed"]}
    left = []
    for resource in data.get("resources") or []:
        if resource.get("failed"):
            reason = str((resource.get("failure") or {}).get("message") or "it could not be removed")
            left.append({"id": resource["id"], "type": resource["type"], "reason": reason})
        elif resource.get("changed"):
            gone.setdefault(resource["id"].lower(), {"id": resource["id"], "type": resource["type"]})
    left += [{"id": name, "type": "", "reason": "it carries the tags, but is of a type that is never removed"} for name in data.get("kept") or []]
    if data.get("failure"):
        left.append({"id": "", "type": "", "reason": str(data["failure"])})
    state = "failed" if left else "done"
    if (cleanup["state"], cleanup["left"], len(cleanup["removed"])) != (state, left, len(gone)):
        cleanup.update(
            state=state, started=cleanup["started"] or data.get("started") or now, finished=now, removed=list(gone.values()), left=left
        )
    if data.get("ends") and record["run"]["state"] != "finished":
        _close_waves(record, now)


_LEFT = {
    "running": ("failed", "the run ended before this wave did"),
    "pending": ("skipped", "the run ended before it came to this wave"),
    "waiting": ("skipped", "the run ended before anybody had decided"),
}


def _finished(record: Record, data: Data, now: str) -> None:
    """The run has ended, whatever came of it; ``reason`` when it broke off."""
    run = record["run"]
    if run["state"] == "finished":
        return
    _close_waves(record, now, str(data.get("reason") or "")[:LONGEST_REASON])
    run.update(state="finished", finished=now)
    run["attempts"][-1]["finished"] = now


def _close_waves(record: Record, now: str, why: str = "") -> None:
    for wave in record["waves"]:
        if wave["state"] in _LEFT:
            state, reason = _LEFT[wave["state"]]
            wave.update(state=state, reason=f"{reason}: {why}" if why and state == "failed" else reason, finished=now)
            for step in STEPS:
                end_step(wave, step, now)


def _stopped(record: Record, data: Data, now: str) -> None:
    """The run stops here for a person, to go on another time."""
    record["run"]["attempts"][-1]["finished"] = now


_EVENTS: Mapping[str, Callable[[Record, Data, str], None]] = {
    "stage": _stage,
    "recovered": _recovered,
    "checked": _checked,
    "stopped": _stopped,
    "cleaned": _cleaned,
    "finished": _finished,
}
EVENTS = ("start", *_EVENTS)
