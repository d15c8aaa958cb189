# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARM resource ids: taken apart, put together, compared without case.

ARM compares namespaces, types, groups and names without case and may answer in another case than it was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

_FORBIDDEN = frozenset('<>%&:\\?/"')
_LONGEST_SEGMENT = 260


def segment(text: str) -> str:
    """One path segment, percent-encoded once (``;`` becomes ``%3B``, as every recorded Azure client sends it).

    Raises ValueError for what can be no ARM name: empty, ``.``, ``..``, longer than 260, or with one of ``<>%&:\\?/"`` or a
    control character.
    """
    if not text or text in (".", "..") or len(text) > _LONGEST_SEGMENT:
        raise ValueError(f"not a name that Azure knows: {text[:80]!r}")
    if any(character in _FORBIDDEN or ord(character) < 32 for character in text):
        raise ValueError(f"a name may not contain any of <>%&:\\?/\" or control characters: {text[:80]!r}")
    return quote(text, safe="~()")


@dataclass(frozen=True, eq=False)
class ResourceId:
    """An id such as ``/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/web-01``.

    ``group`` is None for what lives in a subscription; ``types`` and ``names`` go in pairs, outermost first, and are empty
    for a subscription or a resource group. Names are kept raw (not percent-encoded). Equal means equal without case.
    """

    subscription: str
    group: str | None = None
    namespace: str | None = None
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: object) -> ResourceId:
        """Read an id, percent-encoded or raw; raises ValueError with the reason when it is none."""
        if not isinstance(text, str) or not text.startswith("/"):
            raise ValueError(f"not a resource id (it starts with /subscriptions/): {str(text)[:120]!r}")
        parts = [unquote(part) for part in text.strip().strip("/").split("/")]
        if len(parts) < 2 or parts[0].lower() != "subscriptions" or not all(parts):
            raise ValueError(f"not a resource id (it starts with /subscriptions/, without empty parts): {text[:120]!r}")
        subscription, rest = parts[1], parts[2:]
        group: str | None = None
        if rest and rest[0].lower() == "resourcegroups":
            if len(rest) < 2:
                raise ValueError(f"a resource id without the name of its resource group: {text[:120]!r}")
            group, rest = rest[1], rest[2:]
        if not rest:
            return cls(subscription, group)
        if rest[0].lower() != "providers" or len(rest) < 4 or len(rest) % 2:
            raise ValueError(f"not a resource id (pairs of type and name follow /providers/NAMESPACE): {text[:120]!r}")
        return cls(subscription, group, rest[1], tuple(rest[2::2]), tuple(rest[3::2]))

    @property
    def name(self) -> str:
        """The innermost name (the group's or the subscription's when there is no resource)."""
        return self.names[-1] if self.names else (self.group or self.subscription)

    @property
    def type(self) -> str:
        """``Microsoft.Compute/virtualMachines``; empty for a group or subscription."""
        return "/".join((self.namespace, *self.types)) if self.namespace else ""

    @property
    def key(self) -> str:
        """The id in lower case: what to use as a dictionary key."""
        return str(self).lower()

    @property
    def path(self) -> str:
        """The id as a request path: every segment percent-encoded once."""
        return "/" + "/".join(segment(part) for part in str(self).strip("/").split("/"))

    def is_type(self, resource_type: str) -> bool:
        """Whether this is a ``Microsoft.Compute/virtualMachines`` (compared without case)."""
        return self.type.lower() == resource_type.lower()

    def __str__(self) -> str:
        parts = ["subscriptions", self.subscription]
        if self.group is not None:
            parts += ["resourceGroups", self.group]
        if self.namespace is not None:
            parts += ["providers", self.namespace]
            for pair in zip(self.types, self.names):
                parts += pair
        return "/" + "/".join(parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def same_id(left: str | None, right: str | None) -> bool:
    """Whether two ids or names mean the same thing to ARM (case, trailing slash and percent-encoding do not count)."""
    if not left or not right:
        return False
    return _plain(left) == _plain(right)


def _plain(text: str) -> str:
    return unquote(text).rstrip("/").lower()
