# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions that the identity lacks, by name, for each place; and what Azure's own check of the restores found."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._words import count
from .facts import Facts
from .findings import FAILED, OK, UNKNOWN, WARNING, Finding
from .needs import Needs
from .permissions import missing_actions, wanted_actions

TOLD_ELSEWHERE = ("NotProtected", "SoftDeleted")
"""By the checks of protection and recovery points."""


def check_permissions(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """One finding a scope. What cannot be told is a warning: the recovery may have the rights all the same."""
    for scope, wanted in wanted_actions(needs).items():
        grants = facts.permissions.get(scope.lower())
        name = ResourceId.parse(scope).name
        if grants is None or isinstance(grants, ArmError):
            told = f": {grants.code}: {grants.message}" if grants else "."
            hint = "Give the identity Microsoft.Authorization/permissions/read there, to have its permissions compared."
            if grants is not None and grants.status == 404:
                hint = "It is not there: another check says so."
            yield Finding("permission", WARNING, name, f"What the identity may do there could not be read{told}", None, scope, hint)
            continue
        missing = missing_actions(grants, wanted)
        if missing:
            message = f"{count(len(missing), 'permission is', 'permissions are')} missing: {', '.join(missing)}."
            hint = f"Give the identity a role with {'it' if len(missing) == 1 else 'them'} on {scope}."
            yield Finding("permission", FAILED, name, message, None, scope, hint, missing, list(wanted))
        else:
            message = f"The identity has all that the recovery needs there ({count(len(wanted), 'permission')})."
            yield Finding("permission", OK, name, message, None, scope, None, [], None)


def check_validations(needs: Needs, validations: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """What vm_restore tells of each VM in check mode, with validate. A VM that is there already was not checked."""
    applications = {need.vm.key: need.application for need in needs.vms}
    for entry in validations:
        name, vm_id = str(entry.get("name") or ""), str(entry.get("id") or "")
        application = applications.get(vm_id.lower())
        failure = entry.get("failure")
        if isinstance(failure, Mapping):
            if failure.get("code") in TOLD_ELSEWHERE:
                continue
            # An HTTP status is that of a request which was refused; what Azure finds wrong with a restore has none.
            state = UNKNOWN if failure.get("status") else FAILED
            message = f"{failure.get('code', 'Error')}: {failure.get('message', '')}"
            yield Finding("restore_validation", state, name, message, application, vm_id, failure.get("hint"), failure.get("code"))
        elif entry.get("action") == "started":
            yield Finding("restore_validation", OK, name, "Azure's check of the restore found nothing against it.", application, vm_id)
