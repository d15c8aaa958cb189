# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a restore from restore points: checked against each other before any request, then turned into one target a VM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Sequence

from .._arm.errors import OptionError
from .._arm.ids import ResourceId, segment
from .._arm.tags import check_tags
from .._arm.timestamps import parse_time
from .._fleet import VM_NAME, VM_TYPE, Vm, check_group
from .copies import LATEST
from .names import check_name, expand, region_of, vm_fields
from .point_restores import RestoreTarget

DISKS = "disks"
NEW_VM = "new_vm"
MODES = (DISKS, NEW_VM)

NETWORK_TYPE = "Microsoft.Network/virtualNetworks"
SUBNET_TYPE = "Microsoft.Network/virtualNetworks/subnets"
DES_TYPE = "Microsoft.Compute/diskEncryptionSets"
DISK_ACCESS_TYPE = "Microsoft.Compute/diskAccesses"

_ZONE = re.compile(r"^([1-9]|NoZone)$")
_WORD = re.compile(r"^[A-Za-z0-9_]{1,80}$")
_OF_A_VM = ("vm_name", "vm_size", "virtual_network", "virtual_network_resource_group", "subnet")

Params = Mapping[str, Any]


@dataclass(frozen=True)
class PointChoice:
    """Which restore point: ``name`` None is the newest complete one, no later than ``before``; and where: ``region``, ``group``, ``collection``
    (a template, None: looked for)."""

    region: str
    name: str | None
    before: datetime | None
    group: str | None
    collection: str | None


def read_choice(params: Params, vms: Sequence[Vm]) -> PointChoice:
    """Raises OptionError."""
    region = region_of(params["region"])
    if not region.isalnum():
        raise OptionError("region", f"{params['region']!r} is not a region, such as southeastasia")
    point = str(params["restore_point"]).strip()
    name = None if point.lower() == LATEST else check_name(point, "restore_point")
    before = parse_time(params["before"]) if params["before"] else None
    if params["before"] and before is None:
        raise OptionError("before", f"{params['before']!r} is not a time in ISO 8601, such as 2026-07-26T13:00:00Z")
    if before is not None and name is not None:
        raise OptionError("before", "it chooses among restore points, so it contradicts restore_point, which names one")
    collection, group = params["collection"] or None, check_group(params["resource_group"], "resource_group")
    if collection:
        if group is None:
            raise OptionError("resource_group", "it is needed with collection, which is a name")
        names = {expand(collection, "collection", vm_fields(vm)).lower() for vm in vms}
        if len(names) < len(vms):
            raise OptionError(
                "collection", f"{collection!r} names the collections of several VMs alike; use {{name}} (and {{resource_group}}) to tell them apart"
            )
    return PointChoice(region, name, before, group, collection)


def make_targets(params: Params, vms: Sequence[Vm]) -> dict[str, RestoreTarget]:
    """One target a VM, by VM key; raises OptionError. Names belong to the subscription of the VM."""
    _check(params)
    tags = check_tags(params["tags"], "tags")
    targets: dict[str, RestoreTarget] = {}
    taken: dict[str, Vm] = {}
    for vm in vms:
        target = _target(params, vm, tags)
        if target.vm_id is not None:
            other = taken.setdefault(target.vm_id.lower(), vm)
            if other is not vm:
                raise OptionError(
                    "vm_name", f"{params['vm_name']!r} names {other.name} and {vm.name} alike; use {{name}} (and {{resource_group}}) to tell them apart"
                )
        targets[vm.key] = target
    return targets


def _check(params: Params) -> None:
    mode = params["mode"]
    if mode == DISKS:
        for name in _OF_A_VM:
            if params[name]:
                raise OptionError(name, f"it has no meaning with mode={mode}")
    else:
        for name in ("vm_name", "subnet"):
            if not params[name]:
                raise OptionError(name, f"it is needed with mode={mode}")
    if params["zone"] and not _ZONE.match(params["zone"]):
        raise OptionError("zone", f"{params['zone']!r} is not an availability zone, which is a number such as 1, 2 or 3, or NoZone")
    for name, example in (("vm_size", "Standard_D4s_v5"), ("storage_account_type", "Premium_LRS")):
        if params[name] and not _WORD.match(params[name]):
            raise OptionError(name, f"{params[name]!r} is none: it has letters, digits and '_' only, such as {example}")
    access = params["disk_network_access"]
    if access == "private" and not params["disk_access"]:
        raise OptionError("disk_access", "it is needed with disk_network_access=private")
    if params["disk_access"] and access != "private":
        raise OptionError("disk_access", "it needs disk_network_access=private")
    luns = params["disk_luns"] or []
    for lun in luns:
        if not 0 <= lun <= 63:
            raise OptionError("disk_luns", f"{lun} is not the LUN of a data disk (0 to 63); the disk of the operating system is always restored")
    if len(set(luns)) < len(luns):
        raise OptionError("disk_luns", "a LUN is listed twice")


def _target(params: Params, vm: Vm, tags: Mapping[str, str]) -> RestoreTarget:
    fields = {**vm_fields(vm), "disk": "disk", "lun": "0", "restore_point": "point"}
    expand(params["disk_name"], "disk_name", fields)
    group = _group(params["target_resource_group"], vm)
    luns = params["disk_luns"]
    new_vm = params["mode"] == NEW_VM
    return RestoreTarget(
        region=region_of(params["region"]),
        group_id=group,
        disk_name=params["disk_name"],
        vm_id=f"{group}/providers/{VM_TYPE}/{_vm_name(params['vm_name'], vm)}" if new_vm else None,
        subnet_id=_subnet(params, group) if new_vm else None,
        vm_size=params["vm_size"] or None,
        zone=params["zone"] or None,
        storage_account_type=params["storage_account_type"] or None,
        disk_encryption_set_id=_id(params, "disk_encryption_set", DES_TYPE),
        disk_network_access=params["disk_network_access"] or None,
        disk_access_id=_id(params, "disk_access", DISK_ACCESS_TYPE),
        luns=None if luns is None else tuple(sorted(luns)),
        tags=tags,
    )


def _group(text: str, vm: Vm) -> str:
    if text.startswith("/"):
        parsed = _parse("target_resource_group", text)
        if not parsed.group or parsed.type:
            raise OptionError("target_resource_group", f"{text!r} is not the id of a resource group")
        if parsed.subscription.lower() != vm.subscription.lower():
            raise OptionError("target_resource_group", "it is in another subscription than the VM; disks are made of restore points of their own subscription")
        return str(parsed)
    name = check_group(text, "target_resource_group")
    if name is None:
        raise OptionError("target_resource_group", "it is empty")
    return f"/subscriptions/{vm.subscription}/resourceGroups/{name}"


def _vm_name(template: str, vm: Vm) -> str:
    name = expand(template, "vm_name", vm_fields(vm))
    if not VM_NAME.match(name):
        raise OptionError("vm_name", f"{name!r} is not a VM name: 1 to 64 letters, digits, '.', '_' or '-'")
    return name


def _subnet(params: Params, target_group: str) -> str:
    """The id of the subnet, from ids or names; the network's name belongs to its own option's group, else to the target group."""
    subnet, network, group = params["subnet"], params["virtual_network"], params["virtual_network_resource_group"]
    if subnet.startswith("/"):
        for name in ("virtual_network", "virtual_network_resource_group"):
            if params[name]:
                raise OptionError(name, "subnet is a resource id, which says the network already")
        return str(_typed("subnet", subnet, SUBNET_TYPE))
    if not network:
        raise OptionError("virtual_network", "it is needed when subnet is a name; or give the subnet's resource id")
    _check_segment("subnet", subnet)
    if network.startswith("/"):
        if group:
            raise OptionError("virtual_network_resource_group", "virtual_network is a resource id, which says the group already")
        return f"{_typed('virtual_network', network, NETWORK_TYPE)}/subnets/{subnet}"
    _check_segment("virtual_network", network)
    owner = check_group(group, "virtual_network_resource_group")
    scope = f"{target_group.rsplit('/', 1)[0]}/{owner}" if owner else target_group
    return f"{scope}/providers/{NETWORK_TYPE}/{network}/subnets/{subnet}"


def _check_segment(option: str, text: str) -> None:
    try:
        segment(text)
    except ValueError as problem:
        raise OptionError(option, str(problem)) from None


def _id(params: Params, option: str, resource_type: str) -> str | None:
    return str(_typed(option, params[option], resource_type)) if params[option] else None


def _typed(option: str, text: str, resource_type: str) -> ResourceId:
    parsed = _parse(option, text)
    if not parsed.group or not parsed.is_type(resource_type):
        raise OptionError(option, f"{text[:200]!r} is not the resource id of a {resource_type}")
    return parsed


def _parse(option: str, text: str) -> ResourceId:
    try:
        return ResourceId.parse(text)
    except ValueError as problem:
        raise OptionError(option, str(problem)) from None
