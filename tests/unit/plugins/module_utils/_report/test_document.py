# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON, and what is taken for a record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.document import NoRecord, as_json, parse_record, report_of
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._record.records import record, vm, wave
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._report.samples import build

SCHEMA = json.loads((Path(__file__).resolve().parents[5] / "docs" / "report-schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "found",
    [build(), build(failing=True), build(simulated=True), build(purpose="failover"), build((("a", "b", 1, 1, ()),))],
    ids=["passed", "failed", "simulated", "failover", "one VM"],
)
def test_report_is_as_documented(found: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    report = json.loads(as_json(report_of(found)))
    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert report["record"] == found


def test_schema_refuses_what_is_no_report() -> None:
    report = report_of(build())
    report["measures"]["applications"][0]["rto"]["state"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SCHEMA)


def test_same_record_makes_the_same_report() -> None:
    assert as_json(report_of(build())) == as_json(report_of(build()))


def test_a_run_that_nobody_finished_was_interrupted() -> None:
    run = {"state": "running", "started": "2026-06-01T08:00:00Z", "declared": "2026-06-01T08:00:00Z"}
    found = report_of(record(wave("a/1", 0, 9, vms=[vm("x")]), wave("a/2"), run=run, cleanup={"state": "pending"}))
    assert found["verdict"]["result"] == "failed"
    assert found["verdict"]["reasons"][0] == "The run was interrupted: 1 of 2 waves is done."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not the record"),
        ('{"schemaVersion": 1}', "is not the record"),
        ('{"id": "x", "purpose": "drill", "plan": {}, "run": {}, "waves": {}}', "is not the record"),
        ('{"version": 2, "id": "x", "purpose": "drill", "plan": {}, "run": {}, "waves": []}', "version 2"),
    ],
)
def test_what_is_no_record(text: str, words: str) -> None:
    with pytest.raises(NoRecord, match=words):
        parse_record(text, "x.json")
