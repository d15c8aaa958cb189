# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs a wave has: those that it names, those with its tags, and the hosts of its inventory groups; in the order of their priority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from .._arm.errors import OptionError
from .._fleet import Vm, vm_of_id
from . import values
from .problems import KeyPath, Problem
from .reading import Machine
from .references import target_name
from .targets import PURPOSES, Target
from .waves import Place

PLAN_TAG, PURPOSE_TAG, RUN_TAG = "lifeboat_plan", "lifeboat_purpose", "lifeboat_run"

Hosts = Mapping[str, Sequence[Mapping[str, Any]]]
"""The hosts of inventory groups: ``name``, and ``id`` or ``resource_group`` where they have it."""


@dataclass(frozen=True)
class Chosen:
    """A VM of a wave; ``path`` is the entry of the plan that chose it."""

    vm: Vm
    priority: int
    target: str
    path: KeyPath


class Chooser:
    """Finds the VMs of every wave. ``listed`` is what Azure has, ``hosts`` what the inventory has, ``targets`` by purpose and name."""

    def __init__(
        self, plan: Mapping[str, Any], subscription: str, listed: Sequence[Machine], hosts: Hosts, targets: Mapping[str, Mapping[str, Target]]
    ) -> None:
        self._plan = plan
        self._subscription = subscription
        self._hosts = hosts
        self._targets = targets
        self._listed = [machine for machine in listed if not self._is_ours(machine)]
        self.problems: list[Problem] = []

    def wave(self, place: Place) -> list[Chosen]:
        """The VMs, lower priorities first. What an entry names by itself counts more than what another finds by tags or group."""
        entries = list(enumerate(place.wave["virtual_machines"]))
        named = [entry for entry in entries if entry[1]["id"] or entry[1]["name"]]
        found: dict[str, Chosen] = {}
        for number, entry in named + [entry for entry in entries if entry not in named]:
            path = (*place.path, "virtual_machines", number)
            target = target_name(self._plan, place.application, entry) or ""
            for vm in self._vms(entry, path, target):
                found.setdefault(vm.key, Chosen(vm, entry["priority"], target, path))
        order = {key: number for number, key in enumerate(found)}
        return sorted(found.values(), key=lambda one: (one.priority, one.path[-1], order[one.vm.key]))

    def _vms(self, entry: Mapping[str, Any], path: KeyPath, target: str) -> list[Vm]:
        if entry["id"]:
            vm = vm_of_id(entry["id"])
            return [vm] if vm else []
        if entry["name"]:
            return [Vm(self._subscription, entry["resource_group"], entry["name"])]
        if entry["group"]:
            return self._of_group(entry, path)
        return self._tagged(entry, path, target)

    def _of_group(self, entry: Mapping[str, Any], path: KeyPath) -> list[Vm]:
        name = entry["group"]
        if name not in self._hosts:
            hint = "run ansible-playbook with -i and the inventory that has it"
            self.problems.append(Problem((*path, "group"), f"there is no group {name!r} in the inventory; {hint}"))
            return []
        if not self._hosts[name]:
            self.problems.append(Problem((*path, "group"), f"the group {name!r} of the inventory has no hosts"))
        found: list[Vm] = []
        for host in self._hosts[name]:
            try:
                found.append(self._of_host(host, entry["resource_group"]))
            except OptionError as error:
                self.problems.append(Problem((*path, "group"), f"host {host.get('name')}: {error.message}"))
        return found

    def _of_host(self, host: Mapping[str, Any], group: str | None) -> Vm:
        vm_id, name = host.get("id"), str(host.get("name"))
        if vm_id:
            values.vm_id(str(vm_id), "vm_id")
            return vm_of_id(str(vm_id)) or Vm("", "", "")
        own = host.get("resource_group") or group
        if not own:
            raise OptionError("vm_id", "the host has neither this variable nor resource_group; set one, or resource_group in the plan")
        return Vm(self._subscription, values.group(str(own), "resource_group"), values.vm_name(name, "inventory_hostname"))

    def _tagged(self, entry: Mapping[str, Any], path: KeyPath, target: str) -> list[Vm]:
        group = (entry["resource_group"] or "").lower()
        fitting = [
            one.vm
            for one in self._listed
            if one.vm.subscription.lower() == self._subscription.lower() and group in ("", one.vm.group.lower()) and one.has(entry["tags"])
        ]
        recovered = self._recovered(fitting, target)
        found = sorted((vm for vm in fitting if vm.key not in recovered), key=lambda vm: (vm.name.lower(), vm.key))
        if not found:
            where = f"the resource group {entry['resource_group']}" if group else f"the subscription {self._subscription}"
            wanted = ", ".join(f"{name}={value}" for name, value in entry["tags"].items())
            self.problems.append(Problem((*path, "tags"), f"no VM in {where} has all of these tags: {wanted}"))
        return found

    def _is_ours(self, machine: Machine) -> bool:
        """What a run of this plan, or any drill, made: it carries the tags of the VM that it was made of, too."""
        return machine.has({PLAN_TAG: str(self._plan["name"])}) or machine.has({PURPOSE_TAG: "drill"})

    def _recovered(self, vms: Iterable[Vm], target: str) -> set[str]:
        """The keys of what these VMs are recovered as, of which some may be there already and not have the tags of their run yet."""
        found: set[str] = set()
        for purpose in PURPOSES:
            place = self._targets[purpose].get(target)
            for vm in vms if place else ():
                try:
                    found.add(place.recovered(vm).key if place else "")
                except OptionError:
                    continue
        return found
