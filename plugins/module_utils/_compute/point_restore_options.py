# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a restore from restore points: checked against each other before any request, then turned into one target a VM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Mapping, Sequence

from .._arm.errors import OptionError
from .._arm.regions import check_region, region_of
from .._fleet import VM_TYPE, Vm
from .._options import check_group, parse_moment
from .._tags import check_tags
from .._target_options import DES_TYPE, DISK_ACCESS_TYPE, Params, check_disks, group_id, id_option, new_vm_name, subnet_ids
from .._templates import check_distinct, vm_fields
from .copies import LATEST
from .names import check_name, expand_name
from .point_restores import RestoreTarget

DISKS = "disks"
NEW_VM = "new_vm"
MODES = (DISKS, NEW_VM)


_WORD = re.compile(r"^[A-Za-z0-9_]{1,80}\Z")
OPTIONS_OF_A_VM = ("vm_name", "vm_size", "virtual_network", "virtual_network_resource_group", "subnet")


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
    region = check_region(params["region"], "region")
    point = str(params["restore_point"]).strip()
    name = None if point.lower() == LATEST else check_name(point, "restore_point")
    before = parse_moment(params["before"], "before") if params["before"] else None
    if before is not None and name is not None:
        raise OptionError("before", "it chooses among restore points, so it contradicts restore_point, which names one")
    collection, group = params["collection"] or None, check_group(params["resource_group"], "resource_group")
    if collection:
        if group is None:
            raise OptionError("resource_group", "it is needed with collection, which is a name")
        check_distinct(collection, "collection", [(vm, expand_name(collection, "collection", vm_fields(vm))) for vm in vms])
    return PointChoice(region, name, before, group, collection)


def make_targets(params: Params, vms: Sequence[Vm]) -> dict[str, RestoreTarget]:
    """One target a VM, by VM key; raises OptionError. Names belong to the subscription of the VM."""
    _check(params)
    tags = check_tags(params["tags"], "tags")
    targets = {vm.key: _target(params, vm, tags) for vm in vms}
    check_distinct(params["vm_name"] or "", "vm_name", [(vm, new_id) for vm in vms if (new_id := targets[vm.key].vm_id)])
    return targets


def _check(params: Params) -> None:
    mode = params["mode"]
    if mode == DISKS:
        for name in OPTIONS_OF_A_VM:
            if params[name]:
                raise OptionError(name, f"it has no meaning with mode={mode}")
    else:
        for name in ("vm_name", "subnet"):
            if not params[name]:
                raise OptionError(name, f"it is needed with mode={mode}")
    check_disks(params)
    for name, example in (("vm_size", "Standard_D4s_v5"), ("storage_account_type", "Premium_LRS")):
        if params[name] and not _WORD.match(params[name]):
            raise OptionError(name, f"{params[name]!r} is none: it has letters, digits and '_' only, such as {example}")


def _target(params: Params, vm: Vm, tags: Mapping[str, str]) -> RestoreTarget:
    fields = {**vm_fields(vm), "disk": "disk", "lun": "0", "restore_point": "point"}
    expand_name(params["disk_name"], "disk_name", fields)
    group = _group(params["target_resource_group"], vm)
    luns = params["disk_luns"]
    new_vm = params["mode"] == NEW_VM
    return RestoreTarget(
        region=region_of(params["region"]),
        group_id=group,
        disk_name=params["disk_name"],
        vm_id=f"{group}/providers/{VM_TYPE}/{new_vm_name(params['vm_name'], vm)}" if new_vm else None,
        subnet_id=subnet_ids(params, vm.subscription, group)[1] if new_vm else None,
        vm_size=params["vm_size"] or None,
        zone=params["zone"] or None,
        storage_account_type=params["storage_account_type"] or None,
        disk_encryption_set_id=id_option(params, "disk_encryption_set", DES_TYPE),
        disk_network_access=params["disk_network_access"] or None,
        disk_access_id=id_option(params, "disk_access", DISK_ACCESS_TYPE),
        luns=None if luns is None else tuple(sorted(luns)),
        tags=tags,
    )


def _group(text: str, vm: Vm) -> str:
    found = group_id("target_resource_group", text, vm.subscription)
    if found.subscription.lower() != vm.subscription.lower():
        raise OptionError("target_resource_group", "it is in another subscription than the VM; disks are made of restore points of their own subscription")
    return str(found)
