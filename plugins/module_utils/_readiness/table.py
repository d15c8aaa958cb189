# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings for a terminal: the verdict first, then what is in the way, alike things in one line. Short, however many VMs there are."""

from __future__ import annotations

from typing import Iterable, Sequence

from .._words import count, some
from .findings import FAILED, OK, STATES, UNKNOWN, WARNING, Finding, is_ready

MOST_LINES = 30

_VERDICTS = {True: "READY", False: "NOT READY"}
_WORDS = {FAILED: "failed", UNKNOWN: "unknown", WARNING: "warning", OK: "ok"}
_WIDEST = max(len(word) for word in _WORDS.values())


def table(name: str, findings: Sequence[Finding], applications: Iterable[str]) -> list[str]:
    """The lines. Findings come in order, the worst first."""
    ready = is_ready(findings)
    of_plan = f" {name}" if name else ""
    verdict = f"{_VERDICTS[ready]}:{of_plan} {'could' if ready else 'could not surely'} be recovered now, within its objectives"
    if any(one.state == FAILED for one in findings):
        verdict = f"{_VERDICTS[ready]}:{of_plan} could not be recovered now, within its objectives"
    counts = ", ".join(f"{total} {_WORDS[state]}" for state in STATES if (total := sum(one.state == state for one in findings)))
    lines = [f"{verdict} ({counts or 'nothing was looked at'})."]
    bad = {one.application for one in findings if one.state in (FAILED, UNKNOWN)}
    good = [name for name in applications if name not in bad]
    if bad and good and None not in bad:
        lines.append(f"Nothing is in the way of {some(good)}.")
    groups = _grouped(one for one in findings if one.state != OK)
    room = MOST_LINES - len(lines) - 1
    lines += [_line(group) for group in groups[:room]]
    if len(groups) > room:
        lines.append(f"And {count(len(groups) - room, 'more kind')} of findings, in the result and its file.")
    return lines


def _grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Those that only differ in what they are about, and in the numbers of their sentences."""
    found: dict[tuple[str | None, ...], list[Finding]] = {}
    for one in findings:
        shape = "".join(letter for letter in one.message.replace(one.subject, "") if not letter.isdigit())
        found.setdefault((one.state, one.application, one.check, shape), []).append(one)
    return list(found.values())


def _line(group: Sequence[Finding]) -> str:
    first = group[0]
    place = f"{first.application}, {first.check}" if first.application else first.check
    more = " (the first of these)" if len(group) > 1 else ""
    hint = f" {first.hint}" if first.hint else ""
    return f"{_WORDS[first.state]:{_WIDEST}}  {place}: {some([one.subject for one in group])}: {first.message}{more}{hint}"
