# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated Recovery Services knows: vaults with policies, items, jobs and operations. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ...estate import Guest
from ...world import World
from .times import Variation

VaultKey = tuple[str, str, str]


@dataclass
class Task:
    """One task of a job. Restore tasks have no times of their own in Azure's answers (`timed` False)."""

    name: str
    start: datetime | None
    end: datetime | None
    timed: bool = True
    details: str = ""
    """taskExecutionDetails when the task is over."""


@dataclass
class BagEntry:
    """A property bag value that is visible from `since` on; before, the key is missing or null."""

    key: str
    value: str
    since: datetime | None = None
    null_before: bool = False


@dataclass
class JobError:
    code: int
    title: str
    text: str
    recommendations: list[str] = field(default_factory=list)


@dataclass
class Job:
    """A backup job whose whole course is fixed when it starts; `end` None never ends."""

    id: str
    activity_id: str
    operation: str
    vm_name: str
    container_name: str
    start: datetime
    end: datetime | None
    outcome: str = "Completed"
    tasks: list[Task] = field(default_factory=list)
    bag: list[BagEntry] = field(default_factory=list)
    internal_bag: dict[str, str] | None = None
    errors: list[JobError] = field(default_factory=list)
    actions: bool = False
    """Carries actionsInfo, which says nothing about the state."""
    progress: list[tuple[datetime, float]] = field(default_factory=list)
    is_restore: bool = False
    cancel_until: datetime | None = None
    """Cancellation is refused from then on; None: never possible."""
    cancel_asked: datetime | None = None
    cancelled: datetime | None = None

    def status(self, now: datetime) -> str:
        if self.cancelled is not None and now >= self.cancelled:
            return "Cancelled"
        if self.cancel_asked is not None:
            return "Cancelling"
        if self.end is not None and now >= self.end:
            return self.outcome
        return "InProgress"

    def over(self, now: datetime) -> bool:
        return self.status(now) not in ("InProgress", "Cancelling")

    def finished(self) -> datetime | None:
        """When it ended or will end; None for a job that never does."""
        return self.cancelled if self.cancelled is not None else self.end


@dataclass
class Operation:
    """A long-running operation; `end` None never ends."""

    id: str
    start: datetime
    end: datetime | None
    outcome: str = "Succeeded"
    job_id: str | None = None
    item_key: str | None = None
    """What operationResults answers with: the protected item, or nothing."""
    error_code: str = ""
    error_message: str = ""
    gone: bool = False
    """Vault DELETE: afterwards the status URL answers 404 instead of Succeeded."""
    result: dict[str, Any] | None = None

    def status(self, now: datetime) -> str:
        return self.outcome if self.end is not None and now >= self.end else "InProgress"


@dataclass
class Disk:
    """A disk of a VM as a recovery point keeps it; the OS disk has lun -1."""

    lun: int
    name: str
    size_gb: int
    sku: str
    guest: Guest = Guest()
    """What answers in a machine that starts from it."""


@dataclass
class RecoveryPoint:
    id: str
    time: datetime
    consistency: str
    tiers: dict[str, str]
    """Tier to status, in the order Azure lists them."""
    vm_size: str
    os_type: str
    disks: list[Disk]
    excluded: list[Disk] = field(default_factory=list)
    policy_type: str = "V1"
    rule: str = "On-Demand"
    expiry: datetime | None = None
    hardened: datetime | None = None
    zones: list[str] = field(default_factory=list)
    security_type: str = "None"
    encrypted: bool = False
    threats: int = 0
    """Number of threats a source scan found."""
    mounted_until: datetime | None = None
    """Recovery of single files: how long the point's disks are offered."""

    def has_tier(self, name: str) -> bool:
        return self.tiers.get(name) in ("Valid", "Rehydrated")


@dataclass
class Policy:
    name: str
    properties: dict[str, Any]
    built_in: bool = False

    @property
    def policy_type(self) -> str:
        return str(self.properties.get("policyType") or "V1")


@dataclass
class Item:
    """A protected VM. `group` is in lower case, `vm` as the enabling request spelled it."""

    group: str
    vm: str
    source_id: str
    vm_id: str
    friendly_name: str
    data_id: str
    policy: str
    """Policy name; empty when stopped."""
    policy_type: str
    protection_state: str = "IRPending"
    last_backup_status: str = ""
    last_backup: datetime | None = None
    last_point: datetime | None = None
    deleted: datetime | None = None
    """Moment of the soft delete."""
    disk_exclusion: dict[str, Any] | None = None
    points: list[RecoveryPoint] = field(default_factory=list)
    attempts: list[datetime] = field(default_factory=list)
    """Accepted on-demand backups."""
    backup_hints: dict[str, Any] = field(default_factory=dict)
    """From the estate: how its backups go (`consistency`, `snapshot_seconds`, `transfer_seconds`, `validate_seconds`)."""
    health: str = "Passed"
    """What the check of the backup says, until a backup completes."""
    health_details: list[dict[str, Any]] | None = None
    """Its findings; None for the usual one of a healthy backup."""

    @property
    def key(self) -> str:
        return f"{self.group};{self.vm}".lower()

    @property
    def tail(self) -> str:
        return f"iaasvmcontainerv2;{self.group};{self.vm}"


@dataclass
class Vault:
    subscription: str
    group: str
    name: str
    location: str
    changed: datetime
    """For the etag."""
    salt: str
    resource_id: int
    provisioning: str = "Succeeded"
    tags: dict[str, str] | None = None
    sku: dict[str, str] = field(default_factory=lambda: {"name": "Standard"})
    identity: dict[str, Any] | None = None
    redundancy: str = "LocallyRedundant"
    cross_region_restore: bool = False
    cross_region_since: datetime | None = None
    cross_region_lag: float = 300.0
    """Seconds until a vault-tier point is readable in the paired region; the service promises no more than 12 h."""
    cross_subscription_restore: str = "Enabled"
    soft_delete: str = "AlwaysON"
    soft_delete_days: int = 14
    hard_delete: bool = False
    """From the estate: DELETE removes data at once, as vaults without soft delete did until 2024."""
    immutability: str | None = None
    multi_user: str = "Disabled"
    public_access: str = "Enabled"
    monitoring: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None
    source_scan: str = "Disabled"
    delete_ending: str | None = None
    """From the estate: `gone` or `succeeded`; None: by chance of the seed."""
    policies: dict[str, Policy] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    pending: dict[str, Item] = field(default_factory=dict)
    """Items whose first ConfigureBackup job has not ended."""
    jobs: dict[str, Job] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    policy_edits: list[datetime] = field(default_factory=list)
    secondary_jobs: dict[str, Job] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def key(self) -> VaultKey:
        return (self.subscription.lower(), self.group.lower(), self.name.lower())

    @property
    def id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/Microsoft.RecoveryServices/vaults/{self.name}"

    def vary(self, *parts: object) -> Variation:
        """Numbers for one purpose, from the world's seed."""
        return Variation(self.salt, *parts)


@dataclass
class DeletedVault:
    name: str
    vault: Vault
    deleted: datetime
    purge: datetime


@dataclass
class SecondaryOperation:
    """A cross-region operation: read under the paired region."""

    operation: Operation
    location: str


@dataclass
class RecoveryServicesState:
    vaults: dict[VaultKey, Vault] = field(default_factory=dict)
    deleted: dict[str, DeletedVault] = field(default_factory=dict)
    owners: dict[str, VaultKey] = field(default_factory=dict)
    """Lower-case VM id to the vault where it is registered (or soft-deleted)."""
    undiscovered: set[str] = field(default_factory=set)
    """Lower-case ids of brand-new VMs that no refresh has found yet (from the estate)."""
    backup_hints: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Lower-case VM id to how its backups go (from the estate)."""
    paired: dict[str, str] = field(default_factory=dict)
    """Region pairs of the estate that are not Azure's."""
    no_quota: set[str] = field(default_factory=set)
    """Regions without core quota left: new VMs cannot be made there."""
    location_operations: dict[str, Operation] = field(default_factory=dict)
    secondary_operations: dict[str, SecondaryOperation] = field(default_factory=dict)
    vault_operations: dict[str, Operation] = field(default_factory=dict)
    """Create, update and delete of vaults; they outlive the vault."""
    script_passwords: list[str] = field(default_factory=list)
    """Of the scripts that mount recovery points."""
    salt: str = ""


def state_of(world: World) -> RecoveryServicesState:
    found = world.state(RecoveryServicesState)
    if not found.salt:
        found.salt = f"{world.random.getrandbits(64):016x}"
    return found


def credentials(world: World) -> list[str]:
    """The passwords in the scripts that were given out."""
    return list(state_of(world).script_passwords)


def retention_left(item: Item, vault: Vault, now: datetime) -> timedelta:
    """Time until soft-deleted data is purged."""
    assert item.deleted is not None
    return item.deleted + timedelta(days=vault.soft_delete_days) - now


def dump(world: World) -> dict[str, Any]:
    """For the control port: what a test wants to know, with statuses as of now."""
    state, now = state_of(world), world.now()
    return {
        "vaults": [
            {
                "id": vault.id,
                "location": vault.location,
                "policies": [policy.name for policy in vault.policies.values()],
                "protectedItems": [_dump_item(item) for item in vault.items.values()],
                "jobs": [_dump_job(job, now) for job in vault.jobs.values()],
                "secondaryJobs": [_dump_job(job, now) for job in vault.secondary_jobs.values()],
            }
            for vault in state.vaults.values()
        ],
        "deletedVaults": [deleted.name for deleted in state.deleted.values()],
    }


def _dump_item(item: Item) -> dict[str, Any]:
    return {
        "vmId": item.vm_id,
        "protectionState": item.protection_state,
        "policyName": item.policy,
        "softDeleted": item.deleted is not None,
        "lastBackupStatus": item.last_backup_status,
        "recoveryPoints": [
            {"id": point.id, "time": point.time.isoformat(), "consistency": point.consistency, "tiers": list(point.tiers)}
            for point in item.points
        ],
    }


def _dump_job(job: Job, now: datetime) -> dict[str, Any]:
    finished = job.finished()
    return {
        "id": job.id,
        "operation": job.operation,
        "vm": job.vm_name,
        "status": job.status(now),
        "startTime": job.start.isoformat(),
        "endTime": finished.isoformat() if finished is not None and now >= finished else None,
    }
