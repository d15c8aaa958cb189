# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: durations
type: aggregate
short_description: Writes how long each task took
description:
  - Writes one line of JSON a task, with its name and seconds, to the file named by DURATIONS_FILE.
"""

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Measures from the start of a task to its result, as the person at the terminal waits."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "durations"

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._started = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        line = {"task": result._task.get_name(), "seconds": time.monotonic() - self._started}
        with open(os.environ["DURATIONS_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
