# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of a plan say of each other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._plan.plans import (
    SERVICE,
    SOUTH,
    TARGET,
    changed,
    machine,
    plan,
    problems,
    wave,
)

WAVES = "applications[0].waves"
DRILL = "targets.primary.drill"
TCP = {"tcp": {"port": 22}}


def checked(*machines: Any, **check: Any) -> dict[str, Any]:
    return plan(wave("data", *machines, checks=[{"name": "a", **check}]))


def api(**more: Any) -> dict[str, Any]:
    return plan(wave("api", api_management=[{**SERVICE, **more}]))


def target(**more: Any) -> dict[str, Any]:
    return plan(targets={"primary": {**TARGET, **more}})


def drill(**more: Any) -> dict[str, Any]:
    return target(drill=more)


@pytest.mark.parametrize(
    ("document", "key", "message"),
    [
        # Names.
        (plan(applications=[]), "applications", "there is nothing to recover"),
        (plan(applications=[{"name": "shop", "waves": []}]), WAVES, "there is nothing to recover"),
        (plan(wave("a")), f"{WAVES}[0]", "the wave is empty"),
        (plan(wave("a", machine("x")), wave("A", machine("y"))), f"{WAVES}[1].name", "there is another wave of the name 'A', at waves[0]"),
        (plan(vaults=[{"name": "rsv", "resource_group": "rg"}] * 2), "vaults[1].name", "there is another vault of the name 'rsv'"),
        (plan(wave("a", machine("x"), checks=[{"name": "c", **TCP}] * 2)), f"{WAVES}[0].checks[1].name", "there is another check of the name 'c'"),
        (
            plan(wave("a", machine("x"), pause={"name": "go"}), wave("b", machine("y"), pause={"name": "go"})),
            f"{WAVES}[1].pause.name",
            "the pause of shop/a is called 'go' too",
        ),
        # VMs and targets.
        (plan(wave("a", machine("x")), wave("b", machine("X", "RG-PROD"))), f"{WAVES}[1].virtual_machines[0].name", "x is in the wave shop/a already"),
        (plan(wave("a", machine("x", target="primry"))), f"{WAVES}[0].virtual_machines[0].target", "there is no target 'primry'; did you mean primary?"),
        (changed(plan(), "targets", {}), "applications[0].target", "it is needed, since the plan has 0 targets: add one"),
        (plan(targets={"primary": TARGET, "south": SOUTH}), "applications[0].target", "it is needed, since the plan has 2 targets: primary, south"),
        (
            changed(plan(), "applications.0.protection", {"vault": "rsv", "policy": "gold"}),
            "applications[0].protection.resource_group",
            "it is needed, since 'rsv' is none of the plan's vaults",
        ),
        # The order.
        (plan(wave("a", machine("x"), after=["b"])), f"{WAVES}[0].after[0]", "there is no wave 'shop/b'; did you mean shop/a?"),
        (plan(wave("a", machine("x"), after=["zoo/lion"])), f"{WAVES}[0].after[0]", "there is no wave 'zoo/lion'; there are shop/a"),
        (plan(wave("a", machine("x"), after=["a"])), f"{WAVES}[0].after", "in a circle: shop/a after shop/a"),
        (plan(wave("a", machine("x"), after=["b"]), wave("b", machine("y"))), f"{WAVES}[0].after", "in a circle: shop/a after shop/b after shop/a"),
        # Checks.
        (checked(machine("db-01"), vms=["db-02"], **TCP), f"{WAVES}[0].checks[0].vms[0]", "there is no VM in this wave 'db-02'; did you mean db-01?"),
        (checked(**TCP), f"{WAVES}[0].checks[0].on", "the wave has no VMs"),
        (checked(machine("a"), on="wave", **TCP), f"{WAVES}[0].checks[0].tcp.host", "it is needed with on: wave"),
        (checked(machine("a"), on="wave", boot_diagnostics={"contains": "login:"}), f"{WAVES}[0].checks[0].on", "are of one VM"),
        (checked(machine("a"), on="wave", command={"cmd": "true"}), f"{WAVES}[0].checks[0].command.connection", "it is needed with on: wave"),
        (checked(machine("a"), machine("b"), on="wave", http={"url": "http://{address}/"}), f"{WAVES}[0].checks[0]", "are those of one VM"),
        # API Management.
        (api(standby={"name": "APIM-shop", "resource_group": "rg"}), f"{WAVES}[0].api_management[0].standby.name", "this is the service itself"),
        (api(drill={"name": "apim-standby", "resource_group": "rg"}), f"{WAVES}[0].api_management[0].drill.name", "this is a real service"),
        (api(storage_account="UPPER"), f"{WAVES}[0].api_management[0].storage_account", "UPPER"),
        (
            plan(wave("a", api_management=[SERVICE]), wave("b", api_management=[SERVICE])),
            f"{WAVES}[1].api_management[0].name",
            "apim-shop is in the wave shop/a already",
        ),
        # Targets, checked as the modules check them.
        (target(storage_account=None), "targets.primary.storage_account", "it is needed with from: vault"),
        (target(virtual_network=None), "targets.primary.virtual_network", "it is needed when subnet is a name"),
        (target(zone="9x"), "targets.primary.zone", "is not an availability zone"),
        (target(vm_size="Standard_D2s_v5"), "targets.primary.vm_size", "it has no meaning with from: vault"),
        (target(restore_points={"resource_group": "rg"}), "targets.primary.restore_points", "it has no meaning with from: vault"),
        (plan(targets={"primary": {**SOUTH, "storage_account": "st"}}), "targets.primary.storage_account", "it has no meaning with from: restore_points"),
        (plan(targets={"primary": {**SOUTH, "vm_size": "a b"}}), "targets.primary.vm_size", "'a b' is none"),
        (
            plan(targets={"primary": {**TARGET, "from": "secondary_region", "disk_encryption_set": "/x"}}),
            "targets.primary.disk_encryption_set",
            "Azure does not have it for a restore from the paired region",
        ),
        # Drills into the real place.
        (drill(subnet="isolated"), DRILL, "a drill would go into the network and the resource group of the real recovery"),
        (drill(resource_group="RG-DR", virtual_network="VNET-dr", vm_name="drill-{name}"), DRILL, "the network and the resource group"),
        (drill(virtual_network="vnet-drill"), DRILL, "the names that the real ones get in the same resource group"),
        (drill(resource_group="rg-drill", storage_account="UPPER"), f"{DRILL}.storage_account", "UPPER"),
    ],
)
def test_what_does_not_fit_together(document: Any, key: str, message: str) -> None:
    found = problems(document)
    assert list(found) == [key]
    assert message in found[key]


@pytest.mark.parametrize(
    "document",
    [
        drill(resource_group="rg-drill"),
        drill(virtual_network="vnet-drill", vm_name="drill-{name}"),
        checked(machine("a"), on="wave", http={"url": "http://{address}/"}),
        checked(machine("a"), machine("b"), on="wave", vms=["b"], http={"url": "http://{address}/"}),
        checked(on="wave", http={"url": "http://shop.example/"}),
        plan(wave("a", machine("x")), wave("b", machine("y"), after=[])),
        api(drill={"name": "apim-drill", "resource_group": "rg"}),
        plan(wave("go", pause={"name": "go"})),
    ],
)
def test_what_fits(document: Any) -> None:
    assert problems(document) == {}


def test_a_drill_needs_to_know_where_to_go() -> None:
    document = plan(targets={"primary": {**TARGET, "drill": None}, "unused": {**TARGET, "drill": None}})
    document["applications"][0]["target"] = "primary"
    assert problems(document) == {}
    assert list(problems(document, "drill")) == ["targets.primary.drill"]
