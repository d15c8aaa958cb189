# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of subscriptions, tenants, resource groups, regions, providers and lists of resources."""

from __future__ import annotations

from functools import partial

from ...estate import Estate
from ...paging import page
from ...replies import AzureError, Reply
from ...routing import Call, Router
from ...world import World
from . import deployments
from .behaviour import (
    delete_group,
    group_deletion,
    known_namespace,
    list_resources,
    parse_filter,
    patch_group,
    put_group,
    regions,
    register_provider,
)
from .state import PROVIDERS, ResourcesState
from .tags import get_tags, patch_tags
from .views import group_view, locations_view, provider_view, subscription_view, tenant_view

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"


def register(router: Router, world: World) -> None:
    """Adds the routes."""
    add = router.add
    add("GET", "/subscriptions", _subscriptions)
    add("GET", "/tenants", lambda call: Reply(200, {"value": [tenant_view(_estate(call))]}))
    add("GET", _SUBSCRIPTION, lambda call: Reply(200, subscription_view(_estate(call))))
    add("GET", f"{_SUBSCRIPTION}/locations", lambda call: Reply(200, {"value": locations_view(_estate(call))}))
    add("GET", f"{_SUBSCRIPTION}/resources", list_resources)
    add("GET", f"{_GROUP}/resources", list_resources)
    add("GET", f"{_SUBSCRIPTION}/resourceGroups", _groups)
    add("GET", _GROUP, _group)
    add("HEAD", _GROUP, _has_group)
    add("PUT", _GROUP, put_group)
    add("PATCH", _GROUP, patch_group)
    add("DELETE", _GROUP, delete_group)
    add("GET", f"{_SUBSCRIPTION}/operationresults/{{operation}}", group_deletion)
    add("GET", f"{_SUBSCRIPTION}/providers", _providers)
    add("GET", f"{_SUBSCRIPTION}/providers/{{namespace}}", _provider)
    add("POST", f"{_SUBSCRIPTION}/providers/{{namespace}}/register", partial(register_provider, registered=True))
    add("POST", f"{_SUBSCRIPTION}/providers/{{namespace}}/unregister", partial(register_provider, registered=False))
    deployment = f"{_GROUP}/providers/Microsoft.Resources/deployments"
    add("GET", deployment, deployments.list_deployments)
    add("GET", f"{deployment}/{{name}}", deployments.get_deployment)
    add("PUT", f"{deployment}/{{name}}", deployments.put_deployment)
    add("POST", f"{deployment}/{{name}}/validate", deployments.validate)
    add("GET", f"{_GROUP}/deployments/{{name}}/operations", deployments.list_operations)
    add("GET", f"{deployment}/{{name}}/operationStatuses/{{operation}}", deployments.get_status)
    world.state(ResourcesState).cleaners.append(deployments.clean)
    tags = f"{_GROUP}/providers/{{namespace}}/{{kind}}/{{name}}/providers/Microsoft.Resources/tags/default"
    add("GET", tags, get_tags)
    add("PATCH", tags, patch_tags)
    for kind in ("ClassicStorage/storageAccounts", "ClassicCompute/virtualMachines"):
        add("GET", f"{_GROUP}/providers/Microsoft.{kind}/{{name}}", partial(_classic, kind=kind))


def _estate(call: Call) -> Estate:
    estate = call.world.state(ResourcesState).estate
    if estate is None:
        raise AzureError(404, "SubscriptionNotFound", "The subscription could not be found.")
    return estate


def _subscriptions(call: Call) -> Reply:
    """The subscription, for callers with a role in it."""
    estate = _estate(call)
    visible = any(one.object_id == call.principal and one.roles for one in estate.principals)
    return Reply(
        200,
        {"value": [subscription_view(estate)] if visible else [], "count": {"type": "Total", "value": int(visible)}},
    )


def _groups(call: Call) -> Reply:
    state = call.world.state(ResourcesState)
    test, _by_tag = parse_filter(call.query.get("$filter", ""))
    groups = [one for one in state.groups.values() if one.subscription_id.lower() == call.vars["subscription"].lower() and test(group_view(one))]
    return page(call, sorted(groups, key=lambda one: one.name.lower()), group_view)


def _group(call: Call) -> Reply:
    return Reply(
        200, group_view(call.world.state(ResourcesState).need_group(call.vars["subscription"], call.vars["group"]))
    )


def _has_group(call: Call) -> Reply:
    found = call.world.state(ResourcesState).has_group(call.vars["subscription"], call.vars["group"])
    return Reply(204 if found else 404)


def _providers(call: Call) -> Reply:
    return page(call, sorted(PROVIDERS), lambda namespace: _provider_of(call, namespace))


def _provider(call: Call) -> Reply:
    return Reply(200, _provider_of(call, known_namespace(call.vars["namespace"])))


def _provider_of(call: Call, namespace: str) -> dict[str, object]:
    registered = call.world.state(ResourcesState).is_registered(namespace)
    return provider_view(call.vars["subscription"], namespace, registered, regions(call))


def _classic(call: Call, kind: str) -> Reply:
    """Classic resources never exist; the Azure CLI looks for them before it looks for the others."""
    raise AzureError(
        404,
        "ResourceNotFound",
        f"The Resource 'Microsoft.{kind}/{call.vars['name']}' under resource group '{call.vars['group']}' was not found. For more "
        "details please go to https://aka.ms/ARMResourceNotFoundFix",
        headers={"x-ms-failure-cause": "gateway"},
    )
