# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers in words."""

from __future__ import annotations

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._words import count, duration, some


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (3540, "59 min"),
        (3600, "1 h 00 min"),
        (7200, "2 h 00 min"),
        (11_100, "3 h 05 min"),
        (48 * 3600 - 60, "47 h 59 min"),
        (48 * 3600, "2 d 00 h"),
        (76 * 3600, "3 d 04 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_counts() -> None:
    assert [count(1, "VM"), count(1000, "VM"), count(2, "was", "were")] == ["1 VM", "1,000 VMs", "2 were"]


def test_some_names() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(list("abcdefg")) == "a, b, c, d, e and 2 more"
