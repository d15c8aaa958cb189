# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of backups: a template such as ``{name}-%Y%m%dT%H%M%SZ``, the name it gives at a moment, and the names that it has given."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from datetime import datetime

from .._arm.errors import OptionError
from .._storage.names import check_blob

_DIGITS = {"Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{2}", "d": r"\d{2}", "j": r"\d{3}", "H": r"\d{2}", "M": r"\d{2}", "S": r"\d{2}"}
_SERVICE = r"[A-Za-z](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?"
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_EXAMPLE = datetime(2026, 1, 1)


@dataclass(frozen=True)
class Template:
    """``pieces`` are (kind, text): "text" as it is, "name" the service's, "time" a directive of strftime without its percent sign."""

    text: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def timed(self) -> bool:
        """Whether each backup has a name of its own."""
        return any(kind == "time" for kind, _text in self.pieces)

    @property
    def named(self) -> bool:
        """Whether names tell the service."""
        return any(kind == "name" for kind, _text in self.pieces)

    def name_at(self, service: str, moment: datetime) -> str:
        """The name of a backup that is made at ``moment`` (UTC)."""
        return "".join({"text": text, "name": service, "time": moment.strftime(f"%{text}") if kind == "time" else ""}[kind] for kind, text in self.pieces)

    def shown(self, service: str) -> str:
        """The template with the service's name, and the time left open."""
        return "".join({"text": text, "name": service, "time": f"%{text}"}[kind] for kind, text in self.pieces)

    def prefix(self, service: str | None) -> str:
        """How all names begin, for asking for these only."""
        found = ""
        for kind, text in self.pieces:
            if kind == "time" or (kind == "name" and service is None):
                break
            found += service or "" if kind == "name" else text
        return found

    def matches(self, service: str, name: str) -> bool:
        """Whether this is the name of a backup of the service; Azure knows a service in capital letters too, whatever a backup is called."""
        return re.fullmatch(self._pattern(f"(?i:{re.escape(service)})"), name, re.ASCII) is not None

    def service_of(self, name: str) -> str | None:
        """The service that a name tells; None when the template did not give this name, or has no ``{name}``."""
        found = re.fullmatch(self._pattern(f"(?P<service>{_SERVICE})", again="(?P=service)"), name, re.ASCII) if self.named else None
        return found["service"] if found else None

    def _pattern(self, service: str, again: str | None = None) -> str:
        found = ""
        for kind, text in self.pieces:
            if kind == "name":
                found, service = found + service, again or service
            else:
                found += _DIGITS[text] if kind == "time" else re.escape(text)
        return found


def parse_template(text: str, option: str) -> Template:
    """The template of an option; raises OptionError for an unknown field or directive, or when it would give no blob name."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as problem:
        raise OptionError(option, f"{text!r} is not a template: {problem}") from None
    pieces: list[tuple[str, str]] = []
    for literal, field, spec, conversion in parts:
        pieces += _timed(literal, text, option)
        if field is None:
            continue
        if field != "name" or spec or conversion:
            raise OptionError(option, f"{text!r} has a field other than {{name}}, the name of the service")
        pieces.append(("name", ""))
    template = Template(text, tuple(pieces))
    check_blob(template.name_at("s" * 50, _EXAMPLE), option)
    return template


def _timed(literal: str, text: str, option: str) -> list[tuple[str, str]]:
    """A part between fields, cut at its directives."""
    pieces: list[tuple[str, str]] = []
    start = 0
    for match in _DIRECTIVE.finditer(literal):
        if match[1] != "%" and match[1] not in _DIGITS:
            raise OptionError(option, f"{text!r} has a part other than %Y, %y, %m, %d, %j, %H, %M and %S")
        pieces += [("text", literal[start : match.start()]), ("text", "%") if match[1] == "%" else ("time", match[1])]
        start = match.end()
    return [piece for piece in [*pieces, ("text", literal[start:])] if piece != ("text", "")]
