# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of a subscription an export is about, and what answers inside its machines."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.ids import ResourceId
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.guests import guests_of, rehearsable
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._estate.scope import scope_of_groups, scope_of_plans

SUB = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000002"


def of(group: str, kind: str, name: str, subscription: str = SUB) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.{kind}/{name}"


VM = of("rg-shop", "Compute/virtualMachines", "shop-db-01")
RESTORE = {"name": "standby", "source_service": "apim", "storage_account": "stbackups", "container": "c"}
PLAN: dict[str, Any] = {
    "stages": [
        {
            "number": 1,
            "waves": [
                {
                    "vms": [{"id": VM, "recovered": {"id": of("rg-drill", "Compute/virtualMachines", "drill-shop-db-01"), "resource_group": "rg-drill"}}],
                    "restores": [{"vm": [VM], "target_resource_group": "RG-DR", "virtual_network": "vnet-dr", "storage_account": "ststaging"}],
                    "api_management": [{"name": "apim", "restore": RESTORE}],
                    "checks": [],
                }
            ],
        }
    ],
    "invocation": {"module_args": {"plan": {"targets": {"other": {"resource_group": "rg-of-another-purpose"}}}}},
}


@pytest.mark.parametrize(
    ("resource", "held"),
    [
        (VM, True),
        (VM.upper().replace("/SUBSCRIPTIONS", "/subscriptions").replace("RESOURCEGROUPS", "resourceGroups").replace("PROVIDERS", "providers"), True),
        (of("rg-shop", "Compute/virtualMachines", "shop-web-01"), False),
        (of("rg-dr", "Network/virtualNetworks", "any"), True),
        (of("rg-drill", "Compute/virtualMachines", "left"), True),
        (of("rg-else", "Compute/virtualMachines", "shop-db-01"), False),
    ],
)
def test_a_plan_holds_its_machines_and_all_of_where_it_recovers_to(resource: str, held: bool) -> None:
    assert scope_of_plans(OTHER, [PLAN]).holds(ResourceId.parse(resource)) is held


def test_a_plan_tells_names_groups_storage_and_its_subscription() -> None:
    scope = scope_of_plans(OTHER, [PLAN])
    assert scope.subscription == SUB
    assert scope.names("STSTAGING") and not scope.names("stelse")
    assert scope.has_group("rg-shop") and not scope.has_group("rg-of-another-purpose")
    assert [found["container"] for found in scope.storages] == ["c"]


def test_groups_and_everything() -> None:
    machine = ResourceId.parse(VM)
    assert scope_of_groups(SUB, None).holds(machine) and scope_of_groups(SUB, ["RG-Shop"]).holds(machine)
    assert not scope_of_groups(SUB, ["rg-else"]).holds(machine)
    assert scope_of_groups(SUB, ["rg-else"]).names("anything")


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("tcp", {"port": 22}, True),
        ("tcp", {"port": 22, "host": "{address}"}, True),
        ("tcp", {"port": 22, "host": "db.example"}, False),
        ("http", {"url": "http://{address}:8080/health?deep=1"}, True),
        ("http", {"url": "http://{address}/"}, True),
        ("http", {"url": "https://{address}/"}, False),
        ("http", {"url": "http://shop.example/{address}"}, False),
        ("http", {"url": "http://{address}:port/"}, False),
        ("boot_diagnostics", {"contains": "login:"}, True),
        ("boot_diagnostics", {"matches": "login.*"}, False),
        ("command", {"cmd": "true"}, False),
        ("role", {"name": "my.own.smoke"}, False),
    ],
)
def test_what_can_be_checked_in_a_rehearsal_answers_there(kind: str, options: dict[str, Any], expected: bool) -> None:
    check = {"name": "x", "kind": kind, "options": options, "vm_ids": [VM]}
    assert rehearsable(check) is expected
    guest = guests_of([{"stages": [{"waves": [{"checks": [check]}]}]}])[VM.lower()]
    assert (guest != {"ports": [22]} or options == {"port": 22} or options.get("host") == "{address}") is expected


def test_checks_of_one_machine_come_together() -> None:
    checks = [
        {"kind": "tcp", "options": {"port": 1433}, "vm_ids": [VM]},
        {"kind": "http", "options": {"url": "http://{address}:8080/health?a=b", "status": [204, 200], "contains": "well"}, "vm_ids": [VM.upper()]},
        {"kind": "boot_diagnostics", "options": {"contains": "one"}, "vm_ids": [VM]},
        {"kind": "boot_diagnostics", "options": {"contains": "two"}, "vm_ids": [VM]},
    ]
    plan = {"stages": [{"waves": [{"checks": checks}]}]}
    page = {"port": 8080, "path": "/health", "status": 204, "body": "well"}
    assert guests_of([plan, plan]) == {VM.lower(): {"ports": [22, 1433], "http": [page], "boot_log": "one\ntwo"}}
