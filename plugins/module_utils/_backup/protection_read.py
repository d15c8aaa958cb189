# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is to what is to be done: one plan a VM, checked against what Azure would refuse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Iterable, Sequence

from .._apis import COMPUTE
from .._arm.client import ArmClient
from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._arm.poller import Operation
from .._fleet import VM_TYPE, Vm, VmReport, run_each
from .hints import DENIED_ON_IMMUTABLE, ENHANCED_TO_STANDARD, HINTS, NOT_DISCOVERED
from .items import ProtectedItem
from .jobs import Job
from .names import VaultRef
from .owners import conflict, foreign_owners
from .policies import find_policy
from .protection import Plan, Step, Wish, plan
from .vaults import FEW, Located, is_immutable


@dataclass
class Work:
    """One VM on its way."""

    plan: Plan
    report: VmReport
    next_step: int = 0
    operation: Operation | None = None
    sent_at: datetime | None = None
    """Azure's time when the step was sent."""
    adopted: Job | None = None

    @property
    def vault(self) -> VaultRef:
        """The vault; only a VM for which nothing is to be done has none."""
        if self.plan.vault is None:
            raise ValueError(f"{self.plan.vm.id} has steps and no vault")
        return self.plan.vault

    @property
    def step(self) -> Step:
        return self.plan.steps[self.next_step]

    @property
    def open(self) -> bool:
        return self.report.failure is None and self.next_step < len(self.plan.steps)

    @property
    def last(self) -> bool:
        return self.next_step == len(self.plan.steps) - 1


def make_plans(client: ArmClient, located: Sequence[Located], wish: Wish) -> list[Work]:
    """The plan of each VM, with the checks that need a look at Azure: that the policy exists, that no other vault has the VM.

    For real, Azure's answer to the request tells whether the VM exists; in check mode, where none is sent, a look does.
    """
    plans = [plan(place, wish) for place in located]
    checks = (_check_policy, _check_immutability, _check_owners)
    for check in (*checks, _check_existence) if client.read_only else checks:
        problems = check(client, [entry for entry in plans if entry.changes], wish)
        plans = [entry.refused(problems[entry.vm.key]) if entry.vm.key in problems else entry for entry in plans]
    return [_work(entry) for entry in plans]


def _work(entry: Plan) -> Work:
    report = VmReport(entry.vm, changed=entry.changes, before=dict(entry.before), after=dict(entry.after))
    if entry.problem is not None:
        report.fail(entry.problem)
    report.facts = facts_of(entry.item, entry.vault)
    return Work(entry, report)


def facts_of(item: ProtectedItem | None, vault: VaultRef | None) -> dict[str, Any]:
    """What a result says of a VM's protection, also where there is none."""
    if item is not None:
        return item.facts()
    return {"state": "absent", "soft_deleted": False, "vault_id": vault.id if vault else None}


def vaults_of(plans: Iterable[Plan]) -> list[VaultRef]:
    """The vaults of these plans, each once."""
    return list({entry.vault.key: entry.vault for entry in plans if entry.vault is not None}.values())


def _in(entry: Plan, vault: VaultRef) -> bool:
    # By key: Azure spells one vault in several ways.
    return entry.vault is not None and entry.vault.key == vault.key


def _check_policy(client: ArmClient, plans: Sequence[Plan], wish: Wish) -> dict[str, ArmError]:
    """That the policy is there, and that no VM would have to go back from an enhanced policy to a standard one."""
    problems: dict[str, ArmError] = {}
    if wish.policy is None:
        return problems
    vaults = vaults_of(entry for entry in plans if entry.sets_policy)
    for vault in vaults:
        try:
            policy = find_policy(client, vault, wish.policy.name)
        except ArmError as error:
            if len(vaults) == 1:
                raise
            # The VMs of the other vaults have nothing to do with it.
            problems.update({entry.vm.key: error for entry in plans if _in(entry, vault) and entry.sets_policy})
            continue
        for entry in plans:
            if _in(entry, vault) and entry.item is not None and (entry.item.policy_type, policy.type) == ("V2", "V1"):
                problems[entry.vm.key] = ArmError(
                    f"The VM is under an enhanced policy (V2), and {policy.name} is a standard one (V1).",
                    code=ENHANCED_TO_STANDARD,
                    target=policy.id,
                    hint=HINTS[ENHANCED_TO_STANDARD],
                )
    return problems


def _check_immutability(client: ArmClient, plans: Sequence[Plan], wish: Wish) -> dict[str, ArmError]:
    """That a vault in which backups are to be suspended is immutable: otherwise Azure refuses, with a text that says the opposite."""
    problems: dict[str, ArmError] = {}
    if wish.state != "suspended":
        return problems
    for vault in vaults_of(plans):
        if is_immutable(client, vault) is False:
            error = ArmError(
                f"The vault {vault.name} is not immutable; only immutable vaults can suspend backups.",
                code=DENIED_ON_IMMUTABLE,
                target=vault.id,
                hint=HINTS[DENIED_ON_IMMUTABLE],
            )
            problems.update({entry.vm.key: error for entry in plans if _in(entry, vault)})
    return problems


def _check_owners(client: ArmClient, plans: Sequence[Plan], wish: Wish) -> dict[str, ArmError]:
    """That no other vault protects a VM that is to be enabled."""
    problems: dict[str, ArmError] = {}
    enabling = [entry for entry in plans if entry.enables]
    for vault in vaults_of(enabling):
        vms = [entry.vm for entry in enabling if _in(entry, vault)]
        owners = foreign_owners(client, vms, vault)
        problems.update({vm.key: conflict(owners[vm.key]) for vm in vms if vm.key in owners})
    return problems


def _check_existence(client: ArmClient, plans: Sequence[Plan], wish: Wish) -> dict[str, ArmError]:
    """That the VMs which are to be enabled exist: one list a resource group, or a subscription when there are many groups."""
    enabling = [entry for entry in plans if entry.enables]
    groups = {f"/subscriptions/{entry.vm.subscription}/resourceGroups/{entry.vm.group}".lower() for entry in enabling}
    scopes = groups if len(groups) <= FEW else {group.split("/resourcegroups/")[0] for group in groups}
    existing = {outcome.item: outcome.value for outcome in run_each(sorted(scopes), lambda scope: _vms_of(client, scope))}
    missing = [entry for entry in enabling if any(_is_missing(entry.vm.key, scope, keys) for scope, keys in existing.items())]
    return {entry.vm.key: not_protectable(entry.vm, entry.vault) for entry in missing if entry.vault}


def _is_missing(key: str, scope: str, existing: set[str] | None) -> bool:
    """None: Azure does not tell what there is, so nothing counts as missing."""
    return existing is not None and key.startswith(scope + "/") and key not in existing


def _vms_of(client: ArmClient, scope: str) -> set[str] | None:
    """Keys of the VMs of a resource group or subscription; None when Azure does not tell, because this is a pre-check."""
    path = f"{ResourceId.parse(scope).path}/providers/{VM_TYPE}"
    try:
        return {str(resource.get("id", "")).lower() for resource in client.list(path, COMPUTE)}
    except ArmError as error:
        return set() if error.code == "ResourceGroupNotFound" else None


def not_protectable(vm: Vm, vault: VaultRef) -> ArmError:
    """The failure of a VM that does not exist, or not where the vault looks for it."""
    return ArmError(
        f"The vault {vault.name} finds no VM {vm.name} in the resource group {vm.group} that it could protect.",
        code="VmNotProtectable",
        target=vm.id,
        hint=HINTS[NOT_DISCOVERED],
    )
