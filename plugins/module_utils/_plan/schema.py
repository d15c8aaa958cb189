# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of a recovery plan, as data: which keys each part has, of what kind they are, and what they mean.

Validation, the JSON Schema for editors and the documentation's test all read it from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

from .._tags import check_tags
from . import values

NODE = "node"
NODES = "nodes"
MAP = "map"

VERSION = 1
HALT, CONTINUE = "halt", "continue"
VAULT, SECONDARY_REGION, RESTORE_POINTS = "vault", "secondary_region", "restore_points"
EACH, WAVE = "each", "wave"
BOOT_DIAGNOSTICS = "boot_diagnostics"
CHECK_KINDS = ("tcp", "http", BOOT_DIAGNOSTICS, "command", "role")
SELECTORS = ("id", "name", "tags", "group")
DEFAULT_PRIORITY = 100

Check = Callable[[Any, str], Any]
"""Raises OptionError, with the key's name, for a value that cannot be."""


@dataclass(frozen=True)
class Key:
    """A key. ``spec`` is as in Ansible's argument specs; ``node`` what is below it: one mapping, a list, or a mapping of them by name."""

    about: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    check: Check | None = None
    shape: str = ""
    node: Node | None = None
    pattern: str = ""
    """For editors: what the text must look like."""

    @property
    def required(self) -> bool:
        return bool(self.spec.get("required"))

    @property
    def default(self) -> Any:
        return self.spec.get("default")


@dataclass(frozen=True)
class Node:
    """A mapping with these keys, and what they must be together, as in Ansible's argument specs."""

    keys: Mapping[str, Key]
    one_of: Sequence[str] = ()
    """Exactly one of these must be there."""
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)


def text(about: str, check: Check | None = None, pattern: str = "", **spec: Any) -> Key:
    return Key(about, {"type": "str", **spec}, check, pattern=pattern)


def span(about: str, **spec: Any) -> Key:
    return text(f"{about} A number with s, m, h, d or w, such as 4h.", values.span, pattern=values.SPAN, **spec)


def group(about: str, **spec: Any) -> Key:
    return text(about, values.group, **spec)


def group_or_id(about: str, **spec: Any) -> Key:
    return text(about, values.group_or_id, **spec)


def whole(about: str, check: Check | None = None, **spec: Any) -> Key:
    return Key(about, {"type": "int", **spec}, check)


def node(about: str, below: Node, **spec: Any) -> Key:
    return Key(about, {"type": "raw", **spec}, shape=NODE, node=below)


def nodes(about: str, below: Node, **spec: Any) -> Key:
    return Key(about, {"type": "raw", **spec}, shape=NODES, node=below)


TAGS = Key("Tags, as names and values.", {"type": "dict"}, check_tags)
ON_FAILURE = "What a failure stops: halt for what comes after it, continue for nothing."

OBJECTIVES = Node(
    {
        "rto": span("How long recovery may take, counted from when the disaster was declared."),
        "rpo": span("How old the data may be that is recovered."),
    }
)

VAULT_NODE = Node(
    {
        "name": text("The vault's name.", values.vault_name, required=True),
        "resource_group": group("Its resource group.", required=True),
    }
)

_PLACE: dict[str, Key] = {
    "resource_group": group_or_id("The resource group to recover into, by name or id.", required=True),
    "virtual_network": text("The virtual network, by name or id."),
    "virtual_network_resource_group": group("The resource group of the network, when that is a name. The target's own when left out."),
    "subnet": text("The subnet, by name or id.", required=True),
    "storage_account": text("The storage account in which Azure stages restores, by name or id. Restore points need none."),
    "storage_account_resource_group": group("The resource group of the storage account, when that is a name. The target's own when left out."),
    "vm_name": text("The template of the names of the recovered VMs, with {name} and {resource_group}.", values.vm_template, default="{name}"),
    "disk_name": text("The template of the names of disks made of restore points, with {disk}, {lun}, {name} and {resource_group}.", values.disk_template),
    "vm_size": text("The size of VMs made of restore points. That of the VM that was when left out."),
    "zone": text("The availability zone, or NoZone."),
    "disk_encryption_set": text("The id of the disk encryption set of the recovered disks."),
    "tags": TAGS,
}

DRILL = Node({name: Key(key.about, {**key.spec, "required": False, "default": None}, key.check, pattern=key.pattern) for name, key in _PLACE.items()})

TARGET = Node(
    {
        "from": text(
            "What VMs are recovered from: vault, secondary_region for the vault's copies in the paired region, restore_points for those in the region.",
            choices=[VAULT, SECONDARY_REGION, RESTORE_POINTS],
            default=VAULT,
        ),
        "region": text("The region to recover in.", values.region, required=True),
        **_PLACE,
        "restore_points": node(
            "Where the restore points lie.",
            Node(
                {
                    "resource_group": group("The resource group of their collections. All are looked through when left out."),
                    "collection": text("The template of the names of their collections, with {name} and {resource_group}."),
                },
                needs={"collection": ["resource_group"]},
            ),
        ),
        "drill": node("What is different in a drill. Without it there are no drills into this target.", DRILL),
    }
)

PAUSE = Node(
    {
        "name": text("The name that it is approved by. Unique in the plan.", values.name, required=True, pattern=values.NAME),
        "message": text("What the person is told.", default=""),
        "timeout": span("How long it is waited for the answer.", default="4h"),
    }
)

MACHINE = Node(
    {
        "id": text("A VM by its resource id.", values.vm_id),
        "name": text("A VM by its name, which needs resource_group.", values.vm_name),
        "tags": Key("Every VM with all of these tags.", {"type": "dict"}, values.some_tags),
        "group": text("Every host of this group of the inventory, by its variables vm_id or id, or by its name with resource_group."),
        "resource_group": group("The resource group of the VM, of those with the tags, or of the hosts without one of their own."),
        "priority": whole("Lower numbers come first within the wave.", default=DEFAULT_PRIORITY),
        "target": text("Where it is recovered to. The target of the application when left out."),
    },
    one_of=SELECTORS,
    needs={"name": ["resource_group"]},
)

CHECK = Node(
    {
        "name": text("The name of the check.", required=True),
        "on": text("Whether it is done for each VM of the wave, or once for the wave.", choices=[EACH, WAVE], default=EACH),
        "vms": Key("The names of the VMs to check. All VMs of the wave when left out.", {"type": "list", "elements": "str"}, values.some_names),
        "timeout": span("How long it is tried again until it passes.", default="5m"),
        "tcp": node(
            "A port takes connections.",
            Node(
                {
                    "port": whole("The port.", values.port, required=True),
                    "host": text("The host, in which {address} and {name} are those of the recovered VM. The address of the VM when left out."),
                }
            ),
        ),
        "http": node(
            "A URL answers.",
            Node(
                {
                    "url": text("The URL, in which {address} and {name} are those of the recovered VM.", values.url, required=True),
                    "status": Key("The statuses that are good.", {"type": "list", "elements": "int", "default": [200]}, values.statuses),
                    "contains": text("What the body must contain."),
                    "method": text("The method.", default="GET"),
                    "connect_to": text("Connect to this host or host:port, and ask it for the host of the URL."),
                    "validate_certs": Key("Whether the certificate must be valid.", {"type": "bool", "default": True}),
                    "ca_path": text("The file of the certificate authority that is trusted."),
                    "follow_redirects": Key("Whether to go where the answer points to.", {"type": "bool", "default": False}),
                }
            ),
        ),
        BOOT_DIAGNOSTICS: node(
            "The serial log of the VM has a text.",
            Node(
                {
                    "contains": text("The text."),
                    "matches": text("A regular expression, instead of a text.", values.expression),
                },
                one_of=("contains", "matches"),
            ),
        ),
        "command": node(
            "A command ends well on the VM.",
            Node(
                {
                    "cmd": text("The command.", required=True),
                    "connection": Key("Variables of the connection, such as ansible_connection and ansible_user.", {"type": "dict"}, values.connection),
                }
            ),
        ),
        "role": node(
            "A role of your own ends well.",
            Node(
                {
                    "name": text("The role.", required=True),
                    "vars": Key("Its variables.", {"type": "dict"}),
                    "connection": Key("Variables of the connection, for a role that works on the recovered VM.", {"type": "dict"}, values.connection),
                }
            ),
        ),
    },
    one_of=CHECK_KINDS,
)

SERVICE = Node(
    {
        "name": text("The service that is backed up.", values.service_name, required=True),
        "resource_group": group("Its resource group.", required=True),
        "standby": node(
            "The service that takes its place.",
            Node(
                {
                    "name": text("Its name.", values.service_name, required=True),
                    "resource_group": group("Its resource group.", required=True),
                }
            ),
            required=True,
        ),
        "drill": node(
            "The service that a drill restores into. Without it a drill only looks whether the restore could be done.",
            Node(
                {
                    "name": text("Its name.", values.service_name, required=True),
                    "resource_group": group("Its resource group.", required=True),
                }
            ),
        ),
        "storage_account": text("The storage account with the backups, by name or id.", required=True),
        "storage_resource_group": group("The resource group of the account, when that is a name."),
        "container": text("The container with the backups.", required=True),
        "storage_access": text(
            "How the service gets at the container.", choices=["system_identity", "user_identity", "key"], default="system_identity"
        ),
        "user_assigned_identity": text("The id of the identity for user_identity."),
        "backup_name": text("The name of the backups, or its template."),
        "max_age": span("How old the newest backup may be before the next one is made.", default="24h"),
        "keep": whole("How many backups to keep. All when left out.", values.positive),
    }
)

WAVE_NODE = Node(
    {
        "name": text("The name. The wave is application/name to others.", values.name, required=True, pattern=values.NAME),
        "after": Key(
            "The waves that come first: names of this application, or application/wave. The wave before it in the same application when left out.",
            {"type": "list", "elements": "str"},
        ),
        "pause": node("A person is asked before the wave starts.", PAUSE),
        "virtual_machines": nodes("The VMs.", MACHINE),
        "api_management": nodes("The API Management services.", SERVICE),
        "checks": nodes("What is checked when all of the wave is recovered.", CHECK),
    }
)

APPLICATION = Node(
    {
        "name": text("The name.", values.name, required=True, pattern=values.NAME),
        "description": text("What it is."),
        "objectives": node("Its own objectives.", OBJECTIVES),
        "on_failure": text(ON_FAILURE, choices=[HALT, CONTINUE]),
        "target": text("Where its VMs are recovered to. May be left out when the plan has one target only."),
        "protection": node(
            "How its VMs are protected, for the playbook protect.",
            Node(
                {
                    "vault": text("The vault.", values.vault_name, required=True),
                    "resource_group": group("Its resource group. That of the plan's vault of this name when left out."),
                    "policy": text("The backup policy.", required=True),
                }
            ),
        ),
        "backup": node(
            "How its VMs are backed up on demand, for the playbook backup.",
            Node(
                {
                    "max_age": span("How old the newest recovery point may be before the next backup.", default="24h"),
                    "retain_days": whole("For how many days the recovery point is kept.", values.positive),
                    "wait_for": text("What is waited for.", choices=["snapshot", "completed"], default="completed"),
                }
            ),
        ),
        "replication": node(
            "How restore points of its VMs are copied, for the playbook replicate.",
            Node(
                {
                    "region": text("The region to copy to.", values.region, required=True),
                    "resource_group": group("The resource group of the copies.", required=True),
                    "keep": whole("How many restore points, and copies, to keep of a VM. All when left out.", values.positive),
                    "max_age": span("How old the newest restore point may be before the next one is made.", default="24h"),
                }
            ),
        ),
        "waves": nodes("The waves, in their order.", WAVE_NODE, required=True),
    }
)

PLAN = Node(
    {
        "version": whole("The version of this format.", choices=[VERSION], required=True),
        "name": text("The name of the plan, which goes into tags and file names.", values.plan_name, required=True, pattern=values.PLAN_NAME),
        "description": text("What it is."),
        "subscription_id": text("The subscription that names belong to. That of the credentials when left out.", values.subscription),
        "vaults": nodes("The vaults that protect the VMs. All vaults of the subscription when left out.", VAULT_NODE),
        "objectives": node("The objectives of applications that have none of their own.", OBJECTIVES),
        "on_failure": text(ON_FAILURE, choices=[HALT, CONTINUE], default=HALT),
        "targets": Key("The places to recover to, by name.", {"type": "raw"}, values.name, MAP, TARGET),
        "applications": nodes("The applications.", APPLICATION, required=True),
    }
)
