# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline of the page: stages, in them waves, in them the VMs that took longest. Widths and places are percent of the whole run. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._words import count, duration
from .texts import percent, state_mood, state_words

SHOWN = 10
"""Of a wave with many VMs this many bars are drawn; all VMs are in the table."""
A_FEW_MORE = 2

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
TICKS = 6

SPAN_WORDS = {"restore": "restore", "api_management": "API Management", "checks": "checks", "pause": "waited for a person", "wait": "waited"}


def timeline_of(record: Mapping[str, Any], measures: Mapping[str, Any]) -> dict[str, Any]:
    total = measures["timeline"]["seconds"]
    timed = {entry["id"]: entry for entry in measures["timeline"]["waves"]}
    stages: dict[int, list[dict[str, Any]]] = {}
    for wave in record["waves"]:
        stages.setdefault(int(wave.get("stage") or 1), []).append(_wave(wave, timed[wave["id"]], total))
    return {
        "total": duration(total),
        "ticks": ticks_of(total),
        "stages": [{"number": number, "waves": waves, "words": count(len(waves), "wave")} for number, waves in sorted(stages.items())],
        "kinds": [kind for kind in SPAN_WORDS if any(span["kind"] == kind for entry in timed.values() for span in entry["spans"])],
        "words": SPAN_WORDS,
    }


def ticks_of(total: float) -> list[dict[str, str]]:
    """Round times along the axis."""
    if total <= 0:
        return []
    step = next((step for step in STEPS if total / step <= TICKS), STEPS[-1])
    return [{"x": percent(at, total), "label": tick_label(at)} for at in range(0, int(total) + 1, step)]


def tick_label(seconds: int) -> str:
    if seconds < 60 or seconds % 60:
        return f"{seconds} s" if seconds else "0"
    if seconds < 3600:
        return f"{seconds // 60} min"
    hours, minutes = divmod(seconds // 60, 60)
    if hours >= 48 and not minutes:
        return f"{hours // 24} d" + (f" {hours % 24} h" if hours % 24 else "")
    return f"{hours} h" + (f" {minutes}" if minutes else "")


def _wave(wave: Mapping[str, Any], times: Mapping[str, Any], total: float) -> dict[str, Any]:
    state = str(wave.get("state"))
    spans = [
        {"kind": span["kind"], "x": percent(span["start_seconds"], total), "width": percent(span["end_seconds"] - span["start_seconds"], total)}
        for span in times["spans"]
        if span["end_seconds"] > span["start_seconds"]
    ]
    vms = [_vm(vm, total) for vm in shown_vms(times["vms"])]
    checks = wave.get("checks") or []
    good = sum(bool(check.get("ok")) for check in checks)
    return {
        "id": wave["id"],
        "name": wave["name"],
        "application": wave["application"],
        "stage": wave.get("stage"),
        "after": wave.get("after") or [],
        "state": state_words(state),
        "mood": state_mood(state),
        "reason": wave.get("reason") or "",
        "start": "" if times["start_seconds"] is None else duration(times["start_seconds"]),
        "end": "" if times["end_seconds"] is None else duration(times["end_seconds"]),
        "took": "" if times["end_seconds"] is None else duration(times["end_seconds"] - (times["start_seconds"] or 0)),
        "spans": spans,
        "words": span_words(times["spans"]),
        "by_kind": {kind: _spent(times["spans"], kind) for kind in SPAN_WORDS},
        "vm_count": len(times["vms"]),
        "vms": vms,
        "more": len(times["vms"]) - len(vms),
        "spread": spread_of(times["vms"]),
        "services": [service["name"] for service in wave.get("services") or []],
        "checks": f"{good} of {count(len(checks), 'check')} passed" if checks else "no checks",
        "checks_mood": "ok" if checks and good == len(checks) else "bad" if checks else "idle",
        "pause": wave.get("pause"),
    }


def _spent(spans: Sequence[Mapping[str, Any]], kind: str) -> str:
    seconds = sum(span["end_seconds"] - span["start_seconds"] for span in spans if span["kind"] == kind)
    return duration(seconds) if seconds else ""


def span_words(spans: Sequence[Mapping[str, Any]]) -> str:
    """``restore 18 min, checks 40 s``: what the bar shows, for those who do not see it."""
    return ", ".join(f"{words} {_spent(spans, kind)}" for kind, words in SPAN_WORDS.items() if _spent(spans, kind))


def shown_vms(vms: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """All of a few; else those that failed and those that took longest."""
    if len(vms) <= SHOWN + A_FEW_MORE:
        return list(vms)
    return sorted(vms, key=lambda vm: (vm["state"] != "failed", -(vm["seconds"] or 0)))[:SHOWN]


def spread_of(vms: Sequence[Mapping[str, Any]]) -> str:
    times = sorted(vm["seconds"] for vm in vms if vm["seconds"] is not None and vm["state"] == "recovered")
    if len(times) < 3:
        return ""
    return f"fastest {duration(times[0])}, half of them within {duration(times[len(times) // 2])}, slowest {duration(times[-1])}"


def _vm(vm: Mapping[str, Any], total: float) -> dict[str, Any]:
    start, end = vm["start_seconds"], vm["end_seconds"]
    drawn = start is not None and end is not None and end > start
    return {
        "name": vm["name"],
        "state": state_words(vm["state"]),
        "mood": state_mood(vm["state"]),
        "took": "" if vm["seconds"] is None else duration(vm["seconds"]),
        "bar": {"x": percent(start, total), "width": percent(end - start, total)} if drawn else None,
    }
