# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a service: create, change, delete softly, bring back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Callable, Mapping

from ...bodies import region_of, tags_of
from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call
from ...world import World
from .content import new_content
from .failures import apim_error, check_unlocked, invalid_parameter
from .identities import identity_of
from .operations import accepted_headers
from .state import SKUS, SUCCEEDED, ApiManagementState, Deleted, Identity, Operation, Service, begin
from .views import service_view

CREATE_SECONDS, CREATE_CONSUMPTION_SECONDS = (29 * 60.0, 45 * 60.0), (40.0, 60.0)
UPDATE_SECONDS, DELETE_SECONDS, UNDELETE_SECONDS = (15 * 60.0, 38 * 60.0), (45.0, 120.0), (5 * 60.0, 15 * 60.0)
"""Virtual seconds, from and to."""
RETENTION = timedelta(hours=48)
_SOFT_DELETE_SINCE = "2020-06-01"
_NAME = re.compile(r"^[a-zA-Z](?:[a-zA-Z0-9-]{0,48}[a-zA-Z0-9])?$")
_SLOW = (
    "hostnameConfigurations",
    "customProperties",
    "virtualNetworkType",
    "virtualNetworkConfiguration",
    "additionalLocations",
    "certificates",
    "disableGateway",
    "publicNetworkAccess",
    "publicIpAddressId",
)
"""Properties whose change is a long operation; the others change at once."""
_CHOSEN = (
    *_SLOW,
    "publisherEmail",
    "publisherName",
    "notificationSenderEmail",
    "apiVersionConstraint",
    "developerPortalStatus",
    "legacyPortalStatus",
    "configurationApi",
)


def find(call: Call) -> Service | None:
    services = call.world.state(ApiManagementState).services
    return services.get(call.vars["subscription"], call.vars["group"], call.vars["service"])


def need(call: Call) -> Service:
    """The service of the path, or 404."""
    found = find(call)
    if found is None:
        raise resource_not_found("Microsoft.ApiManagement/service", call.vars["service"], call.vars["group"])
    return found


def reply(call: Call, service: Service, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """The service itself as the answer."""
    view = service_view(call.world, service, call.api_version)
    return Reply(status, view, {"ETag": f'"{service.etag}"', **(headers or {})})


def put(call: Call) -> Reply:
    """201 when new or brought back, 200 for any change, with the headers of an operation when it takes long."""
    body: Mapping[str, Any] = call.body if isinstance(call.body, dict) else {}
    existing = find(call)
    properties = body.get("properties") or {}
    if existing is not None:
        return _change(call, existing, {"identity": None, "tags": {}, **body}, replace=True)
    if properties.get("restore") is True:
        return _undelete(call)
    return _create(call, body, properties)


def patch(call: Call) -> Reply:
    """What the body has is changed, the rest stays."""
    return _change(call, need(call), call.body if isinstance(call.body, dict) else {}, replace=False)


def delete(call: Call) -> Reply:
    """202 with the service as it was; it is soft-deleted when the operation is over. 204 when there is none."""
    service = find(call)
    if service is None:
        return Reply(204)
    check_unlocked(service)
    world, soft = call.world, call.api_version >= _SOFT_DELETE_SINCE

    def finish(operation: Operation) -> None:
        remove(world, service, soft=soft)
        if service.delete_ending == "gone":
            operation.status = 404

    operation = begin(world, service, "Term", world.random.uniform(*DELETE_SECONDS), finish)
    service.target = "Deleting"
    answer = reply(call, service, 202, accepted_headers(call, service, operation))
    service.state = "Terminating"
    return answer


def remove(world: World, service: Service, *, soft: bool) -> None:
    """Takes the service away; softly deleted it can be brought back for 48 hours."""
    state = world.state(ApiManagementState)
    state.services.remove(service)
    service.state, service.target = SUCCEEDED, ""
    if not soft:
        return
    now = world.now()
    deleted = state.deleted[service.name.lower()] = Deleted(service, now, now + RETENTION)
    world.at(deleted.purge, lambda: forget(world, deleted))


def forget(world: World, deleted: Deleted) -> None:
    """Purges, unless the service was brought back meanwhile."""
    gone = world.state(ApiManagementState).deleted
    if gone.get(deleted.service.name.lower()) is deleted:
        del gone[deleted.service.name.lower()]


def name_problem(world: World, name: str) -> tuple[str, str] | None:
    """(reason, message) when a new service cannot have the name."""
    state = world.state(ApiManagementState)
    if not _NAME.match(name):
        return "Invalid", f"{name} is not a valid name of an API Management service."
    if state.named(name) or name.lower() in state.deleted:
        return "AlreadyExists", f"{name} is already in use. Please select a different name."
    return None


def _create(call: Call, body: Mapping[str, Any], properties: Mapping[str, Any]) -> Reply:
    world, name = call.world, call.vars["service"]
    _check_name(world, name)
    sku, capacity = _sku(body.get("sku") or {}, None)
    location = region_of(body.get("location"))
    if not location:
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    for member in ("publisherEmail", "publisherName"):
        if not properties.get(member):
            raise invalid_parameter(f"'{member}' must not be empty.", member)
    service = Service(
        call.vars["subscription"], call.vars["group"], name, location, sku, capacity, world.now(), state="Created"
    )
    service.identity = identity_of(world, Identity(), body.get("identity"))
    service.properties = {key: properties[key] for key in _CHOSEN if properties.get(key) is not None}
    service.tags = tags_of(body)
    service.zones = body.get("zones")
    if sku == "Consumption":
        service.state = "Activating"
    else:
        service.content = new_content()
    service.target = "Activating"
    world.state(ApiManagementState).services.put(service)
    between = CREATE_CONSUMPTION_SECONDS if sku == "Consumption" else CREATE_SECONDS
    return _activate(call, service, between)


def _undelete(call: Call) -> Reply:
    """Everything but the name is ignored, and taken from the service that was deleted."""
    state = call.world.state(ApiManagementState)
    deleted = state.deleted.get(call.vars["service"].lower())
    group = (call.vars["subscription"].lower(), call.vars["group"].lower())
    if deleted is None or group != (deleted.service.subscription_id.lower(), deleted.service.resource_group.lower()):
        # No source tells what Azure answers here.
        text = f"Api service {call.vars['service']} is not in a soft-deleted state and cannot be restored."
        raise apim_error(400, "InvalidParameters", text)
    if deleted.purging:
        raise apim_error(409, "ServiceLocked", f"The API Service {deleted.service.name} is being purged.")
    forget(call.world, deleted)
    service = state.services.put(deleted.service)
    service.state = service.target = "Activating"
    return _activate(call, service, UNDELETE_SECONDS)


def _activate(call: Call, service: Service, between: tuple[float, float]) -> Reply:
    operation = begin(call.world, service, "Act", call.world.random.uniform(*between), _settled(service))
    answer = reply(call, service, 201, accepted_headers(call, service, operation))
    service.state = "Activating"
    return answer


def _settled(service: Service) -> Callable[[Operation], None]:
    def done(operation: Operation) -> None:
        service.state, service.target = SUCCEEDED, ""

    return done


def _change(call: Call, service: Service, body: Mapping[str, Any], *, replace: bool) -> Reply:
    check_unlocked(service)
    world = call.world
    given = body.get("properties") or {}
    kept = {} if replace else service.properties
    properties = {**kept, **{key: given[key] for key in _CHOSEN if given.get(key) is not None}}
    sku, capacity = _sku(body.get("sku") or {}, service)
    identity = identity_of(world, service.identity, body["identity"]) if "identity" in body else service.identity
    tags = tags_of(body) if "tags" in body else service.tags
    before, after = _shown(world, service, service.properties), _shown(world, service, properties)
    slow = any(before[key] != after[key] for key in _SLOW)
    slow = slow or (sku, capacity, identity) != (service.sku, service.capacity, service.identity)
    service.version += (tags, after) != (service.tags, before)
    service.tags, service.properties = tags, properties
    if not slow:
        return reply(call, service)

    def finish(operation: Operation) -> None:
        service.sku, service.capacity, service.identity = sku, capacity, identity
        service.state = SUCCEEDED

    operation = begin(world, service, "Update", world.random.uniform(*UPDATE_SECONDS), finish)
    service.state = "Updating"
    # The specification has 200 and 201 for PUT and 202 for PATCH only, and clients take no others.
    return reply(call, service, 200 if replace else 202, accepted_headers(call, service, operation))


def _shown(world: World, service: Service, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties as they would be shown: a client that sends back what it read changes nothing."""
    shadow = Service(
        "", "", service.name, service.location, service.sku, service.capacity, service.created, dict(properties)
    )
    shown: dict[str, Any] = service_view(world, shadow, "2024-05-01")["properties"]
    return shown


def _sku(given: Mapping[str, Any], service: Service | None) -> tuple[str, int]:
    name = str(given.get("name") or (service.sku if service else ""))
    if name not in SKUS:
        raise invalid_parameter(f"Requested value '{name}' was not found.", "sku")
    capacity = given.get("capacity")
    if capacity is None:
        capacity = service.capacity if service else 0 if name == "Consumption" else 1
    fits = isinstance(capacity, int) and (capacity < 1) == (name == "Consumption")
    if not fits or (name == "Developer" and capacity > 1):
        raise invalid_parameter(f"Capacity {capacity} is not possible with SKU {name}.", "sku")
    return name, capacity


def _check_name(world: World, name: str) -> None:
    if name.lower() in world.state(ApiManagementState).deleted:
        raise apim_error(
            409,
            "ServiceAlreadyExistsInSoftDeletedState",
            f"Api service {name} was soft-deleted. In order to create the new service with the same name, you have to "
            "either undelete the service or purge it. See https://aka.ms/apimsoftdelete.",
        )
    problem = name_problem(world, name)
    if problem is not None and problem[0] == "AlreadyExists":
        raise apim_error(409, "ServiceAlreadyExists", f"Api service already exists: {name}")
    if problem is not None:
        raise invalid_parameter(problem[1], "serviceName")
