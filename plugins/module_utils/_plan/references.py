# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of a plan say of each other: names that nothing has, names given twice, circles, drills into the real place."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Iterable, Mapping, Sequence

from .._apim.storage_options import read_storage
from .._arm.errors import OptionError
from .._backup import restore_options
from .._compute import point_restore_options
from .._fleet import Vm
from .problems import KeyPath, Problem
from .schema import BOOT_DIAGNOSTICS, CHECK_KINDS, EACH, RESTORE_POINTS, SELECTORS, WAVE
from .targets import DRILL, FAILOVER, Target, make_target
from .waves import Place, circle, places, predecessors

ANYBODY = "00000000-0000-0000-0000-000000000000"
"""Stands for the subscription of the credentials as long as it is not known."""

_EXAMPLE = Vm(ANYBODY, "group", "vm")
_POINT_ONLY = ("disk_name", "vm_size")
_VAULT_ONLY = ("storage_account", "storage_account_resource_group")
_KEY_OF = {"target_resource_group": "resource_group", "resource_group": "restore_points"}


def check_references(plan: Mapping[str, Any], purpose: str) -> list[Problem]:
    """What is wrong in a plan that fits its schema."""
    found = _twice(plan["applications"], ("applications",), "application")
    found += _twice(plan["vaults"], ("vaults",), "vault")
    if not plan["applications"]:
        found.append(Problem(("applications",), "there is none, so there is nothing to recover"))
    for number, application in enumerate(plan["applications"]):
        found += _application(plan, application, ("applications", number))
    waves = places(plan)
    found += _order(waves)
    for place in waves:
        found += _wave(plan, place)
    found += _pauses(waves)
    found += _machines(plan, waves)
    found += _services(waves)
    for name, entry in plan["targets"].items():
        found += check_target(name, entry, plan["subscription_id"] or ANYBODY)
    return found + (_drills(plan, waves) if purpose == DRILL else [])


def _twice(entries: Iterable[Mapping[str, Any]], path: KeyPath, what: str) -> list[Problem]:
    seen: dict[str, int] = {}
    found: list[Problem] = []
    for number, entry in enumerate(entries):
        first = seen.setdefault(str(entry["name"]).lower(), number)
        if first != number:
            found.append(Problem((*path, number, "name"), f"there is another {what} of the name {entry['name']!r}, at {path[-1]}[{first}]"))
    return found


def unknown(name: str, names: Iterable[str], what: str) -> str:
    """That there is nothing of that name, and which is meant perhaps."""
    known = list(names)
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}" if known else "there are none"
    return f"there is no {what} {name!r}; {hint}"


def target_name(plan: Mapping[str, Any], application: Mapping[str, Any], machine: Mapping[str, Any]) -> str | None:
    """The target of a VM: its own, its application's, or the only one; None when it has none."""
    targets: Mapping[str, Any] = plan["targets"]
    name: str | None = machine["target"] or application["target"]
    return name or (next(iter(targets)) if len(targets) == 1 else None)


def _application(plan: Mapping[str, Any], application: Mapping[str, Any], path: KeyPath) -> list[Problem]:
    found = _twice(application["waves"], (*path, "waves"), "wave")
    if not application["waves"]:
        found.append(Problem((*path, "waves"), "there is none, so there is nothing to recover"))
    target = application["target"]
    if target is not None and target not in plan["targets"]:
        found.append(Problem((*path, "target"), unknown(target, plan["targets"], "target")))
    machines = [machine for wave in application["waves"] for machine in wave["virtual_machines"]]
    if any(target_name(plan, application, machine) is None for machine in machines):
        found.append(Problem((*path, "target"), f"it is needed, since the plan has {len(plan['targets'])} targets: {', '.join(plan['targets']) or 'add one'}"))
    protection = application["protection"]
    if protection and not protection["resource_group"] and not any(_same(vault["name"], protection["vault"]) for vault in plan["vaults"]):
        found.append(Problem((*path, "protection", "resource_group"), f"it is needed, since {protection['vault']!r} is none of the plan's vaults"))
    return found


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _order(waves: list[Place]) -> list[Problem]:
    after = {place.id: predecessors(place) for place in waves}
    found: list[Problem] = []
    for place in waves:
        for number, name in enumerate(place.wave["after"] or ()):
            wanted = name if "/" in name else f"{place.application['name']}/{name}"
            if wanted not in after:
                found.append(Problem((*place.path, "after", number), unknown(wanted, after, "wave")))
    chain = circle(after)
    if chain:
        start = next(place for place in waves if place.id == chain[0])
        found.append(Problem((*start.path, "after"), f"the waves wait for each other in a circle: {' after '.join(chain)}"))
    return found


def _wave(plan: Mapping[str, Any], place: Place) -> list[Problem]:
    wave, found = place.wave, _twice(place.wave["checks"], (*place.path, "checks"), "check")
    if not any(wave[part] for part in ("virtual_machines", "api_management", "checks", "pause")):
        found.append(Problem(place.path, "the wave is empty: give it virtual_machines, api_management, checks or a pause"))
    for number, machine in enumerate(wave["virtual_machines"]):
        if machine["target"] is not None and machine["target"] not in plan["targets"]:
            found.append(Problem((*place.path, "virtual_machines", number, "target"), unknown(machine["target"], plan["targets"], "target")))
    for number, check in enumerate(wave["checks"]):
        path = (*place.path, "checks", number)
        if check["on"] == WAVE:
            found += _once(check, path)
        elif not wave["virtual_machines"]:
            found.append(Problem((*path, "on"), f"the wave has no VMs, so nothing would be checked; set it to {WAVE}"))
    machines = wave["virtual_machines"]
    if any(machine["tags"] or machine["group"] for machine in machines):
        return found
    return found + check_subjects(place, [str(machine["name"] or machine["id"].rstrip("/").rsplit("/", 1)[-1]) for machine in machines])


def _once(check: Mapping[str, Any], path: KeyPath) -> list[Problem]:
    """What a check needs that is made once, and so is of no VM."""
    if check[BOOT_DIAGNOSTICS]:
        return [Problem((*path, "on"), f"{BOOT_DIAGNOSTICS} are of one VM; leave it out, or set it to {EACH}")]
    if check["tcp"] and not check["tcp"]["host"]:
        return [Problem((*path, "tcp", "host"), f"it is needed with on: {WAVE}")]
    if check["command"] and not check["command"]["connection"]:
        return [Problem((*path, "command", "connection"), f"it is needed with on: {WAVE}, to say where; ansible_connection: local is the controller")]
    return []


def check_subjects(place: Place, names: Sequence[str]) -> list[Problem]:
    """What the checks of a wave say of its VMs, which have these names."""
    known = {name.lower(): name for name in names}
    found: list[Problem] = []
    for number, check in enumerate(place.wave["checks"]):
        path = (*place.path, "checks", number)
        wanted = [name.lower() for name in names if check["vms"] is None or name.lower() in {one.lower() for one in check["vms"]}]
        for inner, name in enumerate(check["vms"] or ()):
            if name.lower() not in known:
                found.append(Problem((*path, "vms", inner), unknown(name, known.values(), "VM in this wave")))
        if check["on"] == WAVE and len(wanted) != 1 and _of_a_vm(check):
            found.append(Problem(path, f"{{address}} and {{name}} are those of one VM, and this check is made once for {len(wanted)}; name one in vms"))
    return found


def _of_a_vm(check: Mapping[str, Any]) -> bool:
    """Whether something in the check stands for what a recovered VM has."""
    return any(field in str(check[kind]) for kind in CHECK_KINDS if check[kind] for field in ("{address}", "{name}"))


def _pauses(waves: list[Place]) -> list[Problem]:
    seen: dict[str, Place] = {}
    found: list[Problem] = []
    for place in waves:
        pause = place.wave["pause"]
        if pause and seen.setdefault(pause["name"], place) is not place:
            found.append(Problem((*place.path, "pause", "name"), f"the pause of {seen[pause['name']].id} is called {pause['name']!r} too"))
    return found


def _machines(plan: Mapping[str, Any], waves: list[Place]) -> list[Problem]:
    """VMs that are named twice."""
    seen: dict[str, Place] = {}
    found: list[Problem] = []
    for place in waves:
        for number, machine in enumerate(place.wave["virtual_machines"]):
            selector = next(name for name in SELECTORS if machine[name])
            if selector not in ("id", "name"):
                continue
            key = (machine["id"] or Vm(plan["subscription_id"] or ANYBODY, machine["resource_group"], machine["name"]).id).rstrip("/").lower()
            if key in seen:
                name = key.rsplit("/", 1)[-1]
                found.append(Problem((*place.path, "virtual_machines", number, selector), f"{name} is in the wave {seen[key].id} already"))
            seen.setdefault(key, place)
    return found


def _services(waves: list[Place]) -> list[Problem]:
    seen: dict[str, Place] = {}
    found: list[Problem] = []
    for place in waves:
        for number, service in enumerate(place.wave["api_management"]):
            path = (*place.path, "api_management", number)
            name = service["name"].lower()
            if name in seen:
                found.append(Problem((*path, "name"), f"{service['name']} is in the wave {seen[name].id} already"))
            seen.setdefault(name, place)
            if _same(service["standby"]["name"], name):
                found.append(Problem((*path, "standby", "name"), "this is the service itself"))
            drill = service["drill"]
            if drill and (_same(drill["name"], name) or _same(drill["name"], service["standby"]["name"])):
                found.append(Problem((*path, "drill", "name"), "this is a real service; a drill needs one of its own"))
            try:
                read_storage(service)
            except OptionError as error:
                found.append(Problem((*path, error.option), error.message.removeprefix(f"{error.option}: ")))
    return found


def check_target(name: str, entry: Mapping[str, Any], subscription: str) -> list[Problem]:
    """A target, for real and in a drill. The options are checked as the modules do that will get them."""
    path: KeyPath = ("targets", name)
    found: list[Problem] = []
    points = entry["from"] == RESTORE_POINTS
    foreign = _VAULT_ONLY if points else _POINT_ONLY
    for place, inner in ((entry, path), (entry["drill"] or {}, (*path, DRILL))):
        found += [Problem((*inner, key), f"it has no meaning with from: {entry['from']}") for key in foreign if place.get(key) is not None]
    if entry["restore_points"] and not points:
        found.append(Problem((*path, RESTORE_POINTS), f"it has no meaning with from: {entry['from']}"))
    if found:
        return found
    found = _options(entry, path, name, FAILOVER, subscription)
    if found or not entry["drill"]:
        return found
    return _options(entry, path, name, DRILL, subscription) or _isolated(name, entry, subscription)


def _options(entry: Mapping[str, Any], path: KeyPath, name: str, purpose: str, subscription: str) -> list[Problem]:
    try:
        target = make_target(name, entry, purpose, subscription)
        _try(target)
    except OptionError as error:
        option = error.option
        key = _KEY_OF.get(option, option)
        changed = purpose == DRILL and (entry["drill"] or {}).get(key) is not None
        message = error.message.removeprefix(f"{option}: ").replace("mode=new_vm", f"from: {entry['from']}")
        return [Problem((*path, DRILL, key) if changed else (*path, key), message)]
    return []


def _try(target: Target) -> None:
    vm = Vm(target.subscription, _EXAMPLE.group, _EXAMPLE.name)
    # What these read and the plan leaves to the modules' defaults.
    params: dict[str, Any] = {"restore_point": "latest", "disk_name": "{disk}"}
    params = {**dict.fromkeys(_READ), **params, **target.options({})}
    if target.of_points:
        point_restore_options.read_choice(params, [vm])
        point_restore_options.make_targets(params, [vm])
    else:
        restore_options.make_targets(params, [vm])


_READ = ("before", "collection", "resource_group", "vm_size", "zone", "storage_account_type", "disk_encryption_set", "disk_network_access", "disk_access",
         "disk_luns", "virtual_network", "virtual_network_resource_group", "subnet", "storage_account")


def _isolated(name: str, entry: Mapping[str, Any], subscription: str) -> list[Problem]:
    """That a drill goes elsewhere than the real recovery."""
    real, drill = make_target(name, entry, FAILOVER, subscription), make_target(name, entry, DRILL, subscription)
    path = ("targets", name, DRILL)
    if real.group == drill.group and real.network_ids()[0].lower() == drill.network_ids()[0].lower():
        return [Problem(path, "a drill would go into the network and the resource group of the real recovery; give it others")]
    if real.group == drill.group and real.place["vm_name"] == drill.place["vm_name"]:
        return [Problem(path, "a drill would give its VMs the names that the real ones get in the same resource group; give it another vm_name")]
    return []


def _drills(plan: Mapping[str, Any], waves: list[Place]) -> list[Problem]:
    used = {target_name(plan, place.application, machine) for place in waves for machine in place.wave["virtual_machines"]}
    return [
        Problem(("targets", name, DRILL), "it is needed for a drill: another resource group or network than that of the real recovery")
        for name, entry in plan["targets"].items()
        if name in used and not entry["drill"]
    ]
