# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a plan counts as verified."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.badge import COLORS, Badge, as_endpoint, as_svg, badge_of
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._record.records import failed_vm, record, vm, wave


def drill(day: int, plan_hash: str = "sha256:now", *, good: bool = True, **more: Any) -> dict[str, Any]:
    found = record(wave("a/1", 0, 9, vms=[vm("x")]) if good else wave("a/1", 0, 9, state="failed", vms=[failed_vm("x")]))
    found.update(id=f"drill-{day}", plan={**found["plan"], "hash": plan_hash})
    found["run"].update(started=f"2026-06-{day:02}T08:00:00Z", finished=f"2026-06-{day:02}T10:00:00Z", declared="2026-06-01T08:00:00Z")
    return {**found, **more}


RUNNING = {"state": "running", "started": "2026-06-09T08:00:00Z", "finished": None, "declared": "2026-06-09T08:00:00Z"}


@pytest.mark.parametrize(
    ("records", "state", "message"),
    [
        ([], "not_verified", "NOT VERIFIED, never drilled"),
        ([drill(1)], "verified", "VERIFIED 2026-06-01"),
        ([drill(2, good=False), drill(1)], "failed", "FAILED 2026-06-02"),
        ([drill(1, good=False), drill(2)], "verified", "VERIFIED 2026-06-02"),
        ([drill(1, "sha256:before")], "not_verified", "NOT VERIFIED since the plan changed"),
        ([drill(1), drill(2, "sha256:before")], "not_verified", "NOT VERIFIED since the plan changed"),
        ([drill(1, environment="simulator")], "not_verified", "NOT VERIFIED, only rehearsed on the simulator"),
        ([drill(1, environment="simulator", good=False)], "not_verified", "NOT VERIFIED, the rehearsal on the simulator failed"),
        ([drill(1, "sha256:before", environment="simulator")], "not_verified", "NOT VERIFIED, never drilled"),
        ([drill(1, environment=None)], "not_verified", "NOT VERIFIED, only rehearsed on the simulator"),
        ([drill(1), drill(2, environment="simulator", good=False)], "verified", "VERIFIED 2026-06-01"),
        ([drill(1, good=False), drill(2, environment="simulator")], "failed", "FAILED 2026-06-01"),
        ([drill(1), drill(2, purpose="failover", good=False)], "verified", "VERIFIED 2026-06-01"),
        ([drill(1), drill(9, run=RUNNING, cleanup={"state": "pending"})], "verified", "VERIFIED 2026-06-01"),
        ([drill(1), drill(9, run=RUNNING)], "failed", "FAILED 2026-06-09"),
        ([drill(1, plan={"name": "another", "hash": "sha256:now"})], "not_verified", "NOT VERIFIED, never drilled"),
    ],
)
def test_state_of_a_plan(records: list[dict[str, Any]], state: str, message: str) -> None:
    found = badge_of(records, "p", "sha256:now")
    assert (found.state, found.message) == (state, message)


def test_endpoint_is_what_shields_io_takes() -> None:
    assert json.loads(as_endpoint(Badge("failed", "FAILED 2026-06-02"))) == {
        "schemaVersion": 1,
        "label": "recovery plan",
        "message": "FAILED 2026-06-02",
        "color": COLORS["failed"].lstrip("#"),
        "isError": True,
    }


def test_picture_can_be_read_aloud_and_asks_for_nothing() -> None:
    text = as_svg(Badge("verified", '<b>&"'))
    root = ET.fromstring(text)
    assert root.get("aria-label") == 'recovery plan: <b>&"'
    assert "href" not in text and "<b>" not in text


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("color", COLORS.values())
def test_white_letters_can_be_read(color: str) -> None:
    assert 1.05 / (luminance(color) + 0.05) >= 4.5
