# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which restore points other regions are still copying from: without its source, a copy never gets complete."""

from __future__ import annotations

from typing import Sequence

from .._arm.client import ArmClient
from .._fleet import run_each
from .collections import Collection, find_collection
from .points import Point, read_point
from .whereabouts import list_of


def copied_from(client: ArmClient, collections: Sequence[Collection], candidates: Sequence[Point]) -> set[str]:
    """The lower ids of those ``candidates``, points of the ``collections``, from which an unfinished copy is being made.

    One list a subscription and a read for each collection of copies; a copy itself is read only when it is of a candidate.
    """
    if not candidates:
        return set()
    ours = {collection.key for collection in collections}
    listed = list_of(client, {one.subscription for one in collections}, {(one.subscription, one.group) for one in collections})
    of_ours = [one for one in listed if one.is_copy and one.source_id.lower() in ours]
    wanted = {point.key for point in candidates}
    copies: list[Point] = []
    for outcome in run_each(of_ours, lambda one: find_collection(client, one.path)):
        if outcome.error is not None:
            raise outcome.error
        found = outcome.value.points if outcome.value else ()
        copies += [copy for copy in found if copy.source_point_id and copy.source_point_id.lower() in wanted]
    running = {str(copy.source_point_id).lower() for copy in copies if copy.creating}
    for looked in run_each([copy for copy in copies if copy.succeeded], lambda copy: read_point(client, copy.path, instance_view=True)):
        if looked.error is not None:
            raise looked.error
        if looked.value is not None and _goes_on(looked.value):
            running.add(str(looked.item.source_point_id).lower())
    return running


def _goes_on(copy: Point) -> bool:
    """Whether some disk is neither there nor failed; what Azure says nothing of may well go on."""
    if copy.replicated:
        return False
    return not any(entry.failed for entry in copy.replication or ())
