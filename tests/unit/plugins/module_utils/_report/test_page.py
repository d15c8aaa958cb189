# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page shows."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.document import report_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.page import objective_bar, page_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.problems import problems_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.timeline import SHOWN, tick_label, ticks_of
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._record.records import check, failed_vm, record, step, vm, wave
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._report.samples import build, many_waves


def page(found: dict[str, Any]) -> dict[str, Any]:
    return page_of(report_of(found))


@pytest.mark.parametrize(
    ("found", "title", "look"),
    [
        (build(), "Recovery drill of shop-and-office: PASSED", "ok"),
        (build(failing=True), "Recovery drill of shop-and-office: FAILED", "bad"),
        (build(simulated=True), "Recovery drill of shop-and-office, rehearsed on the simulator: REHEARSAL PASSED", "rehearsed"),
        (build(simulated=True, failing=True), "Recovery drill of shop-and-office, rehearsed on the simulator: REHEARSAL FAILED", "bad"),
        (build(purpose="failover"), "Failover of shop-and-office: PASSED", "ok"),
    ],
)
def test_verdict_comes_with_where_it_was_earned(found: dict[str, Any], title: str, look: str) -> None:
    shown = page(found)
    assert (shown["title"], shown["verdict"]["look"]) == (title, look)


@pytest.mark.parametrize(
    ("objective", "measured", "state", "words", "mood", "width", "mark"),
    [
        (100, 50, "met", "met, 50 s to spare", "ok", "50", "99.5"),
        (50, 100, "missed", "missed by 50 s", "bad", "100", "50"),
        (50, None, "unknown", "not proven", "bad", "0", "99.5"),
        (None, None, "unknown", "not proven", "idle", "0", None),
        (None, 10, "none", "no objective", "idle", "100", None),
    ],
)
def test_bars(objective: float | None, measured: float | None, state: str, words: str, mood: str, width: str, mark: str | None) -> None:
    shown = objective_bar({"objective_seconds": objective, "measured_seconds": measured, "state": state, "reason": ""})
    assert (shown["state"], shown["mood"], shown["width"], shown["mark"]) == (words, mood, width, mark)


def test_a_large_wave_shows_what_failed_and_what_took_longest() -> None:
    vms = [vm(f"v{number:02}", 0, number + 1) for number in range(30)] + [failed_vm("bad")]
    (stage,) = page(record(wave("a/1", 0, 40, state="failed", vms=vms)))["timeline"]["stages"]
    (shown,) = stage["waves"]
    assert [entry["name"] for entry in shown["vms"]][:3] == ["bad", "v29", "v28"]
    assert (len(shown["vms"]), shown["more"], shown["vm_count"]) == (SHOWN, 31 - SHOWN, 31)
    assert shown["spread"] == "fastest 60 s, half of them within 16 min, slowest 30 min"


def test_a_wave_tells_in_words_what_its_bar_shows() -> None:
    (stage,) = page(record(wave("a/1", 1, 10, vms=[vm("x")], steps=[step("pause", 1, 3), step("restore", 3, 9), step("checks", 9, 10)])))["timeline"]["stages"]
    assert stage["waves"][0]["words"] == "restore 6 min, checks 60 s, waited for a person 2 min, waited 60 s"


def test_the_same_failure_is_told_once_and_checks_come_last() -> None:
    others = [failed_vm("z", "Other"), failed_vm("x"), failed_vm("y")]
    problems = problems_of(record(wave("a/1", 0, 9, state="failed", vms=others, checks=[check("port", False, "/v/x"), check("port", False), check("boot")])))
    assert [(problem["title"], problem["who"], [case["name"] for case in problem["cases"]]) for problem in problems] == [
        ("UserErrorGone", "2 VMs", ["x", "y"]),
        ("Other", "1 VM", ["z"]),
        ("Check failed: port", "2 times", ["x", "the wave"]),
    ]


def test_a_wave_that_failed_by_itself_is_told() -> None:
    (problem,) = problems_of(record(wave("a/1", 0, 9, state="failed", reason="the run ended", vms=[vm("x")], checks=[check("port")])))
    assert (problem["title"], problem["who"], problem["cases"][0]["message"]) == ("Wave a/1 failed", "", "the run ended")


@pytest.mark.parametrize(("total", "labels"), [(0, []), (50, ["0", "10 s", "20 s", "30 s", "40 s", "50 s"]), (7200, ["0", "30 min", "1 h", "1 h 30", "2 h"])])
def test_ticks(total: float, labels: list[str]) -> None:
    assert [tick["label"] for tick in ticks_of(total)] == labels


@pytest.mark.parametrize(("seconds", "label"), [(45, "45 s"), (60, "1 min"), (172_800, "2 d"), (216_000, "2 d 12 h")])
def test_labels(seconds: int, label: str) -> None:
    assert tick_label(seconds) == label


def test_many_machines_stay_few_lines() -> None:
    shown = page(build(many_waves(1000)))
    assert sum(len(wave["vms"]) for stage in shown["timeline"]["stages"] for wave in stage["waves"]) <= 24 * SHOWN
    assert len(shown["checks"]["rows"]) == 48
    assert len(shown["cleanup"]["removed"]) == 3


@pytest.mark.parametrize(("url", "shown"), [("https://awx/1", "https://awx/1"), ("javascript:alert(1)", ""), (None, "")])
def test_only_web_addresses_become_links(url: str | None, shown: str) -> None:
    found = build()
    found["run"]["job"] = {"id": 1, "name": "Drill", "url": url}
    assert page(found)["about"]["job"] == {"words": "Drill 1", "url": shown}


def test_a_service_that_was_validated_only_was_not_restored() -> None:
    service = {"name": "apim", "validate_only": True, "action": "started", "failed": False, "backup": None}
    shown = page(record(wave("a/1", 0, 9, vms=[vm("x")], services=[service])))
    assert [tile["value"] for tile in shown["tiles"]][1] == "0 of 1"
    assert shown["services"][0]["state"] == "validated only"


def test_a_record_that_knows_little_has_a_page() -> None:
    shown = page({"version": 1, "id": "x", "purpose": "drill", "plan": {"name": "p"}, "run": {"state": "running"}, "waves": [wave("a/1")]})
    assert shown["verdict"]["word"] == "REHEARSAL FAILED"
