# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making, following and deleting restore points (API 2024-11-01).

A point can never be changed and a second PUT of its name is refused, so one whose answer got lost is looked for before it is sent
again. Only Azure-AsyncOperation tells how a creation goes; where it is not known (any more), the point's own state does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Callable, Mapping, Sequence

from .._apis import COMPUTE
from .._arm.client import ArmClient
from .._arm.errors import ArmError, HttpError, OperationFailed, OperationTimeout, TransportError
from .._arm.ids import ResourceId
from .._arm.poller import Operation, OperationStatus, is_momentary, operation_of, read_operation, wait_for_operation
from .._arm.redact import short_url
from .._arm.retry import is_transient
from .._arm.timestamps import format_time
from .._fleet import run_each
from .._waiting import Waiting
from .points import Point, parse, read_point

ROUNDS = 3
"""How often a PUT is sent of which nobody knows whether it arrived, and which has made nothing."""

SHORT_PAUSE = 300.0
"""Seconds that 429s of one PUT may ask for to be waited out. What is longer is the limit of an hour, which the user has to know of."""

FIRST_LOOK = 5.0
"""Seconds until the first look: a copy has begun after 6, a local point is there after 40 to 80."""


@dataclass(frozen=True)
class Started:
    """What came of a PUT. ``operation`` is None when the answer got lost; ``own`` False: another run has made the point."""

    point: Point
    operation: Operation | None
    own: bool = True


def put_point(client: ArmClient, path: str, properties: Mapping[str, Any], *, time_left: Callable[[], float]) -> Started:
    """Creates a point or copy and returns at once. ``properties`` {excludeDisks, consistencyMode, sourceRestorePoint}, all optional.

    A lost answer, and a refusal because the name is taken, are settled by reading the point. A 429 is waited out when that is short
    and ``time_left`` seconds allow it. Raises ArmError otherwise; with ``ambiguous``, it may still appear.
    """
    body = {"properties": dict(properties)} if properties else {}
    lost, sent, held = False, 0, 0.0
    while sent < ROUNDS:
        try:
            response = client.put_once(path, COMPUTE, body)
        except (HttpError, TransportError) as error:
            lost = lost or error.ambiguous
            if error.status == 429:
                # Nothing was done, and many VMs may share the limit: this is no try.
                pause = _held_for(error, held, time_left())
                held += max(pause or 0.0, 1.0)
            else:
                sent += 1
                if lost or error.status == 409:
                    found = read_point(client, path)
                    if found is not None:
                        return Started(found, None, own=lost)
                pause = _pause_before_next(error, sent, lost, time_left())
            if pause is None:
                error.ambiguous = lost
                if error.status == 429 and error.retry_after:
                    when = (client.server_now() + timedelta(seconds=error.retry_after)).replace(microsecond=0)
                    error.message = f"{error.message} Azure asks to wait until {format_time(when)}."
                raise
            client.clock.sleep(pause)
            continue
        point = parse(response.body, path) if isinstance(response.body, Mapping) else read_point(client, path)
        if point is not None:
            return Started(point, operation_of(response))
        lost, sent = True, sent + 1
    raise OperationFailed("Azure took the restore point and does not show it.", code="RestorePointNotFound", target=path, ambiguous=True)


def _held_for(error: ArmError, held: float, left: float) -> float | None:
    """Seconds that a 429 is to be waited out, after ``held`` seconds of others; None when that is too long."""
    pause = error.retry_after or 0.0
    return pause if held + pause <= SHORT_PAUSE and pause <= left else None


def _pause_before_next(error: ArmError, sent: int, lost: bool, left: float) -> float | None:
    """Seconds to sleep before the PUT is sent again; None when it must not be, or is not worth it."""
    if sent == ROUNDS:
        return None
    unsent = isinstance(error, TransportError) and not error.permanent
    if error.ambiguous or unsent or (lost and is_transient(error.status or 0)):
        return min(2.0**sent, left)
    return None


@dataclass
class Followed:
    """A point on its way, and what became of it: ``point`` as last read, ``error`` when it failed or the time was over."""

    path: str
    label: str
    operation: Operation | None = None
    point: Point | None = None
    error: ArmError | None = None
    done: bool = False
    due: float = 0.0

    @property
    def id(self) -> str:
        return str(ResourceId.parse(self.path))


def follow_points(
    client: ArmClient,
    followed: Sequence[Followed],
    waiting: Waiting,
    *,
    looked: Callable[[Sequence[Followed]], None] | None = None,
) -> None:
    """Follows points until each is provisioned, has failed, or the time is over; every end is in the entry.

    Of a copy, provisioned means that the copying has begun. ``looked`` is called after every round of looks.
    """
    start = client.clock.monotonic()
    for entry in followed:
        entry.due = start + min(FIRST_LOOK, waiting.interval)
    while True:
        running = [entry for entry in followed if not entry.done]
        if not running:
            return
        now = client.clock.monotonic()
        left = waiting.left()
        pause = min(entry.due for entry in running) - now
        if pause > 0:
            client.clock.sleep(min(pause, left))
        now = client.clock.monotonic()
        last = pause >= left
        for outcome in run_each([entry for entry in running if last or entry.due <= now], lambda entry: look(client, entry, waiting.interval)):
            if outcome.error is not None:
                outcome.item.error, outcome.item.done = outcome.error, True
        if looked is not None:
            looked(followed)
        if last or waiting.left() <= 0:
            for entry in running:
                if not entry.done:
                    entry.error, entry.done = timed_out(entry), True
            return


def look(client: ArmClient, entry: Followed, interval: float) -> None:
    """One look at one point. Raises ArmError for what will not get better (403)."""
    entry.due = client.clock.monotonic() + interval
    if entry.operation is not None:
        status = status_of(client, entry.operation)
        if status is not None and status.state == "running":
            entry.due += max(0.0, (status.retry_after or 0.0) - interval)
            return
        # It ended, or nobody can tell: the point itself does.
        entry.operation = None
        if status is not None and status.state in ("failed", "canceled"):
            entry.error, entry.done = status.error, True
    _read(client, entry)


def status_of(client: ArmClient, operation: Operation) -> OperationStatus | None:
    """One look at an operation; None when Azure does not know it (any more), or does not let this identity see it: then the resource tells."""
    try:
        status = read_operation(client, operation)
    except HttpError as error:
        if error.status != 403:
            raise
        # A role may allow restore points and disks, and not the operations of a region.
        return None
    unknown = status.state == "running" and status.error is not None and status.error.status == 404
    return None if unknown else status


def _read(client: ArmClient, entry: Followed) -> None:
    try:
        body = client.get_once(entry.path, COMPUTE).body
    except (HttpError, TransportError) as error:
        if entry.done or is_momentary(error):
            return
        if error.status != 404:
            raise
        entry.point = None
        entry.error, entry.done = _gone(entry), True
        return
    entry.point = parse(body if isinstance(body, Mapping) else {}, entry.path)
    if entry.done:
        return
    if entry.point.failed or entry.point.deleting:
        entry.error = failed_point(entry.point)
    entry.done = not entry.point.creating


def failed_point(point: Point) -> OperationFailed:
    """The failure of a point that Azure shows as failed, without saying why."""
    return OperationFailed(
        f"The restore point {point.name} is {point.provisioning_state or 'in an unknown state'}, and Azure does not say why.",
        code="RestorePointFailed",
        target=point.id,
        hint="Azure's activity log of the collection has the reason. Running the task again makes a new point.",
    )


def timed_out(entry: Followed) -> OperationTimeout:
    """The failure of a point that is still being made; it carries the ids to go on from."""
    resume = {"restore_point_id": entry.id}
    if entry.operation is not None:
        resume["operation_url"] = short_url(entry.operation.url)
        if entry.operation.id:
            resume["operation_id"] = entry.operation.id
    return OperationTimeout(
        f"The restore point of {entry.label} was still being made when the time was over; Azure goes on with it.",
        last_state=entry.point.provisioning_state if entry.point else "Creating",
        resume=resume,
        target=entry.id,
        operation="PUT restorePoints",
    )


def _gone(entry: Followed) -> OperationFailed:
    return OperationFailed(
        f"The restore point of {entry.label} is not there any more: something has deleted it while it was being made.",
        code="RestorePointNotFound",
        target=entry.id,
        hint="Run the task again.",
    )


def delete_point(client: ArmClient, path: str, *, timeout: float | None, interval: float) -> bool:
    """Deletes a point or a whole collection; whether there was any. ``timeout`` None: does not wait for the end.

    Raises OperationTimeout or OperationFailed as any operation does, with ``ambiguous``, since the deletion was asked for.
    """
    try:
        response = client.delete(path, COMPUTE)
    except HttpError as error:
        if error.status == 404:
            return False
        raise
    operation = operation_of(response)
    if operation is not None and timeout is not None:
        try:
            wait_for_operation(client, operation, timeout=timeout, interval=interval)
        except ArmError as error:
            error.ambiguous = True
            raise
    return response.status != 204


def make_room(client: ArmClient, point: Point, waiting: Waiting) -> bool:
    """Deletes a point whose name is needed, or waits for the deletion that is under way; whether it was deleted here."""
    if point.deleting:
        wait_until_gone(client, point.path, waiting)
        return False
    return delete_point(client, point.path, timeout=waiting.left(), interval=min(waiting.interval, FIRST_LOOK))


def wait_until_gone(client: ArmClient, path: str, waiting: Waiting) -> None:
    """Waits for the end of a deletion that was asked for before; raises OperationTimeout."""
    while client.find(path, COMPUTE) is not None:
        if waiting.left() <= 0:
            raise OperationTimeout(
                "Azure was still deleting it when the time was over.",
                last_state="Deleting",
                resume={"id": str(ResourceId.parse(path))},
                target=str(ResourceId.parse(path)),
                operation="DELETE",
            )
        waiting.pause(client.clock)
