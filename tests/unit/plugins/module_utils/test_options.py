# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that many modules have: what they take, and how they say what is wrong."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.regions import check_region, region_of
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._options import (
    check_group,
    check_keep,
    check_subscription,
    parse_age,
    parse_any_id,
    parse_id,
    parse_moment,
)

SUB = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-prod"
DISK = f"{GROUP}/providers/Microsoft.Compute/disks/web-01-os"
SUBNET_TYPE = "Microsoft.Network/virtualNetworks/subnets"


@pytest.mark.parametrize(("text", "seconds"), [("26h", 93600), ("90m", 5400), ("2d", 172800), ("1w", 604800), ("30", 30), (" 1.5 H ", 5400)])
def test_ages(text: str, seconds: int) -> None:
    assert parse_age(text, "older_than").total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "h", "-1h", "1y", "1h30m", "9" * 30 + "w"])
def test_wrong_ages(text: str) -> None:
    with pytest.raises(OptionError, match="older_than"):
        parse_age(text, "older_than")


@pytest.mark.parametrize(("text", "moment"), [("2026-07-26", "2026-07-26T00:00:00+00:00"), ("2026-07-26T20:00:00+02:00", "2026-07-26T18:00:00+00:00")])
def test_moments(text: str, moment: str) -> None:
    assert parse_moment(text, "start").isoformat() == moment


def test_ids_of_a_type_and_of_anything() -> None:
    assert parse_id(DISK.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), "disk", "Microsoft.Compute/disks").name == "WEB-01-OS"
    assert parse_any_id(GROUP, "group").group == "rg-prod"
    with pytest.raises(OptionError, match="subnet: .* is not an id such as .*/providers/Microsoft.Network/virtualNetworks/NAME/subnets/NAME"):
        parse_id(DISK, "subnet", SUBNET_TYPE)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (parse_moment, "yesterday"),
        (parse_moment, "1969-12-31"),
        (parse_any_id, "web-01"),
        (parse_any_id, "/subscriptions/mine/resourceGroups/rg"),
        (parse_any_id, f"/subscriptions/{SUB}/resourceGroups/rg."),
        (check_subscription, "mine"),
        (check_group, "rg."),
        (check_region, "west-europe"),
        (check_region, " "),
    ],
)
def test_what_is_wrong_is_said_with_the_options_name(check: Callable[[Any, str], Any], value: str) -> None:
    with pytest.raises(OptionError) as caught:
        check(value, "here")
    assert caught.value.option == "here"


def test_groups_and_regions_have_no_blanks_around_them() -> None:
    assert (check_group(" rg-prod ", "resource_group"), check_group(" ", "resource_group"), check_group(None, "resource_group")) == ("rg-prod", None, None)
    assert check_region(" West Europe", "location") == region_of("westeurope") == "westeurope"


def test_something_has_to_be_kept() -> None:
    assert (check_keep(None, "backup"), check_keep(1, "backup")) == (None, 1)
    with pytest.raises(OptionError, match="keep: 0 would keep no backup"):
        check_keep(0, "backup")
