# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of waves."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.waves import circle, places, predecessors, stages
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._plan.plans import good, machine, plan, wave


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({}, {}),
        ({"a": []}, {"a": 1}),
        ({"a": [], "b": ["a"], "c": ["b"]}, {"a": 1, "b": 2, "c": 3}),
        ({"c": ["a", "b"], "b": ["a"], "a": []}, {"c": 3, "b": 2, "a": 1}),
        ({"a": [], "b": [], "c": ["a"], "d": ["a", "b", "c"]}, {"a": 1, "b": 1, "c": 2, "d": 3}),
    ],
)
def test_a_wave_is_in_the_stage_after_the_latest_before_it(after: dict[str, list[str]], expected: dict[str, int]) -> None:
    assert stages(after) == expected
    assert list(stages(after)) == list(after)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"a": [], "b": ["a"], "c": ["a", "b"]}, None),
        ({"a": ["unknown"]}, None),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, ["a", "b", "c", "a"]),
        ({"x": ["a"], "a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"d": ["a", "c"], "a": [], "c": ["d"]}, ["d", "c", "d"]),
    ],
)
def test_a_circle_is_told_as_a_chain(after: dict[str, list[str]], expected: list[str] | None) -> None:
    assert circle(after) == expected


def test_a_thousand_waves_in_a_row() -> None:
    after = {str(number): [str(number - 1)] if number else [] for number in range(1000)}
    assert circle(after) is None and stages(after)["999"] == 1000
    assert circle({**after, "0": ["999"]}) is not None


def test_a_wave_comes_after_the_one_before_it_unless_it_says_otherwise() -> None:
    document = plan(
        wave("a", machine("a")),
        wave("b", machine("b")),
        wave("c", machine("c"), after=[]),
        wave("d", machine("d"), after=["a", "shop/c", "shop/a"]),
    )
    document["applications"].append({"name": "office", "waves": [wave("files", machine("f"))]})
    found = {place.id: predecessors(place) for place in places(good(document))}
    assert found == {"shop/a": [], "shop/b": ["shop/a"], "shop/c": [], "shop/d": ["shop/a", "shop/c"], "office/files": []}
