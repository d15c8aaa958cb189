# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of the subscription in a region: vCPUs in all, vCPUs of each family of sizes, and VMs. Machines that are off count, too."""

from __future__ import annotations

from typing import Any, Mapping

from ...bodies import region_of
from ...estate import Estate, EstateError
from ...replies import AzureError, Reply
from ...routing import Call
from ...world import World
from .sizes import COMMON, family_of, vcpus_of
from .state import ComputeState

CORES, MACHINES = "cores", "virtualMachines"
GENEROUS = 25000
"""What an estate that says nothing has, of everything."""

_SHOWN = {CORES: "Total Regional vCPUs", MACHINES: "Virtual Machines"}


class Quotas:
    """Limits by region, then by name in lower case; what is not there is generous."""

    def __init__(self) -> None:
        self.limits: dict[str, dict[str, int]] = {}
        self.names: dict[str, str] = {}
        """Names in lower case, as the estate spells them."""

    def limit(self, region: str, name: str) -> int:
        return self.limits.get(region, {}).get(name.lower(), GENEROUS)


def load(world: World, estate: Estate) -> None:
    """The estate's `quotas: {eastasia: {cores: 100, standardDSv5Family: 50}}`. Raises EstateError."""
    given = estate.raw.get("quotas")
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise EstateError("quotas", "must be a mapping of regions")
    quotas = world.state(Quotas)
    for region, limits in given.items():
        if not isinstance(limits, Mapping):
            raise EstateError(f"quotas.{region}", "must be a mapping of quotas, such as cores or standardDSv5Family")
        for name, limit in limits.items():
            if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
                raise EstateError(f"quotas.{region}.{name}", "must be a whole number, 0 or more")
            quotas.names[str(name).lower()] = str(name)
        quotas.limits[region_of(region)] = {str(name).lower(): limit for name, limit in limits.items()}


def list_usages(call: Call) -> Reply:
    """All quotas of a region."""
    region = region_of(call.vars["location"])
    used = _used(call.world, call.vars["subscription"], region)
    quotas = call.world.state(Quotas)
    families = {family_of(name) for name in COMMON}
    names = {name.lower(): name for name in (CORES, MACHINES, *sorted(families), *used)}
    names.update({key: quotas.names[key] for key in quotas.limits.get(region, {}) if key not in names})
    listed = [_view(name, used.get(name, 0), quotas.limit(region, name)) for name in names.values()]
    return Reply(200, {"value": listed})


def _view(name: str, current: int, limit: int) -> dict[str, Any]:
    shown = _SHOWN.get(name, f"{name} vCPUs")
    return {"limit": limit, "unit": "Count", "currentValue": current, "name": {"value": name, "localizedValue": shown}}


def _used(world: World, subscription: str, region: str) -> dict[str, int]:
    used: dict[str, int] = {}
    for vm in world.state(ComputeState).vms_in(subscription, region):
        for name, count in _costs(vm.size).items():
            used[name] = used.get(name, 0) + count
    return used


def _costs(size: str) -> dict[str, int]:
    return {CORES: vcpus_of(size), family_of(size): vcpus_of(size), MACHINES: 1}


def over_quota(world: World, subscription: str, location: str, size: str) -> str | None:
    """Azure's words when one more machine of this size is too many; None when there is room."""
    region, quotas = region_of(location), world.state(Quotas)
    used = _used(world, subscription, region)
    for name, more in _costs(size).items():
        current, limit = used.get(name, 0), quotas.limit(region, name)
        if current + more > limit:
            what = {CORES: "Total Regional Cores", MACHINES: "Virtual Machines"}.get(name, f"{name} Cores")
            return (
                f"Operation could not be completed as it results in exceeding approved {what} quota. Additional details - "
                f"Deployment Model: Resource Manager, Location: {region}, Current Limit: {limit}, Current Usage: {current}, "
                f"Additional Required: {more}, (Minimum) New Limit Required: {current + more}. Submit a request for Quota "
                "increase at https://aka.ms/ProdportalCRP/ by specifying parameters listed in the 'Details' section for "
                "deployment to succeed. Please read more about quota limits at "
                "https://docs.microsoft.com/en-us/azure/azure-supportability/per-vm-quota-requests"
            )
    return None


def require_quota(world: World, subscription: str, location: str, size: str) -> None:
    """Raises Compute's 409 when there is no room for one more machine of this size."""
    problem = over_quota(world, subscription, location, size)
    if problem is not None:
        raise AzureError(409, "OperationNotAllowed", problem, headers={"x-ms-failure-cause": "service"})
