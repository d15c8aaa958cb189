# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks of a plan."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._arm.client import ArmClient
from .findings import Finding
from .needs import Needs


def survey(client: ArmClient, needs: Needs, validations: Sequence[Mapping[str, Any]] | None) -> list[Finding]:
    """What there is compared with what is needed."""
    return []
