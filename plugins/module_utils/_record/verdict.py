# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run proved that the plan works, and why: plain sentences with counts and names. Pure."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from .._words import count, duration, some
from .measures import measure

Record = Mapping[str, Any]

KEYS = ("rto", "rpo")
MANY = 3
"""More applications than this are not told one by one."""


def verdict(record: Record, *, over: bool = False) -> dict[str, Any]:
    """``result`` (passed, failed, running or waiting) and ``reasons``. ``over``: nobody works on the run any more; if not finished, it was interrupted."""
    run = record.get("run") or {}
    waves: Sequence[Mapping[str, Any]] = record.get("waves") or []
    state = run.get("state")
    cleaned = (record.get("cleanup") or {}).get("state") in ("done", "failed")
    if state == "waiting" and not cleaned:
        return {"result": "waiting", "reasons": _waiting(waves)}
    if state != "finished" and not (over or cleaned):
        return {"result": "running", "reasons": [_progress(waves)]}
    problems = [] if state == "finished" else [f"The run was interrupted: {_progress(waves)[0].lower()}{_progress(waves)[1:]}"]
    problems += [*_of_waves(waves), *_of_objectives(record), *_of_cleanup(record)]
    if problems:
        return {"result": "failed", "reasons": problems}
    return {"result": "passed", "reasons": _proofs(record, waves)}


def _all(waves: Iterable[Mapping[str, Any]], what: str) -> list[Mapping[str, Any]]:
    return [entry for wave in waves for entry in wave.get(what) or []]


def _progress(waves: Sequence[Mapping[str, Any]]) -> str:
    done = sum(wave.get("state") == "done" for wave in waves)
    return f"{done} of {count(len(waves), 'wave')} {'is' if done == 1 else 'are'} done."


def _waiting(waves: Sequence[Mapping[str, Any]]) -> list[str]:
    asked = [wave for wave in waves if wave.get("state") == "waiting"]
    reasons = []
    for wave in asked:
        pause = wave.get("pause") or {}
        words = f": {pause['message']}" if pause.get("message") else "."
        reasons.append(f"Wave {wave['id']} waits for a person to decide about {pause.get('name') or 'its pause'}{words}")
    return [*(reasons or ["The run waits for a person to decide."]), _progress(waves)]


def _of_waves(waves: Sequence[Mapping[str, Any]]) -> list[str]:
    vms, services, checks = _all(waves, "vms"), _all(waves, "services"), _all(waves, "checks")
    reasons = []
    if not vms and not services:
        reasons.append("Nothing was recovered: no wave has a VM or a service.")
    reasons += _failures(vms, "VM", "VMs")
    reasons += _failures(services, "API Management service", "API Management services")
    bad = [check for check in checks if not check.get("ok")]
    if bad:
        names = some(["{} on {}".format(check["name"], str(check["vm"]).rsplit("/", 1)[-1]) if check.get("vm") else str(check["name"]) for check in bad])
        reasons.append(f"{len(bad)} of {count(len(checks), 'check')} failed: {names}.")
    for wave in waves:
        if wave.get("state") == "declined":
            pause = wave.get("pause") or {}
            reasons.append(f"Wave {wave['id']} was declined by {pause.get('by') or 'a person'} at the pause {pause.get('name')}.")
    # What failed inside a wave is told above; a wave that failed for another reason is told here.
    for wave in waves:
        inner = [*(wave.get("vms") or []), *(wave.get("services") or [])]
        if wave.get("state") == "failed" and not any(entry.get("failed") for entry in inner) and all(check.get("ok") for check in wave.get("checks") or []):
            reasons.append(f"Wave {wave['id']} failed{_said(wave)}")
    for state, words in (("halted", "halted"), ("pending", "not started"), ("running", "not finished"), ("waiting", "not decided"), ("skipped", "never begun")):
        ids = [wave["id"] for wave in waves if wave.get("state") == state]
        if ids:
            reasons.append(f"{count(len(ids), 'wave was', 'waves were')} {words}: {some(ids)}.")
    return reasons


def _said(wave: Mapping[str, Any]) -> str:
    reason = str(wave.get("reason") or "").strip()
    return "." if not reason else f": {reason}" + ("" if reason.endswith((".", "!", "?")) else ".")


def _failures(entries: Sequence[Mapping[str, Any]], noun: str, plural: str) -> list[str]:
    failed = [entry for entry in entries if entry.get("failed")]
    if not failed:
        return []
    names = some([f"{entry['name']} ({(entry.get('failure') or {}).get('code') or 'failed'})" for entry in failed])
    return [f"{len(failed)} of {count(len(entries), noun, plural)} {'was' if len(failed) == 1 else 'were'} not recovered: {names}."]


def _of_objectives(record: Record) -> list[str]:
    reasons = []
    unproven: dict[str, list[str]] = {}
    for application in measure(record)["applications"]:
        for key in KEYS:
            found = application[key]
            if found["state"] == "missed":
                reasons.append(_sentence(application, key, "missed"))
            elif found["state"] == "unknown" and found["objective_seconds"] is not None:
                unproven.setdefault(found["reason"], []).append(f"{key.upper()} of {application['name']}")
    if len(unproven) > MANY:
        names = [name for names in unproven.values() for name in names]
        return [*reasons, f"{count(len(names), 'objective is', 'objectives are')} not proven: {some(names)}."]
    return [*reasons, *(f"Not proven: {', '.join(names)}, since {reason}." for reason, names in unproven.items())]


def _sentence(application: Mapping[str, Any], key: str, word: str) -> str:
    found = application[key]
    measured, objective = duration(found["measured_seconds"]), duration(found["objective_seconds"])
    return f"{application['name']} {word} its {key.upper()}: {measured}, the objective is {objective}."


def _met(record: Record) -> list[str]:
    """A sentence for each application, or, of many, the one that came closest to its objective."""
    reasons = []
    applications = measure(record)["applications"]
    for key in KEYS:
        met = [application for application in applications if application[key]["state"] == "met"]
        if len(met) > MANY:
            closest = max(met, key=lambda application: application[key]["measured_seconds"] / (application[key]["objective_seconds"] or 1))
            reasons.append(f"{len(met)} applications met their {key.upper()}. The closest: {_sentence(closest, key, 'met')}")
        else:
            reasons += [_sentence(application, key, "met") for application in met]
    return reasons


def _of_cleanup(record: Record) -> list[str]:
    cleanup = record.get("cleanup") or {}
    state, left = cleanup.get("state"), cleanup.get("left") or []
    if state == "failed" or left:
        named = [str(entry["id"]).rsplit("/", 1)[-1] for entry in left if entry["id"]]
        # Without an id: why nobody knows, or waits no longer for, all that there is to remove.
        others = [str(entry["reason"]) for entry in left if not entry["id"]]
        found = [f"{count(len(named), 'resource was', 'resources were')} not removed: {some(named)}."] if named else []
        return [*found, *others] or ["What the drill made could not be removed."]
    if record.get("purpose") == "drill" and state not in ("done", "not_needed"):
        return ["What the drill made was not removed."]
    return []


def _proofs(record: Record, waves: Sequence[Mapping[str, Any]]) -> list[str]:
    vms, services, checks = _all(waves, "vms"), _all(waves, "services"), _all(waves, "checks")
    reasons = []
    if vms:
        reasons.append(f"{count(len(vms), 'VM was', 'VMs were')} recovered in {count(len(waves), 'wave')}.")
    validated = [str(service["name"]) for service in services if service.get("validate_only")]
    restored = [str(service["name"]) for service in services if not service.get("validate_only")]
    if restored:
        reasons.append(f"{count(len(restored), 'API Management service was', 'API Management services were')} recovered: {some(restored)}.")
    if validated:
        how_many = count(len(validated), "API Management service was", "API Management services were")
        reasons.append(f"{how_many} validated only, not restored: {some(validated)}.")
    reasons.append(f"{count(len(checks), 'check')} passed." if checks else "No check was made: that what was recovered works is not shown.")
    reasons += _met(record)
    if record.get("purpose") == "drill":
        removed = (record.get("cleanup") or {}).get("removed") or []
        reasons.append(f"Everything that the drill made was removed: {count(len(removed), 'resource')}.")
    return reasons
