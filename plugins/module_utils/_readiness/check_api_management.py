# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API Management: the standby and its tier, and the newest backup: its age, and until when Azure restores it."""

from __future__ import annotations

from typing import Any, Iterator

from .._apim.backups import expiry_warning
from .._apim.service import check_recoverable
from .._arm.errors import ArmError
from .._words import duration
from .facts import ApimFacts, Facts
from .findings import FAILED, OK, UNKNOWN, WARNING, Finding, unread
from .needs import Needs, Service

MAKE_ONE = "Make one with lifeboat.azure_dr.apim_backup or the playbook lifeboat.azure_dr.apim_backup, and do so more often."


def check_api_management(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """One finding a service, and one for whatever else is to be said of it."""
    for service in needs.services:
        found = facts.services.get(service.name.lower())
        rpo = needs.rpo.get(service.application)
        if found is None:
            yield _of(service, UNKNOWN, "The plan does not tell where its backups lie.", "Give storage_account and container in the plan.")
        elif isinstance(found, ArmError):
            if found.status in (None, 404):
                yield _of(service, FAILED, f"{found.code}: {found.message}", found.hint)
            else:
                yield unread("api_management", service.name, found, what="The service", application=service.application)
        else:
            yield from _judged(service, found, facts, rpo)


def _judged(service: Service, found: ApimFacts, facts: Facts, rpo: float | None) -> Iterator[Finding]:
    if found.plan is not None and found.plan.problem is not None:
        problem = found.plan.problem
        yield _of(service, FAILED, f"{problem.code}: {problem.message}", problem.hint)
    elif found.backup is None:
        yield _of(service, FAILED, f"There is no backup of it in {found.place}.", MAKE_ONE, None, rpo)
    else:
        yield _aged(service, found, facts, rpo)
    # Azure can recover without the source; without it there are no new backups.
    trouble = check_recoverable(found.source) if found.source is not None else None
    if trouble is not None:
        yield _of(service, WARNING, f"It cannot be backed up now: {trouble.message}", trouble.hint)
    ending = expiry_warning(found.backup, facts.now) if found.backup and not found.backup.expired(facts.now) else None
    for text in (*found.notes, *(found.plan.warnings if found.plan else ()), *([ending] if ending else [])):
        yield _of(service, WARNING, text[:1].upper() + text[1:] + ("" if text.endswith(".") else "."))


def _aged(service: Service, found: ApimFacts, facts: Facts, rpo: float | None) -> Finding:
    backup, into = found.backup, f", and {found.standby.name} ({found.standby.sku}) can take it" if found.standby else ""
    if backup is None or backup.created is None:
        hint = "Give the identity Storage Blob Data Reader on the storage account."
        return _of(service, WARNING, "The age of its newest backup is not known.", hint, None, rpo)
    age = max(0, int((facts.now - backup.created).total_seconds()))
    if backup.expired(facts.now):
        return _of(service, FAILED, f"Its newest backup is {duration(age)} old, and Azure restores none that is older than 30 days.", MAKE_ONE, age, rpo)
    if rpo is not None and age > rpo:
        return _of(service, FAILED, f"Its newest backup is {duration(age)} old, and the objective is {duration(rpo)}.", MAKE_ONE, age, rpo)
    return _of(service, OK, f"Its newest backup is {duration(age)} old{into}.", None, age, rpo)


def _of(service: Service, state: str, message: str, hint: str | None = None, value: Any = None, objective: Any = None) -> Finding:
    subject_id = str(service.source) if service.source else None
    return Finding("api_management", state, service.name, message, service.application, subject_id, hint, value, objective)
