# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads members of Compute's answers, which may be missing, null, or of another type than in the API version that we know."""

from __future__ import annotations

import math
from typing import Any, Mapping

from .._arm.ids import ResourceId


def member(holder: Any, *names: str) -> Mapping[str, Any]:
    """The object at ``names``, one inside the other; empty when there is none."""
    found = holder
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def members(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none of anything else."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def number(value: Any) -> float | None:
    """A number; Azure's documentation prints some as texts."""
    try:
        found = None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
    return found if found is not None and math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """A number without its fraction."""
    found = number(value)
    return None if found is None else int(found)


def id_of(resource: Mapping[str, Any], path: str = "") -> str:
    """The id of a resource as Azure writes it, else that of the ``path`` it was read at; empty when neither is one."""
    for found in (resource.get("id"), path):
        try:
            ResourceId.parse(found)
        except ValueError:
            continue
        return str(found) if found is not path else str(ResourceId.parse(path))
    return ""
