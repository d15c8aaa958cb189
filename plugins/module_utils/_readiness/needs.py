# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recovery by a resolved plan needs, VM by VM and service by service. The places come from the options that the modules will get."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping

from .._apim.restore_options import read_wish
from .._apim.restores import Wish as ApimRestore
from .._apim.service import SYSTEM_IDENTITY, service_id
from .._apim.storage_options import ApimStorage, read_storage
from .._apim.templates import DEFAULT_NAME, BackupNames, parse_backup_name
from .._arm.errors import OptionError
from .._arm.ids import ResourceId
from .._arm.regions import region_of
from .._backup import restore_options
from .._backup.names import VaultRef, vault_of_id
from .._compute import point_restore_options
from .._compute.point_restore_options import PointChoice
from .._fleet import Vm, parse_vms, vm_of_id
from .._options import check_group

VAULT, SECONDARY, POINTS = "vault", "secondary_region", "restore_points"

DRILL = "drill"

_BUILD_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys((*point_restore_options.OPTIONS_OF_A_VM, "zone", "disk_luns", "disk_access", "before", "resource_group", "collection")),
    **dict.fromkeys(("storage_account_type", "disk_encryption_set", "disk_network_access")),
    "restore_point": "latest",
    "disk_name": "{disk}",
    "tags": {},
}


_APIM_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("name", "resource_group", "source_service", "storage_account", "container")),
    "storage_access": SYSTEM_IDENTITY,
    "backup_name": DEFAULT_NAME,
    "force": False,
}


@dataclass(frozen=True)
class Need:
    """One VM that is to be recovered: from where, and what its new self needs. ``region`` "" where only the vault tells; ids of targets None where unknown."""

    vm: Vm
    application: str
    source: str
    """One of VAULT, SECONDARY, POINTS."""
    vault: VaultRef | None = None
    region: str = ""
    target_id: str | None = None
    group_id: str | None = None
    network_id: str | None = None
    subnet_id: str | None = None
    storage_id: str | None = None
    vm_size: str | None = None
    """The size that the options ask for; None is that of the VM that was."""
    needs_vault_copy: bool = False
    """A copy in the snapshot tier will not do, because of where it goes to."""
    planned_region: str = ""
    """The region that the plan's target names; a restore from a vault goes to the vault's own, whatever that is."""


@dataclass(frozen=True)
class Service:
    """One API Management service. ``source`` its id, None where the plan tells its name only; ``restore`` None where a drill leaves the standby alone."""

    name: str
    application: str
    source: ResourceId | None = None
    restore: ApimRestore | None = None
    storage: ApimStorage | None = None
    template: BackupNames | None = None


@dataclass(frozen=True)
class Protection:
    """What the plan wants of the protection of a VM."""

    vault_name: str | None
    policy: str | None


@dataclass(frozen=True)
class Batch:
    """VMs that vm_restore restores with the same options."""

    params: Mapping[str, Any]
    vms: tuple[Vm, ...]


@dataclass(frozen=True)
class Needs:
    """All that a plan needs. ``rpo`` and ``rto`` in seconds by application, None without an objective; ``tags`` those of what a drill makes."""

    subscription: str
    purpose: str
    name: str
    applications: tuple[str, ...]
    rpo: Mapping[str, float | None]
    vms: tuple[Need, ...]
    services: tuple[Service, ...]
    choices: tuple[tuple[PointChoice, tuple[Need, ...]], ...]
    """The restore points to look for, with the VMs that they are of."""
    protections: Mapping[str, Protection]
    """By VM key."""
    vaults: tuple[VaultRef, ...]
    batches: tuple[Batch, ...] = ()
    """The restores from vaults, in their own region."""
    tags: Mapping[str, str] = field(default_factory=dict)


def needs_of(plan: Mapping[str, Any], subscription: str) -> Needs:
    """What a result of recovery_plan_info asks for; raises OptionError for what is none. Names belong to the ``subscription``."""
    about = _mapping(plan, "plan", "plan")
    stages = plan.get("stages")
    if not isinstance(stages, list):
        raise _no_plan("stages")
    readiness = _mapping(plan, "readiness", "readiness")
    applications = {str(one.get("name")): one for one in _mappings(about.get("applications"))}
    waves = [wave for stage in _mappings(stages) for wave in _mappings(stage.get("waves"))]
    places: dict[str, dict[str, Any]] = {}
    choices: dict[PointChoice, list[str]] = {}
    for wave in waves:
        _put_restores(wave, places, subscription)
        _put_builds(wave, places, choices, subscription)
    tags = {str(name): str(value) for name, value in _optional(plan, "tags").items()}
    regions = {str(name): region_of(_optional(targets, name).get("region")) for targets in [_optional(readiness, "targets")] for name in targets}
    vms = [need for wave in waves for need in _vms_of(wave, places, regions)]
    by_key = {need.vm.key: need for need in vms}
    wanted = ((choice, tuple(by_key[key] for key in keys if key in by_key)) for choice, keys in choices.items())
    return Needs(
        subscription=subscription,
        purpose=tags.get("lifeboat_purpose", DRILL),
        name=str(about.get("name") or ""),
        applications=tuple(applications),
        rpo={name: _seconds(_optional(one, "objectives").get("rpo_seconds")) for name, one in applications.items()},
        vms=tuple(vms),
        services=tuple(_services(waves, plan, subscription)),
        choices=tuple((choice, found) for choice, found in wanted if found),
        protections=_protections(plan, subscription),
        vaults=_vaults(readiness, vms),
        batches=_batches(waves, subscription),
        tags=tags,
    )


def _vms_of(wave: Mapping[str, Any], places: Mapping[str, Mapping[str, Any]], regions: Mapping[str, str]) -> Iterator[Need]:
    for entry in _mappings(wave.get("vms")):
        vm = vm_of_id(entry.get("id"))
        if vm is None:
            raise OptionError("plan", f"the wave {wave.get('id')} has a VM without an id: {str(entry.get('id'))[:200]!r}")
        source = str(entry.get("from") or VAULT)
        vault = vault_of_id(entry.get("vault_id"))
        planned = regions.get(str(entry.get("target")), "")
        yield Need(vm, str(wave.get("application") or ""), source, vault, planned_region=planned, **places.get(vm.key, {}))


def _put_restores(wave: Mapping[str, Any], places: dict[str, dict[str, Any]], subscription: str) -> None:
    for params in _mappings(wave.get("restores")):
        vms = parse_vms(_names(params), params.get("vm_resource_group"), subscription)
        for key, target in restore_options.make_targets(params, vms).items():
            places[key] = {
                "region": region_of(params.get("secondary_region")),
                "target_id": target.vm_id,
                "group_id": target.group_id,
                "network_id": target.network_id,
                "subnet_id": target.subnet_id,
                "storage_id": target.storage_account_id,
                "needs_vault_copy": restore_options.needs_vault(params, target),
            }


def _batches(waves: list[Mapping[str, Any]], subscription: str) -> tuple[Batch, ...]:
    """The restores of all waves, those with the same options together. Without a vault there is nothing to restore from."""
    found: dict[str, tuple[Mapping[str, Any], list[Vm]]] = {}
    for params in (one for wave in waves for one in _mappings(wave.get("restores"))):
        if params.get("vault") and not params.get("from_secondary_region"):
            same = json.dumps({**params, "vm": None}, sort_keys=True, default=str)
            found.setdefault(same, (params, []))[1].extend(parse_vms(_names(params), params.get("vm_resource_group"), subscription))
    return tuple(Batch(params, tuple(vms)) for params, vms in found.values())


def _put_builds(wave: Mapping[str, Any], places: dict[str, dict[str, Any]], choices: dict[PointChoice, list[str]], subscription: str) -> None:
    for given in _mappings(wave.get("builds")):
        params = {**_BUILD_DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
        vms = parse_vms(_names(params), params.get("vm_resource_group"), subscription)
        targets = point_restore_options.make_targets(params, vms)
        for key, target in targets.items():
            places[key] = {
                "region": target.region,
                "target_id": target.vm_id,
                "group_id": target.group_id,
                "network_id": target.subnet_id.rsplit("/subnets/", 1)[0] if target.subnet_id else None,
                "subnet_id": target.subnet_id,
                "vm_size": target.vm_size,
            }
        choices.setdefault(point_restore_options.read_choice(params, vms), []).extend(targets)


def _services(waves: list[Mapping[str, Any]], plan: Mapping[str, Any], subscription: str) -> Iterator[Service]:
    """The services of the waves. Where their backups lie is told by the restore or, where a drill makes none, by the backup."""
    backups = {_last(one.get("name")).lower(): one for one in _mappings(plan.get("api_backups"))}
    for wave in waves:
        for entry in _mappings(wave.get("api_management")):
            name, restore = _last(entry.get("name")), None
            backup = {**_APIM_DEFAULTS, **backups.get(name.lower(), {})}
            group = entry.get("resource_group") or backup["resource_group"]
            source = service_id(name, str(group), subscription, "plan") if group else None
            if isinstance(entry.get("restore"), Mapping):
                restore = read_wish({**_APIM_DEFAULTS, **entry["restore"]}, subscription, waits=True)
            storage = restore.storage if restore else read_storage(backup) if backup["storage_account"] else None
            template = restore.template if restore else parse_backup_name(str(backup["backup_name"]), "backup_name")
            yield Service(name, str(wave.get("application") or ""), source, restore, storage, template)


def _protections(plan: Mapping[str, Any], subscription: str) -> dict[str, Protection]:
    found: dict[str, Protection] = {}
    for params in _mappings(plan.get("protections")):
        vault, policy = params.get("vault"), params.get("policy")
        wanted = Protection(_last(vault) or None, _last(policy) or None)
        for vm in parse_vms(_names(params), params.get("vm_resource_group"), subscription):
            found[vm.key] = wanted
    return found


def _vaults(readiness: Mapping[str, Any], vms: list[Need]) -> tuple[VaultRef, ...]:
    """The vaults that the plan names, and those that its VMs were found in."""
    named = readiness.get("vaults") if isinstance(readiness.get("vaults"), list) else []
    refs = [vault_of_id(one.get("id") if isinstance(one, Mapping) else one) for one in named or []]
    refs += [need.vault for need in vms if need.source != POINTS]
    return tuple({ref.key: ref for ref in refs if ref is not None}.values())


def _last(text: Any) -> str:
    """The name in a name or an id."""
    return str(text or "").rstrip("/").rsplit("/", 1)[-1]


def _names(params: Mapping[str, Any]) -> list[str]:
    names = params.get("vm")
    check_group(params.get("vm_resource_group"), "plan")
    return [str(name) for name in names] if isinstance(names, list) else [str(names or "")]


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _mapping(holder: Mapping[str, Any], name: str, key: str) -> Mapping[str, Any]:
    found = holder.get(name)
    if not isinstance(found, Mapping):
        raise _no_plan(key)
    return found


def _optional(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _no_plan(key: str) -> OptionError:
    message = f"it is not what lifeboat.azure_dr.recovery_plan_info returns: {key} is missing"
    return OptionError("plan", message, hint="Give its whole result, with resolve=true.")
