# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to the person at the terminal: words that count as answers, and when to stop asking."""

from __future__ import annotations

import pytest
from ansible.errors import AnsiblePromptInterrupt

from ansible_collections.lifeboat.azure_dr.plugins.action.recovery_approval import ask

QUESTION = {"name": "go", "text": "Shall it go on?", "timeout_seconds": 60}


class Person:
    """Gives these answers, each after ten seconds."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int | None]] = []
        self.time = 0.0

    def prompt(self, text: str, seconds: int | None = None) -> bytes:
        self.asked.append((text, seconds))
        self.time += 10
        return self.answers.pop(0)

    def now(self) -> float:
        return self.time


@pytest.mark.parametrize(
    ("answer", "decision"), [(b"approve", "approve"), (b" YES ", "approve"), (b"y", "approve"), (b"decline", "decline"), (b"No", "decline"), (b"n", "decline")]
)
def test_a_decision(answer: bytes, decision: str) -> None:
    person = Person(answer)
    assert ask(QUESTION, person.prompt, person.now) == decision
    assert person.asked == [("Shall it go on? approve or decline: ", 60)]


def test_what_is_no_answer_is_asked_again_for_the_rest_of_the_time() -> None:
    person = Person(b"", b"perhaps", b"approve")
    assert ask(QUESTION, person.prompt, person.now) == "approve"
    assert [seconds for _text, seconds in person.asked] == [60, 50, 40]
    assert person.asked[1][0].startswith("Please answer")


def test_nobody_decides_in_time() -> None:
    person = Person(*[b""] * 6)
    assert ask(QUESTION, person.prompt, person.now) is None
    assert person.answers == []


def test_without_a_limit_it_waits_as_long_as_it_takes() -> None:
    person = Person(b"", b"n")
    assert ask({**QUESTION, "timeout_seconds": None}, person.prompt, person.now) == "decline"
    assert [seconds for _text, seconds in person.asked] == [None, None]


def test_an_interrupt_decides_nothing() -> None:
    def interrupted(_text: str, seconds: int | None = None) -> bytes:
        raise AnsiblePromptInterrupt("user interrupt")

    assert ask(QUESTION, interrupted) is None
