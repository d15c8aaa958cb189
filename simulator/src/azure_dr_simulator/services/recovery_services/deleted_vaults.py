# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleted vaults: list, get, undelete."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...bodies import region_of
from ...replies import AzureError, Reply
from ...routing import Call
from ...world import World
from .links import accepted
from .naming import parse_resource_id
from .neighbours import group_exists
from .state import DeletedVault, Operation, state_of
from .vault_views import deleted_vault_json


def _find(call: Call) -> DeletedVault:
    found = state_of(call.world).deleted.get(call.vars["deleted"].lower())
    if found is None or found.vault.location != region_of(call.vars["location"]):
        raise AzureError(
            404, "ResourceNotFound", f"The deleted vault '{call.vars['deleted']}' was not found.", headers={"x-ms-failure-cause": "service"}
        )
    return found


def list_deleted(call: Call) -> Reply:
    location = region_of(call.vars["location"])
    rows = [
        deleted_vault_json(found)
        for found in state_of(call.world).deleted.values()
        if found.vault.location == location and found.vault.subscription.lower() == call.vars["subscription"].lower()
    ]
    return Reply(200, {"value": rows})


def get_deleted(call: Call) -> Reply:
    return Reply(200, deleted_vault_json(_find(call)))


def purge_deleted(call: Call) -> Reply:
    """Removes a deleted vault whose purge time has come."""
    found = _find(call)
    if found.purge > call.world.now():
        raise AzureError(409, "DeletedVaultNotPurgeable", "The deleted vault holds soft-deleted items and cannot be purged yet.")
    del state_of(call.world).deleted[found.name.lower()]
    return Reply(204)


def undelete(call: Call) -> Reply:
    """202; both headers name the same operation URL."""
    found = _find(call)
    body = call.body.get("properties") if isinstance(call.body, dict) else None
    target = parse_resource_id((body or {}).get("recoveryResourceGroupId"))
    world = call.world
    if target is None or not group_exists(world, target.subscription, target.group):
        raise AzureError(400, "BMSUserErrorInvalidInput", "The resource group to recover the vault to was not found.")
    now = world.now()
    operation = Operation(id=world.new_id(), start=now, end=now + timedelta(seconds=found.vault.vary("undelete").between(20, 60)))
    state_of(world).location_operations[operation.id.lower()] = operation
    group = target.group
    assert operation.end is not None
    world.at(operation.end, lambda: _restore(world, found, group))
    path = (
        f"/subscriptions/{call.vars['subscription']}/providers/Microsoft.RecoveryServices/locations/{call.vars['location']}"
        f"/deletedVaults/{call.vars['deleted']}/operations/{operation.id}"
    )
    return accepted(call, status_path=path, result_path=path)


def _restore(world: World, found: DeletedVault, group: str) -> None:
    state = state_of(world)
    if state.deleted.pop(found.name.lower(), None) is None:
        return
    found.vault.group = group
    found.vault.changed = world.now()
    state.vaults[found.vault.key] = found.vault
    for item in found.vault.items.values():
        state.owners.setdefault(item.vm_id.lower(), found.vault.key)


def get_operation(call: Call) -> Reply:
    operation = state_of(call.world).location_operations.get(call.vars["operation"].lower())
    if operation is None:
        raise AzureError(404, "OperationNotFound", f"The operation '{call.vars['operation']}' was not found.")
    body: dict[str, Any] = {"id": call.raw_path, "name": operation.id, "status": operation.status(call.world.now())}
    return Reply(200, body)
