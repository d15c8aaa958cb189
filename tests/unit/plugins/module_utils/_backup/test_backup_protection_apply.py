# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans carried out against vaults in memory: what is sent, what is waited for, and what each VM's report says."""

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError, OptionError, TransportError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.items import Disks
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.names import VaultRef
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policies import PolicyChoice
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.protection import Wish
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.protection_apply import carry_out
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.protection_read import Work, make_plans
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import VaultChoice, locate
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._fleet import Vm
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._waiting import Waiting
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import (
    VAULT_A,
    VAULT_B,
    FakeClient,
    item_of,
    soft_deleted,
    vm,
)

DEFAULT = PolicyChoice("DefaultPolicy")
ENHANCED = PolicyChoice("EnhancedPolicy")
PROTECT = Wish("protected", DEFAULT)
GUARD = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataProtection/resourceGuards/guard/deleteProtectedItemRequests/default"


def client_with(*machines: Vm, takes: float = 30.0, page: int = 200) -> FakeClient:
    client = FakeClient(VAULT_A, VAULT_B, takes=takes, page=page)
    client.vms = {machine.key: machine for machine in machines}
    return client


def go(
    client: FakeClient,
    machines: Sequence[Vm],
    wish: Wish,
    *,
    vault: VaultRef | None = VAULT_A,
    wait: bool = True,
    timeout: float = 3600.0,
    check: bool = False,
) -> list[dict[str, Any]]:
    """One run of the module's work; the entries of `vms`."""
    client.sent.clear()
    client.read_only = check
    located = locate(client, machines, VaultChoice(ref=vault))  # type: ignore[arg-type]
    works: list[Work] = make_plans(client, [located[machine.key] for machine in machines], wish)  # type: ignore[arg-type]
    if not check:
        start = client.clock.monotonic()
        carry_out(client, works, wish, Waiting(wait, 10.0, lambda: max(0.0, timeout - (client.clock.monotonic() - start))))  # type: ignore[arg-type]
    return [work.report.as_result() for work in works]


def test_enable_then_nothing_to_do() -> None:
    client = client_with(vm())
    (check,) = go(client, [vm()], PROTECT, check=True)
    assert check["changed"] and not client.writes
    (first,) = go(client, [vm()], PROTECT)
    assert first["changed"] and not first["failed"]
    assert (first["state"], first["protection_state"], first["policy_name"]) == ("protected", "IRPending", "DefaultPolicy")
    assert first["operation"] == {"id": "op-1", "step": "enable", "vault_id": VAULT_A.id}
    assert first["job"] == {"id": f"{VAULT_A.id}/backupJobs/job-1", "name": "job-1"}
    assert len(client.writes) == 1
    (again,) = go(client, [vm()], PROTECT)
    assert not again["changed"] and again["state"] == "protected" and not client.writes


def test_nothing_to_change_costs_pages_only() -> None:
    machines = [vm(f"web-{number:04d}") for number in range(1000)]
    client = client_with(*machines)
    for machine in machines:
        client.add(item_of(machine))
    results = go(client, machines, PROTECT)
    assert not any(result["changed"] for result in results)
    assert len(client.sent) == 5


def test_many_are_followed_by_pages() -> None:
    machines = [vm(f"web-{number:03d}") for number in range(60)]
    client = client_with(*machines, takes=45.0)
    results = go(client, machines, PROTECT)
    assert all(result["state"] == "protected" and result["job"] for result in results)
    assert len(client.writes) == 60
    assert len([line for line in client.sent if "backupOperations" in line]) <= 5
    assert len(client.sent) < 60 + 40


def test_undelete_comes_before_resume() -> None:
    client = client_with(vm())
    client.add(soft_deleted(vm()))
    (result,) = go(client, [vm()], PROTECT)
    assert result["state"] == "protected" and result["operation"]["step"] == "resume"
    puts = [body["properties"] for line, body in zip(client.sent, client.bodies[-len(client.sent) :]) if line.startswith("PUT")]
    assert [put.get("isRehydrate", False) for put in puts] == [True, False]


def test_an_undelete_is_waited_for_even_when_the_task_does_not_wait() -> None:
    client = client_with(vm())
    client.add(soft_deleted(vm()))
    (result,) = go(client, [vm()], PROTECT, wait=False)
    assert result["changed"] and result["operation"]["step"] == "resume" and len(client.writes) == 2


def test_not_waiting_returns_the_operation() -> None:
    client = client_with(vm())
    (result,) = go(client, [vm()], PROTECT, wait=False)
    assert result["changed"] and result["operation"]["id"] == "op-1" and client.clock.seconds == 0


@pytest.mark.parametrize(("state", "end"), [("stopped", "stopped"), ("suspended", "suspended"), ("absent", "soft_deleted")])
def test_ending_protection(state: Any, end: str) -> None:
    client = client_with(vm())
    client.immutable = {VAULT_A.key}
    client.add(item_of(vm()))
    (result,) = go(client, [vm()], Wish(state))
    assert result["changed"] and not result["failed"] and result["state"] == end
    if state == "absent":
        assert result["purge_time"] == "2026-09-23T13:21:52.029050Z"
    (again,) = go(client, [vm()], Wish(state))
    assert not again["changed"] and not client.writes and again["state"] == end


def test_absent_of_what_no_vault_knows() -> None:
    (result,) = go(client_with(vm()), [vm()], Wish("absent"), vault=None)
    assert not result["changed"] and not result["failed"] and result["state"] == "absent" and result["vault_id"] is None


def test_a_guarded_delete_is_unlocked_first() -> None:
    client = client_with(vm())
    client.add(item_of(vm()))
    go(client, [vm()], Wish("absent", guard_requests=(GUARD,)))
    assert [line.split()[0] for line in client.writes] == ["POST", "DELETE"]
    assert client.writes[0].endswith("backupResourceGuardProxies/VaultProxy/unlockDelete")
    body = next(body for body in client.bodies if "resourceToBeDeleted" in body)
    assert body == {"resourceGuardOperationRequests": [GUARD], "resourceToBeDeleted": item_of(vm())["id"]}


@pytest.mark.parametrize("check", [True, False])
def test_only_immutable_vaults_suspend(check: bool) -> None:
    client = client_with(vm())
    client.add(item_of(vm()))
    (result,) = go(client, [vm()], Wish("suspended"), check=check)
    assert result["failed"] and not result["changed"] and "not immutable" in result["failure"]["message"] and not client.writes


def test_a_vault_that_cannot_be_read_is_asked_to_suspend() -> None:
    client = client_with(vm())
    client.add(item_of(vm()))
    client.faults.append(("GET", "vault-a$", HttpError("no", status=403, code="AuthorizationFailed")))
    (result,) = go(client, [vm()], Wish("suspended"))
    assert result["changed"] and result["state"] == "suspended"


@pytest.mark.parametrize("check", [True, False])
def test_no_way_back_from_an_enhanced_policy(check: bool) -> None:
    client = client_with(vm())
    client.add(item_of(vm(), policy="EnhancedPolicy", policyType="V2"))
    (result,) = go(client, [vm()], PROTECT, check=check)
    assert result["failed"] and not result["changed"] and not client.writes
    assert result["failure"]["code"] == "UserErrorPolicyChangeFromEnhancedToStandardNotAllowed"


def test_disks_are_set() -> None:
    client = client_with(vm())
    client.add(item_of(vm()))
    (result,) = go(client, [vm()], Wish("protected", None, Disks((3,), False)))
    assert result["changed"] and result["disks"] == {"exclude_luns": [3]}
    (again,) = go(client, [vm()], Wish("protected", None, Disks((3,), False)))
    assert not again["changed"]


def test_discovery_happens_once_and_only_when_azure_asks_for_it() -> None:
    machines = [vm("web-01"), vm("web-02"), vm("web-03")]
    client = client_with(*machines)
    client.undiscovered = {machine.key for machine in machines[:2]}
    results = go(client, machines, PROTECT)
    assert all(result["state"] == "protected" for result in results)
    assert len([line for line in client.sent if line.endswith("refreshContainers")]) == 1
    assert len([line for line in client.sent if line.startswith("PUT")]) == 5


def test_a_vm_that_does_not_exist_fails_alone() -> None:
    client = client_with(vm("web-01"))
    missing, fine = go(client, [vm("web-99"), vm("web-01")], PROTECT)
    assert missing["failed"] and not missing["changed"] and missing["failure"]["code"] == "VmNotProtectable"
    assert missing["failure"]["hint"]
    assert fine["changed"] and fine["state"] == "protected"


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("count", [1, 9])
def test_another_vault_is_named_before_anything_is_sent(count: int, check: bool) -> None:
    machines = [vm(f"web-{number:02d}") for number in range(count)]
    client = client_with(*machines)
    client.add(item_of(machines[0], VAULT_B), VAULT_B)
    result = go(client, machines, PROTECT, check=check)[0]
    assert result["failed"] and not result["changed"]
    assert "'vault-b' (resource group 'rg-backup')" in result["failure"]["message"]
    assert result["failure"]["target"] == VAULT_B.id
    assert not [line for line in client.writes if "web-00" in line]


def test_another_vault_is_named_after_azures_refusal() -> None:
    client = client_with(vm())
    client.add(item_of(vm(), VAULT_B, "ProtectionStopped", None), VAULT_B)
    (result,) = go(client, [vm()], PROTECT)
    assert result["failed"] and not result["changed"] and "'vault-b'" in result["failure"]["message"]
    assert (result["failure"]["status"], result["failure"]["code"]) == (409, "BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault")


def test_another_vault_that_cannot_be_found_out() -> None:
    client = client_with(vm())
    conflict = HttpError("registering with another recovery services vault", status=409, code="BMSUserErrorContainerIsAlreadyRegisteredWithAnotherVault")
    client.faults.append(("PUT", "web-01", conflict))
    (result,) = go(client, [vm()], PROTECT)
    assert result["failed"] and "could not be found out" in result["failure"]["message"]


def test_a_policy_that_is_not_there_stops_everything() -> None:
    client = client_with(vm())
    with pytest.raises(OptionError, match="policy"):
        go(client, [vm()], Wish("protected", PolicyChoice("Missing")))
    assert not client.writes


@pytest.mark.parametrize("count", [1, 8])
def test_an_operation_that_fails_is_its_vms_failure(count: int) -> None:
    machines = [vm(f"web-{number:02d}") for number in range(count)]
    client = client_with(*machines)
    client.fails[machines[0].key] = ("UserErrorGuestAgentStatusUnavailable", "The agent does not answer.")
    bad, *others = go(client, machines, PROTECT)
    assert bad["failed"] and bad["changed"] and bad["failure"]["code"] == "UserErrorGuestAgentStatusUnavailable"
    assert bad["operation"]["id"]
    assert all(not other["failed"] and other["state"] == "protected" for other in others)


@pytest.mark.parametrize("count", [1, 8])
def test_a_timeout_keeps_the_ids(count: int) -> None:
    machines = [vm(f"web-{number:02d}") for number in range(count)]
    client = client_with(*machines, takes=500.0)
    results = go(client, machines, PROTECT, timeout=60.0)
    for result in results:
        assert result["failed"] and result["changed"] and result["failure"]["code"] == "OperationTimeout"
        assert result["failure"]["resume"] and result["operation"]["id"]


def test_a_write_that_is_refused_changes_nothing() -> None:
    client = client_with(vm())
    client.faults.append(("PUT", "web-01", HttpError("locked", status=409, code="ScopeLocked")))
    (result,) = go(client, [vm()], PROTECT)
    assert result["failed"] and not result["changed"] and result["failure"]["code"] == "ScopeLocked"


def test_a_write_of_unknown_fate_counts_as_a_change() -> None:
    client = client_with(vm())
    lost = TransportError("reset")
    lost.ambiguous = True
    client.faults.append(("PUT", "web-01", lost))  # type: ignore[arg-type]
    (result,) = go(client, [vm()], PROTECT)
    assert result["failed"] and result["changed"]


def test_what_a_killed_run_started_is_waited_for() -> None:
    client = client_with(vm())
    go(client, [vm()], PROTECT, wait=False)
    (result,) = go(client, [vm()], PROTECT)
    assert result["changed"] and result["state"] == "protected" and result["job"]["name"] == "job-1"
    assert not client.writes


def test_what_runs_is_followed_by_what_is_still_missing() -> None:
    client = client_with(vm())
    go(client, [vm()], PROTECT, wait=False)
    (result,) = go(client, [vm()], Wish("protected", ENHANCED))
    assert result["policy_name"] == "EnhancedPolicy" and len(client.writes) == 1


def test_without_waiting_a_running_job_is_not_doubled() -> None:
    client = client_with(vm())
    go(client, [vm()], PROTECT, wait=False)
    (result,) = go(client, [vm()], PROTECT, wait=False)
    assert result["changed"] and result["job"]["name"] == "job-1" and not client.writes


def test_jobs_that_cannot_be_listed_do_not_hinder() -> None:
    client = client_with(vm())
    client.faults.append(("GET", "backupJobs", HttpError("no", status=403, code="AuthorizationFailed")))
    (result,) = go(client, [vm()], PROTECT)
    assert result["state"] == "protected" and not result["failed"]


def test_a_last_look_that_fails_is_a_warning() -> None:
    client = client_with(vm())
    located = locate(client, [vm()], VaultChoice(ref=VAULT_A))  # type: ignore[arg-type]
    (work,) = make_plans(client, [located[vm().key]], PROTECT)  # type: ignore[arg-type]
    client.faults.append(("GET", "backupProtectedItems", HttpError("down", status=503)))
    carry_out(client, [work], PROTECT, Waiting(True, 10.0, lambda: 600.0))  # type: ignore[arg-type]
    assert work.report.changed and work.report.failure is None and len(work.report.warnings) == 1


def test_success_that_does_not_show_is_a_failure() -> None:
    client = client_with(vm())
    client.takes = 0.0
    located = locate(client, [vm()], VaultChoice(ref=VAULT_A))  # type: ignore[arg-type]
    (work,) = make_plans(client, [located[vm().key]], PROTECT)  # type: ignore[arg-type]

    def lose() -> None:
        for operation in client.operations.values():
            operation["effect"] = None

    client._settle = lose  # type: ignore[method-assign]
    carry_out(client, [work], PROTECT, Waiting(True, 10.0, lambda: 600.0))  # type: ignore[arg-type]
    assert work.report.failure is not None and work.report.failure["code"] == "StateNotReached"
    assert len([line for line in client.sent if line.endswith("backupProtectedItems")]) == 4
