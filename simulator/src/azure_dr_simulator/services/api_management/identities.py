# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed identities of services: which there are, and what they may do with blobs."""

from __future__ import annotations

from typing import Any, Mapping

from ...estate import Principal
from ...gate.roles import grants_of, may_data
from ...world import World
from ..resources.state import ResourcesState
from ..storage.state import Account
from .failures import invalid_parameter
from .state import Identity, Service

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def user_identity(world: World, resource_id: str) -> Principal | None:
    """The managed identity of the estate with the name that ends the ARM id of a user-assigned identity."""
    parts = resource_id.strip("/").lower().split("/")
    if len(parts) != 8 or parts[6] != "userassignedidentities":
        return None
    estate = world.state(ResourcesState).estate
    managed = [one for one in estate.principals if one.kind == "managed_identity"] if estate else []
    return next((one for one in managed if one.name.lower() == parts[7]), None)


def identity_of(world: World, current: Identity, body: Any) -> Identity:
    """The identities that a request's `identity` asks for. Raises AzureError 400 for one that does not exist."""
    given: Mapping[str, Any] = body if isinstance(body, dict) else {}
    kinds = {part.strip().lower() for part in str(given.get("type") or "None").split(",")}
    system = (current.system or world.new_id()) if "systemassigned" in kinds else ""
    users = list(given.get("userAssignedIdentities") or {}) if "userassigned" in kinds else []
    for one in users:
        if user_identity(world, one) is None:
            raise invalid_parameter(f"The user assigned identity '{one}' was not found.", "identity")
    return Identity(system, users)


def may_use_blobs(world: World, service: Service, client_id: str, account: Account, *, write: bool) -> bool:
    """Whether the service's identity (empty client id: the system-assigned one) has a data role on the account."""
    if client_id:
        found = next((one for one in users_of(world, service) if one.client_id == client_id.lower()), None)
        if found is None:
            return False
        principal = found
    else:
        principal = Principal(service.name, "", service.identity.system, "", "managed_identity", service.identity_roles)
    grants = grants_of(principal, account.subscription_id)
    return may_data(grants, f"{_BLOBS}/{'write' if write else 'read'}", account.id)


def users_of(world: World, service: Service) -> list[Principal]:
    """The user-assigned identities of the service."""
    found = (user_identity(world, one) for one in service.identity.users)
    return [one for one in found if one is not None]
