# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's times and durations, in all the spellings that were recorded."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.timestamps import (
    format_time,
    is_unset,
    parse_duration,
    parse_time,
    parse_us_time,
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-05-17T13:05:00.1234567Z", utc(2023, 5, 17, 13, 5, 0, 123456)),
        ("2023-05-17T13:05:00Z", utc(2023, 5, 17, 13, 5)),
        ("2023-05-17T13:05:00+00:00", utc(2023, 5, 17, 13, 5)),
        ("2023-05-17T13:05:00+0230", utc(2023, 5, 17, 10, 35)),
        ("2023-05-17T13:05:00.5-02:00", utc(2023, 5, 17, 15, 5, 0, 500000)),
        ("2025-06-03T00:12:13.4567891", utc(2025, 6, 3, 0, 12, 13, 456789)),
        ("2023-05-17 13:05", utc(2023, 5, 17, 13, 5)),
        ("2023-05-17", utc(2023, 5, 17)),
        ("0001-01-01T00:00:00", utc(1, 1, 1)),
        ("2001-01-01T00:00:00Z", utc(2001, 1, 1)),
    ],
)
def test_a_time_is_read_as_utc(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


@pytest.mark.parametrize("text", [None, "", "yesterday", 5, "2023-13-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "5/20/2023 2:15:29 PM"])
def test_what_is_no_time_is_none(text: object) -> None:
    assert parse_time(text) is None


def test_the_years_azure_prints_for_no_time_are_unset() -> None:
    assert is_unset(None)
    assert is_unset(parse_time("0001-01-01T00:00:00"))
    assert is_unset(parse_time("2001-01-01T00:00:00Z"))
    assert not is_unset(parse_time("2001-01-02T00:00:00Z"))
    assert not is_unset(parse_time("2023-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("5/20/2023 2:15:29 PM", utc(2023, 5, 20, 14, 15, 29)),
        ("6/19/2023 12:00:00 AM", utc(2023, 6, 19)),
        ("12/1/2025 12:30:00 PM", utc(2025, 12, 1, 12, 30)),
        ("5/20/2023 14:15", utc(2023, 5, 20, 14, 15)),
        ("5/20/2023 14:15:29 PM", None),
        ("20/5/2023 2:15:29 PM", None),
        ("2023-05-20", None),
        (None, None),
    ],
)
def test_us_times_of_job_bags(text: object, moment: datetime | None) -> None:
    assert parse_us_time(text) == moment


def test_times_are_written_in_utc_and_read_back_the_same() -> None:
    assert format_time(utc(2023, 6, 19)) == "2023-06-19T00:00:00Z"
    assert format_time(datetime(2023, 6, 19)) == "2023-06-19T00:00:00Z"
    assert format_time(datetime(2023, 6, 19, 2, tzinfo=timezone(timedelta(hours=2)))) == "2023-06-19T00:00:00Z"
    assert format_time(utc(2023, 6, 19, 1, 2, 3, 250000)) == "2023-06-19T01:02:03.250Z"
    moment = utc(2023, 6, 19, 1, 2, 3, 250001)
    assert parse_time(format_time(moment)) == moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT41M12.1338609S", 2472.133861),
        ("PT0S", 0),
        ("P1DT2H", 93600),
        ("P2W", 1209600),
        ("-PT5M", -300),
        ("00:20:23.0896697", 1223.089669),
        ("13.23:59:45.1720720", 1209585.172072),
        ("-01:00:00", -3600),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1M", "P1Y", "an hour", None, 5, "1:2:3"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)
