# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes, what fails, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.verdict import verdict
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._record.records import check, failed_vm, record, vm, wave

RUNNING = {"state": "running", "started": "2026-06-01T08:00:00Z", "declared": "2026-06-01T08:00:00Z"}
LEFT = {"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/disk-1", "type": "disk", "reason": "locked"}


def good(**more: Any) -> dict[str, Any]:
    return wave("a/1", 0, 30, vms=[vm("x"), vm("y")], checks=[check("port")], **more)


def test_passed_says_what_was_proven() -> None:
    assert verdict(record(good())) == {
        "result": "passed",
        "reasons": [
            "2 VMs were recovered in 1 wave.",
            "1 check passed.",
            "a met its RTO: 30 min, the objective is 1 h 00 min.",
            "a met its RPO: 30 min, the objective is 1 h 00 min.",
            "Everything that the drill made was removed: 1 resource.",
        ],
    }


def test_of_many_applications_the_closest_is_told() -> None:
    waves = [wave(f"{name}/1", 0, 10 + number, vms=[vm(name, point=-40 + number)]) for number, name in enumerate("abcd")]
    assert verdict(record(*waves))["reasons"][2:4] == [
        "4 applications met their RTO. The closest: d met its RTO: 13 min, the objective is 1 h 00 min.",
        "4 applications met their RPO. The closest: a met its RPO: 40 min, the objective is 1 h 00 min.",
    ]


def test_a_failover_need_not_be_cleaned_up() -> None:
    found = verdict(record(good(), purpose="failover", cleanup={"state": "not_needed"}))
    assert found["result"] == "passed" and not any("removed" in reason for reason in found["reasons"])


def test_what_was_not_shown_is_said_although_it_passed() -> None:
    services = [{"name": "apim", "validate_only": True, "backup": None}, {"name": "portal", "backup": {"time": "2026-06-01T07:50:00Z"}}]
    found = verdict(record(wave("a/1", 0, 30, vms=[vm("x")], services=services)))
    assert found["result"] == "passed"
    assert found["reasons"][1:4] == [
        "1 API Management service was recovered: portal.",
        "1 API Management service was validated only, not restored: apim.",
        "No check was made: that what was recovered works is not shown.",
    ]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (record(wave("a/1", 0, 9, state="failed", vms=[vm("x"), failed_vm("y")])), "1 of 2 VMs was not recovered: y (UserErrorGone)."),
        (
            record(wave("a/1", 0, 9, state="failed", vms=[failed_vm(f"v{number}") for number in range(7)])),
            "7 of 7 VMs were not recovered: " + ", ".join(f"v{number} (UserErrorGone)" for number in range(5)) + " and 2 more.",
        ),
        (record(good(services=[{"name": "apim", "failed": True, "failure": {}}])), "1 of 1 API Management service was not recovered: apim (failed)."),
        (
            record(wave("a/1", 0, 9, state="failed", vms=[vm("x")], checks=[check("port", False, "/x/vms/x"), check("web", False), check("boot")])),
            "2 of 3 checks failed: port on x, web.",
        ),
        (record(good(), wave("a/2", state="declined", pause={"by": "ops", "name": "go"}, reason="not today")), "Wave a/2 was declined by ops at the pause go."),
        (record(wave("a/1", 0, 9, state="failed", reason="no answer.", vms=[vm("x")])), "Wave a/1 failed: no answer."),
        (record(good(), wave("a/2", state="halted"), wave("a/3", state="halted")), "2 waves were halted: a/2, a/3."),
        (record(good(), wave("a/2")), "1 wave was not started: a/2."),
        (record(good(), rto=29), "a missed its RTO: 30 min, the objective is 29 min."),
        (record(good(), rpo=20), "a missed its RPO: 30 min, the objective is 20 min."),
        (record(good(), wave("a/2")), "Not proven: RTO of a, RPO of a, since 1 of 2 waves is not done: a/2."),
        (record(*(wave(f"{name}/1") for name in "abcd")), "8 objectives are not proven: RTO of a, RPO of a, RTO of b, RPO of b, RTO of c and 3 more."),
        (record(wave("a/1", 0, 9, vms=[vm("x", point=None)])), "Not proven: RPO of a, since the time of the recovery point of x is not known."),
        (record(good(), cleanup={"state": "failed", "left": [LEFT]}), "1 resource was not removed: disk-1."),
        (record(good(), cleanup={"state": "done", "left": [LEFT]}), "1 resource was not removed: disk-1."),
        (record(good(), cleanup={"state": "failed", "left": [{"id": "", "reason": "db is still being restored."}]}), "db is still being restored."),
        (record(good(), cleanup={"state": "failed", "left": []}), "What the drill made could not be removed."),
        (record(good(), cleanup={"state": "pending"}), "What the drill made was not removed."),
        (record(), "Nothing was recovered: no wave has a VM or a service."),
        (record(good(), run=RUNNING), "The run was interrupted: 1 of 1 wave is done."),
    ],
)
def test_failed_says_why(found: dict[str, Any], reason: str) -> None:
    given = verdict(found, over=True)
    assert given["result"] == "failed"
    assert reason in given["reasons"]


def test_a_failure_is_told_once() -> None:
    assert verdict(record(wave("a/1", 0, 9, state="failed", vms=[failed_vm("y")]), rto=None, rpo=None))["reasons"] == [
        "1 of 1 VM was not recovered: y (UserErrorGone)."
    ]


def test_running_waiting_and_interrupted() -> None:
    waiting = wave("a/2", state="waiting", pause={"name": "go", "message": "Start the shop?"})
    assert verdict(record(good(), wave("a/2"), run=RUNNING, cleanup={"state": "pending"})) == {"result": "running", "reasons": ["1 of 2 waves is done."]}
    assert verdict(record(good(), waiting, run={**RUNNING, "state": "waiting"}, cleanup={"state": "pending"})) == {
        "result": "waiting",
        "reasons": ["Wave a/2 waits for a person to decide about go: Start the shop?", "1 of 2 waves is done."],
    }
    assert verdict(record(good(), wave("a/2"), run=RUNNING))["reasons"][0] == "The run was interrupted: 1 of 2 waves is done."
