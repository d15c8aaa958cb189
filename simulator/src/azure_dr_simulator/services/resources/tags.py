# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags of any one resource: `{resource}/providers/Microsoft.Resources/tags/default`."""

from __future__ import annotations

from typing import Any

from ...replies import AzureError, Reply, resource_not_found
from ...routing import Call
from .state import ResourcesState

OPERATIONS = ("merge", "replace", "delete")


def get_tags(call: Call) -> Reply:
    return Reply(200, _view(_resource(call)))


def patch_tags(call: Call) -> Reply:
    """Merges, replaces or deletes tags; names compare without case."""
    body = call.body if isinstance(call.body, dict) else {}
    operation = str(body.get("operation", "")).lower()
    given = (body.get("properties") or {}).get("tags")
    if operation not in OPERATIONS or not isinstance(given, dict):
        raise AzureError(
            400,
            "InvalidRequestContent",
            "The request content was invalid: operation is Merge, Replace or Delete, with properties.tags.",
        )
    resource = _resource(call)
    # The dictionary in the inventory is the resource's own.
    tags: dict[str, str] = resource["tags"]
    if operation == "replace":
        tags.clear()
    for name, value in given.items():
        for had in [had for had in tags if had.lower() == str(name).lower()]:
            del tags[had]
        if operation != "delete":
            tags[str(name)] = str(value)
    return Reply(200, _view(resource))


def _resource(call: Call) -> dict[str, Any]:
    wanted = call.raw_path.lower().split("/providers/microsoft.resources/tags/")[0]
    for inventory in call.world.state(ResourcesState).inventories:
        for one in inventory(call.world, call.vars["subscription"]):
            if str(one["id"]).lower() == wanted:
                return one
    raise resource_not_found(f"{call.vars['namespace']}/{call.vars['kind']}", call.vars["name"], call.vars["group"])


def _view(resource: dict[str, Any]) -> dict[str, Any]:
    tags = resource.get("tags") or {}
    return {
        "id": f"{resource['id']}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": dict(tags)},
    }
