# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it takes to bring a VM's protection into the state that is wanted. No requests are made here.

One verb of Azure, PUT of the protected item, means many things: enable, change policy, resume, exclude disks, stop,
suspend, undelete. Each accepted PUT starts a job, also one that changes nothing, so nothing is sent that is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Mapping, Sequence

from .._arm.errors import ArmError, OptionError
from .._arm.ids import same_id
from .._fleet import Vm
from .items import STOPPED, SUSPENDED, Disks, ProtectedItem
from .names import VaultRef, item_path
from .policies import PolicyChoice
from .vaults import Located

State = Literal["protected", "stopped", "suspended", "absent"]
Kind = Literal["undelete", "enable", "resume", "change", "stop", "suspend", "delete"]

JOB_OPERATIONS: Mapping[Kind, str] = {
    "undelete": "Undelete",
    "enable": "ConfigureBackup",
    "resume": "ConfigureBackup",
    "change": "ConfigureBackup",
    "stop": "DisableBackup",
    "suspend": "DisableBackup",
    "delete": "DeleteBackupData",
}
"""The operation that the job of each step shows."""

MOST_LUNS = 64


@dataclass(frozen=True)
class Wish:
    """What the options ask for. ``disks`` None leaves the disks as they are; Disks((), include=False) backs up all of them."""

    state: State
    policy: PolicyChoice | None = None
    disks: Disks | None = None
    guard_requests: tuple[str, ...] = ()
    """Ids of approved resource guard requests, sent along with what a guard may watch over."""


@dataclass(frozen=True)
class Step:
    """One write: a PUT of the item with these properties, or its DELETE. Each is followed to its end before the next."""

    kind: Kind
    path: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    item_id: str | None = None
    guard_requests: tuple[str, ...] = ()

    @property
    def job_operation(self) -> str:
        return JOB_OPERATIONS[self.kind]


@dataclass(frozen=True)
class Plan:
    """The steps for one VM. ``problem`` says why there can be none; then ``steps`` is empty."""

    vm: Vm
    vault: VaultRef | None
    item: ProtectedItem | None
    steps: tuple[Step, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    problem: ArmError | None = None

    @property
    def changes(self) -> bool:
        return bool(self.steps) and self.problem is None

    @property
    def enables(self) -> bool:
        """Whether the VM gets registered with the vault, which no other vault may have done."""
        return any(step.kind == "enable" for step in self.steps)

    def refused(self, problem: ArmError) -> Plan:
        """The same VM with nothing to be done, because of this."""
        return replace(self, steps=(), after=self.before, problem=problem)

    @property
    def sets_policy(self) -> bool:
        return any(step.kind in ("enable", "resume", "change") for step in self.steps)


def check_disks(disks: Mapping[str, Any] | None) -> Disks | None:
    """The option ``disks``: {include_luns} or {exclude_luns}. Raises OptionError for what is no LUN."""
    if disks is None:
        return None
    include = disks.get("include_luns") is not None
    luns = disks.get("include_luns") if include else disks.get("exclude_luns")
    name = "include_luns" if include else "exclude_luns"
    if luns is None:
        raise OptionError("disks", "give include_luns or exclude_luns")
    wrong = [lun for lun in luns if not 0 <= lun < MOST_LUNS]
    if wrong:
        raise OptionError(f"disks.{name}", f"{wrong[0]} is not a LUN: a number from 0 to {MOST_LUNS - 1}")
    return Disks(tuple(sorted(set(luns))), include)


def check_guard_requests(requests: Sequence[str] | None) -> tuple[str, ...]:
    """The option ``resource_guard_operation_requests``; raises OptionError for what is no id of such a request."""
    for text in requests or ():
        if not (text.lower().startswith("/subscriptions/") and "/resourceguards/" in text.lower()):
            raise OptionError("resource_guard_operation_requests", f"{text!r} is not the id of a resource guard's request")
    return tuple(requests or ())


def plan(located: Located, wish: Wish) -> Plan:
    """The steps from what is to what is wanted, for one VM."""
    vault, item = located.vault, located.item
    before = summary(item)
    if located.problem is not None:
        return Plan(located.vm, vault, item, before=before, after=before, problem=located.problem)
    if vault is None and wish.state != "absent":
        return Plan(located.vm, vault, item, before=before, after=before, problem=_no_vault(wish))
    problem = _problem(located, wish)
    if problem is not None:
        return Plan(located.vm, vault, item, before=before, after=before, problem=problem)
    steps = tuple(_steps(vault, located, wish)) if vault is not None else ()
    after = _after(vault, item, wish) if vault is not None and steps else before
    return Plan(located.vm, vault, item, steps, before, after)


def summary(item: ProtectedItem | None) -> dict[str, Any]:
    """What a diff shows of a protected item."""
    if item is None:
        return {"state": "absent", "policy": None, "vault": None, "disks": None}
    return {"state": item.condition, "policy": item.policy_name, "vault": item.vault.id, "disks": _disks_fact(item.disks)}


def fulfilled(item: ProtectedItem | None, wish: Wish) -> bool:
    """Whether the item has reached the state and the policy that are wanted; disks are not looked at."""
    if wish.state == "absent":
        return item is None or item.soft_deleted
    if item is None or item.condition != wish.state:
        return False
    return wish.policy is None or wish.state != "protected" or same_id(item.policy_id, wish.policy.in_vault(item.vault))


def after_step(item: ProtectedItem | None, step: Step) -> bool:
    """Whether the item shows that this step is done."""
    if step.kind == "delete":
        return item is None or item.soft_deleted
    if item is None or item.soft_deleted:
        return False
    if step.kind in ("stop", "suspend"):
        return item.stopped if step.kind == "stop" else item.suspended
    if step.kind == "undelete":
        return True
    exclusion = (step.properties.get("extendedProperties") or {}).get("diskExclusionProperties")
    disks_done = exclusion is None or item.disks is None or item.disks.as_properties() == exclusion
    return item.protected and disks_done and same_id(item.policy_id, step.properties["policyId"])


def _problem(located: Located, wish: Wish) -> ArmError | None:
    item = located.item
    if wish.state in ("stopped", "suspended") and item is None:
        return ArmError(
            f"The vault {located.vault.name if located.vault else ''} does not protect the VM, so there is no backup to keep.",
            code="NotProtected",
            hint="Use state=protected first, or state=absent if there shall be none.",
        )
    if wish.state != "protected":
        return None
    if located.vault is not None and item is None and located.vm.subscription.lower() != located.vault.subscription.lower():
        return ArmError(
            f"The VM is in the subscription {located.vm.subscription}, the vault {located.vault.name} in {located.vault.subscription}.",
            code="SubscriptionMismatch",
            hint="A vault protects VMs of its own subscription and region only; choose another vault.",
        )
    if wish.policy is None and (item is None or not item.policy_id or item.soft_deleted):
        what = "is not protected yet" if item is None else f"is {item.condition.replace('_', '-')}, so it has no policy to keep"
        return ArmError(f"The VM {what}.", code="PolicyRequired", target="policy", hint="Set policy to the name or id of a backup policy.")
    return None


def _no_vault(wish: Wish) -> ArmError:
    hint = "Set vault to the vault that shall protect it." if wish.state == "protected" else "Set vault if it is in one that could not be searched."
    return ArmError("No vault protects the VM.", code="NotProtected", hint=hint)


def _steps(vault: VaultRef, located: Located, wish: Wish) -> list[Step]:
    item = located.item
    if wish.state == "absent":
        return [] if item is None or item.soft_deleted else [_step("delete", vault, located, wish)]
    steps = [_step("undelete", vault, located, wish)] if item is not None and item.soft_deleted else []
    if wish.state == "protected":
        return steps + _protect(vault, located, wish)
    if wish.state == "stopped":
        return steps + ([] if item is not None and (item.soft_deleted or item.stopped) else [_step("stop", vault, located, wish)])
    return steps + ([] if item is not None and item.suspended else [_step("suspend", vault, located, wish)])


def _protect(vault: VaultRef, located: Located, wish: Wish) -> list[Step]:
    item = located.item
    if item is None:
        return [_step("enable", vault, located, wish)]
    if not item.protected:
        return [_step("resume", vault, located, wish)]
    policy_differs = wish.policy is not None and not same_id(item.policy_id, wish.policy.in_vault(item.vault))
    if policy_differs or _disks_differ(item, wish):
        return [_step("change", vault, located, wish)]
    return []


def _step(kind: Kind, vault: VaultRef, located: Located, wish: Wish) -> Step:
    item = located.item
    path = item.path if item else item_path(vault, located.vm)
    if kind == "delete":
        return Step(kind, path, item_id=item.id if item else None, guard_requests=wish.guard_requests)
    # sourceResourceId is the VM that the item was made for, spelled as Azure keeps it.
    properties: dict[str, Any] = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "sourceResourceId": item.vm.id if item else located.vm.id,
    }
    if kind == "undelete":
        properties.update(policyId="", isRehydrate=True, protectionState=STOPPED)
    elif kind in ("stop", "suspend"):
        properties.update(policyId="", protectionState=STOPPED if kind == "stop" else SUSPENDED)
    else:
        properties["policyId"] = wish.policy.in_vault(vault) if wish.policy else (item.policy_id if item else "")
        extended = _extended_properties(item, wish)
        if extended is not None:
            properties["extendedProperties"] = extended
    if wish.guard_requests and kind != "enable":
        properties["resourceGuardOperationRequests"] = list(wish.guard_requests)
    return Step(kind, path, properties, item.id if item else None)


def _extended_properties(item: ProtectedItem | None, wish: Wish) -> dict[str, Any] | None:
    """Each PUT replaces the list of disks, so one that is to stay is sent again; a null takes an existing list away."""
    had = item.disks if item else None
    wanted = had if wish.disks is None else (wish.disks if _leaves_out(wish.disks) else None)
    if wanted is not None:
        return {"diskExclusionProperties": wanted.as_properties()}
    return {"diskExclusionProperties": None} if had is not None else None


def _disks_differ(item: ProtectedItem, wish: Wish) -> bool:
    if wish.disks is None:
        return False
    return item.disks != (wish.disks if _leaves_out(wish.disks) else None)


def _leaves_out(disks: Disks) -> bool:
    return disks.include or bool(disks.luns)


def _after(vault: VaultRef, item: ProtectedItem | None, wish: Wish) -> dict[str, Any]:
    had = item.disks if item else None
    disks = had if wish.disks is None else (wish.disks if _leaves_out(wish.disks) else None)
    if wish.state == "absent":
        # With soft delete, which new vaults always have, the data stays for a while; the vault's settings do not tell reliably.
        return {"state": "absent", "policy": None, "vault": vault.id, "disks": _disks_fact(had)}
    if wish.state != "protected":
        return {"state": wish.state, "policy": None, "vault": vault.id, "disks": _disks_fact(had)}
    policy = wish.policy.name if wish.policy else (item.policy_name if item else None)
    return {"state": "protected", "policy": policy, "vault": vault.id, "disks": _disks_fact(disks)}


def _disks_fact(disks: Disks | None) -> dict[str, Any] | None:
    return disks.as_fact() if disks else None
