# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which waves must not run, because of what came before them: the plan's on_failure."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .document import BAD, Wave

HALT = "halt"


def reason_to_halt(wave: Mapping[str, Any], waves: Sequence[Wave]) -> str | None:
    """Why the wave must not run; None when nothing forbids it. The waves before it have ended, or are halted already.

    A wave that failed halts, unless its application says ``continue``, the later waves of its application and whatever depends on it.
    A person's no always does, and so does a wave that was halted itself.
    """
    for other in waves:
        if other["state"] not in BAD or other["id"] == wave["id"] or not _comes_before(other, wave):
            continue
        if other["state"] != "failed" or other["on_failure"] == HALT:
            words = {"failed": "failed", "declined": "was declined", "halted": "was halted"}
            return f"{other['id']} {words[other['state']]}"
    return None


def _comes_before(other: Mapping[str, Any], wave: Mapping[str, Any]) -> bool:
    if other["id"] in wave["after"]:
        return True
    return bool(other["application"] == wave["application"] and other["stage"] < wave["stage"])
