# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of backups: the name that a template gives at a moment, and the names that it has given."""

from __future__ import annotations

import re
from datetime import datetime

from .._storage.names import check_blob
from .._templates import Template, parse_template
from .service import SERVICE_NAME

DEFAULT_NAME = "{name}-%Y%m%dT%H%M%SZ"
"""What backups are called unless an option says otherwise."""

_DIGITS = {"Y": 4, "j": 3}
"""Of directives that do not stand for two digits."""
_EXAMPLE = datetime(2026, 1, 1)


class BackupNames(Template):
    """A template with ``{name}``, the name of the service, as its only field."""

    @property
    def named(self) -> bool:
        """Whether names tell the service."""
        return self.names("name")

    def name_at(self, service: str, moment: datetime) -> str:
        """The name of a backup that is made at ``moment`` (UTC)."""
        return self.fill({"name": service}, moment)

    def shown(self, service: str) -> str:
        """The template with the service's name, and the time left open."""
        return self.fill({"name": service})

    def prefix(self, service: str | None) -> str:
        """How all names begin, for asking for these only."""
        found = ""
        for kind, text in self.pieces:
            if kind == "time" or (kind == "field" and service is None):
                break
            found += service or "" if kind == "field" else text
        return found

    def matches(self, service: str, name: str) -> bool:
        """Whether this is the name of a backup of the service; Azure knows a service in capital letters too, whatever a backup is called."""
        return re.fullmatch(self._pattern(f"(?i:{re.escape(service)})"), name, re.ASCII) is not None

    def service_of(self, name: str) -> str | None:
        """The service that a name tells; None when the template did not give this name, or has no ``{name}``."""
        found = re.fullmatch(self._pattern(f"(?P<service>{SERVICE_NAME})", again="(?P=service)"), name, re.ASCII) if self.named else None
        return found["service"] if found else None

    def _pattern(self, service: str, again: str | None = None) -> str:
        found = ""
        for kind, text in self.pieces:
            if kind == "field":
                found, service = found + service, again or service
            else:
                found += rf"\d{{{_DIGITS.get(text, 2)}}}" if kind == "time" else re.escape(text)
        return found


def parse_backup_name(text: str, option: str) -> BackupNames:
    """The template of an option; raises OptionError for an unknown field or directive, or when it would give no blob name."""
    parsed = parse_template(text, option, ("name",))
    names = BackupNames(parsed.text, parsed.pieces)
    check_blob(names.name_at("s" * 50, _EXAMPLE), option)
    return names
