# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of reports on the controller: records are found and read, reports are written in one step and only when they differ."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.document import parse_record

Record = dict[str, Any]

MADE = (".report.json", ".badge.json")
READINESS = "-readiness.json"
"""What the role check_readiness keeps in the same folder."""
"""What a report leaves beside the records, which is none."""

MODE = 0o644
"""A report is made to be shown, by a web server or a job's artifacts, and no secret gets into a record. Only the record itself is its owner's."""


def read_record(path: Path, option: str) -> Record:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise OptionError(option, f"{path} cannot be read: {reason}") from None
    return parse_record(text, str(path))


def records_in(folder: Path) -> tuple[list[tuple[Path, Record]], list[str]]:
    """The records of a folder, the newest run last, and what was passed over. A folder that is not there yet has none."""
    found, passed_over = [], []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        if path.name.startswith(".") or path.name.endswith(MADE):
            continue
        try:
            found.append((path, read_record(path, "reports")))
        except ArmError as problem:
            if path.name.endswith(READINESS):
                continue
            # Other tools may keep their files here; a record of ours that was cut off must not be missed silently.
            passed_over.append(problem.message)
    return sorted(found, key=lambda entry: (str(entry[1]["run"].get("started") or ""), entry[0].name)), passed_over


def differs(path: Path, text: str) -> bool:
    try:
        return stat.S_IMODE(path.stat().st_mode) != MODE or path.read_bytes() != text.encode()
    except FileNotFoundError:
        return True
    except OSError as problem:
        raise OptionError("dest", f"{path} cannot be read: {problem.strerror}") from None


def write(path: Path, text: str) -> None:
    """Replaces the file in one step: nobody ever sees half of a report."""
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with open(descriptor, "wb") as file:
            file.write(text.encode())
        os.chmod(name, MODE)
        os.replace(name, path)
    except OSError as problem:
        if name:
            with contextlib.suppress(OSError):
                os.unlink(name)
        raise OptionError("dest", f"{path} cannot be written: {problem.strerror}") from None
