# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate's key `guest` of a virtual machine: what its operating system says and answers once it runs."""

from __future__ import annotations

from dataclasses import dataclass

from .estate_reader import EstateError, Reader

HIGHEST_PORT = 65535


@dataclass(frozen=True)
class GuestPage:
    """What a web server in the guest answers to requests for `path`, whatever their method."""

    port: int
    path: str = "/"
    status: int = 200
    body: str = "ok"


@dataclass(frozen=True)
class Guest:
    ports: tuple[int, ...] = (22,)
    """TCP ports that accept connections and say nothing."""
    http: tuple[GuestPage, ...] = ()
    boot_log: str = ""
    """The serial console's log; empty means that boot diagnostics are not enabled."""
    boots: bool = True
    """False: the machine runs, but nothing in it comes up, and its log stops half way."""

    def listens(self, port: int) -> bool:
        return self.boots and (port in self.ports or any(page.port == port for page in self.http))


def read_guest(machine: Reader) -> Guest:
    """The guest of an entry of `virtual_machines`. Raises EstateError."""
    given = machine.value("guest")
    if given is None:
        return Guest()
    item = Reader(given, machine.place("guest"))
    pages = tuple(_page(entry) for entry in item.items("http"))
    guest = Guest(_ports(item), pages, item.text("boot_log", ""), item.flag("boots", True))
    item.done()
    return guest


def _ports(item: Reader) -> tuple[int, ...]:
    if item.value("ports") is None:
        return Guest.ports
    ports = item.values("ports")
    for number, port in enumerate(ports):
        if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= HIGHEST_PORT:
            raise EstateError(item.place(f"ports[{number}]"), f"must be a port, 1 to {HIGHEST_PORT}")
    return tuple(ports)


def _page(item: Reader) -> GuestPage:
    page = GuestPage(item.number("port"), item.text("path", "/"), item.number("status", 200), item.text("body", "ok"))
    if not 1 <= page.port <= HIGHEST_PORT:
        raise EstateError(item.place("port"), f"must be a port, 1 to {HIGHEST_PORT}")
    if not 200 <= page.status <= 599:
        raise EstateError(item.place("status"), "must be a status, 200 to 599")
    if not page.path.startswith("/"):
        raise EstateError(item.place("path"), "must begin with a slash")
    item.done()
    return page
