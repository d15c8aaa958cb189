# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers requests from one recorded flow, also for a client that reads other things than the recorded one did.

The writes of a flow divide it into phases; a client must send the same writes in the same order, with the same meaning.
- Operations and jobs are timelines: each look gets the next recorded answer, the last one stays. They exist once the
  write that made them was sent. A recorded 500 on the way is served like any answer.
- Everything else is state: it is answered from the phase in which the client is. Only writes that concern a resource
  end its phase. Where the recorded client did not look in this phase, the state follows from the newest earlier answer
  and the writes sent since, or from the next later answer without what later writes made.
- Lists of jobs follow from the recorded jobs, single items from the recorded lists.
An unexpected write is answered 400 and remembered in `problems`, as is one whose body differs.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Callable

from . import restore_points
from .bodies import differences
from .endings import RUNNING, cancellation, ending
from .endings import job_id as _job_of
from .inference import apply, configure, existing, implied, job_matches, job_of_write, makes, restored_later, vault_for
from .recording import ITEM, JOB, OPERATION, OPERATION_RESULT, VAULT, Exchange, is_write, normal_path


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})


def _recorded(exchange: Exchange) -> Answer:
    return Answer(exchange.status, exchange.response_body, exchange.headers)


class Replay:
    """One flow being replayed."""

    def __init__(self, flow: list[Exchange]) -> None:
        self.flow = flow
        self.writes = [exchange for exchange in flow if exchange.is_write]
        self.sent: set[int] = set()
        """Indices of the writes that were sent, or passed over by the driver."""
        self.problems: list[str] = []
        self.served_broken: list[int] = []
        """Indices of the recorded failures that a client has met."""
        self._cursor: dict[tuple[str, str], int] = {}
        self._listed: set[tuple[str, str]] = set()
        self._timelines = self._find_timelines()
        self._made_by = self._find_makers()

    def _find_timelines(self) -> dict[tuple[str, str], list[Exchange]]:
        found: dict[tuple[str, str], list[Exchange]] = {}
        for exchange in self.flow:
            name = None if exchange.is_write else _tracking(exchange.key, exchange.request_body)
            if name:
                found.setdefault(name, []).append(exchange)
        return found

    def _find_makers(self) -> dict[tuple[str, str], int]:
        """Which write made an operation or a job: its headers name the operation, whose answers name the job."""
        makers: dict[tuple[str, str], int] = {}
        for write in self.writes:
            for header in ("azure-asyncoperation", "location"):
                name = _tracking(normal_path(write.headers.get(header, "").split("?")[0]))
                if name:
                    makers[("operation", name[1])] = makers[("result", name[1])] = write.index
        for (kind, key), exchanges in self._timelines.items():
            for job in (_job_of(exchange.response_body) for exchange in exchanges if kind == "operation"):
                if job and (kind, key) in makers:
                    makers[("job", job)] = makers[(kind, key)]
        return makers

    # --- driving ---

    def pass_over(self, index: int) -> None:
        """Takes all writes before this index as sent: what the modules do not do, such as making the vault.

        Discovery right before it stays to be sent, or not.
        """
        before = [write for write in self.writes if write.index < index]
        wanted = next(write for write in self.writes if write.index == index)
        while before and (_optional(before[-1]) or _first_try(before[-1], wanted) or restore_points.belongs(before[-1], wanted)):
            before.pop()
        self.sent.update(write.index for write in before)

    @property
    def position(self) -> int:
        return max(self.sent, default=-1)

    # --- answering ---

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Answer:
        key = normal_path(path)
        if is_write(method, key):
            return self._write(method, path, key, body)
        tracked = _tracking(key, body)
        if tracked:
            return self._track(tracked)
        if method == "GET" and restore_points.concerns(key):
            return self._restore_points(key, params)
        if key.endswith("/backupjobs") or key.endswith("/backupcrrjobs"):
            return self._jobs(params, other_region=method == "POST")
        answer = self._state(method, key, params)
        coming = next((write for write in self.writes if write.index == self._next_write()), None)
        if coming and answer.status == 200 and VAULT.fullmatch(key) and isinstance(answer.body, dict):
            answer = Answer(200, vault_for(coming, answer.body), answer.headers)
        return answer

    def _write(self, method: str, path: str, key: str, body: Any) -> Answer:
        for write in self.writes:
            if write.index in self.sent:
                continue
            if (write.method, write.key) == (method, key):
                found = differences(write.request_body, body, write.headers.get("date"))
                self.problems += [f"{method} {path}: {text}" for text in found]
                self.sent.update(earlier.index for earlier in self.writes if earlier.index <= write.index)
                return _recorded(write)
            if not _optional(write):
                break  # Writes come in the recorded order.
        self.problems.append(f"{method} {path}: the recorded client did not send this write here")
        return _error(400, "NotRecorded", f"No such write was recorded here: {method} {path}")

    def _track(self, name: tuple[str, str]) -> Answer:
        if self._made_by.get(name, -1) > self.position:
            return _error(404, "NotFound", f"The {name[0]} does not exist yet.")
        timeline = self._timelines.get(name)
        if timeline:
            looks = self._until_cancelled(name, timeline)
            return self._ended_meanwhile(name, self._next(name, looks)) if looks else Answer(200, self._unseen_job(name, "InProgress"))
        if name in self._made_by and name[0] == "job":
            return Answer(200, self._unseen_job(name))
        if name in self._made_by and name[0] == "operation":
            return Answer(200, {"id": name[1], "name": name[1], "status": "Succeeded"})
        if name in self._made_by and name[0] == "result":
            return Answer(204 if self._ended(("operation", name[1])) else 202)
        return _error(404, "NotFound", f"No such {name[0]} was recorded.")

    def _next(self, name: tuple[str, str], timeline: list[Exchange]) -> Answer:
        """The next recorded answer; the last one that is none of a broken server stays."""
        at = self._cursor.get(name, 0)
        if at >= len(timeline):
            return _recorded(_last_good(timeline)) if timeline else _error(404, "NotFound", f"The {name[0]} was not looked at here.")
        self._cursor[name] = at + 1
        return self._serve(timeline[at])

    def _until_cancelled(self, name: tuple[str, str], timeline: list[Exchange]) -> list[Exchange]:
        """The looks at a job that was cancelled: until then only what was seen before, and from then on only what was seen after."""
        cancelled = cancellation(self.flow, name[1]) if name[0] == "job" else None
        if cancelled is None:
            return timeline
        before = [exchange for exchange in timeline if exchange.index < cancelled]
        if cancelled not in self.sent:
            return before
        if len(before) < len(timeline):
            self._cursor[name] = max(self._cursor.get(name, 0), len(before))
        return timeline

    def _ended_meanwhile(self, name: tuple[str, str], answer: Answer) -> Answer:
        """A job that the recorded client saw running last: has a cancellation been sent, or does the next of its kind follow, it is over."""
        body = answer.body
        status = body["properties"].get("status") if name[0] == "job" and isinstance(body, dict) and "properties" in body else None
        if str(status).lower() not in RUNNING or self._cursor.get(name, 0) < len(self._timelines.get(name, ())):
            return answer
        cancelled = cancellation(self.flow, name[1])
        if cancelled is not None and cancelled in self.sent and not any(e.index > cancelled for e in self._timelines[name]):
            end = "Cancelled"
        elif cancelled is None and self._followed_by_its_kind(name):
            end = "Completed"
        else:
            return answer
        return Answer(answer.status, {**body, "properties": {**body["properties"], "status": end}}, answer.headers)

    def _followed_by_its_kind(self, name: tuple[str, str]) -> bool:
        maker = next((write for write in self.writes if write.index == self._made_by.get(name)), None)
        item, kind = (ITEM.match(maker.key), maker.key.rsplit("/", 1)[-1]) if maker else (None, "")
        return item is not None and any(
            write.index > self._made_by[name] and write.index <= self._next_write() and write.status < 300
            and write.key.startswith(item.group(0) + "/") and write.key.endswith("/" + kind)
            for write in self.writes
        )

    def _serve(self, exchange: Exchange) -> Answer:
        if exchange.broken:
            self.served_broken.append(exchange.index)
        return _recorded(exchange)

    def _ended(self, name: tuple[str, str]) -> bool:
        return self._cursor.get(name, 0) >= len(self._timelines.get(name, ()))

    # --- jobs ---

    def _jobs(self, params: dict[str, str], *, other_region: bool) -> Answer:
        """The jobs made so far, newest first, without extendedInfo. Times of the filter are ignored: the recording is old."""
        found: dict[str, dict[str, Any]] = {}
        for exchange in self.flow:
            if exchange.key.endswith("/backupjobs") and exchange.index < self._next_write() and exchange.status == 200:
                found.update({job["name"].lower(): job for job in (exchange.response_body or {}).get("value", [])})
        for name, timeline in self._timelines.items():
            if name[0] != "job" or self._made_by.get(name, timeline[0].index) >= self._next_write():
                continue
            looks = self._until_cancelled(name, timeline)
            if not looks:
                found[name[1]] = self._unseen_job(name, "InProgress")
                continue
            if all(exchange.status == 404 for exchange in looks):
                continue
            answer = self._ended_meanwhile(name, self._glance(name, looks))
            if answer.status != 200:
                return answer
            found[answer.body["name"].lower()] = answer.body
        for name, maker in self._made_by.items():
            if name[0] == "job" and name not in self._timelines and maker < self._next_write():
                found.setdefault(name[1], self._unseen_job(name))
        jobs = [copy.deepcopy(job) for job in found.values() if job_matches(job, params.get("$filter", ""))]
        # The restores from the paired region are listed there and nowhere else.
        jobs = [job for job in jobs if (job["properties"].get("operation") == "CrossRegionRestore") == other_region]
        for job in jobs:
            job["properties"].pop("extendedInfo", None)
        jobs.sort(key=lambda job: str(job["properties"].get("startTime")), reverse=True)
        return Answer(200, {"value": jobs})

    def _unseen_job(self, name: tuple[str, str], status: str = "Completed") -> dict[str, Any]:
        statuses = (e.response_body for (kind, _id), line in self._timelines.items() if kind == "operation" for e in line)
        started = next((body["startTime"] for body in statuses if _job_of(body) == name[1] and "startTime" in body), "2001-01-01T00:00:00Z")
        made: dict[str, Any] = {"name": name[1], "properties": {}}
        if name in self._made_by:
            made = job_of_write(self.flow[self._made_by[name]], name[1], started)
        running = {"actionsInfo": ["Cancellable"]} if status == "InProgress" else {}
        return {**made, "properties": {**made["properties"], **running, "status": status}}

    def _glance(self, name: tuple[str, str], timeline: list[Exchange]) -> Answer:
        """A job as a list shows it. Every second look moves it on: a list between looks at the job itself takes none of those away."""
        at = self._cursor.get(name, 0)
        if name not in self._listed and at < len(timeline) and not timeline[at].broken:
            self._listed.add(name)
            return _recorded(timeline[at])
        self._listed.discard(name)
        return self._next(name, timeline)

    def _next_write(self) -> int:
        return min((write.index for write in self.writes if write.index not in self.sent), default=len(self.flow))

    def _restore_points(self, key: str, params: dict[str, str]) -> Answer:
        def ended(write: Exchange) -> bool:
            """Nobody looks at the operations of writes that were passed over, or that lie behind."""
            names = [name for name, maker in self._made_by.items() if maker == write.index and name[0] == "operation"]
            return self.position > write.index or all(self._ended(name) for name in names)

        status, body = restore_points.state(self.flow, self.sent, key, params, ended)
        return Answer(status, body) if status == 200 else _error(404, "ResourceNotFound", f"{key} is not there now.")

    # --- state ---

    def _state(self, method: str, key: str, params: dict[str, str]) -> Answer:
        if restored_later([write for write in self.writes if write.index not in self.sent], key):
            return _error(404, "ResourceNotFound", f"{key} is restored later.")
        item = ITEM.match(key) if method == "GET" else None
        recorded = self._matching(method, key, params)
        if item and item.end() == len(key) and not recorded:
            return self._single_item(item.group(1), item.group(2))
        if not recorded:
            return self._never_asked(method, key)
        touches = _touching(key)
        begin = max((w.index for w in self.writes if w.index in self.sent and touches(w)), default=-1)
        end = min((w.index for w in self.writes if w.index not in self.sent and touches(w)), default=len(self.flow))
        if method == "GET" and begin >= 0 and self._deletes(self.flow[begin], key):
            return _error(404, "ResourceNotFound", f"{key} is deleted.")
        here = [exchange for exchange in recorded if begin < exchange.index < end]
        name = (f"{method} after {begin}", key)
        if here and (self._cursor.get(name, 0) < len(here) or any(not exchange.broken for exchange in here)):
            return self._next(name, here)
        if method == "GET" and begin >= 0 and self.flow[begin].key == key and _is_resource(self.flow[begin]):
            return _recorded(self.flow[begin])
        good = [exchange for exchange in recorded if not exchange.broken]
        earlier = [exchange for exchange in good if exchange.index <= begin]
        if earlier:
            return self._brought_forward(earlier[-1], begin)
        return self._taken_back(good[0]) if good else _recorded(recorded[0])

    def _deletes(self, write: Exchange, key: str) -> bool:
        """Whether this write took the vault itself away."""
        taken = write.method == "DELETE" and write.key == key and write.status < 300
        return taken and VAULT.fullmatch(key) is not None and not ending(self.flow, write).operation_failed

    def _never_asked(self, method: str, key: str) -> Answer:
        """What must have been there, because the recorded writes and their answers speak of it."""
        if method == "GET" and key.endswith("/backupprotecteditems") and any(e.key.startswith(key.rsplit("/", 1)[0] + "/") for e in self.flow):
            made: list[dict[str, Any]] = []
            for write in self.writes:
                if write.index in self.sent and write.key.startswith(key.rsplit("/", 1)[0] + "/"):
                    apply(made, write)
            return Answer(200, {"value": [*made, *self._implied(key, made)]})
        if method == "GET" and key.endswith("/recoverypoints") and ITEM.match(key):
            points = {w.key.split("/")[-2] for w in self.writes if w.key.startswith(key + "/") and w.key.endswith("/restore") and w.status < 300}
            values = [existing(self.flow, f"{key}/{point}") for point in sorted(points)]
            return Answer(200, {"value": [value for value in values if value]})
        found = existing(self.flow, key) or restore_points.machine(self.flow, key) if method == "GET" else None
        if found:
            return Answer(200, found)
        return _error(404, "ResourceNotFound", f"The recorded client never asked for {key}.")

    def _matching(self, method: str, key: str, params: dict[str, str]) -> list[Exchange]:
        """Recorded reads of a path and page; with the same filter, if any has it."""
        page = params.get("$skiptoken")
        same = [e for e in self.flow if not e.is_write and (e.method, e.key) == (method, key) and e.params.get("$skiptoken") == page]
        return [e for e in same if e.params.get("$filter") == params.get("$filter")] or same

    def _single_item(self, vault: str, name: str) -> Answer:
        items = self._state("GET", vault + "/backupprotecteditems", {})
        if items.status >= 500:
            return items
        values = (items.body or {}).get("value", []) if items.status == 200 else []
        found = next((value for value in values if value["name"].lower() == name), None)
        return Answer(200, found) if found else _error(404, "ItemNotFound", "The protected item was not found.")

    def _brought_forward(self, exchange: Exchange, begin: int) -> Answer:
        """An earlier answer with what the writes since then did to its items."""
        body = copy.deepcopy(exchange.response_body)
        if exchange.key.endswith("/backupprotecteditems") and isinstance(body, dict):
            for write in self.writes:
                if exchange.index < write.index <= begin and write.index in self.sent and write.key.startswith(exchange.key.rsplit("/", 1)[0] + "/"):
                    apply(body["value"], write)
            body["value"] += self._implied(exchange.key, body["value"])
        for write in self.writes:
            if exchange.index < write.index <= begin and write.index in self.sent and write.key == f"{exchange.key}/backupconfig/vaultconfig":
                configure(body, write)
        return Answer(exchange.status, body, exchange.headers)

    def _implied(self, key: str, had: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Items that nobody listed and that the next writes work on."""
        vault = key.rsplit("/", 1)[0] + "/"
        coming = [e for e in self.flow if e.index > self.position and e.key.startswith(vault) and e.index not in self.sent]
        return implied(coming, {normal_path(str(item.get("id", ""))) for item in had})

    def _taken_back(self, exchange: Exchange) -> Answer:
        """A later answer without what writes that are still to come will make."""
        coming = [w for w in self.writes if self.position < w.index < exchange.index and w.index not in self.sent]
        body = copy.deepcopy(exchange.response_body)
        if isinstance(body, dict) and isinstance(body.get("value"), list):
            if exchange.key.rstrip("/").endswith("/recoverypoints"):
                made = any(w.key.endswith("/backup") and exchange.key.startswith(w.key[: -len("/backup")]) for w in coming)
                body["value"] = [] if made else body["value"]
            else:
                body["value"] = [value for value in body["value"] if not any(makes(w, value) for w in coming)]
            if exchange.key.endswith("/backupprotecteditems"):
                body["value"] += self._implied(exchange.key, body["value"])
        return Answer(exchange.status, body, exchange.headers)


def _tracking(key: str, body: Any = None) -> tuple[str, str] | None:
    """The operation, operation result or job that a request asks for; a job's own operationResults belong to the operation."""
    if key.endswith("/backupcrrjob") and isinstance(body, dict):
        return "job", str(body.get("jobName")).lower()
    for kind, pattern in (("operation", OPERATION), ("result", OPERATION_RESULT), ("job", JOB)):
        match = pattern.search(key)
        if match:
            return kind, match.group(1)
    return None


def _is_resource(write: Exchange) -> bool:
    """Whether the answer to a write is the resource as it is then, with nothing left to be done."""
    return write.status == 200 and isinstance(write.response_body, dict) and "properties" in write.response_body and "azure-asyncoperation" not in write.headers


def _last_good(timeline: list[Exchange]) -> Exchange:
    return next((exchange for exchange in reversed(timeline) if not exchange.broken), timeline[-1])


def _optional(write: Exchange) -> bool:
    """Discovery: a client that knows the VM's id does not need it. A resource guard's unlocking belongs to the deletion after it."""
    return write.key.endswith(("/refreshcontainers", "/unlockdelete"))


def _first_try(write: Exchange, wanted: Exchange) -> bool:
    """A write that Azure could not take, so that the recorded client sent it again. A POST that may have taken effect is not sent again."""
    return write.broken and (write.method, write.key) == (wanted.method, wanted.key) and (write.method != "POST" or write.status == 429)


def _touching(key: str) -> Callable[[Exchange], bool]:
    """Which writes end the phase of the resource or list at this path."""
    segments = key.rstrip("/").split("/")
    about_items = segments[-1] in ("backupprotecteditems", "backupprotectioncontainers", "backupprotectableitems", "recoverypoints")

    def touches(write: Exchange) -> bool:
        item = ITEM.match(write.key)
        if item and write.key.endswith("/restore"):
            return False
        if about_items and item and (segments[-1] != "recoverypoints" or key.startswith(item.group(0))):
            return True
        if segments[-1] == "backupprotectableitems" and write.key.endswith("/refreshcontainers"):
            return True
        if write.key == f"{key}/backupconfig/vaultconfig":
            return True  # The vault shows its soft delete, too.
        return bool(write.key == key or key.startswith(write.key + "/")) and not item

    return touches
