# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loops of the roles over batches of VMs came to, as one flat list with an entry for every VM. Pure.

A batch is a dictionary with the options of a module. Where there are several, each is run twice: without waiting, so that all are on their way,
and then with waiting, which finds what runs. Both runs together are one result.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

Entry = dict[str, Any]
Options = Mapping[str, Any]
Result = Mapping[str, Any]

TRUE = ("true", "yes", "on", "1", "y", "t", "1.0")
"""What Ansible reads as true, in lower case."""


def texts(value: Any) -> list[str]:
    """An option that is a list, as Ansible reads it: a text is split at its commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(item) for item in value or ()]


def failure_of(result: Result) -> dict[str, Any]:
    """Why a task as a whole failed; what Ansible itself refuses has only a message."""
    failure = result.get("failure")
    return dict(failure) if isinstance(failure, Mapping) else {"code": "TaskFailed", "message": str(result.get("msg") or "The task failed without a word.")}


def options_of(result: Result) -> dict[str, Any]:
    """The options that this turn of a loop had, whatever the loop calls them."""
    return dict(result.get(result.get("ansible_loop_var", "item")) or {})


def key_of(entry: Options) -> str:
    """ARM ids are case-insensitive."""
    return str(entry.get("id") or entry.get("name")).lower()


def entries_of(result: Result) -> list[Entry]:
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


def batch_results(results: Iterable[Result], begun: Sequence[Result] = ()) -> list[Entry]:
    """The entries of all VMs of all batches, in their order; ``begun`` is what the same batches came to before, when nobody waited."""
    return [entry for result in results for entry in _since(result, begun)]


def restores_to_follow(begun: Iterable[Result]) -> list[dict[str, Any]]:
    """The batches of vm_restore to run once more, with waiting: those VMs whose restores run, and the jobs of these."""
    batches = []
    for result in begun:
        running = [entry for entry in entries_of(result) if not entry["failed"] and entry.get("action") in ("started", "adopted")]
        if running:
            jobs = [entry["job"]["id"] for entry in running if (entry.get("job") or {}).get("id")]
            batches.append({**options_of(result), "vm": [entry["id"] for entry in running], "job": jobs})
    return batches


def restores_to_adopt(restores: Iterable[Options], results: Iterable[Entry]) -> list[dict[str, Any]]:
    """The batches of vm_restore with only those VMs whose restores a killed run has left, by what check mode tells of them."""
    left = {key_of(result) for result in results if not result.get("failed") and _is_left(result)}
    chosen = [{**restore, "vm": [vm for vm in restore["vm"] if str(vm).lower() in left]} for restore in restores]
    return [restore for restore in chosen if restore["vm"]]


def _is_left(result: Entry) -> bool:
    # What is done, and would change, lacks the tags.
    return result.get("action") == "adopted" or bool(result.get("action") == "none" and result.get("changed"))


def restored_vms(begun: Iterable[Result], followed: Sequence[Result] = (), built: Iterable[Result] = ()) -> list[Entry]:
    """What became of each VM: of restores from vaults, and of builds from restore points. In the order of the batches, restores first."""
    found = []
    for result in begun:
        source = _source(options_of(result))
        ends = {key_of(entry): entry for later in followed if _same_batch(result, later) for entry in entries_of(later)}
        for entry in entries_of(result):
            last = ends.get(key_of(entry))
            found.append(recovered(_together(entry, last) if last else entry, source))
    return found + [recovered(entry, "restore_points") for entry in batch_results(built)]


def _since(result: Result, begun: Sequence[Result]) -> list[Entry]:
    firsts = {key_of(entry): entry for earlier in begun if _same_batch(earlier, result) for entry in entries_of(earlier)}
    return [_together(firsts[key_of(entry)], entry) if key_of(entry) in firsts else entry for entry in entries_of(result)]


def _same_batch(one: Result, other: Result) -> bool:
    """Whether both are of the same batch, whatever VMs of it were left the second time."""
    here, there = ({name: value for name, value in options_of(result).items() if name not in ("vm", "job")} for result in (one, other))
    return here == there


def _together(first: Entry, last: Entry) -> Entry:
    """What the first run started is not told as what the second found running."""
    # What only the first knew is still so: from which recovery point a restore is, for one, where the budget for looks at jobs is spent.
    known = {name: value for name, value in last.items() if value is not None}
    entry = {**last, **first, **known, "changed": bool(first.get("changed") or last.get("changed"))}
    if first.get("action") not in (None, "none"):
        entry["action"] = first["action"]
    if first.get("changed") and "adopted" in first:
        entry["adopted"] = first["adopted"]
    if "copies" in first and "copies" in last:
        begun = {copy["name"]: copy["action"] for copy in first["copies"] if copy["action"] != "none"}
        entry["copies"] = [{**copy, "action": begun.get(copy["name"], copy["action"])} for copy in last["copies"]]
    if not last.get("failed"):
        entry.pop("failure", None)
    if first.get("job") and not last.get("job"):
        # How it was when nobody waited is not how it is.
        entry["job"] = {name: first["job"].get(name) for name in ("id", "name")}
    return entry


def _source(options: Options) -> str:
    return "secondary_region" if str(options.get("from_secondary_region")).lower() in TRUE else "vault"


def recovered(entry: Options, source: str) -> Entry:
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


def copies_to_make(replications: Sequence[Options], points: Sequence[Result], check_mode: bool = False) -> list[dict[str, Any]]:
    """The options of the copies, one for each replication. In check mode without the VMs whose restore point would be made: there is none to look at yet."""
    return [{**replication["copy"], "vm": _copied(replication, entries_of(points[index]), check_mode)} for index, replication in enumerate(replications)]


def _copied(replication: Options, points: Sequence[Entry], check_mode: bool) -> list[str]:
    coming = {word for entry in points if check_mode and _is_coming(entry) for word in (str(entry["id"]).lower(), str(entry["name"]).lower())}
    return [text for text in texts(replication["copy"].get("vm")) if text.lower() not in coming]


def _is_coming(point: Entry) -> bool:
    return point.get("action") == "started" and not point.get("failed")


def replicated_vms(
    replications: Sequence[Options], points: Sequence[Result], copies: Sequence[Result], begun: Sequence[Result] = (), check_mode: bool = False
) -> list[Entry]:
    """What became of each VM of each replication: its restore point, and the copies of that. In check mode a restore point to come is one to be copied."""
    found = []
    for index, _replication in enumerate(replications):
        made = _since(copies[index], begun[index : index + 1])
        for point in entries_of(points[index]):
            copy = next((entry for entry in made if _same_vm(entry, point)), {})
            found.append(_replicated(point, copy, check_mode and _is_coming(point)))
    return found


def _same_vm(one: Entry, other: Entry) -> bool:
    """By name alone where a batch failed before it knew the ids."""
    if one["id"] and other["id"]:
        return str(one["id"]).lower() == str(other["id"]).lower()
    return str(one["name"]).lower() == str(other["name"]).lower()


def _replicated(point: Entry, copy: Entry, coming: bool) -> Entry:
    taken = point.get("restore_point")
    return {
        "id": point["id"] or copy.get("id"),
        "name": point["name"],
        "changed": bool(point["changed"] or copy.get("changed")),
        "failed": bool(point["failed"] or copy.get("failed")),
        "failure": point.get("failure") or copy.get("failure"),
        "restore_point": {"name": taken["name"], "time": taken["time"]} if taken and not coming else None,
        "copies": copy.get("copies", []),
        "usable": bool(copy.get("usable")),
        "left": copy.get("left", []),
        "target_collection_id": copy.get("target_collection_id"),
    }


def backed_up_services(results: Iterable[Result], begun: Sequence[Result] = ()) -> list[Entry]:
    """What became of each API Management service that was to be backed up, in their order."""
    return [_backed_up(result, next((first for first in begun if options_of(first) == options_of(result)), {})) for result in results]


def _backed_up(result: Result, first: Result) -> Entry:
    failed = bool(result.get("failed"))
    return {
        "id": (result.get("service") or {}).get("id"),
        "name": str(options_of(result).get("name", "")).rstrip("/").rpartition("/")[2],
        "changed": bool(result.get("changed") or first.get("changed")),
        "failed": failed,
        "failure": failure_of(result) if failed else None,
        "backup": result.get("backup"),
        "adopted": bool((first if first.get("changed") else result).get("adopted")),
        "pruned": result.get("pruned", []),
    }


def services_to_restore(services: Sequence[Options], begun: Sequence[Result] = (), validate_only: bool = False) -> list[dict[str, Any]]:
    """The options of the restores of services that are still to be made, or only to be validated; not those that failed to begin."""
    over = [options_of(result) for result in begun if result.get("failed") and failure_of(result)["code"] != "ServiceBusy"]
    return [
        dict(service["restore"])
        for service in services
        if service.get("restore") and bool(service.get("validate_only")) is validate_only and service["restore"] not in over
    ]


def recovered_services(
    services: Sequence[Options], waited: Sequence[Result], validated: Sequence[Result] = (), begun: Sequence[Result] = ()
) -> list[Entry]:
    """What became of each service, in their order."""
    return [_recovered_service(service, validated if service.get("validate_only") else waited, begun) for service in services]


def _recovered_service(service: Options, ended: Sequence[Result], begun: Sequence[Result]) -> Entry:
    options = service.get("restore") or {}
    only = bool(service.get("validate_only"))
    both = [result for results in (() if only else begun, ended) for result in results if options and options_of(result) == options]
    end: Result = both[-1] if both else {}
    failed = bool(end.get("failed"))
    actions = [str(result.get("action") or "none") for result in both if not result.get("failed")]
    return {
        "name": service.get("name"),
        "standby": options.get("name", "").rstrip("/").rpartition("/")[2] or None,
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
