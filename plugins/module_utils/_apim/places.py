# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where backups lie: the account, its key when one is used, and the container, opened for reading."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._apis import STORAGE
from .._arm.auth.source import OTHER_AUDIENCE
from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError
from .._arm.ids import segment
from .._storage.accounts import Account, list_key, read_account
from .._storage.answers import Blob
from .._storage.blobs import BlobContainer
from .service import KEY, SYSTEM_IDENTITY
from .storage_options import ApimStorage

WRONG_KEY = frozenset({"AuthenticationFailed", "KeyBasedAuthenticationNotPermitted"})
FIREWALL = (
    "The storage account has a firewall, which keeps API Management out unless storage_access is system_identity and the account lets in "
    "trusted Azure services."
)
OWN_KEY = "access_token is for Azure Resource Manager only, so the blobs were read with a key of the storage account."
NO_LISTING_HINT = (
    "Give the identity that runs this the right to list the keys of the account, give a key with storage_key, or use storage_access=system_identity."
)
NO_KEYS_HINT = "Use storage_access=system_identity or user_identity, with the role Storage Blob Data Contributor for the service's identity."


@dataclass(frozen=True)
class Place:
    """An open container. ``key`` is what API Management is given for storage_access=key (secret); ``notes`` what a person should know."""

    account: Account
    container: BlobContainer
    key: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    def warnings(self, access: str) -> tuple[str, ...]:
        """What is known to stand in the way of API Management before it is asked."""
        return (FIREWALL,) if self.account.firewall and access != SYSTEM_IDENTITY else ()


@dataclass(frozen=True)
class Contents:
    """What lies in a container: ``blobs`` None when nobody knows, and then ``problem`` says why; ``exists`` None likewise."""

    blobs: tuple[Blob, ...] | None
    exists: bool | None = True
    problem: ArmError | None = None


def open_place(client: ArmClient, storage: ApimStorage) -> Place:
    """Reads the account, and lists its keys when one is needed and none was given; nothing is asked of the container yet.

    Raises ArmError for access by key when there is no such account or it allows no keys. Where the caller's only token is for
    Resource Manager, a key reads the blobs, which ``notes`` tells.
    """
    account = read_account(client, storage.account, storage.group, storage.subscription)
    if storage.access == KEY:
        if account.shared_key is False:
            raise ArmError(
                f"The storage account {account.name} allows no access with a key.",
                code="KeyBasedAuthenticationNotPermitted",
                target=str(account.id),
                hint=NO_KEYS_HINT,
            )
        key = storage.key or _key_of(client, account)
        return Place(account, BlobContainer(client, account, storage.container, key=key), key)
    container = BlobContainer(client, account, storage.container)
    try:
        container.sign_in()
    except ArmError as error:
        own = _instead(client, account) if error.code == OTHER_AUDIENCE else None
        if own:
            return Place(account, BlobContainer(client, account, storage.container, key=own), notes=(OWN_KEY,))
    return Place(account, container)


def read_contents(place: Place, prefix: str = "") -> Contents:
    """The blobs whose names start with ``prefix``. A missing container is an empty one that does not exist.

    Raises HttpError for a key that is not accepted, since API Management could not use it either.
    """
    try:
        return Contents(tuple(place.container.list(prefix)))
    except ArmError as error:
        if error.code == "ContainerNotFound":
            return Contents((), exists=False)
        if place.key and error.code in WRONG_KEY:
            raise
        return Contents(None, exists=None, problem=error)


def container_exists(client: ArmClient, place: Place) -> bool | None:
    """What Resource Manager says of the container, for when the blobs cannot be read; None when it does not say either."""
    if not place.account.described or place.account.id is None:
        return None
    try:
        return client.find(_container_path(place), STORAGE) is not None
    except HttpError:
        return None


def make_container(client: ArmClient, place: Place) -> ArmError | None:
    """Makes the container, without public access: through Resource Manager, else through the blob endpoint. Returns why neither could."""
    if place.account.id is not None:
        try:
            client.put(_container_path(place), STORAGE, {"properties": {"publicAccess": "None"}})
            return None
        except HttpError as error:
            if error.status not in (403, 404):
                return error
    try:
        place.container.create()
    except ArmError as error:
        return error
    return None


def _instead(client: ArmClient, account: Account) -> str | None:
    """A key for reading where there is no token for it; None when that cannot be had either."""
    try:
        return list_key(client, account) if account.shared_key is not False else None
    except ArmError:
        return None


def _key_of(client: ArmClient, account: Account) -> str:
    try:
        return list_key(client, account)
    except HttpError as error:
        if error.status == 404:
            raise ArmError(
                f"There is no storage account {account.name} in the resource group {account.id.group if account.id else ''}.",
                code="StorageAccountNotFound",
                status=404,
                target=str(account.id),
                request_id=error.request_id,
                operation=error.operation,
                hint="Check storage_account, storage_resource_group and subscription_id; for an account elsewhere give its resource id.",
            ) from None
        if error.status == 403:
            error.hint = NO_LISTING_HINT
        raise


def _container_path(place: Place) -> str:
    base = place.account.id.path if place.account.id is not None else ""
    return f"{base}/blobServices/default/containers/{segment(place.container.name)}"
