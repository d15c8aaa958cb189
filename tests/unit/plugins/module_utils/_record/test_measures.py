# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RTO, RPO and where the time went, on the wall clock and on a simulated one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.measures import measure
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.spans import Span, sweep
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._record.records import at, failed_vm, record, step, vm, wave

SIMULATED = {"kind": "simulated", "speed": 60}


def only(found: dict[str, Any]) -> dict[str, Any]:
    (application,) = found["applications"]
    return application  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("objective", "state"), [(45, "met"), (40, "met"), (39, "missed"), (None, "none")], ids=["below", "exactly", "above", "without objective"]
)
def test_rto_is_from_the_declaration_to_the_end_of_the_last_wave(objective: float | None, state: str) -> None:
    found = only(measure(record(wave("a/1", 5, 20, vms=[vm("x")]), wave("a/2", 20, 40, vms=[vm("y")]), rto=objective)))
    assert (found["rto"]["measured_seconds"], found["rto"]["state"]) == (40 * 60, state)
    assert (found["waves"], found["vms"]) == (2, 2)


@pytest.mark.parametrize(("objective", "state"), [(200, "met"), (179, "missed"), (None, "none")])
def test_rpo_is_the_age_of_the_oldest_point_at_the_declaration(objective: float | None, state: str) -> None:
    found = only(measure(record(wave("a/1", 0, 9, vms=[vm("x", point=-30), vm("y", point=-180)]), rpo=objective)))
    assert (found["rpo"]["measured_seconds"], found["rpo"]["state"]) == (180 * 60, state)
    assert found["rpo"]["oldest"] == {"name": "y", "time": at(-180)}


def test_a_point_after_the_declaration_lost_nothing() -> None:
    assert only(measure(record(wave("a/1", 0, 9, vms=[vm("x", point=3)]))))["rpo"]["measured_seconds"] == 0


@pytest.mark.parametrize(
    ("waves", "kind", "reason"),
    [
        ([wave("a/1", 0, 5, vms=[vm("x")]), wave("a/2", 5, 9, state="failed", vms=[failed_vm("y")])], "rto", "1 of 2 waves is not done: a/2"),
        ([wave("a/1"), wave("a/2", state="halted")], "rpo", "2 of 2 waves are not done: a/1, a/2"),
        ([wave("a/1", 0, 5, vms=[vm("x", point=None), vm("y")])], "rpo", "the time of the recovery point of x is not known"),
        ([wave("a/1", 0, 5, finished=None, vms=[vm("x")])], "rto", "it is not known when a/1 ended"),
        ([wave("a/1", 0, 5)], "rpo", "no recovery point was used"),
    ],
)
def test_what_was_not_measured_is_unknown_and_why(waves: list[dict[str, Any]], kind: str, reason: str) -> None:
    found = only(measure(record(*waves)))[kind]
    assert (found["measured_seconds"], found["state"], found["reason"]) == (None, "unknown", reason)


def test_an_application_without_a_wave_is_shown() -> None:
    found = measure(record(plan={"name": "p", "applications": [{"name": "a", "objectives": {"rto_seconds": 60}}], "objectives": {"rpo_seconds": 5}}))
    assert only(found)["rto"] == {"objective_seconds": 60, "measured_seconds": None, "state": "unknown", "reason": "no wave recovers anything of it"}
    assert only(found)["rpo"]["objective_seconds"] == 5


@pytest.mark.parametrize(
    ("service", "seconds"),
    [
        ({"name": "apim", "backup": {"time": at(-600)}}, 36_000),
        ({"name": "apim", "backup": None, "validate_only": True}, 1800),
        ({"name": "apim", "backup": None}, None),
    ],
    ids=["restored from a backup", "only looked at", "backup not known"],
)
def test_backups_of_services_count_for_the_rpo(service: dict[str, Any], seconds: float | None) -> None:
    assert only(measure(record(wave("a/1", 0, 9, vms=[vm("x")], services=[service]))))["rpo"]["measured_seconds"] == seconds


def test_waiting_for_a_person_is_part_of_the_rto_and_shown_apart() -> None:
    found = measure(record(wave("a/1", 0, 30, vms=[vm("x")], steps=[step("pause", 0, 10), step("restore", 10, 28), step("checks", 28, 30)])))
    assert only(found)["rto"]["measured_seconds"] == 30 * 60
    assert only(found)["waiting_seconds"] == found["waiting_seconds"] == 10 * 60
    assert found["spent"] == {"restore": 1080, "api_management": 0, "checks": 120, "pause": 600, "wait": 0}


def test_a_wave_waits_for_those_before_it_and_for_its_stage() -> None:
    slow = wave("b/1", 0, 25, vms=[vm("y")], steps=[step("restore", 0, 25)])
    second = wave("a/2", 25, 40, stage=2, after=["a/1"], vms=[vm("z")], steps=[step("restore", 25, 40)])
    found = measure(record(wave("a/1", 0, 10, vms=[vm("x")], steps=[step("restore", 0, 10)]), slow, second))
    assert [(span["kind"], span["start_seconds"], span["end_seconds"]) for span in found["timeline"]["waves"][2]["spans"]] == [
        ("wait", 600, 1500),
        ("restore", 1500, 2400),
    ]


def test_vms_have_bars_and_states() -> None:
    waves = [wave("a/1", 0, 20, state="failed", vms=[vm("x", 2, 12), failed_vm("y")]), wave("a/2", state="halted", vms=[vm("z", action=None)])]
    found = measure(record(*waves))["timeline"]["waves"]
    assert [(entry["name"], entry["start_seconds"], entry["end_seconds"], entry["state"]) for entry in found[0]["vms"] + found[1]["vms"]] == [
        ("x", 120, 720, "recovered"),
        ("y", None, None, "failed"),
        ("z", None, None, "halted"),
    ]


def test_a_simulated_clock_is_composed_of_azures_spans() -> None:
    """Between and around Azure's spans there are minutes of the fast clock that no real run would have, and a pause."""
    first = wave("a/1", 100, 300, vms=[vm("x", 110, 130), vm("y", 115, 150)], steps=[step("pause", 0, 99), step("restore", 100, 200), step("checks", 200, 201)])
    other = wave("b/1", 100, 300, vms=[vm("q", 110, 120)])
    second = wave("a/2", 400, 900, stage=2, after=["a/1"], vms=[vm("z", 500, 510)])
    found = measure(record(first, other, second, clock=SIMULATED))
    assert found["applications"][0]["rto"]["measured_seconds"] == (40 + 1 + 10) * 60
    assert found["applications"][1]["rto"]["measured_seconds"] == 10 * 60
    assert found["applications"][0]["waiting_seconds"] == 0
    assert [(entry["start_seconds"], entry["end_seconds"]) for entry in found["timeline"]["waves"][0]["vms"]] == [(0, 1200), (300, 2400)]
    assert found["timeline"]["waves"][2]["start_seconds"] == 41 * 60


def test_steps_without_azures_times_count_as_the_fast_clock_ran() -> None:
    built = wave("a/1", 0, 1, vms=[vm("x")], steps=[step("restore", 0, 0.5), step("checks", 0.5, 1)])
    service = {"name": "apim", "backup": {"time": at(-5)}, "action": "started", "seconds": 40}
    brought = wave("b/1", 0, 1, services=[service])
    untold = wave("c/1", 0, 1, services=[{**service, "seconds": None}], steps=[step("api_management", 0, 0.5)])
    found = measure(record(built, brought, untold, clock=SIMULATED))
    assert [application["rto"]["measured_seconds"] for application in found["applications"]] == [30 * 60 + 30, 40, 30 * 60]


@pytest.mark.parametrize("clock", [{"kind": "wall", "speed": 1}, SIMULATED])
def test_a_halted_wave_took_no_time(clock: dict[str, Any]) -> None:
    found = measure(record(wave("a/1", 0, 10, vms=[vm("x", 0, 10)]), wave("a/2", None, 55, stage=2, state="halted"), clock=clock))
    assert found["timeline"]["seconds"] == 600
    assert (found["timeline"]["waves"][1]["start_seconds"], found["timeline"]["waves"][1]["end_seconds"]) == (None, None)


@pytest.mark.parametrize(
    ("point", "minutes"),
    [(-30, 30), (240, 60), (305, 0)],
    ids=["it was there before", "made by the simulator since then", "made after the first restore"],
)
def test_ages_of_points_on_a_simulated_clock(point: float, minutes: float) -> None:
    found = only(measure(record(wave("a/1", 0, 9, vms=[vm("x", 300, 310, point=point)]), clock=SIMULATED)))
    assert found["rpo"]["measured_seconds"] == minutes * 60


def test_a_wave_that_recovered_nothing_has_no_time_that_the_fast_clock_blew_up() -> None:
    broken = wave("a/1", 0, 30, state="failed", vms=[vm("x", action=None)], steps=[step("restore", 0, 30)])
    assert measure(record(broken, clock=SIMULATED))["timeline"]["seconds"] == 0


def test_nothing_has_begun() -> None:
    found = measure({"waves": [wave("a/1", vms=[vm("x", action=None)])], "run": {}})
    assert found["timeline"]["seconds"] == 0
    assert only(found)["rto"]["state"] == "unknown"


def test_sweep_leaves_no_overlap() -> None:
    spans = [Span("wait", 0, 50), Span("checks", 20, 30), Span("restore", 5, 10), Span("restore", 10, 25), Span("pause", 9, 9)]
    assert sweep(spans) == [Span("wait", 0, 5), Span("restore", 5, 25), Span("checks", 25, 30), Span("wait", 30, 50)]
