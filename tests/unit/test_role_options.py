# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles that take batches of a module's options take all of them, in their argument specification and in their tasks."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._module import AUTH

ROLES = Path(__file__).resolve().parents[2] / "roles"
COLLECTION = "lifeboat.azure_dr."
MODULES = [
    pytest.param("restore_vms", "vm_restore", ("restore_vms_restores",), id="vm_restore"),
    pytest.param("restore_vms", "restore_point_restore", ("restore_vms_builds",), id="restore_point_restore"),
    pytest.param("recover_apim", "apim_restore", ("recover_apim_services", "restore"), id="apim_restore"),
    pytest.param("protect_vms", "vm_backup_protection", ("protect_vms_batches",), id="vm_backup_protection"),
    pytest.param("back_up_vms", "vm_backup_trigger", ("back_up_vms_batches",), id="vm_backup_trigger"),
    pytest.param("back_up_apim", "apim_backup", ("back_up_apim_batches",), id="apim_backup"),
    pytest.param("replicate_restore_points", "restore_point", ("replicate_restore_points_batches", "restore_point"), id="restore_point"),
    pytest.param("replicate_restore_points", "restore_point_copy", ("replicate_restore_points_batches", "copy"), id="restore_point_copy"),
]
OWN = {"wait", "job", "storage_key"}
"""What the roles see to themselves; what a loop goes over is shown, so that there is no key in it."""


def spec_of(module: str) -> dict[str, dict[str, Any]]:
    found = importlib.import_module(f"ansible_collections.{COLLECTION}plugins.modules.{module}").SPEC
    return {"subscription_id": {"type": "str"}, **{name: option for name, option in found.items() if name not in AUTH}}


def tasks_of(role: str) -> Iterator[dict[str, Any]]:
    for path in sorted((ROLES / role / "tasks").glob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))


def shape(option: dict[str, Any]) -> tuple[Any, ...]:
    return option.get("type", "str"), option.get("elements"), list(option.get("choices", ())), bool(option.get("required"))


@pytest.mark.parametrize(("role", "module", "place"), MODULES)
def test_batches_have_the_options_of_the_module(role: str, module: str, place: tuple[str, ...]) -> None:
    options = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    for name in place:
        options = options[name]["options"]
    wanted = {name: shape(option) for name, option in spec_of(module).items() if name not in OWN}
    assert {name: shape(option) for name, option in options.items()} == wanted


@pytest.mark.parametrize(("role", "module", "place"), MODULES)
def test_tasks_hand_on_every_option(role: str, module: str, place: tuple[str, ...]) -> None:
    calls = [task for task in tasks_of(role) if COLLECTION + module in task]
    assert calls
    for task in calls:
        assert task[COLLECTION + module].keys() | {"wait"} == spec_of(module).keys() | {"wait"}
        goes_on = task.get("ignore_errors") is True or task.get("failed_when") is False
        assert goes_on and task["register"], "one batch that fails must not hide the others"
