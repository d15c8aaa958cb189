# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of a plan or of a role: what kinds there are, and what each needs to know. All wrong input is told with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from .._arm.errors import OptionError
from .endpoints import check_port, split_url

KINDS = ("tcp", "http", "boot_diagnostics", "command", "role")
EACH, WAVE = "each", "wave"
DEFAULT_TIMEOUT = 300

_OPTIONS: Mapping[str, Mapping[str, type]] = {
    "tcp": {"port": int, "host": str},
    "http": {
        "url": str,
        "connect_to": str,
        "method": str,
        "headers": dict,
        "url_username": str,
        "url_password": str,
        "status": list,
        "contains": str,
        "validate_certs": bool,
        "ca_path": str,
        "follow_redirects": bool,
    },
    "boot_diagnostics": {"contains": str, "matches": str},
    "command": {"cmd": str, "connection": dict},
    "role": {"name": str, "vars": dict, "connection": dict},
}
_REQUIRED: Mapping[str, str] = {"tcp": "port", "http": "url", "command": "cmd", "role": "name"}


@dataclass(frozen=True)
class Check:
    """One check. ``vm_ids`` are those of the VMs that were recovered; None means all of them."""

    name: str
    kind: str
    on: str
    vm_ids: tuple[str, ...] | None
    timeout: int
    options: Mapping[str, Any] = field(repr=False)


def read_checks(documents: Sequence[Mapping[str, Any]], place: str = "checks") -> list[Check]:
    """The checks; raises OptionError, which names the place."""
    return [read_check(document, f"{place}[{number}]") for number, document in enumerate(documents)]


def read_check(document: Mapping[Any, Any], place: str) -> Check:
    kind = str(document.get("kind") or "")
    if kind not in KINDS:
        raise OptionError(f"{place}.kind", f"{kind[:40]!r} is none of {', '.join(KINDS)}")
    name = str(document.get("name") or "").strip()
    if not name:
        raise OptionError(f"{place}.name", "give the check a name")
    # YAML reads the bare word on as true.
    on = str(document.get("on") or document.get(True) or EACH)
    if on not in (EACH, WAVE):
        raise OptionError(f"{place}.on", f"{on[:40]!r} is none of each, wave")
    options = check_options(kind, document.get("options") or {}, f"{place}.options")
    if on == WAVE and kind == "boot_diagnostics":
        raise OptionError(f"{place}.on", "boot_diagnostics are of a VM, so the check is made for each")
    if on == WAVE and kind == "command" and not options.get("connection"):
        raise OptionError(f"{place}.options.connection", "a command that runs once needs to know where; ansible_connection: local is the controller")
    ids = document.get("vm_ids")
    chosen = None if ids is None else tuple(str(one) for one in ids)
    return Check(name, kind, on, chosen, _timeout(document.get("timeout_seconds"), f"{place}.timeout_seconds"), options)


def check_options(kind: str, options: Any, place: str) -> dict[str, Any]:
    """The options of a check of this kind; raises OptionError for what is unknown, missing, or of another type."""
    if not isinstance(options, Mapping):
        raise OptionError(place, "a mapping is expected")
    allowed = _OPTIONS[kind]
    for name, value in options.items():
        if name not in allowed:
            raise OptionError(f"{place}.{name}", f"a check of the kind {kind} has no such option, but {', '.join(allowed)}")
        if value is not None and not _is(value, allowed[name]):
            raise OptionError(f"{place}.{name}", f"a value of the type {allowed[name].__name__} is expected")
    found = {str(name): value for name, value in options.items() if value is not None}
    required = _REQUIRED.get(kind)
    if required and not found.get(required):
        raise OptionError(f"{place}.{required}", "is required")
    if kind == "tcp" and "{" not in str(found["port"]):
        check_port(found["port"], f"{place}.port")
    if kind == "http":
        split_url(str(found["url"]).replace("{address}", "192.0.2.1").replace("{name}", "name"), f"{place}.url", ("http", "https"))
    if kind == "boot_diagnostics" and bool(found.get("contains")) == bool(found.get("matches")):
        raise OptionError(place, "give either contains or matches")
    return found


def _is(value: Any, wanted: type) -> bool:
    if wanted is int:
        # A template makes text of a number.
        return isinstance(value, (int, str)) and not isinstance(value, bool)
    if wanted is dict:
        return isinstance(value, Mapping)
    if wanted is list:
        return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    return isinstance(value, wanted)


def _timeout(value: Any, place: str) -> int:
    if value is None:
        return DEFAULT_TIMEOUT
    try:
        seconds = int(value)
    except (TypeError, ValueError):
        seconds = -1
    if seconds < 0:
        raise OptionError(place, f"{str(value)[:40]!r} is not a number of seconds")
    return seconds
