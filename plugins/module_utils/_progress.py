# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module that waits tells how far it is: lines in a file, which the action plugin shows while the module runs."""

from __future__ import annotations

import json
import os
from typing import Callable

Tell = Callable[[int, int, str], None]
"""Tells how far a wait is: (done, total, one short line about the rest, without secrets)."""

PROGRESS_FILE = "lifeboat-progress.jsonl"
"""In the task's temporary directory. The action plugin makes it before the module starts; without it nobody looks."""


def quiet(done: int, total: int, text: str) -> None:
    """Tells nobody."""


class Progress:
    """Appends a line {done, total, text} for each look that differs from the one before."""

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, PROGRESS_FILE)
        self._watched = os.path.isfile(self._path)
        self._last: tuple[int, int, str] | None = None

    def say(self, done: int, total: int, text: str) -> None:
        """``done`` of ``total`` things are finished; ``text`` is one short line about the rest, without secrets."""
        now = (done, total, text)
        if not self._watched or now == self._last:
            return
        self._last = now
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"done": done, "total": total, "text": text}) + "\n")
        except OSError:
            self._watched = False  # A full disk must not end a recovery.
