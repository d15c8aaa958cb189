# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries plans of on-demand backups out: sends the requests, finds what an unclear one has started, follows the jobs, reports.

Once the first request is out, no error ends the run: it belongs to its VM, whose report says what was started.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Iterable, Sequence

from .._apis import BACKUP
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.poller import Operation, operation_of
from .._arm.timestamps import format_time
from .._fleet import VmReport, run_each
from .._waiting import Waiting
from .backups import LONGEST_BACKUP, OPERATION, SNAPSHOT, Plan, Wish, asks_for_jobs, plan, request_body
from .following import CLOCK_SLACK
from .items import ProtectedItem, list_items
from .jobs import TAKE_SNAPSHOT, Job, job_of, list_jobs, running_jobs
from .names import VaultRef, vm_pair
from .pace import plenty
from .recovery_points import RecoveryPoint, parse_point, point_facts, points_path
from .vaults import FEW, Located
from .watcher import Followed, JobWatcher, Watch

ROUNDS = 3
"""How often a request is sent whose fate is unknown and which has started nothing."""

APPEARS_WITHIN = 20.0
"""Seconds in which a job that was started shows in the list of jobs."""

ID_WITHIN = 3.0
"""Seconds in which an operation that starts a backup tells the job's id (seen: at the first look, after 1 to 3 seconds)."""

RUNS_ALREADY = frozenset({"usererrorbackupoperationinprogress", "systembackupoperationinprogress"})


@dataclass
class Work:
    """One VM on its way."""

    plan: Plan
    report: VmReport
    operation: Operation | None = None
    sent_at: datetime | None = None
    """Azure's time when the request was sent (the last time)."""
    first_sent_at: datetime | None = None
    answer_lost: bool = False
    """Whether one of the requests may have taken effect without our knowing."""
    job_id: str | None = None
    unclear: ArmError | None = None
    """Why it is not known whether the last request started something."""

    @property
    def key(self) -> str:
        return self.plan.place.vm.key

    @property
    def vault(self) -> VaultRef:
        if self.plan.place.vault is None:
            raise ValueError("a VM without a vault has nothing to be done")
        return self.plan.place.vault

    @property
    def item(self) -> ProtectedItem:
        if self.plan.place.item is None:
            raise ValueError("a VM without a protected item has nothing to be done")
        return self.plan.place.item

    @property
    def followed(self) -> bool:
        """Whether there is a job to wait for."""
        return self.report.failure is None and (self.operation is not None or self.job_id is not None)


def make_plans(client: ArmClient, located: Sequence[Located], wish: Wish) -> list[Work]:
    """The plan of each VM. Lists the running backups of a vault only where they matter; a refusal of that list is no failure."""
    now = client.server_now()
    running: dict[str, list[Job]] = {}
    for vault in _vaults(place.vault for place in located if asks_for_jobs(place, wish, now)):
        try:
            running[vault.key] = running_jobs(client, vault, OPERATION)[0]
        except ArmError:
            # Not allowed to ask: should a backup run, Azure refuses a second one and says so.
            running[vault.key] = []
    plans = [plan(place, running.get(place.vault.key, []) if place.vault else [], wish, now) for place in located]
    return [_work(entry, wish, now) for entry in plans]


def carry_out(client: ArmClient, works: Sequence[Work], wish: Wish, waiting: Waiting) -> None:
    """Starts what is to be started and waits for it; everything that happens goes into the reports."""
    _start(client, [work for work in works if work.plan.action == "start"], wish, waiting)
    refused = _follow(client, [work for work in works if work.followed], wish, waiting)
    if refused:
        # Azure took the request and found only then that a backup was running already, a scheduled one for instance.
        _adopt_running(client, refused, waiting)
        _follow(client, [work for work in refused if work.followed], wish, waiting)
    if waiting.wait:
        _read_items_again(client, [work for work in works if work.followed])


def add_points(client: ArmClient, works: Sequence[Work]) -> None:
    """Names the newest recovery points, one read a VM, where that is few; what cannot be read stays unnamed."""
    known = [work for work in works if work.report.facts.get("recovery_point")]
    if len(known) > FEW:
        return
    for work in known:
        if not plenty(client.budget(points_path(work.item.path))):
            return
        try:
            point = _newest(client, work.item)
        except ArmError:
            continue
        if point is not None:
            work.report.facts["recovery_point"] = point_facts(point)


def _newest(client: ArmClient, item: ProtectedItem) -> RecoveryPoint | None:
    """The point that the item calls its last; Azure lists the newest first, so it is on the first page."""
    for resource in client.list(points_path(item.path), BACKUP):
        point = parse_point(resource)
        if point.time == item.last_recovery_point:
            return point
        if point.time is not None and item.last_recovery_point is not None and point.time < item.last_recovery_point:
            return None
    return None


def _work(entry: Plan, wish: Wish, now: datetime) -> Work:
    report = VmReport(entry.place.vm, changed=entry.action == "start", before=entry.before(), after=entry.after(wish, now))
    if entry.problem is not None:
        report.fail(entry.problem)
    work = Work(entry, report, job_id=entry.job.name if entry.job else None)
    report.facts = _facts(work, entry.place.item)
    if entry.job is not None:
        report.job = entry.job.as_result()
        if wish.retain_until is not None or wish.retain_days is not None:
            report.warnings.append(f"the backup {entry.job.name} was running already; its recovery point is kept as long as whoever started it said")
    return work


def _facts(work: Work, item: ProtectedItem | None) -> dict[str, object]:
    vault = work.plan.place.vault
    point = item.last_recovery_point if item else None
    return {
        "vault_id": vault.id if vault else None,
        "adopted": work.plan.action == "adopt",
        "recovery_point": {"time": format_time(point)} if point else None,
    }


def _start(client: ArmClient, works: Sequence[Work], wish: Wish, waiting: Waiting) -> None:
    """Sends the requests. One whose fate is unknown is sent again only when no job shows up that it may have started."""
    todo = list(works)
    for attempt in range(ROUNDS):
        for outcome in run_each(todo, lambda work: _send(client, work, wish)):
            if outcome.error is not None:
                _judge(outcome.item, outcome.error)
        _adopt_running(client, [work for work in todo if work.unclear is not None and _runs_already(work.unclear)], waiting)
        todo = [work for work in todo if work.unclear is not None]
        _find_started(client, todo, waiting)
        todo = [work for work in todo if work.unclear is not None]
        if not todo:
            return
    for work in todo:
        if work.unclear is not None:
            work.report.fail(work.unclear)


def _send(client: ArmClient, work: Work, wish: Wish) -> None:
    work.unclear = None
    work.sent_at = client.server_now()
    work.first_sent_at = work.first_sent_at or work.sent_at
    response = client.post(f"{work.item.path}/backup", BACKUP, request_body(wish.expiry(work.sent_at)))
    work.operation = operation_of(response)
    if work.operation is not None:
        work.report.operation = {"id": work.operation.id, "vault_id": work.vault.id}


def _judge(work: Work, error: ArmError) -> None:
    """A refusal is this VM's failure; what leaves open whether a backup began must be looked into."""
    if error.ambiguous or _runs_already(error):
        work.unclear = error
        work.answer_lost = work.answer_lost or error.ambiguous
        return
    work.report.changed = False
    work.report.fail(error)


def _runs_already(error: ArmError) -> bool:
    return error.code.lower() in RUNS_ALREADY


def _adopt_running(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> None:
    """Azure says that a backup of these VMs runs: follow that one. The list may show it a moment later than it is there."""
    for pause in (0.0, min(APPEARS_WITHIN, waiting.interval)):
        missing = [work for work in works if work.unclear is not None]
        if missing and pause:
            client.clock.sleep(pause)
        for vault in _vaults(work.vault for work in missing):
            jobs = _unfinished(client, vault)
            for work in missing:
                job = job_of(jobs, work.plan.place.vm) if work.vault.key == vault.key else None
                if job is not None:
                    _take(work, job, own=_started_by(work, job))
    for work in works:
        if work.unclear is not None:
            work.report.changed = False
            work.report.fail(work.unclear)
            work.unclear = None


def _unfinished(client: ArmClient, vault: VaultRef) -> list[Job]:
    """The backups of the last day that have not ended, also those being cancelled, which a list of running jobs leaves out."""
    try:
        return [job for job in list_jobs(client, vault, operation=OPERATION, start=client.server_now() - LONGEST_BACKUP) if not job.finished]
    except ArmError:
        return []


def _started_by(work: Work, job: Job) -> bool:
    """Whether it was this task whose request, the answer to which got lost, started the job."""
    return work.answer_lost and work.first_sent_at is not None and job.start is not None and job.start >= work.first_sent_at - CLOCK_SLACK


def _take(work: Work, job: Job, *, own: bool) -> None:
    """The job is the one to follow; ``own``: this task's request started it, although the answer got lost."""
    work.job_id = job.name
    work.unclear = None
    work.report.job = job.as_result()
    work.report.changed = own or work.report.changed and work.operation is not None
    if not own:
        work.plan = replace(work.plan, action="adopt", job=job)
        work.report.after = dict(work.report.before)
        work.report.facts["adopted"] = True


def _find_started(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> None:
    """Looks in the job lists for what requests of unknown fate have started, now and once more a little later."""
    for pause in (0.0, min(APPEARS_WITHIN, waiting.interval)):
        missing = [work for work in works if work.unclear is not None]
        if not missing:
            return
        if pause:
            client.clock.sleep(pause)
        found = JobWatcher(client, timeout=0.0).once(_watch(work) for work in missing)
        for work in missing:
            job = found[work.key].job
            if job is not None:
                _take(work, job, own=True)


def _watch(work: Work) -> Watch:
    vm = work.plan.place.vm
    return Watch(
        key=work.key,
        vault=work.vault,
        job_id=work.job_id,
        operation=OPERATION,
        vm=vm,
        not_before=work.sent_at,
        arm_operation=work.operation,
        label=vm.name,
    )


def _follow(client: ArmClient, works: Sequence[Work], wish: Wish, waiting: Waiting) -> list[Work]:
    """Waits for the jobs, or only learns their ids; returns the works whose backup was refused because another one runs."""
    outcomes = _wait(client, works, wish, waiting) if waiting.wait else _learn_ids(client, works, waiting)
    refused: list[Work] = []
    for work in works:
        outcome = outcomes[work.key]
        if outcome.error is not None and _runs_already(outcome.error) and work.plan.action == "start":
            work.unclear, work.operation, work.job_id = outcome.error, None, None
            refused.append(work)
        else:
            _settle(work, outcome)
    return refused


def _wait(client: ArmClient, works: Sequence[Work], wish: Wish, waiting: Waiting) -> dict[str, Followed]:
    snapshot = wish.wait_for == SNAPSHOT
    watcher = JobWatcher(
        client,
        timeout=waiting.left(),
        poll_interval=waiting.interval,
        done=snapshot_taken if snapshot else None,
        probe=(lambda vault, jobs: with_points(client, vault, jobs)) if snapshot else None,
        probe_path=items_path if snapshot else None,
        tell=waiting.tell,
    )
    return watcher.follow(_watch(work) for work in works)


def _learn_ids(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> dict[str, Followed]:
    watcher = JobWatcher(client, timeout=0.0)
    outcomes = watcher.once(_watch(work) for work in works)
    missing = [work for work in works if outcomes[work.key].job_id is None and outcomes[work.key].error is None]
    if missing:
        client.clock.sleep(min(ID_WITHIN, waiting.interval))
        outcomes.update(watcher.once(_watch(work) for work in missing))
    return outcomes


def items_path(vault: VaultRef) -> str:
    return f"{vault.path}/backupProtectedItems"


def snapshot_taken(job: Job) -> bool:
    """Whether the job's recovery point exists, as far as its tasks tell (a list shows none)."""
    task = job.task(TAKE_SNAPSHOT)
    return task is not None and task.completed


def with_points(client: ArmClient, vault: VaultRef, jobs: Sequence[Job]) -> list[str]:
    """The jobs whose VM has a recovery point since they began: one list of items tells it for all, on another budget than jobs'."""
    points = {vm_pair(item.vm): item.last_recovery_point for item in list_items(client, vault).values()}
    found: list[str] = []
    for job in jobs:
        point = points.get(job.container.lower())
        if point is not None and job.start is not None and point >= job.start:
            found.append(job.name)
    return found


def _settle(work: Work, outcome: Followed) -> None:
    report = work.report
    if outcome.job is not None:
        report.job = outcome.job.as_result()
        report.warnings += outcome.job.warnings
    elif outcome.job_id is not None:
        report.job = {"id": f"{work.vault.id}/backupJobs/{outcome.job_id}", "name": outcome.job_id}
    if outcome.error is not None:
        report.fail(outcome.error)


def _read_items_again(client: ArmClient, works: Sequence[Work]) -> None:
    """The recovery points that came of it."""
    for vault in _vaults(work.vault for work in works):
        mine = [work for work in works if work.vault.key == vault.key]
        try:
            items = list_items(client, vault)
        except ArmError as error:
            for work in mine:
                work.report.warnings.append(f"backed up, but its recovery point could not be read: {error}")
            continue
        for work in mine:
            item = items.get(work.key)
            if item is not None:
                work.plan = replace(work.plan, place=replace(work.plan.place, item=item))
                point = item.last_recovery_point
                work.report.facts["recovery_point"] = {"time": format_time(point)} if point else None


def _vaults(vaults: Iterable[VaultRef | None]) -> list[VaultRef]:
    return list({vault.key: vault for vault in vaults if vault is not None}.values())
