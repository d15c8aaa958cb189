# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: what a resource can have, what it lacks, and how they are put together."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._tags import LONGEST_VALUE, MOST_TAGS, add_tags, all_tags, check_tags, missing_tags
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, Wire, answer, client_for

DISK = f"/subscriptions/{SUB}/resourceGroups/rg-dr/providers/Microsoft.Compute/disks/os 1"


def test_values_become_texts() -> None:
    assert check_tags({"drill": 7, "on": True}, "tags") == {"drill": "7", "on": "True"}


@pytest.mark.parametrize(
    "tags",
    [{"": "x"}, {" ": "x"}, {"a/b": "x"}, {"a\nb": "x"}, {"a" * 513: "x"}, {"a": None}, {"a": ["x"]}, {"a": "x" * (LONGEST_VALUE + 1)}]
    + [{str(number): "x" for number in range(MOST_TAGS + 1)}],
)
def test_what_azure_would_refuse(tags: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as caught:
        check_tags(tags, "tags")
    assert caught.value.option == "tags"


@pytest.mark.parametrize(
    ("current", "missing"),
    [(None, {"Drill": "one"}), ({"drill": "one"}, {}), ({"drill": "One"}, {"Drill": "one"}), ({"other": "one"}, {"Drill": "one"})],
)
def test_names_compare_without_case_and_values_with(current: dict[str, str] | None, missing: dict[str, str]) -> None:
    assert missing_tags(current, {"Drill": "one"}) == missing


@pytest.mark.parametrize(("append", "tags"), [(True, {"Owner": "sre", "kept": "yes", "new": "1"}), (False, {"Owner": "sre", "new": "1"})])
def test_known_names_stay_as_they_are_spelled(append: bool, tags: dict[str, str]) -> None:
    assert all_tags({"Owner": "dba", "kept": "yes"}, {"owner": "sre", "new": "1"}, append=append) == tags


def test_tags_are_merged_and_the_resource_is_left_alone() -> None:
    wire = Wire(answer(200, {}))
    add_tags(client_for(wire), DISK, {"drill": "one"})
    sent = wire.sent[0]
    assert sent.method == "PATCH" and "/disks/os%201/providers/Microsoft.Resources/tags/default?" in sent.url
    assert json.loads(sent.data or b"") == {"operation": "Merge", "properties": {"tags": {"drill": "one"}}}
