# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans made concrete: VMs, vaults, stages, batches, and what they cost in requests."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.machines import Hosts
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.problems import PlanError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.resolve import Resolution, outline, plan_hash
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import SUB, VAULT_A, VAULT_B, item_of
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._plan.plans import (
    SERVICE,
    SOUTH,
    TARGET,
    Estate,
    good,
    machine,
    plan,
    told,
    wave,
)

WAVES = "applications[0].waves"
VAULTS = [{"name": "vault-a", "resource_group": "rg-backup"}, {"name": "vault-b", "resource_group": "rg-backup"}]


def estate() -> Estate:
    """Two web servers, an application and a database; the database is in another vault, the application in none."""
    client = Estate(VAULT_A, VAULT_B)
    for name in ("web-01", "web-02"):
        client.add(item_of(client.has(name, tier="web", app="shop")))
    client.has("app-01", tier="app", app="shop")
    client.add(item_of(client.has("db-01", tier="data", app="shop"), VAULT_B), VAULT_B)
    return client


def resolved(document: dict[str, Any], client: Estate | None = None, purpose: str = "failover", hosts: Hosts | None = None) -> dict[str, Any]:
    resolution = Resolution(good(document, purpose), purpose, "run-1", SUB, hosts or {}, None)
    return {**resolution.resolve(client or estate()), "warnings": resolution.warnings}  # type: ignore[arg-type]


def waves(result: dict[str, Any]) -> dict[str, Any]:
    return {one["id"]: one for stage in result["stages"] for one in stage["waves"]}


def names(result: dict[str, Any], name: str = "shop/data") -> list[str]:
    return [vm["name"] for vm in waves(result)[name]["vms"]]


@pytest.mark.parametrize(
    ("machines", "expected"),
    [
        ([machine("db-01"), machine("web-01")], ["db-01", "web-01"]),
        ([machine("db-01"), machine("web-01", priority=1)], ["web-01", "db-01"]),
        ([{"id": Vm(SUB, "RG-PROD", "db-01").id}], ["db-01"]),
        ([{"tags": {"app": "shop"}}], ["app-01", "db-01", "web-01", "web-02"]),
        ([{"tags": {"APP": "shop", "tier": "web"}, "resource_group": "RG-prod"}], ["web-01", "web-02"]),
        # What is named counts more than what is found.
        ([{"tags": {"tier": "web"}}, machine("web-02", priority=1)], ["web-02", "web-01"]),
        ([{"tags": {"tier": "web"}, "priority": 5}, {"tags": {"app": "shop"}}], ["web-01", "web-02", "app-01", "db-01"]),
        ([{"group": "servers", "resource_group": "rg-prod"}], ["web-02", "db-01", "far"]),
    ],
)
def test_the_vms_of_a_wave(machines: list[dict[str, Any]], expected: list[str]) -> None:
    hosts = {"servers": [{"name": "web-02"}, {"name": "whatever", "id": Vm(SUB, "rg-prod", "db-01").id}, {"name": "far", "resource_group": "rg-far"}]}
    assert names(resolved(plan(wave("data", *machines)), hosts=hosts)) == expected


@pytest.mark.parametrize(
    ("entry", "key", "message"),
    [
        ({"tags": {"app": "Shop"}}, "tags", f"no VM in the subscription {SUB} has all of these tags: app=Shop"),
        ({"tags": {"app": "shop"}, "resource_group": "rg-x"}, "tags", "no VM in the resource group rg-x has"),
        ({"group": "none"}, "group", "there is no group 'none' in the inventory"),
        ({"group": "empty"}, "group", "the group 'empty' of the inventory has no hosts"),
        ({"group": "nameless"}, "group", "host web-02: vm_id: the host has neither this variable nor resource_group"),
        ({"group": "wrong"}, "group", "host web-02: vm_id: not a resource id"),
    ],
)
def test_entries_without_vms_are_told(entry: dict[str, Any], key: str, message: str) -> None:
    hosts: dict[str, Any] = {"empty": [], "nameless": [{"name": "web-02"}], "wrong": [{"name": "web-02", "id": "x"}]}
    with pytest.raises(PlanError) as caught:
        resolved(plan(wave("data", entry)), hosts=hosts)
    found = told(caught.value.problems)
    assert list(found) == [f"{WAVES}[0].virtual_machines[0].{key}"]
    assert message in found[f"{WAVES}[0].virtual_machines[0].{key}"]


@pytest.mark.parametrize(
    ("document", "key", "message"),
    [
        (plan(wave("a", {"tags": {"tier": "web"}}), wave("b", machine("web-02"))), f"{WAVES}[1].virtual_machines[0]", "is in the wave shop/a already"),
        (
            plan(wave("a", {"tags": {"tier": "web"}}, checks=[{"name": "c", "tcp": {"port": 1}, "vms": ["web-1"]}])),
            f"{WAVES}[0].checks[0].vms[0]",
            "did you mean web-01?",
        ),
        (plan(wave("a", machine("db-01"), machine("db-01", "rg-b"))), f"{WAVES}[0].virtual_machines[1]", "and so would db-01 of the wave shop/a"),
        (
            plan(wave("a", machine("x" * 64)), targets={"primary": {**TARGET, "vm_name": "{name}-dr"}}),
            f"{WAVES}[0].virtual_machines[0]",
            "is not a VM name: 1 to 64 letters",
        ),
        (plan(wave("a", machine("db-01", "RG-dr"))), f"{WAVES}[0].virtual_machines[0]", "which is a VM of this plan"),
    ],
)
def test_what_only_azure_can_tell_is_wrong(document: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        resolved(document)
    found = told(caught.value.problems)
    assert list(found) == [key] and message in found[key]


def test_a_drill_needs_a_resource_group_without_vms_of_the_plan() -> None:
    beside = {"primary": {**TARGET, "drill": {**TARGET["drill"], "resource_group": "RG-Prod"}}}
    document = plan(wave("a", machine("db-01"), machine("db-02")), targets=beside)
    with pytest.raises(PlanError) as caught:
        resolved(document, purpose="drill")
    assert list(told(caught.value.problems).items()) == [
        (
            "targets.primary.drill.resource_group",
            "a drill would restore into the resource group of db-02, which it must not touch; give drills a resource group of their own",
        )
    ]
    resolved(document)


def test_what_a_run_made_is_no_source_although_it_has_the_tags_of_one() -> None:
    client = estate()
    client.has("web-01", "rg-dr", tier="web")  # a recovery that has no tags of its own yet
    client.has("drill-web-02", "rg-drill", tier="web")  # a drill's
    client.has("anything", "rg-any", tier="web", lifeboat_plan="shop")
    client.has("other", "rg-any", tier="web", lifeboat_plan="another", lifeboat_purpose="drill")
    assert names(resolved(plan(wave("data", {"tags": {"tier": "web"}})), client)) == ["web-01", "web-02"]


def test_the_facts_of_a_vm() -> None:
    (one,) = waves(resolved(plan(), purpose="drill"))["shop/data"]["vms"]
    assert one == {
        "id": Vm(SUB, "rg-prod", "db-01").id,
        "name": "db-01",
        "resource_group": "rg-prod",
        "location": "eastasia",
        "priority": 100,
        "target": "primary",
        "from": "vault",
        "vault_id": VAULT_B.id,
        "recovered": {"id": Vm(SUB, "rg-drill", "drill-db-01").id, "name": "drill-db-01", "resource_group": "rg-drill"},
    }


def test_what_goes_together_is_one_task() -> None:
    document = plan(
        wave("data", machine("web-01"), machine("db-01"), machine("web-02", priority=1), machine("dc-01", target="south"), machine("app-01")),
        targets={"primary": TARGET, "south": SOUTH},
    )
    document["applications"][0]["target"] = "primary"
    one = waves(resolved(document))["shop/data"]
    assert [[vm.rsplit("/", 1)[1] for vm in batch["vm"]] for batch in one["restores"]] == [["web-02", "web-01"], ["db-01"], ["app-01"]]
    assert [batch.get("vault") for batch in one["restores"]] == [VAULT_A.id, VAULT_B.id, None]
    assert [[vm.rsplit("/", 1)[1] for vm in batch["vm"]] for batch in one["builds"]] == [["dc-01"]]


def test_one_list_of_vms_and_one_of_each_vault() -> None:
    client = estate()
    resolved(plan(wave("data", {"tags": {"tier": "web"}}), wave("more", machine("db-01")), vaults=VAULTS), client)
    assert sorted(client.sent) == [f"GET {VAULT_A.id}/backupProtectedItems", f"GET {VAULT_B.id}/backupProtectedItems", f"GET /subscriptions/{SUB}/resources"]


def test_without_the_right_to_list_the_subscription_the_groups_of_the_tags_do() -> None:
    client = estate()
    client.faults.append(("GET", f"{SUB}/resources", HttpError("no", status=403, code="AuthorizationFailed")))
    assert names(resolved(plan(wave("data", {"tags": {"tier": "web"}, "resource_group": "rg-prod"}), vaults=VAULTS), client)) == ["web-01", "web-02"]
    assert f"GET /subscriptions/{SUB}/resourceGroups/rg-prod/resources" in client.sent


def test_the_list_of_vms_is_needed_for_tags_only() -> None:
    for document, fails in ((plan(vaults=VAULTS), False), (plan(wave("data", {"tags": {"tier": "web"}}), vaults=VAULTS), True)):
        client = estate()
        client.faults.append(("GET", f"{SUB}/resources", HttpError("no", status=403, code="AuthorizationFailed")))
        if fails:
            with pytest.raises(HttpError):
                resolved(document, client)
        else:
            (one,) = waves(resolved(document, client))["shop/data"]["vms"]
            assert one["location"] is None and one["vault_id"] == VAULT_B.id


def test_vms_without_a_vault_are_told_of() -> None:
    result = resolved(plan(wave("data", machine("app-01"), machine("db-01"))))
    assert result["warnings"] == ["No vault of the subscription protects app-01: there is nothing to recover from."]
    assert waves(result)["shop/data"]["vms"][0]["vault_id"] is None


def test_vms_that_come_from_restore_points_need_no_vault() -> None:
    assert resolved(plan(wave("data", machine("app-01")), targets={"south": SOUTH}))["warnings"] == []


@pytest.mark.parametrize(
    ("more", "protection", "expected"),
    [
        ({"vaults": VAULTS[1:]}, None, VAULT_B.id),
        ({"vaults": VAULTS}, None, None),
        ({"vaults": VAULTS}, {"vault": "vault-b", "policy": "gold"}, VAULT_B.id),
        ({"vaults": VAULTS}, {"vault": "vault-a", "policy": "gold"}, None),
    ],
)
def test_a_vault_that_cannot_be_read_is_taken_from_the_plan(more: dict[str, Any], protection: dict[str, Any] | None, expected: str | None) -> None:
    client = estate()
    client.faults.append(("GET", "vault-b/backupProtectedItems", HttpError("down", status=503, code="ServiceUnavailable")))
    document = plan(**more)
    document["applications"][0]["protection"] = protection
    result = resolved(document, client)
    assert waves(result)["shop/data"]["vms"][0]["vault_id"] == expected
    assert "vault-b" in result["warnings"][0] and "down" in result["warnings"][0]


def test_a_drill_in_the_real_network_is_told_of() -> None:
    document = plan(targets={"primary": {**TARGET, "drill": {"resource_group": "rg-drill"}}})
    (warning,) = resolved(document, purpose="drill")["warnings"]
    assert "uses the network of the real recovery" in warning
    assert resolved(document)["warnings"] == []


def test_what_a_drill_leaves_behind_can_be_found() -> None:
    result = resolved(plan(), purpose="drill")
    assert result["tags"] == {"lifeboat_plan": "shop", "lifeboat_purpose": "drill", "lifeboat_run": "run-1"}
    assert result["cleanup"] == {"subscriptions": [SUB], "resource_groups": ["rg-drill"]}
    assert waves(result)["shop/data"]["restores"][0]["tags"] == result["tags"]
    assert resolved(plan())["cleanup"] is None


@pytest.mark.parametrize(
    ("purpose", "drill", "into", "validate_only"),
    [
        ("failover", None, "apim-standby", False),
        ("failover", {"name": "apim-drill", "resource_group": "rg-drill"}, "apim-standby", False),
        ("drill", {"name": "apim-drill", "resource_group": "rg-drill"}, "apim-drill", False),
        ("drill", None, "apim-standby", True),
    ],
)
def test_a_drill_never_restores_into_the_standby(purpose: str, drill: dict[str, Any] | None, into: str, validate_only: bool) -> None:
    (one,) = waves(resolved(plan(wave("data", api_management=[{**SERVICE, "drill": drill}])), purpose=purpose))["shop/data"]["api_management"]
    assert (one["name"], one["restore"]["name"], one["restore"]["confirm"], one["validate_only"]) == ("apim-shop", into, into, validate_only)
    assert (one["note"] is None) is not validate_only


def test_checks_know_their_vms() -> None:
    document = plan(
        wave(
            "data",
            {"tags": {"tier": "web"}},
            checks=[{"name": "all", "tcp": {"port": 22}}, {"name": "one", "tcp": {"port": 22}, "vms": ["WEB-02"], "timeout": "1h"}],
        )
    )
    first, second = waves(resolved(document))["shop/data"]["checks"]
    assert first == {
        "name": "all",
        "kind": "tcp",
        "on": "each",
        "vm_ids": [Vm(SUB, "rg-prod", name).id for name in ("web-01", "web-02")],
        "timeout_seconds": 300,
        "options": {"port": 22},
    }
    assert second["vm_ids"] == [Vm(SUB, "rg-prod", "web-02").id] and second["timeout_seconds"] == 3600


def test_protections_backups_and_replications_are_put_together_across_applications() -> None:
    wish = {
        "protection": {"vault": "vault-a", "policy": "gold"},
        "backup": {"max_age": "1h"},
        "replication": {"region": "Southeast Asia", "resource_group": "rg-copies"},
    }
    document = plan(vaults=VAULTS, targets={"primary": TARGET, "south": SOUTH})
    document["applications"] = [
        {"name": "one", "target": "primary", "waves": [wave("a", machine("web-01"))], **wish},
        {"name": "two", "target": "primary", "waves": [wave("a", machine("web-02"), machine("db-01", target="south"))], **wish},
        {"name": "three", "target": "primary", "waves": [wave("a", machine("app-01"))]},
    ]
    result = resolved(document)

    def short(options: dict[str, Any]) -> list[str]:
        return [vm.rsplit("/", 1)[1] for vm in options["vm"]]

    assert [(short(one), one["vault"], one["policy"]) for one in result["protections"]] == [(["web-01", "web-02", "db-01"], VAULT_A.id, "gold")]
    assert [(short(one), one["vault"]) for one in result["backups"]] == [(["web-01", "web-02"], VAULT_A.id), (["db-01"], VAULT_B.id)]
    assert {one["max_age"] for one in result["backups"]} == {"1h"}
    # Of the second application only what recovers from restore points.
    assert [short(one["copy"]) for one in result["replications"]] == [["web-01", "db-01"]]
    assert result["replications"][0]["restore_point"]["vm"] == result["replications"][0]["copy"]["vm"]


def test_objectives_and_what_a_failure_stops_come_from_the_plan_unless_an_application_has_its_own() -> None:
    document = plan(objectives={"rto": "4h", "rpo": "1d"}, on_failure="continue")
    document["applications"].append({"name": "b", "objectives": {"rto": "30m"}, "on_failure": "halt", "waves": [wave("a", machine("b"))]})
    found = outline(good(document), None)
    assert found["objectives"] == {"rto_seconds": 14400, "rpo_seconds": 86400}
    assert [one["objectives"] for one in found["applications"]] == [{"rto_seconds": 14400, "rpo_seconds": 86400}, {"rto_seconds": 1800, "rpo_seconds": 86400}]
    assert [one["on_failure"] for one in found["applications"]] == ["continue", "halt"]


def test_the_hash_tells_plans_apart_and_not_ways_of_writing_them() -> None:
    one = plan_hash(good(plan()))
    spelled = plan(on_failure="halt", **{"x-notes": "whatever"})
    spelled["applications"][0]["waves"][0]["virtual_machines"][0]["priority"] = 100
    assert plan_hash(good(dict(reversed(list(spelled.items()))))) == one
    assert plan_hash(good(plan(on_failure="continue"))) != one
    assert plan_hash(good(plan(wave("data", machine("db-02"))))) != one


def test_a_thousand_vms_are_as_many_requests_as_one() -> None:
    client = Estate(VAULT_A)
    for number in range(1000):
        client.add(item_of(client.has(f"vm-{number:04d}", app=f"app-{number % 10}")))
    document = plan(*(wave(f"w{number}", {"tags": {"app": f"app-{number}"}}) for number in range(10)), vaults=VAULTS[:1])
    result = resolved(document, client)
    assert result["plan"]["vm_count"] == 1000 and len(result["stages"]) == 10
    assert [len(one["restores"]) for one in waves(result).values()] == [1] * 10
    assert len([one for one in client.sent if one.endswith("/resources")]) == 1
