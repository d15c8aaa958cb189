# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated services. Each room has `urls.register`, a `load` (in `estate` or `state`) and `state.dump`.

A room that gives out credentials (storage keys, passwords of scripts) also has `state.credentials`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterable

from ..estate import Estate
from ..routing import Router
from ..world import World
from .api_management import estate as api_management_estate
from .api_management import state as api_management_state
from .api_management import urls as api_management_urls
from .authorization import urls as authorization_urls
from .compute import estate as compute_estate
from .compute import state as compute_state
from .compute import urls as compute_urls
from .insights import state as insights_state
from .insights import urls as insights_urls
from .network import state as network_state
from .network import urls as network_urls
from .recovery_services import estate as recovery_services_estate
from .recovery_services import state as recovery_services_state
from .recovery_services import urls as recovery_services_urls
from .resources import state as resources_state
from .resources import urls as resources_urls
from .storage import state as storage_state
from .storage import urls as storage_urls


@dataclass(frozen=True)
class Service:
    name: str
    register: Callable[[Router, World], None]
    load: Callable[[World, Estate], None]
    dump: Callable[[World], Any]
    credentials: Callable[[World], Iterable[str]] = lambda world: ()


def services() -> list[Service]:
    """All services, in the order in which the estate is loaded: machines need networks, vaults need machines."""
    storage = Service(
        "storage", storage_urls.register, storage_state.load, storage_state.dump, storage_state.credentials
    )
    compute = Service(
        "compute", compute_urls.register, compute_estate.load, compute_state.dump, compute_state.credentials
    )
    recovery_services = Service(
        "recovery_services",
        recovery_services_urls.register,
        recovery_services_estate.load,
        recovery_services_state.dump,
        recovery_services_state.credentials,
    )
    api_management = Service(
        "api_management",
        api_management_urls.register,
        api_management_estate.load,
        api_management_state.dump,
        api_management_state.credentials,
    )
    return [
        Service("resources", resources_urls.register, resources_state.load, resources_state.dump),
        Service("network", network_urls.register, network_state.load, network_state.dump),
        storage,
        compute,
        recovery_services,
        api_management,
        Service("authorization", authorization_urls.register, lambda world, estate: None, lambda world: {}),
        Service("insights", insights_urls.register, insights_state.load, insights_state.dump),
    ]
