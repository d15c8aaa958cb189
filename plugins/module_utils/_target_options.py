# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say where a restore goes and how its disks are made. Restores from vaults and from restore points have them alike."""

from __future__ import annotations

import re
from typing import Any, Mapping

from ._arm.errors import OptionError
from ._arm.ids import ResourceId
from ._fleet import VM_NAME, Vm
from ._options import check_group, parse_any_id, parse_id
from ._templates import expand, vm_fields

NETWORK_TYPE = "Microsoft.Network/virtualNetworks"
SUBNET_TYPE = "Microsoft.Network/virtualNetworks/subnets"
DES_TYPE = "Microsoft.Compute/diskEncryptionSets"
DISK_ACCESS_TYPE = "Microsoft.Compute/diskAccesses"

HIGHEST_LUN = 63

_PLAIN_NAME = re.compile(r"^[A-Za-z0-9_]([\w.-]{0,78}[\w])?\Z")
_ZONE = re.compile(r"^([1-9]|NoZone)\Z")

Params = Mapping[str, Any]


def id_option(params: Params, option: str, resource_type: str) -> str | None:
    """What the option says, as an id, None when it is not set; raises OptionError."""
    text = params.get(option)
    return str(parse_id(str(text), option, resource_type)) if text else None


def group_id(option: str, text: str, subscription: str) -> ResourceId:
    """A resource group by its id, or by its name in the ``subscription``; raises OptionError."""
    if text.startswith("/"):
        parsed = parse_any_id(text, option)
        if not parsed.group or parsed.type:
            raise OptionError(option, f"{text[:200]!r} is not the id of a resource group")
        return parsed
    name = check_group(text, option)
    if name is None:
        raise OptionError(option, "it is empty")
    return ResourceId(subscription, name)


def new_vm_name(template: str, vm: Vm) -> str:
    """The name of the restored VM, from a template such as ``{name}-dr``; raises OptionError for what Azure would not take."""
    name = expand(template, "vm_name", vm_fields(vm))
    if not VM_NAME.match(name):
        raise OptionError("vm_name", f"{name!r} is not a VM name: 1 to 64 letters, digits, '.', '_' or '-'")
    return name


def subnet_ids(params: Params, subscription: str, target_group: str) -> tuple[str, str]:
    """Ids of network and subnet, from ids or names; a network's name belongs to the group that its own option names, else to the target group."""
    subnet, network, group = str(params["subnet"]), params.get("virtual_network"), params.get("virtual_network_resource_group")
    if subnet.startswith("/"):
        parsed = parse_id(subnet, "subnet", SUBNET_TYPE)
        owner = str(parsed).rsplit("/subnets/", 1)[0]
        named = str(network or "")
        if named and (parse_any_id(named, "virtual_network").key if named.startswith("/") else named.lower()) not in (owner.lower(), parsed.names[0].lower()):
            raise OptionError("virtual_network", "the id in subnet is of another network; leave virtual_network out")
        if group:
            raise OptionError("virtual_network_resource_group", "subnet is a resource id, which says the group already")
        return owner, str(parsed)
    if not _PLAIN_NAME.match(subnet):
        raise OptionError("subnet", f"{subnet[:100]!r} is not the name of a subnet")
    if not network:
        raise OptionError("virtual_network", "it is needed when subnet is a name; or give the subnet's resource id")
    if network.startswith("/"):
        if group:
            raise OptionError("virtual_network_resource_group", "virtual_network is a resource id, which says the group already")
        owner = str(parse_id(network, "virtual_network", NETWORK_TYPE))
    else:
        if not _PLAIN_NAME.match(network):
            raise OptionError("virtual_network", f"{network[:100]!r} is not the name of a network")
        home = str(ResourceId(subscription, check_group(group, "virtual_network_resource_group"))) if group else target_group
        owner = f"{home}/providers/{NETWORK_TYPE}/{network}"
    return owner, f"{owner}/subnets/{subnet}"


def check_disks(params: Params) -> None:
    """Raises OptionError for a zone, a network access or LUNs that cannot be."""
    zone = params.get("zone")
    if zone and not _ZONE.match(str(zone)):
        raise OptionError("zone", f"{zone!r} is not an availability zone, which is a number such as 1, 2 or 3, or NoZone")
    access, access_id = params.get("disk_network_access"), params.get("disk_access")
    if access == "private" and not access_id:
        raise OptionError("disk_access", "it is needed with disk_network_access=private")
    if access_id and access != "private":
        raise OptionError("disk_access", "it needs disk_network_access=private")
    luns = params.get("disk_luns") or ()
    for lun in luns:
        if not 0 <= int(lun) <= HIGHEST_LUN:
            raise OptionError("disk_luns", f"{lun} is not the LUN of a data disk (0 to {HIGHEST_LUN}); the disk of the operating system is always restored")
    if len(set(luns)) != len(luns):
        raise OptionError("disk_luns", "a LUN is listed twice")
