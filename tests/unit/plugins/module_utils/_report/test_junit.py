# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.document import report_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._report.junit import as_junit
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._record.records import check, failed_vm, record, vm, wave
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._report.samples import build


def junit_of(found: dict[str, Any]) -> ET.Element:
    return ET.fromstring(as_junit(report_of(found)).split("\n", 1)[1])


def outcomes(root: ET.Element, suite: str) -> dict[str, str]:
    """What became of each test case: the type of its failure, skipped, or passed."""
    found = {}
    for case in root.findall(f"testsuite[@name='{suite}']/testcase"):
        failure, skipped = case.find("failure"), case.find("skipped")
        found[str(case.get("name"))] = str(failure.get("type")) if failure is not None else "skipped" if skipped is not None else "passed"
    return found


def test_a_suite_for_the_run_and_for_each_wave() -> None:
    root = junit_of(build())
    assert [suite.get("name") for suite in root] == [
        "drill-20260601t080000z",
        "office/identity",
        "shop/data",
        "shop/services",
        "office/files",
        "shop/web",
        "readiness",
    ]
    assert root.get("failures") == "0" and int(root.get("tests", "0")) == len(root.findall(".//testcase"))


@pytest.mark.parametrize("found", [build(), build(failing=True), build(simulated=True)], ids=["passed", "failed", "simulated"])
def test_numbers_are_those_of_the_cases(found: dict[str, Any]) -> None:
    root = junit_of(found)
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))
    assert int(root.get("failures", "")) == len(root.findall(".//failure"))


def test_failures_have_azures_words() -> None:
    bad = failed_vm("y")
    bad["failure"].update(request_id="r-1", operation="POST restore", hint="Look there.", problems=[{"code": "C", "message": "m"}])
    root = junit_of(record(wave("a/1", 0, 9, state="failed", vms=[vm("x"), bad], checks=[check("port", False, "/v/x"), check("boot")])))
    failure = root.find(".//testcase[@name='y']/failure")
    assert failure is not None and (failure.get("type"), failure.get("message")) == ("UserErrorGone", "It is gone.")
    assert failure.text == "\n".join(
        ["Code: UserErrorGone", "Message: It is gone.", "Operation: POST restore", "Request id: r-1", "What to do: Look there.", "Azure's validation: C: m"]
    )
    assert outcomes(root, "a/1") == {"x": "passed", "y": "UserErrorGone", "port on x": "CheckFailed", "boot": "passed"}


def test_objectives_cleanup_and_verdict() -> None:
    left = {"id": "/x/disk", "type": "t", "reason": "locked"}
    root = junit_of(record(wave("a/1", 0, 90, vms=[vm("x", point=None)]), cleanup={"state": "failed", "left": [left]}))
    assert outcomes(root, "drill-1") == {"verdict": "failed", "a: RTO": "ObjectiveMissed", "a: RPO": "ObjectiveNotProven", "cleanup": "NotRemoved"}


def test_what_was_not_reached_is_skipped_and_the_verdict_is_red() -> None:
    declined = wave("a/2", 9, 12, state="declined", reason="not today", pause={"name": "go", "decision": "declined", "by": "ops"}, vms=[vm("y", action=None)])
    root = junit_of(record(wave("a/1", 0, 9, vms=[vm("x")]), declined, wave("a/3", state="halted", reason="a/2 was declined", vms=[vm("z", action=None)])))
    assert outcomes(root, "a/2") == {"pause go": "Declined", "y": "skipped"}
    assert outcomes(root, "a/3") == {"z": "skipped"}
    assert outcomes(root, "drill-1")["verdict"] == "failed"


def test_services_that_were_only_validated_do_not_pass() -> None:
    services = [{"name": "apim", "validate_only": True, "action": "started", "failed": False, "note": "no drill service"}, {"name": "b", "action": "none"}]
    root = junit_of(record(wave("a/1", 0, 9, vms=[vm("x")], services=services)))
    assert outcomes(root, "a/1") == {"x": "passed", "apim": "skipped", "b": "passed"}


def test_readiness() -> None:
    findings = [{"check": "quota", "subject": "v", "state": state, "message": "m", "hint": "h"} for state in ("ok", "warning", "unknown", "failed")]
    root = junit_of(record(wave("a/1", 0, 9, vms=[vm("x")]), readiness=findings))
    assert len(root.findall("testsuite[@name='readiness']/testcase/failure")) == 2


def test_any_text_is_well_formed() -> None:
    found = record(wave("a/1", 0, 9, vms=[vm('<&"\x1b[31m\x00', point=-3)], checks=[check("]]>", False)]))
    found["run"]["by"] = "\ud800"
    root = junit_of(found)
    assert "a/1" in [suite.get("name") for suite in root]
