# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Working on many VMs at once: what goes wrong with one hides no other."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import run_each


def work(item: str) -> str:
    if item == "refused":
        raise ArmError("no", code="Refused")
    if item == "strange":
        return {"id": 7}["identifier"]  # type: ignore[return-value]
    if item == "wrong":
        raise AssertionError("a mistake of ours")
    return item.upper()


def test_an_answer_of_a_strange_shape_is_its_items_failure() -> None:
    outcomes = run_each(["one", "strange", "refused", "two"], work)
    assert [outcome.value for outcome in outcomes] == ["ONE", None, None, "TWO"]
    assert [outcome.error.code if outcome.error else None for outcome in outcomes] == [None, "UnexpectedError", "Refused", None]
    assert outcomes[1].error is not None and "KeyError: 'identifier' (test_fleet.py, line " in outcomes[1].error.message


def test_a_mistake_ends_the_run() -> None:
    with pytest.raises(AssertionError):
        run_each(["one", "wrong"], work)
