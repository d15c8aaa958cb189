# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a plan in one word: from its hash and the newest drill. Pure.

Only a drill in Azure verifies a plan. A rehearsal on the simulator is told as what it is: nobody must take it for a proof.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from .._record.verdict import verdict

Record = Mapping[str, Any]

LABEL = "recovery plan"
COLORS = {"verified": "#1a7f37", "failed": "#b3261e", "not_verified": "#8a5a00"}
"""With white letters on them all have a contrast of at least 4.5."""

_WIDE, _NARROW = frozenset("MWmw@%"), frozenset("ijltfI.,:;'!|() ")


@dataclass(frozen=True)
class Badge:
    """``state``: verified, failed or not_verified. ``drill`` is the id of the drill that it is about, None when there is none."""

    state: str
    message: str
    drill: str | None = None

    def as_result(self) -> dict[str, Any]:
        return {"state": self.state, "message": self.message, "drill": self.drill}


def badge_of(records: Iterable[Record], plan_name: str, plan_hash: str) -> Badge:
    """The badge of the plan as it is now."""
    drills = sorted((record for record in records if _is_drill_of(record, plan_name)), key=_order)
    real = [record for record in drills if record.get("environment") == "azure"]
    if not real:
        return _without_drill([record for record in drills if record["plan"].get("hash") == plan_hash])
    newest = real[-1]
    if newest["plan"].get("hash") != plan_hash:
        return Badge("not_verified", "NOT VERIFIED since the plan changed", str(newest["id"]))
    passed = verdict(newest, over=True)["result"] == "passed"
    words = "VERIFIED" if passed else "FAILED"
    return Badge("verified" if passed else "failed", f"{words} {_day(newest)}".strip(), str(newest["id"]))


def _without_drill(rehearsals: Sequence[Record]) -> Badge:
    if not rehearsals:
        return Badge("not_verified", "NOT VERIFIED, never drilled")
    passed = verdict(rehearsals[-1], over=True)["result"] == "passed"
    return Badge("not_verified", "NOT VERIFIED, only rehearsed on the simulator" if passed else "NOT VERIFIED, the rehearsal on the simulator failed")


def _is_drill_of(record: Record, plan_name: str) -> bool:
    """A drill that has ended. One that was killed has ended when it was cleaned up."""
    ended = record["run"].get("state") == "finished" or (record.get("cleanup") or {}).get("state") in ("done", "failed")
    return bool(record["purpose"] == "drill" and record["plan"].get("name") == plan_name and ended)


def _order(record: Record) -> tuple[str, str]:
    return str(record["run"].get("started") or ""), str(record["id"])


def _day(record: Record) -> str:
    return str(record["run"].get("finished") or record["run"].get("started") or "")[:10]


def as_endpoint(badge: Badge) -> str:
    """The badge for https://shields.io/endpoint."""
    fields = {"schemaVersion": 1, "label": LABEL, "message": badge.message, "color": COLORS[badge.state].lstrip("#"), "isError": badge.state == "failed"}
    return json.dumps(fields, indent=2) + "\n"


def as_svg(badge: Badge) -> str:
    """The badge as a picture, without anything from the network."""
    left, right = _width(LABEL) + 12, _width(badge.message) + 12
    title = escape(f"{LABEL}: {badge.message}")
    texts = "".join(
        f'<text x="{start + width / 2:g}" y="14" textLength="{width - 12}">{escape(text)}</text>'
        for text, start, width in ((LABEL, 0, left), (badge.message, left, right))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label={quoteattr(LABEL + ": " + badge.message)}>'
        f"<title>{title}</title>"
        f'<clipPath id="round"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#round)"><rect width="{left}" height="20" fill="#3c4249"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{COLORS[badge.state]}"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">{texts}</g></svg>\n'
    )


def _width(text: str) -> int:
    """About as wide as the letters are in Verdana at 11 pixels; textLength makes it exact."""
    return round(sum(9.5 if letter in _WIDE else 4.2 if letter in _NARROW else 7.6 if letter.isupper() else 6.6 for letter in text))
