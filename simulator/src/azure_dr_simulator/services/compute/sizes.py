# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VM sizes: how many vCPUs each has, and the family whose quota it counts against. Both follow from the name, as Azure builds it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ...replies import Reply
from ...routing import Call
from .state import ComputeState

COMMON = {
    "Standard_DS1_v2": 3584,
    "Standard_B2s": 4096,
    "Standard_D2s_v5": 8192,
    "Standard_D4s_v5": 16384,
    "Standard_D8s_v5": 32768,
    "Standard_E4s_v5": 32768,
    "Standard_E8s_v5": 65536,
}
"""Sizes that are always listed, with their memory in MB; those of the estate's machines are listed too."""

_MB_PER_VCPU = 4096
_SIZE = re.compile(r"^(?:Standard_)?([A-Za-z]+)(\d+)(?:-(\d+))?([a-z]*)(?:_[A-Za-z]\w*?)??(?:_(v\d+))?$")


@lru_cache(maxsize=256)
def vcpus_of(size: str) -> int:
    """`Standard_E16-8s_v5` has 8; a name of another kind counts as 2."""
    match = _SIZE.match(size)
    return int(match[3] or match[2]) if match else 2


@lru_cache(maxsize=256)
def family_of(size: str) -> str:
    """`Standard_D2s_v5` counts against `standardDSv5Family`."""
    match = _SIZE.match(size)
    if match is None:
        return "standardOtherFamily"
    return f"standard{match[1].upper()}{match[4].upper()}{match[5] or ''}Family"


def list_sizes(call: Call) -> Reply:
    """The sizes of a region, without their families."""
    sizes = [
        {
            "name": name,
            "numberOfCores": vcpus_of(name),
            "osDiskSizeInMB": 1047552,
            "resourceDiskSizeInMB": 0,
            "memoryInMB": memory,
            "maxDataDiskCount": vcpus_of(name) * 4,
        }
        for name, memory in _known(call).items()
    ]
    return Reply(200, {"value": sizes})


def list_skus(call: Call) -> Reply:
    """The same for the region of `$filter=location eq '...'`, as Azure's list of what can be bought."""
    location = call.query.get("$filter", "").rpartition(" eq ")[2].strip("' ") or "eastasia"
    skus: list[dict[str, Any]] = [
        {
            "resourceType": "virtualMachines",
            "name": name,
            "tier": "Standard",
            "size": name.removeprefix("Standard_"),
            "family": family_of(name),
            "locations": [location],
            "locationInfo": [{"location": location, "zones": ["1", "2", "3"], "zoneDetails": []}],
            "capabilities": [
                {"name": "vCPUs", "value": str(vcpus_of(name))},
                {"name": "MemoryGB", "value": f"{memory / 1024:g}"},
            ],
            "restrictions": [],
        }
        for name, memory in _known(call).items()
    ]
    return Reply(200, {"value": skus})


def _known(call: Call) -> dict[str, int]:
    used = {vm.size for vm in call.world.state(ComputeState).vms} - set(COMMON)
    return {**COMMON, **{name: vcpus_of(name) * _MB_PER_VCPU for name in sorted(used)}}
