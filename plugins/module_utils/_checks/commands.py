# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in recovered VMs: as which host a VM is reached, what one try came to, and what is to be tried again."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any, Iterable, Mapping, Sequence

from .._arm.redact import redact
from .._arm.timestamps import format_time
from .jobs import Job

Told = dict[str, Any]
"""{number, ok, message, attempts, seconds, started, finished}."""

LAST_LINES = 3
SHORTEST_TRY = 10
"""Seconds that a try has at least: connecting alone takes some."""
LONGEST_MESSAGE = 500

# What tells how to connect, and none of the facts that have names like it.
_EXACT = {
    "ansible_connection",
    "ansible_port",
    "ansible_user",
    "ansible_password",
    "ansible_private_key_file",
    "ansible_python_interpreter",
    "ansible_remote_tmp",
    "ansible_timeout",
    "ansible_pipelining",
    "ansible_async_dir",
    "ansible_host_key_checking",
}
_PREFIXES = (
    "ansible_ssh_",
    "ansible_become",
    "ansible_shell_",
    "ansible_winrm_",
    "ansible_psrp_",
    "ansible_paramiko_",
    "ansible_libssh_",
    "ansible_sftp_",
    "ansible_scp_",
    "ansible_docker_",
    "ansible_podman_",
    "ansible_aws_ssm_",
)
_FACTS = ("ansible_ssh_host",)
_NOT_IN_HOST_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


def host_of(job: Job) -> str:
    """The host in the inventory by which the VM is reached; no other host has such a name, above all not the VM that was recovered."""
    recovered = job["recovered"] or {}
    place = "-".join(str(recovered.get(name) or "") for name in ("resource_group", "name")) if recovered else "wave"
    return _NOT_IN_HOST_NAMES.sub("-", f"check-vms-{job['number']}-{place}").lower()


def connections(jobs: Sequence[Job], inventory: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each job that needs a host: {number, host, address, windows, variables: [{key, value}], problem}."""
    needing = [job for job in jobs if job["kind"] == "command" or job["options"].get("connection")]
    stand_ins = _stand_ins(needing, inventory)
    return [_connection(job, stand_ins.get(str(job["vm"]).lower())) for job in needing]


def _connection(job: Job, stand_in: Mapping[str, Any] | None) -> dict[str, Any]:
    given = job["options"].get("connection") or stand_in
    variables = {str(name): value for name, value in (given or {}).items() if name != "ansible_host"}
    address = (job["options"].get("connection") or {}).get("ansible_host") or job["address"] or ""
    shell = str(variables.get("ansible_shell_type") or "").lower()
    connection = str(variables.get("ansible_connection") or "").rpartition(".")[2].lower()
    entry: dict[str, Any] = {"number": job["number"], "host": host_of(job), "address": address, "problem": None}
    entry["windows"] = shell in ("powershell", "cmd") or connection in ("winrm", "psrp")
    entry["variables"] = [{"key": name, "value": value} for name, value in variables.items()]
    if given is None:
        entry["problem"] = "How to connect is not known: give the check a connection, or the inventory a host with the variable vm_id or the name of the VM."
    return entry


def _stand_ins(jobs: Sequence[Job], inventory: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """How to connect to the hosts that stand for these VMs, by the VMs' ids in lower case."""
    wanted = {str(job["vm"]).lower() for job in jobs if job["vm"] and not job["options"].get("connection")}
    if not wanted:
        return {}
    names = {one.rsplit("/", 1)[-1]: one for one in wanted}
    found: dict[str, dict[str, Any]] = {}
    for host in inventory:
        variables = inventory[host]
        own = str(variables.get("vm_id") or variables.get("id") or "").lower()
        # An id says more than a name, which other VMs may have.
        if own in wanted or (not own and host.lower() in names and names[host.lower()] not in found):
            found[own or names[host.lower()]] = {name: variables[name] for name in variables if _connects(str(name))}
    return found


def _connects(name: str) -> bool:
    return (name in _EXACT or name.startswith(_PREFIXES)) and not name.startswith(_FACTS)


def to_try(jobs: Sequence[Job], hosts: Sequence[Mapping[str, Any]], told: Sequence[Told], elapsed: float, interval: float) -> list[dict[str, Any]]:
    """The commands that are due: each once, and again while it fails and its time is not over. ``left`` are its seconds."""
    ended = {one["number"]: one for one in told}
    places = {host["number"]: host for host in hosts}
    due: list[dict[str, Any]] = []
    for job in jobs:
        before, host = ended.get(job["number"]), places[job["number"]]
        left = job["timeout"] - elapsed
        if host["problem"] or (before is not None and (before["ok"] or left < interval)):
            continue
        entry = {"number": job["number"], "name": job["name"], "host": host["host"], "windows": host["windows"], "cmd": job["options"]["cmd"]}
        due.append({**entry, "left": max(SHORTEST_TRY, int(left))})
    return due


def tell(told: Sequence[Told], results: Iterable[Mapping[str, Any]], hosts: Sequence[Mapping[str, Any]], began: float, now: float) -> list[Told]:
    """What is told of each command after one more try; ``results`` are the items of Ansible's loops, the later ones more telling."""
    known = {one["number"]: one for one in told}
    latest: dict[int, Mapping[str, Any]] = {}
    for result in results:
        item = result.get("item") or {}
        if "number" not in item and "item" in item:
            item = item["item"]
        if "number" in item:
            latest[int(item["number"])] = result
    for number, result in latest.items():
        ok, message = verdict(result)
        attempts = int((known.get(number) or {}).get("attempts") or 0) + 1
        known[number] = _told(number, ok, message, attempts, began, now)
    for host in hosts:
        if host["problem"] and host["number"] not in known:
            known[host["number"]] = _told(host["number"], False, host["problem"], 0, began, began)
    return [known[number] for number in sorted(known)]


def verdict(result: Mapping[str, Any]) -> tuple[bool, str]:
    """How one try of a command went, in words."""
    if result.get("unreachable"):
        return False, _short(f"The VM cannot be reached: {result.get('msg') or 'Ansible does not say why'}")
    code = None if "module_stderr" in result or "module_stdout" in result else result.get("rc")
    if code is None:
        if _is_late(result):
            return False, "The command did not end in time."
        return False, _short(f"The command could not be run: {_last_lines(result.get('module_stderr')) or result.get('msg') or 'Ansible does not say why'}")
    if int(code) == 0:
        return True, "The command ended with 0."
    said = _last_lines(result.get("stderr")) or _last_lines(result.get("stdout"))
    return False, _short(f"The command ended with {code}" + (f": {said}" if said else "."))


def _is_late(result: Mapping[str, Any]) -> bool:
    """Whether the command was still running when its time was over, in the words of async_status, of what it watches, and of the keyword timeout."""
    said = str(result.get("msg") or "")
    running = bool(result.get("ansible_job_id")) and not result.get("finished") and not result.get("failed")
    return running or said.startswith("Timeout exceeded") or "expected time frame" in said or "timedout" in result


def role_told(number: int, failure: Mapping[str, Any] | None, began: float, now: float) -> Told:
    """What is told of a role; ``failure`` is the result of the task that failed in it."""
    if failure is None:
        return _told(number, True, "The role ended well.", 1, began, now)
    said = failure.get("msg") or _last_lines(failure.get("stderr")) or "it does not say why"
    return _told(number, False, _short(f"The role failed: {said}"), 1, began, now)


def _told(number: int, ok: bool, message: str, attempts: int, began: float, now: float) -> Told:
    times = {"started": _stamp(began), "finished": _stamp(now)}
    return {"number": number, "ok": ok, "message": message, "attempts": attempts, "seconds": round(max(0.0, now - began), 1), **times}


def _stamp(seconds: float) -> str:
    return format_time((datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)).replace(microsecond=0))


def _last_lines(text: Any) -> str:
    lines = [line.strip() for line in str(text or "").splitlines() if line.strip()]
    return " / ".join(lines[-LAST_LINES:])


def _short(text: str) -> str:
    clean = redact(text)
    return clean if len(clean) <= LONGEST_MESSAGE else clean[: LONGEST_MESSAGE - 3] + "..."
