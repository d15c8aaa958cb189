# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery of single files."""

from __future__ import annotations

import base64
from typing import Any

from azure_dr_simulator.replies import Reply
from azure_dr_simulator.services.recovery_services.state import credentials
from backup_world import Backup, code, vault_with_points


def mount(azure: Backup, name: str, **changes: Any) -> tuple[str, Reply]:
    """The path of the newest point, and the answer to the request for its script."""
    point = azure.points(name)[0]["name"]
    path = f"{azure.item(name)}/recoveryPoints/{point}"
    request = {
        "objectType": "IaasVMILRRegistrationRequest",
        "recoveryPointId": point,
        "virtualMachineId": azure.vm(name),
        **changes,
    }
    return path, azure.send("POST", f"{path}/provisionInstantItemRecovery", {"properties": request})


def scripts(azure: Backup, path: str, operation: str) -> Reply:
    body = {"provisionInstantItemRecoveryOperationId": operation}
    return azure.send("POST", f"{path}/listInstantItemRecoveryOperationResult", body)


def is_mounted(azure: Backup, path: str) -> bool:
    return bool(azure.get(path)["properties"]["isInstantIlrSessionActive"])


def test_a_point_is_mounted_for_a_while() -> None:
    azure = Backup(vault_with_points())
    path, reply = mount(azure, "web-01")
    assert reply.status == 202
    status = reply.headers["Azure-AsyncOperation"]
    assert azure.get(status)["status"] == "InProgress" and "properties" not in azure.get(status)
    assert not is_mounted(azure, path)
    azure.advance(60)
    done = azure.get(status)
    assert done["status"] == "Succeeded"
    assert done["properties"]["objectType"] == "OperationStatusProvisionILRExtendedInfo"
    script = done["properties"]["recoveryTarget"]["clientScripts"][0]
    assert (script["osType"], script["scriptExtension"]) == ("Linux", ".py")
    [password] = credentials(azure.world)
    assert script["scriptNameSuffix"].endswith(password)
    assert password in base64.b64decode(script["scriptContent"]).decode()
    again = scripts(azure, path, done["id"])
    assert again.body == done["properties"]["recoveryTarget"]
    assert is_mounted(azure, path)
    azure.advance(13 * 3600)
    assert not is_mounted(azure, path)


def test_it_is_unmounted() -> None:
    azure = Backup(vault_with_points())
    path, _reply = mount(azure, "web-01")
    azure.advance(60)
    assert azure.send("POST", f"{path}/revokeInstantItemRecovery").status == 202
    azure.advance(60)
    assert not is_mounted(azure, path)


def test_the_machine_and_the_point_must_be_the_items() -> None:
    azure = Backup(vault_with_points())
    _path, reply = mount(azure, "web-01", virtualMachineId=azure.vm("db-01"))
    assert code(reply) == "400 BMSUserErrorInvalidInput"
    path, reply = mount(azure, "web-01", recoveryPointId="1")
    assert code(reply) == "400 BMSUserErrorInvalidInput"
    unknown = scripts(azure, path, "x")
    assert unknown.status == 404


def test_scripts_are_there_when_the_operation_has_ended() -> None:
    azure = Backup(vault_with_points())
    path, reply = mount(azure, "web-01")
    operation = azure.get(reply.headers["Azure-AsyncOperation"])["id"]
    early = scripts(azure, path, operation)
    assert code(early) == "400 BMSUserErrorInvalidInput"
