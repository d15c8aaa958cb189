# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which actions the modules need at which place of a recovery, by Azure's names, and what of it an identity lacks.

Sources: the requests that the modules send (an action is named after the path of its request), and for what Azure does in the name of the
caller its table "Minimum role requirements for Azure VM backup" (https://learn.microsoft.com/azure/backup/backup-rbac-rs-vault).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterable, Mapping, Sequence

from .._apim.service import KEY
from .._arm.ids import ResourceId
from .facts import Grant
from .needs import DRILL, POINTS, SECONDARY, Needs

_RSV = "Microsoft.RecoveryServices"
_ITEMS = f"{_RSV}/Vaults/backupFabrics/protectionContainers/protectedItems"

RESTORE_AT_VAULT = (
    f"{_RSV}/Vaults/read",
    f"{_RSV}/Vaults/backupProtectedItems/read",
    f"{_RSV}/Vaults/backupJobs/read",
    f"{_RSV}/Vaults/backupOperations/read",
    f"{_ITEMS}/read",
    f"{_ITEMS}/recoveryPoints/read",
    f"{_ITEMS}/recoveryPoints/restore/action",
)
"""vm_restore, on the vault."""

CROSS_REGION_AT_VAULT = (f"{_ITEMS}/recoveryPoints/accessToken/action",)
CROSS_REGION_AT_SUBSCRIPTION = (
    f"{_RSV}/locations/backupAadProperties/read",
    f"{_RSV}/locations/backupCrossRegionRestore/action",
    f"{_RSV}/locations/backupCrrJobs/action",
    f"{_RSV}/locations/backupCrrJob/action",
)
"""vm_restore, from the paired region."""

RESTORE_AT_SOURCE = ("Microsoft.Compute/virtualMachines/read", "Microsoft.Compute/virtualMachines/write")
"""vm_restore, on the VM that was backed up (Azure's table)."""

RESTORE_AT_STAGING = ("Microsoft.Storage/storageAccounts/read", "Microsoft.Storage/storageAccounts/write")
"""vm_restore, on the staging account (Azure's table)."""

RECOVER_AT_GROUP = (
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Compute/disks/read",
    "Microsoft.Compute/disks/write",
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/networkInterfaces/join/action",
)
"""vm_restore and restore_point_restore, on the target resource group."""

TAG_AT_GROUP = ("Microsoft.Resources/tags/write",)
"""vm_restore tags what Azure has restored; of a drill that is what the cleanup finds."""

NETWORK = (
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/virtualNetworks/subnets/read",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
)
"""vm_restore and restore_point_restore, on the network."""

COPIES_AT_GROUP = (
    "Microsoft.Compute/restorePointCollections/read",
    "Microsoft.Compute/restorePointCollections/restorePoints/read",
    "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/read",
    "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/beginGetAccess/action",
)
"""restore_point_restore, on the resource group of the restore points."""

CLEAN_AT_GROUP = (
    "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    "Microsoft.Compute/virtualMachines/delete",
    "Microsoft.Compute/disks/delete",
    "Microsoft.Network/networkInterfaces/delete",
)
"""drill_cleanup, on the resource groups of the drill."""

APIM_AT_STANDBY = (
    "Microsoft.ApiManagement/service/read",
    "Microsoft.ApiManagement/service/restore/action",
    "Microsoft.ApiManagement/service/operationresults/read",
    "Microsoft.Resources/tags/write",
)
"""apim_restore, on the service that is restored into."""

APIM_AT_SOURCE = ("Microsoft.ApiManagement/service/read",)
APIM_AT_STORAGE = ("Microsoft.Storage/storageAccounts/read",)
APIM_KEY_AT_STORAGE = ("Microsoft.Storage/storageAccounts/listKeys/action",)
"""apim_restore with storage_access=key and without storage_key."""


def wanted_actions(needs: Needs) -> dict[str, tuple[str, ...]]:
    """The actions by the id of the scope, each in the order of the tables; one scope of each kind is asked for once."""
    found: dict[str, tuple[str, dict[str, None]]] = {}

    def want(scope: str | None, *actions: Iterable[str]) -> None:
        if scope:
            kept = found.setdefault(scope.lower(), (scope, {}))[1]
            kept.update(dict.fromkeys(action for some in actions for action in some))

    for need in needs.vms:
        clean = CLEAN_AT_GROUP if needs.purpose == DRILL else ()
        if need.source == POINTS:
            want(need.group_id, RECOVER_AT_GROUP, clean)
        else:
            want(need.vault.id if need.vault else None, RESTORE_AT_VAULT, CROSS_REGION_AT_VAULT if need.source == SECONDARY else ())
            want(str(ResourceId(need.vm.subscription, need.vm.group)), RESTORE_AT_SOURCE)
            want(need.storage_id, RESTORE_AT_STAGING)
            want(need.group_id, RECOVER_AT_GROUP, TAG_AT_GROUP if needs.tags else (), clean)
        if need.source == SECONDARY and need.vault:
            want(str(ResourceId(need.vault.subscription)), CROSS_REGION_AT_SUBSCRIPTION)
        want(need.network_id, NETWORK)
    for choice, needing in needs.choices:
        for subscription in {need.vm.subscription.lower(): need.vm.subscription for need in needing}.values():
            want(str(ResourceId(subscription, choice.group)), COPIES_AT_GROUP)
    for service in needs.services:
        want(str(service.source) if service.source else None, APIM_AT_SOURCE)
        want(str(service.restore.target) if service.restore else None, APIM_AT_STANDBY)
        storage = service.storage
        if storage is not None and storage.group:
            account = ResourceId(storage.subscription or needs.subscription, storage.group, "Microsoft.Storage", ("storageAccounts",), (storage.account,))
            want(str(account), APIM_AT_STORAGE, APIM_KEY_AT_STORAGE if storage.access == KEY and not storage.key else ())
    return {scope: tuple(actions) for scope, actions in found.values()}


def missing_actions(grants: Sequence[Grant], wanted: Iterable[str]) -> list[str]:
    """Those of the wanted actions that no entry grants. Deny assignments and conditions are not in what Azure tells here."""
    return [action for action in wanted if not any(allows(grant, action) for grant in grants)]


def allows(grant: Grant, action: str) -> bool:
    return any(_fits(pattern, action) for pattern in grant.actions) and not any(_fits(pattern, action) for pattern in grant.not_actions)


def grant_of(entry: Mapping[str, object]) -> Grant:
    """An entry of Azure's list."""
    return Grant(_texts(entry.get("actions")), _texts(entry.get("notActions")))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _fits(pattern: str, action: str) -> bool:
    return _compiled(pattern).fullmatch(action) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A star stands for anything, slashes too; case does not count."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*"), re.IGNORECASE)
