# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: RS256 JWTs signed by a key of this run, shaped like Entra's."""

from __future__ import annotations

import base64
import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from ..estate import Estate, Principal


class TokenRefused(Exception):
    """A token that ARM does not accept."""

    def __init__(
        self, reason: Literal["invalid", "expired", "audience"], *, expiry: float = 0.0, audience: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expiry = expiry
        """Wall time of the end of the token (expired)."""
        self.audience = audience


@dataclass(frozen=True)
class _Issued:
    principal: Principal
    audience: str
    expires: float


class TokenIssuer:
    """Issues tokens, recognises its own, and can end all of them at once.

    Lifetimes are wall seconds, whatever the speed of the virtual clock: clients renew their tokens by their own clocks.
    """

    def __init__(self, estate: Estate, lifetime: float) -> None:
        self.estate = estate
        self.lifetime = lifetime
        self.key_id = uuid.uuid4().hex
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._issued: dict[str, _Issued] = {}

    def issue(self, principal: Principal, audience: str) -> str:
        """A new token of the principal for an audience such as `https://management.azure.com`."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.estate.tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": int(now + self.lifetime),
            "appid": principal.client_id,
            "appidacr": "1",
            "idtyp": "app",
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": self.estate.tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        token = jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id, "x5t": self.key_id})
        self._issued[token] = _Issued(principal, audience, now + self.lifetime)
        return token

    def issued(self) -> list[str]:
        """Every token of this run, also those that have ended."""
        return list(self._issued)

    def principal_of(self, token: str, audiences: set[str]) -> Principal:
        """Whose token this is. Raises TokenRefused.

        Only tokens of this run are known, so looking them up is the check of the signature.
        """
        issued = self._issued.get(token)
        if issued is None:
            raise TokenRefused("invalid")
        if issued.expires <= time.time():
            raise TokenRefused("expired", expiry=issued.expires)
        if issued.audience.rstrip("/") not in audiences:
            raise TokenRefused("audience", audience=issued.audience)
        return issued.principal

    def expire_all(self) -> None:
        """Ends every token issued so far."""
        now = time.time()
        self._issued = {
            token: _Issued(one.principal, one.audience, min(one.expires, now)) for token, one in self._issued.items()
        }

    def key_set(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": self.key_id,
                    "x5t": self.key_id,
                    "n": _unsigned(numbers.n),
                    "e": _unsigned(numbers.e),
                }
            ]
        }


def _unsigned(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")
