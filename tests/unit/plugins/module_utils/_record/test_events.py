# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events and what they make of a record."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.events import apply, check_data, planned_waves, runnable_waves, summary
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._record.verdict import verdict

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._record.plans import (
    HASH,
    PAUSE,
    T0,
    T1,
    T2,
    T3,
    not_restored,
    restored,
    run_stage,
    stages,
    start,
    states,
    the_wave,
    wave,
)

TWO = stages([wave("shop/data", ["db"])], [wave("shop/web", ["web"], after=["shop/data"])])


def ended(record: dict[str, Any]) -> dict[str, Any]:
    record = apply(record, "cleaned", {"resources": [{"id": "/x/vm", "type": "vm", "changed": True, "failed": False}]}, T2)
    return apply(record, "finished", {}, T2)


def test_a_run_from_its_start_to_its_end() -> None:
    record = start(TWO)
    assert states(record) == {"shop/data": "pending", "shop/web": "pending"}
    record = run_stage(record, 1, restored("db"))
    assert states(record) == {"shop/data": "done", "shop/web": "pending"}
    record = ended(run_stage(record, 2, restored("web"), checks={"shop/web": [{"name": "port", "ok": True, "started": T0}]}))
    assert states(record) == {"shop/data": "done", "shop/web": "done"}
    assert record["run"]["state"] == "finished"
    assert record["run"]["attempts"] == [{"started": T0, "finished": T2}]
    web = the_wave(record, "shop/web")
    assert [(step["name"], step["started"], step["finished"]) for step in web["steps"]] == [("restore", T1, T1), ("checks", T0, T1)]
    vm = web["vms"][0]
    assert (vm["action"], vm["job_id"], vm["started"], vm["finished"], vm["seconds"]) == ("started", "job-web", T0, T1, 120.0)
    assert vm["recovery_point"] == {"name": "rp", "time": "2026-06-01T02:00:00Z"}
    assert verdict(record)["result"] == "passed"


def test_events_leave_the_record_that_they_are_given() -> None:
    record = start(TWO)
    before = deepcopy(record)
    run_stage(record, 1, not_restored("db"))
    start(TWO, record=record, now=T3)
    assert record == before


def test_a_vm_that_failed_fails_its_wave_and_halts_the_next() -> None:
    record = run_stage(start(TWO), 1, not_restored("db"))
    assert the_wave(record, "shop/data")["reason"] == "1 of 1 VM failed: db"
    record = run_stage(record, 2)
    assert states(record) == {"shop/data": "failed", "shop/web": "halted"}
    assert summary(record, 2)["halted"] == {"shop/web": "shop/data failed"}
    assert summary(record, 2)["runnable_waves"] == []
    assert verdict(ended(record))["result"] == "failed"


def test_a_vm_of_which_nothing_is_told_has_failed() -> None:
    record = run_stage(start(TWO), 1)
    assert the_wave(record, "shop/data")["vms"][0]["failure"]["code"] == "NoResult"
    assert states(record)["shop/data"] == "failed"


def test_a_check_that_failed_fails_its_wave() -> None:
    record = run_stage(start(TWO), 1, restored("db"), checks={"shop/data": [{"name": "port", "ok": True}, {"name": "rows", "ok": False}]})
    assert the_wave(record, "shop/data")["reason"] == "1 of 2 checks failed: rows"


def test_a_service_that_failed_fails_its_wave() -> None:
    planned = stages([wave("shop/api", api_management=[{"name": "apim", "restore": {"name": "standby"}, "validate_only": False, "note": "n"}])])
    record = apply(start(planned), "stage", {"stage": 1}, T1)
    result = {"name": "apim", "failed": True, "failure": {"code": "BackupExpired", "message": "too old"}}
    record = apply(record, "recovered", {"waves": ["shop/api"], "services": [result]}, T2)
    record = apply(record, "checked", {"waves": ["shop/api"]}, T2)
    wave_found = the_wave(record, "shop/api")
    assert wave_found["reason"] == "1 of 1 service failed: apim"
    assert wave_found["services"][0]["standby"] == "standby"
    assert wave_found["services"][0]["failure"]["code"] == "BackupExpired"


@pytest.mark.parametrize(
    ("action", "started", "leftover"),
    [("none", "2026-06-01T07:00:00Z", True), ("adopted", "2026-06-01T07:00:00Z", True), ("started", "2026-06-01T07:00:00Z", False), ("adopted", T0, False)],
)
def test_a_drill_proves_nothing_by_what_was_there_before(action: str, started: str, leftover: bool) -> None:
    record = run_stage(start(TWO), 1, restored("db", action, started=started))
    vm = the_wave(record, "shop/data")["vms"][0]
    assert (vm["failure"] or {}).get("code") == ("DrillLeftover" if leftover else None)
    assert vm["failed"] is leftover


def test_a_failover_takes_what_is_there() -> None:
    record = run_stage(start(TWO, "failover"), 1, restored("db", "none", started="2026-06-01T01:00:00Z"))
    assert states(record)["shop/data"] == "done"


class TestGoingOn:
    def killed(self) -> dict[str, Any]:
        """A failover that was killed in its second stage."""
        return apply(run_stage(start(TWO, "failover"), 1, restored("db")), "stage", {"stage": 2}, T1)

    def test_what_is_done_stays_as_it_was_told(self) -> None:
        killed = self.killed()
        record = start(TWO, "failover", killed, T2)
        assert record["run"]["declared"] == T0
        assert record["run"]["attempts"] == [{"started": T0, "finished": None}, {"started": T2, "finished": None}]
        record = run_stage(record, 1, restored("db", "none", started=None), now=T3)
        assert the_wave(record, "shop/data") == the_wave(killed, "shop/data")
        record = apply(run_stage(record, 2, restored("web", "adopted"), now=T3), "finished", {}, T3)
        assert states(record) == {"shop/data": "done", "shop/web": "done"}
        assert the_wave(record, "shop/web")["started"] == T1

    def test_a_finished_one_that_is_run_again_changes_nothing(self) -> None:
        record = apply(run_stage(start(stages(TWO[0]["waves"]), "failover"), 1, restored("db")), "finished", {}, T2)
        again = start(stages(TWO[0]["waves"]), "failover", record, T3)
        again = run_stage(again, 1, restored("db", "none"), now=T3)
        assert apply(again, "finished", {}, T3) == record

    def test_what_was_lost_since_is_told(self) -> None:
        planned = stages(TWO[0]["waves"])
        record = apply(run_stage(start(planned, "failover"), 1, restored("db")), "finished", {}, T2)
        again = run_stage(start(planned, "failover", record, T3), 1, restored("db", "started", job_id="second"), now=T3)
        again = apply(again, "finished", {}, T3)
        assert the_wave(again, "shop/data")["vms"][0]["job_id"] == "second"
        assert again["run"]["attempts"][-1] == {"started": T3, "finished": T3}
        assert (again["run"]["state"], the_wave(again, "shop/data")["finished"]) == ("finished", T3)

    def test_what_failed_is_tried_again(self) -> None:
        record = apply(run_stage(run_stage(start(TWO, "failover"), 1, not_restored("db")), 2), "finished", {}, T1)
        record = run_stage(run_stage(start(TWO, "failover", record, T2), 1, restored("db"), now=T3), 2, restored("web"), now=T3)
        assert states(record) == {"shop/data": "done", "shop/web": "done"}
        assert the_wave(record, "shop/data")["vms"][0]["failure"] is None

    def test_a_failover_takes_a_changed_plan(self) -> None:
        more = stages([wave("shop/data", ["db", "db2"])], TWO[1]["waves"])
        record = start(more, "failover", run_stage(start(TWO, "failover"), 1, restored("db")), T2)
        assert states(record) == {"shop/data": "pending", "shop/web": "pending"}
        assert [vm["action"] for vm in the_wave(record, "shop/data")["vms"]] == ["started", None]

    @pytest.mark.parametrize("purpose", ["drill", "failover"])
    def test_another_run_is_refused(self, purpose: str) -> None:
        other = "failover" if purpose == "drill" else "drill"
        with pytest.raises(OptionError, match=f"this is the record of a {purpose}"):
            start(TWO, other, start(TWO, purpose))

    def test_a_drill_that_has_ended_is_refused(self) -> None:
        with pytest.raises(OptionError, match="has ended"):
            start(TWO, record=ended(start(TWO)))

    def test_a_drill_of_a_changed_plan_is_refused(self) -> None:
        record = start(TWO)
        record["plan"]["hash"] = HASH + "0"
        with pytest.raises(OptionError, match="the plan has changed"):
            start(TWO, record=record)

    def test_the_time_of_declaration_is_of_the_first_attempt(self) -> None:
        record = start(TWO, declared="2026-06-01T07:00:00Z")
        assert start(TWO, record=record, declared=T3)["run"]["declared"] == "2026-06-01T07:00:00Z"
        with pytest.raises(OptionError, match="declared"):
            start(TWO, declared="yesterday")


class TestPauses:
    planned = stages([wave("shop/data", ["db"])], [wave("shop/web", ["web"], pause=PAUSE), wave("office/web", ["office"])])

    def waiting(self) -> dict[str, Any]:
        return apply(run_stage(start(self.planned), 1, restored("db")), "stage", {"stage": 2}, T1)

    def test_what_needs_nobody_does_not_wait(self) -> None:
        record = self.waiting()
        found = summary(record, 2)
        assert (found["state"], found["runnable_waves"]) == ("running", ["office/web"])
        assert found["waiting_for"] == [{**PAUSE, "waves": ["shop/web"], "text": "Start the shop? (go, before shop/web)"}]
        assert found["progress"] == "1 of 3 VMs recovered; 1 of 3 waves done"
        assert verdict(record)["result"] == "running"

    def test_the_run_waits_when_nothing_runs_any_more(self) -> None:
        record = apply(self.waiting(), "recovered", {"waves": ["office/web"], "vms": [restored("office")]}, T1)
        assert record["run"]["state"] == "running"
        record = apply(record, "checked", {"waves": ["office/web"], "checks": {}}, T1)
        assert states(record) == {"shop/data": "done", "shop/web": "waiting", "office/web": "done"}
        assert (record["run"]["state"], verdict(record)["result"]) == ("waiting", "waiting")

    def test_it_goes_on_when_approved(self) -> None:
        record = apply(apply(self.waiting(), "stopped", {}, T1), "stage", {"stage": 2, "approvals": {"go": "approve"}, "by": "operator"}, T2)
        pause = the_wave(record, "shop/web")["pause"]
        assert (pause["decision"], pause["by"], pause["at"], pause["seconds"]) == ("approved", "operator", T2, 600.0)
        assert runnable_waves(record, 2) == ["shop/web", "office/web"]
        assert record["run"]["state"] == "running"

    def test_another_attempt_goes_on_too(self) -> None:
        record = start(self.planned, record=apply(self.waiting(), "stopped", {}, T1), now=T2)
        record = run_stage(record, 1, restored("db", "none"), now=T2)
        record = apply(record, "stage", {"stage": 2, "approvals": {"go": True}}, T2)
        assert the_wave(record, "shop/web")["pause"]["seconds"] == 600.0
        assert runnable_waves(record, 2) == ["shop/web", "office/web"]

    def test_a_no_skips_the_wave_and_what_comes_after_it_whatever_on_failure_says(self) -> None:
        planned = stages([wave("shop/web", ["web"], pause=PAUSE, on_failure="continue"), wave("office/web", ["office"])], [wave("shop/api", ["api"])])
        record = run_stage(start(planned), 1, restored("office"), approvals={"go": "decline"}, by="operator")
        record = run_stage(record, 2)
        assert states(record) == {"shop/web": "declined", "office/web": "done", "shop/api": "halted"}
        assert the_wave(record, "shop/web")["reason"] == "operator declined go"

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({}, ["shop/data", "shop/web", "office/web"]),
            ({"go": "approve"}, ["shop/data", "shop/web", "office/web"]),
            ({"go": "no"}, ["shop/data", "office/web"]),
        ],
    )
    def test_what_would_run_is_known_beforehand(self, given: dict[str, str], expected: list[str]) -> None:
        record = start(self.planned)
        assert planned_waves(record, given, T1) == expected
        assert record == start(self.planned)

    def test_what_was_declined_is_asked_again_by_another_attempt(self) -> None:
        record = run_stage(start(self.planned, "failover"), 1, restored("db"))
        record = apply(apply(record, "stage", {"stage": 2, "approvals": {"go": "no"}}, T1), "finished", {}, T1)
        record = apply(start(self.planned, "failover", record, T2), "stage", {"stage": 2}, T2)
        assert [question["name"] for question in summary(record, 2)["waiting_for"]] == ["go"]

    def test_what_is_halted_is_not_asked(self) -> None:
        record = apply(run_stage(start(self.planned), 1, not_restored("db")), "stage", {"stage": 2}, T1)
        assert states(record) == {"shop/data": "failed", "shop/web": "halted", "office/web": "running"}

    @pytest.mark.parametrize(
        ("given", "words"), [({"og": "approve"}, "no pause 'og'; it has go"), ({"go": "perhaps"}, "approvals.go.*no decision"), ("go", "no mapping")]
    )
    def test_a_typing_error_is_refused_at_the_start(self, given: Any, words: str) -> None:
        with pytest.raises(OptionError, match=words):
            start(self.planned, approvals=given)


HALTING = stages(
    [wave("a/one", ["a1"]), wave("b/one", ["b1"]), wave("c/one", ["c1"])],
    [wave("a/two", ["a2"]), wave("b/two", ["b2"], after=["a/one"]), wave("c/two", ["c2"])],
    [wave("b/three", ["b3"], on_failure="continue"), wave("c/three", ["c3"], after=["b/two"])],
)


@pytest.mark.parametrize(("on_failure", "stopped"), [("halt", {"a/two", "b/two", "b/three", "c/three"}), ("continue", set())])
def test_a_failure_halts_its_application_and_what_depends_on_it(on_failure: str, stopped: set[str]) -> None:
    planned = deepcopy(HALTING)
    planned[0]["waves"][0]["on_failure"] = on_failure
    record = run_stage(start(planned), 1, not_restored("a1"), restored("b1"), restored("c1"))
    record = run_stage(record, 2, *map(restored, ("a2", "b2", "c2")))
    record = run_stage(record, 3, *map(restored, ("b3", "c3")))
    assert {wave_id: state for wave_id, state in states(record).items() if state != "done"} == {"a/one": "failed", **dict.fromkeys(stopped, "halted")}


class TestCleaning:
    def test_what_could_not_be_removed_is_told(self) -> None:
        resources = [
            {"id": "/x/vm", "type": "vm", "changed": True, "failed": False},
            {"id": "/x/disk", "type": "disk", "changed": False, "failed": True, "failure": {"message": "It is locked."}},
        ]
        record = apply(start(TWO), "cleaned", {"resources": resources, "kept": ["/x/other"], "started": T1}, T2)
        cleanup = record["cleanup"]
        assert (cleanup["state"], cleanup["started"], cleanup["finished"]) == ("failed", T1, T2)
        assert cleanup["removed"] == [{"id": "/x/vm", "type": "vm"}]
        assert [(entry["id"], entry["reason"]) for entry in cleanup["left"]] == [
            ("/x/disk", "It is locked."), ("/x/other", "it carries the tags, but is of a type that is never removed"),
        ]

    def test_the_second_time_tells_of_both(self) -> None:
        first = apply(start(TWO), "cleaned", {"resources": [{"id": "/x/vm", "type": "vm", "changed": True, "failed": False}], "failure": "no network"}, T1)
        assert first["cleanup"]["state"] == "failed"
        second = apply(first, "cleaned", {"resources": [{"id": "/x/disk", "type": "disk", "changed": True, "failed": False}]}, T2)
        assert second["cleanup"]["state"] == "done"
        assert [entry["id"] for entry in second["cleanup"]["removed"]] == ["/x/vm", "/x/disk"]
        assert apply(second, "cleaned", {"resources": []}, T3) == second

    def test_a_killed_run_that_was_cleaned_up_was_interrupted(self) -> None:
        killed = apply(run_stage(start(TWO), 1, restored("db")), "stage", {"stage": 2}, T1)
        record = apply(killed, "cleaned", {"resources": [], "ends": True}, T2)
        assert states(record) == {"shop/data": "done", "shop/web": "failed"}
        found = verdict(record)
        assert found["result"] == "failed"
        assert "interrupted" in found["reasons"][0]

    def test_a_run_that_ends_early_says_what_it_did_not_come_to(self) -> None:
        record = apply(apply(start(TWO), "stage", {"stage": 1}, T1), "finished", {}, T2)
        assert states(record) == {"shop/data": "failed", "shop/web": "skipped"}
        assert the_wave(record, "shop/data")["steps"][0]["finished"] == T2


@pytest.mark.parametrize(
    ("event", "data", "words"),
    [
        ("start", {"id": "x"}, "'start' needs 'purpose'"),
        ("stage", {}, "'stage' needs 'stage'"),
        ("stage", {"stage": "one"}, "is not the number of a stage"),
        ("checked", {}, "'checked' needs 'waves'"),
    ],
)
def test_an_event_that_says_too_little_is_refused(event: str, data: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        check_data(event, data)


def test_without_a_record_there_is_no_run() -> None:
    with pytest.raises(OptionError, match="no record"):
        apply(None, "stage", {"stage": 1}, T0)


def test_an_unknown_wave_is_refused() -> None:
    with pytest.raises(OptionError, match="no wave 'shop/cache'"):
        apply(start(TWO), "recovered", {"waves": ["shop/cache"]}, T0)
