# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a restore: checked against each other before any request, then turned into one target a VM."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Mapping, Sequence

from .._arm.errors import OptionError
from .._arm.ids import ResourceId
from .._fleet import VM_TYPE, Vm
from .._options import check_subscription, parse_id, parse_moment
from .._storage.names import ACCOUNT_TYPE, check_account
from .._target_options import DES_TYPE, DISK_ACCESS_TYPE, Params, check_disks, group_id, id_option, new_vm_name, subnet_ids
from .._templates import check_distinct
from .protection import check_guard_requests
from .recovery_points import ARCHIVE, SNAPSHOT, PointWish
from .restore_request import DISKS, MODES, NEW_VM, REPLACE, SYSTEM_IDENTITY, Rehydration, RestoreTarget

LATEST = "latest"
REHYDRATION_DAYS = range(10, 31)
DEFAULT_REHYDRATION_DAYS = 15
LOOK_BACK_DAYS = range(1, 367)

IDENTITY_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"

_POINT_NAME = re.compile(r"^[0-9]{10,20}\Z")

# Options that mean nothing in a mode; giving one is a contradiction.
_FOREIGN: Mapping[str, tuple[str, ...]] = {
    DISKS: ("vm_name", "virtual_network", "virtual_network_resource_group", "subnet", "allow_replace"),
    NEW_VM: ("allow_replace",),
    REPLACE: (
        "vm_name",
        "virtual_network",
        "virtual_network_resource_group",
        "subnet",
        "target_resource_group",
        "target_subscription",
        "zone",
        "from_secondary_region",
        "tags",
    ),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    DISKS: ("storage_account",),
    NEW_VM: ("target_resource_group", "storage_account", "vm_name", "subnet"),
    REPLACE: ("storage_account",),
}
# Facts F.7: what a restore from the paired region cannot do.
_NOT_ACROSS_REGIONS = ("disk_encryption_set", "identity", "secured_vm_disk_encryption_set", "validate")


def check_options(params: Params) -> None:
    """Raises OptionError, naming the option, for anything wrong that can be told without asking Azure."""
    mode = params["mode"]
    if mode not in MODES:
        raise OptionError("mode", f"{mode!r} is not one of {', '.join(MODES)}")
    for name in _FOREIGN[mode]:
        if _given(params, name):
            raise OptionError(name, f"it has no meaning with mode={mode}")
    for name in _NEEDED[mode]:
        if not _given(params, name):
            raise OptionError(name, f"it is needed with mode={mode}")
    if mode == REPLACE and not params.get("allow_replace"):
        raise OptionError("allow_replace", "mode=replace puts the disks of the recovery point in the place of the VM's own; set allow_replace to true to agree")
    if mode == DISKS and params.get("tags") and not _given(params, "target_resource_group"):
        raise OptionError("tags", "without target_resource_group the disks become blobs, which have no tags")
    _check_point(params)
    _check_tier(params)
    _check_secondary(params)
    check_disks(params)
    look_back = params.get("look_back")
    if look_back is not None and int(look_back) not in LOOK_BACK_DAYS:
        raise OptionError("look_back", f"{look_back} is not from {LOOK_BACK_DAYS.start} to {LOOK_BACK_DAYS.stop - 1} days")


def _given(params: Params, name: str) -> bool:
    value = params.get(name)
    return value is not None and value is not False and value != "" and value != {}


def _check_point(params: Params) -> None:
    point = _point_name(params)
    if point is not None and not _POINT_NAME.match(point):
        raise OptionError("recovery_point", f"{point!r} is neither {LATEST!r} nor the name of a recovery point, which has 14 to 19 digits")
    before = _before(params)
    if before is not None and point is not None:
        raise OptionError("before", "it chooses among recovery points, so it contradicts recovery_point, which names one")


def _point_name(params: Params) -> str | None:
    point = str(params.get("recovery_point") or LATEST).strip()
    return None if point.lower() == LATEST else point


def _before(params: Params) -> datetime | None:
    text = params.get("before")
    return parse_moment(str(text), "before") if text else None


def _check_tier(params: Params) -> None:
    tier = params.get("tier")
    for name in ("rehydration_priority", "rehydration_duration"):
        if _given(params, name) and tier != ARCHIVE:
            raise OptionError(name, f"only an archived recovery point is rehydrated; it needs tier={ARCHIVE}")
    days = params.get("rehydration_duration")
    if days is not None and int(days) not in REHYDRATION_DAYS:
        raise OptionError("rehydration_duration", f"{days} is not from {REHYDRATION_DAYS.start} to {REHYDRATION_DAYS.stop - 1} days")
    if tier == SNAPSHOT:
        if params["mode"] == REPLACE:
            raise OptionError("tier", f"mode=replace needs a copy in the vault, so it contradicts tier={SNAPSHOT}")
        for name in ("zone", "from_secondary_region"):
            if _given(params, name):
                raise OptionError(name, f"it needs a copy in the vault, so it contradicts tier={SNAPSHOT}")


def _check_secondary(params: Params) -> None:
    if not params.get("from_secondary_region"):
        if _given(params, "secondary_region"):
            raise OptionError("secondary_region", "it says which region from_secondary_region means; set that to true too")
        return
    for name in _NOT_ACROSS_REGIONS:
        if _given(params, name):
            raise OptionError(name, "Azure does not have it for a restore from the paired region (from_secondary_region)")
    if params.get("tier") == ARCHIVE:
        raise OptionError("tier", "the paired region has no archived recovery points")
    if params.get("disk_network_access") == "same_as_source":
        raise OptionError("disk_network_access", "the source's disk access is not in the paired region; choose private or public")


def point_wish(params: Params, *, needs_vault: bool = False) -> PointWish:
    """Which recovery point the options ask for."""
    return PointWish(_point_name(params), _before(params), params.get("consistency"), params.get("tier"), needs_vault)


def needs_vault(params: Params, target: RestoreTarget) -> bool:
    """Whether only a copy in the vault will do: other zone, other subscription, other region, replaced disks."""
    elsewhere = bool(target.group_id) and not _same_subscription(target.group_id or "", target.source_vm_id)
    return bool(params.get("from_secondary_region") or target.zone or elsewhere or target.mode == REPLACE)


def _same_subscription(one: str, other: str) -> bool:
    return ResourceId.parse(one).subscription.lower() == ResourceId.parse(other).subscription.lower()


def make_targets(params: Params, vms: Sequence[Vm]) -> dict[str, RestoreTarget]:
    """One target a VM, by VM key; `region` is still empty. Raises OptionError.

    Names belong to the target subscription (which is the VM's own unless another is given).
    """
    check_options(params)
    targets: dict[str, RestoreTarget] = {}
    for vm in vms:
        target = _make_target(params, vm)
        if params.get("tier") == SNAPSHOT and needs_vault(params, target):
            raise OptionError("tier", "a restore to another subscription needs a copy in the vault, so tier=snapshot contradicts the target")
        targets[vm.key] = target
    check_distinct(params.get("vm_name") or "", "vm_name", [(vm, new_id) for vm in vms if (new_id := targets[vm.key].vm_id)])
    return targets


def _make_target(params: Params, vm: Vm) -> RestoreTarget:
    mode = params["mode"]
    subscription = _subscription(params, vm)
    group = _target_group(params, subscription) if mode != REPLACE else None
    network, subnet = subnet_ids(params, subscription, group or "") if mode == NEW_VM else (None, None)
    luns = params.get("disk_luns")
    return RestoreTarget(
        mode=mode,
        source_vm_id=vm.id,
        storage_account_id=_storage_account(params, subscription, group),
        group_id=group,
        vm_id=f"{group}/providers/{VM_TYPE}/{new_vm_name(params['vm_name'], vm)}" if mode == NEW_VM else None,
        network_id=network,
        subnet_id=subnet,
        zone=params.get("zone") or None,
        luns=None if luns is None else tuple(sorted(int(lun) for lun in luns)),
        disk_encryption_set_id=id_option(params, "disk_encryption_set", DES_TYPE),
        secured_vm_disk_encryption_set_id=id_option(params, "secured_vm_disk_encryption_set", DES_TYPE),
        identity=_identity(params),
        disk_network_access=params.get("disk_network_access") or None,
        disk_access_id=id_option(params, "disk_access", DISK_ACCESS_TYPE),
        rehydration=_rehydration(params),
        resource_guard_operation_requests=check_guard_requests(params.get("resource_guard_operation_requests")),
    )


def _subscription(params: Params, vm: Vm) -> str:
    given = params.get("target_subscription")
    if given:
        check_subscription(given, "target_subscription")
    group = str(params.get("target_resource_group") or "")
    if group.startswith("/"):
        owner = group_id("target_resource_group", group, "").subscription
        if given and given.lower() != owner.lower():
            raise OptionError("target_subscription", f"it contradicts target_resource_group, which is in {owner}")
        return owner
    return given or vm.subscription


def _target_group(params: Params, subscription: str) -> str | None:
    text = params.get("target_resource_group")
    return str(group_id("target_resource_group", text, subscription)) if text else None


def _storage_account(params: Params, subscription: str, target_group: str | None) -> str:
    """A name belongs to its own option's group, else to the target group."""
    text, group = str(params["storage_account"]), params.get("storage_account_resource_group")
    if text.startswith("/"):
        if group:
            raise OptionError("storage_account_resource_group", "storage_account is a resource id, which says the group already")
        return id_option(params, "storage_account", ACCOUNT_TYPE) or ""
    check_account(text, "storage_account")
    if group:
        owner = str(group_id("storage_account_resource_group", group, subscription))
    elif target_group:
        owner = target_group
    else:
        raise OptionError("storage_account_resource_group", "it is needed when storage_account is a name; or give the account's resource id")
    return f"{owner}/providers/{ACCOUNT_TYPE}/{text}"


def _identity(params: Params) -> str | None:
    text = params.get("identity")
    if not text or str(text).lower() == SYSTEM_IDENTITY:
        return SYSTEM_IDENTITY if text else None
    return str(parse_id(str(text), "identity", IDENTITY_TYPE))


def _rehydration(params: Params) -> Rehydration | None:
    if params.get("tier") != ARCHIVE:
        return None
    return Rehydration(params.get("rehydration_priority") or "standard", int(params.get("rehydration_duration") or DEFAULT_REHYDRATION_DAYS))
