# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated storage service knows: accounts, their containers, and the names of blobs put there."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Iterator

from ...blobs import BlobStore
from ...estate import Estate
from ...store import Store
from ...world import World
from ..resources.state import ResourcesState


@dataclass
class Container:
    name: str
    public_access: str = "None"
    metadata: dict[str, str] = field(default_factory=dict)
    modified: datetime | None = None
    etag: str = ""
    blobs: list[str] = field(default_factory=list)
    """Names of what a restore of a VM leaves, whose contents nobody looks at; real blobs are in the BlobStore."""


@dataclass
class Account:
    subscription_id: str
    resource_group: str
    name: str
    location: str
    sku: str = "Standard_LRS"
    kind: str = "StorageV2"
    tags: dict[str, str] = field(default_factory=dict)
    created: datetime | None = None
    allow_shared_key: bool = True
    provisioning_state: str = "Succeeded"
    lock: str = ""
    """Empty, `ReadOnly` or `CanNotDelete`."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Other properties a client sent, answered as sent."""
    keys: list[str] = field(default_factory=lambda: [new_key(), new_key()], repr=False)
    containers: dict[str, Container] = field(default_factory=dict)
    cors: list[dict[str, Any]] = field(default_factory=list)
    """Rules of the Blob service for cross-origin requests."""

    @property
    def id(self) -> str:
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.Storage/storageAccounts/{self.name}"


class StorageState:
    def __init__(self) -> None:
        self.accounts: Store[Account] = Store()
        self.former_keys: list[str] = []
        """Keys that were replaced; still nothing to be shown."""
        self.creations: dict[str, Account] = {}
        """Accounts by the id of the operation that made them."""

    def named(self, name: str) -> Account | None:
        """Account names are unique in the whole of Azure."""
        return next((account for account in self.accounts if account.name.lower() == name.lower()), None)


def blob_endpoint(world: World, account: Account) -> str:
    """Where the account's blobs are: path style at the simulator's own endpoint, or a host that only Azure has."""
    own = world.state(BlobStore).endpoint
    return f"{own}/{account.name}/" if own else f"https://{account.name}.blob.core.windows.net/"


def put_container(world: World, account: Account, name: str) -> Container:
    """The container of this name, created when it is missing."""
    if name not in account.containers:
        account.containers[name] = Container(
            name, modified=world.now(), etag=f'"0x{world.random.getrandbits(60):015X}"'
        )
    return account.containers[name]


def load(world: World, estate: Estate) -> None:
    """Creates the estate's storage accounts."""
    state = world.state(StorageState)
    for one in estate.storage_accounts:
        account = Account(
            estate.subscription_id,
            one.resource_group,
            one.name,
            one.location,
            sku=one.sku,
            kind=one.kind,
            tags=dict(one.tags),
            created=world.now(),
            allow_shared_key=one.allow_shared_key,
            lock=one.lock,
        )
        if one.firewall:
            account.extra["networkAcls"] = {
                "bypass": "AzureServices",
                "virtualNetworkRules": [],
                "ipRules": [],
                "defaultAction": "Deny",
            }
        state.accounts.put(account)
        for container in one.containers:
            put_container(world, account, container)
    resources = world.state(ResourcesState)
    resources.inventories.append(_inventory)
    resources.cleaners.append(_clean)


def dump(world: World) -> dict[str, Any]:
    """For the control port; without keys."""
    accounts = world.state(StorageState).accounts
    return {
        "storageAccounts": [
            {
                "id": one.id,
                "location": one.location,
                "containers": {c.name: _blob_names(world, one, c) for c in one.containers.values()},
            }
            for one in accounts
        ]
    }


def _blob_names(world: World, account: Account, container: Container) -> list[str]:
    written = world.state(BlobStore).written
    own = (account.name, container.name)
    return [*container.blobs, *(name for owner, where, name in written if (owner, where) == own)]


def credentials(world: World) -> list[str]:
    """The keys of all accounts, also those that were replaced."""
    state = world.state(StorageState)
    return [*state.former_keys, *(key for account in state.accounts for key in account.keys)]


def new_key() -> str:
    """An account key: 64 bytes, base64."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _inventory(world: World, subscription_id: str) -> Iterator[dict[str, Any]]:
    for one in world.state(StorageState).accounts.within(subscription_id):
        yield {
            "id": one.id,
            "name": one.name,
            "type": "Microsoft.Storage/storageAccounts",
            "location": one.location,
            "tags": one.tags,
            "kind": one.kind,
            "sku": {"name": one.sku, "tier": one.sku.split("_", 1)[0]},
        }


def _clean(world: World, subscription_id: str, resource_group: str) -> None:
    accounts = world.state(StorageState).accounts
    for one in accounts.within(subscription_id, resource_group):
        accounts.remove(one)
