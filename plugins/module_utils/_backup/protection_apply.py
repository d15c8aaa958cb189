# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries plans of protection out: sends the steps, follows what they start, and reports for each VM what became of it.

Once the first write is out, no error ends the run: it belongs to its VM, whose report says what was started.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

from .._apis import BACKUP
from .._arm.client import ArmClient, Response
from .._arm.errors import ArmError, OperationTimeout
from .._arm.poller import Operation, OperationStatus, operation_of, wait_for_operation
from .._fleet import run_each
from .._waiting import Waiting
from .discovery import list_protectable, refresh
from .following import Watch
from .hints import HINTS, NOT_DISCOVERED
from .items import ProtectedItem, items_now
from .jobs import job_of, list_jobs, server_time
from .names import VaultRef, operation_path
from .owners import conflict, is_conflict, search_owner
from .protection import JOB_OPERATIONS, Step, Wish, after_step, fulfilled, plan
from .protection_read import Work, facts_of, not_protectable, vaults_of
from .vaults import FEW, Located
from .watcher import JobWatcher

SETTLE_LOOKS = 3
"""Looks at the items after the operations are over, until they show it."""

SETTLE_SECONDS = 5.0


def carry_out(client: ArmClient, works: Sequence[Work], wish: Wish, waiting: Waiting) -> None:
    """Sends what is to be sent and waits for it; everything that happens goes into the reports."""
    todo = [work for work in works if work.open]
    _adopt(client, todo, wish, waiting)
    while True:
        todo = [work for work in works if work.open]
        if not todo:
            break
        _send_all(client, todo, waiting)
        sent = [work for work in todo if work.report.failure is None]
        # A step that another follows must be over before it, whether the caller waits or not.
        _follow(client, [work for work in sent if waiting.wait or not work.last], waiting)
        for work in sent:
            work.next_step += 1
    if waiting.wait:
        _confirm(client, [work for work in works if work.report.changed and work.report.failure is None], wish, waiting)


def _adopt(client: ArmClient, works: Sequence[Work], wish: Wish, waiting: Waiting) -> None:
    """Waits for jobs of an earlier run that change these VMs' protection, and plans anew; sends nothing a second time."""
    watches: list[tuple[Work, Watch]] = []
    for vault in vaults_of(work.plan for work in works):
        mine = [work for work in works if work.vault.key == vault.key]
        try:
            listing = list_jobs(client, vault, status="InProgress")
            running = [job for job in listing if not job.finished and job.operation in JOB_OPERATIONS.values()]
        except ArmError:
            continue  # Only a pre-check: without it, Azure is asked once more for what may be under way.
        for work in mine:
            job = job_of(running, work.plan.vm)
            if job is not None:
                work.adopted = job
                watches.append((work, Watch(key=work.plan.vm.key, vault=vault, job_id=job.name, label=work.plan.vm.name)))
    if not watches:
        return
    if not waiting.wait:
        for work, _watch in watches:
            _leave_running(work)
        return
    followed = JobWatcher(client, timeout=waiting.left(), poll_interval=waiting.interval, tell=waiting.tell).follow(watch for _work, watch in watches)
    for work, watch in watches:
        outcome = followed[watch.key]
        work.report.job = {"id": f"{work.vault.id}/backupJobs/{watch.job_id}", "name": watch.job_id}
        if isinstance(outcome.error, OperationTimeout):
            work.report.fail(outcome.error)
    _plan_again(client, [work for work, _watch in watches if work.report.failure is None], wish)


def _leave_running(work: Work) -> None:
    """Without waiting, a running job is taken for the step only when it can be no other: an enabling, or one of its kind."""
    job = work.adopted
    if job is not None and work.last and job.operation == work.step.job_operation and work.step.kind != "change":
        work.report.job = {"id": f"{work.vault.id}/backupJobs/{job.name}", "name": job.name}
        work.next_step = len(work.plan.steps)


def _plan_again(client: ArmClient, works: Sequence[Work], wish: Wish) -> None:
    for vault, mine in _by_vault(works):
        try:
            items, _now = items_now(client, vault)
        except ArmError as error:
            for work in mine:
                work.report.fail(error)
            continue
        for work in mine:
            before = work.plan.before
            work.plan = replace(plan(Located(work.plan.vm, vault, items.get(work.plan.vm.key)), wish), before=before)
            work.report.facts = facts_of(work.plan.item, vault)
            if work.plan.problem is not None:
                work.report.changed = False
                work.report.fail(work.plan.problem)


def _by_vault(works: Sequence[Work]) -> list[tuple[VaultRef, list[Work]]]:
    return [(vault, [work for work in works if work.vault.key == vault.key]) for vault in vaults_of(work.plan for work in works)]


def _send_all(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> None:
    undiscovered = _send(client, works)
    for vault, mine in _by_vault(undiscovered):
        try:
            refresh(client, vault, timeout=waiting.left(), interval=min(waiting.interval, 10.0))
            known = {entry.vm.key for entry in list_protectable(client, vault)}
        except ArmError as error:
            for work in mine:
                _fail(work, error)
            continue
        for work in mine:
            if work.plan.vm.key not in known:
                _fail(work, not_protectable(work.plan.vm, work.vault))
        for work in _send(client, [work for work in mine if work.report.failure is None]):
            _fail(work, _refused_again(work))


def _send(client: ArmClient, works: Sequence[Work]) -> list[Work]:
    """Sends the next step of each VM; returns those that the vault has to discover first."""
    undiscovered: list[Work] = []
    for outcome in run_each(works, lambda work: _send_step(client, work.vault, work.step)):
        work, error = outcome.item, outcome.error
        if outcome.value is not None:
            work.report.changed = True
            work.operation = operation_of(outcome.value)
            work.sent_at = server_time(outcome.value) or client.server_now()
            if work.operation is not None:
                work.report.operation = {"id": work.operation.id, "step": work.step.kind, "vault_id": work.vault.id}
        elif error is not None and work.step.kind == "enable" and error.code == NOT_DISCOVERED:
            undiscovered.append(work)
        elif error is not None:
            _fail(work, conflict(search_owner(client, work.plan.vm, work.vault), error) if is_conflict(error) else error)
    return undiscovered


def _send_step(client: ArmClient, vault: VaultRef, step: Step) -> Response:
    if step.kind != "delete":
        return client.put(step.path, BACKUP, {"properties": dict(step.properties)})
    if step.guard_requests:
        body = {"resourceGuardOperationRequests": list(step.guard_requests), "resourceToBeDeleted": step.item_id}
        client.post(f"{vault.path}/backupResourceGuardProxies/VaultProxy/unlockDelete", BACKUP, body)
    return client.delete(step.path, BACKUP)


def _fail(work: Work, error: ArmError) -> None:
    """A VM of which nothing was sent, or nothing arrived, has not changed."""
    work.report.changed = work.operation is not None or work.next_step > 0 or error.ambiguous
    work.report.fail(error)


def _refused_again(work: Work) -> ArmError:
    return ArmError(
        f"The vault {work.vault.name} lists the VM as protectable and refuses to protect it.",
        code=NOT_DISCOVERED,
        target=work.plan.vm.id,
        hint=HINTS[NOT_DISCOVERED],
    )


def _follow(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> None:
    running = [work for work in works if work.operation is not None]
    if len(running) > FEW:
        _follow_many(client, running, waiting)
        return
    waiting.tell(0, len(running), ", ".join(work.plan.vm.name for work in running))
    for outcome in run_each(running, lambda work: _follow_one(client, work, waiting)):
        if outcome.error is not None:
            _fail_in_wait(client, outcome.item, outcome.error)
        elif outcome.value is not None:
            _note_job(outcome.item, _job_id(outcome.value))


def _follow_one(client: ArmClient, work: Work, waiting: Waiting) -> OperationStatus | None:
    if work.operation is None:
        return None
    operation = at_vault(client, work.vault, work.operation)
    return wait_for_operation(client, operation, timeout=waiting.left(), interval=waiting.interval)


def at_vault(client: ArmClient, vault: VaultRef, operation: Operation) -> Operation:
    """The same operation, read at the vault by its id: the one address at which every operation of a vault has been seen to answer."""
    if operation.id is None:
        return operation
    url = f"{client.cloud.arm_url}{operation_path(vault, operation.id)}?api-version={client.version_of(BACKUP)}"
    return replace(operation, url=url, kind="async")


def _follow_many(client: ArmClient, works: Sequence[Work], waiting: Waiting) -> None:
    """By the jobs that the operations show as, so that a look costs pages and not VMs."""
    watches = [
        Watch(
            key=work.plan.vm.key,
            vault=work.vault,
            operation=work.step.job_operation,
            vm=work.plan.vm,
            not_before=work.sent_at,
            exclude=frozenset({work.adopted.name} if work.adopted else ()),
            arm_operation=work.operation,
            label=work.plan.vm.name,
        )
        for work in works
    ]
    followed = JobWatcher(client, timeout=waiting.left(), poll_interval=waiting.interval, tell=waiting.tell).follow(watches)
    for work in works:
        outcome = followed[work.plan.vm.key]
        _note_job(work, outcome.job_id)
        if outcome.error is not None:
            _fail_in_wait(client, work, outcome.error)


def _fail_in_wait(client: ArmClient, work: Work, error: ArmError) -> None:
    if is_conflict(error):
        error = conflict(search_owner(client, work.plan.vm, work.vault), error)
    work.report.fail(error)
    if work.report.failure is not None and work.operation is not None and work.operation.id is not None:
        work.report.failure.setdefault("resume", {"operation_id": work.operation.id})


def _note_job(work: Work, job_id: str | None) -> None:
    if job_id:
        work.report.job = {"id": f"{work.vault.id}/backupJobs/{job_id}", "name": job_id}


def _job_id(status: OperationStatus) -> str | None:
    properties = status.body.get("properties") if isinstance(status.body, dict) else None
    job_id = properties.get("jobId") if isinstance(properties, dict) else None
    return job_id if isinstance(job_id, str) else None


def _confirm(client: ArmClient, works: Sequence[Work], wish: Wish, waiting: Waiting) -> None:
    """Reads the items once more: what they show is the result. They may lag behind the operation for a moment."""
    for vault, mine in _by_vault(works):
        unsettled = list(mine)
        for look in range(SETTLE_LOOKS):
            if look:
                waiting.pause(client.clock, SETTLE_SECONDS)
            try:
                items, _now = items_now(client, vault)
            except ArmError as error:
                for work in unsettled:
                    work.report.warnings.append(f"done, but its state could not be read again: {error}")
                break
            for work in unsettled:
                work.report.facts = facts_of(items.get(work.plan.vm.key), vault)
            unsettled = [work for work in unsettled if not _settled(items.get(work.plan.vm.key), work, wish)]
            if not unsettled:
                break
        else:
            for work in unsettled:
                work.report.fail(_not_reached(work, wish))


def _settled(item: ProtectedItem | None, work: Work, wish: Wish) -> bool:
    done = fulfilled(item, wish)
    return done and (not work.plan.steps or after_step(item, work.plan.steps[-1]))


def _not_reached(work: Work, wish: Wish) -> ArmError:
    shown = work.report.facts.get("protection_state") or work.report.facts.get("state")
    return ArmError(
        f"Azure reports success, but shows the VM as {shown} with the policy {work.report.facts.get('policy_name') or 'none'}.",
        code="StateNotReached",
        target=work.plan.vm.id,
        hint=f"Run the task again; it goes on from what is there (wanted: {wish.state}).",
    )
