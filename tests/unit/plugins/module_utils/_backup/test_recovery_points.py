# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery points: reading what Azure prints, and choosing the one to restore."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.recovery_points import (
    PointWish,
    RecoveryPoint,
    choose,
    parse_point,
    point_details,
    point_facts,
    points_path,
)

DAY = datetime(2026, 7, 1, tzinfo=timezone.utc)


BOTH = (("InstantRP", "Valid"), ("HardenedRP", "Valid"))


def resource(name: str, days: float = 0, kind: str = "AppConsistent", tiers: Any = BOTH, **more: Any) -> dict[str, Any]:
    time = (DAY + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S") + ".5606237Z"
    details = [{"type": tier, "status": status} for tier, status in tiers]
    return {
        "id": f"/subscriptions/s/recoveryPoints/{name}",
        "name": name,
        "properties": {"recoveryPointTime": time, "recoveryPointType": kind, "recoveryPointTierDetails": details, **more},
    }


def point(name: str, *arguments: Any, **more: Any) -> RecoveryPoint:
    return parse_point(resource(name, *arguments, **more))


SNAPSHOT_ONLY = (("InstantRP", "Valid"), ("HardenedRP", "Disabled"))
VAULT_ONLY = (("InstantRP", "Deleted"), ("HardenedRP", "Valid"))
ARCHIVED = (("HardenedRP", "Deleted"), ("ArchivedRP", "Valid"))
REHYDRATED = (("HardenedRP", "Rehydrated"), ("ArchivedRP", "Valid"))

FLEET = [
    point("100000000000001", 1, "AppConsistent", ARCHIVED),
    point("100000000000005", 5, "CrashConsistent", SNAPSHOT_ONLY),
    point("100000000000002", 2, "AppConsistent", VAULT_ONLY),
    point("100000000000004", 4, "FileSystemConsistent"),
    point("100000000000003", 3, "AppConsistent", (("InstantRP", "Valid"),)),
    point("100000000000006", 6, "AppConsistent", (("InstantRP", "Deleted"), ("HardenedRP", "Invalid"))),
]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (PointWish(), "5"),
        (PointWish(consistency="crash"), "5"),
        (PointWish(consistency="file_system"), "4"),
        (PointWish(consistency="application"), "3"),
        (PointWish(tier="snapshot"), "5"),
        (PointWish(tier="vault"), "4"),
        (PointWish(tier="archive"), "1"),
        (PointWish(needs_vault=True), "4"),
        (PointWish(needs_vault=True, consistency="application"), "2"),
        (PointWish(before=DAY + timedelta(days=3, hours=1)), "3"),
        (PointWish(before=DAY + timedelta(days=3, hours=1), tier="vault"), "2"),
        (PointWish(before=DAY + timedelta(days=1, hours=1), tier="archive"), "1"),
        (PointWish(name="100000000000002"), "2"),
        (PointWish(name="100000000000001", tier="archive"), "1"),
    ],
)
def test_choose(wish: PointWish, expected: str) -> None:
    assert choose(FLEET, wish).name == f"10000000000000{expected}"


@pytest.mark.parametrize(
    ("wish", "code", "words"),
    [
        (PointWish(name="100000000000009"), "RecoveryPointNotFound", "no recovery point 100000000000009"),
        (PointWish(name="100000000000001"), "RecoveryPointUnsuitable", "tier=archive"),
        (PointWish(name="100000000000005", needs_vault=True), "RecoveryPointUnsuitable", "not in the vault yet"),
        (PointWish(name="100000000000004", consistency="application"), "RecoveryPointUnsuitable", "less than application"),
        (PointWish(name="100000000000006"), "RecoveryPointUnsuitable", "no readable copy"),
        (PointWish(before=DAY), "RecoveryPointNotFound", "None of the 6 recovery points fits"),
        (PointWish(tier="archive", consistency="crash", before=DAY), "RecoveryPointNotFound", "later than"),
    ],
)
def test_choose_says_why_not(wish: PointWish, code: str, words: str) -> None:
    with pytest.raises(ArmError) as caught:
        choose(FLEET, wish)
    assert caught.value.code == code
    assert words in caught.value.message


def test_choose_from_nothing() -> None:
    with pytest.raises(ArmError, match="no recovery point yet"):
        choose([], PointWish())


def test_a_copy_brought_back_from_the_archive_is_in_the_vault() -> None:
    assert choose([point("1", 0, "AppConsistent", REHYDRATED)], PointWish(needs_vault=True)).name == "1"


def test_old_versions_print_numbers() -> None:
    old = point("20982486783671", 0, "CrashConsistent", ((1, 1), (2, 2), (3, 4)))
    assert [(tier.name, tier.status) for tier in old.tiers] == [("snapshot", "Valid"), ("vault", "Disabled"), ("archive", "Rehydrated")]
    assert old.usable_tiers == ("snapshot", "archive")


def test_fields_as_recorded_in_2026() -> None:
    found = point(
        "1141447822743501",
        recoveryPointProperties={"expiryTime": "2026-08-25T13:16:55.4397873", "ruleName": "On-Demand", "isSoftDeleted": False},
        threatStatus="UnHealthy",
    )
    facts = point_facts(found)
    assert facts["name"] == "1141447822743501"
    assert facts["time"] == "2026-07-01T00:00:00.560623Z"
    assert (facts["expiry"], facts["rule"], facts["threat_status"]) == ("2026-08-25T13:16:55.439787Z", "On-Demand", "UnHealthy")


@pytest.mark.parametrize("more", [{}, {"threatStatus": 0, "recoveryPointProperties": None}, {"recoveryPointProperties": {"expiryTime": None}}])
def test_what_older_answers_lack_is_left_out(more: dict[str, Any]) -> None:
    assert not {"expiry", "rule", "threat_status"} & set(point_facts(point("1", **more)))


def test_disks_by_lun() -> None:
    disks = [{"lun": -1, "name": "os", "diskSizeInGb": 30, "storageType": "Premium_LRS"}, {"lun": 0, "name": "data", "diskSizeInGb": 128}]
    found = point("1", recoveryPointDiskConfiguration={"includedDiskList": disks, "excludedDiskList": None})
    assert found.disk_names == {-1: "os", 0: "data"}
    assert point_details(found)["disks"][0] == {"lun": -1, "name": "os", "size_gb": 30, "storage_type": "Premium_LRS"}
    assert point_details(found)["excluded_disks"] == []
    assert point("2", recoveryPointDiskConfiguration={"includedDiskList": None}).disk_names == {}


def test_only_the_paired_region_has_the_trailing_slash() -> None:
    assert points_path("/item") == "/item/recoveryPoints"
    assert points_path("/item", secondary=True) == "/item/recoveryPoints/"
