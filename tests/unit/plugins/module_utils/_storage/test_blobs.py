# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Blob service: what is sent, what is read, what is never shown."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import (
    ArmError,
    AuthError,
    HttpError,
    ReadOnlyViolation,
    RefusedUrl,
    TransportError,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.transport import RawResponse
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._storage.accounts import Account
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._storage.blobs import AUDIENCE, BlobContainer
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    FakeClock,
    Sent,
    Tokens,
    Wire,
    answer,
    client_for,
    refused,
    reset,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._storage.blob_answers import blob_page, storage_failure

WRITTEN = datetime(2026, 1, 5, 10, tzinfo=timezone.utc)
KEY = base64.b64encode(b"the key of the account").decode()
HOST = Account("stbackups", "https://stbackups.blob.test")
PATH = Account("stbackups", "https://localhost:10000/stbackups")


def page(*names: str, marker: str = "") -> RawResponse:
    return blob_page([(name, 42, WRITTEN, "0x1") for name in names], marker)


def container(wire: Wire, account: Account = HOST, *, key: str | None = None, tokens: Tokens | None = None, **more: Any) -> BlobContainer:
    asked: list[str] = []

    def tokens_for(audience: str) -> Tokens:
        asked.append(audience)
        assert audience == AUDIENCE
        return tokens or Tokens()

    return BlobContainer(client_for(wire, tokens_for=tokens_for, **more), account, "backups", key=key)


def test_a_list_is_read_page_by_page_with_a_token_of_its_own() -> None:
    wire = Wire(page("a", "b", marker="2!76!x="), page(), page("c & d"))
    wire.answers[1] = page(marker="3")
    found = list(container(wire).list("pre/fix"))
    assert [(blob.name, blob.size, blob.etag, str(blob.modified)) for blob in found][0] == ("a", 42, "0x1", "2026-01-05 10:00:00+00:00")
    assert [blob.name for blob in found] == ["a", "b", "c & d"]
    queries = [parse_qs(urlsplit(sent.url).query) for sent in wire.sent]
    assert [query.get("marker") for query in queries] == [None, ["2!76!x="], ["3"]]
    assert all(query["prefix"] == ["pre/fix"] and query["comp"] == ["list"] for query in queries)
    headers = wire.sent[0].headers
    assert headers["Authorization"] == "Bearer token-1" and headers["x-ms-version"] >= "2017-11-09" and headers["x-ms-date"].endswith("GMT")


def test_a_list_of_an_account_with_directories() -> None:
    """As accounts with a hierarchical namespace list them, and names that XML cannot hold."""
    entries = (
        "<Blob><Name>apim</Name><Properties><Content-Length>0</Content-Length><ResourceType>directory</ResourceType></Properties></Blob>"
        "<Blob><Name Encoded='true'>apim/a%EF%BF%BFb</Name><Properties><Content-Length>7</Content-Length><ResourceType>file</ResourceType></Properties></Blob>"
        "<Blob><Name>apim/50%25.bak</Name><OrMetadata /></Blob>"
    )
    text = f"<?xml version='1.0' encoding='utf-8'?><EnumerationResults><Prefix /><Blobs>{entries}</Blobs><NextMarker /></EnumerationResults>"
    found = list(container(Wire(RawResponse(200, {}, text.encode()))).list())
    assert [(blob.name, blob.size, blob.modified) for blob in found] == [("apim/a\uffffb", 7, None), ("apim/50%25.bak", 0, None)]


def test_five_thousand_blobs_and_one_more() -> None:
    wire = Wire(page(*(f"apim-{number:05d}" for number in range(5000)), marker="next"), page("apim-05000"))
    assert len({blob.name for blob in container(wire).list()}) == 5001 and len(wire.sent) == 2


def test_pages_that_go_round_in_a_circle() -> None:
    with pytest.raises(RefusedUrl):
        list(container(Wire(page("a", marker="1"), forever=True)).list())


@pytest.mark.parametrize("account", [HOST, PATH])
def test_what_is_sent_for_a_name_with_special_characters(account: Account) -> None:
    wire = Wire(RawResponse(200, {"content-length": "7", "last-modified": "Mon, 05 Jan 2026 10:00:00 GMT", "etag": '"0x1"'}, b""))
    blob = container(wire, account).head("dr/a b+%é~.bak")
    assert blob is not None and (blob.size, blob.etag) == (7, "0x1")
    assert wire.sent[0].url == f"{account.blob_endpoint}/backups/dr/a%20b%2B%25%C3%A9~.bak"


def test_what_is_not_there() -> None:
    missing = RawResponse(404, {"x-ms-error-code": "BlobNotFound"}, b"")
    wire = Wire(missing, storage_failure(404, "BlobNotFound"), answer(202), storage_failure(409, "ContainerAlreadyExists"), answer(201))
    blobs = container(wire)
    assert blobs.head("a") is None
    assert (blobs.delete("a"), blobs.delete("b"), blobs.create(), blobs.create()) == (False, True, False, True)
    assert wire.methods == ["HEAD", "DELETE", "DELETE", "PUT", "PUT"]


def test_a_list_of_a_container_that_is_not_there_says_so() -> None:
    with pytest.raises(HttpError) as caught:
        list(container(Wire(storage_failure(404, "ContainerNotFound"))).list())
    error = caught.value
    assert (error.code, error.message, error.request_id, error.operation) == ("ContainerNotFound", "no luck", "storage-request-1", "GET backups")


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("AuthorizationPermissionMismatch", "Storage Blob Data Reader"),
        ("AuthorizationFailure", "firewall"),
        ("KeyBasedAuthenticationNotPermitted", "system_identity"),
    ],
)
def test_a_refusal_tells_what_to_do(code: str, word: str) -> None:
    with pytest.raises(HttpError) as caught:
        list(container(Wire(storage_failure(403, code))).list())
    assert caught.value.code == code and word in str(caught.value.hint)


def test_what_may_pass_is_tried_again_as_with_resource_manager() -> None:
    clock = FakeClock()
    wire = Wire(storage_failure(503, "ServerBusy", retry_after="7"), reset(), page("a"))
    assert [blob.name for blob in container(wire, clock=clock).list()] == ["a"]
    assert clock.sleeps[0] == 7.0 and len(clock.sleeps) == 2


def test_an_account_that_cannot_be_reached_is_not_waited_for_long() -> None:
    clock = FakeClock()
    with pytest.raises(TransportError) as caught:
        list(container(Wire(refused(), forever=True), clock=clock).list())
    assert clock.passed < 60 and "storage account" in str(caught.value.hint)


def test_a_deletion_whose_answer_was_lost_is_one() -> None:
    assert container(Wire(reset(), storage_failure(404, "BlobNotFound"))).delete("a")


def test_a_token_that_was_rejected_is_renewed_once() -> None:
    wire = Wire(storage_failure(401, "InvalidAuthenticationInfo"), page("a"))
    list(container(wire).list())
    assert [sent.headers["Authorization"] for sent in wire.sent] == ["Bearer token-1", "Bearer token-2"]
    with pytest.raises(AuthError):
        list(container(Wire(storage_failure(401, "InvalidAuthenticationInfo"), forever=True)).list())


@pytest.mark.parametrize("location", ["https://elsewhere.test/backups", "https://stbackups.blob.test/other", "/other"])
@pytest.mark.parametrize("key", [None, KEY])
def test_redirects_are_not_followed(location: str, key: str | None) -> None:
    wire = Wire(answer(302, location=location))
    with pytest.raises(RefusedUrl):
        list(container(wire, key=key).list())
    assert len(wire.sent) == 1


@pytest.mark.parametrize("write", [lambda blobs: blobs.delete("a"), lambda blobs: blobs.create()])
def test_a_client_that_only_reads_sends_no_write(write: Callable[[BlobContainer], Any]) -> None:
    with pytest.raises(ReadOnlyViolation):
        write(container(Wire(), read_only=True))


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a [<!ENTITY b 'c'>]><EnumerationResults>&b;</EnumerationResults>",
        "<EnumerationResults>",
        "{}",
    ],
)
def test_what_is_no_xml_that_can_be_trusted(text: str) -> None:
    with pytest.raises(HttpError) as caught:
        list(container(Wire(answer(200, text.encode()), forever=True)).list())
    assert caught.value.code == "MalformedBody"


def test_an_answer_of_something_in_between_is_no_empty_container() -> None:
    with pytest.raises(HttpError):
        list(container(Wire(answer(200, b"<html>sign in here</html>"))).list())


def test_an_error_of_something_in_between_is_told_in_its_words() -> None:
    with pytest.raises(HttpError) as caught:
        list(container(Wire(answer(407, b"<html><body>Proxy says no</body></html>"))).list())
    assert (caught.value.code, caught.value.message) == ("Http407", "Proxy says no")


# The key -----------------------------------------------------------------------------------------------------------------


def test_with_a_key_requests_are_signed_anew_for_each_try_by_azures_clock() -> None:
    clock = FakeClock()
    wire = Wire(storage_failure(503, "ServerBusy", retry_after="7"), page("a"))
    blobs = BlobContainer(client_for(wire, clock=clock), PATH, "backups", key=KEY)
    list(blobs.list())
    first, second = (sent.headers for sent in wire.sent)
    assert first["Authorization"].startswith("SharedKey stbackups:") and first["Authorization"] != second["Authorization"]
    assert first["x-ms-date"] != second["x-ms-date"]


def test_neither_key_nor_signature_shows_anywhere() -> None:
    def echo(sent: Sent) -> RawResponse:
        text = f"The MAC signature found in the HTTP request '{sent.headers['Authorization']}' is not the same, with {KEY}"
        return answer(403, f"<Error><Code>AuthenticationFailed</Code><Message>{text}</Message></Error>".encode())

    from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.redact import keep_secret

    keep_secret(KEY)
    wire = Wire(echo)
    blobs = container(wire, key=KEY)
    with pytest.raises(ArmError) as caught:
        list(blobs.list())
    signature = wire.sent[0].headers["Authorization"].split(":", 1)[1]
    for text in (str(caught.value), repr(caught.value), repr(blobs), repr(vars(caught.value))):
        assert KEY not in text and signature not in text
