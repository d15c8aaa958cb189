# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a recovery plan that have a form of their own; each raises OptionError, naming the key, for what cannot be."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from .._arm.errors import OptionError
from .._arm.regions import check_region
from .._backup.vaults import VAULT_NAME
from .._fleet import VM_NAME, VM_TYPE
from .._options import check_group, check_subscription, parse_age, parse_id
from .._tags import check_tags
from .._target_options import group_id
from .._templates import parse_template

NAME = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$"
PLAN_NAME = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
SPAN = "^[0-9]+(\\.[0-9]+)?[smhdwSMHDW]?$"

_SECRET = re.compile(r"(pass|passwd|password|passphrase|token|secret)\Z", re.IGNORECASE)
_SERVICE = re.compile(r"^[A-Za-z]([A-Za-z0-9-]{0,48}[A-Za-z0-9])?\Z")
_NOBODY = "00000000-0000-0000-0000-000000000000"


def name(value: str, key: str) -> str:
    if not re.fullmatch(NAME, value):
        raise OptionError(key, f"{value!r} is not a name: letters, digits, '.', '_' and '-', of which the first is a letter or digit")
    return value


def plan_name(value: str, key: str) -> str:
    if not re.fullmatch(PLAN_NAME, value):
        raise OptionError(key, f"{value!r} is not a name for a plan: small letters, digits and '-' only, 64 at most")
    return value


def span(value: str, key: str) -> float:
    return parse_age(value, key).total_seconds()


def group(value: str, key: str) -> str:
    found = check_group(value, key)
    if found is None:
        raise OptionError(key, "it is empty")
    return found


def group_or_id(value: str, key: str) -> str:
    return str(group_id(key, value, _NOBODY))


def region(value: str, key: str) -> str:
    return check_region(value, key)


def subscription(value: str, key: str) -> str:
    return check_subscription(value, key)


def vault_name(value: str, key: str) -> str:
    if not VAULT_NAME.match(value):
        raise OptionError(key, f"{value!r} is not a vault name: 2 to 50 letters, digits and hyphens, beginning with a letter")
    return value


def vm_id(value: str, key: str) -> str:
    parsed = parse_id(value, key, VM_TYPE)
    return vm_name(parsed.name, key)


def vm_name(value: str, key: str) -> str:
    if not VM_NAME.match(value):
        raise OptionError(key, f"{value!r} is not a VM name: 1 to 64 letters, digits, '.', '_' or '-'")
    return value


def service_name(value: str, key: str) -> str:
    if not _SERVICE.match(value):
        raise OptionError(key, f"{value!r} is not the name of an API Management service: 1 to 50 letters, digits and hyphens, beginning with a letter")
    return value


def vm_template(value: str, key: str) -> str:
    return _template(value, key, ("name", "resource_group"))


def disk_template(value: str, key: str) -> str:
    return _template(value, key, ("disk", "lun", "name", "resource_group", "restore_point"))


def _template(value: str, key: str, fields: tuple[str, ...]) -> str:
    if parse_template(value, key, fields).timed:
        raise OptionError(key, f"{value!r} depends on the time, so a second run would recover everything again")
    return value


def some_tags(value: dict[str, Any], key: str) -> dict[str, str]:
    if not value:
        raise OptionError(key, "no tag is given, which every VM would fit")
    return check_tags(value, key)


def some_names(value: list[str], key: str) -> list[str]:
    if not value:
        raise OptionError(key, "it is empty; leave it out to check all VMs of the wave")
    return value


def positive(value: int, key: str) -> int:
    if value < 1:
        raise OptionError(key, f"{value} is less than 1")
    return value


def port(value: int, key: str) -> int:
    if not 1 <= value <= 65535:
        raise OptionError(key, f"{value} is not a port, which is from 1 to 65535")
    return value


def statuses(value: list[int], key: str) -> list[int]:
    wrong = [status for status in value if not 100 <= status <= 599]
    if wrong or not value:
        raise OptionError(key, f"{wrong[0] if wrong else value} is no HTTP status, such as 200")
    return value


def expression(value: str, key: str) -> str:
    try:
        re.compile(value)
    except re.error as problem:
        raise OptionError(key, f"{value!r} is not a regular expression: {problem}") from None
    return value


def url(value: str, key: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if "@" in parts.netloc:
        raise OptionError(key, "it has a user or password in it, which would be shown; a check that signs in is a command or a role")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise OptionError(key, f"{value!r} is not a URL that begins with http:// or https:// and a host")
    return value


def connection(value: dict[str, Any], key: str) -> dict[str, Any]:
    secret = next((name for name in value if _SECRET.search(str(name))), None)
    if secret is not None:
        raise OptionError(key, f"{secret} would be shown in results and reports; set it as a variable of the inventory or of the job")
    return value
