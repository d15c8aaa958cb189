# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where restores are asked for: the region of the vault here, its paired region in `cross_region`. Same steps, other calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Protocol, Sequence

from .._apis import BACKUP, VAULT
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import segment
from .._arm.poller import Operation, operation_of
from .._fleet import Vm
from .._progress import Tell, quiet
from .items import ProtectedItem
from .jobs import Job, get_job, list_jobs
from .names import VaultRef
from .recovery_points import RecoveryPoint, get_point, list_points
from .restore_plan import OPERATION
from .restore_request import trigger_body
from .vault_state import read_vault
from .vaults import Located, VaultChoice, locate
from .watcher import Followed, JobWatcher, Watch


@dataclass(frozen=True)
class VaultFacts:
    """What a restore needs to know of a vault. `region` short form; None where the vault does not tell."""

    ref: VaultRef
    region: str
    cross_region: bool | None
    cross_subscription: bool | None


def read_facts(client: ArmClient, vault: VaultRef) -> VaultFacts:
    """One GET of the vault (api `vault`)."""
    settings = read_vault({**(client.get(vault.path, VAULT).body or {}), "id": vault.id})
    if settings is None:
        return VaultFacts(vault, "", None, None)
    return VaultFacts(vault, settings.location, settings.cross_region_restore, settings.cross_subscription_restore == "enabled")


def not_protected(vm: Vm, vault: VaultRef | None) -> ArmError:
    """The failure of a VM that no vault has backups of."""
    return ArmError(
        f"No vault has backups of {vm.name}." if vault is None else f"The vault {vault.name} has no backups of {vm.name}.",
        code="NotProtected",
        target=vm.id,
        hint="Check the VM's name and resource group (those it had when it was backed up), and vault and resource_group.",
    )


@dataclass(frozen=True)
class Order:
    """One restore to be sent."""

    vault: VaultRef
    item_path: str
    point: RecoveryPoint
    request: Mapping[str, Any]


class Stamp(Protocol):
    """The calls of a restore, in one of the two regions."""

    operation: str
    """What its jobs are called: Restore or CrossRegionRestore."""

    secondary: bool

    def locate(self, vms: Sequence[Vm], choice: VaultChoice) -> dict[str, Located]:
        """The vault of each VM, and its item if that costs nothing more, by VM key."""

    def facts(self, vault: VaultRef) -> VaultFacts:
        """What the vault tells of itself."""

    def region(self, vault: VaultFacts) -> str:
        """Where the restore goes to; raises ArmError when the vault cannot restore there."""

    def items(self, vault: VaultRef) -> dict[str, ProtectedItem] | None:
        """The items that can be restored here, by VM key; None when `locate` has told them already."""

    def no_item(self, vm: Vm, vault: VaultRef | None) -> ArmError:
        """Why there is nothing to restore a VM from."""

    def points(self, item_path: str) -> list[RecoveryPoint]:
        """All recovery points of an item, newest first."""

    def point(self, item_path: str, name: str) -> RecoveryPoint | None:
        """One recovery point."""

    def jobs(self, vault: VaultRef, start: datetime) -> list[Job]:
        """The restore jobs of a vault that began at `start` or later, without their bags."""

    def job(self, vault: VaultRef, name: str) -> Job | None:
        """One job with its bag."""

    def details(self, vault: VaultRef, jobs: Sequence[Job], *, max_wait: float = 0.0) -> dict[str, Job]:
        """The bags of jobs, by job name, as far as Azure's budget for such reads allows within so many seconds."""

    def send(self, order: Order) -> Operation | None:
        """Starts a restore. Not repeatable: an ambiguous failure means that it may run."""

    def follow(self, watches: Sequence[Watch], *, timeout: float, interval: float, tell: Tell = quiet) -> dict[str, Followed]:
        """Waits for restores."""

    def once(self, watches: Sequence[Watch]) -> dict[str, Followed]:
        """One look at restores."""


class PrimaryStamp:
    """The vault's own region."""

    operation = OPERATION
    secondary = False

    def __init__(self, client: ArmClient, interval: float = 30.0) -> None:
        self._client = client
        self._interval = interval

    def locate(self, vms: Sequence[Vm], choice: VaultChoice) -> dict[str, Located]:
        return locate(self._client, vms, choice)

    def facts(self, vault: VaultRef) -> VaultFacts:
        return read_facts(self._client, vault)

    def region(self, vault: VaultFacts) -> str:
        return vault.region

    def items(self, vault: VaultRef) -> dict[str, ProtectedItem] | None:
        return None

    def no_item(self, vm: Vm, vault: VaultRef | None) -> ArmError:
        return not_protected(vm, vault)

    def points(self, item_path: str) -> list[RecoveryPoint]:
        return list_points(self._client, item_path, BACKUP)

    def point(self, item_path: str, name: str) -> RecoveryPoint | None:
        return get_point(self._client, item_path, name, BACKUP)

    def jobs(self, vault: VaultRef, start: datetime) -> list[Job]:
        return list(list_jobs(self._client, vault, operation=OPERATION, start=start))

    def job(self, vault: VaultRef, name: str) -> Job | None:
        return get_job(self._client, vault, name)

    def details(self, vault: VaultRef, jobs: Sequence[Job], *, max_wait: float = 0.0) -> dict[str, Job]:
        return JobWatcher(self._client, timeout=0.0, poll_interval=self._interval).details(jobs, max_wait=max_wait)

    def send(self, order: Order) -> Operation | None:
        path = f"{order.item_path}/recoveryPoints/{segment(order.point.name)}/restore"
        return operation_of(self._client.post(path, BACKUP, trigger_body(dict(order.request))))

    def follow(self, watches: Sequence[Watch], *, timeout: float, interval: float, tell: Tell = quiet) -> dict[str, Followed]:
        return JobWatcher(self._client, timeout=timeout, poll_interval=interval, tell=tell).follow(watches)

    def once(self, watches: Sequence[Watch]) -> dict[str, Followed]:
        return JobWatcher(self._client, timeout=0.0).once(watches)
