# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vCPU quotas: does the target region have room for all VMs at once?"""

from __future__ import annotations

from typing import Iterator, Mapping, Sequence

from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._compute.shapes import member
from .._words import count, some
from .check_targets import region_for
from .facts import Facts, Size, Usage
from .findings import FAILED, OK, UNKNOWN, WARNING, Finding, unread
from .needs import Need, Needs

CORES, MACHINES = "cores", "virtualmachines"
MORE = "Ask Azure for more quota there, or choose smaller sizes or another region."

Place = tuple[str, str]
"""Subscription and region."""


def size_for(need: Need, facts: Facts) -> str | None:
    """The size of the recovered VM; None where it is not known, as that of a VM that is gone."""
    if need.vm_size:
        return need.vm_size
    copy = facts.copies.get(need.vm.key)
    if copy is not None and not isinstance(copy, ArmError) and copy[0].vm_size:
        return copy[0].vm_size
    group = ResourceId(need.vm.subscription, need.vm.group).key
    source = facts.vms_in(group).get(need.vm.key, {})
    size = member(source, "properties", "hardwareProfile").get("vmSize")
    return size if isinstance(size, str) else None


def places_of(needs: Needs, facts: Facts) -> dict[Place, list[Need]]:
    """The VMs by where they are recovered."""
    found: dict[Place, list[Need]] = {}
    for need in needs.vms:
        region = region_for(need, facts)
        if need.group_id and region:
            found.setdefault((ResourceId.parse(need.group_id).subscription.lower(), region), []).append(need)
    return found


def check_quotas(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """One finding for each quota of each target region. What is recovered already counts no more."""
    for place, all_needing in places_of(needs, facts).items():
        needing = [one for one in all_needing if (one.target_id or "").lower() not in facts.vms_in((one.group_id or "").lower())]
        region = place[1]
        quotas, sizes = facts.quotas.get(place), facts.sizes.get(place)
        for answer, what in ((quotas, f"The vCPU quotas of {region}"), (sizes, f"The VM sizes of {region}")):
            if isinstance(answer, ArmError):
                yield unread("quota", region, answer, what=what)
        if isinstance(quotas, Mapping) and isinstance(sizes, Mapping):
            yield from _in_region(needing, facts, region, quotas, sizes)


def _in_region(needing: Sequence[Need], facts: Facts, region: str, quotas: Mapping[str, Usage], sizes: Mapping[str, Size]) -> Iterator[Finding]:
    wanted: dict[str, int] = {CORES: 0, MACHINES: len(needing)}
    names = {CORES: "vCPUs in all", MACHINES: "VMs"}
    unsized: list[str] = []
    refused: dict[str, list[str]] = {}
    for need in needing:
        name = size_for(need, facts)
        size = sizes.get((name or "").lower())
        if name is None:
            unsized.append(need.vm.name)
        elif size is None or not size.offered:
            refused.setdefault(name, []).append(need.vm.name)
        else:
            wanted[CORES] += size.vcpus
            if size.family:
                family = size.family.lower()
                wanted[family] = wanted.get(family, 0) + size.vcpus
                names[family] = f"vCPUs of {size.family}"
    for name, needed in wanted.items():
        usage = quotas.get(name)
        if usage is not None:
            yield _compared(region, names[name], needed, usage)
        elif name not in (CORES, MACHINES):
            yield Finding("quota", UNKNOWN, region, f"Azure tells no quota for {names[name]} in {region}.", None, None, None, None, needed)
    for name, vms in refused.items():
        message = f"The size {name} is not offered to the subscription in {region}, and {count(len(vms), 'VM needs', 'VMs need')} it: {some(vms)}."
        yield Finding("quota", FAILED, region, message, None, None, "Ask Azure for it, or choose another region, or another size of the VM.", name)
    if unsized:
        message = f"The size of {count(len(unsized), 'VM')} is not known, so that they are not counted: {some(unsized)}."
        yield Finding("quota", WARNING, region, message, None, None, "The VMs are gone, or may not be read.", len(unsized), 0)


def _compared(region: str, what: str, needed: int, usage: Usage) -> Finding:
    message = f"{region} has {usage.free} of {usage.limit} {what} left, and the plan needs {needed}"
    if usage.free < needed:
        message += f" at once: {needed - usage.free} are missing."
        return Finding("quota", FAILED, region, message, None, None, MORE, usage.free, needed)
    return Finding("quota", OK, region, f"{message}.", None, None, None, usage.free, needed)
