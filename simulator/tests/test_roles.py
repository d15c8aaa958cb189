# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from azure_dr_simulator.estate import EstateError, Principal, RoleAssignment
from azure_dr_simulator.gate.actions import action_of, changes
from azure_dr_simulator.gate.roles import grants_of, may
from harness import Local, error_code

SUB = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUB}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/v"
ITEM = f"{VAULT}/backupFabrics/Azure/protectionContainers/c%3Bx/protectedItems/i"


@pytest.mark.parametrize(
    ("method", "path", "action", "scope"),
    [
        ("GET", "/subscriptions", "Microsoft.Resources/subscriptions/read", "/subscriptions"),
        ("GET", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/read", GROUP),
        ("DELETE", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/delete", GROUP),
        ("GET", f"{SUB}/providers/Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachines/read", SUB),
        (
            "GET",
            f"{GROUP}/providers/Microsoft.Compute/virtualMachines",
            "Microsoft.Compute/virtualMachines/read",
            GROUP,
        ),
        (
            "POST",
            f"{GROUP}/providers/Microsoft.Compute/virtualMachines/a/start",
            "Microsoft.Compute/virtualMachines/start/action",
            f"{GROUP}/providers/Microsoft.Compute/virtualMachines/a",
        ),
        ("GET", f"{VAULT}/backupJobs", "Microsoft.RecoveryServices/vaults/backupJobs/read", VAULT),
        ("GET", f"{VAULT}/backupJobs/1", "Microsoft.RecoveryServices/vaults/backupJobs/read", f"{VAULT}/backupJobs/1"),
        (
            "POST",
            f"{VAULT}/backupFabrics/Azure/refreshContainers",
            "Microsoft.RecoveryServices/vaults/backupFabrics/refreshContainers/action",
            f"{VAULT}/backupFabrics/Azure",
        ),
        (
            "PUT",
            ITEM,
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/write",
            ITEM.replace("%3B", ";"),
        ),
        ("POST", f"{SUB}/providers/Microsoft.Storage/register", "Microsoft.Storage/register/action", SUB),
        ("GET", f"{SUB}/providers/Microsoft.Storage", "Microsoft.Resources/subscriptions/providers/read", SUB),
    ],
)
def test_action_names(method: str, path: str, action: str, scope: str) -> None:
    found = action_of(method, path)
    assert (found.name, found.scope) == (action, scope)


@pytest.mark.parametrize(
    ("method", "path", "writes"),
    [
        ("GET", VAULT, False),
        ("PUT", VAULT, True),
        ("DELETE", ITEM, True),
        ("POST", f"{ITEM}/backup", True),
        ("POST", f"{SUB}/providers/Microsoft.RecoveryServices/locations/eastasia/backupStatus", False),
        ("POST", f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a/listKeys", False),
    ],
)
def test_what_counts_as_a_write(method: str, path: str, writes: bool) -> None:
    assert changes(method, path) is writes


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("Owner", "Microsoft.Authorization/roleAssignments/write", True),
        ("Contributor", "Microsoft.Authorization/roleAssignments/write", False),
        ("Contributor", "Microsoft.Compute/virtualMachines/write", True),
        ("Reader", "Microsoft.Compute/virtualMachines/read", True),
        ("Reader", "Microsoft.Compute/virtualMachines/write", False),
        ("Reader", "Microsoft.Storage/storageAccounts/listKeys/action", False),
        ("Backup Contributor", "Microsoft.RecoveryServices/vaults/backupPolicies/write", True),
        ("Backup Contributor", "Microsoft.Compute/virtualMachines/write", False),
        (
            "Backup Operator",
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/backup/action",
            True,
        ),
        (
            "Backup Operator",
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/delete",
            False,
        ),
        ("Backup Reader", "Microsoft.RecoveryServices/vaults/backupJobs/read", True),
        ("Backup Reader", "Microsoft.RecoveryServices/vaults/backupJobs/cancel/action", False),
    ],
)
def test_roles(role: str, action: str, allowed: bool) -> None:
    principal = Principal("p", "c", "o", "s", roles=(RoleAssignment(role),))
    assert may(grants_of(principal, SUB.rsplit("/", 1)[-1]), action, VAULT) is allowed


def test_scope_of_an_assignment() -> None:
    principal = Principal("p", "c", "o", "s", roles=(RoleAssignment("Reader", scope=GROUP.upper()),))
    grants = grants_of(principal, "x")
    assert may(
        grants, "Microsoft.Compute/virtualMachines/read", f"{GROUP}/providers/Microsoft.Compute/virtualMachines/a"
    )
    assert not may(grants, "Microsoft.Compute/virtualMachines/read", f"{SUB}/resourceGroups/rg2")


def test_own_actions_and_unknown_roles() -> None:
    own = Principal("p", "c", "o", "s", roles=(RoleAssignment("custom", actions=("Microsoft.Compute/*/read",)),))
    assert may(grants_of(own, "x"), "Microsoft.Compute/disks/read", "/subscriptions/x/resourceGroups/g")
    with pytest.raises(EstateError, match="Emperor"):
        grants_of(Principal("p", "c", "o", "s", roles=(RoleAssignment("Emperor"),)), "x")


def test_forbidden_says_who_what_and_where(local: Local) -> None:
    path = f"{local.group('rg-prod')}/providers/Microsoft.Compute/virtualMachines/web-01"
    reply = local.send("DELETE", path, token=local.issue("auditor"))
    auditor = local.principal("auditor")
    assert (reply.status, error_code(reply)) == (403, "AuthorizationFailed")
    assert reply.body["error"]["message"] == (
        f"The client '{auditor.client_id}' with object id '{auditor.object_id}' does not have authorization to perform action "
        f"'Microsoft.Compute/virtualMachines/delete' over scope '{path}' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials."
    )
    assert local.get(path, token=local.issue("auditor")).status == 200


def test_subscriptions_show_only_to_those_with_a_role(local: Local) -> None:
    assert len(local.get("/subscriptions").body["value"]) == 1
    assert local.get("/subscriptions", token=local.issue("nobody")).body["value"] == []
    assert error_code(local.get(local.subscription, token=local.issue("nobody"))) == "AuthorizationFailed"
