# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a restore point, as tables: what is there, what is wished, what is to be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.ids import ResourceId
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute import collections, source_vms
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_plan import Plan, Target, Wish, after, before, needs_vm, plan
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_points import collection_id, disk_id, point, vm, vm_id

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
TARGET = Target(Vm(SUB, "rg-prod", "web-01"), ResourceId.parse(collection_id()))
RECENT = Wish("{name}-%Y%m%d-%H%M%S", timedelta(hours=24))
FIXED = Wish("fixed", None)
MACHINE = source_vms.parse(vm(data={0: "data", 1: "logs"}))


def made(name: str, hours: float, state: str = "Succeeded", **more: Any) -> dict[str, Any]:
    return point(name, collection_id(), NOW - timedelta(hours=hours), state, **more)


def shelf(*entries: dict[str, Any], source: str = vm_id(), location: str = "EastAsia") -> collections.Collection:
    resource = {"id": collection_id(), "name": "web-01-restore-points", "location": location}
    return collections.parse({**resource, "properties": {"source": {"id": source}, "restorePoints": list(entries)}})


def planned(wish: Wish, *entries: dict[str, Any], machine: source_vms.SourceVm = MACHINE) -> Plan:
    return plan(TARGET, wish, shelf(*entries), machine, NOW)


def left_out(*names: str) -> dict[str, Any]:
    return {"excludeDisks": [{"id": disk_id(name)} for name in names]}


CRASH = {"consistency": "CrashConsistent"}
CASES: dict[str, tuple[Wish, list[dict[str, Any]], str, str | None]] = {
    "nothing is there": (RECENT, [], "create", None),
    "a recent one": (RECENT, [made("a", 23)], "none", "a"),
    "just in time": (RECENT, [made("a", 24)], "none", "a"),
    "an old one": (RECENT, [made("a", 25)], "create", "a"),
    "the newest counts": (RECENT, [made("a", 3), made("b", 2), made("c", 40)], "none", "b"),
    "always anew": (replace(RECENT, max_age=timedelta(0)), [made("a", 0)], "create", "a"),
    "one is being made": (RECENT, [made("a", 0, "Creating", consistency=None)], "adopt", "a"),
    "one is being made, always anew": (replace(RECENT, max_age=timedelta(0)), [made("a", 0, "Creating", consistency=None)], "adopt", "a"),
    "a failed one does not count": (RECENT, [made("a", 1, "Failed")], "create", None),
    "one that goes does not count": (RECENT, [made("a", 1, "Deleting")], "create", None),
    "crash is not enough": (RECENT, [made("a", 1, **CRASH)], "create", "a"),
    "crash is enough when asked for": (replace(RECENT, consistency="crash"), [made("a", 1, **CRASH)], "none", "a"),
    "more than crash is fine": (replace(RECENT, consistency="crash"), [made("a", 1)], "none", "a"),
    "one that lacks a disk does not count": (RECENT, [made("a", 1, **left_out("data"))], "create", "a"),
    "one that lacks what may be left out": (replace(RECENT, exclude_disks=("data",)), [made("a", 1, **left_out("data"))], "none", "a"),
    "one with more disks than asked for": (replace(RECENT, exclude_disks=("0",)), [made("a", 1)], "none", "a"),
    "one without a time does not count": (RECENT, [made("a", 1, timeCreated=None)], "create", "a"),
    "a name that is there": (FIXED, [made("fixed", 9999)], "none", "fixed"),
    "a name in another case": (FIXED, [made("FIXED", 1)], "none", "FIXED"),
    "a name that is missing": (FIXED, [made("other", 1)], "create", "other"),
    "a name that is being made": (FIXED, [made("fixed", 0, "Creating")], "adopt", "fixed"),
    "a name that failed": (FIXED, [made("fixed", 1, "Failed")], "create", None),
    "a name that goes": (FIXED, [made("fixed", 1, "Deleting")], "create", None),
    "a name that goes, and no time to wait": (replace(FIXED, waits=False), [made("fixed", 1, "Deleting")], "fail", None),
    "a name with other disks": (FIXED, [made("fixed", 1, **left_out("data"))], "fail", "fixed"),
}


@pytest.mark.parametrize("case", CASES)
def test_action(case: str) -> None:
    wish, entries, action, name = CASES[case]
    found = planned(wish, *entries)
    assert found.action == action
    assert (found.point.name if found.point else None) == name
    assert (found.problem is not None) == (action == "fail")


@pytest.mark.parametrize("case", [name for name, (wish, *rest) in CASES.items() if not wish.exclude_disks])
def test_the_vm_is_read_only_for_a_new_point(case: str) -> None:
    wish, entries, action, name = CASES[case]
    assert needs_vm(TARGET, wish, shelf(*entries), NOW) == (action == "create")
    if action in ("none", "adopt"):
        assert plan(TARGET, wish, shelf(*entries), None, NOW).action == action


def test_disks_are_resolved_against_the_vm() -> None:
    wish = replace(FIXED, exclude_disks=("LOGS", "0", disk_id("DATA"), "web-01-os"))
    found = planned(wish)
    assert found.action == "fail" and found.problem and found.problem.code == "NothingToProtect"
    found = planned(replace(wish, exclude_disks=("LOGS", "0", disk_id("DATA"), "of-another-vm", "7")))
    assert found.properties == {"excludeDisks": [{"id": disk_id("logs")}, {"id": disk_id("data")}]}


def test_a_new_point_waits_for_another_one() -> None:
    busy = made("other", 0, "Creating")
    found = planned(FIXED, busy)
    assert found.action == "create" and found.blocker and found.blocker.name == "other"
    found = planned(replace(FIXED, waits=False), busy)
    assert found.problem and found.problem.code == "RestorePointInProgress"


def test_a_failed_point_makes_room() -> None:
    found = planned(FIXED, made("fixed", 1, "Failed"))
    assert found.replaced and found.replaced.name == "fixed" and found.warnings == ("the restore point fixed has failed",)


def test_a_coarse_name_is_taken() -> None:
    found = planned(Wish("day-%d", timedelta(hours=1)), made("day-01", 2))
    assert found.problem and found.problem.code == "NameTaken" and "finer" in str(found.problem)


SYSTEM = {"osDisk": {"name": "os", "managedDisk": {"id": disk_id("os")}}}


def with_disk(sku: str = "Premium_LRS", **more: Any) -> dict[str, Any]:
    return {"storageProfile": {**SYSTEM, "dataDisks": [{"name": "data", "lun": 0, "managedDisk": {"id": disk_id("data"), "storageAccountType": sku}, **more}]}}


REFUSED: dict[str, tuple[Wish, dict[str, Any], list[dict[str, Any]], str]] = {
    "a VM that goes": (RECENT, {"provisioningState": "Deleting"}, [], "VmStateNotSupported"),
    "an ephemeral disk": (RECENT, {"storageProfile": {"osDisk": {**SYSTEM["osDisk"], "diffDiskSettings": {"option": "Local"}}}}, [], "DiskNotSupported"),
    "an unmanaged disk": (RECENT, {"storageProfile": {"osDisk": {"name": "os", "vhd": {"uri": "https://x"}}}}, [], "DiskNotSupported"),
    "an Ultra disk": (replace(RECENT, consistency="crash"), with_disk("UltraSSD_LRS"), [], "DiskNotSupported"),
    "a Premium v2 disk": (replace(RECENT, consistency="crash"), with_disk("PremiumV2_LRS"), [], "DiskNotSupported"),
    "a confidential VM": (replace(RECENT, consistency="crash"), {"securityProfile": {"securityType": "ConfidentialVM"}}, [], "ConsistencyNotSupported"),
    "3 in the last hour": (replace(RECENT, max_age=timedelta(0)), {}, [made(f"p{n}", 0.9 - n / 10) for n in range(3)], "RestorePointLimitReached"),
    "500 points": (RECENT, {}, [made(f"p{n}", 100) for n in range(500)], "TooManyRestorePoints"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_azure_would_refuse_is_not_sent(case: str) -> None:
    wish, properties, entries, code = REFUSED[case]
    found = planned(wish, *entries, machine=source_vms.parse(vm(**properties)))
    assert found.action == "fail" and found.problem and found.problem.code == code and found.problem.hint


ALLOWED: dict[str, tuple[Wish, dict[str, Any], list[dict[str, Any]]]] = {
    "an Ultra disk in Azure's own way": (RECENT, with_disk("UltraSSD_LRS"), []),
    "an Ultra disk that is left out": (replace(RECENT, consistency="crash", exclude_disks=("data",)), with_disk("UltraSSD_LRS"), []),
    "a VM that failed to change": (RECENT, {"provisioningState": "Failed"}, []),
    "3 of the other consistency": (replace(RECENT, max_age=timedelta(0)), {}, [made(f"p{n}", 0.5, **CRASH) for n in range(3)]),
    "2 in the last hour": (replace(RECENT, max_age=timedelta(0)), {}, [made(f"p{n}", 0.5 + n / 2) for n in range(4)]),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_azure_takes_is_sent(case: str) -> None:
    wish, properties, entries = ALLOWED[case]
    assert planned(wish, *entries, machine=source_vms.parse(vm(**properties))).action == "create"


def test_the_limit_says_when_to_come_back() -> None:
    found = planned(replace(RECENT, max_age=timedelta(0)), *[made(f"p{n}", 0.9 - n / 10) for n in range(3)])
    assert found.problem and "2026-06-01T12:06:00Z" in str(found.problem.hint)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (shelf(made("a", 1), source=vm_id("web-02")), "CollectionOfAnotherSource"),
        (shelf(made("a", 1), source=collection_id("other")), "CollectionOfAnotherSource"),
        (shelf(made("a", 99), location="westus"), "CollectionInAnotherRegion"),
    ],
)
def test_a_collection_must_be_the_vms_own(found: collections.Collection, code: str) -> None:
    result = plan(TARGET, RECENT, found, MACHINE, NOW)
    assert result.problem and result.problem.code == code


def test_source_is_compared_without_case() -> None:
    assert plan(TARGET, RECENT, shelf(made("a", 1), source=vm_id().upper()), None, NOW).action == "none"


OLD = [made("h30", 30), made("h10", 10), made("h20", 20), made("h40", 40)]
PRUNED: dict[str, tuple[Wish, list[dict[str, Any]], list[str]]] = {
    "none unless asked": (RECENT, OLD, []),
    "fewer than that": (replace(RECENT, keep=9), OLD, []),
    "the oldest": (replace(RECENT, keep=3), OLD, ["h40"]),
    "all but one": (replace(RECENT, keep=1), OLD, ["h40", "h30", "h20"]),
    "a new one counts": (replace(RECENT, keep=3, max_age=timedelta(hours=5)), OLD, ["h40", "h30"]),
    "a new one replaces the newest": (replace(RECENT, keep=1, max_age=timedelta(hours=5)), OLD, ["h40", "h30", "h20", "h10"]),
    "unless it is not waited for": (replace(RECENT, keep=3, max_age=timedelta(hours=5), waits=False), OLD, ["h40"]),
    "an adopted one counts": (replace(RECENT, keep=3), [*OLD, made("now", 0, "Creating", consistency=None)], ["h40", "h30"]),
    "an adopted one that is not waited for": (replace(RECENT, keep=3, waits=False), [*OLD, made("now", 0, "Creating", consistency=None)], ["h40"]),
    "failed ones": (replace(RECENT, keep=4), [*OLD, made("bad", 15, "Failed")], ["bad"]),
    "but not the one that is replaced": (replace(FIXED, keep=4), [*OLD, made("fixed", 15, "Failed")], ["h40"]),
    "nor one that goes already": (replace(RECENT, keep=4), [*OLD, made("bad", 50, "Deleting")], []),
    "nor one without a time": (replace(RECENT, keep=4), [*OLD, made("bad", 50, timeCreated="soon")], []),
}


@pytest.mark.parametrize("case", PRUNED)
def test_prune(case: str) -> None:
    wish, entries, names = PRUNED[case]
    found = planned(wish, *entries)
    assert [entry.name for entry in found.prune] == names


def test_diff_tells_nothing_of_the_time() -> None:
    wish = replace(RECENT, consistency="crash", exclude_disks=("data",), keep=1)
    entries = [made("h30", 30, **CRASH)]
    first = planned(wish, *entries)
    later = plan(TARGET, wish, shelf(*entries), MACHINE, NOW + timedelta(seconds=70))
    assert before(first) == {"collection": collection_id(), "restore_point": {"name": "h30", "time": "2026-05-31T06:00:00Z"}, "pruned": []}
    wished = {"name": "a new one", "consistency": "crash", "excluded_disks": [disk_id("data")]}
    assert after(first, wish) == after(later, wish) == {"collection": collection_id(), "restore_point": wished, "pruned": ["h30"]}
    assert first.name != later.name


def test_diff_of_a_new_collection() -> None:
    found = plan(TARGET, FIXED, None, MACHINE, NOW)
    assert before(found) == {"collection": None, "restore_point": None}
    assert after(found, FIXED) == {"collection": collection_id(), "restore_point": {"name": "fixed", "consistency": "application"}}
    assert found.location == "eastasia"
