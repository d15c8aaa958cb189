# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate's `vaults`: what is protected already when the simulator starts.

```yaml
vaults:
  - name: rsv-prod-01
    resource_group: rg-backup
    location: eastasia                 # the estate's location by default
    redundancy: GeoRedundant           # LocallyRedundant, GeoRedundant, ZoneRedundant
    cross_region_restore: true
    cross_region_lag: 300              # seconds until a vault-tier point is seen in the paired region
    cross_subscription_restore: Enabled
    soft_delete: AlwaysON              # AlwaysON, Enabled, Disabled (shown only; DELETE is soft all the same)
    soft_delete_days: 14
    hard_delete: false                 # true: DELETE removes the data at once, as until 2024
    immutability: Unlocked             # Disabled, Unlocked, Locked
    delete_ending: gone                # how a DELETE of the vault ends: gone (404) or succeeded; by chance when left out
    core_quota_reached: false          # true: new VMs cannot be made in the vault's region
    identity: SystemAssigned           # none by default
    multi_user_authorization: false    # shown only
    source_scan: false                 # recovery points tell threats (api-version 2026-07-01)
    undiscovered: [web-09]             # brand-new VMs (shell patterns) that PUT refuses until containers were refreshed
    tags: {owner: backup}
    policies:
      - {name: gold, type: V1, time: "22:30", days: 30, instant_days: 2}
      - {name: custom, properties: {...}}       # the policy's properties as the API has them
    protected_items:
      - vm: web-*                      # VM name or shell pattern
        resource_group: rg-prod        # narrows the pattern
        policy: gold                   # DefaultPolicy when left out
        state: Protected               # IRPending, Protected, ProtectionError, ProtectionPaused, ProtectionStopped, BackupsSuspended, SoftDeleted
        deleted_hours_ago: 24          # with SoftDeleted
        health: ActionRequired         # Passed by default, ActionSuggested, Invalid
        health_details: [{code: 400239, title: ..., message: ..., recommendations: [...]}]
        last_backup_status: Failed     # Completed by default, once there is a recovery point
        vm_exists: true                # false: the VM itself was deleted since
        exclude_luns: [1]              # or include_luns
        backup: {consistency: CrashConsistent, snapshot_seconds: 500, transfer_seconds: 2000, validate_seconds: 30}
        recovery_points:
          - {age_hours: 20, consistency: AppConsistent, tiers: [InstantRP, HardenedRP], threats: 0}
```
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...estate import Estate, EstateError
from ...estate_reader import Reader
from ...replies import AzureError
from ...world import World
from ..resources.state import ResourcesState
from .backups import DEFAULT_RETENTION, schedule_expiry, split_disks
from .naming import VmId
from .neighbours import VmFacts, find_vm
from .policy_rules import normalised_policy
from .protection import schedule_purge
from .state import Item, Policy, RecoveryPoint, Vault, state_of
from .vault_changes import change_identity
from .vaults import new_vault, remove_vaults_of_group, vault_inventory
from .vault_views import DEFAULT_MONITORING

_STATES = (
    "IRPending",
    "Protected",
    "ProtectionError",
    "ProtectionPaused",
    "ProtectionStopped",
    "BackupsSuspended",
    "SoftDeleted",
)
_HEALTH = ("Passed", "ActionRequired", "ActionSuggested", "Invalid")
_TIERS = ("InstantRP", "HardenedRP", "ArchivedRP")
_CONSISTENCIES = ("AppConsistent", "FileSystemConsistent", "CrashConsistent")


def load(world: World, estate: Estate) -> None:
    """Makes the estate's vaults. Raises EstateError, which names the place."""
    state = state_of(world)
    state.paired = {estate.location: estate.paired_location, estate.paired_location: estate.location}
    resources = world.state(ResourcesState)
    resources.inventories.append(vault_inventory)
    resources.cleaners.append(remove_vaults_of_group)
    groups = {group.name.lower() for group in estate.resource_groups}
    for reader in Reader(estate.raw, "").items("vaults"):
        group = reader.text("resource_group")
        if group.lower() not in groups:
            raise EstateError(reader.place("resource_group"), f"'{group}' is not in resource_groups")
        _vault(world, estate, reader, group)
        reader.done()


def _vault(world: World, estate: Estate, reader: Reader, group: str) -> None:
    state = state_of(world)
    vault = new_vault(world, estate.subscription_id, group, reader.text("name"), reader.text("location", estate.location))
    vault.redundancy = reader.choice(
        "redundancy", "LocallyRedundant", ("LocallyRedundant", "GeoRedundant", "ZoneRedundant")
    )
    vault.cross_region_restore = reader.flag("cross_region_restore")
    if vault.cross_region_restore and vault.redundancy != "GeoRedundant":
        raise EstateError(reader.place("cross_region_restore"), "needs redundancy: GeoRedundant")
    vault.cross_region_lag = reader.amount("cross_region_lag", vault.cross_region_lag)
    vault.cross_subscription_restore = reader.choice(
        "cross_subscription_restore", "Enabled", ("Enabled", "Disabled", "PermanentlyDisabled")
    )
    vault.soft_delete = reader.choice("soft_delete", "AlwaysON", ("AlwaysON", "Enabled", "Disabled"))
    vault.soft_delete_days = reader.number("soft_delete_days", 14)
    vault.hard_delete = reader.flag("hard_delete")
    vault.immutability = reader.choice("immutability", "", ("", "Disabled", "Unlocked", "Locked")) or None
    vault.delete_ending = reader.choice("delete_ending", "", ("", "gone", "succeeded")) or None
    vault.multi_user = "Enabled" if reader.flag("multi_user_authorization") else "Disabled"
    vault.source_scan = "Enabled" if reader.flag("source_scan") else "Disabled"
    change_identity(world, vault, {"type": reader.choice("identity", "None", ("None", "SystemAssigned"))})
    if vault.identity == {"type": "None"}:
        vault.identity = None
    vault.monitoring = DEFAULT_MONITORING
    vault.cost = {"granularityLevel": "VaultLevel"}
    vault.tags = reader.tags() or None
    if reader.flag("core_quota_reached"):
        state.no_quota.add(vault.location)
    for pattern in reader.texts("undiscovered"):
        for vm in estate.match_vms(pattern):
            state.undiscovered.add(VmId(estate.subscription_id, vm.resource_group, vm.name).key)
    for policy in reader.items("policies"):
        _policy(vault, policy)
    for key in ("protected_items", "protected"):
        for entry in reader.items(key):
            _protect(world, estate, vault, entry)


def _policy(vault: Vault, reader: Reader) -> None:
    name, given = reader.text("name"), reader.value("properties")
    kind = reader.choice("type", "V1", ("V1", "V2"))
    time, days, instant = reader.text("time", "22:30"), reader.number("days", 30), reader.number("instant_days", 2)
    reader.done()
    if given is None:
        given = _policy_properties(vault.changed, kind, time, days, instant)
    try:
        vault.policies[name.lower()] = Policy(name, normalised_policy(name, given, None))
    except AzureError as error:
        raise EstateError(reader.place("properties"), error.message) from None


def _policy_properties(now: datetime, kind: str, time: str, days: int, instant: int) -> dict[str, Any]:
    run = f"{now:%Y-%m-%d}T{time}:00Z"
    schedule: dict[str, Any] = {
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunFrequency": "Daily",
        "scheduleRunTimes": [run],
        "scheduleWeeklyFrequency": 0,
    }
    if kind == "V2":
        schedule = {
            "schedulePolicyType": "SimpleSchedulePolicyV2",
            "scheduleRunFrequency": "Daily",
            "dailySchedule": {"scheduleRunTimes": [run]},
        }
    return {
        "backupManagementType": "AzureIaasVM",
        "policyType": kind,
        "schedulePolicy": schedule,
        "retentionPolicy": {
            "retentionPolicyType": "LongTermRetentionPolicy",
            "dailySchedule": {"retentionTimes": [run], "retentionDuration": {"count": days, "durationType": "Days"}},
        },
        "instantRpRetentionRangeInDays": instant,
        "timeZone": "UTC",
    }


@dataclass(frozen=True)
class _PointWanted:
    age_hours: float
    consistency: str
    tiers: tuple[str, ...]
    threats: int


@dataclass(frozen=True)
class _Wanted:
    """One entry of protected_items, read once and used for each VM it names."""

    place: str
    policy: Policy
    state: str
    deleted_hours: float
    exclusion: dict[str, Any] | None
    hints: dict[str, Any]
    points: list[_PointWanted]
    health: str
    health_details: list[dict[str, Any]] | None
    last_backup_status: str


def _protect(world: World, estate: Estate, vault: Vault, reader: Reader) -> None:
    pattern, group = reader.text("vm"), reader.text("resource_group", "")
    exists = reader.flag("vm_exists", True)
    wanted = _wanted(vault, reader)
    reader.done()
    if not exists:
        if not group:
            raise EstateError(reader.place("resource_group"), "is required when the VM does not exist")
        _item(world, vault, VmId(vault.subscription, group, pattern), None, wanted)
        return
    vm_ids = _matching(world, estate, pattern, group)
    if not vm_ids:
        raise EstateError(reader.place("vm"), f"'{pattern}' is no virtual machine of the estate")
    for vm_id in vm_ids:
        _item(world, vault, vm_id, find_vm(world, vm_id.text), wanted)


def _matching(world: World, estate: Estate, pattern: str, group: str) -> list[VmId]:
    """A plain name with its group is looked up directly: estates of a thousand VMs name each one."""
    if group and not any(mark in pattern for mark in "*?["):
        vm = find_vm(world, VmId(estate.subscription_id, group, pattern).text)
        return [VmId(vm.subscription, vm.group, vm.name)] if vm else []
    found = estate.match_vms(pattern, group)
    return [VmId(estate.subscription_id, vm.resource_group, vm.name) for vm in found]


def _wanted(vault: Vault, reader: Reader) -> _Wanted:
    name = reader.text("policy", "DefaultPolicy")
    policy = vault.policies.get(name.lower())
    if policy is None:
        raise EstateError(reader.place("policy"), f"'{name}' is no policy of the vault {vault.name}")
    points = [_point_wanted(point) for point in reader.items("recovery_points")]
    include, exclude = reader.value("include_luns"), reader.value("exclude_luns")
    exclusion = None
    if include is not None or exclude is not None:
        luns = include if include is not None else exclude
        if not isinstance(luns, list) or not all(isinstance(lun, int) for lun in luns):
            raise EstateError(reader.place("include_luns"), "must be a list of LUNs")
        exclusion = {"diskLunList": luns, "isInclusionList": include is not None}
    return _Wanted(
        place=reader.place("vm"),
        policy=policy,
        state=reader.choice("state", "Protected" if points else "IRPending", _STATES),
        deleted_hours=reader.amount("deleted_hours_ago", 24.0),
        exclusion=exclusion,
        hints=_hints(reader),
        points=points,
        health=reader.choice("health", "Passed", _HEALTH),
        health_details=_health_details(reader),
        last_backup_status=reader.text("last_backup_status", "Completed" if points else ""),
    )


def _health_details(reader: Reader) -> list[dict[str, Any]] | None:
    if reader.value("health_details") is None:
        return None
    found = []
    for entry in reader.items("health_details"):
        found.append(
            {
                "code": entry.number("code", 0),
                "title": entry.text("title", ""),
                "message": entry.text("message", ""),
                "recommendations": list(entry.texts("recommendations")),
            }
        )
        entry.done()
    return found


def _hints(reader: Reader) -> dict[str, Any]:
    given = reader.value("backup")
    if given is None:
        return {}
    inner = Reader(given, reader.place("backup"))
    hints: dict[str, Any] = {"consistency": inner.choice("consistency", "", ("", *_CONSISTENCIES))}
    for key in ("snapshot_seconds", "transfer_seconds", "validate_seconds"):
        hints[key] = inner.amount(key, 0.0)
    inner.done()
    return hints


def _point_wanted(reader: Reader) -> _PointWanted:
    tiers = reader.texts("tiers") or ("HardenedRP",)
    for tier in tiers:
        if tier not in _TIERS:
            raise EstateError(reader.place("tiers"), f"'{tier}' must be one of {', '.join(_TIERS)}")
    consistency = reader.choice("consistency", "", ("", *_CONSISTENCIES))
    wanted = _PointWanted(reader.amount("age_hours"), consistency, tiers, reader.number("threats", 0))
    reader.done()
    return wanted


def _item(world: World, vault: Vault, vm_id: VmId, vm: VmFacts | None, wanted: _Wanted) -> None:
    state, now = state_of(world), world.now()
    if vm_id.key in state.owners:
        raise EstateError(wanted.place, f"'{vm_id.name}' is protected twice")
    stopped = wanted.state in ("ProtectionStopped", "SoftDeleted")
    item = Item(
        group=vm_id.group.lower(),
        vm=vm_id.name.lower(),
        source_id=vm_id.text,
        vm_id=vm_id.text,
        friendly_name=vm_id.name,
        data_id=str(vault.vary("data id", vm_id.key).number(15)),
        policy="" if stopped else wanted.policy.name,
        policy_type=wanted.policy.policy_type,
        protection_state="ProtectionStopped" if stopped else wanted.state,
        disk_exclusion=wanted.exclusion,
        backup_hints=wanted.hints,
        health=wanted.health,
        health_details=wanted.health_details,
        last_backup_status=wanted.last_backup_status,
    )
    vault.items[item.key] = item
    state.owners[vm_id.key] = vault.key
    state.backup_hints[vm_id.key] = wanted.hints
    for point in sorted(wanted.points, key=lambda one: one.age_hours, reverse=True):
        _point(world, vault, item, vm, point)
    if item.points:
        item.last_point = item.points[-1].time
        item.last_backup = item.points[-1].time - timedelta(seconds=5)
    if wanted.state == "SoftDeleted":
        item.deleted = now - timedelta(hours=wanted.deleted_hours)
        schedule_purge(world, vault, item)


def _point(world: World, vault: Vault, item: Item, vm: VmFacts | None, wanted: _PointWanted) -> None:
    when = world.now() - timedelta(hours=wanted.age_hours)
    included, excluded = split_disks(vm.disks if vm else [], item.disk_exclusion)
    default = "AppConsistent" if vm is None or vm.os_type == "Windows" else "FileSystemConsistent"
    point = RecoveryPoint(
        id=str(vault.vary("point", item.key, len(item.points)).number(15)),
        time=when,
        consistency=wanted.consistency or default,
        tiers={tier: "Valid" for tier in _TIERS if tier in wanted.tiers},
        vm_size=vm.size if vm else "Standard_D2s_v5",
        os_type=vm.os_type if vm else "Windows",
        disks=included,
        excluded=excluded,
        policy_type=item.policy_type,
        rule="Daily",
        expiry=when + DEFAULT_RETENTION,
        hardened=when + timedelta(minutes=42) if "HardenedRP" in wanted.tiers else None,
        zones=list(vm.zones) if vm else [],
        security_type=(vm.security_type if vm else "") or "None",
        threats=wanted.threats,
    )
    item.points.append(point)
    schedule_expiry(world, vault, item, point)

