# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage accounts, as Resource Manager describes them (api 2023-05-01), and their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .._apis import STORAGE
from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError, OptionError, RefusedUrl
from .._arm.ids import ResourceId, segment
from .._arm.redact import keep_secret
from .names import ACCOUNT_TYPE


@dataclass(frozen=True)
class Account:
    """A storage account. ``blob_endpoint`` is https and without a trailing slash, host-style or path-style.

    ``described`` False when Resource Manager did not tell about it (403, 404): the endpoint then follows from the cloud, and what
    it did not tell is None. ``id`` None when its resource group is not known either. ``shared_key`` whether requests signed with a
    key are allowed; ``firewall`` whether some networks are kept out.
    """

    name: str
    blob_endpoint: str
    id: ResourceId | None = None
    described: bool = False
    location: str | None = None
    shared_key: bool | None = None
    firewall: bool | None = None


def read_account(client: ArmClient, account: str, group: str | None, subscription: str | None = None) -> Account:
    """What Resource Manager tells about an account (name or resource id): one GET, or one paged list without a resource group.

    A 403 or 404, or no account of that name in the list, leaves the cloud's usual endpoint, ``described`` False: names are unique
    in all of Azure.
    """
    place = account_id(account, group, subscription or client.subscription_id)
    name = place.name if place else account
    try:
        if place:
            return account_of(place, client.get(place.path, STORAGE).body)
        listed = f"/subscriptions/{segment(subscription or client.subscription_id)}/providers/{ACCOUNT_TYPE}"
        for entry in client.list(listed, STORAGE):
            if str(entry.get("name")).lower() == name.lower():
                return account_of(ResourceId.parse(entry.get("id")), entry)
    except HttpError as error:
        if error.status not in (403, 404):
            raise
    if not client.cloud.blob_suffix:
        # Never that of another cloud, which would get a token of this one.
        raise RefusedUrl(
            f"Resource Manager tells nothing of the storage account {name}, and the cloud {client.cloud.name} does not tell its storage endpoints.",
            hint="Check storage_account and storage_resource_group, and give whoever runs this the role Reader on the account.",
        )
    return Account(name, f"https://{name}.{client.cloud.blob_suffix}", place)


def account_id(account: str, group: str | None, subscription: str) -> ResourceId | None:
    """The id for an account's name or id; None for a name without a resource group."""
    if account.startswith("/"):
        return ResourceId.parse(account)
    return ResourceId(subscription, group, "Microsoft.Storage", ("storageAccounts",), (account,)) if group else None


def account_of(account: ResourceId, body: Any) -> Account:
    """From ARM's account resource; raises RefusedUrl when its blob endpoint is not one that a token may be sent to."""
    resource = body if isinstance(body, dict) else {}
    found = resource.get("properties")
    properties: dict[str, Any] = found if isinstance(found, dict) else {}
    endpoints = properties.get("primaryEndpoints")
    rules = properties.get("networkAcls")
    closed = isinstance(rules, dict) and str(rules.get("defaultAction")).lower() == "deny"
    return Account(
        account.name,
        _endpoint(account.name, endpoints.get("blob") if isinstance(endpoints, dict) else None),
        account,
        described=True,
        location=resource.get("location"),
        # Azure leaves it out, or null, where nobody has set it, which means that keys are allowed.
        shared_key=properties.get("allowSharedKeyAccess") is not False,
        firewall=closed or str(properties.get("publicNetworkAccess")).lower() == "disabled",
    )


def list_key(client: ArmClient, account: Account) -> str:
    """A key of the account with all rights (POST listKeys, which only reads). It is masked wherever it may show up from now on.

    Raises HttpError: a 404 means that there is no such account.
    """
    if account.id is None:
        raise OptionError("storage_resource_group", f"the subscription lists no storage account {account.name}; its resource group is needed to list its keys")
    body = client.query(f"{account.id.path}/listKeys", STORAGE).body
    keys = body.get("keys") if isinstance(body, dict) else None
    listed = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    values = [key["value"] for key in listed if isinstance(key.get("value"), str) and key["value"]]
    for value in values:
        keep_secret(value)
    if not values:
        raise ArmError(f"Azure lists no key of the storage account {account.name}.", code="NoStorageKey", target=str(account.id))
    full = (key["value"] for key in listed if key.get("value") in values and str(key.get("permissions")).lower() == "full")
    return str(next(full, values[0]))


def _endpoint(name: str, url: object) -> str:
    text = str(url or "")
    try:
        parts = urlsplit(text)
        usable = parts.scheme.lower() == "https" and parts.hostname and parts.username is None and not parts.query and not parts.fragment
        usable = usable and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise RefusedUrl(
            f"Azure gives {text[:200]!r} as the blob endpoint of {name}, which is not an https URL.",
            hint="The account needs a blob service: not every kind of storage account has one.",
        )
    return text.rstrip("/")
