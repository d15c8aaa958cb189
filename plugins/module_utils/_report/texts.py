# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the reports say things, the same in all formats. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from .._arm.timestamps import parse_time


STATES = {
    "recovered": ("recovered", "ok"),
    "done": ("done", "ok"),
    "failed": ("failed", "bad"),
    "declined": ("declined", "bad"),
    "halted": ("halted", "warn"),
    "waiting": ("waiting for a person", "warn"),
    "running": ("not finished", "warn"),
    "skipped": ("not begun", "idle"),
    "pending": ("not begun", "idle"),
    "unknown": ("not known", "bad"),
}
"""The states of waves and VMs: the word for it, and how it looks."""


def state_words(state: str) -> str:
    return STATES.get(state, (state, "idle"))[0]


def state_mood(state: str) -> str:
    return STATES.get(state, (state, "idle"))[1]


def percent(part: float, whole: float) -> str:
    """A width for the page, cut at what fits."""
    return f"{min(100.0, max(0.0, 100 * part / whole)) if whole else 0:.2f}".rstrip("0").rstrip(".")


def short_name(resource_id: object) -> str:
    """The last part of an id."""
    return str(resource_id or "").rstrip("/").rsplit("/", 1)[-1]


def group_of(resource_id: object) -> str:
    """The resource group in an id."""
    parts = str(resource_id or "").split("/")
    return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""


def type_of(resource: Mapping[str, Any]) -> str:
    """The type of a resource in short: ``virtualMachines``."""
    return short_name(resource.get("type")) or "resource"


def moment_text(text: object) -> str:
    """``2026-06-01 08:00:12 UTC``; nothing for what is no time."""
    moment = parse_time(text)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else ""


def recovery_of(vm: Mapping[str, Any]) -> str:
    """From which recovery point a VM came, and as what."""
    parts = []
    recovered = (vm.get("recovered") or {}).get("name")
    if recovered:
        parts.append(f"as {recovered}")
    time = moment_text((vm.get("recovery_point") or {}).get("time"))
    if time:
        parts.append(f"from the recovery point of {time}")
    return f"Recovered {' '.join(parts)}." if parts and vm.get("action") and not vm.get("failed") else ""


def failure_text(failure: Mapping[str, Any]) -> str:
    """All that is known of a failure, a line for each."""
    names = {
        "code": "Code",
        "message": "Message",
        "operation": "Operation",
        "status": "HTTP status",
        "request_id": "Request id",
        "hint": "What to do",
    }
    lines = [f"{label}: {failure[name]}" for name, label in names.items() if failure.get(name)]
    for problem in failure.get("problems") or []:
        lines.append(f"Azure's validation: {problem.get('code')}: {problem.get('message')} {problem.get('recommendations') or ''}".rstrip())
    return "\n".join(lines)
