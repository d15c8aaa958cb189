# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate's `virtual_machines`: machines with their disks and network interfaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from .estate_guests import Guest, read_guest
from .estate_reader import EstateError, Reader


@dataclass(frozen=True)
class DiskCopy:
    """How a disk's restore points are copied to another region."""

    gb_per_hour: int = 360
    fails: bool = False
    """The copy breaks half way."""


@dataclass(frozen=True)
class DataDisk:
    lun: int
    size_gb: int
    sku: str = "Premium_LRS"
    copy: DiskCopy = DiskCopy()
    name: str = ""
    """`{vm}_DataDisk_{lun}` when left out."""
    encryption_set: str = ""
    """Id of a disk encryption set, which need not exist; without one the disk has the platform's key."""


@dataclass(frozen=True)
class NetworkInterface:
    name: str
    virtual_network: str
    subnet: str
    resource_group: str = ""
    """The machine's when left out."""
    virtual_network_resource_group: str = ""
    """Tells networks of one name apart."""
    address: str = ""
    """The next free one of the subnet when left out."""


@dataclass(frozen=True)
class VirtualMachine:
    name: str
    resource_group: str
    location: str
    size: str = "Standard_D2s_v5"
    os: str = "Linux"
    zones: tuple[str, ...] = ()
    os_disk_gb: int = 30
    os_disk_name: str = ""
    os_disk_sku: str = "Premium_LRS"
    os_disk_encryption_set: str = ""
    data_disks: tuple[DataDisk, ...] = ()
    virtual_network: str = ""
    """Name of a virtual network of the estate; empty means the first in the VM's location."""
    subnet: str = ""
    network_interfaces: tuple[NetworkInterface, ...] | None = None
    """Instead of `virtual_network` and `subnet`: exactly these, the primary one first."""
    power: str = "running"
    """`running`, `stopped` or `deallocated`."""
    security_type: str = ""
    """Empty, `TrustedLaunch` or `ConfidentialVM`."""
    os_disk_copy: DiskCopy = DiskCopy()
    user_data: str = ""
    """Base64, as Azure keeps it."""
    guest: Guest = Guest()
    """What answers inside, when somebody knocks."""
    tags: Mapping[str, str] = field(default_factory=dict)


def read_machines(item: Reader, location: str) -> list[VirtualMachine]:
    """One VM, or `count` VMs whose name is a template such as `web-{n:02d}` (n from 1). Raises EstateError."""
    count = item.number("count", 0)
    template = item.text("name")
    if count and "{n" not in template:
        raise EstateError(item.place("name"), "needs {n} when count is given, for instance web-{n:02d}")
    common: dict[str, Any] = {
        "resource_group": item.text("resource_group"),
        "location": item.text("location", location),
        "size": item.text("size", "Standard_D2s_v5"),
        "os": item.choice("os", "Linux", ("Linux", "Windows")),
        "zones": item.texts("zones"),
        "os_disk_gb": item.number("os_disk_gb", 30),
        "os_disk_name": item.text("os_disk_name", ""),
        "os_disk_sku": item.text("os_disk_sku", "Premium_LRS"),
        "os_disk_encryption_set": item.text("os_disk_encryption_set", ""),
        "data_disks": tuple(_data_disk(entry) for entry in item.items("data_disks")),
        "virtual_network": item.text("virtual_network", ""),
        "subnet": item.text("subnet", ""),
        "network_interfaces": _interfaces(item),
        "power": item.choice("power", "running", ("running", "stopped", "deallocated")),
        "security_type": item.choice("security_type", "", ("", "TrustedLaunch", "ConfidentialVM")),
        "os_disk_copy": _disk_copy(item, "os_disk_copy"),
        "user_data": item.text("user_data", ""),
        "guest": read_guest(item),
        "tags": item.tags(),
    }
    item.done()
    if not count:
        return [VirtualMachine(name=template, **common)]
    if common["os_disk_name"] or common["network_interfaces"] or any(disk.name for disk in common["data_disks"]):
        raise EstateError(item.place("count"), "several machines cannot have disks and interfaces of the same name")
    try:
        return [VirtualMachine(name=template.format(n=number), **common) for number in range(1, count + 1)]
    except (KeyError, ValueError, IndexError):
        raise EstateError(item.place("name"), f"'{template}' is no template; use {{n}} or {{n:02d}}") from None


def _data_disk(entry: Reader) -> DataDisk:
    disk = DataDisk(
        lun=entry.number("lun"),
        size_gb=entry.number("size_gb"),
        sku=entry.text("sku", "Premium_LRS"),
        copy=_disk_copy(entry, "copy"),
        name=entry.text("name", ""),
        encryption_set=entry.text("encryption_set", ""),
    )
    entry.done()
    return disk


def _interfaces(item: Reader) -> tuple[NetworkInterface, ...] | None:
    if item.value("network_interfaces") is None:
        return None
    found = []
    for entry in item.items("network_interfaces"):
        found.append(
            NetworkInterface(
                name=entry.text("name"),
                virtual_network=entry.text("virtual_network"),
                subnet=entry.text("subnet"),
                resource_group=entry.text("resource_group", ""),
                virtual_network_resource_group=entry.text("virtual_network_resource_group", ""),
                address=entry.text("address", ""),
            )
        )
        entry.done()
    return tuple(found)


def _disk_copy(owner: Reader, key: str) -> DiskCopy:
    given = owner.value(key)
    if given is None:
        return DiskCopy()
    item = Reader(given, owner.place(key))
    found = DiskCopy(item.number("gb_per_hour", 360), item.flag("fails"))
    item.done()
    if not found.gb_per_hour:
        raise EstateError(item.place("gb_per_hour"), "must be 1 or more")
    return found
