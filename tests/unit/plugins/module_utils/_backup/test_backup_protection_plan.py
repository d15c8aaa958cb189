# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state that can be wanted against every state that a VM can be in."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.items import Disks, ProtectedItem, read_item
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policies import PolicyChoice
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.protection import (
    Wish,
    check_disks,
    check_guard_requests,
    fulfilled,
    plan,
)
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import Located
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import VAULT_A, item_of, policy_id, soft_deleted, vm

NOW = datetime(2026, 9, 14, tzinfo=timezone.utc)
DEFAULT = PolicyChoice("DefaultPolicy")
OTHER = PolicyChoice("EnhancedPolicy")
LUN3_OUT = {"diskExclusionProperties": {"diskLunList": [3], "isInclusionList": False}}
GUARD = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataProtection/resourceGuards/guard/deleteProtectedItemRequests/default"

ITEMS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "pending": item_of(vm(), state="IRPending"),
    "protected": item_of(vm()),
    "error": item_of(vm(), state="ProtectionError"),
    "paused": item_of(vm(), state="ProtectionPaused"),
    "stopped": item_of(vm(), state="ProtectionStopped", policy=None),
    "suspended": item_of(vm(), state="BackupsSuspended", policy=None),
    "suspended with policy": item_of(vm(), state="BackupsSuspended"),
    "invalid": item_of(vm(), state="Invalid", policy=None),
    "deleted": soft_deleted(vm()),
}


def located(name: str, **properties: Any) -> Located:
    resource = ITEMS[name]
    if resource is None:
        return Located(vm(), VAULT_A)
    item = read_item({**resource, "properties": {**resource["properties"], **properties}}, NOW)
    assert item is not None
    return Located(vm(), VAULT_A, item)


def item_named(name: str) -> ProtectedItem | None:
    return located(name).item


@pytest.mark.parametrize(
    ("state", "policy", "item", "expected"),
    [
        ("protected", DEFAULT, "none", ["enable"]),
        ("protected", DEFAULT, "pending", []),
        ("protected", DEFAULT, "protected", []),
        ("protected", DEFAULT, "error", []),
        ("protected", DEFAULT, "paused", []),
        ("protected", DEFAULT, "stopped", ["resume"]),
        ("protected", DEFAULT, "suspended", ["resume"]),
        ("protected", DEFAULT, "suspended with policy", ["resume"]),
        ("protected", DEFAULT, "invalid", ["resume"]),
        ("protected", DEFAULT, "deleted", ["undelete", "resume"]),
        ("protected", OTHER, "none", ["enable"]),
        ("protected", OTHER, "pending", ["change"]),
        ("protected", OTHER, "protected", ["change"]),
        ("protected", OTHER, "error", ["change"]),
        ("protected", None, "none", "PolicyRequired"),
        ("protected", None, "pending", []),
        ("protected", None, "protected", []),
        ("protected", None, "stopped", "PolicyRequired"),
        ("protected", None, "suspended", "PolicyRequired"),
        ("protected", None, "suspended with policy", ["resume"]),
        ("protected", None, "deleted", "PolicyRequired"),
        ("stopped", None, "none", "NotProtected"),
        ("stopped", None, "pending", ["stop"]),
        ("stopped", None, "protected", ["stop"]),
        ("stopped", None, "error", ["stop"]),
        ("stopped", None, "stopped", []),
        ("stopped", None, "suspended", ["stop"]),
        ("stopped", None, "invalid", ["stop"]),
        ("stopped", None, "deleted", ["undelete"]),
        ("suspended", None, "none", "NotProtected"),
        ("suspended", None, "pending", ["suspend"]),
        ("suspended", None, "protected", ["suspend"]),
        ("suspended", None, "stopped", ["suspend"]),
        ("suspended", None, "suspended", []),
        ("suspended", None, "deleted", ["undelete", "suspend"]),
        ("absent", None, "none", []),
        ("absent", None, "pending", ["delete"]),
        ("absent", None, "protected", ["delete"]),
        ("absent", None, "stopped", ["delete"]),
        ("absent", None, "suspended", ["delete"]),
        ("absent", None, "invalid", ["delete"]),
        ("absent", None, "deleted", []),
    ],
)
def test_steps(state: Any, policy: PolicyChoice | None, item: str, expected: list[str] | str) -> None:
    made = plan(located(item), Wish(state, policy))
    if isinstance(expected, str):
        assert made.problem is not None and made.problem.code == expected and made.problem.hint
        assert not made.steps and not made.changes and made.after == made.before
    else:
        assert made.problem is None
        assert [step.kind for step in made.steps] == expected
        assert made.changes is bool(expected)
        assert (made.before == made.after) is not bool(expected)


@pytest.mark.parametrize("item", list(ITEMS))
@pytest.mark.parametrize("state", ["protected", "stopped", "suspended", "absent"])
def test_no_steps_means_fulfilled(state: Any, item: str) -> None:
    wish = Wish(state, DEFAULT if state == "protected" else None)
    made = plan(located(item), wish)
    if made.problem is None:
        assert fulfilled(item_named(item), wish) is not made.changes


def test_enable_sends_what_azure_documents() -> None:
    (step,) = plan(located("none"), Wish("protected", DEFAULT)).steps
    assert step.properties == {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "sourceResourceId": vm().id,
        "policyId": policy_id(VAULT_A),
    }


def test_undelete_stop_and_suspend_send_what_the_azure_cli_sends() -> None:
    base = {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": vm().id, "policyId": ""}
    assert plan(located("deleted"), Wish("stopped")).steps[0].properties == {**base, "isRehydrate": True, "protectionState": "ProtectionStopped"}
    assert plan(located("protected"), Wish("stopped")).steps[0].properties == {**base, "protectionState": "ProtectionStopped"}
    assert plan(located("protected"), Wish("suspended")).steps[0].properties == {**base, "protectionState": "BackupsSuspended"}


def test_policies_compare_without_case() -> None:
    same = located("protected", policyId=policy_id(VAULT_A).replace("/subscriptions/", "/Subscriptions/").upper())
    assert not plan(same, Wish("protected", DEFAULT)).steps


@pytest.mark.parametrize(
    ("has", "wants", "steps", "sends"),
    [
        (None, None, [], None),
        (None, Disks((), False), [], None),
        (None, Disks((3,), False), ["change"], LUN3_OUT),
        (None, Disks((), True), ["change"], {"diskExclusionProperties": {"diskLunList": [], "isInclusionList": True}}),
        (LUN3_OUT, None, [], None),
        (LUN3_OUT, Disks((3,), False), [], None),
        (LUN3_OUT, Disks((3,), True), ["change"], {"diskExclusionProperties": {"diskLunList": [3], "isInclusionList": True}}),
        (LUN3_OUT, Disks((), False), ["change"], {"diskExclusionProperties": None}),
    ],
)
def test_disks(has: dict[str, Any] | None, wants: Disks | None, steps: list[str], sends: dict[str, Any] | None) -> None:
    made = plan(located("protected", extendedProperties=has or {}), Wish("protected", None, wants))
    assert [step.kind for step in made.steps] == steps
    if steps:
        assert made.steps[0].properties["extendedProperties"] == sends
        assert made.steps[0].properties["policyId"] == policy_id(VAULT_A)


def test_policy_and_disks_change_in_one_write() -> None:
    (step,) = plan(located("protected"), Wish("protected", OTHER, Disks((3,), False))).steps
    assert step.properties["policyId"] == policy_id(VAULT_A, "EnhancedPolicy")
    assert step.properties["extendedProperties"] == LUN3_OUT


def test_a_change_of_policy_keeps_the_disks() -> None:
    (step,) = plan(located("protected", extendedProperties=LUN3_OUT), Wish("protected", OTHER)).steps
    assert step.properties["extendedProperties"] == LUN3_OUT


def test_resuming_keeps_the_policy_that_a_suspended_vm_has() -> None:
    (step,) = plan(located("suspended with policy"), Wish("protected")).steps
    assert step.properties["policyId"] == policy_id(VAULT_A)


def test_guard_requests_go_with_what_a_guard_watches_over() -> None:
    for state, item in (("stopped", "protected"), ("suspended", "protected")):
        (step,) = plan(located(item), Wish(state, guard_requests=(GUARD,))).steps  # type: ignore[arg-type]
        assert step.properties["resourceGuardOperationRequests"] == [GUARD]
    (delete,) = plan(located("protected"), Wish("absent", guard_requests=(GUARD,))).steps
    assert delete.guard_requests == (GUARD,) and delete.item_id == item_of(vm())["id"]
    (enable,) = plan(located("none"), Wish("protected", DEFAULT, guard_requests=(GUARD,))).steps
    assert "resourceGuardOperationRequests" not in enable.properties


def test_before_and_after() -> None:
    made = plan(located("deleted"), Wish("protected", OTHER))
    assert made.before == {"state": "soft_deleted", "policy": None, "vault": VAULT_A.id, "disks": None}
    assert made.after == {"state": "protected", "policy": "EnhancedPolicy", "vault": VAULT_A.id, "disks": None}


def test_without_a_vault() -> None:
    nowhere = Located(vm())
    assert plan(nowhere, Wish("absent")).problem is None and not plan(nowhere, Wish("absent")).steps
    for state in ("protected", "stopped", "suspended"):
        problem = plan(nowhere, Wish(state, DEFAULT)).problem  # type: ignore[arg-type]
        assert problem is not None and problem.code == "NotProtected"


def test_what_could_not_be_read_is_the_vms_problem() -> None:
    problem = ArmError("no", code="AuthorizationFailed")
    made = plan(Located(vm(), problem=problem), Wish("absent"))
    assert made.problem is problem and not made.changes


def test_a_vm_of_another_subscription_cannot_be_enabled() -> None:
    stranger = Vm("00000000-0000-0000-0000-000000000002", "rg-prod", "web-01")
    problem = plan(Located(stranger, VAULT_A), Wish("protected", DEFAULT)).problem
    assert problem is not None and problem.code == "SubscriptionMismatch"


def test_options() -> None:
    assert check_disks(None) is None
    assert check_disks({"include_luns": [2, 0, 2], "exclude_luns": None}) == Disks((0, 2), True)
    assert check_disks({"include_luns": None, "exclude_luns": []}) == Disks((), False)
    assert check_guard_requests(None) == ()
    assert check_guard_requests([GUARD]) == (GUARD,)


@pytest.mark.parametrize("disks", [{"include_luns": [64]}, {"exclude_luns": [-1]}, {"include_luns": None, "exclude_luns": None}])
def test_wrong_disks(disks: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="disks"):
        check_disks(disks)


def test_wrong_guard_request() -> None:
    with pytest.raises(OptionError, match="resource_guard_operation_requests"):
        check_guard_requests(["default"])
