# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of backups, and which blobs are backups of a service."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.templates import parse_backup_name
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError

MOMENT = datetime(2026, 7, 3, 4, 5, 6, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "name", "prefix", "timed"),
    [
        ("{name}-%Y%m%dT%H%M%SZ", "apim-20260703T040506Z", "apim-", True),
        ("{name}", "apim", "apim", False),
        ("dr/{name}/%y-%j.bak", "dr/apim/26-184.bak", "dr/apim/", True),
        ("%Y/{name}", "2026/apim", "", True),
        ("100%%-{{x}}", "100%-{x}", "100%-{x}", False),
    ],
)
def test_a_name_and_what_it_starts_with(text: str, name: str, prefix: str, timed: bool) -> None:
    template = parse_backup_name(text, "backup_name")
    assert (template.name_at("apim", MOMENT), template.prefix("apim"), template.timed) == (name, prefix, timed)
    assert template.matches("apim", name)


@pytest.mark.parametrize(
    ("text", "service", "name", "matches"),
    [
        ("{name}-%Y%m%d", "apim", "apim-20260703", True),
        ("{name}-%Y%m%d", "apim", "APIM-20260703", True),
        ("T{name}-%Y%m%d", "apim", "tapim-20260703", False),
        ("{name}-%Y%m%d", "apim", "apim-2-20260703", False),
        ("{name}-%Y%m%d", "apim", "apim-20260703-copy", False),
        ("{name}-%Y%m%d", "apim", "apim-2026070\u0663", False),
        ("{name}.%Y", "a", "ax2026", False),
        ("{name}-%Y%m%d", "apim", "apim-20260703\n", False),
    ],
)
def test_which_names_a_template_gives(text: str, service: str, name: str, matches: bool) -> None:
    assert parse_backup_name(text, "backup_name").matches(service, name) is matches


@pytest.mark.parametrize(
    ("text", "name", "service"),
    [
        ("{name}-%Y%m%d", "apim-2-20260703", "apim-2"),
        ("{name}/{name}-%Y", "apim/apim-2026", "apim"),
        ("{name}/{name}-%Y", "apim/other-2026", None),
        ("backup-%Y", "backup-2026", None),
        ("{name}-%Y", "readme.txt", None),
    ],
)
def test_the_service_that_a_name_tells(text: str, name: str, service: str | None) -> None:
    assert parse_backup_name(text, "backup_name").service_of(name) == service


@pytest.mark.parametrize("text", ["", "{other}", "{name!r}", "{name:>9}", "{0}", "{", "%s", "%-d", "%", "{name}/", "a\\b", "x" * 1025, "../{name}", "{name}."])
def test_what_is_no_template(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_backup_name(text, "backup_name")
    assert caught.value.option == "backup_name"
