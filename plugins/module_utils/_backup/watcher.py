# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows any number of jobs, started here or found running, to their ends.

A look costs, in each vault, the smaller of two numbers: the jobs that still run (read one by one) and the pages of one filtered
list. How long until the next look follows from what Azure's counter says is left (``pace``), so a fleet is watched on the budget
of one VM. A read that fails says nothing about the job: real Azure answers such reads with 500, 502 and 429.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Callable, Iterable, Mapping, Sequence

from .._apis import BACKUP
from .._arm.client import ArmClient
from .._arm.errors import ArmError, AuthError
from .._arm.poller import Operation, OperationStatus, is_momentary, read_operation
from .._progress import Tell, quiet
from .following import Followed, Probe, VaultWatches, Watch, WatchState, by_vault, common_operation, earliest, is_awaited, lost_job, timed_out
from .jobs import Job, JobList, get_job, job_path, jobs_path, list_jobs, read_job
from .names import VaultRef, operation_path, vm_pair
from .pace import pause, plenty

__all__ = ["Followed", "JobWatcher", "Probe", "Watch", "job_id_of", "operation_status"]

PAGE = 200
"""Jobs on a page of a list."""

FEW = 3
"""Up to this many jobs of a vault are asked for one by one where that tells more than a list."""

PATIENCE = 2
"""Looks at the list in which a started job may be missing before its operation is asked."""

STRIKES = 5
"""Refused or empty answers in a row after which a job counts as lost."""

OPERATIONS_A_LOOK = 10
"""Operations asked for a missing job's id in one look; they have a counter of their own."""

LONG_AGO = timedelta(days=30)
"""How far back a job is looked for when nothing tells when it started."""

SMALL_HELPING = 20
"""Single reads of a call that are made at once where Azure tells no budget."""


class JobWatcher:
    """Follows jobs. ``timeout`` and ``poll_interval`` in seconds.

    ``done`` ends a watch early by what a read job shows (tasks only where it was read alone); ``probe`` by what is seen elsewhere,
    at ``probe_path`` of a vault, whose budget is heeded too; ``tell`` hears how far it is after each look.
    """

    def __init__(
        self,
        client: ArmClient,
        *,
        timeout: float,
        poll_interval: float = 30.0,
        done: Callable[[Job], bool] | None = None,
        probe: Probe | None = None,
        probe_path: Callable[[VaultRef], str] | None = None,
        tell: Tell = quiet,
    ) -> None:
        self._client = client
        self._timeout = timeout
        self._interval = poll_interval
        self._done = done
        self._probe = probe
        self._probe_path = probe_path
        self._tell = tell

    def follow(self, watches: Iterable[Watch]) -> dict[str, Followed]:
        """Waits for all of them and returns one outcome a key; raises nothing that one job's fate could cause.

        What has not ended within ``timeout`` seconds gets an OperationTimeout with the ids to resume from.
        """
        vaults = by_vault(watches)
        clock = self._client.clock
        deadline = clock.monotonic() + self._timeout
        while True:
            cost = sum(self._look(vault) for vault in vaults if vault.open)
            self._report(vaults)
            left = deadline - clock.monotonic()
            if left <= 0 or not any(vault.open for vault in vaults):
                break
            clock.sleep(min(left, self._pause([vault for vault in vaults if vault.open], cost)))
        return {state.watch.key: state.outcome or timed_out(state, self._timeout) for vault in vaults for state in vault.states}

    def once(self, watches: Iterable[Watch]) -> dict[str, Followed]:
        """One look without waiting, so that the ids of what was just started are known; what runs has neither error nor end."""
        vaults = by_vault(watches)
        for vault in vaults:
            self._look(vault)
        return {
            state.watch.key: state.outcome or Followed(state.watch, state.job, state.job_id) for vault in vaults for state in vault.states
        }

    def details(self, jobs: Iterable[Job], *, max_wait: float = 0.0) -> dict[str, Job]:
        """Tasks and bags of jobs, by job name, as far as the budget allows; those that could not be read are missing.

        Costs a read a job. While plenty is left they are read at once, then at the pace of the watcher for ``max_wait`` seconds.
        """
        deadline = self._client.clock.monotonic() + max_wait
        found: dict[str, Job] = {}
        spent = 0
        for job in jobs:
            if job.detailed:
                found[job.name] = job
                continue
            if job.vault is None or not self._afford(job.vault, spent, deadline):
                continue
            spent += 1
            try:
                read = get_job(self._client, job.vault, job.name)
            except ArmError:
                continue
            if read is not None:
                found[job.name] = read
        return found

    def _afford(self, vault: VaultRef, spent: int, deadline: float) -> bool:
        """Whether one more read is in order, having waited for it if need be."""
        budget = self._client.budget(jobs_path(vault))
        # Without a counter in sight, the first few of a call are free, as for a person who clicks through them.
        if plenty(budget) and (budget.remaining is not None or spent < SMALL_HELPING):
            return True
        wait = pause(self._interval, 1, budget)
        clock = self._client.clock
        if clock.monotonic() + wait > deadline:
            return False
        clock.sleep(wait)
        return True

    def _pause(self, vaults: Sequence[VaultWatches], cost: int) -> float:
        pauses = [pause(self._interval, cost, self._client.budget(jobs_path(vault.ref))) for vault in vaults]
        if self._probe_path is not None:
            pauses += [pause(self._interval, 1, self._client.budget(self._probe_path(vault.ref))) for vault in vaults]
        return max(pauses, default=self._interval)

    def _look(self, vault: VaultWatches) -> int:
        """One look at a vault's jobs; the reads of jobs it took."""
        self._ask_operations(vault)
        known = [state for state in vault.open if state.job_id is not None]
        if not vault.open:
            return 0
        if vault.no_list:
            turn = sorted(known, key=lambda state: state.looked)[:FEW]
            cost = self._read_singles(turn)
        elif len(known) == len(vault.open) and len(known) <= vault.pages:
            cost = self._read_singles(known)
        else:
            cost = self._read_list(vault)
        self._ask_probe(vault)
        return cost

    def _read_singles(self, states: Sequence[WatchState]) -> int:
        for state in states:
            self._read_single(state)
        return len(states)

    def _read_single(self, state: WatchState) -> None:
        state.looked += 1
        try:
            body = self._client.get_once(job_path(state.watch.vault, state.job_id or ""), BACKUP).body
        except ArmError as error:
            if error.status == 404:
                self._missed(state, None)
            elif not is_momentary(error):
                self._missed(state, error)
            return
        if isinstance(body, Mapping) and isinstance(body.get("properties"), Mapping):
            self._seen(state, read_job(body))

    def _read_list(self, vault: VaultWatches) -> int:
        """One list that shows as many of the open watches as possible, on as few pages as possible."""
        states = vault.open
        alive = [state for state in states if not state.gone]
        # With several pages, the running jobs alone soon fill fewer of them. What is not among them has ended; how, the list of
        # all jobs tells later, for many at once.
        running_only = all(state.job is not None for state in states) and 0 < -(-len(alive) // PAGE) < vault.pages
        listing = list_jobs(
            self._client,
            vault.ref,
            operation=common_operation(states),
            status="InProgress" if running_only else None,
            start=earliest(states) or self._client.server_now() - LONG_AGO,
            once=True,
        )
        try:
            unseen = self._match(vault, alive if running_only else states, listing)
        except ArmError as error:
            self._list_failed(vault, error)
            return max(1, listing.page_count)
        cost = listing.page_count
        if running_only:
            for state in unseen:
                state.gone = True
            return cost
        vault.pages = max(1, listing.page_count)
        for state in unseen:
            if state.job_id is None:
                self._missed(state, None)
        # What has an id and is not on the list may be older than its bounds: these are read one by one, in turns.
        older = sorted((state for state in unseen if state.job_id is not None), key=lambda state: state.looked)
        return cost + self._read_singles(older[:FEW])

    def _match(self, vault: VaultWatches, wanted: Sequence[WatchState], listing: JobList) -> list[WatchState]:
        """Shows each job of the list to the watch it belongs to, newest first; returns the watches that saw none."""
        by_name = {state.job_id.lower(): state for state in wanted if state.job_id is not None}
        nameless = [state for state in wanted if state.job_id is None]
        vms = {vm_pair(state.watch.vm) for state in nameless if state.watch.vm is not None}
        taken = {state.job_id.lower() for state in vault.states if state.job_id is not None}
        for job in listing if wanted else ():
            state = by_name.pop(job.name.lower(), None)
            if state is None and job.name.lower() not in taken and job.container.lower() in vms:
                state = next((candidate for candidate in nameless if is_awaited(job, candidate.watch)), None)
                if state is not None:
                    nameless.remove(state)
            if state is not None:
                self._seen(state, job)
            # Once a list takes more pages than there are jobs left to find, reading those one by one is cheaper.
            if not nameless and (not by_name or listing.page_count > len(by_name)):
                break
        return [*by_name.values(), *nameless]

    def _seen(self, state: WatchState, job: Job) -> None:
        state.job, state.job_id, state.misses = job, job.name, 0
        if job.finished:
            state.outcome = Followed(state.watch, job, job.name, error=job.error(self._client.hints))
        else:
            state.gone = False
            if self._done is not None and self._done(job):
                state.outcome = Followed(state.watch, job, job.name, early=True)

    def _missed(self, state: WatchState, refusal: ArmError | None) -> None:
        """A look that should have shown the job did not; ``refusal`` when Azure said why."""
        state.misses += 1
        if state.misses >= STRIKES:
            state.outcome = Followed(state.watch, state.job, state.job_id, error=refusal or lost_job(state))

    def _list_failed(self, vault: VaultWatches, error: ArmError) -> None:
        if is_momentary(error):
            return
        if isinstance(error, AuthError):
            for state in vault.open:
                self._missed(state, error)
            return
        vault.no_list = True
        for state in vault.open:
            # Nothing can be found without a list but by its id.
            if state.job_id is None and state.watch.arm_operation is None:
                state.outcome = Followed(state.watch, error=error)

    def _ask_operations(self, vault: VaultWatches) -> None:
        """Learns ids from the operations: of few at once, and of those that the list should have shown by now."""
        nameless = [(state, state.watch.arm_operation) for state in vault.open if state.job_id is None and state.watch.arm_operation is not None]
        few = len(nameless) <= FEW or vault.no_list
        due = [(state, operation) for state, operation in nameless if few or state.misses >= PATIENCE]
        for state, operation in due[:OPERATIONS_A_LOOK]:
            if not plenty(self._client.budget(operation_path(vault.ref, "any"))):
                return
            try:
                status = operation_status(self._client, vault.ref, operation)
            except ArmError as error:
                self._missed(state, error)
                continue
            if status.state in ("failed", "canceled"):
                state.outcome = Followed(state.watch, error=status.error)
            elif (name := job_id_of(status)) is not None:
                state.job_id, state.misses = name, 0
            elif status.state == "running" and status.error is None:
                # As long as Azure still works on the request, the job may yet come.
                state.misses = min(state.misses, PATIENCE)

    def _ask_probe(self, vault: VaultWatches) -> None:
        running = {state.job.name: state for state in vault.open if state.job is not None}
        if self._probe is None or all(state.job is not None and state.job.detailed for state in running.values()):
            return
        try:
            over = self._probe(vault.ref, [state.job for state in running.values() if state.job is not None])
        except ArmError:
            return
        for name in over:
            state = running[name]
            state.outcome = Followed(state.watch, state.job, name, early=True)

    def _report(self, vaults: Sequence[VaultWatches]) -> None:
        states = [state for vault in vaults for state in vault.states]
        running = [state.job for state in states if state.outcome is None and state.job is not None]
        slowest = max(running, key=lambda job: job.duration or 0.0, default=None)
        text = f"{len(running)} running" + (f", longest {slowest.friendly_name} {slowest.duration or 0:.0f} s" if slowest else "")
        self._tell(sum(state.outcome is not None for state in states), len(states), text)


def operation_status(client: ArmClient, vault: VaultRef, operation: Operation) -> OperationStatus:
    """One look at an operation of a vault. Where the URL that its header named is unknown, its id is still known to the vault."""
    status = read_operation(client, operation)
    if status.error is not None and status.error.status == 404 and operation.id:
        path = f"{operation_path(vault, operation.id)}?api-version={client.version_of(BACKUP)}"
        return read_operation(client, replace(operation, url=f"{client.cloud.arm_url}{path}", kind="async"))
    return status


def job_id_of(status: OperationStatus) -> str | None:
    """The job that an operation started; None as long as (or if) it names none."""
    properties = status.body.get("properties") if isinstance(status.body, Mapping) else None
    name = properties.get("jobId") if isinstance(properties, Mapping) else None
    return name if isinstance(name, str) and name else None
