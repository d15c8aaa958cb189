# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From checks and recovered VMs to what is to be done, one job for each check and VM, and back to the results of the record."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._arm.errors import OptionError
from .spec import EACH, WAVE, Check, read_checks

Job = dict[str, Any]
"""{number, name, kind, vm: id of the VM that was recovered or None, recovered: {id, name, resource_group} or None, address, timeout, options, problem}."""

ADDRESS, NAME = "{address}", "{name}"
ENDPOINTS = ("tcp", "http")
WITH_PORT = ("url", "connect_to")


def work_of(
    checks: Sequence[Mapping[str, Any]], vms: Sequence[Mapping[str, Any]], states: Sequence[Mapping[str, Any]] | None = None, unread: str = ""
) -> dict[str, Any]:
    """The jobs, sorted by who does them."""
    jobs = make_jobs(checks, vms, states, unread)
    able = [job for job in jobs if job["problem"] is None]
    return {
        "jobs": jobs,
        "vm": sorted({job["recovered"]["id"] for job in able if job["recovered"]}),
        "boot_logs": [_boot_log_of(job) for job in able if job["kind"] == "boot_diagnostics"],
        "endpoints": [] if states is None else [_endpoint_of(job) for job in able if job["kind"] in ENDPOINTS],
        "commands": [job for job in able if job["kind"] == "command"],
        "roles": [job for job in able if job["kind"] == "role"],
    }


def results_of(
    work: Mapping[str, Any],
    boot_logs: Sequence[Mapping[str, Any]] = (),
    endpoints: Sequence[Mapping[str, Any]] = (),
    others: Sequence[Mapping[str, Any]] = (),
    unmade: str = "",
    check_mode: bool = False,
) -> list[dict[str, Any]]:
    """The entries of the record for all jobs, from what those who did them tell."""
    jobs = work["jobs"]
    # Logs were looked for before it was known whether the VMs can be read.
    booted = [job["number"] for job in jobs if job["kind"] == "boot_diagnostics" and job["recovered"]]
    answered = [job["number"] for job in jobs if job["kind"] in ENDPOINTS and job["problem"] is None]
    told = {**dict(zip(booted, boot_logs)), **dict(zip(answered, endpoints)), **{int(one["number"]): one for one in others}}
    return [result_of(job, told.get(int(job["number"])), unmade=unmade, check_mode=check_mode) for job in jobs]


def make_jobs(
    checks: Sequence[Mapping[str, Any]], vms: Sequence[Mapping[str, Any]], states: Sequence[Mapping[str, Any]] | None = None, unread: str = ""
) -> list[Job]:
    """One job for each check and VM. ``states`` is what vm_boot_info told of the recovered VMs; without it no address is filled in.

    ``unread`` is why it told nothing of any.
    """
    known = {str(vm["id"]).lower(): vm for vm in vms}
    found = None if states is None else {str(state["id"]).lower(): state for state in states}
    jobs: list[Job] = []
    for number, check in enumerate(read_checks(checks)):
        for vm_id, vm in _subjects(check, known, f"checks[{number}]"):
            jobs.append(_job(len(jobs), check, vm_id, vm, found, unread))
    return jobs


def _subjects(check: Check, known: Mapping[str, Mapping[str, Any]], place: str) -> list[tuple[str | None, Mapping[str, Any] | None]]:
    """The VMs that the check is made for: the id that the result names, and the VM, None when it was not recovered."""
    ids = [str(vm["id"]) for vm in known.values()] if check.vm_ids is None else list(check.vm_ids)
    vms = [known.get(one.lower()) for one in ids]
    if check.on == EACH:
        return [(one if vm is None else str(vm["id"]), vm) for one, vm in zip(ids, vms)]
    if not _has(check.options, ADDRESS) and not _has(check.options, NAME):
        return [(None, None)]
    if len(vms) != 1 or vms[0] is None:
        raise OptionError(f"{place}.options", f"{ADDRESS} and {NAME} are those of one VM, and this check is made once for {len(ids)}")
    return [(None, vms[0])]


def _job(
    number: int, check: Check, vm_id: str | None, vm: Mapping[str, Any] | None, states: Mapping[str, Mapping[str, Any]] | None, unread: str
) -> Job:
    recovered = dict((vm or {}).get("recovered") or {})
    job: Job = {"number": number, "name": check.name, "kind": check.kind, "vm": vm_id, "recovered": recovered or None, "address": None}
    job.update(timeout=check.timeout, options=dict(check.options), problem=None, on=check.on)
    if check.on == EACH and not recovered.get("id"):
        return {**job, "problem": "The VM was not recovered, so it is not checked."}
    if states is None or not recovered:
        return job
    state = states.get(str(recovered["id"]).lower()) or {}
    failure: Mapping[str, Any] = state.get("failure") or {}
    addresses = state.get("private_ip_addresses") or []
    job["address"] = addresses[0] if addresses else None
    if failure or unread:
        job["problem"] = f"The recovered VM could not be read: {unread or failure.get('message')}"
    elif not addresses and needs_address(job):
        job["problem"] = "The recovered VM has no private IP address."
    else:
        job["options"] = _filled(job["options"], {ADDRESS: str(job["address"] or ""), NAME: str(recovered.get("name") or "")}, check.kind)
    return job


def needs_address(job: Job) -> bool:
    """Whether there is no way to make the check without the VM's address."""
    options = job["options"]
    if _has(options, ADDRESS):
        return True
    if job["on"] == WAVE or job["kind"] not in ("tcp", "command", "role"):
        return False
    if job["kind"] == "tcp":
        return not options.get("host")
    connection = options.get("connection") or {}
    return job["kind"] == "command" and not connection.get("ansible_host") and connection.get("ansible_connection") != "local"


def _endpoint_of(job: Job) -> dict[str, Any]:
    """The entry of endpoint_check's option checks."""
    options = dict(job["options"])
    if job["kind"] == "tcp":
        options.setdefault("host", job["address"])
    # One place for the name and the VM in what the module tells while it waits.
    name = job["name"] + (f" ({job['recovered']['name']})" if job["recovered"] else "")
    return {"name": name, job["kind"]: options, "timeout": f"{job['timeout']}s"}


def _boot_log_of(job: Job) -> dict[str, Any]:
    """The entry of vm_boot_info's option boot_log."""
    return {**job["options"], "vm": [job["recovered"]["id"]], "timeout": f"{job['timeout']}s"}


def _has(value: Any, field: str) -> bool:
    if isinstance(value, Mapping):
        return any(_has(one, field) for one in value.values())
    if isinstance(value, (list, tuple)):
        return any(_has(one, field) for one in value)
    return isinstance(value, str) and field in value


def _filled(value: Any, fields: Mapping[str, str], kind: str) -> Any:
    """The options with the fields filled in, wherever they stand. Other braces stay as they are: commands are full of them."""
    if isinstance(value, Mapping):
        # Where a port may follow, addresses of version 6 stand in brackets.
        return {name: _filled(one, _bracketed(fields) if kind == "http" and name in WITH_PORT else fields, kind) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(one, fields, kind) for one in value]
    if not isinstance(value, str):
        return value
    for field, text in fields.items():
        value = value.replace(field, text)
    return value


def _bracketed(fields: Mapping[str, str]) -> dict[str, str]:
    address = fields[ADDRESS]
    return {**fields, ADDRESS: f"[{address}]" if ":" in address else address}


def result_of(job: Job, told: Mapping[str, Any] | None, *, unmade: str = "", check_mode: bool = False) -> dict[str, Any]:
    """The entry of the record for a job; ``told`` is {ok, message, attempts, seconds, started, finished} as the module or the role says.

    ``unmade`` is why there is nothing of that.
    """
    entry: dict[str, Any] = {"name": job["name"], "kind": job["kind"], "vm": job["vm"]}
    nothing: dict[str, Any] = {"started": None, "finished": None, "seconds": 0.0, "attempts": 0}
    if job["problem"]:
        return {**entry, "ok": False, "message": job["problem"], **nothing}
    if check_mode:
        return {**entry, "ok": None, "message": "Not made in check mode.", **nothing}
    if told is None:
        return {**entry, "ok": False, "message": unmade or "It was not made; the output of the run says why.", **nothing}
    return {**entry, "ok": bool(told["ok"]), "message": str(told["message"]), **{name: told.get(name, empty) for name, empty in nothing.items()}}
