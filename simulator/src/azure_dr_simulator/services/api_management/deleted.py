# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Soft-deleted services: list, get, purge."""

from __future__ import annotations

from ...async_urls import signed
from ...bodies import region_of
from ...paging import page
from ...replies import Reply
from ...routing import Call
from .behaviour import forget
from .failures import apim_error
from .operations import RETRY_AFTER
from .state import ApiManagementState, Deleted, Operation, begin
from .views import deleted_view

PURGE_SECONDS = (30.0, 90.0)


def list_deleted(call: Call) -> Reply:
    subscription = call.vars["subscription"].lower()
    found = [
        one
        for one in call.world.state(ApiManagementState).deleted.values()
        if one.service.subscription_id.lower() == subscription
    ]
    return page(call, found, deleted_view)


def get_deleted(call: Call) -> Reply:
    found = _find(call)
    if found is None:
        name = call.vars["service"]
        raise apim_error(404, "ServiceNotFound", f"Api service does not exist: {name}")
    return Reply(200, deleted_view(found))


def purge(call: Call) -> Reply:
    """202 with the service and Location only; 204 when there is none."""
    found = _find(call)
    if found is None:
        return Reply(204)
    world, service = call.world, found.service
    if found.purging:
        raise apim_error(409, "ServiceLocked", f"The API Service {service.name} is being purged.")
    found.purging, found.purge = True, world.now()

    def finish(operation: Operation) -> None:
        forget(world, found)

    operation = begin(world, service, "Term", world.random.uniform(*PURGE_SECONDS), finish)
    location = signed(call, f"{found.id}/operationResults/{operation.id}", call.api_version)
    headers = {"Location": location, **world.clock.retry_after_headers(RETRY_AFTER)}
    return Reply(202, deleted_view(found), headers)


def _find(call: Call) -> Deleted | None:
    found = call.world.state(ApiManagementState).deleted.get(call.vars["service"].lower())
    location = region_of(call.vars["location"])
    if found is None or found.service.location != location:
        return None
    return found if found.service.subscription_id.lower() == call.vars["subscription"].lower() else None
