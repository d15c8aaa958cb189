# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback that writes one JSON line a task result to the file in RESULT_LINES: the same for every ansible-core we support."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: result_lines
type: aggregate
short_description: Writes results to a file as JSON lines
description:
  - Writes one line a task result to the file named by the environment variable E(RESULT_LINES).
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "result_lines"

    def _write(self, status: str, result: Any) -> None:
        # ansible-core 2.19 renamed _task and _result, and warns when the old names are used.
        task = getattr(result, "task", None) or result._task
        data = result.result if hasattr(result, "result") else result._result
        line = json.dumps({"task": task.get_name(), "status": status, "result": data}, default=str)
        with open(os.environ["RESULT_LINES"], "a", encoding="utf-8") as out:
            out.write(line + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write("unreachable", result)
