# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that options give as templates."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._templates import check_distinct, expand, parse_template, vm_fields

MOMENT = datetime(2026, 7, 3, 4, 5, 6, tzinfo=timezone.utc)
WEB = Vm("sub", "rg-prod", "web-01")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{resource_group}.{name}", "rg-prod.web-01"),
        ("{name}-%Y%m%dT%H%M%S", "web-01-20260703T040506"),
        ("day-%j-%y", "day-184-26"),
        ("100%%", "100%"),
        ("{{name}}", "{name}"),
    ],
)
def test_fields_and_times(text: str, name: str) -> None:
    assert expand(text, "name", vm_fields(WEB), MOMENT) == name


def test_the_time_can_be_left_open() -> None:
    template = parse_template("{name}-%Y", "name", ("name",))
    assert template.timed and template.names("name") and not template.names("disk")
    assert template.fill({"name": "web-01"}) == "web-01-%Y"


@pytest.mark.parametrize("text", ["{other}", "{name!r}", "{name:>9}", "{0}", "{", "%s", "%-d", "%"])
def test_what_is_no_template(text: str) -> None:
    with pytest.raises(OptionError, match="^InvalidOption: name: "):
        expand(text, "name", vm_fields(WEB), MOMENT)


def test_a_time_where_there_is_none() -> None:
    with pytest.raises(OptionError, match="depends on the time"):
        expand("{name}-%Y", "vm_name", vm_fields(WEB))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Vm("sub", "rg-prod", "web-02"), "names web-01 and web-02 alike"),
        (Vm("sub", "rg-two", "WEB-01"), r"names web-01 \(resource group rg-prod\) and WEB-01 \(resource group rg-two\) alike"),
    ],
)
def test_vms_that_would_get_one_name(other: Vm, words: str) -> None:
    check_distinct("{name}", "collection", [(WEB, "a"), (other, "b")])
    with pytest.raises(OptionError, match=words):
        check_distinct("copy", "collection", [(WEB, "copy"), (other, "COPY")])
