# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: built-in roles as lists of actions, and the check of one action over one scope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ..estate import EstateError, Principal, RoleAssignment
from ..replies import AzureError
from .actions import Action

_BACKUP_READS = (
    "Microsoft.RecoveryServices/locations/*/read",
    "Microsoft.RecoveryServices/locations/backupStatus/action",
    "Microsoft.RecoveryServices/locations/backupPreValidateProtection/action",
    "Microsoft.RecoveryServices/locations/backupValidateFeatures/action",
    "Microsoft.RecoveryServices/locations/backupCrrJob/action",
    "Microsoft.RecoveryServices/locations/backupCrrJobs/action",
    "Microsoft.RecoveryServices/locations/backupAadProperties/read",
    "Microsoft.RecoveryServices/Vaults/*/read",
    "Microsoft.RecoveryServices/Vaults/read",
)
_SURROUNDINGS = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Storage/storageAccounts/read",
)
_BACKUP_RUNS = (
    "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/backup/action",
    "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write",
    "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/*",
    "Microsoft.RecoveryServices/Vaults/backupFabrics/refreshContainers/action",
    "Microsoft.RecoveryServices/Vaults/backupJobs/*",
    "Microsoft.RecoveryServices/Vaults/backupJobsExport/action",
    "Microsoft.RecoveryServices/Vaults/backupValidateOperation/action",
    "Microsoft.RecoveryServices/Vaults/backupTriggerValidateOperation/action",
    "Microsoft.RecoveryServices/locations/backupCrossRegionRestore/action",
)
_API_MANAGEMENT_SURROUNDINGS = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
)

ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Owner": (("*",), ()),
    "Contributor": (("*",), ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write")),
    "Reader": (("*/read",), ()),
    "Backup Contributor": (
        (
            *_BACKUP_READS,
            *_SURROUNDINGS,
            *_BACKUP_RUNS,
            "Microsoft.RecoveryServices/locations/*",
            "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/*",
            "Microsoft.RecoveryServices/Vaults/backupPolicies/*",
            "Microsoft.RecoveryServices/Vaults/backupProtectableItems/*",
            "Microsoft.RecoveryServices/Vaults/backupconfig/*",
            "Microsoft.RecoveryServices/Vaults/backupstorageconfig/*",
            "Microsoft.RecoveryServices/Vaults/write",
        ),
        (),
    ),
    "Backup Operator": ((*_BACKUP_READS, *_SURROUNDINGS, *_BACKUP_RUNS), ()),
    "Backup Reader": ((*_BACKUP_READS, "Microsoft.Resources/subscriptions/resourceGroups/read"), ()),
    "Virtual Machine Contributor": (
        (
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/disks/*",
            "Microsoft.Compute/locations/*",
            "Microsoft.Network/networkInterfaces/*",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "Microsoft.RecoveryServices/locations/*",
            "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/*/read",
            "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read",
            "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write",
            "Microsoft.RecoveryServices/Vaults/backupPolicies/read",
            "Microsoft.RecoveryServices/Vaults/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Storage/storageAccounts/read",
            "Microsoft.Storage/storageAccounts/listKeys/action",
        ),
        (),
    ),
    "API Management Service Contributor": ((*_API_MANAGEMENT_SURROUNDINGS, "Microsoft.ApiManagement/service/*"), ()),
    "API Management Service Operator Role": (
        (
            *_API_MANAGEMENT_SURROUNDINGS,
            "Microsoft.ApiManagement/service/*/read",
            "Microsoft.ApiManagement/service/backup/action",
            "Microsoft.ApiManagement/service/delete",
            "Microsoft.ApiManagement/service/read",
            "Microsoft.ApiManagement/service/restore/action",
            "Microsoft.ApiManagement/service/write",
        ),
        ("Microsoft.ApiManagement/service/users/keys/read",),
    ),
    "API Management Service Reader Role": (
        (*_API_MANAGEMENT_SURROUNDINGS, "Microsoft.ApiManagement/service/*/read", "Microsoft.ApiManagement/service/read"),
        ("Microsoft.ApiManagement/service/users/keys/read",),
    ),
}
"""Role -> (actions, not actions). The backup roles are condensed from Azure's definitions: what they allow and refuse on the
paths that the simulator knows is the same."""

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_DATA_ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Storage Blob Data Owner": ((f"{_BLOBS}/*",), (f"{_BLOBS}/blobs/*",)),
    "Storage Blob Data Contributor": (
        (f"{_BLOBS}/delete", f"{_BLOBS}/read", f"{_BLOBS}/write"),
        (f"{_BLOBS}/blobs/*",),
    ),
    "Storage Blob Data Reader": ((f"{_BLOBS}/read",), (f"{_BLOBS}/blobs/read",)),
}
"""Role -> (actions, data actions). No other role reads or writes blobs with a token, Owner included."""
ROLES.update({name: (actions, ()) for name, (actions, data) in _DATA_ROLES.items()})
_DATA_ACTIONS = {name.lower(): data for name, (actions, data) in _DATA_ROLES.items()}


@dataclass(frozen=True)
class Grant:
    scope: str
    """Lower-case ARM id prefix; `` is everything."""
    allowed: tuple[str, ...]
    denied: tuple[str, ...]
    data: tuple[str, ...] = ()
    """Data actions: reading and writing what lies in a resource."""


def grants_of(principal: Principal, subscription_id: str) -> tuple[Grant, ...]:
    """What the principal's role assignments grant. Raises EstateError for an unknown role."""
    return tuple(_grant(principal.name, role, subscription_id) for role in principal.roles)


def may(grants: tuple[Grant, ...], action: str, scope: str) -> bool:
    """Whether any grant covers this action over this scope."""
    lower = scope.lower().rstrip("/") + "/"
    return any(
        lower.startswith(grant.scope)
        and any(_fits(pattern, action) for pattern in grant.allowed)
        and not any(_fits(pattern, action) for pattern in grant.denied)
        for grant in grants
    )


def may_data(grants: tuple[Grant, ...], action: str, scope: str) -> bool:
    """Whether any grant covers this data action over this scope."""
    lower = scope.lower().rstrip("/") + "/"
    return any(lower.startswith(grant.scope) and any(_fits(one, action) for one in grant.data) for grant in grants)


def forbidden(principal: Principal, action: Action) -> AzureError:
    """ARM's 403."""
    return AzureError(
        403,
        "AuthorizationFailed",
        f"The client '{principal.client_id}' with object id '{principal.object_id}' does not have authorization to perform "
        f"action '{action.name}' over scope '{action.scope}' or the scope is invalid. If access was recently granted, please "
        "refresh your credentials.",
        headers={"x-ms-failure-cause": "gateway"},
    )


def _grant(owner: str, assignment: RoleAssignment, subscription_id: str) -> Grant:
    scope = (assignment.scope or f"/subscriptions/{subscription_id}").lower().rstrip("/") + "/"
    if assignment.actions:
        return Grant(scope, assignment.actions, ())
    by_name = {name.lower(): definition for name, definition in ROLES.items()}
    definition = by_name.get(assignment.role.lower())
    if definition is None:
        known = ", ".join(sorted(ROLES))
        raise EstateError(
            f"principals.{owner}.roles", f"'{assignment.role}' is unknown; one of {known}, or actions of your own"
        )
    return Grant(scope, *definition, data=_DATA_ACTIONS.get(assignment.role.lower(), ()))


def _fits(pattern: str, action: str) -> bool:
    return _compiled(pattern).fullmatch(action) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*"), re.IGNORECASE)
