# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is, as far as it could be read: the checks compare it with what is needed, and ask nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Mapping, NamedTuple, Sequence, TypeVar, Union

from .._apim.backups import Backup
from .._apim.restores import Plan as ApimPlan
from .._apim.service import Service
from .._arm.errors import ArmError
from .._backup.items import ProtectedItem
from .._backup.recovery_points import RecoveryPoint
from .._backup.vault_state import VaultSettings
from .._compute.points import Point

T = TypeVar("T")

Answer = Union[T, ArmError]
"""What was read, or why it could not be."""


class Usage(NamedTuple):
    """How much of a quota, or how many addresses of a subnet, are taken."""

    current: int
    limit: int

    @property
    def free(self) -> int:
        return max(0, self.limit - self.current)


class Size(NamedTuple):
    """A VM size in a region. ``family`` is the name of its quota, None where it is not told; ``offered`` whether the subscription may use it there."""

    vcpus: int
    family: str | None
    offered: bool = True


@dataclass(frozen=True)
class Grant:
    """One entry of what the caller may do at a place: any of ``actions`` that none of ``not_actions`` takes away."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ApimFacts:
    """One API Management service. ``source``, ``standby`` None when there is none; ``plan`` of the restore, None where a drill leaves the standby alone."""

    source: Service | None = None
    standby: Service | None = None
    backup: Backup | None = None
    place: str = ""
    plan: ApimPlan | None = None
    notes: tuple[str, ...] = ()


@dataclass
class Facts:
    """By keys in lower case; what was not asked for is not there. A resource that is None does not exist."""

    now: datetime
    """By Azure's clock."""
    vaults: dict[str, Answer[VaultSettings | None]] = field(default_factory=dict)
    items: dict[str, Answer[Mapping[str, ProtectedItem]]] = field(default_factory=dict)
    """By vault, then by VM."""
    points: dict[str, Answer[Sequence[RecoveryPoint]]] = field(default_factory=dict)
    """Recovery points in a vault, by VM, where the newest of the item does not tell enough; those of the paired region where they come from there."""
    copies: dict[str, Answer[tuple[Point, tuple[str, ...]]]] = field(default_factory=dict)
    """The restore point that would be restored, with warnings, by VM."""
    groups: dict[str, Answer[Mapping[str, Any] | None]] = field(default_factory=dict)
    machines: dict[str, Answer[Mapping[str, Mapping[str, Any]]]] = field(default_factory=dict)
    """VMs by resource group, then by id."""
    networks: dict[str, Answer[Mapping[str, Any] | None]] = field(default_factory=dict)
    spaces: dict[str, Answer[Mapping[str, Usage]]] = field(default_factory=dict)
    """Addresses by network, then by subnet id."""
    accounts: dict[str, Answer[Mapping[str, Any] | None]] = field(default_factory=dict)
    quotas: dict[tuple[str, str], Answer[Mapping[str, Usage]]] = field(default_factory=dict)
    """By subscription and region, then by the name of the quota."""
    sizes: dict[tuple[str, str], Answer[Mapping[str, Size]]] = field(default_factory=dict)
    """By subscription and region, then by the name of the size, in lower case."""
    services: dict[str, Answer[ApimFacts]] = field(default_factory=dict)
    """By the name of the service that is recovered."""
    permissions: dict[str, Answer[Sequence[Grant]]] = field(default_factory=dict)
    """By scope."""

    def vms_in(self, group_key: str) -> Mapping[str, Mapping[str, Any]]:
        """The VMs of a resource group (its id in lower case) by id in lower case; none where they could not be read."""
        found = self.machines.get(group_key)
        return found if isinstance(found, Mapping) else {}
