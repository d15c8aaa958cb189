# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing what a drill made, found by its tags alone, in the order in which Azure lets go of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from .._apis import COMPUTE, DISKS, NETWORK, RESOURCES
from .._arm.client import Api, ArmClient
from .._arm.errors import ArmError, OperationTimeout
from .._arm.ids import ResourceId, segment
from .._arm.poller import Operation, operation_of, read_operation
from .._fleet import VM_TYPE, run_each
from .._waiting import Waiting
from .names import DISK_TYPE, NIC_TYPE


@dataclass(frozen=True)
class Removable:
    """A type that may be removed: `wave` orders the removal, since a VM holds its interfaces and disks."""

    wave: int
    api: Api


REMOVABLE: Mapping[str, Removable] = {
    VM_TYPE: Removable(1, COMPUTE),
    NIC_TYPE: Removable(2, NETWORK),
    DISK_TYPE: Removable(2, DISKS),
    "Microsoft.Network/publicIPAddresses": Removable(3, NETWORK),
}

_BY_LOWER_TYPE = {name.lower(): removable for name, removable in REMOVABLE.items()}


@dataclass
class Removal:
    """One resource and what becomes of it."""

    id: ResourceId
    changed: bool = False
    failure: dict[str, Any] | None = None
    operation: Operation | None = None

    @property
    def rule(self) -> Removable:
        return _BY_LOWER_TYPE[self.id.type.lower()]

    def as_result(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "id": str(self.id),
            "name": self.id.name,
            "type": self.id.type,
            "changed": self.changed,
            "failed": self.failure is not None,
        }
        if self.failure is not None:
            entry["failure"] = self.failure
        return entry


@dataclass(frozen=True)
class CleanupPlan:
    """`waves` are removed one after the other; `kept` carry the tags but are of a type that is never removed."""

    waves: tuple[tuple[Removal, ...], ...]
    kept: tuple[ResourceId, ...]

    @property
    def removals(self) -> list[Removal]:
        return [removal for wave in self.waves for removal in wave]


def find_tagged(client: ArmClient, subscription: str, tags: Mapping[str, str], groups: Sequence[str] | None) -> list[ResourceId]:
    """Every resource of the subscription, or of these resource groups, that carries all of the tags.

    One paged list a tag and group: ARM's tag filter takes one tag, and no other condition beside it (API 2021-04-01).
    Asking for groups needs no permission on the subscription.
    """
    whole = f"/subscriptions/{segment(subscription)}"
    scopes = [f"{whole}/resourceGroups/{segment(group)}" for group in groups or ()] or [whole]
    found: list[dict[str, ResourceId]] = []
    for name, value in tags.items():
        params = {"$filter": f"tagName eq '{_quoted(name)}' and tagValue eq '{_quoted(value)}'"}
        ids = [resource for scope in scopes for resource in _listed(client, f"{scope}/resources", params)]
        found.append({resource.key: resource for resource in ids})
    first, *others = found
    return [resource for key, resource in first.items() if all(key in other for other in others)]


def _listed(client: ArmClient, path: str, params: Mapping[str, str]) -> list[ResourceId]:
    """The resources; none where there is no such resource group (any more)."""
    try:
        return [ResourceId.parse(entry["id"]) for entry in client.list(path, RESOURCES, params=params)]
    except ArmError as error:
        if error.code == "ResourceGroupNotFound":
            return []
        raise


def plan_cleanup(tagged: Iterable[ResourceId]) -> CleanupPlan:
    """What to remove, in waves."""
    waves: dict[int, list[Removal]] = {}
    kept = []
    for resource in tagged:
        rule = _BY_LOWER_TYPE.get(resource.type.lower())
        if rule is None:
            kept.append(resource)
        else:
            waves.setdefault(rule.wave, []).append(Removal(resource))
    return CleanupPlan(tuple(tuple(waves[wave]) for wave in sorted(waves)), tuple(kept))


def remove_all(client: ArmClient, plan: CleanupPlan, waiting: Waiting) -> None:
    """Removes wave after wave; every removal records its own end. A wave that fails in part does not stop the next."""
    done = 0
    for wave in plan.waves:
        waiting.tell(done, len(plan.removals), f"removing {len(wave)} of {wave[0].id.type}")
        done += len(wave)
        _start(client, wave)
        _follow(client, wave, waiting)


def _start(client: ArmClient, wave: Sequence[Removal]) -> None:
    def delete(removal: Removal) -> None:
        response = client.delete(removal.id.path, removal.rule.api)
        # 204: it was gone before we came.
        removal.changed = response.status != 204
        removal.operation = operation_of(response)

    for outcome in run_each(wave, delete):
        if outcome.error is not None and outcome.error.status != 404:
            outcome.item.failure = outcome.error.as_failure()


def _follow(client: ArmClient, wave: Sequence[Removal], waiting: Waiting) -> None:
    running = [(removal, removal.operation) for removal in wave if removal.operation is not None]
    while running and waiting.left() > 0:
        waiting.pause(client.clock)
        running = [(removal, operation) for removal, operation in running if not _ended(client, removal, operation)]
    for removal, operation in running:
        removal.failure = _timeout(removal, operation).as_failure()


def _ended(client: ArmClient, removal: Removal, operation: Operation) -> bool:
    try:
        status = read_operation(client, operation)
    except ArmError as error:
        removal.failure = error.as_failure()
        return True
    if status.state == "running":
        return False
    if status.error is not None:
        removal.failure = status.error.as_failure()
    return True


def _timeout(removal: Removal, operation: Operation) -> ArmError:
    return OperationTimeout(
        f"Azure is still removing {removal.id.name}.",
        last_state="running",
        resume={"operation_id": operation.id or "", "operation_url": operation.url},
        operation=f"DELETE {removal.id.type}/{removal.id.name}",
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")
