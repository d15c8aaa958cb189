# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from azure_dr_simulator.services.resources.behaviour import GROUP_DELETE
from harness import Local, error_code


def names(local: Local, path: str) -> list[str]:
    return [one["name"] for one in local.get(path).body["value"]]


def test_group_life(local: Local) -> None:
    path = local.group("rg-new")
    assert local.send("HEAD", path).status == 404
    assert error_code(local.send("PUT", path, {})) == "LocationRequired"
    made = local.send("PUT", path, {"location": "East Asia", "tags": {"a": "b"}})
    assert (made.status, made.body["location"], made.body["tags"]) == (201, "eastasia", {"a": "b"})
    assert local.send("PUT", path, {"location": "eastasia"}).body["tags"] == {"a": "b"}
    assert error_code(local.send("PUT", path, {"location": "westus"})) == "InvalidResourceGroupLocation"
    assert local.send("PATCH", path, {"tags": {}}).status == 200
    assert local.send("HEAD", path.upper().replace("SUBSCRIPTIONS", "subscriptions")).status == 204
    assert "rg-new" in names(local, f"{local.subscription}/resourceGroups")


def test_groups_by_tag(local: Local) -> None:
    path = f"{local.subscription}/resourceGroups?$filter="
    assert names(local, path + "tagName eq 'environment' and tagValue eq 'production'") == ["rg-prod"]
    assert names(local, path + "tagName eq 'none'") == []


def test_deleting_a_group_takes_all_in_it(local: Local) -> None:
    reply = local.send("DELETE", local.group("rg-prod"))
    assert (reply.status, "Azure-AsyncOperation" in reply.headers) == (202, False)
    assert local.get(local.group("rg-prod")).body["properties"]["provisioningState"] == "Deleting"
    assert local.get(reply.headers["Location"]).status == 202
    local.advance(GROUP_DELETE)
    assert local.get(reply.headers["Location"]).status == 200
    assert local.get(local.group("rg-prod")).status == 404
    left = local.get(f"{local.subscription}/resources").body["value"]
    assert left and not [one for one in left if "/rg-prod/" in one["id"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resourceType eq 'microsoft.compute/virtualmachines'", ["app-01", "db-01", "web-01", "web-02", "web-03"]),
        ("tagName eq 'tier' and tagValue eq 'db'", ["db-01"]),
        ("tagName eq 'tier'", ["app-01", "db-01", "web-01", "web-02", "web-03"]),
        ("name eq 'vnet-dr'", ["vnet-dr"]),
        ("resourceGroup eq 'rg-dr' and resourceType eq 'Microsoft.Storage/storageAccounts'", ["ststagingea"]),
        ("substringof('dr-sec', name)", ["vnet-dr-secondary"]),
    ],
)
def test_resource_filters(local: Local, text: str, expected: list[str]) -> None:
    assert names(local, f"{local.subscription}/resources?$filter={text}") == expected


def test_a_tag_filter_answers_without_tags(local: Local) -> None:
    found = local.get(f"{local.subscription}/resources?$filter=tagName eq 'tier'").body["value"]
    assert not [one for one in found if "tags" in one]
    by_type = local.get(
        f"{local.subscription}/resources?$filter=resourceType eq 'Microsoft.Compute/virtualMachines'"
    ).body["value"]
    assert {one["tags"]["tier"] for one in by_type} == {"web", "app", "db"}


@pytest.mark.parametrize("text", ["tagName eq 'a' and name eq 'b'", "colour eq 'red'", "name", "name gt 'a'"])
def test_filters_azure_refuses(local: Local, text: str) -> None:
    reply = local.get(f"{local.subscription}/resources?$filter={text}")
    assert (reply.status, error_code(reply)) == (400, "InvalidFilterInQueryString")


def test_expand_and_top(local: Local) -> None:
    path = f"{local.group('rg-prod')}/resources?$expand=createdTime,provisioningState&$top=2&$filter=resourceType eq 'Microsoft.Compute/virtualMachines'"
    body = local.get(path).body
    assert len(body["value"]) == 2
    assert body["value"][0]["provisioningState"] == "Succeeded"
    assert body["value"][0]["createdTime"].endswith("Z")
    assert [one["name"] for one in local.get(body["nextLink"]).body["value"]] == ["web-01", "web-02"]


def test_locations_know_their_pair(local: Local) -> None:
    regions = {one["name"]: one for one in local.get(f"{local.subscription}/locations").body["value"]}
    assert regions["eastasia"]["metadata"]["pairedRegion"][0]["name"] == "southeastasia"


def test_tenants_and_providers(local: Local) -> None:
    assert local.get("/tenants").body["value"][0]["tenantId"] == local.estate.tenant_id
    found = local.get(f"{local.subscription}/providers").body["value"]
    assert "Microsoft.RecoveryServices" in [one["namespace"] for one in found]
    assert error_code(local.get(f"{local.subscription}/providers/Microsoft.Nothing")) == "InvalidResourceNamespace"


def test_classic_resources_never_exist(local: Local) -> None:
    for kind in ("ClassicStorage/storageAccounts", "ClassicCompute/virtualMachines"):
        reply = local.get(f"{local.group('rg-dr')}/providers/Microsoft.{kind}/ststagingea", version="2015-12-01")
        assert (reply.status, error_code(reply)) == (404, "ResourceNotFound")


def storage(local: Local, name: str = "ststagingea") -> str:
    return f"{local.group('rg-dr')}/providers/Microsoft.Storage/storageAccounts/{name}"


def test_storage_account(local: Local) -> None:
    body = local.get(storage(local)).body
    assert body["properties"]["primaryEndpoints"]["blob"] == "https://ststagingea.blob.core.windows.net/"
    keys = local.send("POST", f"{storage(local)}/listKeys").body["keys"]
    assert [key["keyName"] for key in keys] == ["key1", "key2"]
    assert keys[0]["value"] not in str(body)
    assert local.send("PATCH", storage(local), {"tags": {"a": "b"}}).body["tags"] == {"a": "b"}


def test_a_doubled_slash_counts_as_one(local: Local) -> None:
    """The Azure CLI sends it when it looks for the storage account of a restore."""
    path = storage(local).replace("Microsoft.Storage/", "Microsoft.Storage//")
    assert local.get(path, version="2016-01-01").body["name"] == "ststagingea"


def test_keys_never_reach_the_control_port(local: Local) -> None:
    keys = local.send("POST", f"{storage(local)}/listKeys").body["keys"]
    state = str(local.simulator.state())
    assert not [key for key in keys if key["value"] in state]
    assert not [one for one in local.estate.principals if one.secret in state]


def test_new_storage_account(local: Local) -> None:
    body = {"location": "eastasia", "sku": {"name": "Standard_GRS"}, "properties": {"allowSharedKeyAccess": False}}
    assert local.send("PUT", storage(local, "stnew1"), body).status == 202
    made = local.get(storage(local, "stnew1")).body
    assert (made["sku"]["name"], made["properties"]["allowSharedKeyAccess"]) == ("Standard_GRS", False)
    assert error_code(local.send("PUT", storage(local, "ST_NEW"), body)) == "AccountNameInvalid"
    taken = f"{local.group('rg-prod')}/providers/Microsoft.Storage/storageAccounts/stnew1"
    assert error_code(local.send("PUT", taken, body)) == "StorageAccountAlreadyTaken"
    available = {
        name: local.send(
            "POST", f"{local.subscription}/providers/Microsoft.Storage/checkNameAvailability", {"name": name}
        ).body["nameAvailable"]
        for name in ("stnew1", "stnew2", "X")
    }
    assert available == {"stnew1": False, "stnew2": True, "X": False}
    assert [local.send("DELETE", storage(local, "stnew1")).status for _ in range(2)] == [200, 204]


def test_containers(local: Local) -> None:
    root = f"{storage(local)}/blobServices/default/containers"
    assert error_code(local.get(f"{root}/backups")) == "ContainerNotFound"
    assert [local.send("PUT", f"{root}/backups", {}).status for _ in range(2)] == [201, 200]
    assert local.get(f"{root}/backups").body["properties"]["publicAccess"] == "None"
    assert names(local, root) == ["backups"]
    assert error_code(local.send("PUT", f"{root}/No--good", {})) == "ContainerNameInvalid"
    assert [local.send("DELETE", f"{root}/backups").status for _ in range(2)] == [200, 204]


def network(local: Local, kind: str, name: str) -> str:
    return f"{local.group('rg-dr')}/providers/Microsoft.Network/{kind}/{name}"


def test_virtual_network_and_subnets(local: Local) -> None:
    path = network(local, "virtualNetworks", "vnet-new")
    space = {
        "addressSpace": {"addressPrefixes": ["10.9.0.0/16"]},
        "subnets": [{"name": "a", "properties": {"addressPrefix": "10.9.0.0/24"}}],
    }
    made = local.send("PUT", path, {"location": "eastasia", "properties": space})
    assert (made.status, made.body["properties"]["subnets"][0]["id"]) == (201, f"{path}/subnets/a")
    assert local.send("PUT", f"{path}/subnets/b", {"properties": {"addressPrefix": "10.9.1.0/24"}}).status == 201
    assert names(local, f"{path}/subnets") == ["a", "b"]
    assert error_code(local.get(f"{path}/subnets/c")) == "NotFound"
    assert local.send("DELETE", f"{path}/subnets/b").status == 200
    assert local.get(f"{path}/subnets/a").body["properties"]["provisioningState"] == "Succeeded"
    assert [local.send("DELETE", path).status for _ in range(2)] == [200, 204]


def test_tags_of_an_interface(local: Local) -> None:
    path = f"{local.group('rg-prod')}/providers/Microsoft.Network/networkInterfaces/web-01-nic"
    assert local.send("PATCH", path, {"tags": {"drill": "1"}}).body["tags"] == {"drill": "1"}
    shown = local.get(path).body
    assert (shown["tags"], bool(shown["properties"]["ipConfigurations"])) == ({"drill": "1"}, True)
    assert error_code(local.send("PATCH", path + "x", {"tags": {}})) == "ResourceNotFound"


def test_what_is_in_use_stays(local: Local) -> None:
    prod = f"{local.group('rg-prod')}/providers/Microsoft.Network"
    assert error_code(local.send("DELETE", f"{prod}/virtualNetworks/vnet-prod")) == "InUseSubnetCannotBeDeleted"
    assert (
        error_code(local.send("DELETE", f"{prod}/virtualNetworks/vnet-prod/subnets/default"))
        == "InUseSubnetCannotBeDeleted"
    )
    assert error_code(local.send("DELETE", f"{prod}/networkInterfaces/web-01-nic")) == "NicInUse"


def test_addresses_are_distinct_and_inside(local: Local) -> None:
    nics = local.get(f"{local.group('rg-prod')}/providers/Microsoft.Network/networkInterfaces").body["value"]
    addresses = [nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] for nic in nics]
    assert len(set(addresses)) == 5
    assert addresses[0].startswith("10.10.0.")


def test_interface_needs_a_subnet(local: Local) -> None:
    reply = local.send("PUT", network(local, "networkInterfaces", "n"), {"location": "eastasia", "properties": {}})
    assert error_code(reply) == "InvalidResourceReference"


@pytest.mark.parametrize(
    ("kind", "member"), [("publicIPAddresses", "ipAddress"), ("networkSecurityGroups", "securityRules")]
)
def test_other_network_resources(local: Local, kind: str, member: str) -> None:
    path = network(local, kind, "x")
    assert error_code(local.send("PUT", path, {})) == "LocationRequired"
    assert local.send("PUT", path, {"location": "eastasia", "sku": {"name": "Standard"}}).status == 201
    body = local.get(path).body
    assert member in body["properties"] and body["sku"] == {"name": "Standard"}
    assert names(local, f"{local.subscription}/providers/Microsoft.Network/{kind}") == ["x"]
    assert local.send("DELETE", path).status == 200
    assert error_code(local.get(path)) == "ResourceNotFound"
