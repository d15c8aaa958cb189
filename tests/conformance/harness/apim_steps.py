# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the recorded backups of API Management services to the calls of apim_backup that make them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .bodies import REDACTED
from .endings import operation_ids
from .recording import OPERATION_RESULT, Exchange

BACKUP = "/backup"
SERVICE = "/microsoft.apimanagement/service/"
SYSTEM, USER = "SystemAssignedManagedIdentity", "UserAssignedManagedIdentity"
ACCESS = {SYSTEM: "system_identity", USER: "user_identity"}


@dataclass(frozen=True)
class BackupStep:
    """One call. ``failure`` is the code that the operation ended with, None when it went well; ``cut_off``: nobody saw its end."""

    arguments: dict[str, Any]
    write: Exchange
    failed: bool = False
    failure: str | None = None
    cut_off: bool = False

    @property
    def name(self) -> str:
        return f"{self.write.index} {self.arguments['name'].rsplit('/', 1)[-1]}"


def said(flow: list[Exchange]) -> list[Exchange]:
    """The flow with a look at each service that was backed up before anybody had looked at it."""
    looks: list[dict[str, Any]] = []
    for write in filter(is_backup, flow):
        key = write.key[: -len(BACKUP)]
        if not any((e.method, e.key, e.status) == ("GET", key, 200) for e in flow):
            looks.append({"method": "GET", "path": write.path[: -len(BACKUP)], "status": 200, "response_body": _service(write)})
    if not looks:
        return flow
    added = [Exchange.of(row, number) for number, row in enumerate(looks)]
    return [*added, *(Exchange(e.index + len(looks), *_rest(e)) for e in flow)]


def backup_steps(flow: list[Exchange]) -> list[BackupStep]:
    """The calls for the backups of a flow, in their order. Those that a broken server answered come again."""
    return [_step(flow, write) for write in flow if is_backup(write) and not write.broken]


def is_backup(exchange: Exchange) -> bool:
    return exchange.method == "POST" and SERVICE in exchange.key and exchange.key.endswith(BACKUP) and isinstance(exchange.request_body, dict)


def _step(flow: list[Exchange], write: Exchange) -> BackupStep:
    sent = write.request_body
    arguments = {
        "name": unquote(write.path[: -len(BACKUP)]),
        "storage_account": sent["storageAccount"],
        "container": sent["containerName"],
        "backup_name": _verbatim(sent["backupName"]),
        "storage_access": ACCESS.get(sent.get("accessType"), "key"),
        # A recording does not show what lay in the container.
        "force": True,
    }
    listed = [e.path.rsplit("/", 1)[0] for e in flow if e.key.endswith(f"/storageaccounts/{sent['storageAccount'].lower()}/listkeys")]
    if listed:
        arguments["storage_account"] = unquote(listed[0])
    else:
        arguments["storage_resource_group"] = arguments["name"].split("/")[4]
        if arguments["storage_access"] == "key":
            arguments["storage_key"] = sent.get("accessKey") or REDACTED
    if sent.get("clientId"):
        arguments["user_assigned_identity"] = sent["clientId"]
    looks = [e for e in flow if not e.is_write and not e.broken and _result(e) in operation_ids(write)]
    if not looks:
        return BackupStep(arguments, write)
    last = looks[-1]
    error = last.response_body.get("error") if isinstance(last.response_body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return BackupStep(arguments, write, last.status >= 400 and last.status != 403, code, last.status == 202)


def _verbatim(name: str) -> str:
    """What looks like a template in a recorded name is none, neither the module's nor Ansible's."""
    text = name.replace("{", "{{").replace("}", "}}").replace("%", "%%")
    return "{{ " + json.dumps(text) + " }}" if "{" in text else text


def _result(exchange: Exchange) -> str | None:
    match = OPERATION_RESULT.search(exchange.key)
    return match.group(1) if match else None


def _service(write: Exchange) -> dict[str, Any]:
    """The service must be there, with what its backup needs."""
    path = unquote(write.path[: -len(BACKUP)])
    access, client = write.request_body.get("accessType"), write.request_body.get("clientId")
    identity: dict[str, Any] = {"type": "SystemAssigned"} if access == SYSTEM else {}
    if access == USER:
        own = path.split("/providers/")[0] + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity"
        identity = {"type": "UserAssigned", "userAssignedIdentities": {own: {"clientId": client}}}
    properties = {"provisioningState": "Succeeded"}
    return {"id": path, "name": path.rsplit("/", 1)[-1], "location": "unknown", "sku": {"name": "Developer"}, "identity": identity, "properties": properties}


def _rest(exchange: Exchange) -> tuple[Any, ...]:
    return (
        exchange.method, exchange.path, exchange.query, exchange.request_body, exchange.status, exchange.headers, exchange.response_body, exchange.source,
    )
