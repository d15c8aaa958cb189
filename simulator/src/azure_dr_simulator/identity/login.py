# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login endpoint: OIDC discovery, and tokens for client credentials (secret, certificate or federated token)."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timezone
from typing import Any, Callable, Mapping
from urllib.parse import parse_qs

import jwt

from ..estate import Estate, Principal
from ..replies import Reply
from .tokens import TokenIssuer

WELL_KNOWN_RESOURCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://graph.microsoft.com",
    "https://storage.azure.com",
    "https://vault.azure.net",
)
_TENANT_ALIASES = ("common", "organizations")
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class _SignInError(Exception):
    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


class LoginEndpoint:
    """Answers `/{tenant}/...` of the login host, which here is the same host as ARM."""

    def __init__(self, estate: Estate, tokens: TokenIssuer) -> None:
        self.estate = estate
        self.tokens = tokens

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes, base_url: str) -> Reply:
        """The answer to a request that is not ARM's. 404 for what the login host does not have."""
        segments = path.strip("/").split("/")
        tenant, rest = segments[0], "/".join(segments[1:]).lower()
        gets: dict[str, Callable[[str, str], Any]] = {
            "v2.0/.well-known/openid-configuration": lambda t, b: self._configuration(t, b, "/v2.0"),
            ".well-known/openid-configuration": lambda t, b: self._configuration(t, b, ""),
            "discovery/v2.0/keys": lambda t, b: self.tokens.key_set(),
            "discovery/keys": lambda t, b: self.tokens.key_set(),
            "discovery/instance": lambda t, b: self._instance(query, b),
        }
        try:
            if method == "POST" and rest in ("oauth2/v2.0/token", "oauth2/token"):
                self._check_tenant(tenant)
                return self._token(_form(body), base_url, tenant, second_version="v2.0" in rest)
            if method in ("GET", "HEAD") and rest in gets:
                self._check_tenant(tenant)
                return Reply(200, gets[rest](tenant, base_url))
        except _SignInError as error:
            return _error_reply(error, base_url)
        return Reply(404, {"error": {"code": "NotFound", "message": f"The simulator has no '{path}'."}})

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() not in (self.estate.tenant_id.lower(), *_TENANT_ALIASES):
            raise _SignInError(
                400,
                "invalid_tenant",
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
                "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the "
                "tenant.",
            )

    def _configuration(self, tenant: str, base_url: str, version: str) -> dict[str, Any]:
        root = f"{base_url}/{tenant}"
        oauth = f"{root}/oauth2{version}"
        return {
            "token_endpoint": f"{oauth}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{root}/discovery{version}/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{root}{version or '/'}",
            "authorization_endpoint": f"{oauth}/authorize",
            "device_authorization_endpoint": f"{oauth}/devicecode",
            "end_session_endpoint": f"{oauth}/logout",
            "tenant_region_scope": "AS",
            "cloud_instance_name": base_url.removeprefix("https://"),
        }

    def _instance(self, query: Mapping[str, str], base_url: str) -> dict[str, Any]:
        host = base_url.removeprefix("https://")
        return {
            "tenant_discovery_endpoint": f"{base_url}/{self.estate.tenant_id}/v2.0/.well-known/openid-configuration",
            "api-version": query.get("api-version", "1.1"),
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }

    def _token(self, form: Mapping[str, str], base_url: str, tenant: str, *, second_version: bool) -> Reply:
        grant = form.get("grant_type")
        if not grant:
            raise _SignInError(
                400, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'."
            )
        if grant != "client_credentials":
            raise _SignInError(
                400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'."
            )
        principal = self._client(form)
        _check_credential(form, principal)
        audience = self._audience(form, base_url, tenant, second_version)
        token = self.tokens.issue(principal, audience)
        seconds = int(self.tokens.lifetime)
        if second_version:
            return Reply(
                200, {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
            )
        now = int(time.time())
        return Reply(
            200,
            {
                "token_type": "Bearer",
                "expires_in": str(seconds),
                "ext_expires_in": str(seconds),
                "expires_on": str(now + seconds),
                "not_before": str(now),
                "resource": audience,
                "access_token": token,
            },
        )

    def _client(self, form: Mapping[str, str]) -> Principal:
        client_id = form.get("client_id", "")
        if not client_id:
            raise _SignInError(
                400, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."
            )
        for principal in self.estate.principals:
            if principal.client_id == client_id.lower() and principal.kind == "service_principal":
                return principal
        raise _SignInError(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{self.estate.tenant_id}'. This can happen if "
            "the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
        )

    def _audience(self, form: Mapping[str, str], base_url: str, tenant: str, second_version: bool) -> str:
        wanted = form.get("scope", "") if second_version else form.get("resource", "")
        if second_version and not wanted.endswith("/.default"):
            raise _SignInError(
                400,
                "invalid_scope",
                1002012,
                f"The provided value for scope {wanted} is not valid. Client credential flows must have a scope value with /.default "
                "suffixed to the resource identifier (application ID URI).",
            )
        # A resource that ends in a slash makes a scope with two: https://management.azure.com//.default.
        audience = wanted.removesuffix("/.default") if second_version else wanted
        port = base_url.rsplit(":", 1)[-1]
        known = {base_url, f"https://localhost:{port}", f"https://127.0.0.1:{port}", *WELL_KNOWN_RESOURCES}
        if audience.rstrip("/") not in known:
            raise _SignInError(
                400,
                "invalid_resource",
                500011,
                f"The resource principal named {audience} was not found in the tenant named {tenant}. This can happen if the "
                "application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
            )
        return audience


def _check_credential(form: Mapping[str, str], principal: Principal) -> None:
    secret, assertion = form.get("client_secret"), form.get("client_assertion")
    if secret is not None:
        if secret != principal.secret:
            raise _SignInError(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
                f"client secret ID, for a secret added to app '{principal.client_id}'.",
            )
        return
    if assertion is None or form.get("client_assertion_type") != _ASSERTION_TYPE:
        raise _SignInError(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    _check_assertion(assertion, principal)


def _check_assertion(assertion: str, principal: Principal) -> None:
    """A certificate's JWT is issued by the client itself; a federated token by anybody else.

    The simulator knows neither certificates nor foreign issuers, so it checks shape and times, not signatures.
    """
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False, "verify_exp": True, "verify_aud": False})
    except jwt.ExpiredSignatureError:
        raise _SignInError(
            401, "invalid_client", 700024, "Client assertion is not within its valid time range."
        ) from None
    except jwt.InvalidTokenError:
        raise _SignInError(401, "invalid_client", 50027, "JWT token is invalid or malformed.") from None
    own = str(claims.get("iss", "")).lower() == principal.client_id
    if own and not (header.get("x5t") or header.get("x5t#S256")):
        raise _SignInError(
            401,
            "invalid_client",
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        )
    if own and str(claims.get("sub", "")).lower() != principal.client_id:
        raise _SignInError(
            401,
            "invalid_client",
            700021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        )
    if not own and not all(claims.get(name) for name in ("iss", "sub", "aud")):
        raise _SignInError(401, "invalid_client", 50027, "JWT token is invalid or malformed.")


def _form(body: bytes) -> dict[str, str]:
    return {
        name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()
    }


def _error_reply(error: _SignInError, base_url: str) -> Reply:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    stamp = f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S}Z"
    description = (
        f"AADSTS{error.number}: {error.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    )
    body = {
        "error": error.error,
        "error_description": description,
        "error_codes": [error.number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{base_url}/error?code={error.number}",
    }
    return Reply(error.status, body)
