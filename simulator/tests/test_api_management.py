# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of API Management services, what they serve, and deleted services."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azure_dr_simulator.estate import EstateError
from azure_dr_simulator.replies import Reply
from harness import Local, error_code

NEW, OLD, NEWEST = "2022-08-01", "2019-01-01", "2024-05-01"
HOUR = 3600.0
DOCUMENT = {
    "location": "eastasia",
    "principals": [
        {"name": "drill", "roles": ["Owner"]},
        {"name": "operator", "roles": ["API Management Service Operator Role"]},
        {"name": "viewer", "roles": ["API Management Service Reader Role"]},
        {"name": "backup-identity", "kind": "managed_identity"},
    ],
    "resource_groups": [{"name": "rg-prod"}, {"name": "rg-dr"}],
    "api_management": [
        {"name": "apim-prod", "resource_group": "rg-prod", "tags": {"a": "b"}},
        {"name": "apim-gone", "resource_group": "rg-dr", "deleted_hours_ago": 5},
    ],
}
BODY = {
    "location": "East Asia",
    "sku": {"name": "Developer", "capacity": 1},
    "properties": {"publisherEmail": "a@contoso.example", "publisherName": "Contoso"},
}


@pytest.fixture()
def local() -> Local:
    return Local(throttle="off", document=json.loads(json.dumps(DOCUMENT)))


def path(local: Local, name: str = "apim-prod", group: str = "rg-prod") -> str:
    return f"{local.group(group)}/providers/Microsoft.ApiManagement/service/{name}"


def deleted(local: Local, name: str = "apim-gone") -> str:
    return f"{local.subscription}/providers/Microsoft.ApiManagement/locations/eastasia/deletedservices/{name}"


def get(local: Local, where: str, version: str = NEW) -> Any:
    return local.get(where, version=version).body


def change(local: Local, method: str, body: Any = None, where: str = "", version: str = NEW) -> Reply:
    return local.send(method, where or path(local), body, version=version)


def follow(local: Local, reply: Reply) -> Reply:
    """Polls as an SDK does: the status first, then what Location has."""
    url = reply.headers.get("Azure-AsyncOperation") or reply.headers["Location"]
    for _poll in range(100):
        answer = local.get(url)
        if answer.status != 202 and (answer.body or {}).get("status") != "InProgress":
            return answer
        local.advance(60)
    raise AssertionError("the operation does not end")


def test_what_a_service_shows_depends_on_the_api(local: Local) -> None:
    old, new, newest = (get(local, path(local), version) for version in (OLD, NEW, NEWEST))
    assert (old["location"], old["type"], old["identity"]) == ("East Asia", "Microsoft.ApiManagement/service", None)
    assert "systemData" not in old and "platformVersion" not in old["properties"]
    assert (new["properties"]["platformVersion"], new["properties"]["natGatewayState"]) == ("stv2.1", "Disabled")
    assert new["properties"]["hostnameConfigurations"][0]["certificateSource"] == "BuiltIn"
    assert "developerPortalStatus" not in new["properties"] and newest["properties"]["developerPortalStatus"] == "Enabled"
    assert new["properties"]["gatewayUrl"] == "https://apim-prod.azure-api.net"
    reply = local.get(path(local), version=NEW)
    assert reply.headers["ETag"] == f'"{new["etag"]}"'


def test_lists(local: Local) -> None:
    root = "/providers/Microsoft.ApiManagement/service"
    assert [one["name"] for one in get(local, local.subscription + root)["value"]] == ["apim-prod"]
    assert get(local, local.group("rg-dr") + root)["value"] == []
    resources = get(local, f"{local.subscription}/resources?$filter=resourceType eq 'Microsoft.ApiManagement/service'")
    assert [one["name"] for one in resources["value"]] == ["apim-prod"]
    missing = local.get(path(local, "none"), version=NEW)
    assert (missing.status, error_code(missing)) == (404, "ResourceNotFound")


def test_creation_in_2022(local: Local) -> None:
    where = path(local, "apim-new")
    made = change(local, "PUT", {**BODY, "identity": {"type": "SystemAssigned"}}, where)
    assert (made.status, made.body["properties"]["provisioningState"], made.body["properties"]["targetProvisioningState"]) == (
        201,
        "Created",
        "Activating",
    )
    assert "&asyncResponse&t=" in made.headers["Azure-AsyncOperation"] and "&asyncResponse&t=" in made.headers["Location"]
    assert made.body["identity"]["principalId"]
    running = local.get(made.headers["Azure-AsyncOperation"])
    assert (running.status, running.body) == (200, {"status": "InProgress"})
    assert "Location" in running.headers and "Azure-AsyncOperation" in running.headers
    assert get(local, where)["properties"]["provisioningState"] == "Activating"
    ended = follow(local, made)
    assert (ended.status, ended.body) == (200, {"status": "Succeeded"})
    assert get(local, where)["properties"]["provisioningState"] == "Succeeded"
    assert [one["name"] for one in get(local, f"{where}/products")["value"]] == ["starter", "unlimited"]


def test_creation_in_2019(local: Local) -> None:
    made = change(local, "PUT", BODY, path(local, "apim-new"), OLD)
    assert (made.status, made.body["properties"]["gatewayUrl"], "Azure-AsyncOperation" in made.headers) == (201, None, False)
    assert "/operationresults/" in made.headers["Location"]
    assert local.get(made.headers["Location"]).status == 202
    ended = follow(local, made)
    assert (ended.status, ended.body["properties"]["provisioningState"]) == (200, "Succeeded")


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("apim-gone", {}, "ServiceAlreadyExistsInSoftDeletedState"),
        ("1apim", {}, "InvalidParameters"),
        ("apim-new", {"sku": {"name": "Huge"}}, "InvalidParameters"),
        ("apim-new", {"sku": {"name": "Developer", "capacity": 2}}, "InvalidParameters"),
        ("apim-new", {"location": ""}, "LocationRequired"),
        ("apim-new", {"properties": {"publisherName": "Contoso"}}, "InvalidParameters"),
        ("apim-new", {"properties": {"restore": True}}, "InvalidParameters"),
        ("apim-new", {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/x": {}}}}, "InvalidParameters"),
    ],
)
def test_creations_that_are_refused(local: Local, name: str, changes: dict[str, Any], code: str) -> None:
    assert error_code(change(local, "PUT", {**BODY, **changes}, path(local, name))) == code


def test_a_name_is_unique_in_azure(local: Local) -> None:
    assert error_code(change(local, "PUT", BODY, path(local, "apim-prod", "rg-dr"))) == "ServiceAlreadyExists"


def test_a_put_of_what_was_read_changes_nothing(local: Local) -> None:
    before = get(local, path(local))
    reply = change(local, "PUT", before)
    assert (reply.status, reply.body, "Location" in reply.headers) == (200, before, False)


def test_changes_at_once_and_slow_ones(local: Local) -> None:
    quick = change(local, "PATCH", {"tags": {"c": "d"}, "properties": {"publisherName": "Fabrikam"}})
    assert (quick.status, quick.body["tags"], quick.body["properties"]["publisherName"]) == (200, {"c": "d"}, "Fabrikam")
    slow = change(local, "PATCH", {"sku": {"name": "Standard", "capacity": 2}, "identity": {"type": "SystemAssigned"}})
    assert (slow.status, slow.body["properties"]["provisioningState"], slow.body["sku"]["name"]) == (202, "Updating", "Developer")
    assert follow(local, slow).body == {"status": "Succeeded"}
    after = get(local, path(local))
    assert (after["sku"], after["identity"]["type"], after["tags"]) == ({"name": "Standard", "capacity": 2}, "SystemAssigned", {"c": "d"})


def test_a_slow_put_is_a_200_that_goes_on(local: Local) -> None:
    wanted = {**get(local, path(local)), "sku": {"name": "Standard", "capacity": 2}}
    slow = change(local, "PUT", wanted)
    assert (slow.status, slow.body["properties"]["provisioningState"]) == (200, "Updating")
    assert follow(local, slow).body == {"status": "Succeeded"}
    assert get(local, path(local))["sku"] == {"name": "Standard", "capacity": 2}


def test_user_assigned_identities(local: Local) -> None:
    identity = f"{local.group('rg-prod')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/backup-identity"
    body = {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {identity: {}}}}
    follow(local, change(local, "PATCH", body))
    shown = get(local, path(local))["identity"]
    principal = local.principal("backup-identity")
    assert shown["type"] == "SystemAssigned, UserAssigned"
    assert shown["userAssignedIdentities"] == {identity: {"principalId": principal.object_id, "clientId": principal.client_id}}


def test_a_deleted_service_can_be_brought_back(local: Local) -> None:
    change(local, "PUT", {"properties": {"displayName": "Orders", "path": "orders"}}, f"{path(local)}/apis/orders")
    going = change(local, "DELETE")
    assert (going.status, going.body["properties"]["targetProvisioningState"]) == (202, "Deleting")
    assert error_code(change(local, "DELETE")) == "ServiceLocked"
    assert follow(local, going).body == {"status": "Succeeded"}
    assert local.get(path(local), version=NEW).status == 404
    shown = get(local, deleted(local, "apim-prod"))
    assert (shown["location"], shown["properties"]["serviceId"]) == ("East Asia", path(local))
    back = change(local, "PUT", {"location": "eastasia", "properties": {"restore": True}})
    assert (back.status, back.body["tags"]) == (201, {"a": "b"})
    assert follow(local, back).body == {"status": "Succeeded"}
    assert [one["name"] for one in get(local, f"{path(local)}/apis")["value"]] == ["echo-api", "orders"]
    assert local.get(deleted(local, "apim-prod"), version=NEW).status == 404


def test_deletion_in_2019_is_for_good(local: Local) -> None:
    ended = follow(local, change(local, "DELETE", version=OLD))
    assert (ended.status, ended.body) == (200, None)
    assert local.get(deleted(local, "apim-prod"), version=NEW).status == 404
    assert change(local, "DELETE").status == 204


def test_a_deletion_may_end_with_404() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    document["api_management"][0]["delete_ending"] = "gone"
    local = Local(throttle="off", document=document)
    ended = follow(local, change(local, "DELETE"))
    assert (ended.status, error_code(ended)) == (404, "ResourceNotFound")


def test_deleted_services(local: Local) -> None:
    listed = get(local, f"{local.subscription}/providers/Microsoft.ApiManagement/deletedservices")["value"]
    assert [(one["name"], one["type"]) for one in listed] == [("apim-gone", "Microsoft.ApiManagement/deletedservices")]
    assert set(listed[0]["properties"]) == {"serviceId", "scheduledPurgeDate", "deletionDate"}
    local.advance(42 * HOUR)
    assert local.get(deleted(local), version=NEW).status == 200
    local.advance(2 * HOUR)
    assert local.get(deleted(local), version=NEW).status == 404


def test_purge(local: Local) -> None:
    reply = change(local, "DELETE", where=deleted(local))
    assert (reply.status, reply.body["name"], "Azure-AsyncOperation" in reply.headers) == (202, "apim-gone", False)
    assert "/deletedservices/apim-gone/operationResults/" in reply.headers["Location"]
    running = local.get(reply.headers["Location"])
    assert (running.status, running.body) == (202, None)
    assert follow(local, reply).status == 200
    assert change(local, "DELETE", where=deleted(local)).status == 204
    assert change(local, "PUT", BODY, path(local, "apim-gone", "rg-dr")).status == 201


def test_services_of_a_deleted_group_are_soft_deleted(local: Local) -> None:
    local.send("DELETE", local.group("rg-prod"))
    local.advance(120)
    assert local.get(deleted(local, "apim-prod"), version=NEW).status == 200


@pytest.mark.parametrize(
    ("name", "available", "reason"),
    [("apim-free", True, "Valid"), ("APIM-PROD", False, "AlreadyExists"), ("apim-gone", False, "AlreadyExists"), ("-", False, "Invalid")],
)
def test_check_name(local: Local, name: str, available: bool, reason: str) -> None:
    where = f"{local.subscription}/providers/Microsoft.ApiManagement/checkNameAvailability"
    body = change(local, "POST", {"name": name}, where).body
    assert (body["nameAvailable"], body["reason"]) == (available, reason)


def test_other_reads(local: Local) -> None:
    assert {"name": "Premium"} in [one["sku"] for one in get(local, f"{path(local)}/skus")["value"]]
    assert get(local, f"{path(local)}/networkstatus")[0]["location"] == "East Asia"
    address = change(local, "POST", None, f"{path(local)}/getssotoken").body["redirectUri"]
    assert address.partition("token=")[2] in local.simulator.secrets()


def test_content(local: Local) -> None:
    api = f"{path(local)}/apis/orders"
    body = {"properties": {"displayName": "Orders", "path": "orders", "serviceUrl": "https://orders.example"}}
    made = change(local, "PUT", body, api)
    assert (made.status, made.body["type"], made.body["properties"]["isCurrent"]) == (201, "Microsoft.ApiManagement/service/apis", True)
    assert change(local, "PUT", body, api).status == 200
    head = local.send("HEAD", api, version=NEW)
    assert (head.status, head.body, head.headers["ETag"]) == (200, None, made.headers["ETag"])
    stale = local.send("PATCH", api, {"properties": {"path": "o"}}, version=NEW, if_match='"old"')
    assert (stale.status, error_code(stale)) == (412, "PreconditionFailed")
    patched = local.send("PATCH", api, {"properties": {"path": "o"}}, version=NEW, if_match=head.headers["ETag"])
    assert (patched.status, patched.body["properties"]["path"], patched.body["properties"]["displayName"]) == (200, "o", "Orders")
    operation = {"properties": {"displayName": "Get", "method": "GET", "urlTemplate": "/{id}"}}
    assert change(local, "PUT", operation, f"{api}/operations/get").status == 201
    link = change(local, "PUT", None, f"{path(local)}/products/starter/apis/ORDERS")
    assert (link.status, link.body["name"], link.body["properties"]["path"]) == (201, "orders", "o")
    listed = get(local, f"{path(local)}/products/starter/apis")
    assert (listed["count"], [one["name"] for one in listed["value"]]) == (2, ["echo-api", "orders"])
    assert change(local, "DELETE", where=api).status == 200
    assert get(local, f"{path(local)}/products/starter/apis")["count"] == 1
    assert change(local, "DELETE", where=api).status == 204
    missing = local.get(f"{api}/operations", version=NEW)
    assert (missing.status, error_code(missing), missing.body["error"]["message"]) == (404, "ResourceNotFound", "API not found.")
    assert error_code(change(local, "PUT", {"properties": {}}, f"{path(local)}/products/x")) == "InvalidParameters"


def test_roles(local: Local) -> None:
    operator, viewer = local.issue("operator"), local.issue("viewer")
    assert local.get(path(local), version=NEW, token=viewer).status == 200
    assert local.get(f"{path(local)}/apis", version=NEW, token=viewer).status == 200
    assert error_code(local.send("POST", f"{path(local)}/backup", {}, version=NEW, token=viewer)) == "AuthorizationFailed"
    assert error_code(local.send("POST", f"{path(local)}/backup", {}, version=NEW, token=operator)) == "InvalidParameters"
    assert error_code(local.send("PUT", f"{path(local)}/apis/x", {}, version=NEW, token=operator)) == "AuthorizationFailed"


def test_an_unregistered_provider() -> None:
    local = Local(throttle="off", document={**DOCUMENT, "unregistered_providers": ["Microsoft.ApiManagement"]})
    assert error_code(change(local, "PATCH", {"tags": {}})) == "MissingSubscriptionRegistration"


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"name": "a"}, "api_management[0].resource_group"),
        ({"name": "a", "resource_group": "none"}, "api_management[0].resource_group"),
        ({"name": "a", "resource_group": "rg-prod", "sku": "Huge"}, "api_management[0].sku"),
        ({"name": "a", "resource_group": "rg-prod", "colour": "red"}, "api_management[0].colour"),
        ({"name": "a", "resource_group": "rg-prod", "user_identities": ["drill"]}, "api_management[0].user_identities"),
        ({"name": "a", "resource_group": "rg-prod", "identity_roles": ["King"]}, "principals.a.roles"),
        ({"name": "a", "resource_group": "rg-prod", "products": [{"name": "p", "apis": ["x"]}]}, "api_management[0].products[0].apis"),
        (
            {"name": "a", "resource_group": "rg-prod", "backups": [{"storage_account": "none", "container": "c", "name": "n"}]},
            "api_management[0].backups[0].storage_account",
        ),
    ],
)
def test_wrong_estates_are_named(entry: dict[str, Any], place: str) -> None:
    with pytest.raises(EstateError) as problem:
        Local(throttle="off", document={**DOCUMENT, "api_management": [entry]})
    assert problem.value.place == place
