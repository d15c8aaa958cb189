# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azure_dr_simulator.services.insights.state import LAG, log
from harness import Local, error_code

ACTION = "Microsoft.ApiManagement/service/backup/action"


@pytest.fixture()
def logged(local: Local) -> Local:
    """A log of one request that ended an hour after it began."""
    service = f"{local.group('rg-prod')}/providers/Microsoft.ApiManagement/service/apim-prod"
    for status in ("Started", "Accepted"):
        log(local.world, service, ACTION, status, "c-1", "someone")
    local.advance(3600)
    log(local.world, service, ACTION, "Failed", "c-1", "someone", "Why.")
    return local


def read(local: Local, more: str = "", since: timedelta = timedelta(hours=2)) -> Any:
    start = (local.world.now() - since).isoformat().replace("+00:00", "Z")
    where = f"{local.subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    return local.get(f"{where}?$filter=eventTimestamp ge '{start}'{more}", version="2015-04-01")


def statuses(reply: Any) -> list[str]:
    return [one["status"]["value"] for one in reply.body["value"]]


def test_events_come_late_and_newest_first(logged: Local) -> None:
    assert statuses(read(logged)) == ["Accepted", "Started"]
    logged.advance(LAG.total_seconds())
    reply = read(logged)
    assert statuses(reply) == ["Failed", "Accepted", "Started"]
    first = reply.body["value"][0]
    assert (first["operationName"]["value"], first["correlationId"], first["level"]) == (ACTION, "c-1", "Error")
    assert first["resourceType"]["value"] == "Microsoft.ApiManagement/service"
    assert statuses(read(logged, since=timedelta(minutes=30))) == ["Failed"]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (" and resourceGroupName eq 'RG-PROD'", 3),
        (" and resourceGroupName eq 'rg-dr'", 0),
        (" and resourceProvider eq 'Microsoft.ApiManagement'", 3),
        (" and correlationId eq 'c-2'", 0),
        (" and eventChannels eq 'Admin, Operation' and correlationId eq 'c-1'", 3),
        (" and eventTimestamp le '2020-01-01T00:00:00.1234567Z'", 0),
    ],
)
def test_patterns(logged: Local, more: str, found: int) -> None:
    logged.advance(LAG.total_seconds())
    assert len(statuses(read(logged, more))) == found


@pytest.mark.parametrize("more", [" and status eq 'Failed'", " or resourceGroupName eq 'x'", " and eventTimestamp le 'soon'"])
def test_other_filters_are_refused(logged: Local, more: str) -> None:
    assert error_code(read(logged, more)) == "BadRequest"


def test_a_start_is_needed(local: Local) -> None:
    where = f"{local.subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    assert error_code(local.get(where, version="2015-04-01")) == "BadRequest"


def test_the_log_is_kept_ninety_days(logged: Local) -> None:
    logged.advance(90 * 24 * 3600)
    assert statuses(read(logged, since=timedelta(days=100))) == []
