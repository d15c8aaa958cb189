# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags as Resource Manager takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import OptionError

MOST_TAGS = 50
_LONGEST_NAME = 512
_LONGEST_VALUE = 256
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


def _name(name: Any, option: str) -> str:
    text = str(name)
    if not text.strip() or len(text) > _LONGEST_NAME or any(character in _FORBIDDEN or ord(character) < 32 for character in text):
        raise OptionError(option, f"{text[:80]!r} is not the name of a tag: 1 to {_LONGEST_NAME} characters without any of <>%&\\?/")
    return text


def _value(name: Any, value: Any, option: str) -> str:
    if value is None or isinstance(value, (dict, list, tuple)):
        raise OptionError(option, f"the tag {name!r} needs a text as its value")
    text = str(value)
    if len(text) > _LONGEST_VALUE:
        raise OptionError(option, f"the value of the tag {name!r} is longer than {_LONGEST_VALUE} characters")
    return text
