# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults: list, get, create, change, delete, and the status of these."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from typing import Any, Iterator

from ...async_urls import signed
from ...bodies import region_of
from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call
from ...world import World
from .filters import page
from .links import RETRY_AFTER, accepted, sent_vault_path, vault_key, vault_of
from .neighbours import group_location
from .policies import built_in_policies
from .state import DeletedVault, Operation, Vault, state_of
from .times import us_time
from .vault_changes import change_identity, change_settings
from .vault_views import DEFAULT_MONITORING, vault_json

_NAME = re.compile(r"^[a-zA-Z][-a-zA-Z0-9]{1,49}$")
_CREATE, _UPDATE, _DELETE = "2047", "4095", "1023"
"""First part of the operation ids: `MjA0Nzt...` is base64 of `2047;{guid}`, as recorded for each verb."""


def new_vault(world: World, subscription: str, group: str, name: str, location: str) -> Vault:
    """A vault as 2026 makes them: soft delete always on, locally redundant; files it."""
    state = state_of(world)
    vault = Vault(
        subscription=subscription,
        group=group,
        name=name,
        location=region_of(location),
        changed=world.now(),
        salt=f"{state.salt}/{group}/{name}".lower(),
        resource_id=0,
    )
    vault.resource_id = vault.vary("resource id").number(19)
    built_in_policies(vault)
    state.vaults[vault.key] = vault
    return vault


def vault_inventory(world: World, subscription: str) -> Iterator[dict[str, Any]]:
    """For lists of all resources."""
    for vault in state_of(world).vaults.values():
        if vault.subscription.lower() == subscription.lower():
            yield {
                "id": vault.id,
                "name": vault.name,
                "type": "Microsoft.RecoveryServices/vaults",
                "location": vault.location,
                "tags": vault.tags or {},
                "sku": vault.sku,
            }


def remove_vaults_of_group(world: World, subscription: str, group: str) -> None:
    """Deleting a resource group deletes its vaults, as far as nothing is protected there."""
    for vault in list(state_of(world).vaults.values()):
        inside = (vault.subscription.lower(), vault.group.lower()) == (subscription.lower(), group.lower())
        if inside and all(item.deleted is not None for item in [*vault.items.values(), *vault.pending.values()]):
            _remove(world, vault)


def get_vault(call: Call) -> Reply:
    return Reply(200, vault_json(vault_of(call), call.api_version))


def list_vaults(call: Call) -> Reply:
    """Of a subscription or a resource group."""
    subscription, group = call.vars["subscription"].lower(), call.vars.get("group")
    rows = [
        vault
        for vault in state_of(call.world).vaults.values()
        if vault.subscription.lower() == subscription and (group is None or vault.group.lower() == group.lower())
    ]
    found, following = page(call, rows)
    body: dict[str, Any] = {"value": [vault_json(vault, call.api_version) for vault in found]}
    if following is not None:
        body["nextLink"] = following
    return Reply(200, body)


def put_vault(call: Call) -> Reply:
    """201 and the vault `Provisioning`; an existing one is replaced the same way (`Updating`)."""
    world, state = call.world, state_of(call.world)
    body = call.body if isinstance(call.body, dict) else {}
    location = region_of(body.get("location") or "")
    vault = state.vaults.get(vault_key(call))
    if not _NAME.match(call.vars["vault"]):
        raise AzureError(400, "InvalidResourceName", f"The vault name '{call.vars['vault']}' is invalid.")
    if vault is None and (not location or not isinstance(body.get("sku"), dict)):
        raise AzureError(400, "LocationRequired" if not location else "SkuRequired", "The request body is incomplete.")
    if vault is not None and location and location != vault.location:
        raise AzureError(
            409,
            "InvalidResourceLocation",
            f"The resource '{vault.name}' already exists in location '{vault.location}' in resource group '{vault.group}'. "
            f"A resource with the same name cannot be created in location '{location}'. Please select a new resource name.",
        )
    fresh = vault is None
    if vault is None:
        group_location(world, call.vars["subscription"], call.vars["group"])
        vault = new_vault(world, call.vars["subscription"], call.vars["group"], call.vars["vault"], location)
    change_settings(vault, body.get("properties") or {}, world.now())
    change_identity(world, vault, body.get("identity"))
    if body.get("tags") is not None:
        vault.tags = dict(body["tags"])
    vault.sku = body.get("sku") or vault.sku
    if vault.monitoring is None and call.api_version >= "2026-01-01":
        vault.monitoring = DEFAULT_MONITORING
    operation = _start(world, vault, _CREATE, "Provisioning" if fresh else "Updating", _seconds(vault, "put", 2, 63))
    reply = accepted(call, status_path=f"{sent_vault_path(call)}/operationStatus/{operation.id}")
    reply.status = 201 if fresh else 200
    reply.body = vault_json(vault, call.api_version)
    return reply


def patch_vault(call: Call) -> Reply:
    """202 and a long-running operation; a change of the identity alone to none or system-assigned is immediate (2023)."""
    vault = vault_of(call)
    body = call.body if isinstance(call.body, dict) else {}
    change_settings(vault, body.get("properties") or {}, call.world.now(), patch=True)
    identity = body.get("identity")
    change_identity(call.world, vault, identity)
    if body.get("tags") is not None:
        vault.tags = dict(body["tags"])
    kind = str((identity or {}).get("type", "")).lower()
    if set(body) == {"identity"} and kind in ("none", "systemassigned"):
        vault.changed = call.world.now()
        return Reply(200, vault_json(vault, call.api_version))
    operation = _start(call.world, vault, _UPDATE, "Updating", _seconds(vault, "patch", 5, 62))
    return _accepted(call, operation)


def delete_vault(call: Call) -> Reply:
    """202 always; active items make the operation fail, soft-deleted ones go with the vault (2026)."""
    state, world = state_of(call.world), call.world
    vault = state.vaults.get(vault_key(call))
    if vault is None:
        return Reply(204)
    now = world.now()
    seconds = _seconds(vault, "delete", 2, 62)
    operation = Operation(id=_operation_id(world, _DELETE), start=now, end=now + timedelta(seconds=seconds))
    active = [item for item in [*vault.items.values(), *vault.pending.values()] if item.deleted is None]
    if active:
        operation.outcome = "Failed"
        operation.error_code = "BMSUserErrorVaultDeletionNotAllowed"
        operation.error_message = (
            "Recovery Services vault cannot be deleted as there are existing resources within the vault. "
            f" : {active[0].friendly_name}"
        )
    else:
        ending = vault.delete_ending or ("gone" if vault.vary("ending").unit() < 0.4 else "succeeded")
        operation.gone = ending == "gone"
        world.at(now + timedelta(seconds=seconds), lambda: _remove(world, vault))
    state.vault_operations[operation.id] = operation
    return _accepted(call, operation)


def _remove(world: World, vault: Vault) -> None:
    """The vault becomes a deleted vault; without items it could be purged a moment before it was deleted (recorded)."""
    state, now = state_of(world), world.now()
    if state.vaults.get(vault.key) is not vault:
        return
    del state.vaults[vault.key]
    purge = now - timedelta(milliseconds=367)
    deleted_items = [item.deleted for item in vault.items.values() if item.deleted is not None]
    if deleted_items:
        purge = max(deleted_items) + timedelta(days=vault.soft_delete_days)
    for item in vault.items.values():
        state.owners.pop(item.vm_id.lower(), None)
    name = f"{vault.group}_{world.new_id()}"
    state.deleted[name.lower()] = DeletedVault(name, vault, now, purge)
    if deleted_items:
        world.at(purge, lambda: _purge(world, name))


def _purge(world: World, name: str) -> None:
    state_of(world).deleted.pop(name.lower(), None)


def _accepted(call: Call, operation: Operation) -> Reply:
    path = sent_vault_path(call)
    return accepted(
        call,
        status_path=f"{path}/operationStatus/{operation.id}",
        result_path=f"{path}/operationResults/{operation.id}",
    )


def _seconds(vault: Vault, what: str, low: float, high: float) -> float:
    return vault.vary(what, vault.changed).between(low, high)


def _operation_id(world: World, kind: str) -> str:
    return base64.b64encode(f"{kind};{world.new_id()}".encode()).decode()


def _start(world: World, vault: Vault, kind: str, provisioning: str, seconds: float) -> Operation:
    now = world.now()
    operation = Operation(id=_operation_id(world, kind), start=now, end=now + timedelta(seconds=seconds))
    state_of(world).vault_operations[operation.id] = operation
    vault.provisioning, vault.changed = provisioning, now

    def finish() -> None:
        vault.provisioning, vault.changed = "Succeeded", world.now()

    world.at(now + timedelta(seconds=seconds), finish)
    return operation


def get_operation_status(call: Call) -> Reply:
    """`{vault}/operationStatus/{id}`: `Failed` arrives inside a 200; after some deletes the answer is 404 for ever."""
    operation = _find(call)
    status = operation.status(call.world.now())
    if status != "InProgress" and operation.gone:
        raise _gone(call)
    body: dict[str, Any] = {
        "id": f"{sent_vault_path(call)}/operationStatus/{operation.id}",
        "name": operation.id,
        "status": status,
    }
    if status == "Failed":
        body |= _failure(operation)
    if status != "InProgress":
        return Reply(200, body)
    headers = _headers(call, operation)
    if base64.b64decode(operation.id).decode().startswith(_CREATE) and call.api_version >= "2024-01-01":
        del headers["Location"]
    return Reply(200, body, headers)


def _failure(operation: Operation) -> dict[str, Any]:
    end: datetime = operation.end or operation.start
    return {
        "startTime": us_time(operation.start),
        "endTime": us_time(end),
        "error": {"code": operation.error_code, "message": operation.error_message},
    }


def get_operation_result(call: Call) -> Reply:
    """`{vault}/operationResults/{id}`: 202 while running, then the vault, or nothing after a delete."""
    operation = _find(call)
    status = operation.status(call.world.now())
    if status == "InProgress":
        return Reply(202, None, _headers(call, operation))
    if status == "Failed":
        raise AzureError(400, operation.error_code, operation.error_message)
    vault = state_of(call.world).vaults.get(vault_key(call))
    if vault is None and operation.gone:
        raise _gone(call)
    return Reply(204) if vault is None else Reply(200, vault_json(vault, call.api_version))


def _headers(call: Call, operation: Operation) -> dict[str, str]:
    path = sent_vault_path(call)
    return {
        "Azure-AsyncOperation": signed(call, f"{path}/operationStatus/{operation.id}", call.api_version),
        "Location": signed(call, f"{path}/operationResults/{operation.id}", call.api_version),
        **call.world.clock.retry_after_headers(RETRY_AFTER),
    }


def _find(call: Call) -> Operation:
    operation = state_of(call.world).vault_operations.get(call.vars["operation"])
    if operation is None:
        raise _gone(call)
    return operation


def _gone(call: Call) -> AzureError:
    return resource_not_found("Microsoft.RecoveryServices/vaults", call.vars["vault"], call.vars["group"])
