# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the token may go, how URLs are built, and how calls are named."""

from __future__ import annotations

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import RefusedUrl
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.urls import (
    arm_url,
    describe,
    is_absolute,
    pinned,
)

BASE = "https://management.azure.com"


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com/x?api-version=1&%24skiptoken=a%2fb",
        "https://MANAGEMENT.azure.com:443/x",
        "HTTPS://management.azure.com/x;y",
    ],
)
def test_the_same_host_is_fine_and_stays_verbatim(url: str) -> None:
    assert pinned(url, BASE, source="It") == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://management.azure.com/x", "not https"),
        ("https://management.azure.com:8443/x", "another host"),
        ("https://evil.test/x", "another host"),
        ("https://management.azure.com.evil.test/x", "another host"),
        ("https://management.azure.com@evil.test/x", "user name"),
        ("https://evil.test\\@management.azure.com/x", "characters"),
        ("https://management.azure.com/x y", "characters"),
        ("https://management.azure.com/\r\nx", "characters"),
        ("https://management.azure.com:port/x", "not a URL"),
        ("//evil.test/x", "not https"),
        ("ftp://management.azure.com/x", "not https"),
        ("x", "not https"),
    ],
)
def test_any_other_place_is_refused(url: str, reason: str) -> None:
    with pytest.raises(RefusedUrl, match=reason) as caught:
        pinned(url, BASE, source="It")
    assert "the token is only sent to https://management.azure.com" in caught.value.message


def test_a_simulators_port_counts() -> None:
    assert pinned("https://localhost:8443/x", "https://localhost:8443", source="It")
    with pytest.raises(RefusedUrl):
        pinned("https://localhost:8444/x", "https://localhost:8443", source="It")


def test_a_refusal_does_not_print_the_signature() -> None:
    with pytest.raises(RefusedUrl) as caught:
        pinned("https://evil.test/x?api-version=1&t=1&c=" + "A" * 3000, BASE, source="It")
    assert len(str(caught.value)) < 600


def test_urls_are_encoded_once() -> None:
    url = arm_url(BASE, "/x/vm%3Ba", "2025-02-01", {"$filter": "operation eq 'Backup' and a/b"})
    assert url == f"{BASE}/x/vm%3Ba?api-version=2025-02-01&$filter=operation%20eq%20%27Backup%27%20and%20a%2Fb"
    assert arm_url(BASE, "/x?api-version=1", None, None) == f"{BASE}/x?api-version=1"
    assert arm_url(BASE, "/x?a=1", "2", None) == f"{BASE}/x?a=1&api-version=2"
    with pytest.raises(ValueError, match="slash"):
        arm_url(BASE, "x", "1", None)


def test_paths_and_urls_are_told_apart() -> None:
    assert is_absolute("https://a/b") and is_absolute("//a/b")
    assert not is_absolute("/a/b?x=https://c")


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("PUT", "/subscriptions/s/resourceGroups/g/providers/N.R/vaults/v/backupFabrics/Azure/protectedItems/vm%3Bx", "PUT protectedItems/vm;x"),
        ("POST", f"{BASE}/subscriptions/s/resourceGroups/g/providers/N.R/vaults/v/protectedItems/i/backup?api-version=1", "POST protectedItems/i/backup"),
        ("GET", "/subscriptions/s/resourceGroups/g/providers/N.R/vaults/v/backupJobs", "GET vaults/v/backupJobs"),
        ("GET", "/subscriptions/s/resourceGroups/g", "GET resourceGroups/g"),
        ("GET", "/subscriptions/s/providers/N.R", "GET providers/N.R"),
    ],
)
def test_calls_are_named_by_type_and_name(method: str, path: str, words: str) -> None:
    assert describe(method, path) == words
