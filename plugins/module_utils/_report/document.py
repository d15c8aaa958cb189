# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON: the record of the run, what was measured in it, and the verdict. docs/report.md describes it. Pure."""

from __future__ import annotations

import json
from typing import Any, Mapping

from .._arm.errors import ArmError
from .._record.measures import measure
from .._record.verdict import verdict

VERSION = 1
PARTS = {"id": str, "purpose": str, "plan": dict, "run": dict, "waves": list}
"""What tells a record from other JSON files of the folder."""


class NoRecord(ArmError):
    """A file is no record of a run, or there is none."""

    code = "NoRecord"


def parse_record(text: str, path: str) -> dict[str, Any]:
    """The record in a file; raises NoRecord for anything else."""
    try:
        found = json.loads(text)
    except ValueError as problem:
        raise NoRecord(f"{path} is not JSON: {problem}", target=path) from None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), kind) for name, kind in PARTS.items()):
        hint = "Give the file that lifeboat.azure_dr.recovery_record keeps, REPORTS/RUN_ID.json, not a report that was made of it."
        raise NoRecord(f"{path} is not the record of a drill or a failover.", target=path, hint=hint)
    if found.get("version") != 1:
        hint = "It was written by a newer release of lifeboat.azure_dr: install that one."
        raise NoRecord(f"{path} has version {found.get('version')!r} of the record; this release reads version 1.", target=path, hint=hint)
    return found


def report_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Who makes a report is not at work on the run any more, so a run that is not finished was interrupted."""
    return {"version": VERSION, "verdict": verdict(record, over=True), "measures": measure(record), "record": dict(record)}


def as_json(report: Mapping[str, Any]) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False, sort_keys=False) + "\n"
