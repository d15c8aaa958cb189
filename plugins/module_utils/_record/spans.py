# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When each wave and VM of a record was at work, in seconds after the declaration, on the record's kind of clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Iterable, Mapping

from .._arm.timestamps import parse_time

KINDS = ("restore", "api_management", "checks", "pause", "wait")
"""What a wave spends time on. Where it does two things at once, the first of these counts."""

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Span:
    kind: str
    start: float
    end: float


@dataclass(frozen=True)
class VmSpan:
    id: str
    name: str
    state: str
    start: float | None = None
    end: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class WaveSpans:
    """One wave: ``start`` and ``end`` are None where it has not begun or ended; ``spans`` do not overlap."""

    wave: Mapping[str, Any]
    start: float | None
    end: float | None
    spans: list[Span] = field(default_factory=list)
    vms: list[VmSpan] = field(default_factory=list)


def simulated(record: Record) -> bool:
    return (record.get("clock") or {}).get("kind") == "simulated"


def declared(record: Record) -> datetime | None:
    """When the disaster or the drill was declared."""
    run = record.get("run") or {}
    return parse_time(run.get("declared")) or parse_time(run.get("started"))


def age_of(point: datetime, record: Record) -> float | None:
    """How old a recovery point was at the declaration, in seconds; nothing was lost by one that was made later.

    A simulator's clock starts as the wall's and runs ahead. A point that it made since then is dated by it, and so is counted to the first restore
    that it started, not to the declaration.
    """
    moment = declared(record)
    if moment and simulated(record) and point > moment:
        starts = [parse_time(vm.get("started")) for wave in record.get("waves") or [] for vm in wave.get("vms") or []]
        moment = min((start for start in starts if start is not None), default=moment)
    return max(0.0, (moment - point).total_seconds()) if moment else None


def spans_of(record: Record) -> list[WaveSpans]:
    waves = record.get("waves") or []
    return _composed(record, waves) if simulated(record) else _measured(record, waves)


def sweep(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps: where several spans cover a moment, the first of KINDS counts. Neighbours of a kind are one."""
    known = [span for span in spans if span.end > span.start]
    edges = sorted({edge for span in known for edge in (span.start, span.end)})
    starting = sorted(known, key=lambda span: span.start)
    result: list[Span] = []
    running: list[Span] = []
    for start, end in zip(edges, edges[1:]):
        while starting and starting[0].start <= start:
            running.append(starting.pop(0))
        running = [span for span in running if span.end > start]
        if not running:
            continue
        kind = min((span.kind for span in running), key=KINDS.index)
        if result and result[-1].kind == kind and result[-1].end == start:
            result[-1] = Span(kind, result[-1].start, end)
        else:
            result.append(Span(kind, start, end))
    return result


def vm_state(vm: Mapping[str, Any], wave: Mapping[str, Any]) -> str:
    """``failed``, ``recovered``, ``unknown`` where its wave ended without it, or else the state of its wave."""
    state = str(wave.get("state"))
    if vm.get("failed"):
        return "failed"
    if vm.get("finished") or (vm.get("action") and state in ("done", "failed")):
        return "recovered"
    return "unknown" if state in ("done", "failed") else state


def _measured(record: Record, waves: list[Mapping[str, Any]]) -> list[WaveSpans]:
    origin = declared(record)
    if origin is None:
        return [WaveSpans(wave, None, None, vms=[VmSpan(vm["id"], vm["name"], vm_state(vm, wave)) for vm in wave.get("vms") or []]) for wave in waves]

    def offset(text: object) -> float | None:
        moment = parse_time(text)
        return None if moment is None else max(0.0, (moment - origin).total_seconds())

    result: list[WaveSpans] = []
    for wave in waves:
        start = offset(wave.get("started"))
        # A wave that was halted never began; the record says only when that was decided.
        end = offset(wave.get("finished")) if start is not None else None
        spans = []
        for step in wave.get("steps") or []:
            step_start, step_end = offset(step.get("started")), offset(step.get("finished"))
            if step.get("name") in KINDS and step_start is not None and step_end is not None:
                spans.append(Span(step["name"], step_start, step_end))
        if start is not None and end is not None:
            spans.append(Span("wait", _ready(wave, result), end))
        vms = [
            VmSpan(vm["id"], vm["name"], vm_state(vm, wave), offset(vm.get("started")), offset(vm.get("finished")), vm.get("seconds"))
            for vm in wave.get("vms") or []
        ]
        result.append(WaveSpans(wave, start, end, sweep(spans), vms))
    return result


def _ready(wave: Mapping[str, Any], before: list[WaveSpans]) -> float:
    """When nothing stood in the wave's way any more."""
    ends = {earlier.wave["id"]: earlier.end for earlier in before}
    return max((ends.get(name) or 0.0 for name in wave.get("after") or []), default=0.0)


def _composed(record: Record, waves: list[Mapping[str, Any]]) -> list[WaveSpans]:
    """Stage after stage, as the waves run: a stage starts when all of the stage before it has ended."""
    speed = float((record.get("clock") or {}).get("speed") or 1)
    result: dict[str, WaveSpans] = {}
    origin = 0.0
    for stage in sorted({int(wave.get("stage") or 0) for wave in waves}):
        here = [_compose(wave, origin, speed) for wave in waves if int(wave.get("stage") or 0) == stage]
        result.update((spans.wave["id"], spans) for spans in here)
        origin = max([origin, *(spans.end for spans in here if spans.end is not None)])
    in_order: list[WaveSpans] = []
    for wave in waves:
        spans = result[wave["id"]]
        if spans.start is not None and spans.end is not None:
            waited = Span("wait", _ready(wave, list(result.values())), spans.end)
            spans = WaveSpans(wave, spans.start, spans.end, sweep([*spans.spans, waited]), spans.vms)
        in_order.append(spans)
    return in_order


def _compose(wave: Mapping[str, Any], origin: float, speed: float) -> WaveSpans:
    vms = wave.get("vms") or []
    if not wave.get("started"):
        return WaveSpans(wave, None, None, vms=[VmSpan(vm["id"], vm["name"], vm_state(vm, wave)) for vm in vms])
    spans = [Span("restore", origin, origin + _restore_seconds(wave, speed)), Span("api_management", origin, origin + _service_seconds(wave, speed))]
    recovered = max(span.end for span in spans)
    spans.append(Span("checks", recovered, recovered + _step_seconds(wave, "checks")))
    end = max(span.end for span in spans)
    return WaveSpans(wave, origin, end if wave.get("finished") else None, sweep(spans), _vms_composed(wave, origin))


def _azure_span(vm: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    start, end = parse_time(vm.get("started")), parse_time(vm.get("finished"))
    return (start, end) if start and end and end >= start else None


def _vms_composed(wave: Mapping[str, Any], origin: float) -> list[VmSpan]:
    vms = wave.get("vms") or []
    first = min((span[0] for span in map(_azure_span, vms) if span), default=None)
    result = []
    for vm in vms:
        span, seconds = _azure_span(vm), vm.get("seconds")
        if span and first:
            start, end = ((moment - first).total_seconds() for moment in span)
            result.append(VmSpan(vm["id"], vm["name"], vm_state(vm, wave), origin + start, origin + end, end - start))
        elif seconds is not None:
            length = float(seconds)
            result.append(VmSpan(vm["id"], vm["name"], vm_state(vm, wave), origin, origin + length, length))
        else:
            result.append(VmSpan(vm["id"], vm["name"], vm_state(vm, wave)))
    return result


def _restore_seconds(wave: Mapping[str, Any], speed: float) -> float:
    ends = [span.end for span in _vms_composed(wave, 0.0) if span.end is not None]
    if ends:
        return max(ends)
    return _step_seconds(wave, "restore") * speed if any(vm.get("action") for vm in wave.get("vms") or []) else 0.0


def _service_seconds(wave: Mapping[str, Any], speed: float) -> float:
    """As Azure tells them. Of a service that was only validated there is nothing to tell, and it takes no time."""
    restored = [service for service in wave.get("services") or [] if service.get("action") in ("started", "adopted") and not service.get("validate_only")]
    told = [float(service["seconds"]) for service in restored if service.get("seconds") is not None]
    if told:
        return max(told)
    return _step_seconds(wave, "api_management") * speed if restored else 0.0


def _step_seconds(wave: Mapping[str, Any], name: str) -> float:
    for step in wave.get("steps") or []:
        start, end = parse_time(step.get("started")), parse_time(step.get("finished"))
        if step.get("name") == name and start and end:
            return max(0.0, (end - start).total_seconds())
    return 0.0
