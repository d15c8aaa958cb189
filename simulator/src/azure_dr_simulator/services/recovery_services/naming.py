# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of containers and items, resource ids, and which region is whose pair."""

from __future__ import annotations

import re
from typing import NamedTuple

_VM_ID = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.Compute/virtualMachines/(?P<name>[^/]+)/?$",
    re.IGNORECASE,
)
_RESOURCE_ID = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)(/resourceGroups/(?P<group>[^/]+))?"
    r"(/providers/(?P<type>[^/]+/[^/]+)/(?P<name>[^/]+)(?P<rest>/.*)?)?/?$",
    re.IGNORECASE,
)

_PAIRS = (
    "eastus westus, eastus2 centralus, northcentralus southcentralus, westus2 westcentralus, northeurope westeurope, "
    "eastasia southeastasia, japaneast japanwest, uksouth ukwest, francecentral francesouth, "
    "germanywestcentral germanynorth, centralindia southindia, koreacentral koreasouth, "
    "australiaeast australiasoutheast, canadacentral canadaeast, switzerlandnorth switzerlandwest, "
    "southafricanorth southafricawest, uaenorth uaecentral, usgovarizona usgovtexas, usdodeast usdodcentral, "
    "chinanorth2 chinaeast2, chinanorth3 chinaeast3, eastus2euap centraluseuap"
)
_ONE_WAY = {
    "brazilsouth": "southcentralus",
    "westindia": "southindia",
    "usgovvirginia": "usgovtexas",
    "usgoviowa": "usgovvirginia",
}


def _pairs() -> dict[str, str]:
    found = dict(_ONE_WAY)
    for pair in _PAIRS.split(", "):
        left, right = pair.split()
        found[left] = right
        found[right] = left
    return found


PAIRED_REGION = _pairs()


class VmId(NamedTuple):
    subscription: str
    group: str
    name: str

    @property
    def text(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/Microsoft.Compute/virtualMachines/{self.name}"

    @property
    def key(self) -> str:
        return self.text.lower()


class ResourceName(NamedTuple):
    """Parts of any resource id; type is `Provider/type`, empty for a group or a subscription."""

    subscription: str
    group: str
    type: str
    name: str
    rest: str


def parse_vm_id(text: object) -> VmId | None:
    match = _VM_ID.match(text) if isinstance(text, str) else None
    return VmId(match["subscription"], match["group"], match["name"]) if match else None


def parse_resource_id(text: object) -> ResourceName | None:
    match = _RESOURCE_ID.match(text) if isinstance(text, str) else None
    if not match:
        return None
    return ResourceName(match["subscription"], match["group"] or "", match["type"] or "", match["name"] or "", match["rest"] or "")


class ItemName(NamedTuple):
    """`{prefix};iaasvmcontainerv2;{group};{vm}`, spelled as the client sent it."""

    prefix: str
    group: str
    vm: str

    @property
    def key(self) -> str:
        return f"{self.group};{self.vm}".lower()


def parse_item_name(text: str, prefix: str) -> ItemName | None:
    """Reads `vm;iaasvmcontainerv2;rg;vm` (prefix `vm`) or a container name (prefix `iaasvmcontainer`)."""
    parts = text.split(";")
    if len(parts) != 4 or parts[0].lower() != prefix or parts[1].lower() != "iaasvmcontainerv2":
        return None
    return ItemName(parts[0], parts[2], parts[3]) if parts[2] and parts[3] else None


def parse_luns(given: object) -> list[int] | None:
    """A list of LUNs; None when it is none. Newer Azure CLIs send them as text, which Azure's JSON reader takes for numbers."""
    if not isinstance(given, list):
        return None
    luns = [int(lun) if isinstance(lun, str) and lun.strip().isdigit() else lun for lun in given]
    return luns if all(isinstance(lun, int) and not isinstance(lun, bool) for lun in luns) else None


def same(left: str, right: str) -> bool:
    return left.rstrip("/").lower() == right.rstrip("/").lower()
