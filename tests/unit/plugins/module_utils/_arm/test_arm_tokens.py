# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a token is kept, and what becomes of it when it cannot be renewed."""

from __future__ import annotations

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth import source
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth.method import Grant, Token
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import AuthError, TransportError

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import FakeClock


class Granting:
    """Tokens of a given life, counted; or an error."""

    def __init__(self, clock: FakeClock, life: float) -> None:
        self.clock = clock
        self.life = life
        self.given = 0
        self.sign_ins = 0
        self.problem: Exception | None = None

    def sign_in(self) -> tuple[Grant, Token]:
        self.sign_ins += 1
        return self.grant, self.grant()

    def grant(self) -> Token:
        if self.problem:
            raise self.problem
        self.given += 1
        return Token(f"t{self.given}", self.clock.now().timestamp() + self.life)


def test_a_token_is_kept_until_five_minutes_are_left() -> None:
    clock = FakeClock()
    granting = Granting(clock, 3600)
    signed_in = source.TokenSource(granting.sign_in, clock)
    assert [signed_in.token(), signed_in.token()] == ["t1", "t1"]
    clock.sleep(3299)
    assert signed_in.token() == "t1"
    clock.sleep(1)
    assert signed_in.token() == "t2"
    assert granting.sign_ins == 1


def test_a_short_token_is_kept_for_half_its_life() -> None:
    clock = FakeClock()
    signed_in = source.TokenSource(Granting(clock, 60).sign_in, clock)
    assert signed_in.token() == "t1"
    clock.sleep(29)
    assert signed_in.token() == "t1"
    clock.sleep(2)
    assert signed_in.token() == "t2"


def test_a_renewal_that_fails_leaves_the_old_token_while_it_lives() -> None:
    clock = FakeClock()
    granting = Granting(clock, 3600)
    signed_in = source.TokenSource(granting.sign_in, clock)
    signed_in.token()
    granting.problem = TransportError("login is down", sent=False)
    clock.sleep(3400)
    assert signed_in.token() == "t1"
    granting.problem = AuthError("no")
    assert signed_in.token() == "t1", "not asked again at once"
    clock.sleep(200)
    with pytest.raises(AuthError):
        signed_in.token()
    granting.problem = None
    assert signed_in.token() == "t2"


def test_a_refresh_signs_in_anew_and_only_once_for_all_who_ask() -> None:
    clock = FakeClock()
    granting = Granting(clock, 3600)
    signed_in = source.TokenSource(granting.sign_in, clock)
    rejected = signed_in.token()
    assert [signed_in.refresh(rejected) for turn in range(5)] == [True] * 5
    assert granting.sign_ins == 2
    assert signed_in.token() == "t2"
    assert signed_in.refresh() is True
    assert signed_in.token() == "t3"


def test_a_refresh_that_gives_the_same_token_says_so() -> None:
    clock = FakeClock()
    token = Token("same", clock.now().timestamp() + 3600)
    signed_in = source.TokenSource(lambda: (lambda: token, token), clock)
    assert signed_in.refresh(signed_in.token()) is False
