# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record shows: RTO and RPO of each application against its objectives, and where the time went. Pure.

Times are seconds after the declaration. On the wall clock they are differences of what the record says. On a simulated clock the overhead of a
playbook is wall time, which the fast clock would blow up; there they are composed stage by stage of Azure's own spans, and a person's pauses count
nothing (spans.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping

from .._arm.timestamps import format_time, parse_time
from .._words import count, some
from .spans import KINDS, Span, WaveSpans, age_of, spans_of, sweep

Record = Mapping[str, Any]


def measure(record: Record) -> dict[str, Any]:
    """``applications`` with RTO and RPO, ``timeline`` with each wave and VM, and ``spent``: the seconds of the run by what they were spent on."""
    waves = spans_of(record)
    total = max((wave.end for wave in waves if wave.end is not None), default=0.0)
    return {
        "applications": [_application(record, application, waves) for application in _applications(record)],
        "timeline": {"seconds": round(total, 1), "waves": [_bar(wave) for wave in waves]},
        "spent": _spent([span for wave in waves for span in wave.spans if span.kind != "wait"], total),
        "waiting_seconds": round(_covered([span for wave in waves for span in wave.spans if span.kind == "pause"]), 1),
    }


def _applications(record: Record) -> list[dict[str, Any]]:
    """Those of the plan, in its order, and those that only waves name."""
    plan = record.get("plan") or {}
    listed = [dict(application) for application in plan.get("applications") or []]
    known = {application["name"] for application in listed}
    for wave in record.get("waves") or []:
        if wave["application"] not in known:
            known.add(wave["application"])
            listed.append({"name": wave["application"]})
    return [{**application, "objectives": {**(plan.get("objectives") or {}), **_given(application.get("objectives"))}} for application in listed]


def _given(objectives: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (objectives or {}).items() if value is not None}


def _application(record: Record, application: Mapping[str, Any], all_waves: list[WaveSpans]) -> dict[str, Any]:
    waves = [wave for wave in all_waves if wave.wave["application"] == application["name"]]
    objectives = application["objectives"]
    rpo, oldest = _rpo(record, waves)
    return {
        "name": application["name"],
        "waves": len(waves),
        "vms": sum(len(wave.vms) for wave in waves),
        "rto": _against(objectives.get("rto_seconds"), *_rto(waves)),
        "rpo": {**_against(objectives.get("rpo_seconds"), *rpo), "oldest": oldest},
        "waiting_seconds": round(_covered([span for wave in waves for span in wave.spans if span.kind == "pause"]), 1),
    }


def _against(objective: float | None, measured: float | None, why_not: str) -> dict[str, Any]:
    """A measured value beside its objective. ``state``: met, missed, unknown (with the reason), or none where there is no objective."""
    if measured is None:
        state = "unknown"
    elif objective is None:
        state = "none"
    else:
        state = "met" if measured <= objective else "missed"
    return {
        "objective_seconds": objective,
        "measured_seconds": None if measured is None else round(measured, 1),
        "state": state,
        "reason": why_not,
    }


def _unsettled(waves: list[WaveSpans]) -> str:
    open_waves = [wave.wave["id"] for wave in waves if wave.wave.get("state") != "done"]
    if not waves:
        return "no wave recovers anything of it"
    return f"{len(open_waves)} of {count(len(waves), 'wave')} {'is' if len(open_waves) == 1 else 'are'} not done: {some(open_waves)}" if open_waves else ""


def _rto(waves: list[WaveSpans]) -> tuple[float | None, str]:
    why_not = _unsettled(waves)
    if why_not:
        return None, why_not
    missing = [wave.wave["id"] for wave in waves if wave.end is None]
    if missing:
        return None, f"it is not known when {some(missing)} ended"
    return max(wave.end for wave in waves if wave.end is not None), ""


def _rpo(record: Record, waves: list[WaveSpans]) -> tuple[tuple[float | None, str], dict[str, Any] | None]:
    """The age of the oldest recovery point that was used, at the declaration, and whose it is."""
    why_not = _unsettled(waves)
    used: list[tuple[float, datetime, str]] = []
    unknown: list[str] = []
    for wave in waves:
        services = [service for service in wave.wave.get("services") or [] if service.get("backup") or not service.get("validate_only")]
        named = [(vm["name"], vm.get("recovery_point")) for vm in wave.wave.get("vms") or []]
        for name, point in [*named, *((service["name"], service.get("backup")) for service in services)]:
            time = parse_time((point or {}).get("time"))
            age = age_of(time, record) if time else None
            if time is None or age is None:
                unknown.append(name)
            else:
                used.append((age, time, name))
    age, time, name = max(used, default=(None, None, ""), key=lambda entry: entry[0])
    oldest = {"name": name, "time": format_time(time)} if time else None
    if why_not:
        return (None, why_not), oldest
    if unknown:
        return (None, f"the time of the recovery point of {some(unknown)} is not known"), oldest
    return (age, "" if used else "no recovery point was used"), oldest


def _bar(wave: WaveSpans) -> dict[str, Any]:
    source = wave.wave
    return {
        "id": source["id"],
        "application": source["application"],
        "name": source["name"],
        "stage": source.get("stage"),
        "state": source.get("state"),
        "start_seconds": _rounded(wave.start),
        "end_seconds": _rounded(wave.end),
        "spans": [{"kind": span.kind, "start_seconds": round(span.start, 1), "end_seconds": round(span.end, 1)} for span in wave.spans],
        "vms": [
            {
                "id": vm.id,
                "name": vm.name,
                "start_seconds": _rounded(vm.start),
                "end_seconds": _rounded(vm.end),
                "seconds": _rounded(vm.seconds),
                "state": vm.state,
            }
            for vm in wave.vms
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _covered(spans: list[Span]) -> float:
    """Seconds that at least one of the spans covers."""
    return sum(span.end - span.start for span in sweep(spans))


def _spent(spans: list[Span], total: float) -> dict[str, float]:
    """Each second counts once: for what waves were doing then, the first of KINDS where they did several things; the rest is waiting."""
    result = dict.fromkeys(KINDS, 0.0)
    for span in sweep(spans):
        result[span.kind] += span.end - span.start
    result["wait"] = max(0.0, total - sum(result.values()))
    return {kind: round(seconds, 1) for kind, seconds in result.items()}
