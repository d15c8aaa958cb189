# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: as Resource Manager takes them, what is missing of them, and adding them. Names compare without case, values with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._apis import RESOURCES
from ._arm.client import ArmClient
from ._arm.errors import OptionError
from ._arm.ids import ResourceId

MOST_TAGS = 50
_LONGEST_NAME = 512
LONGEST_VALUE = 256
"""Characters that the value of a tag can have."""
_FORBIDDEN = frozenset("<>%&\\?/")


def check_tags(tags: Mapping[str, Any], option: str) -> dict[str, str]:
    """Tags as text; raises OptionError, before any request, for what Azure would refuse or what is surely a mistake (a tag without a value)."""
    if len(tags) > MOST_TAGS:
        raise OptionError(option, f"{len(tags)} tags are more than a resource can have, which is {MOST_TAGS}")
    checked: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for name, value in tags.items():
        text = _name(name, option)
        if spelled.setdefault(text.lower(), text) != text:
            raise OptionError(option, f"{spelled[text.lower()]!r} and {text!r} are the same tag to Azure: give one of them")
        checked[text] = _value(name, value, option)
    return checked


def missing_tags(current: Mapping[str, str] | None, wanted: Mapping[str, str]) -> dict[str, str]:
    """Those of the wanted tags that a resource does not have, or has with another value."""
    there = {name.lower(): value for name, value in (current or {}).items()}
    return {name: value for name, value in wanted.items() if there.get(name.lower()) != value}


def all_tags(current: Mapping[str, str], wanted: Mapping[str, str], *, append: bool) -> dict[str, str]:
    """All tags that a resource is to have: the wanted ones and, with ``append``, the others that it has; known names are spelled as they are."""
    spelled = {name.lower(): name for name in current}
    return {**(current if append else {}), **{spelled.get(name.lower(), name): value for name, value in wanted.items()}}


def add_tags(client: ArmClient, resource_id: str, tags: Mapping[str, str]) -> None:
    """Merges tags into those of a resource, by the tags API, which leaves the others and the resource itself alone."""
    body = {"operation": "Merge", "properties": {"tags": dict(tags)}}
    client.patch(f"{ResourceId.parse(resource_id).path}/providers/Microsoft.Resources/tags/default", RESOURCES, body)


def _name(name: Any, option: str) -> str:
    text = str(name)
    if not text.strip() or len(text) > _LONGEST_NAME or any(character in _FORBIDDEN or ord(character) < 32 for character in text):
        raise OptionError(option, f"{text[:80]!r} is not the name of a tag: 1 to {_LONGEST_NAME} characters without any of <>%&\\?/")
    return text


def _value(name: Any, value: Any, option: str) -> str:
    if value is None or isinstance(value, (dict, list, tuple)):
        raise OptionError(option, f"the tag {name!r} needs a text as its value")
    text = str(value)
    if len(text) > LONGEST_VALUE:
        raise OptionError(option, f"the value of the tag {name!r} is longer than {LONGEST_VALUE} characters")
    return text
