# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_vault as Ansible calls it: what it reads and sends, in which order, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils import _module
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vault_hints import VAULT_HINTS
from ansible_collections.lifeboat.azure_dr.plugins.modules import recovery_vault
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._arm.scripted import SUB, FakeClock, answer, failure, reset
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_recovery_vaults import REF, Site, vault_resource
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.modules.module_run import run_module

USER = f"/subscriptions/{SUB}/resourceGroups/rg-id/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
BOTH = {"type": "SystemAssigned, UserAssigned", "user_assigned_identities": {"id": [USER]}}
ALL = {"redundancy": "GeoRedundant", "immutability": "locked", "allow_irreversible": True, "identity": BOTH, "soft_delete_retention_days": 30}


class Run:
    """Runs the module against a site."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def __call__(self, site: Site, *, check: bool = False, **options: Any) -> dict[str, Any]:
        site.sent.clear()
        site.bodies.clear()
        options = {"name": "vault-a", "resource_group": "rg-backup", **options}
        clock = FakeClock()
        self.monkeypatch.setattr(_module, "SystemClock", lambda: clock)
        return run_module(self.monkeypatch, recovery_vault, site.client(clock, hints=VAULT_HINTS), check=check, diff=True, **options)


@pytest.fixture(name="run")
def runner(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_a_creation_goes_on_until_the_vault_is_as_wanted(run: Run) -> None:
    site = Site()
    foreseen = run(site, check=True, **ALL)
    assert (foreseen["changed"], foreseen["vault"], site.writes) == (True, None, [])
    made = run(site, **ALL)
    assert site.writes == ["PUT vault-a", "PATCH vault-a", "PATCH vaultconfig"]
    assert site.body_of("PATCH vault-a") == {
        "properties": {"securitySettings": {"immutabilitySettings": {"state": "Locked"}}},
        "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {USER: {}}},
    }
    assert made["changed"] and made["diff"] == foreseen["diff"] and "operation" not in made
    assert (made["vault"]["immutability"], made["vault"]["soft_delete_retention_days"]) == ("locked", 30)
    again = run(site, **ALL)
    assert not again["changed"] and site.writes == [] and again["diff"] == {"before": {}, "after": {}}


def test_a_second_run_reads_the_vault_and_nothing_else(run: Run) -> None:
    site = Site(vault_resource())
    result = run(site, redundancy="LocallyRedundant", soft_delete="enabled", immutability="disabled")
    assert not result["changed"] and site.sent == [f"GET {REF.path}"]


def test_the_region_is_that_of_the_resource_group(run: Run) -> None:
    site = Site()
    run(site)
    assert site.body_of("PUT vault-a")["location"] == "eastasia"


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("options", [{}, {"location": "eastasia"}])
def test_a_missing_resource_group_fails_in_check_mode_too(run: Run, check: bool, options: dict[str, Any]) -> None:
    site = Site()
    site.group = None
    result = run(site, check=check, **options)
    assert result["failed"] and result["failure"]["code"] == "ResourceGroupNotFound" and not site.writes


def test_the_provider_is_registered_when_azure_asks(run: Run) -> None:
    site = Site()
    site.registered, site.looks_to_register = False, 3
    result = run(site)
    assert result["changed"] and not result["failed"]
    assert site.writes == ["PUT vault-a", "POST register", "PUT vault-a"]
    assert sum(line.endswith("/providers/Microsoft.RecoveryServices") for line in site.sent) == 3


def test_a_registration_takes_a_moment_to_be_known_everywhere(run: Run) -> None:
    site = Site()
    site.faults += [("PUT", "/vault-a", failure(409, "MissingSubscriptionRegistration"))] * 3
    result = run(site)
    assert result["changed"] and not result["failed"] and site.writes == ["PUT vault-a", "POST register"] + ["PUT vault-a"] * 3


def test_a_registration_that_never_comes_to_be_known_is_a_failure(run: Run) -> None:
    site = Site()
    site.faults += [("PUT", "/vault-a", failure(409, "MissingSubscriptionRegistration"))] * 100
    result = run(site)
    assert result["failed"] and result["failure"]["code"] == "MissingSubscriptionRegistration"
    assert site.writes.count("POST register") == 1 and len(site.writes) < 20


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_subscription_that_never_had_a_vault_may_say_so_when_it_is_read(run: Run, state: str) -> None:
    site = Site()
    site.faults.append(("GET", "/vault-a", failure(409, "MissingSubscriptionRegistration")))
    result = run(site, state=state)
    assert not result["failed"] and result["changed"] is (state == "present")


def test_a_registration_that_is_not_allowed_says_what_to_do(run: Run) -> None:
    site = Site()
    site.registered = False
    site.faults.append(("POST", "/register", failure(403, "AuthorizationFailed")))
    result = run(site)
    assert result["failed"] and not result["changed"] and "register Microsoft.RecoveryServices" in result["failure"]["hint"]


@pytest.mark.parametrize("state", ["Provisioning", "Updating"])
def test_what_an_earlier_run_started_is_waited_for(run: Run, state: str) -> None:
    site = Site(vault_resource())
    site.settles_at = [state, state]
    result = run(site)
    assert not result["changed"] and site.writes == [] and site.settles_at == []
    assert result["vault"]["provisioning_state"] == "Succeeded"


def test_nothing_is_sent_while_something_is_under_way(run: Run) -> None:
    site = Site(vault_resource())
    site.settles_at = ["Updating"] * 3
    result = run(site, wait=False, immutability="unlocked")
    patch = site.sent.index(f"PATCH {REF.path}")
    assert result["changed"] and sum(line == f"GET {REF.path}" for line in site.sent[:patch]) == 4


def test_a_vault_that_is_being_made_is_judged_when_it_is_done(run: Run) -> None:
    """While it is made, it need not show yet what it is made with; a disabled vault could not be locked."""
    site = Site(vault_resource(securitySettings={"immutabilitySettings": {"state": "Unlocked"}}))
    shown = vault_resource(provisioningState="Provisioning", securitySettings=None)
    site.faults.append(("GET", "/vault-a", answer(200, shown)))
    result = run(site, immutability="locked", allow_irreversible=True)
    assert not result["failed"] and result["changed"] and site.writes == ["PATCH vault-a"]


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_a_vault_whose_creation_failed_is_not_passed_over(run: Run, state: str) -> None:
    site = Site(vault_resource(provisioningState=state))
    for check in (True, False):
        result = run(site, check=check)
        assert not result["changed"] and len(result["warnings"]) == 1 and state in result["warnings"][0]


@pytest.mark.parametrize("broken", [None, [], {"id": None, "name": "vault-a", "properties": {}}, {"id": "vault-a", "properties": None}])
def test_an_answer_without_its_id_is_no_missing_vault(run: Run, broken: Any) -> None:
    """A second creation would replace the vault's tags and identity."""
    site = Site(vault_resource())
    site.faults.append(("GET", "/vault-a", answer(200, broken)))
    run(site)
    assert site.writes == []


def test_waiting_for_another_run_has_an_end(run: Run) -> None:
    site = Site(vault_resource())
    site.settles_at = ["Updating"] * 100
    result = run(site, wait_timeout=60)
    assert result["failed"] and result["failure"]["code"] == "OperationTimeout"
    assert result["failure"]["last_state"] == "Updating" and result["failure"]["resume"] == {"vault_id": REF.id}


def test_a_vault_that_is_being_deleted_is_made_anew(run: Run) -> None:
    site = Site(vault_resource())
    site.settles_at = ["Deleting", "Deleting", "gone"]
    assert run(site)["changed"] and site.writes == ["PUT vault-a"]


def test_without_waiting_the_last_operation_is_left_running(run: Run) -> None:
    site = Site()
    result = run(site, wait=False)
    assert result["changed"] and result["operation"] == {"id": "PUT", "step": "create", "vault_id": REF.id}
    assert not any("operationStatus" in line for line in site.sent)


def test_without_waiting_a_step_that_another_follows_is_waited_for(run: Run) -> None:
    site = Site()
    result = run(site, wait=False, identity=BOTH)
    assert site.writes == ["PUT vault-a", "PATCH vault-a"] and result["operation"]["step"] == "change"
    assert any(line.endswith("operationStatus/PUT") for line in site.sent) and not any(line.endswith("operationStatus/PATCH") for line in site.sent)


def test_a_timeout_tells_where_to_go_on(run: Run) -> None:
    site = Site()
    site.ends["PUT"] = "InProgress"
    result = run(site, wait_timeout=100)
    assert result["failed"] and result["changed"] and result["failure"]["code"] == "OperationTimeout"
    assert result["failure"]["resume"]["operation_id"] == "PUT" and result["operation"]["step"] == "create"


def test_an_operation_that_azure_lost_is_judged_by_the_vault(run: Run) -> None:
    """A creation with user-assigned identities once ended so."""
    site = Site()
    site.ends["PUT"] = 404
    result = run(site)
    assert not result["failed"] and result["vault"]["provisioning_state"] == "Succeeded"


def test_an_operation_that_fails_is_a_failure_of_something_changed(run: Run) -> None:
    site = Site(vault_resource())
    site.ends["PATCH"] = {"status": "Failed", "error": {"code": "BMSUserErrorInvalidInput", "message": "no"}}
    result = run(site, immutability="unlocked")
    assert result["failed"] and result["changed"] and result["failure"]["code"] == "BMSUserErrorInvalidInput"


def test_a_refusal_changes_nothing(run: Run) -> None:
    site = Site(vault_resource())
    site.faults.append(("PATCH", "/vault-a", failure(400, "BMSUserErrorInvalidInput")))
    result = run(site, immutability="unlocked")
    assert result["failed"] and not result["changed"]


def test_what_azure_takes_and_does_not_do_is_a_failure(run: Run) -> None:
    site = Site(vault_resource())
    site.deaf = True
    result = run(site, soft_delete_retention_days=60)
    assert result["failed"] and result["changed"] and result["failure"]["code"] == "StateNotReached"
    assert "soft_delete_retention_days is 14, not 60" in result["failure"]["message"]
    assert site.writes == ["PATCH vaultconfig"] * 2


def test_what_was_never_sent_is_not_said_to_be_ignored(run: Run) -> None:
    site = Site(vault_resource())
    site.deaf = True
    failed = run(site, immutability="unlocked", soft_delete_retention_days=60)["failure"]
    assert site.writes == ["PATCH vault-a"] * 2
    assert "immutability is disabled, not unlocked" in failed["message"] and "soft_delete" not in failed["message"]


def test_a_put_whose_answer_is_lost_is_sent_again_since_it_means_the_same(run: Run) -> None:
    site = Site()
    site.lost.append(("PUT", "/vault-a", reset()))
    assert run(site)["changed"] and site.writes == ["PUT vault-a"] * 2


@pytest.mark.parametrize("check", [True, False])
def test_the_storage_configuration_is_read_only_when_the_redundancy_is_to_change(run: Run, check: bool) -> None:
    site = Site(vault_resource())
    site.storage_state = "Locked"
    assert not run(site, check=check, redundancy="LocallyRedundant")["changed"]
    assert not any("vaultstorageconfig" in line for line in site.sent)
    result = run(site, check=check, redundancy="ZoneRedundant")
    assert result["failed"] and result["failure"]["target"] == "redundancy" and not site.writes


def test_a_setting_that_cannot_be_read_is_left_to_azure(run: Run) -> None:
    site = Site(vault_resource())
    site.faults.append(("GET", "/vaultstorageconfig", failure(403, "AuthorizationFailed")))
    assert run(site, redundancy="ZoneRedundant")["changed"]
