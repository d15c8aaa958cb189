# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and paths of restore point collections and restore points."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Mapping

from .._arm.errors import OptionError
from .._arm.ids import ResourceId, segment
from .._fleet import Vm
from .._options import check_group, parse_id
from .._templates import expand

COLLECTION_TYPE = "Microsoft.Compute/restorePointCollections"
DISK_TYPE = "Microsoft.Compute/disks"
NIC_TYPE = "Microsoft.Network/networkInterfaces"

SOURCE_VM_TAG = "lifeboat_source_vm"
"""Tag of a collection of copies: the id of the VM, of which Azure keeps no trace there."""

_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,80}\Z")


def collections_path(subscription: str, group: str | None) -> str:
    """Where the collections of a subscription, or of one of its resource groups, are listed."""
    scope = f"/subscriptions/{segment(subscription)}"
    if group:
        scope += f"/resourceGroups/{segment(group)}"
    return f"{scope}/providers/{COLLECTION_TYPE}"


def collection_path(subscription: str, group: str, name: str) -> str:
    """The request path of a collection."""
    return f"{collections_path(subscription, group)}/{segment(name)}"


def point_path(collection: str, name: str) -> str:
    """The request path of a restore point of a collection, which is given by its path."""
    return f"{collection}/restorePoints/{segment(name)}"


def vm_path(vm: Vm) -> str:
    """The request path of a VM."""
    return ResourceId.parse(vm.id).path


def parse_collection(text: str, group: str | None, subscription: str, option: str) -> ResourceId:
    """The collection of an id, or of a name together with a resource group; raises OptionError naming the option."""
    text = text.strip()
    if text.startswith("/"):
        parsed = parse_id(text, option, COLLECTION_TYPE)
        check_name(parsed.name, option)
        return parsed
    group = check_group(group, "resource_group")
    if group is None:
        raise OptionError(option, f"{text[:100]!r} is a name, so resource_group is needed too; or give the whole resource id")
    return ResourceId(subscription, group, "Microsoft.Compute", ("restorePointCollections",), (check_name(text, option),))


def check_name(text: str, option: str) -> str:
    """The name of a collection or point itself; raises OptionError for what Azure would not take (1 to 80 of a-z, 0-9, _ . -)."""
    if not _NAME.match(text) or text in (".", ".."):
        raise OptionError(option, f"{text[:100]!r} is not a name: 1 to 80 letters, digits, '_', '.' or '-'")
    return text


def expand_name(text: str, option: str, values: Mapping[str, str], moment: datetime | None = None) -> str:
    """The name of a collection, point or disk that a template stands for, with the time of ``moment`` (UTC); raises OptionError for what gives no name."""
    return check_name(expand(text, option, values, moment), option)
