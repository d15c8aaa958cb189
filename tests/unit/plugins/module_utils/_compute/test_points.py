# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points and collections as typed views: what is usable, what is replicated, and what never gets out."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute import collections, points
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.names import SOURCE_VM_TAG, expand_name, parse_collection
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.point_views import point_facts
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, Wire, answer, client_for, failure
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_points import collection_id, point, vm_id

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
COPIES = collection_id("copies", "rg-dr")


def copy(*entries: tuple[str | None, Any], disks: int = 1, state: str = "Succeeded") -> points.Point:
    """A copy with so many disks whose instance view has these (code, percent)."""
    made = point("rp", COPIES, NOW, state, sourceRestorePoint={"id": f"{collection_id()}/restorePoints/rp"})
    storage = made["properties"]["sourceMetadata"]["storageProfile"]
    base = f"{COPIES}/restorePoints/rp/diskRestorePoints"
    storage["dataDisks"] = [{"lun": n, "name": f"data-{n}", "diskSizeGB": "64", "diskRestorePoint": {"id": f"{base}/data-{n}_1"}} for n in range(disks - 1)]
    ids = [f"{base}/web-01-os_1", *(f"{base}/data-{n}_1" for n in range(disks - 1))]
    rows = []
    for disk, (code, percent) in zip(ids, entries):
        status: dict[str, Any] = {} if code is None else {"status": {"code": f"ReplicationState/{code}"}}
        rows.append({"id": disk.upper(), "replicationStatus": status if percent is None else {**status, "completionPercent": percent}})
    if entries:
        made["properties"]["instanceView"] = {"diskRestorePoints": rows}
    return points.parse(made)


@pytest.mark.parametrize(
    ("found", "replicated", "usable"),
    [
        (copy(), None, False),
        (copy(("succeeded", 100)), True, True),
        (copy(("succeeded", "100")), True, True),
        (copy(("succeeded", None)), True, True),
        (copy((None, 100)), True, True),
        (copy(("succeeded", 99)), False, False),
        (copy(("replicating", 100)), False, False),
        (copy(("failed", 100)), False, False),
        (copy(("failed", None)), False, False),
        (copy((None, None)), False, False),
        (copy(("succeeded", 100), disks=2), False, False),
        (copy(("succeeded", 100), ("replicating", 50), disks=2), False, False),
        (copy(("succeeded", 100), ("succeeded", 100), disks=2), True, True),
        (copy(("succeeded", 100), state="Creating"), False, False),
    ],
)
def test_a_copy_is_usable_only_when_every_disk_is_there(found: points.Point, replicated: bool | None, usable: bool) -> None:
    assert (found.replicated, found.usable) == (replicated, usable)


@pytest.mark.parametrize(
    ("state", "creating", "succeeded", "failed"),
    [
        ("Creating", True, False, False),
        ("Succeeded", False, True, False),
        ("Failed", False, False, True),
        ("Deleting", False, False, False),
        ("", True, False, False),
    ],
)
def test_states(state: str, creating: bool, succeeded: bool, failed: bool) -> None:
    found = points.parse(point("rp", collection_id(), NOW, state))
    assert (found.creating, found.succeeded, found.failed, found.usable) == (creating, succeeded, failed, succeeded)


def test_a_view_is_complete_and_discreet() -> None:
    found = copy(("replicating", 12.5), ("failed", None), disks=2)
    told = json.dumps([dataclasses.asdict(found), point_facts(found)], default=str)
    assert "poison" not in told and "adminUsername" not in told
    assert [(disk.name, disk.lun, disk.size_gb, disk.is_system) for disk in found.disks] == [("web-01-os", None, 30, True), ("data-0", 0, 64, False)]
    assert [(entry.disk, entry.percent, entry.state, entry.failed) for entry in found.replication or ()] == [
        ("web-01-os", 12.5, "replicating", False),
        ("data-0", None, "failed", True),
    ]
    assert found.collection_id == COPIES


def test_whether_a_copy_is_usable_may_be_unknown() -> None:
    assert point_facts(copy())["usable"] is None
    assert point_facts(copy(state="Creating"))["usable"] is False
    assert point_facts(copy(("succeeded", 100)))["usable"] is True


@pytest.mark.parametrize("resource", [{}, {"id": "x"}, {"properties": None}, {"properties": {"sourceMetadata": [], "excludeDisks": {}, "instanceView": 3}}])
def test_odd_answers_are_borne(resource: dict[str, Any]) -> None:
    found = points.parse(resource)
    assert not found.usable and point_facts(found)["disks"] == []


def shelf(source: str, **more: Any) -> collections.Collection:
    properties = {"source": {"id": source, "location": "EastUS2EUAP"}}
    return collections.parse({"id": COPIES, "name": "copies", "location": "West US", **more, "properties": properties})


def test_the_vm_of_a_collection() -> None:
    assert shelf(vm_id()).source_vm == vm_id() and not shelf(vm_id()).is_copy
    assert shelf(collection_id()).source_vm is None and shelf(collection_id()).is_copy
    assert shelf(collection_id(), tags={SOURCE_VM_TAG.upper(): vm_id()}).source_vm == vm_id()
    assert shelf(collection_id(), tags={SOURCE_VM_TAG: "nonsense"}).source_vm is None
    assert (shelf(vm_id()).location, shelf(vm_id()).source_location) == ("westus", "eastus2euap")


def test_a_collection_is_made_once_and_never_turned_into_another() -> None:
    body = {"id": COPIES, "location": "westus", "properties": {"source": {"id": vm_id().upper()}}}
    wire = Wire(answer(200, body))
    assert collections.put_collection(client_for(wire), COPIES, location="West US", source_id=vm_id(), tags={"a": "b"}).id == COPIES
    assert wire.methods == ["GET"]
    for source, location, code in [(vm_id("web-02"), "westus", "CollectionOfAnotherSource"), (vm_id(), "eastus", "CollectionInAnotherRegion")]:
        wire = Wire(answer(200, body))
        with pytest.raises(ArmError) as caught:
            collections.put_collection(client_for(wire), COPIES, location=location, source_id=source, tags={})
        assert caught.value.code == code and wire.methods == ["GET"]
    wire = Wire(failure(404, "ResourceNotFound"), answer(201, body))
    collections.put_collection(client_for(wire), COPIES, location="westus", source_id=vm_id(), tags={})
    assert json.loads(wire.sent[1].data or b"") == {"location": "westus", "properties": {"source": {"id": vm_id()}}}


def test_names_from_templates() -> None:
    assert expand_name("{name}-%Y%m%dT%H%M%S", "name", {"name": "web-01"}, NOW) == "web-01-20260601T000000"


@pytest.mark.parametrize("template", ["{other}", "%%", "", "..", "x" * 81, "a/b", "ä"])
def test_templates_that_give_no_name(template: str) -> None:
    with pytest.raises(OptionError, match="^InvalidOption: name: "):
        expand_name(template, "name", {"name": "web-01"}, NOW)


def test_ids() -> None:
    assert str(parse_collection("copies", "rg-dr", SUB, "collection")) == COPIES
    assert str(parse_collection(COPIES, None, "", "collection")) == COPIES
    for bad in (("copies", None), (vm_id(), None), (f"{COPIES}/restorePoints/rp", None), ("a b", "rg"), ("/subscriptions/x/y", None)):
        with pytest.raises(OptionError):
            parse_collection(bad[0], bad[1], SUB, "collection")
