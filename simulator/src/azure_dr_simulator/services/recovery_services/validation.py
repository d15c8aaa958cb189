# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pre-restore validation, synchronous and as an operation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from .links import accepted, sent_vault_path, vault_of
from .operations import find_operation
from .restore_checks import RestoreCase, problems
from .state import Item, Operation, RecoveryPoint, Vault
from .times import NO_TIME, stamp


def validate(call: Call) -> Reply:
    """backupValidateOperation: 200 with the list of problems, empty when there are none."""
    return Reply(200, _answer(call, vault_of(call)))


def trigger_validation(call: Call) -> Reply:
    """backupTriggerValidateOperation: 202; the operation succeeds even when it finds problems."""
    vault = vault_of(call)
    now = call.world.now()
    operation = Operation(id=call.world.new_id(), start=now, end=now + timedelta(seconds=8), result=_answer(call, vault))
    vault.operations[operation.id.lower()] = operation
    path = sent_vault_path(call)
    return accepted(
        call,
        status_path=f"{path}/backupValidateOperationsStatuses/{operation.id}",
        result_path=f"{path}/backupValidateOperationResults/{operation.id}",
        retry_after=10,
    )


def get_status(call: Call) -> Reply:
    operation = find_operation(call, vault_of(call))
    status = operation.status(call.world.now())
    body: dict[str, Any] = {
        "id": operation.id,
        "name": operation.id,
        "status": status,
        "startTime": stamp(operation.start),
        "endTime": NO_TIME if status == "InProgress" or operation.end is None else stamp(operation.end),
    }
    if status != "InProgress":
        body["properties"] = {"objectType": "OperationStatusValidateOperationExtendedInfo", **(operation.result or {})}
    return Reply(200, body)


def get_result(call: Call) -> Reply:
    operation = find_operation(call, vault_of(call))
    if operation.status(call.world.now()) == "InProgress":
        return Reply(202, None, call.world.clock.retry_after_headers(10))
    return Reply(200, operation.result)


def _answer(call: Call, vault: Vault) -> dict[str, Any]:
    body = call.body if isinstance(call.body, dict) else {}
    outer = body.get("properties") if isinstance(body.get("properties"), dict) else body
    request = (outer or {}).get("restoreRequest")
    if not isinstance(request, dict):
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    item, point = _point(vault, str(body.get("id") or ""), request)
    case = RestoreCase(call.world, vault, item, point, request, vault.location, secondary=False)
    results = [
        {"code": found.code, "message": found.message, "recommendations": found.recommendations} for found in problems(case)
    ]
    return {"validateOperationResponse": {"validationResults": results}}


def _point(vault: Vault, point_id: str, request: dict[str, Any]) -> tuple[Item, RecoveryPoint]:
    """The item and point of the body's id, or of the request when the id is missing (synchronous call)."""
    wanted = point_id.rstrip("/").rsplit("/", 1)[-1] or str(request.get("recoveryPointId"))
    source = str(request.get("sourceResourceId", "")).lower()
    for item in vault.items.values():
        if item.source_id.lower() == source or f";{item.key}/recoverypoints/" in point_id.lower():
            for point in item.points:
                if point.id == wanted:
                    return item, point
    raise AzureError(404, "UserErrorRecoveryPointNotFound", f"The recovery point '{wanted}' was not found.")
