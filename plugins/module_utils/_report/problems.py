# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed, told once for all that it happened to, with Azure's words and what to do. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from .._words import count
from .texts import short_name

WAVE_HINT = "The output of the run has the whole story. Mend what it says, then run again: a failover goes on where it was, a drill begins anew."
CHECK_HINT = "Look at the recovered machine: whether it runs, listens where the check looks, and can be reached from where the check is made."


def problems_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Failures of a code that ask for the same are one; what most machines have comes first, and checks, which often fail of the same, last."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for wave in record["waves"]:
        for kind, entries in (("VM", wave.get("vms") or []), ("API Management service", wave.get("services") or [])):
            for entry in entries:
                if entry.get("failed"):
                    failure = entry.get("failure") or {}
                    key = (kind, str(failure.get("code") or "Failed"), str(failure.get("hint") or ""))
                    groups.setdefault(key, []).append(_case(entry["name"], wave["id"], failure))
        for check in wave.get("checks") or []:
            if not check.get("ok"):
                key = ("check", str(check["name"]), CHECK_HINT)
                words = {"message": check.get("message"), "operation": f"{check['kind']} check, {count(int(check.get('attempts') or 1), 'attempt')}"}
                groups.setdefault(key, []).append(_case(short_name(check.get("vm")) or "the wave", wave["id"], words))
        if wave.get("state") == "failed" and not _told(wave):
            key = ("wave", f"Wave {wave['id']} failed", WAVE_HINT)
            groups.setdefault(key, []).append(_case("the wave", wave["id"], {"message": wave.get("reason")}))
    in_order = sorted(groups.items(), key=lambda group: (group[0][0] == "check", -len(group[1])))
    return [_problem(*key, cases) for key, cases in in_order]


def _told(wave: Mapping[str, Any]) -> bool:
    """Whether something inside the wave says why it failed."""
    entries = [*(wave.get("vms") or []), *(wave.get("services") or [])]
    return any(entry.get("failed") for entry in entries) or any(not check.get("ok") for check in wave.get("checks") or [])


def _case(name: str, wave: str, failure: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "wave": wave,
        "message": str(failure.get("message") or "It failed without a word."),
        "operation": str(failure.get("operation") or ""),
        "status": failure.get("status"),
        "request_id": str(failure.get("request_id") or ""),
        "found": [
            f"{problem.get('code')}: {problem.get('message')} {_joined(problem.get('recommendations'))}".strip() for problem in failure.get("problems") or []
        ],
    }


def _joined(words: Any) -> str:
    return " ".join(str(word) for word in words) if isinstance(words, (list, tuple)) else str(words or "")


def _problem(kind: str, code: str, hint: str, cases: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": f"Check failed: {code}" if kind == "check" else code,
        "who": "" if kind == "wave" else count(len(cases), "time" if kind == "check" else kind),
        "hint": hint,
        "traced": any(case["request_id"] for case in cases),
        "same": len({case["message"] for case in cases}) == 1,
        "cases": cases,
    }
