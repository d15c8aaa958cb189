# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans to test with: a small one that is good, and ways to change it."""

from __future__ import annotations

import copy
from typing import Any, Iterator, Mapping

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.problems import Problem
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.references import check_references
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.resolve import read_plan
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.targets import FAILOVER
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.validate import check_schema
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import SUB, VAULT_A, FakeClient

TARGET: dict[str, Any] = {
    "region": "eastasia",
    "resource_group": "rg-dr",
    "virtual_network": "vnet-dr",
    "subnet": "app",
    "storage_account": "stdrstaging",
    "drill": {"resource_group": "rg-drill", "virtual_network": "vnet-drill", "vm_name": "drill-{name}"},
}
SOUTH: dict[str, Any] = {
    "from": "restore_points",
    "region": "southeastasia",
    "restore_points": {"resource_group": "rg-copies"},
    "resource_group": "rg-south",
    "virtual_network": "vnet-south",
    "subnet": "app",
    "drill": {"resource_group": "rg-drill-south", "virtual_network": "vnet-drill-south"},
}
SERVICE: dict[str, Any] = {
    "name": "apim-shop",
    "resource_group": "rg-shop",
    "standby": {"name": "apim-standby", "resource_group": "rg-dr"},
    "storage_account": "stbackups",
    "container": "backups",
}


def machine(name: str, group: str = "rg-prod", **more: Any) -> dict[str, Any]:
    return {"name": name, "resource_group": group, **more}


def wave(name: str, *machines: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "virtual_machines": [dict(one) for one in machines], **more}


def plan(*waves: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A plan with one application of these waves; one with one VM when there are none."""
    applications = [{"name": "shop", "waves": [dict(one) for one in waves or [wave("data", machine("db-01"))]]}]
    return copy.deepcopy({"version": 1, "name": "shop", "targets": {"primary": TARGET}, "applications": applications, **more})


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The plan with another value at a path such as ``applications.0.name``; ``...`` takes the key away."""
    found = copy.deepcopy(document)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    at: Any = found
    for part in way:
        at = at[part]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return found


def problems(document: Any, purpose: str = FAILOVER) -> dict[str, str]:
    """What is wrong, by key."""
    found, wrong = check_schema(document)
    return told(wrong or check_references(found, purpose))


def told(wrong: list[Problem]) -> dict[str, str]:
    return {problem.key: problem.message for problem in wrong}


def good(document: dict[str, Any], purpose: str = FAILOVER) -> dict[str, Any]:
    return read_plan(document, purpose)


class Estate(FakeClient):
    """A subscription with VMs that have tags and regions, besides its vaults."""

    def __init__(self, *vaults: Any) -> None:
        super().__init__(*(vaults or (VAULT_A,)))
        self.machines: dict[str, dict[str, Any]] = {}

    def has(self, name: str, group: str = "rg-prod", location: str = "East Asia", **tags: str) -> Vm:
        vm = Vm(SUB, group, name)
        self.machines[vm.key] = {"id": vm.id, "location": location, "tags": tags}
        return vm

    def list(self, path: str, api: Any, *, params: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
        if not path.endswith("/resources"):
            return super().list(path, api, params=params)
        self.sent.append(f"GET {path}")
        for method, pattern, error in list(self.faults):
            if pattern in path:
                self.faults.remove((method, pattern, error))
                raise error
        return iter([one for one in self.machines.values() if one["id"].lower().startswith(path.removesuffix("resources").lower())])
