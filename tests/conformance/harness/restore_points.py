# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points in recorded flows: the module calls that make the same writes, and what was so in Azure between the writes.

A collection and its points are what the recorded writes and their answers say; the VM is what its points remember of it.
"""

from __future__ import annotations

import copy
import re
from typing import Any, Callable, Iterator

from .recording import Exchange, normal_path

_PLACE = re.compile(r"^(.*/providers/microsoft\.compute/restorepointcollections/([^/]+))(?:/restorepoints/([^/]+))?$")
_LIST = re.compile(r"^(/subscriptions/[^/]+)(?:/resourcegroups/([^/]+))?/providers/microsoft\.compute/restorepointcollections$")
_VM = re.compile(r"/providers/microsoft\.compute/virtualmachines/[^/]+$")
_SAID = {"consistencyMode", "excludeDisks"}
CONSISTENCIES = {None: "application", "CrashConsistent": "crash"}

Found = tuple[int, Any]
"""Status and body."""


def concerns(key: str) -> bool:
    """Whether a path is answered from here."""
    return bool(_PLACE.match(key) or _LIST.match(key))


def belongs(write: Exchange, point: Exchange) -> bool:
    """Whether a write makes the collection of the point that is made next: one call of the module does both."""
    return (write.method, point.method) == ("PUT", "PUT") and point.key.startswith(write.key + "/restorepoints/")


# --- from writes and reads to module calls ---


def arguments_of(flow: list[Exchange], write: Exchange) -> dict[str, Any] | str | None:
    """The arguments of `restore_point` for a write; why no module makes it; None when it goes along with another one."""
    place = _PLACE.match(write.key)
    if place is None:
        return None
    if write.method == "PUT" and place.group(3) is None:
        if any(belongs(write, later) for later in flow[write.index + 1:]):
            return None
        return "a collection without a restore point"
    if write.method == "DELETE":
        said = {"state": "absent", **({"name": write.path.rsplit("/", 1)[-1]} if place.group(3) else {"remove_collection": True})}
    elif write.method == "PUT":
        sent = (write.request_body or {}).get("properties") or {}
        other = sorted(set(sent) - _SAID)
        if other or sent.get("consistencyMode") not in CONSISTENCIES:
            return ", ".join(other) or f"consistencyMode {sent['consistencyMode']}"
        disks = [disk["id"] for disk in sent.get("excludeDisks") or ()]
        consistency = CONSISTENCIES[sent.get("consistencyMode")]
        said = {"name": write.path.rsplit("/", 1)[-1], "consistency": consistency, **({"exclude_disks": disks} if disks else {})}
    else:
        return "tags of a collection"
    source = _source(flow, place.group(1))
    if source is None or not _VM.search(normal_path(source)):
        return "nobody tells of which VM it is"
    _scope, group, name = re.split(r"/resourcegroups/|/providers/Microsoft.Compute/restorePointCollections/", write.path, flags=re.IGNORECASE)
    return {"vm": [source], "resource_group": group, "collection": name.split("/")[0], **said}


def reads(flow: list[Exchange]) -> Iterator[tuple[Exchange, dict[str, Any]]]:
    """The last look at each collection with its points, and at each list of collections, between two writes; with the arguments of `restore_point_info`."""
    last: dict[tuple[int, str], tuple[Exchange, dict[str, Any]]] = {}
    phase = -1
    for exchange in flow:
        if exchange.is_write and concerns(exchange.key):
            phase = exchange.index
        if exchange.method != "GET" or exchange.status != 200 or not concerns(exchange.key):
            continue
        listed, place = _LIST.match(exchange.key), _PLACE.match(exchange.key)
        if listed and not exchange.params.get("$skiptoken"):
            group = re.search(r"/resourcegroups/([^/]+)", exchange.path, re.IGNORECASE)
            last[(phase, exchange.key)] = (exchange, {"resource_group": group.group(1)} if group else {})
        elif place and place.group(3) is None and exchange.params.get("$expand") == "restorePoints":
            last[(phase, exchange.key)] = (exchange, {"collection": [exchange.path]})
    yield from last.values()


def told(result: Any) -> list[Any]:
    """What `restore_point_info` says, for comparing: of a list the collections, of a collection its points."""
    collections = sorted([one["name"], one["location"], one["tags"]] for one in result["collections"])
    return [collections, sorted([one["name"], one["time"][:19], one["provisioning_state"], len(one["disks"])] for one in result["restore_points"])]


def recorded(exchange: Exchange) -> list[Any]:
    """The same of a recorded look; the points are None in a list, which does not show them."""
    body = exchange.response_body
    entries = body["value"] if isinstance(body.get("value"), list) else [body]
    shown = sorted([one["name"], one["location"].lower().replace(" ", ""), one.get("tags") or {}] for one in entries)
    points = (body.get("properties") or {}).get("restorePoints")
    if points is None:
        return [shown, None]
    return [shown, sorted([one["name"], *_point_told(one["properties"])] for one in points)]


def end_of(flow: list[Exchange], write: Exchange) -> dict[str, Any] | None:
    """The point that a write made, as the recorded client saw it last."""
    looks = [body for body in _looks(flow, write.key) if (body.get("properties") or {}).get("provisioningState") == "Succeeded"]
    return looks[-1] if looks else None


def disk_ids(point: dict[str, Any]) -> list[str]:
    """Ids of the disk restore points of a resource."""
    storage = point["properties"]["sourceMetadata"]["storageProfile"]
    disks = [storage["osDisk"], *storage.get("dataDisks", ())]
    return [disk["diskRestorePoint"]["id"] for disk in disks if disk.get("diskRestorePoint")]


# --- what is so ---


def state(flow: list[Exchange], sent: set[int], key: str, params: dict[str, str], ended: Callable[[Exchange], bool]) -> Found:
    """The answer to a GET; `ended` tells of a write whether its operation is over."""
    listed, place = _LIST.match(key), _PLACE.match(key)
    if listed:
        seen = _seen_here(flow, sent, key)
        if seen is not None:
            return 200, seen
        names = sorted({match.group(1) for e in flow if (match := _PLACE.match(e.key)) and match.group(1).startswith(key.rsplit("/providers/", 1)[0])})
        found = [body for name in names if (body := _collection(flow, sent, name))]
        return 200, {"value": found}
    if place is None:
        return 404, None
    known = _known(flow, place.group(1))
    collection = _collection(flow, sent, known)
    if collection is None:
        return 404, None
    points = _points(flow, sent, known, ended)
    if place.group(3):
        return (200, points[key]) if key in points else (404, None)
    if params.get("$expand") == "restorePoints":
        collection["properties"]["restorePoints"] = list(points.values())
    return 200, collection


def machine(flow: list[Exchange], key: str) -> dict[str, Any] | None:
    """A VM of which points were made: what they remember of it; None for any other."""
    if not _VM.search(key):
        return None
    for write in flow:
        place = _PLACE.match(write.key) if write.is_write and write.status < 300 else None
        source = _source(flow, place.group(1)) if place else None
        if source and normal_path(source) == key:
            metadata = _metadata(flow, place.group(1) if place else "") or {}
            location = str(metadata.get("location") or (write.request_body or {}).get("location") or _location(flow, place.group(1) if place else ""))
            properties = {name: metadata[name] for name in ("storageProfile", "hardwareProfile", "vmId") if name in metadata}
            return {"id": source, "name": source.rsplit("/", 1)[-1], "location": location, "properties": {"provisioningState": "Succeeded", **properties}}
    return None


def _seen_here(flow: list[Exchange], sent: set[int], key: str) -> Any:
    """What the recorded client read of a list between the last write that was sent and the next; None when it did not look."""
    writes = [e.index for e in flow if e.is_write and concerns(e.key)]
    begin, end = max((i for i in writes if i in sent), default=-1), min((i for i in writes if i not in sent), default=len(flow))
    looks = [e.response_body for e in flow if (e.method, e.key, e.status) == ("GET", key, 200) and begin < e.index < end]
    return looks[-1] if looks else None


def _known(flow: list[Exchange], key: str) -> str:
    """The path of a collection in this recording. In the list of a subscription, groups are in upper case, and the recorder that
    replaces names leaves those as they were."""
    paths = {match.group(1) for e in flow if (match := _PLACE.match(e.key))}
    alike = [path for path in paths if path.rsplit("/", 1)[1] == key.rsplit("/", 1)[1]]
    return key if key in paths or len(alike) != 1 else alike[0]


def _collection(flow: list[Exchange], sent: set[int], key: str) -> dict[str, Any] | None:
    """A collection as the writes that were sent have left it; one that no recorded write makes was there before."""
    writes = [e for e in flow if e.is_write and e.key == key and e.status < 300]
    made = [write for write in writes if write.method == "PUT"]
    there: dict[str, Any] | None = None if made else _implied(flow, key)
    for write in writes:
        if write.index not in sent:
            continue
        if write.method == "DELETE":
            there = None
        elif write.method == "PUT":
            there = copy.deepcopy(write.response_body)
        elif there is not None:
            there.update({name: value for name, value in (write.request_body or {}).items() if name == "tags"})
    return copy.deepcopy(there)


def _implied(flow: list[Exchange], key: str) -> dict[str, Any] | None:
    """A collection that was there from the start: as somebody saw it, or as its points tell."""
    looks = _looks(flow, key)
    if looks:
        seen = copy.deepcopy(looks[0])
        (seen.get("properties") or {}).pop("restorePoints", None)
        return seen
    point = next((body for e in flow if e.key.startswith(key + "/restorepoints/") and (body := _body(e)) and "properties" in body), None)
    copied = ((point or {}).get("properties") or {}).get("sourceRestorePoint")
    if point is None or not copied:
        return None
    path = point["id"].rsplit("/", 2)[0]
    properties = {"source": {"id": copied["id"].rsplit("/", 2)[0]}, "provisioningState": "Succeeded"}
    return {"id": path, "name": path.rsplit("/", 1)[-1], "location": "unknown", "properties": properties}


def _points(flow: list[Exchange], sent: set[int], key: str, ended: Callable[[Exchange], bool]) -> dict[str, dict[str, Any]]:
    """The points of a collection by path: those that were made by writes that were sent, and those that were there before."""
    found: dict[str, dict[str, Any]] = {}
    paths = {e.key for e in flow if e.key.startswith(key + "/restorepoints/")}
    for path in sorted(paths):
        writes = [e for e in flow if e.is_write and e.key == path and e.status < 300]
        looks = _looks(flow, path)
        there = None if any(write.method == "PUT" for write in writes) else (looks[0] if looks else None)
        for write in writes:
            if write.index in sent:
                there = None if write.method == "DELETE" else _as_made(flow, write, ended(write))
        if there is not None:
            found[path] = copy.deepcopy(there)
    return found


def _as_made(flow: list[Exchange], write: Exchange, ended: bool) -> dict[str, Any]:
    made: dict[str, Any] = write.response_body
    if not ended:
        return made
    return end_of(flow, write) or {**made, "properties": {**made["properties"], "provisioningState": "Succeeded"}}


def _looks(flow: list[Exchange], key: str) -> list[dict[str, Any]]:
    """The recorded answers about a collection or point, also those within a collection's."""
    found = []
    for exchange in flow:
        body = _body(exchange)
        if exchange.method != "GET" or exchange.status != 200 or body is None:
            continue
        if exchange.key == key:
            found.append(body)
        found += [one for one in (body.get("properties") or {}).get("restorePoints") or () if normal_path(str(one.get("id"))) == key]
    return found


def _source(flow: list[Exchange], key: str) -> str | None:
    """The id of the source of a collection, from its writes and answers."""
    for exchange in flow:
        for body in (exchange.request_body, _body(exchange)):
            source = (body.get("properties") or {}).get("source") if exchange.key == key and isinstance(body, dict) else None
            if isinstance(source, dict) and source.get("id"):
                return str(source["id"])
    return None


def _location(flow: list[Exchange], key: str) -> str:
    return next((str(body["location"]) for e in flow if e.key == key and (body := _body(e)) and body.get("location")), "unknown")


def _metadata(flow: list[Exchange], key: str) -> dict[str, Any] | None:
    bodies = [_body(e) for e in flow if e.key.startswith(key + "/restorepoints/")]
    return next((body["properties"]["sourceMetadata"] for body in bodies if body and "sourceMetadata" in (body.get("properties") or {})), None)


def _body(exchange: Exchange) -> dict[str, Any] | None:
    return exchange.response_body if isinstance(exchange.response_body, dict) else None


def _point_told(properties: dict[str, Any]) -> list[Any]:
    storage = properties["sourceMetadata"]["storageProfile"]
    return [properties["timeCreated"][:19], properties["provisioningState"], 1 + len(storage.get("dataDisks") or ())]
