# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import parse_qs, urlsplit

from azure_dr_simulator.async_urls import signed, unsigned_query


def test_shape_of_a_signed_url() -> None:
    url = signed("https://localhost:1", "/subscriptions/s/providers/p/x;y", "2025-02-01")
    parts = urlsplit(url)
    assert parts.path == "/subscriptions/s/providers/p/x;y"
    assert [pair.split("=")[0] for pair in parts.query.split("&")] == ["api-version", "t", "c", "s", "h"]
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert len(query["t"]) == 18
    assert 2395 <= len(query["c"]) <= 2970
    assert (len(query["s"]), len(query["h"])) == (342, 43)
    assert query["c"].startswith("MII")


def test_place_of_extra_parameters() -> None:
    url = signed("https://localhost:1", "/x", "2024-11-01", extra="p=1&monitor=true", suffix="asyncResponse")
    assert url.startswith("https://localhost:1/x?p=1&monitor=true&api-version=2024-11-01&asyncResponse&t=")


def test_ticks_are_of_now() -> None:
    url = signed("https://localhost:1", "/x", "2024-11-01")
    ticks = int(parse_qs(urlsplit(url).query)["t"][0])
    assert abs(ticks / 1e7 - 62_135_596_800 - datetime.now(timezone.utc).timestamp()) < 60


def test_unsigned_query() -> None:
    assert unsigned_query("api-version=1&t=2&c=3") == "api-version=1"
    assert unsigned_query("api-version=1") == "api-version=1"
