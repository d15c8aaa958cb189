# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loops of the roles over batches (options of a module) came to, as one flat list with an entry for every VM. Pure."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

Entry = dict[str, Any]
Options = Mapping[str, Any]

TRUE = ("true", "yes", "on", "1", "y", "t", "1.0")
"""What Ansible reads as true, in lower case."""


def texts(value: Any) -> list[str]:
    """An option that is a list, as Ansible reads it: a text is split at its commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(item) for item in value or ()]


def failure_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Why a task as a whole failed; what Ansible itself refuses has only a message."""
    failure = result.get("failure")
    return dict(failure) if isinstance(failure, Mapping) else {"code": "TaskFailed", "message": str(result.get("msg") or "The task failed without a word.")}


def options_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """The options that this turn of a loop had, whatever the loop calls them."""
    return dict(result.get(result.get("ansible_loop_var", "item")) or {})


def entries_of(result: Mapping[str, Any]) -> list[Entry]:
    """The entries of the VMs of one batch. Where the task failed before it looked at any VM, each VM of the batch has the failure."""
    if result.get("skipped"):
        return []
    vms = result.get("vms")
    if isinstance(vms, list):
        return [dict(entry) for entry in vms]
    failure = failure_of(result)
    return [
        {"id": text if text.startswith("/") else None, "name": text.rstrip("/").rpartition("/")[2], "changed": False, "failed": True, "failure": failure}
        for text in texts(options_of(result).get("vm"))
    ]


def batch_results(results: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The entries of all VMs of all batches, in their order."""
    return [entry for result in results for entry in entries_of(result)]


def key_of(entry: Mapping[str, Any]) -> str:
    """ARM ids are case-insensitive."""
    return str(entry.get("id") or entry.get("name")).lower()


def restores_to_follow(begun: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The batches to run again with waiting, after a first run without: those VMs whose restores run now, in their order, and the jobs of these."""
    batches = []
    for result in begun:
        running = [entry for entry in entries_of(result) if not entry["failed"] and entry.get("action") in ("started", "adopted")]
        if running:
            jobs = [entry["job"]["id"] for entry in running if entry.get("job", {}).get("id")]
            batches.append({**options_of(result), "vm": [entry["id"] for entry in running], "job": jobs})
    return batches


def restored_vms(
    begun: Sequence[Mapping[str, Any]], followed: Sequence[Mapping[str, Any]] = (), built: Sequence[Mapping[str, Any]] = ()
) -> list[Entry]:
    """What became of each VM: of restores that were begun (or waited for at once), of those that were waited for afterwards, and of builds from
    restore points. In the order of the batches, restores first."""
    ends = {(source_of(result), key_of(entry)): entry for result in followed for entry in entries_of(result)}
    found = []
    for result in begun:
        source = source_of(result)
        for entry in entries_of(result):
            found.append(recovered(_together(entry, ends.get((source, key_of(entry)))), source))
    found += [recovered(entry, "restore_points") for result in built for entry in entries_of(result)]
    return found


def source_of(result: Mapping[str, Any]) -> str:
    return "secondary_region" if str(options_of(result).get("from_secondary_region")).lower() in TRUE else "vault"


def _together(first: Entry, last: Entry | None) -> Entry:
    """A restore that the first run started is not told as one that the second found running."""
    if last is None:
        return first
    return {**first, **last, "action": first.get("action", last.get("action")), "changed": bool(first["changed"] or last["changed"])}


def recovered(entry: Mapping[str, Any], source: str) -> Entry:
    """One VM as the record of a recovery has it. Times are those of Azure's clock; None for what is not known."""
    point = entry.get("recovery_point") or entry.get("restore_point")
    job = entry.get("job") or {}
    vm_id = (entry.get("restored") or {}).get("virtual_machine_id") or (entry.get("target") or {}).get("virtual_machine_id")
    seconds = entry.get("restore_seconds")
    return {
        "id": entry.get("id"),
        "name": entry.get("name"),
        "recovered": {"id": vm_id, "name": vm_id.rpartition("/")[2]} if vm_id else None,
        "from": source,
        "recovery_point": {"name": point.get("name"), "time": point.get("time")} if point else None,
        "action": entry.get("action") or "none",
        "changed": bool(entry.get("changed")),
        "failed": bool(entry.get("failed")),
        "failure": entry.get("failure"),
        "job_id": job.get("id"),
        "started": entry.get("start_time") or job.get("start_time"),
        "finished": entry.get("end_time") or job.get("end_time"),
        "seconds": seconds if seconds is not None else job.get("duration") if job.get("end_time") else None,
    }


def services_to_restore(services: Sequence[Options], begun: Sequence[Mapping[str, Any]] = (), validate_only: bool = False) -> list[dict[str, Any]]:
    """The options of the restores of services that are still to be made, or only to be validated; not those that failed to begin."""
    over = [options_of(result) for result in begun if result.get("failed") and failure_of(result)["code"] != "ServiceBusy"]
    return [
        dict(service["restore"])
        for service in services
        if service.get("restore") and bool(service.get("validate_only")) is validate_only and service["restore"] not in over
    ]


def recovered_services(
    services: Sequence[Options],
    waited: Sequence[Mapping[str, Any]],
    validated: Sequence[Mapping[str, Any]] = (),
    begun: Sequence[Mapping[str, Any]] = (),
) -> list[Entry]:
    """What became of each service, in their order."""
    return [_recovered_service(service, waited, validated, begun) for service in services]


def _recovered_service(
    service: Options, waited: Sequence[Mapping[str, Any]], validated: Sequence[Mapping[str, Any]], begun: Sequence[Mapping[str, Any]]
) -> Entry:
    options = service.get("restore") or {}
    only = bool(service.get("validate_only"))
    first = _result_of(options, begun) if options and not only else None
    last = _result_of(options, validated if only else waited) if options else None
    both = [result for result in (first, last) if result is not None]
    end: Mapping[str, Any] = both[-1] if both else {}
    failed = bool(end.get("failed"))
    actions = [str(result.get("action") or "none") for result in both if not result.get("failed")]
    return {
        "name": service.get("name"),
        "standby": options.get("name", "").rpartition("/")[2] or None,
        "backup": end.get("backup"),
        "validate_only": only,
        "action": next((action for action in actions if action != "none"), "none"),
        "changed": not only and any(bool(result.get("changed")) for result in both),
        "failed": failed,
        "failure": failure_of(end) if failed else None,
        "started": next((result["start_time"] for result in both if result.get("start_time")), None),
        "finished": end.get("end_time"),
        "seconds": end.get("restore_seconds"),
        "note": service.get("note") or None,
    }


def _result_of(options: Options, results: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((result for result in results if options_of(result) == options), None)
