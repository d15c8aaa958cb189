# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs a request with a key of the storage account (the scheme "Shared Key" of the Blob service, since 2015-02-21)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from .._arm.errors import AuthError, OptionError

# In this order, empty when they are not sent. Date is: x-ms-date stands in for it.
_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def check_key(key: str, option: str) -> str:
    """The key without blanks around it; raises OptionError, which never shows it, for what is no base64."""
    text = key.strip()
    try:
        if base64.b64decode(text, validate=True):
            return text
    except (binascii.Error, ValueError):
        pass
    raise OptionError(option, "this is not the key of a storage account, which is base64")


def authorization(account: str, key: str, method: str, url: str, headers: Mapping[str, str]) -> str:
    """The value of the header Authorization. ``url`` is what is sent, path encoded; requests without a body only.

    Raises AuthError for a key that is none, such as one that Azure has listed in a form of its own.
    """
    try:
        secret = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise AuthError("The key of the storage account is not base64, so nothing can be signed with it.", code="InvalidStorageKey") from None
    digest = hmac.new(secret, string_to_sign(account, method, url, headers).encode(), hashlib.sha256).digest()
    return f"SharedKey {account}:{base64.b64encode(digest).decode()}"


def string_to_sign(account: str, method: str, url: str, headers: Mapping[str, str]) -> str:
    """What is signed: verb, standard headers, x-ms headers, and the resource with its query."""
    lowered = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    lines = [method, *(lowered.get(name, "") for name in _SIGNED)]
    lines += [f"{name}:{lowered[name]}" for name in sorted(lowered) if name.startswith("x-ms-")]
    parts = urlsplit(url)
    # Path-style endpoints have the account in the path too, so that it comes twice; the service does the same.
    lines.append(f"/{account}{parts.path or '/'}")
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name.lower(), []).append(value)
    lines += [f"{name}:{','.join(sorted(query[name]))}" for name in sorted(query)]
    return "\n".join(lines)
