# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of storage accounts and containers in ARM; what lies in them is behind the blob endpoint."""

from __future__ import annotations

import re
from typing import Any, Mapping

from ...async_urls import signed
from ...blobs import BlobStore
from ...bodies import region_of
from ...paging import page
from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call, Router
from ...world import World
from .state import Account, Container, StorageState, new_key, put_container
from .views import account_view, blob_service_view, container_view, keys_view

_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Storage"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage"
_ACCOUNT = f"{_GROUP}/storageAccounts/{{account}}"
_BLOB_SERVICE = f"{_ACCOUNT}/blobServices/default"
_CONTAINERS = f"{_BLOB_SERVICE}/containers"
_ACCOUNTS_A_REGION = 250
"""Of a subscription, until it asks for more."""
_CREATION = 17.0
"""Virtual seconds, and what Azure says when to ask again."""
_ACCOUNT_NAME = re.compile(r"^[a-z0-9]{3,24}$")
CONTAINER_NAME = re.compile(r"^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$|^\$(root|web|logs)$")
_OWN = (
    "provisioningState",
    "creationTime",
    "primaryEndpoints",
    "primaryLocation",
    "statusOfPrimary",
    "keyCreationTime",
    "encryption",
    "allowSharedKeyAccess",
)


def register(router: Router, world: World) -> None:
    """Adds the routes."""
    for root in (_SUBSCRIPTION, _GROUP):
        router.add("GET", f"{root}/storageAccounts", _list)
    router.add("POST", f"{_SUBSCRIPTION}/checkNameAvailability", _check_name)
    router.add("GET", f"{_SUBSCRIPTION}/locations/{{location}}/usages", _list_usages)
    router.add("GET", _ACCOUNT, lambda call: Reply(200, account_view(call.world, _need(call))))
    router.add("PUT", _ACCOUNT, _put)
    router.add("GET", f"{_SUBSCRIPTION}/locations/{{location}}/asyncoperations/{{operation}}", _creation)
    router.add("PATCH", _ACCOUNT, _patch)
    router.add("DELETE", _ACCOUNT, _delete)
    router.add("POST", f"{_ACCOUNT}/listKeys", _list_keys)
    router.add("POST", f"{_ACCOUNT}/regenerateKey", _regenerate_key)
    router.add("GET", _BLOB_SERVICE, lambda call: Reply(200, blob_service_view(_need(call))))
    router.add("PUT", _BLOB_SERVICE, _put_blob_service)
    router.add("GET", _CONTAINERS, _list_containers)
    router.add("GET", f"{_CONTAINERS}/{{container}}", _get_container)
    router.add("PUT", f"{_CONTAINERS}/{{container}}", _put_container)
    router.add("PATCH", f"{_CONTAINERS}/{{container}}", _patch_container)
    router.add("DELETE", f"{_CONTAINERS}/{{container}}", _delete_container)


def _need(call: Call) -> Account:
    found = call.world.state(StorageState).accounts.get(
        call.vars["subscription"], call.vars["group"], call.vars["account"]
    )
    if found is None:
        raise resource_not_found("Microsoft.Storage/storageAccounts", call.vars["account"], call.vars["group"])
    return found


def _change(call: Call, *, delete: bool = False) -> Account:
    """The account of the path, if no lock forbids to change it. A read-only lock also forbids every POST."""
    account = _need(call)
    if account.lock == "ReadOnly" or (account.lock and delete):
        verb = "delete" if delete else "write"
        raise AzureError(
            409,
            "ScopeLocked",
            f"The scope '{account.id}' cannot perform {verb} operation because following scope(s) are locked: "
            f"'{account.id}'. Please remove the lock and try again.",
            headers={"x-ms-failure-cause": "gateway"},
        )
    return account


def _list_keys(call: Call) -> Reply:
    return Reply(200, keys_view(_change(call)))


def _list(call: Call) -> Reply:
    accounts = call.world.state(StorageState).accounts.within(call.vars["subscription"], call.vars.get("group"))
    return page(call, sorted(accounts, key=lambda one: one.name), lambda one: account_view(call.world, one))


def _check_name(call: Call) -> Reply:
    name = str((call.body or {}).get("name", ""))
    if not _ACCOUNT_NAME.match(name):
        return Reply(
            200,
            {
                "nameAvailable": False,
                "reason": "AccountNameInvalid",
                "message": f"{name} is not a valid storage account name.",
            },
        )
    if call.world.state(StorageState).named(name):
        return Reply(
            200,
            {
                "nameAvailable": False,
                "reason": "AlreadyExists",
                "message": f"The storage account named {name} is already taken.",
            },
        )
    return Reply(200, {"nameAvailable": True})


def _list_usages(call: Call) -> Reply:
    """How many of the accounts that a subscription may have in a region."""
    accounts = call.world.state(StorageState).accounts.within(call.vars["subscription"], None)
    here = sum(one.location == region_of(call.vars["location"]) for one in accounts)
    name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
    return Reply(200, {"value": [{"unit": "Count", "currentValue": here, "limit": _ACCOUNTS_A_REGION, "name": name}]})


def _put(call: Call) -> Reply:
    """202 with Location only for a new account, 200 for one that is there."""
    body: Mapping[str, Any] = call.body if isinstance(call.body, dict) else {}
    state = call.world.state(StorageState)
    name = call.vars["account"]
    existing = state.accounts.get(call.vars["subscription"], call.vars["group"], name)
    if existing is not None:
        _change(call)
        _update(existing, body)
        return Reply(200, account_view(call.world, existing))
    if not _ACCOUNT_NAME.match(name):
        raise AzureError(
            400,
            "AccountNameInvalid",
            f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use "
            "numbers and lower-case letters only.",
        )
    if state.named(name):
        raise AzureError(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
    location = region_of(body.get("location"))
    if not location:
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    account = Account(call.vars["subscription"], call.vars["group"], name, location, created=call.world.now())
    account.kind = str(body.get("kind") or "StorageV2")
    _update(account, body)
    account.provisioning_state = "Creating"
    state.accounts.put(account)
    operation = call.world.new_id()
    state.creations[operation] = account
    call.world.after(_CREATION, lambda: setattr(account, "provisioning_state", "Succeeded"))
    return Reply(202, None, _creation_headers(call, location, operation))


def _creation(call: Call) -> Reply:
    """The Location of a creation: 202 until the account is there, then 200 with it."""
    account = call.world.state(StorageState).creations.get(call.vars["operation"])
    if account is None:
        raise AzureError(404, "NotFound", f"The operation '{call.vars['operation']}' was not found.")
    if account.provisioning_state != "Succeeded":
        return Reply(202, None, _creation_headers(call, account.location, call.vars["operation"]))
    return Reply(200, account_view(call.world, account))


def _creation_headers(call: Call, location: str, operation: str) -> dict[str, str]:
    path = f"/subscriptions/{call.vars['subscription']}/providers/Microsoft.Storage/locations/{location}/asyncoperations/{operation}"
    url = signed(call, path, call.api_version, extra="monitor=true")
    return {"Location": url, **call.world.clock.retry_after_headers(_CREATION)}


def _patch(call: Call) -> Reply:
    account = _change(call)
    _update(account, call.body if isinstance(call.body, dict) else {})
    return Reply(200, account_view(call.world, account))


def _update(account: Account, body: Mapping[str, Any]) -> None:
    properties = body.get("properties") or {}
    if "tags" in body:
        account.tags = {str(key): str(value) for key, value in (body["tags"] or {}).items()}
    account.sku = str((body.get("sku") or {}).get("name") or account.sku)
    account.allow_shared_key = bool(properties.get("allowSharedKeyAccess", account.allow_shared_key))
    account.extra.update({name: value for name, value in properties.items() if name not in _OWN})


def _delete(call: Call) -> Reply:
    accounts = call.world.state(StorageState).accounts
    found = accounts.get(call.vars["subscription"], call.vars["group"], call.vars["account"])
    if found is None:
        return Reply(204)
    _change(call, delete=True)
    accounts.remove(found)
    return Reply(200)


def _regenerate_key(call: Call) -> Reply:
    """A new value for one key; the old one opens nothing from now on."""
    account = _change(call)
    names = [f"key{number}" for number in range(1, len(account.keys) + 1)]
    name = str((call.body or {}).get("keyName", "")) if isinstance(call.body, dict) else ""
    if name not in names:
        message = "Values for request parameters are invalid: keyName."
        raise AzureError(400, "InvalidValuesForRequestParameters", message)
    call.world.state(StorageState).former_keys.append(account.keys[names.index(name)])
    account.keys[names.index(name)] = new_key()
    return Reply(200, keys_view(account))


def _put_blob_service(call: Call) -> Reply:
    account = _change(call)
    properties = (call.body or {}).get("properties") or {} if isinstance(call.body, dict) else {}
    if "cors" in properties:
        account.cors = list((properties["cors"] or {}).get("corsRules") or [])
    return Reply(200, blob_service_view(account))


def _list_containers(call: Call) -> Reply:
    account = _need(call)
    containers = sorted(account.containers.values(), key=lambda one: one.name)
    return page(call, containers, lambda one: container_view(account, one))


def _get_container(call: Call) -> Reply:
    account, container = _need_container(call)
    return Reply(200, container_view(account, container))


def _put_container(call: Call) -> Reply:
    account, name = _change(call), call.vars["container"]
    if not CONTAINER_NAME.match(name):
        raise AzureError(400, "ContainerNameInvalid", "The specified resource name contains invalid characters.")
    created = name not in account.containers
    container = put_container(call.world, account, name)
    _update_container(call, container)
    return Reply(201 if created else 200, container_view(account, container))


def _patch_container(call: Call) -> Reply:
    account, container = _need_container(call)
    _change(call)
    _update_container(call, container)
    return Reply(200, container_view(account, container))


def _update_container(call: Call, container: Container) -> None:
    properties = (call.body or {}).get("properties") or {} if isinstance(call.body, dict) else {}
    container.public_access = str(properties.get("publicAccess") or container.public_access)
    container.metadata = dict(properties.get("metadata") or container.metadata)


def _delete_container(call: Call) -> Reply:
    account = _change(call, delete=True)
    if account.containers.pop(call.vars["container"], None) is None:
        return Reply(204)
    store = call.world.state(BlobStore)
    store.blobs.delete_container(account.name, call.vars["container"])
    for key in [key for key in store.written if key[:2] == (account.name, call.vars["container"])]:
        del store.written[key]
    return Reply(200)


def _need_container(call: Call) -> tuple[Account, Container]:
    account = _need(call)
    container = account.containers.get(call.vars["container"])
    if container is None:
        raise AzureError(
            404,
            "ContainerNotFound",
            "The specified container does not exist.",
            headers={"x-ms-failure-cause": "service"},
        )
    return account, container
