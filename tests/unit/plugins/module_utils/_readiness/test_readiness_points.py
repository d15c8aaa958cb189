# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery points, copies and protection, as tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import ArmError, HttpError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.recovery_points import parse_point
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_state import VaultSettings
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.points import Point
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._compute.points import parse as parse_copy
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.check_points import check_points
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.check_protection import check_protection, check_vaults
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._readiness.needs import Protection
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._readiness.readiness_samples import (
    DAY,
    GROUP,
    NOW,
    VAULT,
    VM,
    facts,
    item,
    need,
    needs,
    told,
    vault,
)

FORBIDDEN = HttpError("no", status=403, code="AuthorizationFailed", hint="Ask.")
SOFT = {
    "protectionState": "ProtectionStopped",
    "isScheduledForDeferredDelete": True,
    "deferredDeleteTimeInUTC": "2026-09-09T00:00:00Z",
    "softDeleteRetentionPeriod": 14,
}


@pytest.mark.parametrize(
    ("items", "state", "words", "value"),
    [
        ({VM.key: item(2)}, "ok", "is 2 h 00 min old", 7200),
        ({VM.key: item(24)}, "ok", "old", 86400),
        ({VM.key: item(50)}, "failed", "is 2 d 02 h old, and the objective is 24 h 00 min", 180000),
        ({VM.key: item(None)}, "failed", "no recovery point yet", None),
        ({VM.key: item(2, **SOFT)}, "failed", "deleted", None),
        ({}, "failed", "no vault protects", None),
        (FORBIDDEN, "unknown", "AuthorizationFailed", None),
    ],
)
def test_newest_recovery_point_against_the_objective(items: Any, state: str, words: str, value: int | None) -> None:
    there = facts()
    there.items[VAULT.key] = items
    (found,) = check_points(needs(), there)
    assert (found.check, found.state, found.value, found.objective) == ("recovery_point", state, value, DAY)
    assert words in found.message and found.application == "shop" and found.subject_id == VM.id
    assert (found.hint is None) == (state == "ok")


def test_without_an_objective_any_age_will_do() -> None:
    there = facts()
    there.items[VAULT.key] = {VM.key: item(5000)}
    (found,) = check_points(needs(need(application="office")), there)
    assert (found.state, found.objective) == ("ok", None)


def point(hours: float, *tiers: str) -> Any:
    details = [{"type": tier, "status": "Valid"} for tier in tiers]
    made = (NOW - timedelta(hours=hours)).isoformat()
    return parse_point({"name": "1", "properties": {"recoveryPointTime": made, "recoveryPointTierDetails": details}})


@pytest.mark.parametrize(
    ("points", "state", "words"),
    [
        ([point(2, "HardenedRP")], "ok", "paired region is 2 h 00 min old"),
        ([point(1, "InstantRP"), point(30, "HardenedRP")], "failed", "is 30 h 00 min old"),
        ([point(1, "InstantRP")], "failed", "not in the vault yet"),
        ([], "failed", "no recovery point yet"),
        (ArmError("none there", code="NotInSecondaryRegion"), "failed", "none there"),
        (FORBIDDEN, "unknown", "AuthorizationFailed"),
        (None, "failed", "no vault protects"),
    ],
)
def test_of_the_paired_region_only_copies_there_count(points: Any, state: str, words: str) -> None:
    there = facts()
    if points is not None:
        there.points[VM.key] = points
    (found,) = check_points(needs(need(source="secondary_region")), there)
    assert found.state == state and words in found.message


def test_another_subscription_takes_a_copy_in_the_vault_however_new_the_snapshot_is() -> None:
    there = facts()
    there.points[VM.key] = [point(1, "InstantRP"), point(3, "HardenedRP", "InstantRP")]
    (found,) = check_points(needs(need(needs_vault_copy=True)), there)
    assert (found.state, found.value) == ("ok", 3 * 3600)


def copy(hours: float) -> Point:
    made = (NOW - timedelta(hours=hours)).isoformat()
    properties = {"timeCreated": made, "provisioningState": "Succeeded", "sourceRestorePoint": {"id": "/x"}}
    return parse_copy({"id": f"{GROUP}/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/p", "name": "p", "properties": properties})


INCOMPLETE = ArmError("The copy p is not complete: data is at 40 percent.", code="RestorePointIncomplete", hint="Wait.")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((copy(2), ()), [("recovery_point", "ok"), ("replication", "ok")]),
        ((copy(30), ()), [("recovery_point", "failed"), ("replication", "ok")]),
        ((copy(2), ("q is newer, but not complete, so p is restored",)), [("recovery_point", "ok"), ("replication", "warning")]),
        (INCOMPLETE, [("recovery_point", "failed"), ("replication", "failed")]),
        (ArmError("There is none.", code="CollectionNotFound"), [("recovery_point", "failed")]),
        (FORBIDDEN, [("recovery_point", "unknown")]),
        (None, [("recovery_point", "failed")]),
    ],
)
def test_copies_of_restore_points(found: Any, expected: list[tuple[str, str]]) -> None:
    there = facts()
    if found is not None:
        there.copies[VM.key] = found
    findings = list(check_points(needs(need(source="restore_points", vault=None, region="southeastasia")), there))
    assert [(one.check, one.state) for one in findings] == expected


@pytest.mark.parametrize(
    ("items", "state", "words"),
    [
        ({VM.key: item()}, "ok", "rsv-shop protects it with Daily"),
        ({VM.key: item(lastBackupStatus="Failed")}, "warning", "last backup ended Failed"),
        ({VM.key: item(healthStatus="ActionRequired", healthDetails=[{"title": "AgentMissing"}])}, "warning", "ActionRequired: AgentMissing"),
        ({VM.key: item(protectionState="ProtectionError")}, "warning", "ProtectionError"),
        ({VM.key: item(protectionState="ProtectionStopped")}, "warning", "stopped"),
        ({VM.key: item(protectionState="BackupsSuspended")}, "warning", "suspended"),
        ({VM.key: item(protectionState="Invalid")}, "failed", "invalid"),
        ({VM.key: item(**SOFT)}, "failed", "gone for good at 2026-09-23"),
        ({}, "failed", "does not protect it"),
        (FORBIDDEN, "unknown", "AuthorizationFailed"),
    ],
)
def test_protection(items: Any, state: str, words: str) -> None:
    there = facts()
    there.items[VAULT.key] = items
    ((found, message),) = told(check_protection, needs(), there)
    assert found == state and words in message


def test_a_vm_without_any_vault_is_not_protected() -> None:
    ((state, message),) = told(check_protection, needs(need(vault=None)), facts())
    assert (state, message) == ("failed", "No vault protects it.")


@pytest.mark.parametrize(
    ("wanted", "state"),
    [
        (Protection("RSV-shop", "daily"), "ok"),
        (Protection("rsv-shop", "Weekly"), "warning"),
        (Protection("rsv-other", "Daily"), "warning"),
    ],
)
def test_policy_against_the_plan(wanted: Protection, state: str) -> None:
    found = [one for one in check_protection(needs(protections={VM.key: wanted}), facts()) if one.check == "policy"]
    assert [one.state for one in found] == [state]


LOCAL = {"redundancySettings": {"standardTierStorageRedundancy": "LocallyRedundant", "crossRegionRestore": "Disabled"}}


@pytest.mark.parametrize(
    ("found", "source", "states"),
    [
        (vault(), "vault", ["ok"]),
        (vault(**LOCAL), "vault", ["ok"]),
        (vault(), "secondary_region", ["ok"]),
        (vault(**LOCAL), "secondary_region", ["failed", "failed"]),
        (vault(redundancySettings={}), "secondary_region", ["failed"]),
        (vault(provisioningState="Updating"), "vault", ["warning"]),
        (vault(securitySettings={"softDeleteSettings": {"softDeleteState": "Disabled"}}), "vault", ["warning"]),
        (None, "vault", ["failed"]),
        (FORBIDDEN, "vault", ["unknown"]),
    ],
)
def test_vaults(found: VaultSettings | ArmError | None, source: str, states: list[str]) -> None:
    there = facts()
    there.vaults[VAULT.key] = found
    assert [state for state, _message in told(check_vaults, needs(need(source=source)), there)] == states


@pytest.mark.parametrize(("region", "state"), [("", "ok"), ("eastasia", "ok"), ("southeastasia", "failed")])
def test_restores_from_a_vault_stay_in_its_region(region: str, state: str) -> None:
    ((found, message),) = told(check_vaults, needs(need(planned_region=region)), facts())
    assert found == state and ("in eastasia" in message) is (state == "failed")
    assert told(check_vaults, needs(need(planned_region=region, source="secondary_region")), facts())[0][0] == "ok"


def test_a_vault_that_keeps_restores_in_its_subscription() -> None:
    there = facts()
    there.vaults[VAULT.key] = vault(restoreSettings={"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Disabled"}})
    elsewhere = need(group_id=GROUP.replace("000001", "000002"))
    assert told(check_vaults, needs(), there)[0][0] == "ok"
    ((state, message),) = told(check_vaults, needs(elsewhere), there)
    assert state == "failed" and "another subscription" in message
