# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_point_info as Ansible calls it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.modules import recovery_point_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_restores import FakeRestores
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import VAULT_A
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

COMMON: dict[str, Any] = {"vm": ["web-01", "web-02"], "vm_resource_group": "rg-prod", "vault": "vault-a", "resource_group": "rg-backup"}


@pytest.fixture(name="azure")
def azure_with_points() -> FakeRestores:
    azure = FakeRestores(VAULT_A)
    azure.protect("web-01", 3, 1, 2)
    azure.protect("web-02", 5)
    crash = azure.points[next(iter(azure.points))][1]["properties"]
    crash.update(recoveryPointType="CrashConsistent", recoveryPointTierDetails=[{"type": "InstantRP", "status": "Valid"}])
    return azure


def ages(result: dict[str, Any]) -> list[tuple[str, int]]:
    return [(row["vm"], round(row["age"] / 86400)) for row in result["recovery_points"]]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [("web-01", 1), ("web-01", 2), ("web-01", 3), ("web-02", 5)]),
        ({"latest_only": True}, [("web-01", 1), ("web-02", 5)]),
        ({"consistency": "crash"}, [("web-01", 1), ("web-01", 2), ("web-01", 3), ("web-02", 5)]),
        ({"consistency": "application", "latest_only": True}, [("web-01", 2), ("web-02", 5)]),
        ({"tier": "vault"}, [("web-01", 2), ("web-01", 3), ("web-02", 5)]),
        ({"tier": "archive"}, []),
        ({"start": "2026-09-07T12:00:00Z"}, [("web-01", 1), ("web-01", 2)]),
        ({"end": "2026-09-07T12:00:00"}, [("web-01", 3), ("web-02", 5)]),
        ({"start": "2026-09-06", "end": "2026-09-08T12:00:00Z"}, [("web-01", 2), ("web-01", 3)]),
    ],
)
def test_filters(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, more: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    result = run_module(monkeypatch, recovery_point_info, azure, **COMMON, **more)
    assert not result["failed"] and not result["changed"] and not azure.writes
    assert ages(result) == expected


def test_a_row(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    row = run_module(monkeypatch, recovery_point_info, azure, **COMMON)["recovery_points"][1]
    assert isinstance(row["name"], str) and row["id"].endswith("/recoveryPoints/" + row["name"])
    assert row["tiers"] == [{"name": "snapshot", "status": "Valid"}, {"name": "vault", "status": "Valid"}]
    assert (row["type"], row["consistency"]) == ("AppConsistent", "application")
    assert "disks" not in row


def test_details_read_each_point(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    result = run_module(monkeypatch, recovery_point_info, azure, **COMMON, details=True, latest_only=True)
    assert [row["disks"] for row in result["recovery_points"]] == [[], []]
    assert len([line for line in azure.sent if "/recoveryPoints/" in line]) == 2


def test_one_failing_vm_hides_no_other(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores) -> None:
    result = run_module(monkeypatch, recovery_point_info, azure, **{**COMMON, "vm": ["nope-01", "web-02"]})
    assert result["failed"] and ages(result) == [("web-02", 5)]
    assert result["failures"][0]["vm"] == "nope-01" and result["failures"][0]["failure"]["code"] == "NotProtected"


@pytest.mark.parametrize(
    ("more", "option"),
    [
        ({"start": "lately"}, "start"),
        ({"end": "13:00"}, "end"),
        ({"start": "2026-09-08", "end": "2026-09-07"}, "end"),
        ({"details": True, "from_secondary_region": True}, "details"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, azure: FakeRestores, more: dict[str, Any], option: str) -> None:
    result = run_module(monkeypatch, recovery_point_info, azure, **COMMON, **more)
    assert result["failed"] and result["failure"]["target"] == option
    assert not azure.sent
