# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where VMs are recovered to: resource groups, networks with room, names that are free, staging storage. One finding a place."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, Iterator, Mapping, Sequence

from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._arm.regions import region_of
from .._compute.shapes import member, members
from .._words import count, some
from .facts import Facts, Usage
from .findings import FAILED, OK, WARNING, Finding, unread
from .needs import DRILL, Need, Needs

KEPT = 5
"""Addresses that Azure keeps of each subnet."""

_NO_STAGING = {
    "blobstorage": "holds blobs of another kind than restores write",
    "blockblobstorage": "holds block blobs only",
    "filestorage": "holds files only",
}


def region_for(need: Need, facts: Facts) -> str:
    """Where a VM is recovered; "" where neither the plan nor the vault tells."""
    if need.region:
        return need.region
    vault = facts.vaults.get(need.vault.key) if need.vault else None
    return vault.location if vault is not None and not isinstance(vault, ArmError) else need.planned_region


def _by(needs: Sequence[Need], attribute: str) -> dict[str, list[Need]]:
    """The VMs by where they go to, in the order of the plan."""
    found: dict[str, list[Need]] = {}
    for need in needs:
        place = getattr(need, attribute)
        if place:
            found.setdefault(place.lower(), []).append(need)
    return found


def _region_of_all(needing: Sequence[Need], facts: Facts) -> str:
    return next((region for need in needing if (region := region_for(need, facts))), "")


def _application(needing: Sequence[Need]) -> str | None:
    """The one application that needs it; None where several do."""
    names = {need.application for need in needing}
    return names.pop() if len(names) == 1 else None


def check_groups(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """Resource groups to recover into."""
    for key, needing in _by(needs.vms, "group_id").items():
        place, application = ResourceId.parse(needing[0].group_id), _application(needing)
        group = facts.groups.get(key)
        if isinstance(group, ArmError):
            yield unread("resource_group", place.name, group, what="The resource group", application=application, subject_id=str(place))
            continue
        wanted = _region_of_all(needing, facts)
        if group is None:
            message = f"There is no resource group {place.name}; {count(len(needing), 'VM')} would be recovered into it."
            hint = f"Make it in {wanted or 'the target region'}."
            yield Finding("resource_group", FAILED, place.name, message, application, str(place), hint, None, wanted or None)
            continue
        region = region_of(group.get("location"))
        if wanted and region != wanted:
            message = f"The resource group is of {region}, and the VMs are recovered in {wanted}: it cannot be written to while {region} is down."
            yield Finding("resource_group", WARNING, place.name, message, application, str(place), f"Use a resource group of {wanted}.", region, wanted)
        else:
            yield Finding("resource_group", OK, place.name, f"The resource group is there, in {region}.", application, str(place), None, region, wanted or None)


def check_networks(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """Networks and subnets to recover into, and room in them. Delegations and security rules are not judged."""
    for needing in _by(needs.vms, "subnet_id").values():
        place, application = ResourceId.parse(needing[0].subnet_id), _application(needing)
        network_name, subnet_name = place.names[0], place.name
        name = f"{network_name}/{subnet_name}"
        key = str(needing[0].network_id).lower()
        network = facts.networks.get(key)

        def found(state: str, message: str, hint: str | None = None, value: Any = None, objective: Any = None) -> Finding:
            return Finding("network", state, name, message, application, str(place), hint, value, objective)

        if isinstance(network, ArmError):
            yield unread("network", name, network, what=f"The network {network_name}", application=application, subject_id=str(place))
            continue
        if network is None:
            yield found(FAILED, f"There is no network {network_name} in the resource group {place.group}.", "Make it, or correct the plan's target.")
            continue
        subnets = members(member(network, "properties").get("subnets"))
        subnet = next((one for one in subnets if str(one.get("name")).lower() == subnet_name.lower()), None)
        if subnet is None:
            yield found(FAILED, f"The network {network_name} has no subnet {subnet_name}.", "Make it, or correct the plan's target.")
            continue
        region, wanted = region_of(network.get("location")), _region_of_all(needing, facts)
        if wanted and region != wanted:
            yield found(FAILED, f"The network is in {region}, and the VMs are recovered in {wanted}.", f"Give a network of {wanted}.", region, wanted)
            continue
        yield found(OK, f"Network and subnet are there, in {region}.", None, region, wanted or None)
        yield _space(needing, facts, key, subnet, application)


def _space(needing: Sequence[Need], facts: Facts, network_key: str, subnet: Mapping[str, Any], application: str | None) -> Finding:
    place = ResourceId.parse(needing[0].subnet_id)
    name = f"{place.names[0]}/{place.name}"
    spaces = facts.spaces.get(network_key)
    usage = spaces.get(str(place).lower()) if isinstance(spaces, Mapping) else None
    usage = usage or usage_of(subnet)
    missing = [need for need in needing if not _is_there(need, facts)]
    if usage is None:
        problem = spaces if isinstance(spaces, ArmError) else ArmError("Azure does not tell how large it is.", code="NoAddressPrefix")
        return unread("address_space", name, problem, what="The free addresses", application=application, subject_id=str(place))
    needed = len(missing)
    message = f"The subnet has {count(usage.free, 'free address', 'free addresses')} for {count(needed, 'VM')}"
    if usage.free < needed:
        hint = "Use a larger subnet, or remove what is not needed in it."
        return Finding("address_space", FAILED, name, f"{message}: {needed - usage.free} are missing.", application, str(place), hint, usage.free, needed)
    return Finding("address_space", OK, name, f"{message}.", application, str(place), None, usage.free, needed)


def usage_of(subnet: Mapping[str, Any]) -> Usage | None:
    """What the subnet itself tells: its size without what Azure keeps, and what is configured in it."""
    properties = member(subnet, "properties")
    prefixes = [properties.get("addressPrefix"), *(properties.get("addressPrefixes") or [])]
    try:
        blocks = {ip_network(str(prefix), strict=False) for prefix in prefixes if prefix}
    except ValueError:
        return None
    sizes = [block.num_addresses - KEPT for block in blocks if block.version == 4]
    used = properties.get("ipConfigurations")
    return Usage(len(used) if isinstance(used, list) else 0, max(0, sum(sizes))) if sizes else None


def _is_there(need: Need, facts: Facts) -> bool:
    return (need.target_id or "").lower() in facts.vms_in((need.group_id or "").lower())


def check_names(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """Whether VMs with the names of the recovered ones are there already, and what an earlier drill has left behind."""
    for key, needing in _by(needs.vms, "group_id").items():
        place = ResourceId.parse(needing[0].group_id)
        machines = facts.machines.get(key)
        if isinstance(machines, ArmError):
            what = f"The VMs in {place.name}"
            yield unread("name", place.name, machines, what=what, application=_application(needing), subject_id=str(place))
            continue
        left = {vm_id: vm for vm_id, vm in (machines or {}).items() if _of_earlier_drill(vm, needs)}
        taken = [need for need in needing if _is_there(need, facts) and (need.target_id or "").lower() not in left]
        if left:
            names = some([str(vm.get("name")) for vm in left.values()])
            message = f"{count(len(left), 'VM of an earlier drill is', 'VMs of earlier drills are')} still there: {names}."
            hint = "Remove what they left with the playbook lifeboat.azure_dr.cleanup."
            yield Finding("name", WARNING, place.name, message, _application(needing), str(place), hint, len(left), 0)
        for need in taken:
            yield _taken(need, needs.purpose)
        if not left and not taken:
            message = f"No name of {count(len(needing), 'VM')} to be recovered is taken."
            yield Finding("name", OK, place.name, message, _application(needing), str(place), None, 0, 0)


def _of_earlier_drill(vm: Mapping[str, Any], needs: Needs) -> bool:
    tags = {str(name).lower(): str(value) for name, value in member(vm, "tags").items()}
    if needs.purpose != DRILL or tags.get("lifeboat_plan") != needs.name or tags.get("lifeboat_purpose") != DRILL:
        return False
    return tags.get("lifeboat_run") != needs.tags.get("lifeboat_run")


def _taken(need: Need, purpose: str) -> Finding:
    name = (need.target_id or "").rsplit("/", 1)[-1]
    if purpose == DRILL:
        message = f"A VM {name} is there already, which no drill of this plan has made: nothing would be restored, and a drill would check that VM."
        hint = "Give the drill other names (vm_name), or another resource group."
        return Finding("name", FAILED, need.vm.name, message, need.application, need.vm.id, hint, name)
    message = f"A VM {name} is there already and will be taken for the recovered one."
    return Finding("name", WARNING, need.vm.name, message, need.application, need.vm.id, "Remove or rename it if it is not.", name)


def check_storage(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """Staging accounts of restores from vaults."""
    for key, needing in _by(needs.vms, "storage_id").items():
        place, application = ResourceId.parse(needing[0].storage_id), _application(needing)
        account = facts.accounts.get(key)

        def found(state: str, message: str, hint: str | None = None, value: Any = None, objective: Any = None) -> Finding:
            return Finding("storage", state, place.name, message, application, str(place), hint, value, objective)

        if isinstance(account, ArmError):
            yield unread("storage", place.name, account, what="The staging account", application=application, subject_id=str(place))
            continue
        if account is None:
            yield found(FAILED, f"There is no storage account {place.name} in the resource group {place.group}.", "Make it, or correct the plan's target.")
            continue
        region, wanted = region_of(account.get("location")), _region_of_all(needing, facts)
        kind, sku = str(account.get("kind") or ""), str(member(account, "sku").get("name") or "")
        state = str(member(account, "properties").get("provisioningState") or "Succeeded")
        if wanted and region != wanted:
            message = f"The staging account is in {region}, and restores to {wanted} need one there."
            yield found(FAILED, message, f"Give an account in {wanted}.", region, wanted)
        elif kind.lower() in _NO_STAGING:
            message = f"The staging account is of the kind {kind}, which {_NO_STAGING[kind.lower()]}."
            yield found(FAILED, message, "Give a general-purpose account (StorageV2) of the standard tier.", kind, "StorageV2")
        elif sku.lower().startswith("premium"):
            message = f"The staging account is {sku}: not every VM can be restored by way of it."
            yield found(WARNING, message, "Give a general-purpose account (StorageV2) of the standard tier.", sku, "Standard_LRS")
        elif state.lower() != "succeeded":
            yield found(WARNING, f"The staging account is {state}.", "Wait until Azure has ended what it does.", state, "Succeeded")
        else:
            yield found(OK, f"The staging account is there, in {region}.", None, region, wanted or None)
