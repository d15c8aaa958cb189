# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from azure_dr_simulator.identity.managed_identity import managed_identity_token
from azure_dr_simulator.replies import Reply
from harness import BASE, Local

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def sign_in(local: Local, *, version: str = "v2.0/", tenant: str = "", **form: str) -> Reply:
    path = f"/{tenant or local.estate.tenant_id}/oauth2/{version}token"
    return local.send("POST", path, urlencode(form).encode(), version="", token="")


def credentials(local: Local, **changes: str) -> dict[str, str]:
    drill = local.principal("drill")
    form = {
        "grant_type": "client_credentials",
        "client_id": drill.client_id,
        "client_secret": drill.secret,
        "scope": f"{BASE}/.default",
    }
    return {**form, **changes}


def assertion(claims: dict[str, Any], **headers: str) -> str:
    return jwt.encode({"exp": int(time.time()) + 600, **claims}, "k" * 32, algorithm="HS256", headers=headers)


def test_discovery(local: Local) -> None:
    tenant = local.estate.tenant_id
    found = local.send("GET", f"/{tenant}/v2.0/.well-known/openid-configuration", version="", token="").body
    assert found["token_endpoint"] == f"{BASE}/{tenant}/oauth2/v2.0/token"
    assert found["issuer"] == f"{BASE}/{tenant}/v2.0"
    instance = local.send("GET", "/common/discovery/instance?api-version=1.1", version="", token="").body
    assert instance["tenant_discovery_endpoint"].endswith("/v2.0/.well-known/openid-configuration")


def test_secret(local: Local) -> None:
    body = sign_in(local, **credentials(local)).body
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert local.get(local.subscription, token=body["access_token"]).status == 200
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (claims["aud"], claims["tid"], claims["exp"] - claims["iat"]) == (BASE, local.estate.tenant_id, 3600)


def test_signature_can_be_checked_with_the_published_key(local: Local) -> None:
    keys = local.send("GET", "/common/discovery/v2.0/keys", version="", token="").body
    key = jwt.PyJWK.from_json(json.dumps(keys["keys"][0]))
    assert (
        jwt.decode(local.token, key.key, algorithms=["RS256"], audience=BASE)["appid"]
        == local.principal("drill").client_id
    )


def test_first_version_endpoint(local: Local) -> None:
    form = credentials(local, resource="https://management.azure.com/")
    body = sign_in(local, version="", **form).body
    assert body["expires_in"] == "3600"
    assert local.get(local.subscription, token=body["access_token"]).status == 200


@pytest.mark.parametrize(
    "scope", ["https://management.azure.com/.default", "https://management.core.windows.net//.default"]
)
def test_public_audiences(local: Local, scope: str) -> None:
    token = sign_in(local, **credentials(local, scope=scope)).body["access_token"]
    assert local.get(local.subscription, token=token).status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "00000000-0000-0000-0000-000000000001"}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://example.com/.default"}, 400, "invalid_resource", 500011),
        ({"scope": BASE}, 400, "invalid_scope", 1002012),
        ({"tenant": "11111111-1111-1111-1111-111111111111"}, 400, "invalid_tenant", 90002),
    ],
)
def test_refusals(local: Local, changes: dict[str, str], status: int, error: str, number: int) -> None:
    reply = sign_in(local, **credentials(local, **changes))
    assert (reply.status, reply.body["error"], reply.body["error_codes"]) == (status, error, [number])
    assert reply.body["error_description"].startswith(f"AADSTS{number}: ")
    assert local.principal("drill").secret not in json.dumps(reply.body)


def test_without_any_credential(local: Local) -> None:
    form = credentials(local)
    del form["client_secret"]
    assert sign_in(local, **form).body["error_codes"] == [7000218]


@pytest.mark.parametrize(
    ("claims", "headers", "number"),
    [
        ({"iss": "CLIENT", "sub": "CLIENT", "aud": "x"}, {"x5t": "abc"}, None),
        ({"iss": "https://issuer.example", "sub": "pod", "aud": "api://AzureADTokenExchange"}, {}, None),
        ({"iss": "CLIENT", "sub": "CLIENT", "aud": "x"}, {}, 700027),
        ({"iss": "CLIENT", "sub": "other", "aud": "x"}, {"x5t": "abc"}, 700021),
        ({"iss": "https://issuer.example", "sub": "pod", "aud": "x", "exp": 1}, {}, 700024),
        ({"iss": "https://issuer.example"}, {}, 50027),
    ],
)
def test_assertions(local: Local, claims: dict[str, Any], headers: dict[str, str], number: int | None) -> None:
    client = local.principal("drill").client_id
    filled = {name: client if value == "CLIENT" else value for name, value in claims.items()}
    form = credentials(local, client_assertion=assertion(filled, **headers), client_assertion_type=ASSERTION)
    del form["client_secret"]
    reply = sign_in(local, **form)
    assert reply.body.get("error_codes") == (None if number is None else [number])
    assert ("access_token" in reply.body) is (number is None)


def test_malformed_assertion(local: Local) -> None:
    form = credentials(local, client_assertion="abc", client_assertion_type=ASSERTION)
    del form["client_secret"]
    assert sign_in(local, **form).body["error_codes"] == [50027]


def test_managed_identity_cannot_sign_in_with_a_secret(local: Local) -> None:
    identity = local.principal("vm-identity")
    reply = sign_in(local, **credentials(local, client_id=identity.client_id, client_secret=identity.secret))
    assert reply.body["error_codes"] == [700016]


def test_metadata_shapes(local: Local) -> None:
    newest = local.send("GET", "/metadata/endpoints", version="2022-09-01", token="").body
    assert newest["authentication"]["loginEndpoint"] == BASE
    assert newest["resourceManager"] == BASE + "/"
    assert newest["suffixes"]["storage"] == "core.windows.net"
    assert local.send("GET", "/metadata/endpoints", version="2019-05-01", token="").body == [newest]
    assert "galleryEndpoint" in local.send("GET", "/metadata/endpoints", version="2015-01-01", token="").body
    assert local.send("GET", "/metadata/endpoints", version="", token="").status == 400


def managed(local: Local, *, metadata: str = "true", **query: str) -> Reply:
    asked = {"api-version": "2018-02-01", "resource": "https://management.azure.com/", **query}
    return managed_identity_token({"metadata": metadata}, asked, local.estate, local.simulator.tokens, BASE)


def test_managed_identity(local: Local) -> None:
    reply = managed(local)
    assert reply.body["client_id"] == local.principal("vm-identity").client_id
    assert local.get(local.subscription, token=reply.body["access_token"]).status == 200
    assert managed(local, client_id=reply.body["client_id"]).status == 200
    assert managed(local, mi_res_id="/subscriptions/x/y/vm-identity").status == 200


@pytest.mark.parametrize(
    "changes",
    [{"metadata": ""}, {"resource": ""}, {"api-version": ""}, {"client_id": "unknown"}, {"object_id": "unknown"}],
)
def test_managed_identity_refusals(local: Local, changes: dict[str, str]) -> None:
    reply = managed(local, **changes)
    assert (reply.status, reply.body["error"]) == (400, "invalid_request")


def test_the_login_host_has_nothing_else(local: Local) -> None:
    assert local.send("GET", "/favicon.ico", version="", token="").status == 404
