# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which restore points of one VM to copy to another region, and which copies to let go. Pure; all idempotency is here.

Azure's rules, which it would answer with a refusal: one copy of a point in a region, in the order of their times, and no copy of
a copy (documentation of the cross-region copy; API 2024-11-01).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Iterable, Literal, Mapping, Sequence, TypeVar

from .._arm.errors import ArmError
from .._arm.ids import same_id
from .collections import Collection
from .points import Point, in_order

LATEST: Final = "latest"
ALL: Final = "all"

AT_ONCE = 3
"""Copies that Azure takes in an hour into one collection."""

T = TypeVar("T")

CopyState = Literal["done", "running", "failed", "deleting"]


@dataclass(frozen=True)
class CopyWish:
    """What the options ask for: ``point`` is a name, LATEST or ALL; ``region`` lower case without blanks; ``waits``: to the end."""

    point: str
    region: str
    keep: int | None = None
    replace_failed: bool = False
    waits: bool = True

    @property
    def looks_at_all(self) -> bool:
        """Whether the state of every copy matters, and not only of the one that is asked for."""
        return self.point == ALL or self.keep is not None


@dataclass(frozen=True)
class Situation:
    """What there is of one VM: its collection, the one to copy to (None: to be made), and the others in that region with the same source."""

    source: Collection
    target: Collection | None
    siblings: tuple[Collection, ...] = ()
    private: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the disks behind a private link, by the key of their restore point, as far as they are known."""

    @property
    def copies(self) -> tuple[Point, ...]:
        """The copies that lie in the target, oldest first. One of which Azure tells no time yet has that of its source, as it will have."""
        return in_order(self._timed(copy) for copy in self.target.points) if self.target else ()

    def _timed(self, copy: Point) -> Point:
        if copy.time_created is not None:
            return copy
        source = next((point for point in self.source.points if same_id(point.id, copy.source_point_id)), None)
        return replace(copy, time_created=source.time_created) if source is not None else copy


@dataclass(frozen=True)
class Step:
    """One copy: ``none`` (it is complete), ``adopt`` (it runs), ``start``, ``replace`` (delete what failed or wait for its deletion, and start), ``fail``."""

    action: Literal["none", "adopt", "start", "replace", "fail"]
    name: str
    source: Point | None = None
    copy: Point | None = None
    problem: ArmError | None = None

    @property
    def starts(self) -> bool:
        return self.action in ("start", "replace")


@dataclass(frozen=True)
class CopyPlan:
    """The steps, oldest first. ``problem``: why there are none."""

    steps: tuple[Step, ...] = ()
    problem: ArmError | None = None
    warnings: tuple[str, ...] = ()
    left: tuple[Step, ...] = field(default=())
    """What Azure would not take in this hour, and nobody waits for."""


def state_of(copy: Point) -> CopyState:
    """How far a copy is. It can be used only when every disk of it has arrived."""
    if copy.deleting:
        return "deleting"
    if copy.failed or any(disk.failed for disk in copy.replication or ()):
        return "failed"
    return "done" if copy.usable else "running"


def wanted_points(situation: Situation, wish: CopyWish) -> tuple[Point, ...] | ArmError:
    """The points of the source that are asked for, oldest first, whether they are copied yet or not."""
    points = in_order(situation.source.points)
    if wish.point not in (LATEST, ALL):
        named = [point for point in points if point.name.lower() == wish.point.lower()]
        if not named:
            return _no_such_point(situation, wish.point)
        return tuple(named) if named[0].usable else _not_ready(named[0])
    usable = [point for point in points if point.usable]
    if not usable:
        return _no_points(situation)
    if wish.point == LATEST:
        return (usable[-1],)
    return tuple(usable[-wish.keep :] if wish.keep else usable)


def relevant_copies(situation: Situation, wish: CopyWish) -> tuple[Point, ...]:
    """The copies in the target whose disks have to be looked at before anything is decided."""
    if wish.looks_at_all:
        return situation.copies
    if wish.point == LATEST:
        wanted = wanted_points(situation, wish)
        last = situation.copies[-1:]
        return last if isinstance(wanted, ArmError) else tuple({copy.key: copy for copy in (*_copies_of(wanted, situation), *last)}.values())
    return tuple(copy for copy in situation.copies if _is_named(copy, wish.point))


def plan_copies(situation: Situation, wish: CopyWish) -> CopyPlan:
    """The decision for one VM; the relevant copies have been read with their disks' state."""
    problem = _refusal(situation, wish)
    if problem is not None:
        return CopyPlan(problem=problem)
    wanted = wanted_points(situation, wish)
    if isinstance(wanted, ArmError):
        # The point may have been deleted since it was copied.
        kept = [copy for copy in situation.copies if _is_named(copy, wish.point)] or (list(situation.copies[-1:]) if wish.point == LATEST else [])
        return CopyPlan((_existing(kept[0], None, wish),)) if kept else CopyPlan(problem=wanted)
    steps = [_step(point, situation, wish) for point in wanted]
    steps, warnings = _in_time_order(steps, situation, wish)
    steps = [_without_private_links(step, situation) for step in steps]
    confidential = [step.name for step in steps if step.starts and step.source is not None and step.source.is_confidential]
    if confidential:
        return CopyPlan(problem=_confidential(situation, confidential))
    starts = [step for step in steps if step.starts]
    left = () if wish.waits else tuple(starts[AT_ONCE:])
    return CopyPlan(tuple(step for step in steps if step not in left), warnings=tuple(warnings), left=left)


def to_prune(copies: Iterable[Point], keep: int) -> tuple[Point, ...]:
    """The copies older than the newest ``keep`` complete ones. One that is on its way always stays, and so does the newest complete one."""
    return tuple(_surplus([(copy, state_of(copy)) for copy in in_order(copies)], keep))


def _surplus(rows: Sequence[tuple[T, CopyState]], keep: int) -> list[T]:
    """Of copies and their states, oldest first, what ``keep`` leaves over."""
    complete = 0
    gone: list[T] = []
    for copy, state in reversed(rows):
        if complete >= keep and state in ("done", "failed"):
            gone.append(copy)
        complete += state == "done"
    return gone[::-1]


def foreseen_copies(situation: Situation, plan: CopyPlan, wish: CopyWish) -> tuple[list[str], list[str]]:
    """The names of the copies in the target when all goes well, and of those that are pruned then."""
    ended = {step.copy.key for step in plan.steps if step.action == "adopt" and step.copy and wish.waits}
    replaced = {step.copy.key for step in plan.steps if step.action == "replace" and step.copy}
    rows: list[tuple[tuple[datetime, str], str, CopyState]] = []
    for copy in situation.copies:
        if copy.key not in replaced:
            rows.append((copy.age, copy.name, "done" if copy.key in ended else state_of(copy)))
    for step in plan.steps:
        if step.starts and step.source is not None:
            rows.append((step.source.age, step.name, "done" if wish.waits else "running"))
    known = [(name, state) for _age, name, state in sorted(rows)]
    pruned = [] if wish.keep is None else _surplus(known, wish.keep)
    return [name for name, _state in known if name not in pruned], pruned


def _step(point: Point, situation: Situation, wish: CopyWish) -> Step:
    found = next(iter(_copies_of((point,), situation)), None)
    if found is not None:
        return _existing(found, point, wish)
    taken = next((copy for copy in situation.copies if copy.name.lower() == point.name.lower()), None)
    if taken is not None:
        return Step("fail", point.name, point, problem=_name_taken(point, taken))
    for other in situation.siblings:
        if any(same_id(copy.source_point_id, point.id) for copy in other.points):
            return Step("fail", point.name, point, problem=_copied_elsewhere(point, other, wish))
    return Step("start", point.name, point)


def _existing(copy: Point, source: Point | None, wish: CopyWish) -> Step:
    state = state_of(copy)
    if state == "done":
        return Step("none", copy.name, source, copy)
    if state == "running":
        return Step("adopt", copy.name, source, copy)
    if state == "deleting" and wish.waits and source is not None:
        return Step("replace", copy.name, source, copy)
    if state == "deleting":
        return Step("fail", copy.name, source, copy, _being_deleted(copy))
    if wish.replace_failed and source is not None:
        return Step("replace", copy.name, source, copy)
    return Step("fail", copy.name, source, copy, failed_copy(copy))


def _in_time_order(steps: Sequence[Step], situation: Situation, wish: CopyWish) -> tuple[list[Step], list[str]]:
    """What is older than a copy that lies in the target cannot be copied any more: skipped for ALL, a failure for a named one."""
    replaced = {step.copy.key for step in steps if step.action == "replace" and step.copy}
    stay = [copy for copy in situation.copies if copy.key not in replaced]
    if not stay:
        return list(steps), []
    newest, oldest = stay[-1], stay[0]
    kept: list[Step] = []
    skipped: list[str] = []
    for step in steps:
        if not step.starts or step.source is None or step.source.age > newest.age:
            kept.append(step)
        elif wish.point == LATEST and step.action == "start":
            # The newest copy is of a point that the source does not have any more.
            kept.append(_existing(newest, None, wish))
        elif wish.point == ALL and (step.action == "start" or step.copy is not None and step.copy.deleting):
            # Those before the oldest copy were pruned, or never meant to be copied.
            if wish.keep is None or step.source.age > oldest.age:
                skipped.append(step.name)
        else:
            kept.append(Step("fail", step.name, step.source, step.copy, _too_late(step.source, newest)))
    if not skipped:
        return kept, []
    names = ", ".join(skipped)
    return kept, [
        f"{names} cannot be copied to {wish.region} any more, since Azure copies restore points in the order of their times and {newest.name} is there already"
    ]


def _without_private_links(step: Step, situation: Situation) -> Step:
    disks = situation.private.get(step.source.key) if step.starts and step.source is not None else None
    if not disks or step.source is None:
        return step
    problem = ArmError(
        f"{', '.join(disks)} of the restore point {step.name} can be reached through a private link only, and Azure copies no such disks.",
        code="PrivateLinkNotSupported",
        target=step.source.id,
        hint="Make a restore point without these disks (exclude_disks), or after their network access was changed, and copy that one.",
    )
    return Step("fail", step.name, step.source, step.copy, problem)


def _copies_of(points: Iterable[Point], situation: Situation) -> list[Point]:
    return [copy for point in points for copy in situation.copies if same_id(copy.source_point_id, point.id)]


def _is_named(copy: Point, name: str) -> bool:
    source = (copy.source_point_id or "").rstrip("/").rsplit("/", 1)[-1]
    return name.lower() in (copy.name.lower(), source.lower())


def _refusal(situation: Situation, wish: CopyWish) -> ArmError | None:
    """What Azure would refuse, whatever the point."""
    source, target = situation.source, situation.target
    if source.is_copy:
        return ArmError(
            f"The collection {source.name} holds copies itself, and Azure copies no copy.",
            code="CopyOfCopy",
            target=source.id,
            hint="Copy from the collection in the region of the VM.",
        )
    if source.location == wish.region:
        return ArmError(
            f"The collection {source.name} is in {source.location} already, and Azure copies restore points to other regions only.",
            code="SameRegion",
            target=source.id,
            hint="Give another region as target_region.",
        )
    if target is None:
        return None
    if target.location != wish.region:
        return ArmError(
            f"The collection {target.name} exists, in {target.location} and not in {wish.region}.",
            code="TargetCollectionTaken",
            target=target.id,
            hint="Give another name as target_collection, such as one with {region} in it.",
        )
    if not same_id(target.source_id, source.id):
        return ArmError(
            f"The collection {target.name} exists, and its source is {target.source_id or 'nothing'} instead of {source.id}.",
            code="TargetCollectionTaken",
            target=target.id,
            hint="The source of a collection cannot be changed. Give another name as target_collection.",
        )
    return None


def failed_copy(copy: Point) -> ArmError:
    """The failure for a copy that did not arrive. Azure tells no reason, only which disks."""
    disks = [entry.disk for entry in copy.replication or () if entry.failed]
    what = f"The copy of {', '.join(disks)} failed" if disks else f"The copy is {copy.provisioning_state}"
    return ArmError(
        f"{what} (restore point {copy.name}); Azure tells no reason.",
        code="CopyFailed",
        target=copy.id,
        hint="Delete it and copy again: run the task with replace_failed=true. Disks behind a private link and confidential VMs cannot be copied.",
    )


def _no_such_point(situation: Situation, name: str) -> ArmError:
    known = [point.name for point in in_order(situation.source.points)][-5:]
    return ArmError(
        f"The collection {situation.source.name} has no restore point {name}. The newest are: {', '.join(known) or 'none'}.",
        code="RestorePointNotFound",
        target=situation.source.id,
        hint="Check the name, or leave restore_point out to copy the newest.",
    )


def _no_points(situation: Situation) -> ArmError:
    return ArmError(
        f"The collection {situation.source.name} has no restore point that is complete.",
        code="RestorePointNotFound",
        target=situation.source.id,
        hint="Make one with lifeboat.azure_dr.restore_point.",
    )


def _not_ready(point: Point) -> ArmError:
    return ArmError(
        f"The restore point {point.name} is {point.provisioning_state} and cannot be copied.",
        code="RestorePointNotReady",
        target=point.id,
        hint="Wait for it, or choose another one.",
    )


def _name_taken(point: Point, taken: Point) -> ArmError:
    return ArmError(
        f"The target has a restore point {taken.name} that is a copy of {taken.source_point_id or 'nothing'}, and not of {point.id}.",
        code="CopyNameTaken",
        target=taken.id,
        hint="Delete it, or copy into another collection (target_collection).",
    )


def _copied_elsewhere(point: Point, other: Collection, wish: CopyWish) -> ArmError:
    return ArmError(
        f"The restore point {point.name} has a copy in {wish.region} already, in the collection {other.name}, and Azure makes one a region.",
        code="CopiedAlready",
        target=other.id,
        hint=f"Use that one: target_collection={other.name}, target_resource_group={other.group}.",
    )


def _being_deleted(copy: Point) -> ArmError:
    return ArmError(
        f"The copy {copy.name} is being deleted.",
        code="CopyBeingDeleted",
        target=copy.id,
        hint="Run the task again when it is gone, or with wait=true, which waits for that.",
    )


def _too_late(point: Point, newest: Point) -> ArmError:
    return ArmError(
        f"The restore point {point.name} is older than {newest.name}, which is copied already, and Azure copies them in the order of their times.",
        code="CopiedOutOfOrder",
        target=point.id,
        hint="Copy a newer restore point, or copy into a new collection in another region.",
    )


def _confidential(situation: Situation, names: Sequence[str]) -> ArmError:
    return ArmError(
        f"{', '.join(names)} are of a confidential VM, and Azure copies no restore points of those.",
        code="ConfidentialVmNotSupported",
        target=situation.source.id,
        hint="Protect the VM in another way in the other region, for instance by Azure Backup with cross-region restore.",
    )
