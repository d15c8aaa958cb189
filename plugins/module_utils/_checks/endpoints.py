# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of endpoints: from options to what is to be tried, all wrong input told before anything is tried."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Union
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from .._arm.errors import OptionError
from .._arm.redact import keep_secret
from .._options import parse_age

DEFAULT_PORTS = {"http": 80, "https": 443}

_METHOD = re.compile(r"^[A-Z]{1,20}\Z")
_HOST = re.compile(r"^[A-Za-z0-9._:%-]{1,255}\Z")
_HEADER = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy that passes connections on (CONNECT)."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        return place_of(self.host, self.port)


@dataclass(frozen=True)
class TcpTarget:
    """A port that is to accept a connection."""

    host: str
    port: int

    @property
    def place(self) -> str:
        return place_of(self.host, self.port)


@dataclass(frozen=True)
class HttpTarget:
    """A request, and the answer that is wanted. ``url`` is without user and password; ``connect_to`` is where the connection goes instead of its
    host, and ``connect_port`` instead of its port."""

    url: str
    connect_to: str = ""
    connect_port: int | None = None
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    status: tuple[int, ...] = (200,)
    contains: str = ""
    validate_certs: bool = True
    ca_path: str = ""
    follow_redirects: bool = False

    @property
    def place(self) -> str:
        return self.url


Target = Union[TcpTarget, HttpTarget]


@dataclass(frozen=True)
class EndpointCheck:
    """One check: what is tried, and for how many seconds it is tried again."""

    name: str
    target: Target
    timeout: float

    @property
    def kind(self) -> str:
        return "tcp" if isinstance(self.target, TcpTarget) else "http"


def place_of(host: str, port: int) -> str:
    """``10.0.0.4:22``, ``[fd00::4]:22``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def read_checks(documents: list[dict[str, Any]]) -> list[EndpointCheck]:
    """The checks of the option `checks`; raises OptionError, which names the check."""
    return [read_check(document, f"checks[{number}]") for number, document in enumerate(documents)]


def read_check(document: Mapping[str, Any], place: str) -> EndpointCheck:
    """One check. ``place`` is where it is written, for the error."""
    tcp, http = document.get("tcp"), document.get("http")
    if (tcp is None) == (http is None):
        raise OptionError(place, "give either tcp or http")
    name = str(document.get("name") or "").strip()
    if not name:
        raise OptionError(f"{place}.name", "give the check a name")
    timeout = parse_age(str(document.get("timeout") or "0"), f"{place}.timeout").total_seconds()
    target: Target = read_tcp(tcp, f"{place}.tcp") if tcp is not None else read_http(http or {}, f"{place}.http")
    return EndpointCheck(name, target, timeout)


def read_tcp(options: Mapping[str, Any], place: str) -> TcpTarget:
    return TcpTarget(check_host(options.get("host"), f"{place}.host"), check_port(options.get("port"), f"{place}.port"))


def read_http(options: Mapping[str, Any], place: str) -> HttpTarget:
    url, user, password = split_url(str(options.get("url") or ""), f"{place}.url", ("http", "https"))
    user = str(options.get("url_username") or user)
    password = str(options.get("url_password") or password)
    keep_secret(password)
    method = str(options.get("method") or "GET").upper()
    if not _METHOD.match(method):
        raise OptionError(f"{place}.method", f"{method[:40]!r} is not a method such as GET")
    headers = {str(name): str(value) for name, value in (options.get("headers") or {}).items()}
    for name, value in headers.items():
        if not _HEADER.match(name) or "\n" in value or "\r" in value:
            raise OptionError(f"{place}.headers", f"{name[:40]!r} is not a header that can be sent")
    status = tuple(int(code) for code in options.get("status") or (200,))
    if not all(100 <= code <= 599 for code in status):
        raise OptionError(f"{place}.status", "give statuses of HTTP, 100 to 599")
    connect_to, connect_port = read_place(str(options.get("connect_to") or ""), f"{place}.connect_to")
    return HttpTarget(
        url=urlunsplit(url),
        connect_to=connect_to,
        connect_port=connect_port,
        method=method,
        headers=headers,
        user=user,
        password=password,
        status=status,
        contains=str(options.get("contains") or ""),
        validate_certs=bool(options.get("validate_certs", True)),
        ca_path=str(options.get("ca_path") or ""),
        follow_redirects=bool(options.get("follow_redirects", False)),
    )


def read_proxy(text: str | None, option: str = "proxy") -> Proxy | None:
    """The proxy of an option, None when there is none."""
    if not text:
        return None
    url, user, password = split_url(text if "://" in text else f"http://{text}", option, ("http",))
    keep_secret(password)
    if url.path.strip("/") or url.query:
        raise OptionError(option, "a proxy is http://HOST:PORT, without a path")
    return Proxy(url.hostname or "", url.port or DEFAULT_PORTS["http"], user, password)


def split_url(text: str, option: str, schemes: tuple[str, ...]) -> tuple[SplitResult, str, str]:
    """A URL without user and password, and these; raises OptionError, which never shows them."""
    wanted = f"a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)} is expected"
    try:
        url = urlsplit(text.strip())
        port, host = url.port, url.hostname or ""
    except ValueError:
        raise OptionError(option, wanted) from None
    if url.scheme.lower() not in schemes or not _HOST.match(host) or any(ord(letter) <= 32 or ord(letter) == 127 for letter in text.strip()):
        raise OptionError(option, wanted)
    place = f"[{host}]" if ":" in host else host
    bare = url._replace(scheme=url.scheme.lower(), netloc=place if port is None else f"{place}:{port}", fragment="")
    return bare, unquote(url.username or ""), unquote(url.password or "")


def read_place(text: str, option: str) -> tuple[str, int | None]:
    """``host``, ``host:port``, ``[fd00::4]:port`` or an address alone, as host and port; an empty text is no host."""
    if not text:
        return "", None
    host, colon, port = text.rpartition(":")
    if not colon or ":" in host.strip("[]") and not host.endswith("]"):
        return check_host(text, option), None
    return check_host(host, option), check_port(port, option)


def check_host(value: Any, option: str) -> str:
    host = str(value or "").strip().strip("[]")
    if not _HOST.match(host):
        raise OptionError(option, f"{host[:80]!r} is not a host name or an address")
    return host


def check_port(value: Any, option: str) -> int:
    try:
        port = int(str(value))
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise OptionError(option, f"{str(value)[:40]!r} is not a port: 1 to 65535")
    return port
