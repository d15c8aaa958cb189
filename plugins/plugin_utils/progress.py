# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far a module is while it runs: once a minute one line in the plain output of ansible-playbook, and so in AWX.

The module appends what it sees to a file in its temporary directory (module_utils/_progress.py); this reads the last line of it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any, Callable

from ansible.plugins.action.normal import ActionModule as NormalActionModule
from ansible.utils.display import Display
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._progress import PROGRESS_FILE
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._words import duration

INTERVAL_VARIABLE = "LIFEBOAT_AZURE_DR_PROGRESS_SECONDS"
INTERVAL = 60.0
"""Seconds between two lines; the variable overrides it, and 0 shows none."""
TEXT_LIMIT = 200


def interval(environment: dict[str, str] | os._Environ[str]) -> float:
    """Seconds between two lines; what is no number counts as not given."""
    try:
        return max(0.0, float(environment.get(INTERVAL_VARIABLE) or INTERVAL))
    except ValueError:
        return INTERVAL


def line(name: str, seconds: float, last: dict[str, Any] | None) -> str:
    """One line about a task that has run for so long; ``last`` is what its module said last, None when it has said nothing yet."""
    head = f"{name}: {duration(seconds)}"
    if last is None:
        return head
    done, total, text = int(last["done"]), int(last["total"]), str(last["text"])[:TEXT_LIMIT]
    left = f", about {duration(seconds / done * (total - done))} left" if 0 < done < total else ""
    return f"{head}, {done} of {total} done{left}" + (f"; {text}" if text else "")


class Reporter:
    """Reads the file in a thread of its own and hands a line to ``show`` at each interval, until it is stopped."""

    def __init__(self, directory: str, name: str, every: float, show: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self.path = os.path.join(directory, PROGRESS_FILE)
        self._name = name
        self._every = every
        self._show = show
        self._now = now
        self._began = now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def __enter__(self) -> Reporter:
        with open(self.path, "w", encoding="utf-8"):
            pass
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stop.set()
        self._thread.join()

    def report(self) -> None:
        """Shows one line."""
        self._show(line(self._name, self._now() - self._began, self.last()))

    def last(self) -> dict[str, Any] | None:
        """What the module said last. A line that is being written just now is passed over."""
        try:
            with open(self.path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except OSError:
            return None
        for text in reversed(lines):
            try:
                found = json.loads(text)
            except ValueError:
                continue
            if isinstance(found, dict) and {"done", "total", "text"} <= found.keys():
                return found
        return None

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self.report()


class ProgressActionModule(NormalActionModule):
    """Runs the module of its name, like any module, and shows its progress when that can be seen from here."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> Any:
        every = interval(os.environ)
        if not every or self._task.async_val or self._connection.transport != "local":
            return super().run(tmp, task_vars)
        if self._connection._shell.tmpdir is None:
            self._make_tmp_path()
        display = Display()
        name = self._task.get_name().strip() or self._task.action
        with Reporter(self._connection._shell.tmpdir, name, every, lambda text: display.display(f"    {text}")):
            return super().run(tmp, task_vars)
