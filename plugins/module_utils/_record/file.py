# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a record: JSON, readable by its owner, and never half written, whatever kills the run."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

from .._arm.errors import ArmError, OptionError
from .document import VERSION, Record

UNREADABLE = "Move the file away and run this again: a new record begins, and what is in Azure already is found there, not made a second time."

_MEMBERS = {"run": ("state", "started", "declared", "attempts"), "plan": ("name", "hash"), "cleanup": ("state", "removed"), "verdict": ()}


def read_record(path: str) -> Record | None:
    """The record; None when there is no such file. Raises ArmError for a file that is no record."""
    try:
        with open(path, encoding="utf-8") as file:
            found: Any = json.load(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else problem
        raise ArmError(f"The record {path} cannot be read: {why}", code="RecordUnreadable", target=path, hint=UNREADABLE) from None
    if not isinstance(found, dict) or not {"version", "id", "purpose", "waves", *_MEMBERS} <= found.keys():
        raise OptionError("path", f"{path} is not the record of a run")
    if found["version"] != VERSION:
        raise OptionError("path", f"{path} is a record of version {found['version']}; this collection knows version {VERSION}")
    for name, members in _MEMBERS.items():
        if not isinstance(found[name], dict) or not found[name].keys() >= set(members):
            raise ArmError(f"The record {path} cannot be read: {name!r} is damaged", code="RecordUnreadable", target=path, hint=UNREADABLE)
    return found


def list_records(folder: str) -> dict[str, Record]:
    """The records in a folder by their paths, those of the newest runs first. What is no record, or is not readable, is passed over."""
    found: dict[str, Record] = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        if name.endswith(".json") and os.path.isfile(path):
            try:
                record = read_record(path)
            except ArmError:
                continue
            if record is not None:
                found[path] = record
    return dict(sorted(found.items(), key=lambda item: str(item[1]["run"]["started"]), reverse=True))


def write_record(path: str, record: Record) -> None:
    """Replaces the file in one step. Raises ArmError when that cannot be done."""
    folder = os.path.dirname(os.path.abspath(path))
    temporary = None
    try:
        os.makedirs(folder, exist_ok=True)
        # Readable by its owner alone, as mkstemp makes it.
        handle, temporary = tempfile.mkstemp(prefix=".record-", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as problem:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        hint = "Give a folder that can be written, and that the next run finds again."
        raise ArmError(f"The record {path} cannot be written: {problem.strerror or problem}", code="RecordNotWritten", target=path, hint=hint) from None
