# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check found: one sentence about one thing, in the shape that the record and the report keep."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Iterable, Mapping, Sequence

from .._arm.errors import ArmError

OK, WARNING, FAILED, UNKNOWN = "ok", "warning", "failed", "unknown"
STATES = (FAILED, UNKNOWN, WARNING, OK)
"""Worst first."""

CHECKS = (
    "recovery_point",
    "replication",
    "protection",
    "policy",
    "vault",
    "resource_group",
    "network",
    "address_space",
    "name",
    "quota",
    "storage",
    "api_management",
    "permission",
    "restore_validation",
)
"""What is looked at, in the order in which it is told."""


@dataclass(frozen=True)
class Finding:
    """``application`` None for what several share; ``value`` and ``objective`` are numbers (seconds, addresses, vCPUs) or words, None where there are none."""

    check: str
    state: str
    subject: str
    message: str
    application: str | None = None
    subject_id: str | None = None
    hint: str | None = None
    value: Any = None
    objective: Any = None

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


def unread(check: str, subject: str, error: ArmError, *, what: str, application: str | None = None, subject_id: str | None = None) -> Finding:
    """What could not be looked at: nothing is known of it, and the other checks go on."""
    return Finding(check, UNKNOWN, subject, f"{what} could not be read: {error.code}: {error.message}", application, subject_id, error.hint)


def in_order(findings: Iterable[Finding], applications: Sequence[str]) -> list[Finding]:
    """Worst first, then by application as the plan has them, what they share before that, then by check and subject."""
    places: Mapping[str | None, int] = {None: -1, **{name: place for place, name in enumerate(applications)}}
    return sorted(
        findings,
        key=lambda one: (
            STATES.index(one.state),
            places.get(one.application, len(places)),
            CHECKS.index(one.check) if one.check in CHECKS else len(CHECKS),
            one.subject.lower(),
        ),
    )


def is_ready(findings: Iterable[Finding]) -> bool:
    """Nothing failed, and nothing is unknown that matters: what nobody could look at is no yes."""
    return all(one.state not in (FAILED, UNKNOWN) for one in findings)


def summarize(findings: Iterable[Finding], applications: Sequence[str]) -> dict[str, Any]:
    """Counts by state: of all, by application (what several share is ``shared``), and by check."""
    empty = {state: 0 for state in reversed(STATES)}
    found: dict[str, Any] = {"states": dict(empty), "applications": {name: dict(empty) for name in applications}, "shared": dict(empty), "checks": {}}
    for one in findings:
        places = [found["states"], found["checks"].setdefault(one.check, dict(empty))]
        places.append(found["shared"] if one.application is None else found["applications"].setdefault(one.application, dict(empty)))
        for counts in places:
            counts[one.state] += 1
    return found
