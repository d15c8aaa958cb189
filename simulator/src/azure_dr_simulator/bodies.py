# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bodies of all of Resource Manager have alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def region_of(text: object) -> str:
    """A region's name as it compares: `East Asia` and `EastAsia` are `eastasia`."""
    return str(text or "").replace(" ", "").lower()


def tags_of(body: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a resource that is sent, as texts."""
    return {str(key): str(value) for key, value in (body.get("tags") or {}).items()}
