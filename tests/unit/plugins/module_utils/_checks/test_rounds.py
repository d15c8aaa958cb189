# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many checks at once, on a clock that never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.attempts import Attempt
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.endpoints import EndpointCheck, TcpTarget
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.rounds import Outcome, Rounds
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import FakeClock


def check(name: str, timeout: float = 60.0) -> EndpointCheck:
    return EndpointCheck(name, TcpTarget("h", 1), timeout)


def run(checks: list[EndpointCheck], well: Callable[[str, int], bool], *, takes: float = 0.0, interval: float = 5.0, workers: int = 1) -> list[Outcome]:
    """`well` tells whether a try, from 1 on, of a check is."""
    clock = FakeClock()
    tries: dict[str, int] = {}
    lock = threading.Lock()

    def once(one: EndpointCheck, timeout: float) -> Attempt:
        clock.sleep(min(takes, timeout))
        with lock:
            tries[one.name] = tries.get(one.name, 0) + 1
            return Attempt(well(one.name, tries[one.name]), f"try {tries[one.name]}")

    return Rounds(checks, once, clock, interval=interval, longest=10.0).run(workers)


def test_outcomes_come_in_the_order_of_the_checks() -> None:
    found = run([check("c"), check("a"), check("b")], lambda name, number: number == len(name))
    assert [(one.check.name, one.ok) for one in found] == [("c", True), ("a", True), ("b", True)]


def test_a_check_is_tried_until_it_is_well() -> None:
    (found,) = run([check("a")], lambda name, number: number == 4)
    assert (found.ok, found.attempts, found.seconds, found.message) == (True, 4, 15.0, "try 4")


def test_a_check_is_given_up_when_its_own_time_is_over() -> None:
    short, long = run([check("short", 12), check("long", 30)], lambda name, number: False)
    assert (short.ok, short.attempts, short.seconds) == (False, 3, 10.0)
    assert (long.ok, long.attempts) == (False, 7)


def test_without_time_it_is_tried_once() -> None:
    (found,) = run([check("a", 0)], lambda name, number: False)
    assert found.attempts == 1


def test_a_try_is_never_longer_than_the_time_that_is_left() -> None:
    (found,) = run([check("a", 17)], lambda name, number: False, takes=60)
    # 10 seconds, a pause of 5, and the 2 that are left.
    assert (found.attempts, found.seconds) == (2, 17.0)


def test_every_check_gets_a_try_even_when_the_slow_ones_take_all_the_time() -> None:
    found = run([check(f"dead-{number}", 5) for number in range(4)], lambda name, number: False, takes=10)
    assert [one.attempts for one in found] == [1, 1, 1, 1]


def test_many_workers_try_each_check_as_often_as_it_takes() -> None:
    found = run([check(f"c{number}") for number in range(200)], lambda name, number: number == 2, workers=16)
    assert all(one.ok and one.attempts == 2 for one in found)


def test_nothing_to_do() -> None:
    assert run([], lambda name, number: True) == []


def test_progress_tells_what_is_still_waited_for() -> None:
    said: list[tuple[int, int, str]] = []
    clock = FakeClock()
    checks = [check("well"), check("ill", 0)]
    once = {"well": Attempt(True, "fine"), "ill": Attempt(False, "h:1 refuses connections.")}
    Rounds(checks, lambda one, timeout: once[one.name], clock, interval=5.0, longest=10.0, tell=lambda *what: said.append(what)).run(1)
    assert said == [(1, 2, ""), (2, 2, "ill: h:1 refuses connections.")]
