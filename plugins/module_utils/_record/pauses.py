# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people decide before a wave begins: approvals as they are given, and what is still to be asked."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from .._arm.errors import OptionError
from .._arm.timestamps import parse_time
from .._words import some
from .document import Wave, begin_step, end_step

APPROVED = "approved"
DECLINED = "declined"
_WORDS = {
    **dict.fromkeys(("approve", "approved", "yes", "y", "true"), APPROVED),
    **dict.fromkeys(("decline", "declined", "no", "n", "false"), DECLINED),
}


def read_decision(given: Any, option: str) -> str:
    """``approved`` or ``declined``; raises OptionError for anything that says neither, since a typing error must not start a wave."""
    found = _WORDS.get(str(given).strip().lower())
    if found is None:
        raise OptionError(option, f"{str(given)[:40]!r} is no decision: give approve or decline")
    return found


def read_approvals(given: Mapping[str, Any] | None, waves: Iterable[Wave], option: str) -> dict[str, str]:
    """The decisions by the names of the pauses; raises OptionError for a pause that the plan does not have."""
    if given and not isinstance(given, Mapping):
        raise OptionError(option, f"{str(given)[:40]!r} is no mapping; decisions go by the names of pauses, as in {{open-the-shop: approve}}")
    known = [wave["pause"]["name"] for wave in waves if wave["pause"]]
    found = {}
    for name, decision in (given or {}).items():
        if name not in known:
            names = ", ".join(dict.fromkeys(known)) or "none at all"
            raise OptionError(option, f"the plan has no pause {name!r}; it has {names}")
        found[name] = read_decision(decision, f"{option}.{name}")
    return found


def begin_pause(wave: Wave, now: str) -> None:
    wave["state"] = "waiting"
    wave["reason"] = f"waits for a person: {wave['pause']['name']}"
    wave["started"] = wave["started"] or now
    begin_step(wave, "pause", now)


def decide(wave: Wave, decision: str, by: str | None, now: str) -> None:
    """A person has decided. The time that the decision took is kept, since it is part of the time of recovery."""
    began = next((step["started"] for step in wave["steps"] if step["name"] == "pause"), now)
    first, last = parse_time(began), parse_time(now)
    seconds = (last - first).total_seconds() if first and last else None
    wave["pause"].update(decision=decision, by=by, at=now, seconds=seconds)
    end_step(wave, "pause", now)
    declined = decision == DECLINED
    wave["state"] = "declined" if declined else "pending"
    wave["reason"] = f"{by or 'a person'} declined {wave['pause']['name']}" if declined else None
    wave["finished"] = now if declined else None


def waiting_for(waves: Sequence[Wave]) -> list[dict[str, Any]]:
    """What is to be asked, each pause once, with the waves that it holds back."""
    asked: dict[str, dict[str, Any]] = {}
    for wave in waves:
        if wave["state"] == "waiting":
            pause = wave["pause"]
            question = {"name": pause["name"], "message": pause["message"], "timeout_seconds": pause["timeout_seconds"], "waves": []}
            asked.setdefault(pause["name"], question)["waves"].append(wave["id"])
    for question in asked.values():
        message = question["message"] or f"Shall {question['name']} go on?"
        question["text"] = f"{message} ({question['name']}, before {some(question['waves'])})"
    return list(asked.values())
