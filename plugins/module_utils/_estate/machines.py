# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource groups, networks, storage accounts and machines as entries of the simulator's estate. Pure.

What is not named here stays out: keys, user names, custom data, extensions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Iterable, Mapping

from .._arm.ids import ResourceId
from .._arm.regions import region_of
from .._compute.shapes import member, members, text, whole
from .left_out import ANOTHER_SUBSCRIPTION, LeftOut

Resource = Mapping[str, Any]

NETWORK_TYPE = "Microsoft.Network/virtualNetworks"
_POWER = {"starting": "running", "stopping": "stopped", "deallocating": "deallocated"}
_SECURITY = {"trustedlaunch": "TrustedLaunch", "confidentialvm": "ConfidentialVM"}
PLATFORM_KEY = "encryptionatrestwithplatformkey"


def age_hours(moment: datetime, now: datetime) -> float:
    """Hours before the export, so that a rehearsal of next week finds the same ages."""
    return max(0.0, round((now - moment).total_seconds() / 3600, 2))


def compact(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing: None, empty texts, lists and mappings."""
    return {key: value for key, value in entry.items() if value not in (None, "", [], {}, ())}


def place_of(resource: Resource) -> ResourceId | None:
    """Where a resource is; None for what has no id."""
    try:
        return ResourceId.parse(resource.get("id"))
    except ValueError:
        return None


def tags_of(resource: Resource) -> dict[str, str]:
    return {str(name): str(value) for name, value in member(resource, "tags").items()}


@dataclass
class Names:
    """Resource groups as their list spells them: ids write them in any case."""

    groups: Mapping[str, str] = field(default_factory=dict)

    def group(self, place: ResourceId) -> str:
        name = place.group or ""
        return self.groups.get(name.lower(), name)


def group_entry(resource: Resource) -> dict[str, Any]:
    return compact({"name": text(resource.get("name")), "location": region_of(resource.get("location")), "tags": tags_of(resource)})


def network_entry(resource: Resource, place: ResourceId, names: Names) -> dict[str, Any]:
    properties = member(resource, "properties")
    prefixes = member(properties, "addressSpace").get("addressPrefixes")
    return compact(
        {
            "name": text(resource.get("name")) or place.name,
            "resource_group": names.group(place),
            "location": region_of(resource.get("location")),
            "address_prefixes": [str(prefix) for prefix in prefixes] if isinstance(prefixes, list) else [],
            "subnets": [_subnet(subnet) for subnet in members(properties.get("subnets"))],
            "tags": tags_of(resource),
        }
    )


def _subnet(subnet: Resource) -> dict[str, Any]:
    properties = member(subnet, "properties")
    several = properties.get("addressPrefixes")
    prefixes = [properties.get("addressPrefix"), *(several if isinstance(several, list) else [])]
    found = [str(prefix) for prefix in prefixes if prefix]
    # Machines get addresses of version 4.
    return {"name": str(subnet.get("name")), "prefix": next((prefix for prefix in found if "." in prefix), found[0] if found else "")}


def storage_entry(resource: Resource, place: ResourceId, names: Names) -> dict[str, Any]:
    properties = member(resource, "properties")
    rules = member(properties, "networkAcls")
    kind = text(resource.get("kind"))
    closed = str(rules.get("defaultAction")).lower() == "deny" or str(properties.get("publicNetworkAccess")).lower() == "disabled"
    return compact(
        {
            "name": text(resource.get("name")) or place.name,
            "resource_group": names.group(place),
            "location": region_of(resource.get("location")),
            "sku": text(member(resource, "sku").get("name")),
            "kind": kind if kind != "StorageV2" else None,
            "allow_shared_key": False if properties.get("allowSharedKeyAccess") is False else None,
            "firewall": closed or None,
        }
    )


@dataclass(frozen=True)
class Hardware:
    """What machines are made of, by id in lower case."""

    disks: Mapping[str, Resource] = field(default_factory=dict)
    interfaces: Mapping[str, Resource] = field(default_factory=dict)
    networks: frozenset[str] = frozenset()
    """The virtual networks that are exported."""
    power: Mapping[str, str] = field(default_factory=dict)


def power_states(resources: Iterable[Resource]) -> dict[str, str]:
    """The power state of each VM, from the list with `statusOnly=true`."""
    found: dict[str, str] = {}
    for resource in resources:
        place = place_of(resource)
        statuses = members(member(resource, "properties", "instanceView").get("statuses"))
        codes = [str(status.get("code")).lower() for status in statuses]
        state = next((code.partition("/")[2] for code in codes if code.startswith("powerstate/")), "")
        if place is not None and state:
            found[place.key] = _POWER.get(state, state)
    return found


def interfaces_of(resource: Resource) -> list[str]:
    """The ids of a machine's network interfaces, the primary one first."""
    listed = members(member(resource, "properties", "networkProfile").get("networkInterfaces"))
    primary = sorted(listed, key=lambda one: member(one, "properties").get("primary") is not True)
    return [str(one.get("id")) for one in primary if one.get("id")]


def network_of(interface: Resource) -> ResourceId | None:
    """The subnet of an interface's primary address."""
    settings = _primary(interface)
    return place_of(member(settings, "properties", "subnet"))


def machine_entry(resource: Resource, place: ResourceId, hardware: Hardware, names: Names, left_out: LeftOut) -> dict[str, Any] | None:
    """A machine with its disks and interfaces; None, which is told in ``left_out``, for one that the simulator cannot have."""
    properties = member(resource, "properties")
    profile = member(properties, "storageProfile")
    system = member(profile, "osDisk")
    data = members(profile.get("dataDisks"))
    if not system or any(not member(disk, "managedDisk") for disk in (system, *data)):
        left_out.add(str(place), "It has disks that are not managed disks, which the simulator does not have.")
        return None
    disk = _disk(system, hardware, left_out)
    group = names.group(place)
    state = hardware.power.get(place.key, "running")
    zones = resource.get("zones")
    return {
        **compact(
            {
                "name": text(resource.get("name")) or place.name,
                "resource_group": group,
                "location": region_of(resource.get("location")),
                "size": text(member(properties, "hardwareProfile").get("vmSize")),
                "os": text(system.get("osType")),
                "zones": [str(zone) for zone in zones] if isinstance(zones, list) else [],
                "power": state if state in ("stopped", "deallocated") else None,
                "security_type": _SECURITY.get(str(member(properties, "securityProfile").get("securityType")).lower()),
                **{f"os_disk_{key}": value for key, value in disk.items()},
                "data_disks": [{"lun": whole(one.get("lun")) or 0, **_disk(one, hardware, left_out)} for one in data],
                "tags": tags_of(resource),
            }
        ),
        "network_interfaces": _interfaces(resource, group, hardware, names, left_out),
    }


def _disk(attached: Resource, hardware: Hardware, left_out: LeftOut) -> dict[str, Any]:
    managed = member(attached, "managedDisk")
    disk_id = str(managed.get("id") or "")
    disk = hardware.disks.get(disk_id.lower(), {})
    properties = member(disk, "properties")
    encryption = member(properties, "encryption")
    if member(properties, "encryptionSettingsCollection").get("enabled") is True:
        left_out.add(disk_id, "Azure Disk Encryption is not simulated: the disk counts as one without.")
    size = whole(properties.get("diskSizeGB")) or whole(attached.get("diskSizeGB"))
    found = compact(
        {
            "name": text(attached.get("name")) or disk_id.rpartition("/")[2],
            "gb" if "lun" not in attached else "size_gb": size,
            "sku": text(member(disk, "sku").get("name")) or text(managed.get("storageAccountType")),
            "encryption_set": text(encryption.get("diskEncryptionSetId")) if str(encryption.get("type")).lower() != PLATFORM_KEY else None,
        }
    )
    if "lun" in attached:
        found.setdefault("size_gb", 0)
    return found


def _interfaces(resource: Resource, group: str, hardware: Hardware, names: Names, left_out: LeftOut) -> list[dict[str, Any]]:
    found = []
    for interface_id in interfaces_of(resource):
        interface = hardware.interfaces.get(interface_id.lower())
        subnet = network_of(interface) if interface is not None else None
        if interface is None or subnet is None:
            left_out.add(interface_id, "The network interface or its subnet could not be read.")
            continue
        network = ResourceId(subnet.subscription, subnet.group, subnet.namespace, subnet.types[:1], subnet.names[:1])
        if network.key not in hardware.networks:
            left_out.add(interface_id, f"Its network {network.name} is not part of the estate. {ANOTHER_SUBSCRIPTION}")
            continue
        found.append(_interface(interface, network, subnet.name, group, names))
    return found


def _interface(interface: Resource, network: ResourceId, subnet: str, group: str, names: Names) -> dict[str, Any]:
    place = place_of(interface)
    own = names.group(place) if place is not None else group
    return compact(
        {
            "name": text(interface.get("name")) or (place.name if place else ""),
            "resource_group": own if own.lower() != group.lower() else None,
            "virtual_network": network.name,
            "virtual_network_resource_group": names.group(network),
            "subnet": subnet,
            "address": text(member(_primary(interface), "properties").get("privateIPAddress")),
        }
    )


def _primary(interface: Resource) -> Resource:
    settings = members(member(interface, "properties").get("ipConfigurations"))
    return next((one for one in settings if member(one, "properties").get("primary") is True), settings[0] if settings else {})
