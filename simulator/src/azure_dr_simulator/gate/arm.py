# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ARM endpoint: what every request passes on its way to a handler, in ARM's order of checks.

sign-in (401), api-version (400), subscription (404), throttling (429), role (403), resource group (404), registration of
the provider (409), body (400), then the handler. It knows nothing of HTTP servers: an `Incoming` goes in, a `Reply` comes out.
"""

from __future__ import annotations

import json
import re
import traceback
import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Mapping
from urllib.parse import parse_qsl

from ..estate import Estate, Principal
from ..identity.tokens import TokenIssuer
from ..replies import AzureError, Reply
from ..routing import Arm, Call, Route, Router
from ..services.resources.state import ResourcesState, group_not_found
from ..world import World
from .actions import Action, action_of
from .auth import authenticate
from .recorder import Entry
from .resource_limits import ResourceLimits
from .roles import Grant, forbidden, grants_of, may
from .throttle import Throttle

_API_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(-[A-Za-z0-9]+)?$")
_GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


@dataclass
class Incoming:
    """One request as it arrived."""

    method: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    base_url: str
    query: dict[str, str] = field(init=False)
    """Decoded, names in lower case."""

    def __post_init__(self) -> None:
        self.query = {name.lower(): value for name, value in parse_qsl(self.raw_query, keep_blank_values=True)}


class ArmEndpoint:
    """Answers ARM requests."""

    def __init__(self, world: World, router: Router, estate: Estate, tokens: TokenIssuer, throttle: Throttle) -> None:
        self.world = world
        self.router = router
        self.estate = estate
        self.tokens = tokens
        self.throttle = throttle
        world.state(ResourceLimits).profile = throttle.profile
        world.state(Arm).for_caller = self._for_caller
        self.log: Callable[[str], None] = lambda text: None
        self._grants: dict[str, tuple[Grant, ...]] = {
            principal.object_id: grants_of(principal, estate.subscription_id) for principal in estate.principals
        }

    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """The answer with ARM's common headers; never raises."""
        self.world.settle()
        counters: dict[str, str] = {}
        try:
            reply = self._answer(incoming, entry, counters)
        except AzureError as error:
            reply = error.reply()
        except Exception:
            self.log(f"{incoming.method} {incoming.raw_path}\n{traceback.format_exc()}")
            entry.faults.append("internal")
            reply = AzureError(500, "InternalServerError", "The simulator failed; its log has the trace.").reply()
        return Reply(reply.status, reply.body, {**self._common_headers(incoming), **counters, **reply.headers})

    def _answer(self, incoming: Incoming, entry: Entry, counters: dict[str, str]) -> Reply:
        principal = authenticate(incoming.headers.get("authorization"), self.tokens, self.estate, incoming.base_url)
        entry.principal = principal.object_id
        _check_api_version(incoming.query)
        action = action_of(incoming.method, incoming.raw_path)
        self._check_subscription(action)
        counters.update(self.throttle.take(action))
        route, variables = self._admit(principal, action, incoming.method, incoming.raw_path, incoming.query)
        call = Call(
            world=self.world,
            method=incoming.method,
            raw_path=incoming.raw_path,
            query=incoming.query,
            body=_json(incoming.body),
            base_url=incoming.base_url,
            principal=principal.object_id,
            headers=incoming.headers,
            vars=variables,
        )
        return route.handler(call)

    def _admit(
        self, principal: Principal, action: Action, method: str, raw_path: str, query: Mapping[str, str]
    ) -> tuple[Route, dict[str, str]]:
        self._check_role(principal, action)
        self._check_group(raw_path, action)
        self._check_registration(action)
        found = self.router.find(method, raw_path)
        if found is None:
            raise self._no_route(method, raw_path, query.get("api-version", ""), action)
        return found

    def _for_caller(self, call: Call) -> Callable[[], Reply]:
        """Checks a request that ARM makes in the name of a caller, as the caller's own would be; sends it when called."""
        principal = next(one for one in self.estate.principals if one.object_id == call.principal)
        action = action_of(call.method, call.raw_path)
        route, variables = self._admit(principal, action, call.method, call.raw_path, call.query)
        return lambda: route.handler(replace(call, vars=variables))

    def _check_subscription(self, action: Action) -> None:
        if not action.subscription:
            return
        if not _GUID.match(action.subscription):
            raise _gateway(
                400,
                "InvalidSubscriptionId",
                f"The provided subscription identifier '{action.subscription}' is malformed or invalid.",
            )
        if not self.world.state(ResourcesState).has_subscription(action.subscription):
            raise _gateway(404, "SubscriptionNotFound", f"The subscription '{action.subscription}' could not be found.")

    def _check_role(self, principal: Principal, action: Action) -> None:
        """Tenant-level reads (`/subscriptions`, Resource Graph) are open to all; their answers are filtered instead."""
        if action.subscription and not may(self._grants[principal.object_id], action.name, action.scope):
            raise forbidden(principal, action)

    def _check_group(self, raw_path: str, action: Action) -> None:
        inside = raw_path.strip("/").count("/") > 3
        groups = self.world.state(ResourcesState)
        if action.group and inside and not groups.has_group(action.subscription, action.group):
            raise group_not_found(action.group)

    def _check_registration(self, action: Action) -> None:
        if not action.provider or action.verb == "read" or action.name.lower().endswith("/register/action"):
            return
        if not self.world.state(ResourcesState).is_registered(action.provider):
            raise _gateway(
                409,
                "MissingSubscriptionRegistration",
                f"The subscription is not registered to use namespace '{action.provider}'. See https://aka.ms/rps-not-found for how "
                "to register subscriptions.",
            )

    def _no_route(self, method: str, raw_path: str, version: str, action: Action) -> AzureError:
        allowed = self.router.methods(raw_path)
        if allowed:
            error = _gateway(
                405, "MethodNotAllowed", f"The requested resource does not support http method '{method}'."
            )
            error.headers["Allow"] = ", ".join(sorted(allowed))
            return error
        if not action.provider:
            return _gateway(404, "NotFound", f"The simulator does not know '{raw_path}'.")
        state = self.world.state(ResourcesState)
        if not state.knows_provider(action.provider):
            return _gateway(404, "InvalidResourceNamespace", f"The resource namespace '{action.provider}' is invalid.")
        kind = action.name.split("/", 1)[1].rsplit("/", 1)[0]
        return _gateway(
            404,
            "InvalidResourceType",
            f"The resource type '{kind}' could not be found in the namespace '{action.provider}' for api version "
            f"'{version}'. The simulator does not have it.",
        )

    def _common_headers(self, incoming: Incoming) -> dict[str, str]:
        request_id = str(uuid.uuid4())
        correlation = incoming.headers.get("x-ms-correlation-request-id", request_id)
        region = self.estate.location.upper()
        headers = {
            "Cache-Control": "no-cache",
            "Pragma": "no-cache",
            "Expires": "-1",
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": correlation,
            "x-ms-routing-request-id": f"{region}:{self.world.now():%Y%m%dT%H%M%SZ}:{uuid.uuid4()}",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            "X-Cache": "CONFIG_NOCACHE",
        }
        if incoming.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            headers["x-ms-client-request-id"] = incoming.headers.get("x-ms-client-request-id", "")
        return headers


def _gateway(status: int, code: str, message: str) -> AzureError:
    return AzureError(status, code, message, headers={"x-ms-failure-cause": "gateway"})


def _check_api_version(query: Mapping[str, str]) -> None:
    version = query.get("api-version", "")
    if not version:
        raise _gateway(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _API_VERSION.match(version):
        raise _gateway(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are of the form YYYY-MM-DD.",
        )


def _json(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise _gateway(
            400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{error}'."
        ) from None
