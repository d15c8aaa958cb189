# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How VMs are just now: power, agent, private addresses (Compute API 2024-11-01, Network API 2024-05-01)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping, Sequence

from .._apis import COMPUTE, NETWORK
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId, segment
from .._fleet import VM_TYPE, Vm, run_each
from .names import vm_path
from .shapes import member, members, text
from .source_vms import FEW

POWER_PREFIX = "powerstate/"
Resource = Mapping[str, Any]


@dataclass(frozen=True)
class VmState:
    """A VM as it is now. ``addresses`` are its private ones, that of the primary interface first."""

    id: str
    provisioning_state: str | None
    power_state: str | None
    agent_state: str | None
    agent_version: str | None
    boot_diagnostics: bool
    nic_ids: tuple[str, ...]
    addresses: tuple[str, ...] = field(default=())

    def facts(self) -> dict[str, Any]:
        """What the result says of it."""
        return {
            "power_state": self.power_state,
            "provisioning_state": self.provisioning_state,
            "agent_state": self.agent_state,
            "agent_version": self.agent_version,
            "boot_diagnostics": self.boot_diagnostics,
            "private_ip_addresses": list(self.addresses),
        }


def read_states(client: ArmClient, vms: Sequence[Vm]) -> dict[str, VmState | ArmError]:
    """Each VM by its key, or why it could not be read.

    A few are read one by one. For more there are a list of their resource groups, a list of how all VMs of the subscription are (Azure has
    no other list that tells it), and one of the interfaces of each group.
    """
    found: dict[str, Resource | ArmError] = {}
    alone, groups = _by_group(vms)
    for outcome in run_each(alone, lambda vm: client.find(vm_path(vm), COMPUTE, params={"$expand": "instanceView"})):
        found[outcome.item.key] = outcome.error or outcome.value or vm_not_found(outcome.item)
    for listed in run_each(groups, lambda members_: _listed(client, vm_path(members_[0]).rsplit("/", 1)[0])):
        for vm in listed.item:
            found[vm.key] = listed.error or (listed.value or {}).get(vm.key) or vm_not_found(vm)
    views = _views(client, {vm.subscription.lower(): vm.subscription for members_ in groups for vm in members_})
    states = {key: one if isinstance(one, ArmError) else _parse(one, views.get(key)) for key, one in found.items()}
    return _with_addresses(client, states)


def vm_not_found(vm: Vm) -> ArmError:
    return ArmError(f"There is no VM {vm.name} in the resource group {vm.group}.", code="VmNotFound", target=vm.id)


def _by_group(vms: Sequence[Vm]) -> tuple[list[Vm], list[list[Vm]]]:
    """The VMs to read one by one, and those of the groups to list."""
    groups: dict[tuple[str, str], list[Vm]] = {}
    for vm in vms:
        groups.setdefault((vm.subscription.lower(), vm.group.lower()), []).append(vm)
    few = [vm for group in groups.values() if len(group) <= FEW for vm in group]
    # Many groups of few VMs are many VMs.
    if len(few) > FEW * 4:
        return [], list(groups.values())
    return few, [group for group in groups.values() if len(group) > FEW]


def _listed(client: ArmClient, path: str) -> dict[str, Resource]:
    return {str(resource.get("id")).lower(): resource for resource in client.list(path, COMPUTE)}


def _views(client: ArmClient, subscriptions: Mapping[str, str]) -> dict[str, Resource]:
    """How all VMs of these subscriptions are, by their ids in lower case; none where it may not be read."""

    def read(subscription: str) -> dict[str, Resource]:
        path = f"/subscriptions/{segment(subscription)}/providers/{VM_TYPE}"
        return {str(one.get("id")).lower(): one for one in client.list(path, COMPUTE, params={"statusOnly": "true"})}

    found: dict[str, Resource] = {}
    for outcome in run_each(subscriptions.values(), read):
        found.update(outcome.value or {})
    return found


def _parse(resource: Resource, status: Resource | None) -> VmState:
    """A VM from its resource; ``status`` is the resource that tells how it is, where that is another."""
    properties = member(resource, "properties")
    view = member(properties, "instanceView") or member(status, "properties", "instanceView")
    agent = member(view, "vmAgent")
    interfaces = members(member(properties, "networkProfile").get("networkInterfaces"))
    # The primary one first; a single one need not say that it is.
    interfaces.sort(key=lambda one: member(one, "properties").get("primary") is not True)
    return VmState(
        id=str(resource.get("id") or ""),
        provisioning_state=text(properties.get("provisioningState")),
        power_state=power_of(view),
        agent_state=next((text(one.get("displayStatus")) for one in members(agent.get("statuses"))), None),
        agent_version=text(agent.get("vmAgentVersion")),
        boot_diagnostics=member(properties, "diagnosticsProfile", "bootDiagnostics").get("enabled") is True,
        nic_ids=tuple(str(one.get("id") or "") for one in interfaces),
    )


def power_of(view: Resource) -> str | None:
    """``running``, ``deallocated`` and so on; None when Azure does not say."""
    codes = [str(one.get("code") or "") for one in members(view.get("statuses"))]
    return next((code[len(POWER_PREFIX) :] for code in codes if code.lower().startswith(POWER_PREFIX)), None)


def _with_addresses(client: ArmClient, states: Mapping[str, VmState | ArmError]) -> dict[str, VmState | ArmError]:
    wanted = [nic for state in states.values() if isinstance(state, VmState) for nic in state.nic_ids]
    nics = _read_nics(client, wanted)
    done: dict[str, VmState | ArmError] = {}
    for key, state in states.items():
        if isinstance(state, ArmError):
            done[key] = state
            continue
        read = [nics.get(nic.lower()) for nic in state.nic_ids]
        refused = next((nic for nic in read if isinstance(nic, ArmError)), None)
        addresses = tuple(address for nic in read if nic is not None and not isinstance(nic, ArmError) for address in addresses_of(nic))
        done[key] = refused if refused is not None and not addresses else VmState(**{**state.__dict__, "addresses": addresses})
    return done


def _read_nics(client: ArmClient, ids: Iterable[str]) -> dict[str, Resource | ArmError]:
    """The interfaces by their ids in lower case; more than a few of a resource group by one list."""
    groups: dict[str, list[ResourceId]] = {}
    for nic_id in ids:
        try:
            parsed = ResourceId.parse(nic_id)
        except ValueError:
            continue
        groups.setdefault(parsed.path.rsplit("/", 1)[0].lower(), []).append(parsed)
    found: dict[str, Resource | ArmError] = {}
    alone = [nic for members_ in groups.values() if len(members_) <= FEW for nic in members_]
    for outcome in run_each(alone, lambda nic: client.find(nic.path, NETWORK)):
        if outcome.error or outcome.value:
            found[outcome.item.key] = outcome.error or outcome.value or {}
    many = [members_ for members_ in groups.values() if len(members_) > FEW]
    for listed in run_each(many, lambda members_: list(client.list(members_[0].path.rsplit("/", 1)[0], NETWORK))):
        for resource in listed.value or ():
            found[str(resource.get("id")).lower()] = resource
        for nic in listed.item:
            if listed.error:
                found[nic.key] = listed.error
    return found


def addresses_of(nic: Resource) -> list[str]:
    """The private addresses of an interface, its primary one first."""
    configurations = members(member(nic, "properties").get("ipConfigurations"))
    configurations.sort(key=lambda one: member(one, "properties").get("primary") is not True)
    found = [text(member(one, "properties").get("privateIPAddress")) for one in configurations]
    return [address for address in found if address]
