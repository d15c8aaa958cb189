# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of checks of endpoints: what is wrong is told with its place, and no password is shown."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.endpoints import HttpTarget, TcpTarget, read_check, read_checks, read_proxy


def http(**options: Any) -> HttpTarget:
    target = read_check({"name": "a", "http": options}, "checks[0]").target
    assert isinstance(target, HttpTarget)
    return target


@pytest.mark.parametrize(
    ("check", "place"),
    [
        ({"name": "a"}, "checks[0]"),
        ({"name": "a", "tcp": {"host": "h", "port": 1}, "http": {"url": "http://h/"}}, "checks[0]"),
        ({"name": " ", "tcp": {"host": "h", "port": 1}}, "checks[0].name"),
        ({"name": "a", "tcp": {"host": "h", "port": 0}}, "checks[0].tcp.port"),
        ({"name": "a", "tcp": {"host": "h h", "port": 1}}, "checks[0].tcp.host"),
        ({"name": "a", "tcp": {"host": "", "port": 1}}, "checks[0].tcp.host"),
        ({"name": "a", "tcp": {"host": "h", "port": 1}, "timeout": "soon"}, "checks[0].timeout"),
        ({"name": "a", "http": {"url": "ftp://h/"}}, "checks[0].http.url"),
        ({"name": "a", "http": {"url": "http://h:99999/"}}, "checks[0].http.url"),
        ({"name": "a", "http": {"url": "http://h/a b"}}, "checks[0].http.url"),
        ({"name": "a", "http": {"url": "http://h/\nHost: x"}}, "checks[0].http.url"),
        ({"name": "a", "http": {"url": "http://h/", "method": "GET /x"}}, "checks[0].http.method"),
        ({"name": "a", "http": {"url": "http://h/", "status": [20]}}, "checks[0].http.status"),
        ({"name": "a", "http": {"url": "http://h/", "headers": {"A": "x\ny"}}}, "checks[0].http.headers"),
        ({"name": "a", "http": {"url": "http://h/", "headers": {"A b": "x"}}}, "checks[0].http.headers"),
        ({"name": "a", "http": {"url": "http://h/", "connect_to": "a b"}}, "checks[0].http.connect_to"),
        ({"name": "a", "http": {"url": "http://h/", "connect_to": "a:port"}}, "checks[0].http.connect_to"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(check: dict[str, Any], place: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_checks([check])
    assert caught.value.option == place


def test_defaults_and_spans_of_time() -> None:
    check = read_check({"name": "a", "tcp": {"host": "[fd00::4]", "port": "22"}, "timeout": "5m"}, "checks[0]")
    assert check.target == TcpTarget("fd00::4", 22) and check.target.place == "[fd00::4]:22"
    assert (check.kind, check.timeout) == ("tcp", 300)
    assert http(url="http://h").status == (200,)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ("", None)),
        ("10.0.0.4", ("10.0.0.4", None)),
        ("shop.example.com:8443", ("shop.example.com", 8443)),
        ("fd00::4", ("fd00::4", None)),
        ("[fd00::4]", ("fd00::4", None)),
        ("[fd00::4]:443", ("fd00::4", 443)),
    ],
)
def test_where_to_connect_to(text: str, place: tuple[str, int | None]) -> None:
    target = http(url="https://h/", connect_to=text)
    assert (target.connect_to, target.connect_port) == place


def test_a_password_in_a_url_is_taken_out_of_it() -> None:
    target = http(url="HTTPS://me:p%40ss-word@h:8443/a?b=c#d")
    assert (target.url, target.user, target.password) == ("https://h:8443/a?b=c", "me", "p@ss-word")
    assert "p@ss-word" not in repr(target) and "p%40ss" not in repr(target)
    other = http(url="https://me:first-one@h/", url_username="you", url_password="second-one")
    assert (other.user, other.password) == ("you", "second-one")


def test_an_error_does_not_show_the_password_of_a_url() -> None:
    with pytest.raises(OptionError) as caught:
        http(url="ftp://me:p-assword@h/")
    assert "p-assword" not in str(caught.value)


@pytest.mark.parametrize("text", ["https://p:3128", "http://p:3128/path", "p:port", "socks5://p:1"])
def test_what_is_no_proxy(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_proxy(text)
    assert caught.value.option == "proxy"


def test_proxies() -> None:
    assert read_proxy("") is None and read_proxy(None) is None
    proxy = read_proxy("http://me:s3cret-word@p:3128/")
    assert proxy is not None and (proxy.place, proxy.user, proxy.password) == ("p:3128", "me", "s3cret-word")
    assert "s3cret-word" not in repr(proxy)
    bare = read_proxy("p:8080")
    assert bare is not None and bare.place == "p:8080"
