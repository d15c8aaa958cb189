# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking for jobs: what the service can filter by it is asked to, the rest is done here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Sequence

from .._arm.client import ArmClient
from .._arm.errors import OptionError
from .._fleet import VM_NAME, Vm, parse_vms
from .._options import parse_age, parse_moment
from .jobs import Job, list_jobs
from .names import VaultRef

DEFAULT_WINDOW = timedelta(hours=24)
"""How far back to look when the options do not say (as Azure's portal does)."""

_OPERATION = re.compile(r"^[A-Za-z]{1,64}\Z")


@dataclass(frozen=True)
class Search:
    """Which jobs are wanted; empty means any. ``operations`` and ``statuses`` in lower case, ``names`` VM names in lower case."""

    operations: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    vms: tuple[Vm, ...] = ()
    names: frozenset[str] = frozenset()
    since: timedelta | None = None
    start: datetime | None = None
    end: datetime | None = None

    def fits(self, job: Job) -> bool:
        return (
            (not self.operations or job.operation.lower() in {text.lower() for text in self.operations})
            and (not self.statuses or job.status.lower() in {text.lower() for text in self.statuses})
            and (not (self.vms or self.names) or job.friendly_name.lower() in self.names or any(job.is_of(vm) for vm in self.vms))
            and (self.start is None or job.start is None or job.start >= self.start)
            and (self.end is None or job.start is None or job.start <= self.end)
        )


def read_search(params: dict[str, Any], subscription: str) -> Search:
    """The options that narrow the list; raises OptionError, before any request, for what is wrong in them."""
    operations = tuple(params["operation"] or ())
    for text in operations:
        if not _OPERATION.match(text):
            raise OptionError("operation", f"{text!r} is no kind of job: give Azure's word, such as Backup or Restore")
    start = parse_moment(params["start_time"], "start_time") if params["start_time"] else None
    end = parse_moment(params["end_time"], "end_time") if params["end_time"] else None
    if start and end and end < start:
        raise OptionError("end_time", f"{params['end_time']} is before start_time")
    names = params["vm"] or []
    if params["vm"] is not None and not names:
        raise OptionError("vm", "it is an empty list; leave it out to look for the jobs of all VMs")
    bare = [] if params["vm_resource_group"] else [text.strip() for text in names if not text.strip().startswith("/")]
    for text in bare:
        if not VM_NAME.match(text):
            raise OptionError("vm", f"{text!r} is not a VM name: 1 to 64 letters, digits, '.', '_' or '-'")
    whole = [text for text in names if text.strip() not in bare]
    return Search(
        operations=operations,
        statuses=tuple(params["status"] or ()),
        vms=tuple(parse_vms(whole, params["vm_resource_group"], subscription)) if whole else (),
        names=frozenset(text.lower() for text in bare),
        since=parse_age(params["since"], "since") if params["since"] else None,
        start=start,
        end=end,
    )


def find_jobs(client: ArmClient, vault: VaultRef, search: Search) -> list[Job]:
    """The jobs of a vault that fit, newest first."""
    start = search.start
    if start is None and search.end is None:
        start = client.server_now() - (search.since or DEFAULT_WINDOW)
    listing = list_jobs(
        client,
        vault,
        operation=_only(search.operations),
        status=_only(search.statuses),
        start=start,
        end=search.end,
    )
    return [job for job in listing if search.fits(job)]


def newest_first(jobs: Sequence[Job]) -> list[Job]:
    """Jobs of several vaults in one order."""
    return sorted(jobs, key=lambda job: job.start.timestamp() if job.start else 0.0, reverse=True)


def _only(words: Sequence[str]) -> str | None:
    """Azure's filter takes one value; several are asked for by asking for all."""
    return words[0] if len(words) == 1 else None
