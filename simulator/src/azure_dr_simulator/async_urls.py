# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Absolute URLs of long-running operations, signed the way Azure signs them since 2024.

`?api-version=X&t=<18-digit ticks>&c=<certificate>&s=<signature>&h=<hash>`, about 3 kB. A client has to send such a URL
back verbatim; like Azure's backup service, the simulator also answers the same path without a signature.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timezone

from .routing import Call

_CERTIFICATE_BYTES = 1950
_SIGNATURE_BYTES = 256
_TICKS_AT_UNIX_EPOCH = 621_355_968_000_000_000


def signed(call_or_base: Call | str, path: str, api_version: str, *, extra: str = "", suffix: str = "") -> str:
    """An absolute URL for `Azure-AsyncOperation` and `Location` headers.

    `call_or_base` is the request being answered, or `https://host:port`. `path` is put in as it is (Azure leaves `;`
    raw there). `extra` goes before api-version (Compute: `p=<guid>&monitor=true`), `suffix` after it (API Management:
    `asyncResponse`).
    """
    if isinstance(call_or_base, Call):
        base, now = call_or_base.base_url, call_or_base.world.now()
    else:
        base, now = call_or_base, datetime.now(timezone.utc)
    query = "&".join(part for part in (extra, f"api-version={api_version}", suffix) if part)
    unsigned = f"{base}{path}?{query}&t={_ticks(now)}"
    signature = _base64url(_stretch(unsigned, _SIGNATURE_BYTES))
    digest = _base64url(hashlib.sha256(unsigned.encode()).digest())
    return f"{unsigned}&c={_CERTIFICATE}&s={signature}&h={digest}"


def unsigned_query(query: str) -> str:
    """The raw query without the signature, for logs."""
    return query.split("&t=", 1)[0]


def _ticks(moment: datetime) -> int:
    """.NET ticks: 100 ns since the year 1."""
    since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return _TICKS_AT_UNIX_EPOCH + (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10


def _stretch(text: str, length: int) -> bytes:
    return hashlib.shake_256(text.encode()).digest(length)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# Looks like a DER certificate (SEQUENCE, two length bytes); nobody but Azure can check the real one either.
_CERTIFICATE = _base64url(
    b"\x30\x82\x07\x9a\x30\x82\x06\x82" + _stretch("operation signing certificate", _CERTIFICATE_BYTES)
)
