# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Authorization header of an ARM request, and Azure's four ways to say 401."""

from __future__ import annotations

from datetime import datetime, timezone

from ..estate import Estate, Principal
from ..identity.tokens import TokenIssuer, TokenRefused
from ..replies import AzureError

WELL_KNOWN_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")


def arm_audiences(base_url: str) -> set[str]:
    """Audiences that ARM accepts, without trailing slash."""
    port = base_url.rsplit(":", 1)[-1]
    return {base_url, f"https://localhost:{port}", f"https://127.0.0.1:{port}", *WELL_KNOWN_AUDIENCES}


def authenticate(authorization: str | None, tokens: TokenIssuer, estate: Estate, base_url: str) -> Principal:
    """The caller. Raises AzureError 401 with the challenge ARM sends."""
    authority = f"{base_url}/{estate.tenant_id}"
    if not authorization:
        raise _refusal(
            authority,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            "The authentication failed because of missing 'Authorization' header.",
        )
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refusal(
            authority,
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.",
        )
    audiences = arm_audiences(base_url)
    try:
        return tokens.principal_of(token.strip(), audiences)
    except TokenRefused as refused:
        if refused.reason == "expired":
            message = (
                f"The access token expiry UTC time '{_us(refused.expiry)}' is earlier than current UTC time "
                f"'{_us(datetime.now(timezone.utc).timestamp())}'."
            )
            raise _refusal(authority, "ExpiredAuthenticationToken", message) from None
        if refused.reason == "audience":
            message = (
                f"The access token has been obtained for wrong audience or resource '{refused.audience}'. It should exactly "
                f"match with one of the allowed audiences '{','.join(sorted(audiences))}'."
            )
            raise _refusal(authority, "InvalidAuthenticationTokenAudience", message) from None
        raise _refusal(authority, "InvalidAuthenticationToken", "The access token is invalid.") from None


def _refusal(authority: str, code: str, message: str, description: str = "") -> AzureError:
    challenge = (
        f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{description or message}"'
    )
    return AzureError(401, code, message, headers={"WWW-Authenticate": challenge, "x-ms-failure-cause": "gateway"})


def _us(moment: float) -> str:
    """`5/20/2023 2:15:29 PM`."""
    at = datetime.fromtimestamp(moment, timezone.utc)
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'PM' if at.hour >= 12 else 'AM'}"
