# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of other API versions: whatever a member is, or whether it is there at all, reading it is no accident."""

from __future__ import annotations

import copy
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute import collections, points, shapes, source_vms
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_views import collection_facts, point_facts
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute import point_samples as samples
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_points import vm

STRANGE = [None, 7, 2.5, True, "x", "", [], [1, None, "a"], {}, {"a": None}]


def places(body: Any) -> Iterator[tuple[Any, ...]]:
    """The path of every member, of lists the first one."""
    entries = body.items() if isinstance(body, dict) else enumerate(body[:1]) if isinstance(body, list) else ()
    for key, value in entries:
        yield (key,)
        yield from ((key, *inner) for inner in places(value))


def strange(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The body with each of its members missing, and with each of another type."""
    for *way, last in places(body):
        for value in (..., *STRANGE):
            changed = copy.deepcopy(body)
            holder: Any = changed
            for key in way:
                holder = holder[key]
            if value is ...:
                del holder[last]
            else:
                holder[last] = value
            yield changed


def _point(body: dict[str, Any]) -> None:
    found = points.parse(body, samples.SOURCE_ID + "/restorePoints/rp1")
    point_facts(found)
    assert found.path and found.usable in (True, False) and found.creating in (True, False)


def _collection(body: dict[str, Any]) -> None:
    found = collections.parse(body, samples.SOURCE_ID)
    collection_facts(found)
    assert found.path and found.is_copy in (True, False) and all(point.path for point in found.points)


def _vm(body: dict[str, Any]) -> None:
    assert source_vms.parse(body, samples.VM_ID).id


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (samples.copy("rp1", security="TrustedLaunch"), _point),
        (samples.target(samples.copy("rp1"), tags={"team": "sre"}), _collection),
        (vm(data={0: "logs"}, securityProfile={"securityType": "TrustedLaunch"}), _vm),
    ],
    ids=["point", "collection", "vm"],
)
def test_strange_bodies_are_read(body: dict[str, Any], read: Callable[[dict[str, Any]], None]) -> None:
    bodies = list(strange(body))
    assert len(bodies) > 100
    for changed in bodies:
        read(changed)


def test_what_a_list_may_have_beside_collections() -> None:
    found = collections.parse({"id": samples.SOURCE_ID, "properties": {"restorePoints": [{"name": "named"}, {"id": "no id"}, None, 7, {}]}})
    assert [point.id for point in found.points] == [samples.SOURCE_ID + "/restorePoints/named"]


@pytest.mark.parametrize(
    ("value", "expected"), [("40", 40.0), (99.9, 99.9), (7, 7.0), ("<percentage>", None), (True, None), (float("nan"), None), ("inf", None), ([], None)]
)
def test_numbers(value: Any, expected: float | None) -> None:
    assert shapes.number(value) == expected
