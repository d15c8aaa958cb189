# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single tries against servers on loopback: what each way to fail is called."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.attempts import Attempt, attempt
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.endpoints import Proxy, read_check

HOST = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nall is well"


class Server:
    """Answers each connection with the next answer of its script, after it has read a request; keeps what was asked."""

    def __init__(self, *answers: bytes, context: ssl.SSLContext | None = None, greeting: bytes = b"") -> None:
        self.asked: list[str] = []
        self._answers = list(answers)
        self._context = context
        self._greeting = greeting
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                stream, _peer = self._socket.accept()
            except OSError:
                return
            with stream:
                try:
                    if self._greeting:
                        stream.sendall(self._greeting)
                        continue
                    self._answer(self._context.wrap_socket(stream, server_side=True) if self._context else stream)
                except OSError:
                    continue

    def _answer(self, stream: socket.socket) -> None:
        while self._answers:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                piece = stream.recv(4096)
                if not piece:
                    return
                request += piece
            self.asked.append(request.decode())
            answer = self._answers.pop(0)
            stream.sendall(answer)
            if not answer.startswith(b"HTTP/1.1 200 Connection"):
                stream.close()
                return

    def close(self) -> None:
        self._socket.close()


@contextmanager
def serving(*answers: bytes, context: ssl.SSLContext | None = None, greeting: bytes = b"") -> Iterator[Server]:
    server = Server(*answers, context=context, greeting=greeting)
    try:
        yield server
    finally:
        server.close()


def free_port() -> int:
    with socket.create_server((HOST, 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def tcp(port: int, proxy: Proxy | None = None, host: str = HOST) -> Attempt:
    return attempt(read_check({"name": "a", "tcp": {"host": host, "port": port}}, "c"), proxy, 5.0)


def page(url: str, proxy: Proxy | None = None, timeout: float = 5.0, **options: Any) -> Attempt:
    return attempt(read_check({"name": "a", "http": {"url": url, **options}}, "c"), proxy, timeout)


def test_an_open_port() -> None:
    with serving() as server:
        assert tcp(server.port) == Attempt(True, f"127.0.0.1:{server.port} accepts connections.")


def test_a_closed_port() -> None:
    port = free_port()
    assert tcp(port) == Attempt(False, f"127.0.0.1:{port} refuses connections.")


def test_a_name_that_is_none() -> None:
    found = tcp(22, host="nobody.invalid")
    assert not found.ok and found.message.startswith("The name nobody.invalid resolves to nothing: ")


def test_a_host_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_where: object, **_how: object) -> socket.socket:
        raise socket.timeout("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    assert tcp(22) == Attempt(False, "127.0.0.1:22 does not answer within 5 s.")


def test_a_page_that_is_well() -> None:
    with serving(OK) as server:
        found = page(f"http://127.0.0.1:{server.port}/health?full=1", contains="well", headers={"X-A": "b"})
        assert found == Attempt(True, f"http://127.0.0.1:{server.port}/health?full=1 answers with status 200 and the text 'well'.")
        asked = server.asked[0]
    assert asked.startswith("GET /health?full=1 HTTP/1.1\r\n") and f"Host: 127.0.0.1:{server.port}\r\n" in asked and "X-A: b\r\n" in asked


@pytest.mark.parametrize(
    ("answer", "options", "message"),
    [
        (b"HTTP/1.1 503 Sorry\r\nContent-Length: 0\r\n\r\n", {}, "answers with status 503 instead of 200."),
        (b"HTTP/1.1 503 Sorry\r\nContent-Length: 0\r\n\r\n", {"status": [200, 204]}, "answers with status 503 instead of 200 or 204."),
        (OK, {"contains": "ill"}, "answers with status 200, but without the text 'ill'."),
        (b"HTTP/1.1 302 Go\r\nLocation: https://me:pw@other/x?token=1\r\n\r\n", {}, "answers with status 302 (to https://other/x) instead of 200."),
        (b"SSH-2.0-OpenSSH_9.6\r\n", {}, "accepts connections, but its answer breaks off: SSH-2.0-OpenSSH_9.6."),
        (b"", {}, "accepts connections, but its answer breaks off: Remote end closed connection without response."),
    ],
)
def test_a_page_that_is_not(answer: bytes, options: dict[str, Any], message: str) -> None:
    with serving(answer) as server:
        found = page(f"http://127.0.0.1:{server.port}/", **options)
    assert not found.ok and found.message.endswith(message)


def test_another_status_may_be_what_is_wanted() -> None:
    with serving(b"HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n") as server:
        assert page(f"http://127.0.0.1:{server.port}/", status=[401]).ok


def test_a_page_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        raise socket.timeout("timed out")

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", silent)
    with serving(OK) as server:
        found = page(f"http://127.0.0.1:{server.port}/")
    assert found == Attempt(False, f"127.0.0.1:{server.port} accepts connections, but does not answer within 5 s.")


def test_an_answer_that_comes_drop_by_drop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = iter([0.0, 1.0, 6.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(passed, 6.0))
    with serving(OK) as server:
        assert "does not answer within 5 s" in page(f"http://127.0.0.1:{server.port}/").message


def test_basic_authentication_goes_to_the_host_that_was_named_and_to_no_other() -> None:
    with serving(OK) as other:
        moved = f"HTTP/1.1 302 Go\r\nLocation: http://localhost:{other.port}/x\r\n\r\n".encode()
        with serving(moved) as server:
            url = f"http://me:pw@127.0.0.1:{server.port}/"
            found = page(url, follow_redirects=True, headers={"X-Key": "k"})
            assert "Authorization: Basic bWU6cHc=\r\n" in server.asked[0] and "X-Key: k" in server.asked[0]
        assert "Authorization" not in other.asked[0] and "X-Key" not in other.asked[0]
    assert found == Attempt(True, f"http://localhost:{other.port}/x answers with status 200.")


def test_redirects_end() -> None:
    with serving(*[b"HTTP/1.1 302 Go\r\nLocation: /again\r\n\r\n"] * 6) as server:
        found = page(f"http://127.0.0.1:{server.port}/", follow_redirects=True)
    assert found.message.endswith("redirects more than 5 times.")
    with serving(b"HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\n\r\n") as server:
        assert "something other than http" in page(f"http://127.0.0.1:{server.port}/", follow_redirects=True).message


# --- TLS ---


@pytest.fixture(name="authority", scope="module")
def make_authority() -> trustme.CA:
    return trustme.CA()


def context_of(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_a_certificate_is_checked_by_the_name_in_the_url_wherever_the_connection_goes(authority: trustme.CA, tmp_path: Path) -> None:
    bundle = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(bundle)
    with serving(OK, OK, context=context_of(authority, "shop.example.com")) as server:
        url = f"https://shop.example.com:{server.port}/"
        assert page(url, connect_to=HOST, ca_path=bundle).ok
        assert f"Host: shop.example.com:{server.port}" in server.asked[0]
        untrusted = page(url, connect_to=HOST)
        assert untrusted.message.startswith(f"The certificate of 127.0.0.1:{server.port} is not accepted: ")
        other = page(f"https://office.example.com:{server.port}/", connect_to=HOST, ca_path=bundle)
        assert "is not accepted" in other.message and "office.example.com" in other.message
        assert page(url, connect_to=HOST, validate_certs=False).ok


def test_what_speaks_no_tls(authority: trustme.CA, tmp_path: Path) -> None:
    with serving(greeting=b"220 mail.example.com ESMTP\r\n") as server:
        found = page(f"https://127.0.0.1:{server.port}/", validate_certs=False)
    assert found.message.startswith(f"127.0.0.1:{server.port} accepts connections, but TLS fails: ")
    with serving(OK, context=context_of(authority, "localhost")) as server:
        unread = page(f"https://127.0.0.1:{server.port}/", ca_path=str(tmp_path / "none.pem"))
    assert unread.message == "The certificates of ca_path cannot be read: No such file or directory."


# --- through a proxy ---

CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def test_a_proxy_passes_ports_and_pages_on() -> None:
    with serving(CONNECTED, OK) as server:
        proxy = Proxy(HOST, server.port, "me", "pw")
        assert page("http://10.0.0.4:8080/x", proxy).ok
        first, second = server.asked
    assert first.startswith("CONNECT 10.0.0.4:8080 HTTP/1.1\r\n") and "Proxy-Authorization: Basic bWU6cHc=" in first
    assert second.startswith("GET /x HTTP/1.1\r\nHost: 10.0.0.4:8080\r\n") and "Authorization" not in second
    with serving(CONNECTED) as server:
        assert tcp(22, Proxy(HOST, server.port), "fd00::4") == Attempt(True, "[fd00::4]:22 accepts connections.")
        assert server.asked[0].startswith("CONNECT [fd00::4]:22 ")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "gets no connection to 10.0.0.4:22: 502 Bad Gateway."),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "gets no connection to 10.0.0.4:22: 407 Proxy Authentication Required."),
        (b"nonsense", "does not speak HTTP."),
    ],
)
def test_a_proxy_that_does_not(answer: bytes, message: str) -> None:
    with serving(answer) as server:
        found = tcp(22, Proxy(HOST, server.port), "10.0.0.4")
        assert found == Attempt(False, f"The proxy 127.0.0.1:{server.port} {message}")


def test_a_proxy_that_is_not_there() -> None:
    port = free_port()
    assert tcp(22, Proxy(HOST, port), "10.0.0.4") == Attempt(False, f"The proxy cannot be used: 127.0.0.1:{port} refuses connections.")
