# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which permissions are missing, API Management, and what Azure's own check of the restores said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.backups import Backup
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.restores import Plan
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._apim.service import parse_service
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, HttpError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.check_api_management import check_api_management
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.check_permissions import check_permissions, check_validations
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.facts import ApimFacts, Grant
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.needs import Service
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.permissions import (
    CLEAN_AT_GROUP,
    CROSS_REGION_AT_SUBSCRIPTION,
    RECOVER_AT_GROUP,
    RESTORE_AT_VAULT,
    allows,
    grant_of,
    missing_actions,
    wanted_actions,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._readiness.readiness_samples import (
    GROUP,
    NOW,
    STORAGE,
    SUB,
    VAULT,
    VM,
    facts,
    need,
    needs,
)

FORBIDDEN = HttpError("no", status=403, code="AuthorizationFailed")


@pytest.mark.parametrize(
    ("actions", "not_actions", "action", "allowed"),
    [
        (["*"], [], "Microsoft.Compute/disks/write", True),
        (["*/read"], [], "Microsoft.Compute/disks/read", True),
        (["*/read"], [], "Microsoft.Compute/disks/write", False),
        (["microsoft.compute/DISKS/*"], [], "Microsoft.Compute/disks/write", True),
        (["Microsoft.Compute/*/write"], [], "Microsoft.Compute/virtualMachines/extensions/write", True),
        (["*"], ["Microsoft.Authorization/*/Write"], "Microsoft.Authorization/roleAssignments/write", False),
        (["*"], ["Microsoft.Compute/disks/write"], "Microsoft.Compute/disks/read", True),
        (["Microsoft.Compute/disks/writeX"], [], "Microsoft.Compute/disks/write", False),
        (["Microsoft-Compute/disks/write"], [], "Microsoft.Compute/disks/write", False),
        ([], [], "Microsoft.Compute/disks/read", False),
    ],
)
def test_wildcards(actions: list[str], not_actions: list[str], action: str, allowed: bool) -> None:
    assert allows(grant_of({"actions": actions, "notActions": not_actions, "dataActions": ["*"]}), action) is allowed


def test_what_one_role_denies_another_may_allow() -> None:
    grants = [Grant(("*",), ("A/write",)), Grant(("A/*",))]
    assert missing_actions(grants, ["A/write", "B/write"]) == []
    assert missing_actions(grants[1:], ["A/write", "B/write"]) == ["B/write"]


def test_each_place_is_asked_for_what_its_modules_need() -> None:
    wanted = wanted_actions(needs(need(), need(source="secondary_region")))
    assert wanted[VAULT.id][: len(RESTORE_AT_VAULT)] == RESTORE_AT_VAULT
    assert wanted[VAULT.id][-1].endswith("accessToken/action")
    assert wanted[f"/subscriptions/{SUB}"] == CROSS_REGION_AT_SUBSCRIPTION
    assert set(CLEAN_AT_GROUP) <= set(wanted[GROUP]) and set(RECOVER_AT_GROUP) <= set(wanted[GROUP])
    assert wanted[STORAGE] and wanted[f"/subscriptions/{SUB}/resourceGroups/rg-shop"]
    assert not set(CLEAN_AT_GROUP) & set(wanted_actions(needs(purpose="failover"))[GROUP])
    copied = wanted_actions(needs(need(source="restore_points", vault=None, storage_id=None)))
    assert VAULT.id not in copied and STORAGE not in copied


@pytest.mark.parametrize(
    ("grants", "state", "value"),
    [
        ([Grant(("*",))], "ok", []),
        ([Grant(("*/read",))], "failed", ["Microsoft.Storage/storageAccounts/write"]),
        ([], "failed", ["Microsoft.Storage/storageAccounts/read", "Microsoft.Storage/storageAccounts/write"]),
        (FORBIDDEN, "warning", None),
        (HttpError("gone", status=404, code="ResourceGroupNotFound"), "warning", None),
    ],
)
def test_permissions_are_missing_by_name(grants: Any, state: str, value: list[str] | None) -> None:
    there = facts()
    there.permissions[STORAGE.lower()] = grants
    (found,) = [one for one in check_permissions(needs(), there) if one.subject_id == STORAGE]
    assert (found.state, found.value) == (state, value)
    assert all(action in found.message for action in value or ())


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        ({"failed": True, "failure": {"code": "RestoreValidationFailed", "message": "no quota", "hint": "Ask."}}, "failed"),
        ({"failed": True, "failure": {"code": "AuthorizationFailed", "message": "no", "status": 403}}, "unknown"),
        ({"failed": True, "failure": {"code": "NotProtected", "message": "no"}}, None),
        ({"failed": False, "action": "started"}, "ok"),
        ({"failed": False, "action": "none"}, None),
    ],
)
def test_what_azure_says_of_a_restore(entry: dict[str, Any], state: str | None) -> None:
    found = list(check_validations(needs(), [{"id": VM.id.upper(), "name": VM.name, **entry}]))
    assert [one.state for one in found] == ([state] if state else [])
    assert all(one.application == "shop" and one.check == "restore_validation" for one in found)


def service(state: str = "Succeeded", sku: str = "Developer") -> Any:
    return parse_service({"id": f"{GROUP}/providers/Microsoft.ApiManagement/service/apim", "sku": {"name": sku}, "properties": {"provisioningState": state}})


def backup(hours: float) -> Backup:
    return Backup("apim-1", 100, NOW - timedelta(hours=hours))


PROBLEM = ArmError("The tiers differ.", code="TierMismatch", hint="Change one.")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (ApimFacts(service(), service(), backup(5), "st/c", Plan("start")), ["ok"]),
        (ApimFacts(service(), service(), backup(50), "st/c", Plan("start")), ["failed"]),
        (ApimFacts(service(), service(), backup(5), "st/c", Plan("none", problem=PROBLEM)), ["failed"]),
        (ApimFacts(service("Failed"), service(), backup(5), "st/c", Plan("start", warnings=("its tier is not known",))), ["ok", "warning", "warning"]),
        (ApimFacts(service(), None, None, "st/c"), ["failed"]),
        (ApimFacts(service(), None, Backup("apim-1"), "st/c"), ["warning"]),
        (ApimFacts(None, None, backup(24 * 25), "st/c"), ["failed", "warning"]),
        (ApimFacts(None, None, backup(24 * 31), "st/c"), ["failed"]),
        (ArmError("There is no service.", code="ServiceNotFound"), ["failed"]),
        (FORBIDDEN, ["unknown"]),
        (None, ["unknown"]),
    ],
)
def test_api_management(found: ApimFacts | ArmError | None, expected: list[str]) -> None:
    there = facts()
    if found is not None:
        there.services["apim"] = found
    assert [one.state for one in check_api_management(needs(services=(Service("apim", "shop"),)), there)] == expected
