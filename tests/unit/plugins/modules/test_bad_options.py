# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be told to be wrong without asking Azure is told without asking Azure, by the name of its option, by every module."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

SUB = "00000000-0000-0000-0000-000000000001"
VMS = {"vm": ["web-01"], "vm_resource_group": "rg-prod"}
VAULT = {"vault": "vault-prod", "resource_group": "rg-backup"}
GOOD: dict[str, dict[str, Any]] = {
    "vm_backup_protection": {**VMS, **VAULT, "policy": "DefaultPolicy"},
    "vm_backup_trigger": {**VMS, **VAULT},
    "vm_restore": {
        **VMS,
        **VAULT,
        "mode": "new_vm",
        "target_resource_group": "rg-dr",
        "vm_name": "{name}-dr",
        "virtual_network": "vnet-dr",
        "subnet": "default",
        "storage_account": "ststaging1",
    },
    "backup_job": {**VAULT, "job": ["c13f09c6-798d-4957-adc7-e47f3732eb71"]},
    "drill_cleanup": {"tags": {"drill": "one"}},
    "apim_backup": {"name": "apim-prod", "resource_group": "rg-api", "storage_account": "stbackups", "container": "apim-backups"},
    "apim_backup_info": {"storage_account": "stbackups", "container": "apim-backups"},
    "apim_restore": {"name": "apim-dr", "resource_group": "rg-dr", "confirm": "apim-dr", "storage_account": "stdr", "container": "apim"},
    "protectable_vm_info": dict(VAULT),
    "protected_vm_info": dict(VAULT),
    "recovery_point_info": {**VMS, **VAULT},
    "backup_job_info": dict(VAULT),
    "recovery_vault": {"name": "vault-prod", "resource_group": "rg-backup"},
    "recovery_vault_info": {},
    "restore_point": dict(VMS),
    "restore_point_info": dict(VMS),
    "vm_boot_info": dict(VMS),
}
WAITING = [
    "apim_backup",
    "apim_restore",
    "vm_backup_protection",
    "vm_backup_trigger",
    "vm_restore",
    "backup_job",
    "drill_cleanup",
    "protectable_vm_info",
    "recovery_vault",
    "restore_point",
]


class NoClient:
    """Knows its subscription, and nothing may be asked of it."""

    def __init__(self, subscription: str = SUB) -> None:
        self.subscription_id = subscription
        self.hints: dict[str, str] = {}


def fails(monkeypatch: pytest.MonkeyPatch, module: str, options: dict[str, Any], *, subscription: str = SUB) -> dict[str, Any]:
    code = import_module(f"ansible_collections.lifeboat.azure_dr.plugins.modules.{module}")
    result = run_module(monkeypatch, code, NoClient(subscription), check=True, **{**GOOD[module], **options})
    assert result["failed"] and result["failure"]["code"] == "InvalidOption"
    return result


@pytest.mark.parametrize("module", WAITING)
@pytest.mark.parametrize(
    ("option", "value"),
    [("wait_timeout", 0), ("wait_timeout", -5), *(("poll_interval", value) for value in (0, -1, "nan", "inf"))],
)
def test_what_nothing_can_be_waited_with(monkeypatch: pytest.MonkeyPatch, module: str, option: str, value: object) -> None:
    assert fails(monkeypatch, module, {option: value})["failure"]["target"] == option


@pytest.mark.parametrize("module", list(GOOD))
@pytest.mark.parametrize("subscription", ["production", "../x", "00000000-0000-0000-0000-00000000000"])
def test_a_subscription_is_a_guid(monkeypatch: pytest.MonkeyPatch, module: str, subscription: str) -> None:
    assert fails(monkeypatch, module, {}, subscription=subscription)["failure"]["target"] == "subscription_id"


@pytest.mark.parametrize(
    ("module", "options", "named"),
    [
        ("vm_backup_protection", {"vm": ["/subscriptions/x/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a"]}, "vm"),
        (
            "vm_backup_protection",
            {"vault": "/subscriptions/x/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v1", "resource_group": None},
            "vault",
        ),
        ("vm_backup_protection", {"api_versions": {"backups": "2025-02-01"}}, "api_versions"),
        ("vm_backup_trigger", {"retain_until": "9999-12-31"}, "retain_until"),
        ("vm_restore", {"look_back": 10**9}, "look_back"),
        ("vm_restore", {"zone": "east"}, "zone"),
        ("vm_restore", {"tags": {"drill": None}}, "tags"),
        ("vm_restore", {"tags": {"drill": "one", "Drill": "two"}}, "tags"),
        ("vm_restore", {"tags": {"": "x"}}, "tags"),
        ("vm_restore", {"tags": {"a/b": "x"}}, "tags"),
        ("vm_restore", {"tags": {"drill": {"id": 1}}}, "tags"),
        ("vm_restore", {"tags": {"drill": "x" * 300}}, "tags"),
        ("vm_restore", {"tags": {str(number): "x" for number in range(60)}}, "tags"),
        (
            "vm_restore",
            {
                "subnet": f"/subscriptions/{SUB}/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
                "virtual_network": "/v",
            },
            "virtual_network",
        ),
        ("drill_cleanup", {"tags": {"drill": ["one"]}}, "tags"),
        ("drill_cleanup", {"tags": {"drill": ""}}, "tags"),
        ("drill_cleanup", {"resource_group": []}, "resource_group"),
        ("drill_cleanup", {"resource_group": [""]}, "resource_group"),
        ("drill_cleanup", {"resource_group": ["a/b"]}, "resource_group"),
        ("protectable_vm_info", {"vm_resource_group": "a/b"}, "vm_resource_group"),
        ("protected_vm_info", {"vm_resource_group": "a/b"}, "vm_resource_group"),
        ("protected_vm_info", {"vm": []}, "vm"),
        ("recovery_point_info", {"start": "0001-01-01"}, "start"),
        ("backup_job_info", {"start_time": "0001-01-01"}, "start_time"),
        ("backup_job_info", {"vm": ["web'01"]}, "vm"),
        ("backup_job_info", {"vm": [""]}, "vm"),
        ("backup_job_info", {"vm": []}, "vm"),
    ],
)
def test_the_option_is_named(monkeypatch: pytest.MonkeyPatch, module: str, options: dict[str, Any], named: str) -> None:
    result = fails(monkeypatch, module, options)
    assert result["failure"]["target"] == named and named in result["msg"]
