# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers inside the machines, as far as the checks of a plan tell. Pure.

Nobody can export what runs in a machine, so a rehearsal takes the checks of ports, web pages and boot logs for granted: what it measures is the
recovery. Whoever wants to see a check fail edits `guest` in the file.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping
from urllib.parse import urlsplit

ADDRESS = "{address}"
_ALWAYS = 22
"""What the simulator's machines listen on unless their guest says otherwise."""


def guests_of(plans: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The guest of each machine, by its id in lower case, that a check of the plans is about."""
    guests: dict[str, dict[str, Any]] = {}
    for plan in plans:
        for check in _checks(plan):
            for vm_id in check.get("vm_ids") or ():
                _add(guests.setdefault(str(vm_id).lower(), {"ports": [_ALWAYS]}), check)
    return guests


def rehearsable(check: Mapping[str, Any]) -> bool:
    """Whether a check can be made in a rehearsal, which is when it asks the machine for a port, a page or a text in its boot log.

    Commands, roles and what is asked of other hosts are for machines with somebody at home, and may reach what is none of a rehearsal's business.
    """
    kind, options = check.get("kind"), check.get("options") or {}
    if kind == "tcp":
        return str(options.get("host") or ADDRESS) == ADDRESS
    if kind == "http":
        return _page(options) is not None
    return kind == "boot_diagnostics" and bool(options.get("contains"))


def _checks(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for stage in plan.get("stages") or ():
        for wave in stage.get("waves") or ():
            yield from wave.get("checks") or ()


def _add(guest: dict[str, Any], check: Mapping[str, Any]) -> None:
    kind, options = check.get("kind"), check.get("options") or {}
    if not rehearsable(check):
        return
    if kind == "tcp":
        _put(guest, "ports", int(options["port"]))
    elif kind == "http":
        _put(guest, "http", _page(options))
    else:
        lines = str(guest.get("boot_log") or "").splitlines()
        guest["boot_log"] = "\n".join(dict.fromkeys([*lines, str(options["contains"])]))


def _put(guest: dict[str, Any], key: str, value: Any) -> None:
    known: list[Any] = guest.setdefault(key, [])
    if value not in known:
        known.append(value)


def _page(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """The page that a check asks for, when it asks the machine itself, without TLS, which the simulator's machines do not have."""
    try:
        url = urlsplit(str(options.get("url")).replace(ADDRESS, "address"))
        port = url.port or 80
    except ValueError:
        return None
    if url.scheme != "http" or url.hostname != "address":
        return None
    status = options.get("status") or [200]
    return {"port": port, "path": url.path or "/", "status": status[0], "body": str(options.get("contains") or "ok")}
