# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of a subscription is exported: what a plan is about, or whole resource groups. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping, Sequence

from .._arm.ids import ResourceId
from .._fleet import VM_TYPE
from .guests import guests_of

_GROUP_KEYS = ("resource_group", "resource_groups")
INVOCATION = "invocation"
"""What Ansible adds to a result: the options that the module was called with, which is the plan as it is written, for all purposes."""


@dataclass(frozen=True)
class Scope:
    """``words`` and ``groups`` in lower case; None is "no limit". ``words`` are all texts of the plan: names, ids, regions."""

    subscription: str
    words: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    targets: frozenset[str] = frozenset()
    """The resource groups that the plan recovers to, of which all machines and networks belong to the estate."""
    storages: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """Options that tell where backups of API Management lie; may hold a key of the account, which goes nowhere."""
    guests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What answers inside machines, by their id in lower case."""

    @property
    def of_plan(self) -> bool:
        return self.words is not None

    def names(self, name: str) -> bool:
        """Whether the plan says this name anywhere; without a plan, every name is meant."""
        return self.words is None or name.lower() in self.words

    def holds(self, resource: ResourceId) -> bool:
        """Whether the resource is meant: named by its id, or in a resource group that is."""
        group = (resource.group or "").lower()
        if self.words is None:
            return self.groups is None or group in self.groups
        return resource.key in self.words or group in self.targets

    def has_group(self, name: str) -> bool:
        return self.groups is None or name.lower() in self.groups


def scope_of_groups(subscription: str, groups: list[str] | None) -> Scope:
    """A whole subscription, or some of its resource groups."""
    return Scope(subscription, groups=frozenset(name.lower() for name in groups) if groups else None)


def scope_of_plans(subscription: str, plans: Sequence[Mapping[str, Any]]) -> Scope:
    """What resolved plans are about. Their subscription is the one that most of the VMs are in."""
    words: set[str] = set()
    groups: set[str] = set()
    targets: set[str] = set()
    subscriptions: Counter[str] = Counter()
    for path, text in _texts((), list(plans)):
        owner, key = ("", "", *path)[-2:]
        words.add(text.strip().rstrip("/").lower())
        place = _resource(text)
        group = (place.group or "") if place is not None else text if key.endswith(_GROUP_KEYS) else ""
        if group:
            groups.add(group.lower())
        if group and (key == "target_resource_group" or owner in ("recovered", "cleanup")):
            targets.add(group.lower())
        if place is not None and place.is_type(VM_TYPE) and owner == "vms":
            subscriptions[place.subscription.lower()] += 1
    most = subscriptions.most_common(1)
    return Scope(
        most[0][0] if most else subscription,
        frozenset(words),
        frozenset(groups),
        frozenset(targets),
        tuple(found for found in _mappings(list(plans)) if _tells_storage(found)),
        guests_of(plans),
    )


def _tells_storage(options: Mapping[str, Any]) -> bool:
    return isinstance(options.get("storage_account"), str) and isinstance(options.get("container"), str)


def _texts(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text with the keys that lead to it; lists count for nothing in these."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key != INVOCATION:
                yield from _texts((*path, str(key)), inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(path, inner)


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for key, inner in value.items():
            if key != INVOCATION:
                yield from _mappings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _mappings(inner)


def _resource(text: str) -> ResourceId | None:
    try:
        return ResourceId.parse(text)
    except ValueError:
        return None
