# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How readiness reads: few requests, and what is refused hides nothing else."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, HttpError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.read import read_facts
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._readiness.readiness_samples import GROUP, NOW, PLACE, SUB, need, needs

SUBSCRIPTION = f"/subscriptions/{SUB}"
MACHINES = "/providers/Microsoft.Compute/virtualMachines"


class Lists:
    """Answers lists and reads from memory, by their paths; what is not there is a 404. Keeps what was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def server_now(self) -> Any:
        return NOW

    def _answer(self, path: str) -> Any:
        self.asked.append(path)
        found = self.answers.get(path, HttpError("none", status=404, code="NotFound"))
        if isinstance(found, Exception):
            raise found
        return found

    def list(self, path: str, api: Any, *, params: Any = None) -> Iterator[dict[str, Any]]:
        return iter(self._answer(path))

    def get(self, path: str, api: Any, *, params: Any = None) -> Any:
        return self._answer(path)

    def find(self, path: str, api: Any, *, params: Any = None) -> Any:
        try:
            return self._answer(path)
        except HttpError as error:
            if error.status == 404:
                return None
            raise


def fleet(groups: int) -> Any:
    """A VM of each of so many resource groups, without a vault."""
    return needs(*[need(vm=Vm(SUB, f"rg-{number}", "db"), vault=None) for number in range(groups)], vaults=())


def listed(client: Lists) -> list[str]:
    return [path for path in client.asked if path.endswith(MACHINES)]


def test_vms_in_many_resource_groups_are_one_list_of_the_subscription() -> None:
    vms = [{"id": f"{SUBSCRIPTION}/resourceGroups/RG-{number}{MACHINES}/db"} for number in range(9)]
    client = Lists({SUBSCRIPTION + MACHINES: vms})
    facts = read_facts(client, fleet(9))  # type: ignore[arg-type]
    assert listed(client) == [SUBSCRIPTION + MACHINES]
    assert list(facts.vms_in(f"{SUBSCRIPTION.lower()}/resourcegroups/rg-3")) == [f"{SUBSCRIPTION}/resourcegroups/rg-3{MACHINES}/db".lower()]
    assert facts.machines[GROUP.lower()] == {}


@pytest.mark.parametrize(("status", "lists"), [(403, 11), (500, 1)])
def test_where_the_subscription_may_not_be_listed_its_groups_are(status: int, lists: int) -> None:
    client = Lists({SUBSCRIPTION + MACHINES: HttpError("no", status=status, code="No")})
    facts = read_facts(client, fleet(9))  # type: ignore[arg-type]
    assert len(listed(client)) == lists
    assert isinstance(facts.machines[GROUP.lower()], ArmError) is (status == 500)


def test_sizes_and_quotas_are_read_whatever_their_members_are() -> None:
    compute = f"{SUBSCRIPTION}/providers/Microsoft.Compute"
    sku = {"resourceType": "virtualMachines", "name": "Standard_D2s_v5", "family": "f", "capabilities": [{"name": "vCPUs", "value": "2"}]}
    closed = {**sku, "name": "Closed", "restrictions": [{"type": "Location"}]}
    client = Lists(
        {
            f"{compute}/skus": [sku, closed, {"resourceType": "disks"}, {**sku, "name": "Odd", "family": 5}],
            f"{compute}/locations/eastasia/usages": [{"name": {"value": "cores"}, "currentValue": 3, "limit": 10}, {"name": None}, {"name": {"value": "x"}}],
        }
    )
    facts = read_facts(client, needs(need(vault=None, planned_region="eastasia"), vaults=()))  # type: ignore[arg-type]
    sizes, quotas = facts.sizes[PLACE], facts.quotas[PLACE]
    assert not isinstance(sizes, ArmError) and not isinstance(quotas, ArmError)
    assert {name: (size.vcpus, size.family, size.offered) for name, size in sizes.items()} == {
        "standard_d2s_v5": (2, "f", True),
        "closed": (2, "f", False),
        "odd": (2, None, True),
    }
    assert {name: usage.free for name, usage in quotas.items()} == {"cores": 7}
