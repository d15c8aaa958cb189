# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore of API Management services."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from azure_dr_simulator.blobs import BlobStore
from azure_dr_simulator.gate.faults import FaultBook, JobFaults, add_fault
from azure_dr_simulator.replies import Reply
from azure_dr_simulator.services.api_management.backups import BACKUP_SECONDS, FAILURE_SECONDS, RESTORE_SECONDS
from azure_dr_simulator.services.storage.state import StorageState
from harness import Local, error_code

NEW, OLD = "2022-08-01", "2019-01-01"
DAY = 24 * 3600.0
DOCUMENT = {
    "location": "eastasia",
    "principals": [
        {"name": "drill", "roles": ["Owner"]},
        {"name": "starter", "roles": [{"actions": ["Microsoft.ApiManagement/service/read", "Microsoft.ApiManagement/service/backup/action"]}]},
        {"name": "backup-identity", "kind": "managed_identity", "roles": ["Storage Blob Data Contributor"]},
        {"name": "other-identity", "kind": "managed_identity"},
    ],
    "resource_groups": [{"name": "rg-prod"}, {"name": "rg-dr", "location": "southeastasia"}],
    "storage_accounts": [{"name": "stbackup", "resource_group": "rg-prod"}],
    "api_management": [
        {
            "name": "apim-prod",
            "resource_group": "rg-prod",
            "system_identity": True,
            "identity_roles": ["Storage Blob Data Contributor"],
            "user_identities": ["backup-identity", "other-identity"],
            "apis": [{"name": "orders", "path": "orders"}],
            "products": [{"name": "partners", "apis": ["orders"]}],
            "named_values": [{"name": "backend-key", "value": "hidden-s3cret", "secret": True}],
        },
        {"name": "apim-dr", "resource_group": "rg-dr", "location": "southeastasia", "custom_hostnames": ["api.contoso.example"]},
        {"name": "apim-standard", "resource_group": "rg-dr", "sku": "Standard"},
        {"name": "apim-small", "resource_group": "rg-dr", "sku": "Consumption"},
        {"name": "apim-v2", "resource_group": "rg-dr", "sku": "StandardV2"},
    ],
}


@pytest.fixture()
def local() -> Local:
    return Local(throttle="off", document=json.loads(json.dumps(DOCUMENT)))


def path(local: Local, name: str = "apim-prod") -> str:
    group = "rg-prod" if name == "apim-prod" else "rg-dr"
    return f"{local.group(group)}/providers/Microsoft.ApiManagement/service/{name}"


def place(local: Local, **changes: Any) -> dict[str, Any]:
    account = local.world.state(StorageState).named("stbackup")
    assert account is not None
    body = {"storageAccount": "stbackup", "containerName": "apim", "backupName": "nightly", "accessKey": account.keys[0]}
    return {key: value for key, value in {**body, **changes}.items() if value is not None}


def by_identity(local: Local, **changes: Any) -> dict[str, Any]:
    return place(local, **{"accessKey": None, "accessType": "SystemAssignedManagedIdentity", **changes})


def start(local: Local, action: str, body: Any, name: str = "apim-prod", **options: Any) -> Reply:
    options.setdefault("version", NEW)
    return local.send("POST", f"{path(local, name)}/{action}", body, **options)


def finish(local: Local, started: Reply) -> Reply:
    """The last poll's answer."""
    assert started.status == 202, started.body
    for _poll in range(100):
        reply = local.get(started.headers["Location"])
        if reply.status != 202:
            return reply
        local.advance(60)
    raise AssertionError("the operation does not end")


def run(local: Local, action: str, body: Any, name: str = "apim-prod", **options: Any) -> Reply:
    return finish(local, start(local, action, body, name, **options))


def blob(local: Local, name: str = "nightly", container: str = "apim") -> bytes | None:
    return local.world.state(BlobStore).blobs.get("stbackup", container, name)


def state(local: Local, name: str = "apim-prod") -> str:
    return str(local.get(path(local, name), version=NEW).body["properties"]["provisioningState"])


def apis(local: Local, name: str) -> list[str]:
    return [one["name"] for one in local.get(f"{path(local, name)}/apis", version=NEW).body["value"]]


def test_a_backup_is_a_location_and_nothing_else(local: Local) -> None:
    reply = start(local, "backup", place(local))
    assert (reply.status, reply.body, "Azure-AsyncOperation" in reply.headers) == (202, None, False)
    url = reply.headers["Location"]
    assert f"{path(local)}/operationResults/" in url and f"?api-version={NEW}&t=" in url and "asyncResponse" not in url
    operation = base64.b64decode(url.split("/operationResults/")[1].split("?")[0]).decode()
    assert operation.startswith("eastasia:apim-prod_Backup_") and len(operation.rpartition("_")[2]) == 8
    assert state(local) == "Updating"
    running = local.get(url)
    assert (running.status, running.body, running.headers["Retry-After"]) == (202, None, "20")
    assert local.get(running.headers["Location"]).status == 202
    local.advance(BACKUP_SECONDS[0] - 1)
    assert (local.get(url).status, blob(local)) == (202, None)
    local.advance(BACKUP_SECONDS[1])
    done = local.get(url)
    assert (done.status, done.body["name"], done.body["properties"]["provisioningState"]) == (200, "apim-prod", "Succeeded")
    assert "Location" not in done.headers


def test_the_old_api_doubles_a_slash(local: Local) -> None:
    reply = start(local, "backup", place(local), version=OLD)
    url = reply.headers["Location"]
    assert f"{path(local)}//operationresults/" in url
    running = local.get(url)
    assert running.status == 202 and f"{path(local)}/operationresults/" in running.headers["Location"]
    assert finish(local, reply).status == 200


def test_the_blob_is_the_content_without_secrets(local: Local) -> None:
    assert run(local, "backup", place(local)).status == 200
    text = (blob(local) or b"").decode()
    document = json.loads(text)
    assert sorted(document["content"]) == [
        "apis/orders",
        "namedValues/backend-key",
        "policies/policy",
        "products/partners",
        "products/partners/apis/orders",
    ]
    assert document["service"]["sku"] == "Developer"
    assert "hidden-s3cret" not in text and "identity" not in text and "hostName" not in text
    container = local.get(f"{local.group('rg-prod')}/providers/Microsoft.Storage/storageAccounts/stbackup/blobServices/default/containers/apim")
    assert container.status == 200


def test_what_changes_during_the_backup_is_not_in_it(local: Local) -> None:
    started = start(local, "backup", place(local))
    made = local.send("PUT", f"{path(local)}/apis/late", {"properties": {"displayName": "Late", "path": "late"}}, version=NEW)
    assert made.status == 201
    finish(local, started)
    assert b"apis/late" not in (blob(local) or b"")


def test_a_backup_overwrites_one_of_its_name(local: Local) -> None:
    run(local, "backup", place(local))
    first = blob(local)
    local.send("DELETE", f"{path(local)}/products/partners", version=NEW)
    run(local, "backup", place(local))
    assert blob(local) != first and b"products" not in (blob(local) or b"")


def test_a_restore_brings_the_content_into_another_service(local: Local) -> None:
    run(local, "backup", place(local))
    target = local.get(path(local, "apim-dr"), version=NEW).body
    started = start(local, "restore", place(local), "apim-dr")
    assert state(local, "apim-dr") == "Updating"
    local.advance(RESTORE_SECONDS[0] - 1)
    assert (local.get(started.headers["Location"]).status, apis(local, "apim-dr")) == (202, ["echo-api"])
    assert finish(local, started).status == 200
    assert apis(local, "apim-dr") == ["orders"]
    assert local.get(f"{path(local, 'apim-dr')}/products/partners/apis", version=NEW).body["value"][0]["name"] == "orders"
    value = local.send("POST", f"{path(local, 'apim-dr')}/namedValues/backend-key/listValue", version=NEW)
    assert value.body == {"value": "hidden-s3cret"}
    after = local.get(path(local, "apim-dr"), version=NEW).body
    assert {**after, "etag": ""} == {**target, "etag": ""}, "a restore changes nothing but the content"


def test_what_is_restored_is_what_the_blob_says(local: Local) -> None:
    run(local, "backup", place(local))
    document = json.loads(blob(local) or b"")
    document["content"] = {"apis/edited": {"displayName": "Edited", "path": "edited"}}
    local.world.state(BlobStore).blobs.put("stbackup", "apim", "nightly", json.dumps(document).encode())
    assert run(local, "restore", place(local), "apim-dr").status == 200
    assert apis(local, "apim-dr") == ["edited"]


@pytest.mark.parametrize("action", ["backup", "restore"])
@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"storageAccount": None}, "backupStorageAccount"),
        ({"storageAccount": "nowhere"}, "backupStorageAccount"),
        ({"containerName": "Bad_Name"}, "backupContainerName"),
        ({"backupName": ""}, "backupBlobName"),
        ({"accessKey": None}, "accessKey"),
        ({"accessType": "Anonymous"}, "accessType"),
        ({"accessType": "UserAssignedManagedIdentity"}, "clientId"),
        ({"accessType": "UserAssignedManagedIdentity", "clientId": "00000000-0000-0000-0000-000000000000"}, "clientId"),
    ],
)
def test_wrong_parameters_are_refused_at_once(local: Local, action: str, changes: dict[str, Any], parameter: str) -> None:
    reply = start(local, action, place(local, **changes))
    assert (reply.status, error_code(reply)) == (400, "InvalidParameters")
    assert reply.body["error"]["message"].endswith(f"\r\nParameter name: {parameter}")
    assert state(local) == "Succeeded"


@pytest.mark.parametrize(("name", "tier"), [("apim-small", "Consumption"), ("apim-v2", "StandardV2")])
def test_some_tiers_have_no_backup(local: Local, name: str, tier: str) -> None:
    reply = start(local, "backup", place(local), name)
    assert (reply.status, error_code(reply)) == (400, "MethodNotAllowedInPricingTier")
    assert tier in reply.body["error"]["message"]


def test_identity_that_the_service_does_not_have(local: Local) -> None:
    reply = start(local, "backup", by_identity(local), "apim-dr")
    assert (reply.status, error_code(reply)) == (400, "InvalidParameters")


def test_identities_with_and_without_the_role(local: Local) -> None:
    assert run(local, "backup", by_identity(local)).status == 200
    for name, status in (("backup-identity", 200), ("other-identity", 400)):
        body = by_identity(local, backupName=name, accessType="UserAssignedManagedIdentity")
        body["clientId"] = local.principal(name).client_id
        ended = run(local, "backup", body)
        assert (ended.status, blob(local, name) is not None) == (status, status == 200)
    assert error_code(ended) == "BackupFailed" and "AuthorizationPermissionMismatch" in ended.body["error"]["message"]


def test_identities_came_with_a_later_api(local: Local) -> None:
    assert error_code(start(local, "backup", by_identity(local), version=OLD)) == "InvalidParameters"


@pytest.mark.parametrize("shared_key", [True, False])
def test_keys_that_do_not_work_end_in_a_bare_400(local: Local, shared_key: bool) -> None:
    account = local.world.state(StorageState).named("stbackup")
    assert account is not None
    account.allow_shared_key = shared_key
    started = start(local, "backup", place(local, **({"accessKey": "d3Jvbmc="} if shared_key else {})))
    assert (started.status, state(local)) == (202, "Updating")
    local.advance(FAILURE_SECONDS)
    ended = local.get(started.headers["Location"])
    assert (ended.status, ended.body, state(local), blob(local)) == (400, None, "Succeeded", None)


def test_a_firewall_lets_only_the_system_assigned_identity_in(local: Local) -> None:
    account = f"{local.group('rg-prod')}/providers/Microsoft.Storage/storageAccounts/stbackup"
    rules = {"properties": {"networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"}}}
    assert local.send("PATCH", account, rules, version="2023-05-01").status == 200
    assert error_code(run(local, "backup", place(local))) == "BackupFailed"
    assert run(local, "backup", by_identity(local)).status == 200
    rules["properties"]["networkAcls"]["bypass"] = "None"
    local.send("PATCH", account, rules, version="2023-05-01")
    assert error_code(run(local, "backup", by_identity(local))) == "BackupFailed"


def test_cross_origin_rules_of_the_account(local: Local) -> None:
    service = f"{local.group('rg-prod')}/providers/Microsoft.Storage/storageAccounts/stbackup/blobServices/default"
    rule = {"allowedOrigins": ["*"], "allowedMethods": ["GET", "HEAD"], "maxAgeInSeconds": 5, "exposedHeaders": [], "allowedHeaders": []}
    assert local.send("PUT", service, {"properties": {"cors": {"corsRules": [rule]}}}, version="2023-05-01").status == 200
    reply = start(local, "backup", place(local))
    assert reply.body["error"]["message"] == "Invalid parameter: Requested value 'GET,HEAD' was not found.\r\nParameter name: backupStorageAccount"


def test_one_operation_at_a_time(local: Local) -> None:
    started = start(local, "backup", place(local))
    for method, below, body in (
        ("POST", "/backup", place(local)),
        ("POST", "/restore", place(local)),
        ("PATCH", "", {"tags": {"a": "b"}}),
        ("DELETE", "", None),
    ):
        reply = local.send(method, path(local) + below, body, version=NEW)
        assert (reply.status, error_code(reply)) == (409, "ServiceLocked"), method
    assert reply.body["error"]["message"] == "The API Service apim-prod is transitioning at this time. Please try the request again later."
    assert finish(local, started).status == 200
    assert local.send("PATCH", path(local), {"tags": {"a": "b"}}, version=NEW).status == 200


def test_restores_that_azure_refuses(local: Local) -> None:
    messages = [run(local, "restore", place(local, backupName="none")).body["error"]]
    run(local, "backup", place(local))
    messages.append(run(local, "restore", place(local), "apim-standard").body["error"])
    local.world.state(BlobStore).blobs.put("stbackup", "apim", "photo", b"\xff\xd8")
    messages.append(run(local, "restore", place(local, backupName="photo")).body["error"])
    assert {one["code"] for one in messages} == {"RestoreFailed"}
    assert "was not found" in messages[0]["message"]
    assert messages[1]["message"] == "Cannot restore: current SKU is 'Standard', backup SKU is 'Developer'"
    assert "is not a backup" in messages[2]["message"]
    assert state(local) == "Succeeded"


@pytest.mark.parametrize(("days", "status"), [(29.9, 200), (30.1, 400)])
def test_a_backup_lives_thirty_days(local: Local, days: float, status: int) -> None:
    run(local, "backup", place(local))
    local.advance(days * DAY)
    ended = run(local, "restore", place(local))
    assert ended.status == status
    if status == 400:
        assert (error_code(ended), ended.body["error"]["message"]) == ("RestoreFailed", "Cannot restore: backup expired")


def test_backups_of_the_estate() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    document["api_management"][0]["backups"] = [
        {"storage_account": "stbackup", "container": "apim", "name": "fresh", "age_hours": 5},
        {"storage_account": "stbackup", "container": "apim", "name": "old", "age_hours": 721},
    ]
    local = Local(throttle="off", document=document)
    assert run(local, "restore", place(local, backupName="fresh"), "apim-dr").status == 200
    assert apis(local, "apim-dr") == ["orders"]
    assert run(local, "restore", place(local, backupName="old"), "apim-dr").body["error"]["message"] == "Cannot restore: backup expired"


def test_who_may_start_need_not_see_the_result(local: Local) -> None:
    token = local.issue("starter")
    started = start(local, "backup", place(local), token=token)
    refused = local.get(started.headers["Location"], token=token)
    assert (refused.status, error_code(refused)) == (403, "AuthorizationFailed")
    assert "'Microsoft.ApiManagement/service/operationresults/read'" in refused.body["error"]["message"].lower().replace(
        "microsoft.apimanagement", "Microsoft.ApiManagement"
    )
    local.advance(BACKUP_SECONDS[1])
    assert local.get(path(local), version=NEW, token=token).body["properties"]["provisioningState"] == "Succeeded"
    assert blob(local) is not None


def test_the_activity_log_tells_of_backups_and_restores(local: Local) -> None:
    run(local, "backup", place(local))
    run(local, "restore", place(local, backupName="none"))
    local.advance(600)
    start_of_day = (local.world.now() - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    where = f"{local.subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    query = f"?$filter=eventTimestamp ge '{start_of_day}' and resourceUri eq '{path(local)}'"
    events = local.get(where + query, version="2015-04-01").body["value"]
    assert [(one["operationName"]["value"].split("/")[2], one["status"]["value"]) for one in events] == [
        ("restore", "Failed"),
        ("restore", "Accepted"),
        ("restore", "Started"),
        ("backup", "Succeeded"),
        ("backup", "Accepted"),
        ("backup", "Started"),
    ]
    assert len({one["correlationId"] for one in events}) == 2


def fault(local: Local, match: dict[str, Any], answer: dict[str, Any]) -> None:
    add_fault({"match": match, "answer": answer}, local.world.state(FaultBook), local.world.state(JobFaults))


def test_scripted_failures(local: Local) -> None:
    fault(local, {"operation": "Backup", "service": "apim-prod"}, {"kind": "failed_job"})
    assert error_code(run(local, "backup", place(local))) == "BackupFailed"
    assert (state(local), blob(local)) == ("Succeeded", None)
    fault(local, {"operation": "Backup"}, {"kind": "failed_job", "code": "Made", "message": "Up."})
    ended = run(local, "backup", place(local))
    assert (error_code(ended), ended.body["error"]["message"]) == ("Made", "Up.")
    fault(local, {"operation": "Backup", "vm": "apim"}, {"kind": "failed_job"})
    assert run(local, "backup", place(local)).status == 200, "a fault of VMs is none of services"


def test_a_stuck_operation(local: Local) -> None:
    fault(local, {"operation": "Restore", "service": "apim"}, {"kind": "stuck_job"})
    run(local, "backup", place(local))
    started = start(local, "restore", place(local))
    local.advance(10 * DAY)
    assert (local.get(started.headers["Location"]).status, state(local)) == (202, "Updating")


def test_no_secret_is_shown(local: Local) -> None:
    run(local, "backup", place(local))
    assert "hidden-s3cret" in local.simulator.secrets()
    assert "hidden-s3cret" not in json.dumps(local.simulator.state(), default=str)
    assert "value" not in local.get(f"{path(local)}/namedValues/backend-key", version=NEW).body["properties"]
