# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that options give as templates, such as ``{name}-%Y%m%d``: fields in braces, and directives of strftime where a time makes sense."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from datetime import datetime
from typing import Collection, Iterable, Literal, Mapping

from ._arm.errors import OptionError
from ._fleet import Vm

TIME_DIRECTIVES = frozenset("YymdjHMS")

_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)

Piece = tuple[Literal["text", "field", "time"], str]
"""What a part is, and the text itself, the field's name, or the directive without its percent sign."""


@dataclass(frozen=True)
class Template:
    """A template, taken apart. ``text`` is what the option says."""

    text: str
    pieces: tuple[Piece, ...]

    @property
    def timed(self) -> bool:
        """Whether the name depends on the time."""
        return any(kind == "time" for kind, _text in self.pieces)

    def names(self, field: str) -> bool:
        """Whether the name has this field."""
        return ("field", field) in self.pieces

    def fill(self, values: Mapping[str, str], moment: datetime | None = None) -> str:
        """The name for these fields at ``moment`` (UTC); None leaves the time open."""
        return "".join(_filled(kind, text, values, moment) for kind, text in self.pieces)


def _filled(kind: str, text: str, values: Mapping[str, str], moment: datetime | None) -> str:
    if kind == "field":
        return values[text]
    if kind == "time":
        return moment.strftime(f"%{text}") if moment else f"%{text}"
    return text


def parse_template(text: str, option: str, fields: Collection[str]) -> Template:
    """The template of an option; raises OptionError for a field that is none of ``fields``, and for an unknown directive. ``%%`` is a percent sign."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as problem:
        raise OptionError(option, f"{text!r} is not a template: {problem}") from None
    pieces: list[Piece] = []
    for literal, field, spec, conversion in parts:
        pieces += _timed(literal, text, option)
        if field is None:
            continue
        if field not in fields or spec or conversion:
            allowed = " and ".join(f"{{{name}}}" for name in fields)
            raise OptionError(option, f"{text!r} has a field other than {allowed}")
        pieces.append(("field", field))
    return Template(text, tuple(pieces))


def _timed(literal: str, text: str, option: str) -> list[Piece]:
    """A part between fields, cut at its directives."""
    pieces: list[Piece] = []
    start = 0
    for match in _DIRECTIVE.finditer(literal):
        if match[1] != "%" and match[1] not in TIME_DIRECTIVES:
            raise OptionError(option, f"{text!r} has a part other than %Y, %y, %m, %d, %j, %H, %M and %S")
        pieces += [("text", literal[start : match.start()]), ("text", "%") if match[1] == "%" else ("time", match[1])]
        start = match.end()
    return [piece for piece in [*pieces, ("text", literal[start:])] if piece != ("text", "")]


def vm_fields(vm: Vm) -> dict[str, str]:
    """What a template may say of a VM."""
    return {"name": vm.name, "resource_group": vm.group}


def expand(text: str, option: str, values: Mapping[str, str], moment: datetime | None = None) -> str:
    """The name that a template stands for. Raises OptionError for what is no template, and for a time where there is no ``moment`` (UTC)."""
    template = parse_template(text, option, values)
    if template.timed and moment is None:
        raise OptionError(option, f"{text!r} depends on the time, which makes no sense here")
    return template.fill(values, moment)


def check_distinct(text: str, option: str, names: Iterable[tuple[Vm, str]]) -> None:
    """Raises OptionError when a template gives two VMs the same name or id; Azure compares them without case."""
    taken: dict[str, Vm] = {}
    for vm, name in names:
        other = taken.setdefault(name.lower(), vm)
        if other is not vm:
            same = other.name.lower() == vm.name.lower()
            first, second = (f"{one.name} (resource group {one.group})" if same else one.name for one in (other, vm))
            raise OptionError(option, f"{text!r} names {first} and {second} alike; use {{name}} (and {{resource_group}}) to tell them apart")
