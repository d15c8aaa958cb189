# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures: what is signed is what Azure's documentation says, for both styles of endpoints."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import AuthError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._storage.shared_key import authorization, check_key, string_to_sign

HEADERS = {"x-ms-version": "2015-02-21", "x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT", "User-Agent": "x", "Accept": "application/xml"}
QUERY = "?restype=container&comp=metadata&timeout=20"


def test_the_example_of_the_documentation() -> None:
    signed = string_to_sign("myaccount", "GET", f"https://myaccount.blob.core.windows.net/mycontainer{QUERY}", HEADERS)
    assert signed == (
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
    )


def test_a_path_style_endpoint_has_the_account_twice() -> None:
    signed = string_to_sign("myaccount", "GET", f"https://localhost:10000/myaccount/mycontainer{QUERY}", HEADERS)
    assert "\n/myaccount/myaccount/mycontainer\n" in signed


def test_the_path_is_signed_as_it_is_sent_and_the_query_decoded() -> None:
    url = "https://a.blob.test/c/a%20b?Prefix=x%2Fy&marker=&prefix=a"
    assert string_to_sign("a", "GET", url, {}).endswith("\n/a/c/a%20b\nmarker:\nprefix:a,x/y")


def test_the_signature_depends_on_key_and_content() -> None:
    keys = [base64.b64encode(text).decode() for text in (b"one", b"two")]
    found = {authorization("a", key, method, "https://a.blob.test/c", HEADERS) for key in keys for method in ("GET", "HEAD")}
    assert len(found) == 4
    # Computed with openssl: echo -n STRING | openssl dgst -sha256 -hmac one -binary | base64
    assert authorization("a", keys[0], "GET", "https://a.blob.test/c", {}) == "SharedKey a:dgO6nJUrFbrIp7cFh1ZwCPwho29r4bItamPIKhzMbA4="


def test_a_listed_key_that_is_none_cannot_sign() -> None:
    with pytest.raises(AuthError) as caught:
        authorization("a", "no base64", "GET", "https://a.blob.test/c", {})
    assert "no base64" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "   ", "no key", "abcde", "ä==", "YQ=\n=x"])
def test_what_is_no_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_key(text, "storage_key")
    assert caught.value.option == "storage_key" and (not text.strip() or text not in str(caught.value))


def test_blanks_around_a_key_do_not_count() -> None:
    assert check_key(" YQ==\n", "storage_key") == "YQ=="
