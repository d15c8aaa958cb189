# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a restore exactly once, although Azure knows no idempotent restore.

An answer that got lost (reset, timeout, 5xx) leaves open whether the restore runs. Then the VM's jobs are looked at: one that was
not there before, to the same target, is it. Only when none turns up for a while is the request sent again.
"""

from __future__ import annotations

from datetime import datetime

from .._arm.clock import Clock
from .._arm.errors import ArmError
from .._arm.poller import Operation
from .restore_plan import RestoreRun, read_run, same_target
from .restore_read import Case
from .restore_request import restore_request
from .restore_stamps import Order, Stamp

SENDS = 3
"""How often a restore is sent at most."""

LOOKS = (2.0, 5.0, 10.0, 20.0)
"""Seconds before each look for a job that an unanswered request may have started: it can show up late."""


def start_restore(stamp: Stamp, case: Case, start: datetime, clock: Clock) -> Operation | RestoreRun | None:
    """Sends the restore that was decided; the operation, or the job when that had to be looked for.

    Raises ArmError; with `ambiguous` when it is still open whether Azure carries it out. `start` bounds the job list.
    """
    order = Order(case.home, case.path, case.point, restore_request(case.target, case.point.name))
    send = 0
    while True:
        send += 1
        try:
            return stamp.send(order)
        except ArmError as error:
            if not error.ambiguous:
                raise
            found = find_started(stamp, case, start, clock, error)
            if found is not None:
                return found
            if send >= SENDS:
                raise


def find_started(stamp: Stamp, case: Case, start: datetime, clock: Clock, cause: ArmError) -> RestoreRun | None:
    """The restore that an unanswered request started; None when there surely is none. Raises `cause` when the jobs cannot be read:
    to send again without having looked could restore twice."""
    for wait in LOOKS:
        clock.sleep(wait)
        try:
            found = _new_run(stamp, case, start)
        except ArmError as error:
            looked = f"Whether it started could not be looked up ({error.code}). Run the task again: it adopts the restore if it runs."
            cause.hint = f"{cause.hint} {looked}" if cause.hint else looked
            raise cause from None
        if found is not None:
            return found
    return None


def _new_run(stamp: Stamp, case: Case, start: datetime) -> RestoreRun | None:
    for job in stamp.jobs(case.home, start):
        if job.name in case.known_jobs or not job.is_of(case.vm):
            continue
        detailed = job if job.detailed else stamp.job(case.home, job.name)
        if detailed is None:
            continue
        run = read_run(detailed)
        # A job that does not tell its kind yet counts as ours: to wait for another's restore does less harm than a second one.
        if run.mode is None or same_target(run, case.target):
            return run
    return None
