# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a restore needs to know, and carries out what was planned, so that a backup is restored once whatever happens to the run.

The service is marked (marks.py) before the request goes out and again at the end: a run that is killed in between finds its mark, and Azure's
activity log tells what became of the request.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Iterable

from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError, OperationFailed, TransportError
from .._waiting import Waiting
from .activity import LAG, Told, ask_log, ended_at
from .backups import Backup, backup_of, backups_of, newest_first
from .marks import Mark, State, write_mark
from .operations import Action, Run, adopt, follow, start
from .places import Place, open_place, read_contents
from .restores import GUESSED, Current, Plan, Wish, plan, unclear
from .service import Service, client_id_of, find_service, look_again, missing_service, read_service, wait_until_settled
from .storage_options import request_body

ACTION: Action = "restore"
LONG_AGO = timedelta(days=1)
"""No end comes into the log any more of a restore that was asked for before that."""


@dataclass
class Outcome:
    """What became of a restore. ``changed`` once a request may have changed the service; ``problem`` what it ended with, None when all is well;
    ``begun`` and ``ended`` on Azure's clock, by its answers' dates, None where nobody saw it."""

    plan: Plan
    service: Service
    changed: bool = False
    run: Run | None = None
    problem: ArmError | None = None
    warnings: tuple[str, ...] = ()
    begun: datetime | None = None
    ended: datetime | None = None

    def warn(self, *texts: str) -> None:
        self.warnings += tuple(text for text in texts if text not in self.warnings)


@dataclass(frozen=True)
class Read:
    """One look: what there is, and what a request needs. ``client_id`` of the user-assigned identity that the service is to use."""

    current: Current
    place: Place
    client_id: str | None


def read(client: ArmClient, wish: Wish) -> Read:
    """One GET of the service and of the account, one HEAD (or one list, for the newest) of blobs, and the tier of the source where it is another service.

    Raises ArmError when the service is missing, has not the identity that it is to use, or the newest backup cannot be looked for.
    """
    service = _service(client, wish)
    client_id = client_id_of(service, wish.storage.access, wish.storage.identity)
    place = open_place(client, wish.storage)
    current = _with_backup(Current(service, None, source_tier=_tier(client, wish, service), warnings=place.notes), place, wish)
    return Read(current, place, client_id)


def _service(client: ArmClient, wish: Wish) -> Service:
    found = read_service(client, wish.target.path)
    if found is None:
        raise missing_service(client, wish.target)
    return found


def _with_backup(current: Current, place: Place, wish: Wish) -> Current:
    """With the backup that is meant, or the names of others when there is none."""
    if wish.newest:
        contents = read_contents(place)
        if contents.blobs is None:
            raise contents.problem or ArmError(f"The backups in {wish.place} could not be listed.")
        found = backups_of(contents.blobs, wish.template, wish.source or current.service.name)
        if found:
            return replace(current, backup=found[0])
    else:
        try:
            blob = place.container.head(wish.shown)
        except (HttpError, TransportError) as error:
            if place.key:
                raise
            # A firewall may keep this machine out and let API Management in.
            unread = f"the backup {wish.shown} could not be looked at ({error.code}), so neither that it is there nor its age was checked"
            return replace(current, backup=Backup(wish.shown), warnings=(*current.warnings, unread))
        if blob is not None:
            return replace(current, backup=backup_of(blob))
        contents = read_contents(place)
    return replace(current, names=_names(backup_of(blob) for blob in contents.blobs or ()), container=contents.exists is not False)


def _names(backups: Iterable[Backup]) -> tuple[str, ...]:
    """Oldest first."""
    return tuple(backup.name for backup in reversed(newest_first(backups)))


def _tier(client: ArmClient, wish: Wish, service: Service) -> str | None:
    """The tier of the service that the backup is of; None when nobody knows."""
    if wish.source is None:
        return None
    if wish.source.lower() == service.name.lower():
        return service.sku
    try:
        source = find_service(client, service.subscription, wish.source)
    except HttpError:
        return None
    return source.sku if source else None


def decide(client: ArmClient, wish: Wish, current: Current, waiting: Waiting, *, check: bool) -> tuple[Current, Plan]:
    """The plan, and what it is made for; asks the activity log where an earlier run may have been interrupted. With ``check`` it never waits."""
    first = plan(current, wish, client.server_now())
    mark = current.mark
    unclear = first.problem is not None and first.problem.code == "RestoreUnclear"
    if mark is None or not (unclear or first.action == "adopt"):
        return current, first
    told, service = _ask(client, current.service, mark, waiting if unclear and wish.wait and not check else None)
    if told == "late" and wish.wait and check:
        # The real run would wait until the log has it; that nothing was sent is the likelier end.
        told = "none"
    current = replace(current, service=service, told=told)
    return current, plan(current, wish, client.server_now())


def _ask(client: ArmClient, service: Service, mark: Mark, waiting: Waiting | None) -> tuple[Told, Service]:
    """What the log tells, and the service as it is then; with ``waiting``, after waiting until the log must have what there is."""
    begun = client.server_now()
    while True:
        told = ask_log(client, service, ACTION, mark.since)
        if told in ("late", "accepted") and not service.running:
            # What was asked for a moment ago shows in the service first.
            service = look_again(client, service)
        now = client.server_now()
        due = told == "late" or (told == "accepted" and now - begun < LAG and now - mark.since < LONG_AGO)
        if not due or service.running or waiting is None or waiting.left() <= 0:
            return told, service
        waiting.tell(0, 1, f"{service.name}: waiting for the activity log to tell of an interrupted restore")
        waiting.pause(client.clock)


def carry_out(client: ArmClient, wish: Wish, found: Read, decision: Plan, waiting: Waiting) -> Outcome:
    """What the plan says, to its end (or to its start, without wish.wait). What goes wrong is in the outcome."""
    outcome = Outcome(decision, found.current.service, warnings=decision.warnings)
    try:
        _carry_out(client, wish, found, outcome, waiting)
    except ArmError as error:
        outcome.problem = error
    if outcome.service.running or (outcome.run is not None and not outcome.run.ended):
        outcome.service = look_again(client, outcome.service)
    return outcome


def _carry_out(client: ArmClient, wish: Wish, found: Read, outcome: Outcome, waiting: Waiting) -> None:
    current, decision = found.current, outcome.plan
    if decision.action == "adopt":
        outcome.run = adopt(current.service, ACTION)
        outcome.begun = decision.mark.since if decision.mark is not None else None
        if not wish.wait or not _adopt(client, outcome, outcome.run, waiting):
            return
    if decision.action in ("adopt", "wait"):
        # What ran may have been a restore, or none of ours: look again.
        outcome.service = wait_until_settled(client, outcome.service, waiting)
        outcome.run = outcome.begun = None
        current, outcome.plan = decide(client, wish, replace(current, service=outcome.service), waiting, check=False)
        outcome.service, decision = current.service, outcome.plan
        outcome.warn(*decision.warnings)
        if decision.problem is not None:
            raise decision.problem
    if decision.action == "start":
        _start(client, wish, found, decision, outcome, waiting)
        if outcome.run is not None and wish.wait:
            _follow(client, outcome, outcome.run, waiting)
    elif decision.action == "finish":
        if decision.mark is not None:
            outcome.begun = decision.mark.since
            outcome.ended = ended_at(client, outcome.service, ACTION, decision.mark.since)
        _mark(client, outcome, "restored")


def _adopt(client: ArmClient, outcome: Outcome, run: Run, waiting: Waiting) -> bool:
    """Follows what an earlier run started. True when the log tells that it was no restore, so that there is one to be made."""
    try:
        run = follow(client, run, waiting)
    except ArmError as error:
        outcome.problem = error
        return False
    outcome.run, outcome.service = run, run.service
    mark = outcome.plan.mark
    if mark is None:
        return False
    told, outcome.service = _ask(client, run.service, mark, waiting)
    if told == "none":
        return True
    if told == "late":
        outcome.problem = unclear(mark, told)
        return False
    _end(client, outcome, run, told)
    if outcome.ended is not None:
        outcome.ended = ended_at(client, run.service, ACTION, mark.since) or outcome.ended
    return False


def _start(client: ArmClient, wish: Wish, found: Read, decision: Plan, outcome: Outcome, waiting: Waiting) -> None:
    """Marks the service, asks for the restore; a request that was surely refused takes the mark back."""
    if decision.mark is None or found.current.backup is None:
        raise ValueError("nothing to restore was found")
    write_mark(client, outcome.service, decision.mark)
    service = read_service(client, outcome.service.path) or outcome.service
    # Azure may take a change of tags for an update of the service.
    outcome.service = wait_until_settled(client, service, waiting)

    def landed() -> bool:
        return ask_log(client, outcome.service, ACTION, since) == "succeeded"

    since = decision.mark.since
    body = request_body(wish.storage, found.current.backup.name, key=found.place.key, client_id=found.client_id)
    try:
        outcome.run = start(client, outcome.service, ACTION, body, waiting, landed=landed)
    except ArmError as error:
        outcome.problem = error
        outcome.changed = error.ambiguous
        if not error.ambiguous:
            _mark(client, outcome, "failed")
        return
    outcome.changed, outcome.begun = True, since


def _follow(client: ArmClient, outcome: Outcome, run: Run, waiting: Waiting) -> None:
    """To the end of what this task has started. Where the operation itself could not be read, the log may know how it ended."""
    try:
        run = follow(client, run, waiting)
    except ArmError as error:
        outcome.problem = error
        if isinstance(error, OperationFailed):
            _mark(client, outcome, "failed")
        return
    outcome.run, outcome.service = run, run.service
    outcome.warn(*run.notes)
    mark = outcome.plan.mark
    told: Told = "succeeded"
    if run.notes and mark is not None:
        told, outcome.service = _ask(client, run.service, mark, waiting)
        if told == "late" and run.operation is None:
            outcome.problem = unclear(mark, told)
            return
    _end(client, outcome, run, told)


def _end(client: ArmClient, outcome: Outcome, run: Run, told: Told) -> None:
    """The service is Succeeded. That does not tell that its restore succeeded: ``told`` may."""
    lost = told == "none" and run.operation is None
    if told == "failed" or lost or (run.doubt is not None and told != "succeeded"):
        outcome.problem = run.doubt or OperationFailed(
            "The restore was never begun: the activity log does not know of it." if lost else "The restore failed, as the activity log says.",
            code="RestoreFailed",
            target=run.service.id,
            operation=run.words,
            hint="Run the task again." if lost else "Its entry has the reason (az monitor activity-log list --resource-id ID).",
        )
        _mark(client, outcome, "failed")
        return
    if told != "succeeded":
        outcome.warn(GUESSED)
    outcome.ended = client.server_now().replace(microsecond=0)
    _mark(client, outcome, "restored")


def _mark(client: ArmClient, outcome: Outcome, state: State) -> None:
    """Notes the end. It is no failure of the restore when that cannot be done: the next run asks the log."""
    mark = outcome.plan.mark
    if mark is None:
        return
    try:
        write_mark(client, outcome.service, replace(mark, state=state, since=client.server_now().replace(microsecond=0)))
    except ArmError as error:
        outcome.warn(f"the end of the restore could not be noted in the tags of {outcome.service.name}: {error}")
