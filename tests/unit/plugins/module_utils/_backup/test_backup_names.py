# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and paths as recorded traffic has them."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import (
    VaultRef,
    is_container_of,
    item_path,
    item_path_of_id,
    operation_path,
    vault_of_id,
    vm_of_container,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm, vm_of_id

SUB = "00000000-0000-0000-0000-000000000000"
VAULT = VaultRef(SUB, "clitest.rg000001", "clitest-vault000002")
VAULT_PATH = f"/subscriptions/{SUB}/resourceGroups/clitest.rg000001/providers/Microsoft.RecoveryServices/vaults/clitest-vault000002"
MACHINE = Vm(SUB, "cliTest.RG000001", "clitest-VM000003")


def test_item_path_is_the_recorded_one() -> None:
    assert item_path(VAULT, MACHINE) == (
        f"{VAULT_PATH}/backupFabrics/Azure"
        "/protectionContainers/IaasVMContainer%3Biaasvmcontainerv2%3Bclitest.rg000001%3Bclitest-vm000003"
        "/protectedItems/vm%3Biaasvmcontainerv2%3Bclitest.rg000001%3Bclitest-vm000003"
    )


def test_item_path_of_an_id_keeps_the_names_as_azure_wrote_them() -> None:
    item_id = (
        f"{VAULT_PATH}/backupFabrics/Azure/protectionContainers/IaasVMContainer;iaasvmcontainerv2;sample-rg;Sample-VM"
        "/protectedItems/VM;iaasvmcontainerv2;sample-rg;Sample-VM"
    )
    assert item_path_of_id(VAULT, item_id) == (
        f"{VAULT_PATH}/backupFabrics/Azure/protectionContainers/IaasVMContainer%3Biaasvmcontainerv2%3Bsample-rg%3BSample-VM"
        "/protectedItems/VM%3Biaasvmcontainerv2%3Bsample-rg%3BSample-VM"
    )


def test_operation_path() -> None:
    assert operation_path(VAULT, "61d74d56-f583-44d0-bafb-1314991198ab") == f"{VAULT_PATH}/backupOperations/61d74d56-f583-44d0-bafb-1314991198ab"


@pytest.mark.parametrize(
    "text",
    [
        VAULT_PATH,
        VAULT_PATH.lower(),
        f"https://management.azure.com{VAULT_PATH}",
        f"{VAULT_PATH}/backupPolicies/DefaultPolicy",
        f"/Subscriptions{VAULT_PATH[14:]}",
    ],
)
def test_vault_of_id(text: str) -> None:
    found = vault_of_id(text)
    assert found is not None and found.key == VAULT.key


@pytest.mark.parametrize("text", [None, "", 5, "vault", "/subscriptions/x/resourceGroups/y", MACHINE.id])
def test_vault_of_what_is_none(text: object) -> None:
    assert vault_of_id(text) is None


@pytest.mark.parametrize("text", [None, "", VAULT_PATH, f"/subscriptions/{SUB}/resourceGroups/g/providers/Microsoft.ClassicCompute/virtualMachines/old"])
def test_vm_of_what_is_none(text: object) -> None:
    assert vm_of_id(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "iaasvmcontainerv2;clitest.rg000001;clitest-vm000003",
        "VM;iaasvmcontainerv2;CLITEST.rg000001;clitest-vm000003",
        "IaasVMContainer;iaasvmcontainerv2;clitest.rg000001;clitest-vm000003",
    ],
)
def test_containers_of_a_vm(text: str) -> None:
    assert is_container_of(text, MACHINE)
    assert vm_of_container(text, SUB) is not None


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "iaasvmcontainerv2;other;clitest-vm000003",
        "iaasvmcontainerv2;clitest.rg000001;clitest-vm00000",
        "iaasvmcontainer;clitest.rg000001;clitest-vm000003",
    ],
)
def test_containers_of_others(text: object) -> None:
    assert not is_container_of(text, MACHINE)
