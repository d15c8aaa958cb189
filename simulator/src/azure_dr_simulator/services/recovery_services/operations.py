# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading operations: any id answers at the vault and at the item, signed or not."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from ...async_urls import signed
from ...replies import AzureError, Reply
from ...routing import Call
from .links import RETRY_AFTER, vault_of
from .state import Operation, Vault
from .times import NO_TIME, stamp
from .views import item_json


def find_operation(call: Call, vault: Vault) -> Operation:
    operation = vault.operations.get(call.vars["operation"].lower())
    if operation is None:
        raise AzureError(
            404,
            "OperationNotFound",
            f"The operation '{call.vars['operation']}' was not found.",
            headers={"x-ms-failure-cause": "service"},
        )
    return operation


def operation_json(call: Call, operation: Operation) -> dict[str, Any]:
    """`endTime` repeats the start when over, and has no zone while running."""
    now = call.world.now()
    status = operation.status(now)
    body: dict[str, Any] = {
        "id": operation.id,
        "name": operation.id,
        "status": status,
        "startTime": stamp(operation.start),
        "endTime": NO_TIME if status == "InProgress" else stamp(operation.start),
    }
    if status == "Failed":
        body["error"] = {"code": operation.error_code, "message": operation.error_message}
    if status != "InProgress" and operation.job_id is not None:
        body["properties"] = {"objectType": "OperationStatusJobExtendedInfo", "jobId": operation.job_id}
    if status != "InProgress" and operation.result is not None and "recoveryTarget" in operation.result:
        body["properties"] = {"objectType": "OperationStatusProvisionILRExtendedInfo", **operation.result}
    if status != "InProgress" and operation.result is not None and "jobIds" in operation.result:
        body["properties"] = operation.result
    return body


def get_status(call: Call) -> Reply:
    """`backupOperations/{id}` and the item's `operationsStatus/{id}`."""
    operation = find_operation(call, vault_of(call))
    running = operation.status(call.world.now()) == "InProgress"
    return Reply(200, operation_json(call, operation), call.world.clock.retry_after_headers(RETRY_AFTER) if running else {})


def get_item_result(call: Call) -> Reply:
    """The item's `operationResults/{id}`: 202 while running, then 200 with the item, or 204."""
    vault = vault_of(call)
    operation = find_operation(call, vault)
    running = _still_running(call, operation)
    if running is not None:
        return running
    item = vault.items.get(operation.item_key or "")
    return Reply(204) if item is None else Reply(200, item_json(call, vault, item))


def get_vault_result(call: Call) -> Reply:
    """`backupOperationResults/{id}`: 202 while running, then 204."""
    return _still_running(call, find_operation(call, vault_of(call))) or Reply(204)


def _still_running(call: Call, operation: Operation) -> Reply | None:
    if operation.status(call.world.now()) != "InProgress":
        return None
    headers = call.world.clock.retry_after_headers(RETRY_AFTER)
    return Reply(202, None, {**headers, "Location": signed(call, unquote(call.raw_path), call.api_version)})
