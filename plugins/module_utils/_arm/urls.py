# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a request may go: the bearer token is for the ARM host, over https, and for nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from .errors import RefusedUrl
from .redact import short_url


def is_absolute(path_or_url: str) -> bool:
    """Whether this is a URL with a scheme (or a host without one) rather than an ARM path."""
    return "://" in path_or_url.split("?", 1)[0] or path_or_url.startswith("//")


def pinned(url: str, base: str, *, source: str) -> str:
    """The URL itself, verbatim, when it is on the host of ``base``; raises RefusedUrl otherwise.

    Scheme https, same host, same port, no user part. ``source`` says who named the URL, for the message.
    """
    reason = _foreign(url, base)
    if reason:
        raise RefusedUrl(
            f"{source} points to {short_url(url)[:300]}, {reason}; the token is only sent to {base}.",
            hint="If Azure is reached through another host, name that one in cloud_environment (AZURE_CLOUD_ENVIRONMENT).",
        )
    return url


def arm_url(base: str, path: str, api_version: str | None, params: Mapping[str, str] | None) -> str:
    """The URL of an ARM path whose segments are encoded already. Query values are encoded once, ``api-version`` comes first."""
    if not path.startswith("/"):
        raise ValueError(f"an ARM path starts with a slash: {path[:120]!r}")
    pairs = ([("api-version", api_version)] if api_version else []) + list((params or {}).items())
    query = "&".join(f"{quote(name, safe='$-_')}={quote(value, safe='-_')}" for name, value in pairs)
    if not query:
        return base + path
    return f"{base}{path}{'&' if '?' in path else '?'}{query}"


def path_of(url: str) -> str:
    """The path of a URL or path, without its query."""
    return urlsplit(url).path


def describe(method: str, url_or_path: str) -> str:
    """``PUT protectedItems/vm;...`` - what a request does, in the words of its path's last type and name."""
    parts = [unquote(part) for part in path_of(url_or_path).split("/") if part]
    lowered = [part.lower() for part in parts]
    if "providers" in lowered:
        start = len(parts) - 1 - lowered[::-1].index("providers")
        parts = parts[start + 2 :] or parts[start:]
    keep = 2 if len(parts) % 2 == 0 else 3
    return f"{method} {'/'.join(parts[-keep:])}"


def _foreign(url: str, base: str) -> str | None:
    if any(character.isspace() or ord(character) < 32 or character == "\\" for character in url):
        return "which holds characters that no URL may hold"
    try:
        there, here = urlsplit(url), urlsplit(base)
        ports = (there.port or 443, here.port or 443)
    except ValueError:
        return "which is not a URL"
    if there.scheme.lower() != "https":
        return "which is not https"
    if there.username is not None or there.password is not None:
        return "which carries a user name"
    if (there.hostname or "").lower() != (here.hostname or "").lower() or ports[0] != ports[1]:
        return "which is another host"
    return None
