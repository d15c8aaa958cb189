# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection, health and policy of the VMs that are recovered from vaults, and the vaults themselves."""

from __future__ import annotations

from typing import Iterator

from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._backup.items import ProtectedItem
from .._backup.names import VaultRef
from .._backup.vault_state import GEO, VaultSettings
from .._words import count
from .facts import Facts
from .findings import FAILED, OK, WARNING, Finding, unread
from .needs import POINTS, SECONDARY, VAULT, Need, Needs, Protection

PROTECT = "Protect it with lifeboat.azure_dr.vm_backup_protection."
LOOK = "Look at its last jobs with lifeboat.azure_dr.backup_job_info."

_CONDITIONS = {
    "stopped": "Its protection is stopped: what there is can be restored, and nothing is added.",
    "suspended": "Its backups are suspended: what there is can be restored, and nothing is added.",
    "invalid": "Azure calls its protection invalid.",
}
_SETTLED = ("succeeded", "")


def check_protection(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """One finding a VM that is recovered from a vault, and one more where the plan wants another policy or vault than it has."""
    for need in needs.vms:
        if need.source == POINTS:
            continue
        items = facts.items.get(need.vault.key) if need.vault else None
        if isinstance(items, ArmError):
            name = need.vault.name if need.vault else ""
            yield unread("protection", need.vm.name, items, what=f"The VMs in the vault {name}", application=need.application, subject_id=need.vm.id)
            continue
        item = items.get(need.vm.key) if items else None
        yield _protected(need, item)
        wanted = needs.protections.get(need.vm.key)
        if wanted is not None and item is not None and item.protected:
            yield from _as_planned(need, item, wanted)


def _protected(need: Need, item: ProtectedItem | None) -> Finding:
    def found(state: str, message: str, hint: str | None = None, value: str | None = None) -> Finding:
        return Finding("protection", state, need.vm.name, message, need.application, need.vm.id, hint, value)

    if item is None:
        where = f"The vault {need.vault.name} does not protect it." if need.vault else "No vault protects it."
        return found(FAILED, where, PROTECT)
    if item.soft_deleted:
        until = item.facts()["purge_time"]
        gone = f", and gone for good at {until}" if until else ""
        return found(FAILED, f"Its backups are deleted{gone}.", "Undelete them: vm_backup_protection with state=protected.", item.condition)
    if not item.protected:
        state = FAILED if item.condition == "invalid" else WARNING
        return found(state, _CONDITIONS.get(item.condition, f"Its protection is {item.state}."), PROTECT, item.condition)
    trouble = _trouble(item)
    if trouble:
        return found(WARNING, trouble, LOOK, item.condition)
    return found(OK, f"{item.vault.name} protects it{f' with {item.policy_name}' if item.policy_name else ''}.", None, item.condition)


def _trouble(item: ProtectedItem) -> str | None:
    """What does not speak for the next backups of a protected VM."""
    ended = (item.last_backup_status or "").lower()
    if ended in ("failed", "completedwithwarnings", "cancelled", "canceled"):
        return f"Its last backup ended {item.last_backup_status}."
    if (item.health or "").lower() in ("actionrequired", "actionsuggested", "invalid"):
        titles = [str(detail.get("title") or detail.get("message") or "") for detail in item.health_details]
        told = "; ".join(text for text in titles if text)
        return f"Azure's check of its backup says {item.health}{f': {told}' if told else ''}."
    if item.state.lower() in ("protectionerror", "protectionpaused"):
        return f"Its protection is {item.state}."
    return None


def _as_planned(need: Need, item: ProtectedItem, wanted: Protection) -> Iterator[Finding]:
    hint = "Run the playbook lifeboat.azure_dr.protect, or change the plan."

    def found(state: str, message: str, value: str | None, objective: str | None) -> Finding:
        return Finding("policy", state, need.vm.name, message, need.application, need.vm.id, None if state == OK else hint, value, objective)

    if wanted.vault_name and item.vault.name.lower() != wanted.vault_name.lower():
        message = f"The vault {item.vault.name} protects it, and the plan says {wanted.vault_name}."
        yield found(WARNING, message, item.vault.name, wanted.vault_name)
    elif wanted.policy and (item.policy_name or "").lower() != wanted.policy.lower():
        message = f"Its policy is {item.policy_name or 'none'}, and the plan says {wanted.policy}."
        yield found(WARNING, message, item.policy_name, wanted.policy)
    elif wanted.policy:
        yield found(OK, f"Its policy is {item.policy_name}, as the plan says.", item.policy_name, wanted.policy)


def check_vaults(needs: Needs, facts: Facts) -> Iterator[Finding]:
    """One finding a vault, and one more for each setting that is in the way of the plan."""
    for ref in needs.vaults:
        vault = facts.vaults.get(ref.key)
        if isinstance(vault, ArmError):
            yield unread("vault", ref.name, vault, what="The vault", subject_id=ref.id)
        elif vault is None:
            message = f"There is no vault {ref.name} in the resource group {ref.group}."
            yield Finding("vault", FAILED, ref.name, message, None, ref.id, "Check the plan's vaults.")
        else:
            found = list(_in_the_way(vault, [need for need in needs.vms if need.vault and need.vault.key == ref.key]))
            yield from found or [_good(vault, ref)]


def _good(vault: VaultSettings, ref: VaultRef) -> Finding:
    keeps = [f"redundancy {vault.redundancy or 'not told'}", f"soft delete {_word(vault.soft_delete)}", f"immutability {_word(vault.immutability)}"]
    return Finding("vault", OK, ref.name, f"The vault is as it should be: {', '.join(keeps)}.", None, ref.id, None, vault.redundancy)


def _in_the_way(vault: VaultSettings, needing: list[Need]) -> Iterator[Finding]:
    def found(state: str, message: str, hint: str | None, value: str | None = None, objective: str | None = None) -> Finding:
        return Finding("vault", state, vault.ref.name, message, None, vault.ref.id, hint, value, objective)

    if vault.state.lower() not in _SETTLED:
        yield found(WARNING, f"The vault is {vault.state}.", "Wait until Azure has ended what it does.", vault.state, "Succeeded")
    other = [need for need in needing if need.source == VAULT and need.planned_region not in ("", vault.location)]
    if other:
        message = f"The vault is in {vault.location}, and the plan restores {count(len(other), 'VM')} of it to {other[0].planned_region}."
        hint = "Restores from a vault stay in its region; for another, recover from the secondary region or from restore points."
        yield found(FAILED, message, hint, vault.location, other[0].planned_region)
    across = [need for need in needing if need.source == SECONDARY]
    if across and vault.cross_region_restore is not True:
        told = "Whether cross-region restore is on is not told" if vault.cross_region_restore is None else "Cross-region restore is off"
        yield found(
            FAILED,
            f"{told}, and the plan restores {count(len(across), 'VM')} of this vault in its paired region.",
            "Switch it on with lifeboat.azure_dr.recovery_vault, cross_region_restore=true; the data needs up to a day to get there.",
            "disabled",
            "enabled",
        )
    if across and vault.redundancy not in (None, GEO):
        message = f"The vault keeps its backups {vault.redundancy}, so that they are not in the paired region."
        yield found(FAILED, message, "Redundancy can only be changed in a vault that protects nothing: protect the VMs in another.", vault.redundancy, GEO)
    elsewhere = [need for need in needing if need.group_id and ResourceId.parse(need.group_id).subscription.lower() != vault.ref.subscription.lower()]
    if elsewhere and vault.cross_subscription_restore != "enabled":
        state, vms = _word(vault.cross_subscription_restore), count(len(elsewhere), "VM")
        message = f"Cross-subscription restore is {state}, and the plan restores {vms} to another subscription."
        yield found(FAILED, message, "Switch it on with lifeboat.azure_dr.recovery_vault.", vault.cross_subscription_restore, "enabled")
    if vault.soft_delete == "disabled":
        message = "Soft delete is off: backups that somebody deletes are gone."
        yield found(WARNING, message, "Switch it on with lifeboat.azure_dr.recovery_vault.", "disabled", "enabled")


def _word(text: str | None) -> str:
    return (text or "not told").replace("_", " ")
