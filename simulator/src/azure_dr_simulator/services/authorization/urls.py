# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the caller may do at a place: the roles that it has there or above, as Azure lists them (api-version 2022-04-01)."""

from __future__ import annotations

from typing import Any

from ...gate.roles import Grant, grants_of
from ...paging import page
from ...replies import Reply
from ...routing import Call, Router
from ...world import World
from ..resources.state import ResourcesState

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"
_RESOURCE = f"{_GROUP}/providers/{{namespace}}/{{kind}}/{{name}}"
_PERMISSIONS = "providers/Microsoft.Authorization/permissions"


def register(router: Router, world: World) -> None:
    """Adds the routes."""
    for scope in (_SUBSCRIPTION, _GROUP, _RESOURCE, f"{_RESOURCE}/{{inner_kind}}/{{inner_name}}"):
        router.add("GET", f"{scope}/{_PERMISSIONS}", _list_permissions)


def _list_permissions(call: Call) -> Reply:
    scope = call.raw_path.lower().rpartition("/providers/microsoft.authorization/")[0] + "/"
    return page(call, [grant for grant in _grants(call) if scope.startswith(grant.scope)], _view)


def _grants(call: Call) -> list[Grant]:
    estate = call.world.state(ResourcesState).estate
    principals = estate.principals if estate is not None else ()
    own = [one for one in principals if one.object_id == call.principal]
    return [grant for one in own for grant in grants_of(one, estate.subscription_id if estate else "")]


def _view(grant: Grant) -> dict[str, Any]:
    return {
        "actions": list(grant.allowed),
        "notActions": list(grant.denied),
        "dataActions": list(grant.data),
        "notDataActions": [],
    }
