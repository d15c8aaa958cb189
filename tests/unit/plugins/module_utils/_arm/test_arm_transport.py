# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire for real: TLS, redirects, lost connections, and which failures mean that nothing was sent."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm import transport
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import MissingLibrary, TransportError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RequestsTransport

pytest.importorskip("cryptography")
requests = pytest.importorskip("requests")

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.tls_server import (  # noqa: E402  pylint: disable=wrong-import-position
    make_certificate,
    reply,
    serving,
)

HEADERS = {"Authorization": "Bearer the-bearer-token-0123456789"}


@pytest.fixture(name="pem", scope="module")
def fixture_pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def send(wire: RequestsTransport, url: str, method: str = "GET") -> transport.RawResponse:
    return wire.send(method, url, HEADERS, b"" if method == "POST" else None)


def test_an_answer_comes_back_as_it_is(pem: Path) -> None:
    seen: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.path)
        reply(request, 200, b'{"a": 1}', X_Ms_Request_Id="r")

    with serving(pem, handle) as base:
        found = send(RequestsTransport(str(pem)), f"{base}/x/vm%3Ba;b?api-version=1&$filter=a%20eq%20%27b%27")
    assert (found.status, found.content, found.headers["x-ms-request-id"]) == (200, b'{"a": 1}', "r")
    assert seen == ["/x/vm%3Ba;b?api-version=1&$filter=a%20eq%20%27b%27"]


def test_a_certificate_nobody_vouches_for_is_refused_for_good(pem: Path, tmp_path: Path) -> None:
    arrived: list[str] = []
    (tmp_path / "other").mkdir()
    other = make_certificate(tmp_path / "other")
    with serving(pem, lambda request: arrived.append(request.path)) as base:
        for trusted in (None, str(other)):
            with pytest.raises(TransportError) as caught:
                send(RequestsTransport(trusted), f"{base}/x", "POST")
            assert (caught.value.code, caught.value.permanent, caught.value.sent) == ("CertificateNotTrusted", True, False)
            assert "ca_path" in (caught.value.hint or "")
    assert arrived == []


def test_the_ca_file_wins_over_the_environment_which_counts_without_one(pem: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    other = make_certificate(tmp_path / "other")
    with serving(pem, lambda request: reply(request, 204)) as base:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
        assert send(RequestsTransport(str(pem)), f"{base}/x").status == 204
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
        assert send(RequestsTransport(), f"{base}/x").status == 204


def test_a_ca_file_that_is_not_there_is_said_so() -> None:
    with pytest.raises(TransportError) as caught:
        send(RequestsTransport("/none/ca.pem"), "https://localhost:1/x")
    assert caught.value.permanent


def test_a_ca_file_without_a_certificate_is_said_so_for_good(pem: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("no certificate\n", encoding="utf-8")
    with serving(pem, lambda request: None) as base, pytest.raises(TransportError) as caught:
        send(RequestsTransport(str(bundle)), f"{base}/x")
    assert caught.value.permanent and not caught.value.sent and caught.value.code == "CertificateBundleUnreadable"
    assert str(bundle) in caught.value.message and "ca_path" in (caught.value.hint or "")


def test_redirects_are_handed_back_not_followed(pem: Path) -> None:
    seen: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.path)
        reply(request, 302, Location="/elsewhere")

    with serving(pem, handle) as base:
        assert send(RequestsTransport(str(pem)), f"{base}/x").status == 302
    assert seen == ["/x"]


def test_a_netrc_entry_does_not_replace_the_token(pem: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password mine\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[str | None] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers.get("Authorization"))
        reply(request, 204, Set_Cookie="a=b")

    with serving(pem, handle) as base:
        wire = RequestsTransport(str(pem))
        send(wire, f"{base}/x")
    assert seen == [HEADERS["Authorization"]]


def test_cookies_are_not_kept(pem: Path) -> None:
    seen: list[str | None] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers.get("Cookie"))
        reply(request, 204, Set_Cookie="a=b; Path=/")

    with serving(pem, handle) as base:
        wire = RequestsTransport(str(pem))
        send(wire, f"{base}/x")
        send(wire, f"{base}/x")
    assert seen == [None, None]


def test_plain_http_has_no_way_out() -> None:
    with pytest.raises(TransportError) as caught:
        send(RequestsTransport(), "http://localhost:1/x")
    assert (caught.value.permanent, caught.value.sent) == (True, False)


def test_a_refused_connection_and_an_unknown_host_were_surely_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(TransportError) as caught:
            send(RequestsTransport(), f"https://127.0.0.1:{port}/x", "POST")
    assert (caught.value.sent, caught.value.permanent) == (False, False)
    assert "cloud_environment" in (caught.value.hint or "")
    with pytest.raises(TransportError) as unknown:
        send(RequestsTransport(), "https://no-such-host.invalid/x", "POST")
    assert unknown.value.sent is False


def test_a_connection_that_breaks_before_the_answer_may_have_been_executed(pem: Path) -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        request.connection.shutdown(socket.SHUT_RDWR)

    with serving(pem, handle) as base:
        with pytest.raises(TransportError) as caught:
            send(RequestsTransport(str(pem)), f"{base}/x", "POST")
    assert (caught.value.sent, caught.value.permanent) == (True, False)


def test_an_answer_cut_in_the_middle_may_have_been_executed(pem: Path) -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"{")
        request.close_connection = True

    with serving(pem, handle) as base:
        with pytest.raises(TransportError) as caught:
            send(RequestsTransport(str(pem)), f"{base}/x", "POST")
    assert caught.value.sent


def test_no_error_of_the_wire_shows_the_token(pem: Path) -> None:
    import traceback

    # Put together here: a traceback shows the lines of this test, too.
    signature = "MIIH" * 500

    def handle(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        request.connection.shutdown(socket.SHUT_RDWR)

    shown = ""
    with serving(pem, handle) as base:
        try:
            send(RequestsTransport(str(pem)), f"{base}/x?api-version=1&t=1&c={signature}")
        except TransportError:
            shown = traceback.format_exc()
    assert "TransportError" in shown
    assert "the-bearer-token" not in shown
    assert signature not in shown


class Raising:
    """A session that fails in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.settings: dict[str, Any] = {}

    def request(self, *_args: Any, **settings: Any) -> Any:
        self.settings = settings
        raise self.error


@pytest.mark.parametrize(
    ("error", "sent", "code"),
    [
        (requests.exceptions.ConnectTimeout("x"), False, "ConnectionTimeout"),
        (requests.exceptions.ReadTimeout("x"), True, "ReadTimeout"),
        (requests.exceptions.ProxyError("Cannot connect to proxy"), False, "ConnectionFailed"),
        (requests.exceptions.ChunkedEncodingError("cut"), True, "ConnectionFailed"),
        (requests.exceptions.SSLError("EOF occurred in violation of protocol"), True, "ConnectionFailed"),
        (requests.exceptions.InvalidURL("x"), False, "InvalidRequest"),
    ],
)
def test_every_failure_tells_whether_it_was_sent(error: Exception, sent: bool, code: str) -> None:
    session = Raising(error)
    with pytest.raises(TransportError) as caught:
        send(RequestsTransport(make_session=lambda: session), "https://arm.test/x", "POST")
    assert (caught.value.sent, caught.value.code) == (sent, code)
    assert session.settings["timeout"] == (10.0, 70.0)
    assert session.settings["allow_redirects"] is False
    assert session.settings["verify"] is True


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(MissingLibrary) as caught:
        send(RequestsTransport(), "https://arm.test/x")
    assert caught.value.library == "requests"
