# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cleanup takes, what it leaves, and in which order it goes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.client import Response
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.ids import ResourceId
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.cleanup import (
    find_tagged,
    plan_cleanup,
    remove_all,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._waiting import Waiting

SUB = "00000000-0000-0000-0000-000000000001"
WAITING = Waiting(True, 1.0, lambda: 100.0)


def resource(kind: str, name: str, group: str = "rg-dr") -> ResourceId:
    return ResourceId.parse(f"/subscriptions/{SUB}/resourceGroups/{group}/providers/{kind}/{name}")


VM = resource("Microsoft.Compute/virtualMachines", "web-01-dr")
NIC = resource("microsoft.network/networkinterfaces", "web-01-nic")
DISK = resource("Microsoft.Compute/disks", "web-01-osdisk")
VAULT = resource("Microsoft.RecoveryServices/vaults", "vault-a")
ELSEWHERE = resource("Microsoft.Compute/virtualMachines", "web-01", group="rg-prod")


class Clock:
    def __init__(self) -> None:
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


class FakeClient:
    """Answers the tag lists given, and DELETE with what `answers` says for the resource's name."""

    subscription_id = SUB

    def __init__(self, by_tag: dict[str, list[ResourceId]] | None = None, answers: dict[str, Any] | None = None) -> None:
        self.by_tag = by_tag or {}
        self.answers = answers or {}
        self.clock = Clock()
        self.sent: list[str] = []

    def list(self, path: str, api: Any, *, params: dict[str, str]) -> Any:
        self.sent.append(params["$filter"])
        group = path.split("/")[4].lower() if "/resourceGroups/" in path else ""
        if group in self.answers:
            raise self.answers[group]
        found = [entry for entry in self.by_tag.get(params["$filter"], []) if group in ("", str(entry.group).lower())]
        return iter([{"id": str(entry)} for entry in found])

    def delete(self, path: str, api: Any) -> Response:
        name = path.rsplit("/", 1)[1]
        self.sent.append(name)
        answer = self.answers.get(name, 200)
        if isinstance(answer, Exception):
            raise answer
        return Response(status=answer, headers={}, body=None, request_id=None, method="DELETE", path=path)


def test_all_tags_must_be_there() -> None:
    client = FakeClient(
        {
            "tagName eq 'drill' and tagValue eq 'd''1'": [VM, NIC],
            "tagName eq 'team' and tagValue eq 'sre'": [resource("microsoft.compute/virtualmachines", "WEB-01-DR", "RG-DR")],
        }
    )
    assert find_tagged(client, SUB, {"drill": "d'1", "team": "sre"}, None) == [VM]


def test_vms_go_before_what_they_hold_and_other_types_stay() -> None:
    plan = plan_cleanup([DISK, NIC, VAULT, VM])
    assert [[str(removal.id) for removal in wave] for wave in plan.waves] == [[str(VM)], [str(DISK), str(NIC)]]
    assert plan.kept == (VAULT,)


def test_groups_are_asked_one_by_one_and_one_that_is_gone_has_nothing() -> None:
    tag = "tagName eq 'drill' and tagValue eq 'd1'"
    client = FakeClient({tag: [VM, ELSEWHERE]}, answers={"rg-gone": HttpError("gone", code="ResourceGroupNotFound", status=404)})
    assert find_tagged(client, SUB, {"drill": "d1"}, ["RG-DR", "rg-gone"]) == [VM]
    assert find_tagged(client, SUB, {"drill": "d1"}, None) == [VM, ELSEWHERE]


def test_a_list_that_fails_is_a_failure() -> None:
    client = FakeClient(answers={"rg-dr": HttpError("no", code="AuthorizationFailed", status=403)})
    with pytest.raises(HttpError, match="AuthorizationFailed"):
        find_tagged(client, SUB, {"drill": "d1"}, ["rg-dr"])


def test_a_failure_stays_with_its_resource_and_the_rest_goes_on() -> None:
    client = FakeClient(answers={"web-01-dr": HttpError("locked", code="ScopeLocked", status=409), "web-01-nic": 204})
    plan = plan_cleanup([VM, NIC, DISK])
    remove_all(client, plan, WAITING)
    ends = {removal.id.name: (removal.changed, (removal.failure or {}).get("code")) for removal in plan.removals}
    assert ends == {"web-01-dr": (False, "ScopeLocked"), "web-01-nic": (False, None), "web-01-osdisk": (True, None)}
    assert client.sent[0] == "web-01-dr"


def test_what_is_gone_already_is_no_failure() -> None:
    client = FakeClient(answers={"web-01-dr": HttpError("not found", code="ResourceNotFound", status=404)})
    plan = plan_cleanup([VM])
    remove_all(client, plan, WAITING)
    assert [(removal.changed, removal.failure) for removal in plan.removals] == [(False, None)]
