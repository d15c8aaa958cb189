# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML, for Jenkins, GitLab and whatever else reads it: a suite for each wave, and one for the run as a whole. Pure."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from .._arm.timestamps import parse_time
from .._words import duration
from .texts import failure_text, recovery_of, short_name

Report = Mapping[str, Any]

_NOT_XML = re.compile("[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


@dataclass
class Case:
    """One test case; ``failure`` and ``skipped`` are (short, long) and the reason."""

    name: str
    kind: str
    seconds: float | None = None
    failure: tuple[str, str, str] | None = None
    skipped: str | None = None
    output: str = ""


@dataclass
class Suite:
    name: str
    cases: list[Case] = field(default_factory=list)
    seconds: float | None = None
    started: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


def as_junit(report: Report) -> str:
    record = report["record"]
    timed = {entry["id"]: entry for entry in report["measures"]["timeline"]["waves"]}
    suites = [_run_suite(report), *(_wave_suite(wave, timed[wave["id"]]) for wave in record["waves"])]
    if record.get("readiness"):
        suites.append(_readiness_suite(record["readiness"]))
    root = ET.Element("testsuites", {"name": _clean(f"{record['purpose']} {record['id']}"), **_counts([case for suite in suites for case in suite.cases])})
    root.set("time", _seconds(report["measures"]["timeline"]["seconds"]))
    for suite in suites:
        _write_suite(root, suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _run_suite(report: Report) -> Suite:
    record, found = report["record"], report["verdict"]
    words = "\n".join(found["reasons"])
    cases = [Case("verdict", "run", failure=None if found["result"] == "passed" else (found["result"], f"The {record['purpose']} has not passed.", words))]
    for application in report["measures"]["applications"]:
        cases += [_objective(application["name"], key, application[key]) for key in ("rto", "rpo")]
    cleanup = record.get("cleanup") or {}
    if record["purpose"] == "drill":
        left = cleanup.get("left") or []
        text = "\n".join(f"{entry['id']}: {entry.get('reason') or 'left'}" for entry in left)
        state = cleanup.get("state")
        fine = state in ("done", "not_needed") and not left
        cases.append(Case("cleanup", "run", failure=None if fine else ("NotRemoved", f"What the drill made is not all removed: {state}.", text)))
    plan, run = record["plan"], record["run"]
    properties = {
        "plan": plan.get("name"),
        "plan_hash": plan.get("hash"),
        "environment": record.get("environment"),
        "clock": (record.get("clock") or {}).get("kind"),
        "run_by": run.get("by"),
        "host": run.get("host"),
    }
    return Suite(record["id"], cases, report["measures"]["timeline"]["seconds"], run.get("started"), properties)


def _objective(application: str, key: str, found: Mapping[str, Any]) -> Case:
    name, measured, objective = key.upper(), found["measured_seconds"], found["objective_seconds"]
    case = Case(f"{application}: {name}", "objectives")
    told = "not measured" if measured is None else f"{duration(measured)} ({measured:g} s)"
    aim = "no objective" if objective is None else f"the objective is {duration(objective)} ({objective:g} s)"
    case.output = f"{name}: {told}; {aim}."
    if found["state"] == "missed":
        case.failure = ("ObjectiveMissed", case.output, case.output)
    elif found["state"] == "unknown" and objective is not None:
        case.failure = ("ObjectiveNotProven", f"{name}: not proven: {found['reason']}.", case.output)
    elif objective is None:
        case.skipped = case.output
    return case


def _wave_suite(wave: Mapping[str, Any], times: Mapping[str, Any]) -> Suite:
    cases = []
    pause = wave.get("pause")
    if pause:
        case = Case(f"pause {pause['name']}", "pause", pause.get("seconds"))
        by = pause.get("by") or "nobody known"
        if pause.get("decision") == "declined":
            case.failure = ("Declined", f"Declined by {by}.", str(wave.get("reason") or ""))
        elif pause.get("decision") is None:
            case.skipped = "Nobody has decided."
        else:
            case.output = f"Approved by {by}, {pause.get('at') or 'at an unknown time'}."
        cases.append(case)
    states = {vm["id"]: vm for vm in times["vms"]}
    cases += [_vm_case(vm, states[vm["id"]], wave) for vm in wave.get("vms") or []]
    cases += [_service_case(service, wave) for service in wave.get("services") or []]
    cases += [_check_case(check) for check in wave.get("checks") or []]
    length = None if times["end_seconds"] is None else times["end_seconds"] - (times["start_seconds"] or 0)
    return Suite(wave["id"], cases, length, wave.get("started"), {"state": wave.get("state"), "stage": wave.get("stage")})


def _vm_case(vm: Mapping[str, Any], times: Mapping[str, Any], wave: Mapping[str, Any]) -> Case:
    case = Case(vm["name"], "virtual_machine", times["seconds"], output=recovery_of(vm))
    if vm.get("failed"):
        case.failure = _failure(vm)
    elif times["state"] != "recovered":
        case.skipped = f"{times['state']}: {wave.get('reason') or 'nothing was recovered'}"
    return case


def _service_case(service: Mapping[str, Any], wave: Mapping[str, Any]) -> Case:
    case = Case(service["name"], "api_management", service.get("seconds"), output=str(service.get("note") or ""))
    if service.get("failed"):
        case.failure = _failure(service)
    elif service.get("validate_only"):
        case.skipped = f"validated only: {service.get('note') or 'a drill does not touch the standby'}"
    elif not service.get("action"):
        case.skipped = f"{wave.get('state')}: {wave.get('reason') or 'nothing was restored'}"
    return case


def _failure(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    failure = entry.get("failure") or {}
    return str(failure.get("code") or "Failed"), str(failure.get("message") or "It failed without a word."), failure_text(failure)


def _check_case(check: Mapping[str, Any]) -> Case:
    where = f" on {short_name(check['vm'])}" if check.get("vm") else ""
    case = Case(f"{check['name']}{where}", f"check.{check['kind']}", check.get("seconds"))
    message = str(check.get("message") or "")
    if check.get("ok"):
        case.output = message
    else:
        case.failure = ("CheckFailed", message or "The check failed.", f"{message}\nAttempts: {check.get('attempts') or 1}")
    return case


def _readiness_suite(findings: Sequence[Mapping[str, Any]]) -> Suite:
    cases = []
    for finding in findings:
        case = Case(f"{finding['check']}: {finding['subject']}", "readiness")
        words = f"{finding['message']} {finding.get('hint') or ''}".strip()
        if finding["state"] in ("failed", "unknown"):
            case.failure = (f"Readiness{str(finding['state']).title()}", str(finding["message"]), words)
        else:
            case.output = words
        cases.append(case)
    return Suite("readiness", cases)


def _write_suite(root: ET.Element, suite: Suite) -> None:
    element = ET.SubElement(root, "testsuite", {"name": _clean(suite.name), **_counts(suite.cases), "time": _seconds(suite.seconds)})
    moment = parse_time(suite.started)
    if moment:
        element.set("timestamp", moment.strftime("%Y-%m-%dT%H:%M:%S"))
    known = {name: value for name, value in suite.properties.items() if value is not None}
    if known:
        properties = ET.SubElement(element, "properties")
        for name, value in known.items():
            ET.SubElement(properties, "property", {"name": name, "value": _clean(str(value))})
    for case in suite.cases:
        entry = ET.SubElement(
            element, "testcase", {"name": _clean(case.name), "classname": _clean(f"{suite.name}.{case.kind}".replace("/", ".")), "time": _seconds(case.seconds)}
        )
        if case.failure:
            kind, message, text = (_clean(part) for part in case.failure)
            ET.SubElement(entry, "failure", {"type": kind, "message": message}).text = text
        elif case.skipped:
            ET.SubElement(entry, "skipped", {"message": _clean(case.skipped)})
        if case.output:
            ET.SubElement(entry, "system-out").text = _clean(case.output)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failed = sum(case.failure is not None for case in cases)
    skipped = sum(case.failure is None and case.skipped is not None for case in cases)
    return {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": str(skipped)}


def _seconds(value: float | None) -> str:
    return f"{value or 0:.1f}"


def _clean(text: str) -> str:
    """Without characters that XML cannot have, such as the escapes of a console."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
