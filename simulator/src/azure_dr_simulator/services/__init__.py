# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated services. Each room has `urls.register`, and `state.load` and `state.dump` (or `estate.load`).

A room that gives out credentials (storage keys) also has `state.credentials`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Callable, Iterable

from ..estate import Estate
from ..routing import Router
from ..world import World


@dataclass(frozen=True)
class Service:
    name: str
    register: Callable[[Router, World], None]
    load: Callable[[World, Estate], None]
    dump: Callable[[World], Any]
    credentials: Callable[[World], Iterable[str]]


NAMES = ("resources", "network", "storage", "compute", "recovery_services")
"""In the order in which the estate is loaded: VMs need networks, vaults need VMs."""


def services() -> list[Service]:
    """All services that are installed."""
    found = []
    for name in NAMES:
        try:
            urls = importlib.import_module(f".{name}.urls", __package__)
        except ModuleNotFoundError:
            continue
        state = importlib.import_module(f".{name}.state", __package__)
        try:
            loader = importlib.import_module(f".{name}.estate", __package__)
        except ModuleNotFoundError:
            loader = state
        dump, credentials = getattr(state, "dump", _nothing), getattr(state, "credentials", _nothing)
        found.append(Service(name, urls.register, loader.load, dump, credentials))
    return found


def _nothing(world: World) -> dict[str, Any]:
    return {}
