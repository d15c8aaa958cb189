# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks at the terminal of ansible-playbook, which the module itself cannot reach."""

from __future__ import annotations

import time
from typing import Any, Callable, Mapping

from ansible.errors import AnsiblePromptInterrupt, AnsiblePromptNoninteractive
from ansible.plugins.action.normal import ActionModule as NormalActionModule
from ansible.utils.display import Display

Prompt = Callable[..., bytes]

ANSWERS = {
    **dict.fromkeys(("approve", "approved", "yes", "y"), "approve"),
    **dict.fromkeys(("decline", "declined", "no", "n"), "decline"),
}


def ask(question: Mapping[str, Any], prompt: Prompt, now: Callable[[], float] = time.monotonic) -> str | None:
    """The decision; None when the time is over, or the person has interrupted. Asks again after an answer that is neither yes nor no."""
    limit = question.get("timeout_seconds")
    end = None if limit is None else now() + int(limit)
    text = str(question["text"])
    while end is None or now() < end:
        seconds = None if end is None else max(1, round(end - now()))
        try:
            given = prompt(f"{text} approve or decline: ", seconds=seconds)
        except AnsiblePromptInterrupt:
            return None
        decision = ANSWERS.get(given.decode(errors="replace").strip().lower())
        if decision is not None:
            return decision
        text = f"Please answer with one of the two words. {question['text']}"
    return None


class ActionModule(NormalActionModule):
    """Found by its file's name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> Any:
        result = super().run(tmp, task_vars)
        if result.get("failed") or self._task.check_mode:
            return result
        decisions = {}
        try:
            for question in self._task.args["questions"]:
                decision = ask(question, Display().prompt_until)
                if decision is not None:
                    decisions[question["name"]] = decision
        except AnsiblePromptNoninteractive:
            pass  # Nobody is there.
        return {**result, "decisions": decisions}
