# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that the user names: reading them, waiting for them, cancelling them, one report for each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Iterable, Literal, Mapping, Sequence

from .._arm.client import ArmClient
from .._arm.errors import ArmError, OptionError
from .._fleet import run_each
from .._waiting import Waiting
from .jobs import Job, cancel_job, get_job
from .names import VaultRef, vault_of_id
from .vaults import FEW
from .watcher import Followed, JobWatcher, Watch

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
_JOB_ID = re.compile(r"^.*/vaults/[^/]+/backupJobs/([^/]+)/?$", re.IGNORECASE)

CANCEL_TRIES = 3


@dataclass(frozen=True)
class JobRef:
    """A job by its name and, when the user gave an id, its vault."""

    name: str
    vault: VaultRef | None

    @property
    def key(self) -> str:
        return f"{self.vault.key if self.vault else ''}|{self.name.lower()}"


@dataclass
class JobReport:
    """What one job's entry in the result ``jobs`` says."""

    name: str
    vault: VaultRef
    job: Job | None = None
    changed: bool = False
    failure: dict[str, Any] | None = None
    before: str | None = None
    after: str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.job.id if self.job and self.job.id else f"{self.vault.id}/backupJobs/{self.name}"

    def fail(self, error: ArmError) -> None:
        self.failure = error.as_failure()

    def as_result(self) -> dict[str, Any]:
        known = self.job.as_result() if self.job else {}
        entry = {**known, "id": self.id, "name": self.name, "changed": self.changed, "failed": self.failure is not None}
        if self.failure is not None:
            entry["failure"] = self.failure
        return entry


def parse_jobs(texts: Sequence[str]) -> list[JobRef]:
    """The jobs of the option ``job``, in the order given; raises OptionError before any request. None is fine: a task may have started none."""
    refs = [_parse_job(text.strip()) for text in texts]
    seen: set[str] = set()
    for ref in refs:
        if ref.name.lower() in seen:
            raise OptionError("job", f"{ref.name} is listed twice; list each job once")
        seen.add(ref.name.lower())
    return refs


def _parse_job(text: str) -> JobRef:
    if not text.startswith("/"):
        if not _NAME.match(text):
            raise OptionError("job", f"{text!r} is not the name of a job, which is a GUID such as c13f09c6-798d-4957-adc7-e47f3732eb71")
        return JobRef(text, None)
    vault, match = vault_of_id(text), _JOB_ID.match(text)
    if vault is None or match is None or not _NAME.match(match[1]):
        raise OptionError("job", f"{text!r} is not the resource id of a backup job (.../Microsoft.RecoveryServices/vaults/NAME/backupJobs/NAME)")
    return JobRef(match[1], vault)


def in_vault(refs: Sequence[JobRef], vault: VaultRef | None) -> list[JobReport]:
    """A report for each job; ``vault`` is for those given by name. Raises OptionError when names have no vault or ids another one."""
    reports: list[JobReport] = []
    for ref in refs:
        place = ref.vault or vault
        if place is None:
            raise OptionError("vault", f"{ref.name} is a job's name, so vault is needed too; or give the job's whole resource id")
        if ref.vault and vault and ref.vault.key != vault.key:
            raise OptionError("vault", f"the id of the job {ref.name} is of the vault {ref.vault.name!r}, not {vault.name!r}; leave vault out")
        reports.append(JobReport(ref.name, place))
    return reports


def read_all(client: ArmClient, reports: Sequence[JobReport]) -> None:
    """The state of each job: one by one where they are few, else by lists. An unknown job is its own failure."""
    left = list(reports)
    if len(left) > FEW:
        seen = JobWatcher(client, timeout=0.0).once(_watch(report) for report in left)
        for report in left:
            report.job = seen[report.name].job
        left = [report for report in left if report.job is None]
    for outcome in run_each(left, lambda report: get_job(client, report.vault, report.name)):
        report = outcome.item
        if outcome.error is not None:
            report.fail(outcome.error)
        elif outcome.value is None:
            report.fail(_unknown(report))
        else:
            report.job = outcome.value
    for report in reports:
        report.before = report.after = report.job.status if report.job else None


def read_each(client: ArmClient, reports: Sequence[JobReport]) -> list[Job]:
    """These jobs with their details; raises what stands in the way of any, an unknown job included."""
    jobs: list[Job] = []
    for outcome in run_each(reports, lambda report: get_job(client, report.vault, report.name)):
        if outcome.error is not None:
            raise outcome.error
        if outcome.value is None:
            raise _unknown(outcome.item)
        jobs.append(outcome.value)
    return jobs


def wait_for_end(client: ArmClient, reports: Sequence[JobReport], waiting: Waiting) -> None:
    """Waits for all that run. A job that failed or was cancelled is a failure, and so is one that takes too long."""
    for report, outcome in _follow(client, reports, waiting):
        report.job = outcome.job or report.job
        if outcome.error is not None:
            report.fail(outcome.error)
    judge_ends(client, reports)


def judge_ends(client: ArmClient, reports: Iterable[JobReport]) -> None:
    """The failures and warnings of jobs that have ended."""
    for report in reports:
        if report.job is None or report.failure is not None:
            continue
        report.warnings += report.job.warnings
        error = report.job.error(client.hints)
        if error is not None:
            report.fail(error)


def plan_cancel(job: Job) -> Literal["nothing", "wait", "cancel", "refuse"]:
    """What cancelling takes: a job that has ended, however, needs nothing, and one that is being cancelled only time."""
    if job.finished:
        return "nothing"
    if job.status.lower() == "cancelling":
        return "wait"
    return "cancel" if job.cancellable else "refuse"


def plan_cancels(reports: Iterable[JobReport]) -> list[JobReport]:
    """The jobs to cancel; marks what changes, and what Azure offers no cancelling for."""
    todo: list[JobReport] = []
    for report in reports:
        step = plan_cancel(report.job) if report.job is not None and report.failure is None else "nothing"
        if step == "refuse":
            report.fail(_not_cancellable(report))
        elif step == "cancel":
            report.changed = True
            report.after = "Cancelled"
            todo.append(report)
    return todo


def cancel_all(client: ArmClient, reports: Sequence[JobReport], todo: Sequence[JobReport], waiting: Waiting) -> None:
    """Cancels, and waits until nothing of it runs any more."""
    for outcome in run_each(todo, lambda report: _cancel(client, report)):
        report = outcome.item
        if outcome.error is not None:
            report.changed = outcome.error.ambiguous
            report.fail(outcome.error)
        elif outcome.value is not None:
            # It ended by itself before Azure heard of the wish.
            report.changed, report.job, report.after = False, outcome.value, outcome.value.status
    if not waiting.wait:
        return
    for report, outcome_of_wait in _follow(client, [report for report in reports if report.failure is None], waiting):
        report.job = outcome_of_wait.job or report.job
        ended = report.job is not None and report.job.finished
        if outcome_of_wait.error is not None and not ended:
            report.fail(outcome_of_wait.error)
        elif report.job is not None and report.job.succeeded:
            report.warnings.append(f"the job {report.name} could not be stopped in time and ended {report.job.status}")


def _cancel(client: ArmClient, report: JobReport) -> Job | None:
    """Asks for the cancelling; returns the job when it has ended by itself. Asking again after an unclear answer does no harm."""
    for attempt in range(1, CANCEL_TRIES + 1):
        try:
            cancel_job(client, report.vault, report.name)
            return None
        except ArmError as error:
            job = get_job(client, report.vault, report.name)
            if job is not None and job.finished:
                return None if job.status.lower() in ("cancelled", "canceled") else job
            if job is not None and job.status.lower() == "cancelling":
                return None
            if not error.ambiguous or attempt == CANCEL_TRIES:
                raise
    return None


def _follow(client: ArmClient, reports: Sequence[JobReport], waiting: Waiting) -> list[tuple[JobReport, Followed]]:
    running = [report for report in reports if report.failure is None and report.job is not None and not report.job.finished]
    if not running:
        return []
    watcher = JobWatcher(client, timeout=waiting.left(), poll_interval=waiting.interval, tell=waiting.tell)
    outcomes = watcher.follow(_watch(report) for report in running)
    return [(report, outcomes[report.name]) for report in running]


def _watch(report: JobReport) -> Watch:
    job = report.job
    return Watch(
        key=report.name,
        vault=report.vault,
        job_id=report.name,
        operation=job.operation if job else None,
        not_before=job.start if job else None,
        label=job.friendly_name if job else "",
    )


def _unknown(report: JobReport) -> ArmError:
    return ArmError(
        f"The vault {report.vault.name} knows no job {report.name}.",
        code="JobNotFound",
        target=report.id,
        hint="Check the job's name and the vault; Azure keeps jobs for a limited time. lifeboat.azure_dr.backup_job_info lists them.",
    )


def _not_cancellable(report: JobReport) -> ArmError:
    kind = report.job.operation if report.job else "job"
    return ArmError(
        f"Azure offers no cancelling for the job {report.name} ({kind}).",
        code="JobNotCancellable",
        target=report.id,
        hint="Only backups, while they take their snapshot, and some restores can be cancelled. Wait for its end with state=completed.",
    )


def result_of(reports: Sequence[JobReport], *, diff: bool) -> dict[str, Any]:
    """The module result: ``changed``, ``jobs``, and ``failed`` with ``msg`` when any job failed."""
    result: dict[str, Any] = {"changed": any(report.changed for report in reports), "jobs": [report.as_result() for report in reports]}
    if diff:
        changing = [report for report in reports if report.changed]
        result["diff"] = {"before": {report.id: report.before for report in changing}, "after": {report.id: report.after for report in changing}}
    failed = [report for report in reports if report.failure is not None]
    if failed:
        shown = " ".join(_sentence(report) for report in failed[:FEW])
        more = f" And {len(failed) - FEW} more, each in 'jobs'." if len(failed) > FEW else ""
        result.update(failed=True, msg=f"{len(failed)} of {len(reports)} jobs failed. {shown}{more}")
    return result


def _sentence(report: JobReport) -> str:
    failure: Mapping[str, Any] = report.failure or {}
    what = f"{report.job.operation} of {report.job.friendly_name}" if report.job else "job"
    text = f"{what} ({report.name}): {failure.get('code')}: {failure.get('message')}"
    return f"{text} {failure['hint']}" if failure.get("hint") else text
