# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance metadata endpoint's tokens for managed identities, on a plain-http loopback port."""

from __future__ import annotations

import time
from typing import Mapping

from ..estate import Estate, Principal
from ..replies import Reply
from .tokens import TokenIssuer


def managed_identity_token(
    headers: Mapping[str, str], query: Mapping[str, str], estate: Estate, tokens: TokenIssuer, base_url: str
) -> Reply:
    """`GET /metadata/identity/oauth2/token`; `base_url` is that of the ARM endpoint."""
    if headers.get("metadata", "").lower() != "true":
        return _error(400, "invalid_request", "Required metadata header not specified")
    if not query.get("api-version"):
        return _error(400, "invalid_request", "Required query variable 'api-version' is missing")
    resource = query.get("resource", "")
    if not resource:
        return _error(400, "invalid_request", "Required query variable 'resource' is missing")
    principal = _identity(query, estate)
    if principal is None:
        return _error(400, "invalid_request", "Identity not found")
    token = tokens.issue(principal, resource)
    now, seconds = int(time.time()), int(tokens.lifetime)
    return Reply(
        200,
        {
            "access_token": token,
            "client_id": principal.client_id,
            "expires_in": str(seconds),
            "expires_on": str(now + seconds),
            "ext_expires_in": str(seconds),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        },
    )


def _identity(query: Mapping[str, str], estate: Estate) -> Principal | None:
    """The identity asked for by client id, object id or resource name; else the first one."""
    identities = [one for one in estate.principals if one.kind == "managed_identity"]
    client_id, object_id = query.get("client_id", ""), query.get("object_id", query.get("principal_id", ""))
    resource_id = query.get("mi_res_id", query.get("msi_res_id", ""))
    if client_id:
        identities = [one for one in identities if one.client_id == client_id.lower()]
    if object_id:
        identities = [one for one in identities if one.object_id == object_id.lower()]
    if resource_id:
        identities = [one for one in identities if one.name.lower() == resource_id.rsplit("/", 1)[-1].lower()]
    return identities[0] if identities else None


def _error(status: int, error: str, description: str) -> Reply:
    return Reply(status, {"error": error, "error_description": description})
