# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a backup of a service when one is due: read, plan, apply, watch, and prune.

What a run that was killed has started is waited for, and its backup is found in the container; nothing is started while an
operation of the service runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .._arm.client import ArmClient
from .._arm.errors import ArmError, OptionError
from .._arm.ids import ResourceId
from .._waiting import Waiting
from .backups import Backup, Plan, Wish, backup_of, backups_of, changes, expiry_warning, plan_backup
from .hints import STORAGE
from .operations import Run, follow, start
from .places import Contents, Place, container_exists, make_container, open_place, read_contents
from .service import Service, check_recoverable, client_id_of, look_again, missing_service, read_service, wait_until_settled
from .storage_options import ApimStorage, request_body

ROUNDS = 5
"""How often another operation of the service may come first before that is the end."""
NOT_READ = "The backups could not be read, so that a new one is made each time, and keep deletes none."


@dataclass
class Outcome:
    """What became of it. ``backup`` the newest one at the end, None when there is none or nobody knows; ``failure`` after a change was made."""

    service: Service
    now: datetime
    made: bool = False
    adopted: bool = False
    container_made: bool = False
    backup: Backup | None = None
    pruned: list[str] = field(default_factory=list)
    run: Run | None = None
    failure: ArmError | None = None
    warnings: list[str] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return self.made or self.container_made or bool(self.pruned)


@dataclass(frozen=True)
class Situation:
    """What was read, and what follows from it."""

    contents: Contents
    plan: Plan

    @property
    def needs_container(self) -> bool:
        return self.plan.make is not None and self.contents.exists is False


class BackupTask:
    """One run of the module. ``check`` sends nothing that changes anything."""

    def __init__(self, client: ArmClient, wish: Wish, storage: ApimStorage, waiting: Waiting, *, check: bool) -> None:
        self._client = client
        self._wish = wish
        self._storage = storage
        self._waiting = waiting
        self._check = check

    def carry_out(self, wanted: ResourceId) -> Outcome:
        """Raises ArmError for what is wrong before service and backups were looked at; later failures are in the Outcome."""
        client = self._client
        service = read_service(client, wanted.path)
        if service is None:
            raise missing_service(client, wanted)
        problem = check_recoverable(service)
        if problem is not None and problem.code == "UnsupportedTier":
            raise problem
        begun = client.server_now()
        place = open_place(client, self._storage)
        situation = self._look(service, place)
        outcome = Outcome(service, begun, backup=situation.plan.newest, warnings=list(place.notes))
        if situation.plan.make:
            outcome.warnings += place.warnings(self._storage.access)
        if situation.contents.problem is not None:
            outcome.warnings.append(_not_read(place, situation.contents.problem))
        try:
            if situation.plan.make and problem is not None:
                raise problem
            if self._check:
                self._foresee(outcome, situation, place)
            else:
                situation = self._make(outcome, situation, place, begun)
                self._prune(outcome, situation, place)
        except ArmError as error:
            outcome.failure = error
        if outcome.service.running or (outcome.run is not None and not outcome.run.ended):
            outcome.service = look_again(client, outcome.service)
        outcome.now = client.server_now()
        self._describe(outcome, situation, place)
        return outcome

    def _look(self, service: Service, place: Place, since: datetime | None = None) -> Situation:
        template = self._wish.template
        contents = read_contents(place, template.prefix(service.name))
        if contents.exists is None:
            contents = replace(contents, exists=container_exists(self._client, place))
        backups = None if contents.blobs is None else backups_of(contents.blobs, template, service.name)
        return Situation(contents, plan_backup(self._wish, service.name, backups, self._client.server_now(), since=since))

    def _foresee(self, outcome: Outcome, situation: Situation, place: Place) -> None:
        """Check mode: what the real run would do, if what runs now is no backup."""
        plan = situation.plan
        if plan.make and outcome.service.running and not self._waiting.wait:
            self._leave(outcome)
            return
        if plan.make:
            self._body(outcome.service, place, plan.make)
            if outcome.service.running:
                outcome.warnings.append(
                    f"An operation of the service {outcome.service.name} runs. If it is a backup, the real run waits for it and makes no other."
                )
        outcome.made = plan.make is not None
        outcome.container_made = situation.needs_container
        outcome.pruned = [backup.name for backup in plan.prune] if self._waiting.wait or plan.make is None else []

    def _make(self, outcome: Outcome, situation: Situation, place: Place, begun: datetime) -> Situation:
        """Makes the backup when one is due, after whatever runs; returns the situation that it was made in, or in which none was due."""
        waited, refused = False, 0
        while True:
            service, plan = outcome.service, situation.plan
            if plan.make is None:
                outcome.adopted = waited
                return situation
            if service.running:
                if not self._waiting.wait:
                    self._leave(outcome)
                    return Situation(situation.contents, replace(plan, make=None, prune=()))
                situation, waited = self._settle(outcome, service, place, begun), True
                continue
            problem = check_recoverable(service)
            if problem is not None:
                raise problem
            body = self._body(service, place, plan.make)
            if situation.needs_container and not outcome.container_made:
                self._make_container(outcome, place)
            try:
                self._start(outcome, situation, place, plan.make, body)
                return situation
            except ArmError as error:
                refused += 1
                if error.status != 409 or error.ambiguous or refused > ROUNDS or not self._waiting.wait or self._waiting.left() <= 0:
                    outcome.made = error.ambiguous
                    raise _explained(error) from None
            # Something else of the service came first.
            self._waiting.pause(self._client.clock)
            situation, waited = self._settle(outcome, read_service(self._client, service.path) or service, place, begun), True

    def _settle(self, outcome: Outcome, service: Service, place: Place, begun: datetime) -> Situation:
        """Waits for what runs, and looks whether it, or what has ended a moment ago, was a backup."""
        outcome.service = wait_until_settled(self._client, service, self._waiting)
        situation = self._look(outcome.service, place, begun)
        outcome.backup = situation.plan.newest
        return situation

    @staticmethod
    def _leave(outcome: Outcome) -> None:
        """Without waiting, nothing is started beside what runs."""
        outcome.adopted = True
        outcome.warnings.append(
            f"An operation of the service {outcome.service.name} runs, which may be a backup; nothing is started. Run the task again when it has ended."
        )

    def _body(self, service: Service, place: Place, name: str) -> dict[str, str]:
        """Raises ArmError when the service has not the identity that it is to use."""
        client_id = client_id_of(service, self._storage.access, self._storage.identity)
        return request_body(self._storage, name, key=place.key, client_id=client_id)

    def _make_container(self, outcome: Outcome, place: Place) -> None:
        problem = make_container(self._client, place)
        outcome.container_made = problem is None
        if problem is not None:
            outcome.warnings.append(f"The container {place.container.name} could not be made ({problem}), so it is left to Azure to make it.")

    def _start(self, outcome: Outcome, situation: Situation, place: Place, name: str, body: dict[str, str]) -> None:
        """Starts the backup and follows it; raises what says that it was not started."""
        old = _named(situation.contents, name)
        known = situation.contents.blobs is not None or self._wish.template.timed
        run = start(self._client, outcome.service, "backup", body, self._waiting, landed=lambda: known and _written(place, name, old) is not None)
        outcome.made, outcome.run = True, run
        try:
            if self._waiting.wait or run.ended:
                outcome.run = run = follow(self._client, run, self._waiting)
                outcome.service = run.service
                outcome.backup = self._made(outcome, situation, place, name, old)
        except ArmError as error:
            outcome.failure = _explained(error)
        finally:
            outcome.warnings += run.notes

    def _made(self, outcome: Outcome, situation: Situation, place: Place, name: str, old: Backup | None) -> Backup:
        """The backup as it lies there; raises ArmError when it is said to have been made and is not there."""
        doubt = outcome.run.doubt if outcome.run is not None else None
        if situation.contents.blobs is None and doubt is None:
            return Backup(name)
        try:
            blob = place.container.head(name)
        except ArmError as error:
            if doubt is not None:
                raise doubt from None
            outcome.warnings.append(f"The new backup could not be looked at{', so that keep deleted none' if self._wish.keep else ''}: {error}")
            return Backup(name)
        if blob is None or backup_of(blob) == old:
            raise doubt or ArmError(
                f"The backup ended without an error, but {place.container.url}/{name} {'was not written' if blob else 'is not there'}.",
                code="BackupNotFound",
                target=f"{place.container.url}/{name}",
            )
        return backup_of(blob)

    def _prune(self, outcome: Outcome, situation: Situation, place: Place) -> None:
        """Deletes the old backups, once the one to keep was seen; one that cannot be deleted hides no other."""
        seen = outcome.backup is not None and outcome.backup.created is not None
        if outcome.failure is not None or (situation.plan.make and not (self._waiting.wait and seen)):
            return
        for backup in situation.plan.prune:
            try:
                place.container.delete(backup.name)
                outcome.pruned.append(backup.name)
            except ArmError as error:
                outcome.failure = outcome.failure or error

    def _describe(self, outcome: Outcome, situation: Situation, place: Place) -> None:
        plan = situation.plan
        shown = replace(
            plan, make=plan.make if outcome.made else None, prune=tuple(backup for backup in plan.prune if backup.name in outcome.pruned)
        )
        outcome.before, outcome.after = changes(
            self._wish, outcome.service.name, shown, place.container.name if outcome.container_made else None
        )
        warning = None if outcome.made else expiry_warning(outcome.backup, outcome.now)
        if warning:
            outcome.warnings.append(warning)


def _named(contents: Contents, name: str) -> Backup | None:
    """The blob that the new backup will overwrite."""
    return next((backup_of(blob) for blob in contents.blobs or () if blob.name == name), None)


def _written(place: Place, name: str, old: Backup | None) -> Backup | None:
    """The backup, when it was written since ``old`` was seen; None when it was not, or when nobody can tell."""
    try:
        blob = place.container.head(name)
    except ArmError:
        return None
    found = backup_of(blob) if blob is not None else None
    return None if found == old else found


def _not_read(place: Place, problem: ArmError) -> str:
    return f"{NOT_READ} Reading {place.container.url} failed: {problem}"


def _explained(error: ArmError) -> ArmError:
    """With what may be wrong, where Azure says little."""
    if error.hint is None and not isinstance(error, OptionError) and error.status in (None, 400, 403, 500) and error.code != "BackupNotFound":
        error.hint = STORAGE
    return error
