# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from harness import BASE, Local, error_code


def test_missing_header(local: Local) -> None:
    reply = local.get(local.subscription, token="")
    assert (reply.status, error_code(reply)) == (401, "AuthenticationFailed")
    assert reply.body["error"]["message"] == "Authentication failed. The 'Authorization' header is missing."
    assert f'authorization_uri="{BASE}/{local.estate.tenant_id}"' in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Basic abc", "AuthenticationFailedInvalidHeader"),
        ("Bearer abc", "InvalidAuthenticationToken"),
        ("Bearer ", "AuthenticationFailedInvalidHeader"),
    ],
)
def test_bad_header(local: Local, header: str, code: str) -> None:
    reply = local.send("GET", local.subscription, authorization=header)
    assert (reply.status, error_code(reply)) == (401, code)


def test_expired_token(local: Local) -> None:
    local.simulator.tokens.expire_all()
    reply = local.get(local.subscription)
    assert (reply.status, error_code(reply)) == (401, "ExpiredAuthenticationToken")
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
    local.token = local.issue("drill")
    assert local.get(local.subscription).status == 200


def test_lifetime_ends_a_token() -> None:
    local = Local(throttle="off", token_lifetime=0.001)
    local.token = local.issue("drill")
    while local.get(local.subscription).status == 200:
        pass
    assert error_code(local.get(local.subscription)) == "ExpiredAuthenticationToken"


def test_token_for_another_service(local: Local) -> None:
    reply = local.get(local.subscription, token=local.issue("drill", "https://storage.azure.com"))
    assert (reply.status, error_code(reply)) == (401, "InvalidAuthenticationTokenAudience")


@pytest.mark.parametrize(
    "audience", ["https://management.azure.com/", "https://management.core.windows.net/", BASE + "/"]
)
def test_accepted_audiences(local: Local, audience: str) -> None:
    assert local.get(local.subscription, token=local.issue("drill", audience)).status == 200


def test_token_of_another_run(local: Local) -> None:
    stranger = Local(throttle="off")
    reply = local.get(local.subscription, token=stranger.token)
    assert error_code(reply) == "InvalidAuthenticationToken"


def test_api_version(local: Local) -> None:
    assert error_code(local.get(local.subscription, version="")) == "MissingApiVersionParameter"
    assert error_code(local.get(local.subscription, version="latest")) == "InvalidApiVersionParameter"


def test_subscription(local: Local) -> None:
    other = "00000000-0000-0000-0000-000000000001"
    reply = local.get(f"/subscriptions/{other}/resourceGroups")
    assert (reply.status, error_code(reply)) == (404, "SubscriptionNotFound")
    assert reply.body["error"]["message"] == f"The subscription '{other}' could not be found."
    assert error_code(local.get("/subscriptions/abc/resourceGroups")) == "InvalidSubscriptionId"


def test_unknown_group(local: Local) -> None:
    reply = local.get(f"{local.group('nowhere')}/providers/Microsoft.Compute/virtualMachines")
    assert (reply.status, error_code(reply)) == (404, "ResourceGroupNotFound")
    assert reply.headers["x-ms-failure-cause"] == "gateway"


def test_unknown_provider_type_and_method(local: Local) -> None:
    group = local.group("rg-prod")
    assert error_code(local.get(f"{group}/providers/Microsoft.Nothing/things")) == "InvalidResourceNamespace"
    assert error_code(local.get(f"{group}/providers/Microsoft.Compute/things")) == "InvalidResourceType"
    refused = local.send("POST", f"{group}/providers/Microsoft.Compute/virtualMachines/web-01")
    assert (refused.status, refused.headers["Allow"]) == (405, "DELETE, GET, PATCH, PUT")


def test_body_must_be_json(local: Local) -> None:
    reply = local.send("PUT", local.group("new"), b"{location")
    assert (reply.status, error_code(reply)) == (400, "InvalidRequestContent")


def test_unregistered_provider() -> None:
    from azure_dr_simulator.estate import default_document

    local = Local(throttle="off", document={**default_document(), "unregistered_providers": ["Microsoft.Storage"]})
    path = f"{local.group('rg-dr')}/providers/Microsoft.Storage/storageAccounts/another"
    body = {"location": "eastasia", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    refused = local.send("PUT", path, body)
    assert (refused.status, error_code(refused)) == (409, "MissingSubscriptionRegistration")
    assert local.get(f"{local.subscription}/providers/Microsoft.Storage").body["registrationState"] == "NotRegistered"
    local.send("POST", f"{local.subscription}/providers/Microsoft.Storage/register")
    assert local.send("PUT", path, body).status == 202


def test_headers_of_every_answer(local: Local) -> None:
    reply = local.get(local.subscription, x_ms_client_request_id="trace-1", x_ms_return_client_request_id="true")
    assert reply.headers["x-ms-client-request-id"] == "trace-1"
    assert reply.headers["x-ms-request-id"] == reply.headers["x-ms-correlation-request-id"]
    assert reply.headers["x-ms-routing-request-id"].startswith("EASTASIA:")
    assert "x-ms-client-request-id" not in local.get(local.subscription, x_ms_client_request_id="trace-1").headers


def test_a_bug_is_a_500_and_is_logged(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    local.simulator.arm.log = lines.append
    monkeypatch.setattr(local.simulator.arm.router, "find", lambda method, path: 1 / 0)
    reply = local.get(local.subscription)
    assert (reply.status, error_code(reply)) == (500, "InternalServerError")
    assert "ZeroDivisionError" in lines[0]
