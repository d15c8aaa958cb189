# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments of templates to a resource group."""

from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.estate import default_document
from harness import Local, error_code

VERSION = "2024-11-01"
NIC, VM = "Microsoft.Network/networkInterfaces", "Microsoft.Compute/virtualMachines"


def make(**principals: list[str]) -> Local:
    document = default_document()
    document["principals"] += [{"name": name, "roles": roles} for name, roles in principals.items()]
    return Local(throttle="off", document=document)


def nic(local: Local, **changes: Any) -> dict[str, Any]:
    subnet = f"{local.group('rg-dr')}/providers/Microsoft.Network/virtualNetworks/vnet-dr/subnets/default"
    properties = {"ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": subnet}}}]}
    resource = {
        "apiVersion": "2024-05-01",
        "type": NIC,
        "name": "nic",
        "location": "eastasia",
        "properties": properties,
    }
    return {**resource, **changes}


def vm(local: Local, **changes: Any) -> dict[str, Any]:
    properties = {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {"osDisk": {"createOption": "FromImage"}},
        "networkProfile": {"networkInterfaces": [{"id": f"{local.group('rg-dr')}/providers/{NIC}/nic"}]},
    }
    resource = {
        "apiVersion": "2024-11-01",
        "type": VM,
        "name": "made",
        "location": "eastasia",
        "properties": properties,
    }
    return {**resource, "dependsOn": [f"{NIC}/nic"], **changes}


def send(local: Local, *resources: Any, method: str = "PUT", below: str = "", **options: Any) -> Any:
    path = f"{local.group('rg-dr')}/providers/Microsoft.Resources/deployments/first{below}"
    body = {"properties": {"mode": "incremental", "template": {"resources": list(resources)}}} if resources else None
    return local.send(method, path, body, version=VERSION, **options)


def ended(local: Local, reply: Any) -> Any:
    for _look in range(30):
        status = local.get(reply.headers["Azure-AsyncOperation"]).body
        if status["status"] in ("Succeeded", "Failed"):
            break
        local.advance(5)
    return status


def test_resources_are_made_as_they_depend_on_each_other() -> None:
    local = make()
    asked = send(local, vm(local), nic(local))
    assert (asked.status, asked.body["properties"]["provisioningState"]) == (201, "Accepted")
    assert error_code(send(local, nic(local))) == "DeploymentActive"
    assert ended(local, asked) == {"status": "Succeeded"}
    made = send(local, method="GET").body["properties"]
    assert [one["id"].rsplit("/", 1)[-1] for one in made["outputResources"]] == ["made", "nic"]
    machine = local.get(f"{local.group('rg-dr')}/providers/{VM}/made").body
    assert machine["properties"]["provisioningState"] == "Succeeded"
    operations = local.get(f"{local.group('rg-dr')}/deployments/first/operations").body["value"]
    assert [one["properties"]["provisioningState"] for one in operations] == ["Succeeded", "Succeeded"]
    assert send(local, vm(local), nic(local)).status == 200


def test_what_fails_and_what_is_not_started_then() -> None:
    local = make()
    asked = send(
        local,
        nic(local, properties={"ipConfigurations": []}, location="mars"),
        vm(local, name="other", properties={}),
        vm(local),
    )
    status = ended(local, asked)
    assert (status["status"], status["error"]["code"]) == ("Failed", "DeploymentFailed")
    assert status["error"]["details"][0]["code"]
    assert local.get(f"{local.group('rg-dr')}/providers/{VM}/made").status == 404
    shown = send(local, method="GET").body["properties"]
    assert (shown["provisioningState"], "outputResources" in shown) == ("Failed", False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "[parameters('name')]"}, "InvalidTemplate"),
        ({"name": "a/b"}, "InvalidTemplate"),
        ({"dependsOn": [f"{NIC}/other"]}, "InvalidTemplate"),
        ({"type": "Microsoft.Nothing/things"}, "InvalidResourceNamespace"),
        ({"type": "Microsoft.Network/things"}, "InvalidResourceType"),
    ],
)
def test_a_bad_template_is_refused_at_once(changes: dict[str, Any], code: str) -> None:
    local = make()
    for method, below in (("PUT", ""), ("POST", "/validate")):
        assert error_code(send(local, nic(local, **changes), method=method, below=below)) == code
    assert error_code(send(local, method="GET")) == "DeploymentNotFound"


def test_a_validation_makes_nothing() -> None:
    local = make()
    assert (
        send(local, nic(local), method="POST", below="/validate").body["properties"]["provisioningState"] == "Succeeded"
    )
    local.advance(60)
    assert local.get(f"{local.group('rg-dr')}/providers/{NIC}/nic").status == 404


def test_a_deployment_does_what_its_caller_may() -> None:
    """Backup operators may deploy, but make no network interfaces."""
    local = make(operator=["Backup Operator"])
    refused = send(local, nic(local), token=local.issue("operator"))
    assert (refused.status, error_code(refused)) == (403, "AuthorizationFailed")
    assert "networkInterfaces/write" in refused.body["error"]["message"]
