# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery points and copies of restore points: is there one to recover each VM from, and is it young enough?"""

from __future__ import annotations

from datetime import datetime
from typing import Iterator

from .._arm.errors import ArmError
from .._backup.items import ProtectedItem
from .._backup.recovery_points import PointWish, choose
from .._words import duration
from .facts import Facts
from .findings import FAILED, OK, UNKNOWN, WARNING, Finding
from .needs import POINTS, SECONDARY, Need, Needs

BACK_UP = "Back the VM up now with lifeboat.azure_dr.vm_backup_trigger, and look at why the last backups did not run or failed."
COPY = "Make and copy a restore point now with lifeboat.azure_dr.restore_point and restore_point_copy, and see that this is done often enough."
ACROSS = "What was backed up lately gets to the paired region within about 36 hours: an objective that is shorter cannot be kept from there."

_NOT_COMPLETE = "RestorePointIncomplete"


def check_points(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """One finding a VM on the age of what it would be recovered from; and one on its copies, where it is recovered from these."""
    for need in needs.vms:
        rpo = needs.rpo.get(need.application)
        if need.source == POINTS:
            yield from _of_copies(need, facts, rpo)
        elif need.source == SECONDARY or need.needs_vault_copy:
            yield _of_points(need, facts, rpo)
        else:
            yield _of_item(need, facts, rpo)


def _of_item(need: Need, facts: Facts, rpo: float | None) -> Finding:
    """The newest recovery point, as the list of protected items tells it."""
    items = facts.items.get(need.vault.key) if need.vault else None
    if isinstance(items, ArmError):
        return _unread(need, items, rpo)
    item: ProtectedItem | None = items.get(need.vm.key) if items else None
    if item is None:
        return _none(need, "There is no recovery point, since no vault protects the VM.", "Protect it with lifeboat.azure_dr.vm_backup_protection.", rpo)
    if item.soft_deleted:
        return _none(need, "Its recovery points are deleted and can only be brought back.", "Undelete them: vm_backup_protection with state=protected.", rpo)
    if item.last_recovery_point is None:
        return _none(need, "There is no recovery point yet.", BACK_UP, rpo)
    return _aged(need, item.last_recovery_point, facts.now, rpo, "recovery point", BACK_UP)


def _of_points(need: Need, facts: Facts, rpo: float | None) -> Finding:
    """The newest recovery point that has a copy in the vault, or in the vault's paired region."""
    points = facts.points.get(need.vm.key)
    if points is None:
        return _none(need, "There is no recovery point, since no vault protects the VM.", "Protect it with lifeboat.azure_dr.vm_backup_protection.", rpo)
    if isinstance(points, ArmError):
        if points.status is None and points.code in ("NotProtected", "NotInSecondaryRegion", "SoftDeleted"):
            return _none(need, points.message, points.hint, rpo)
        return _unread(need, points, rpo)
    secondary = need.source == SECONDARY
    try:
        point = choose(points, PointWish(needs_vault=need.needs_vault_copy or secondary))
    except ArmError as error:
        return _none(need, error.message, ACROSS if secondary else BACK_UP, rpo)
    what = "recovery point in the paired region" if secondary else "recovery point with a copy in the vault"
    return _aged(need, point.time, facts.now, rpo, what, ACROSS if secondary else BACK_UP)


def _of_copies(need: Need, facts: Facts, rpo: float | None) -> Iterator[Finding]:
    """The restore point that would be restored, and what is not complete beside it."""
    found = facts.copies.get(need.vm.key)
    if isinstance(found, ArmError) and found.code == _NOT_COMPLETE:
        yield _none(need, "There is no complete restore point in the target region.", found.hint, rpo)
        yield Finding("replication", FAILED, need.vm.name, found.message, need.application, need.vm.id, found.hint)
        return
    if isinstance(found, ArmError):
        if found.status is None:
            yield _none(need, found.message, found.hint, rpo)
        else:
            yield _unread(need, found, rpo)
        return
    if found is None:
        yield _none(need, "There is no restore point in the target region.", COPY, rpo)
        return
    point, warnings = found
    yield _aged(need, point.time_created, facts.now, rpo, "complete restore point", COPY)
    if warnings:
        hint = "Wait for it with lifeboat.azure_dr.restore_point_copy; until then the older one would be restored."
        yield Finding("replication", WARNING, need.vm.name, " ".join(f"{text}." for text in warnings), need.application, need.vm.id, hint)
    elif point.is_copy:
        yield Finding("replication", OK, need.vm.name, f"The newest copy, {point.name}, is complete.", need.application, need.vm.id)


def _aged(need: Need, made: datetime | None, now: datetime, rpo: float | None, what: str, hint: str) -> Finding:
    if made is None:
        message = f"Azure does not tell of when the newest {what} is."
        return Finding("recovery_point", UNKNOWN, need.vm.name, message, need.application, need.vm.id, None, None, rpo)
    age = max(0, int((now - made).total_seconds()))
    if rpo is not None and age > rpo:
        message = f"The newest {what} is {duration(age)} old, and the objective is {duration(rpo)}."
        return Finding("recovery_point", FAILED, need.vm.name, message, need.application, need.vm.id, hint, age, rpo)
    return Finding("recovery_point", OK, need.vm.name, f"The newest {what} is {duration(age)} old.", need.application, need.vm.id, None, age, rpo)


def _none(need: Need, message: str, hint: str | None, rpo: float | None) -> Finding:
    return Finding("recovery_point", FAILED, need.vm.name, message, need.application, need.vm.id, hint, None, rpo)


def _unread(need: Need, error: ArmError, rpo: float | None) -> Finding:
    message = f"The recovery points could not be read: {error.code}: {error.message}"
    return Finding("recovery_point", UNKNOWN, need.vm.name, message, need.application, need.vm.id, error.hint, None, rpo)
