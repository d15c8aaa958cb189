# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of API Management services, of what they serve, and of deleted services."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Callable

from ...paging import page
from ...replies import AzureError, Reply
from ...routing import Call, Router
from ...world import World
from . import behaviour, content
from .backups import back_up, restore
from .behaviour import name_problem, need, reply
from .operations import purge_result, service_result
from .deleted import get_deleted, list_deleted, purge
from .state import DEDICATED, ApiManagementState, Service
from .views import service_view

_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.ApiManagement"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ApiManagement"
_SERVICE = f"{_GROUP}/service/{{service}}"
_DELETED = f"{_SUBSCRIPTION}/locations/{{location}}/deletedservices/{{service}}"
_CAPACITIES = {"Developer": (1, 1), "Basic": (1, 2), "Standard": (1, 4), "Premium": (1, 12)}


def register(router: Router, world: World) -> None:
    """Adds the routes."""
    for root in (_SUBSCRIPTION, _GROUP):
        router.add("GET", f"{root}/service", _list)
    router.add("POST", f"{_SUBSCRIPTION}/checkNameAvailability", _check_name)
    router.add("GET", f"{_SUBSCRIPTION}/deletedservices", list_deleted)
    router.add("GET", _DELETED, get_deleted)
    router.add("DELETE", _DELETED, purge)
    router.add("GET", f"{_DELETED}/operationResults/{{operation}}", purge_result)
    router.add("GET", _SERVICE, lambda call: reply(call, need(call)))
    router.add("PUT", _SERVICE, behaviour.put)
    router.add("PATCH", _SERVICE, behaviour.patch)
    router.add("DELETE", _SERVICE, behaviour.delete)
    router.add("POST", f"{_SERVICE}/backup", lambda call: back_up(call, need(call)))
    router.add("POST", f"{_SERVICE}/restore", lambda call: restore(call, need(call)))
    router.add("GET", f"{_SERVICE}/operationResults/{{operation}}", service_result)
    router.add("GET", f"{_SERVICE}/skus", _skus)
    router.add("POST", f"{_SERVICE}/getssotoken", _sso_token)
    router.add("GET", f"{_SERVICE}/networkstatus", _network_status)
    _register_content(router)


def _register_content(router: Router) -> None:
    for kind, below in content.KINDS.items():
        _register_kind(router, kind)
        for inner in below:
            _register_kind(router, f"{kind}/{{parent}}/{inner}")
    value = f"{_SERVICE}/namedValues/{{name}}/listValue"
    router.add("POST", value, lambda call: content.secret_value(need(call), f"namedValues/{call.vars['name']}"))


def _register_kind(router: Router, folder: str) -> None:
    member = f"{folder}/{{name}}"
    for template, handlers in (
        (folder, {"GET": content.list_content}),
        (
            member,
            {
                "GET": content.get_content,
                "HEAD": content.get_content,
                "PUT": content.put_content,
                "PATCH": content.patch_content,
                "DELETE": content.delete_content,
            },
        ),
    ):
        for method, handler in handlers.items():
            router.add(method, f"{_SERVICE}/{template}", partial(_at, template=template, handler=handler))


def _at(call: Call, *, template: str, handler: Callable[[Call, Service, str], Reply]) -> Reply:
    service = need(call)
    return handler(call, service, template.format(**call.vars))


def _list(call: Call) -> Reply:
    services = call.world.state(ApiManagementState).services.within(call.vars["subscription"], call.vars.get("group"))
    services.sort(key=lambda one: one.name.lower())
    return page(call, services, lambda one: service_view(call.world, one, call.api_version))


def _check_name(call: Call) -> Reply:
    name = str((call.body or {}).get("name", "")) if isinstance(call.body, dict) else ""
    reason, message = name_problem(call.world, name) or ("Valid", "")
    return Reply(200, {"nameAvailable": reason == "Valid", "reason": reason, "message": message})


def _skus(call: Call) -> Reply:
    """The tiers a service can change to: dedicated ones among themselves."""
    own = need(call).sku
    names = DEDICATED if own in DEDICATED else (own,)
    rows = []
    for name in names:
        least, most = _CAPACITIES.get(name, (0, 0) if name == "Consumption" else (1, 10))
        scale = "automatic" if most > least else "none"
        rows.append(
            {
                "resourceType": "Microsoft.ApiManagement/service",
                "sku": {"name": name},
                "capacity": {"minimum": least, "maximum": most, "default": least, "scaleType": scale},
            }
        )
    return Reply(200, {"value": rows})


def _sso_token(call: Call) -> Reply:
    """The address that signs the caller in to the portal, with a token."""
    service = need(call)
    if service.sku == "Consumption":
        raise AzureError(400, "MethodNotAllowedInPricingTier", "Method not allowed in Consumption pricing tier")
    token = secrets.token_urlsafe(48)
    call.world.state(ApiManagementState).sso_tokens.append(token)
    host = f"https://{service.name.lower()}.portal.azure-api.net:443"
    return Reply(200, {"redirectUri": f"{host}/signin-sso?token={token}"})


def _network_status(call: Call) -> Reply:
    service = need(call)
    status = {"dnsServers": ["168.63.129.16"], "connectivityStatus": []}
    return Reply(200, [{"location": service.shown_location, "networkStatus": status}])
