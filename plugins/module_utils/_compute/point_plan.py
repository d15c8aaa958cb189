# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore point task has to do for one VM. Pure; all idempotency and all of Azure's rules are here.

A point can never be changed. One with a fixed name is there or is not; otherwise the wish is "a point no older than so much".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Iterable, Literal, Mapping

from .._arm.errors import ArmError
from .._arm.ids import ResourceId
from .._arm.timestamps import format_time
from .._fleet import Vm
from .._templates import vm_fields
from .collections import Collection, check_source
from .names import expand_name
from .point_rules import excluded_ids, refusal
from .points import CRASH, Point, in_order
from .source_vms import SourceVm

APPLICATION: Final = "application"
CRASH_WISH: Final = "crash"


@dataclass(frozen=True)
class Wish:
    """What the options ask for. ``name`` is a template; without a time in it, it names one point and ``max_age`` is None."""

    name: str
    max_age: timedelta | None
    consistency: Literal["application", "crash"] = APPLICATION
    exclude_disks: tuple[str, ...] = ()
    keep: int | None = None
    waits: bool = True
    """Whether the task waits for new points, which count for ``keep`` only then."""


@dataclass(frozen=True)
class Target:
    """One VM and the collection of its points."""

    vm: Vm
    collection: ResourceId


@dataclass(frozen=True)
class Plan:
    """What to do for one VM. ``point`` is the one that is there or is adopted; ``replaced`` one that has the ``name`` and failed, or is being deleted;
    ``blocker`` another one that is being made, which must end before; ``prune`` what goes when all went well."""

    target: Target
    collection: Collection | None
    action: Literal["none", "adopt", "create", "fail"]
    point: Point | None = None
    name: str | None = None
    properties: Mapping[str, Any] | None = None
    location: str | None = None
    replaced: Point | None = None
    blocker: Point | None = None
    prune: tuple[Point, ...] = ()
    problem: ArmError | None = None
    warnings: tuple[str, ...] = ()


def plan(target: Target, wish: Wish, collection: Collection | None, vm: SourceVm | ArmError | None, now: datetime) -> Plan:
    """The decision for one VM. ``vm`` None: not read, which ``needs_vm`` allows; ``now`` is Azure's clock."""
    excluded: tuple[str, ...] = ()
    try:
        if collection is not None:
            check_source(collection, target.vm.id)
        if isinstance(vm, ArmError):
            raise vm
        if vm is not None:
            excluded = excluded_ids(vm, wish.exclude_disks)
        standing = _standing(target, wish, collection, vm, excluded, now)
        if standing.action == "create":
            if vm is None:
                raise ValueError("a point is planned of a VM that was not read")
            problem = refusal(vm, excluded, collection, crash=wish.consistency == CRASH_WISH, now=now)
            if problem is not None:
                raise problem
    except ArmError as problem:
        return Plan(target, collection, "fail", point=newest(collection), problem=problem)
    return standing


def needs_vm(target: Target, wish: Wish, collection: Collection | None, now: datetime) -> bool:
    """Whether the VM itself has to be read: for a new point, or to know which disks are meant."""
    if wish.exclude_disks:
        return True
    try:
        return _standing(target, wish, collection, None, (), now).action == "create"
    except ArmError:
        return False


def _standing(
    target: Target, wish: Wish, collection: Collection | None, vm: SourceVm | None, excluded: tuple[str, ...], now: datetime
) -> Plan:
    points = collection.points if collection else ()
    name = expand_name(wish.name, "name", vm_fields(target.vm), now)
    taken = next((point for point in points if point.name.lower() == name.lower()), None)
    # What is on its way out makes room for a new one, which the task waits for.
    going = taken is not None and (taken.failed or taken.deleting and wish.waits)
    if wish.max_age is None:
        found = None if going else taken
        warnings = _check_fixed(found, wish, excluded) if found is not None else ()
    else:
        found, warnings = _recent(points, wish, excluded, now), ()
    failed = tuple(f"the restore point {point.name} has failed" for point in points if point.failed)
    if found is not None:
        action: Literal["none", "adopt"] = "adopt" if found.creating else "none"
        prune = _prune(points, wish, coming=found if found.creating else None)
        return Plan(target, collection, action, point=found, prune=prune, warnings=warnings + failed)
    if taken is not None and not going:
        raise _name_taken(taken)
    blocker = next((point for point in points if point.creating), None)
    if blocker is not None and not wish.waits:
        raise _another_is_made(blocker)
    return Plan(
        target,
        collection,
        "create",
        point=newest(collection),
        name=name,
        properties=_properties(wish, excluded),
        location=vm.location if vm else None,
        replaced=taken,
        blocker=blocker,
        prune=_prune([point for point in points if point is not taken], wish, coming=None, made=True),
        warnings=failed,
    )


def _properties(wish: Wish, excluded: Iterable[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    disks = [{"id": disk} for disk in excluded]
    if disks:
        properties["excludeDisks"] = disks
    if wish.consistency == CRASH_WISH:
        properties["consistencyMode"] = CRASH
    return properties


def _check_fixed(point: Point, wish: Wish, excluded: tuple[str, ...]) -> tuple[str, ...]:
    """A point of the wished name: raises when it is another one than is wished and can never become it."""
    if point.deleting:
        raise ArmError(
            f"The restore point {point.name} is being deleted.",
            code="RestorePointIsBeingDeleted",
            target=point.id,
            hint="Run the task again when it is gone, or with wait=true, which waits for that; or choose another name.",
        )
    if not _covers(point, excluded):
        raise ArmError(
            f"The restore point {point.name} exists and leaves out other disks: {', '.join(point.exclude_disks)}. A restore point can never be changed.",
            code="RestorePointDiffers",
            target=point.id,
            hint="Choose another name, or delete that point first (state=absent).",
        )
    if not _is_consistent(point, wish):
        return (f"the restore point {point.name} exists and is crash-consistent only",)
    return ()


def _recent(points: Iterable[Point], wish: Wish, excluded: tuple[str, ...], now: datetime) -> Point | None:
    """The newest point that is good enough, or one that is being made and will be."""
    for point in reversed(in_order(points)):
        if not (point.creating or point.usable) or not _covers(point, excluded) or not _is_consistent(point, wish):
            continue
        if point.creating or (point.time_created is not None and wish.max_age and now - point.time_created <= wish.max_age):
            return point
    return None


def _covers(point: Point, excluded: Iterable[str]) -> bool:
    """Whether a point has every disk that is wished for."""
    allowed = {disk.lower() for disk in excluded}
    return all(disk.lower() in allowed for disk in point.exclude_disks)


def _is_consistent(point: Point, wish: Wish) -> bool:
    """Azure tells no consistency for what it makes in its own way, as long as it is being made."""
    return wish.consistency == CRASH_WISH or (point.consistency or "").lower() != CRASH.lower()


def newest(collection: Collection | None) -> Point | None:
    """The newest usable point."""
    usable = [point for point in (collection.points if collection else ()) if point.usable]
    return in_order(usable)[-1] if usable else None


def _prune(points: Iterable[Point], wish: Wish, *, coming: Point | None, made: bool = False) -> tuple[Point, ...]:
    """What ``keep`` leaves over, oldest first: usable points beyond the newest n, and failed ones. A new point counts once it was waited for."""
    if wish.keep is None:
        return ()
    known = [point for point in points if point is not coming]
    left = wish.keep - (1 if wish.waits and (made or coming is not None) else 0)
    usable = in_order(point for point in known if point.usable and point.time_created is not None)[::-1]
    return in_order([*usable[max(left, 0) :], *(point for point in known if point.failed)])


def before(made: Plan) -> dict[str, Any]:
    """The state for diff: the collection and the newest usable point."""
    point = newest(made.collection)
    state: dict[str, Any] = {
        "collection": str(made.target.collection) if made.collection else None,
        "restore_point": _named(point) if point else None,
    }
    if made.prune:
        state["pruned"] = []
    return state


def after(made: Plan, wish: Wish) -> dict[str, Any]:
    """Nothing in it depends on when the point will really be made, so check mode tells the same."""
    state = before(made)
    if made.action == "create":
        state["collection"] = str(made.target.collection)
        state["restore_point"] = {"name": "a new one" if wish.max_age is not None else made.name, **_wished(made)}
    if made.prune:
        state["pruned"] = [point.name for point in made.prune]
    return state


def _wished(made: Plan) -> dict[str, Any]:
    properties = made.properties or {}
    wished: dict[str, Any] = {"consistency": CRASH_WISH if "consistencyMode" in properties else APPLICATION}
    if properties.get("excludeDisks"):
        wished["excluded_disks"] = [disk["id"] for disk in properties["excludeDisks"]]
    return wished


def _named(point: Point) -> dict[str, Any]:
    return {"name": point.name, "time": format_time(point.time_created) if point.time_created else None}


def _name_taken(point: Point) -> ArmError:
    what = "not recent enough or not as wished" if point.succeeded else "not finished"
    return ArmError(
        f"A new restore point is due, and its name {point.name} is taken by one that is {what}.",
        code="NameTaken",
        target=point.id,
        hint="Give a name with a finer time, such as {name}-%Y%m%d-%H%M%S, or none.",
    )


def _another_is_made(point: Point) -> ArmError:
    return ArmError(
        f"Another restore point of the VM, {point.name}, is being made, and Azure makes one at a time.",
        code="RestorePointInProgress",
        target=point.id,
        hint="Run the task again when that one is there, or with wait=true, which waits for it first.",
    )
