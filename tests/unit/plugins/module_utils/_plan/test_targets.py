# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where VMs are recovered to, for real and in a drill."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.targets import DRILL, FAILOVER, Target, make_target
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import SUB
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._plan.plans import SOUTH, TARGET, good, plan

REAL = f"/subscriptions/{SUB}/resourceGroups/rg-dr"
OTHER = "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-far"
NETWORKS = "providers/Microsoft.Network/virtualNetworks"
ACCOUNTS = "providers/Microsoft.Storage/storageAccounts"


def made(purpose: str, **more: Any) -> Target:
    entry = good(plan(targets={"primary": {**TARGET, **more}}))["targets"]["primary"]
    return make_target("primary", entry, purpose, SUB)


@pytest.mark.parametrize(
    ("drill", "group", "network", "account"),
    [
        # What a drill leaves as it is stays in the group of the real target.
        ({"resource_group": "rg-drill"}, "rg-drill", f"{REAL}/{NETWORKS}/vnet-dr", f"{REAL}/{ACCOUNTS}/stdrstaging"),
        ({"virtual_network": "vnet-drill", "vm_name": "d-{name}"}, "rg-dr", f"{REAL}/{NETWORKS}/vnet-drill", f"{REAL}/{ACCOUNTS}/stdrstaging"),
        (
            {"resource_group": "rg-drill", "virtual_network": "vnet-drill", "storage_account": "stdrill"},
            "rg-drill",
            f"{REAL[:-2]}drill/{NETWORKS}/vnet-drill",
            f"{REAL[:-2]}drill/{ACCOUNTS}/stdrill",
        ),
        (
            {"resource_group": "rg-drill", "virtual_network": "vnet-drill", "virtual_network_resource_group": "rg-net"},
            "rg-drill",
            f"{REAL[:-2]}net/{NETWORKS}/vnet-drill",
            f"{REAL}/{ACCOUNTS}/stdrstaging",
        ),
        (
            {"subnet": f"{OTHER}/{NETWORKS}/vnet-far/subnets/x", "vm_name": "d-{name}"},
            "rg-dr",
            f"{OTHER}/{NETWORKS}/vnet-far",
            f"{REAL}/{ACCOUNTS}/stdrstaging",
        ),
        ({"resource_group": OTHER}, "rg-far", f"{REAL}/{NETWORKS}/vnet-dr", f"{REAL}/{ACCOUNTS}/stdrstaging"),
    ],
)
def test_a_drill_changes_what_it_names(drill: dict[str, Any], group: str, network: str, account: str) -> None:
    target = made(DRILL, drill=drill)
    facts = target.facts()
    assert (target.group.group, facts["virtual_network_id"], facts["storage_account_id"]) == (group, network, account)
    real = made(FAILOVER, drill=drill).facts()
    assert (real["resource_group_id"], real["virtual_network_id"]) == (REAL, f"{REAL}/{NETWORKS}/vnet-dr")


def test_options_of_a_restore() -> None:
    assert made(DRILL, tags={"owner": "dr"}, drill={"resource_group": "rg-drill", "tags": {"kind": "drill"}}).options({"run": "1"}) == {
        "mode": "new_vm",
        "vm_name": "{name}",
        "target_resource_group": f"/subscriptions/{SUB}/resourceGroups/rg-drill",
        "virtual_network": f"{REAL}/{NETWORKS}/vnet-dr",
        "subnet": "app",
        "storage_account": f"{REAL}/{ACCOUNTS}/stdrstaging",
        "tags": {"owner": "dr", "kind": "drill", "run": "1"},
    }


def test_options_of_a_restore_from_the_paired_region() -> None:
    options = made(FAILOVER, **{"from": "secondary_region", "region": "Southeast Asia"}).options({})
    assert options["from_secondary_region"] is True and options["secondary_region"] == "southeastasia"


def test_options_of_a_build_from_restore_points() -> None:
    entry = good(plan(targets={"south": {**SOUTH, "disk_name": "{name}-{disk}", "vm_size": "Standard_D2s_v5"}}))["targets"]["south"]
    options = make_target("south", entry, FAILOVER, SUB).options({})
    assert options["region"] == "southeastasia" and options["resource_group"] == "rg-copies"
    assert options["disk_name"] == "{name}-{disk}" and options["vm_size"] == "Standard_D2s_v5"
    assert "storage_account" not in options and "secondary_region" not in options


def test_what_a_vm_is_called() -> None:
    assert made(DRILL).recovered(Vm(SUB, "rg-prod", "db-01")) == Vm(SUB, "rg-drill", "drill-db-01")
    assert made(FAILOVER).recovered(Vm(SUB, "rg-prod", "db-01")) == Vm(SUB, "rg-dr", "db-01")
