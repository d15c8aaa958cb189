# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a restore request: the same list serves the trigger and the pre-restore validation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Iterator

from ...bodies import region_of
from ...replies import AzureError
from ...world import World
from .naming import parse_luns, parse_resource_id, parse_vm_id, same
from .neighbours import find_storage, find_vm, group_exists, missing_quota, network_location, subnet_exists
from .state import Item, RecoveryPoint, Vault, state_of

REHYDRATION = "IaasVMRestoreWithRehydrationRequest"
DEFAULT_SIZE = "Standard_D2s_v5"
"""Of a machine whose size its recovery point does not tell."""
TYPES = ("RestoreDisks", "AlternateLocation", "OriginalLocation")


@dataclass(frozen=True)
class Problem:
    """One reason why a restore cannot work. Codes that no source documents are the simulator's own."""

    code: str
    message: str
    recommendations: list[str] = field(default_factory=list)
    late: bool = False
    """The trigger accepts the request and the job fails with it."""


@dataclass(frozen=True)
class RestoreCase:
    world: World
    vault: Vault
    item: Item
    point: RecoveryPoint
    request: dict[str, Any]
    region: str
    """Where the restore must happen: the vault's region, or its pair."""
    secondary: bool

    def text(self, key: str) -> str:
        value = self.request.get(key)
        return value if isinstance(value, str) else ""

    @property
    def kind(self) -> str:
        return self.text("recoveryType")


def require_valid(case: RestoreCase) -> None:
    """Raises 400 with the first problem that the service finds before it starts the job."""
    for problem in problems(case):
        if not problem.late:
            raise AzureError(400, problem.code, problem.message)


def problems(case: RestoreCase) -> list[Problem]:
    malformed = list(_shape(case))
    if malformed:
        return malformed
    checks: list[Callable[[RestoreCase], Iterator[Problem]]] = [
        _tier,
        _storage,
        _target_group,
        _disks,
        _zones,
        _identity,
        _encryption,
        _kind_of_target,
    ]
    return [problem for check in checks for problem in check(case)]


def _shape(case: RestoreCase) -> Iterator[Problem]:
    request = case.request
    if request.get("objectType") not in ("IaasVMRestoreRequest", REHYDRATION) or case.kind not in TYPES:
        yield _invalid("The restore request is not in proper format.")
    elif request.get("recoveryPointId") != case.point.id:
        yield _invalid("The recovery point of the request differs from that of the URL.")
    elif not same(case.text("sourceResourceId"), case.item.source_id):
        yield _invalid("The source resource of the request is not the protected item's.")
    elif region_of(request.get("region")) != case.region:
        yield Problem("UserErrorRestoreRegionMismatch", f"The restore must take place in the region {case.region}.")
    elif case.item.deleted is not None:
        yield Problem(
            "UserErrorItemIsInSoftDeletedState",
            "The operation cannot be performed as the backup item is in soft deleted state. "
            "Please undelete the item and try again.",
        )


def _invalid(message: str) -> Problem:
    return Problem("BMSUserErrorInvalidInput", message)


def _tier(case: RestoreCase) -> Iterator[Problem]:
    point = case.point
    readable = point.has_tier("HardenedRP") or (point.has_tier("InstantRP") and not case.secondary)
    if not readable and "ArchivedRP" in point.tiers and case.request.get("objectType") != REHYDRATION:
        yield Problem(
            "UserErrorRecoveryPointIsInArchiveTier",
            "The recovery point is in the archive tier and has to be rehydrated for a restore.",
            ["Send the request with a rehydration duration and priority."],
        )
    elif not readable and "ArchivedRP" not in point.tiers:
        yield Problem("UserErrorInstantRpNotFound", "The snapshot of this recovery point was not found.")
    if point.has_tier("HardenedRP"):
        return
    if case.kind == "OriginalLocation":
        yield _needs_vault_tier("A replace-disks restore")
    if _other_subscription(case):
        yield _needs_vault_tier("A cross-subscription restore")


def _needs_vault_tier(what: str) -> Problem:
    return Problem("UserErrorRecoveryPointNotInVaultTier", f"{what} needs a recovery point in the vault tier.")


def _other_subscription(case: RestoreCase) -> bool:
    target = parse_resource_id(case.text("targetResourceGroupId"))
    return target is not None and not same(target.subscription, case.vault.subscription)


def _storage(case: RestoreCase) -> Iterator[Problem]:
    details = case.request.get("identityBasedRestoreDetails")
    storage_id = case.text("storageAccountId")
    if isinstance(details, dict) and not storage_id:
        storage_id = str(details.get("targetStorageAccountId") or "")
    if not storage_id:
        yield _invalid("A storage account is required for the restore.")
        return
    storage = find_storage(case.world, storage_id)
    if storage is None:
        yield Problem("UserErrorStorageAccountNotFound", f"The storage account '{storage_id.rsplit('/', 1)[-1]}' was not found.")
    elif storage.location != case.region:
        yield Problem(
            "UserErrorStorageAccountInDifferentRegion",
            f"The storage account '{storage.name}' is in {storage.location}, but must be in {case.region}.",
            ["Choose a storage account in the region of the restore."],
        )


def _target_group(case: RestoreCase) -> Iterator[Problem]:
    group_id = case.text("targetResourceGroupId")
    if not group_id:
        if case.kind == "AlternateLocation":
            yield _invalid("A target resource group is required for a restore to a new virtual machine.")
        return
    group = parse_resource_id(group_id)
    if group is None or not group_exists(case.world, group.subscription, group.group):
        yield Problem("UserErrorTargetResourceGroupNotFound", f"The resource group '{group_id}' was not found.")
    elif _other_subscription(case) and case.vault.cross_subscription_restore != "Enabled":
        yield Problem(
            "UserErrorCrossSubscriptionRestoreDisabled", "Cross subscription restore is disabled for this vault."
        )


def _disks(case: RestoreCase) -> Iterator[Problem]:
    if case.request.get("restoreDiskLunList") is None:
        return
    luns = parse_luns(case.request["restoreDiskLunList"])
    known = {disk.lun for disk in case.point.disks}
    if luns is None:
        yield _invalid("The list of disks is not in proper format.")
    elif set(luns) - known:
        missing = ", ".join(str(lun) for lun in sorted(set(luns) - known))
        yield Problem("UserErrorInvalidDiskLunList", f"The recovery point has no disk with LUN {missing}.")


def _zones(case: RestoreCase) -> Iterator[Problem]:
    zones = case.request.get("zones")
    if not zones:
        return
    if not isinstance(zones, list) or len(zones) != 1 or zones[0] not in ("1", "2", "3", "NoZone"):
        yield Problem("UserErrorInvalidZone", "Exactly one of the zones 1, 2, 3 or NoZone can be given.")
    elif case.kind == "OriginalLocation":
        yield Problem("UserErrorInvalidZone", "A zone cannot be given when disks are replaced.")
    elif zones != ["NoZone"] and zones != case.point.zones:
        if case.vault.redundancy != "ZoneRedundant" and not case.secondary:
            yield Problem("UserErrorCrossZonalRestoreNotSupported", "A restore to another zone needs a zone redundant vault.")
        elif not case.point.has_tier("HardenedRP"):
            yield _needs_vault_tier("A cross-zonal restore")


def _identity(case: RestoreCase) -> Iterator[Problem]:
    info = case.request.get("identityInfo")
    if not isinstance(info, dict):
        return
    identity = case.vault.identity or {}
    kind = str(identity.get("type", "None")).lower()
    managed = str(info.get("managedIdentityResourceId") or "")
    if case.secondary:
        yield Problem("UserErrorManagedIdentityNotSupported", "A cross region restore cannot use a managed identity.")
    elif info.get("isSystemAssignedIdentity") and "systemassigned" not in kind:
        yield Problem("UserErrorVaultIdentityNotFound", "The vault has no system assigned identity.")
    elif managed and managed.lower() not in {key.lower() for key in identity.get("userAssignedIdentities") or {}}:
        yield Problem("UserErrorVaultIdentityNotFound", "The managed identity is not assigned to the vault.")


def _encryption(case: RestoreCase) -> Iterator[Problem]:
    set_id = case.request.get("diskEncryptionSetId")
    if not set_id:
        return
    parsed = parse_resource_id(set_id)
    if parsed is None or parsed.type.lower() != "microsoft.compute/diskencryptionsets":
        yield Problem("UserErrorInvalidDiskEncryptionSet", "The disk encryption set's id is not in proper format.")
    elif case.secondary:
        yield Problem("UserErrorDiskEncryptionSetNotSupported", "A cross region restore cannot use a disk encryption set.")


def _kind_of_target(case: RestoreCase) -> Iterator[Problem]:
    if case.kind == "AlternateLocation":
        yield from _new_vm(case)
    elif case.kind == "OriginalLocation":
        if case.secondary:
            yield _invalid("Disks cannot be replaced from the secondary region.")
        elif find_vm(case.world, case.item.vm_id) is None:
            yield Problem("UserErrorVmNotFoundV2", "The virtual machine whose disks are to be replaced was not found.")


def _new_vm(case: RestoreCase) -> Iterator[Problem]:
    target = parse_vm_id(case.request.get("targetVirtualMachineId"))
    if target is None:
        yield _invalid("The id of the target virtual machine is required.")
        return
    if find_vm(case.world, target.text) is not None:
        yield Problem(
            "UserErrorTargetVirtualMachineAlreadyExists",
            f"A virtual machine with the name '{target.name}' exists in the resource group '{target.group}'.",
            ["Choose a name that is not in use."],
        )
    network, subnet = case.text("virtualNetworkId"), case.text("subnetId")
    location = network_location(case.world, network)
    if location is None:
        yield Problem("UserErrorVirtualNetworkNotFound", f"The virtual network '{network}' was not found.")
    elif location != case.region:
        yield Problem("UserErrorVirtualNetworkInDifferentRegion", f"The virtual network must be in {case.region}.")
    elif not subnet.lower().startswith(network.lower() + "/") or not subnet_exists(case.world, subnet):
        yield Problem("UserErrorSubnetNotFound", f"The subnet '{subnet}' was not found in the virtual network.")
    if case.region in state_of(case.world).no_quota:
        yield out_of_quota("The virtual machine creation failed because the core quota of the subscription is reached.")
    missing = missing_quota(case.world, target.subscription, case.region, case.point.vm_size or DEFAULT_SIZE)
    if missing is not None:
        yield out_of_quota(missing)


def out_of_quota(message: str) -> Problem:
    """The request is accepted, and the job fails."""
    recommendation = "Ask for more quota, or delete virtual machines that are not in use."
    return Problem("UserErrorCoreCountSubscriptionQuotaReached", message, [recommendation], late=True)
