# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan made concrete: its VMs found, its waves in stages, and the options of every task that recovers them."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Iterable, Mapping, Sequence

from .._arm.client import ArmClient
from .._arm.errors import OptionError
from .._backup.names import VaultRef
from .._options import parse_age
from . import batches
from .batches import Member
from .machines import PLAN_TAG, PURPOSE_TAG, RUN_TAG, Chooser, Chosen, Hosts
from .problems import PlanError, Problem
from .reading import Machine, Protection, read_machines, read_protection
from .references import check_references, check_subjects
from .schema import CHECK_KINDS
from .targets import DRILL, PURPOSES, Target, make_target
from .validate import check_schema
from .waves import Place, places, predecessors, stages

VMS_IN_WARNING = 5


def read_plan(document: Any, purpose: str, path: str | None = None) -> dict[str, Any]:
    """The plan with all defaults; raises PlanError with everything that is wrong in it."""
    plan, problems = check_schema(document)
    if not problems:
        problems = check_references(plan, purpose)
    if problems:
        raise PlanError(problems, path)
    return plan


def plan_hash(plan: Mapping[str, Any]) -> str:
    """Tells one plan from another. Comments, the order of keys, and defaults that are spelled out make no difference."""
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def outline(plan: Mapping[str, Any], path: str | None) -> dict[str, Any]:
    """What a plan says of itself."""
    return {
        "name": plan["name"],
        "description": plan["description"],
        "hash": plan_hash(plan),
        "path": path,
        "objectives": _objectives(plan["objectives"], None),
        "applications": [
            {
                "name": application["name"],
                "objectives": _objectives(application["objectives"], plan["objectives"]),
                "on_failure": application["on_failure"] or plan["on_failure"],
            }
            for application in plan["applications"]
        ],
    }


def in_stages(plan: Mapping[str, Any], waves: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The stages with what is known of each wave beside its order; ``waves`` by wave id."""
    found: dict[int, list[dict[str, Any]]] = {}
    order = places(plan)
    after = {place.id: predecessors(place) for place in order}
    number = stages(after)
    for place in order:
        found.setdefault(number[place.id], []).append(
            {
                "id": place.id,
                "application": place.application["name"],
                "name": place.wave["name"],
                "stage": number[place.id],
                "after": after[place.id],
                "on_failure": place.application["on_failure"] or plan["on_failure"],
                "pause": _pause(place.wave["pause"]),
                **waves.get(place.id, {}),
            }
        )
    return [{"number": stage, "waves": found[stage]} for stage in sorted(found)]


def run_tags(plan: Mapping[str, Any], purpose: str, run_id: str | None) -> dict[str, str]:
    """What everything carries that a run makes."""
    return {PLAN_TAG: plan["name"], PURPOSE_TAG: purpose, **({RUN_TAG: run_id} if run_id else {})}


class Resolution:
    """A plan for one purpose in one subscription; ``resolve`` asks Azure and returns all but ``plan``, with ``warnings`` filled."""

    def __init__(self, plan: Mapping[str, Any], purpose: str, run_id: str | None, subscription: str, hosts: Hosts, path: str | None) -> None:
        self.plan = plan
        self.purpose = purpose
        self.subscription = subscription
        self.tags = run_tags(plan, purpose, run_id)
        self.places = places(plan)
        self.warnings: list[str] = []
        self._hosts = hosts
        self._path = path
        self._targets = {kind: self._made(kind) for kind in PURPOSES}

    def resolve(self, client: ArmClient) -> dict[str, Any]:
        """Raises PlanError, or what Azure says."""
        entries = [entry for place in self.places for entry in place.wave["virtual_machines"]]
        tagged = [entry for entry in entries if entry["tags"]]
        groups = [entry["resource_group"] for entry in tagged] if tagged and all(entry["resource_group"] for entry in tagged) else None
        listed = read_machines(client, self.subscription if tagged else None, groups, () if tagged else [self.subscription])
        chosen = self._chosen(listed)
        vms = [one.vm for some in chosen.values() for one in some]
        named = [VaultRef(self.subscription, vault["resource_group"], vault["name"]) for vault in self.plan["vaults"]]
        protection = read_protection(client, named, [vm.subscription for vm in vms])
        members = self._members(chosen, listed, protection)
        self._warn(members, protection)
        return self._result(members, protection)

    def _made(self, purpose: str) -> dict[str, Target]:
        return {name: make_target(name, entry, purpose, self.subscription) for name, entry in self.plan["targets"].items()}

    def _chosen(self, listed: Sequence[Machine]) -> dict[str, list[Chosen]]:
        """The VMs of each wave; raises PlanError for entries without any, and for VMs in two waves."""
        chooser = Chooser(self.plan, self.subscription, listed, self._hosts, self._targets)
        found = {place.id: chooser.wave(place) for place in self.places}
        problems = list(chooser.problems)
        seen: dict[str, str] = {}
        for place in self.places:
            for one in found[place.id]:
                if seen.setdefault(one.vm.key, place.id) != place.id:
                    problems.append(Problem(one.path, f"{one.vm.name} (resource group {one.vm.group}) is in the wave {seen[one.vm.key]} already"))
            if not chooser.problems:
                problems += check_subjects(place, [one.vm.name for one in found[place.id]])
        if problems:
            raise PlanError(problems, self._path)
        return found

    def _members(self, chosen: Mapping[str, Sequence[Chosen]], listed: Sequence[Machine], protection: Protection) -> list[Member]:
        locations = {machine.vm.key: machine.location for machine in listed}
        sources = {one.vm.key: one for some in chosen.values() for one in some}
        found: list[Member] = []
        problems: list[Problem] = []
        taken: dict[str, Member] = {}
        for place in self.places:
            for one in chosen[place.id]:
                target = self._targets[self.purpose][one.target]
                try:
                    recovered = target.recovered(one.vm)
                except OptionError as error:
                    problems.append(Problem(one.path, f"{one.vm.name} cannot be recovered to {target.name}: {error.message.removeprefix('vm_name: ')}"))
                    continue
                member = Member(place, one, target, self._vault(place, one, protection), locations.get(one.vm.key), recovered)
                other = taken.setdefault(recovered.key, member)
                as_what = f"{one.vm.name} would be recovered as {recovered.name} in {recovered.group}"
                if recovered.key in sources:
                    problems.append(Problem(one.path, f"{as_what}, which is a VM of this plan; give the target another resource_group or vm_name"))
                if other is not member:
                    hint = "use {name} and {resource_group} in vm_name to tell them apart"
                    problems.append(Problem(one.path, f"{as_what}, and so would {other.vm.name} of the wave {other.place.id}; {hint}"))
                found.append(member)
        problems += self._beside_sources(found)
        if problems:
            raise PlanError(problems, self._path)
        return found

    def _beside_sources(self, members: Sequence[Member]) -> list[Problem]:
        """Drills into a resource group with VMs of the plan, which their cleanup must be unable to remove, whatever tags somebody gives them."""
        if self.purpose != DRILL:
            return []
        groups = {(member.vm.subscription.lower(), member.vm.group.lower()): member.vm.name for member in members}
        found = []
        for target in {member.target.name: member.target for member in members}.values():
            name = groups.get((target.group.subscription.lower(), (target.group.group or "").lower()))
            if name is not None:
                message = f"a drill would restore into the resource group of {name}, which it must not touch; give drills a resource group of their own"
                found.append(Problem(("targets", target.name, "drill", "resource_group"), message))
        return found

    def _vault(self, place: Place, one: Chosen, protection: Protection) -> VaultRef | None:
        """The vault that has the VM; where that could not be read, the one that the plan says, so that a lost region is no obstacle."""
        owner = protection.owners.get(one.vm.key)
        if owner is not None or not protection.unread:
            return owner
        said = batches.protecting_vault(place, self.plan, self.subscription)
        if said is not None:
            return said if said.key in protection.unread else None
        return next(iter(protection.vaults.values()))[0] if len(protection.vaults) == 1 else None

    def _warn(self, members: Sequence[Member], protection: Protection) -> None:
        for key, error in protection.unread.items():
            vault = protection.vaults[key][0]
            self.warnings.append(f"The vault {vault.name} (resource group {vault.group}) could not be read: {error}")
        without = [member.vm.name for member in members if member.vault is None and not member.target.of_points]
        if without:
            some = ", ".join(without[:VMS_IN_WARNING]) + (f" and {len(without) - VMS_IN_WARNING} more" if len(without) > VMS_IN_WARNING else "")
            where = "No vault of the plan" if self.plan["vaults"] else "No vault of the subscription"
            self.warnings.append(f"{where} protects {some}: there is nothing to recover from.")
        for target in {member.target.name: member.target for member in members}.values():
            if self.purpose == DRILL and target.network_ids()[0].lower() == self._targets["failover"][target.name].network_ids()[0].lower():
                self.warnings.append(f"A drill into {target.name} uses the network of the real recovery, so that what it restores may meet real machines.")

    def _result(self, members: Sequence[Member], protection: Protection) -> dict[str, Any]:
        waves = {place.id: self._wave(place, [member for member in members if member.place is place]) for place in self.places}
        used = {member.target.name: member.target for member in members}
        return {
            "plan": {**outline(self.plan, self._path), "vm_count": len(members)},
            "stages": in_stages(self.plan, waves),
            "tags": self.tags,
            "cleanup": batches.cleanup(members, self.subscription) if self.purpose == DRILL else None,
            "protections": batches.protections(members, self.plan, self.subscription),
            "backups": batches.backups(members, self.subscription),
            "replications": batches.replications(members, self.subscription),
            "api_backups": batches.api_backups(self.places, self.subscription),
            "readiness": {
                "subscription_id": self.subscription,
                "targets": {name: target.facts() for name, target in used.items()},
                "vaults": [
                    {"id": vault.id, "name": vault.name, "resource_group": vault.group, "location": location}
                    for vault, location in protection.vaults.values()
                ],
            },
        }

    def _wave(self, place: Place, members: Sequence[Member]) -> dict[str, Any]:
        return {
            "vms": [member.facts() for member in members],
            "restores": batches.restores(members, self.subscription, self.tags),
            "builds": batches.builds(members, self.subscription, self.tags),
            "api_management": batches.services(place, self.purpose, self.subscription),
            "checks": [_check(check, members) for check in place.wave["checks"]],
        }


def _check(check: Mapping[str, Any], members: Iterable[Member]) -> dict[str, Any]:
    kind = next(kind for kind in CHECK_KINDS if check[kind] is not None)
    wanted = None if check["vms"] is None else {name.lower() for name in check["vms"]}
    return {
        "name": check["name"],
        "kind": kind,
        "on": check["on"],
        "vm_ids": [member.vm.id for member in members if wanted is None or member.vm.name.lower() in wanted],
        "timeout_seconds": seconds(check["timeout"]),
        "options": batches.given(check[kind]),
    }


def _pause(pause: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"name": pause["name"], "message": pause["message"], "timeout_seconds": seconds(pause["timeout"])} if pause else None


def _objectives(own: Mapping[str, Any] | None, common: Mapping[str, Any] | None) -> dict[str, int | None]:
    return {f"{name}_seconds": seconds((own or {}).get(name) or (common or {}).get(name)) for name in ("rto", "rpo")}


def seconds(text: str | None) -> int | None:
    """A span of time in seconds."""
    return None if text is None else int(parse_age(text, "span").total_seconds())
