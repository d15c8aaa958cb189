# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading protected items and containers."""

from __future__ import annotations

from typing import Any

from ...replies import Reply
from ...routing import Call
from .cross_region_rules import SECONDARY_VERSION, points_in_secondary
from .filters import matches, page, parse_filter
from .links import item_of, vault_of
from .state import Item, Vault
from .views import container_json, item_json


def get_item(call: Call) -> Reply:
    vault = vault_of(call)
    item = item_of(call, vault)
    expand = parse_filter(call).get("expand", "").lower()
    return Reply(200, item_json(call, vault, item, extended=expand == "extendedinfo", single=True))


def list_items(call: Call) -> Reply:
    """200 a page. With api-version 2021-11-15 (trailing slash) the items readable in the paired region."""
    vault = vault_of(call)
    wanted = parse_filter(call)
    rows = [item for item in vault.items.values() if _wanted(wanted, item)]
    if call.api_version == SECONDARY_VERSION:
        rows = [item for item in rows if points_in_secondary(vault, item, call.world.now())]
    found, following = page(call, rows)
    return _list([item_json(call, vault, item) for item in found], following)


def _wanted(wanted: dict[str, str], item: Item) -> bool:
    return matches(
        {
            "backupmanagementtype": "AzureIaasVM",
            "itemtype": "VM",
            "policyname": item.policy,
            "containername": wanted.get("containername", "") if _names_container(wanted, item) else item.tail,
            "friendlyname": item.friendly_name,
            "healthstate": "Passed",
            "fabricname": "Azure",
        },
        wanted,
    )


def _names_container(wanted: dict[str, str], item: Item) -> bool:
    """Clients name a container with or without its first part."""
    return wanted.get("containername", "").lower().removeprefix("iaasvmcontainer;") == item.tail.lower()


def list_containers(call: Call) -> Reply:
    """Soft-deleted containers are in this list too, whatever the status filter says."""
    vault = vault_of(call)
    return _containers(call, vault, list(vault.items.values()))


def list_deleted_containers(call: Call) -> Reply:
    vault = vault_of(call)
    return _containers(call, vault, [item for item in vault.items.values() if item.deleted is not None])


def _containers(call: Call, vault: Vault, items: list[Item]) -> Reply:
    wanted = parse_filter(call)
    rows = [
        item
        for item in items
        if matches({"backupmanagementtype": "AzureIaasVM", "friendlyname": item.friendly_name}, wanted)
    ]
    found, following = page(call, rows)
    return _list([container_json(call, vault, item) for item in found], following)


def _list(rows: list[dict[str, Any]], following: str | None) -> Reply:
    body: dict[str, Any] = {"value": rows}
    if following is not None:
        body["nextLink"] = following
    return Reply(200, body)
