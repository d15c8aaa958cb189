# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""protected_vms as Ansible calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleParserError

from ansible_collections.lifeboat.azure_dr.plugins.module_utils._arm.errors import HttpError
from ansible_collections.lifeboat.azure_dr.plugins.inventory import protected_vms
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.inventory.inventory_run import Parsed, new_plugin, parse
from ansible_collections.lifeboat.azure_dr.tests.unit.plugins.module_utils._backup.fake_vaults import (
    SUB,
    VAULT_A,
    VAULT_B,
    FakeClient,
    item_of,
    soft_deleted,
    vm,
)

FRESH, NEW = vm("fresh"), vm("new", "rg-test")
TYPES: dict[str, type] = {
    "vm_id": str, "vm_name": str, "resource_group": str, "subscription_id": str, "location": str, "backup_state": str, "protection_state": str,
    "soft_deleted": bool, "vault": str, "vault_id": str, "vault_resource_group": str, "protected_item_id": str, "policy": str, "policy_id": str, "health": str,
    "last_backup_status": str, "last_backup_time": str, "newest_recovery_point": str, "newest_recovery_point_age_hours": float, "read_time": str,
}  # fmt: skip
ONLY_SOMETIMES = {"purge_time", "vm_tags", "vm_exists"}


@pytest.fixture(name="client")
def estate(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    """It is midnight of 10 September 2026."""
    for name in ("AZURE_SECRET", "AZURE_CLIENT_ID", "AZURE_TENANT", "AZURE_SUBSCRIPTION_ID", "AZURE_CLOUD_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    client = FakeClient(VAULT_A, VAULT_B)
    times = {"lastRecoveryPoint": "2026-09-09T22:00:00Z", "lastBackupTime": "2026-09-09T21:55:00Z"}
    client.add(item_of(FRESH, lastBackupStatus="Completed", **times))
    client.add(item_of(vm("late"), policy="EnhancedPolicy", lastRecoveryPoint="2026-09-07T00:00:00Z"))
    client.add(item_of(NEW, VAULT_B, "IRPending"), VAULT_B)
    client.add(item_of(vm("halted"), VAULT_B, "ProtectionStopped", None), VAULT_B)
    client.add(soft_deleted(vm("gone"), VAULT_B), VAULT_B)
    return client


def with_vms(client: FakeClient) -> FakeClient:
    for machine in (FRESH, vm("late"), NEW, vm("halted"), vm("gone"), vm("Forgotten", "rg-Test")):
        client.vms[machine.key] = machine
    return client


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["fresh", "halted", "late", "new"]),
        ({"include_soft_deleted": True}, ["fresh", "gone", "halted", "late", "new"]),
        ({"vaults": ["Vault-A"]}, ["fresh", "late"]),
        ({"vaults": [VAULT_B.id, "vault-a"]}, ["fresh", "halted", "late", "new"]),
        ({"vaults": [VAULT_B.id]}, ["halted", "new"]),
        ({"resource_groups": ["rg-backup"]}, ["fresh", "halted", "late", "new"]),
        ({"resource_groups": ["rg-none"]}, []),
        ({"vm_resource_groups": ["RG-TEST"]}, ["new"]),
        ({"include_unprotected": True}, ["fresh", "gone", "halted", "late", "Forgotten", "new"]),
        ({"include_unprotected": True, "vaults": ["vault-a"]}, ["fresh", "gone", "late", "Forgotten"]),
        ({"include_unprotected": True, "vm_resource_groups": ["rg-test"]}, ["Forgotten", "new"]),
        ({"hostname": "vm_name ~ '.' ~ resource_group", "vaults": ["vault-a"]}, ["fresh.rg-prod", "late.rg-prod"]),
    ],
)
def test_hosts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, options: dict[str, Any], names: list[str]) -> None:
    found = parse(monkeypatch, tmp_path, with_vms(client), **options)
    assert found.names == names
    assert client.read_only and not found.warnings


def test_variables_are_those_of_the_documentation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    found = parse(monkeypatch, tmp_path, client).vars["fresh"]
    assert [name for name, kind in TYPES.items() if not isinstance(found[name], kind)] == []
    assert found.keys() - TYPES.keys() == ONLY_SOMETIMES
    assert (found["newest_recovery_point_age_hours"], found["newest_recovery_point"]) == (2.0, "2026-09-09T22:00:00Z")
    assert (found["vm_id"], found["vault_id"], found["location"], found["policy"]) == (FRESH.id, VAULT_A.id, "eastasia", "DefaultPolicy")
    assert [name for name in found if f"C({name})" not in protected_vms.DOCUMENTATION] == []


def test_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    found = parse(
        monkeypatch,
        tmp_path,
        with_vms(client),
        include_unprotected=True,
        keyed_groups=[{"key": "policy", "prefix": "policy"}, {"key": "backup_state", "prefix": "backup"}],
        groups={"overdue": "newest_recovery_point_age_hours is none or newest_recovery_point_age_hours > 26"},
        compose={"ansible_host": "vm_name ~ '.example.com'"},
    )
    assert found.groups["protected"] == ["fresh", "late", "new"]
    assert found.groups["unprotected"] == found.groups["backup_unprotected"] == ["Forgotten", "gone"]
    assert found.groups["policy_DefaultPolicy"] == ["fresh", "new"] and found.groups["backup_stopped"] == ["halted"]
    assert found.groups["overdue"] == ["Forgotten", "gone", "halted", "late", "new"]
    assert found.vars["fresh"]["ansible_host"] == "fresh.example.com"
    assert found.vars["gone"]["soft_deleted"] and found.vars["gone"]["purge_time"] and found.vars["gone"]["vault"] == "vault-b"


def test_soft_deleted_vms_are_in_neither_group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    found = parse(monkeypatch, tmp_path, with_vms(client), include_unprotected=True, include_soft_deleted=True)
    assert found.vars["gone"]["backup_state"] == "soft_deleted"
    assert "gone" not in found.groups["protected"] + found.groups["unprotected"]


def test_vms_are_read_when_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    client.vms[FRESH.key] = FRESH
    found = parse(monkeypatch, tmp_path, client, read_vms=True)
    assert found.vars["fresh"]["vm_exists"] and found.vars["fresh"]["vm_tags"] == {}
    assert found.vars["late"]["vm_exists"] is False and found.vars["late"]["vm_tags"] is None


def test_a_template_from_azure_is_a_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    client.items[VAULT_A.key][FRESH.key]["properties"]["healthStatus"] = "{{ 1 + 1 }}"
    found = parse(monkeypatch, tmp_path, client, compose={"copy": "health"}, keyed_groups=[{"key": "health", "prefix": "h"}])
    assert found.vars["fresh"]["copy"] == "{{ 1 + 1 }}"
    assert not [name for name in found.groups if name.endswith("2")]


def test_requests_of_a_thousand_vms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    for number in range(1000):
        client.add(item_of(vm(f"vm-{number:04d}")))
    assert len(parse(monkeypatch, tmp_path, client).names) == 1004
    # The vaults, six pages of one and one of the other.
    assert len(client.sent) == 8 and {line.split()[0] for line in client.sent} == {"GET"}


def test_an_id_needs_no_right_on_the_subscription(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    parse(monkeypatch, tmp_path, client, vaults=[VAULT_B.id])
    assert all(VAULT_B.id in line for line in client.sent)


# Names


def doubles(client: FakeClient) -> list[str]:
    """Three VMs of one name in different groups."""
    machines = [vm("web"), vm("WEB", "rg-test"), vm("web", "rg-old")]
    client.items[VAULT_A.key].clear()
    for machine in machines:
        client.add(item_of(machine))
    return [machine.key for machine in machines]


def test_vms_of_one_name_are_all_renamed_whatever_their_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    keys = doubles(client)
    found = parse(monkeypatch, tmp_path, client, vaults=["vault-a"])
    names = {variables["vm_id"].lower(): name for name, variables in found.vars.items()}
    assert sorted(names) == sorted(keys) and len(found.names) == 3
    assert all(name.lower().startswith("web_") and len(name) == 8 for name in found.names)
    assert len(found.warnings) == 1 and "web" in found.warnings[0]
    client.items[VAULT_A.key] = dict(reversed(client.items[VAULT_A.key].items()))
    again = parse(monkeypatch, tmp_path, client, vaults=["vault-a"])
    assert {variables["vm_id"].lower(): name for name, variables in again.vars.items()} == names


def test_a_name_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    found = parse(monkeypatch, tmp_path, client, hostname="vm_tags.dns", vaults=["vault-a"])
    assert found.names == ["fresh", "late"] and "fresh, late" in found.warnings[0]
    with pytest.raises(AnsibleParserError, match="hostname"):
        parse(monkeypatch, tmp_path, client, hostname="vm_tags.dns", strict=True)


# Errors


DENIED = HttpError("no", status=403, code="AuthorizationFailed", request_id="request-7")


def test_a_vault_that_cannot_be_read_is_left_out_with_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    client.faults.append(("GET", "vault-b/backupProtectedItems", DENIED))
    found = parse(monkeypatch, tmp_path, client)
    assert found.names == ["fresh", "late"]
    assert len(found.warnings) == 1
    assert all(text in found.warnings[0] for text in ("vault-b", "rg-backup", "AuthorizationFailed", "request-7"))


def test_nobody_is_called_unprotected_whom_an_unread_vault_may_protect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    client.faults.append(("GET", "vault-b/backupProtectedItems", DENIED))
    found = parse(monkeypatch, tmp_path, with_vms(client), include_unprotected=True)
    assert found.names == ["fresh", "late"] and found.groups["unprotected"] == []
    assert len(found.warnings) == 2 and "not known" in found.warnings[1] and "Forgotten" in found.warnings[1]


@pytest.mark.parametrize("vaults", [["vault-b"], [VAULT_B.id], ["vault-a", "vault-b"]])
def test_a_named_vault_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, vaults: list[str]) -> None:
    client.faults.append(("GET", "vault-b/backupProtectedItems", DENIED))
    with pytest.raises(AnsibleParserError) as caught:
        parse(monkeypatch, tmp_path, client, vaults=vaults)
    assert all(text in str(caught.value) for text in ("vault-b", "rg-backup", "AuthorizationFailed", "request-7"))


def test_an_answer_that_nobody_has_seen_is_told_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    monkeypatch.setattr(client, "server_now", None)
    monkeypatch.setattr(client, "get", None)
    with pytest.raises(AnsibleParserError, match="UnexpectedError"):
        parse(monkeypatch, tmp_path, client)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"subscriptions": ["prod"]}, "subscriptions: 'prod' is not a subscription id"),
        ({"vaults": ["-"]}, "vaults: '-' is not a vault name"),
        ({"vaults": ["/subscriptions/x"]}, "vaults: '/subscriptions/x' is not the resource id"),
        ({"resource_groups": ["a/b"]}, "resource_groups: "),
        ({"vm_resource_groups": ["a/b"]}, "vm_resource_groups: "),
        ({"api_versions": {"backups": "2026-01-01"}}, "api_versions: 'backups'"),
        ({"auth_source": "guess"}, "auth_source"),
        ({"vaults": ["vault-z"]}, "vaults: there is no vault 'vault-z'"),
    ],
)
def test_bad_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, options: dict[str, Any], text: str) -> None:
    with pytest.raises(AnsibleError) as caught:
        parse(monkeypatch, tmp_path, client, **options)
    assert text in str(caught.value)
    assert not [line for line in client.sent if "backupProtectedItems" in line]


def test_a_hostname_with_braces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    with pytest.raises(AnsibleParserError, match="without braces"):
        parse(monkeypatch, tmp_path, client, hostname="{" + "{ vm_name }}")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("protected_vms.yml", True), ("team.protected_vms.yaml", True), ("azure_dr.yml", True), ("hosts.yml", False), ("protected_vms.json", False)],
)
def test_file_names(tmp_path: Path, name: str, wanted: bool) -> None:
    (tmp_path / name).touch()
    assert new_plugin().verify_file(str(tmp_path / name)) is wanted
    assert not new_plugin().verify_file(str(tmp_path / "missing" / name))


# The cache


@pytest.fixture(name="cached")
def cache_options(tmp_path: Path) -> dict[str, Any]:
    return {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}


def again(monkeypatch: pytest.MonkeyPatch, folder: Path, client: FakeClient, **options: Any) -> tuple[Parsed, int]:
    """The inventory once more, and how many requests that took."""
    client.sent.clear()
    found = parse(monkeypatch, folder, client, **options)
    return found, len(client.sent)


def test_the_second_reading_sends_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, cached: dict[str, Any]) -> None:
    first, asked = again(monkeypatch, tmp_path, client, **cached)
    second, asked_again = again(monkeypatch, tmp_path, client, **cached)
    assert asked and not asked_again
    assert second.vars == first.vars and second.groups == first.groups


def test_a_refresh_reads_anew_and_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, cached: dict[str, Any]) -> None:
    parse(monkeypatch, tmp_path, client, **cached)
    client.add(item_of(vm("another")))
    assert "another" not in parse(monkeypatch, tmp_path, client, **cached).names
    assert "another" in parse(monkeypatch, tmp_path, client, refresh=True, **cached).names
    found, asked = again(monkeypatch, tmp_path, client, **cached)
    assert "another" in found.names and not asked


@pytest.mark.parametrize(
    "other",
    [
        {"vaults": ["vault-a"]},
        {"include_soft_deleted": True},
        {"subscription_id": SUB[:-1] + "2"},
        {"client_id": "another", "tenant": "contoso", "secret": "not-the-one-of-before"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_cache_is_for_what_it_was_read_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, cached: dict[str, Any], other: dict[str, Any]
) -> None:
    parse(monkeypatch, tmp_path, client, **cached)
    assert again(monkeypatch, tmp_path, client, **cached, **other)[1]


def test_how_hosts_are_shown_is_not_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, cached: dict[str, Any]) -> None:
    parse(monkeypatch, tmp_path, client, **cached)
    found, asked = again(monkeypatch, tmp_path, client, **cached, hostname="vm_name ~ '-x'", compose={"one": "1"})
    assert not asked and "fresh-x" in found.names and found.vars["fresh-x"]["one"] == 1


def test_half_a_reading_is_not_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, cached: dict[str, Any]) -> None:
    client.faults.append(("GET", "vault-b/backupProtectedItems", DENIED))
    parse(monkeypatch, tmp_path, client, **cached)
    found, asked = again(monkeypatch, tmp_path, client, **cached)
    assert asked and "new" in found.names


def test_no_secret_is_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient, cached: dict[str, Any]) -> None:
    parse(monkeypatch, tmp_path, client, **cached, client_id="app", tenant="contoso", secret="kx7TzQ9fVm2LpR4s")
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files and not [path for path in files if "kx7TzQ9fVm2LpR4s" in path.read_text(encoding="utf-8")]


# Signing in


def test_templates_of_credentials_are_evaluated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    monkeypatch.setenv("OUR_SECRET", "kx7TzQ9fVm2LpR4s")
    parse(monkeypatch, tmp_path, client, secret="{" + "{ lookup('env', 'OUR_SECRET') }}", client_id="app", tenant="contoso")
    assert client.params["secret"] == "kx7TzQ9fVm2LpR4s" and client.params["client_id"] == "app"


def test_a_broken_template_does_not_show_its_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    with pytest.raises(AnsibleParserError) as caught:
        parse(monkeypatch, tmp_path, client, secret="kx7TzQ9fVm2LpR4s{" + "{ nothing_of_this_name }}")
    assert "secret: " in str(caught.value) and "kx7TzQ9fVm2LpR4s" not in str(caught.value)


def test_options_that_are_not_set_are_left_to_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: FakeClient) -> None:
    """AWX sets the variables that a credential does not use to the empty text."""
    for name in ("AZURE_SECRET", "AZURE_CLOUD_ENVIRONMENT", "AZURE_AUTH_SOURCE", "ANSIBLE_AZURE_AUTH_SOURCE"):
        monkeypatch.setenv(name, "")
    assert parse(monkeypatch, tmp_path, client).names
    assert not [value for name, value in client.params.items() if name != "api_versions" and value is not None]
