# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection intents: what the portal's VM blade uses. They answer 200 whatever the job then finds."""

from __future__ import annotations

from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from .links import vault_of
from .protection import enable_by_intent
from .state import Vault


def _json(vault: Vault, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{vault.id}/backupFabrics/Azure/backupProtectionIntent/{name}",
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/backupProtectionIntent",
        "properties": properties,
    }


def put_intent(call: Call) -> Reply:
    vault = vault_of(call)
    given = call.body.get("properties") if isinstance(call.body, dict) else None
    if not isinstance(given, dict) or given.get("protectionIntentItemType") not in ("AzureResourceItem", "RecoveryServiceVaultItem"):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    name = call.vars["intent"]
    properties = {
        "protectionIntentItemType": given["protectionIntentItemType"],
        "backupManagementType": "AzureIaasVM",
        "sourceResourceId": given.get("sourceResourceId"),
        "itemId": f"{vault.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name.split(';', 1)[-1]}/protectedItems/{name}",
        "policyId": given.get("policyId"),
        "protectionState": "Protecting",
    }
    vault.intents[name.lower()] = {"name": name, "properties": properties}
    enable_by_intent(call, vault, name, given)
    return Reply(200, _json(vault, name, properties))


def get_intent(call: Call) -> Reply:
    vault = vault_of(call)
    found = vault.intents.get(call.vars["intent"].lower())
    if found is None:
        raise AzureError(404, "ResourceNotFound", f"The protection intent '{call.vars['intent']}' was not found.")
    return Reply(200, _json(vault, found["name"], found["properties"]))


def delete_intent(call: Call) -> Reply:
    vault_of(call).intents.pop(call.vars["intent"].lower(), None)
    return Reply(204)


def list_intents(call: Call) -> Reply:
    vault = vault_of(call)
    return Reply(200, {"value": [_json(vault, one["name"], one["properties"]) for one in vault.intents.values()]})
