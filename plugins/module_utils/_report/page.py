# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the HTML page shows, ready to be put into its template: words, numbers and widths, no markup. Pure.

The timeline is in timeline.py, what failed in problems.py.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Mapping, Sequence

from .._words import count, duration
from .problems import problems_of
from .texts import group_of, moment_text, percent, short_name, state_mood, state_words, type_of
from .timeline import timeline_of

Report = Mapping[str, Any]

MANY = 50
"""Lists that are longer stay closed in print."""
CARDS = 4
"""More applications than this are a table."""

VERDICTS = {
    "passed": ("PASSED", "ok"),
    "failed": ("FAILED", "bad"),
    "waiting": ("WAITING", "warn"),
    "running": ("RUNNING", "warn"),
}
PURPOSES = {"drill": "Recovery drill", "failover": "Failover"}
SPENT = {
    "restore": "restoring virtual machines",
    "api_management": "restoring API Management",
    "checks": "checking",
    "pause": "only waiting for a person",
    "wait": "between steps",
}
READINESS_STATES = {"failed": ("failed", "bad"), "unknown": ("not known", "bad"), "warning": ("warning", "warn"), "ok": ("ok", "ok")}


def page_of(report: Report) -> dict[str, Any]:
    """The names that the template uses."""
    record, measures = report["record"], report["measures"]
    word, mood = VERDICTS[report["verdict"]["result"]]
    plan = record["plan"]
    purpose = PURPOSES.get(record["purpose"], str(record["purpose"]))
    simulator = record.get("environment") != "azure"
    # Whoever sees only this word must not take a rehearsal for a proof.
    word = f"REHEARSAL {word}" if simulator else word
    headline = f"{purpose} of {plan.get('name')}{', rehearsed on the simulator' if simulator else ''}"
    checks = checks_of(record)
    return {
        "title": f"{headline}: {word}",
        "headline": headline,
        "purpose": purpose,
        "plan": plan,
        "id": record["id"],
        "simulator": simulator,
        "when": when_of(record),
        "verdict": {"word": word, "mood": mood, "look": "rehearsed" if simulator and mood == "ok" else mood, "reasons": report["verdict"]["reasons"]},
        "tiles": tiles_of(report, checks),
        "applications": [application_of(application) for application in measures["applications"]],
        "spent": spent_of(measures),
        "timeline": timeline_of(record, measures),
        "problems": problems_of(record),
        "vms": vms_of(record, measures),
        "checks": checks,
        "services": services_of(record),
        "pauses": pauses_of(record),
        "readiness": readiness_of(record.get("readiness") or []),
        "cleanup": cleanup_of(record),
        "about": about_of(record),
        "simulated_clock": (record.get("clock") or {}).get("kind") == "simulated",
        "speed": (record.get("clock") or {}).get("speed"),
        "many": MANY,
        "cards": CARDS,
    }


def when_of(record: Mapping[str, Any]) -> str:
    """When, by whom, and of which plan: what tells this run from others at a glance."""
    run, plan = record["run"], record["plan"]
    parts = [moment_text(run.get("started")), f"by {run['by']}" if run.get("by") else "", f"plan {short_hash(plan.get('hash'))}" if plan.get("hash") else ""]
    return ", ".join(part for part in parts if part)


def short_hash(text: object) -> str:
    """Enough of a hash to compare it by eye."""
    return str(text).rpartition(":")[2][:12]


def tiles_of(report: Report, checks: Mapping[str, Any]) -> list[dict[str, str]]:
    """The few numbers that people ask for first."""
    record, measures = report["record"], report["measures"]
    vms = [vm for wave in measures["timeline"]["waves"] for vm in wave["vms"]]
    services = [service for wave in record["waves"] for service in wave.get("services") or []]
    recovered = sum(vm["state"] == "recovered" for vm in vms)
    tiles = [{"value": f"{recovered:,} of {len(vms):,}", "label": "virtual machines recovered"}]
    if services:
        restored = sum(bool(service.get("action")) and not service.get("failed") and not service.get("validate_only") for service in services)
        tiles.append({"value": f"{restored} of {len(services)}", "label": "API Management services restored"})
    tiles.append({"value": f"{checks['passed']:,} of {checks['total']:,}", "label": "checks passed"})
    tiles.append({"value": duration(measures["timeline"]["seconds"]), "label": "from the declaration to the last wave's end"})
    if measures["waiting_seconds"]:
        tiles.append({"value": duration(measures["waiting_seconds"]), "label": "of it waiting for a person"})
    return tiles


def application_of(application: Mapping[str, Any]) -> dict[str, Any]:
    details = [count(application["vms"], "VM"), count(application["waves"], "wave")]
    if application["waiting_seconds"]:
        details.append(f"{duration(application['waiting_seconds'])} of waiting for a person included")
    return {
        "name": application["name"],
        "vms": application["vms"],
        "details": ", ".join(details),
        "bars": [
            {"key": "RTO", "means": "time until it was back", **objective_bar(application["rto"]), "oldest": None},
            {"key": "RPO", "means": "age of the oldest data recovered", **objective_bar(application["rpo"]), "oldest": application["rpo"].get("oldest")},
        ],
    }


def objective_bar(found: Mapping[str, Any]) -> dict[str, Any]:
    """One measured value against its objective."""
    measured, objective, state = found["measured_seconds"], found["objective_seconds"], found["state"]
    whole = max(measured or 0, objective or 0)
    words = {
        "met": f"met, {duration((objective or 0) - (measured or 0))} to spare",
        "missed": f"missed by {duration((measured or 0) - (objective or 0))}",
        "unknown": "not proven",
        "none": "no objective",
    }
    return {
        "state": words[state],
        "mood": {"met": "ok", "missed": "bad", "unknown": "bad" if objective is not None else "idle", "none": "idle"}[state],
        "measured": "not measured" if measured is None else duration(measured),
        "objective": None if objective is None else duration(objective),
        "reason": found["reason"],
        "width": percent(measured or 0, whole),
        # The mark is a line: at the very end it would be cut off.
        "mark": None if objective is None else percent(min(objective, whole * 0.995), whole),
    }


def spent_of(measures: Mapping[str, Any]) -> dict[str, Any]:
    """Each second of the run once."""
    total = sum(measures["spent"].values())
    parts, at = [], 0.0
    for kind, words in SPENT.items():
        seconds = measures["spent"].get(kind) or 0.0
        if round(seconds):
            share = f"{100 * seconds / total:.0f} %"
            place = {"x": percent(at, total), "width": percent(seconds, total)}
            parts.append({"kind": kind, "words": words, "time": duration(seconds), "share": share, **place})
        at += seconds
    return {"parts": parts, "total": duration(total)}


def vms_of(record: Mapping[str, Any], measures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The table of all VMs, in the order of the waves."""
    states = {wave["id"]: {vm["id"]: vm for vm in wave["vms"]} for wave in measures["timeline"]["waves"]}
    rows = []
    for wave in record["waves"]:
        for vm in wave.get("vms") or []:
            times = states[wave["id"]][vm["id"]]
            point = vm.get("recovery_point") or {}
            rows.append(
                {
                    "name": vm["name"],
                    "wave": wave["id"],
                    "recovered": (vm.get("recovered") or {}).get("name") or "" if times["state"] == "recovered" else "",
                    "point": moment_text(point.get("time")).removesuffix(" UTC"),
                    "time": "" if times["seconds"] is None else duration(times["seconds"]),
                    "state": state_words(times["state"]),
                    "mood": state_mood(times["state"]),
                    "code": (vm.get("failure") or {}).get("code") or "",
                }
            )
    return rows


def checks_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Checks of a name and a wave together; each that failed is told in what failed."""
    rows: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for wave in record["waves"]:
        for check in wave.get("checks") or []:
            rows.setdefault((wave["id"], check["name"], check["kind"]), []).append(check)
    shown = []
    for (wave_id, name, kind), checks in rows.items():
        good = sum(bool(check.get("ok")) for check in checks)
        message = next((str(check.get("message") or "") for check in checks if not check.get("ok")), str(checks[0].get("message") or ""))
        slowest = max((float(check.get("seconds") or 0) for check in checks), default=0.0)
        where = "the wave" if checks[0].get("vm") is None else short_name(checks[0]["vm"]) if len(checks) == 1 else count(len(checks), "VM")
        shown.append(
            {
                "wave": wave_id,
                "name": name,
                "kind": kind.replace("_", " "),
                "where": where,
                "result": f"{good} of {len(checks)} passed" if len(checks) > 1 else "passed" if good else "failed",
                "mood": "ok" if good == len(checks) else "bad",
                "message": message,
                "time": duration(slowest),
            }
        )
    everything = [check for checks in rows.values() for check in checks]
    return {"rows": shown, "total": len(everything), "passed": sum(bool(check.get("ok")) for check in everything)}


def services_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for wave in record["waves"]:
        for service in wave.get("services") or []:
            if service.get("failed"):
                state, mood = "failed", "bad"
            elif service.get("validate_only"):
                state, mood = "validated only", "warn"
            elif service.get("action"):
                state, mood = "restored", "ok"
            else:
                state, mood = state_words(str(wave.get("state"))), state_mood(str(wave.get("state")))
            backup = service.get("backup") or {}
            rows.append(
                {
                    "name": service["name"],
                    "wave": wave["id"],
                    "into": service.get("standby") or "",
                    "backup": moment_text(backup.get("time")).removesuffix(" UTC") or backup.get("name") or "",
                    "time": "" if service.get("seconds") is None else duration(service["seconds"]),
                    "state": state,
                    "mood": mood,
                    "note": service.get("note") or "",
                }
            )
    return rows


def pauses_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for wave in record["waves"]:
        pause = wave.get("pause")
        if pause:
            decision = pause.get("decision")
            rows.append(
                {
                    "name": pause["name"],
                    "message": pause.get("message") or "",
                    "wave": wave["id"],
                    "decision": decision or "not decided",
                    "mood": {"approved": "ok", "declined": "bad"}.get(str(decision), "warn"),
                    "by": pause.get("by") or "",
                    "at": moment_text(pause.get("at")),
                    "waited": "" if pause.get("seconds") is None else duration(pause["seconds"]),
                }
            )
    return rows


def readiness_of(findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is not ok comes first and is always shown."""
    rows = [
        {
            "check": str(finding["check"]).replace("_", " "),
            "application": finding.get("application") or "",
            "subject": finding["subject"],
            "message": finding["message"],
            "hint": finding.get("hint") or "",
            "state": READINESS_STATES[finding["state"]][0],
            "mood": READINESS_STATES[finding["state"]][1],
        }
        for finding in findings
    ]
    numbers = Counter(row["state"] for row in rows)
    return {
        "open": [row for row in rows if row["mood"] != "ok"],
        "fine": [row for row in rows if row["mood"] == "ok"],
        "summary": ", ".join(f"{numbers[words]:,} {words}" for words, mood in READINESS_STATES.values() if numbers[words]),
    }


def cleanup_of(record: Mapping[str, Any]) -> dict[str, Any]:
    cleanup = record.get("cleanup") or {}
    removed, left = cleanup.get("removed") or [], cleanup.get("left") or []
    words = {
        "not_needed": ("Nothing had to be removed: a failover's machines are there to stay.", "idle"),
        "pending": ("What the drill made was not removed yet.", "bad"),
        "done": (f"Everything that the drill made was removed: {count(len(removed), 'resource')}.", "ok"),
        "failed": (f"{count(len(left), 'resource is', 'resources are')} left, {count(len(removed), 'was', 'were')} removed.", "bad"),
    }
    places: dict[tuple[str, str], list[str]] = {}
    for entry in removed:
        places.setdefault((type_of(entry), group_of(entry["id"])), []).append(short_name(entry["id"]))
    sentence, mood = words.get(str(cleanup.get("state")), ("It is not known what became of what was made.", "bad"))
    return {
        "sentence": sentence,
        "mood": mood,
        "count": len(removed),
        "types": ", ".join(f"{number:,} {kind}" for kind, number in Counter(type_of(entry) for entry in removed).most_common()) + ("." if removed else ""),
        "removed": [{"type": kind, "group": group, "names": names} for (kind, group), names in places.items()],
        "left": [{"name": short_name(entry["id"]), "type": type_of(entry), "id": entry["id"], "reason": entry.get("reason") or ""} for entry in left],
        "finished": moment_text(cleanup.get("finished")),
    }


def about_of(record: Mapping[str, Any]) -> dict[str, Any]:
    run, plan = record["run"], record["plan"]
    job = run.get("job") or {}
    return {
        "rows": [
            (label, str(value))
            for label, value in (
                ("Run", record["id"]),
                ("Plan", plan.get("name")),
                ("Plan's file", plan.get("path")),
                ("Plan's hash", plan.get("hash")),
                ("Started by", run.get("by")),
                ("On host", run.get("host")),
                ("Declared", moment_text(run.get("declared"))),
                ("Started", moment_text(run.get("started"))),
                ("Finished", moment_text(run.get("finished")) or "not finished"),
            )
            if value
        ],
        "job": {"words": f"{job.get('name') or 'job'} {job.get('id') or ''}".strip(), "url": web_address(job.get("url"))} if job else None,
        "attempts": [(moment_text(attempt.get("started")), moment_text(attempt.get("finished")) or "cut off") for attempt in run.get("attempts") or []],
        "versions": [(name.replace("_", "-"), str(version)) for name, version in (run.get("versions") or {}).items() if version],
    }


def web_address(text: object) -> str:
    """The address when it is one of a web page: nothing else becomes a link."""
    return str(text) if str(text or "").startswith(("https://", "http://")) else ""
