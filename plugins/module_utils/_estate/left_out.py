# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left out of an exported estate, and why: nothing is left out silently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._arm.errors import ArmError
from .._arm.ids import ResourceId

ANOTHER_SUBSCRIPTION = "It is in another subscription; the simulator has one."


@dataclass
class LeftOut:
    """The entries of the result `left_out`."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, resource_id: str, reason: str) -> None:
        entry = _entry(resource_id, reason)
        if entry not in self.entries:
            self.entries.append(entry)

    def error(self, resource_id: str, what: str, error: ArmError) -> None:
        """Something that could not be read."""
        self.add(resource_id, f"{what} could not be read: {error}")


def _entry(resource_id: str, reason: str) -> dict[str, Any]:
    try:
        place = ResourceId.parse(resource_id)
    except ValueError:
        return {"id": resource_id, "name": resource_id, "type": None, "reason": reason}
    return {"id": resource_id, "name": place.name, "type": place.type or None, "reason": reason}
