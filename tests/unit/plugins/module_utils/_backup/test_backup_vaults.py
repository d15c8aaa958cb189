# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that name vaults and policies, and finding where a VM is protected."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError, OptionError
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.owners import foreign_owners
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.policies import check_policy, find_policy
from ansible_collections.lifeboat.azure_dr.plugins.module_utils._backup.vaults import (
    VaultChoice,
    VaultRef,
    check_vault,
    find_vault,
    locate,
    owner_of,
)
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import (
    SUB,
    VAULT_A,
    VAULT_B,
    FakeClient,
    item_of,
    policy_id,
    soft_deleted,
    vm,
)

FORBIDDEN = {"status": 403, "code": "AuthorizationFailed"}


def test_vault_options() -> None:
    assert check_vault("vault-a", "rg-backup", SUB).ref == VAULT_A
    assert check_vault(VAULT_A.id, None, SUB).ref == VAULT_A
    assert check_vault(VAULT_A.id, "RG-Backup", SUB).ref == VAULT_A
    assert check_vault("vault-a", None, SUB) == VaultChoice(None, "vault-a", None)
    assert check_vault(None, None, SUB) == VaultChoice()
    assert check_vault("", "rg-backup", SUB) == VaultChoice(group="rg-backup")


def test_a_vault_of_another_subscription() -> None:
    ref = check_vault(VAULT_A.id.replace(SUB, "00000000-0000-0000-0000-000000000000"), None, SUB).ref
    assert ref is not None and ref.subscription == "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("vault", "group", "option"),
    [
        ("1vault", "rg-backup", "vault"),
        ("v", None, "vault"),
        ("vault_a", None, "vault"),
        ("/subscriptions/x", None, "vault"),
        (f"{VAULT_A.id}/backupPolicies/p", None, "vault"),
        (VAULT_A.id, "rg-other", "resource_group"),
        ("vault-a", "rg/", "resource_group"),
    ],
)
def test_wrong_vault_options(vault: str, group: str | None, option: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_vault(vault, group, SUB)
    assert caught.value.option == option


def test_a_vault_by_its_name_alone() -> None:
    client = FakeClient(VAULT_A, VAULT_B)
    assert find_vault(client, VaultChoice(name="VAULT-B")) == VAULT_B


def test_a_name_that_fits_no_vault_or_several() -> None:
    twin = VaultRef(SUB, "rg-other", "vault-a")
    client = FakeClient(VAULT_A, twin)
    with pytest.raises(OptionError, match="rg-backup, rg-other"):
        find_vault(client, VaultChoice(name="vault-a"))
    with pytest.raises(OptionError, match="no vault 'vault-c'"):
        find_vault(client, VaultChoice(name="vault-c"))


def test_locating_in_a_given_vault_lists_it() -> None:
    client = FakeClient(VAULT_A, VAULT_B)
    client.add(item_of(vm()))
    found = locate(client, [vm(), vm("web-02")], VaultChoice(ref=VAULT_A))
    assert found[vm().key].item is not None
    assert found[vm("web-02").key].vault == VAULT_A and found[vm("web-02").key].item is None
    assert client.sent == [f"GET {VAULT_A.path}/backupProtectedItems"]


def test_locating_a_few_asks_azure_who_protects_them() -> None:
    client = FakeClient(VAULT_A, VAULT_B)
    client.vms = {vm().key: vm()}
    client.add(item_of(vm(), VAULT_B), VAULT_B)
    place = locate(client, [vm()], VaultChoice())[vm().key]
    assert place.vault == VAULT_B and place.item is not None
    assert [line.rsplit("/", 1)[-1] for line in client.sent] == ["web-01", "backupStatus", "backupProtectedItems"]
    assert "/locations/eastasia/" in client.sent[1]


@pytest.mark.parametrize("gone", [True, False])
def test_what_azure_does_not_tell_is_searched_for(gone: bool) -> None:
    """A deleted VM has no status, a soft-deleted backup does not show in it, and a refusal says nothing."""
    client = FakeClient(VAULT_A, VAULT_B)
    client.add(soft_deleted(vm(), VAULT_B), VAULT_B)
    if not gone:
        client.vms = {vm().key: vm()}
        client.faults.append(("QUERY", "backupStatus", HttpError("no", **FORBIDDEN)))  # type: ignore[arg-type]
    place = locate(client, [vm()], VaultChoice())[vm().key]
    assert place.vault == VAULT_B and place.item is not None and place.item.soft_deleted


def test_a_resource_group_narrows_the_search() -> None:
    elsewhere = VaultRef(SUB, "rg-other", "vault-b")
    client = FakeClient(VAULT_A, elsewhere)
    client.vms = {vm().key: vm()}
    client.add(item_of(vm(), elsewhere), elsewhere)
    assert locate(client, [vm()], VaultChoice(group="RG-Other"))[vm().key].vault == elsewhere
    assert locate(client, [vm()], VaultChoice(group="rg-backup"))[vm().key].vault is None


def test_locating_many_lists_the_vaults() -> None:
    client = FakeClient(VAULT_A, VAULT_B)
    machines = [vm(f"web-{number:02d}") for number in range(20)]
    for number, machine in enumerate(machines[:-1]):
        vault = (VAULT_A, VAULT_B)[number % 2]
        client.add(item_of(machine, vault), vault)
    found = locate(client, machines, VaultChoice())
    assert [found[machine.key].vault for machine in machines] == [VAULT_A, VAULT_B] * 9 + [VAULT_A, None]
    assert len(client.sent) == 3


def test_a_vault_that_cannot_be_read_leaves_the_missing_unknown() -> None:
    client = FakeClient(VAULT_A, VAULT_B)
    client.add(item_of(vm(), VAULT_B), VAULT_B)
    client.faults.append(("GET", "vault-a/backupProtectedItems", HttpError("no", **FORBIDDEN)))  # type: ignore[arg-type]
    found = locate(client, [vm(f"web-{number:02d}") for number in range(1, 8)], VaultChoice())
    assert found[vm().key].problem is None and found[vm().key].vault == VAULT_B
    problem = found[vm("web-02").key].problem
    assert problem is not None and problem.code == "AuthorizationFailed"


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refused_status_is_unknown(status: int) -> None:
    client = FakeClient()
    client.vms = {vm().key: vm()}
    client.faults.append(("QUERY", "backupStatus", HttpError("no", status=status)))
    assert owner_of(client, vm()).status == "unknown"
    assert owner_of(client, vm("gone")).status == "unknown"


@pytest.mark.parametrize("count", [1, 8])
def test_foreign_owners(count: int) -> None:
    client = FakeClient(VAULT_A, VAULT_B)
    machines = [vm(f"web-{number:02d}") for number in range(count)]
    client.vms = {machine.key: machine for machine in machines}
    client.add(item_of(machines[0], VAULT_B), VAULT_B)
    assert foreign_owners(client, machines, VAULT_A) == {machines[0].key: VAULT_B}


@pytest.mark.parametrize("count", [1, 8])
def test_a_vault_that_stopped_backing_up_may_let_go(count: int) -> None:
    client = FakeClient(VAULT_A, VAULT_B)
    machines = [vm(f"web-{number:02d}") for number in range(count)]
    client.vms = {machine.key: machine for machine in machines}
    client.add(item_of(machines[0], VAULT_B, "ProtectionStopped", None), VAULT_B)
    assert foreign_owners(client, machines, VAULT_A) == {}


def test_vaults_of_other_regions_are_not_searched() -> None:
    client = FakeClient(VAULT_A, VAULT_B)
    client.locations[VAULT_B.key] = "westeurope"
    foreign_owners(client, [vm(f"web-{number:02d}") for number in range(8)], VAULT_A)
    assert len(client.sent) == 1


def test_policy_options() -> None:
    assert check_policy(None, None) is None
    by_name = check_policy("DefaultPolicy", None)
    assert by_name is not None and by_name.in_vault(VAULT_A) == policy_id(VAULT_A)
    by_id = check_policy(policy_id(VAULT_A, "Daily"), VAULT_A)
    assert by_id is not None and (by_id.name, by_id.vault) == ("Daily", VAULT_A)


@pytest.mark.parametrize("policy", ["1x", "a", VAULT_A.id, f"{VAULT_A.id}/backupJobs/x", policy_id(VAULT_B)])
def test_wrong_policy_options(policy: str) -> None:
    with pytest.raises(OptionError, match="policy"):
        check_policy(policy, VAULT_A)


def test_find_policy() -> None:
    client = FakeClient()
    assert find_policy(client, VAULT_A, "DefaultPolicy").type == "V1"
    with pytest.raises(OptionError, match="it has: DefaultPolicy, EnhancedPolicy"):
        find_policy(client, VAULT_A, "Missing")
