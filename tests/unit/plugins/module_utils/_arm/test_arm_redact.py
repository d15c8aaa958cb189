# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing secret gets out, whatever form it comes in."""

from __future__ import annotations

import json
import traceback

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth.method import Token
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.auth.options import read_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.envelope import read_envelope
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.redact import MASK, keep_secret, redact, short_url

JWT = "eyJ0eXAiOiJKV1QiLCJh.eyJhdWQiOiJodHRwczovL21hbmFn.c2lnbmF0dXJl"
SIGNED = "https://management.azure.com/subscriptions/s/x/operationsStatus/op?api-version=2025-02-01&t=638&c=MIIHpTC&s=abc&h=def"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {JWT}", JWT),
        ("Authorization: Bearer opaque-token-0123456789", "opaque-token-0123456789"),
        (f"the token {JWT} is out of date", JWT),
        ("https://a.blob.core.windows.net/c/b?sv=1&sig=aBc%2Fd&se=2", "aBc%2Fd"),
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Zm9vYmFy==;x=1", "Zm9vYmFy=="),
        ("grant_type=client_credentials&client_secret=s3cr~t&scope=x", "s3cr~t"),
        ('{"access_token": "abc.def-123"}', "abc.def-123"),
        ("client_assertion=abcdef&x=1", "=abcdef"),
    ],
)
def test_patterns_are_masked(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert MASK in redact(text)


def test_known_secrets_are_masked_also_when_encoded() -> None:
    keep_secret("pa ss/word~1")
    keep_secret("abc")
    keep_secret(None)
    for text in ("x pa ss/word~1 y", "x pa%20ss%2Fword~1 y", "x pa+ss%2Fword~1 y"):
        assert redact(text) == f"x {MASK} y"
    assert redact("an abc of things") == "an abc of things"


KEY = "q1+w2/E3ssssssssssssssssssssssssssssssss+/4=="


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        KEY.replace("+", "\\u002B"),
        KEY.replace("+", "\\u002b").replace("/", "\\/").replace("=", "\\u003D"),
        KEY.replace("+", "\\\\u002B"),
        KEY.replace("+", "&#43;").replace("/", "&#x2F;").replace("=", "&#61;"),
        KEY.replace("+", "%2B").replace("/", "%2f").replace("=", "%3D"),
        KEY.replace("+", "%252B").replace("/", "%252F").replace("=", "%253D"),
    ],
)
def test_a_key_is_masked_as_services_write_it(form: str) -> None:
    keep_secret(KEY)
    assert redact(f"the key '{form}' is wrong") == f"the key '{MASK}' is wrong"


def test_a_key_in_a_body_that_is_cut_leaves_no_part_of_it() -> None:
    keep_secret(KEY)
    for before in range(960, 1000):
        envelope = read_envelope(None, f"{'x' * before} {KEY}", default_code="Http500")
        assert "ssss" not in envelope.message


@pytest.mark.parametrize("text", ['{"accessKey":"bm90IHRvbGQ="}', "{'access_key': 'bm90IHRvbGQ='}", "accountKey=bm90IHRvbGQ="])
def test_keys_that_nobody_has_told_of(text: str) -> None:
    assert "bm90IHRvbGQ" not in redact(text)


PROFILE = {
    "adminUsername": "poison-user",
    "customData": "poison-custom==",
    "linuxConfiguration": {"ssh": {"publicKeys": [{"path": "/home/poison-user/.ssh/authorized_keys", "keyData": "ssh-rsa poison-key\r\npoison-host"}]}},
}
BODY = json.dumps({"osProfile": PROFILE, "userData": "poison-data", "vmId": "guid"})


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        json.dumps(BODY),
        json.dumps(json.dumps(BODY)),
        str(PROFILE),
        BODY.replace('"', "&quot;"),
        "the adminUsername: poison-user is not allowed",
        "user_data=poison-data",
        BODY[: BODY.index("-key")],
    ],
)
def test_what_a_vm_knows_of_its_users_is_masked(text: str) -> None:
    assert "poison" not in redact(text) and MASK in redact(text)


def test_a_user_name_in_a_body_that_is_cut_leaves_no_part_of_it() -> None:
    for before in range(650, 1000):
        envelope = read_envelope(None, "x" * before + " " + BODY, default_code="Http500")
        assert "pois" not in ArmError(envelope.message).message


def test_the_rest_of_a_vm_stays_readable() -> None:
    assert redact(BODY).endswith('"vmId": "guid"}')


def test_signed_urls_become_readable() -> None:
    short = "https://management.azure.com/subscriptions/s/x/operationsStatus/op?api-version=2025-02-01"
    assert short_url(SIGNED) == short
    assert redact(f"cannot read {SIGNED} now") == f"cannot read {short} now"
    compute = "https://management.azure.com/x?p=1&api-version=2024-11-01&monitor=true&t=1&c=2"
    assert redact(compute) == "https://management.azure.com/x?p=1&api-version=2024-11-01&monitor=true"
    assert short_url("/x?api-version=1") == "/x?api-version=1"


def test_errors_options_and_tokens_keep_their_secrets() -> None:
    options = read_options({"secret": "top-secret-value", "access_token": "given-token-value"}, {"AZURE_CLIENT_CERTIFICATE_PASSWORD": "pass-phrase-1"})
    assert "top-secret-value" not in repr(options)
    assert "given-token-value" not in repr(options)
    assert "given" not in repr(Token("given-token-value", 1.0))
    error = ArmError(
        "refused top-secret-value", target="given-token-value", operation="PUT top-secret-value", hint="not pass-phrase-1", code="Refused"
    )
    shown = ""
    try:
        raise error
    except ArmError:
        shown = traceback.format_exc()
    assert "Refused" in shown
    for text in (str(error), repr(error), shown, str(error.as_failure()), str(error.args)):
        for secret in ("top-secret-value", "given-token-value", "pass-phrase-1"):
            assert secret not in text
    assert "top-secret-value" not in str(OptionError("secret", "top-secret-value is no secret"))
