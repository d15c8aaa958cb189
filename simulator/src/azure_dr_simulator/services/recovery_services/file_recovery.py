# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery of single files: a point is offered as disks for a while, by a script that contains its password.

The script of the simulator only says what it is: there is no data plane to connect to.
"""

from __future__ import annotations

import base64
import secrets
import string
from datetime import datetime, timedelta
from typing import Any

from ...replies import AzureError, Reply
from ...routing import Call
from .links import accepted_at_item, item_of, vault_of
from .naming import parse_vm_id
from .operations import find_operation
from .recovery_points import find_point
from .state import Item, Operation, RecoveryPoint, Vault, state_of

MOUNTED = timedelta(hours=12)
_TAKES = 45.0
"""Virtual seconds of both operations; no recording tells."""
_LETTERS = string.ascii_lowercase + string.digits


def provision(call: Call) -> Reply:
    """202; when the operation has succeeded the point is mounted for 12 hours. Asked again it is renewed."""
    vault, item, point = _found(call)
    given = call.body.get("properties") if isinstance(call.body, dict) else None
    request = given if isinstance(given, dict) else {}
    machine = parse_vm_id(request.get("virtualMachineId"))
    if machine is None or machine.key != item.vm_id.lower() or request.get("recoveryPointId") != point.id:
        raise AzureError(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid.")
    world = call.world
    ready = world.now() + timedelta(seconds=_TAKES)
    operation = _begin(call, vault, item, {"recoveryTarget": {"clientScripts": _scripts(call, vault, item, point)}})

    def mounted() -> None:
        point.mounted_until = ready + MOUNTED

    world.at(ready, mounted)
    return accepted_at_item(call, operation)


def revoke(call: Call) -> Reply:
    """202; then the point is mounted no more."""
    vault, item, point = _found(call)
    operation = _begin(call, vault, item, None)

    def gone() -> None:
        point.mounted_until = None

    call.world.after(_TAKES, gone)
    return accepted_at_item(call, operation)


def list_result(call: Call) -> Reply:
    """The scripts of a provisioning that has ended, by its operation id."""
    vault, _item, _point = _found(call)
    body = call.body if isinstance(call.body, dict) else {}
    call.vars["operation"] = str(body.get("provisionInstantItemRecoveryOperationId") or "")
    operation = find_operation(call, vault)
    target = (operation.result or {}).get("recoveryTarget")
    if target is None or operation.status(call.world.now()) != "Succeeded":
        raise AzureError(400, "BMSUserErrorInvalidInput", "The operation is no finished mount of a recovery point.")
    return Reply(200, target)


def _found(call: Call) -> tuple[Vault, Item, RecoveryPoint]:
    vault = vault_of(call)
    item = item_of(call, vault)
    return vault, item, find_point(call, item)


def _begin(call: Call, vault: Vault, item: Item, result: dict[str, Any] | None) -> Operation:
    now: datetime = call.world.now()
    end = now + timedelta(seconds=_TAKES)
    operation = Operation(id=call.world.new_id(), start=now, end=end, item_key=item.key, result=result)
    vault.operations[operation.id.lower()] = operation
    return operation


def _scripts(call: Call, vault: Vault, item: Item, point: RecoveryPoint) -> list[dict[str, Any]]:
    """The suffix of the script's name ends in 32 digits and 15 characters of password, which a client cuts out."""
    password = "".join(secrets.choice(_LETTERS) for _ in range(15))
    state_of(call.world).script_passwords.append(password)
    suffix = f"{item.friendly_name}_{vault.location}_{point.id}_{secrets.token_hex(16)}{password}"
    text = f'#!/usr/bin/env python3\nTargetPassword="{password}"\nprint("The simulator has no data to mount.")\n'
    script = {
        "scriptContent": base64.b64encode(text.encode()).decode(),
        "scriptExtension": ".py",
        "osType": "Linux",
        "scriptNameSuffix": suffix,
    }
    if point.os_type != "Windows":
        return [script]
    # Windows machines are given a program to download; here is nowhere to get it from.
    program = {
        "scriptExtension": ".exe",
        "osType": "Windows",
        "url": "https://download.invalid/recover.exe",
        "scriptNameSuffix": suffix,
    }
    return [{**script, "scriptExtension": ".ps1", "osType": "Windows"}, program]
