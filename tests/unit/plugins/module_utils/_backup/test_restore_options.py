# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a restore: what contradicts each other fails by name, and the rest becomes resource ids."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_options import make_targets, needs_vault, point_wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.restore_request import Rehydration, RestoreTarget
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._target_options import new_vm_name

SUB = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000002"
RG = f"/subscriptions/{SUB}/resourceGroups"
WEB = Vm(SUB, "rg-prod", "web-01")
NETWORK = f"{RG}/rg-net/providers/Microsoft.Network/virtualNetworks/vnet"
STORAGE = f"{RG}/rg-st/providers/Microsoft.Storage/storageAccounts/stage"

DISKS: dict[str, Any] = {"mode": "disks", "target_resource_group": "rg-dr", "storage_account": "stage"}
NEW_VM: dict[str, Any] = {**DISKS, "mode": "new_vm", "vm_name": "{name}-dr", "virtual_network": "vnet", "subnet": "default"}
REPLACE: dict[str, Any] = {"mode": "replace", "allow_replace": True, "storage_account": STORAGE}


def target(params: dict[str, Any], vm: Vm = WEB) -> RestoreTarget:
    return make_targets(params, [vm])[vm.key]


@pytest.mark.parametrize(
    ("params", "option"),
    [
        ({**DISKS, "mode": "files"}, "mode"),
        ({**DISKS, "storage_account": ""}, "storage_account"),
        ({**DISKS, "storage_account": "Not-A-Name"}, "storage_account"),
        ({**DISKS, "storage_account": NETWORK}, "storage_account"),
        ({**DISKS, "storage_account": STORAGE, "storage_account_resource_group": "rg-st"}, "storage_account_resource_group"),
        ({**DISKS, "target_resource_group": None}, "storage_account_resource_group"),
        ({**DISKS, "vm_name": "x"}, "vm_name"),
        ({**DISKS, "subnet": "x"}, "subnet"),
        ({**DISKS, "virtual_network": "x"}, "virtual_network"),
        ({**DISKS, "allow_replace": True}, "allow_replace"),
        ({**DISKS, "target_resource_group": "bad group?"}, "target_resource_group"),
        ({**DISKS, "target_resource_group": STORAGE}, "target_resource_group"),
        ({**DISKS, "target_subscription": "production"}, "target_subscription"),
        ({**DISKS, "target_resource_group": f"{RG}/rg-dr", "target_subscription": OTHER}, "target_subscription"),
        ({**DISKS, "recovery_point": "newest"}, "recovery_point"),
        ({**DISKS, "recovery_point": "1.1e15"}, "recovery_point"),
        ({**DISKS, "before": "yesterday"}, "before"),
        ({**DISKS, "recovery_point": "1103996678573089", "before": "2026-07-01"}, "before"),
        ({**DISKS, "rehydration_priority": "high"}, "rehydration_priority"),
        ({**DISKS, "rehydration_duration": 12, "tier": "vault"}, "rehydration_duration"),
        ({**DISKS, "rehydration_duration": 9, "tier": "archive"}, "rehydration_duration"),
        ({**DISKS, "rehydration_duration": 31, "tier": "archive"}, "rehydration_duration"),
        ({**DISKS, "tier": "snapshot", "zone": "1"}, "zone"),
        ({**DISKS, "tier": "snapshot", "from_secondary_region": True}, "from_secondary_region"),
        ({**DISKS, "tier": "snapshot", "target_subscription": OTHER}, "tier"),
        ({**DISKS, "secondary_region": "southeastasia"}, "secondary_region"),
        ({**DISKS, "from_secondary_region": True, "tier": "archive"}, "tier"),
        ({**DISKS, "from_secondary_region": True, "identity": "system"}, "identity"),
        ({**DISKS, "from_secondary_region": True, "validate": True}, "validate"),
        ({**DISKS, "from_secondary_region": True, "disk_encryption_set": "/x"}, "disk_encryption_set"),
        ({**DISKS, "from_secondary_region": True, "disk_network_access": "same_as_source"}, "disk_network_access"),
        ({**DISKS, "disk_encryption_set": STORAGE}, "disk_encryption_set"),
        ({**DISKS, "identity": "mine"}, "identity"),
        ({**DISKS, "disk_network_access": "private"}, "disk_access"),
        ({**DISKS, "disk_network_access": "public", "disk_access": "/x"}, "disk_access"),
        ({**DISKS, "disk_luns": [0, 64]}, "disk_luns"),
        ({**DISKS, "disk_luns": [-1]}, "disk_luns"),
        ({**DISKS, "disk_luns": [1, 1]}, "disk_luns"),
        ({**DISKS, "look_back": 0}, "look_back"),
        ({**DISKS, "resource_guard_operation_requests": ["approved"]}, "resource_guard_operation_requests"),
        ({**DISKS, "target_resource_group": None, "storage_account": STORAGE, "tags": {"drill": "1"}}, "tags"),
        ({**NEW_VM, "vm_name": None}, "vm_name"),
        ({**NEW_VM, "vm_name": "{vm}"}, "vm_name"),
        ({**NEW_VM, "vm_name": "{name.upper}"}, "vm_name"),
        ({**NEW_VM, "vm_name": "{name!r}"}, "vm_name"),
        ({**NEW_VM, "vm_name": "{name:>9}"}, "vm_name"),
        ({**NEW_VM, "vm_name": "{name"}, "vm_name"),
        ({**NEW_VM, "vm_name": "{name}/x"}, "vm_name"),
        ({**NEW_VM, "vm_name": "x" * 65}, "vm_name"),
        ({**NEW_VM, "target_resource_group": None}, "target_resource_group"),
        ({**NEW_VM, "subnet": None}, "subnet"),
        ({**NEW_VM, "virtual_network": None}, "virtual_network"),
        ({**NEW_VM, "subnet": "a/b"}, "subnet"),
        ({**NEW_VM, "subnet": NETWORK}, "subnet"),
        ({**NEW_VM, "virtual_network": STORAGE}, "virtual_network"),
        ({**NEW_VM, "virtual_network": NETWORK, "virtual_network_resource_group": "rg-net"}, "virtual_network_resource_group"),
        ({**NEW_VM, "virtual_network": "elsewhere", "subnet": f"{NETWORK}/subnets/s"}, "virtual_network"),
        ({**NEW_VM, "allow_replace": True}, "allow_replace"),
        ({**REPLACE, "allow_replace": False}, "allow_replace"),
        ({**REPLACE, "target_resource_group": "rg-dr"}, "target_resource_group"),
        ({**REPLACE, "target_subscription": OTHER}, "target_subscription"),
        ({**REPLACE, "zone": "1"}, "zone"),
        ({**REPLACE, "from_secondary_region": True}, "from_secondary_region"),
        ({**REPLACE, "tier": "snapshot"}, "tier"),
        ({**REPLACE, "tags": {"drill": "1"}}, "tags"),
        ({**REPLACE, "vm_name": "x"}, "vm_name"),
    ],
)
def test_contradictions_name_their_option(params: dict[str, Any], option: str) -> None:
    with pytest.raises(OptionError) as caught:
        make_targets(params, [WEB])
    assert caught.value.option == option


@pytest.mark.parametrize(
    ("params", "field", "expected"),
    [
        (DISKS, "group_id", f"{RG}/rg-dr"),
        (DISKS, "storage_account_id", f"{RG}/rg-dr/providers/Microsoft.Storage/storageAccounts/stage"),
        ({**DISKS, "storage_account_resource_group": "rg-st"}, "storage_account_id", STORAGE),
        ({**DISKS, "target_subscription": OTHER}, "group_id", f"/subscriptions/{OTHER}/resourceGroups/rg-dr"),
        ({**DISKS, "target_resource_group": f"/subscriptions/{OTHER}/resourceGroups/rg-x"}, "group_id", f"/subscriptions/{OTHER}/resourceGroups/rg-x"),
        ({**DISKS, "target_resource_group": None, "storage_account": STORAGE}, "group_id", None),
        ({**DISKS, "disk_luns": [2, 0]}, "luns", (0, 2)),
        ({**DISKS, "disk_luns": []}, "luns", ()),
        ({**DISKS, "zone": "2"}, "zone", "2"),
        ({**DISKS, "zone": "NoZone"}, "zone", "NoZone"),
        (DISKS, "luns", None),
        ({**DISKS, "identity": "System"}, "identity", "system"),
        ({**DISKS, "tier": "archive"}, "rehydration", Rehydration("standard", 15)),
        ({**DISKS, "tier": "archive", "rehydration_priority": "high", "rehydration_duration": 30}, "rehydration", Rehydration("high", 30)),
        (NEW_VM, "vm_id", f"{RG}/rg-dr/providers/Microsoft.Compute/virtualMachines/web-01-dr"),
        (NEW_VM, "subnet_id", f"{RG}/rg-dr/providers/Microsoft.Network/virtualNetworks/vnet/subnets/default"),
        ({**NEW_VM, "virtual_network_resource_group": "rg-net"}, "subnet_id", f"{NETWORK}/subnets/default"),
        ({**NEW_VM, "virtual_network": NETWORK}, "subnet_id", f"{NETWORK}/subnets/default"),
        ({**NEW_VM, "virtual_network": None, "subnet": f"{NETWORK}/subnets/s"}, "network_id", NETWORK),
        ({**NEW_VM, "virtual_network": "VNET", "subnet": f"{NETWORK}/subnets/s"}, "network_id", NETWORK),
        (REPLACE, "group_id", None),
        (REPLACE, "storage_account_id", STORAGE),
    ],
)
def test_names_become_ids(params: dict[str, Any], field: str, expected: Any) -> None:
    assert getattr(target(params), field) == expected


@pytest.mark.parametrize(
    ("template", "name"), [("{name}-dr", "web-01-dr"), ("{resource_group}-{name}", "rg-prod-web-01"), ("copy", "copy"), ("{name}", "web-01")]
)
def test_names_of_new_vms(template: str, name: str) -> None:
    assert new_vm_name(template, WEB) == name


@pytest.mark.parametrize("template", ["copy", "{resource_group}"])
def test_many_vms_need_names_of_their_own(template: str) -> None:
    with pytest.raises(OptionError, match="names web-01 and WEB-02 alike"):
        make_targets({**NEW_VM, "vm_name": template}, [WEB, Vm(SUB, "rg-prod", "WEB-02")])


def test_vms_of_one_name_in_two_groups_collide_too() -> None:
    with pytest.raises(OptionError, match="vm_name"):
        make_targets(NEW_VM, [WEB, Vm(SUB, "rg-test", "Web-01")])


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (DISKS, False),
        (NEW_VM, False),
        (REPLACE, True),
        ({**DISKS, "zone": "1"}, True),
        ({**DISKS, "target_subscription": OTHER}, True),
        ({**DISKS, "target_subscription": SUB.upper()}, False),
        ({**DISKS, "from_secondary_region": True}, True),
    ],
)
def test_what_needs_a_copy_in_the_vault(params: dict[str, Any], expected: bool) -> None:
    assert needs_vault(params, target(params)) is expected


def test_the_wish() -> None:
    wish = point_wish({"recovery_point": "latest", "before": "2026-07-01", "consistency": "application", "tier": "vault"}, needs_vault=True)
    assert wish.name is None and wish.before is not None and wish.before.isoformat() == "2026-07-01T00:00:00+00:00"
    assert (wish.consistency, wish.tier, wish.needs_vault) == ("application", "vault", True)
    assert point_wish({"recovery_point": "1103996678573089"}).name == "1103996678573089"
