# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`api_management` of the estate: services that exist at the start, with their content and backups made before.

```yaml
api_management:
  - name: apim-prod
    resource_group: rg-prod
    location: eastasia                # the estate's when left out
    sku: Developer                    # Basic, Standard, Premium, Consumption, BasicV2, ...
    capacity: 1
    publisher_email: apim@contoso.example
    publisher_name: Contoso
    tags: {environment: production}
    system_identity: true             # has a system-assigned identity
    identity_roles: [Storage Blob Data Contributor]   # like a principal's roles; count whenever the identity is on
    user_identities: [backup-identity]                # principals of kind managed_identity
    # Azure's Echo API in two products when none of these three is given:
    apis: [{name: orders, path: orders, service_url: https://orders.example}]
    products: [{name: partners, apis: [orders]}]
    named_values: [{name: backend-key, value: s3cret, secret: true}]
    custom_hostnames: [api.contoso.example]
    backups:
      - {storage_account: stbackup, container: apim, name: nightly, age_hours: 20}   # sku: what it was then
    deleted_hours_ago: 5              # soft-deleted; 0, the default, is not
    delete_ending: succeeded          # or gone: the status of a deletion ends with 404
```
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from ...blobs import BlobStore
from ...estate import Estate, Principal, read_role
from ...estate_reader import EstateError, Reader
from ...gate.roles import grants_of
from ...world import World
from ..resources.state import ResourcesState
from ..storage.state import StorageState, put_container
from .behaviour import RETENTION, forget, remove
from .content import api_properties, bare_content, new_content
from .documents import write_backup
from .state import SKUS, ApiManagementState, Content, Deleted, Identity, Service, inventory


def load(world: World, estate: Estate) -> None:
    """Creates the estate's services. Raises EstateError, which names the place."""
    top = Reader(estate.raw, "")
    for item in top.items("api_management"):
        _load_service(world, estate, item)
    resources = world.state(ResourcesState)
    resources.inventories.append(inventory)
    resources.cleaners.append(_clean)


def _load_service(world: World, estate: Estate, item: Reader) -> None:
    state = world.state(ApiManagementState)
    name = item.text("name")
    group = item.text("resource_group")
    if group.lower() not in {one.name.lower() for one in estate.resource_groups}:
        raise EstateError(item.place("resource_group"), f"'{group}' is not in resource_groups")
    if state.named(name) or name.lower() in state.deleted:
        raise EstateError(item.place("name"), f"'{name}' exists twice; names are unique in the whole of Azure")
    sku = item.choice("sku", "Developer", SKUS)
    service = Service(
        estate.subscription_id,
        group,
        name,
        item.text("location", estate.location),
        sku,
        item.number("capacity", 0 if sku == "Consumption" else 1),
        world.now() - timedelta(days=90),
        tags=item.tags(),
        delete_ending=item.choice("delete_ending", "succeeded", ("succeeded", "gone")),
    )
    service.properties = {
        "publisherEmail": item.text("publisher_email", "apim@contoso.example"),
        "publisherName": item.text("publisher_name", "Contoso"),
        "hostnameConfigurations": [{"type": "Proxy", "hostName": one} for one in item.texts("custom_hostnames")],
    }
    service.identity = Identity(_object_id(name) if item.flag("system_identity") else "", _users(estate, item))
    service.identity_roles = tuple(
        read_role(item, "identity_roles", entry, index) for index, entry in enumerate(item.values("identity_roles"))
    )
    _check_roles(estate, service)
    service.content = _content(item)
    backups = [_backup(world, service, entry) for entry in item.items("backups")]
    hours = item.number("deleted_hours_ago", 0)
    item.done()
    for backup in backups:
        # Not now: blobs are kept elsewhere once the simulator runs with a blob endpoint.
        world.after(0, backup)
    state.services.put(service)
    if hours:
        _delete(world, service, timedelta(hours=hours))


def _users(estate: Estate, item: Reader) -> list[str]:
    managed = {one.name for one in estate.principals if one.kind == "managed_identity"}
    names = item.texts("user_identities")
    for name in names:
        if name not in managed:
            raise EstateError(item.place("user_identities"), f"'{name}' is not a principal of kind managed_identity")
    group = f"/subscriptions/{estate.subscription_id}/resourceGroups/{item.text('resource_group')}"
    return [f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in names]


def _check_roles(estate: Estate, service: Service) -> None:
    """Unknown roles are errors of the estate, not of the first backup."""
    grants_of(Principal(service.name, "", "", "", roles=service.identity_roles), estate.subscription_id)


def _content(item: Reader) -> Content:
    apis, products, values = item.items("apis"), item.items("products"), item.items("named_values")
    content = bare_content() if apis or products or values else new_content()
    for api in apis:
        given: dict[str, Any] = {"path": api.text("path", api.text("name"))}
        given["displayName"] = api.text("display_name", api.text("name"))
        given["serviceUrl"] = api.text("service_url", "") or None
        content[f"apis/{api.text('name')}"] = api_properties(given)
        api.done()
    for product in products:
        path = f"products/{product.text('name')}"
        content[path] = {"displayName": product.text("display_name", product.text("name")), "state": "published"}
        for name in product.texts("apis"):
            if f"apis/{name}" not in content:
                raise EstateError(product.place("apis"), f"'{name}' is not in apis")
            content[f"{path}/apis/{name}"] = {}
        product.done()
    for value in values:
        properties: dict[str, Any] = {"displayName": value.text("name"), "value": value.text("value")}
        properties["secret"] = value.flag("secret")
        content[f"namedValues/{value.text('name')}"] = properties
        value.done()
    return content


def _backup(world: World, service: Service, item: Reader) -> Any:
    """Writes a backup that was made earlier."""
    account = world.state(StorageState).named(item.text("storage_account"))
    if account is None:
        raise EstateError(item.place("storage_account"), "is not in storage_accounts")
    container, name = item.text("container"), item.text("name")
    then = world.now() - timedelta(hours=item.amount("age_hours", 24.0))
    made = Service("", "", service.name, service.location, item.choice("sku", service.sku, SKUS), 1, service.created)
    item.done()

    def write() -> None:
        data = write_backup(world.state(ApiManagementState), made, service.content, then, "2022-08-01")
        put_container(world, account, container)
        world.state(BlobStore).put(account.name, container, name, data, then)

    return write


def _delete(world: World, service: Service, ago: timedelta) -> None:
    state = world.state(ApiManagementState)
    state.services.remove(service)
    if ago >= RETENTION:
        return
    then = world.now() - ago
    deleted = state.deleted[service.name.lower()] = Deleted(service, then, then + RETENTION)
    world.at(deleted.purge, lambda: forget(world, deleted))


def _object_id(name: str) -> str:
    """The same at each start."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"azure-dr-simulator api management {name}"))


def _clean(world: World, subscription_id: str, resource_group: str) -> None:
    """Services of a group that goes are soft-deleted, too."""
    for one in world.state(ApiManagementState).services.within(subscription_id, resource_group):
        remove(world, one, soft=True)
