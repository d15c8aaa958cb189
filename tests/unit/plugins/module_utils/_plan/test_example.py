# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of a plan, resolved: the options that come of it are options of the modules, and the modules can work with them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, Iterator

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.storage_options import read_storage
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup import restore_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._checks.spec import read_checks
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute import point_restore_options
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import parse_vms
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import AUTH
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.resolve import Resolution
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._plan.schema import CHECK
from ansible_collections.lifeboat.azure_dr.plugins.modules import (
    apim_backup,
    apim_restore,
    restore_point,
    restore_point_copy,
    restore_point_restore,
    vm_backup_protection,
    vm_backup_trigger,
    vm_restore,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import SUB, item_of
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._plan.plans import Estate, good, machine, plan, wave

FILES = Path(__file__).resolve().parents[5] / "playbooks" / "files"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FILES / name).read_text(encoding="utf-8"))
    return found


def example_estate() -> Estate:
    """The VMs and vaults of the example's estate."""
    document = read("example_estate.yml")
    vaults = {vault["name"]: VaultRef(SUB, vault["resource_group"], vault["name"]) for vault in document["vaults"]}
    client = Estate(*vaults.values())
    for entry in document["virtual_machines"]:
        for number in range(1, entry.get("count", 1) + 1):
            vm = client.has(entry["name"].format(n=number), entry["resource_group"], "eastasia", **entry["tags"])
            vault = vaults["rsv-shop" if vm.name.startswith("shop-") else "rsv-office"]
            client.add(item_of(vm, vault), vault)
    return client


def resolved(purpose: str) -> dict[str, Any]:
    resolution = Resolution(good(read("example_plan.yml"), purpose), purpose, "run-1", SUB, {}, None)
    result = resolution.resolve(example_estate())  # type: ignore[arg-type]
    assert resolution.warnings == []
    return result


def options_of(result: dict[str, Any]) -> Iterator[tuple[ModuleType, dict[str, Any]]]:
    for stage in result["stages"]:
        for wave in stage["waves"]:
            yield from ((vm_restore, options) for options in wave["restores"])
            yield from ((restore_point_restore, options) for options in wave["builds"])
            yield from ((apim_restore, service["restore"]) for service in wave["api_management"])
    yield from ((vm_backup_protection, options) for options in result["protections"])
    yield from ((vm_backup_trigger, options) for options in result["backups"])
    yield from ((restore_point, options["restore_point"]) for options in result["replications"])
    yield from ((restore_point_copy, options["copy"]) for options in result["replications"])
    yield from ((apim_backup, options) for options in result["api_backups"])


def accepted(module: Any, options: dict[str, Any]) -> dict[str, Any]:
    checked = ArgumentSpecValidator({**AUTH, **module.SPEC}).validate(options)
    assert checked.error_messages == []
    found: dict[str, Any] = checked.validated_parameters
    return found


@pytest.mark.parametrize("purpose", ["drill", "failover"])
def test_the_modules_take_the_options(purpose: str) -> None:
    seen: set[str] = set()
    for module, options in options_of(resolved(purpose)):
        params = accepted(module, options)
        seen.add(module.__name__.rpartition(".")[2])
        if "vm" in params:
            vms = parse_vms(params["vm"], None, SUB)
        if module is vm_restore:
            restore_options.make_targets(params, vms)
        if module is restore_point_restore:
            point_restore_options.read_choice(params, vms)
            point_restore_options.make_targets(params, vms)
        if module in (apim_backup, apim_restore):
            read_storage(params)
    assert seen == {
        "apim_backup",
        "apim_restore",
        "restore_point",
        "restore_point_copy",
        "restore_point_restore",
        "vm_backup_protection",
        "vm_backup_trigger",
        "vm_restore",
    }


def test_checks_are_what_check_vms_takes() -> None:
    checks = [check for stage in resolved("drill")["stages"] for wave in stage["waves"] for check in wave["checks"]]
    assert {check.kind for check in read_checks(checks)} == {"tcp", "http", "boot_diagnostics"}


@pytest.mark.parametrize(
    "check",
    [
        {"tcp": {"port": 22, "host": "10.0.0.1"}},
        {
            "http": {
                "url": "https://{address}/",
                "status": [200, 204],
                "contains": "ok",
                "method": "POST",
                "connect_to": "10.0.0.1",
                "validate_certs": False,
                "ca_path": "/ca.pem",
                "follow_redirects": True,
            }
        },
        {"boot_diagnostics": {"contains": "login:"}},
        {"boot_diagnostics": {"matches": "log.n:"}},
        {"command": {"cmd": "true", "connection": {"ansible_connection": "ssh"}}},
        {"role": {"name": "my.own.smoke", "vars": {"a": 1}, "connection": {"ansible_user": "u"}}},
    ],
)
def test_every_key_of_a_check_is_one_that_check_vms_knows(check: dict[str, Any]) -> None:
    document = plan(wave("a", machine("db-01"), checks=[{"name": "c", **check}]))
    result = Resolution(good(document), "failover", None, SUB, {}, None).resolve(Estate())  # type: ignore[arg-type]
    (found,) = read_checks(result["stages"][0]["waves"][0]["checks"])
    assert found.options == next(iter(check.values()))
    (kind,) = check
    below = CHECK.keys[kind].node
    assert below is not None and set(below.keys) >= set(check[kind])


def test_the_example_is_a_plan_of_20_vms_in_four_stages() -> None:
    result = resolved("drill")
    assert result["plan"]["vm_count"] == 20
    assert [[wave["id"] for wave in stage["waves"]] for stage in result["stages"]] == [
        ["office/identity"],
        ["office/files", "shop/data"],
        ["shop/app"],
        ["shop/web"],
    ]


def test_what_the_restores_call_the_vms_is_what_the_plan_says() -> None:
    for purpose in ("drill", "failover"):
        for stage in resolved(purpose)["stages"]:
            for wave in stage["waves"]:
                expected = {vm["recovered"]["id"].lower() for vm in wave["vms"]}
                found: set[str] = set()
                for options in wave["restores"]:
                    targets = restore_options.make_targets(accepted(vm_restore, options), parse_vms(options["vm"], None, SUB))
                    found |= {str(target.vm_id).lower() for target in targets.values()}
                for options in wave["builds"]:
                    made = point_restore_options.make_targets(accepted(restore_point_restore, options), parse_vms(options["vm"], None, SUB))
                    found |= {str(target.vm_id).lower() for target in made.values()}
                assert found == expected
