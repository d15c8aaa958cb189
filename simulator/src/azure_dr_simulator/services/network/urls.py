# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of virtual networks, subnets, network interfaces, public addresses and security groups."""

from __future__ import annotations

from functools import partial

from ...paging import page
from ...replies import Reply
from ...routing import Call, Router
from ...world import World
from .behaviour import delete, delete_subnet, need, need_subnet, patch, put, put_subnet
from .state import KINDS, NetworkState, addresses_used
from .views import network_view, subnet_view, usage_view

_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Network"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"


def register(router: Router, world: World) -> None:
    """Adds the routes."""
    for kind in KINDS:
        for root in (_SUBSCRIPTION, _GROUP):
            router.add("GET", f"{root}/{kind}", partial(_list, kind=kind))
        router.add("GET", f"{_GROUP}/{kind}/{{name}}", partial(_get, kind=kind))
        router.add("PUT", f"{_GROUP}/{kind}/{{name}}", partial(put, kind=kind))
        router.add("PATCH", f"{_GROUP}/{kind}/{{name}}", partial(patch, kind=kind))
        router.add("DELETE", f"{_GROUP}/{kind}/{{name}}", partial(delete, kind=kind))
    subnets = f"{_GROUP}/virtualNetworks/{{name}}/subnets"
    router.add("GET", f"{_GROUP}/virtualNetworks/{{name}}/usages", _list_usages)
    router.add("GET", subnets, _list_subnets)
    router.add("GET", f"{subnets}/{{subnet}}", lambda call: Reply(200, subnet_view(*need_subnet(call))))
    router.add("PUT", f"{subnets}/{{subnet}}", put_subnet)
    router.add("DELETE", f"{subnets}/{{subnet}}", delete_subnet)


def _list(call: Call, kind: str) -> Reply:
    found = call.world.state(NetworkState).store(kind).within(call.vars["subscription"], call.vars.get("group"))
    found.sort(key=lambda one: (one.resource_group.lower(), one.name.lower()))
    return page(call, found, network_view)


def _get(call: Call, kind: str) -> Reply:
    return Reply(200, network_view(need(call, kind)))


def _list_subnets(call: Call) -> Reply:
    network = need(call, "virtualNetworks")
    return page(call, network.properties.get("subnets", []), lambda subnet: subnet_view(network, subnet))


def _list_usages(call: Call) -> Reply:
    """How many addresses of each subnet are taken."""
    network = need(call, "virtualNetworks")
    used = addresses_used(call.world.state(NetworkState))
    subnets = network.properties.get("subnets", [])
    return page(call, subnets, lambda subnet: usage_view(subnet, used[subnet["id"].lower()]))
