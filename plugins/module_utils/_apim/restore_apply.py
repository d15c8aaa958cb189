# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a restore needs to know, and carries out what was planned, so that a backup is restored once whatever happens to the run.

The service is marked (marks.py) before the request goes out and again at the end: a run that is killed in between finds its mark, and Azure's
activity log tells what became of the request.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable

from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError, OperationFailed, TransportError
from .activity import Told, ask_log
from .backups import Backup, backup_of, backups_of, newest_first
from .marks import Mark, State, write_mark
from .operations import Action, Run, adopt, follow, start
from .places import Place, open_place, read_contents
from .restores import Current, Plan, Wish, plan, unclear
from .service import Pace, Service, client_id_of, find_service, missing_service, read_service, wait_until_settled
from .storage_options import request_body

ACTION: Action = "restore"


@dataclass
class Outcome:
    """What became of a restore. ``changed`` once a request may have changed the service; ``problem`` what it ended with, None when all is well."""

    plan: Plan
    service: Service
    changed: bool = False
    run: Run | None = None
    problem: ArmError | None = None
    warnings: tuple[str, ...] = ()

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
    backup, names, warnings = _backup(place, wish)
    current = Current(service, backup, names, _tier(client, wish, service), warnings=(*place.notes, *warnings))
    return Read(current, place, client_id)


def _service(client: ArmClient, wish: Wish) -> Service:
    found = read_service(client, wish.target.path)
    if found is None:
        raise missing_service(client, wish.target)
    return found


def _backup(place: Place, wish: Wish) -> tuple[Backup | None, tuple[str, ...], tuple[str, ...]]:
    """The backup that is meant, None when there is none; names of others then; warnings."""
    if wish.newest:
        contents = read_contents(place)
        if contents.blobs is None:
            raise contents.problem or ArmError(f"The backups in {wish.place} could not be listed.")
        found = backups_of(contents.blobs, wish.template, wish.source or wish.target.name)
        return (found[0], (), ()) if found else (None, _names(backup_of(blob) for blob in contents.blobs), ())
    try:
        blob = place.container.head(wish.shown)
    except (HttpError, TransportError) as error:
        if place.key:
            raise
        # A firewall may keep this machine out and let API Management in.
        unread = f"the backup {wish.shown} could not be looked at ({error.code}), so neither that it is there nor its age was checked"
        return Backup(wish.shown), (), (unread,)
    if blob is not None:
        return backup_of(blob), (), ()
    contents = read_contents(place)
    return None, _names(backup_of(blob) for blob in contents.blobs or ()), ()


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


def decide(client: ArmClient, wish: Wish, current: Current, pace: Pace, *, check: bool) -> Plan:
    """The plan; asks the activity log where an earlier run may have been interrupted. With ``check`` it never waits."""
    first = plan(current, wish, client.server_now())
    mark = current.mark
    unclear = first.problem is not None and first.problem.code == "RestoreUnclear"
    if mark is None or not (unclear or first.action == "adopt"):
        return first
    told = _ask(client, current.service, mark, pace if unclear and wish.wait and not check else None)
    if told == "late" and wish.wait and check:
        # The real run would wait until the log has it; that nothing was sent is the likelier end.
        told = "none"
    return plan(replace(current, told=told), wish, client.server_now())


def _ask(client: ArmClient, service: Service, mark: Mark, pace: Pace | None) -> Told:
    """What the log tells; with ``pace``, after waiting until it must have what there is."""
    told = ask_log(client, service, ACTION, mark.since)
    while told == "late" and pace is not None and pace.time_left() > 0:
        pace.say(f"{service.name}: waiting for the activity log to tell of an interrupted restore")
        client.clock.sleep(min(pace.interval, pace.time_left()))
        told = ask_log(client, service, ACTION, mark.since)
    return told


def carry_out(client: ArmClient, wish: Wish, found: Read, decision: Plan, pace: Pace) -> Outcome:
    """What the plan says, to its end (or to its start, without wish.wait). What goes wrong after the request is in the outcome."""
    current = found.current
    outcome = Outcome(decision, current.service, warnings=decision.warnings)
    if decision.action == "adopt":
        outcome.run = adopt(current.service, ACTION)
        if not wish.wait or not _adopt(client, outcome, outcome.run, pace):
            return outcome
    if decision.action in ("adopt", "wait"):
        # What ran may have been a restore, or none of ours: look again.
        outcome.service = wait_until_settled(client, outcome.service, pace)
        outcome.run = None
        outcome.plan = decision = decide(client, wish, replace(current, service=outcome.service), pace, check=False)
        outcome.warn(*decision.warnings)
        if decision.problem is not None:
            raise decision.problem
    if decision.action == "start":
        _start(client, wish, found, decision, outcome, pace)
        if outcome.run is not None and wish.wait:
            _follow(client, outcome, outcome.run, pace)
    elif decision.action == "finish":
        _mark(client, outcome, "restored")
    return outcome


def _adopt(client: ArmClient, outcome: Outcome, run: Run, pace: Pace) -> bool:
    """Follows what an earlier run started. True when the log tells that it was no restore, so that there is one to be made."""
    try:
        run = follow(client, run, pace)
    except ArmError as error:
        outcome.problem = error
        return False
    outcome.run, outcome.service = run, run.service
    mark = outcome.plan.mark
    if mark is None:
        return False
    told = _ask(client, run.service, mark, pace)
    if told == "none":
        return True
    if told == "late":
        outcome.problem = unclear(mark, told)
        return False
    if told == "unknown":
        outcome.warn("that it was a restore that ran, and how it ended, is taken from the state of the service alone: the activity log cannot be read")
    _end(client, outcome, run, told)
    return False


def _start(client: ArmClient, wish: Wish, found: Read, decision: Plan, outcome: Outcome, pace: Pace) -> None:
    """Marks the service, asks for the restore; a request that was surely refused takes the mark back."""
    if decision.mark is None or found.current.backup is None:
        raise ValueError("nothing to restore was found")
    write_mark(client, outcome.service, decision.mark)
    service = read_service(client, outcome.service.path) or outcome.service
    # Azure may take a change of tags for an update of the service.
    outcome.service = wait_until_settled(client, service, pace)

    def landed() -> bool:
        return ask_log(client, outcome.service, ACTION, since) == "succeeded"

    since = decision.mark.since
    body = request_body(wish.storage, found.current.backup.name, key=found.place.key, client_id=found.client_id)
    try:
        outcome.run = start(client, outcome.service, ACTION, body, pace, landed=landed)
    except ArmError as error:
        outcome.problem = error
        outcome.changed = error.ambiguous
        if not error.ambiguous:
            _mark(client, outcome, "failed")
        return
    outcome.changed = True


def _follow(client: ArmClient, outcome: Outcome, run: Run, pace: Pace) -> None:
    """To the end of what this task has started. Where the operation itself could not be read, the log may know how it ended."""
    try:
        run = follow(client, run, pace)
    except ArmError as error:
        outcome.problem = error
        if isinstance(error, OperationFailed):
            _mark(client, outcome, "failed")
        return
    outcome.run, outcome.service = run, run.service
    outcome.warn(*run.notes)
    mark = outcome.plan.mark
    _end(client, outcome, run, ask_log(client, run.service, ACTION, mark.since) if run.notes and mark is not None else "succeeded")


def _end(client: ArmClient, outcome: Outcome, run: Run, told: Told) -> None:
    """The service is Succeeded. That does not tell that its restore succeeded: ``told`` may."""
    if told != "failed":
        _mark(client, outcome, "restored")
        return
    outcome.problem = OperationFailed(
        "The restore failed, as the activity log says.",
        code="RestoreFailed",
        target=run.service.id,
        operation=run.words,
        hint="Its entry has the reason (az monitor activity-log list --resource-id ID).",
    )
    _mark(client, outcome, "failed")


def _mark(client: ArmClient, outcome: Outcome, state: State) -> None:
    """Notes the end. It is no failure of the restore when that cannot be done: the next run asks the log."""
    mark = outcome.plan.mark
    if mark is None:
        return
    try:
        write_mark(client, outcome.service, replace(mark, state=state, since=client.server_now().replace(microsecond=0)))
    except ArmError as error:
        outcome.warn(f"the end of the restore could not be noted in the tags of {outcome.service.name}: {error}")
