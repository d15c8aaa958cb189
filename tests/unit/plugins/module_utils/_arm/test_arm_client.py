# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a scripted wire: what is sent, what is sent again, and what comes out."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import Api, ArmClient
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import AuthError, HttpError, OptionError, RefusedUrl, TransportError

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import (
    API,
    BASE,
    CLOUD,
    SUB,
    VAULT,
    FakeClock,
    Tokens,
    Wire,
    answer,
    client_for,
    failure,
)


def test_a_read_sends_what_arm_wants() -> None:
    wire = Wire(answer(200, {"name": "vault-a"}, X_Ms_Request_Id="r-1", ETag="e"))
    response = client_for(wire).get(VAULT, API, params={"$filter": "a eq 'b'"})
    sent = wire.sent[0]
    assert (sent.method, sent.url) == ("GET", f"{BASE}{VAULT}?api-version=2025-02-01&$filter=a%20eq%20%27b%27")
    assert sent.headers["Authorization"] == "Bearer token-1"
    assert sent.headers["User-Agent"].startswith("lifeboat.azure_dr/0.1.0")
    assert "Content-Type" not in sent.headers
    assert len(sent.headers["x-ms-client-request-id"]) == 36
    assert (response.status, response.body, response.request_id) == (200, {"name": "vault-a"}, "r-1")
    assert (response.method, response.path, response.headers["etag"], response.headers["ETAG"]) == ("GET", VAULT, "e", "e")
    assert "Etag" in response.headers and 5 not in response.headers and len(response.headers) == len(list(response.headers)) == 2


def test_bodies_are_json_and_a_post_without_one_still_has_a_length() -> None:
    wire = Wire(answer(202), answer(202))
    client = client_for(wire)
    client.put(VAULT, API, {"a": "ü"})
    client.post(f"{VAULT}/x", API)
    assert json.loads(wire.sent[0].data or b"") == {"a": "ü"}
    assert wire.sent[0].headers["Content-Type"].startswith("application/json")
    assert wire.sent[1].data == b""


def test_api_versions_can_be_overridden_by_name() -> None:
    wire = Wire(answer(200, {}), answer(200, {}))
    client = client_for(wire, api_versions={"backup": "2023-02-01"})
    client.get(VAULT, API)
    client.get(VAULT, Api("vault", "2024-04-01"))
    assert "api-version=2023-02-01" in wire.sent[0].url
    assert "api-version=2024-04-01" in wire.sent[1].url
    assert client.version_of(API) == "2023-02-01"


def test_an_absolute_url_is_used_verbatim() -> None:
    wire = Wire(answer(200, {}))
    url = f"{BASE}/x;y?api-version=1&%24skiptoken=a%2fb&t=1&c=2"
    client_for(wire).get(url, None)
    assert wire.sent[0].url == url


@pytest.mark.parametrize("url", ["https://evil.test/x", "http://arm.test/x", "//evil.test/x"])
def test_a_foreign_or_plain_address_is_refused_before_anything_is_sent(url: str) -> None:
    wire = Wire()
    with pytest.raises(RefusedUrl):
        client_for(wire).get(url, None)
    assert wire.sent == []


def test_find_gives_none_for_404_and_raises_the_rest() -> None:
    client = client_for(Wire(answer(200, {"id": "x"}), failure(404, "ResourceNotFound"), failure(403, "AuthorizationFailed"), answer(200)))
    assert client.find(VAULT, API) == {"id": "x"}
    assert client.find(VAULT, API) is None
    with pytest.raises(HttpError) as caught:
        client.find(VAULT, API)
    assert caught.value.code == "AuthorizationFailed"
    assert "role" in (caught.value.hint or "")
    assert client.find(VAULT, API) == {}


def test_an_error_carries_all_that_helps() -> None:
    wire = Wire(failure(409, "VaultBusy", "busy", x_ms_correlation_request_id="c-1"))
    with pytest.raises(HttpError) as caught:
        client_for(wire, hints={"VaultBusy": "Wait for it."}).put(VAULT, API, {})
    assert caught.value.as_failure() == {
        "code": "VaultBusy",
        "message": "busy",
        "status": 409,
        "request_id": "c-1",
        "operation": "PUT vaults/vault-a",
        "hint": "Wait for it.",
    }
    assert not caught.value.ambiguous


# Tokens ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_401_refreshes_the_token_once_and_goes_again(verb: str) -> None:
    wire = Wire(failure(401, "ExpiredAuthenticationToken"), answer(200, {}))
    client = client_for(wire)
    assert (client.get(VAULT, API) if verb == "GET" else client.post(VAULT, API, {})).status == 200
    assert [sent.headers["Authorization"] for sent in wire.sent] == ["Bearer token-1", "Bearer token-2"]


def test_a_second_401_is_an_error_about_the_token() -> None:
    wire = Wire(failure(401, "InvalidAuthenticationTokenTenant", "wrong tenant"), forever=True)
    with pytest.raises(AuthError) as caught:
        client_for(wire).get(VAULT, API)
    assert len(wire.sent) == 2
    assert caught.value.code == "InvalidAuthenticationTokenTenant"
    assert "tenant" in (caught.value.hint or "")
    with pytest.raises(AuthError) as bare:
        client_for(Wire(answer(401), forever=True)).get(VAULT, API)
    assert bare.value.code == "TokenRejected"


def test_a_given_token_that_is_rejected_is_sent_once() -> None:
    wire = Wire(failure(401, "ExpiredAuthenticationToken", "expired"))
    with pytest.raises(AuthError) as caught:
        client_for(wire, tokens=Tokens(most=1)).get(VAULT, API)
    assert "fresh one" in (caught.value.hint or "")


class LoginDown(Tokens):
    """The login host answers at the third try."""

    def token(self) -> str:
        if super().token() and self.asked < 3:
            raise TransportError("login.test gave no token", sent=False, code="LoginUnreachable")
        return "token-late"


def test_a_login_host_that_is_down_for_a_moment_is_waited_for_even_by_a_post() -> None:
    wire = Wire(answer(202))
    assert client_for(wire, tokens=LoginDown()).post(VAULT, API, {}).status == 202
    assert wire.sent[0].headers["Authorization"] == "Bearer token-late"


class RefreshDown(Tokens):
    def refresh(self, rejected: str | None = None) -> bool:
        if self.number == 1:
            self.number = 2
            raise TransportError("login.test gave no token", sent=False)
        return True


def test_a_refresh_that_fails_for_a_moment_is_tried_again() -> None:
    wire = Wire(failure(401, "X"), answer(200, {}))
    assert client_for(wire, tokens=RefreshDown()).get(VAULT, API).status == 200


# Redirects ---------------------------------------------------------------------------------------------------------------


def test_a_get_follows_a_redirect_on_the_same_host_only() -> None:
    wire = Wire(answer(307, None, Location="/moved?api-version=1"), answer(302, None, Location=f"{BASE}/again"), answer(200, {"ok": 1}))
    assert client_for(wire).get(VAULT, API).body == {"ok": 1}
    assert [sent.url for sent in wire.sent[1:]] == [f"{BASE}/moved?api-version=1", f"{BASE}/again"]


@pytest.mark.parametrize("location", ["https://evil.test/x", "http://arm.test/x", "//evil.test/x"])
def test_a_redirect_elsewhere_never_sees_the_token(location: str) -> None:
    wire = Wire(answer(302, None, Location=location))
    with pytest.raises(RefusedUrl):
        client_for(wire).get(VAULT, API)
    assert len(wire.sent) == 1


def test_redirects_of_writes_and_circles_are_refused() -> None:
    with pytest.raises(RefusedUrl):
        client_for(Wire(answer(308, None, Location="/x"))).put(VAULT, API, {})
    wire = Wire(answer(302, None, Location="/x"), forever=True)
    with pytest.raises(RefusedUrl):
        client_for(wire).get(VAULT, API)
    assert len(wire.sent) == 4


# Pages -------------------------------------------------------------------------------------------------------------------


def test_pages_are_followed_verbatim_and_lazily() -> None:
    link = f"{BASE}{VAULT}/backupJobs?api-version=9&%24skiptoken=hVJdb%2f9"
    wire = Wire(
        answer(200, {"value": [{"n": 1}], "nextLink": link}),
        answer(200, {"value": [], "nextLink": link + "x"}),
        answer(200, {"value": [{"n": 2}], "nextLink": None}),
    )
    found = client_for(wire).list(f"{VAULT}/backupJobs", API)
    assert next(found) == {"n": 1}
    assert len(wire.sent) == 1
    assert list(found) == [{"n": 2}]
    assert [sent.url for sent in wire.sent[1:]] == [link, link + "x"]


@pytest.mark.parametrize("body", [None, {}, {"value": None}, {"value": [], "nextLink": ""}])
def test_lists_of_nothing(body: Any) -> None:
    assert list(client_for(Wire(answer(200, body))).list(VAULT, API)) == []


def test_what_is_no_list_is_no_list() -> None:
    for body in ({"value": 7}, {"value": {"id": "x"}}, [], "x"):
        with pytest.raises(HttpError) as caught:
            list(client_for(Wire(answer(200, body))).list(VAULT, API))
        assert caught.value.code == "MalformedBody"
    assert list(client_for(Wire(answer(200, {"value": None}))).list(VAULT, API)) == []


def test_pages_in_a_circle_are_refused() -> None:
    link = f"{BASE}{VAULT}/x?api-version=1"
    wire = Wire(answer(200, {"value": [], "nextLink": link}), forever=True)
    with pytest.raises(RefusedUrl) as caught:
        list(client_for(wire).list(f"{VAULT}/x", API))
    assert caught.value.code == "PagesInACircle"
    assert len(wire.sent) == 2


@pytest.mark.parametrize("link", ["https://evil.test/x", "http://arm.test/x", "/relative"])
def test_a_next_page_elsewhere_is_refused(link: str) -> None:
    wire = Wire(answer(200, {"value": [{"n": 1}], "nextLink": link}))
    found = client_for(wire).list(VAULT, API)
    assert next(found) == {"n": 1}
    with pytest.raises(RefusedUrl, match="next page"):
        next(found)
    assert len(wire.sent) == 1


def test_a_page_that_is_no_list_is_an_error_and_odd_entries_are_left_out() -> None:
    with pytest.raises(HttpError, match="list was expected"):
        list(client_for(Wire(answer(200, [1]))).list(VAULT, API))
    assert list(client_for(Wire(answer(200, {"value": [1, {"n": 1}, None]}))).list(VAULT, API)) == [{"n": 1}]


def test_a_page_in_the_middle_is_retried() -> None:
    link = f"{BASE}{VAULT}/x?api-version=1"
    wire = Wire(answer(200, {"value": [{"n": 1}], "nextLink": link}), failure(500, "X"), answer(200, {"value": [{"n": 2}]}))
    assert len(list(client_for(wire).list(VAULT, API))) == 2


def test_a_query_in_pages_goes_on_with_gets() -> None:
    wire = Wire(answer(200, {"value": [{"n": 1}], "nextLink": f"{BASE}/p2"}), answer(200, {"value": [{"n": 2}]}))
    assert list(client_for(wire).query_list(f"{VAULT}/q", API, {})) == [{"n": 1}, {"n": 2}]
    assert wire.methods == ["POST", "GET"]


# The rest ----------------------------------------------------------------------------------------------------------------


def test_the_subscription_is_only_missed_by_those_who_ask() -> None:
    client = ArmClient(CLOUD, Tokens(), None, clock=FakeClock(), transport=Wire(answer(200, {})))
    assert client.get(VAULT, API).status == 200
    with pytest.raises(OptionError) as caught:
        str(client.subscription_id)
    assert caught.value.option == "subscription_id"
    assert ArmClient(lambda: CLOUD, Tokens(), lambda: SUB).subscription_id == SUB


def test_sixteen_workers_share_one_client() -> None:
    wire = Wire(lambda sent: answer(200, {"url": sent.url}), forever=True)
    client = client_for(wire)
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(20):
            path = f"{VAULT}/w{number}/t{turn}"
            if path not in client.get(path, API).body["url"]:
                wrong.append(path)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(wire.sent) == 320
    assert len({sent.headers["x-ms-client-request-id"] for sent in wire.sent}) == 320


def test_azures_clock_is_taken_from_its_answers() -> None:
    clock = FakeClock()
    client = client_for(Wire(answer(200, {}, Date="Thu, 01 Jan 2026 00:10:00 GMT"), answer(200, {}, Date="soon"), answer(200, {})), clock)
    assert client.server_now() == clock.now()
    client.get(VAULT, API)
    assert (client.server_now() - clock.now()).total_seconds() == 600
    clock.sleep(5)
    client.get(VAULT, API)
    client.get(VAULT, API)
    assert (client.server_now() - clock.now()).total_seconds() == 600
