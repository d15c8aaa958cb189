# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate: what exists in the simulated subscription when the simulator starts.

A YAML file; its schema is the dataclasses below (a field is a key of the same name) and the README's page. Unknown keys
and wrong types are errors that name the place. `vaults`, `api_management` and `quotas` are checked by the rooms of
those services, which own their schema.
"""

from __future__ import annotations

import fnmatch
import secrets
import uuid
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Mapping

import yaml

from .estate_guests import Guest, GuestPage
from .estate_machines import DataDisk, DiskCopy, NetworkInterface, VirtualMachine, read_machines
from .estate_reader import EstateError, Reader

__all__ = [
    "DataDisk",
    "DiskCopy",
    "Estate",
    "EstateError",
    "Guest",
    "GuestPage",
    "NetworkInterface",
    "Principal",
    "ResourceGroup",
    "RoleAssignment",
    "StorageAccount",
    "Subnet",
    "VirtualMachine",
    "VirtualNetwork",
    "default_document",
    "load_estate",
    "read_document",
]

_PAIRS = [
    ("eastasia", "southeastasia"),
    ("westeurope", "northeurope"),
    ("eastus", "westus"),
    ("eastus2", "centralus"),
    ("uksouth", "ukwest"),
    ("japaneast", "japanwest"),
    ("koreacentral", "koreasouth"),
]
PAIRED = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}}
"""Paired regions by Azure's documentation; an estate names another pair with `paired_location`."""


@dataclass(frozen=True)
class RoleAssignment:
    role: str
    """A role's name, or `custom` with `actions`."""
    scope: str = ""
    """ARM id prefix; empty means the subscription."""
    actions: tuple[str, ...] = ()
    """Actions with `*`, instead of a built-in role."""


@dataclass(frozen=True)
class Principal:
    name: str
    client_id: str
    object_id: str
    secret: str = field(repr=False)
    kind: str = "service_principal"
    """`service_principal` or `managed_identity`."""
    roles: tuple[RoleAssignment, ...] = ()


@dataclass(frozen=True)
class ResourceGroup:
    name: str
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subnet:
    name: str
    prefix: str


@dataclass(frozen=True)
class VirtualNetwork:
    name: str
    resource_group: str
    location: str
    address_prefixes: tuple[str, ...]
    subnets: tuple[Subnet, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StorageAccount:
    name: str
    resource_group: str
    location: str
    sku: str = "Standard_LRS"
    kind: str = "StorageV2"
    containers: tuple[str, ...] = ()
    allow_shared_key: bool = True
    """Whether the account's keys open anything."""
    firewall: bool = False
    """Only trusted services of Azure get in."""
    lock: str = ""
    """Empty, `ReadOnly` or `CanNotDelete`."""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Estate:
    location: str
    paired_location: str
    tenant_id: str
    subscription_id: str
    principals: tuple[Principal, ...]
    resource_groups: tuple[ResourceGroup, ...]
    virtual_networks: tuple[VirtualNetwork, ...]
    storage_accounts: tuple[StorageAccount, ...]
    virtual_machines: tuple[VirtualMachine, ...]
    unregistered_providers: tuple[str, ...]
    """Namespaces that answer writes with 409 MissingSubscriptionRegistration until they are registered."""
    raw: Mapping[str, Any] = field(repr=False)
    """The whole document; `raw["vaults"]` and `raw["api_management"]` are read by the rooms of those services."""

    def match_vms(self, pattern: str, resource_group: str = "") -> list[VirtualMachine]:
        """VMs whose name fits a shell pattern, without regard to case."""
        return [
            vm
            for vm in self.virtual_machines
            if fnmatch.fnmatchcase(vm.name.lower(), pattern.lower())
            and resource_group.lower() in ("", vm.resource_group.lower())
        ]


def default_document() -> dict[str, Any]:
    """The small estate that is used when none is given."""
    text = resources.files(__package__).joinpath("estates/default.yml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def read_document(path: Path) -> dict[str, Any]:
    """The estate file's document. Raises EstateError."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EstateError("", f"cannot read {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise EstateError("", f"{path} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise EstateError("", f"{path} must hold a mapping")
    return document


def load_estate(document: Mapping[str, Any]) -> Estate:
    """The estate of a document. Raises EstateError, which names the place."""
    top = Reader(document, "")
    location = top.text("location", "eastasia")
    subscription_id = top.guid("subscription_id", _named_guid("subscription"))
    groups = tuple(_group(item, location) for item in top.items("resource_groups"))
    estate = Estate(
        location=location,
        paired_location=top.text("paired_location", PAIRED.get(location, location)),
        tenant_id=top.guid("tenant_id", _named_guid("tenant")),
        subscription_id=subscription_id,
        principals=tuple(_principal(item) for item in top.items("principals")),
        resource_groups=groups,
        virtual_networks=tuple(_network(item, location) for item in top.items("virtual_networks")),
        storage_accounts=tuple(_storage(item, location) for item in top.items("storage_accounts")),
        virtual_machines=tuple(vm for item in top.items("virtual_machines") for vm in read_machines(item, location)),
        unregistered_providers=top.texts("unregistered_providers"),
        raw=document,
    )
    top.value("vaults")
    top.value("restore_point_collections")
    top.value("api_management")
    top.value("quotas")
    top.done()
    _check(estate)
    return estate


def _check(estate: Estate) -> None:
    """Names that refer to something must find it, and names must be unique."""
    groups = {group.name.lower() for group in estate.resource_groups}
    seen: set[tuple[str, str, str]] = set()
    kinds: dict[str, tuple[VirtualNetwork | StorageAccount | VirtualMachine, ...]] = {
        "virtual_networks": estate.virtual_networks,
        "storage_accounts": estate.storage_accounts,
        "virtual_machines": estate.virtual_machines,
    }
    for kind, things in kinds.items():
        for thing in things:
            if thing.resource_group.lower() not in groups:
                raise EstateError(
                    f"{kind}.{thing.name}.resource_group", f"'{thing.resource_group}' is not in resource_groups"
                )
            key = (kind, thing.resource_group.lower(), thing.name.lower())
            if key in seen:
                raise EstateError(f"{kind}.{thing.name}", "exists twice in its resource group")
            seen.add(key)
    networks = {network.name.lower() for network in estate.virtual_networks}
    for vm in estate.virtual_machines:
        for name in (vm.virtual_network, *(one.virtual_network for one in vm.network_interfaces or ())):
            if name and name.lower() not in networks:
                raise EstateError(
                    f"virtual_machines.{vm.name}.virtual_network", f"'{name}' is not in virtual_networks"
                )


def _principal(item: Reader) -> Principal:
    name = item.text("name")
    found = Principal(
        name=name,
        client_id=item.guid("client_id", _named_guid(f"client {name}")),
        object_id=item.guid("object_id", _named_guid(f"object {name}")),
        secret=item.text("secret", _new_secret()),
        kind=item.choice("kind", "service_principal", ("service_principal", "managed_identity")),
        roles=tuple(read_role(item, "roles", entry, index) for index, entry in enumerate(item.values("roles"))),
    )
    item.done()
    return found


def read_role(owner: Reader, key: str, entry: Any, index: int) -> RoleAssignment:
    """One member of a list of roles: a name, or a mapping with `role` or `actions` and `scope`."""
    if isinstance(entry, str):
        return RoleAssignment(entry)
    role = Reader(entry, owner.place(f"{key}[{index}]"))
    actions = role.texts("actions")
    found = RoleAssignment(role.text("role", "custom" if actions else None), role.text("scope", ""), actions)
    role.done()
    return found


def _group(item: Reader, location: str) -> ResourceGroup:
    found = ResourceGroup(item.text("name"), item.text("location", location), item.tags())
    item.done()
    return found


def _network(item: Reader, location: str) -> VirtualNetwork:
    subnets = []
    for entry in item.items("subnets"):
        subnets.append(Subnet(entry.text("name"), entry.text("prefix")))
        entry.done()
    found = VirtualNetwork(
        name=item.text("name"),
        resource_group=item.text("resource_group"),
        location=item.text("location", location),
        address_prefixes=item.texts("address_prefixes"),
        subnets=tuple(subnets),
        tags=item.tags(),
    )
    item.done()
    return found


def _storage(item: Reader, location: str) -> StorageAccount:
    found = StorageAccount(
        name=item.text("name"),
        resource_group=item.text("resource_group"),
        location=item.text("location", location),
        sku=item.text("sku", "Standard_LRS"),
        kind=item.text("kind", "StorageV2"),
        containers=item.texts("containers"),
        allow_shared_key=item.flag("allow_shared_key", True),
        firewall=item.flag("firewall"),
        lock=item.choice("lock", "", ("", "ReadOnly", "CanNotDelete")),
        tags=item.tags(),
    )
    item.done()
    return found


def _new_secret() -> str:
    """Shaped like Entra's; never begins with a dash, which command lines would take for an option."""
    return f"{secrets.token_hex(2)}8Q~{secrets.token_urlsafe(26)}"


def _named_guid(name: str) -> str:
    """The same GUID at each start, so that playbooks can name the default estate's ids."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"azure-dr-simulator {name}"))
