# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it means to follow a job: what is asked for, what is known so far, and what comes of it. The reading is in ``watcher``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Callable, Collection, Iterable, Sequence

from .._arm.errors import ArmError, OperationFailed, OperationTimeout
from .._arm.poller import Operation
from .._fleet import Vm
from .jobs import Job
from .names import VaultRef

CLOCK_SLACK = timedelta(seconds=10)
"""How much earlier than asked for a job may seem to have started: several machines of Azure write these times."""


@dataclass(frozen=True)
class Watch:
    """One job to follow: by its id, or by what it will be when the id is not known yet.

    ``key`` is the caller's own name for it and unique. Without ``job_id``: the job of kind ``operation`` (``Backup``, ``Restore``,
    ...) of ``vm`` that started at ``not_before`` (Azure's clock) or later and is not in ``exclude`` (job names seen before).
    ``arm_operation`` is what the starting request answered; it tells the id, or why no job came.
    """

    key: str
    vault: VaultRef
    job_id: str | None = None
    operation: str | None = None
    vm: Vm | None = None
    not_before: datetime | None = None
    exclude: frozenset[str] = frozenset()
    arm_operation: Operation | None = None
    label: str = ""
    """What messages call it: the VM's name."""


@dataclass(frozen=True)
class Followed:
    """The outcome of one watch. ``job`` as last seen (None when it was never seen); ``early``: ended by what the caller looked for,
    before the job did; ``error`` why it failed, or OperationTimeout."""

    watch: Watch
    job: Job | None = None
    job_id: str | None = None
    error: ArmError | None = None
    early: bool = False

    @property
    def succeeded(self) -> bool:
        return self.error is None and (self.early or (self.job is not None and self.job.succeeded))


Probe = Callable[[VaultRef, Sequence[Job]], Collection[str]]
"""Looks elsewhere (not at jobs) for what the caller waits for; given the running jobs of a vault, returns the names of those to end."""


@dataclass
class WatchState:
    watch: Watch
    job_id: str | None
    job: Job | None = None
    outcome: Followed | None = None
    misses: int = 0
    """Looks in a row that should have shown the job and did not."""
    gone: bool = False
    """Not among the running ones any more; its end is still to be read."""
    looked: int = 0
    """Single reads so far, for taking turns."""


@dataclass
class VaultWatches:
    ref: VaultRef
    states: list[WatchState] = field(default_factory=list)
    pages: int = 1
    """Pages of the last complete list of all jobs since the first of ours."""
    no_list: bool = False
    """Azure refuses the list here (rights, an old stamp): jobs are read one by one."""

    @property
    def open(self) -> list[WatchState]:
        return [state for state in self.states if state.outcome is None]


def is_awaited(job: Job, watch: Watch) -> bool:
    """Whether this job is what a watch without an id waits for."""
    if watch.operation and job.operation.lower() != watch.operation.lower():
        return False
    if watch.vm is None or not job.is_of(watch.vm) or job.name in watch.exclude:
        return False
    if job.error() is not None and watch.arm_operation is not None:
        # It may be an attempt of a moment ago that failed at once; the operation tells the id for certain.
        return False
    return watch.not_before is None or job.start is None or job.start >= watch.not_before - CLOCK_SLACK


def by_vault(watches: Iterable[Watch]) -> list[VaultWatches]:
    vaults: dict[str, VaultWatches] = {}
    for watch in watches:
        vault = vaults.setdefault(watch.vault.key, VaultWatches(watch.vault))
        vault.states.append(WatchState(watch, watch.job_id))
    return list(vaults.values())


def earliest(states: Sequence[WatchState]) -> datetime | None:
    """From when on a list shows all of these; None when one of them may be of any age."""
    starts = [state.job.start if state.job is not None else state.watch.not_before for state in states]
    known = [start for start in starts if start is not None]
    return min(known) - CLOCK_SLACK if known and len(known) == len(starts) else None


def common_operation(states: Sequence[WatchState]) -> str | None:
    kinds = {state.job.operation if state.job is not None else state.watch.operation for state in states}
    return kinds.pop() if len(kinds) == 1 else None


def lost_job(state: WatchState) -> ArmError:
    name = state.job_id or "that was started"
    operation = state.watch.arm_operation
    return OperationFailed(
        f"Azure does not show the job {name} in the vault {state.watch.vault.name}.",
        code="JobNotFound",
        target=f"{state.watch.vault.id}/backupJobs/{state.job_id}" if state.job_id else state.watch.vault.id,
        operation=f"operation {operation.id}" if operation is not None and operation.id else None,
        hint="Check the job and the vault (jobs belong to one vault and are kept for a limited time), or run the task again.",
    )


def timed_out(state: WatchState, timeout: float) -> Followed:
    """What a watch that has not ended after ``timeout`` seconds comes to: an error with the ids to go on from."""
    job = state.job
    resume = {"job_id": state.job_id} if state.job_id else {}
    if state.watch.arm_operation is not None and state.watch.arm_operation.id:
        resume["operation_id"] = state.watch.arm_operation.id
    last = job.status if job else None
    kind = (job.operation if job else state.watch.operation) or "Azure"
    name = state.watch.label or (job.friendly_name if job else "")
    what = f"The {kind} job {state.job_id or '(id not known yet)'}" + (f" of {name}" if name else "")
    seen = f"was still {last}" if last else "was not seen to end"
    if job and job.progress is not None:
        seen += f" ({job.progress:g} %)"
    error = OperationTimeout(
        f"{what} {seen} after {timeout:.0f} s; Azure goes on with it.",
        last_state=last,
        resume=resume,
        target=job.id if job else None,
        operation=f"job {state.job_id}" if state.job_id else None,
        hint="Run the same task again: it finds this job and goes on waiting. Or wait for it with lifeboat.azure_dr.backup_job"
        + (f" (job: {state.job_id})." if state.job_id else "."),
    )
    return Followed(state.watch, job, state.job_id, error=error)
