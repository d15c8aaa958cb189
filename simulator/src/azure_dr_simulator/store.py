# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store of ARM resources by subscription, resource group and name, which compare without regard to case."""

from __future__ import annotations

from typing import Generic, Iterator, Protocol, TypeVar


class Located(Protocol):
    """Anything that lives in a resource group."""

    subscription_id: str
    resource_group: str
    name: str


T = TypeVar("T", bound=Located)


class Store(Generic[T]):
    """Keeps the order in which resources were added."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str, str], T] = {}

    def get(self, subscription_id: str, resource_group: str, name: str) -> T | None:
        return self._items.get((subscription_id.lower(), resource_group.lower(), name.lower()))

    def by_id(self, resource_id: str) -> T | None:
        """The resource of an ARM id of a top-level resource; the type in the id is not looked at."""
        parts = resource_id.strip("/").split("/")
        if len(parts) < 8:
            return None
        return self.get(parts[1], parts[3], parts[7])

    def put(self, item: T) -> T:
        self._items[(item.subscription_id.lower(), item.resource_group.lower(), item.name.lower())] = item
        return item

    def remove(self, item: T) -> None:
        self._items.pop((item.subscription_id.lower(), item.resource_group.lower(), item.name.lower()), None)

    def within(self, subscription_id: str, resource_group: str | None = None) -> list[T]:
        """Those of a subscription, or of one of its resource groups."""
        group = None if resource_group is None else resource_group.lower()
        return [
            item
            for (subscription, own_group, _), item in self._items.items()
            if subscription == subscription_id.lower() and group in (None, own_group)
        ]

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)
