# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of VMs: naming them, working on many at once, and one report for each, so that one failure hides no other's result."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable, Generic, Iterable, Sequence, TypeVar

from ._arm.errors import ArmError, OptionError, defect
from ._options import check_group, parse_id

WORKERS = 16
"""Requests in flight at once: enough to hide latency, below what ARM's write buckets (10/s refill) punish."""

VM_TYPE = "Microsoft.Compute/virtualMachines"
VM_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?\Z")

_VM_ID = re.compile(
    r"^(?:https?://[^/]+)?/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Compute/virtualMachines/([^/?]+)/?$", re.IGNORECASE
)

_OF_SHAPES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What code that reads an answer may raise when that is not what it expects."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Vm:
    """A virtual machine by its place in Azure; it need not exist any more."""

    subscription: str
    group: str
    name: str

    @property
    def id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{VM_TYPE}/{self.name}"

    @property
    def key(self) -> str:
        """For comparing: ARM ids are case-insensitive."""
        return self.id.lower()


def vm_of_id(text: object) -> Vm | None:
    """The VM of an id as Azure writes it, items also as an absolute URL; None for anything else (classic VMs, empty strings)."""
    match = _VM_ID.match(text) if isinstance(text, str) else None
    return Vm(*match.groups()) if match else None


def parse_vms(names: Sequence[str], group: str | None, subscription: str) -> list[Vm]:
    """The VMs of the options `vm` and `vm_resource_group`, in the order given; raises OptionError before any request."""
    group = check_group(group, "vm_resource_group")
    vms = [_parse_vm(text.strip(), group, subscription) for text in names]
    if not vms:
        raise OptionError("vm", "give at least one VM (a resource id, or a name together with vm_resource_group)")
    seen: set[str] = set()
    for vm in vms:
        if vm.key in seen:
            raise OptionError("vm", f"{vm.name} (resource group {vm.group}) is listed twice; list each VM once")
        seen.add(vm.key)
    return vms


def _parse_vm(text: str, group: str | None, subscription: str) -> Vm:
    if text.startswith("/"):
        vm = _from_id(text)
    elif not group:
        raise OptionError("vm", f"{text!r} is a name, so vm_resource_group is needed too; or give the VM's whole resource id")
    else:
        vm = Vm(subscription, group, text)
    if not VM_NAME.match(vm.name):
        raise OptionError("vm", f"{vm.name!r} is not a VM name: 1 to 64 letters, digits, '.', '_' or '-'")
    check_group(vm.group, "vm")
    return vm


def _from_id(text: str) -> Vm:
    parsed = parse_id(text, "vm", VM_TYPE)
    return Vm(parsed.subscription, parsed.group or "", parsed.name)


@dataclass
class VmReport:
    """What one VM's entry in the result `vms` says."""

    vm: Vm
    changed: bool = False
    failure: dict[str, Any] | None = None
    job: dict[str, Any] | None = None
    operation: dict[str, Any] | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def fail(self, error: ArmError) -> None:
        self.failure = error.as_failure()

    def as_result(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": self.vm.id, "name": self.vm.name, "changed": self.changed, "failed": self.failure is not None}
        for name in ("failure", "job", "operation"):
            value = getattr(self, name)
            if value is not None:
                entry[name] = value
        return {**entry, **self.facts}


@dataclass(frozen=True)
class Outcome(Generic[T, R]):
    """What became of one item: a value, or the error that it met."""

    item: T
    value: R | None = None
    error: ArmError | None = None


def run_each(items: Iterable[T], work: Callable[[T], R], workers: int = WORKERS) -> list[Outcome[T, R]]:
    """Calls `work` for each item, at most `workers` at once; outcomes come in the order of the items.

    An ArmError belongs to its item, and so does what an answer of a shape that nobody has seen leads to: it must not hide what became
    of the other items. Any other exception is a mistake in this code and ends the run.
    """

    def attempt(item: T) -> Outcome[T, R]:
        try:
            return Outcome(item, value=work(item))
        except ArmError as error:
            return Outcome(item, error=error)
        except _OF_SHAPES as error:
            return Outcome(item, error=defect(error))

    todo = list(items)
    if len(todo) <= 1:
        return [attempt(item) for item in todo]
    with ThreadPoolExecutor(max_workers=min(workers, len(todo))) as pool:
        return list(pool.map(attempt, todo))
