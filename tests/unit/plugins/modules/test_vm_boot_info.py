# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm_boot_info as Ansible calls it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.modules import vm_boot_info
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import client_for
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._compute.fake_machines import FakeMachines
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

NAMES = {"vm": ["web", "quiet", "nobody"], "vm_resource_group": "rg-dr"}


@pytest.fixture(name="azure")
def make_azure() -> FakeMachines:
    azure = FakeMachines()
    azure.add("web", "10.0.0.4")
    azure.add("quiet", "10.0.0.5", logged=False)
    azure.logs["web"] = ["web login:"]
    return azure


def run(monkeypatch: pytest.MonkeyPatch, azure: FakeMachines, **options: Any) -> dict[str, Any]:
    return run_module(monkeypatch, vm_boot_info, client_for(azure), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("check", [True, False])
def test_states_and_logs(monkeypatch: pytest.MonkeyPatch, azure: FakeMachines, check: bool) -> None:
    result = run(monkeypatch, azure, check=check, **NAMES, boot_log=[{"contains": "login:", "timeout": "0"}])
    assert not result["failed"] and result["changed"] is False
    assert [(one["name"], one["power_state"], one["private_ip_addresses"]) for one in result["vm_states"]] == [
        ("web", "running", ["10.0.0.4"]),
        ("quiet", "running", ["10.0.0.5"]),
        ("nobody", None, []),
    ]
    assert result["vm_states"][2]["failure"]["code"] == "VmNotFound"
    assert [(one["name"], one["ok"], (one.get("failure") or {}).get("code")) for one in result["boot_logs"]] == [
        ("web", True, None),
        ("quiet", False, "BootDiagnosticsNotEnabled"),
        ("nobody", False, "VmNotFound"),
    ]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"vm": []}, "vm"),
        ({"boot_log": [{}]}, "boot_log[0]"),
        ({"boot_log": [{"contains": "a", "matches": "b"}]}, "boot_log[0]"),
        ({"boot_log": [{"matches": "("}]}, "boot_log[0].matches"),
        ({"boot_log": [{"contains": "a", "timeout": "soon"}]}, "boot_log[0].timeout"),
        ({"boot_log": [{"contains": "a", "vm": ["other"]}]}, "boot_log[0].vm"),
        ({"interval": 0}, "interval"),
    ],
)
def test_bad_options_fail_before_any_request(monkeypatch: pytest.MonkeyPatch, azure: FakeMachines, options: dict[str, Any], option: str) -> None:
    result = run(monkeypatch, azure, **{**NAMES, **options})
    assert result["failed"] and result["failure"]["target"] == option and azure.sent == []
