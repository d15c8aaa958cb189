# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where backups of API Management lie, and how they are reached: the options of the doc fragment ``apim_storage``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from .._arm.errors import OptionError
from .._arm.redact import keep_secret
from .._options import check_group, parse_id
from .._storage.names import ACCOUNT_TYPE, check_account, check_container
from .._storage.shared_key import check_key
from .service import KEY, SYSTEM_IDENTITY, USER_IDENTITY

APIM_STORAGE: dict[str, dict[str, Any]] = {
    "storage_account": {"type": "str", "required": True},
    "storage_resource_group": {"type": "str"},
    "container": {"type": "str", "required": True},
    "storage_access": {"type": "str", "choices": [SYSTEM_IDENTITY, USER_IDENTITY, KEY], "default": SYSTEM_IDENTITY},
    "storage_key": {"type": "str", "no_log": True},
    "user_assigned_identity": {"type": "str"},
}

_ACCESS_TYPES = {SYSTEM_IDENTITY: "SystemAssignedManagedIdentity", USER_IDENTITY: "UserAssignedManagedIdentity", KEY: "AccessKey"}


@dataclass(frozen=True)
class ApimStorage:
    """The options, checked. ``subscription`` and ``group`` of the account, None where they are not told; ``key`` is a secret."""

    account: str
    container: str
    access: str
    subscription: str | None = None
    group: str | None = None
    key: str | None = field(default=None, repr=False)
    identity: str | None = None


def read_storage(params: Mapping[str, Any]) -> ApimStorage:
    """The options of ``apim_storage``; raises OptionError, before any request, for what cannot be."""
    account, subscription, group = _account(params["storage_account"].strip(), params.get("storage_resource_group"))
    check_account(account, "storage_account")
    container = check_container(params["container"].strip(), "container")
    access, key, identity = params["storage_access"], params.get("storage_key") or None, params.get("user_assigned_identity") or None
    keep_secret(key)
    if key and access != KEY:
        raise OptionError("storage_key", "a key is used with storage_access=key only")
    if identity and access != USER_IDENTITY:
        raise OptionError("user_assigned_identity", "an identity of the service is used with storage_access=user_identity only")
    return ApimStorage(account, container, access, subscription, group, check_key(key, "storage_key") if key else None, identity)


def request_body(storage: ApimStorage, backup_name: str, *, key: str | None = None, client_id: str | None = None) -> dict[str, str]:
    """What a backup or restore is asked with. ``key`` for access by key (secret), ``client_id`` for a user-assigned identity.

    The body is flat; the account goes by name, an identity by its client id (API 2022-08-01).
    """
    keep_secret(key)
    body = {
        "storageAccount": storage.account,
        "containerName": storage.container,
        "backupName": backup_name,
        "accessType": _ACCESS_TYPES[storage.access],
    }
    if storage.access == KEY and key:
        body["accessKey"] = key
    if storage.access == USER_IDENTITY and client_id:
        body["clientId"] = client_id
    return body


def _account(text: str, group: str | None) -> tuple[str, str | None, str | None]:
    """Name, subscription and resource group of the account."""
    if not text.startswith("/"):
        return text, None, check_group(group, "storage_resource_group")
    found = parse_id(text, "storage_account", ACCOUNT_TYPE)
    return found.name, found.subscription, found.group
