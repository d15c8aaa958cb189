# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One try of a check of an endpoint, with nothing but Python's own library: it may run on a jump host."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import time
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from .endpoints import DEFAULT_PORTS, EndpointCheck, HttpTarget, Proxy, TcpTarget, place_of

MOST_BYTES = 4 * 1024 * 1024
"""How much of an answer is searched for a text."""
MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Attempt(NamedTuple):
    """How one try went, in words."""

    ok: bool
    message: str


class Unreachable(Exception):
    """No connection, or no answer; the text says why."""


def attempt(check: EndpointCheck, proxy: Proxy | None, timeout: float) -> Attempt:
    """One try, which takes about ``timeout`` seconds at most."""
    try:
        if isinstance(check.target, TcpTarget):
            return _tcp(check.target, proxy, timeout)
        return _http(check.target, proxy, timeout)
    except Unreachable as problem:
        return Attempt(False, str(problem))


def _tcp(target: TcpTarget, proxy: Proxy | None, timeout: float) -> Attempt:
    _connect(target.host, target.port, proxy, timeout).close()
    return Attempt(True, f"{target.place} accepts connections.")


def _http(target: HttpTarget, proxy: Proxy | None, timeout: float) -> Attempt:
    url, headers = target.url, _headers(target)
    for _redirect in range(MOST_REDIRECTS + 1):
        status, location, body = _request(target, url, headers, proxy, timeout)
        if not (target.follow_redirects and status in _REDIRECTS and location):
            return _judge(target, url, status, location, body)
        following = urljoin(url, location)
        if urlsplit(following).scheme not in DEFAULT_PORTS:
            return Attempt(False, f"{url} redirects to something other than http and https.")
        if urlsplit(following).netloc != urlsplit(url).netloc:
            # What proves who asks is for the host that was named, and for no other.
            headers = {}
        url = following
    return Attempt(False, f"{target.url} redirects more than {MOST_REDIRECTS} times.")


def _headers(target: HttpTarget) -> dict[str, str]:
    headers = dict(target.headers)
    if target.user or target.password:
        text = base64.b64encode(f"{target.user}:{target.password}".encode()).decode()
        headers.setdefault("Authorization", f"Basic {text}")
    return headers


def _request(target: HttpTarget, url: str, headers: dict[str, str], proxy: Proxy | None, timeout: float) -> tuple[int, str, bytes]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    address, port = host, parts.port or DEFAULT_PORTS[parts.scheme]
    if target.connect_to and parts.netloc == urlsplit(target.url).netloc:
        address, port = target.connect_to, target.connect_port or port
    place = place_of(address, port)
    ends = time.monotonic() + timeout
    stream = _connect(address, port, proxy, timeout)
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        if parts.scheme == "https":
            stream = _secured(stream, host, place, target)
        connection.sock = stream
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"Host": parts.netloc, "User-Agent": "lifeboat.azure_dr", "Accept": "*/*", "Connection": "close", **headers}
        connection.putrequest(target.method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location") or "", _body(answer, ends)
    except socket.timeout:
        raise Unreachable(f"{place} accepts connections, but does not answer within {timeout:.0f} s.") from None
    except (OSError, http.client.HTTPException) as problem:
        raise Unreachable(f"{place} accepts connections, but its answer breaks off: {_words(problem)}.") from None
    finally:
        connection.close()
        stream.close()


def _body(answer: http.client.HTTPResponse, ends: float) -> bytes:
    """What there is of the answer until then: one that comes drop by drop must not hold up the others."""
    body = b""
    while len(body) < MOST_BYTES:
        if time.monotonic() > ends:
            raise socket.timeout
        piece = answer.read1(65536)
        if not piece:
            break
        body += piece
    return body


def _judge(target: HttpTarget, url: str, status: int, location: str, body: bytes) -> Attempt:
    wanted = " or ".join(str(code) for code in target.status)
    if status not in target.status:
        whither = f" (to {_bare(urljoin(url, location))})" if location else ""
        return Attempt(False, f"{url} answers with status {status}{whither} instead of {wanted}.")
    if target.contains and target.contains not in body.decode("utf-8", errors="replace"):
        return Attempt(False, f"{url} answers with status {status}, but without the text {target.contains[:80]!r}.")
    return Attempt(True, f"{url} answers with status {status}" + (f" and the text {target.contains[:80]!r}." if target.contains else "."))


def _bare(url: str) -> str:
    """Without a query and without user and password, which a redirect may carry."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()[:200]


def _secured(stream: socket.socket, host: str, place: str, target: HttpTarget) -> ssl.SSLSocket:
    try:
        context = ssl.create_default_context(cafile=target.ca_path or None)
    except OSError as problem:
        raise Unreachable(f"The certificates of ca_path cannot be read: {_words(problem)}.") from None
    if not target.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(stream, server_hostname=host)
    except ssl.SSLCertVerificationError as problem:
        raise Unreachable(f"The certificate of {place} is not accepted: {problem.verify_message or _words(problem)}.") from None
    except socket.timeout:
        raise Unreachable(f"{place} accepts connections, but does not speak TLS within the time of a try.") from None
    except OSError as problem:
        raise Unreachable(f"{place} accepts connections, but TLS fails: {_words(problem)}.") from None


def _connect(host: str, port: int, proxy: Proxy | None, timeout: float) -> socket.socket:
    if proxy is None:
        return _open(host, port, timeout)
    try:
        stream = _open(proxy.host, proxy.port, timeout)
    except Unreachable as problem:
        raise Unreachable(f"The proxy cannot be used: {problem}") from None
    try:
        return _passed_on(stream, host, port, proxy)
    except socket.timeout:
        stream.close()
        raise Unreachable(f"The proxy {proxy.place} gets no connection to {place_of(host, port)} within {timeout:.0f} s.") from None
    except OSError as problem:
        stream.close()
        raise Unreachable(f"The proxy {proxy.place} breaks off: {_words(problem)}.") from None
    except Unreachable:
        stream.close()
        raise


def _open(host: str, port: int, timeout: float) -> socket.socket:
    place = place_of(host, port)
    try:
        return socket.create_connection((host, port), timeout=timeout)
    except socket.gaierror as problem:
        raise Unreachable(f"The name {host} resolves to nothing: {_words(problem)}.") from None
    except socket.timeout:
        raise Unreachable(f"{place} does not answer within {timeout:.0f} s.") from None
    except ConnectionRefusedError:
        raise Unreachable(f"{place} refuses connections.") from None
    except (OSError, UnicodeError) as problem:
        raise Unreachable(f"{place} cannot be reached: {_words(problem)}.") from None


def _passed_on(stream: socket.socket, host: str, port: int, proxy: Proxy) -> socket.socket:
    """Asks the proxy to connect, and reads no byte more than its answer: what follows is the guest's."""
    place = place_of(host, port)
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.user or proxy.password:
        text = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {text}")
    stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = b""
    ends = time.monotonic() + (stream.gettimeout() or 0.0)
    while not head.endswith(b"\r\n\r\n"):
        if time.monotonic() > ends:
            raise socket.timeout
        byte = stream.recv(1)
        if not byte or len(head) > 65536:
            raise Unreachable(f"The proxy {proxy.place} does not speak HTTP.")
        head += byte
    status = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if len(status) < 2 or not status[1].startswith("2"):
        raise Unreachable(f"The proxy {proxy.place} gets no connection to {place}: {' '.join(status[1:])[:120]}.")
    return stream


def _words(problem: Exception) -> str:
    text = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return " ".join(str(text).split()).rstrip(".")[:200]
