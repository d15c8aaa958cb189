# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from azure_dr_simulator.estate import EstateError, default_document
from azure_dr_simulator.services.compute.sizes import family_of, vcpus_of
from harness import Local, error_code

LOCATION = "providers/Microsoft.Compute/locations/eastasia"


def world(quotas: Any) -> Local:
    return Local(throttle="off", document={**default_document(), "quotas": quotas})


def usages(local: Local) -> dict[str, tuple[int, int]]:
    listed = local.get(f"{local.subscription}/{LOCATION}/usages").body["value"]
    return {one["name"]["value"]: (one["currentValue"], one["limit"]) for one in listed}


def machine(local: Local, name: str, size: str) -> Any:
    """Sends the PUT of a machine on an interface of its own."""
    group = f"{local.group('rg-dr')}/providers"
    subnet = {"subnet": {"id": f"{group}/Microsoft.Network/virtualNetworks/vnet-dr/subnets/default"}}
    nic = f"{group}/Microsoft.Network/networkInterfaces/{name}-nic"
    configuration = {"name": "ipconfig1", "properties": subnet}
    local.send("PUT", nic, {"location": "eastasia", "properties": {"ipConfigurations": [configuration]}})
    body = {
        "location": "eastasia",
        "properties": {
            "hardwareProfile": {"vmSize": size},
            "storageProfile": {"osDisk": {"createOption": "FromImage", "osType": "Linux"}, "dataDisks": []},
            "networkProfile": {"networkInterfaces": [{"id": nic}]},
        },
    }
    return local.send("PUT", f"{group}/Microsoft.Compute/virtualMachines/{name}", body)


@pytest.mark.parametrize(
    ("size", "vcpus", "family"),
    [
        ("Standard_D2s_v5", 2, "standardDSv5Family"),
        ("Standard_DS1_v2", 1, "standardDSv2Family"),
        ("Standard_E16-8s_v5", 8, "standardESv5Family"),
        ("Standard_D64as_v6", 64, "standardDASv6Family"),
        ("Standard_B2s", 2, "standardBSFamily"),
        ("Odd", 2, "standardOtherFamily"),
    ],
)
def test_vcpus_and_family_follow_from_the_name(size: str, vcpus: int, family: str) -> None:
    assert (vcpus_of(size), family_of(size)) == (vcpus, family)


def test_usages_are_generous_unless_the_estate_says_otherwise(local: Local) -> None:
    found = usages(local)
    assert found["cores"] == (3 * 2 + 4 + 8, 25000)
    assert found["standardDSv5Family"] == (3 * 2 + 4, 25000)
    assert found["virtualMachines"][0] == 5
    assert usages(world({"East Asia": {"cores": 20, "standardFSv2Family": 0}}))["cores"] == (18, 20)


def test_sizes_of_a_region_tell_their_families(local: Local) -> None:
    path = f"{local.subscription}/providers/Microsoft.Compute/skus?$filter=location eq 'eastasia'"
    listed = local.get(path).body["value"]
    assert {one["name"]: one["family"] for one in listed}["Standard_E8s_v5"] == "standardESv5Family"


@pytest.mark.parametrize(
    ("quotas", "words"),
    [
        ({"cores": 20}, "exceeding approved Total Regional Cores quota"),
        ({"standardDSv5Family": 12}, "approved standardDSv5Family Cores quota"),
    ],
)
def test_a_machine_beyond_the_quota_is_refused_in_azures_words(quotas: dict[str, int], words: str) -> None:
    local = world({"eastasia": quotas})
    assert machine(local, "one", "Standard_D2s_v5").status == 201
    reply = machine(local, "two", "Standard_D2s_v5")
    assert (reply.status, error_code(reply)) == (409, "OperationNotAllowed")
    assert words in reply.body["error"]["message"] and "Additional Required: 2" in reply.body["error"]["message"]


@pytest.mark.parametrize("quotas", [["cores"], {"eastasia": 5}, {"eastasia": {"cores": -1}}])
def test_quotas_that_are_none_name_their_place(quotas: Any) -> None:
    with pytest.raises(EstateError, match="quotas"):
        world(quotas)


def test_addresses_of_a_subnet_are_counted(local: Local) -> None:
    path = f"{local.group('rg-prod')}/providers/Microsoft.Network/virtualNetworks/vnet-prod"
    (usage,) = local.get(f"{path}/usages").body["value"]
    assert usage["id"] == f"{path}/subnets/default"
    assert (usage["currentValue"], usage["limit"]) == (5, 4096 - 5)


@pytest.mark.parametrize(
    ("principal", "place", "actions"),
    [
        ("auditor", "", [["*/read"]]),
        ("drill", "/providers/Microsoft.Storage/storageAccounts/ststagingea", [["*"]]),
        ("scoped", "", [["Microsoft.Compute/*", "Microsoft.Authorization/*/read"]]),
    ],
)
def test_permissions_are_those_of_the_callers_roles(principal: str, place: str, actions: list[list[str]]) -> None:
    scoped = {"actions": ["Microsoft.Compute/*", "Microsoft.Authorization/*/read"], "scope": Local().group("rg-dr")}
    document = default_document()
    document["principals"].append({"name": "scoped", "roles": [scoped]})
    local = Local(throttle="off", document=document)
    path = f"{local.group('rg-dr')}{place}/providers/Microsoft.Authorization/permissions"
    reply = local.get(path, token=local.issue(principal), version="2022-04-01")
    assert [one["actions"] for one in reply.body["value"]] == actions


def test_permissions_take_the_right_to_read_them(local: Local) -> None:
    path = f"{local.group('rg-dr')}/providers/Microsoft.Authorization/permissions"
    assert error_code(local.get(path, token=local.issue("nobody"))) == "AuthorizationFailed"
    assert error_code(local.get(path.replace("rg-dr", "rg-none"))) == "ResourceGroupNotFound"
